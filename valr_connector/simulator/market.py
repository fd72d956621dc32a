"""The market as it is asked for: books, trades and summaries, read from the venue."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal

from valr_connector.simulator.candles import Candle, CandleChart
from valr_connector.simulator.exact import EXACT
from valr_connector.simulator.market_wire import (
    book_object,
    full_book_object,
    summary_fields,
)
from valr_connector.simulator.ticker import Ticker
from valr_connector.simulator.venue import Venue
from valr_connector.simulator.vocabulary import BookChanged, BuyOrSell, PublicTrade
from valr_connector.simulator.wire import JsonObject

_NS_PER_S = 1_000_000_000
_MARK_STEP_NS = 3 * _NS_PER_S
"""A mark price is noted this often at most, as often as VALR tells it (protocol 17)."""
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
        self._charts = {symbol: CandleChart() for symbol in venue.pairs}
        self._mark_charts = {symbol: CandleChart() for symbol in venue.pairs}
        self._next_mark: dict[str, int] = {}
        for symbol in venue.pairs:
            for trade in reversed(venue.public_trades(symbol)):
                self._draw(trade)

    def note_trade(self, trade: PublicTrade) -> None:
        """A trade has happened."""
        self._tickers[trade.symbol].add(trade)
        self._draw(trade)

    def note_past(self, symbol: str, minute: Candle) -> None:
        """So it was before anybody traded here; oldest first."""
        self._charts[symbol].add_candle(minute)
        self._tickers[symbol].add_minute(minute)

    def note_book(self, change: BookChanged) -> None:
        """A book has changed."""
        self._changed_at[change.symbol] = change.changed_at
        self._note_mark(change.symbol, change.changed_at)

    def chart(self, symbol: str) -> CandleChart:
        """The pair's candles."""
        return self._charts[symbol]

    def mark_chart(self, symbol: str) -> CandleChart:
        """The candles of the pair's mark price."""
        return self._mark_charts[symbol]

    def mark_price(self, symbol: str) -> Decimal:
        """Half way between the best prices, else the last price; 0 where there is none of them."""
        return self._mark(symbol, self._best(symbol, "sell"), self._best(symbol, "buy"))

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
        ask, bid = self._best(symbol, "sell"), self._best(symbol, "buy")
        return {pair_key: symbol} | summary_fields(day, ask, bid, self._mark(symbol, ask, bid), now)

    def _mark(self, symbol: str, ask: Decimal, bid: Decimal) -> Decimal:
        if ask and bid:
            return EXACT.divide(EXACT.add(ask, bid), 2)
        return self._tickers[symbol].summary(self._clock()).last

    def _draw(self, trade: PublicTrade) -> None:
        self._charts[trade.symbol].add(trade.traded_at // _NS_PER_S, trade.price, trade.quantity)

    def _note_mark(self, symbol: str, now: int) -> None:
        if now < self._next_mark.get(symbol, 0):
            return
        price = self.mark_price(symbol)
        if price:
            self._next_mark[symbol] = now + _MARK_STEP_NS
            self._mark_charts[symbol].add(now // _NS_PER_S, price)

    def _best(self, symbol: str, side: BuyOrSell) -> Decimal:
        best = self._venue.levels(symbol, side, 1)
        return best[0][0] if best else Decimal(0)

    def last_change(self, symbol: str) -> int:
        """When the book changed last, nanoseconds since 1970."""
        return self._changed_at.get(symbol, self._opened_at)
