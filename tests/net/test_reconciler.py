"""What frames did not tell is asked: unknown outcomes, gaps, lost frames, lists that are old, dialects."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest

from tests.net.trading import ACCOUNT, AT_ONCE, QUICK, Desk, check_story, in_virtual_time, to_path, trading
from valr_connector import (
    CancelResult,
    InFlightOrder,
    OrderFilled,
    OrderRevived,
    OrderStatus,
    Placement,
    PlacementUnknown,
    SessionState,
    Side,
    TimeInForce,
    UntrackedOrder,
)
from valr_connector.core.evidence import Evidence, Says, Source
from valr_connector.core.guards import SECOND
from valr_connector.core.lifecycle import AskReason
from valr_connector.core.reconcile import MILLISECOND
from valr_connector.net import reconciler, trade_history
from valr_connector.simulator.faults import of_type
from valr_connector.simulator.vocabulary import State
from valr_connector.verification.virtual_loop import running_loop

D = Decimal

STATUS_ROUTE = "GET /v1/orders/{pair}/customerorderid/{id}"
STATUS_PATH = "/v1/orders/BTCZAR/customerorderid"
HISTORY_ROUTE = "GET /v1/orders/history/detail/customerorderid/{id}"
LIST_ROUTE = "GET /v1/orders/open"
PLACE = of_type("PLACE_LIMIT_ORDER")
AT_ONCE_UNSUBSCRIBED = replace(AT_ONCE, order_status_needs_subscription=True)
ABOUT_ORDERS = of_type("ORDER_STATUS_UPDATE", "ORDER_PROCESSED", "OPEN_ORDERS_UPDATE", "NEW_ACCOUNT_TRADE")


def said_cancelled(order: InFlightOrder) -> Evidence:
    """VALR's stream tells, untruly, that an order was cancelled."""
    at = datetime.now(UTC)
    name = order.client_order_id
    return Evidence(says=Says.CANCELLED, source=Source.STREAM, client_order_id=name, at=at)


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING and record.name in (reconciler.__name__, trade_history.__name__)
    ]


# --- placements of unknown outcome -----------------------------------------------------------------------


@in_virtual_time
async def test_a_placement_that_valr_never_executed_fails_once_that_is_proved_and_not_before() -> None:
    async with trading(place_timeout_s=0.05) as desk:
        desk.exchange.faults.swallow_command(PLACE)
        order = await desk.buy()
        assert (order.status, order.placement) == (OrderStatus.PENDING_CREATE, Placement.UNKNOWN)
        assert order.client_order_id in desk.valr.orders
        await desk.until(lambda: order.is_done)
        assert running_loop().now_ns - order.created_at >= QUICK.grace
        assert order.status is OrderStatus.FAILED
        assert order.failure_reason == "VALR has no such order, neither active nor in its history"
        assert desk.story(order) == ["PlacementUnknown", "OrderFailed"]
        assert (desk.sent("PLACE_LIMIT_ORDER"), desk.asked("POST /v2/orders/limit")) == (1, 0)
        assert desk.venue_orders() == []


@in_virtual_time
async def test_history_06_a_placement_without_an_answer_is_found_and_never_sent_again() -> None:
    async with trading(place_timeout_s=0.05) as desk:
        desk.exchange.faults.silence_command(PLACE)
        desk.exchange.faults.drop_frame(ABOUT_ORDERS, count=3)
        order = await desk.buy()
        await desk.agreed(order)
        desk.exchange.faults.clear()
        assert order.status is OrderStatus.OPEN
        assert desk.story(order) == ["PlacementUnknown", "OrderCreated"]
        assert desk.told(PlacementUnknown)[0].cause == "no outcome in time"
        assert (desk.sent("PLACE_LIMIT_ORDER"), desk.asked("POST /v2/orders/limit")) == (1, 0)
        assert len(desk.venue_orders()) == 1


