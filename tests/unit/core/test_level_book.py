"""A book of levels follows the diffs, and says what is wrong with one (protocol 18.3)."""

from __future__ import annotations

import pytest

from tests.unit.core import book_wire as wire
from valr_connector.core.level_book import REPEATED, LevelBook

BIDS = [("100", "1"), ("99", "2")]
ASKS = [("101", "3"), ("102", "4")]


def book() -> LevelBook:
    made = LevelBook()
    assert made.snapshot(wire.snapshot(BIDS, ASKS, sequence=7)) == ""
    return made


def diff(made: LevelBook, bids: list[wire.Level], asks: list[wire.Level], after: object) -> str:
    """Apply a diff that leads to `after`, both sides, and is the next one."""
    checksum = wire.levels_crc(*after)  # type: ignore[misc]  # a pair of sides
    return made.diff(wire.diff(bids, asks, (made.sequence or 0) + 1, checksum))


def test_a_snapshot_is_shown_best_first() -> None:
    made = book()
    assert (made.bids(), made.asks()) == (("100:1", "99:2"), ("101:3", "102:4"))
    assert (made.best_bid, made.best_ask, made.sequence) == ("100:1", "101:3", 7)


def test_a_snapshot_in_any_order_is_shown_best_first() -> None:
    made = LevelBook()
    checksum = wire.levels_crc(BIDS, ASKS)
    assert made.snapshot(wire.snapshot(BIDS[::-1], ASKS[::-1], checksum=checksum)) == ""


def test_a_diff_sets_amounts_and_removes_levels() -> None:
    made = book()
    assert (
        diff(
            made,
            [("100", "0"), ("98", "5")],
            [("101", "9")],
            ([("99", "2"), ("98", "5")], [("101", "9"), ASKS[1]]),
        )
        == ""
    )
    assert (made.best_bid, made.best_ask, made.sequence) == ("99:2", "101:9", 8)
    assert made.changed_at_ms == 1_790_000_000_000


def test_a_diff_of_nothing_is_a_number_that_passed() -> None:
    made = book()
    assert diff(made, [], [], (BIDS, ASKS)) == ""
    assert made.sequence == 8


def test_a_change_behind_the_checked_levels_leaves_the_checksum_and_is_kept() -> None:
    made = LevelBook()
    bids = [(str(1_000 - n), "1") for n in range(40)]
    made.snapshot(wire.snapshot(bids, []))
    assert diff(made, [("961", "5")], [], (bids, [])) == ""
    assert made.bids()[-1] == "961:5"


@pytest.mark.parametrize(("bids", "asks"), [([("100", "5")], []), ([], [("101", "5")])], ids=["bid", "ask"])
def test_a_change_that_comes_with_the_checksum_of_before_is_wrong(
    bids: list[wire.Level], asks: list[wire.Level]
) -> None:
    assert diff(book(), bids, asks, (BIDS, ASKS)).startswith("checksum ")


def test_a_missing_number_and_an_older_one_are_gaps_and_so_is_the_last_with_another_checksum() -> None:
    for sequence in (7, 9, 6):
        assert book().diff(wire.diff([], [], sequence, 0)) == f"sequence {sequence} after 7"


def test_a_change_that_is_told_twice_changes_nothing() -> None:
    made = book()
    change = wire.diff([("99", "5")], [], 8, wire.levels_crc([BIDS[0], ("99", "5")], ASKS))
    assert made.diff(change) == ""
    bids = made.bids()
    assert made.diff(change) == REPEATED
    assert (made.bids(), made.sequence) == (bids, 8)


def test_a_change_before_the_first_snapshot_is_a_gap() -> None:
    assert LevelBook().diff(wire.diff([], [], 1, 0)) == "sequence 1 after None"


def test_another_checksum_than_valrs_is_said() -> None:
    assert book().diff(wire.diff([], [], 8, 5)) == f"checksum {wire.levels_crc(BIDS, ASKS)} where VALR has 5"
    assert LevelBook().snapshot(wire.snapshot([], [], checksum=5)) == "checksum 0 where VALR has 5"


def test_crossed_prices_are_said_though_the_checksum_fits() -> None:
    after = [("101.5", "1"), *BIDS], ASKS
    assert diff(book(), [("101.5", "1")], [], after) == "crossed: bid 101.5 at or above ask 101"


def test_a_book_that_empties_has_no_best_levels() -> None:
    made = book()
    assert diff(made, [("100", "0"), ("99", "0")], [("101", "0"), ("102", "0")], ([], [])) == ""
    assert (made.best_bid, made.best_ask, made.checksum) == ("", "", 0)


def test_a_cleared_book_waits_for_a_snapshot() -> None:
    made = book()
    made.clear()
    assert (made.bids(), made.asks(), made.sequence, made.changed_at_ms) == ((), (), None, None)
    assert made.diff(wire.diff([], [], 8, 0)) == "sequence 8 after None"
