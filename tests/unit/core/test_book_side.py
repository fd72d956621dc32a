"""What is read of one side: exact numbers, best first."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

import pytest

from valr_connector.core.book_side import BookSide
from valr_connector.errors import InvalidArgumentError
from valr_connector.model.enums import Side
from valr_connector.model.market import PriceLevel

D = Decimal
BIDS = BookSide(Side.BUY, ["100:1", "99:2", "97.5:4"])
ASKS = BookSide(Side.SELL, ["101:0.5", "102:1.50", "110:8"])


def level(price: str, amount: str) -> PriceLevel:
    return PriceLevel(D(price), D(amount))


def test_it_is_a_sequence_of_levels() -> None:
    assert list(BIDS) == [level("100", "1"), level("99", "2"), level("97.5", "4")]
    assert (len(BIDS), BIDS[1], BIDS[-1]) == (3, level("99", "2"), level("97.5", "4"))
    assert tuple(ASKS[:2]) == (level("101", "0.5"), level("102", "1.5"))
    assert level("99", "2") in BIDS


def test_there_is_no_level_beyond_the_last() -> None:
    with pytest.raises(IndexError):
        BIDS[3]


def test_each_part_can_be_had_as_a_tuple_of_numbers() -> None:
    assert BIDS.prices == (D(100), D(99), D("97.5"))
    assert BIDS.amounts == (D(1), D(2), D(4))


@pytest.mark.parametrize(("depth", "count"), [(0, 0), (2, 2), (9, 3), (None, 3)])
def test_the_best_levels_can_be_asked_for(depth: int | None, count: int) -> None:
    assert ASKS.levels(depth) == tuple(ASKS)[:count]


def test_reading_some_levels_first_changes_nothing() -> None:
    fresh = BookSide(Side.BUY, ["100:1", "99:2", "97.5:4"])
    assert fresh.best == level("100", "1")
    assert fresh.levels(2) == BIDS.levels(2)
    assert next(iter(fresh)) == level("100", "1")
    assert fresh == BIDS


def test_an_empty_side_has_no_best_level() -> None:
    empty = BookSide(Side.BUY, [])
    assert (empty.best, list(empty), empty.amount_to(1), empty.price_for(1)) == (None, [], D(0), None)


def test_sides_are_equal_if_they_say_the_same() -> None:
    same = BookSide(Side.BUY, ["100:1.0", "99:2", "97.50:4"])
    assert same == BIDS
    assert hash(same) == hash(BIDS)
    assert BookSide(Side.SELL, ["100:1", "99:2", "97.5:4"]) != BIDS
    assert BookSide(Side.BUY, ["100:1"]) != BIDS
    assert BIDS != ("100:1", "99:2", "97.5:4")


def test_it_shows_its_best_levels() -> None:
    assert repr(BIDS) == "<bids 100 x 1, 99 x 2, 97.5 x 4>"
    assert repr(BookSide(Side.SELL, ["1:1", "2:1", "3:1", "4:1"])) == "<asks 1 x 1, 2 x 1, 3 x 1, ...>"


@pytest.mark.parametrize(
    ("side", "price", "amount", "notional"),
    [
        (BIDS, "99", D(3), D(298)),
        (BIDS, "98", D(3), D(298)),
        (BIDS, "101", D(0), D(0)),
        (BIDS, 1, D(7), D(688)),
        (ASKS, "102", D(2), D("203.5")),
        (ASKS, "100", D(0), D(0)),
    ],
)
def test_what_rests_at_a_price_and_better(side: BookSide, price: str, amount: D, notional: D) -> None:
    assert (side.amount_to(price), side.notional_to(price)) == (amount, notional)


@pytest.mark.parametrize(
    ("amount", "worst", "average"),
    [
        ("0.5", D(101), D(101)),
        ("1", D(102), D("101.5")),
        ("2", D(102), D("101.75")),
        ("10", D(110), D("108.35")),
        ("10.00000001", None, None),
    ],
)
def test_what_taking_an_amount_reaches_and_costs(amount: str, worst: D | None, average: D | None) -> None:
    assert (ASKS.price_for(amount), ASKS.average_price(amount)) == (worst, average)


@pytest.mark.parametrize("ask", [ASKS.amount_to, ASKS.notional_to, ASKS.price_for, ASKS.average_price])
@pytest.mark.parametrize("nonsense", [1.5, 0, "-1", "NaN", "a lot"])
def test_a_question_with_no_positive_exact_number_is_refused(
    ask: Callable[[object], object], nonsense: object
) -> None:
    with pytest.raises(InvalidArgumentError):
        ask(nonsense)


def test_amounts_can_be_taken_away() -> None:
    rest = BIDS.less({D(100): D(1), D("99.0"): D("0.5"), D(98): D(3)})
    assert list(rest) == [level("99", "1.5"), level("97.5", "4")]
    assert list(BIDS.less({D(100): D(5)})) == [level("99", "2"), level("97.5", "4")]
    assert BIDS.less({}) is BIDS
