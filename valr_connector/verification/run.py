"""Runs one schedule from beginning to end, and says what was found.

First everything happens as the schedule says. When the last fault is over, the world has some time to come
to rest: the connector and the venue agree on everything, and nothing is on its way. Then the connector is
closed, and all invariants are looked at.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from valr_connector.verification.circuits import l6_ways_are_taken_again
from valr_connector.verification.disk import directory
from valr_connector.verification.invariants import Violation, l1_no_unknown
from valr_connector.verification.judge import at_each_step, at_the_end, disagreements
from valr_connector.verification.rare_paths import rare_paths_of
from valr_connector.verification.schedule import Schedule
from valr_connector.verification.schedule_text import step_line
from valr_connector.verification.secrecy import Secrecy, log_read_by
from valr_connector.verification.story import OrderStory
from valr_connector.verification.surroundings import Surroundings
from valr_connector.verification.trace import Trace
from valr_connector.verification.unknowns import Unknowns
from valr_connector.verification.user import User
from valr_connector.verification.virtual_loop import NothingLeftError, StandstillError, run
from valr_connector.verification.world import World, rules_of

START_S: Final = 1_000.0
RESOLVED_WITHIN_S: Final = 30.0
"""L1: after the last fault, every unknown is resolved by then."""
LONGEST_S: Final = 3600.0
"""No schedule goes on for so long after its last fault."""
_LOOK_S: Final = 0.25
_AFTER_REST_S: Final = 1.0
_EACH_WITH_ALL_LOGS: Final = 40
"""One in so many seeds is run with its whole log read for secrets, the others with its warnings."""


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found.

    Attributes:
        violations: none, as it should be.
        faults: how often each fault really struck.
        rare: how often each rare path was taken.
        resolved_s: how long after the last fault everything agreed; None where it never did.
        unknown_s: how long each outcome stayed unknown after the last fault, to the next quarter of a second.
        trace: what happened, if it was asked for.
    """

    seed: int
    violations: tuple[Violation, ...]
    faults: Counter[str]
    rare: Counter[str]
    resolved_s: float | None
    unknown_s: Sequence[float]
    trace: str

    @property
    def is_ambiguous(self) -> bool:
        """Whether the outcome of a placement or a cancel was unknown at any time."""
        return bool(self.rare["placement unknown"] or self.rare["cancel unknown"])


def simulate(schedule: Schedule, *, with_trace: bool = False) -> Report:
    """Run a schedule in a world of its own.

    Raises:
        ValueError: the schedule's dials are none of `Settings` or of `SimulatorSettings`.
    """
    secrecy = Secrecy()
    level = logging.WARNING if schedule.seed % _EACH_WITH_ALL_LOGS else logging.DEBUG
    with directory(is_wanted=schedule.journal) as path, log_read_by(secrecy, level):
        return _run(_Play(schedule, path, secrecy, with_trace=with_trace))


def _run(play: _Play) -> Report:
    try:
        return run(asyncio.wait_for(play.run(), play.longest_s), start=START_S)
    except (NothingLeftError, StandstillError, TimeoutError) as error:
        return play.report([Violation("hang", repr(error))])
    except ExceptionGroup as group:
        return play.report([Violation("crash", repr(error)) for error in _leaves(group)])


def _leaves(group: ExceptionGroup[Exception]) -> Iterator[Exception]:
    for error in group.exceptions:
        if isinstance(error, ExceptionGroup):
            yield from _leaves(error)
        else:
            yield error


