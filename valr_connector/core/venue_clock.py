"""Where VALR's windows begin on our clock, as far as that is known.

VALR counts a request when it arrives, by its own clock; we know when we sent it, by ours. Between the two
lie the offset of the clocks, which is measured, and the way of the request, which differs from one to the
next. So what is asked here is never "which window is this in?" but "is this *surely* in a later window than
that one?". There are two proofs, and either is enough:

* **Apart.** Two requests that were sent a whole period and the longest difference of two ways apart are in
  different windows, wherever those begin. It needs no knowledge of VALR's clock.
* **A boundary between them.** With the clocks aligned, the first arrives before a boundary even if it is
  slow, the second after it even if it is fast. Around each boundary lies a guard band, as wide as the doubt
  about one arrival and about the other; nobody in it is counted as being beyond.

The first alone would cost throughput, for it never lets a full window follow a full window. The second gives
the whole limit in each window, and a wait of at most the guard band where one window is full.

A sample of VALR's clock is a request like any other: it was read in the middle of a round trip, so half of
the round trip after it is sent a request arrives, give or take the other half. `MARGIN` covers what differs
from one request to the next, and between VALR's own machines; `DRIFT` what the two clocks diverge by since.
Neither covers a connection that stalls for longer and then delivers all at once: what VALR then refuses is
feedback (`FixedWindow.refused`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from valr_connector.core.rate_limits import MILLISECOND

MARGIN: Final = 15 * MILLISECOND
LONGEST_DIFFERENCE: Final = 250 * MILLISECOND
"""So much longer than another request of its kind may one be under way."""
DRIFT: Final = 10_000
"""VALR's clock and ours diverge by no more than a ten-thousandth."""
LARGEST_STEP: Final = 5 * MILLISECOND
"""Beyond this between our two clocks, one was set, or the machine slept. `MARGIN` has room for it."""


@dataclass(frozen=True, slots=True)
class _Alignment:
    """`ahead`: VALR's time of arrival minus our time of sending; `error`: how far off that may be."""

    ahead: int
    error: int
    measured_at: int
    wall_ahead: int


class VenueClock:
    """VALR's clock as the limiter needs it. Our time is monotonic; all times are nanoseconds.

    Attributes:
        is_aligned: whether VALR's clock is known well enough to rely on it.
    """

    def __init__(self) -> None:
        self._alignment: _Alignment | None = None
        self.is_aligned = False

    def align(self, *, now: int, wall: int, server: int, round_trip: int) -> None:
        """VALR's clock has been measured.

        Args:
            now, wall: the monotonic and the wall clock, at one moment.
            server: VALR's time at that moment, as estimated.
            round_trip: of the request that measured it.
        """
        half = round_trip // 2
        self._alignment = _Alignment(
            ahead=server + half - now, error=half + MARGIN, measured_at=now, wall_ahead=wall - now
        )
        self.is_aligned = True

    def forget(self) -> None:
        """Rely on no measurement until the next one: VALR refused a signature, so its clock is in doubt."""
        self._alignment = None
        self.is_aligned = False

    def check(self, now: int, wall: int) -> None:
        """Rely on the measurement only while both of our clocks go on as they went then.

        To be called before every decision: a machine that slept has a monotonic clock that did not notice.
        """
        known = self._alignment
        if known is not None:
            self.is_aligned = -LARGEST_STEP <= wall - now - known.wall_ahead <= LARGEST_STEP

    def later_window(self, sent: int, now: int, *, period: int, slack: int) -> int:
        """From when on a request is surely in a later window than the one that was sent at `sent`.

        Args:
            now: time of the question.
            period: length of the windows.
            slack: how long after its time a request may leave this process.
        """
        apart = sent + period + slack + LONGEST_DIFFERENCE
        known = self._alignment
        if known is None or not self.is_aligned:
            return apart
        error = known.error + abs(now - known.measured_at) // DRIFT
        latest_arrival = sent + slack + known.ahead + error
        boundary = (latest_arrival // period + 1) * period
        return min(apart, boundary - known.ahead + error)
