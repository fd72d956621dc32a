"""A maker that refreshes two quotes every second, for hours, through all kinds of faults.

It is L4's own proof: whatever happens, there are never more than two orders at the venue, and those that are
on their way. It is one world from beginning to end; what is over and agreed upon is judged each minute, and
forgotten, so that a day is no more than its minutes.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from random import Random
from typing import Final

from valr_connector.verification import schedule as s
from valr_connector.verification.disk import directory
from valr_connector.verification.generate_faults import CANCELLING, PLACING, SOCKETS, FaultMaker, Mix
from valr_connector.verification.generate_trading import LADDER, MIDDLE
from valr_connector.verification.invariants import (
    AT_QUIESCENCE,
    EACH_ORDER,
    Truth,
    Violation,
    s8_within_limits,
)
from valr_connector.verification.judge import at_each_step, disagreements, of_a_life
from valr_connector.verification.room import s8_cancels_first
from valr_connector.verification.run import START_S
from valr_connector.verification.secrecy import Secrecy, log_read_by
from valr_connector.verification.story import OrderStory
from valr_connector.verification.succession import s12_nothing_lost_or_doubled
from valr_connector.verification.surroundings import Surroundings
from valr_connector.verification.trace import Trace
from valr_connector.verification.user import User
from valr_connector.verification.virtual_loop import run
from valr_connector.verification.world import World, rules_of

EVERY_S: Final = 1.0
HOUR_S: Final = 3600.0
_MINUTE_S: Final = 60
_NS_PER_S: Final = 1_000_000_000
_JUDGED_AFTER_S: Final = 30
"""An order that has ended is judged when so much time has passed since its last event."""
_SETTLED_WITHIN_S: Final = 1800
"""No order is in doubt for so long."""
_CRASHES_A_SECOND: Final = 1 / 600
_REST_S: Final = 150.0
_MIX: Final = Mix(aimed=0.05, others=2, sockets=3, rest=2)
_SETTINGS: Final = {"ping_interval_s": 3.0, "silence_timeout_s": 8.0, "reconcile_interval_s": 30.0}
_DIALECT: Final = {"event_jitter_s": 0.02, "events_may_swap": True, "processing_jitter_s": 0.02}


@dataclass(slots=True)
class RefreshReport:
    """What a loop came to.

    Attributes:
        hours: of virtual time so far.
        refreshes: how often the quotes were renewed, or were to be.
        orders: how many the venue accepted.
        most_open: how many quotes were open at the venue at most.
    """

    hours: float = 0.0
    refreshes: int = 0
    orders: int = 0
    most_open: int = 0
    violations: list[Violation] = field(default_factory=list)
    faults: Counter[str] = field(default_factory=Counter)
    rare: Counter[str] = field(default_factory=Counter)


def run_refresh_loop(
    hours: float,
    seed: int,
    progress: Callable[[RefreshReport], None] = lambda _: None,
    *,
    record: Path | None = None,
) -> RefreshReport:
    """Refresh for so many hours of virtual time.

    Args:
        progress: told after every hour, with what was found so far.
        record: where each connector of the loop records its session, in a directory of its own.
    """
    secrecy = Secrecy()
    with directory(is_wanted=True) as path, log_read_by(secrecy, logging.WARNING):
        return run(_Loop(hours, seed, progress, path, secrecy, record=record).run(), start=START_S)


class _Loop:
    def __init__(
        self,
        hours: float,
        seed: int,
        progress: Callable[[RefreshReport], None],
        path: Path | None,
        secrecy: Secrecy,
        *,
        record: Path | None,
    ) -> None:
        self._record = record
        self._seconds = round(hours * HOUR_S)
        self._schedule = s.Schedule(
            seed=seed, venue=_DIALECT, settings=_SETTINGS, latency_s=0.02, journal=True
        )
        self._rng = Random(f"refresh loop {seed}")
        self._faults = FaultMaker(self._rng, _MIX, SOCKETS)
        self._drift = 0
        self._progress = progress
        self._path = path
        self._secrecy = secrecy
        self._report = RefreshReport()

    async def run(self) -> RefreshReport:
        """Refresh, come to rest, close, and judge what is left."""
        loop = asyncio.get_running_loop()
        async with asyncio.TaskGroup() as tasks:
            world = World(
                self._schedule,
                rules_of(self._schedule),
                tasks,
                Trace(loop.time, is_on=False),
                directory=self._path,
                secrecy=self._secrecy,
                record=self._record,
            )
            user, surroundings = User(world), Surroundings(world)
            await user.start()
            for second in range(self._seconds):
                await self._one_second(second, world, user, surroundings)
            await self._rest(world, user)
            await user.close()
            await world.exchange.stop()
        self._judge_the_rest(world, user)
        self._count(world, user)
        return self._report

    async def _one_second(self, second: int, world: World, user: User, surroundings: Surroundings) -> None:
        loop = asyncio.get_running_loop()
        until = loop.time() + EVERY_S
        began = loop.time()
        self._report.violations += at_each_step(world)
        for step in sorted(self._steps(second), key=lambda step: step.at):
            await asyncio.sleep(max(0.0, began + step.at - loop.time()))
            if user.does(step):
                user.do(step)
            else:
                surroundings.do(step)
        self._report.refreshes += 1
        await asyncio.sleep(max(0.0, until - loop.time()))
        if second % _MINUTE_S == _MINUTE_S - 1:
            self._judge_what_is_over(world)
        if (second + 1) % HOUR_S == 0:
            self._report.hours = (second + 1) / HOUR_S
            self._count(world, user)
            self._progress(self._report)

    def _steps(self, second: int) -> Iterator[s.AnyStep]:
        """What happens within one second."""
        rng = self._rng
        if second % 20 == 0:
            self._drift += rng.randint(-3_000, 3_000)
            middle = MIDDLE + self._drift
            yield s.Market(
                at=0.0, bid=Decimal(middle - LADDER), ask=Decimal(middle + LADDER), amount=Decimal("0.05")
            )
        yield from self._faults.aimed(0.0, rng.choice((PLACING, CANCELLING)))
        middle = MIDDLE + self._drift + rng.randint(-500, 500)
        yield s.Refresh(
            at=0.0, bid=Decimal(middle - 2_000), ask=Decimal(middle + 2_000), amount=Decimal("0.01")
        )
        if rng.random() < 0.2:
            amount = Decimal(rng.randint(1, 20)) / 1000
            yield s.Take(at=rng.random(), side=rng.choice(("BUY", "SELL")), amount=amount)
        if rng.random() < 0.03:
            yield from self._faults.others(0.4)
        if rng.random() < _CRASHES_A_SECOND:
            yield s.Crash(at=rng.random(), writes=rng.choice((0, 1, 2)))

    async def _rest(self, world: World, user: User) -> None:
        """Wait until all agree."""
        loop = asyncio.get_running_loop()
        world.network.board.clear()
        until = loop.time() + _REST_S
        while user.pending or next(disagreements(world), None) is not None:
            if loop.time() > until:
                self._report.violations += disagreements(world)
                return
            await asyncio.sleep(EVERY_S)

    # --- judging -----------------------------------------------------------------------------------

    def _judge_what_is_over(self, world: World) -> None:
        """Judge each order that has ended, and each process that has died, and forget them."""
        now = world.venue_clock()
        truth = world.truth
        found = self._report.violations
        for before, after in zip(world.lives, world.lives[1:], strict=False):
            if after.before is before:
                found += s12_nothing_lost_or_doubled(before, after, truth)
            found += of_a_life(before)
            self._report.rare += before.recorder.rare + before.heard.rare
        del world.lives[:-1]
        world.life.before = None
        for limits in world.limits[:-1]:
            found += s8_cancels_first(limits.passages)
        del world.limits[:-1]
        stories = world.life.recorder.stories
        for name, story in [*stories.items()]:
            if _is_over(story, now):
                found += _of_an_order(story, truth)
                del stories[name]
            elif story.told and now - story.told[0].at > _SETTLED_WITHIN_S * _NS_PER_S:
                found.append(Violation("L1", f"order {name} is {story.order.status} for half an hour"))
        world.judged_before = now - 2 * _SETTLED_WITHIN_S * _NS_PER_S

    def _judge_the_rest(self, world: World, user: User) -> None:
        truth = world.truth
        found = self._report.violations
        for life in world.lives:
            found += of_a_life(life)
            for story in life.stories():
                found += _of_an_order(story, truth)
            self._report.rare += life.recorder.rare + life.heard.rare
        found += s8_within_limits(world.exchange.stats.rate_limited)
        for limits in world.limits:
            found += s8_cancels_first(limits.passages)
        found += [*user.violations, *self._secrecy.violations]

    def _count(self, world: World, user: User) -> None:
        self._report.most_open = user.most_open
        self._report.faults = world.network.board.hits
        self._report.orders = world.exchange.stats.orders_accepted["0"]


def _is_over(story: OrderStory, now: int) -> bool:
    """Whether nothing of the order is asked for any more; while VALR limits requests, that takes its time."""
    order = story.order
    if not story.told or not order.is_done or not order.has_all_fills:
        return False
    return now - story.told[-1].at > _JUDGED_AFTER_S * _NS_PER_S


def _of_an_order(story: OrderStory, truth: Truth) -> Iterator[Violation]:
    for invariant in (*EACH_ORDER, *AT_QUIESCENCE):
        yield from invariant(story, truth)
