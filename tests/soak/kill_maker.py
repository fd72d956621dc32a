"""Kills a market maker with SIGKILL at random moments, starts it again from its journal, and compares (S12).

    python -m tests.soak.kill_maker --kills 100 --seed 1

The venue runs in this process and outlives every maker; others trade against the maker's orders all the time,
also while it is dead. Exit status 1 if anything was lost, doubled or told otherwise than it happened.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from asyncio.subprocess import PIPE, Process, create_subprocess_exec
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import orjson

from valr_connector.simulator.exchange import EmbeddedExchange
from valr_connector.simulator.settings import SimulatorSettings
from valr_connector.simulator.vocabulary import NewOrder, State, VenueOrder

ROOT = Path(__file__).resolve().parents[2]
SYMBOL = "BTCZAR"
MAKER = "0"
RIVAL = "9"
TAKES_EVERY_S = 0.02
LAST_LIFE_S = 2.0
MOST_LINES = 60
"""A maker is killed after it was told something new so often, at most."""
LONGEST_DELAY_S = 0.03

VENUE = SimulatorSettings(
    crowd=True,
    crowd_interval_s=0.05,
    crowd_prices={SYMBOL: Decimal(1_500_000)},
    balances={"ZAR": Decimal(100_000_000), "BTC": Decimal(100)},
    request_jitter_s=0.002,
    processing_latency_s=0.001,
    processing_jitter_s=0.004,
    event_jitter_s=0.002,
    reply_jitter_s=0.004,
    rate_limits=None,
)
ENDINGS = {"OrderCompleted", "OrderCancelled", "OrderExpired", "OrderFailed"}
STATUS_OF = {State.FILLED: "FILLED", State.CANCELLED: "CANCELLED", State.FAILED: "FAILED"}


@dataclass
class Told:
    """What all makers were told, in order, and what of it cannot be."""

    events: Counter[tuple[str, str]] = field(default_factory=Counter)
    status: dict[str, str] = field(default_factory=dict)
    fees: dict[str, tuple[str, str] | None] = field(default_factory=dict)
    filled: set[str] = field(default_factory=set)
    handed_down: set[str] = field(default_factory=set)
    unconfirmed: int = 0
    violations: list[str] = field(default_factory=list)

    def take(self, line: dict[str, Any]) -> None:
        """One thing that a maker was told."""
        name, order, fills = line["event"], line.get("order", ""), line.get("fills", {})
        if not order:
            return
        self.events[name, order] += 1
        self.status[order] = line["status"]
        self.fees |= {trade: None if fee is None else (fee[0], fee[1]) for trade, fee in fills.items()}
        if name == "Restored":
            self.handed_down |= fills.keys()
            self.unconfirmed += line["status"] == "PENDING_CREATE"
        elif name == "OrderFilled":
            self.violations += [f"fill {trade} told again" for trade in fills if trade in self._known_fills]
            self.filled |= fills.keys()

    @property
    def _known_fills(self) -> set[str]:
        return self.filled | self.handed_down

    def compare(self, exchange: EmbeddedExchange) -> None:
        """Hold it against the venue, once all is quiet."""
        orders, trades = exchange.venue.orders(MAKER), exchange.venue.trades(MAKER)
        found = self.violations
        ids = Counter(order.request.customer_order_id for order in orders)
        found += [f"{count} orders for the one intent {name}" for name, count in ids.items() if count > 1]
        found += [f"{order.request.customer_order_id} is still open" for order in orders if order.is_open]
        found += [f"{name}: {problem}" for name in self._names for problem in self._story_problems(name)]
        found += [problem for order in orders for problem in self._order_problems(order)]
        fees = {trade.trade_id: (str(trade.fee.normalize()), trade.fee_currency) for trade in trades}
        found += [f"fill {trade} was never told" for trade in fees.keys() - self._known_fills]
        found += [f"fill {trade} never was" for trade in self._known_fills - fees.keys()]
        found += [
            f"fill {trade}: fee {self.fees[trade]} here, {fee} there"
            for trade, fee in fees.items()
            if trade in self.fees and self.fees[trade] != fee
        ]
        if exchange.stats.max_open_orders[MAKER] > 2:
            found.append(f"{exchange.stats.max_open_orders[MAKER]} orders were open at once")

    @property
    def _names(self) -> set[str]:
        return {order for _, order in self.events}

    def _story_problems(self, name: str) -> list[str]:
        endings = sum(self.events[ending, name] for ending in ENDINGS)
        problems = [f"ended {endings} times"] if endings > 1 else []
        if self.events["OrderCreated", name] > 1:
            problems.append("created more than once")
        return problems

    def _order_problems(self, order: VenueOrder) -> list[str]:
        name = order.request.customer_order_id
        there = "unprocessed" if order.state is None else STATUS_OF.get(order.state, order.state.value)
        here = self.status.get(name, "unknown")
        return [] if here == there else [f"{name}: {here} here, {there} there"]


@dataclass
class Report:
    """What happened.

    Attributes:
        kills: how many makers were killed.
        orders, fills: how many there were at the venue.
        fills_handed_down: fills that a maker had from the journal.
        unconfirmed: orders that a maker took over without knowing whether VALR had them.
        seconds: how long it all took.
        violations: everything that must not have happened.
    """

    kills: int
    orders: int
    fills: int
    fills_handed_down: int
    unconfirmed: int
    seconds: float
    violations: list[str]


class Taker:
    """Somebody who trades against the maker's orders, whether it lives or not."""

    def __init__(self, exchange: EmbeddedExchange, rng: Random) -> None:
        self._venue = exchange.venue
        self._rng = rng

    async def run(self) -> None:
        """Take until cancelled."""
        while True:
            await asyncio.sleep(self._rng.uniform(0, 2 * TAKES_EVERY_S))
            open_orders = self._venue.open_orders(MAKER, SYMBOL)
            if open_orders:
                self._take(self._rng.choice(open_orders))

    def _take(self, order: VenueOrder) -> None:
        part = self._rng.choice([Decimal("0.0003"), Decimal("0.0005"), Decimal("0.001")])
        request = NewOrder(
            symbol=order.symbol,
            side="sell" if order.request.side == "buy" else "buy",
            kind="limit",
            quantity=part,
            price=order.price,
            time_in_force="IOC",
        )
        taken = self._venue.accept(RIVAL, request)
        self._venue.process(taken.order_id)


