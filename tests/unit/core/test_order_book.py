"""A book is what the feed last proved, or nothing at all (S7)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.unit.core import book_wire as wire
from valr_connector.core.order_book import OrderBook, Taken, checked_feed
from valr_connector.errors import InvalidArgumentError, InvalidBookError
from valr_connector.model.enums import BookFeed, Side
from valr_connector.model.ids import Pair
from valr_connector.model.market import PriceLevel, QueuePosition
from valr_connector.protocol.frames import BookFrame

D = Decimal
PAIR = Pair("BTC-ZAR")
BIDS = [("100", "1"), ("99", "2")]
ASKS = [("102", "3"), ("103", "4")]
FULL_BIDS: list[wire.Orders] = [("100", [("a", "1"), ("b", "2")])]
FULL_ASKS: list[wire.Orders] = [("102", [("x", "3")])]


def book(feed: BookFeed = BookFeed.L1_DIFF) -> OrderBook:
    """A book that has been started, at 5 ns."""
    made = OrderBook(PAIR, feed)
    assert made.take(FIRST[feed], 5) is Taken.STARTED
    return made


def diff(bids: list[wire.Level], after_bids: list[wire.Level], sequence: int = 2) -> BookFrame:
    """A change of the bids of `book()`."""
    return wire.diff(bids, [], sequence, wire.levels_crc(after_bids, ASKS))


FIRST: dict[BookFeed, BookFrame] = {
    BookFeed.L1_DIFF: wire.snapshot(BIDS, ASKS),
    BookFeed.FULL: wire.full_snapshot(FULL_BIDS, FULL_ASKS),
    BookFeed.AGGREGATED: wire.aggregated(BIDS, ASKS, SequenceNumber=5, LastChange="2026-06-01T11:54:51.634Z"),
    **{
        feed: wire.depth(BIDS, ASKS, int(feed.value.split("_D")[1].split("_")[0]))
        for feed in BookFeed
        if feed.name.startswith("TOP")
    },
}

READINGS: list[Callable[[OrderBook], object]] = [
    lambda b: b.best_bid,
    lambda b: b.best_ask,
    lambda b: b.mid_price,
    lambda b: b.micro_price,
    lambda b: b.spread,
    lambda b: b.spread_bps,
    lambda b: b.bids,
    lambda b: b.asks,
    lambda b: b.side(Side.BUY),
    lambda b: b.sequence,
    lambda b: b.changed_at,
    lambda b: b.age_ns(10),
    lambda b: b.snapshot(),
    lambda b: b.without([]),
    lambda b: b.queue_position("a"),
]


@pytest.mark.parametrize("feed", BookFeed)
def test_the_first_frame_of_every_feed_starts_the_book(feed: BookFeed) -> None:
    made = book(feed)
    assert made.is_valid
    assert (made.why_invalid, made.if_valid, made.received_at) == ("", made, 5)
    assert made.best_bid is not None
    assert made.best_bid.price == 100
    assert made.best_ask == PriceLevel(D(102), D(3))
    assert made.snapshot().feed is feed


def test_everything_can_be_read_of_a_valid_book() -> None:
    made = book()
    assert (made.mid_price, made.spread, made.micro_price) == (D(101), D(2), D("100.5"))
    assert made.spread_bps == made.snapshot().spread_bps
    assert list(made.bids) == [PriceLevel(D(100), D(1)), PriceLevel(D(99), D(2))]
    assert made.side(Side.SELL) == made.asks
    assert (made.sequence, made.age_ns(25), made.changed_at) == (1, 20, None)
    assert made.without([]) == made.snapshot()


@pytest.mark.parametrize("read", READINGS)
def test_nothing_can_be_read_before_the_first_snapshot(read: Callable[[OrderBook], object]) -> None:
    new = OrderBook(PAIR, BookFeed.FULL)
    assert (new.is_valid, new.if_valid, new.why_invalid) == (False, None, "no snapshot has come yet")
    with pytest.raises(
        InvalidBookError, match="the book of BTC-ZAR may not be used: no snapshot has come yet"
    ):
        read(new)


@pytest.mark.parametrize("read", READINGS)
def test_nothing_can_be_read_of_a_book_that_broke(read: Callable[[OrderBook], object]) -> None:
    made = book(BookFeed.FULL)
    made.take(wire.full_update([], [], 1_001, 0), 6)
    with pytest.raises(InvalidBookError) as refusal:
        read(made)
    assert (refusal.value.pair, refusal.value.cause) == (PAIR, "sequence 1001 after 1000 with 0 entries")


def test_a_diff_before_the_snapshot_is_left_out() -> None:
    new = OrderBook(PAIR)
    assert new.take(diff([], BIDS), 5) is Taken.IGNORED
    assert (new.received_at, new.breaks) == (0, 0)


def test_a_diff_that_comes_twice_is_left_out_the_second_time() -> None:
    made = book()
    change = diff([("100", "5")], [("100", "5"), BIDS[1]])
    assert [made.take(change, now) for now in (6, 7)] == [Taken.MOVED, Taken.REPEATED]
    assert (made.is_valid, made.breaks, made.received_at) == (True, 0, 7)


def test_a_diff_of_a_best_level_moves_the_book() -> None:
    made = book()
    assert made.take(diff([("100", "5")], [("100", "5"), BIDS[1]]), 6) is Taken.MOVED
    assert (made.best_bid, made.best_ask) == (PriceLevel(D(100), D(5)), PriceLevel(D(102), D(3)))
    assert made.changed_at == datetime(2026, 9, 21, 14, 13, 20, tzinfo=UTC)


def test_a_diff_behind_the_best_levels_changes_the_book() -> None:
    made = book()
    before = made.best_bid
    assert made.take(diff([("99", "5")], [BIDS[0], ("99", "5")]), 6) is Taken.CHANGED
    assert made.best_bid is before


def test_a_side_may_be_empty() -> None:
    made = book()
    assert made.take(diff([("100", "0"), ("99", "0")], []), 6) is Taken.MOVED
    assert (made.best_bid, made.mid_price) == (None, None)
    made.take(wire.diff([], [("102", "0"), ("103", "0")], 3, 0), 7)
    assert made.best_ask is None


def test_a_snapshot_stays_as_it_was_and_is_the_same_until_the_next_frame() -> None:
    made = book()
    before = made.snapshot()
    assert made.snapshot() is before
    made.take(diff([("100", "0")], BIDS[1:]), 6)
    assert before.best_bid == PriceLevel(D(100), D(1))
    assert made.snapshot().best_bid == PriceLevel(D(99), D(2))


@pytest.mark.parametrize(
    ("frame", "cause"),
    [
        (wire.diff([], [], 3, 0), "sequence 3 after 1"),
        (wire.diff([], [], 2, 5), f"checksum {wire.levels_crc(BIDS, ASKS)} where VALR has 5"),
        (diff([("104", "1")], [("104", "1"), *BIDS]), "crossed: bid 104 at or above ask 102"),
        (
            wire.snapshot(BIDS, ASKS, 9, checksum=5),
            f"checksum {wire.levels_crc(BIDS, ASKS)} where VALR has 5",
        ),
        (wire.snapshot([("102", "1")], ASKS, 9), "crossed: bid 102 at or above ask 102"),
    ],
    ids=["gap", "checksum", "crossed", "snapshot with a wrong checksum", "crossed snapshot"],
)
def test_a_frame_that_proves_the_book_wrong_breaks_it_at_once(frame: BookFrame, cause: str) -> None:
    made = book()
    assert made.take(frame, 6) is Taken.BROKE
    assert (made.is_valid, made.why_invalid, made.breaks) == (False, cause, 1)


def test_a_broken_book_waits_for_a_snapshot_and_starts_anew_whatever_its_number() -> None:
    made = book()
    made.take(wire.diff([], [], 9, 0), 6)
    assert made.take(diff([], BIDS), 7) is Taken.IGNORED
    assert made.take(wire.snapshot(BIDS, ASKS, sequence=0), 8) is Taken.STARTED
    assert (made.sequence, made.why_invalid) == (0, "")


def test_a_snapshot_that_is_wrong_in_itself_does_not_start_the_book() -> None:
    made = OrderBook(PAIR)
    assert made.take(wire.snapshot(BIDS, ASKS, checksum=5), 5) is Taken.MISFIT
    assert (made.is_valid, made.breaks) == (False, 1)


def test_a_snapshot_of_a_valid_book_takes_its_place() -> None:
    made = book()
    assert made.take(wire.snapshot(BIDS[1:], ASKS, sequence=50), 6) is Taken.MOVED
    assert made.take(wire.snapshot(BIDS[1:], ASKS, sequence=60), 6) is Taken.CHANGED
    assert (made.sequence, len(made.bids)) == (60, 1)


@pytest.mark.parametrize("feed", [BookFeed.AGGREGATED, BookFeed.TOP_5])
def test_a_frame_of_another_feed_is_left_out(feed: BookFeed) -> None:
    made = book(feed)
    assert made.take(wire.snapshot([], []), 6) is Taken.IGNORED
    assert made.take(diff([], BIDS), 6) is Taken.IGNORED
    assert book().take(FIRST[feed], 6) is Taken.IGNORED


# --- feeds that replace


def test_history_11_a_frame_replaces_the_whole_book() -> None:
    made = book(BookFeed.AGGREGATED)
    assert made.take(wire.aggregated([("98", "1")], [("105", "1")], SequenceNumber=9), 6) is Taken.MOVED
    assert (made.bids.prices, made.asks.prices, made.sequence) == ((D(98),), (D(105),), 9)


def test_a_frame_older_than_the_one_shown_is_left_out() -> None:
    made = book(BookFeed.AGGREGATED)
    assert made.take(wire.aggregated([], [], SequenceNumber=4), 6) is Taken.IGNORED
    assert made.sequence == 5


@pytest.mark.parametrize("fields", [{}, {"SequenceNumber": 5}, {"SequenceNumber": 9}])
def test_a_frame_that_is_not_known_to_be_older_is_taken(fields: dict[str, int]) -> None:
    made = book(BookFeed.AGGREGATED)
    assert made.take(wire.aggregated([("98", "1")], [], **fields), 6) is Taken.MOVED
    assert made.take(wire.aggregated([("97", "1")], [], SequenceNumber=99), 6) is Taken.MOVED


def numbered(feed: BookFeed, sequence: int, at: int) -> BookFrame:
    """A frame that starts a book, with VALR's number and time."""
    if feed is BookFeed.AGGREGATED:
        return wire.aggregated(BIDS, ASKS, SequenceNumber=sequence, LastChange=at)
    if feed is BookFeed.FULL:
        return wire.full_snapshot(FULL_BIDS, FULL_ASKS, sequence, at=at)
    return wire.snapshot(BIDS, ASKS, sequence, at=at)


