"""A day of trading at 50 orders a second in virtual time, as fast as it goes, to see whether memory grows.

    python -m tests.soak.day --hours 24 --at-most-s 5400

Half of the orders are cancelled, half are filled by others, every second of these while its cancel is on its
way, and every ten minutes both sockets are lost. The library is the one that is shipped, down to the bytes of
each frame; the venue (`light_venue`) is as light as it can be, so that a day fits into an hour or so, and
holds a bounded history of a few minutes. What is counted is all memory that the system has given to this
process. That grows by steps, hardly shrinks, and takes hours to show a slope; --exact counts what Python's
objects hold instead, those of the library's files by themselves, at less than half the speed.

Exit status 1 if it grows by more than 1 MiB for each hour after the warm-up, or if a fill was lost or told
twice.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import time
import tracemalloc
from dataclasses import dataclass, field
from random import Random

from tests.soak.footprint import Footprint, Progress, in_silence, look, slope
from tests.soak.light_network import HOSTS, LightNetwork
from tests.soak.light_venue import LOT
from tests.soak.reconnects import PAIR, START_S, WALL_NS
from valr_connector import OrderFailed, OrderFilled, Settings, Side, ValrExchange
from valr_connector.net.connector import Clocks
from valr_connector.verification.virtual_loop import run, running_loop

ORDERS_PER_S = 50
LIVES_FOR_S = 0.5
"""From placing an order to cancelling it, or filling it."""
LOSSES_EVERY_S = 600.0
LOOKS_PER_HOUR = 12
WARM_UP_HOURS = 0.25
MOST_MIB_PER_HOUR = 1.0
QUIET_S = 40.0
HOUR_S = 3_600.0


@dataclass(slots=True)
class Tally:
    """Fills, without remembering any: how many, and the sum of their ids."""

    count: int = 0
    ids: int = 0

    def add(self, trade_id: str) -> None:
        """Count one fill."""
        self.count += 1
        self.ids += int(trade_id.replace("-", ""), 16)


@dataclass
class Report:
    """What happened.

    Attributes:
        looks: at times in hours.
        placed: orders that were placed; those that failed did so while the connection was lost.
        told, traded: fills that the library told, and that the venue made.
        hours: of virtual time that passed in `seconds`.
    """

    looks: list[Footprint] = field(default_factory=list)
    placed: int = 0
    failed: int = 0
    losses: int = 0
    told: Tally = field(default_factory=Tally)
    traded: Tally = field(default_factory=Tally)
    in_flight: int = 0
    hours: float = 0.0
    seconds: float = 0.0

    @property
    def mib_per_hour(self) -> float:
        """How much memory each hour takes after the warm-up; 0 without two looks after it."""
        points = [(each.at, each.memory / 2**20) for each in self.looks if each.at >= WARM_UP_HOURS]
        return slope(points) if len(points) > 1 else 0.0

    @property
    def violations(self) -> list[str]:
        """What must not have happened."""
        found = []
        if self.mib_per_hour > MOST_MIB_PER_HOUR:
            found.append(f"memory grows by {self.mib_per_hour:.2f} MiB per hour")
        if self.told != self.traded:
            found.append(f"S3: {self.told.count} fills were told, {self.traded.count} were made")
        if self.in_flight:
            found.append(f"L1: {self.in_flight} orders are still in flight")
        return found


class Day:
    """Trades against the venue from within the same process."""

    def __init__(self, network: LightNetwork, valr: ValrExchange, rng: Random, progress: Progress) -> None:
        self.report = Report()
        self._progress = progress
        self._network = network
        self._valr = valr
        self._rng = rng
        valr.on(OrderFilled, lambda event: self.report.told.add(event.fill.trade_id))
        valr.on(OrderFailed, self._count_failure)
        network.venue.traded = self.report.traded.add

    async def run(self, hours: float, at_most_s: float) -> Report:
        """Trade until so many virtual hours or so many real seconds have passed."""
        now, began = asyncio.get_running_loop().time, time.monotonic()
        start = now()
        next_look = next_loss = 0.0
        async with asyncio.TaskGroup() as tasks:
            while (passed := now() - start) < hours * HOUR_S and time.monotonic() - began < at_most_s:
                if passed >= next_look:
                    self._look(passed / HOUR_S)
                    next_look += HOUR_S / LOOKS_PER_HOUR
                if passed >= next_loss + LOSSES_EVERY_S:
                    self.report.losses += bool(self._network.drop_sockets())
                    next_loss += LOSSES_EVERY_S
                tasks.create_task(self._one_order())
                await asyncio.sleep(1 / ORDERS_PER_S)
        await asyncio.sleep(QUIET_S)
        self.report.hours = (now() - start) / HOUR_S
        self.report.seconds = time.monotonic() - began
        self.report.in_flight = len(self._valr.orders)
        return self.report

    def _look(self, hours: float) -> None:
        self.report.looks.append(look(hours))
        self._progress(self.report.looks[-1])

    async def _one_order(self) -> None:
        """From its placing to its end."""
        if not self._valr.ready:
            return
        self.report.placed += 1
        side = self._rng.choice(tuple(Side))
        price = 1_000_000 + self._rng.randrange(1_000) if side is Side.BUY else 2_000_000
        order = await self._valr.place_limit_order(PAIR, side, amount=LOT, price=price, post_only=True)
        await asyncio.sleep(LIVES_FOR_S)
        if self._rng.random() < 0.5:
            self._network.venue.take(order.exchange_order_id or "")
            await asyncio.sleep(self._rng.choice((0.0, LIVES_FOR_S)))
        while not order.is_done:
            await self._valr.cancel_order(order)

    def _count_failure(self, _: OrderFailed) -> None:
        self.report.failed += 1


def run_day(hours: float, at_most_s: float, progress: Progress = in_silence) -> Report:
    """A day, or a part of one, in virtual time."""
    return run(_run_day(hours, at_most_s, progress), start=START_S)


async def _run_day(hours: float, at_most_s: float, progress: Progress) -> Report:
    loop = running_loop()
    clocks = Clocks(lambda: loop.now_ns, lambda: WALL_NS + loop.now_ns)
    network = LightNetwork(clocks.wall)
    async with ValrExchange(
        "key",
        "secret",
        pairs=[PAIR],
        settings=Settings(hosts=HOSTS),
        rng=Random(3),
        clocks=clocks,
        network=network.as_network,
    ) as valr:
        return await Day(network, valr, Random(4), progress).run(hours, at_most_s)


def figures(report: Report) -> str:
    """Everything that was measured, in a few lines."""
    lines = [
        f"{report.hours:.2f} hours in {report.seconds:.0f} s",
        f"{report.placed} orders, {report.failed} failed; {report.traded.count} fills; {report.losses} cuts",
        f"memory after the first {WARM_UP_HOURS} h: {report.mib_per_hour:+.3f} MiB per hour",
        f"{len(report.violations)} violations",
    ]
    return "\n".join([*lines, *report.violations])


class _Teller:
    """Says each look, and the slope so far."""

    def __init__(self) -> None:
        self._report = Report()

    def __call__(self, seen: Footprint) -> None:
        self._report.looks.append(seen)
        slope_so_far = f"{self._report.mib_per_hour:+.3f} MiB per hour"
        sys.stdout.write(f"after {seen.at:.2f} h: {seen}; {slope_so_far}\n")
        sys.stdout.flush()


def main() -> None:
    """The command line."""
    options = argparse.ArgumentParser(description="Trade for a day in virtual time, and watch the memory.")
    options.add_argument("--hours", type=float, default=24.0, help="of virtual time, at most")
    options.add_argument("--at-most-s", type=float, default=3_600.0, help="real seconds, at most")
    options.add_argument("--exact", action="store_true", help="count what Python's objects hold")
    chosen = options.parse_args()
    logging.disable(logging.ERROR)
    if chosen.exact:
        tracemalloc.start()
    report = run_day(chosen.hours, chosen.at_most_s, _Teller())
    sys.stdout.write(figures(report) + "\n")
    sys.exit(bool(report.violations))


if __name__ == "__main__":
    main()
