"""One window, and several at once: when there is room, for whom, and what a refusal changes."""

from __future__ import annotations

import pytest

from valr_connector.core.fixed_window import Allowance, FixedWindow
from valr_connector.core.rate_limits import (
    HOST_MINUTE,
    KEY_MINUTE,
    MILLISECOND,
    MINUTE,
    SECOND,
    SHRINK_PERCENT,
    Scope,
    WindowRule,
)
from valr_connector.core.venue_clock import LONGEST_DIFFERENCE, MARGIN, VenueClock
from valr_connector.protocol.requests import Lane

NOW = 1_000 * SECOND
APART = SECOND + LONGEST_DIFFERENCE
TEN = WindowRule("ten", 10, SECOND)
BEYOND = MARGIN + MILLISECOND
"""After a boundary, the guard band of a fresh measurement is over by then."""
SHARED = WindowRule("shared", 100, SECOND, is_shared=True)


def aligned(server: int = 0) -> VenueClock:
    """VALR's clock shows `server` at `NOW`; nothing is under way for any time."""
    clock = VenueClock()
    clock.align(now=NOW, wall=NOW, server=server, round_trip=0)
    return clock


def window_of(rule: WindowRule = TEN, clock: VenueClock | None = None) -> FixedWindow:
    return FixedWindow(rule, clock or VenueClock())


def allowance(*windows: FixedWindow, lane: Lane = Lane.CANCEL, share: float = 1.0) -> Allowance:
    return Allowance(windows, lane, share)


def fill(allowed: Allowance, now: int) -> int:
    """Take all there is at `now`; how much it was."""
    taken = 0
    while allowed.take(now):
        taken += 1
    return taken


# --- room ------------------------------------------------------------------------------------------------


def test_a_window_lets_as_many_in_as_its_limit() -> None:
    assert fill(allowance(window_of()), NOW) == 10


def test_a_full_window_has_room_again_when_its_oldest_request_is_surely_in_an_earlier_one() -> None:
    allowed = allowance(window_of())
    allowed.take(NOW)
    fill(allowed, NOW + 100 * MILLISECOND)
    assert allowed.ready_at(NOW + 200 * MILLISECOND) == NOW + APART
    assert not allowed.take(NOW + APART - 1)
    assert fill(allowed, NOW + APART) == 1


def test_with_valrs_clock_known_a_full_window_is_followed_by_a_full_window() -> None:
    allowed = allowance(window_of(clock=aligned()))
    assert fill(allowed, NOW + 900 * MILLISECOND) == 10
    assert 0 <= allowed.ready_at(NOW + 950 * MILLISECOND) - (NOW + SECOND + MARGIN) < MILLISECOND
    assert not allowed.take(NOW + SECOND + MARGIN)
    assert fill(allowed, NOW + SECOND + BEYOND) == 10


def test_what_was_sent_within_the_guard_band_counts_on_both_sides_of_the_boundary() -> None:
    allowed = allowance(window_of(clock=aligned()))
    assert fill(allowed, NOW + SECOND) == 10
    assert not allowed.take(NOW + SECOND + 900 * MILLISECOND)
    assert fill(allowed, NOW + 2 * SECOND + BEYOND) == 10


def test_room_is_there_at_once_where_little_was_sent() -> None:
    allowed = allowance(window_of())
    allowed.take(NOW)
    assert allowed.ready_at(NOW) <= NOW


def test_a_request_needs_room_in_all_of_its_windows_and_counts_in_all_or_none() -> None:
    small, large = window_of(), window_of(SHARED)
    assert fill(allowance(small, large), NOW) == 10
    assert fill(allowance(large), NOW) == 90


def test_use_is_that_of_the_fullest_window_and_falls_as_requests_grow_old() -> None:
    narrow, wide = window_of(), window_of(SHARED)
    allowed = allowance(narrow, wide)
    for _ in range(5):
        allowed.take(NOW)
    assert allowed.use(NOW) == 0.5
    assert allowance(wide).use(NOW) == 0.05
    assert allowed.use(NOW + APART) == 0


def test_a_budget_that_a_refusal_shrank_is_used_sooner() -> None:
    allowed = allowance(window_of())
    fill(allowed, NOW)
    allowed.refused(NOW, NOW)
    assert allowed.use(NOW) == 1


