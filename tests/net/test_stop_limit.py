"""Placing stop-limit orders, by REST alone; where VALR's answer matters, it is given here."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from msgspec import structs

from tests.net.trading import AT_ONCE, Desk, check_story, in_virtual_time, to_path, trading
from valr_connector import (
    BatchStopLimit,
    CancelOutcome,
    InFlightOrder,
    ModifyOutcome,
    ModifyResult,
    OrderStatus,
    OrderType,
    Placement,
    RetryPolicy,
    Side,
)
from valr_connector.net.http_exchange import Failure, Reply
from valr_connector.protocol.requests import Request
from valr_connector.simulator.vocabulary import State

BY_REST = "POST /v2/orders/stop/limit"
ACCEPTED = Reply(201, {}, b'{"id":"0198175e-53b0-7c4b-ac26-b18a8a687e59"}')
LOST = Failure("no answer", may_have_left=True)


def answer(desk: Desk, *answers: Reply | Failure) -> None:
    """What VALR answers to the next placements of stops."""
    coming = iter(answers)
    rest = desk.connector.rest
    really = rest._attempt

    async def answered(request: Request[Any], deadline: int, in_vain: int) -> Reply | Failure:
        return next(coming) if request.name == BY_REST else await really(request, deadline, in_vain)

    rest._attempt = answered  # type: ignore[method-assign]  # one route of it is played here


async def place_stop(desk: Desk, **options: Any) -> InFlightOrder:
    given: dict[str, Any] = {
        "order_type": OrderType.STOP_LOSS_LIMIT,
        "amount": "0.01",
        "price": "900000",
        "stop_price": "910000",
    }
    return await desk.valr.place_stop_limit_order("BTC-ZAR", Side.SELL, **(given | options))


@in_virtual_time
async def test_a_stop_that_waits_is_open() -> None:
    async with trading(on_close="leave") as desk:
        answer(desk, ACCEPTED)
        order = await place_stop(desk)
        assert (order.status, order.placement) == (OrderStatus.OPEN, Placement.CONFIRMED)
        assert order.exchange_order_id == "0198175e-53b0-7c4b-ac26-b18a8a687e59"
        assert (order.order_type, order.stop_price) == (OrderType.STOP_LOSS_LIMIT, Decimal(910_000))
        assert desk.story(order) == ["OrderCreated"]
        assert desk.sent("PLACE_LIMIT_ORDER") == 0


@in_virtual_time
async def test_a_stop_that_would_be_triggered_at_once_is_a_failed_order() -> None:
    async with trading() as desk:
        reason = "Stop order failed as it would have been triggered immediately"
        body = f'{{"orderId":"a-1","code":-1,"message":"{reason}"}}'.encode()
        answer(desk, Reply(400, {}, body))
        order = await place_stop(desk)
        assert (order.status, order.failure_reason) == (OrderStatus.FAILED, reason)


@in_virtual_time
async def test_a_stop_whose_answer_is_lost_is_probed_and_never_sent_again_by_itself() -> None:
    async with trading() as desk:
        answer(desk, LOST)
        order = await place_stop(desk)
        assert order.placement is Placement.UNKNOWN
        await desk.until(lambda: order.status is OrderStatus.FAILED)
        assert desk.story(order) == ["PlacementUnknown", "OrderFailed"]


@in_virtual_time
async def test_a_stop_that_was_proved_absent_is_placed_again_where_that_is_asked_for() -> None:
    async with trading(on_close="leave") as desk:
        answer(desk, LOST, ACCEPTED)
        order = await place_stop(desk, retry=RetryPolicy.IF_PROVED_ABSENT)
        await desk.until(lambda: order.status is OrderStatus.OPEN)


# --- on the embedded exchange ----------------------------------------------------------------------------


@in_virtual_time
async def test_a_stop_is_followed_from_waiting_to_its_last_fill() -> None:
    async with trading() as desk:
        order = await place_stop(desk)
        assert (order.status, desk.at_venue(order).state) == (OrderStatus.OPEN, State.ACTIVE)
        desk.rival("buy", "0.006", "905000")
        await desk.sell("905000", "0.001")
        await desk.agreed(order)
        assert order.status is OrderStatus.PARTIALLY_FILLED
        desk.rival("buy", "0.005", "900000")
        await desk.agreed(order)
        assert (order.status, len(order.fills)) == (OrderStatus.FILLED, 2)
        check_story(desk, order)


@in_virtual_time
async def test_valr_refuses_to_modify_a_stop_that_waits_and_modifies_it_once_it_is_triggered() -> None:
    async with trading() as desk:
        order = await place_stop(desk, price="905000")
        refused = await desk.valr.modify_order(order, price="920000")
        assert refused == ModifyOutcome(order, ModifyResult.REFUSED)
        assert (order.price, desk.at_venue(order).state) == (Decimal(905_000), State.ACTIVE)
        desk.rival("buy", "0.001", "903000")
        await desk.sell("903000", "0.001")
        modified = await desk.valr.modify_order(order, price="920000", total_amount="0.02")
        assert modified == ModifyOutcome(order, ModifyResult.MODIFIED)
        assert (order.price, order.amount) == (Decimal(920_000), Decimal("0.02"))
        await desk.agreed(order)
        check_story(desk, order)


@in_virtual_time
async def test_stops_are_placed_in_a_batch_and_fail_alone() -> None:
    async with trading() as desk:
        desk.rival("buy", "0.001", "905000")
        await desk.sell("905000", "0.001")
        stop = BatchStopLimit(
            pair="BTC-ZAR",
            side=Side.SELL,
            order_type=OrderType.STOP_LOSS_LIMIT,
            amount="0.01",
            price="890000",
            stop_price="900000",
        )
        waiting, late = await desk.valr.batch([stop, structs.replace(stop, stop_price="910000")])
        assert not isinstance(waiting, CancelOutcome | ModifyOutcome)
        assert not isinstance(late, CancelOutcome | ModifyOutcome)
        await desk.agreed(waiting, late)
        assert (waiting.status, waiting.stop_price) == (OrderStatus.OPEN, Decimal(900_000))
        assert desk.at_venue(waiting).state is State.ACTIVE
        assert late.status is OrderStatus.FAILED
        assert "triggered immediately" in late.failure_reason


@pytest.mark.parametrize("dialect", [{}, {"cancel_all_takes_stops": False}])
@in_virtual_time
async def test_a_stop_that_waits_is_cancelled_with_all_others(dialect: dict[str, Any]) -> None:
    async with trading(replace(AT_ONCE, **dialect)) as desk:
        order = await place_stop(desk)
        report = await desk.valr.cancel_all("account")
        assert not report.remaining
        assert (order.status, desk.at_venue(order).state) == (OrderStatus.CANCELLED, State.CANCELLED)


@in_virtual_time
async def test_a_stop_that_fails_when_it_is_triggered_ends_there_and_here() -> None:
    async with trading() as desk:
        own = await desk.buy("890000")
        order = await place_stop(desk, price="880000", stop_price="910000")
        desk.rival("buy", "0.001", "905000")
        await desk.sell("905000", "0.001")
        await desk.agreed(order, own)
        assert order.status is OrderStatus.FAILED
        assert "matched with your own order" in order.failure_reason
        check_story(desk, order)


@in_virtual_time
async def test_a_stop_whose_answer_is_lost_is_found_waiting() -> None:
    async with trading() as desk:
        desk.exchange.faults.answer_request(502, to_path("/v2/orders/stop/limit"), after_execution=True)
        order = await place_stop(desk)
        await desk.agreed(order)
        assert (order.status, desk.at_venue(order).state) == (OrderStatus.OPEN, State.ACTIVE)
        assert desk.asked(BY_REST) == 1
