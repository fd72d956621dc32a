"""A clock and a sleep that move only when a test says so."""

from __future__ import annotations

import asyncio

NS_PER_S = 1_000_000_000


class VirtualTime:
    """Nanoseconds for whoever asks; sleepers wake when the test advances past their time."""

    def __init__(self) -> None:
        self.now = 1_000 * NS_PER_S
        self.slept: list[float] = []
        self._sleepers: list[tuple[int, asyncio.Future[None]]] = []

    def clock(self) -> int:
        return self.now

    async def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        waker: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((self.now + round(seconds * NS_PER_S), waker))
        await waker

    async def pass_at_once(self, seconds: float) -> None:
        """A sleep that takes no time here and all of its time on the clock."""
        self.slept.append(seconds)
        self.now += round(seconds * NS_PER_S)
        await asyncio.sleep(0)

    def advance(self, seconds: float) -> None:
        self.now += round(seconds * NS_PER_S)
        due = [waker for wake_at, waker in self._sleepers if wake_at <= self.now]
        self._sleepers = [sleeper for sleeper in self._sleepers if sleeper[0] > self.now]
        for waker in due:
            if not waker.done():
                waker.set_result(None)
