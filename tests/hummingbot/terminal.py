"""A program on a terminal: what it shows is read off the screen, what is typed goes to it."""

from __future__ import annotations

import os
import pty
import select
import subprocess
import termios
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

import pyte

LINES, COLUMNS = 50, 220
PATIENCE_S = 40.0


class Terminal:
    """One terminal, and the program that runs on it."""

    def __init__(self, end: int) -> None:
        self._end = end
        self._screen = pyte.Screen(COLUMNS, LINES)
        self._screen.write_process_input = self._answer
        self._stream = pyte.ByteStream(self._screen)

    @property
    def shows(self) -> str:
        """What is on the screen."""
        return "\n".join(line.rstrip() for line in self._screen.display)

    def type(self, text: str) -> None:
        """Type a line, and return."""
        os.write(self._end, text.encode() + b"\r")

    def wait_for(self, text: str, times: int = 1) -> None:
        """Wait until a text is on the screen so many times; the test fails if that does not come."""
        last = time.monotonic() + PATIENCE_S
        while self.shows.count(text) < times:
            left = last - time.monotonic()
            assert left > 0, f"{text!r} is not on the screen:\n{self.shows}"
            if select.select([self._end], [], [], left)[0]:
                self._stream.feed(os.read(self._end, 65_536))

    def _answer(self, data: str) -> None:
        """What a terminal says by itself, as where its cursor is."""
        os.write(self._end, data.encode())


@contextmanager
def on_terminal(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> Iterator[Terminal]:
    """Run a command on a terminal; it is killed at the end."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (LINES, COLUMNS))
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder,
        env={**environment, "TERM": "xterm-256color"}, start_new_session=True,
    ) as running:  # fmt: skip
        os.close(theirs)
        try:
            yield Terminal(ours)
        finally:
            running.kill()
            os.close(ours)
