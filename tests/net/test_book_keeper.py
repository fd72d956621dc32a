"""What is told of books, and what is left out."""

from __future__ import annotations

from decimal import Decimal

from msgspec import structs

from tests.unit.core import book_wire as wire
from valr_connector.core.order_book import OrderBook
from valr_connector.model.enums import BookFeed
from valr_connector.model.events import BookChanged, BookInvalidated, BookResynced, Event, TopOfBookChanged
from valr_connector.model.ids import Pair, Symbol
from valr_connector.model.market import PairInfo, PriceLevel
from valr_connector.net.book_keeper import BookKeeper
from valr_connector.net.event_stream import EventPublisher
from valr_connector.observe import metrics as m
from valr_connector.protocol.book_frames import BookFrame

D = Decimal
BTC = Pair("BTC-ZAR")
BIDS = [("100", "1"), ("99", "2")]
TOP = TopOfBookChanged(BTC, PriceLevel(D(100), D(1)), None)


class Kept:
    """A keeper of one book, a clock that gains a nanosecond with each look, and everything that was told."""

    def __init__(self, feed: BookFeed = BookFeed.L1_DIFF) -> None:
        self.now = 0
        self.breaks = 0
        self.validities = 0
        self.told: list[Event] = []
        self.metrics = m.Metrics()
        publisher = EventPublisher()
        publisher.on(Event, self.told.append)
        one = D(1)
        info = PairInfo(BTC, Symbol("BTCZAR"), "BTC", "ZAR", one, one, one, one, one, one)
        self.keeper = BookKeeper(
            [info],
            feed,
            clock=self.tick,
            publisher=publisher,
            on_validity=self.note_validity,
            on_break=self.note_break,
            metrics=self.metrics,
        )

    @property
    def book(self) -> OrderBook:
        return self.keeper.books[BTC]

    def take(self, frame: BookFrame) -> None:
        self.keeper.take(frame, self.tick())

    def tick(self) -> int:
        self.now += 1
        return self.now

    def note_validity(self) -> None:
        self.validities += 1

    def note_break(self) -> None:
        self.breaks += 1

    def new(self) -> list[Event]:
        """What was told since the last look."""
        told = self.told.copy()
        self.told.clear()
        return told


def started() -> Kept:
    kept = Kept()
    kept.keeper.subscribed()
    kept.take(wire.snapshot(BIDS, []))
    kept.new()
    return kept


def test_a_first_snapshot_is_told_as_a_change_and_ends_the_waiting() -> None:
    kept = Kept()
    kept.keeper.subscribed()
    kept.take(wire.snapshot(BIDS, []))
    assert kept.new() == [TOP, BookChanged(BTC, 1)]
    assert (kept.keeper.schedule.next_due, kept.validities) == (None, 1)


def test_a_change_of_the_best_prices_is_told_before_the_change() -> None:
    kept = started()
    kept.take(wire.diff([("100", "0")], [], 2, wire.levels_crc(BIDS[1:], [])))
    assert kept.new() == [
        TopOfBookChanged(BTC, PriceLevel(D(99), D(2)), None),
        BookChanged(BTC, 2),
    ]


def test_a_change_behind_the_best_prices_tells_no_best_prices() -> None:
    kept = started()
    kept.take(wire.diff([("99", "5")], [], 2, wire.levels_crc([BIDS[0], ("99", "5")], [])))
    assert kept.new() == [BookChanged(BTC, 2)]
    assert kept.validities == 1


def test_a_broken_book_is_told_once_and_asked_for() -> None:
    kept = started()
    kept.take(wire.diff([], [], 9, 0))
    kept.take(wire.diff([], [], 10, 0))
    assert kept.new() == [BookInvalidated(BTC, "sequence 9 after 1")]
    assert kept.keeper.schedule.take_due(10).ask_anew == ("BTCZAR",)
    kept.take(wire.snapshot(BIDS, [], 20, checksum=5))
    assert (kept.new(), kept.breaks) == ([], 2)