def test_the_limit_that_lets_one_wait_longest_is_named() -> None:
    clock = VenueClock()
    both = allowance(window_of(KEY_MINUTE, clock), window_of(HOST_MINUTE, clock))
    assert fill(both, NOW) == 1200
    assert both.tightest(NOW) is HOST_MINUTE
    assert both.ready_at(NOW) == NOW + MINUTE + HOST_MINUTE.slack_ns + LONGEST_DIFFERENCE


def test_allowances_of_the_same_windows_lane_and_share_are_the_same() -> None:
    window = window_of()
    assert allowance(window).identity == allowance(window).identity
    assert allowance(window).identity != allowance(window, share=0.5).identity
    assert allowance(window).identity != allowance(window, lane=Lane.READ).identity
    assert allowance(window).identity != allowance(window_of()).identity


# --- lanes -----------------------------------------------------------------------------------------------


def test_placements_leave_a_reserve_that_cancels_find() -> None:
    window = window_of(SHARED)
    assert fill(allowance(window, lane=Lane.PLACE), NOW) == 85
    assert fill(allowance(window, lane=Lane.CANCEL), NOW) == 15


def test_each_lane_is_stopped_before_those_more_urgent() -> None:
    window = window_of(SHARED)
    taken = [fill(allowance(window, lane=lane), NOW) for lane in reversed(Lane)]
    assert taken == [60, 10, 10, 5, 10, 5]


def test_the_reserve_is_kept_whoever_filled_the_window() -> None:
    window = window_of(SHARED)
    fill(allowance(window, lane=Lane.CANCEL), NOW)
    placing = allowance(window, lane=Lane.PLACE)
    cancelling = allowance(window, lane=Lane.CANCEL)
    for _ in range(15):
        assert cancelling.take(NOW + APART)
    assert fill(placing, NOW + APART) == 70


def test_a_share_is_kept_by_whoever_asked_for_it() -> None:
    window = window_of(SHARED)
    assert fill(allowance(window, share=0.3), NOW) == 30
    assert fill(allowance(window), NOW) == 70


# --- refusals --------------------------------------------------------------------------------------------


def test_a_refusal_pauses_until_the_next_window() -> None:
    allowed = allowance(window_of(clock=aligned()))
    allowed.refused(NOW + 100 * MILLISECOND, NOW + 50 * MILLISECOND)
    assert not allowed.take(NOW + SECOND + MARGIN - 1)
    assert allowed.take(NOW + SECOND + BEYOND)


def test_a_refusal_pauses_for_a_whole_period_where_valrs_clock_is_not_known() -> None:
    allowed = allowance(window_of())
    allowed.refused(NOW, NOW)
    assert allowed.ready_at(NOW) == NOW + APART


def test_retry_after_is_honoured() -> None:
    allowed = allowance(window_of())
    allowed.refused(NOW, NOW, 7 * SECOND)
    assert not allowed.take(NOW + 7 * SECOND - 1)
    assert allowed.take(NOW + 7 * SECOND)


def test_a_shorter_pause_never_cuts_a_longer_one_short() -> None:
    allowed = allowance(window_of())
    allowed.refused(NOW, NOW, 7 * SECOND)
    allowed.refused(NOW, NOW, 2 * SECOND)
    assert allowed.ready_at(NOW) == NOW + 7 * SECOND


def test_a_refusal_pauses_every_window_in_which_the_request_counts() -> None:
    key, host = window_of(), window_of()
    allowance(key, host).refused(NOW, NOW)
    assert not allowance(key).take(NOW)
    assert not allowance(host).take(NOW)


def test_a_refusal_shrinks_the_budget_for_a_while() -> None:
    allowed = allowance(window_of(SHARED))
    allowed.refused(NOW, NOW)
    assert fill(allowed, NOW + APART) == 75
    assert fill(allowed, NOW + MINUTE) == 100


def test_the_refusals_of_one_pause_count_once() -> None:
    allowed = allowance(window_of(SHARED))
    for late in range(5):
        allowed.refused(NOW + late * APART, NOW)
    assert fill(allowed, NOW + 5 * APART) == 75


