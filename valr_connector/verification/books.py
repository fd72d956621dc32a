"""S7 held against the venue: what a live book shows is what the venue had at that sequence."""

from __future__ import annotations

import re
from collections import OrderedDict
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Final

from valr_connector.core.order_book import OrderBook
from valr_connector.model import events
from valr_connector.model.enums import BookFeed, SessionState, Socket
from valr_connector.simulator.venue import Venue
from valr_connector.simulator.vocabulary import BookChanged, BuyOrSell
from valr_connector.verification.faults import kind_of
from valr_connector.verification.invariants import Violation

_NUMBER: Final = re.compile(rb'"sq":(\d+),"cs":\d+\}\}\Z')
REMEMBERED: Final = 10_000
"""States of each pair that a book can still be compared with."""

_Level = tuple[BuyOrSell, Decimal]


class VenueBooks:
    """Remembers a fingerprint of each of the venue's books at each of its latest numbers.

    A fingerprint changes with the levels that change, so following the venue costs next to nothing; comparing
    costs one look at each level of the book.
    """

    def __init__(self, venue: Venue, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        self._levels: dict[str, dict[_Level, Decimal]] = {}
        self._now: dict[str, int] = {}
        self._states: dict[tuple[BookFeed, str], OrderedDict[int, int]] = {}
        for symbol in venue.pairs:
            sides: tuple[BuyOrSell, BuyOrSell] = ("buy", "sell")
            levels = {
                (side, price): total for side in sides for price, total, _ in venue.levels(symbol, side, None)
            }
            self._levels[symbol] = levels
            self._now[symbol] = _fingerprint((side, price, total) for (side, price), total in levels.items())
            self._remember(BookFeed.L1_DIFF, symbol, venue.book_sequence(symbol))
            self._remember(BookFeed.FULL, symbol, venue.order_sequence(symbol))
        venue.listen(self._follow, BookChanged)

    def difference(self, book: OrderBook, symbol: str) -> Violation | None:
        """What a book shows that the venue did not have at the same number; None where there is none.

        A book that is invalid shows nothing, and nothing of it is wrong. Only feeds that show the whole book
        can be judged: L1_DIFF and FULL.

        Raises:
            KeyError: the feed is another, or the venue does not list the pair.
        """
        states = self._states[book.feed, symbol]
        if not book.is_valid:
            return None
        sequence = book.sequence
        there = None if sequence is None else states.get(sequence)
        if there is None:
            return Violation(
                "S7", f"{book.pair} shows number {sequence}, which the venue has not had of late"
            )
        here = _fingerprint(
            (side, level.price, level.amount)
            for side, levels in (("buy", book.bids), ("sell", book.asks))
            for level in levels
        )
        if here == there:
            return None
        return Violation(
            "S7", f"{book.pair} at number {sequence} is not the venue's: {book.bids} {book.asks}"
        )

    def _follow(self, event: BookChanged) -> None:
        levels = self._levels[event.symbol]
        for change in event.levels:
            before = levels.pop((change.side, change.price), None)
            if before is not None:
                self._now[event.symbol] ^= hash((change.side == "buy", change.price, before))
            if change.total:
                levels[change.side, change.price] = change.total
                self._now[event.symbol] ^= hash((change.side == "buy", change.price, change.total))
        self._remember(BookFeed.L1_DIFF, event.symbol, event.sequence)
        self._remember(BookFeed.FULL, event.symbol, event.order_sequence)

    def _remember(self, feed: BookFeed, symbol: str, sequence: int) -> None:
        states = self._states.setdefault((feed, symbol), OrderedDict())
        states[sequence] = self._now[symbol]
        if len(states) > self._remembered:
            states.popitem(last=False)


class BookCheck:
    """Holds the book that one connector shows against the venue's, each time that it tells of a change.

    It is a `FrameTap` of the trade socket, too: what came in is shown by the time the next frame comes, or
    nothing is.

    Args:
        truth: the venue's books.
        symbol: whose book is shown.
        find: finds the book; always the same object.

    Attributes:
        violations: what was wrong.
    """

    def __init__(self, truth: VenueBooks, symbol: str, find: Callable[[], OrderBook]) -> None:
        self.violations: list[Violation] = []
        self._truth = truth
        self._symbol = symbol
        self._find = find
        self._shown: OrderBook | None = None
        self._said = 0

    def frame_in(self, raw: bytes) -> None:
        """See `FrameTap`."""
        self.look()
        number = _NUMBER.search(raw)
        if number is not None:
            said = int(number[1])
            is_start = kind_of(raw) == "OB_L1_SNAPSHOT"
            self._said = said if is_start else max(said, self._said)

    def frame_out(self, raw: bytes) -> None:
        """See `FrameTap`."""

    def look(self) -> None:
        """Hold the book against the last number that came in."""
        shown = self._shown
        if shown is not None and shown.is_valid and shown.sequence != self._said:
            self.violations.append(
                Violation("S7", f"{shown.pair} shows number {shown.sequence}, and VALR has said {self._said}")
            )

    def hear(self, _event: events.BookChanged) -> None:
        """Something in the book is another than before."""
        self._shown = self._find()
        found = self._truth.difference(self._shown, self._symbol)
        if found is not None:
            self.violations.append(found)

    def hear_connection(self, event: events.ConnectionChanged) -> None:
        """Without a live connection there is no price."""
        if event.socket is not Socket.TRADE or event.after is SessionState.LIVE:
            return
        if self._shown is not None and self._shown.is_valid:
            self.violations.append(
                Violation("S7", f"{self._shown.pair} is shown while its connection is {event.after}")
            )


def _fingerprint(levels: Iterable[tuple[str, Decimal, Decimal]]) -> int:
    """The same for the same levels, in whatever order, and however their digits are written."""
    fingerprint = 0
    for side, price, amount in levels:
        fingerprint ^= hash((side == "buy", price, amount))
    return fingerprint
