"""VALR's time, seen from here, and the timestamps that requests are signed with.

A request to ``/v1/public/time`` brackets the server's reading between two local ones. With nothing known
about the two ways, the best guess is the middle, and it is wrong by at most half the round trip; so of
several samples the one with the smallest round trip is the best, not their mean. Only the last few samples
compete, for clocks drift and machines sleep. A sample that cannot be true together with the best one proves
that a clock was set in between: from there on the older ones say nothing.

All local readings have to come from one clock, whichever it is; times are nanoseconds.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from valr_connector.errors import InvalidArgumentError

_NS_PER_MS = 1_000_000
_MARGIN = 20 * _NS_PER_MS
"""VALR has more than one machine, and clocks drift: so much further apart two samples can be true."""


@dataclass(frozen=True, slots=True)
class ClockSample:
    """One bracketed reading of the server's clock."""

    offset_ns: int
    """Server minus local, assuming equal ways."""
    round_trip_ns: int


class ClockOffset:
    """Estimates server time minus local time by the smallest round trip.

    Args:
        initial_ns: the offset to assume before the first sample.
        window: how many of the newest samples compete.
    """

    def __init__(self, *, initial_ns: int = 0, window: int = 8) -> None:
        if window < 1:
            raise InvalidArgumentError("window", window, "has to be at least 1")
        self._initial_ns = initial_ns
        self._samples: deque[ClockSample] = deque(maxlen=window)
        self._best: ClockSample | None = None

    def add(self, sent_ns: int, received_ns: int, server_ns: int) -> None:
        """Take in one reading: local time before the request and after the answer, server time within.

        A reading whose answer precedes its request (the local clock was set back meanwhile) is worthless
        and dropped.
        """
        round_trip = received_ns - sent_ns
        if round_trip < 0:
            return
        middle = sent_ns + round_trip // 2
        sample = ClockSample(server_ns - middle, round_trip)
        if self._best is not None and _contradict(sample, self._best):
            self._samples.clear()
        self._samples.append(sample)
        self._best = min(self._samples, key=lambda sample: sample.round_trip_ns)

    def forget(self) -> None:
        """Drop all samples but go on with the estimate until a new one comes: the clocks are in doubt."""
        if self._best is not None:
            self._initial_ns = self._best.offset_ns
        self._samples.clear()
        self._best = None

    @property
    def offset_ns(self) -> int:
        """Server minus local."""
        return self._initial_ns if self._best is None else self._best.offset_ns

    @property
    def round_trip_ns(self) -> int | None:
        """Round trip of the best sample, None before the first; the estimate is off by half of it at most."""
        return None if self._best is None else self._best.round_trip_ns

    def server_ns(self, local_ns: int) -> int:
        """Server time at a local time."""
        return local_ns + self.offset_ns


def _contradict(one: ClockSample, other: ClockSample) -> bool:
    return abs(one.offset_ns - other.offset_ns) > (one.round_trip_ns + other.round_trip_ns) // 2 + _MARGIN


class TimestampSource:
    """Milliseconds for signatures, in server time, strictly increasing.

    VALR does not say whether it refuses a repeated timestamp; never repeating one costs nothing (protocol
    2.2, 21 no. 14). Should the corrected clock fall back by more than ``max_lead_ms`` (the first offset was
    wrong, the machine slept), the sequence starts anew from there, for a timestamp stuck in the future is
    refused for certain.

    Attributes:
        offset: the estimate that it corrects by.
    """

    def __init__(self, offset: ClockOffset, *, max_lead_ms: int = 1_000) -> None:
        if max_lead_ms < 0:
            raise InvalidArgumentError("max_lead_ms", max_lead_ms, "must not be negative")
        self.offset = offset
        self._max_lead_ms = max_lead_ms
        self._last_ms: int | None = None

    def next_ms(self, local_ns: int) -> int:
        """The next timestamp to sign with, at a local time."""
        now_ms = self.offset.server_ns(local_ns) // _NS_PER_MS
        last = self._last_ms
        is_ahead = last is not None and now_ms <= last <= now_ms + self._max_lead_ms
        self._last_ms = last + 1 if last is not None and is_ahead else now_ms
        return self._last_ms
