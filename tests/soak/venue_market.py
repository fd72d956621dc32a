"""The embedded exchange's own matching as a source of FULL_ORDERBOOK frames, one pair at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from random import Random

from valr_connector.simulator.order_feed import OrderFeed
from valr_connector.simulator.pairs import DEFAULT_PAIRS
from valr_connector.simulator.venue import Venue
from valr_connector.simulator.vocabulary import BookChanged, BuyOrSell, NewOrder, VenueEvent
from valr_connector.simulator.wire import decimal_text

MID = 1_500_000
MOST_ORDERS = 150
_PURSE: Mapping[str, Decimal] = {"BTC": Decimal(10**9), "ZAR": Decimal(10**15)}
_ACCOUNTS = ("one", "two")


class VenueMarket:
    """Orders that are placed, matched and cancelled at random, and the frames that tell it."""

    def __init__(self, symbol: str, rng: Random) -> None:
        self.symbol = symbol
        self._rng = rng
        self._now = 1_790_000_000_000_000_000
        self._venue = Venue([DEFAULT_PAIRS[0]], clock=self._tick, rng=rng)
        self._pair = DEFAULT_PAIRS[0].symbol
        for account in _ACCOUNTS:
            self._venue.open_account(
                account, _PURSE, maker_percent=Decimal(0), taker_percent=Decimal(0), history_limit=10
            )
        self._changes: list[BookChanged] = []
        self._venue.listen(self._hear)
        for _ in range(MOST_ORDERS):
            self._place()
        self._changes.clear()
        self._feed = OrderFeed(self._venue, self._pair, self._now)

    @property
    def sequence(self) -> int:
        """The number of the last frame."""
        return self._feed.sequence

    def bids(self) -> tuple[str, ...]:
        """``price:amount`` of every bid price, best first."""
        return self._levels("buy")

    def asks(self) -> tuple[str, ...]:
        """``price:amount`` of every ask price, best first."""
        return self._levels("sell")

    def snapshot(self) -> bytes:
        """FULL_ORDERBOOK_SNAPSHOT of the present state."""
        return self._named(self._feed.snapshot().data)

    def diff(self) -> bytes:
        """What the next command did that changed the book, as FULL_ORDERBOOK_UPDATE."""
        while not self._changes:
            self._act()
        change = self._changes.pop(0)
        self._feed.follow(change)
        return self._named(self._feed.update(change).data)

    def _levels(self, side: BuyOrSell) -> tuple[str, ...]:
        levels = self._venue.levels(self._pair, side, None)
        return tuple(f"{decimal_text(price)}:{decimal_text(total)}" for price, total, _ in levels)

    def _named(self, frame: bytes) -> bytes:
        return frame.replace(self._pair.encode(), self.symbol.encode())

    def _act(self) -> None:
        account = self._rng.choice(_ACCOUNTS)
        orders: Sequence[object] = self._venue.open_orders(account)
        if len(orders) > MOST_ORDERS // 2 or (orders and self._rng.random() < 0.3):
            order = self._rng.choice(self._venue.open_orders(account))
            self._venue.cancel(account, self._pair, order_id=order.order_id)
        else:
            self._place()

    def _place(self) -> None:
        """A limit order near the middle: some of them match."""
        account = self._rng.choice(_ACCOUNTS)
        side: BuyOrSell = self._rng.choice(("buy", "sell"))
        away = int(self._rng.expovariate(1 / 20)) - 3
        price = MID - away if side == "buy" else MID + away
        quantity = Decimal(self._rng.randint(10, 1_000_000)) / 1_000  # less is below the smallest order
        order = self._venue.accept(
            account, NewOrder(self._pair, side, "limit", quantity=quantity / 1_000, price=Decimal(price))
        )
        self._venue.process(order.order_id)

    def _hear(self, event: VenueEvent) -> None:
        if isinstance(event, BookChanged):
            self._changes.append(event)

    def _tick(self) -> int:
        self._now += 1_000_000
        return self._now
