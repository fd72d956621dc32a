"""Modifying against a running venue: what the order shows, what is told, and that it always resolves."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.net.trading import AT_ONCE, Desk, check_story, in_virtual_time, to_path, trading
from valr_connector import (
    ClosedError,
    InFlightOrder,
    InvalidArgumentError,
    ModifyMatchStrategy,
    ModifyOutcome,
    ModifyRefused,
    ModifyResult,
    OrderStatus,
    OutcomeUnknownError,
    Side,
    UnknownOrderError,
)
from valr_connector.simulator.faults import of_type

D = Decimal
MODIFY = of_type("MODIFY_ORDER")
OUTCOME = of_type("MODIFY_ORDER_OUTCOME")
REPORTS = of_type("ORDER_STATUS_UPDATE", "OPEN_ORDERS_UPDATE")
BY_REST = "PUT /v2/orders/modify"
NOBODY_LISTENS = "http://127.0.0.1:9"


async def settled(desk: Desk, order: InFlightOrder) -> None:
    """Library and venue agree, on the terms too."""
    await desk.agreed(order)
    theirs = desk.at_venue(order)
    await desk.until(lambda: (order.price, order.amount) == (theirs.price, theirs.original_quantity))
    assert order.modify_request is None
    check_story(desk, order)


@in_virtual_time
async def test_a_modified_order_shows_its_new_terms_when_the_call_returns() -> None:
    async with trading() as desk:
        order = await desk.buy(price="900000", amount="0.01")
        outcome = await desk.valr.modify_order(order, price="910000.4", total_amount="0.02")
        assert outcome == ModifyOutcome(order, ModifyResult.MODIFIED)
        assert (order.price, order.amount, order.status) == (D(910_000), D("0.02"), OrderStatus.OPEN)
        assert (desk.sent("MODIFY_ORDER"), desk.asked(BY_REST)) == (1, 0)
        await settled(desk, order)
        assert sorted(desk.story(order)) == ["ModifyConfirmed", "OrderCreated", "OrderUpdated"]


@in_virtual_time
async def test_executed_amounts_stay_right_over_modifies() -> None:
    async with trading() as desk:
        order = await desk.buy("1000000", amount="0.01")
        desk.rival("sell", "0.004", "1000000")
        await desk.until(lambda: order.executed_amount == D("0.004"))
        await desk.valr.modify_order(order, remaining_amount="0.016")
        assert (order.amount, order.executed_amount, order.remaining_amount) == (
            D("0.02"),
            D("0.004"),
            D("0.016"),
        )
        desk.rival("sell", "0.006", "1000000")
        await desk.until(lambda: order.executed_amount == D("0.010"))
        assert order.status is OrderStatus.PARTIALLY_FILLED
        desk.rival("sell", "0.010", "1000000")
        await settled(desk, order)
        assert (order.status, order.executed_amount) == (OrderStatus.FILLED, D("0.02"))


@in_virtual_time
async def test_an_order_is_modified_by_its_client_order_id_as_well() -> None:
    async with trading() as desk:
        order = await desk.buy(client_order_id="mine-1")
        assert (await desk.valr.modify_order("mine-1", price="910000")).order is order
        assert order.price == D(910_000)


@in_virtual_time
async def test_a_refused_modify_leaves_the_order_as_it_was() -> None:
    async with trading() as desk:
        desk.rival("sell", "1", "1000000")
        order = await desk.buy("900000")
        outcome = await desk.valr.modify_order(order, price="1000000")
        assert outcome.result is ModifyResult.REFUSED
        assert (order.price, order.status) == (D(900_000), OrderStatus.OPEN)
        await settled(desk, order)
        assert len(desk.told(ModifyRefused)) == 1


@in_virtual_time
async def test_a_modify_that_would_match_cancels_where_that_is_asked_for() -> None:
    async with trading() as desk:
        desk.rival("sell", "1", "1000000")
        order = await desk.buy("900000")
        outcome = await desk.valr.modify_order(
            order, price="1000000", on_match=ModifyMatchStrategy.CANCEL_ORIGINAL
        )
        assert outcome.result is ModifyResult.CANCELLED
        await desk.agreed(order)


@in_virtual_time
async def test_a_modify_that_would_match_is_priced_one_tick_off_where_that_is_asked_for() -> None:
    async with trading() as desk:
        desk.rival("sell", "1", "1000000")
        order = await desk.buy("900000")
        outcome = await desk.valr.modify_order(order, price="1000000", on_match=ModifyMatchStrategy.REPRICE)
        assert (outcome.result, order.price) == (ModifyResult.MODIFIED, D(999_999))


@in_virtual_time
async def test_a_modify_below_what_was_executed_cancels_the_order() -> None:
    async with trading() as desk:
        order = await desk.buy("1000000", amount="0.01")
        desk.rival("sell", "0.004", "1000000")
        await desk.until(lambda: order.executed_amount == D("0.004"))
        outcome = await desk.valr.modify_order(order, total_amount="0.003")
        assert (outcome.result, order.executed_amount) == (ModifyResult.CANCELLED, D("0.004"))


@in_virtual_time
async def test_modifying_an_order_that_has_ended_sends_nothing_and_says_how_it_ended() -> None:
    async with trading() as desk:
        order = await desk.buy()
        await desk.valr.cancel_order(order)
        outcome = await desk.valr.modify_order(order, price="910000")
        assert (outcome.result, desk.sent("MODIFY_ORDER")) == (ModifyResult.CANCELLED, 0)


async def test_two_modifies_of_one_order_go_one_after_the_other() -> None:
    async with trading(replace(AT_ONCE, processing_latency_s=0.01)) as desk:
        order = await desk.buy()
        results = await asyncio.gather(
            desk.valr.modify_order(order, price="910000"), desk.valr.modify_order(order, price="920000")
        )
        assert [outcome.result for outcome in results] == [ModifyResult.MODIFIED] * 2
        assert order.price == D(920_000)


@in_virtual_time
async def test_each_of_two_modifies_returns_when_the_order_shows_its_own_terms() -> None:
    async with trading(replace(AT_ONCE, processing_latency_s=0.02)) as desk:
        order = await desk.buy()
        desk.exchange.faults.delay_frame(REPORTS, 0.03, count=4)

        async def modified(price: int) -> Decimal | None:
            outcome = await desk.valr.modify_order(order, price=price)
            assert outcome.result is ModifyResult.MODIFIED
            return order.price

        first, second = await asyncio.gather(modified(910_000), modified(920_000))
        assert first in (D(910_000), D(920_000))
        assert second == D(920_000)


@in_virtual_time
async def test_the_late_reply_to_a_modify_that_was_given_up_settles_no_later_one() -> None:
    async with trading(replace(AT_ONCE, processing_latency_s=0.02), cancel_timeout_s=0.05) as desk:
        order = await desk.buy()
        refusal = {"error": {"message": "no"}}
        desk.exchange.faults.alter_frame(
            of_type("MODIFY_ORDER_WS_RESPONSE"),
            lambda frame: {"type": frame["type"], "clientMsgId": frame["clientMsgId"], **refusal},
        )
        desk.exchange.faults.delay_frame(of_type("MODIFY_ORDER_WS_RESPONSE"), 0.06)
        desk.exchange.faults.drop_frame(OUTCOME)
        first, second = await asyncio.gather(
            desk.valr.modify_order(order, price="910000"), desk.valr.modify_order(order, price="920000")
        )
        assert (first.result, second.result) == (ModifyResult.MODIFIED, ModifyResult.MODIFIED)
        await settled(desk, order)


@in_virtual_time
async def test_an_order_whose_id_is_not_known_yet_cannot_be_modified() -> None:
    async with trading(place_timeout_s=0.03) as desk:
        desk.exchange.faults.swallow_command(of_type("PLACE_LIMIT_ORDER"))
        order = await desk.buy()
        outcome = await desk.valr.modify_order(order, price="910000")
        assert (outcome.result, desk.sent("MODIFY_ORDER")) == (ModifyResult.NOT_SENT, 0)


@in_virtual_time
async def test_an_outcome_that_is_lost_is_found_out() -> None:
    async with trading(cancel_timeout_s=0.05) as desk:
        order = await desk.buy()
        desk.exchange.faults.drop_frame(OUTCOME)
        desk.exchange.faults.drop_frame(REPORTS, count=2)
        outcome = await desk.valr.modify_order(order, price="910000")
        assert (outcome.result, order.price) == (ModifyResult.MODIFIED, D(910_000))
        assert "ModifyUnknown" in desk.story(order)
        await settled(desk, order)


@in_virtual_time
async def test_a_modify_that_valr_swallows_is_unknown_and_resolves_the_request() -> None:
    async with trading(cancel_timeout_s=0.05) as desk:
        order = await desk.buy()
        desk.exchange.faults.swallow_command(MODIFY)
        outcome = await desk.valr.modify_order(order, price="910000")
        assert (outcome.result, order.modify_request) == (ModifyResult.UNKNOWN, None)
        assert (await desk.valr.modify_order(order, price="920000")).result is ModifyResult.MODIFIED
        await settled(desk, order)


@in_virtual_time
async def test_a_refusal_that_could_not_be_looked_into_is_unknown() -> None:
    async with trading() as desk:
        desk.rival("sell", "1", "1000000")
        order = await desk.buy("900000")
        desk.exchange.faults.answer_request(500, to_path("/v1/orders"), count=100)
        outcome = await desk.valr.modify_order(order, price="1000000")
        assert outcome.result is ModifyResult.UNKNOWN
        desk.exchange.faults.clear()
        await settled(desk, order)


@in_virtual_time
async def test_a_connection_lost_before_the_outcome_leaves_nothing_standing() -> None:
    async with trading(replace(AT_ONCE, event_latency_s=0.05, reply_latency_s=0.05)) as desk:
        order = await desk.buy()
        modifying = asyncio.create_task(desk.valr.modify_order(order, price="910000"))
        await desk.until(lambda: desk.sent("MODIFY_ORDER"))
        desk.drop_account_socket()
        outcome = await modifying
        assert outcome.result in (ModifyResult.MODIFIED, ModifyResult.UNKNOWN)
        await desk.back()
        await settled(desk, order)
        assert order.price == D(910_000)


# --- by REST ---------------------------------------------------------------------------------------------


@in_virtual_time
async def test_a_modify_that_provably_never_left_goes_by_rest() -> None:
    async with trading() as desk:
        order = await desk.buy()
        desk.valr.drop_account_socket()
        outcome = await desk.valr.modify_order(order, price="910000")
        assert (outcome.result, order.price) == (ModifyResult.MODIFIED, D(910_000))
        assert (desk.sent("MODIFY_ORDER"), desk.asked(BY_REST)) == (0, 1)
        await desk.back()
        await settled(desk, order)


@in_virtual_time
async def test_a_refusal_by_rest_leaves_the_order_as_it_was() -> None:
    async with trading() as desk:
        desk.rival("sell", "1", "1000000")
        order = await desk.buy("900000")
        desk.valr.drop_account_socket()
        assert (await desk.valr.modify_order(order, price="1000000")).result is ModifyResult.REFUSED
        await desk.back()
        await settled(desk, order)


@in_virtual_time
async def test_an_answer_by_rest_that_is_lost_is_found_out() -> None:
    async with trading() as desk:
        order = await desk.buy()
        desk.exchange.faults.answer_request(None, to_path("/v2/orders/modify"), after_execution=True)
        desk.valr.drop_account_socket()
        assert (await desk.valr.modify_order(order, price="910000")).result is ModifyResult.MODIFIED
        await desk.back()
        await settled(desk, order)


async def test_a_modify_that_could_not_be_sent_at_all_says_so() -> None:
    async with trading() as desk:
        order = await desk.buy()
        desk.connector.rest._base_url = NOBODY_LISTENS
        desk.valr.drop_account_socket()
        assert (await desk.valr.modify_order(order, price="910000")).result is ModifyResult.NOT_SENT
        desk.connector.rest._base_url = desk.exchange.endpoints.rest
        await desk.back()
        await settled(desk, order)


@in_virtual_time
async def test_a_socket_lost_while_sending_leaves_the_modify_unknown_until_valr_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with trading() as desk:
        order = await desk.buy()
        client = desk.connector.account.client

        async def lose(_frame: bytes) -> None:
            raise OutcomeUnknownError("lost while sending")

        with monkeypatch.context() as patched:
            patched.setattr(client, "send", lose)
            outcome = await desk.valr.modify_order(order, price="910000")
        assert (outcome.result, order.modify_request) == (ModifyResult.UNKNOWN, None)
        await settled(desk, order)


# --- mistakes --------------------------------------------------------------------------------------------


@in_virtual_time
async def test_a_market_order_cannot_be_modified() -> None:
    async with trading() as desk:
        desk.rival("sell", "1", "1000000")
        order = await desk.valr.place_market_order("BTC-ZAR", Side.BUY, amount="0.01")
        with pytest.raises(InvalidArgumentError, match="only a limit order can be modified"):
            await desk.valr.modify_order(order, price="910000")


@in_virtual_time
async def test_an_order_of_somebody_else_cannot_be_modified() -> None:
    async with trading() as desk:
        with pytest.raises(UnknownOrderError):
            await desk.valr.modify_order("nobody-s", price="910000")


@in_virtual_time
async def test_no_order_is_modified_once_closing_began() -> None:
    async with trading() as desk:
        order = await desk.buy()
        desk.connector.orders.shut()
        with pytest.raises(ClosedError, match="closing began: no order is modified any more"):
            await desk.valr.modify_order(order, price="910000")
