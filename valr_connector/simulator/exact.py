"""Arithmetic that never loses a digit.

Money may not appear or vanish by rounding, so every command of the venue runs in a context that is wide
enough for the longest product and raises where a digit would be lost. What has to be cut (quantities, fees)
is cut on purpose, by `truncate`. What is only told is counted by the methods of these contexts: outside of a
command the context is that of the program around the exchange, which may have few digits.
"""

from __future__ import annotations

from decimal import (
    ROUND_HALF_UP,
    Context,
    Decimal,
    DivisionByZero,
    FloatOperation,
    Inexact,
    InvalidOperation,
    Overflow,
)

EXACT = Context(prec=80, traps=[Inexact, InvalidOperation, DivisionByZero, Overflow, FloatOperation])
QUOTIENT = Context(prec=80, traps=[InvalidOperation, DivisionByZero, Overflow, FloatOperation])
"""As wide, for averages and percentages, which need not come out even."""

ZERO = Decimal(0)


def truncate(value: Decimal, step: Decimal) -> Decimal:
    """The multiple of `step` next to `value`, towards zero. Both finite, step > 0."""
    return value // step * step


def rounded(quotient: Decimal, step: Decimal) -> Decimal:
    """A quotient that need not have come out even, to the nearest multiple of `step`, a power of ten."""
    return quotient.quantize(step, ROUND_HALF_UP, QUOTIENT)


def step_of(decimals: int) -> Decimal:
    """The unit of the last of `decimals` decimal places: 8 gives 0.00000001."""
    return Decimal(1).scaleb(-decimals)
