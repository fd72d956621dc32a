"""Where requests wait for room in VALR's windows: the most urgent lane first, within a lane in turn.

Who finds room passes at once, without a turn of the event loop. Who does not waits in the line of its
allowance; whatever has room for a request has room for a more urgent one too (`LANE_PERCENT`), so letting
the lines through in the order of their lanes is all that priority takes.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Hashable
from threading import Lock
from typing import Final

from valr_connector.core.fixed_window import Allowance
from valr_connector.core.rate_limits import SECOND
from valr_connector.net.alarm import Alarm
from valr_connector.protocol.requests import Lane

_RANK: Final = {lane: rank for rank, lane in enumerate(Lane)}

Line = OrderedDict[asyncio.Future[bool], Allowance]
"""Who waits for the same, in turn."""


class Turnstile:
    """The lines of one event loop.

    Args:
        clock: monotonic nanoseconds, with VALR's clock checked against it.
        lock: held while windows are looked at; those of other threads' loops are the same.
    """

    def __init__(self, clock: Callable[[], int], lock: Lock) -> None:
        self._clock = clock
        self._lock = lock
        self._lines: dict[Hashable, Line] = {}
        self._alarm = Alarm(lambda: self._let_through(self._clock()))

    def try_pass(self, allowance: Allowance) -> bool:
        """Whether there is room at once, which takes it. Nobody who waits is overtaken."""
        now = self._clock()
        if self._lines:
            self._let_through(now)
            if allowance.identity in self._lines:
                return False
        with self._lock:
            return allowance.take(now)

    async def wait(self, allowance: Allowance, deadline: int | None) -> bool:
        """Wait for room; False if there was none by `deadline`, or cannot be. Cancelled, it takes none."""
        now = self._clock()
        with self._lock:
            ready_at = allowance.ready_at(now)
        if deadline is not None and ready_at > deadline:
            return False
        loop = asyncio.get_running_loop()
        passed: asyncio.Future[bool] = loop.create_future()
        expiry = None
        if deadline is not None:
            expiry = loop.call_later((deadline - now) / SECOND, _give_up, passed)
        self._lines.setdefault(allowance.identity, OrderedDict())[passed] = allowance
        self._alarm.ring_by(ready_at, now)
        try:
            return await passed
        finally:
            if expiry is not None:
                expiry.cancel()
            self._leave(allowance, passed)

    def _leave(self, allowance: Allowance, passed: asyncio.Future[bool]) -> None:
        line = self._lines.get(allowance.identity)
        if line is not None:
            line.pop(passed, None)
            if not line:
                del self._lines[allowance.identity]
        if not self._lines:
            self._alarm.stop()

    def _let_through(self, now: int) -> None:
        """Let everybody pass for whom there is room by now, and see to it that the next are not forgotten."""
        with self._lock:
            for identity, line in sorted(self._lines.items(), key=_rank_of):
                ready_at = _advance(line, now)
                if ready_at is None:
                    del self._lines[identity]
                else:
                    self._alarm.ring_by(ready_at, now)
        if not self._lines:
            self._alarm.stop()


def _rank_of(item: tuple[Hashable, Line]) -> int:
    allowance = next(iter(item[1].values()))
    return _RANK[allowance.lane]


def _advance(line: Line, now: int) -> int | None:
    """Let the head of a line through; when the next one can pass, or None if nobody is left."""
    while line:
        passed, allowance = next(iter(line.items()))
        if not passed.done():
            if not allowance.take(now):
                return allowance.ready_at(now)
            passed.set_result(True)
        line.popitem(last=False)
    return None


def _give_up(passed: asyncio.Future[bool]) -> None:
    if not passed.done():
        passed.set_result(False)