@pytest.mark.parametrize("feed", [BookFeed.L1_DIFF, BookFeed.FULL, BookFeed.AGGREGATED])
def test_a_lower_number_is_left_out_unless_its_time_is_later_for_then_valr_counts_anew(
    feed: BookFeed,
) -> None:
    made = OrderBook(PAIR, feed)
    taken = [
        made.take(numbered(feed, number, at), 6) for number, at in ((9, 100), (8, 99), (7, 100), (2, 101))
    ]
    assert taken == [Taken.STARTED, Taken.IGNORED, Taken.IGNORED, Taken.CHANGED]
    assert made.sequence == 2


def test_a_crossed_frame_breaks_the_book_and_the_next_good_one_mends_it() -> None:
    made = book(BookFeed.AGGREGATED)
    assert made.take(wire.aggregated([("103", "1")], ASKS, SequenceNumber=9), 6) is Taken.BROKE
    assert made.why_invalid == "crossed: bid 103 at or above ask 102"
    assert made.take(wire.aggregated(BIDS, ASKS, SequenceNumber=1), 7) is Taken.STARTED


@pytest.mark.parametrize(
    ("last_change", "milliseconds"),
    [("2026-06-01T11:54:51.634Z", 1_780_314_891_634), (1_644_301_604_645,) * 2, ("soon", None), (None, None)],
)
def test_the_time_of_the_last_change_is_read_in_every_form(
    last_change: object, milliseconds: int | None
) -> None:
    made = book(BookFeed.AGGREGATED)
    made.take(wire.aggregated(BIDS, ASKS, LastChange=last_change), 6)
    assert made.snapshot().changed_at_ms == milliseconds


