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
WORTH_A_NOTE_S: Final = 0.05
USUAL_S: Final = 0.002
"""By so much a timer may be late on a machine that does nothing else."""


@dataclass(frozen=True, slots=True)
class Note:
    """Something that happened.

    Attributes:
        at: when, seconds of the monotonic clock.
        what: in words.
    """

    at: float
    what: str


class Chronicle:
    """Remembers the last few thousand things that happened.

    Attributes:
        late_s: for how long the event loop stood still so far.
    """

    def __init__(self) -> None:
        self.late_s = 0.0
        self._notes: deque[Note] = deque(maxlen=REMEMBERED)

    def note(self, what: str) -> None:
        """It happens now."""
        self._notes.append(Note(time.monotonic(), what))

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
        """Measure for how long the event loop stands still, until cancelled."""
        while True:
            due = time.monotonic() + TICK_S
            await asyncio.sleep(TICK_S)
            late_s = time.monotonic() - due
            if late_s > USUAL_S:
                self.late_s += late_s
            if late_s > WORTH_A_NOTE_S:
                self.note(f"the loop stood still for {late_s:.3f} s")


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
