"""The border for numbers that callers give: exact values in, floats out."""

from __future__ import annotations

from decimal import Context, Decimal, InvalidOperation
from typing import Final

from valr_connector.errors import InvalidArgumentError

Number = Decimal | str | int
"""What a caller may give for an amount or a price."""

MOST_DIGITS = 40
"""More digits than any market has, and few enough for exact arithmetic."""

EXACT: Final = Context(prec=2 * MOST_DIGITS)
"""For sums and products that must not be rounded, whatever the caller's own decimal context is; many programs
have one of 8 digits. Its methods are called, for making it the local one costs 1.5 us."""

_SMALLEST_PLAIN: Final = -6
"""The place of the first digit of the smallest numbers that are written without an exponent."""
_ZERO: Final = Decimal(0)
_KINDS: Final = frozenset({Decimal, str, int})


def has_too_many_digits(number: Decimal) -> bool:
    """Whether a finite number has more than 40 digits, or a digit more than 40 places from the point."""
    _, digits, exponent = number.as_tuple()
    return len(digits) > MOST_DIGITS or abs(int(exponent)) > MOST_DIGITS


def positive_decimal(field: str, value: object) -> Decimal:
    """`value` as an exact Decimal; a float is refused because it may already have lost the intent.

    Raises:
        InvalidArgumentError: a float, a bool, text that is no number, NaN, infinity, a number with more than
            40 digits on either side of the point, or one that is not more than zero.
    """
    if type(value) not in _KINDS:  # a subclass of theirs may pass as well
        _check_kind(field, value)
    try:
        number = Decimal(value)  # type: ignore[arg-type]  # its kind has just been checked
    except InvalidOperation:
        raise InvalidArgumentError(field, value, "is not a number") from None
    if not number.is_finite():
        raise InvalidArgumentError(field, value, "must be finite")
    # Nearly all numbers are short, and taking one to pieces costs four times as much as seeing that.
    is_short = len(str(number)) <= MOST_DIGITS and _SMALLEST_PLAIN <= number.adjusted() < MOST_DIGITS
    if not is_short and has_too_many_digits(number):
        raise InvalidArgumentError(field, value, f"must have at most {MOST_DIGITS} digits")
    if number <= _ZERO:
        raise InvalidArgumentError(field, value, "must be more than zero")
    return number


def _check_kind(field: str, value: object) -> None:
    if isinstance(value, float):
        raise InvalidArgumentError(field, value, "floats are refused; give a Decimal, an int or text")
    if isinstance(value, bool) or not isinstance(value, Decimal | str | int):
        raise InvalidArgumentError(field, value, "must be a Decimal, an int or text")
