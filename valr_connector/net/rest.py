"""VALR over HTTP: sign, send, judge the answer, try again where that is safe.

What is signed is what is sent: target and body are made once, by ``protocol.endpoints``. Whether a request
may be sent twice is the request's own knowledge (``may_retry``); without it nothing is ever repeated here,
because an answer that did not come says nothing about what VALR did.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final, TypeVar

from valr_connector.core.clock import TimestampSource
from valr_connector.errors import (
    CircuitOpenError,
    ClosedError,
    ConfigurationError,
    DecodeError,
    ExchangeError,
    InvalidArgumentError,
    NotSentError,
    OutcomeUnknownError,
    RateLimitedError,
    ThrottledError,
    TransportError,
    ValrError,
)
from valr_connector.net.circuits import Circuit
from valr_connector.net.gate import Passage
from valr_connector.net.http_exchange import Failure, HttpExchange, Limits, Reply
from valr_connector.net.http_pools import LONG_NS, HttpPools
from valr_connector.net.limiter import Limiter
from valr_connector.observe import metrics as m
from valr_connector.protocol.requests import Lane, Request
from valr_connector.protocol.responses import decode_response, refuses_signature, retry_after_s
from valr_connector.protocol.signing import Credentials

log = logging.getLogger(__name__)

T = TypeVar("T")

_NS_PER_S: Final = 1_000_000_000
_MINUTE_NS: Final = 60 * _NS_PER_S
_SHORTEST_NS: Final = 1_000_000
"""A time-out of 0 would mean none at all."""
_TOO_MANY_REQUESTS: Final = 429
_SERVER_ERRORS: Final = 500
_ORDER_LANES: Final = frozenset({Lane.PLACE, Lane.MODIFY, Lane.CANCEL})
_COMMON_HEADERS: Final = {
    # VALR answers 403 to some calls without these two, even to those that have no body (protocol 1).
    "Content-Type": "application/json",
    "User-Agent": "valr-connector",
    "Accept": "application/json",
    "Accept-Encoding": "gzip",
}


@dataclass(frozen=True, slots=True)
class RestSettings:
    """Time-outs in seconds, sizes in bytes.

    Attributes:
        timeout_s: a whole call, its retries and pauses included, where the caller sets no other.
        connect_s: a place in the pool, name, TCP and TLS together.
        read_s: between two pieces of an answer.
        first_connect_s, first_read_s: the same, in the first attempt of a request that may be repeated; they
            double with each that waited in vain. A connection that has died is left soon, and an exchange
            that is slow is still waited for.
        attempts: how often a repeatable request is sent at most.
        pause_s: ceiling of the pause after the first failure; it doubles with each one more. What an attempt
            took is part of the pause after it.
        largest_answer: an answer beyond this, unpacked, is refused.
    """

    timeout_s: float = 10.0
    connect_s: float = 3.0
    read_s: float = 8.0
    first_connect_s: float = 1.5
    first_read_s: float = 1.0
    attempts: int = 3
    pause_s: float = 0.25
    largest_answer: int = 32 * 1024 * 1024

    def __post_init__(self) -> None:
        for name in (
            "timeout_s", "connect_s", "read_s", "first_connect_s", "first_read_s", "pause_s", "attempts",
            "largest_answer",
        ):  # fmt: skip
            value = getattr(self, name)
            if not 0 < value < float("inf"):
                raise InvalidArgumentError(name, value, "has to be positive")


async def pause_until(seconds: float, end: asyncio.Event) -> None:
    """Wait so long, or until `end`."""
    with suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            await end.wait()


def open_http_session() -> HttpExchange:
    """A pool of aiohttp's connections."""
    from valr_connector.net.http_session import HttpSession  # noqa: PLC0415  aiohttp is slow to import

    return HttpSession()


