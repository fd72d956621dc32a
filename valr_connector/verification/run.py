"""Runs one schedule from beginning to end, and says what was found.

First everything happens as the schedule says. When the last fault is over, the world has some time to come
to rest: the connector and the venue agree on everything, and nothing is on its way. Then the connector is
closed, and all invariants are looked at.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from valr_connector.model.enums import Socket
from valr_connector.observe import metrics as m
from valr_connector.verification.invariants import (
    AT_QUIESCENCE,
    EACH_ORDER,
    OfOneOrder,
    Truth,
    Violation,
    l1_agreement,
    l1_no_unknown,
    s9_nothing_left,
)
from valr_connector.verification.schedule import Schedule
from valr_connector.verification.schedule_text import step_line
from valr_connector.verification.story import OrderStory
from valr_connector.verification.surroundings import Surroundings
from valr_connector.verification.trace import Trace
from valr_connector.verification.user import User
from valr_connector.verification.virtual_loop import NothingLeftError, StandstillError, run
from valr_connector.verification.world import Life, World, rules_of

START_S: Final = 1_000.0
RESOLVED_WITHIN_S: Final = 30.0
"""L1: after the last fault, every unknown is resolved by then."""
LONGEST_S: Final = 3 * 24 * 3600.0
"""No schedule goes on for so long."""
_LOOK_S: Final = 0.25
_AFTER_REST_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found.

    Attributes:
        violations: none, as it should be.
        faults: how often each fault really struck.
        rare: how often each rare path was taken.
        resolved_s: how long after the last fault everything agreed; None where it never did.
        trace: what happened, if it was asked for.
    """

    seed: int
    violations: tuple[Violation, ...]
    faults: Counter[str]
    rare: Counter[str]
    resolved_s: float | None
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
    play = _Play(schedule, with_trace=with_trace)
    try:
        return run(asyncio.wait_for(play.run(), LONGEST_S), start=START_S)
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

    def __init__(self, schedule: Schedule, *, with_trace: bool) -> None:
        self._schedule = schedule
        self._with_trace = with_trace
        self._rules = rules_of(schedule)
        self._world: World | None = None
        self._resolved_s: float | None = None

    async def run(self) -> Report:
        loop = asyncio.get_running_loop()
        trace = Trace(loop.time, is_on=self._with_trace)
        async with asyncio.TaskGroup() as tasks:
            world = self._world = World(self._schedule, self._rules, tasks, trace)
            user = User(world)
            await user.start()
            began = loop.time()
            await self._happen(world, user, began)
            found = await self._come_to_rest(world, user)
            await user.close()
            await world.exchange.stop()
        found += user.violations
        found += _judge(world)
        return self.report(found)

    def report(self, violations: Sequence[Violation]) -> Report:
        """What was found, with the counts of this run."""
        world = self._world
        faults: Counter[str] = Counter()
        rare: Counter[str] = Counter()
        if world is not None:
            faults += world.network.board.hits
            for life in world.lives:
                rare += life.recorder.rare
            rare += _counted_at_the_venue(world)
        trace = "" if world is None else world.trace.text
        unique = tuple(dict.fromkeys(violations))
        return Report(self._schedule.seed, unique, faults, rare, self._resolved_s, trace)

    async def _happen(self, world: World, user: User, began: float) -> None:
        """Everything in the schedule, at its time."""
        loop = asyncio.get_running_loop()
        surroundings = Surroundings(world)
        for step in sorted(self._schedule.steps, key=lambda step: step.at):
            await asyncio.sleep(max(0.0, began + step.at - loop.time()))
            if world.trace.is_on:
                world.trace.note(f"step {step_line(step)}")
            if user.does(step):
                user.do(step)
            else:
                surroundings.do(step)
        await asyncio.sleep(max(0.0, began + self._schedule.faults_end - loop.time()))

    async def _come_to_rest(self, world: World, user: User) -> list[Violation]:
        """Wait until all agree; what did not come to pass in time is a violation."""
        loop = asyncio.get_running_loop()
        world.network.board.clear()
        ended = loop.time()
        world.trace.note("no more faults")
        limited_s = world.limited_for_s()
        patience_s = limited_s + RESOLVED_WITHIN_S + world.settings.reconcile_interval_s
        unresolved: list[Violation] = []
        while (passed := loop.time() - ended) < patience_s:
            if not user.pending and world.network.is_idle and next(_disagreements(world), None) is None:
                self._resolved_s = passed
                await asyncio.sleep(_AFTER_REST_S)
                return unresolved
            if not unresolved and passed >= limited_s + RESOLVED_WITHIN_S:
                unresolved = _unresolved(world, user)
            await asyncio.sleep(_LOOK_S)
        return [*unresolved, *_disagreements(world)]


