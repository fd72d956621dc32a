"""What happened when, so that a way back that took long says where its time went."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from valr_connector.core.session import KeepAlive
from valr_connector.net.dialling import DIAL_ERRORS, SocketConnection
from valr_connector.net.http_exchange import Failure, HttpExchange, Limits, Reply
from valr_connector.net.network import Network

REMEMBERED: Final = 5_000
TICK_S: Final = 0.01
LATE_S: Final = 0.05
"""A loop that wakes up later than this by so much stood still."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something that happened.

    Attributes:
        at: when, seconds of the monotonic clock.
        what: in words.
        late_s: for how long the event loop stood still, where that was it.
    """

    at: float
    what: str
    late_s: float = 0.0


class Chronicle:
    """Remembers the last few thousand things that happened."""

    def __init__(self) -> None:
        self._notes: deque[Note] = deque(maxlen=REMEMBERED)

    def note(self, what: str, late_s: float = 0.0) -> None:
        """It happens now."""
        self._notes.append(Note(time.monotonic(), what, late_s))

    def since(self, at: float) -> list[Note]:
        """What happened from then on."""
        return [note for note in self._notes if note.at >= at]

    def network(self) -> Network:
        """The real network, with every dial and every attempt of a REST call noted."""
        real = Network()

        async def dial(url: str, headers: Mapping[str, str], limits: KeepAlive) -> SocketConnection:
            began, path = time.monotonic(), urlsplit(url).path
            self.note(f"{path}: dial")
            try:
                connection = await real.dial(url, headers, limits)
            except DIAL_ERRORS as error:
                self.note(f"{path}: {type(error).__name__} {time.monotonic() - began:.3f} s after the dial")
                raise
            self.note(f"{path}: open {time.monotonic() - began:.3f} s after the dial")
            return connection

        return Network(dial, lambda: _NotedPool(real.open_session(), self))

    async def watch_the_loop(self) -> None:
        """Note whenever the event loop stood still, until cancelled."""
        while True:
            due = time.monotonic() + TICK_S
            await asyncio.sleep(TICK_S)
            late_s = time.monotonic() - due
            if late_s > LATE_S:
                self.note(f"the loop stood still for {late_s:.3f} s", late_s)


class _NotedPool:
    """An `HttpExchange` that notes each request."""

    def __init__(self, pool: HttpExchange, chronicle: Chronicle) -> None:
        self._pool = pool
        self._note = chronicle.note
        self._note("REST: a new pool")

    async def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, limits: Limits
    ) -> Reply | Failure:
        began, request = time.monotonic(), f"REST: {method} {urlsplit(url).path}"
        self._note(f"{request}, waits {limits.read_s:g} s at most")
        became = "given up"
        try:
            outcome = await self._pool.exchange(method, url, headers, body, limits)
            became = str(outcome.status) if isinstance(outcome, Reply) else outcome.problem
        finally:
            self._note(f"{request}: {became}, after {time.monotonic() - began:.3f} s")
        return outcome

    async def close(self) -> None:
        await self._pool.close()