@in_virtual_time
async def test_a_placement_that_is_slow_is_not_taken_for_absent() -> None:
    async with trading(place_timeout_s=0.03) as desk:
        desk.change(processing_latency_s=0.08)
        order = await desk.buy()
        assert order.placement is Placement.UNKNOWN
        await desk.until(lambda: order.status is not OrderStatus.PENDING_CREATE)
        await desk.agreed(order)
        assert order.status is OrderStatus.OPEN
        check_story(desk, order)


@in_virtual_time
async def test_the_list_of_open_orders_is_asked_for_where_absence_from_it_proves_something() -> None:
    async with trading(place_timeout_s=0.03, reconcile_interval_s=600.0) as desk:
        desk.exchange.faults.swallow_command(PLACE)
        lists = desk.asked(LIST_ROUTE)
        order = await desk.buy()
        await desk.until(lambda: desk.asked(HISTORY_ROUTE) > 1)
        assert (desk.asked(LIST_ROUTE), order.placement) == (lists, Placement.UNKNOWN)
        await desk.until(lambda: order.is_done)
        assert (desk.asked(LIST_ROUTE), order.status) == (lists + 1, OrderStatus.FAILED)


@in_virtual_time
async def test_an_absence_proves_nothing_if_it_was_asked_too_early_however_late_the_answer_comes() -> None:
    patient = replace(QUICK, grace=400 * MILLISECOND)
    async with trading(place_timeout_s=0.03, patience=patient) as desk:
        desk.change(reply_latency_s=0.05, processing_latency_s=0.25)
        desk.exchange.faults.drop_frame(ABOUT_ORDERS, count=3)
        order = await desk.buy()
        await desk.until(lambda: order.status is not OrderStatus.PENDING_CREATE)
        assert order.status is OrderStatus.OPEN
        desk.change(reply_latency_s=0, processing_latency_s=0)
        desk.exchange.faults.clear()
        await desk.agreed(order)


@in_virtual_time
async def test_an_unknown_placement_that_was_filled_unseen_is_filled_with_the_venues_fees() -> None:
    async with trading(place_timeout_s=0.05) as desk:
        desk.rival("sell", "1", "1000000")
        desk.exchange.faults.silence_command(PLACE)
        desk.exchange.faults.drop_frame(ABOUT_ORDERS, count=9)
        order = await desk.buy("1000000")
        await desk.agreed(order)
        desk.exchange.faults.clear()
        assert order.status is OrderStatus.FILLED
        check_story(desk, order)


def refuse_to_speak_of_orders(desk: Desk) -> None:
    desk.exchange.faults.answer_request(
        400, to_path("/v1/orders/BTCZAR"), count=999, body=b'{"code":-99999,"message":"Order has ended"}'
    )


@in_virtual_time
async def test_an_ended_order_that_valr_refuses_to_speak_of_in_words_unknown_is_found_in_its_history() -> (
    None
):
    async with trading(place_timeout_s=0.05) as desk:
        desk.rival("sell", "1", "1000000")
        desk.exchange.faults.silence_command(PLACE)
        desk.exchange.faults.drop_frame(ABOUT_ORDERS, count=9)
        refuse_to_speak_of_orders(desk)
        order = await desk.buy("1000000")
        await desk.until(lambda: order.is_done)
        assert order.status is OrderStatus.FILLED


@in_virtual_time
async def test_a_refusal_in_words_unknown_proves_no_absence() -> None:
    async with trading(place_timeout_s=0.05) as desk:
        desk.exchange.faults.swallow_command(PLACE)
        refuse_to_speak_of_orders(desk)
        order = await desk.buy()
        await asyncio.sleep(2 * QUICK.grace / SECOND)
        assert order.placement is Placement.UNKNOWN


