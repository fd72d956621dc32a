"""The one clock of a recorded session: exchange, connector and recorder go by it."""

from __future__ import annotations

NS_PER_S = 1_000_000_000
START_WALL_NS = 1_790_000_000 * NS_PER_S
START_MONOTONIC_NS = 1_000 * NS_PER_S


class StageClock:
    """Stands still unless it is moved: by each frame a millisecond, and by the script."""

    def __init__(self) -> None:
        self._passed = 0

    def wall(self) -> int:
        """Nanoseconds since 1970."""
        return START_WALL_NS + self._passed

    def monotonic(self) -> int:
        """Nanoseconds."""
        return START_MONOTONIC_NS + self._passed

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._passed += round(seconds * NS_PER_S)
