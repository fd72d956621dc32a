"""The border for numbers that callers give: exact values in, floats out."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from valr_connector.errors import InvalidArgumentError

Number = Decimal | str | int
"""What a caller may give for an amount or a price."""

MOST_DIGITS = 40
"""More digits than any market has, and few enough for exact arithmetic."""


def exact_decimal(field: str, value: object) -> Decimal:
    """`value` as a finite Decimal; a float is refused because it may already have lost the intent.

    Raises:
        InvalidArgumentError: a float, a bool, text that is no number, NaN, infinity, or a number with more
            than 40 digits on either side of the point.
    """
    if isinstance(value, float):
        raise InvalidArgumentError(field, value, "floats are refused; give a Decimal, an int or text")
    if isinstance(value, bool) or not isinstance(value, Decimal | str | int):
        raise InvalidArgumentError(field, value, "must be a Decimal, an int or text")
    try:
        number = Decimal(value)
    except InvalidOperation:
        raise InvalidArgumentError(field, value, "is not a number") from None
    if not number.is_finite():
        raise InvalidArgumentError(field, value, "must be finite")
    _, digits, exponent = number.as_tuple()
    if len(digits) > MOST_DIGITS or abs(int(exponent)) > MOST_DIGITS:
        raise InvalidArgumentError(field, value, f"must have at most {MOST_DIGITS} digits")
    return number


def positive_decimal(field: str, value: object) -> Decimal:
    """Like `exact_decimal`, and more than zero."""
    number = exact_decimal(field, value)
    if number <= 0:
        raise InvalidArgumentError(field, value, "must be more than zero")
    return number