@in_virtual_time
async def test_nothing_is_concluded_while_valr_cannot_be_asked(caplog: pytest.LogCaptureFixture) -> None:
    async with trading(place_timeout_s=0.03) as desk:
        desk.exchange.faults.swallow_command(PLACE)
        desk.exchange.faults.answer_request(500, to_path("/v1/orders"), count=999)
        order = await desk.buy()
        await asyncio.sleep(2 * QUICK.grace / SECOND)
        assert order.placement is Placement.UNKNOWN
        assert f"could not ask about {order.client_order_id}: " in warnings(caplog)[0]
        desk.exchange.faults.clear()
        await desk.until(lambda: order.is_done)
        assert order.status is OrderStatus.FAILED


@in_virtual_time
async def test_questions_pause_longer_and_longer() -> None:
    patience = replace(QUICK, first_pause=SECOND // 100, longest_pause=SECOND, grace=SECOND // 2)
    async with trading(place_timeout_s=0.02, patience=patience) as desk:
        desk.exchange.faults.swallow_command(PLACE)
        order = await desk.buy()
        await desk.until(lambda: order.is_done)
        assert desk.asked(STATUS_ROUTE) <= 16


@in_virtual_time
async def test_an_absence_is_concluded_as_soon_as_it_can_be_whatever_the_pauses_have_grown_to() -> None:
    patience = replace(QUICK, first_pause=30 * SECOND, longest_pause=30 * SECOND, grace=SECOND // 10)
    async with trading(place_timeout_s=0.02, patience=patience) as desk:
        desk.exchange.faults.swallow_command(PLACE)
        order = await desk.buy()
        await desk.until(lambda: order.is_done, patience_s=5.0)
        assert order.status is OrderStatus.FAILED


@in_virtual_time
async def test_an_answer_that_is_under_way_when_absence_begins_to_prove_something_is_not_waited_for() -> None:
    patience = replace(QUICK, first_pause=50 * MILLISECOND, longest_pause=SECOND, grace=SECOND)
    async with trading(place_timeout_s=0.02, patience=patience) as desk:
        desk.exchange.faults.swallow_command(PLACE)
        desk.change(reply_latency_s=0.05)
        order = await desk.buy()
        await desk.until(lambda: order.is_done)
        three_answers = 3 * 0.05
        took_s = (running_loop().now_ns - order.created_at) / SECOND
        assert took_s == pytest.approx(patience.socket_grace / SECOND + three_answers, abs=0.02)


# --- the connection breaks -------------------------------------------------------------------------------


@in_virtual_time
async def test_what_happened_while_the_connection_was_gone_arrives_exactly_once() -> None:
    async with trading() as desk:
        orders = [await desk.buy(str(1_000_000 - n)) for n in range(4)]
        untouched, partly, filled, cancelled = orders[3], orders[1], orders[0], orders[2]
        desk.exchange.faults.delay_frame(of_type("AUTHENTICATED"), 0.03)
        desk.drop_account_socket()
        await desk.until(lambda: not desk.valr.ready)
        desk.exchange.venue.cancel(ACCOUNT, "BTCZAR", customer_order_id=cancelled.client_order_id)
        desk.rival("sell", "0.014", "999999")
        await desk.until(lambda: desk.valr.ready)
        await desk.agreed(*orders)
        assert [order.status for order in (untouched, partly, filled, cancelled)] == [
            OrderStatus.OPEN,
            OrderStatus.PARTIALLY_FILLED,
            OrderStatus.FILLED,
            OrderStatus.CANCELLED,
        ]
        for order in orders:
            check_story(desk, order)


@in_virtual_time
async def test_a_fill_just_before_the_break_and_one_after_it_are_two_fills() -> None:
    async with trading() as desk:
        order = await desk.buy("1000000")
        for quantity in ("0.002", "0.003"):
            desk.rival("sell", quantity, "1000000")
            desk.drop_account_socket()
            await desk.back()
        desk.rival("sell", "0.005", "1000000")
        await desk.agreed(order)
        assert len(desk.told(OrderFilled)) == 3


@in_virtual_time
async def test_a_resync_finds_the_first_fill_of_all() -> None:
    async with trading() as desk:
        assert desk.asked("GET /v1/account/tradehistory") == 0  # nothing was placed, nothing can be missed
        order = await desk.buy("1000000", amount="0.02")
        desk.valr.drop_account_socket()
        desk.rival("sell", "0.005", "1000000")
        desk.exchange.faults.answer_request(500, to_path("/v1/account/BTCZAR/tradehistory"), count=99)
        await desk.back()
        await desk.agreed(order)
        assert desk.asked("GET /v1/account/tradehistory") == 1


@in_virtual_time
async def test_a_resync_looks_as_far_back_as_the_newest_fill_it_knows() -> None:
    async with trading() as desk:
        first = await desk.buy("1000000", amount="1")
        desk.rival("sell", "0.01", "1000000")
        await desk.agreed(first)
        desk.exchange.faults.delay_frame(of_type("AUTHENTICATED"), 0.03)
        desk.drop_account_socket()
        await desk.until(lambda: not desk.valr.ready)
        for _ in range(120):
            desk.rival("sell", "0.001", "1000000")
        await desk.until(lambda: desk.valr.ready)
        await desk.agreed(first)
        assert len(first.fills) == 121
        assert desk.asked("GET /v1/account/tradehistory") == 2


@in_virtual_time
async def test_a_resync_that_cannot_look_back_far_enough_says_so(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(trade_history, "TRADES_PER_PAGE", 1)
    monkeypatch.setattr(trade_history, "MOST_TRADE_PAGES", 2)
    async with trading() as desk:
        order = await desk.buy("1000000")
        for _ in range(3):
            desk.rival("sell", "0.001", "1000000")
        await desk.agreed(order)
        desk.drop_account_socket()
        await desk.back()
        assert [text[:16] for text in warnings(caplog)] == ["more fills since"]
        await desk.agreed(order)


@in_virtual_time
async def test_fills_of_orders_that_were_placed_elsewhere_are_nobodys_here() -> None:
    async with trading() as desk:
        order = await desk.buy("1000000", amount="0.01")
        stranger = desk.foreign("999999")
        desk.rival("sell", "0.005", "1000000")
        await desk.agreed(order)
        desk.drop_account_socket()
        await desk.until(lambda: not desk.valr.ready)
        desk.rival("sell", "0.01", "999999")
        await desk.until(lambda: desk.valr.ready)
        await desk.agreed(order)
        assert stranger.executed_quantity == D("0.005")
        assert {event.order for event in desk.told(OrderFilled)} == {order}


@in_virtual_time
async def test_a_fill_in_the_history_that_has_no_id_is_left_out() -> None:
    async with trading() as desk:
        order = await desk.buy("1000000")
        row = {"price": "1000000", "quantity": "0.01", "currencyPair": "BTCZAR", "side": "buy"}
        row |= {"tradedAt": "2026-01-01T00:00:00.000Z", "orderId": str(order.exchange_order_id)}
        history = to_path("/v1/account/BTCZAR/tradehistory")
        desk.exchange.faults.answer_request(200, history, body=orjson.dumps([row]))
        desk.exchange.faults.drop_frame(of_type("NEW_ACCOUNT_TRADE"))
        desk.rival("sell", "0.01", "1000000")
        await desk.agreed(order)


@in_virtual_time
async def test_a_resync_asks_about_an_order_that_was_placed_by_rest_while_it_connected() -> None:
    async with trading(AT_ONCE_UNSUBSCRIBED) as desk:
        desk.exchange.faults.delay_frame(of_type("AUTHENTICATED"), 0.05)
        desk.drop_account_socket()
        await desk.until(lambda: desk.connector.account.client.session.state is SessionState.AUTHENTICATING)
        desk.rival("sell", "0.005", "1000000")
        order = await desk.buy("1000000", time_in_force=TimeInForce.IOC)
        assert not desk.valr.ready
        await desk.until(lambda: desk.valr.ready)
        assert (order.status, order.executed_amount) == (OrderStatus.CANCELLED, D("0.005"))


@in_virtual_time
async def test_an_order_that_cannot_be_asked_about_during_the_resync_is_asked_about_later() -> None:
    async with trading() as desk:
        order = await desk.buy()
        desk.exchange.faults.delay_frame(of_type("AUTHENTICATED"), 0.03)
        desk.exchange.faults.answer_request(500, to_path(STATUS_PATH), count=12)
        desk.drop_account_socket()
        await desk.until(lambda: not desk.valr.ready)
        desk.exchange.venue.cancel_all(ACCOUNT)
        await desk.agreed(order)
        assert order.status is OrderStatus.CANCELLED


# --- frames that are lost, late or old -------------------------------------------------------------------


@in_virtual_time
async def test_history_04_a_list_that_is_older_than_the_placement_ends_nothing() -> None:
    async with trading(replace(AT_ONCE, open_orders_latency_s=0.02)) as desk:
        desk.foreign(customer_order_id="theirs")
        order = await desk.buy()
        before = desk.asked(STATUS_ROUTE)
        await desk.until(lambda: desk.told(UntrackedOrder))
        assert order.status is OrderStatus.OPEN
        assert desk.asked(STATUS_ROUTE) == before
        assert (await desk.valr.cancel_order(order)).result is CancelResult.CANCELLED


@in_virtual_time
async def test_history_04_an_absence_beyond_the_guards_is_asked_about_and_the_answer_decides() -> None:
    async with trading() as desk:
        order = await desk.buy()
        await asyncio.sleep(0.05)
        desk.connector.account.on_frame(b'{"type":"OPEN_ORDERS_UPDATE","data":[]}', desk.now)
        await desk.until(lambda: desk.asked(STATUS_ROUTE))
        await desk.agreed(order)
        assert order.status is OrderStatus.OPEN


@in_virtual_time
async def test_lost_frames_are_made_up_for_by_comparing_lists() -> None:
    async with trading(reconcile_interval_s=0.03) as desk:
        order = await desk.buy()
        desk.exchange.faults.drop_frame(ABOUT_ORDERS, count=9)
        desk.exchange.venue.cancel_all(ACCOUNT)
        await desk.agreed(order)
        assert order.status is OrderStatus.CANCELLED
        desk.exchange.faults.clear()


@in_virtual_time
async def test_a_cancellation_that_nobody_asked_for_and_that_never_was_is_found_out_at_once() -> None:
    async with trading() as desk:
        order = await desk.buy("1000000")
        desk.exchange.faults.drop_frame(ABOUT_ORDERS, count=9)
        desk.rival("sell", "0.01", "1000000")
        desk.connector.account.apply(said_cancelled(order))
        await desk.agreed(order)
        assert desk.story(order) == ["OrderCreated", "OrderCancelled", "OrderCorrected", "OrderFilled"]


@in_virtual_time
async def test_a_cancellation_that_nobody_asked_for_is_asked_about_once() -> None:
    async with trading() as desk:
        order = await desk.buy()
        desk.exchange.venue.cancel_all(ACCOUNT)
        await desk.until(lambda: order.is_done)
        await desk.until(lambda: desk.asked(STATUS_ROUTE))
        await asyncio.sleep(0.03)
        assert desk.asked(STATUS_ROUTE) == 1
        assert desk.story(order) == ["OrderCreated", "OrderCancelled"]


@in_virtual_time
async def test_a_fill_whose_frames_were_all_lost_is_found_when_lists_are_compared() -> None:
    async with trading(reconcile_interval_s=0.03) as desk:
        order = await desk.buy("1000000")
        desk.exchange.faults.drop_frame(ABOUT_ORDERS, count=9)
        desk.exchange.faults.answer_request(500, to_path(STATUS_PATH), count=99)
        desk.exchange.faults.answer_request(500, to_path("/v1/orders/history"), count=99)
        desk.connector.account.apply(said_cancelled(order))
        desk.rival("sell", "0.01", "1000000")
        await desk.agreed(order)
        assert desk.story(order) == ["OrderCreated", "OrderCancelled", "OrderFilled", "OrderCorrected"]


@in_virtual_time
async def test_balances_are_compared_as_well() -> None:
    async with trading(replace(AT_ONCE, cache=False), reconcile_interval_s=0.03) as desk:
        desk.exchange.faults.drop_frame(of_type("BALANCE_UPDATE"))
        desk.exchange.venue.credit(ACCOUNT, "XRP", D(7))
        await desk.until(lambda: desk.valr.balance("XRP").available == D(100_007))


@in_virtual_time
async def test_comparing_survives_what_valr_answers_instead(caplog: pytest.LogCaptureFixture) -> None:
    async with trading(reconcile_interval_s=0.02) as desk:
        desk.exchange.faults.answer_request(200, to_path("/v1/orders/open"), body=b"<html>")
        await desk.until(lambda: warnings(caplog))
        desk.exchange.faults.answer_request(500, to_path("/v1/account/balances"), count=3)
        await desk.until(lambda: len(warnings(caplog)) >= 2)
        assert all(text.startswith("could not compare with VALR's lists: ") for text in warnings(caplog))
        assert desk.valr.ready


@in_virtual_time
async def test_nothing_is_compared_while_the_connection_is_gone() -> None:
    async with trading(reconcile_interval_s=0.01) as desk:
        desk.exchange.faults.delay_frame(of_type("AUTHENTICATED"), 0.2)
        desk.drop_account_socket()
        await asyncio.sleep(0.01)  # a comparison that was under way has arrived by then
        before = desk.asked("GET /v1/orders/open")
        await asyncio.sleep(0.1)
        assert (desk.asked("GET /v1/orders/open"), desk.valr.ready) == (before, False)
        await desk.until(lambda: desk.valr.ready)


@pytest.mark.parametrize("with_customer_id", [True, False])
@in_virtual_time
async def test_fills_whose_frames_are_lost_come_from_the_trade_history(with_customer_id: bool) -> None:
    dialect = replace(AT_ONCE, customer_order_id_in_events=with_customer_id)
    async with trading(dialect) as desk:
        order = await desk.buy("1000000")
        desk.exchange.faults.drop_frame(of_type("NEW_ACCOUNT_TRADE"), count=2)
        desk.rival("sell", "0.004", "1000000")
        desk.rival("sell", "0.006", "1000000")
        await desk.agreed(order)
        check_story(desk, order)


@in_virtual_time
async def test_however_many_fills_are_lost_all_of_them_are_found() -> None:
    async with trading() as desk:
        for n in range(130):
            desk.rival("sell", "0.001", str(1_000_000 + n))
        desk.exchange.faults.drop_frame(of_type("NEW_ACCOUNT_TRADE"), count=130)
        order = await desk.valr.place_market_order("BTC-ZAR", Side.BUY, amount="0.13")
        await desk.agreed(order)
        assert len(order.fills) == 130


@in_virtual_time
async def test_fills_that_valrs_history_never_shows_are_given_up_loudly(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with trading() as desk:
        order = await desk.buy("1000000")
        desk.exchange.faults.drop_frame(of_type("NEW_ACCOUNT_TRADE"))
        history = to_path("/v1/account/BTCZAR/tradehistory")
        desk.exchange.faults.answer_request(200, history, body=b"[]", count=99)
        desk.rival("sell", "0.01", "1000000")
        expected = f"fills of {order.client_order_id} are still incomplete in VALR's trade history"
        await desk.until(lambda: expected in warnings(caplog))
        assert (order.status, order.has_all_fills) == (OrderStatus.FILLED, False)
        assert order.executed_amount == D("0.01")
        assert warnings(caplog) == [expected]


@in_virtual_time
async def test_a_history_that_cannot_be_read_is_asked_again_until_it_can(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with trading() as desk:
        order = await desk.buy("1000000")
        desk.exchange.faults.drop_frame(of_type("NEW_ACCOUNT_TRADE"))
        history = to_path("/v1/account/BTCZAR/tradehistory")
        desk.exchange.faults.answer_request(500, history, count=9 * reconciler.FILL_ATTEMPTS)
        desk.rival("sell", "0.01", "1000000")
        await desk.agreed(order)
        told = {warning.split(":")[0] for warning in warnings(caplog)}
        assert told == {f"could not fetch the fills of {order.client_order_id}"}  # and no word of giving up


@in_virtual_time
async def test_a_trade_without_ids_is_attributed_by_the_trade_history() -> None:
    async with trading() as desk:
        orders = [await desk.buy(str(1_000_000 - n)) for n in range(3)]
        desk.exchange.faults.drop_frame(of_type("NEW_ACCOUNT_TRADE", "ORDER_STATUS_UPDATE"), count=2)
        desk.rival("sell", "0.004", "1000000")
        data = {"price": "1000000", "quantity": "0.004", "currencyPair": "BTCZAR", "side": "buy"}
        frame = {"type": "NEW_ACCOUNT_TRADE", "data": data | {"tradedAt": "2026-01-01T00:00:00.000Z"}}
        desk.connector.account.on_frame(orjson.dumps(frame), desk.now)
        await desk.agreed(*orders)


@in_virtual_time
async def test_a_taker_order_whose_end_is_not_told_is_asked_about_until_it_has_ended() -> None:
    async with trading() as desk:
        desk.rival("sell", "0.004", "1000000")
        lost = of_type("ORDER_STATUS_UPDATE", "OPEN_ORDERS_UPDATE")
        desk.exchange.faults.drop_frame(lost, count=9)
        order = await desk.buy("1000000", time_in_force=TimeInForce.IOC)
        await desk.agreed(order)
        assert order.status is OrderStatus.CANCELLED
        desk.exchange.faults.clear()


@in_virtual_time
async def test_an_order_that_ended_here_and_lives_there_is_under_control_again() -> None:
    async with trading() as desk:
        order = await desk.buy("1000000")
        data = {
            "orderId": order.exchange_order_id,
            "orderStatusType": "Cancelled",
            "currencyPair": "BTCZAR",
            "originalPrice": "1000000",
            "remainingQuantity": "0.01",
            "originalQuantity": "0.01",
            "orderSide": "buy",
            "orderUpdatedAt": "2026-01-01T00:00:00.000Z",
        }
        frame = {"type": "ORDER_STATUS_UPDATE", "data": data}
        desk.connector.account.on_frame(orjson.dumps(frame), desk.now)
        assert desk.story(order) == ["OrderCreated", "OrderCancelled"]
        desk.rival("sell", "0.004", "1000000")
        await desk.until(lambda: desk.told(OrderRevived))
        await desk.agreed(order)
        assert order.status is OrderStatus.PARTIALLY_FILLED
        assert order.client_order_id in desk.valr.orders
        assert (await desk.valr.cancel_order(order)).result is CancelResult.CANCELLED


@in_virtual_time
async def test_orders_that_were_placed_elsewhere_are_told_and_left_alone() -> None:
    async with trading() as desk:
        stranger = desk.foreign(customer_order_id="theirs")
        await desk.until(lambda: desk.told(UntrackedOrder))
        (told,) = desk.told(UntrackedOrder)
        assert (told.exchange_order_id, told.client_order_id) == (stranger.order_id, "theirs")
        assert not desk.valr.orders
        await desk.valr.cancel_all()
        assert stranger.state is State.PLACED


# --- every dialect ---------------------------------------------------------------------------------------

DIALECTS: dict[str, dict[str, Any]] = {
    "as documented": {},
    "placed is told": {"send_placed_status": True},
    "statuses need a subscription": {"order_status_needs_subscription": True},
    "subscriptions are not acknowledged": {"account_acks": False},
    "events carry no customer id": {"customer_order_id_in_events": False},
    "events carry no customer id and come first": {
        "customer_order_id_in_events": False,
        "reply_latency_s": 0.01,
    },
    "failures as processed": {"failure_frames": "processed", "send_failed_status": False},
    "failures as failed order": {"failure_frames": "failed_order", "send_failed_status": False},
    "failures without a customer id": {
        "failure_frames": "failed_order",
        "customer_order_id_in_events": False,
    },
    "refusals as invalid frames": {"error_replies": "invalid"},
    "finished orders are not found": {"finished_order_status": "not_found"},
    "finished orders are invalid": {"finished_order_status": "invalid"},
    "replies come last": {"reply_latency_s": 0.01},
    "events come late": {"event_latency_s": 0.01},
    "events swap": {"event_jitter_s": 0.01, "events_may_swap": True},
    "lists are old": {"open_orders_latency_s": 0.02},
    "the engine is slow": {"processing_latency_s": 0.01},
    "everything is slow": {
        "request_latency_s": 0.002,
        "processing_latency_s": 0.005,
        "reply_latency_s": 0.004,
        "event_latency_s": 0.004,
        "event_jitter_s": 0.008,
        "events_may_swap": True,
        "open_orders_latency_s": 0.01,
    },
    "nothing is cached or compressed": {"cache": False, "compression": False},
}


@pytest.mark.untraced  # each tells the same story
@pytest.mark.parametrize("dialect", DIALECTS.values(), ids=DIALECTS.keys())
@pytest.mark.parametrize("with_breaks", [False, True], ids=["steady", "with breaks"])
@in_virtual_time
async def test_in_every_dialect_the_story_here_is_the_venues(
    dialect: dict[str, Any], with_breaks: bool
) -> None:
    async with trading(replace(AT_ONCE, **dialect), cancel_timeout_s=0.2) as desk:
        await trade_a_little(desk, with_breaks=with_breaks)


async def trade_a_little(desk: Desk, *, with_breaks: bool = False) -> None:
    """One of each: rests, is cancelled, is filled in two steps, takes what is there, is refused."""
    resting = await desk.buy("900000")
    cancelled = await desk.buy("900001")
    filled = await desk.buy("1000000")
    if with_breaks:
        desk.drop_account_socket()
    desk.rival("sell", "0.004", "1000000")
    desk.rival("sell", "0.006", "1000000")
    if with_breaks:
        await desk.back()
    outcome = await desk.valr.cancel_order(cancelled)
    desk.rival("sell", "0.005", "1100000")
    if with_breaks:
        desk.drop_account_socket()
        await desk.back()
    taking = await desk.buy("1100000", time_in_force=TimeInForce.IOC)
    refused = await desk.buy("1200000", amount="4")
    orders = (resting, cancelled, filled, taking, refused)
    await desk.agreed(*orders)
    assert outcome.result is CancelResult.CANCELLED
    assert [order.status for order in orders] == [
        OrderStatus.OPEN,
        OrderStatus.CANCELLED,
        OrderStatus.FILLED,
        OrderStatus.CANCELLED,
        OrderStatus.FAILED,
    ]
    assert refused.failure_reason == "Insufficient Balance"
    assert len(desk.venue_orders()) == len(orders)
    for order in orders:
        check_story(desk, order)


@in_virtual_time
async def test_no_frame_has_an_owner_that_it_never_finds() -> None:
    async with trading(replace(AT_ONCE, customer_order_id_in_events=False, reply_latency_s=0.01)) as desk:
        await trade_a_little(desk)
        assert desk.valr._state.tracker.unclaimed == 0


async def test_every_reason_to_ask_has_a_first_delay() -> None:
    assert set(QUICK.first_delays) == set(AskReason)