class RestClient:
    """Calls VALR's REST interface over one pool of connections, opened at the first call.

    Args:
        base_url: scheme and host, as in ``https://api.valr.com``.
        credentials: None allows public requests only.
        timestamps: what requests are signed with; shared with the sockets, so that none repeats.
        rng: for the jitter of pauses.
        settings: time-outs and limits.
        clock: monotonic nanoseconds, for deadlines and latencies.
        wall_clock: nanoseconds; the clock whose offset `timestamps` knows.
        pause: waits for seconds, or until the client is closed.
        open_session: makes the pool.
        metrics: where to count.
        limiter: asked before each attempt, and told of each 429; None where nobody counts.
        correct_clock: given the offset of the clock that a refused signature was made with, nanoseconds; says
            whether that was off, so that signing again makes sense. None where nobody corrects it.
        order_circuit: asked before each request that places, modifies or cancels, and told how the transport
            did; None where nobody minds.

    Raises:
        InvalidArgumentError: `base_url` is no HTTP address.
    """

    def __init__(
        self,
        *,
        base_url: str,
        credentials: Credentials | None,
        timestamps: TimestampSource,
        rng: random.Random,
        settings: RestSettings | None = None,
        clock: Callable[[], int] = time.monotonic_ns,
        wall_clock: Callable[[], int] = time.time_ns,
        pause: Callable[[float, asyncio.Event], Awaitable[object]] = pause_until,
        open_session: Callable[[], HttpExchange] = open_http_session,
        metrics: m.Metrics | None = None,
        limiter: Limiter | None = None,
        correct_clock: Callable[[int], Awaitable[bool]] | None = None,
        order_circuit: Circuit | None = None,
    ) -> None:
        if not base_url.startswith(("http://", "https://")):
            raise InvalidArgumentError("base_url", base_url, "has to begin with http:// or https://")
        self._base_url = base_url.rstrip("/")
        self._credentials = credentials
        self._timestamps = timestamps
        self._rng = rng
        self._settings = settings or RestSettings()
        self._clock = clock
        self._wall_clock = wall_clock
        self._pause = pause
        self._closing = asyncio.Event()
        self._metrics = metrics or m.Metrics()
        self._limiter = limiter
        self._correct_clock = correct_clock
        self._order_circuit = order_circuit
        self._pools = HttpPools(open_session, clock)

    async def call(
        self, request: Request[T], *, timeout: float | None = None, passage: Passage | None = None
    ) -> T:
        """Send one request and decode its answer. Cancelled, it may have left.

        Args:
            timeout: seconds for everything, pauses and repetitions included; None takes the settings' own.
                What may be sent only once waits for room for half of it at most, so that it can be answered.
            passage: what the request has to pass while it waits for room in VALR's limits.

        Raises:
            ConfigurationError: the request has to be signed and there are no credentials.
            ClosedError: the client is closed.
            NotSentError: no connection could be opened, or `passage` was refused; nothing happened at VALR.
            ThrottledError: VALR's limits leave no room in time; nothing was sent.
            CircuitOpenError: requests for orders have failed too often; nothing was sent. Cancels are sent.
            OutcomeUnknownError: the request changes something, may have left, and no answer came.
            TransportError: the request only reads, and no answer came.
            ExchangeError: VALR answered with an error; `decode_response` says which.
            DecodeError: the answer does not fit the protocol.
        """
        if self._order_circuit is None or request.lane not in _ORDER_LANES:
            return _conclude(request, await self._outcome(request, timeout, passage))
        with _minded(self._order_circuit, request, self._clock()):
            return _conclude(request, await self._outcome(request, timeout, passage))

    async def call_aged(self, request: Request[T], *, timeout: float | None = None) -> tuple[T, int]:
        """The same, and for how many seconds VALR had kept the answer (protocol 3.4)."""
        outcome = await self._outcome(request, timeout)
        return _conclude(request, outcome), outcome.age_s if isinstance(outcome, Reply) else 0

    async def _outcome(
        self, request: Request[T], timeout: float | None, passage: Passage | None = None
    ) -> Reply | Failure:
        """What came of the last attempt."""
        seconds = self._settings.timeout_s if timeout is None else timeout
        deadline = self._clock() + round(seconds * _NS_PER_S)
        room_by = deadline if request.may_retry else deadline - round(seconds * _NS_PER_S) // 2
        attempt, in_vain, outcome, is_corrected = 1, 0, None, False
        while True:
            try:
                if passage is not None or not self._has_room_at_once(request):
                    await self._find_room(request, room_by, passage)
            except NotSentError:
                if outcome is None:
                    raise
                return outcome  # an earlier attempt was sent: what it led to counts
            offset, began = self._timestamps.offset.offset_ns, self._clock()
            outcome = await self._attempt(request, deadline, in_vain)
            took = self._clock() - began
            if not is_corrected and self._is_signature_refused(request, outcome):
                is_corrected = await self._was_signed_at_a_wrong_time(request, offset)
                if is_corrected and self._clock() < deadline:
                    continue
            in_vain += isinstance(outcome, Failure) and took >= LONG_NS
            pause_s = self._pause_s(request, outcome, attempt, took / _NS_PER_S)
            if pause_s is None or self._clock() + pause_s * _NS_PER_S >= deadline:
                return outcome
            log.info("%s: %s; trying again in %.2f s", request.name, _in_words(outcome), pause_s)
            await self._pause(pause_s, self._closing)
            if self._closing.is_set():
                return outcome
            self._metrics.counter(m.REST_RETRIES, request.name).add()
            attempt += 1

    def _is_signature_refused(self, request: Request[T], outcome: Reply | Failure) -> bool:
        if not request.is_signed or isinstance(outcome, Failure):
            return False
        return refuses_signature(outcome.status, outcome.body)

    async def _was_signed_at_a_wrong_time(self, request: Request[T], offset: int) -> bool:
        """Whether a signature that VALR refused, so that it did nothing, was made with a wrong clock.

        It is right by then.
        """
        if self._correct_clock is None:
            return False
        is_off = await self._correct_clock(offset)
        if is_off:
            log.warning("%s: the signature was refused for its time; signing again", request.name)
            self._metrics.counter(m.REST_RETRIES, request.name).add()
        return is_off

    async def call_patiently(self, request: Request[T], *, until: int | None = None) -> T:
        """As `call`, but where VALR's limits leave no room, wait for it and call again.

        Args:
            until: monotonic nanoseconds; a wait beyond that is not begun. None waits as long as it takes.

        Raises:
            ThrottledError, RateLimitedError: there would be no room by `until`.
            others: as `call`.
        """
        while True:
            try:
                return await self.call(request)
            except ThrottledError as error:
                refusal: ValrError = error
                wait_s = error.wait_s
            except RateLimitedError as error:
                refusal = error
                wait_s = self._patience_s(error.retry_after_s)
            wait_s = max(wait_s, self._settings.pause_s)
            if until is not None and self._clock() + wait_s * _NS_PER_S >= until:
                raise refusal
            log.info("%s: %s; waiting %.2f s for room", request.name, refusal, wait_s)
            await self._pause(wait_s, self._closing)
            self._refuse_if_closed()  # not left to the call: the limits may refuse that one, too, at once

    async def close(self) -> None:
        """Close all connections; later calls raise ClosedError."""
        self._closing.set()
        await self._pools.close()

    async def renew(self) -> None:
        """The network has failed: open fresh connections for the calls to come.

        Calls under way that only read are sent again on those; others end on the connections they began on.
        """
        await self._pools.renew()

    def _has_room_at_once(self, request: Request[T]) -> bool:
        return self._limiter is None or self._limiter.try_acquire(request.lane, request.name)

    async def _find_room(self, request: Request[T], deadline: int, passage: Passage | None) -> None:
        if passage is not None:
            async with passage():
                await self._find_room(request, deadline, None)
        elif self._limiter is not None:
            await self._limiter.acquire(request.lane, request.name, deadline)

    async def _attempt(self, request: Request[T], deadline: int, in_vain: int) -> Reply | Failure:
        self._refuse_if_closed()
        headers = self._headers(request)
        log.debug("%s > %s %s", request.name, request.method, request.target)
        started = self._clock()
        limits = self._limits(request, deadline - started, in_vain)
        url = self._base_url + request.target
        outcome = await self._pools.exchange(
            request.method, url, headers, request.body, limits, may_give_up=request.may_retry
        )
        self._count(request, outcome, self._clock() - started)
        if self._limiter is not None and isinstance(outcome, Reply) and outcome.status == _TOO_MANY_REQUESTS:
            self._limiter.refused(request.name, sent=started, retry_after_s=retry_after_s(outcome.headers))
        return outcome

    def _refuse_if_closed(self) -> None:
        if self._closing.is_set():
            raise ClosedError("the REST client is closed")

    def _headers(self, request: Request[T]) -> Mapping[str, str]:
        if not request.is_signed:
            return _COMMON_HEADERS
        if self._credentials is None:
            raise ConfigurationError(f"{request.name} has to be signed, and no API key is configured")
        timestamp = self._timestamps.next_ms(self._wall_clock())
        signed = self._credentials.auth_headers(
            timestamp, request.method, request.target, request.body or b""
        )
        return {**_COMMON_HEADERS, **signed}

    def _count(self, request: Request[T], outcome: Reply | Failure, duration_ns: int) -> None:
        name = request.name
        if isinstance(outcome, Reply):
            self._metrics.latency(m.REST_LATENCY, name).record(duration_ns)
            self._metrics.counter(m.REST_ANSWERS, name, str(outcome.status)).add()
            log.debug("%s < HTTP %d, %d bytes", name, outcome.status, len(outcome.body))
        else:
            kind = "unknown" if outcome.may_have_left else "not sent"
            self._metrics.counter(m.REST_FAILURES, name, kind).add()

    def _limits(self, request: Request[T], left: int, in_vain: int) -> Limits:
        """Of the next attempt, after so many that waited in vain; `left` is the rest of the call's time."""
        settings = self._settings
        connect_s, read_s = settings.connect_s, settings.read_s
        if request.may_retry and in_vain + 1 < settings.attempts:
            connect_s = min(connect_s, settings.first_connect_s * 2.0**in_vain)
            read_s = min(read_s, settings.first_read_s * 2.0**in_vain)
        total_s = max(left, _SHORTEST_NS) / _NS_PER_S
        return Limits(total_s, connect_s, read_s, settings.largest_answer)

    def _pause_s(
        self, request: Request[T], outcome: Reply | Failure, attempt: int, took_s: float
    ) -> float | None:
        """Seconds to wait before sending again; None where that is not to be."""
        if self._closing.is_set() or not request.may_retry or attempt >= self._settings.attempts:
            return None
        if isinstance(outcome, Reply) and outcome.status == _TOO_MANY_REQUESTS:
            return self._patience_s(retry_after_s(outcome.headers))
        if isinstance(outcome, Failure) or outcome.status >= _SERVER_ERRORS:
            return max(0.0, self._rng.random() * self._settings.pause_s * 2.0 ** (attempt - 1) - took_s)
        return None

    def _patience_s(self, asked: float | None) -> float:
        """What VALR asks for, else the rest of its full minute, when its counters restart (protocol 4)."""
        if asked is not None:
            return asked
        server_ns = self._timestamps.offset.server_ns(self._wall_clock())
        return (_MINUTE_NS - server_ns % _MINUTE_NS) / _NS_PER_S + self._rng.random()


