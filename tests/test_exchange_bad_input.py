"""Whatever VALR sends, anywhere: no reader dies, no order is misjudged, trading goes on (S1, S10)."""

from __future__ import annotations

import logging
from pathlib import Path
from random import Random
from typing import Any

import orjson
import pytest

from tests.net.trading import ACCOUNT, Desk, check_story, in_virtual_time, to_path, trading
from valr_connector import (
    CancelResult,
    FrameRefused,
    OrderFilled,
    OrderStatus,
    Socket,
    UnknownFrameReceived,
)
from valr_connector.core.sightings import MOST_NAMES
from valr_connector.simulator.faults import SocketKind, of_type

each_alike = pytest.mark.untraced  # rows that differ by what VALR says, not by what is done about it

CORPUS = Path(__file__).parents[2] / "shared" / "frames"

# What can come instead of a frame of the account socket.
NONSENSE: list[bytes] = [
    b"",
    b" ",
    b"\x00",
    b"\xff\xfe\xfd",
    b"nonsense",
    b"{",
    b"[]",
    b"5",
    b"null",
    b'"text"',
    b"{}",
    b'{"type":null}',
    b'{"type":5}',
    b'{"type":["ORDER_PROCESSED"]}',
    b'{"type":"ORDER_PROCESSED"}',
    b'{"type":"ORDER_PROCESSED","data":null}',
    b'{"type":"ORDER_PROCESSED","data":{"orderId":5,"success":"maybe"}}',
    b'{"type":"ORDER_STATUS_UPDATE","data":[]}',
    b'{"type":"ORDER_STATUS_UPDATE","data":{"orderId":"x"}}',
    b'{"type":"NEW_ACCOUNT_TRADE","data":{"price":"NaN","quantity":"1"}}',
    b'{"type":"OPEN_ORDERS_UPDATE","data":{"orders":5}}',
    b'{"type":"OPEN_ORDERS_UPDATE","data":[{}]}',
    b'{"type":"BALANCE_UPDATE","data":{"currency":"ZAR","available":"1,5","reserved":"0","total":"0"}}',
    b'{"type":"BALANCE_UPDATE","data":{"currency":{},"available":"1","reserved":"0","total":"0"}}',
    b'{"type":"PLACE_LIMIT_WS_RESPONSE","clientMsgId":5}',
    b'{"type":"PLACE_LIMIT_WS_RESPONSE","clientMsgId":"c-999","error":"no"}',
    b'{"type":"CANCEL_ORDER_WS_RESPONSE"}',
    b'{"type":"RATE_LIMIT_EXCEEDED","data":[]}',
    b'{"type":"ERROR"}',
    b'{"type":"UNAUTHORIZED"}',
    b'{"type":"NEWS","data":{"a":[[[[[[[[[[1]]]]]]]]]]}}',
    b'{"type":"' + b"N" * 200_000 + b'"}',
    b"[" * 2_000 + b"]" * 2_000,
    b'{"type":"PONG","type":"PONG"}',
    b'{"type":"AUTHENTICATED"}',
]


def push(desk: Desk, raw: bytes, kind: SocketKind = "account") -> None:
    """Have the venue send these bytes on its open socket of that kind."""
    (connection,) = (c for c in desk.exchange._connections(kind) if c.is_open)
    connection._put_out(raw)


async def digested(desk: Desk) -> None:
    """Wait until everything that was pushed on the account socket has been read."""
    before = desk.valr.balance("ETH").available
    desk.exchange.venue.credit(ACCOUNT, "ETH", before)
    await desk.until(lambda: desk.valr.balance("ETH").available == 2 * before)


async def still_trades(desk: Desk) -> None:
    """Place, fill and cancel, on the same connection as ever."""
    order = await desk.buy("1000000")
    desk.rival("sell", "0.004", "1000000")
    await desk.agreed(order)
    assert (await desk.valr.cancel_order(order)).result is CancelResult.CANCELLED
    await desk.agreed(order)
    check_story(desk, order)