def test_refusals_of_what_was_sent_after_the_pause_shrink_it_further_down_to_a_floor() -> None:
    allowed = allowance(window_of(SHARED))
    left = []
    for number in range(6):
        now = NOW + number * 10 * SECOND
        allowed.refused(now, now)
        left.append(fill(allowed, now + 5 * SECOND))
    assert left == [75, 56, 42, 32, 32, 32]


def test_a_budget_grows_back_by_one_step_a_minute() -> None:
    allowed = allowance(window_of(SHARED))
    for number in range(4):
        allowed.refused(NOW + number * 2 * SECOND, NOW + number * 2 * SECOND)
    last = NOW + 6 * SECOND
    left = [fill(allowed, last + minutes * MINUTE) for minutes in (1, 2, 3, 4, 5)]
    assert left == [SHRINK_PERCENT[3], SHRINK_PERCENT[2], SHRINK_PERCENT[1], 100, 100]


def test_a_budget_grows_back_while_nobody_looks() -> None:
    allowed = allowance(window_of(SHARED))
    for number in range(4):
        allowed.refused(NOW + number * 2 * SECOND, NOW + number * 2 * SECOND)
    assert fill(allowed, NOW + 10 * MINUTE) == 100


def test_the_window_of_a_minute_takes_five_of_them_to_grow_back() -> None:
    allowed = allowance(window_of(HOST_MINUTE))
    allowed.refused(NOW, NOW)
    assert fill(allowed, NOW + 5 * MINUTE - 1) == 900
    assert fill(allowed, NOW + 7 * MINUTE) == 1200


def test_after_a_refusal_the_place_of_valrs_windows_is_not_relied_on() -> None:
    allowed = allowance(window_of(clock=aligned()))
    allowed.refused(NOW, NOW)
    later = NOW + SECOND + 900 * MILLISECOND
    assert fill(allowed, later) == 7
    assert allowed.ready_at(later) == later + APART


# --- time ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("back", [1, SECOND, 500 * SECOND])
def test_time_that_runs_backwards_is_no_time(back: int) -> None:
    allowed = allowance(window_of())
    fill(allowed, NOW)
    assert allowed.ready_at(NOW - back) == NOW - back + APART
    assert fill(allowed, NOW - back + APART) == 10


def test_a_pause_and_a_small_budget_outlast_time_that_runs_backwards() -> None:
    allowed = allowance(window_of(SHARED))
    allowed.refused(NOW, NOW, 5 * SECOND)
    back = NOW - 100 * SECOND
    assert allowed.ready_at(back) == back + 5 * SECOND
    assert fill(allowed, back + MINUTE - 1) == 75
    assert fill(allowed, back + 2 * MINUTE) == 100


def test_a_refusal_that_comes_after_time_ran_backwards_pauses_as_long_as_any() -> None:
    allowed = allowance(window_of())
    assert allowed.take(NOW)
    back = NOW - 100 * SECOND
    allowed.refused(back, back)
    assert allowed.ready_at(back) == back + APART


# --- memory ----------------------------------------------------------------------------------------------


def test_a_window_can_be_forgotten_when_nothing_in_it_matters_any_more() -> None:
    window = window_of()
    allowance(window).take(NOW)
    assert not window.is_idle(NOW + APART - 1)
    assert window.is_idle(NOW + APART)


def test_a_window_that_was_never_used_is_about_to_be() -> None:
    assert not window_of().is_idle(NOW)


def test_a_window_with_a_pause_cannot_be_forgotten() -> None:
    window = window_of()
    allowance(window).take(NOW)
    window.refused(NOW, NOW, 3 * MINUTE)
    assert not window.is_idle(NOW + 3 * MINUTE - 1)
    assert window.is_idle(NOW + 3 * MINUTE)


def test_a_window_with_a_small_budget_cannot_be_forgotten() -> None:
    window = window_of()
    allowance(window).take(NOW)
    window.refused(NOW, NOW)
    assert not window.is_idle(NOW + MINUTE - 1)
    assert window.is_idle(NOW + MINUTE)


def test_a_rule_counts_for_all_keys_of_a_host_unless_it_says_otherwise() -> None:
    assert TEN.scope is Scope.HOST


def test_the_requests_of_the_last_period_are_in_use() -> None:
    window = window_of()
    allowed = allowance(window)
    for ago in (2 * SECOND, SECOND, SECOND - 1, 0):
        assert allowed.take(NOW - ago)

    assert window.used(NOW) == 2