def test_a_book_that_is_back_is_told_with_the_cause_and_the_time_it_was_away() -> None:
    kept = started()
    kept.take(wire.diff([], [], 9, 0))
    kept.new()
    kept.now = 100
    kept.take(wire.snapshot(BIDS, [], 20))
    top, resynced, changed = kept.new()
    assert (top, changed) == (TOP, BookChanged(BTC, 20))
    assert isinstance(resynced, BookResynced)
    assert (resynced.cause, resynced.invalid_ns > 90) == ("sequence 9 after 1", True)


def test_what_happens_to_a_suspended_book_is_told_when_it_is_shown_again() -> None:
    kept = started()
    kept.keeper.suspend("silence")
    kept.keeper.suspend("more silence")
    assert kept.new() == [BookInvalidated(BTC, "silence")]
    kept.take(wire.diff([("99", "0")], [], 2, wire.levels_crc(BIDS[:1], [])))
    assert kept.new() == []
    kept.keeper.resume()
    assert [type(event) for event in kept.new()] == [TopOfBookChanged, BookResynced, BookChanged]
    assert list(kept.book.bids) == [PriceLevel(D(100), D(1))]
    kept.keeper.resume()
    assert kept.new() == []


def test_a_snapshot_while_the_connection_is_in_doubt_is_told_when_it_is_not_any_more() -> None:
    kept = Kept()
    kept.keeper.suspend("silence")
    kept.take(wire.snapshot(BIDS, []))
    assert kept.new() == []
    kept.keeper.resume()
    assert kept.new() == [TOP, BookChanged(BTC, 1)]


def test_a_lost_connection_ends_the_book_and_the_waiting() -> None:
    kept = started()
    kept.keeper.disconnected("gone")
    assert kept.new() == [BookInvalidated(BTC, "gone")]
    kept.keeper.disconnected("gone again")
    assert kept.new() == []


def test_a_refused_pair_is_told_and_no_more_waited_for() -> None:
    kept = started()
    kept.keeper.subscribed()
    kept.keeper.refused(Symbol("BTCZAR"), "no such thing")
    kept.keeper.refused(Symbol("ETHZAR"), "is not followed")
    assert kept.new() == [BookInvalidated(BTC, "no such thing")]
    assert kept.keeper.schedule.next_due is None


def test_a_refused_pair_is_not_waited_for_on_the_next_connection_either() -> None:
    kept = started()
    kept.keeper.refused(Symbol("BTCZAR"), "VALR refuses it")
    kept.keeper.disconnected("lost")
    kept.keeper.subscribed()
    assert kept.keeper.schedule.next_due is None
    kept.take(wire.snapshot(BIDS, []))
    assert kept.book.why_invalid == "VALR refuses it"


def test_frames_of_pairs_that_are_not_followed_are_left_out() -> None:
    kept = started()
    frame = wire.decoded({"type": "OB_L1_DIFF", "ps": "ETHZAR", "d": {"a": [], "b": [], "sq": 9, "cs": 0}})
    kept.take(frame)  # type: ignore[arg-type]  # it is a frame of a book
    assert (kept.new(), kept.book.sequence) == ([], 1)


def test_a_feed_that_replaces_its_book_is_not_asked_for_at_once() -> None:
    kept = Kept(BookFeed.AGGREGATED)
    kept.take(wire.aggregated([("5", "1")], [("4", "1")]))
    assert kept.keeper.schedule.take_due(1_000).ask_anew == ()
    kept.take(wire.aggregated([("3", "1")], [("4", "1")]))
    assert kept.book.is_valid


def test_frames_that_lead_to_nothing_are_counted_by_why() -> None:
    kept = Kept()
    elsewhere = structs.replace(wire.snapshot(BIDS, []), pair_symbol="ETHZAR")
    kept.take(elsewhere)
    kept.take(wire.diff([("100", "3")], [], 2, checksum=0))
    assert kept.metrics.counter(m.MARKET_FRAMES_DROPPED, "not followed").value == 1
    assert kept.metrics.counter(m.MARKET_FRAMES_DROPPED, "no snapshot").value == 1
    kept.take(wire.snapshot(BIDS, []))
    kept.take(wire.diff([], [], 1, wire.levels_crc(BIDS, [])))
    assert kept.metrics.counter(m.MARKET_FRAMES_DROPPED, "repeated").value == 1
    assert kept.book.is_valid
