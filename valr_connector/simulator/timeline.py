"""What happens later, in order: a queue of actions by due time.

Everything the exchange does with a delay (processing, replies, events, throttled snapshots) goes through a
Timeline, on the event loop's clock. Actions of the same due time run in the order in which they were handed
in; an action that is due at once runs at once, or right after the one that is running.
"""

from __future__ import annotations

import asyncio
import heapq
import itertools
from collections.abc import Callable

Action = Callable[[], object]


class Timeline:
    """Runs actions when they are due, one by one. Closed until `open`; a closed one drops actions."""

    def __init__(self) -> None:
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: list[tuple[float, int, Action]] = []
        self._numbers = itertools.count()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = 0.0
        self._is_running = False

    def open(self) -> None:
        """Start, on the running event loop."""
        self._loop = asyncio.get_running_loop()

    def now(self) -> float:
        """Seconds of the event loop; 0 while closed."""
        return self._loop.time() if self._loop else 0.0

    def at(self, due: float, action: Action) -> None:
        """Run `action` at the loop time `due`, or now if that is past."""
        if self._loop is None:
            return
        heapq.heappush(self._waiting, (due, next(self._numbers), action))
        if not self._is_running:
            self._run_due(self._loop)

    def after(self, seconds: float, action: Action) -> None:
        """Run `action` that many seconds from now."""
        if self._loop is not None:
            self.at(self._loop.time() + seconds, action)

    def finish(self) -> None:
        """Run everything that waits, in order, without waiting."""
        while self._waiting:
            heapq.heappop(self._waiting)[2]()

    def close(self) -> None:
        """Drop everything that waits."""
        self._disarm()
        self._waiting.clear()
        self._loop = None

    def _run_due(self, loop: asyncio.AbstractEventLoop) -> None:
        waiting = self._waiting
        self._is_running = True
        try:
            while waiting and waiting[0][0] <= loop.time():
                heapq.heappop(waiting)[2]()
        finally:
            self._is_running = False
            if waiting:
                self._arm(waiting[0][0], loop)

    def _arm(self, due: float, loop: asyncio.AbstractEventLoop) -> None:
        if self._timer is None or due != self._timer_due:
            self._disarm()
            self._timer = loop.call_at(due, self._on_timer, loop)
            self._timer_due = due

    def _on_timer(self, loop: asyncio.AbstractEventLoop) -> None:
        self._timer = None
        self._run_due(loop)

    def _disarm(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None


class Lane:
    """A single file on a timeline: no action overtakes the one before it, whatever the jitter."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline
        self._last_due = 0.0

    def after(self, seconds: float, action: Action) -> None:
        """Run `action` that many seconds from now, but not before the one before it."""
        self._last_due = max(self._last_due, self._timeline.now() + seconds)
        self._timeline.at(self._last_due, action)


class Throttle:
    """Runs one action after it was asked for: soon, and at most once per interval."""

    def __init__(self, timeline: Timeline, interval_s: float, action: Action) -> None:
        self._timeline = timeline
        self._interval_s = interval_s
        self._action = action
        self._allowed_from = 0.0
        self._is_waiting = False

    def ask(self) -> None:
        """Run the action at the next permitted moment; asking again before then adds nothing."""
        if not self._is_waiting:
            self._is_waiting = True
            self._timeline.at(max(self._allowed_from, self._timeline.now()), self._run)

    def _run(self) -> None:
        self._is_waiting = False
        self._allowed_from = self._timeline.now() + self._interval_s
        self._action()
