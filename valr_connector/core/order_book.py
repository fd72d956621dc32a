"""Order books: what a feed last proved, or nothing at all.

A book is *invalid* from the moment on at which it may be wrong: before its first snapshot, after a gap in the
sequence, a checksum that does not fit, crossed prices, or the loss of the connection; and then until the next
snapshot. It is *suspended* while its connection is in doubt. In either case it has no prices (S7): reading it
raises, or goes by `OrderBook.if_valid`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final, NoReturn, Self, TypeAlias

from valr_connector.core.book_side import BookSide, level_of
from valr_connector.core.book_snapshot import BookSnapshot
from valr_connector.core.level_book import REPEATED, LevelBook
from valr_connector.core.queue_book import QueueBook
from valr_connector.core.top_book import TopBook
from valr_connector.errors import InvalidArgumentError, InvalidBookError
from valr_connector.model.enums import BookFeed, Side
from valr_connector.model.ids import Pair
from valr_connector.model.market import PriceLevel, QueuePosition
from valr_connector.model.order import InFlightOrder
from valr_connector.protocol import frames as f

NOT_YET: Final = "no snapshot has come yet"
UNSAID: Final = "for a cause that was not said"


class Taken(Enum):
    """What a frame did to a book."""

    IGNORED = "ignored"
    """Nothing: it waits for a snapshot, or the frame is older than what it shows."""
    REPEATED = "repeated"
    """Nothing: the frame says again what the one before it said."""
    BROKE = "broke"
    """It proved the book wrong, which was valid and is not any more."""
    MISFIT = "misfit"
    """It was to start the book, or to change a suspended one, and is wrong in itself."""
    STARTED = "started"
    """It was invalid and is valid."""
    MOVED = "moved"
    """A best price, or what rests there, changed."""
    CHANGED = "changed"
    """Something changed behind the best prices."""


_MOVED, _CHANGED = Taken.MOVED, Taken.CHANGED  # CPython 3.11 takes 0.1 us to find a member in its class

_Take: TypeAlias = Callable[[Any], str]
"""Hands a frame to the content; returns what is wrong in words, or ""."""

_REPLACING: Final[Mapping[BookFeed, type]] = {
    BookFeed.AGGREGATED: f.AggregatedOrderbookUpdateFrame,
    BookFeed.TOP_1: f.ObL1D1SnapshotFrame,
    BookFeed.TOP_5: f.ObL1D5SnapshotFrame,
    BookFeed.TOP_10: f.ObL1D10SnapshotFrame,
    BookFeed.TOP_20: f.ObL1D20SnapshotFrame,
    BookFeed.TOP_40: f.ObL1D40SnapshotFrame,
    BookFeed.TOP_80: f.ObL1D80SnapshotFrame,
}


class OrderBook:
    """One pair's book, live. It is read like a `BookSnapshot`, of which it gives one for each state.

    Every way of reading raises `InvalidBookError` while the book may not be used.

    Attributes:
        pair: whose book.
        feed: what it is made of.
        received_at: when its last frame came, nanoseconds of the monotonic clock; 0 before the first.
        breaks: how often a frame proved it wrong.
    """

    def __init__(self, pair: Pair, feed: BookFeed = BookFeed.L1_DIFF) -> None:
        self.pair = pair
        self.feed = feed
        self.received_at = 0
        self.breaks = 0
        self._content, self._starts, self._continues = _content_of(feed)
        self._why_unproved = NOT_YET
        self._why_suspended = ""
        self._snapshot: BookSnapshot | None = None
        self._bid_text = ""
        self._ask_text = ""
        self._best_bid: PriceLevel | None = None
        self._best_ask: PriceLevel | None = None

    # --- whether it may be used --------------------------------------------------------------------

    @property
    def is_valid(self) -> bool:
        """Whether it may be used right now."""
        return not self._why_unproved and not self._why_suspended

    @property
    def why_invalid(self) -> str:
        """Why it may not be used; "" while it may."""
        return self._why_suspended or self._why_unproved

    @property
    def if_valid(self) -> Self | None:
        """The book itself while it may be used, else None: for whoever prefers that to an exception."""
        return self if self.is_valid else None

    # --- reading -----------------------------------------------------------------------------------

    def snapshot(self) -> BookSnapshot:
        """The book as it is now; the same object until the next frame."""
        if self._why_unproved or self._why_suspended:
            self._refuse()
        if self._snapshot is None:
            content = self._content
            self._snapshot = BookSnapshot(
                pair=self.pair,
                feed=self.feed,
                bids=BookSide(Side.BUY, content.bids()),
                asks=BookSide(Side.SELL, content.asks()),
                sequence=content.sequence,
                changed_at_ms=content.changed_at_ms,
                received_at=self.received_at,
            )
        return self._snapshot

    @property
    def sequence(self) -> int | None:
        """VALR's number of the state shown; None where the feed has none."""
        if self._why_unproved or self._why_suspended:
            self._refuse()
        return self._content.sequence

    @property
    def changed_at(self) -> datetime | None:
        """VALR's time of the last change, UTC; None where it gave none."""
        return self.snapshot().changed_at

    @property
    def best_bid(self) -> PriceLevel | None:
        """Highest bid; None where there is none."""
        if self._why_unproved or self._why_suspended:
            self._refuse()
        if self._best_bid is None and self._bid_text:
            self._best_bid = level_of(self._bid_text)
        return self._best_bid

    @property
    def best_ask(self) -> PriceLevel | None:
        """Lowest ask; None where there is none."""
        if self._why_unproved or self._why_suspended:
            self._refuse()
        if self._best_ask is None and self._ask_text:
            self._best_ask = level_of(self._ask_text)
        return self._best_ask

    @property
    def bids(self) -> BookSide:
        """All bids, best first."""
        return self.snapshot().bids

    @property
    def asks(self) -> BookSide:
        """All asks, best first."""
        return self.snapshot().asks

    def side(self, side: Side) -> BookSide:
        """The bids for BUY, the asks for SELL."""
        return self.snapshot().side(side)

    @property
    def mid_price(self) -> Decimal | None:
        """Half way between best bid and best ask; None unless there are both."""
        return self.snapshot().mid_price

    @property
    def micro_price(self) -> Decimal | None:
        """The mid price drawn to the side on which less rests; None unless there are both sides."""
        return self.snapshot().micro_price

    @property
    def spread(self) -> Decimal | None:
        """Best ask less best bid, quote currency; None unless there are both."""
        return self.snapshot().spread

    @property
    def spread_bps(self) -> Decimal | None:
        """The spread in basis points of the mid price; None unless there are both sides."""
        return self.snapshot().spread_bps

    def age_ns(self, now: int) -> int:
        """Nanoseconds since the last frame of this pair; `now` is of the monotonic clock."""
        return self.snapshot().age_ns(now)

    def without(self, orders: Iterable[InFlightOrder]) -> BookSnapshot:
        """The book as it is now without these orders' remaining amounts, as far as they rest in it."""
        return self.snapshot().without(orders)

    def queue_position(self, order_id: str) -> QueuePosition | None:
        """Where an order stands at its price; None where it is not in the book.

        Args:
            order_id: VALR's id of it.

        Raises:
            InvalidBookError: the book may not be used now.
            InvalidArgumentError: the feed is not FULL, the only one that knows orders.
        """
        if self._why_unproved or self._why_suspended:
            self._refuse()
        if not isinstance(self._content, QueueBook):
            raise InvalidArgumentError(
                "feed", self.feed.value, "must be FULL_ORDERBOOK_UPDATE to know orders"
            )
        return self._content.position(order_id)

    # --- feeding -----------------------------------------------------------------------------------

    def take(self, frame: f.BookFrame, now: int) -> Taken:
        """Take over a frame of this pair.

        Args:
            now: nanoseconds of the monotonic clock.
        """
        change = self._continues.get(type(frame))
        if change is not None and self._why_unproved:
            return Taken.IGNORED
        problem = self._start(frame) if change is None else change(frame)
        if problem is None:
            return Taken.IGNORED
        self.received_at = now
        self._snapshot = None
        if problem:
            return Taken.REPEATED if problem is REPEATED else self._break(problem)
        content = self._content
        is_moved = content.best_bid != self._bid_text or content.best_ask != self._ask_text
        if is_moved:
            self._note_best(content.best_bid, content.best_ask)
        if self._why_unproved:
            self._why_unproved = ""
            return Taken.STARTED
        return _MOVED if is_moved else _CHANGED

    def invalidate(self, cause: str) -> bool:
        """Forget everything, VALR's sequence too (protocol 21, 23); returns whether the book was valid."""
        was_valid = self.is_valid
        self._content.clear()
        self._why_unproved = cause or UNSAID
        self._bid_text = self._ask_text = ""
        self._best_bid = self._best_ask = self._snapshot = None
        return was_valid

    def suspend(self, cause: str) -> bool:
        """Show nothing until `resume`, and forget nothing; returns whether the book was valid."""
        was_valid = self.is_valid
        self._why_suspended = cause or UNSAID
        return was_valid

    def resume(self) -> bool:
        """Show again what is known; returns whether the book became valid by that."""
        was_suspended = bool(self._why_suspended)
        self._why_suspended = ""
        return was_suspended and self.is_valid

    def _note_best(self, bid: str, ask: str) -> None:
        if bid != self._bid_text:
            self._bid_text, self._best_bid = bid, None
        if ask != self._ask_text:
            self._ask_text, self._best_ask = ask, None

    def _refuse(self) -> NoReturn:
        raise InvalidBookError(self.pair, self.why_invalid)

    def _start(self, frame: f.BookFrame) -> str | None:
        """What is wrong with the book after a frame that starts it, "" for nothing; None if it does not."""
        start = self._starts.get(type(frame))
        return None if start is None or self._is_outdated(frame) else start(frame)

    def _is_outdated(self, frame: f.BookFrame) -> bool:
        """Whether a newer one overtook it (protocol 18.1). A lower number of a later time is a new count."""
        number, shown = frame.sequence, self._content.sequence
        if number is None or shown is None or number >= shown:
            return False
        at, shown_at = frame.last_change_ms, self._content.changed_at_ms
        return at is None or shown_at is None or at <= shown_at

    def _break(self, problem: str) -> Taken:
        self.breaks += 1
        return Taken.BROKE if self.invalidate(problem) else Taken.MISFIT


_Takers: TypeAlias = Mapping[type, _Take]


def _content_of(feed: BookFeed) -> tuple[LevelBook | QueueBook | TopBook, _Takers, _Takers]:
    """What a feed's book is kept in, and what takes the frames that start it, or change it."""
    if feed is BookFeed.L1_DIFF:
        levels = LevelBook()
        return levels, {f.ObL1SnapshotFrame: levels.snapshot}, {f.ObL1DiffFrame: levels.diff}
    if feed is BookFeed.FULL:
        queues = QueueBook()
        return (
            queues,
            {f.FullOrderbookSnapshotFrame: queues.snapshot},
            {f.FullOrderbookUpdateFrame: queues.diff},
        )
    top = TopBook()
    return top, {_REPLACING[feed]: top.snapshot}, {}


def checked_feed(feed: object) -> BookFeed:
    """A feed as somebody named it.

    Raises:
        InvalidArgumentError: there is no such feed.
    """
    try:
        return BookFeed(str(feed))
    except ValueError:
        raise InvalidArgumentError("books", feed, f"must be one of {', '.join(BookFeed)}") from None
