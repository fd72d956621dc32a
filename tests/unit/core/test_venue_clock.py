"""What is known of VALR's windows on our clock, and what is proved by it."""

from __future__ import annotations

from valr_connector.core.rate_limits import MILLISECOND, MINUTE, SECOND
from valr_connector.core.venue_clock import DRIFT, LARGEST_STEP, LONGEST_DIFFERENCE, MARGIN, VenueClock

NOW = 1_000 * SECOND
WALL = 1_790_000_000 * SECOND
ROUND_TRIP = 20 * MILLISECOND
ERROR = MARGIN + ROUND_TRIP // 2
"""Doubt about one arrival."""


def aligned(phase: int = 0) -> VenueClock:
    """VALR's clock shows `phase` after a full second when a request that is sent at `NOW` arrives."""
    clock = VenueClock()
    clock.align(now=NOW, wall=WALL, server=WALL + phase - ROUND_TRIP // 2, round_trip=ROUND_TRIP)
    return clock


def later(
    clock: VenueClock, sent: int, now: int | None = None, *, period: int = SECOND, slack: int = 0
) -> int:
    return clock.later_window(sent, sent if now is None else now, period=period, slack=slack)


def test_without_a_measurement_a_whole_period_and_the_longest_difference_have_to_pass() -> None:
    assert later(VenueClock(), NOW) == NOW + SECOND + LONGEST_DIFFERENCE
    assert later(VenueClock(), NOW, slack=7) == NOW + SECOND + LONGEST_DIFFERENCE + 7


def test_with_a_measurement_the_next_boundary_and_its_guard_band_are_enough() -> None:
    clock = aligned(phase=300 * MILLISECOND)
    assert later(clock, NOW) == NOW + 700 * MILLISECOND + ERROR


def test_a_request_shortly_before_a_boundary_may_arrive_behind_it() -> None:
    clock = aligned()
    before = NOW + SECOND - ERROR
    assert later(clock, before - 1, NOW) == NOW + SECOND + ERROR
    assert later(clock, before, NOW) == NOW + 2 * SECOND + ERROR


def test_a_request_that_has_to_open_a_connection_first_may_arrive_behind_it_too() -> None:
    clock = aligned()
    assert later(clock, NOW, slack=SECOND - ERROR) == NOW + 2 * SECOND + ERROR


def test_minutes_begin_with_valrs_minutes() -> None:
    clock = aligned()
    assert WALL % MINUTE == 20 * SECOND
    assert later(clock, NOW, period=MINUTE) == NOW + 40 * SECOND + ERROR


def test_a_measurement_never_makes_one_wait_longer_than_none() -> None:
    clock = VenueClock()
    clock.align(now=NOW, wall=WALL, server=WALL, round_trip=3 * SECOND)
    assert later(clock, NOW) == NOW + SECOND + LONGEST_DIFFERENCE


def test_the_guard_band_grows_with_the_age_of_the_measurement() -> None:
    clock = aligned()
    age = 50 * SECOND
    assert later(clock, NOW + age) == NOW + age + SECOND + ERROR + age // DRIFT


def test_a_new_measurement_replaces_the_old_one() -> None:
    clock = aligned()
    clock.align(now=NOW, wall=WALL, server=WALL + 500 * MILLISECOND, round_trip=0)
    assert later(clock, NOW) == NOW + 500 * MILLISECOND + MARGIN


def test_a_clock_that_was_set_or_a_machine_that_slept_makes_the_measurement_void() -> None:
    clock = aligned()
    for step in (LARGEST_STEP + 1, -LARGEST_STEP - 1):
        clock.check(NOW + SECOND, WALL + SECOND + step)
        assert not clock.is_aligned
        assert later(clock, NOW) == NOW + SECOND + LONGEST_DIFFERENCE


def test_clocks_that_go_on_as_they_went_keep_it_valid() -> None:
    clock = aligned()
    clock.check(NOW + SECOND, WALL + SECOND + LARGEST_STEP)
    assert clock.is_aligned


def test_a_pause_between_the_readings_of_both_clocks_does_no_lasting_harm() -> None:
    clock = aligned()
    clock.check(NOW, WALL + SECOND)
    clock.check(NOW + SECOND, WALL + SECOND)
    assert clock.is_aligned


def test_without_a_measurement_there_is_nothing_to_check() -> None:
    clock = VenueClock()
    clock.check(NOW, WALL)
    assert not clock.is_aligned


def test_a_measurement_that_is_forgotten_is_not_relied_on_until_the_next() -> None:
    clock = aligned(phase=300 * MILLISECOND)
    clock.forget()
    clock.check(NOW, WALL)
    assert not clock.is_aligned
    assert later(clock, NOW) == NOW + SECOND + LONGEST_DIFFERENCE
