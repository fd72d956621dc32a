"""The account socket against a running venue: frames become events, losses unknowns, and readers live on."""

from __future__ import annotations

import asyncio
import itertools
import logging
from dataclasses import replace
from decimal import Decimal

import orjson
import pytest

from tests.net.trading import AT_ONCE, Desk, check_story, in_virtual_time, make, trading, venue
from valr_connector import (
    AccountActivity,
    BalanceChanged,
    ConnectionChanged,
    FrameRefused,
    OrderStatus,
    Placement,
    PlacementUnknown,
    SessionState,
    Socket,
    UnknownFrameReceived,
    UnrecognisedStatus,
)
from valr_connector.simulator.faults import of_type

D = Decimal


def deliver(desk: Desk, frame: object) -> None:
    """Hand a frame to the stream, as the socket does."""
    desk.connector.account.on_frame(frame if isinstance(frame, bytes) else orjson.dumps(frame), desk.now)


_LOGGERS = (
    "valr_connector.net.user_stream",
    "valr_connector.net.refused_frames",
    "valr_connector.net.event_log",
)


def messages(caplog: pytest.LogCaptureFixture, level: int = logging.WARNING) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= level and record.name in _LOGGERS
    ]


# --- connecting ------------------------------------------------------------------------------------------


@in_virtual_time
async def test_order_statuses_are_subscribed_on_every_connection() -> None:
    async with trading(replace(AT_ONCE, order_status_needs_subscription=True)) as desk:
        assert desk.sent("SUBSCRIBE") == 1
        desk.drop_account_socket()
        await desk.back()
        assert desk.sent("SUBSCRIBE") == 2


@in_virtual_time
async def test_one_connection_that_breaks_early_is_no_reason_to_go_without_order_statuses() -> None:
    async with trading() as desk:
        desk.valr.drop_account_socket()
        await desk.back()
        assert desk.sent("SUBSCRIBE") == 2


@in_virtual_time
async def test_when_subscribing_seems_to_break_connections_one_goes_without_and_the_next_tries_again() -> (
    None
):
    async with trading() as desk:
        for _ in range(2):
            desk.drop_account_socket()
            await desk.back()
        assert desk.sent("SUBSCRIBE") == 2
        order = await desk.buy()
        assert order.status is OrderStatus.OPEN
        desk.drop_account_socket()
        await desk.back()
        assert desk.sent("SUBSCRIBE") == 3


@in_virtual_time
async def test_each_connection_is_an_epoch_and_its_states_are_told_in_order() -> None:
    async with trading() as desk:
        desk.drop_account_socket()
        await desk.back()
        told = [event for event in desk.told(ConnectionChanged) if event.socket is Socket.ACCOUNT]
        once = [
            SessionState.DIALLING,
            SessionState.AUTHENTICATING,
            SessionState.RESYNCING,
            SessionState.LIVE,
        ]
        assert [event.after for event in told] == [*once, SessionState.IDLE, *once]
        assert [event.epoch for event in told] == [1, 1, 1, 1, 1, 2, 2, 2, 2]
        assert all(before.after is after.before for before, after in itertools.pairwise(told))


@in_virtual_time
async def test_a_refused_subscription_is_logged_and_changes_nothing(caplog: pytest.LogCaptureFixture) -> None:
    async with trading() as desk:
        deliver(desk, {"type": "ERROR", "message": "Channel ORDER_STATUS_UPDATE invalid"})
        assert messages(caplog) == [
            "account socket: VALR says ErrorFrame: Channel ORDER_STATUS_UPDATE invalid"
        ]
        assert (await desk.buy()).status is OrderStatus.OPEN


# --- losing ----------------------------------------------------------------------------------------------


@in_virtual_time
async def test_a_command_without_a_reply_when_the_connection_breaks_is_unknown() -> None:
    async with trading(replace(AT_ONCE, reply_latency_s=0.0)) as desk:
        desk.exchange.faults.swallow_command(of_type("PLACE_LIMIT_ORDER"))
        placing = asyncio.create_task(desk.buy())
        await desk.until(lambda: desk.sent("PLACE_LIMIT_ORDER"))
        desk.drop_account_socket()
        order = await placing
        assert order.placement is Placement.UNKNOWN
        cause = desk.told(PlacementUnknown)[0].cause
        assert cause.startswith("connection lost before the reply: close 1006")


