"""A second net under the secrets: what should never be logged is struck out if it is (S11).

The first net is that no code logs headers or credentials. This one catches what slips through it: a line
written while debugging, a third-party library at DEBUG, an exception's text.

A filter on a logger does not see the records of that logger's children; so it belongs on the handlers::

    logging.getLogger().handlers[0].addFilter(RedactionFilter([api_key, api_secret]))
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable
from typing import Final

REDACTED: Final = "[redacted]"
_SHORTEST_SECRET: Final = 8
"""Anything shorter would strike out ordinary words."""

# Three shapes: a header or a field with its value, as text, JSON or a repr; and a bare signature.
_NAMED: Final = re.compile(
    r"""(?P<name> x-valr-api-key | x-valr-signature | api_?key | api_?secret | secret | signature )
        (?P<gap> ["']? \s* [:=,]? \s* ["']? )
        (?P<value> [0-9a-z]{16,} )""",
    re.IGNORECASE | re.VERBOSE,
)
_SIGNATURE: Final = re.compile(r"\b[0-9a-fA-F]{128}\b")


class RedactionFilter(logging.Filter):
    """Strikes secrets out of log records: message, arguments, exception and stack.

    Args:
        secrets: values to strike out wherever they stand, besides what looks like a key, a secret or a
            signature by the name before it or by its shape.
    """

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        super().__init__()
        known = sorted((s for s in secrets if len(s) >= _SHORTEST_SECRET), key=len, reverse=True)
        self._known = re.compile("|".join(map(re.escape, known))) if known else None
        self._formatter = logging.Formatter()

    def __repr__(self) -> str:
        return "RedactionFilter()"

    def filter(self, record: logging.LogRecord) -> bool:
        """Clean one record, in place. Never drops it."""
        message = _message(record)
        clean = self.redact(message)
        if clean != message:
            record.msg, record.args = clean, None
        if record.exc_info and not record.exc_text:
            record.exc_text = self._formatter.formatException(record.exc_info)
        if record.exc_text:
            record.exc_text = self.redact(record.exc_text)
        if record.stack_info:
            record.stack_info = self.redact(record.stack_info)
        return True

    def redact(self, text: str) -> str:
        """`text` without its secrets."""
        if self._known is not None:
            text = self._known.sub(REDACTED, text)
        text = _NAMED.sub(rf"\g<name>\g<gap>{REDACTED}", text)
        return _SIGNATURE.sub(REDACTED, text)


def _message(record: logging.LogRecord) -> str:
    try:
        return record.getMessage()
    except (TypeError, ValueError, KeyError):  # text and arguments do not match
        record.msg, record.args = f"{record.msg} {record.args}".replace("%", "%%"), None
        return str(record.msg)