def _unresolved(world: World, user: User) -> list[Violation]:
    found = [Violation("L1", f"{call} has not returned") for call in user.pending.values()]
    if not world.life.is_closed:
        found += l1_no_unknown(world.life.stories())
    return found


def _disagreements(world: World) -> Iterator[Violation]:
    """What is not, or not yet, the same here and there."""
    life = world.life
    if life.is_closed:
        return
    if life.valr.failure is not None:
        yield Violation("L1", f"the connector stopped: {life.valr.failure}")
    elif not life.valr.ready:
        yield Violation("L1", "not ready: " + _why_not(life))
    stories = life.stories()
    truth = world.truth
    yield from l1_no_unknown(stories)
    yield from l1_agreement(stories, truth)
    yield from _of_each(stories, truth, AT_QUIESCENCE)


def _why_not(life: Life) -> str:
    parts = life.valr.status.items()
    return "; ".join(f"{part}: {status.why_not}" for part, status in parts if not status.ready)


def _judge(world: World) -> list[Violation]:
    """What has to hold of every life, whenever it ended."""
    truth = world.truth
    found: list[Violation] = []
    for life in world.lives:
        stories = life.stories()
        found += _of_each(stories, truth, EACH_ORDER)
        found += _mishaps(life)
        if life.closed is not None and world.settings.on_close == "cancel":
            found += s9_nothing_left(stories, truth, life.closed.remaining, life.closed_at)
    return found


def _of_each(
    stories: Iterable[OrderStory], truth: Truth, invariants: Sequence[OfOneOrder]
) -> Iterator[Violation]:
    for story in stories:
        for invariant in invariants:
            yield from invariant(story, truth)


def _mishaps(life: Life) -> Iterator[Violation]:
    """Errors that the library caught itself: whatever raised, something of a frame or an event was lost."""
    metrics = life.valr.metrics
    errors = [
        *((socket, metrics.counter(m.HANDLER_ERRORS, socket)) for socket in Socket),
        *((name, metrics.counter(m.CALLBACK_ERRORS, name)) for name in life.recorder.names),
    ]
    for label, counter in errors:
        if counter.value:
            yield Violation("S10", f"{counter.value} errors were caught in handling {label}")


_COUNTED_ROUTES: Final = {
    "GET /v1/orders/{pair}/customerorderid/{id}": "probe",
    "GET /v1/orders/history/detail/customerorderid/{id}": "probe of the history",
    "POST /v2/orders/limit": "placement by REST",
    "POST /v2/orders/market": "placement by REST",
    "DELETE /v2/orders/order": "cancel by REST",
    "GET /v1/account/{pair}/tradehistory": "fills fetched",
    "GET /v1/account/tradehistory": "missed fills fetched",
}


def _counted_at_the_venue(world: World) -> Counter[str]:
    counts: Counter[str] = Counter()
    for route, name in _COUNTED_ROUTES.items():
        counts[name] += world.exchange.stats.requests[route]
    counts["rate limited"] += world.exchange.stats.rate_limited
    return counts