@in_virtual_time
async def test_a_cancel_without_a_reply_when_the_connection_breaks_is_unknown_and_asked_about() -> None:
    async with trading() as desk:
        order = await desk.buy()
        desk.exchange.faults.silence_command(of_type("CANCEL_LIMIT_ORDER"))
        desk.exchange.faults.drop_frame(of_type("ORDER_STATUS_UPDATE", "OPEN_ORDERS_UPDATE"), count=2)
        cancelling = asyncio.create_task(desk.valr.cancel_order(order))
        await desk.until(lambda: desk.sent("CANCEL_LIMIT_ORDER"))
        desk.drop_account_socket()
        assert (await cancelling).is_done
        assert desk.story(order) == ["OrderCreated", "CancelUnknown", "OrderCancelled"]


@in_virtual_time
async def test_a_placement_that_was_accepted_when_the_connection_broke_is_found_by_the_resync() -> None:
    async with trading() as desk:
        desk.change(processing_latency_s=0.02)
        placing = asyncio.create_task(desk.buy())
        await desk.until(
            lambda: any(order.placement is Placement.ACCEPTED for order in desk.valr.orders.values())
        )
        desk.drop_account_socket()
        order = await placing
        await desk.agreed(order)
        assert order.status is OrderStatus.OPEN
        check_story(desk, order)


# --- frames ----------------------------------------------------------------------------------------------


@in_virtual_time
async def test_history_02_what_processing_led_to_is_routed() -> None:
    async with trading() as desk:
        desk.exchange.faults.drop_frame(of_type("ORDER_STATUS_UPDATE", "OPEN_ORDERS_UPDATE"), count=9)
        order = await desk.buy()
        desk.exchange.faults.clear()
        assert (order.status, order.placement) == (OrderStatus.OPEN, Placement.CONFIRMED)
        assert order.exchange_order_id == desk.at_venue(order).order_id


@in_virtual_time
async def test_history_08_fills_are_counted_once_with_the_venues_fees() -> None:
    async with trading() as desk:
        desk.exchange.faults.duplicate_frame(of_type("NEW_ACCOUNT_TRADE"), count=4)
        maker = await desk.buy("1000000", amount="0.03")
        for quantity in ("0.01", "0.02"):
            desk.rival("sell", quantity, "1000000")
        desk.rival("sell", "1", "1100000")
        taker = await desk.buy("1100000")
        await desk.agreed(maker, taker)
        assert maker.fees == {"ZAR": D(-3)}
        assert taker.fees == {"BTC": D("0.00001")}
        for order in (maker, taker):
            check_story(desk, order)


@in_virtual_time
async def test_an_order_that_the_exchange_itself_cancels_is_cancelled_here() -> None:
    async with trading() as desk:
        order = await desk.buy()
        desk.exchange.venue.cancel_all("0")
        await desk.until(lambda: order.is_done)
        assert desk.story(order) == ["OrderCreated", "OrderCancelled"]