def handler_errors(desk: Desk) -> list[object]:
    """How often somebody raised in the readers of the sockets."""
    counts = desk.valr.metrics.snapshot()
    return [counts.get(f"ws_handler_errors{{socket={socket}}}", 0) for socket in Socket]


# --- sockets ---------------------------------------------------------------------------------------------


@in_virtual_time
async def test_no_nonsense_on_the_account_socket_ends_its_reader() -> None:
    async with trading() as desk:
        order = await desk.buy("900000")
        for raw in NONSENSE:
            push(desk, raw)
        await digested(desk)
        assert order.status is OrderStatus.OPEN
        assert handler_errors(desk) == [0, 0]
        assert desk.connector.account.epoch == 1
        assert desk.valr.ready
        await still_trades(desk)


@in_virtual_time
async def test_no_nonsense_on_the_trade_socket_ends_its_reader() -> None:
    async with trading() as desk:
        for raw in NONSENSE:
            push(desk, raw, "trade")
        desk.rival("buy", "1", "900000")
        await desk.until(lambda: desk.valr.best_bid("BTC-ZAR"))
        assert handler_errors(desk) == [0, 0]
        assert desk.valr.ready


@in_virtual_time
async def test_each_kind_of_refused_frame_is_told_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    async with trading() as desk:
        for _ in range(3):
            for raw in NONSENSE:
                push(desk, raw)
        await digested(desk)
        kinds = [event.kind for event in desk.told(FrameRefused)]
        assert len(kinds) == len(set(kinds)) > 5
        refused = [record for record in caplog.records if "frame refused" in record.getMessage()]
        assert len(refused) == len(kinds)


