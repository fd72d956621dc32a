"""The second look at bytes that did not decode: unknown, a sign of life, or malformed and where (S10)."""

from __future__ import annotations

import re
from typing import Any, NoReturn

import msgspec

from valr_connector.errors import DecodeError
from valr_connector.protocol.codec import WireNumberError

DECODER_FAILURES = (msgspec.MsgspecError, ValueError, ArithmeticError, RecursionError)
"""All that a decoder raises on bad bytes: bad UTF-8 is a ValueError, deep nesting a RecursionError."""

_PATH = re.compile(r"(.*) - at `\$(.*)`", re.DOTALL)
_STEP = re.compile(r"\.([^.\[]+)|\[([0-9]+)\]")
_MISSING = re.compile(r"Object missing required field `(.+)`")
_ABSENT = object()
_BEGINNING = 100
_PLAINER = (
    ("Expected `str` matching regex", "not a plain decimal number"),
    ("Invalid enum value", "not one of the expected words"),
    ("Invalid value", "not one of the expected words"),
    ("Invalid RFC3339 encoded datetime", "not a time"),
    ("Expected `datetime` with a timezone component", "a time without a zone"),
)


def refuse(kind: str, raw: bytes, error: Exception) -> NoReturn:
    """Raise the DecodeError that names what is wrong with `raw`, where, and the value there.

    Args:
        kind: the frame's type or the endpoint's name.
        raw: the bytes as received.
        error: what the decoder raised.
    """
    problem, path = _problem_of(error)
    whole = _untyped(raw)
    field, value = path.removeprefix("."), _shown(raw, _walk(whole, path))
    if isinstance(error.__cause__, WireNumberError):
        field, value = _below(field, error.__cause__.field), error.__cause__.value
    elif missing := _MISSING.fullmatch(problem):
        field, problem = _below(field, missing[1]), "required field is missing"
    raise DecodeError(kind, field, _printable(value), problem) from None


def _problem_of(error: Exception) -> tuple[str, str]:
    if isinstance(error, RecursionError):
        return "nested too deeply", ""
    if isinstance(error, UnicodeDecodeError):
        return "not UTF-8", ""
    located = _PATH.fullmatch(str(error))
    problem, path = (located[1], located[2]) if located else (str(error), "")
    return next((plain for start, plain in _PLAINER if problem.startswith(start)), problem), path


def _below(field: str, name: str) -> str:
    return f"{field}.{name}" if field else name


def _untyped(raw: bytes) -> Any:
    try:
        return msgspec.json.decode(raw)
    except DECODER_FAILURES:
        return _ABSENT


def _walk(value: Any, path: str) -> Any:
    for name, index in _STEP.findall(path):
        if name and isinstance(value, dict):
            value = value.get(name, _ABSENT)
        elif index and isinstance(value, list):
            value = value[int(index)]
        else:
            return _ABSENT
    return value


def _shown(raw: bytes, value: Any) -> str:
    """The value as JSON; the beginning of the bytes where it could not be found."""
    if value is _ABSENT:
        return raw[:_BEGINNING].decode("utf-8", "backslashreplace")
    return value if isinstance(value, str) else msgspec.json.encode(value).decode()


def _printable(text: str) -> str:
    """Text that cannot break a log line."""
    return text if text.isprintable() else text.encode("unicode_escape").decode()
