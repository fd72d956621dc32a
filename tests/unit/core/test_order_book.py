"""A book is what the feed last proved, or nothing at all."""

from __future__ import annotations

from decimal import Decimal

import pytest

from valr_connector.core.order_book import AggregatedBook
from valr_connector.model.events import BookInvalidated, TopOfBookChanged
from valr_connector.model.ids import Pair
from valr_connector.model.market import PriceLevel

PAIR = Pair("BTC-ZAR")


def level(price: int, amount: int = 1) -> PriceLevel:
    return PriceLevel(Decimal(price), Decimal(amount))


def book(bid: int = 99, ask: int = 101, sequence: int | None = 5) -> AggregatedBook:
    made = AggregatedBook(PAIR)
    made.replace([level(bid), level(bid - 1)], [level(ask), level(ask + 1)], sequence)
    return made


def test_a_new_book_is_invalid_and_has_no_prices() -> None:
    new = AggregatedBook(PAIR)
    assert (new.is_valid, new.best_bid, new.best_ask, new.sequence) == (False, None, None, None)


def test_a_frame_replaces_the_whole_book() -> None:
    shown = book()
    shown.replace([level(98)], [level(103)], 6)
    assert (list(shown.bids), list(shown.asks), shown.sequence) == ([level(98)], [level(103)], 6)


def test_the_first_frame_tells_the_best_prices() -> None:
    new = AggregatedBook(PAIR)
    assert new.replace([level(99)], [level(101)], 1) == TopOfBookChanged(PAIR, level(99), level(101))
    assert new.is_valid


def test_the_first_frame_is_told_even_if_it_is_empty() -> None:
    assert AggregatedBook(PAIR).replace([], [], 1) == TopOfBookChanged(PAIR, None, None)


@pytest.mark.parametrize(("bid", "ask"), [(98, 101), (99, 102)])
def test_a_frame_that_moves_a_best_price_tells_both(bid: int, ask: int) -> None:
    assert book().replace([level(bid)], [level(ask)], 6) == TopOfBookChanged(PAIR, level(bid), level(ask))


def test_a_frame_that_changes_the_amount_at_the_best_price_tells_it() -> None:
    assert book().replace([level(99, 7)], [level(101)], 6) is not None


def test_a_frame_that_leaves_the_best_prices_alone_tells_nothing() -> None:
    shown = book()
    assert shown.replace([level(99), level(50)], [level(101)], 6) is None
    assert list(shown.bids) == [level(99), level(50)]


def test_a_frame_older_than_the_one_shown_is_left_out() -> None:
    shown = book(sequence=5)
    assert shown.replace([level(50)], [level(150)], 4) is None
    assert shown.best_bid == level(99)


@pytest.mark.parametrize(("shown", "next_one"), [(5, 5), (5, 9), (None, 1), (5, None)])
def test_a_frame_that_is_not_known_to_be_older_is_taken(shown: int | None, next_one: int | None) -> None:
    made = book(sequence=shown)
    made.replace([level(50)], [level(150)], next_one)
    assert made.best_bid == level(50)


def test_a_side_may_be_empty() -> None:
    assert book().replace([], [level(101)], 6) == TopOfBookChanged(PAIR, None, level(101))
    assert book().replace([level(99)], [], 6) == TopOfBookChanged(PAIR, level(99), None)
    assert book().replace([], [], 6) == TopOfBookChanged(PAIR, None, None)


@pytest.mark.parametrize("bid", [101, 102])
def test_a_crossed_frame_makes_the_book_invalid(bid: int) -> None:
    shown = book()
    told = shown.replace([level(bid)], [level(101)], 6)
    assert told == BookInvalidated(PAIR, f"crossed: bid {bid} at or above ask 101")
    assert (shown.is_valid, shown.bids, shown.asks) == (False, (), ())


def test_a_crossed_frame_tells_nothing_where_the_book_was_invalid_already() -> None:
    new = AggregatedBook(PAIR)
    assert new.replace([level(101)], [level(101)], 6) is None
    assert not new.is_valid


def test_an_invalid_book_starts_afresh_whatever_the_sequence() -> None:
    shown = book(sequence=5)
    assert shown.invalidate("connection lost") == BookInvalidated(PAIR, "connection lost")
    assert shown.replace([level(99)], [level(101)], 1) == TopOfBookChanged(PAIR, level(99), level(101))
    assert shown.sequence == 1


def test_a_book_is_told_invalid_once() -> None:
    shown = book()
    shown.invalidate("connection lost")
    assert shown.invalidate("connection lost again") is None
