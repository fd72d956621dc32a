"""One timer of the event loop for many times: it is set to the earliest of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

_NS_PER_S: Final = 1_000_000_000
_LATENESS_S: Final = 0.000_1
"""A timer of the loop may fire a little early; so much later, what it is for is due."""


class Alarm:
    """Calls `ring` once at a time, and then has to be set again."""

    def __init__(self, ring: Callable[[], None]) -> None:
        self._ring = ring
        self._due = 0
        self._timer: asyncio.TimerHandle | None = None

    def ring_by(self, due: int, now: int) -> None:
        """Ring at `due` at the latest; both are nanoseconds of one monotonic clock."""
        if self._timer is not None:
            if self._due <= due:
                return
            self._timer.cancel()
        self._due = due
        delay = max(0, due - now) / _NS_PER_S + _LATENESS_S
        self._timer = asyncio.get_running_loop().call_later(delay, self._on_timer)

    def stop(self) -> None:
        """Do not ring, until it is set again."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _on_timer(self) -> None:
        self._timer = None
        self._ring()
