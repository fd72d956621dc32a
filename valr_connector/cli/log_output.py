"""Logs of the command line: to standard error, as much as was asked for."""

from __future__ import annotations

import logging
import sys
from contextlib import suppress
from typing import Final

_LEVELS: Final = (logging.WARNING, logging.INFO, logging.DEBUG)
_FORMAT: Final = "%(asctime)s %(levelname)s %(name)s: %(message)s"


class StandardError(logging.Handler):
    """Writes to what standard error is at the moment: a live table puts itself in its place.

    Where it leads nowhere any more (a closed pipe, a full disk), the line is lost, and not whoever logged it.
    """

    def emit(self, record: logging.LogRecord) -> None:
        with suppress(OSError):
            print(self.format(record), file=sys.stderr)


def log_to_standard_error(verbosity: int) -> None:
    """0 shows warnings, 1 what happens, 2 and more everything."""
    level = _LEVELS[min(verbosity, len(_LEVELS) - 1)]
    logging.basicConfig(handlers=[StandardError()], level=level, format=_FORMAT)
