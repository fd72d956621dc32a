"""One direction of a connection: what goes in comes out after a while and in order, but for faults."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Pipe(Generic[Item]):
    """Carries items to `deliver`.

    Args:
        latency: draws how long the next item takes, seconds.
        deliver: takes each item as it comes out.
        late_beyond: what is late has come through and is late at the far end, where no freeze reaches it.
    """

    def __init__(
        self, latency: Callable[[], float], deliver: Callable[[Item], None], *, late_beyond: bool = False
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._latency = latency
        self._deliver = deliver
        self._late_beyond = late_beyond
        self._queue: deque[tuple[float, Item]] = deque()
        self._late: set[asyncio.TimerHandle] = set()
        self._last_due = 0.0
        self._stalled_until = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._is_frozen = False
        self._is_broken = False

    def __len__(self) -> int:
        """How many items are on their way."""
        return len(self._queue) + len(self._late)

    def send(self, item: Item, *, stall_s: float = 0.0) -> None:
        """Put an item in; stalled, it and all behind it come that much later."""
        if self._is_broken:
            return
        self._last_due = max(self._last_due, self._loop.time() + self._latency() + stall_s)
        if stall_s:
            self._stalled_until = self._last_due
        self._queue.append((self._last_due, item))
        self._arm()

    def send_late(self, item: Item, seconds: float) -> None:
        """Put an item in that takes `seconds` more than it should, and is overtaken meanwhile.

        Late at the far end, it has come through, which nothing does before what it stands behind: behind a
        stall it waits in the queue like all the rest.
        """
        if self._is_broken:
            return
        if self._late_beyond and self._loop.time() < self._stalled_until:
            self.send(item, stall_s=seconds)
            return

        def arrive() -> None:
            self._late.discard(timer)
            if self._is_frozen and not self._late_beyond:
                self._queue.append((self._loop.time(), item))
            else:
                self._deliver(item)

        timer = self._loop.call_later(self._latency() + seconds, arrive)
        self._late.add(timer)

    def freeze(self) -> None:
        """From now on nothing comes out; what goes in waits."""
        self._is_frozen = True
        self._disarm()

    def thaw(self) -> None:
        """Things come out again, first what waited."""
        self._is_frozen = False
        self._arm()

    def forget_stalled(self) -> None:
        """Lose what is held up in the queue: what would have to arrive later than all that goes in now."""
        kept = self._loop.time() + self._latency()
        self._queue = deque((due, item) for due, item in self._queue if due <= kept)
        self._last_due = min(self._last_due, kept)
        self._stalled_until = 0.0

    def break_off(self) -> None:
        """Lose what is on its way, and whatever goes in from now on."""
        self._is_broken = True
        self._disarm()
        self._queue.clear()
        for timer in self._late:
            timer.cancel()
        self._late.clear()

    def _arm(self) -> None:
        if self._timer is None and self._queue and not self._is_frozen:
            self._timer = self._loop.call_at(self._queue[0][0], self._on_timer)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _on_timer(self) -> None:
        self._timer = None
        now = self._loop.time()
        while self._queue and self._queue[0][0] <= now and not self._is_frozen:
            self._deliver(self._queue.popleft()[1])
        self._arm()
