"""What a number, a time and a name are on VALR's wire (protocol 5).

Numbers stay wire text until somebody reads them: checksums need the text as received, and most numbers of
most frames are never read. What makes text a number is pinned here, because decoders are more generous:
msgspec takes "NaN", "1_000", " 1" and a bare 1.5 for a Decimal.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Annotated, NewType, NoReturn

import msgspec
import orjson

from valr_connector.errors import DecodeError, InvalidArgumentError
from valr_connector.model.numbers import MOST_DIGITS, has_too_many_digits


def check_utf8(raw: bytes) -> None:
    """JSON is UTF-8. Decoders look at what they read only: a garbled name is one that they do not know.

    A reply to a placement without its order id would be a refusal.

    Raises:
        UnicodeDecodeError: it is not.
    """
    raw.decode()


_NUMBER = r"-?+[0-9]{1,40}+(?:\.[0-9]{1,40}+)?+(?:[eE][+-]?+[0-9]{1,2}+)?+"

DecimalText = Annotated[str, msgspec.Meta(pattern=rf"\A{_NUMBER}\Z")]
"""Wire text of a number, checked by the decoder: about 0.5 us each. For frames that are rare."""

OptionalDecimalText = Annotated[str, msgspec.Meta(pattern=rf"\A(?:{_NUMBER})?+\Z")] | None
"""The same where null, absent and "" all mean none (protocol 5)."""

HotDecimalText = NewType("HotDecimalText", str)
"""Wire text of a number in a struct that checks all its numbers at once, by `are_decimals`: 0.1 us each."""

UtcTime = Annotated[datetime, msgspec.Meta(tz=True)]
"""An aware time; VALR writes UTC, with 0 to 9 fraction digits, kept to the microsecond."""

_is_number = re.compile(_NUMBER).fullmatch
_is_number_token = re.compile(rf'(?:{_NUMBER}|"{_NUMBER}"|""|null|)'.encode()).fullmatch
_are_numbers = re.compile(rf"(?:{_NUMBER},)*+").fullmatch
_PLAIN = r"[0-9]{1,40}+(?:\.[0-9]{1,40}+)?+,"  # no sign, no exponent: nearly all are
_are_plain_numbers = re.compile(rf"(?:{_PLAIN})*+").fullmatch


class WireNumberError(ValueError):
    """Text that is no number, found while a struct was made. Becomes a DecodeError at the door.

    Attributes:
        field: path below the struct, as VALR names it.
        value: the text.
    """

    def __init__(self, field: str, value: str, problem: str = "not a plain decimal number") -> None:
        super().__init__(problem)
        self.field = field
        self.value = value


def wire_name(attribute: str) -> str:
    """VALR's name of a struct's field: ``order_id`` is ``orderId``, ``price_text`` is ``price``."""
    head, *rest = attribute.removesuffix("_text").split("_")
    return head + "".join(word.capitalize() for word in rest)


def parse_decimal(text: str) -> Decimal:
    """The exact value of wire text.

    Raises:
        DecodeError: the text is no plain decimal number, as "114,953", "1_000", " 1" or "NaN".
    """
    if not is_decimal(text):
        raise DecodeError("number", "", text, "not a plain decimal number")
    return Decimal(text)


def is_decimal(text: str) -> bool:
    """Whether wire text is a plain decimal number."""
    return _is_number(text) is not None


def optional_decimal(text: str | None) -> Decimal | None:
    """The value of checked wire text; None where it is absent, null or ""."""
    return Decimal(text) if text else None


def are_decimals(joined: str, count: int) -> bool:
    """Whether `joined` is `count` numbers, each followed by a comma.

    A comma inside of one of them makes the count wrong, so "1,2" cannot pass for two numbers.
    """
    if joined.count(",") != count:
        return False
    return _are_plain_numbers(joined) is not None or _are_numbers(joined) is not None


def plain_numbers(count: int) -> Callable[[str], object]:
    """A check for rows of every frame: text is `count` numbers, each followed by a comma, none below zero.

    What it does not take, for instance 6.00E-7, can be a number still: `check_closely` then has to look.
    """
    return re.compile(_PLAIN * count).fullmatch


def check_closely(row: msgspec.Struct, joined: str, count: int, *never_negative: str) -> None:
    """Check the `_text` fields of `row`, whose `count` numbers that can't be None are in `joined`.

    Raises:
        WireNumberError: one of them is no number, or one of `never_negative` is below zero.
    """
    if not are_decimals(joined, count):
        refuse_numbers(row)
    if "-" in joined:
        refuse_negatives(row, *never_negative)


def refuse_numbers(row: msgspec.Struct) -> NoReturn:
    """Raise WireNumberError for the first ``_text`` field of `row` that is no number."""
    name, text = next(
        (field.encode_name, text)
        for field in msgspec.structs.fields(row)
        if field.name.endswith("_text")
        for text in [getattr(row, field.name)]
        if (text or field.required) and not is_decimal(text)
    )
    raise WireNumberError(name, text)


def refuse_negatives(row: msgspec.Struct, *attributes: str) -> None:
    """Check `_text` fields that can't be less than zero; call it only where there is a minus sign at all.

    Raises:
        WireNumberError: one of them is negative, as no price and no quantity of an order can be.
    """
    for name in attributes:
        text = getattr(row, name)
        if text and Decimal(text) < 0:
            raise WireNumberError(wire_name(name), text, "must not be negative")


def check_number_tokens(row: msgspec.Struct) -> None:
    """Check every `Raw` field of `row`: a JSON number, a string that is a number, null, "" or absent.

    Raises:
        WireNumberError: one of them is something else.
    """
    for name, wire_name in zip(row.__struct_fields__, row.__struct_encode_fields__, strict=True):
        token = getattr(row, name)
        if isinstance(token, msgspec.Raw):
            check_number_token(wire_name, token)


def check_number_token(wire_name: str, token: msgspec.Raw) -> None:
    """Check one `Raw` field, as `check_number_tokens` does.

    Raises:
        WireNumberError: it is something else.
    """
    if _is_number_token(token) is None:
        raise WireNumberError(wire_name, bytes(token).decode("utf-8", "backslashreplace"))


def number_of(token: msgspec.Raw) -> Decimal | None:
    """The exact value of a checked token, which VALR sends as a number or as text; None where it is none."""
    text = bytes(token).strip(b'"').decode()
    return Decimal(text) if text and text != "null" else None


def format_decimal(value: Decimal, field: str = "value") -> str:
    """Plain notation for sending: no exponent, no sign, no thousands separator (protocol 5).

    Raises:
        InvalidArgumentError: `value` is not a Decimal, not finite, negative, or absurdly large or small.
    """
    check_sendable(value, field)
    return format(value, "f")


def check_sendable(value: Decimal, field: str) -> None:
    """Refuse what `format_decimal` refuses."""
    if not isinstance(value, Decimal):
        raise InvalidArgumentError(field, value, "must be a Decimal")
    if not value.is_finite():
        raise InvalidArgumentError(field, value, "must be finite")
    if value.is_signed():
        raise InvalidArgumentError(field, value, "must not be negative")
    if has_too_many_digits(value):
        raise InvalidArgumentError(field, value, f"must have at most {MOST_DIGITS} digits")


def parse_time(text: str) -> datetime:
    """An aware time from ISO-8601 text; text without a zone means UTC (protocol 5).

    Raises:
        DecodeError: the text is no such time.
    """
    try:
        return as_utc(msgspec.convert(text, datetime))
    except msgspec.ValidationError as error:
        raise DecodeError("time", "", text, str(error)) from None


def as_utc(time: datetime) -> datetime:
    """The time itself if it has a zone, else the same in UTC: simple orders lack the zone (protocol 5)."""
    return time if time.tzinfo is not None else time.replace(tzinfo=UTC)


def format_time(time: datetime, field: str = "time") -> str:
    """ISO-8601 in UTC with milliseconds, as queries take it.

    Raises:
        InvalidArgumentError: the time has no zone.
    """
    if time.tzinfo is None:
        raise InvalidArgumentError(field, time, "must have a time zone")
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


encode_json: Callable[[object], bytes] = orjson.dumps
"""Compact JSON. What is sent holds text, booleans, lists and objects only: money is text already."""
