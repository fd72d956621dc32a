"""A book order by order: who waits at each price, in time priority (protocol 18.2)."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import reduce
from itertools import islice
from typing import Final

from valr_connector.core.level_book import REPEATED, checksum
from valr_connector.core.sorted_levels import CHECKED_DEPTH, crossed, is_nothing
from valr_connector.model.enums import Side
from valr_connector.model.market import QueuePosition
from valr_connector.model.numbers import EXACT
from valr_connector.protocol.book_frames import (
    FullBook,
    FullLevel,
    FullOrderbookSnapshotFrame,
    FullOrderbookUpdateFrame,
)

_ZERO: Final = Decimal(0)


@dataclass(slots=True)
class PriceQueue:
    """The orders at one price, the first to be executed first. Values are ``orderId:quantity``."""

    price_text: str
    price: Decimal
    orders: dict[str, str] = field(default_factory=dict)

    @property
    def text(self) -> str:
        """``price:amount`` of the level."""
        return f"{self.price_text}:{_total(self.orders.values())}"


class QueueSide:
    """One side: the queues by ascending price."""

    def __init__(self, side: Side) -> None:
        self.side = side
        self._prices: list[Decimal] = []
        self._queues: list[PriceQueue] = []

    @property
    def best(self) -> PriceQueue | None:
        """The queue at the best price; None where the side is empty."""
        return next(self.best_first(), None)

    def best_first(self) -> Iterator[PriceQueue]:
        """Every queue."""
        return reversed(self._queues) if self.side is Side.BUY else iter(self._queues)

    def checked_orders(self) -> Sequence[str]:
        """``orderId:quantity`` of the first 25 orders in price-time order."""
        orders = (text for queue in self.best_first() for text in queue.orders.values())
        return list(islice(orders, CHECKED_DEPTH))

    def queue(self, price_text: str) -> PriceQueue:
        """The queue at a price, made where there is none."""
        price = Decimal(price_text)
        place = bisect_left(self._prices, price)
        if place == len(self._prices) or self._prices[place] != price:
            self._prices.insert(place, price)
            self._queues.insert(place, PriceQueue(price_text, price))
        return self._queues[place]

    def remove(self, order_id: str, queue: PriceQueue) -> None:
        """Take an order out; a queue in which nobody waits any more goes too."""
        del queue.orders[order_id]
        if not queue.orders:
            place = bisect_left(self._prices, queue.price)
            del self._prices[place], self._queues[place]


class QueueBook:
    """Both sides, order by order.

    Attributes:
        sequence: VALR's number of the state.
        changed_at_ms: VALR's time of the last change; None where it gave none, or not as a number.
    """

    def __init__(self) -> None:
        self.sequence: int | None = None
        self.changed_at_ms: int | None = None
        self._bids = QueueSide(Side.BUY)
        self._asks = QueueSide(Side.SELL)
        self._places: dict[str, tuple[QueueSide, PriceQueue]] = {}

    @property
    def best_bid(self) -> str:
        """``price:amount``; "" where there is none."""
        return _text(self._bids.best)

    @property
    def best_ask(self) -> str:
        """``price:amount``; "" where there is none."""
        return _text(self._asks.best)

    @property
    def checksum(self) -> int:
        """Unsigned CRC32 over the first 25 orders a side, bid and ask in turn (protocol 18.2)."""
        return checksum(self._bids.checked_orders(), self._asks.checked_orders())

    def bids(self) -> tuple[str, ...]:
        """``price:amount`` of every bid price, best first."""
        return tuple(queue.text for queue in self._bids.best_first())

    def asks(self) -> tuple[str, ...]:
        """``price:amount`` of every ask price, best first."""
        return tuple(queue.text for queue in self._asks.best_first())

    def clear(self) -> None:
        """Forget everything, the sequence too (protocol 21, 23)."""
        self.sequence = self.changed_at_ms = None
        self._bids, self._asks = QueueSide(Side.BUY), QueueSide(Side.SELL)
        self._places.clear()

    def snapshot(self, frame: FullOrderbookSnapshotFrame) -> str:
        """Take over a whole book; returns what is wrong with it in words, or ""."""
        self.clear()
        return self._take(frame.data)

    def diff(self, frame: FullOrderbookUpdateFrame) -> str:
        """Take over what changed since the last number; returns what is wrong with it in words, or "".

        The number rises by one for each order named, also where one is named twice (protocol 18.2). A content
        with which anything is wrong is of no use any more, unless it is `REPEATED`, as in `LevelBook.diff`.
        """
        data = frame.data
        if self.sequence is None or data.sequence != self.sequence + data.entry_count:
            if data.sequence == self.sequence and data.checksum == self.checksum:
                return REPEATED
            return f"sequence {data.sequence} after {self.sequence} with {data.entry_count} entries"
        return self._take(data)

    def position(self, order_id: str) -> QueuePosition | None:
        """Where an order stands at its price; None where it is not in the book."""
        side, queue = self._places.get(order_id, (None, None))
        if side is None or queue is None:
            return None
        ahead = list(queue.orders).index(order_id)
        return QueuePosition(
            side=side.side,
            price=queue.price,
            place=ahead + 1,
            orders=len(queue.orders),
            amount=_amount(queue.orders[order_id]),
            amount_ahead=_total(islice(queue.orders.values(), ahead)),
        )

    def _take(self, data: FullBook) -> str:
        self._set_all(self._bids, data.bids)
        self._set_all(self._asks, data.asks)
        self.sequence = data.sequence
        self.changed_at_ms = data.last_change_ms
        ours = self.checksum
        if ours != data.checksum:
            return f"checksum {ours} where VALR has {data.checksum}"
        bid, ask = self._bids.best, self._asks.best
        if bid is None or ask is None or bid.price < ask.price:
            return ""
        return crossed(bid.text, ask.text)

    def _set_all(self, side: QueueSide, levels: Sequence[FullLevel]) -> None:
        for level in levels:
            for order in level.orders:
                self._set(side, level.price_text, order.order_id, order.quantity_text)

    def _set(self, side: QueueSide, price_text: str, order_id: str, amount: str) -> None:
        """A known order keeps its place at its price; elsewhere it queues last."""
        known = self._places.get(order_id)
        if is_nothing(amount):
            self._remove(order_id)
            return
        if known is not None and (known[0] is not side or known[1].price != Decimal(price_text)):
            self._remove(order_id)
            known = None
        if known is None:
            known = self._places[order_id] = (side, side.queue(price_text))
        known[1].orders[order_id] = f"{order_id}:{amount}"

    def _remove(self, order_id: str) -> None:
        side, queue = self._places.pop(order_id, (None, None))
        if side is not None and queue is not None:
            side.remove(order_id, queue)


def _amount(text: str) -> Decimal:
    return Decimal(text.rpartition(":")[2])


def _total(texts: Iterable[str]) -> Decimal:
    amounts = [Decimal(text.rpartition(":")[2]) for text in texts]
    return reduce(EXACT.add, amounts, _ZERO)


def _text(queue: PriceQueue | None) -> str:
    return "" if queue is None else queue.text
