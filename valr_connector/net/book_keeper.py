"""The books of the trade socket: fed, told about, and asked for anew where they broke."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Final

from valr_connector.core.book_resync import Due, ResyncSchedule
from valr_connector.core.order_book import OrderBook, Taken
from valr_connector.model.enums import BookFeed
from valr_connector.model.events import BookChanged, BookInvalidated, BookResynced, TopOfBookChanged
from valr_connector.model.ids import Pair, Symbol
from valr_connector.model.market import PairInfo
from valr_connector.net.event_stream import EventPublisher
from valr_connector.observe import metrics as m
from valr_connector.protocol.frames import BookFrame

log = logging.getLogger(__name__)

_CHANGES_ALONE: Final = frozenset({BookFeed.L1_DIFF, BookFeed.FULL})
"""Feeds that send changes, and so never mend a broken book by themselves."""

_MOVED, _CHANGED = Taken.MOVED, Taken.CHANGED  # CPython 3.11 takes 0.1 us to find a member in its class


class BookKeeper:
    """One book for each pair, and what is told of it.

    Args:
        feed: what the books are made of.
        clock: monotonic nanoseconds.
        on_validity: told that a book may have become valid, or invalid.
        on_break: told that a book has to be asked for anew; the schedule says when.

    Attributes:
        books: each pair's book.
        symbols: VALR's names of the pairs, but for those that it refuses.
        schedule: what has to be asked for anew.
    """

    def __init__(
        self,
        pairs: Sequence[PairInfo],
        feed: BookFeed,
        *,
        clock: Callable[[], int],
        publisher: EventPublisher,
        on_validity: Callable[[], None],
        on_break: Callable[[], None],
        metrics: m.Metrics,
    ) -> None:
        self.feed = feed
        self.schedule = ResyncSchedule()
        self._by_symbol = {info.symbol: OrderBook(info.pair, feed) for info in pairs}
        self.symbols: Collection[Symbol] = self._by_symbol.keys()
        self.books: Mapping[Pair, OrderBook] = MappingProxyType(
            {book.pair: book for book in self._by_symbol.values()}
        )
        self._clock = clock
        self._publish = publisher.publish
        self._on_validity = on_validity
        self._on_break = on_break
        self._metrics = metrics
        self._unfollowed = metrics.counter(m.MARKET_FRAMES_DROPPED, "not followed")
        self._left_out = {
            Taken.IGNORED: metrics.counter(m.MARKET_FRAMES_DROPPED, "no snapshot"),
            Taken.REPEATED: metrics.counter(m.MARKET_FRAMES_DROPPED, "repeated"),
        }
        self._invalid: dict[Pair, tuple[str, int]] = {}

    def take(self, frame: BookFrame, now: int) -> None:
        """Take over a frame of `now`. One of a pair that is not followed (any more) is left out."""
        book = self._by_symbol.get(frame.pair_symbol)
        if book is None:
            self._unfollowed.add()
            return
        taken = book.take(frame, now)
        if taken is _MOVED or taken is _CHANGED:
            if not book.is_valid:
                return  # suspended: it is told when the book is shown again
            if taken is _MOVED:
                self._publish(TopOfBookChanged(book.pair, book.best_bid, book.best_ask))
            self._publish(BookChanged(book.pair, book.sequence))
        elif taken is Taken.STARTED:
            self.schedule.started(frame.pair_symbol, now)
            self._tell_valid(book)
        elif taken in self._left_out:
            self._left_out[taken].add()
        else:
            self._on_broken(frame.pair_symbol, book, now, was_valid=taken is Taken.BROKE)

    def subscribed(self) -> None:
        """Every pair was asked for on a new connection."""
        self.schedule.subscribed(self.symbols, self._clock())

    def take_due(self) -> Due:
        """Which books are to be asked for anew now; they count as asked for."""
        due = self.schedule.take_due(self._clock())
        for symbol in due.ask_anew:
            self._metrics.counter(m.BOOK_RESYNCS, self._by_symbol[symbol].pair).add()
        return due

    def refused(self, symbol: Symbol, cause: str) -> None:
        """VALR does not serve this pair's book, and it is not followed any more."""
        book = self._by_symbol.pop(symbol, None)
        if book is not None:
            self.schedule.dropped(symbol)
            self._end(book, book.invalidate(cause), cause)
            self._on_validity()

    def disconnected(self, cause: str) -> None:
        """Nothing that is known of any book holds any more."""
        self.schedule.disconnected()
        for book in self._by_symbol.values():
            self._end(book, book.invalidate(cause), cause)

    def suspend(self, cause: str) -> None:
        """Show no book until `resume`: whether they are true is in doubt."""
        for book in self.books.values():
            self._end(book, book.suspend(cause), cause)

    def resume(self) -> None:
        """Show the books again."""
        for book in self.books.values():
            if book.resume():
                self._tell_valid(book)

    def _on_broken(self, symbol: Symbol, book: OrderBook, now: int, *, was_valid: bool) -> None:
        about = {"pair": book.pair, "cause": book.why_invalid}
        log.warning("the book of %s is invalid: %s", book.pair, book.why_invalid, extra=about)
        self._metrics.counter(m.BOOK_BREAKS, book.pair).add()
        self.schedule.broke(symbol, now, mends_itself=self.feed not in _CHANGES_ALONE)
        self._end(book, was_valid, book.why_invalid)
        self._on_validity()
        self._on_break()

    def _end(self, book: OrderBook, was_valid: bool, cause: str) -> None:
        if was_valid:
            self._invalid[book.pair] = (cause, self._clock())
            self._publish(BookInvalidated(book.pair, cause))

    def _tell_valid(self, book: OrderBook) -> None:
        """Tell that a book may be used, unless its connection is in doubt."""
        if not book.is_valid:
            return
        self._publish(TopOfBookChanged(book.pair, book.best_bid, book.best_ask))
        ended = self._invalid.pop(book.pair, None)
        if ended is not None:
            cause, since = ended
            took = self._clock() - since
            self._metrics.latency(m.BOOK_RECOVERY).record(took)
            self._publish(BookResynced(book.pair, cause, took))
        self._publish(BookChanged(book.pair, book.sequence))
        self._on_validity()