@in_virtual_time
async def test_a_flood_of_unknown_types_is_bounded_in_memory_and_in_the_log(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with trading() as desk:
        for n in range(MOST_NAMES + 100):
            push(desk, b'{"type":"NEWS-%d"}' % n)
        await digested(desk)
        assert len(desk.told(UnknownFrameReceived)) == MOST_NAMES + 1
        assert sum("unknown type of frame" in text for text in caplog.messages) == MOST_NAMES + 1


@pytest.mark.parametrize("seed", range(5))
@in_virtual_time
async def test_frames_with_damaged_bytes_end_no_reader_and_no_order(seed: int) -> None:
    rng = Random(seed)
    async with trading() as desk:
        order = await desk.buy("900000")
        frames = [orjson.dumps(frame) for frame in sample_frames(order.client_order_id)]
        for _ in range(300):
            push(desk, damaged(rng.choice(frames), rng))
        await digested(desk)
        assert handler_errors(desk) == [0, 0]
        await still_trades(desk)


def damaged(raw: bytes, rng: Random) -> bytes:
    """The bytes with one of them changed, a piece missing, or a piece twice."""
    here, there = sorted(rng.randrange(len(raw)) for _ in range(2))
    return rng.choice(
        [
            raw[:here] + bytes([rng.randrange(256)]) + raw[here + 1 :],
            raw[:here] + raw[there:],
            raw[:there] + raw[here:],
            raw[:here],
        ]
    )


def sample_frames(client_order_id: str) -> list[dict[str, Any]]:
    """Frames that end nothing as they are: about another order, or life signs."""
    other = {"orderId": "ex-9", "customerOrderId": "theirs-1"}
    status = {"currencyPair": "BTCZAR", "orderSide": "buy", "orderStatusType": "Cancelled"}
    sizes = {"originalQuantity": "1", "remainingQuantity": "1", "originalPrice": "5"}
    trade = {"price": "5", "quantity": "1", "currencyPair": "BTCZAR", "side": "buy", "id": "t-9"}
    return [
        {"type": "ORDER_STATUS_UPDATE", "data": other | status | sizes},
        {"type": "ORDER_PROCESSED", "data": other | {"success": False, "failureReason": "No"}},
        {"type": "NEW_ACCOUNT_TRADE", "data": other | trade | {"tradedAt": "2026-01-01T00:00:00Z"}},
        {"type": "CANCEL_ORDER_WS_RESPONSE", "data": other | {"requested": True}, "clientMsgId": "c-99"},
        {"type": "FAILED_CANCEL_ORDER", "data": {"customerOrderId": client_order_id, "message": "No"}},
        {"type": "OPEN_ORDERS_UPDATE", "data": []},
    ]


@in_virtual_time
async def test_frames_of_every_kind_and_age_that_were_ever_seen_end_no_reader() -> None:
    corpus = [
        (row["channel"], row["frame"])
        for path in sorted(CORPUS.glob("*.jsonl"))
        for row in map(orjson.loads, path.read_bytes().splitlines())
        if row["channel"] in ("account", "trade") and "commands" not in path.name
    ]
    async with trading() as desk:
        order = await desk.buy("900000")
        for channel, frame in corpus:
            push(desk, orjson.dumps(frame), channel)
        await desk.until(lambda: all(not c._outbox for c in desk.exchange._connections()))
        assert handler_errors(desk) == [0, 0]
        assert order.status is OrderStatus.OPEN
        desk.drop_account_socket()
        await desk.back()
        await desk.agreed(order)


# --- frames that are well formed and wrong ---------------------------------------------------------------


@in_virtual_time
async def test_news_of_our_order_under_another_id_of_valrs_is_not_believed() -> None:
    async with trading() as desk:
        order = await desk.buy()
        data = {"orderId": "ex-other", "customerOrderId": order.client_order_id, "success": False}
        push(desk, orjson.dumps({"type": "ORDER_PROCESSED", "data": data | {"failureReason": "No"}}))
        await digested(desk)
        await desk.agreed(order)
        assert order.status is OrderStatus.OPEN


@in_virtual_time
async def test_a_report_that_claims_more_than_the_size_executes_no_more_than_the_size() -> None:
    async with trading() as desk:
        order = await desk.buy()
        data = {
            "orderId": order.exchange_order_id,
            "orderStatusType": "Partially Filled",
            "currencyPair": "BTCZAR",
            "orderSide": "buy",
            "originalPrice": "900000",
            "originalQuantity": "0.01",
            "remainingQuantity": "-5",
        }
        push(desk, orjson.dumps({"type": "ORDER_STATUS_UPDATE", "data": data}))
        await digested(desk)
        assert order.executed_amount <= 1
        assert order.amount is not None
        assert order.executed_amount <= order.amount


@in_virtual_time
async def test_a_trade_that_comes_a_hundred_times_is_one_fill() -> None:
    async with trading() as desk:
        order = await desk.buy("1000000")
        desk.exchange.faults.duplicate_frame(of_type("NEW_ACCOUNT_TRADE", "ORDER_STATUS_UPDATE"), count=9)
        desk.rival("sell", "0.01", "1000000")
        await desk.agreed(order)
        (fill,) = desk.told(OrderFilled)
        trade = {
            "price": "1000000",
            "quantity": "0.01",
            "currencyPair": "BTCZAR",
            "side": "buy",
            "id": fill.fill.trade_id,
            "orderId": order.exchange_order_id,
            "tradedAt": "2026-01-01T00:00:00Z",
        }
        for _ in range(100):
            push(desk, orjson.dumps({"type": "NEW_ACCOUNT_TRADE", "data": trade}))
        await digested(desk)
        assert len(desk.told(OrderFilled)) == 1
        await desk.agreed(order)


@in_virtual_time
async def test_evidence_about_orders_that_nobody_knows_is_let_go_of() -> None:
    async with trading() as desk:
        data = {"success": True, "failureReason": ""}
        for n in range(5_000):
            push(desk, orjson.dumps({"type": "ORDER_PROCESSED", "data": data | {"orderId": f"ex-{n}"}}))
        await digested(desk)
        tracker = desk.valr._state.tracker
        assert len(tracker._waiting) <= 4_096
        assert tracker.unclaimed >= 5_000 - 4_096
        await still_trades(desk)


@in_virtual_time
async def test_a_command_that_is_answered_twice_or_for_another_is_still_one_order() -> None:
    async with trading() as desk:
        desk.exchange.faults.duplicate_frame(of_type("PLACE_LIMIT_WS_RESPONSE", "ORDER_PROCESSED"), count=9)
        push(desk, b'{"type":"PLACE_LIMIT_WS_RESPONSE","data":{"orderId":"ex-9"},"clientMsgId":"c-777"}')
        await still_trades(desk)
        assert len(desk.venue_orders()) == 1


# --- REST ------------------------------------------------------------------------------------------------

BODIES: dict[str, bytes] = {
    "empty": b"",
    "null": b"null",
    "list": b"[]",
    "object": b"{}",
    "text": b'"ok"',
    "html": b"<html><h1>502</h1></html>",
    "cut off": b'{"orderId":"ex-1","orderStatus',
    "wrong types": b'{"orderId":5,"orderStatusType":[],"id":null}',
    "wrong rows": b'[{"orderId":5},null,7]',
    "another order": b'{"orderId":"ex-9","orderStatusType":"Cancelled","currencyPair":"BTCZAR",'
    b'"originalPrice":"1","remainingQuantity":"1","originalQuantity":"1","orderSide":"buy",'
    b'"customerOrderId":"theirs-1"}',
    "error in a success": b'{"code":-11,"message":"Invalid Request"}',
    "not utf-8": b"\xff\xff",
}


@each_alike
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
@in_virtual_time
async def test_nonsense_in_the_answers_of_rest_ends_nothing(
    body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.ERROR)
    async with trading(reconcile_interval_s=0.02, place_timeout_s=0.03, cancel_timeout_s=0.2) as desk:
        order = await desk.buy("1000000")
        desk.exchange.faults.answer_request(200, body=body, count=15)
        desk.exchange.faults.silence_command(of_type("PLACE_LIMIT_ORDER"))
        desk.exchange.faults.drop_frame(
            of_type("ORDER_PROCESSED", "ORDER_STATUS_UPDATE", "OPEN_ORDERS_UPDATE", "NEW_ACCOUNT_TRADE"),
            count=6,
        )
        unseen = await desk.buy("900000")
        desk.rival("sell", "0.01", "1000000")
        await desk.agreed(order, unseen)
        desk.exchange.faults.clear()
        assert (order.status, unseen.status) == (OrderStatus.FILLED, OrderStatus.OPEN)
        assert desk.valr.ready
        assert desk.valr.failure is None
        await still_trades(desk)
        for told in (order, unseen):
            check_story(desk, told)


@each_alike
@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES.keys())
@in_virtual_time
async def test_nonsense_in_answer_to_a_placement_or_a_cancel_by_rest_is_found_out(
    body: bytes,
) -> None:
    async with trading() as desk:
        desk.exchange.faults.answer_request(
            200, to_path("/v2/orders"), body=body, after_execution=True, count=9
        )
        desk.valr.drop_account_socket()
        order = await desk.buy()
        await desk.until(lambda: desk.valr.ready)
        await desk.agreed(order)
        assert order.status is OrderStatus.OPEN
        desk.valr.drop_account_socket()
        outcome = await desk.valr.cancel_order(order)
        assert outcome.is_done
        await desk.until(lambda: desk.valr.ready)
        assert desk.exchange.venue.open_orders(ACCOUNT) == []
        assert len(desk.venue_orders()) == 1


@each_alike
@pytest.mark.parametrize("status", [301, 400, 404, 418, 500, 502, 503])
@in_virtual_time
async def test_any_status_in_answer_to_a_question_ends_no_order(status: int) -> None:
    async with trading(place_timeout_s=0.03) as desk:
        desk.exchange.faults.answer_request(status, to_path("/v1/orders/"), body=b"<html>", count=6)
        desk.exchange.faults.silence_command(of_type("PLACE_LIMIT_ORDER"))
        desk.exchange.faults.drop_frame(
            of_type("ORDER_PROCESSED", "ORDER_STATUS_UPDATE", "OPEN_ORDERS_UPDATE"), count=3
        )
        order = await desk.buy("900000")
        await desk.until(lambda: order.status is not OrderStatus.PENDING_CREATE)
        await desk.agreed(order)
        desk.exchange.faults.clear()
        assert order.status is OrderStatus.OPEN
