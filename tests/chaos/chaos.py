"""A market maker over real sockets through a network that breaks all the time, compared with the venue.

    python -m tests.chaos.chaos --faults 200 --seed 1
    VALR_TRANSPORT=picows python -m tests.chaos.chaos --loop uvloop

Exit status 1 if an invariant did not hold, coming back in time (L2) among them.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import logging
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from decimal import Decimal
from random import Random

import uvloop

from tests.chaos.proxy import Kind, Proxy
from tests.chaos.recovery import Recovery, percentile
from tests.chaos.report import Report, figures, unknown_s
from tests.chaos.stage import ACCOUNT, PAIR, RIVAL, SETTINGS, SYMBOL, VENUE, connected, port_of
from tests.chaos.storm import Storm
from tests.soak.kill_maker import Taker
from valr_connector import (
    CancelUnknown,
    Event,
    OrderStatus,
    PlacementUnknown,
    Settings,
    Side,
    ValrExchange,
)
from valr_connector.cli.maker_example import load_market_maker
from valr_connector.observe import metrics as m
from valr_connector.simulator.exchange import EmbeddedExchange
from valr_connector.verification.invariants import (
    AT_QUIESCENCE,
    EACH_ORDER,
    OfOneOrder,
    Truth,
    Violation,
    l1_agreement,
    l1_no_unknown,
    l4_no_accumulation,
    l5_closes_in_time,
    s9_nothing_left,
    truth_of,
)
from valr_connector.verification.story import OrderStory, Recorder

QUIET_PAIR = "ETH-ZAR"
RESTING = 48
"""Orders that rest beside the two quotes."""
REFRESH_S = 0.1
RESOLVED_WITHIN_S = 30.0
"""L1: after the last fault, every unknown is resolved by then."""
LIVE_WITHIN_S = 2.0
"""L2."""
CALM_WITHIN_S = 20.0
LOOK_S = 0.01
LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}
SHOWS_WITHIN_S = 0.2
"""What breaks a connection at once is known by then."""


class Chaos:
    """One maker, one venue, and the proxy between them."""

    def __init__(
        self,
        exchange: EmbeddedExchange,
        proxy: Proxy,
        valr: ValrExchange,
        settings: Settings,
        rng: Random,
        report: Report,
    ) -> None:
        self.report = report
        self._settings = settings
        self._exchange = exchange
        self._proxy = proxy
        self.valr = valr
        self._rng = rng
        self._stop = asyncio.Event()
        self._recorder = Recorder(time.time_ns)
        note = report.recovery.chronicle.note
        self.storm = Storm(proxy, Random(rng.random()), self.calm, note)
        valr.on(Event, self._recorder.hear)
        self.report.recovery.follow(valr)

    async def run(self, weather: Weather) -> None:
        """Let a maker run through that weather, come to rest, and be compared."""
        await self._rest_orders()
        async with asyncio.TaskGroup() as tasks:
            others = [
                tasks.create_task(Taker(self._exchange, self._rng).run()),
                tasks.create_task(self._watch_accumulation()),
                tasks.create_task(self.report.recovery.chronicle.watch_the_loop()),
            ]
            maker = tasks.create_task(self._make())
            await weather(self)
            self._stop.set()
            await maker
            for task in others:
                task.cancel()
        await self._come_to_rest()
        await self._close()
        self._judge()

    # --- the user ------------------------------------------------------------------------------------

    async def _rest_orders(self) -> None:
        """Far away from any market, where nobody takes them."""
        for number in range(RESTING):
            side, price = (Side.BUY, 20_000 + number) if number % 2 else (Side.SELL, 90_000 + number)
            await self.valr.place_limit_order(QUIET_PAIR, side, amount="0.1", price=price, post_only=True)

    async def _make(self) -> None:
        maker = load_market_maker()(
            self.valr,
            pair=PAIR,
            spread=Decimal(4),
            amount=Decimal("0.001"),
            refresh_s=REFRESH_S,
            max_position=Decimal(1),
            skew=Decimal(1),
        )
        await maker.run(self._stop)

    # --- watching --------------------------------------------------------------------------------------

    async def calm(self) -> None:
        """Wait until the library has noticed everything and mended it."""
        recovery = self.report.recovery
        recovery.calm_began()
        await asyncio.sleep(SHOWS_WITHIN_S)
        patience_s = self._settings.silence_timeout_s + CALM_WITHIN_S
        for _ in range(round(patience_s / LOOK_S)):
            if self._is_well():
                break
            await asyncio.sleep(LOOK_S)
        else:
            self._found([Violation("L2", f"not ready {patience_s:g} s after a fault: {self._why_not()}")])
        recovery.calm_ended()

    def _is_well(self) -> bool:
        return self.valr.ready and not self._proxy.deceives(Kind.ACCOUNT, Kind.TRADE)

    def _why_not(self) -> str:
        return "; ".join(
            f"{part}: {each.why_not}" for part, each in self.valr.status.items() if not each.ready
        )

    async def _watch_accumulation(self) -> None:
        while True:
            await asyncio.sleep(REFRESH_S)
            in_doubt = [
                order
                for order in self.valr.orders.values()
                if order.pair == PAIR
                and (order.status is OrderStatus.PENDING_CREATE or order.is_being_cancelled)
            ]
            quotes = [o for o in self._exchange.venue.open_orders(ACCOUNT) if o.symbol == SYMBOL]
            self._found(l4_no_accumulation(len(quotes), len(in_doubt)))

    async def _come_to_rest(self) -> None:
        """Wait until both sides agree; what is not resolved in time is a violation."""
        now = asyncio.get_running_loop().time
        while [*self._disagreements()]:
            if now() - self.storm.struck_at > RESOLVED_WITHIN_S:
                self._found(self._disagreements())
                return
            await asyncio.sleep(LOOK_S)
        self.report.resolved_s = now() - self.storm.struck_at

    def _disagreements(self) -> Iterator[Violation]:
        stories, truth = self._stories(), self._truth()
        if self.valr.failure is not None:
            yield Violation("L1", f"the connector stopped: {self.valr.failure}")
        elif not self.valr.ready:
            yield Violation("L1", f"not ready: {self._why_not()}")
        yield from l1_no_unknown(stories)
        yield from l1_agreement(stories, truth)
        yield from _of_each(stories, truth, AT_QUIESCENCE)

    async def _close(self) -> None:
        began = time.monotonic()
        report = await self.valr.close()
        self.report.closed_s = time.monotonic() - began
        closed_at = time.time_ns()
        self._found(l5_closes_in_time(self.report.closed_s, [], self._settings.close_timeout_s))
        self._found(s9_nothing_left(self._stories(), self._truth(), report.remaining, closed_at))

    def _judge(self) -> None:
        stories, truth = self._stories(), self._truth()
        self._found(_of_each(stories, truth, EACH_ORDER))
        self._found(self._mishaps())
        report, stats = self.report, self._exchange.stats
        if stats.rate_limited:
            self._found([Violation("S8", f"{stats.rate_limited} requests were refused for VALR's limits")])
        named = " ".join(map(str, report.violations))
        report.stories = [story.order.story() for story in stories if story.order.client_order_id in named]
        report.faults = self.storm.struck
        report.orders = len(self._exchange.venue.orders(ACCOUNT))
        report.fills = len(self._exchange.venue.trades(ACCOUNT))
        report.most_open = stats.max_open_orders[ACCOUNT]
        report.rare = self._recorder.rare
        for story in stories:
            for doubt in (PlacementUnknown, CancelUnknown):
                report.unknown[doubt.__name__, story.order.status.value] += story.has(doubt)
            report.unknown_s += unknown_s(story)
        snapshot = self.valr.metrics.snapshot()
        report.rest_failures = sum(
            value
            for name, value in snapshot.items()
            if name.startswith("rest_failures") and isinstance(value, int)
        )

    def _mishaps(self) -> Iterator[Violation]:
        """What the library caught itself: whatever raised, something of a frame or an event was lost."""
        for name, value in self.valr.metrics.snapshot().items():
            if name.startswith((m.HANDLER_ERRORS.name, m.CALLBACK_ERRORS.name)) and value:
                yield Violation("S10", f"{name} is {value}")

    def _stories(self) -> Sequence[OrderStory]:
        for order in self.valr.orders.values():
            self._recorder.of(order)
        return tuple(self._recorder.stories.values())

    def _truth(self) -> Truth:
        venue = self._exchange.venue
        return truth_of(reversed(venue.orders(ACCOUNT)), reversed(venue.trades(ACCOUNT)))

    def _found(self, violations: Iterator[Violation] | list[Violation]) -> None:
        self.report.violations += violations


def _of_each(
    stories: Sequence[OrderStory], truth: Truth, invariants: Sequence[OfOneOrder]
) -> Iterator[Violation]:
    for story in stories:
        for invariant in invariants:
            yield from invariant(story, truth)


Weather = Callable[[Chaos], Awaitable[None]]


def storm_of(faults: int, lasts_s: float = 120.0) -> Weather:
    """So many faults. After `lasts_s` seconds nothing waits for calm any more between them."""

    async def weather(chaos: Chaos) -> None:
        await chaos.storm.rage(faults, asyncio.get_running_loop().time() + lasts_s)

    return weather


async def run_chaos(weather: Weather, seed: int, settings: Settings = SETTINGS) -> Report:
    """Send a maker through that weather."""
    began, before = time.monotonic(), asyncio.all_tasks()
    rng, report = Random(seed), Report()
    exchange = EmbeddedExchange(VENUE, rng=Random(rng.random()))
    exchange.open_account(RIVAL)
    async with (
        exchange,
        Proxy(port_of(exchange), Random(rng.random())) as proxy,
        connected(exchange, proxy, settings, rng, report.recovery.chronicle.network()) as valr,
    ):
        await Chaos(exchange, proxy, valr, settings, rng, report).run(weather)
    report.seconds = time.monotonic() - began
    left = [str(task.get_coro()) for task in asyncio.all_tasks() - before]
    report.violations += l5_closes_in_time(0, left, 0)
    report.violations = list(dict.fromkeys(report.violations))
    return report


def l2_back_in_time(recovery: Recovery) -> Iterator[Violation]:
    """The account socket is live again soon, other programs on this machine apart."""
    slow = percentile(recovery.own_s, 99)
    if slow > LIVE_WITHIN_S:
        yield Violation("L2", f"p99 of coming back is {slow:.3f} s")


def main() -> None:
    """The command line."""
    options = argparse.ArgumentParser(description="Run a market maker through a storm of network faults.")
    options.add_argument("--faults", type=int, default=200)
    options.add_argument("--seed", type=int, default=time.time_ns() % 1_000_000)
    options.add_argument("--standby", action="store_true", help="with a warm standby")
    options.add_argument("--loop", choices=LOOPS, default="asyncio", help="what it runs on")
    options.add_argument("--log", help="write the library's log to this file")
    chosen = options.parse_args()
    if chosen.log:
        logging.basicConfig(
            filename=chosen.log, filemode="w", level=logging.INFO, format="%(asctime)s %(name)s %(message)s"
        )
    else:
        logging.disable(logging.ERROR)
    settings = SETTINGS.model_copy(update={"warm_standby": chosen.standby})
    _say(f"seed {chosen.seed}\n")
    with (
        contextlib.redirect_stdout(io.StringIO()),  # the maker says which quotes may have survived
        asyncio.Runner(loop_factory=LOOPS[chosen.loop]) as runner,
    ):
        report = runner.run(run_chaos(storm_of(chosen.faults), chosen.seed, settings))
    report.violations += l2_back_in_time(report.recovery)
    _say(figures(report) + "\n")
    sys.exit(bool(report.violations))


def _say(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


if __name__ == "__main__":
    main()