def test_a_feed_of_the_best_levels_alone_has_no_number() -> None:
    made = book(BookFeed.TOP_5)
    assert (made.sequence, made.changed_at) == (None, None)
    assert made.take(wire.depth(BIDS[1:], ASKS, 5), 6) is Taken.MOVED


# --- orders


def test_a_book_of_orders_knows_their_places() -> None:
    assert book(BookFeed.FULL).queue_position("b") == QueuePosition(Side.BUY, D(100), 2, 2, D(2), D(1))


def test_a_book_of_orders_follows_its_changes() -> None:
    made = book(BookFeed.FULL)
    after = wire.orders_crc([("100", [("b", "2")])], FULL_ASKS)
    assert made.take(wire.full_update([("100", [("a", "0")])], [], 1_001, after), 6) is Taken.MOVED
    assert (made.best_bid, made.sequence) == (PriceLevel(D(100), D(2)), 1_001)


def test_a_book_of_levels_knows_no_orders() -> None:
    with pytest.raises(InvalidArgumentError, match="must be FULL_ORDERBOOK_UPDATE to know orders"):
        book().queue_position("a")


# --- the connection


def test_an_invalidated_book_forgets_everything() -> None:
    made = book()
    assert made.invalidate("the connection ended")
    assert not made.invalidate("the connection ended")
    assert (made.is_valid, made.why_invalid, made.breaks) == (False, "the connection ended", 0)
    made.take(wire.snapshot(BIDS[1:], [], 1), 6)
    assert (made.best_bid, made.best_ask) == (PriceLevel(D(99), D(2)), None)


