"""Lets a log line that repeats itself through now and then, and says how many like it were left out.

While VALR is away, the same warning comes with every attempt. A filter for handlers, like the redaction::

    handler.addFilter(RepeatFilter())
"""

from __future__ import annotations

import logging
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

from valr_connector.errors import InvalidArgumentError

_MOST_KEPT: Final = 1_000


@dataclass(slots=True)
class _Seen:
    since: float
    passed: int = 0
    left_out: int = 0


class RepeatFilter(logging.Filter):
    """Leaves out repetitions: records of one logger and level with the same text before its arguments.

    Args:
        most: how many of a kind pass in each span.
        span_s: seconds.
        level: what is less grave always passes.

    Raises:
        InvalidArgumentError: `most` is below 1, or `span_s` is not positive.
    """

    def __init__(self, *, most: int = 5, span_s: float = 60.0, level: int = logging.WARNING) -> None:
        super().__init__()
        if most < 1:
            raise InvalidArgumentError("most", most, "has to be at least 1")
        if span_s <= 0:
            raise InvalidArgumentError("span_s", span_s, "has to be positive")
        self._most = most
        self._span_s = span_s
        self._level = level
        self._seen: OrderedDict[tuple[str, int, str], _Seen] = OrderedDict()

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record passes; the first of a new span says how many were left out in the one before."""
        if record.levelno < self._level:
            return True
        key = (record.name, record.levelno, str(record.msg))
        seen = self._seen.get(key)
        if seen is None or not 0 <= record.created - seen.since < self._span_s:  # clocks are set back, too
            left_out = 0 if seen is None else seen.left_out
            seen = self._seen[key] = _Seen(record.created)
            self._seen.move_to_end(key)
            if len(self._seen) > _MOST_KEPT:
                self._seen.popitem(last=False)
            if left_out:
                record.msg, record.args = f"{record.getMessage()} ({left_out} more like it left out)", None
                record.left_out = left_out
        if seen.passed >= self._most:
            seen.left_out += 1
            return False
        seen.passed += 1
        return True
