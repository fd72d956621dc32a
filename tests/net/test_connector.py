"""Starting: ready when everything is, or a clear error and nothing left. Afterwards: readiness, secrets."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from tests.net.trading import (
    ACCOUNT,
    AT_ONCE,
    PATIENCE_S,
    Desk,
    hosts_of,
    hurry,
    in_virtual_time,
    make,
    tasks_of_the_library,
    to_path,
    trading,
    venue,
    virtual_venue,
)
from valr_connector import (
    AuthenticationError,
    ClosedError,
    ConnectionChanged,
    ExchangeError,
    Hosts,
    NotReadyError,
    NotSentError,
    OrderStatus,
    Part,
    PermissionDeniedError,
    RateLimitedError,
    ReadinessChanged,
    RetryPolicy,
    SessionState,
    Settings,
    TransportError,
    UnknownPairError,
    ValrError,
    ValrExchange,
)
from valr_connector.core.rate_limits import MINUTE, SECOND
from valr_connector.simulator.authentication import TRADE, VIEW
from valr_connector.simulator.exchange import EmbeddedExchange
from valr_connector.simulator.faults import of_type
from valr_connector.verification.schedule import RequestFate, RequestFault

D = Decimal
NOBODY = "127.0.0.1:9"


def with_key(
    exchange: EmbeddedExchange,
    key: str,
    secret: str,
    *,
    pairs: Sequence[str] = ("BTC-ZAR",),
    hosts: Hosts | None = None,
    **settings: Any,
) -> ValrExchange:
    """A `ValrExchange` with credentials of its own."""
    chosen = Settings(hosts=hosts or hosts_of(exchange), **settings)
    valr = ValrExchange(key, secret, pairs=pairs, settings=chosen)
    hurry(valr)
    return valr


async def fails_to_start(valr: ValrExchange, error: type[ValrError], match: str) -> None:
    """Starting raises that, in time, and leaves nothing behind; afterwards it is closed."""
    async with asyncio.timeout(PATIENCE_S):
        with pytest.raises(error, match=match):
            await valr.start()
    assert not (running := tasks_of_the_library()), running
    assert not valr.ready
    with pytest.raises(ClosedError):
        await valr.start()


# --- starting --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("auth_failure", ["http", "frame"])
@pytest.mark.parametrize("wrong", ["key", "secret"])
async def test_wrong_credentials_are_said_to_be_wrong(auth_failure: Any, wrong: str) -> None:
    async with venue(replace(AT_ONCE, auth_failure=auth_failure)) as exchange:
        good = exchange.add_api_key(ACCOUNT)
        key = "f" * 64 if wrong == "key" else good.key
        secret = "f" * 64 if wrong == "secret" else good.secret
        await fails_to_start(with_key(exchange, key, secret), AuthenticationError, "invalid signature")


async def test_a_revoked_key_is_refused() -> None:
    async with venue() as exchange:
        key = exchange.add_api_key(ACCOUNT)
        exchange.revoke_api_key(key)
        await fails_to_start(with_key(exchange, key.key, key.secret), AuthenticationError, "signature")


@pytest.mark.parametrize(
    ("granted", "match"),
    [
        ((VIEW,), "the API key lacks the permission Trade"),
        ((TRADE,), r"the API key lacks the permission View access; VALR says: .*api-keys/current, HTTP 403"),
        ((), r"the API key lacks the permission View access; VALR says: "),
    ],
    ids=["no trade", "no view", "none"],
)
async def test_a_missing_permission_is_named_before_anything_is_opened(
    granted: tuple[str, ...], match: str
) -> None:
    async with venue() as exchange:
        key = exchange.add_api_key(ACCOUNT, permissions=granted)
        await fails_to_start(with_key(exchange, key.key, key.secret), PermissionDeniedError, match)
        assert exchange.stats.frames_out["account", "AUTHENTICATED"] == 0


@pytest.mark.parametrize(
    ("pair", "message"),
    [
        ("BTC-EUR", r"^pair='BTC-EUR': VALR lists no such pair \[VC14\]"),
        ("BTCZAR", r"^pair='BTCZAR': VALR lists no such pair; write it BTC-ZAR \[VC14\]"),
        ("btc-zar", r"^pair='btc-zar': VALR lists no such pair; write it BTC-ZAR \[VC14\]"),
    ],
)
async def test_an_unknown_pair_is_named_with_its_right_spelling(pair: str, message: str) -> None:
    async with venue() as exchange:
        await fails_to_start(make(exchange, pairs=["ETH-ZAR", pair]), UnknownPairError, message)


async def test_that_nothing_listens_is_said_at_once() -> None:
    async with venue() as exchange:
        hosts = Hosts(rest=f"http://{NOBODY}", account_socket=f"ws://{NOBODY}", trade_socket=f"ws://{NOBODY}")
        valr = with_key(exchange, "k" * 64, "s" * 64, hosts=hosts)
        await fails_to_start(valr, NotSentError, r"GET /v1/public/time: ClientConnectorError")


@pytest.mark.parametrize(
    ("status", "path", "error"),
    [
        (500, "/v1/public/time", TransportError),
        (500, "/v1/account/api-keys", TransportError),
        (418, "/v1/public/pairs", ExchangeError),
    ],
)
async def test_what_valr_answers_instead_is_the_error(status: int, path: str, error: type[ValrError]) -> None:
    async with venue() as exchange:
        exchange.faults.answer_request(status, to_path(path), count=9)
        await fails_to_start(make(exchange), error, path)


async def test_nonsense_instead_of_the_rules_is_an_error() -> None:
    async with venue() as exchange:
        exchange.faults.answer_request(200, to_path("/v1/public/pairs"), body=b'[{"symbol":5}]')
        await fails_to_start(make(exchange), ValrError, "GET /v1/public/pairs")


@in_virtual_time
async def test_a_start_that_valr_limits_is_told_so_and_does_not_wait_for_ever() -> None:
    async with virtual_venue() as (exchange, network, clocks):
        exchange.faults.answer_request(429, to_path("/v1/public/time"), count=9)
        valr = make(exchange, clocks=clocks, network=network.as_network)
        with pytest.raises(RateLimitedError, match="rate limit exceeded") as told:
            await valr.start()
        assert "start_timeout_s=30.0" in told.value.__notes__[-1]


@in_virtual_time
async def test_a_start_that_valr_limits_goes_on_with_the_next_minute_where_there_is_time() -> None:
    async with virtual_venue() as (exchange, network, clocks):
        exchange.faults.answer_request(429, to_path("/v1/public/time"))
        asked = clocks.wall()
        async with make(exchange, clocks=clocks, network=network.as_network, start_timeout_s=90.0) as valr:
            assert valr.ready
        assert clocks.wall() // MINUTE == asked // MINUTE + 1


async def test_a_host_that_swallows_everything_is_given_up_in_time() -> None:
    async def swallow(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    server = await asyncio.start_server(swallow, "127.0.0.1", 0)
    async with venue() as exchange, server:
        at = f"127.0.0.1:{server.sockets[0].getsockname()[1]}"
        hosts = Hosts(rest=f"http://{at}", account_socket=f"ws://{at}/a", trade_socket=f"ws://{at}/t")
        valr = with_key(exchange, "k" * 64, "s" * 64, hosts=hosts, start_timeout_s=0.1)
        async with asyncio.timeout(PATIENCE_S):
            with pytest.raises(NotReadyError, match=r"not ready after 0\.1 s: trading rules: not started; "):
                await valr.start()


async def test_history_09_without_the_account_socket_it_is_never_ready() -> None:
    async with venue() as exchange:
        key = exchange.add_api_key(ACCOUNT)
        hosts = hosts_of(exchange).model_copy(update={"account_socket": f"ws://{NOBODY}/ws/account"})
        valr = with_key(exchange, key.key, key.secret, hosts=hosts, start_timeout_s=0.3)
        desk = Desk(exchange, valr)
        missing = r"account stream: (idle|dialling).*; balances: .*; open orders: "
        await fails_to_start(valr, NotReadyError, rf"^not ready after 0\.3 s: {missing}")
        assert not any(event.ready for event in desk.told(ReadinessChanged))


async def test_without_the_trade_socket_the_books_are_said_to_be_missing_and_why() -> None:
    async with venue() as exchange:
        key = exchange.add_api_key(ACCOUNT)
        hosts = hosts_of(exchange).model_copy(update={"trade_socket": f"ws://{NOBODY}/ws/trade"})
        valr = with_key(exchange, key.key, key.secret, hosts=hosts, start_timeout_s=0.3)
        await fails_to_start(
            valr, NotReadyError, r"^not ready after 0\.3 s: order books: the trade stream is (idle|dialling)"
        )


@in_virtual_time
async def test_a_book_that_never_comes_is_named() -> None:
    async with virtual_venue() as (exchange, network, clocks):
        exchange.faults.drop_frame(of_type("OB_L1_SNAPSHOT"), count=99)
        valr = make(exchange, clocks=clocks, network=network.as_network, start_timeout_s=0.2)
        message = r"^not ready after 0\.2 s: order books: waiting for a valid frame of each pair \[VC20\]"
        await fails_to_start(valr, NotReadyError, message)


@in_virtual_time
async def test_a_share_of_limits_too_small_for_a_start_is_named() -> None:
    async with virtual_venue() as (exchange, network, clocks):
        valr = make(
            exchange, clocks=clocks, network=network.as_network, limits_share=0.02, start_timeout_s=2.0
        )
        message = (
            r"^not ready after 2\.0 s: order books: not started; waiting for room in VALR's limits: "
            r"1 of 60 new sockets per minute \(limits_share=0\.02\) \[VC20\]"
        )
        await fails_to_start(valr, NotReadyError, message)


async def test_a_resync_that_fails_is_tried_again_until_it_works() -> None:
    async with venue() as exchange:
        exchange.faults.answer_request(500, to_path("/v1/orders/open"), count=4)
        desk = Desk(exchange, make(exchange))
        async with desk.valr as valr:
            assert valr.ready
        live = [event.epoch for event in desk.told(ConnectionChanged) if event.after is SessionState.LIVE]
        assert live[-1] > 1


@in_virtual_time
async def test_a_resync_is_soon_over_though_its_own_connection_dies() -> None:
    """L2: half-open, a connection shows that by its silence alone."""
    async with virtual_venue() as (exchange, network, clocks):
        desk = Desk(exchange, make(exchange, clocks=clocks, network=network.as_network))
        async with desk.valr:
            network.board.add(RequestFault(at=0.0, fate=RequestFate.LOSE, kind="GET_/v1/orders/open"))
            lost = clocks.monotonic()
            desk.drop_account_socket()
            await desk.back()
            assert network.board.hits["request lose"] == 1
            assert SECOND < clocks.monotonic() - lost < 1.5 * SECOND


async def test_a_resync_that_never_works_is_never_ready() -> None:
    async with venue() as exchange:
        exchange.faults.answer_request(500, to_path("/v1/account/balances"), count=999)
        await fails_to_start(make(exchange, start_timeout_s=0.3), NotReadyError, "balances: ")


@pytest.mark.parametrize(
    ("auth_failure", "words"),
    [("http", "upgrade refused with HTTP 401"), ("frame", "ERROR instead of AUTHENTICATED")],
)
async def test_a_socket_that_is_refused_twice_ends_the_start(auth_failure: Any, words: str) -> None:
    async with venue(replace(AT_ONCE, auth_failure=auth_failure)) as exchange:
        key = exchange.add_api_key(ACCOUNT)
        valr = with_key(exchange, key.key, key.secret, pairs=())
        valr.on(ConnectionChanged, lambda _: exchange.revoke_api_key(key))
        await fails_to_start(valr, AuthenticationError, words)


async def test_a_clock_that_is_wrong_is_corrected_by_valrs() -> None:
    async with venue(replace(AT_ONCE, timestamp_tolerance_s=5.0)) as exchange:
        valr = make(exchange)
        an_hour = 3_600_000_000_000
        clock = exchange._clock
        exchange._floor.clock = lambda: clock() + an_hour
        async with valr:
            assert valr.ready


async def test_no_two_signatures_share_a_timestamp() -> None:
    async with trading(replace(AT_ONCE, refuse_repeated_timestamps=True)) as desk:
        order = await desk.buy()
        desk.valr.drop_account_socket()
        await desk.back()
        assert (await desk.valr.cancel_order(order)).is_done


# --- afterwards ------------------------------------------------------------------------------------------


async def test_a_lost_account_socket_is_not_ready_until_it_is_in_step_again() -> None:
    async with trading() as desk:
        order = await desk.buy()
        exchange = desk.exchange
        exchange.faults.delay_frame(of_type("AUTHENTICATED"), 0.03)
        desk.drop_account_socket()
        await desk.until(lambda: not desk.valr.ready)
        why = desk.valr.status[Part.ACCOUNT_STREAM].why_not
        assert "1006" in why
        assert not desk.valr.status[Part.BALANCES].ready
        assert not desk.valr.status[Part.OPEN_ORDERS].ready
        with pytest.raises(NotReadyError, match=r"^not connected: account stream: "):
            await desk.buy(retry=RetryPolicy.NEVER)
        await desk.until(lambda: desk.valr.ready)
        assert order.status is OrderStatus.OPEN
        changes = [event.ready for event in desk.told(ReadinessChanged)]
        assert changes == [True, False, True]


async def test_a_lost_trade_socket_does_not_keep_orders_from_being_placed() -> None:
    async with trading() as desk:
        desk.exchange.faults.delay_frame(of_type("AUTHENTICATED"), 0.03)
        desk.exchange.drop_sockets("trade")
        await desk.until(lambda: not desk.valr.ready)
        why = desk.valr.status[Part.ORDER_BOOKS].why_not
        assert why.startswith("the trade stream is idle (close 1006 (no close frame)")
        assert (await desk.buy()).status is OrderStatus.OPEN
        await desk.until(lambda: desk.valr.ready)


async def test_history_07_after_many_losses_orders_still_go_by_the_socket() -> None:
    async with trading() as desk:
        for _ in range(4):
            desk.drop_account_socket()
            await desk.back()
        before = desk.sent("PLACE_LIMIT_ORDER")
        for n in range(3):
            assert (await desk.buy(str(900_000 + n))).status is OrderStatus.OPEN
        assert desk.sent("PLACE_LIMIT_ORDER") == before + 3
        assert desk.asked("POST /v2/orders/limit") == 0


async def test_a_key_that_is_revoked_while_trading_ends_everything_and_says_why() -> None:
    async with trading() as desk:
        order = await desk.buy()
        key = next(iter(desk.exchange._floor.keys._keys.values()))
        desk.exchange.revoke_api_key(key)
        desk.drop_account_socket()
        await desk.until(lambda: desk.valr._failure)
        assert not desk.valr.ready
        with pytest.raises(
            ClosedError, match=r"^stopped by a failure: upgrade refused with HTTP 401"
        ) as stopped:
            await desk.buy()
        assert isinstance(stopped.value.__cause__, AuthenticationError)
        report = await desk.valr.close()
        assert report.remaining == (order,)


async def test_a_failure_ends_the_streams_of_events_and_is_raised_there() -> None:
    async with trading() as desk:
        stream = desk.valr.events(ReadinessChanged)
        await desk.break_down()
        assert not (await anext(stream)).ready
        with pytest.raises(ValrError, match="a part of the connector failed: "):
            await anext(stream)
        with pytest.raises(ClosedError, match=r"stopped by a failure: a part of the connector failed: "):
            await desk.buy()


# --- secrets (S11) ---------------------------------------------------------------------------------------

KEY, SECRET = "5ec4e7" * 10 + "beef", "c0ffee" * 10 + "f00d"


def assert_no_secret(text: str) -> None:
    assert KEY not in text
    assert SECRET not in text
    assert "X-VALR-SIGNATURE" not in text.upper()


async def test_no_log_and_no_repr_shows_a_secret(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with venue() as exchange:
        exchange.add_api_key(ACCOUNT, key=KEY, secret=SECRET)
        desk = Desk(exchange, with_key(exchange, KEY, SECRET))
        async with desk.valr as valr:
            order = await desk.buy()
            desk.exchange.faults.answer_request(500, to_path("/v1/orders/open"), count=3)
            desk.drop_account_socket()
            await desk.back()
            valr.drop_account_socket()
            await valr.cancel_order(order)
            reprs = [
                repr(part)
                for part in (valr, valr._connector, valr._credentials, valr._settings, valr.metrics)
            ]
            reprs += map(repr, [*desk.events, desk.connector.rest, desk.connector.account])
    assert_no_secret("\n".join(reprs))
    assert caplog.text.count("\n") > 100
    assert_no_secret(caplog.text)


@pytest.mark.parametrize("auth_failure", ["http", "frame"])
async def test_no_error_shows_a_secret(auth_failure: Any, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    async with venue(replace(AT_ONCE, auth_failure=auth_failure)) as exchange:
        key = exchange.add_api_key(ACCOUNT, key=KEY, secret=SECRET)
        exchange.revoke_api_key(key)
        with pytest.raises(AuthenticationError) as refused:
            await with_key(exchange, KEY, SECRET).start()
        hosts = hosts_of(exchange).model_copy(update={"rest": f"http://{NOBODY}"})
        with pytest.raises(NotSentError) as not_sent:
            await with_key(exchange, KEY, SECRET, hosts=hosts).start()
    for error in (refused, not_sent):
        assert_no_secret(str(error.getrepr(style="long", showlocals=True, funcargs=True)))
    assert_no_secret(caplog.text)