class _Play:
    """One run."""

    def __init__(
        self, schedule: Schedule, directory: Path | None, secrecy: Secrecy, *, with_trace: bool
    ) -> None:
        self._schedule = schedule
        self._directory = directory
        self._secrecy = secrecy
        self._with_trace = with_trace
        self._rules = rules_of(schedule)
        self._world: World | None = None
        self._resolved_s: float | None = None
        self._unknown_s: Sequence[float] = ()

    @property
    def longest_s(self) -> float:
        """It is over by then, or never."""
        return self._schedule.faults_end + LONGEST_S

    async def run(self) -> Report:
        loop = asyncio.get_running_loop()
        trace = Trace(loop.time, is_on=self._with_trace, directory=self._directory)
        async with asyncio.TaskGroup() as tasks:
            world = self._world = World(
                self._schedule, self._rules, tasks, trace, directory=self._directory, secrecy=self._secrecy
            )
            user = User(world)
            await user.start()
            began = loop.time()
            found = await self._happen(world, user, began)
            found += await self._come_to_rest(world, user)
            await user.close()
            await world.exchange.stop()
        self._read_what_was_written(trace)
        found += user.violations
        found += at_the_end(world)
        return self.report(found)

    def _read_what_was_written(self, trace: Trace) -> None:
        self._secrecy.read("the trace", trace.text)
        for path in self._directory.iterdir() if self._directory is not None else ():
            self._secrecy.read(path.name, path.read_text())

    def report(self, violations: Sequence[Violation]) -> Report:
        """What was found, with the counts of this run."""
        world = self._world
        faults: Counter[str] = Counter()
        rare: Counter[str] = Counter()
        if world is not None:
            faults, rare = +world.network.board.hits, +rare_paths_of(world)
        trace = "" if world is None else world.trace.text
        unique = tuple(dict.fromkeys(violations))
        return Report(
            self._schedule.seed, unique, faults, rare, self._resolved_s, tuple(self._unknown_s), trace
        )

    async def _happen(self, world: World, user: User, began: float) -> list[Violation]:
        """Everything in the schedule, at its time; what was found wrong on the way."""
        loop = asyncio.get_running_loop()
        found: list[Violation] = []
        surroundings = Surroundings(world)
        for step in sorted(self._schedule.steps, key=lambda step: step.at):
            await asyncio.sleep(max(0.0, began + step.at - loop.time()))
            found += at_each_step(world)
            if world.trace.is_on:
                world.trace.note(f"step {step_line(step)}")
            if user.does(step):
                user.do(step)
            else:
                surroundings.do(step)
        await asyncio.sleep(max(0.0, began + self._schedule.faults_end - loop.time()))
        return [*found, *at_each_step(world)]

    async def _come_to_rest(self, world: World, user: User) -> list[Violation]:
        """Wait until all agree; what did not come to pass in time is a violation."""
        loop = asyncio.get_running_loop()
        world.network.board.clear()
        ended = loop.time()
        world.trace.note("no more faults")
        limited_s = world.limited_for_s()
        patience_s = limited_s + RESOLVED_WITHIN_S + world.settings.reconcile_interval_s
        unknowns = Unknowns(world.venue_clock() + round(limited_s * 1e9))
        self._unknown_s = unknowns.lasted_s
        unresolved: list[Violation] = []
        while (passed := loop.time() - ended) < patience_s:
            unknowns.look(_present_stories(world), world.venue_clock())
            if not user.pending and world.network.is_idle and next(disagreements(world), None) is None:
                self._resolved_s = passed
                unresolved += await l6_ways_are_taken_again(world, user, ended + limited_s)
                await asyncio.sleep(_AFTER_REST_S)
                unknowns.look((), world.venue_clock())  # whatever is unknown now has lasted until now
                return unresolved
            if not unresolved and passed >= limited_s + RESOLVED_WITHIN_S:
                unresolved = _unresolved(world, user)
            await asyncio.sleep(_LOOK_S)
        return [*unresolved, *disagreements(world)]


def _unresolved(world: World, user: User) -> list[Violation]:
    found = [Violation("L1", f"{step_line(step)} has not returned") for step in user.pending.values()]
    return [*found, *l1_no_unknown(_present_stories(world))]


def _present_stories(world: World) -> Sequence[OrderStory]:
    """The orders of the connector that runs, if one does."""
    return () if world.life.is_closed else world.life.stories()
