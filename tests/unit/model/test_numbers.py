"""Money crosses the border exactly, or not at all."""

from __future__ import annotations

from decimal import Decimal, localcontext
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from valr_connector.errors import InvalidArgumentError
from valr_connector.model.numbers import MOST_DIGITS, positive_decimal


@pytest.mark.parametrize(
    ("given_value", "taken"),
    [
        (Decimal("0.10"), Decimal("0.10")),
        ("950000.5", Decimal("950000.5")),
        (7, Decimal(7)),
        ("1e3", Decimal(1_000)),
        (HTTPStatus.OK, Decimal(200)),
    ],
)
def test_decimals_whole_numbers_and_text_are_taken_exactly(given_value: object, taken: Decimal) -> None:
    assert positive_decimal("amount", given_value) == taken


@given(st.decimals(allow_nan=False, allow_infinity=False, places=20, min_value="1e-20", max_value=10**19))
def test_the_text_of_a_decimal_is_the_same_number(number: Decimal) -> None:
    assert positive_decimal("amount", str(number)) == positive_decimal("amount", number) == number


@given(st.floats())
def test_every_float_is_refused(number: float) -> None:
    with pytest.raises(InvalidArgumentError, match="floats are refused"):
        positive_decimal("amount", number)


@pytest.mark.parametrize("value", [True, None, [], b"1", object()])
def test_what_is_no_number_at_all_is_refused(value: object) -> None:
    with pytest.raises(InvalidArgumentError, match="must be a Decimal, an int or text"):
        positive_decimal("amount", value)


@pytest.mark.parametrize("value", ["", "-", "abc", "1,5", "0x10", "1e9999999999999999999"])
def test_text_that_is_no_number_is_refused(value: str) -> None:
    with pytest.raises(InvalidArgumentError, match="is not a number"):
        positive_decimal("amount", value)


@pytest.mark.parametrize("value", ["NaN", "sNaN", "Infinity", "-Infinity", Decimal("NaN")])
def test_nan_and_infinity_are_refused(value: object) -> None:
    with pytest.raises(InvalidArgumentError, match="must be finite"):
        positive_decimal("amount", value)


@pytest.mark.parametrize("value", ["1e41", "1e-41", "9" * 41, 10**41, "1e999999"])
def test_a_number_beyond_any_market_is_refused(value: object) -> None:
    with pytest.raises(InvalidArgumentError, match="must have at most 40 digits"):
        positive_decimal("amount", value)


@pytest.mark.parametrize("value", [f"1e{MOST_DIGITS}", f"1e-{MOST_DIGITS}", "9" * MOST_DIGITS])
def test_a_number_with_just_as_many_digits_as_allowed_is_taken(value: str) -> None:
    assert positive_decimal("amount", value) == Decimal(value)


def test_the_callers_own_decimal_context_does_not_round() -> None:
    with localcontext() as context:
        context.prec = 3
        assert str(positive_decimal("amount", "0.123456789")) == "0.123456789"


@pytest.mark.parametrize("value", [0, "0.00", -1, "-0"])
def test_a_positive_number_is_more_than_zero(value: object) -> None:
    with pytest.raises(InvalidArgumentError, match="must be more than zero"):
        positive_decimal("price", value)


def test_a_positive_number_is_taken_as_it_is() -> None:
    assert positive_decimal("price", "0.00000001") == Decimal("0.00000001")


def test_the_error_names_the_argument_and_what_was_given() -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        positive_decimal("price", 0.1)
    assert (caught.value.field, caught.value.value) == ("price", 0.1)
