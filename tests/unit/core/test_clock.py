"""VALR's time, seen from here, and the timestamps that requests are signed with."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valr_connector.core.clock import ClockOffset, TimestampSource
from valr_connector.errors import InvalidArgumentError

MS = 1_000_000
S = 1_000 * MS


def test_before_the_first_sample_the_initial_offset_holds() -> None:
    offset = ClockOffset(initial_ns=5)
    assert offset.offset_ns == 5
    assert offset.round_trip_ns is None


def test_one_sample_places_the_server_in_the_middle_of_the_round_trip() -> None:
    offset = ClockOffset()
    offset.add(1_000, 1_200, server_ns=5_100)
    assert offset.offset_ns == 4_000
    assert offset.round_trip_ns == 200
    assert offset.server_ns(2_000) == 6_000


def test_the_sample_with_the_smallest_round_trip_wins() -> None:
    offset = ClockOffset()
    offset.add(0, 50 * MS, server_ns=S)
    offset.add(S, S + 2 * MS, server_ns=2 * S)
    offset.add(2 * S, 2 * S + 90 * MS, server_ns=3 * S)
    assert offset.round_trip_ns == 2 * MS
    assert offset.offset_ns == S - MS


def test_a_good_sample_is_forgotten_when_enough_newer_ones_came() -> None:
    offset = ClockOffset(window=2)
    offset.add(0, 2, server_ns=101)
    offset.add(1_000, 1_010, server_ns=1_205)
    offset.add(2_000, 2_020, server_ns=2_310)
    assert offset.offset_ns == 200


def test_a_sample_whose_answer_precedes_its_request_is_dropped() -> None:
    offset = ClockOffset()
    offset.add(1_000, 900, server_ns=5_000)
    assert offset.round_trip_ns is None


def test_forgetting_keeps_the_estimate_until_a_new_sample_comes() -> None:
    offset = ClockOffset()
    offset.add(0, 2, server_ns=101)
    offset.forget()
    assert (offset.offset_ns, offset.round_trip_ns) == (100, None)
    offset.add(1_000, 2_000, server_ns=9_500)
    assert offset.offset_ns == 8_000


def test_forgetting_before_the_first_sample_keeps_the_initial_offset() -> None:
    offset = ClockOffset(initial_ns=7)
    offset.forget()
    assert offset.offset_ns == 7


@settings(deadline=None)
@given(
    st.integers(-(10**18), 10**18),
    st.lists(st.tuples(st.integers(0, S), st.integers(0, S)), min_size=1, max_size=8),
)
def test_the_estimate_is_off_by_half_the_best_round_trip_at_most(
    truth: int, ways: list[tuple[int, int]]
) -> None:
    offset = ClockOffset()
    for number, (there, back) in enumerate(ways):
        sent = number * 10 * S
        offset.add(sent, sent + there + back, server_ns=sent + there + truth)
    best = min(there + back for there, back in ways)
    assert offset.round_trip_ns == best
    assert abs(offset.offset_ns - truth) <= best // 2 + 1


def test_a_timestamp_is_the_server_time_in_milliseconds() -> None:
    source = TimestampSource(ClockOffset(initial_ns=3 * S))
    assert source.next_ms(1_558_014_486 * S + 185 * MS) == 1_558_014_489_185


def test_two_requests_in_one_millisecond_get_different_timestamps() -> None:
    source = TimestampSource(ClockOffset())
    assert [source.next_ms(S), source.next_ms(S), source.next_ms(S)] == [1_000, 1_001, 1_002]


def test_a_clock_that_falls_back_a_little_does_not_bring_timestamps_back() -> None:
    source = TimestampSource(ClockOffset())
    source.next_ms(10 * S)
    assert source.next_ms(9 * S + 500 * MS) == 10_001


def test_a_clock_that_falls_back_far_starts_the_timestamps_anew() -> None:
    offset = ClockOffset(initial_ns=3_600 * S)
    source = TimestampSource(offset)
    assert source.next_ms(10 * S) == 3_610_000
    offset.add(10 * S, 10 * S, server_ns=10 * S)
    assert source.next_ms(11 * S) == 11_000


@settings(deadline=None)
@given(st.lists(st.integers(0, 10 * MS), min_size=2, max_size=200))
def test_timestamps_rise_strictly_whatever_the_pace(pauses: list[int]) -> None:
    source = TimestampSource(ClockOffset())
    now = S
    previous = source.next_ms(now)
    for pause in pauses:
        now += pause
        stamp = source.next_ms(now)
        assert stamp > previous
        previous = stamp


def test_a_window_without_room_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="window=0: has to be at least 1"):
        ClockOffset(window=0)


def test_a_negative_lead_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="max_lead_ms=-1: must not be negative"):
        TimestampSource(ClockOffset(), max_lead_ms=-1)


def test_a_sample_that_contradicts_the_best_one_makes_the_older_ones_void() -> None:
    offset = ClockOffset()
    offset.add(0, 2 * MS, server_ns=S)
    offset.add(10 * S, 10 * S + 40 * MS, server_ns=11 * S + 500 * MS)
    assert offset.round_trip_ns == 40 * MS
    assert offset.offset_ns == S + 480 * MS


def test_samples_that_can_be_true_together_compete() -> None:
    offset = ClockOffset()
    offset.add(0, 2 * MS, server_ns=S)
    offset.add(10 * S, 10 * S + 40 * MS, server_ns=11 * S + 30 * MS)
    assert offset.round_trip_ns == 2 * MS
