"""What happened in a run, line by line; the same lines for the same seed in every process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path


class Trace:
    """Lines with the time of each. Does nothing where it is off.

    Args:
        now: seconds.
        directory: where files are kept; its name, which is another one in each process, is left out.
    """

    def __init__(self, now: Callable[[], float], *, is_on: bool, directory: Path | None = None) -> None:
        self.is_on = is_on
        self._now = now
        self._prefix = "" if directory is None else f"{directory}/"
        self._lines: list[str] = []

    @property
    def text(self) -> str:
        """All lines."""
        return "".join(f"{line}\n" for line in self._lines)

    def note(self, text: str) -> None:
        """Add a line."""
        if self.is_on:
            told = text.replace(self._prefix, "") if self._prefix else text
            self._lines.append(f"{self._now():12.6f} {told}")

    def note_bytes(self, what: str, data: bytes) -> None:
        """Add a line with what went over the wire."""
        self.note(f"{what} {data.decode(errors='backslashreplace')}")
