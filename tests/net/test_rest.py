"""The REST client: its contract, its policy, and its conduct on real loopback connections."""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import inspect
import logging
import random
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NoReturn
from unittest.mock import Mock

import aiohttp
import pytest
from aioresponses import aioresponses
from aioresponses.compat import normalize_url
from aioresponses.core import RequestCall
from yarl import URL

from tests.net.http_venue import HttpVenue, answers, cuts, never_answers, writes
from tests.net.plain_server import plain_server
from tests.net.virtual_time import NS_PER_S, VirtualTime
from valr_connector.core.clock import ClockOffset, TimestampSource
from valr_connector.errors import (
    AuthenticationError,
    ClosedError,
    ConfigurationError,
    DecodeError,
    DuplicateOrderIdError,
    ExchangeError,
    InvalidArgumentError,
    NotSentError,
    OutcomeUnknownError,
    RateLimitedError,
    TransportError,
)
from valr_connector.net.http_exchange import Failure, Limits, Reply
from valr_connector.net.limiter import LimiterRegistry
from valr_connector.net.rest import RestClient, RestSettings, pause_until
from valr_connector.observe.latency import LatencySummary
from valr_connector.observe.metrics import Metrics
from valr_connector.protocol import endpoints
from valr_connector.protocol.requests import Lane, Request
from valr_connector.protocol.signing import Credentials, sign

HOST = "https://api.valr.test"
KEY = "0123456789abcdef" * 4
SECRET = "4961b74efac86b25cce8fbe4c9811c4c7a787b7a5996660afcc2e287ad864363"  # the published test secret
NOW_MS = 1_558_017_528_946


def read(name: str = "read", target: str = "/v1/read", *, is_signed: bool = True) -> Request[bytes]:
    return Request(name, "GET", target, None, is_signed, Lane.READ, may_retry=True, decode=bytes)


def place(name: str = "place", body: bytes = b'{"side":"BUY"}') -> Request[bytes]:
    return Request(name, "POST", "/v2/orders/limit", body, True, Lane.PLACE, may_retry=False, decode=bytes)


def cancel(body: bytes = b'{"orderId":"1"}') -> Request[bytes]:
    return Request(
        "cancel", "DELETE", "/v2/orders/order", body, True, Lane.CANCEL, may_retry=False, decode=bytes
    )


class HalfRandom(random.Random):
    def random(self) -> float:
        return 0.5


@pytest.fixture
def time() -> VirtualTime:
    return VirtualTime()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture(autouse=True)
async def _no_task_is_left_behind() -> AsyncIterator[None]:
    yield
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


Make = Callable[..., RestClient]


@pytest.fixture
async def make(time: VirtualTime, metrics: Metrics) -> AsyncIterator[Make]:
    """Makes clients whose pauses take no time, and closes them."""
    made: list[RestClient] = []

    def make(base_url: str = HOST, **changes: Any) -> RestClient:
        settings: dict[str, Any] = {
            "base_url": base_url,
            "credentials": Credentials(KEY, SECRET),
            "timestamps": TimestampSource(ClockOffset()),
            "rng": HalfRandom(),
            "clock": time.clock,
            "wall_clock": lambda: NOW_MS * 1_000_000,
            "pause": lambda seconds, _: time.pass_at_once(seconds),
            "metrics": metrics,
        }
        client = RestClient(**(settings | changes))
        made.append(client)
        return client

    yield make
    for client in made:
        await client.close()


# The contract, against aioresponses


def needs_a_stream_writer() -> bool:
    return "stream_writer" in inspect.signature(aiohttp.ClientResponse).parameters


