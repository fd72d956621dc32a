"""A pair's book order by order as the market follows it: FULL_ORDERBOOK_SNAPSHOT and _UPDATE (protocol 18.2).

Like :mod:`valr_connector.simulator.level_feed`, a feed keeps its own copy, moved on by the venue's events.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import groupby, islice

from valr_connector.simulator.level_feed import CHECKED, checksum_of, turn_about
from valr_connector.simulator.venue import Venue
from valr_connector.simulator.vocabulary import BookChanged, BuyOrSell, QueueEntry, VenueOrder
from valr_connector.simulator.wire import JsonObject, OutboundFrame, decimal_text, frame, milliseconds_of


class _Side:
    """One side's orders in price-time order; quantities as they stand on the wire."""

    def __init__(self, side: BuyOrSell, orders: Iterable[VenueOrder]) -> None:
        self._is_bid = side == "buy"
        self._prices: list[Decimal] = []
        self._queues: dict[Decimal, dict[str, str]] = {}
        for order in orders:
            self.put(QueueEntry(side, order.price, order.order_id, order.remaining_quantity))

    def put(self, entry: QueueEntry) -> None:
        """Set what is left of an order; a new one queues last, one of which nothing is left goes."""
        queue = self._queues.get(entry.price)
        if queue is None:
            queue = self._queues[entry.price] = {}
            insort(self._prices, entry.price)
        if entry.remaining:
            queue[entry.order_id] = decimal_text(entry.remaining)
        else:
            queue.pop(entry.order_id, None)
        if not queue:
            del self._queues[entry.price]
            del self._prices[bisect_left(self._prices, entry.price)]

    def queues(self) -> Iterator[tuple[Decimal, dict[str, str]]]:
        prices = reversed(self._prices) if self._is_bid else iter(self._prices)
        return ((price, self._queues[price]) for price in prices)

    def first(self, count: int) -> list[str]:
        """``id:quantity`` of the first orders."""
        orders = (f"{order}:{left}" for _price, queue in self.queues() for order, left in queue.items())
        return list(islice(orders, count))


class OrderFeed:
    """The orders of one pair, from now on. Hand it every `BookChanged` of the pair.

    Attributes:
        sequence: the number of the state that it is in.
    """

    def __init__(self, venue: Venue, symbol: str, changed_at: int) -> None:
        self._symbol = symbol
        self.sequence = venue.order_sequence(symbol)
        self._changed_at = changed_at
        self._bids = _Side("buy", venue.resting(symbol, "buy"))
        self._asks = _Side("sell", venue.resting(symbol, "sell"))

    def snapshot(self) -> OutboundFrame:
        """The whole book."""
        asks, bids = (
            [_level(price, queue.items()) for price, queue in side.queues()]
            for side in (self._asks, self._bids)
        )
        return self._frame("FULL_ORDERBOOK_SNAPSHOT", asks, bids)

    def follow(self, event: BookChanged) -> None:
        """Move on by a change of the book."""
        for entry in event.entries:
            (self._bids if entry.side == "buy" else self._asks).put(entry)
        self.sequence = event.order_sequence
        self._changed_at = event.changed_at

    def update(self, event: BookChanged) -> OutboundFrame:
        """What tells the change that was followed last."""
        asks, bids = ([entry for entry in event.entries if entry.side == side] for side in ("sell", "buy"))
        return self._frame("FULL_ORDERBOOK_UPDATE", _told(asks), _told(bids))

    def _frame(self, kind: str, asks: Sequence[JsonObject], bids: Sequence[JsonObject]) -> OutboundFrame:
        data: JsonObject = {
            "LastChange": milliseconds_of(self._changed_at),
            "Asks": asks,
            "Bids": bids,
            "SequenceNumber": self.sequence,
            "Checksum": checksum_of(turn_about(self._bids.first(CHECKED), self._asks.first(CHECKED))),
        }
        return frame(kind, currencyPairSymbol=self._symbol, data=data)


def _told(entries: Iterable[QueueEntry]) -> list[JsonObject]:
    """Entries in the order in which they happened; neighbours of one price stand under it together."""
    return [
        _level(price, [(entry.order_id, decimal_text(entry.remaining)) for entry in together])
        for price, together in groupby(entries, key=lambda entry: entry.price)
    ]


def _level(price: Decimal, orders: Iterable[tuple[str, str]]) -> JsonObject:
    return {
        "Price": decimal_text(price),
        "Orders": [{"orderId": order_id, "quantity": left} for order_id, left in orders],
    }
