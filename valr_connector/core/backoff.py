"""How long to wait before dialling again.

Exponential back-off with full jitter: the wait is uniform between nothing and a ceiling that doubles with
every failure in a row. Full jitter spreads the clients that one restart of the exchange threw out together.

Three rules differ from the textbook (protocol 4, 20):

* the first failure after a good time is followed up at once (within ``fast_s``): a single dropped socket is
  the common case, and every second without the account stream is a second of unknown orders;
* the count of failures is forgotten only after a connection that stayed authenticated for ``stable_s``. A
  server that accepts and drops us at once is a failing server, and 60 dials a minute are all that VALR
  allows;
* a dial that got no answer has spent its time waiting: that is part of the wait before the next one.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from valr_connector.errors import InvalidArgumentError

_MOST_DOUBLINGS = 63
"""Beyond this the ceiling has long been the cap; it keeps the power small."""


@dataclass(frozen=True, slots=True)
class BackoffSettings:
    """Seconds, all of them.

    Attributes:
        fast_s: ceiling of the wait after a first failure.
        base_s: ceiling of the wait after the second failure; it doubles from there.
        cap_s: the ceiling never grows beyond this.
        stable_s: a connection authenticated for this long makes the next failure a first one.
    """

    fast_s: float = 0.2
    base_s: float = 1.0
    cap_s: float = 60.0
    stable_s: float = 60.0

    def __post_init__(self) -> None:
        for name in ("fast_s", "base_s", "cap_s", "stable_s"):
            value = getattr(self, name)
            if not 0 < value < float("inf"):
                raise InvalidArgumentError(name, value, "has to be a positive number of seconds")
        if self.cap_s < self.base_s:
            raise InvalidArgumentError("cap_s", self.cap_s, f"has to be at least base_s ({self.base_s})")


@dataclass(slots=True)
class Backoff:
    """Counts failures in a row and turns them into waits. Draws no random numbers itself."""

    settings: BackoffSettings = field(default_factory=BackoffSettings)
    failures: int = 0

    def next_delay(
        self, *, stable_s: float, random: float, may_hurry: bool = True, spent_s: float = 0.0
    ) -> float:
        """Count one more failure and say how long to wait before the next attempt.

        Args:
            stable_s: how long the connection that just ended had been authenticated; 0 for a dial
                that failed.
            random: uniform in [0, 1).
            may_hurry: False where the exchange asked for patience (429): no fast first attempt.
            spent_s: how long the dial that failed took; 0 for a connection that was lost.

        Returns:
            Seconds.
        """
        if stable_s >= self.settings.stable_s:
            self.failures = 0
        self.failures += 1
        if not may_hurry:
            self.failures = max(self.failures, 2)
        return max(0.0, random * self._ceiling() - spent_s)

    def _ceiling(self) -> float:
        if self.failures == 1:
            return self.settings.fast_s
        doublings = min(self.failures - 2, _MOST_DOUBLINGS)
        return float(min(self.settings.cap_s, self.settings.base_s * 2**doublings))
