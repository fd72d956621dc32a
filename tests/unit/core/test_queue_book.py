"""A book order by order keeps time priority by VALR's rules (protocol 18.2)."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, localcontext

import pytest

from tests.unit.core import book_wire as wire
from valr_connector.core.level_book import REPEATED
from valr_connector.core.queue_book import QueueBook
from valr_connector.model.enums import Side
from valr_connector.model.market import QueuePosition

D = Decimal
BIDS: list[wire.Orders] = [("100", [("a", "1"), ("b", "2"), ("c", "3")]), ("99", [("d", "4")])]
ASKS: list[wire.Orders] = [("101", [("x", "0.5"), ("y", "0.25")]), ("102.5", [("z", "7")])]


def book() -> QueueBook:
    made = QueueBook()
    assert made.snapshot(wire.full_snapshot(BIDS, ASKS, sequence=10)) == ""
    return made


def update(
    made: QueueBook, bids: Sequence[wire.Orders], asks: Sequence[wire.Orders] = (), *, after: object = None
) -> str:
    """Apply an update that says of itself to lead to `after`: both sides, or anything where None."""
    entries = sum(len(orders) for side in (bids, asks) for _, orders in side)
    checksum = 0 if after is None else wire.orders_crc(*after)  # type: ignore[misc]  # a pair of sides
    return made.diff(wire.full_update(bids, asks, (made.sequence or 0) + entries, checksum))


def test_a_snapshot_is_shown_by_price() -> None:
    made = book()
    assert (made.bids(), made.asks()) == (("100:6", "99:4"), ("101:0.75", "102.5:7"))
    assert (made.best_bid, made.best_ask) == ("100:6", "101:0.75")
    assert (made.sequence, made.changed_at_ms) == (10, 1_790_000_000_000)


def test_an_order_of_which_nothing_is_left_goes_and_its_level_with_the_last_one() -> None:
    after = [("100", [("a", "1"), ("c", "3")])], ASKS
    assert update(book(), [("100", [("b", "0")]), ("99", [("d", "0")])], after=after) == ""


def test_a_known_order_keeps_its_place() -> None:
    after = [("100", [("a", "0.5"), ("b", "2"), ("c", "3")]), BIDS[1]], ASKS
    assert update(book(), [("100", [("a", "0.5")])], after=after) == ""


def test_a_new_order_queues_last() -> None:
    after = [("100", [("a", "1"), ("b", "2"), ("c", "3"), ("e", "9")]), BIDS[1]], ASKS
    assert update(book(), [("100", [("e", "9")])], after=after) == ""


def test_an_order_that_went_and_came_again_queues_last() -> None:
    after = [("100", [("b", "2"), ("c", "3"), ("a", "5")]), BIDS[1]], ASKS
    made = book()
    assert update(made, [("100", [("a", "0"), ("a", "5")])], after=after) == ""
    assert made.sequence == 12  # each entry counts, also of one order twice


def test_an_update_that_is_told_twice_changes_nothing() -> None:
    made = book()
    after = [("100", [("a", "0.5"), ("b", "2"), ("c", "3")]), BIDS[1]], ASKS
    change = wire.full_update([("100", [("a", "0.5")])], [], 11, wire.orders_crc(*after))
    assert made.diff(change) == ""
    assert made.diff(change) == REPEATED
    assert (made.sequence, made.best_bid) == (11, "100:5.5")
    assert made.diff(wire.full_update([("100", [("a", "2")])], [], 11, 0)).startswith("sequence 11")


def test_a_known_order_that_is_named_at_another_price_moves_there() -> None:
    after = [("100", [("b", "2"), ("c", "3")]), ("99", [("d", "4"), ("a", "1")])], ASKS
    assert update(book(), [("99", [("a", "1")])], after=after) == ""


def test_a_known_order_that_is_named_on_the_other_side_moves_there() -> None:
    after = [("100", [("b", "2"), ("c", "3")]), BIDS[1]], [*ASKS, ("103", [("a", "1")])]
    assert update(book(), [], [("103", [("a", "1")])], after=after) == ""


def test_a_price_in_other_digits_is_the_same_price() -> None:
    after = [("100", [("a", "1"), ("b", "2"), ("c", "3"), ("e", "9")]), BIDS[1]], ASKS
    made = book()
    assert update(made, [("100.00", [("e", "9")])], after=after) == ""
    assert made.best_bid == "100:15"


def test_an_unknown_order_of_which_nothing_is_left_changes_nothing() -> None:
    assert update(book(), [("100", [("nobody", "0")])], after=(BIDS, ASKS)) == ""


def test_a_sequence_that_does_not_rise_by_the_number_of_entries_is_a_gap() -> None:
    made = book()
    assert (
        made.diff(wire.full_update([("99", [("d", "1")])], [], 12, 0))
        == "sequence 12 after 10 with 1 entries"
    )


def test_a_change_before_the_first_snapshot_is_a_gap() -> None:
    assert QueueBook().diff(wire.full_update([], [], 1, 0)) == "sequence 1 after None with 0 entries"


def test_another_checksum_than_valrs_is_said() -> None:
    made = book()
    assert update(made, []) == f"checksum {wire.orders_crc(BIDS, ASKS)} where VALR has 0"


def test_crossed_prices_are_said() -> None:
    asks = [("100.0", [("w", "1")]), *ASKS]
    problem = update(book(), [], asks[:1], after=(BIDS, asks))
    assert problem == "crossed: bid 100 at or above ask 100.0"


def test_one_side_or_both_may_be_empty() -> None:
    made = QueueBook()
    assert made.snapshot(wire.full_snapshot([], ASKS)) == ""
    assert (made.best_bid, made.best_ask) == ("", "101:0.75")
    assert made.snapshot(wire.full_snapshot(BIDS, [])) == ""
    assert (made.best_bid, made.best_ask, made.asks()) == ("100:6", "", ())
    assert made.snapshot(wire.full_snapshot([], [])) == ""


def test_a_snapshot_forgets_what_was_there() -> None:
    made = book()
    assert made.snapshot(wire.full_snapshot([("98", [("a", "1")])], [], 3)) == ""
    assert (made.bids(), made.sequence, made.position("b")) == (("98:1",), 3, None)


def test_the_place_of_an_order_counts_those_before_it() -> None:
    assert book().position("c") == QueuePosition(Side.BUY, D(100), 3, 3, D(3), D(3))
    assert book().position("x") == QueuePosition(Side.SELL, D(101), 1, 2, D("0.5"), D(0))
    assert book().position("nobody") is None


def test_no_amount_is_rounded_to_the_digits_of_the_programs_decimals() -> None:
    made = QueueBook()
    orders = [(each, "1.00000001") for each in "abc"]
    with localcontext(prec=4):
        made.snapshot(wire.full_snapshot([("100", orders)], [], sequence=10))
        assert made.best_bid == "100:3.00000003"
        place = made.position("c")
    assert place is not None
    assert place.amount_ahead == D("2.00000002")


def test_an_order_moves_up_when_one_before_it_goes() -> None:
    made = book()
    after = [("100", [("b", "2"), ("c", "3")]), BIDS[1]], ASKS
    assert update(made, [("100", [("a", "0")])], after=after) == ""
    assert made.position("c") == QueuePosition(Side.BUY, D(100), 2, 2, D(3), D(2))


@pytest.mark.parametrize("last_change", ["2026-06-01T11:54:51.634Z", 1_780_314_891_634])
def test_the_time_of_the_change_may_be_a_text(last_change: object) -> None:
    frame = wire.decoded(
        {
            "type": "FULL_ORDERBOOK_SNAPSHOT",
            "currencyPairSymbol": "BTCZAR",
            "data": {"LastChange": last_change, "Asks": [], "Bids": [], "SequenceNumber": 1, "Checksum": 0},
        }
    )
    made = QueueBook()
    made.snapshot(frame)  # type: ignore[arg-type]  # it is one
    assert made.changed_at_ms == 1_780_314_891_634