@contextmanager
def _minded(circuit: Circuit, request: Request[T], begun: int) -> Iterator[None]:
    """Ask the circuit of requests for orders, and tell it how the transport did."""
    if not circuit.enter() and request.lane is not Lane.CANCEL:
        raise CircuitOpenError(f"{request.name}: {circuit.why_cut}")
    try:
        yield
    except (ExchangeError, DecodeError):
        circuit.succeeded(begun)
        raise
    except ThrottledError:
        circuit.withdrawn()
        raise
    except TransportError as error:
        circuit.failed(begun, str(error))
        raise
    except BaseException:  # cancelled, or never sent: no word on the transport
        circuit.withdrawn()
        raise
    circuit.succeeded(begun)


def _conclude(request: Request[T], outcome: Reply | Failure) -> T:
    if isinstance(outcome, Reply):
        return decode_response(request, outcome.status, outcome.headers, outcome.body)
    if not outcome.may_have_left:
        raise NotSentError(f"{request.name}: {outcome.problem}")
    kind = TransportError if request.is_read else OutcomeUnknownError
    raise kind(f"{request.name}: {outcome.problem}")


def _in_words(outcome: Reply | Failure) -> str:
    return f"HTTP {outcome.status}" if isinstance(outcome, Reply) else outcome.problem
