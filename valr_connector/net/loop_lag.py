"""How much too late the event loop wakes up: what everything in this process waits for at least."""

from __future__ import annotations

import asyncio
from typing import Final

from valr_connector.observe import metrics as m

EVERY_S: Final = 1.0
_NS_PER_S: Final = 1_000_000_000


class LoopLag:
    """Has the running loop wake it up once a second, and notes by how much too late that was."""

    def __init__(self, metrics: m.Metrics, *, every_s: float = EVERY_S) -> None:
        self._latency = metrics.latency(m.LOOP_LAG)
        self._every_s = every_s
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Begin to look, on the running event loop."""
        loop = asyncio.get_running_loop()
        due = loop.time() + self._every_s
        self._timer = loop.call_at(due, self._look, loop, due)

    def stop(self) -> None:
        """Leave no timer behind."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _look(self, loop: asyncio.AbstractEventLoop, due: float) -> None:
        self._latency.record(round((loop.time() - due) * _NS_PER_S))
        self.start()
