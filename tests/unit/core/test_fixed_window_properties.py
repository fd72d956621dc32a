"""S8: whatever is asked for, whenever, on whatever clocks: no window of VALR holds more than its limit."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace

from hypothesis import given, settings
from hypothesis import strategies as st

from valr_connector.core.fixed_window import Allowance, FixedWindow
from valr_connector.core.rate_limits import HOST_MINUTE, KEY_MINUTE, MILLISECOND, MINUTE, SECOND, WindowRule
from valr_connector.core.venue_clock import DRIFT, LARGEST_STEP, LONGEST_DIFFERENCE, MARGIN, VenueClock
from valr_connector.protocol.requests import Lane

EPOCH = 1_790_000_000 * SECOND
JITTER = MARGIN - LARGEST_STEP
"""How far the way of a request may differ from that of the measurement, beside half of the round trip."""

lanes = st.sampled_from(Lane)


class Venue:
    """VALR's counters: by its own clock, when a request arrives."""

    def __init__(self) -> None:
        self.arrived: Counter[tuple[WindowRule, int]] = Counter()

    def count(self, rule: WindowRule, time: int) -> None:
        self.arrived[rule, time // rule.period_ns] += 1
        assert self.arrived[rule, time // rule.period_ns] <= rule.limit


@dataclass(frozen=True)
class Ways:
    """How long requests are under way.

    Attributes:
        there, back: of the request that measures VALR's clock.
        drift: of VALR's clock against ours, in hundredths of what is allowed for.
    """

    there: int
    back: int
    drift: int

    def under_way(self, late: float) -> int:
        """As fast as possible at 0, as slow as possible at 1."""
        doubt = min(JITTER + (self.there + self.back) // 2, LONGEST_DIFFERENCE // 2 - MILLISECOND)
        return max(0, self.there - doubt + int(2 * doubt * late))


class World:
    """Real time passes for VALR; our two clocks follow it, stand still, or are set."""

    def __init__(self, ways: Ways, limit: int, slack: int, real: int) -> None:
        self.venue = Venue()
        self.ways = ways
        self.real = EPOCH + real
        self.now, self.wall = 1_000 * SECOND, EPOCH - 3_333 * SECOND
        self.clock = VenueClock()
        second = FixedWindow(WindowRule("second", limit, SECOND, slack_ns=slack), self.clock)
        minute = FixedWindow(WindowRule("minute", 3 * limit, MINUTE, is_shared=True), self.clock)
        self.allowances = [
            Allowance(windows, lane, share)
            for windows in ([second], [second, minute])
            for lane, share in ((Lane.CANCEL, 1.0), (Lane.PLACE, 1.0), (Lane.READ, 0.6))
        ]

    def send(self, who: int, late: float) -> None:
        """Send as much as there is room for."""
        self.clock.check(self.now, self.wall)
        allowance = self.allowances[who]
        while allowance.take(self.now):
            for window in allowance.windows:
                leaves = self.real + int(late * window.rule.slack_ns)
                self.venue.count(window.rule, leaves + self.ways.under_way(late))

    def send_twice(self, who: int, late: float, late_again: float) -> None:
        """Send all there is room for, wait until there is room again, not a moment longer, and send again."""
        self.send(who, late)
        self.pass_time(max(0, self.allowances[who].ready_at(self.now) - self.now))
        self.send(who, late_again)

    def pass_time(self, duration: int) -> None:
        self.now += duration
        self.wall += duration
        self.real += duration + duration * self.ways.drift // (100 * DRIFT)

    def approach(self, distance: int) -> None:
        """Go to where a request would arrive around the next but one full second of VALR's."""
        arrival = self.real + self.ways.there
        self.pass_time(2 * SECOND - arrival % SECOND + distance)

    def sleep(self, duration: int) -> None:
        """The machine sleeps, and the monotonic clock with it."""
        self.real += duration
        self.wall += duration

    def set_wall(self, step: int) -> None:
        self.wall += step

    def set_back(self, step: int) -> None:
        """The monotonic clock breaks its word."""
        self.now -= step

    def measure(self) -> None:
        """VALR's reading is taken for the middle of the round trip, as in `core.clock`."""
        round_trip = self.ways.there + self.ways.back
        reading = self.real + self.ways.there
        self.pass_time(round_trip)
        server = reading + round_trip - round_trip // 2
        self.clock.align(now=self.now, wall=self.wall, server=server, round_trip=round_trip)

    def refuse(self, who: int, retry_after: int | None) -> None:
        self.allowances[who].refused(self.now, self.now, retry_after)


Step = Callable[[World], None]


def step(name: str, *arguments: st.SearchStrategy[object]) -> st.SearchStrategy[Step]:
    """A call of one of the world's methods."""

    def call(values: tuple[object, ...]) -> Step:
        return lambda world: getattr(world, name)(*values)

    return st.tuples(*arguments).map(call)


ways = st.builds(
    Ways,
    st.integers(0, 80 * MILLISECOND),
    st.integers(0, 80 * MILLISECOND),
    st.sampled_from([-99, 0, 99]),
)
who = st.sampled_from([0, 0, 0, 0, 1, 2, 3, 4, 5])
late = st.sampled_from([0.0, 1.0, 0.5])
near = st.integers(-130 * MILLISECOND, 130 * MILLISECOND)
a_while = st.integers(0, 1300 * MILLISECOND)

send = step("send", who, late)
send_twice = step("send_twice", who, late, late)
approach = step("approach", near)
pass_time = step("pass_time", a_while | st.sampled_from([MINUTE, 3_000 * SECOND]))
sleep = step("sleep", a_while | st.just(LARGEST_STEP))
set_wall = step("set_wall", st.integers(-SECOND, SECOND))
set_back = step("set_back", a_while | st.just(LARGEST_STEP))
measure = step("measure")
refuse = step("refuse", who, st.none() | st.integers(0, 3 * SECOND))

ordinary = send_twice | send | approach | pass_time
trouble = sleep | set_wall | set_back | measure | refuse


def steps_of(*kinds: st.SearchStrategy[Step]) -> st.SearchStrategy[list[Step]]:
    """Rounds in which each of these happens once."""
    rounds = st.lists(st.tuples(*kinds), min_size=3, max_size=12)
    return rounds.map(lambda lists: [step_ for steps in lists for step_ in steps])


def play(world: World, steps: list[Step]) -> None:
    for step_ in steps:
        step_(world)


worlds = st.builds(
    World, ways, st.integers(1, 8), st.sampled_from([0, 400 * MILLISECOND]), st.integers(0, MINUTE)
)


@given(world=worlds, steps=steps_of(approach | pass_time, ordinary, send_twice))
@settings(max_examples=60, deadline=None)
def test_no_window_is_exceeded_where_nothing_is_known_of_valrs_clock(world: World, steps: list[Step]) -> None:
    play(world, steps)


@given(world=worlds, steps=steps_of(approach | pass_time, ordinary, send_twice))
@settings(max_examples=80, deadline=None)
def test_no_window_is_exceeded_where_valrs_clock_was_measured(world: World, steps: list[Step]) -> None:
    world.measure()
    play(world, steps)


@given(world=worlds, steps=steps_of(trouble, approach | pass_time, send_twice))
@settings(max_examples=80, deadline=None)
def test_no_window_is_exceeded_whatever_happens_to_the_clocks(world: World, steps: list[Step]) -> None:
    world.measure()
    play(world, steps)


@given(
    phase=st.integers(0, SECOND - 1),
    gaps=st.lists(st.integers(0, 40 * MILLISECOND), min_size=50, max_size=300),
    is_aligned=st.booleans(),
)
@settings(deadline=None)
def test_a_greedy_caller_gets_nearly_all_of_the_limit_and_never_more(
    phase: int, gaps: list[int], is_aligned: bool
) -> None:
    rule_ = WindowRule("ten", 10, SECOND)
    clock, venue = VenueClock(), Venue()
    if is_aligned:
        clock.align(now=0, wall=0, server=phase, round_trip=0)
    allowance = Allowance([FixedWindow(rule_, clock)], Lane.CANCEL, 1.0)
    now = sent = 0
    for gap in gaps:
        now = max(now + gap, allowance.ready_at(now))
        while not allowance.take(now):
            now = allowance.ready_at(now)
        venue.count(rule_, now + phase)
        sent += 1
    longest = 1.0 if is_aligned else 1.25
    assert now <= sum(gaps) + (sent // 10 + 1) * longest * SECOND + 2 * MARGIN


@given(
    pattern=st.lists(
        st.tuples(
            st.sampled_from([Lane.PLACE, Lane.MODIFY, Lane.READ, Lane.PUBLIC]),
            st.integers(1, 400),
            st.integers(0, 5 * SECOND),
        ),
        max_size=60,
    ),
    cancels=st.integers(1, 60),
)
@settings(deadline=None)
def test_cancels_never_wait_for_placements_and_reads(
    pattern: list[tuple[Lane, int, int]], cancels: int
) -> None:
    """A twentieth of the shared windows is beyond everybody's reach but theirs."""
    clock = VenueClock()
    windows = [FixedWindow(rule_, clock) for rule_ in (KEY_MINUTE, HOST_MINUTE)]
    now = 0
    for lane, count, gap in pattern:
        now += gap
        allowance = Allowance(windows, lane, 1.0)
        for _ in range(count):
            if not allowance.take(now):
                break
    cancelling = Allowance(windows, Lane.CANCEL, 1.0)
    assert all(cancelling.take(now) for _ in range(cancels))


@given(
    requests=st.lists(st.tuples(lanes, st.integers(0, 300 * MILLISECOND)), max_size=200),
    urgent=lanes,
    refusals=st.integers(0, 5),
)
@settings(deadline=None)
def test_room_for_a_request_is_room_for_every_more_urgent_one(
    requests: list[tuple[Lane, int]], urgent: Lane, refusals: int
) -> None:
    window = FixedWindow(replace(HOST_MINUTE, limit=40), VenueClock())
    by_lane = {lane: Allowance([window], lane, 1.0) for lane in Lane}
    now = 0
    for number in range(refusals):
        now = number * 2 * MINUTE
        window.refused(now, now)
    for lane, gap in requests:
        now += gap
        had_room = by_lane[urgent].ready_at(now) <= now
        order = list(Lane)
        if by_lane[lane].take(now) and order.index(urgent) <= order.index(lane):
            assert had_room