class MockedResponse(aiohttp.ClientResponse):
    """aiohttp 3.14 asks for an argument that aioresponses 0.7.9 does not know yet."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if needs_a_stream_writer():
            kwargs.setdefault("stream_writer", Mock(output_size=0))
        super().__init__(*args, **kwargs)


class Mocked(aioresponses):
    def add(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("response_class", MockedResponse)
        super().add(*args, **kwargs)

    def call(self, method: str, url: str) -> RequestCall:
        (only,) = self.requests[method, normalize_url(url)]
        return only


@pytest.fixture
def mocked() -> Iterator[Mocked]:
    mocked = Mocked()
    with mocked:
        yield mocked


V9_BODY = b'{"orderId":"e3b3c227-8240-41af-990b-40df7c3afc69","pair":"BTCUSDT"}'
V9_SIGNATURE = (
    "2f0b43dd2da4a51948acb257430a6048cee0320412678ad4df1ce014949581e4"
    "814d596c00d4455bb06a11d12ab1cd002a87e49d02e4fec4e21d35d243751b03"
)


async def test_a_delete_carries_its_body_and_the_known_signature(make: Make, mocked: Mocked) -> None:
    mocked.delete(f"{HOST}/v2/orders/order", body=b"done")
    assert await make().call(cancel(V9_BODY)) == b"done"
    call = mocked.call("DELETE", f"{HOST}/v2/orders/order")
    assert call.kwargs["data"] == V9_BODY
    assert call.kwargs["headers"]["X-VALR-API-KEY"] == KEY
    assert call.kwargs["headers"]["X-VALR-TIMESTAMP"] == str(NOW_MS)
    assert call.kwargs["headers"]["X-VALR-SIGNATURE"] == V9_SIGNATURE


async def test_a_signed_query_is_sent_as_it_was_signed(make: Make, mocked: Mocked) -> None:
    target = "/v1/account/tradehistory?skip=0&limit=100"
    mocked.get(f"{HOST}{target}", body=b"[]")
    await make().call(read(target=target))
    headers = mocked.call("GET", f"{HOST}{target}").kwargs["headers"]
    assert headers["X-VALR-SIGNATURE"] == sign(SECRET, NOW_MS, "GET", target)


async def test_every_call_names_its_content_type_and_its_agent(make: Make, mocked: Mocked) -> None:
    mocked.get(f"{HOST}/v1/public/time", body=b"{}")
    await make(credentials=None).call(read(target="/v1/public/time", is_signed=False))
    headers = mocked.call("GET", f"{HOST}/v1/public/time").kwargs["headers"]
    assert headers["Content-Type"] == "application/json"
    assert headers["User-Agent"] == "valr-connector"
    assert headers["Accept-Encoding"] == "gzip"
    assert not [name for name in headers if name.startswith("X-VALR")]


async def test_the_answer_is_decoded_by_its_request(make: Make, mocked: Mocked) -> None:
    body = '{"epochTime":1700000000,"time":"2023-11-14T22:13:20.123456Z"}'
    mocked.get(f"{HOST}/v1/public/time", body=body)
    answer = await make().call(endpoints.server_time())
    assert answer.time == datetime(2023, 11, 14, 22, 13, 20, 123456, tzinfo=UTC)


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (
            400,
            '{"code":-11502,"message":"Duplicate customer order id\'s are not allowed"}',
            DuplicateOrderIdError,
        ),
        (400, '{"code":-99999,"message":"Something new"}', ExchangeError),
        (401, '{"code":-11252,"message":"Request has an invalid signature"}', AuthenticationError),
        (429, "<html>slow down</html>", RateLimitedError),
        (500, "", OutcomeUnknownError),
        (502, "<html>", OutcomeUnknownError),
    ],
)
async def test_an_error_answer_to_a_write_is_raised_and_never_sent_again(
    make: Make, mocked: Mocked, status: int, body: str, error: type[Exception]
) -> None:
    mocked.post(f"{HOST}/v2/orders/limit", status=status, body=body, repeat=True)
    with pytest.raises(error):
        await make().call(place())
    mocked.call("POST", f"{HOST}/v2/orders/limit")


async def test_a_body_that_does_not_fit_is_a_decode_error(make: Make, mocked: Mocked) -> None:
    mocked.get(f"{HOST}/v1/public/time", body="<html>")
    with pytest.raises(DecodeError):
        await make().call(endpoints.server_time())


async def test_no_two_calls_are_signed_with_the_same_timestamp(make: Make, mocked: Mocked) -> None:
    mocked.get(f"{HOST}/v1/read", body=b"", repeat=True)
    client = make()
    await asyncio.gather(*(client.call(read()) for _ in range(3)))
    calls = mocked.requests["GET", URL(f"{HOST}/v1/read")]
    stamps = [call.kwargs["headers"]["X-VALR-TIMESTAMP"] for call in calls]
    assert stamps == [str(NOW_MS), str(NOW_MS + 1), str(NOW_MS + 2)]


async def test_a_lost_connection_proves_that_something_left(make: Make, mocked: Mocked) -> None:
    mocked.post(f"{HOST}/v2/orders/limit", exception=aiohttp.ServerDisconnectedError())
    with pytest.raises(OutcomeUnknownError, match="place: ServerDisconnectedError: Server disconnected"):
        await make().call(place())


# The policy, against a scripted exchange


class Scripted:
    """An `HttpExchange` that answers by a script; the last line goes on."""

    def __init__(
        self, *outcomes: Reply | Failure, took_s: float = 0.0, time: VirtualTime | None = None
    ) -> None:
        self.outcomes = list(outcomes)
        self.limits: list[Limits] = []
        self.is_closed = False
        self._took_s = took_s
        self._time = time

    async def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, limits: Limits
    ) -> Reply | Failure:
        self.limits.append(limits)
        if self._time is not None:
            self._time.advance(self._took_s)
        return self.outcomes.pop(0) if len(self.outcomes) > 1 else self.outcomes[0]

    async def close(self) -> None:
        self.is_closed = True


OK = Reply(200, {}, b"ok")
LOST = Failure("the connection was lost", may_have_left=True)
UNOPENED = Failure("no route", may_have_left=False)


def reply(status: int, **headers: str) -> Reply:
    return Reply(status, {name.replace("_", "-"): value for name, value in headers.items()}, b"")


@pytest.mark.parametrize("first", [LOST, UNOPENED, reply(500), reply(503)])
async def test_a_read_is_sent_again_after_a_failure(
    make: Make, time: VirtualTime, metrics: Metrics, first: Reply | Failure
) -> None:
    exchange = Scripted(first, OK)
    assert await make(open_session=lambda: exchange).call(read()) == b"ok"
    assert time.slept == [0.125]
    assert metrics.snapshot()["rest_retries{endpoint=read}"] == 1


async def test_the_pauses_double_and_the_attempts_are_bounded(make: Make, time: VirtualTime) -> None:
    exchange = Scripted(LOST)
    client = make(open_session=lambda: exchange, settings=RestSettings(attempts=4))
    with pytest.raises(TransportError, match="read: the connection was lost"):
        await client.call(read())
    assert len(exchange.limits) == 4
    assert time.slept == [0.125, 0.25, 0.5]


async def test_a_read_that_failed_is_no_unknown_outcome(make: Make) -> None:
    with pytest.raises(TransportError) as raised:
        await make(open_session=lambda: Scripted(LOST)).call(read())
    assert type(raised.value) is TransportError


@pytest.mark.parametrize(("failure", "error"), [(LOST, OutcomeUnknownError), (UNOPENED, NotSentError)])
async def test_a_write_is_never_sent_again(
    make: Make, time: VirtualTime, failure: Failure, error: type[Exception]
) -> None:
    exchange = Scripted(failure, OK)
    with pytest.raises(error):
        await make(open_session=lambda: exchange).call(place())
    assert len(exchange.limits) == 1
    assert time.slept == []


@pytest.mark.parametrize("status", [400, 401, 404])
async def test_a_refusal_is_not_asked_for_twice(make: Make, status: int) -> None:
    exchange = Scripted(reply(status))
    with pytest.raises(ExchangeError):
        await make(open_session=lambda: exchange).call(read())
    assert len(exchange.limits) == 1


async def test_no_pause_outlasts_the_deadline(make: Make, time: VirtualTime) -> None:
    exchange = Scripted(LOST)
    with pytest.raises(TransportError):
        await make(open_session=lambda: exchange, settings=RestSettings(pause_s=30)).call(read())
    assert time.slept == []


async def test_what_is_left_of_the_time_bounds_each_attempt(make: Make, time: VirtualTime) -> None:
    exchange = Scripted(LOST, OK, took_s=4.0, time=time)
    await make(open_session=lambda: exchange).call(read(), timeout=5.0)
    assert [limits.total_s for limits in exchange.limits] == [5.0, 1.0]


async def test_the_time_that_an_attempt_took_is_part_of_the_pause_after_it(
    make: Make, time: VirtualTime
) -> None:
    exchange = Scripted(LOST, OK, took_s=0.1, time=time)
    await make(open_session=lambda: exchange).call(read())
    assert time.slept == [pytest.approx(0.025)]


def waits(exchange: Scripted) -> list[tuple[float, float]]:
    return [(limits.connect_s, limits.read_s) for limits in exchange.limits]


async def test_after_an_attempt_in_vain_a_read_waits_longer(make: Make, time: VirtualTime) -> None:
    exchange = Scripted(LOST, took_s=1.0, time=time)
    with pytest.raises(TransportError):
        await make(open_session=lambda: exchange).call(read())
    assert waits(exchange) == [(1.5, 1.0), (3.0, 2.0), (3.0, 8.0)]


async def test_after_a_failure_at_once_a_dead_connection_is_left_as_soon_as_before(make: Make) -> None:
    exchange = Scripted(LOST)
    with pytest.raises(TransportError):
        await make(open_session=lambda: exchange).call(read())
    assert waits(exchange) == [(1.5, 1.0)] * 3


async def test_a_write_waits_for_its_only_answer_as_long_as_it_may(make: Make) -> None:
    exchange = Scripted(OK)
    await make(open_session=lambda: exchange).call(place())
    assert waits(exchange) == [(3.0, 8.0)]


async def test_a_timeout_of_nothing_is_still_a_timeout(make: Make) -> None:
    exchange = Scripted(OK)
    await make(open_session=lambda: exchange).call(read(), timeout=0)
    assert exchange.limits[0].total_s == 0.001


async def test_after_a_429_valr_s_own_wait_is_honoured(make: Make, time: VirtualTime) -> None:
    exchange = Scripted(reply(429, retry_after="2"), OK)
    assert await make(open_session=lambda: exchange).call(read()) == b"ok"
    assert time.slept == [2.0]


@pytest.mark.parametrize("retry_after", ["", "soon", "Wed, 21 Oct 2026 07:28:00 GMT", "-1", "٣"])
async def test_after_a_429_without_a_wait_the_next_full_minute_is_waited_for(
    make: Make, time: VirtualTime, retry_after: str
) -> None:
    exchange = Scripted(reply(429, retry_after=retry_after), OK)
    client = make(open_session=lambda: exchange, wall_clock=lambda: 57 * NS_PER_S)
    assert await client.call(read()) == b"ok"
    assert time.slept == [3.5]


async def test_a_signature_that_is_right_too_late_is_not_sent_again(make: Make, time: VirtualTime) -> None:
    refused = Reply(401, {}, b'{"code":-11252,"message":"Request has an invalid signature"}')
    exchange = Scripted(refused)

    async def correct_slowly(_: int) -> bool:
        time.advance(5.0)
        return True

    client = make(open_session=lambda: exchange, correct_clock=correct_slowly)
    with pytest.raises(AuthenticationError):
        await client.call(place(), timeout=2.0)
    assert len(exchange.limits) == 1


async def test_a_patient_call_waits_until_valr_s_limits_have_room_again(
    make: Make, time: VirtualTime
) -> None:
    exchange = Scripted(reply(429, retry_after="20"), OK)
    client = make(open_session=lambda: exchange)
    assert await client.call_patiently(read()) == b"ok"
    assert time.slept == [20.0]


async def test_a_patient_call_waits_until_our_own_limiter_has_room(make: Make, time: VirtualTime) -> None:
    exchange = Scripted(OK)
    limiter = LimiterRegistry(clock=time.clock, wall_clock=time.clock).limiter(host="api.valr.test", key="")
    limiter.refused("GET /v1/read", retry_after_s=30.0)
    client = make(open_session=lambda: exchange, limiter=limiter)
    assert await client.call_patiently(read("GET /v1/read")) == b"ok"
    assert time.slept == [pytest.approx(30.0)]


async def test_a_patient_call_that_waits_for_room_ends_when_the_client_is_closed(
    make: Make, time: VirtualTime
) -> None:
    limiter = LimiterRegistry(clock=time.clock, wall_clock=time.clock).limiter(host="api.valr.test", key="")
    limiter.refused("GET /v1/read", retry_after_s=30.0)

    async def is_closed_while_it_pauses(_: float, end: asyncio.Event) -> None:
        assert not end.is_set()
        await time.pass_at_once(1.0)
        await client.close()

    client = make(open_session=Scripted, limiter=limiter, pause=is_closed_while_it_pauses)
    with pytest.raises(ClosedError):
        await client.call_patiently(read("GET /v1/read"))
    assert time.slept == [1.0]


async def test_a_patient_call_does_not_begin_a_wait_that_ends_too_late(make: Make, time: VirtualTime) -> None:
    client = make(open_session=lambda: Scripted(reply(429, retry_after="20")))
    with pytest.raises(RateLimitedError):
        await client.call_patiently(read(), until=time.clock() + 19 * NS_PER_S)
    assert time.slept == []


async def test_the_full_minute_is_valr_s(make: Make, time: VirtualTime) -> None:
    exchange = Scripted(reply(429), OK)
    timestamps = TimestampSource(ClockOffset(initial_ns=-1 * NS_PER_S))
    client = make(open_session=lambda: exchange, timestamps=timestamps, wall_clock=lambda: 57 * NS_PER_S)
    await client.call(read())
    assert time.slept == [4.5]


@pytest.mark.parametrize("headers", [{}, {"retry_after": "60"}, {"retry_after": "9" * 400}])
async def test_a_wait_beyond_the_deadline_is_the_caller_s_to_decide(
    make: Make, time: VirtualTime, headers: dict[str, str]
) -> None:
    client = make(open_session=lambda: Scripted(reply(429, **headers)), wall_clock=lambda: 30 * NS_PER_S)
    with pytest.raises(RateLimitedError):
        await client.call(read())
    assert time.slept == []


async def test_latency_and_answers_are_counted_by_endpoint(
    make: Make, time: VirtualTime, metrics: Metrics
) -> None:
    client = make(open_session=lambda: Scripted(OK, took_s=0.25, time=time))
    await client.call(read())
    snapshot = metrics.snapshot()
    latency = snapshot["rest_latency{endpoint=read}"]
    assert isinstance(latency, LatencySummary)
    assert (latency.count, latency.max_ns) == (1, 250_000_000)
    assert snapshot["rest_answers{endpoint=read,status=200}"] == 1


@pytest.mark.parametrize(("failure", "kind"), [(LOST, "unknown"), (UNOPENED, "not sent")])
async def test_failures_are_counted_by_what_they_say(
    make: Make, metrics: Metrics, failure: Failure, kind: str
) -> None:
    with pytest.raises(TransportError):
        await make(open_session=lambda: Scripted(failure)).call(place())
    assert metrics.snapshot()[f"rest_failures{{endpoint=place,kind={kind}}}"] == 1


async def test_without_credentials_nothing_is_signed_or_sent(make: Make) -> None:
    exchange = Scripted(OK)
    with pytest.raises(ConfigurationError, match="place has to be signed, and no API key is configured"):
        await make(open_session=lambda: exchange, credentials=None).call(place())
    assert exchange.limits == []


async def test_the_pool_is_opened_with_the_first_call_only_and_once(make: Make) -> None:
    opened: list[Scripted] = []

    def open_session() -> Scripted:
        opened.append(Scripted(OK))
        return opened[-1]

    client = make(open_session=open_session)
    assert opened == []
    await client.call(read())
    await client.call(read())
    assert len(opened) == 1
    await client.close()
    assert opened[0].is_closed


class Waiting(Scripted):
    """Answers when the test says so."""

    def __init__(self) -> None:
        super().__init__(OK)
        self.may_answer = asyncio.Event()

    async def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, limits: Limits
    ) -> Reply | Failure:
        await self.may_answer.wait()
        return await super().exchange(method, url, headers, body, limits)


async def test_after_a_renewal_calls_use_fresh_connections(make: Make) -> None:
    pools = [Scripted(LOST), Scripted(OK)]
    opened = iter(pools)
    client = make(open_session=lambda: next(opened), settings=RestSettings(attempts=1))
    with pytest.raises(TransportError):
        await client.call(read())
    await client.renew()
    assert [pool.is_closed for pool in pools] == [True, False]
    assert await client.call(read()) == b"ok"


async def test_a_write_under_way_ends_on_the_connections_it_began_on(make: Make) -> None:
    old, new = Waiting(), Scripted(OK)
    opened = iter([old, new])
    client = make(open_session=lambda: next(opened))
    async with asyncio.TaskGroup() as tasks:
        call = tasks.create_task(client.call(place()))
        await asyncio.sleep(0)
        await client.renew()
        await client.call(read())
        assert not old.is_closed
        old.may_answer.set()
    assert call.result() == b"ok"
    assert old.is_closed


async def test_closing_closes_what_calls_still_use(make: Make) -> None:
    old, new = Waiting(), Scripted(OK)
    opened = iter([old, new])
    client = make(open_session=lambda: next(opened))
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(client.call(place()))
        await asyncio.sleep(0)
        await client.renew()
        await client.call(read())
        await client.close()
        assert old.is_closed
        assert new.is_closed
        old.may_answer.set()


class SlowToClose(Scripted):
    """Takes its time to close."""

    def __init__(self) -> None:
        super().__init__(OK)
        self.may_close = asyncio.Event()

    async def close(self) -> None:
        await self.may_close.wait()
        await super().close()


async def test_connections_whose_closing_was_cancelled_are_closed_with_the_client(make: Make) -> None:
    old = SlowToClose()
    client = make(open_session=lambda: old)
    await client.call(read())
    renewal = asyncio.create_task(client.renew())
    await asyncio.sleep(0)
    renewal.cancel()
    await asyncio.wait([renewal])
    assert not old.is_closed
    old.may_close.set()
    await client.close()
    assert old.is_closed


async def test_a_read_under_way_is_sent_again_on_fresh_connections(make: Make) -> None:
    old, new = Waiting(), Scripted(OK)
    opened = iter([old, new])
    client = make(open_session=lambda: next(opened))
    async with asyncio.TaskGroup() as tasks:
        call = tasks.create_task(client.call(read()))
        await asyncio.sleep(0)
        await client.renew()
    assert call.result() == b"ok"
    assert old.is_closed


async def test_a_request_that_waits_long_in_vain_is_the_last_on_its_connections(
    make: Make, time: VirtualTime
) -> None:
    pools = [Scripted(LOST, took_s=1.5, time=time), Scripted(OK)]
    opened = iter(pools)
    assert await make(open_session=lambda: next(opened)).call(read()) == b"ok"
    assert [pool.is_closed for pool in pools] == [True, False]


async def test_a_request_that_fails_at_once_leaves_the_other_connections_in_use(make: Make) -> None:
    pool = Scripted(LOST, OK)
    assert await make(open_session=lambda: pool).call(read()) == b"ok"
    assert not pool.is_closed


async def test_a_call_that_is_cancelled_is_no_failure_of_the_network(make: Make) -> None:
    old = Waiting()
    client = make(open_session=lambda: old)
    call = asyncio.create_task(client.call(read()))
    await asyncio.sleep(0)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    assert not old.is_closed


async def test_there_is_nothing_to_renew_before_the_first_call(make: Make) -> None:
    client = make(open_session=lambda: Scripted(OK))
    await client.renew()
    assert await client.call(read()) == b"ok"


async def test_a_closed_client_refuses_calls(make: Make) -> None:
    client = make()
    await client.close()
    with pytest.raises(ClosedError):
        await client.call(read())


async def test_closing_ends_the_pause_before_another_attempt(make: Make) -> None:
    exchange = Scripted(LOST, OK)
    client = make(open_session=lambda: exchange, pause=pause_until)
    call = asyncio.create_task(client.call(read()))
    await asyncio.sleep(0)  # the attempt, and then it pauses
    await client.close()
    with pytest.raises(TransportError, match="the connection was lost"):
        await asyncio.wait_for(call, 0.1)
    assert len(exchange.limits) == 1


async def test_no_log_at_any_level_shows_key_secret_or_signature(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    exchange = Scripted(LOST, OK)
    await make(open_session=lambda: exchange).call(read())
    with pytest.raises(OutcomeUnknownError):
        await make(open_session=lambda: Scripted(LOST)).call(place(body=b'{"customerOrderId":"mine"}'))
    assert "read: the connection was lost; trying again in 0.12 s" in caplog.text
    assert "read < HTTP 200, 2 bytes" in caplog.text
    for secret in (KEY, SECRET, "X-VALR", "customerOrderId"):
        assert secret not in caplog.text


def test_an_address_that_is_no_http_is_refused(make: Make) -> None:
    with pytest.raises(InvalidArgumentError, match="base_url='ftp://valr'"):
        make("ftp://valr")


@pytest.mark.parametrize(
    "field",
    [
        "timeout_s",
        "connect_s",
        "read_s",
        "first_connect_s",
        "first_read_s",
        "pause_s",
        "attempts",
        "largest_answer",
    ],
)
def test_a_limit_that_is_not_positive_is_refused(field: str) -> None:
    with pytest.raises(InvalidArgumentError, match=f"{field}=0: has to be positive"):
        RestSettings(**{field: 0})


def test_aiohttp_is_not_imported_before_the_first_call() -> None:
    program = "import sys, valr_connector.net.rest; sys.exit('aiohttp' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


# Conduct on the wire


async def test_target_headers_and_body_stand_on_the_wire_as_they_were_signed(make: Make) -> None:
    target = "/v1/orders/history?startTime=2026-01-01T00%3A00%3A00.000Z&currencyPair=BTCZAR&x=%7e%2f"
    async with HttpVenue(answers(b"[]")).open() as venue:
        await make(venue.url).call(read(target=target))
        await make(venue.url).call(cancel(V9_BODY))
    first, second = venue.seen
    assert first.line == f"GET {target} HTTP/1.1"
    assert first.headers["X-VALR-SIGNATURE"] == sign(SECRET, NOW_MS, "GET", target)
    assert first.body == b""
    assert second.line == "DELETE /v2/orders/order HTTP/1.1"
    assert second.body == V9_BODY
    assert second.headers["Content-Type"] == "application/json"
    assert second.headers["X-VALR-SIGNATURE"] == V9_SIGNATURE


async def test_calls_share_their_connection(make: Make) -> None:
    async with HttpVenue(answers(b"1")).open() as venue:
        client = make(venue.url)
        for _ in range(3):
            assert await client.call(read()) == b"1"
    assert (len(venue.seen), venue.connections) == (3, 1)


async def test_a_packed_answer_is_unpacked(make: Make) -> None:
    packed = answers(gzip.compress(b"[1,2,3]"), Content_Encoding="gzip")
    async with HttpVenue(packed).open() as venue:
        assert await make(venue.url).call(read()) == b"[1,2,3]"


async def test_a_redirect_is_not_followed(make: Make) -> None:
    async with HttpVenue(answers(b"", 302, Location="http://127.0.0.1:1/elsewhere")).open() as venue:
        with pytest.raises(OutcomeUnknownError, match="HTTP 302"):
            await make(venue.url).call(place())
    assert len(venue.seen) == 1


@pytest.mark.parametrize(
    "answer",
    [
        cuts,
        writes(b"HTTP/1.1 200 OK\r\n"),
        writes(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf"),
        writes(b"nonsense\r\n\r\n"),
    ],
    ids=["nothing", "half a head", "half a body", "nonsense"],
)
@pytest.mark.parametrize("make_request", [place, cancel])
async def test_a_write_without_a_whole_answer_has_an_unknown_outcome(
    make: Make, answer: Any, make_request: Callable[[], Request[bytes]]
) -> None:
    async with HttpVenue(answer).open() as venue:
        with pytest.raises(OutcomeUnknownError) as raised:
            await make(venue.url).call(make_request())
    assert len(venue.seen) == 1
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


async def test_a_read_without_an_answer_is_a_transport_error(make: Make) -> None:
    async with HttpVenue(cuts).open() as venue:
        with pytest.raises(TransportError) as raised:
            await make(venue.url).call(read())
    assert type(raised.value) is TransportError
    assert len(venue.seen) == 3


async def test_a_pooled_connection_that_turns_out_dead_repeats_nothing_by_itself(make: Make) -> None:
    async with HttpVenue(answers(b"1"), cuts, answers(b"2")).open() as venue:
        client = make(venue.url)
        await client.call(cancel())
        with pytest.raises(OutcomeUnknownError, match="the connection was lost"):
            await client.call(cancel())
        assert len(venue.seen) == 2
        assert await client.call(cancel()) == b"2"


async def test_where_nobody_listens_nothing_was_sent(make: Make) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        with pytest.raises(NotSentError, match="place: ClientConnectorError"):
            await make(f"http://127.0.0.1:{unused.getsockname()[1]}").call(place())


async def test_where_the_name_is_not_resolved_nothing_was_sent(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def resolves_nothing(*_: object, **__: object) -> NoReturn:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolves_nothing)
    with pytest.raises(NotSentError, match="place: ClientConnectorDNSError"):
        await make("http://valr.invalid").call(place())


async def test_where_no_tls_is_spoken_nothing_was_sent(make: Make) -> None:
    async with plain_server(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port:
        with pytest.raises(NotSentError, match="place: ClientConnectorSSLError"):
            await make(f"https://127.0.0.1:{port}").call(place())


@contextlib.contextmanager
def mute_server() -> Iterator[int]:
    """Accepts connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield int(listener.getsockname()[1])


