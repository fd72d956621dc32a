"""What happened in a run, line by line; the same lines for the same seed in every process."""

from __future__ import annotations

from collections.abc import Callable


class Trace:
    """Lines with the time of each. Does nothing where it is off.

    Args:
        now: seconds.
    """

    def __init__(self, now: Callable[[], float], *, is_on: bool) -> None:
        self.is_on = is_on
        self._now = now
        self._lines: list[str] = []

    @property
    def text(self) -> str:
        """All lines."""
        return "".join(f"{line}\n" for line in self._lines)

    def note(self, text: str) -> None:
        """Add a line."""
        if self.is_on:
            self._lines.append(f"{self._now():12.6f} {text}")

    def note_bytes(self, what: str, data: bytes) -> None:
        """Add a line with what went over the wire."""
        self.note(f"{what} {data.decode(errors='backslashreplace')}")
