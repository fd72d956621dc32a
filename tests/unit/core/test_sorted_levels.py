"""One side's levels: exact order, VALR's own text, whatever is done to them."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from valr_connector.core.sorted_levels import CHECKED_DEPTH, SortedLevels, crossing, is_nothing

Changes = list[tuple[str, str]]


def side(*levels: tuple[str, str], is_bid: bool = True) -> SortedLevels:
    made = SortedLevels(is_bid=is_bid)
    made.update(levels)
    return made


def a_hundred(*, is_bid: bool) -> SortedLevels:
    return side(*[(str(1_000 + n), "1") for n in range(100)], is_bid=is_bid)


def test_bids_have_their_highest_price_first_and_asks_their_lowest() -> None:
    levels = [("2", "1"), ("10", "1"), ("9.5", "1")]
    assert side(*levels).best_first() == ("10:1", "9.5:1", "2:1")
    assert side(*levels, is_bid=False).best_first() == ("2:1", "9.5:1", "10:1")
    assert (side(*levels).best, side(*levels, is_bid=False).best) == ("10:1", "2:1")


def test_an_empty_side_has_no_best_level() -> None:
    assert (side().best, side(is_bid=False).best, side().best_first()) == ("", "", ())


def test_a_price_that_is_there_gets_another_amount_and_text() -> None:
    assert side(("9500", "1"), ("9500.0", "2")).texts == ["9500.0:2"]


@pytest.mark.parametrize("nothing", ["0", "0.0", "0.00000000", "-0", "-1", "0e5"])
def test_an_amount_of_nothing_removes_the_level(nothing: str) -> None:
    assert side(("1", "1"), ("2", "1"), ("1", nothing)).texts == ["2:1"]
    assert is_nothing(nothing)


@pytest.mark.parametrize("little", ["0.00000001", "0.1", "1e-30"])
def test_a_small_amount_is_not_nothing(little: str) -> None:
    assert side(("1", little)).texts == [f"1:{little}"]


def test_removing_what_is_not_there_changes_nothing() -> None:
    assert side(("1", "1"), ("3", "0")).texts == ["1:1"]


def test_replacing_forgets_what_was_there() -> None:
    made = side(("1", "1"))
    made.replace([("3", "1"), ("2", "1"), ("3", "5")])
    assert made.best_first() == ("3:5", "2:1")


@pytest.mark.parametrize("is_bid", [True, False])
@pytest.mark.parametrize(
    "levels",
    [
        [("3", "1"), ("2", "1"), ("1", "1")],
        [("1", "1"), ("2", "1"), ("3", "1")],
        [("1", "1"), ("3", "1"), ("2", "1")],
        [("2", "1"), ("2.0", "2"), ("1", "1")],
        [("1", "1"), ("2", "2"), ("2.0", "1")],
        [("3", "1"), ("2", "0"), ("1", "1")],
        [("1", "1"), ("2", "0"), ("3", "1")],
        [("1", "1"), ("0.123456789012345678", "1"), ("3", "1")],
        [],
    ],
)
def test_a_whole_side_is_taken_as_level_by_level(levels: Changes, is_bid: bool) -> None:
    made = side(("7", "7"), is_bid=is_bid)
    made.replace(levels)
    assert made.texts == side(*levels, is_bid=is_bid).texts
    assert len(made.keys) == len(made.texts)


def test_the_top_is_the_best_levels_best_first() -> None:
    assert list(a_hundred(is_bid=True).top(2)) == ["1099:1", "1098:1"]
    assert list(a_hundred(is_bid=False).top(2)) == ["1000:1", "1001:1"]


@pytest.mark.parametrize(("is_bid", "price"), [(True, 1_075), (False, 1_024)])
def test_a_change_among_the_checked_levels_is_said(is_bid: bool, price: int) -> None:
    assert a_hundred(is_bid=is_bid).update([(str(price), "2")])


@pytest.mark.parametrize(("is_bid", "price"), [(True, 1_074), (False, 1_025)])
def test_a_change_behind_the_checked_levels_is_not(is_bid: bool, price: int) -> None:
    assert not a_hundred(is_bid=is_bid).update([(str(price), "2")])
    assert not a_hundred(is_bid=is_bid).update([])


@pytest.mark.parametrize("is_bid", [True, False])
@pytest.mark.parametrize("change", ["come", "go"])
def test_a_level_that_comes_or_goes_at_the_edge_of_the_checked_ones_is_said_if_it_moves_them(
    is_bid: bool, change: str
) -> None:
    for place in range(1_015, 1_085):
        made = a_hundred(is_bid=is_bid)
        before = list(made.top(CHECKED_DEPTH))
        is_said = made.update([(f"{place}.5", "1") if change == "come" else (str(place), "0")])
        assert is_said or list(made.top(CHECKED_DEPTH)) == before


LONG = "0.123456789012345678"


def test_prices_of_more_digits_than_a_float_tells_apart_stay_apart() -> None:
    assert float(LONG) == float(LONG[:-1] + "9")
    levels = side((LONG, "1"), (LONG[:-1] + "9", "2"), ("0.1", "3"))
    assert levels.best_first() == (f"{LONG[:-1]}9:2", f"{LONG}:1", "0.1:3")


def test_prices_that_came_before_a_long_one_are_found_after_it() -> None:
    levels = side(("0.1", "1"), ("0.3", "1"), (LONG, "1"), ("0.1", "0"), ("0.3", "2"), (LONG, "0"))
    assert levels.texts == ["0.3:2"]


def test_sides_that_touch_or_overlap_cross() -> None:
    asks = side(("11", "1"), ("12", "1"), is_bid=False)
    assert crossing(side(("10", "1")), asks) == ""
    assert crossing(side(("11", "1")), asks) == "crossed: bid 11 at or above ask 11"
    assert crossing(side(("10", "1"), ("11.5", "1")), asks) == "crossed: bid 11.5 at or above ask 11"
    assert crossing(side(), asks) == ""
    assert crossing(side(("1", "1")), side(is_bid=False)) == ""


def test_a_side_of_decimals_crosses_a_side_of_floats_exactly() -> None:
    asks = side(("0.1", "1"), is_bid=False)  # the float of that is a little more than 0.1
    assert crossing(side(("0.1000000000000000001", "1")), asks)
    assert not crossing(side(("0.0999999999999999999", "1")), asks)
    assert crossing(side(("0.1", "1")), side(("0.1000000000000000000", "1"), is_bid=False))
    assert not crossing(side(("0.1", "1")), side(("0.1000000000000000001", "1"), is_bid=False))


digits = st.text("0123456789", min_size=1, max_size=9)
prices = st.builds(
    lambda whole, part: f"{whole}.{part}" if part else whole, digits, st.text("0123456789", max_size=9)
)
changes = st.lists(st.tuples(prices, st.sampled_from(["0", "1", "2.50"])), max_size=40)


@given(changes, st.booleans())
def test_the_levels_are_those_of_a_dictionary_of_decimals(story: Changes, is_bid: bool) -> None:
    made, told = SortedLevels(is_bid=is_bid), dict[Decimal, str]()
    for price, amount in story:
        made.update([(price, amount)])
        told.pop(Decimal(price), None)
        if amount != "0":
            told[Decimal(price)] = f"{price}:{amount}"
    assert list(made.best_first()) == [told[price] for price in sorted(told, reverse=is_bid)]
