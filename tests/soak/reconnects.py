"""Loses every connection again and again, and looks at what is left of each: nothing should be.

    python -m tests.soak.reconnects --virtual 10000
    python -m tests.soak.reconnects --real 300

Everything is at its default settings, with 50 open orders. Each connection lives for a minute: in virtual
time that costs nothing, over real sockets the clocks of library and venue are put forward. Both are one
process, so what is counted is what they hold together. Exit status 1 if anything grew, or if coming back took
too long (L2).
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import sys
import time
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable, Container
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from tests.soak.footprint import Footprint, Progress, in_silence, look
from valr_connector import Hosts, ReadinessChanged, Settings, Side, ValrExchange
from valr_connector.model.enums import Socket
from valr_connector.net.connector import Clocks
from valr_connector.net.network import Network
from valr_connector.observe import metrics as m
from valr_connector.simulator.exchange import EmbeddedExchange
from valr_connector.simulator.settings import SimulatorSettings
from valr_connector.verification.network import SimulatedNetwork
from valr_connector.verification.virtual_loop import run

PAIR = "BTC-ZAR"
ORDERS = 50
LIVES_FOR_S = 61.0
"""Long enough to count as stable."""
ENDINGS = (1006, 1000, 1012)
"""Close codes in turn; 1006 is none at all."""
LIVE_WITHIN_S = 2.0
"""L2."""
BACK_WITHIN_S = 30.0
NOTICED_WITHIN_S = 0.05
"""A closed connection, by the other side."""
LOOKS = 10
MOST_GROWTH = 256 * 1024
"""Bytes that may come on top after the warm-up: full windows of limits remember 2,000 times. A connection
that stays would be tens of thousands of bytes, each time."""
LATENCY_S = 0.02
START_S = 1_000.0
WALL_NS = 1_790_000_000_000_000_000
_NS_PER_S = 1_000_000_000
VENUE = SimulatorSettings(balances={"ZAR": Decimal(10**9), "BTC": Decimal(10**3)})

Pause = Callable[[float], Awaitable[None]]


@dataclass
class Report:
    """What happened.

    Attributes:
        looks: at equal distances; before the first there was the warm-up.
        p50_s, p99_s, most_s: from the loss of the account socket until it was live again.
    """

    count: int
    looks: list[Footprint] = field(default_factory=list)
    p50_s: float = 0.0
    p99_s: float = 0.0
    most_s: float = 0.0
    seconds: float = 0.0
    rate_limited: int = 0
    open_orders: int = 0

    @property
    def growth(self) -> int:
        """Bytes that came on top after the warm-up."""
        return self.looks[-1].memory - self.looks[0].memory

    @property
    def violations(self) -> list[str]:
        """What must not have happened."""
        first, last = self.looks[0], self.looks[-1]
        found = []
        if last.tasks > first.tasks:
            found.append(f"L5: {first.tasks} tasks have become {last.tasks}")
        if last.descriptors > first.descriptors:
            found.append(f"L5: {first.descriptors} descriptors have become {last.descriptors}")
        if self.growth > MOST_GROWTH:
            found.append(f"L5: memory has grown by {self.growth} bytes")
        if self.p99_s > LIVE_WITHIN_S:
            found.append(f"L2: p99 of coming back is {self.p99_s:.3f} s")
        if self.rate_limited:
            found.append(f"S8: {self.rate_limited} requests were refused for VALR's limits")
        if self.open_orders != ORDERS:
            found.append(f"{self.open_orders} of {ORDERS} orders are open")
        return found


class Reconnecting:
    """Loses the connections of one connector.

    Args:
        pause: lets some seconds pass, on the clocks of library and venue.
    """

    def __init__(
        self, exchange: EmbeddedExchange, valr: ValrExchange, pause: Pause, progress: Progress
    ) -> None:
        self._exchange = exchange
        self._valr = valr
        self._pause = pause
        self._progress = progress
        self._changed = asyncio.Event()
        valr.on(ReadinessChanged, lambda _: self._changed.set())

    async def run(self, count: int, looks_after: Container[int]) -> Report:
        """Lose both sockets so often, and look at what is left after some of the losses."""
        report, began = Report(count), time.monotonic()
        for number in range(ORDERS):
            side, price = (Side.BUY, 900_000 + number) if number % 2 else (Side.SELL, 2_000_000 + number)
            await self._valr.place_limit_order(PAIR, side, amount="0.001", price=price, post_only=True)
        for number in range(1, count + 1):
            await self._pause(LIVES_FOR_S)
            await self._lose_once(ENDINGS[number % len(ENDINGS)])
            if number in looks_after:
                await self._come_to_rest()
                report.looks.append(look(number))
                self._progress(report.looks[-1])
        recovery = self._valr.metrics.latency(m.RECOVERY, Socket.ACCOUNT).summary()
        assert recovery.count == count, f"{recovery.count} of {count} losses were noticed"
        report.p50_s, report.p99_s = recovery.p50_ns / _NS_PER_S, recovery.p99_ns / _NS_PER_S
        report.most_s = recovery.max_ns / _NS_PER_S
        report.seconds = time.monotonic() - began
        report.rate_limited = self._exchange.stats.rate_limited
        report.open_orders = len(self._exchange.venue.open_orders(self._exchange.settings.account_id))
        return report

    async def _come_to_rest(self) -> None:
        """Close what REST keeps open for later: how many that are depends on which requests met."""
        await self._valr._started().rest.renew()
        await asyncio.sleep(NOTICED_WITHIN_S)

    async def _lose_once(self, code: int) -> None:
        assert self._exchange.drop_sockets(code=code) == len(Socket)
        async with asyncio.timeout(BACK_WITHIN_S):
            await self._until(ready=False)
            await self._until(ready=True)

    async def _until(self, *, ready: bool) -> None:
        while self._valr.ready is not ready:
            self._changed.clear()
            await self._changed.wait()


class SkippingClock:
    """This machine's clocks, with the time that was skipped on top."""

    def __init__(self) -> None:
        self._skipped = 0

    @property
    def clocks(self) -> Clocks:
        """What a connector goes by."""
        return Clocks(lambda: time.monotonic_ns() + self._skipped, self.wall)

    def wall(self) -> int:
        """Nanoseconds since 1970."""
        return time.time_ns() + self._skipped

    async def skip(self, seconds: float) -> None:
        """Let time pass at once."""
        self._skipped += round(seconds * _NS_PER_S)


