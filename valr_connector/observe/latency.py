"""A histogram of durations in fixed memory.

Buckets are log-linear: every power of two is cut into equal parts, so that the relative error is the same
for microseconds and for minutes. With 64 parts it is below 1.6 %. Recording costs two shifts and an addition;
nothing is ever allocated after the first duration, sorted or thrown away.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Final

from valr_connector.errors import InvalidArgumentError

_PART_BITS: Final = 6
_PARTS: Final = 1 << _PART_BITS
_QUARTER: Final = _PARTS // 4
_LONGEST_NS: Final = (1 << 42) - 1
"""About 73 minutes; anything longer is counted as this in the percentiles, exactly in `max_ns`."""
_BUCKETS: Final = (42 - _PART_BITS + 1) * _PARTS
_ALL_EMPTY: Final = array("Q", bytes(8 * _BUCKETS))


@dataclass(frozen=True, slots=True)
class LatencySummary:
    """A histogram at one moment; durations in nanoseconds."""

    count: int
    mean_ns: float
    p50_ns: int
    p90_ns: int
    p99_ns: int
    max_ns: int
    total_ns: int


class LatencyHistogram:
    """Counts durations by size.

    Attributes:
        count: how many were recorded.
        total_ns: their sum.
        max_ns: the longest, exactly; 0 while empty.
    """

    __slots__ = ("_counts", "count", "max_ns", "total_ns")

    def __init__(self) -> None:
        self._counts = _ALL_EMPTY  # its own from the first duration on: many histograms stay empty
        self.count = 0
        self.total_ns = 0
        self.max_ns = 0

    def record(self, duration_ns: int) -> None:
        """Count one duration; a negative one (a clock was set back) counts as 0."""
        if not 0 <= duration_ns <= self.max_ns:  # rarely: the usual way calls neither min nor max
            duration_ns = max(duration_ns, 0)
            self.max_ns = max(self.max_ns, duration_ns)
        if not self.count:
            self._counts = _ALL_EMPTY[:]
        self.count += 1
        self.total_ns += duration_ns
        try:
            # Below 128 ns a bucket for each nanosecond; above, 64 buckets for each power of two.
            shift = duration_ns.bit_length() - _PART_BITS - 1
            self._counts[(shift << _PART_BITS) + (duration_ns >> shift) if shift > 0 else duration_ns] += 1
        except IndexError:
            self._counts[-1] += 1

    @property
    def mean_ns(self) -> float:
        """Arithmetic mean, exactly; 0 while empty."""
        return self.total_ns / self.count if self.count else 0.0

    def percentile(self, percent: float) -> int:
        """The duration that `percent` of the recorded ones do not exceed, at most 1.6 % too long.

        Returns:
            Nanoseconds; 0 while empty.

        Raises:
            InvalidArgumentError: `percent` is not within 0 to 100.
        """
        if not 0 <= percent <= 100:
            raise InvalidArgumentError("percent", percent, "has to be within 0 to 100")
        return self._percentile(list(accumulate(self._counts)), percent)

    def counts_up_to(self, bounds_ns: Sequence[int]) -> Sequence[int]:
        """How many durations each bound is not exceeded by; one within 1.6 % of a bound may count either way.

        Args:
            bounds_ns: in rising order, nanoseconds.
        """
        totals: list[int] = []
        seen = bucket = 0
        for bound in bounds_ns:
            last = bisect_left(range(_BUCKETS), min(bound, _LONGEST_NS), key=_upper_edge_ns)
            seen += sum(self._counts[bucket : last + 1])
            bucket = last + 1
            totals.append(seen)
        return totals

    def distribution(self) -> list[tuple[int, int]]:
        """Upper edges in nanoseconds and how many there are between, four to a power of two; none empty."""
        starts = range(0, _BUCKETS, _QUARTER)
        sums = ((start, sum(self._counts[start : start + _QUARTER])) for start in starts)
        return [(_upper_edge_ns(start + _QUARTER - 1), count) for start, count in sums if count]

    def summary(self) -> LatencySummary:
        """Everything at this moment."""
        totals = list(accumulate(self._counts))
        return LatencySummary(
            count=self.count,
            mean_ns=self.mean_ns,
            p50_ns=self._percentile(totals, 50),
            p90_ns=self._percentile(totals, 90),
            p99_ns=self._percentile(totals, 99),
            max_ns=self.max_ns,
            total_ns=self.total_ns,
        )

    def _percentile(self, totals: Sequence[int], percent: float) -> int:
        """`totals` are how many durations lie in each bucket and those before it."""
        rank = max(1, -int(-percent * self.count // 100))
        return min(_upper_edge_ns(bisect_left(totals, rank)), self.max_ns)


def _upper_edge_ns(bucket: int) -> int:
    shift = max((bucket >> _PART_BITS) - 1, 0)
    part = bucket - (shift << _PART_BITS)
    return ((part + 1) << shift) - 1
