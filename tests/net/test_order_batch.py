"""Batches against a running venue: tracked before they are sent, and each operation resolved alone."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from tests.net.trading import AT_ONCE, check_story, in_virtual_time, to_path, trading
from valr_connector import (
    BatchCancel,
    BatchLimit,
    BatchMarket,
    BatchModify,
    CancelOutcome,
    CancelResult,
    ClosedError,
    InFlightOrder,
    InvalidArgumentError,
    ModifyOutcome,
    ModifyResult,
    NotReadyError,
    OrderStatus,
    Placement,
    Side,
    UnknownOrderError,
)
from valr_connector.net.order_batch import BatchResult
from valr_connector.simulator.faults import of_type

D = Decimal
BATCH = "POST /v1/batch/orders"
NOBODY_LISTENS = "http://127.0.0.1:9"


def bid(price: str = "900000", amount: str = "0.01", client_order_id: str | None = None) -> BatchLimit:
    return BatchLimit(
        pair="BTC-ZAR", side=Side.BUY, amount=amount, price=price, client_order_id=client_order_id
    )


def placed(result: BatchResult) -> InFlightOrder:
    assert not isinstance(result, CancelOutcome | ModifyOutcome)
    return result


@in_virtual_time
async def test_each_operation_has_a_result_as_its_single_call_would_have() -> None:
    async with trading() as desk:
        desk.rival("sell", "1", "1000000")
        old = await desk.buy()
        first, second, cancelled = await desk.valr.batch(
            [bid(), BatchMarket(pair="BTC-ZAR", side=Side.BUY, amount="0.02"), BatchCancel(old)]
        )
        resting, taken = placed(first), placed(second)
        assert cancelled == CancelOutcome(old, CancelResult.CANCELLED)
        await desk.agreed(resting, taken, old)
        assert (resting.status, taken.status) == (OrderStatus.OPEN, OrderStatus.FILLED)
        assert (desk.asked(BATCH), desk.sent("PLACE_LIMIT_ORDER")) == (1, 1)
        for order in (resting, taken, old):
            check_story(desk, order)


@in_virtual_time
async def test_modifies_and_cancels_go_together() -> None:
    async with trading() as desk:
        one, two = await desk.buy(), await desk.buy()
        modified, cancelled = await desk.valr.batch(
            [BatchModify(order=one, price="910000", total_amount="0.02"), BatchCancel(two.client_order_id)]
        )
        assert modified == ModifyOutcome(one, ModifyResult.MODIFIED)
        assert (one.price, one.amount) == (D(910_000), D("0.02"))
        assert cancelled == CancelOutcome(two, CancelResult.CANCELLED)
        await desk.agreed(one, two)


@in_virtual_time
async def test_one_refusal_leaves_the_others_alone() -> None:
    async with trading() as desk:
        desk.rival("sell", "5", "1000000")
        ours = await desk.buy(client_order_id="mine-0")
        good, poor = [placed(result) for result in await desk.valr.batch([bid(), bid(amount="4.9")])]
        assert ours.status is good.status is OrderStatus.OPEN
        await desk.until(lambda: poor.status is OrderStatus.FAILED)
        assert poor.failure_reason == "Insufficient Balance"


@in_virtual_time
async def test_what_valr_does_not_accept_is_a_failed_order_with_its_code() -> None:
    async with trading() as desk:
        body = (
            b'{"outcomes":[{"accepted":false,"error":{"code":-12007,"message":"Minimum order size not met"}},'
            b'{"accepted":false,"error":{"message":"No"}},{"accepted":false}],"batchId":1}'
        )
        desk.exchange.faults.answer_request(200, to_path("/v1/batch"), body=body)
        results = [placed(result) for result in await desk.valr.batch([bid(), bid(), bid()])]
        assert [order.failure_reason for order in results] == [
            "Minimum order size not met (-12007)",
            "No",
            "",
        ]
        assert desk.venue_orders() == []


@in_virtual_time
async def test_an_id_in_use_adopts_the_order_that_has_it() -> None:
    async with trading() as desk:
        foreign = desk.foreign(customer_order_id="mine-1")
        order = placed((await desk.valr.batch([bid(client_order_id="mine-1")]))[0])
        await desk.until(lambda: order.status is OrderStatus.OPEN)
        assert order.exchange_order_id == foreign.order_id
        assert len(desk.venue_orders()) == 1


@in_virtual_time
async def test_that_valr_accepted_an_operation_is_only_a_receipt() -> None:
    async with trading(place_timeout_s=0.03, cancel_timeout_s=0.03) as desk:
        old = await desk.buy()
        body = (
            b'{"outcomes":[{"accepted":true,"orderId":"made-up","requestType":"PLACE_LIMIT"},'
            b'{"accepted":true,"requestType":"CANCEL_ORDER"}],"batchId":1}'
        )
        desk.exchange.faults.answer_request(200, to_path("/v1/batch"), body=body)
        result, cancelled = await desk.valr.batch([bid(), BatchCancel(old)])
        order = placed(result)
        assert (order.status, order.placement) == (OrderStatus.PENDING_CREATE, Placement.UNKNOWN)
        assert cancelled == CancelOutcome(old, CancelResult.CANCELLED)  # by the command that followed
        assert desk.sent("CANCEL_LIMIT_ORDER") == 1
        await desk.until(lambda: order.status is OrderStatus.FAILED)


@in_virtual_time
async def test_outcomes_in_another_order_than_the_operations_are_no_outcomes() -> None:
    async with trading(place_timeout_s=0.03) as desk:
        body = (
            b'{"outcomes":[{"accepted":true,"orderId":"x-2","customerOrderId":"b"},'
            b'{"accepted":true,"orderId":"x-1","customerOrderId":"a"}],"batchId":1}'
        )
        desk.exchange.faults.answer_request(200, to_path("/v1/batch"), body=body)
        results = await desk.valr.batch([bid(client_order_id="a"), bid(client_order_id="b")])
        assert [placed(result).placement for result in results] == [Placement.UNKNOWN] * 2
        assert [placed(result).exchange_order_id for result in results] == [None, None]


@pytest.mark.parametrize("after_execution", [True, False])
@in_virtual_time
async def test_a_call_without_an_answer_leaves_every_operation_unknown_and_probed(
    after_execution: bool,
) -> None:
    async with trading() as desk:
        one, two = await desk.buy(), await desk.buy()
        desk.exchange.faults.answer_request(None, to_path("/v1/batch"), after_execution=after_execution)
        result, cancelled = await desk.valr.batch([bid(), BatchCancel(one)])
        order = placed(result)
        expected = OrderStatus.OPEN if after_execution else OrderStatus.FAILED
        await desk.until(lambda: order.status is expected)
        assert cancelled == CancelOutcome(one, CancelResult.CANCELLED)
        desk.exchange.faults.answer_request(None, to_path("/v1/batch"), after_execution=after_execution)
        (modified,) = await desk.valr.batch([BatchModify(order=two, price="910000")])
        assert isinstance(modified, ModifyOutcome)
        assert modified.result is (ModifyResult.MODIFIED if after_execution else ModifyResult.UNKNOWN)
        assert two.modify_request is None
        await desk.agreed(one, two)


async def test_an_answer_with_too_few_outcomes_says_nothing_of_any() -> None:
    async with trading() as desk:
        desk.exchange.faults.answer_request(
            200, to_path("/v1/batch"), after_execution=True, body=b'{"outcomes":[],"batchId":1}'
        )
        order = placed((await desk.valr.batch([bid()]))[0])
        assert "PlacementUnknown" in desk.story(order)
        await desk.until(lambda: order.status is OrderStatus.OPEN)


@in_virtual_time
async def test_a_batch_refused_as_a_whole_fails_its_placements_and_its_cancels_are_tried_alone() -> None:
    async with trading() as desk:
        old = await desk.buy()
        body = b'{"code":-21308,"message":"Batch refused"}'
        desk.exchange.faults.answer_request(400, to_path("/v1/batch"), body=body)
        result, cancelled = await desk.valr.batch([bid(), BatchCancel(old)])
        order = placed(result)
        assert (order.status, order.failure_reason) == (OrderStatus.FAILED, "Batch refused")
        assert isinstance(cancelled, CancelOutcome)
        assert cancelled.is_done


async def test_a_batch_that_could_not_be_sent_says_so() -> None:
    async with trading() as desk:
        one = await desk.buy()
        desk.connector.rest._base_url = NOBODY_LISTENS
        order = placed((await desk.valr.batch([bid()]))[0])
        assert (order.status, order.failure_reason[:10]) == (OrderStatus.FAILED, "not sent: ")
        (modified,) = await desk.valr.batch([BatchModify(order=one, price="910000")])
        assert modified == ModifyOutcome(one, ModifyResult.NOT_SENT)
        desk.connector.rest._base_url = desk.exchange.endpoints.rest
        await desk.agreed(one)


@in_virtual_time
async def test_operations_on_orders_that_have_ended_are_not_sent() -> None:
    async with trading() as desk:
        order, other = await desk.buy(), await desk.buy()
        await desk.valr.cancel_order(order)
        await desk.valr.cancel_order(other)
        results = await desk.valr.batch([BatchCancel(order), BatchModify(order=other, price="910000")])
        assert results == (
            CancelOutcome(order, CancelResult.CANCELLED),
            ModifyOutcome(other, ModifyResult.CANCELLED),
        )
        assert desk.asked(BATCH) == 0


# --- mistakes, and when nothing is sent ------------------------------------------------------------------


@in_virtual_time
async def test_an_id_that_was_used_before_keeps_the_whole_batch_from_being_sent() -> None:
    async with trading() as desk:
        await desk.buy(client_order_id="mine-1")
        with pytest.raises(InvalidArgumentError, match="was used before"):
            await desk.valr.batch([bid(), bid(client_order_id="mine-1")])
        assert (desk.asked(BATCH), len(desk.valr.orders)) == (0, 1)


@in_virtual_time
async def test_an_order_of_somebody_else_keeps_the_whole_batch_from_being_sent() -> None:
    async with trading() as desk:
        with pytest.raises(UnknownOrderError):
            await desk.valr.batch([bid(), BatchCancel("nobody-s")])
        assert (desk.asked(BATCH), len(desk.valr.orders)) == (0, 0)


@in_virtual_time
async def test_a_batch_that_places_needs_what_placing_needs() -> None:
    async with trading(retry="never") as desk:
        order = await desk.buy()
        desk.exchange.faults.drop_frame(of_type("AUTHENTICATED"), count=1000)
        desk.drop_account_socket()
        await desk.until(lambda: not desk.valr.ready)
        with pytest.raises(NotReadyError):
            await desk.valr.batch([bid()])
        assert await desk.valr.batch([BatchCancel(order)]) == (CancelOutcome(order, CancelResult.CANCELLED),)
        desk.exchange.faults.clear()
        desk.valr.drop_account_socket()
        await desk.until(lambda: desk.valr.ready)


@in_virtual_time
async def test_once_closing_began_a_batch_may_only_cancel() -> None:
    async with trading() as desk:
        order, other = await desk.buy(), await desk.buy()
        desk.connector.orders.shut()
        with pytest.raises(ClosedError):
            await desk.valr.batch([BatchCancel(order), bid()])
        with pytest.raises(ClosedError):
            await desk.valr.batch([BatchCancel(order), BatchModify(order=other, price="910000")])
        assert not order.is_being_cancelled
        assert (await desk.valr.batch([BatchCancel(order)]))[0] == CancelOutcome(
            order, CancelResult.CANCELLED
        )


@in_virtual_time
async def test_a_slow_batch_waits_for_what_its_orders_became() -> None:
    async with trading(replace(AT_ONCE, processing_latency_s=0.02)) as desk:
        order = placed((await desk.valr.batch([bid()]))[0])
        assert order.status is OrderStatus.OPEN
