"""What listens at the sockets, and at REST, while a session is recorded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import count
from typing import Protocol
from urllib.parse import urlsplit

from tests.replay.rest_lines import rest_line
from tests.replay.stage_clock import StageClock
from valr_connector.net.http_exchange import Failure, HttpExchange, Limits, Reply
from valr_connector.net.journal import Direction, FrameRecorder

FRAME_S = 0.001
"""How much time passes with each frame."""


class CountingTap:
    """A tap that counts what it hands on, and lets a moment pass with each frame."""

    def __init__(self, recorder: FrameRecorder, clock: StageClock) -> None:
        self.received = 0
        self.sent = 0
        self._recorder = recorder
        self._clock = clock

    def frame_in(self, raw: bytes) -> None:
        self._clock.advance(FRAME_S)
        self.received += 1
        self._recorder.frame_in(raw)

    def frame_out(self, raw: bytes) -> None:
        self._clock.advance(FRAME_S)
        self.sent += 1
        self._recorder.frame_out(raw)


class Quiet(Protocol):
    """Knows whether anything is under way."""

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition."""

    async def silence(self) -> None:
        """Wait until every frame that was sent has arrived."""

    def has_no_news(self) -> bool:
        """Whether no frame is on its way, and whoever has to ask something has begun to."""


class RecordedRest:
    """REST calls, recorded beside the frames: one at a time, each between two silences of the sockets.

    Which of several calls gets through first would be luck; here the order of their paths decides,
    and among equal ones that of their arrival. What is called before the recording begins
    goes through as it is.
    """

    def __init__(self, quiet: Quiet, record: Callable[[Direction, bytes], None]) -> None:
        self._quiet = quiet
        self._record = record
        self._waiting: list[tuple[str, int]] = []
        self._arrivals = count()
        self._is_calling = False
        self._is_recording = False

    def begin(self) -> None:
        """Record from now on."""
        self._is_recording = True

    def over(self, pool: HttpExchange) -> HttpExchange:
        """The same pool of connections, recorded."""
        return _RecordedPool(pool, self)

    @property
    def is_busy(self) -> bool:
        """Whether a call is under way or waits for its turn."""
        return self._is_calling or bool(self._waiting)

    async def call(
        self,
        pool: HttpExchange,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        limits: Limits,
    ) -> Reply | Failure:
        if not self._is_recording:
            return await pool.exchange(method, url, headers, body, limits)
        parts = urlsplit(url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        await self._turn(f"{method} {path}")
        try:
            self._record(Direction.OUT, rest_line(method, path, body))
            reply = await pool.exchange(method, url, headers, body, limits)
            assert isinstance(reply, Reply), f"{method} {path}: {reply}"
            await self._quiet.silence()
            self._record(Direction.IN, rest_line(method, path, reply.body, reply.status))
            return reply
        finally:
            self._is_calling = False

    async def _turn(self, call: str) -> None:
        ticket = (call, next(self._arrivals))
        self._waiting.append(ticket)
        try:
            await self._quiet.until(lambda: self._is_turn_of(ticket))
            self._is_calling = True
        finally:
            self._waiting.remove(ticket)

    def _is_turn_of(self, ticket: tuple[str, int]) -> bool:
        return not self._is_calling and min(self._waiting) == ticket and self._quiet.has_no_news()


class _RecordedPool:
    """Connections whose calls are recorded; the connector opens new ones after a reconnect."""

    def __init__(self, pool: HttpExchange, record: RecordedRest) -> None:
        self._pool = pool
        self._record = record

    async def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, limits: Limits
    ) -> Reply | Failure:
        return await self._record.call(self._pool, method, url, headers, body, limits)

    async def close(self) -> None:
        await self._pool.close()