async def kill_and_compare(
    kills: int, rng: Random, journal: Path, progress: Callable[[int], object] = lambda _: None
) -> Report:
    """Kill a maker so often, let the last one end in good order, and compare all they were told."""
    began = time.monotonic()
    exchange, told = EmbeddedExchange(VENUE, rng=Random(rng.random())), Told()
    exchange.open_account(RIVAL)
    async with exchange:
        taking = asyncio.create_task(Taker(exchange, rng).run())
        try:
            for number in range(kills):
                await _one_life(exchange, journal, told, rng)
                progress(number + 1)
            await _last_life(exchange, journal, told)
        finally:
            taking.cancel()
            await asyncio.gather(taking, return_exceptions=True)
        told.compare(exchange)
        return Report(
            kills=kills,
            orders=len(exchange.venue.orders(MAKER)),
            fills=len(exchange.venue.trades(MAKER)),
            fills_handed_down=len(told.handed_down),
            unconfirmed=told.unconfirmed,
            seconds=time.monotonic() - began,
            violations=told.violations,
        )


async def _one_life(exchange: EmbeddedExchange, journal: Path, told: Told, rng: Random) -> None:
    maker = await _start(exchange, journal)
    try:
        await _hear_news(maker, told, rng.randint(0, MOST_LINES))
        await asyncio.sleep(rng.uniform(0, LONGEST_DELAY_S))
    finally:
        if maker.returncode is None:
            maker.kill()
    while await _hear(maker, told):
        pass
    if await maker.wait() >= 0:
        told.violations.append(f"a maker ended by itself, with status {maker.returncode}")


async def _hear_news(maker: Process, told: Told, count: int) -> None:
    """So many lines about something new; what is handed down comes on top."""
    while count and (line := await _hear(maker, told)):
        count -= b'"event":"Restored"' not in line


async def _last_life(exchange: EmbeddedExchange, journal: Path, told: Told) -> None:
    maker = await _start(exchange, journal)
    await _hear(maker, told)  # only one that has begun can end in good order
    try:
        async with asyncio.timeout(LAST_LIFE_S):
            while await _hear(maker, told):
                pass
    except TimeoutError:
        maker.terminate()
    while await _hear(maker, told):
        pass
    if await maker.wait():
        told.violations.append(f"the last maker ended with status {maker.returncode}")


async def _start(exchange: EmbeddedExchange, journal: Path) -> Process:
    key, at = exchange.add_api_key(MAKER), exchange.endpoints
    hosts = {"rest": at.rest, "account_socket": at.ws_account, "trade_socket": at.ws_trade}
    return await create_subprocess_exec(
        sys.executable, "-m", "tests.soak.maker", orjson.dumps(hosts).decode(), str(journal),
        stdout=PIPE, cwd=ROOT, env={**os.environ, "VALR_API_KEY": key.key, "VALR_API_SECRET": key.secret},
    )  # fmt: skip


async def _hear(maker: Process, told: Told) -> bytes:
    """One line of it; empty at the end. A line that death has torn off was not told."""
    assert maker.stdout is not None
    line = await maker.stdout.readline()
    if line.endswith(b"\n"):
        told.take(orjson.loads(line))
    return line


def main() -> None:
    """The command line."""
    options = argparse.ArgumentParser(description="Kill a market maker again and again, and compare.")
    options.add_argument("--kills", type=int, default=100)
    options.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    chosen = options.parse_args()
    _say(f"seed {chosen.seed}\n")

    def progress(number: int) -> None:
        _say(f"\r{number} of {chosen.kills} killed")

    with TemporaryDirectory() as directory:
        journal = Path(directory) / "orders.journal"
        report = asyncio.run(kill_and_compare(chosen.kills, Random(chosen.seed), journal, progress))
    _say(
        f"\n{report.orders} orders and {report.fills} fills at the venue in {report.seconds:.0f} s; "
        f"{report.unconfirmed} orders taken over unconfirmed, {report.fills_handed_down} fills handed down; "
        f"{len(report.violations)} violations\n"
    )
    for violation in report.violations:
        _say(f"{violation}\n")
    sys.exit(bool(report.violations))


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