@pytest.mark.parametrize("settings", [RestSettings(connect_s=0.02), RestSettings(timeout_s=0.02)])
async def test_a_connection_that_does_not_open_in_time_sent_nothing(
    make: Make, settings: RestSettings
) -> None:
    with mute_server() as port:
        client = make(f"https://127.0.0.1:{port}", settings=settings)
        with pytest.raises(NotSentError, match="Timeout"):
            await client.call(place())


async def test_an_answer_that_does_not_come_in_time_leaves_the_outcome_unknown(make: Make) -> None:
    async with HttpVenue(never_answers).open() as venue:
        with pytest.raises(OutcomeUnknownError, match="Timeout"):
            await make(venue.url, settings=RestSettings(read_s=0.02)).call(place())
    assert len(venue.seen) == 1


async def test_a_call_that_runs_out_of_its_time_leaves_the_outcome_unknown(make: Make) -> None:
    async with HttpVenue(answers(b"1"), never_answers).open() as venue:
        client = make(venue.url)
        await client.call(read())  # so that no time goes into connecting
        with pytest.raises(OutcomeUnknownError, match="Timeout"):
            await client.call(place(), timeout=0.05)


@pytest.mark.parametrize(
    "answer",
    [answers(b"x" * 1_001), answers(gzip.compress(b"x" * 1_000_000), Content_Encoding="gzip")],
    ids=["long", "packed"],
)
async def test_an_answer_beyond_the_limit_is_not_read_to_its_end(make: Make, answer: Any) -> None:
    settings = RestSettings(largest_answer=1_000)
    async with HttpVenue(answer).open() as venue:
        with pytest.raises(OutcomeUnknownError, match="the answer exceeds 1000 bytes"):
            await make(venue.url, settings=settings).call(place())


async def test_a_cancelled_call_leaves_nothing_behind(make: Make) -> None:
    async with HttpVenue(never_answers).open() as venue:
        call = asyncio.create_task(make(venue.url).call(place()))
        async with asyncio.timeout(30):
            while not venue.seen:  # noqa: ASYNC110  the venue sets no event
                await asyncio.sleep(0.001)
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
