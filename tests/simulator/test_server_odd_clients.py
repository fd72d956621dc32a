"""Clients that send what no client should: each is answered or cut, and nothing is logged or kept for it."""

from __future__ import annotations

import asyncio
import hmac
import logging
from collections.abc import Iterator
from unittest import mock

import pytest

from tests.simulator.loopback import PATIENCE_S, START_NS, Street, Trader, btc_order, command, street
from valr_connector.simulator import authentication, connection
from valr_connector.simulator.book_channels import BookChannels
from valr_connector.simulator.limits import RateLimiter
from valr_connector.simulator.settings import RateLimits
from valr_connector.simulator.transport import HttpRequest

INVALID = {"type": "ERROR", "message": "Invalid Request, please check your request and try again"}
DEEP = b"[" * 1000 + b"]" * 1000
UPGRADE = (
    b"Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %b\r\n"
)
UPGRADE %= b"dGhlIHNhbXBsZSBub25jZQ=="


@pytest.fixture(autouse=True)
def nothing_is_logged(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    with caplog.at_level(logging.INFO):
        yield
    assert [record.getMessage() for record in caplog.get_records("call")] == []


async def raw_answer(valr: Street, request: bytes, *, ends: bool = False) -> bytes:
    """What comes back on a connection of its own, up to the end of the first read; b"" where it is cut."""
    port = int(valr.exchange.endpoints.rest.rpartition(":")[2])
    async with asyncio.timeout(PATIENCE_S):
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(request)
        if ends:
            writer.write_eof()
        answer = await reader.read(65536)
        writer.close()
        await writer.wait_closed()
    return answer


# --- HTTP


NO_HTTP = {
    "no request at all": b"HELO\r\n\r\n",
    "a handshake of TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    "a target that is no ASCII": b"GET /v1/public/time?x=\xff HTTP/1.1\r\nHost: x\r\n\r\n",
    "a header without an end": b"GET / HTTP/1.1\r\nX: " + b"a" * 100_000 + b"\r\n\r\n",
    "two lengths": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "a chunk without a size": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nZZ\r\n",
}


@pytest.mark.parametrize("request_", NO_HTTP.values(), ids=NO_HTTP)
async def test_what_is_no_http_gets_400_and_leaves_no_trace(request_: bytes) -> None:
    async with street() as valr:
        assert (await raw_answer(valr, request_)).startswith(b"HTTP/1.0 400 ")


async def test_a_body_that_breaks_off_leaves_no_trace() -> None:
    async with street() as valr:
        begun = b"POST /v1/orders/limit HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{"
        assert await raw_answer(valr, begun, ends=True) == b""


async def test_a_body_is_taken_as_it_was_sent_whatever_it_says_of_its_encoding() -> None:
    async with street() as valr:
        reply = await valr.trader().call("POST", "/v1/orders/limit", btc_order(), Content_Encoding="gzip")
        assert reply.status == 202


async def test_only_get_opens_a_socket() -> None:
    async with street() as valr:
        head = await raw_answer(valr, b"HEAD /ws/trade HTTP/1.1\r\nHost: x\r\n" + UPGRADE + b"\r\n")
        assert head.startswith(b"HTTP/1.1 404 ")


@pytest.mark.parametrize("name", [b"X-VALR-SIGNATURE", b"X-VALR-SUB-ACCOUNT-ID", b"X-VALR-API-KEY"])
async def test_a_header_that_is_no_utf8_is_a_bad_signature(name: bytes) -> None:
    async with street() as valr:
        headers = valr.trader().headers("GET", "/v1/orders/open")
        del headers["Content-Type"]
        sent = {key.encode(): text.encode() for key, text in headers.items()} | {name: b"\xff"}
        lines = b"".join(b"%b: %b\r\n" % line for line in sent.items())
        answer = await raw_answer(valr, b"GET /v1/orders/open HTTP/1.1\r\nHost: x\r\n" + lines + b"\r\n")
        assert answer.startswith(b"HTTP/1.1 401 ")
        assert b"-11252" in answer


async def test_a_target_that_is_no_utf8_is_signed_as_it_was_sent() -> None:
    async with street() as valr:
        key, timestamp = valr.trader().key, str(START_NS // 1_000_000)
        sent = b"/v1/orders/open?x=\xff"
        signed = hmac.new(key.secret.encode(), timestamp.encode() + b"GET" + sent, "sha512").hexdigest()
        headers = {"X-VALR-API-KEY": key.key, "X-VALR-TIMESTAMP": timestamp, "X-VALR-SIGNATURE": signed}
        # aiohttp's parser in C refuses such a target, the one in Python does not.
        request = HttpRequest("GET", sent.decode(errors="surrogateescape"), headers)
        answer = await valr.exchange.answer(request)
        assert answer is not None
        assert answer.status == 200


async def test_a_primary_key_cannot_act_for_the_crowd() -> None:
    async with street(crowd=True) as valr:
        maker = valr.exchange._crowds[0].accounts[0]
        quoted = len(valr.exchange.venue.open_orders(maker))
        headers = valr.trader().headers("DELETE", "/v1/orders", subaccount=maker)
        assert (await valr.send("DELETE", "/v1/orders", b"", headers)).status == 401
        assert len(valr.exchange.venue.open_orders(maker)) == quoted > 0


async def test_a_timestamp_of_thousands_of_digits_is_a_bad_signature() -> None:
    async with street() as valr:
        reply = await valr.trader().call("GET", "/v1/orders/open", X_VALR_TIMESTAMP="1" * 5000)
        assert (reply.status, reply.body["code"]) == (401, -11252)


@pytest.mark.parametrize("name", ["skip", "limit"])
async def test_a_query_of_thousands_of_digits_is_refused(name: str) -> None:
    async with street() as valr:
        reply = await valr.get(f"/v1/public/BTCZAR/trades?{name}=" + "9" * 5000)
        assert (reply.status, reply.body["validationErrors"]["errors"][0]["field"]) == (400, name)


async def test_there_was_no_funding_before_there_were_computers() -> None:
    async with street() as valr:
        then = "0001-01-01T00:00:00%2B10:00"
        target = (
            f"/v1/public/futures/funding/history?currencyPair=BTCUSDTPERP&startTime={then}&endTime={then}"
        )
        reply = await valr.get(target)
        assert (reply.status, reply.body) == (200, [])


async def test_an_absurd_batch_id_is_refused() -> None:
    async with street() as valr:
        body = b'{"requests":[{"type":"CANCEL_ORDER","data":{}}],"customerBatchId":%b}' % DEEP
        headers = valr.trader().headers("POST", "/v1/batch/orders", body)
        reply = await valr.send("POST", "/v1/batch/orders", body, headers)
        assert (reply.status, reply.body["validationErrors"]["errors"][0]["field"]) == (
            400,
            "customerBatchId",
        )


# --- sockets


ODD_FRAMES = {
    "a message id without an end": b'{"type":"PLACE_LIMIT_ORDER","payload":{},"clientMsgId":%b}' % DEEP,
    "subscriptions without an end": b'{"type":"SUBSCRIBE","subscriptions":%b}' % DEEP,
    "an event that is no text": b'{"type":"SUBSCRIBE","subscriptions":[{"event":%b}]}' % DEEP,
    "no list of requests": b'{"type":"UNSUBSCRIBE","requests":{"event":"BALANCE_UPDATE"}}',
    "nothing to subscribe": b'{"type":"SUBSCRIBE"}',
}


@pytest.mark.parametrize("odd", ODD_FRAMES.values(), ids=ODD_FRAMES)
async def test_an_odd_frame_on_the_account_socket_is_refused_and_no_more(odd: bytes) -> None:
    async with street() as valr, valr.trader().greeted() as account:
        await account.send_text(odd.decode())
        assert await account.before_pong() == [INVALID]


async def test_a_pair_that_is_no_text_is_refused_and_no_more() -> None:
    async with street() as valr, valr.socket() as trade:
        odd = b'{"type":"SUBSCRIBE","subscriptions":[{"event":"NEW_TRADE","pairs":[%b]}]}' % DEEP
        await trade.send_text(odd.decode())
        assert await trade.before_pong() == [INVALID]


async def test_a_key_that_may_not_trade_cannot_arm_cancel_on_disconnect() -> None:
    async with street() as valr:
        await valr.trader().place()
        async with valr.trader(permissions=("View access",)).greeted() as account:
            await account.send({"type": "CANCEL_ON_DISCONNECT", "payload": {"cancelOnDisconnect": True}})
            assert await account.before_pong() == [{"type": "ERROR", "message": "Unauthorized"}]
        await valr.exchange.stop()
        assert len(valr.exchange.venue.open_orders("0")) == 1


async def test_a_key_that_may_not_view_opens_no_account_socket() -> None:
    async with street() as valr:
        blind = valr.trader(permissions=("Trade",))
        headers = blind.headers("GET", "/ws/account")
        async with valr.session.get(f"{valr.exchange.endpoints.rest}/ws/account", headers=headers) as refusal:
            assert refusal.status == 403


async def test_a_batch_on_the_socket_places_no_stop_order() -> None:
    async with street() as valr, valr.trader().greeted() as account:
        stop = btc_order(stopPrice="950000", type="TAKE_PROFIT_LIMIT")
        await account.send(
            command("BATCH_ORDERS", {"requests": [{"type": "PLACE_STOP_LIMIT", "data": stop}]})
        )
        (outcome,) = (await account.until("BATCH_ORDERS_WS_RESPONSE"))["data"]["outcomes"]
        assert (outcome["accepted"], outcome["error"]["code"]) == (False, -12005)


# --- memory


@pytest.mark.parametrize(("bound", "most"), [("_MOST_FRAMES", 100), ("_MOST_BYTES", 10_000)])
async def test_a_client_that_does_not_read_is_cut(
    monkeypatch: pytest.MonkeyPatch, bound: str, most: int
) -> None:
    monkeypatch.setattr(connection, bound, most)
    async with street() as valr, valr.trader().greeted() as account:
        for _ in range(102):  # without a pause: nothing is written meanwhile
            valr.exchange.venue.credit("0", "BTC", valr.exchange.settings.balances["BTC"])
        assert await account.end() == 1006


async def test_a_client_that_asks_for_books_without_end_in_one_frame_is_cut(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(connection, "_MOST_BYTES", 10_000)
    books = [{"event": "OB_L1_DIFF", "pairs": pairs} for pairs in (["BTCZAR"], [])]
    counted = mock.patch.object(BookChannels, "first", autospec=True, side_effect=BookChannels.first)
    async with street() as valr, valr.socket() as trade:
        with counted as first:
            await trade.send({"type": "SUBSCRIBE", "subscriptions": books * 1000})
            assert await trade.end() == 1006
        assert 10 < first.call_count < 100


async def test_types_of_frames_that_nobody_knows_are_counted_as_one() -> None:
    async with street() as valr, valr.trader().greeted() as account:
        for number in range(3):
            await account.send({"type": f"NEWS-{number}"})
        await account.before_pong()
        assert valr.exchange.stats.frames_in == {("account", "unknown"): 3, ("account", "PING"): 1}


def test_whoever_came_in_an_earlier_minute_is_not_remembered_by_the_limits() -> None:
    limiter = RateLimiter(RateLimits())
    for number in range(300):
        key, now = f"key-{number}", number * 1_000_000_000
        limiter.admit_request("DELETE", "/v1/orders", address="", key=key, now_ns=now)
    assert len(limiter._counts) == 60


async def test_only_the_latest_timestamps_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(authentication, "_MOST_TIMESTAMPS", 2)
    async with street(refuse_repeated_timestamps=True) as valr:
        trader = valr.trader()
        assert [await _status_at(trader, second) for second in (1, 2, 3, 3, 2, 1)] == [
            200, 200, 200, 401, 401, 200,
        ]  # fmt: skip
        assert len(trader.key.timestamps) == 2


async def _status_at(trader: Trader, seconds: int) -> int:
    trader.street.clock.advance(seconds)
    headers = trader.headers("GET", "/v1/orders/open")
    trader.street.clock.advance(-seconds)
    return (await trader.street.send("GET", "/v1/orders/open", b"", headers)).status