async def over_real_sockets(
    count: int, looks_after: Container[int], progress: Progress = in_silence
) -> Report:
    """On loopback. Pauses are skipped, everything else takes its time."""
    clock = SkippingClock()
    async with (
        EmbeddedExchange(VENUE, clock=clock.wall, rng=Random(1)) as exchange,
        connected(exchange, Random(2), clock.clocks, None) as valr,
    ):
        return await Reconnecting(exchange, valr, clock.skip, progress).run(count, looks_after)


def in_virtual_time(count: int, looks_after: Container[int], progress: Progress = in_silence) -> Report:
    """Within the process, on a loop whose time is virtual."""
    return run(_in_virtual_time(count, looks_after, progress), start=START_S)


async def _in_virtual_time(count: int, looks_after: Container[int], progress: Progress) -> Report:
    loop = asyncio.get_running_loop()

    def monotonic() -> int:
        return round(loop.time() * _NS_PER_S)

    def wall() -> int:
        return WALL_NS + monotonic()

    exchange = EmbeddedExchange(VENUE, clock=wall, rng=Random(1))
    exchange.open()
    async with asyncio.TaskGroup() as tasks:
        network = SimulatedNetwork(exchange, rng=Random(2), latency_s=LATENCY_S, tasks=tasks)
        async with connected(exchange, Random(3), Clocks(monotonic, wall), network.as_network) as valr:
            report = await Reconnecting(exchange, valr, _sleep, progress).run(count, looks_after)
        await exchange.stop()
    return report


async def _sleep(seconds: float) -> None:
    await asyncio.sleep(seconds)


@asynccontextmanager
async def connected(
    exchange: EmbeddedExchange, rng: Random, clocks: Clocks, network: Network | None
) -> AsyncIterator[ValrExchange]:
    """A started connector at its default settings."""
    key, at = exchange.add_api_key(exchange.settings.account_id), exchange.endpoints
    hosts = Hosts(rest=at.rest, account_socket=at.ws_account, trade_socket=at.ws_trade)
    settings = Settings(hosts=hosts)
    async with ValrExchange(
        key.key, key.secret, pairs=[PAIR], settings=settings, rng=rng, clocks=clocks, network=network
    ) as valr:
        yield valr


def figures(report: Report) -> str:
    """Everything that was measured, in a few lines."""
    lines = [
        f"{report.count} reconnects with {report.open_orders} open orders in {report.seconds:.0f} s",
        f"from lost to live: p50 {report.p50_s:.3f} s, p99 {report.p99_s:.3f} s, most {report.most_s:.3f} s",
        f"memory since the first look: {report.growth / 1024:+.1f} KiB",
        f"{len(report.violations)} violations",
    ]
    return "\n".join([*lines, *report.violations])


def _now_and_then(count: int) -> range:
    step = max(count // LOOKS, 1)
    return range(step, count + 1, step)


def _say(seen: Footprint) -> None:
    sys.stdout.write(f"after {seen.at:g}: {seen}\n")
    sys.stdout.flush()


def main() -> None:
    """The command line."""
    options = argparse.ArgumentParser(description="Lose every connection again and again.")
    options.add_argument("--virtual", type=int, default=0, help="so often in virtual time")
    options.add_argument("--real", type=int, default=0, help="so often over real sockets")
    chosen = options.parse_args()
    logging.disable(logging.ERROR)
    tracemalloc.start()
    reports = []
    if chosen.virtual:
        sys.stdout.write("in virtual time\n")
        reports.append(in_virtual_time(chosen.virtual, _now_and_then(chosen.virtual), _say))
        sys.stdout.write(figures(reports[-1]) + "\n")
    if chosen.real:
        sys.stdout.write("over real sockets\n")
        reports.append(asyncio.run(over_real_sockets(chosen.real, _now_and_then(chosen.real), _say)))
        sys.stdout.write(figures(reports[-1]) + "\n")
    sys.exit(any(report.violations for report in reports))


if __name__ == "__main__":
    main()
