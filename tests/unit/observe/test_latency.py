"""A histogram of durations in fixed memory."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valr_connector.errors import InvalidArgumentError
from valr_connector.observe.latency import LatencyHistogram

MS = 1_000_000
LONGEST = (1 << 42) - 1


def filled(*durations: int) -> LatencyHistogram:
    histogram = LatencyHistogram()
    for duration in durations:
        histogram.record(duration)
    return histogram


def test_an_empty_histogram_is_all_zeroes() -> None:
    summary = LatencyHistogram().summary()
    assert (summary.count, summary.mean_ns, summary.p50_ns, summary.p99_ns, summary.max_ns) == (0, 0, 0, 0, 0)


def test_count_mean_total_and_maximum_are_exact() -> None:
    summary = filled(1 * MS, 2 * MS, 6 * MS).summary()
    assert (summary.count, summary.mean_ns, summary.max_ns) == (3, 3 * MS, 6 * MS)
    assert summary.total_ns == 9 * MS


def test_below_128_nanoseconds_percentiles_are_exact() -> None:
    histogram = filled(*range(1, 101))
    assert [histogram.percentile(p) for p in (0, 1, 50, 90, 99, 100)] == [1, 1, 50, 90, 99, 100]


def test_a_percentile_never_exceeds_the_maximum() -> None:
    assert filled(1_000_003).percentile(100) == 1_000_003


def test_a_negative_duration_counts_as_none() -> None:
    histogram = filled(-5)
    assert (histogram.count, histogram.total_ns, histogram.percentile(50)) == (1, 0, 0)


def test_a_duration_beyond_the_range_shows_in_the_maximum_only() -> None:
    histogram = filled(10**15)
    assert histogram.max_ns == 10**15
    assert histogram.percentile(50) == LONGEST


@settings(deadline=None)
@given(st.lists(st.integers(0, LONGEST), min_size=1, max_size=200), st.floats(0, 100))
def test_a_percentile_is_at_most_one_part_in_64_above_the_true_one(
    durations: list[int], percent: float
) -> None:
    rank = max(1, math.ceil(percent * len(durations) / 100))
    true = sorted(durations)[rank - 1]
    assert true <= filled(*durations).percentile(percent) <= true + true // 64


def test_memory_does_not_grow_with_what_is_recorded() -> None:
    histogram = LatencyHistogram()
    buckets = len(histogram._counts)
    for shift in range(60):
        histogram.record(1 << shift)
    assert len(histogram._counts) == buckets


@pytest.mark.parametrize("percent", [-0.1, 100.1, float("nan")])
def test_a_percentile_out_of_range_is_refused(percent: float) -> None:
    with pytest.raises(InvalidArgumentError, match=r"percent=.*within 0 to 100"):
        LatencyHistogram().percentile(percent)


def test_its_distribution_has_every_duration_once_and_four_steps_to_a_power_of_two() -> None:
    histogram = LatencyHistogram()
    for duration in (1, 5, 1_000, 1_024, 1_500, 1_500, 40_000_000):
        histogram.record(duration)

    distribution = histogram.distribution()

    assert distribution == [(15, 2), (1_023, 1), (1_279, 1), (1_535, 2), (41_943_039, 1)]


def test_durations_are_counted_up_to_bounds() -> None:
    histogram = LatencyHistogram()
    for duration in (10, 900, 1_100, 5_000_000, 1 << 50):
        histogram.record(duration)
    assert histogram.counts_up_to([5, 1_000, 2_000, 10_000_000, 1 << 60]) == [0, 2, 3, 4, 5]
