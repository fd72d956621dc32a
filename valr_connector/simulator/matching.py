"""One pair's book, and what an incoming order would match in it.

A side is a sorted list of prices and, per price, its orders in time priority. Looking ahead is separate from
executing: `Book.matches` says what would happen and changes nothing, so the engine can refuse an order as a
whole (own orders, post-only, fill or kill) before any money moves.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections import OrderedDict, deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from decimal import Decimal
from typing import NamedTuple

from valr_connector.simulator.exact import ZERO, step_of
from valr_connector.simulator.stops import StopQueue
from valr_connector.simulator.vocabulary import (
    BookChanged,
    BuyOrSell,
    LevelChange,
    PairSpec,
    PublicTrade,
    QueueEntry,
    VenueOrder,
)

_TRADES_KEPT = 1000


class Match(NamedTuple):
    """`quantity` (base) of one resting order, at that order's price."""

    maker: VenueOrder
    quantity: Decimal


@dataclass(slots=True)
class Level:
    """All orders at one price, in time priority.

    An OrderedDict forgets any order in constant time; a dict would step over its dead entries at the front.
    """

    price: Decimal
    total: Decimal = ZERO
    orders: OrderedDict[str, VenueOrder] = field(default_factory=OrderedDict)


class BookSide:
    """The resting orders of one side, best price first.

    Attributes:
        entries: what happened to the side and was not told yet.
    """

    def __init__(self, side: BuyOrSell) -> None:
        self.side = side
        self.entries: list[QueueEntry] = []
        self._levels: dict[Decimal, Level] = {}
        self._prices: list[Decimal] = []  # ascending on both sides

    def best(self) -> Decimal | None:
        if not self._prices:
            return None
        return self._prices[-1 if self.side == "buy" else 0]

    def total(self, price: Decimal) -> Decimal:
        """What rests at a price."""
        level = self._levels.get(price)
        return ZERO if level is None else level.total

    def levels(self) -> Iterator[Level]:
        """Levels from the best price outwards."""
        prices = reversed(self._prices) if self.side == "buy" else iter(self._prices)
        return (self._levels[price] for price in prices)

    def add(self, order: VenueOrder) -> None:
        """Queue the order last at its price."""
        level = self._levels.get(order.price)
        if level is None:
            level = self._levels[order.price] = Level(order.price)
            insort(self._prices, order.price)
        level.orders[order.order_id] = order
        level.total += order.remaining_quantity
        self.entries.append(QueueEntry(self.side, order.price, order.order_id, order.remaining_quantity))

    def reduce(self, order: VenueOrder, quantity: Decimal) -> None:
        """Take `quantity` off a resting order; the order leaves when nothing of it remains.

        Called before the order's own `remaining_quantity` changes.
        """
        level = self._levels[order.price]
        level.total -= quantity
        left = order.remaining_quantity - quantity
        self.entries.append(QueueEntry(self.side, order.price, order.order_id, left))
        if quantity == order.remaining_quantity:
            del level.orders[order.order_id]
        if not level.orders:
            del self._levels[order.price]
            del self._prices[bisect_left(self._prices, order.price)]

    def remove(self, order: VenueOrder) -> None:
        self.reduce(order, order.remaining_quantity)


class Book:
    """Both sides of one pair, its latest trades (oldest first), stops that wait, and two sequence numbers.

    One rises with every change, the other with every order that a change names (protocol 18.2, 18.3).
    """

    def __init__(self, pair: PairSpec) -> None:
        self.pair = pair
        self.sequence = 0
        self.order_sequence = 0
        self.trades: deque[PublicTrade] = deque(maxlen=_TRADES_KEPT)
        self.stops = StopQueue()
        self._buys = BookSide("buy")
        self._sells = BookSide("sell")

    @property
    def last_price(self) -> Decimal | None:
        """Of the last trade; None before the first."""
        return self.trades[-1].price if self.trades else None

    def side(self, side: BuyOrSell) -> BookSide:
        return self._buys if side == "buy" else self._sells

    def opposite(self, side: BuyOrSell) -> BookSide:
        return self._sells if side == "buy" else self._buys

    def close_change(self, now: int) -> BookChanged:
        """End a change: it gets its numbers, and is returned as it is told."""
        entries = (*self._buys.entries, *self._sells.entries)
        self._buys.entries.clear()
        self._sells.entries.clear()
        self.sequence += 1
        self.order_sequence += len(entries)
        touched = dict.fromkeys((entry.side, entry.price) for entry in entries)
        levels = tuple(LevelChange(side, price, self.side(side).total(price)) for side, price in touched)
        return BookChanged(self.pair.symbol, self.sequence, now, self.order_sequence, levels, entries)

    def would_match(self, side: BuyOrSell, price: Decimal) -> bool:
        """Whether a limit order at that price would find a match now."""
        best = self.opposite(side).best()
        return best is not None and _crosses(side, price, best)

    def matches(self, order: VenueOrder) -> list[Match]:
        """What the order would match now, in price-time priority."""
        if order.request.quote_amount is not None:
            return self._matches_by_value(order.side, order.request.quote_amount)
        return self._matches_by_quantity(order)

    def _crossing(self, order: VenueOrder) -> Iterator[VenueOrder]:
        for level in self.opposite(order.side).levels():
            if order.request.kind == "limit" and not _crosses(order.side, order.price, level.price):
                return
            yield from level.orders.values()

    def _matches_by_quantity(self, order: VenueOrder) -> list[Match]:
        matches: list[Match] = []
        wanted = order.remaining_quantity
        for maker in self._crossing(order):
            quantity = min(wanted, maker.remaining_quantity)
            matches.append(Match(maker, quantity))
            wanted -= quantity
            if not wanted:
                break
        return matches

    def _matches_by_value(self, side: BuyOrSell, quote_amount: Decimal) -> list[Match]:
        """As much base as the amount pays for, each match cut to the pair's decimal places."""
        matches: list[Match] = []
        step = step_of(self.pair.base_decimals)
        left = quote_amount
        for level in self.opposite(side).levels():
            for maker in level.orders.values():
                quantity = min(quantity_for(left, level.price, step), maker.remaining_quantity)
                if not quantity:
                    return matches
                matches.append(Match(maker, quantity))
                left -= quantity * level.price
        return matches


def quantity_for(quote_amount: Decimal, price: Decimal, step: Decimal) -> Decimal:
    """The largest multiple of `step` that costs no more than `quote_amount` at `price`."""
    return quote_amount // (price * step) * step


def _crosses(side: BuyOrSell, limit: Decimal, price: Decimal) -> bool:
    return price <= limit if side == "buy" else price >= limit