@pytest.mark.parametrize("read", READINGS)
def test_nothing_can_be_read_of_a_suspended_book(read: Callable[[OrderBook], object]) -> None:
    made = book(BookFeed.FULL)
    made.suspend("the connection is silent")
    with pytest.raises(InvalidBookError, match="the connection is silent"):
        read(made)


def test_a_suspended_book_forgets_nothing() -> None:
    made = book()
    assert made.suspend("the connection is silent")
    assert not made.suspend("the connection is silent")
    assert (made.if_valid, made.why_invalid) == (None, "the connection is silent")
    assert made.take(diff([("100", "0")], BIDS[1:]), 6) is Taken.MOVED
    assert made.resume()
    assert made.best_bid == PriceLevel(D(99), D(2))
    assert not made.resume()


def test_a_suspended_book_can_break() -> None:
    made = book()
    made.suspend("the connection is silent")
    assert made.take(wire.diff([], [], 9, 0), 6) is Taken.MISFIT
    assert not made.resume()
    assert made.why_invalid == "sequence 9 after 1"


def test_a_book_that_is_given_up_without_a_word_is_invalid_all_the_same() -> None:
    made = book()
    made.suspend("")
    assert made.why_invalid == "for a cause that was not said"
    made.resume()
    made.invalidate("")
    assert (made.is_valid, made.why_invalid) == (False, "for a cause that was not said")


# --- the choice of a feed


def test_a_feed_can_be_named_by_its_event() -> None:
    assert checked_feed("OB_L1_D40_SNAPSHOT") is BookFeed.TOP_40


@pytest.mark.parametrize("nonsense", ["L1", "", None, 5])
def test_a_feed_that_is_none_is_refused(nonsense: object) -> None:
    with pytest.raises(
        InvalidArgumentError, match=r"books=.* must be one of OB_L1_DIFF, FULL_ORDERBOOK_UPDATE"
    ):
        checked_feed(nonsense)
