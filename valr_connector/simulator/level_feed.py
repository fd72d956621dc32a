"""A pair's price levels as the market follows them: OB_L1_SNAPSHOT, OB_L1_DIFF, OB_L1_D{n}_SNAPSHOT.

A feed keeps its own copy of the levels, moved on by the venue's events. So each frame, and its checksum,
shows the book as it was at that sequence, whatever the venue has done since (protocol 18.3).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Sequence
from decimal import Decimal
from itertools import chain, zip_longest
from zlib import crc32

from valr_connector.simulator.venue import Venue
from valr_connector.simulator.vocabulary import BookChanged, BuyOrSell
from valr_connector.simulator.wire import JsonObject, OutboundFrame, decimal_text, frame, milliseconds_of

CHECKED = 25
"""Levels, or orders, of each side that go into a checksum."""
TOP_CHANNELS = {f"OB_L1_D{depth}_SNAPSHOT": depth for depth in (1, 5, 10, 20, 40, 80)}
"""Channels of the best levels alone, and how many (protocol 18.4)."""

LevelText = tuple[str, str]


def turn_about(bids: Iterable[str], asks: Iterable[str]) -> str:
    """Bid, ask, bid, ask ..., joined by colons; a side that has run out is left out."""
    turns = chain.from_iterable(zip_longest(bids, asks))
    return ":".join(text for text in turns if text is not None)


def checksum_of(text: str) -> int:
    """Unsigned CRC32."""
    return crc32(text.encode("ascii")) & 0xFFFFFFFF


def _text(price: Decimal, total: Decimal) -> LevelText:
    return decimal_text(price), decimal_text(total)


class _Side:
    """One side's levels as they stand on the wire."""

    def __init__(self, side: BuyOrSell, levels: Iterable[tuple[Decimal, Decimal, int]]) -> None:
        self._is_bid = side == "buy"
        self._prices: list[Decimal] = []
        self._texts: dict[Decimal, LevelText] = {}
        for price, total, _count in levels:
            self.put(price, total)

    def put(self, price: Decimal, total: Decimal) -> None:
        """Set what rests at a price, nothing included."""
        if total:
            if price not in self._texts:
                insort(self._prices, price)
            self._texts[price] = _text(price, total)
        elif self._texts.pop(price, None) is not None:
            del self._prices[bisect_left(self._prices, price)]

    def best(self, depth: int) -> list[LevelText]:
        """The best levels, best first."""
        prices = self._prices[: -depth - 1 : -1] if self._is_bid else self._prices[:depth]
        return [self._texts[price] for price in prices]

    def all(self) -> list[LevelText]:
        return self.best(len(self._prices))


class LevelFeed:
    """The levels of one pair, from now on. Hand it every `BookChanged` of the pair.

    Attributes:
        sequence: the number of the state that it is in.
    """

    def __init__(self, venue: Venue, symbol: str, changed_at: int) -> None:
        self._symbol = symbol
        self.sequence = venue.book_sequence(symbol)
        self._changed_at = changed_at
        self._bids = _Side("buy", venue.levels(symbol, "buy", None))
        self._asks = _Side("sell", venue.levels(symbol, "sell", None))

    def snapshot(self) -> OutboundFrame:
        """The whole book."""
        return self._frame("OB_L1_SNAPSHOT", self._asks.all(), self._bids.all())

    def follow(self, event: BookChanged) -> None:
        """Move on by a change of the book."""
        for level in event.levels:
            (self._bids if level.side == "buy" else self._asks).put(level.price, level.total)
        self.sequence = event.sequence
        self._changed_at = event.changed_at

    def diff(self, event: BookChanged) -> OutboundFrame:
        """What tells the change that was followed last."""
        asks, bids = (
            [_text(level.price, level.total) for level in event.levels if level.side == side]
            for side in ("sell", "buy")
        )
        return self._frame("OB_L1_DIFF", asks, bids)

    def top(self, channel: str) -> OutboundFrame:
        """The best levels, as many as the channel has."""
        depth = TOP_CHANNELS[channel]
        levels = {"a": self._asks.best(depth), "b": self._bids.best(depth)}
        return frame(channel, ps=self._symbol, d={"lc": milliseconds_of(self._changed_at)} | levels)

    def _frame(self, kind: str, asks: Sequence[LevelText], bids: Sequence[LevelText]) -> OutboundFrame:
        data: JsonObject = {
            "lc": milliseconds_of(self._changed_at),
            "a": asks,
            "b": bids,
            "sq": self.sequence,
            "cs": self._checksum(),
        }
        return frame(kind, ps=self._symbol, d=data)

    def _checksum(self) -> int:
        bids, asks = (
            [f"{price}:{total}" for price, total in side.best(CHECKED)] for side in (self._bids, self._asks)
        )
        return checksum_of(turn_about(bids, asks))
