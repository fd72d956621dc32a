"""How often a part that failed unexpectedly is started again, and after which pause.

One mistake should not stop a trading program; the same mistake again and again has to, or it would go on
unseen. So a few restarts lately are granted, each after a longer pause, and the next failure is final. A part
that then runs for a while has its past forgotten.

Times are nanoseconds of one monotonic clock, handed in.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import Final

from valr_connector.errors import InvalidArgumentError

_NS_PER_S: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class RestartPolicy:
    """When a part is started again.

    Attributes:
        most: so many restarts lately, and the next failure is final.
        within_s: what counts as lately, seconds.
        pause_s: before the first restart, seconds; it doubles with each one lately.
    """

    most: int = 3
    within_s: float = 60.0
    pause_s: float = 0.1

    def __post_init__(self) -> None:
        for name in ("most", "within_s", "pause_s"):
            value = getattr(self, name)
            if not 0 < value < float("inf"):
                raise InvalidArgumentError(name, value, "has to be positive")


@dataclass(slots=True)
class Restarts:
    """The restarts of one part."""

    policy: RestartPolicy = field(default_factory=RestartPolicy)
    _lately: deque[int] = field(default_factory=deque)

    def __len__(self) -> int:
        """How many there were lately."""
        return len(self._lately)

    def next_pause_s(self, now: int) -> float | None:
        """The part failed: how many seconds to wait before it is started again; None if it is not to be."""
        forgotten = now - round(self.policy.within_s * _NS_PER_S)
        while self._lately and self._lately[0] <= forgotten:
            self._lately.popleft()
        if len(self._lately) >= self.policy.most:
            return None
        self._lately.append(now)
        return self.policy.pause_s * 2.0 ** (len(self._lately) - 1)
