"""Offers as much as VALR takes, over real sockets, for half a minute, and lets the venue count (S8).

    python -m tests.soak.load --seconds 30 --placements 400 --cancels 450

The venue runs in a process of its own, with VALR's documented limits. Exit status 1 if it refused anything,
or if cancels waited too long behind placements. At the limit one full window follows another, no closer than
the limiter's guard band (`core.venue_clock`). So both processes need a processor: what was sent in two
windows arrives in one where either stands still for longer.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import time
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from statistics import quantiles
from typing import Any

from tests.soak.venue import VenueProcess, venue_process
from valr_connector import CircuitOpenError, InFlightOrder, OrderStatus, Settings, Side, ValrExchange
from valr_connector.model.order import CancelOutcome
from valr_connector.net.limiter import Limiter
from valr_connector.protocol.requests import Lane

PAIR = "BTC-ZAR"
CANCELS_WAIT_MS = 50.0
SETTLES_WITHIN_S = 10.0
MOST_PLACED_PER_S = 400
"""VALR's limit (protocol 4)."""
STOCK = 400
"""Orders to cancel at the beginning, beside those that cancels are to be ahead of placements by."""
FAR_BELOW, FAR_ABOVE = 500_000, 5_000_000


@dataclass
class Waits:
    """Seconds that each request waited for room in VALR's limits, zeros among them, by lane."""

    by_lane: dict[Lane, list[float]] = field(default_factory=lambda: {lane: [] for lane in Lane})

    def watch(self, limiter: Limiter) -> None:
        """Time every request that asks this limiter from now on."""
        acquire = limiter.acquire

        async def timed(lane: Lane, operation: str, deadline: int | None = None) -> None:
            began = time.monotonic()
            try:
                await acquire(lane, operation, deadline)
            finally:
                self.by_lane[lane].append(time.monotonic() - began)

        limiter.acquire = timed  # type: ignore[method-assign]  # measured from outside, as no user could

    def p99_ms(self, lane: Lane) -> float:
        """What 99 of 100 of them did not exceed, milliseconds."""
        at_least_two = self.by_lane[lane] * 2 or [0.0, 0.0]
        return quantiles(at_least_two, n=100)[98] * 1_000


@dataclass
class Report:
    """What happened.

    Attributes:
        placed, not_sent, refused, unknown: outcomes of the placements that were offered.
        cancelled, not_cancelled: outcomes of the cancels that were offered.
        lag_ms: how far the offering was behind its pace, at most.
        venue: what the venue counted.
    """

    placed: int = 0
    not_sent: int = 0
    refused: int = 0
    unknown: int = 0
    cancelled: int = 0
    not_cancelled: int = 0
    waits: Waits = field(default_factory=Waits)
    lag_ms: float = 0.0
    offered_s: float = 0.0
    venue: dict[str, Any] = field(default_factory=dict)

    @property
    def violations(self) -> list[str]:
        """What must not have happened."""
        found = []
        if self.venue["rate_limited"]:
            found.append(f"S8: the venue refused {self.venue['rate_limited']} requests for its limits")
        if self.waits.p99_ms(Lane.CANCEL) >= CANCELS_WAIT_MS:
            found.append(f"S8: p99 of the cancels' waits is {self.waits.p99_ms(Lane.CANCEL):.1f} ms")
        return found


