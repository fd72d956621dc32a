"""The market as it is asked for: books, trades and summaries, read from the venue."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from valr_connector.simulator.market_wire import (
    book_object,
    full_book_object,
    summary_fields,
)
from valr_connector.simulator.ticker import Ticker
from valr_connector.simulator.venue import Venue
from valr_connector.simulator.vocabulary import BookChanged, BuyOrSell, PublicTrade, VenueEvent
from valr_connector.simulator.wire import JsonObject

BOOK_DEPTH = 40
"""Levels per side of an aggregated book (protocol 7.7, 18.1)."""


class Market:
    """Reads the venue, and remembers what it does not: when books changed, and the trades of a day."""

    def __init__(self, venue: Venue, clock: Callable[[], int]) -> None:
        self._venue = venue
        self._clock = clock
        self._opened_at = clock()
        self._changed_at: dict[str, int] = {}
        self._tickers = {symbol: Ticker(reversed(venue.public_trades(symbol))) for symbol in venue.pairs}

    def follow(self, event: VenueEvent) -> None:
        """Take note of an event of the venue."""
        if isinstance(event, PublicTrade):
            self._tickers[event.symbol].add(event)
        elif isinstance(event, BookChanged):
            self._changed_at[event.symbol] = event.changed_at

    def book(self, symbol: str) -> JsonObject:
        """The aggregated book."""
        return book_object(
            symbol,
            self._venue.levels(symbol, "sell", BOOK_DEPTH),
            self._venue.levels(symbol, "buy", BOOK_DEPTH),
            changed_at=self.last_change(symbol),
            sequence=self._venue.book_sequence(symbol),
        )

    def full_book(self, symbol: str) -> JsonObject:
        """The book order by order."""
        return full_book_object(
            self._venue.resting(symbol, "sell"),
            self._venue.resting(symbol, "buy"),
            changed_at=self.last_change(symbol),
            sequence=self._venue.book_sequence(symbol),
        )

    def summary(self, symbol: str, pair_key: str) -> JsonObject:
        """The market summary, with the pair under `pair_key`."""
        now = self._clock()
        day = self._tickers[symbol].summary(now)
        return {pair_key: symbol} | summary_fields(
            day, self._best(symbol, "sell"), self._best(symbol, "buy"), now
        )

    def _best(self, symbol: str, side: BuyOrSell) -> Decimal:
        best = self._venue.levels(symbol, side, 1)
        return best[0][0] if best else Decimal(0)

    def last_change(self, symbol: str) -> int:
        """When the book changed last, nanoseconds since 1970."""
        return self._changed_at.get(symbol, self._opened_at)