@in_virtual_time
async def test_what_else_concerns_the_account_is_told_as_it_is() -> None:
    async with trading() as desk:
        desk.rival("sell", "1", "1000000")
        await desk.agreed(await desk.buy("1000000"))
        await desk.until(lambda: desk.told(AccountActivity))
        assert {event.kind for event in desk.told(AccountActivity)} == {"NEW_ACCOUNT_HISTORY_RECORD"}


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b'""',
        b'{"type":"PONG"}',
        b'{"type":"SUBSCRIBED","message":"ORDER_STATUS_UPDATE"}',
        b'{"type":"ORDER_PLACED","data":null}',
    ],
)
@in_virtual_time
async def test_what_says_nothing_changes_nothing(frame: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async with trading() as desk:
        before = list(desk.events)
        deliver(desk, frame)
        assert desk.events == before
        assert messages(caplog) == []


@in_virtual_time
async def test_an_unknown_type_is_counted_logged_once_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    async with trading() as desk:
        for kind in ("NEWS", "NEWS", "WEATHER"):
            deliver(desk, {"type": kind, "data": {}})
        assert desk.told(UnknownFrameReceived) == [
            UnknownFrameReceived(Socket.ACCOUNT, "NEWS"),
            UnknownFrameReceived(Socket.ACCOUNT, "WEATHER"),
        ]
        logged = "account socket: unknown type of frame, further ones are only counted: "
        assert messages(caplog) == [logged + "NEWS", logged + "WEATHER"]
        assert desk.valr._state.router.unknown == {"NEWS": 2, "WEATHER": 1}


@in_virtual_time
async def test_a_malformed_frame_is_counted_logged_once_a_kind_and_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with trading() as desk:
        for frame in (b"{", b"nonsense", {"type": "ORDER_STATUS_UPDATE"}, {"type": "ORDER_STATUS_UPDATE"}):
            deliver(desk, frame)
        assert [(event.socket, event.kind) for event in desk.told(FrameRefused)] == [
            (Socket.ACCOUNT, "?"),
            (Socket.ACCOUNT, "ORDER_STATUS_UPDATE"),
        ]
        assert len(messages(caplog, logging.ERROR)) == 2
        counts = desk.valr.metrics.snapshot()
        assert counts["ws_frames_refused{socket=account,type=?}"] == 2
        assert counts["ws_frames_refused{socket=account,type=ORDER_STATUS_UPDATE}"] == 2
        assert (await desk.buy()).status is OrderStatus.OPEN


@in_virtual_time
async def test_an_unknown_status_is_logged_and_told_once_and_asked_about(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with trading() as desk:
        order = await desk.buy()
        data = {
            "orderId": order.exchange_order_id,
            "orderStatusType": "Hibernating",
            "currencyPair": "BTCZAR",
            "originalPrice": "900000",
            "remainingQuantity": "0.01",
            "originalQuantity": "0.01",
            "orderSide": "buy",
        }
        before = desk.asked("GET /v1/orders/{pair}/customerorderid/{id}")
        for _ in range(2):
            deliver(desk, {"type": "ORDER_STATUS_UPDATE", "data": data})
        assert desk.told(UnrecognisedStatus) == [UnrecognisedStatus("Hibernating")]
        assert messages(caplog) == ["unknown order status, further ones are only counted: Hibernating"]
        await desk.until(lambda: desk.asked("GET /v1/orders/{pair}/customerorderid/{id}") > before)
        assert order.status is OrderStatus.OPEN


@in_virtual_time
async def test_a_handler_that_raises_is_logged_and_counted_and_the_reader_lives_on(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with trading() as desk:
        stream = desk.connector.account
        handlers, stream._handlers = stream._handlers, {}
        desk.exchange.venue.credit("0", "ETH", D(1))
        await desk.until(lambda: desk.valr.metrics.snapshot().get("ws_handler_errors{socket=account}"))
        stream._handlers = handlers
        assert "KeyError" in caplog.text
        assert (await desk.buy()).status is OrderStatus.OPEN
        desk.exchange.venue.credit("0", "ETH", D(1))
        await desk.until(lambda: desk.valr.balance("ETH").available == D(52))


@in_virtual_time
async def test_order_events_are_logged_with_their_ids_as_fields(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with trading() as desk:
        order = await desk.buy()
        (record,) = [record for record in caplog.records if record.name == "valr_connector.net.event_log"]
        assert record.getMessage() == f"OrderCreated {order.client_order_id} {order.exchange_order_id} OPEN 0"
        fields = ("client_order_id", "exchange_order_id", "pair", "status")
        values = [record.__dict__[name] for name in fields]
        assert values == [order.client_order_id, order.exchange_order_id, "BTC-ZAR", "OPEN"]


@in_virtual_time
async def test_balances_are_pushed_and_told() -> None:
    async with trading() as desk:
        desk.exchange.venue.credit("0", "XRP", D(5))
        await desk.until(lambda: desk.valr.balance("XRP").available == D(100_005))
        assert desk.told(BalanceChanged)[-1].balance == desk.valr.balance("XRP")


async def test_two_instances_of_one_account_do_not_mistake_each_others_orders() -> None:
    async with venue() as exchange:
        first, second = Desk(exchange, make(exchange)), Desk(exchange, make(exchange))
        async with first.valr, second.valr:
            order = await first.buy()
            await second.until(lambda: second.valr._state.router.stranger_count)
            assert order.client_order_id not in second.valr.orders
            await first.valr.cancel_order(order)
            await second.until(lambda: not second.valr._state.router.stranger_count)