class Load:
    """Places and cancels at a steady pace, whatever becomes of it."""

    def __init__(self, valr: ValrExchange) -> None:
        self.report = Report()
        self._valr = valr
        self._open: deque[InFlightOrder] = deque()
        self._count = 0

    async def stock(self, count: int, per_second: int) -> None:
        """Orders to cancel, so that more can be cancelled than is placed."""
        async with asyncio.TaskGroup() as tasks:
            await self._pace(tasks, self._place, per_second, count / per_second)
        self.report.placed = self.report.not_sent = self.report.refused = self.report.unknown = 0

    async def offer(self, placements: int, cancels: int, seconds: float) -> None:
        """So many of each per second."""
        assert self._valr._connector is not None
        self.report.waits.watch(self._valr._connector._limiter)
        began = time.monotonic()
        async with asyncio.TaskGroup() as tasks, asyncio.TaskGroup() as paces:
            paces.create_task(self._pace(tasks, self._place, placements, seconds))
            paces.create_task(self._pace(tasks, self._cancel, cancels, seconds))
        self.report.offered_s = time.monotonic() - began

    async def _pace(
        self, tasks: asyncio.TaskGroup, act: Callable[[], Awaitable[None]], per_second: int, seconds: float
    ) -> None:
        now = asyncio.get_running_loop().time
        began = now()
        for number in range(round(per_second * seconds)):
            delay = began + number / per_second - now()
            if delay > 0:
                await asyncio.sleep(delay)
            elif number % 20 == 0:
                await asyncio.sleep(0)
            self.report.lag_ms = max(self.report.lag_ms, -delay * 1_000)
            tasks.create_task(_as_coroutine(act))

    async def _place(self) -> None:
        self._count += 1
        side, price = (Side.BUY, FAR_BELOW) if self._count % 2 else (Side.SELL, FAR_ABOVE)
        try:
            order = await self._valr.place_limit_order(
                PAIR, side, amount="0.001", price=price, post_only=True
            )
        except CircuitOpenError:  # neither way was answered: somebody stands still
            self.report.not_sent += 1
            return
        if order.status is OrderStatus.OPEN:
            self.report.placed += 1
            self._open.append(order)
        elif order.status is OrderStatus.FAILED:
            self.report.not_sent += "not sent" in order.failure_reason
            self.report.refused += "not sent" not in order.failure_reason
        else:
            self.report.unknown += 1

    async def _cancel(self) -> None:
        if not self._open:
            self.report.not_cancelled += 1
            return
        outcome: CancelOutcome = await self._valr.cancel_order(self._open.popleft())
        self.report.cancelled += outcome.is_done
        self.report.not_cancelled += not outcome.is_done


async def _as_coroutine(act: Callable[[], Awaitable[None]]) -> None:
    await act()


async def run_load(placements: int, cancels: int, seconds: float) -> Report:
    """Offer a load against a venue in a process of its own, and see what both say of it."""
    async with venue_process(cache=False, open_orders_interval_s=1.0) as venue, connected(venue) as valr:
        load = Load(valr)
        missing = cancels - min(placements, MOST_PLACED_PER_S)
        await load.stock(round(max(missing, 0) * seconds + STOCK), MOST_PLACED_PER_S * 4 // 5)
        await asyncio.sleep(1.0)  # a second of its own for what is measured
        await load.offer(placements, cancels, seconds)
        load.report.venue = await venue.ask()
        return load.report


def connected(venue: VenueProcess, **settings: Any) -> ValrExchange:
    """A connector to it, without books, that leaves its orders."""
    chosen = Settings(hosts=venue.hosts, on_close="leave", **settings)
    return ValrExchange(venue.key, venue.secret, pairs=[], settings=chosen)


def figures(report: Report) -> str:
    """Everything that was measured, in a few lines."""
    waits, venue = report.waits, report.venue
    peaks = ", ".join(f"{count} {name}" for name, count in sorted(venue["peaks"].items()))
    asked = {lane: len(waits.by_lane[lane]) for lane in (Lane.CANCEL, Lane.PLACE)}
    lines = [
        (
            f"offered for {report.offered_s:.1f} s, at most {report.lag_ms:.0f} ms behind the pace; "
            f"the venue's process stood still for {venue['stalled_ms']:.0f} ms at most"
        ),
        (
            f"placements: {report.placed} placed, {report.not_sent} not sent, {report.refused} refused, "
            f"{report.unknown} unknown"
        ),
        f"cancels: {report.cancelled} done, {report.not_cancelled} not",
        f"p99 of the waits of {asked[Lane.CANCEL]} cancels: {waits.p99_ms(Lane.CANCEL):.1f} ms",
        f"p99 of the waits of {asked[Lane.PLACE]} placements: {waits.p99_ms(Lane.PLACE):.1f} ms",
        f"the venue's fullest windows: {peaks}; it refused {venue['rate_limited']}",
        f"{len(report.violations)} violations",
    ]
    return "\n".join([*lines, *report.violations])


def main() -> None:
    """The command line."""
    options = argparse.ArgumentParser(description="Offer a venue as much as its limits allow, and more.")
    options.add_argument("--placements", type=int, default=400, help="per second")
    options.add_argument("--cancels", type=int, default=450, help="per second")
    options.add_argument("--seconds", type=float, default=30.0)
    chosen = options.parse_args()
    logging.disable(logging.ERROR)
    report = asyncio.run(run_load(chosen.placements, chosen.cancels, chosen.seconds))
    sys.stdout.write(figures(report) + "\n")
    sys.exit(bool(report.violations))


if __name__ == "__main__":
    main()
