"""A book at one moment: what a quoting engine reads."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final

from valr_connector.core.book_side import BookSide
from valr_connector.model.enums import BookFeed, OrderStatus, OrderType, Side
from valr_connector.model.ids import Pair
from valr_connector.model.market import PriceLevel
from valr_connector.model.numbers import EXACT
from valr_connector.model.order import InFlightOrder

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_YEAR_10000_MS: Final = 253_402_300_800_000
_BASIS_POINTS: Final = 10_000
_RESTING: Final = frozenset({OrderStatus.OPEN, OrderStatus.PARTIALLY_FILLED})


@dataclass(frozen=True, slots=True)
class BookSnapshot:
    """A valid book as it was; it never changes. Empty sides are possible, crossed prices are not.

    Attributes:
        feed: what it was made of; says how deep it goes.
        bids, asks: best first.
        sequence: VALR's number of this state; None where the feed has none (protocol 18.4).
        changed_at_ms: VALR's time of the last change, milliseconds since 1970; None where it gave none.
        received_at: when the last frame of this pair came, nanoseconds of the monotonic clock.
    """

    pair: Pair
    feed: BookFeed
    bids: BookSide
    asks: BookSide
    sequence: int | None
    changed_at_ms: int | None
    received_at: int

    @property
    def changed_at(self) -> datetime | None:
        """VALR's time of the last change, UTC; None where it gave none, or none that any calendar has."""
        ms = self.changed_at_ms
        return _EPOCH + timedelta(milliseconds=ms) if ms is not None and 0 <= ms < _YEAR_10000_MS else None

    @property
    def best_bid(self) -> PriceLevel | None:
        """Highest bid; None where there is none."""
        return self.bids.best

    @property
    def best_ask(self) -> PriceLevel | None:
        """Lowest ask; None where there is none."""
        return self.asks.best

    @property
    def mid_price(self) -> Decimal | None:
        """Half way between best bid and best ask; None unless there are both."""
        bid, ask = self.bids.best, self.asks.best
        return None if bid is None or ask is None else EXACT.divide(EXACT.add(bid.price, ask.price), 2)

    @property
    def micro_price(self) -> Decimal | None:
        """The mid price drawn to the side on which less rests; None unless there are both sides.

        Best bid and best ask, each weighted with what rests on the other one.
        """
        bid, ask = self.bids.best, self.asks.best
        if bid is None or ask is None:
            return None
        weighted = EXACT.fma(bid.price, ask.amount, EXACT.multiply(ask.price, bid.amount))
        return weighted / EXACT.add(bid.amount, ask.amount)

    @property
    def spread(self) -> Decimal | None:
        """Best ask less best bid, quote currency; None unless there are both."""
        bid, ask = self.bids.best, self.asks.best
        return None if bid is None or ask is None else EXACT.subtract(ask.price, bid.price)

    @property
    def spread_bps(self) -> Decimal | None:
        """The spread in basis points of the mid price; None unless there are both sides."""
        spread, mid = self.spread, self.mid_price
        return None if spread is None or mid is None else spread / mid * _BASIS_POINTS

    def side(self, side: Side) -> BookSide:
        """The bids for BUY, the asks for SELL."""
        return self.bids if side is Side.BUY else self.asks

    def age_ns(self, now: int) -> int:
        """Nanoseconds since the last frame of this pair; `now` is of the monotonic clock.

        A quiet pair's book grows old without being wrong (protocol 18.6).
        """
        return now - self.received_at

    def without(self, orders: Iterable[InFlightOrder]) -> BookSnapshot:
        """The book without these orders' remaining amounts, as far as they rest in it.

        What the book and the account socket say of one order may be a moment apart; no level becomes
        negative.

        Args:
            orders: own orders; those of other pairs, and those that do not rest, change nothing.
        """
        own: dict[Side, dict[Decimal, Decimal]] = {side: defaultdict(Decimal) for side in Side}
        for order in orders:
            price, remaining = order.price, order.remaining_amount
            if order.pair == self.pair and price is not None and remaining is not None and _rests(order):
                own[order.side][price] = EXACT.add(own[order.side][price], remaining)
        return replace(self, bids=self.bids.less(own[Side.BUY]), asks=self.asks.less(own[Side.SELL]))


def _rests(order: InFlightOrder) -> bool:
    """Whether it is in the book. One that waits for its stop price is not."""
    return order.status in _RESTING and order.order_type is OrderType.LIMIT
