"""The channels that follow a book change by change: who gets which frame (protocol 18.2, 18.3, 18.4)."""

from __future__ import annotations

from collections.abc import Callable

from valr_connector.simulator.floor import Floor
from valr_connector.simulator.level_feed import TOP_CHANNELS, LevelFeed
from valr_connector.simulator.order_feed import OrderFeed
from valr_connector.simulator.vocabulary import BookChanged
from valr_connector.simulator.wire import OutboundFrame

LEVELS = "OB_L1_DIFF"
ORDERS = "FULL_ORDERBOOK_UPDATE"

Audience = Callable[[str, str], list[Callable[[OutboundFrame], None]]]
"""Takes a channel and a pair; gives who listens."""


class BookChannels:
    """Keeps a feed for each pair that was ever asked for, and tells whoever listens."""

    channels = frozenset({LEVELS, ORDERS, *TOP_CHANNELS})
    """What can be subscribed."""

    def __init__(self, floor: Floor, audience: Audience) -> None:
        self._floor = floor
        self._audience = audience
        self._levels: dict[str, LevelFeed] = {}
        self._orders: dict[str, OrderFeed] = {}
        self._tops: dict[tuple[str, str], OutboundFrame] = {}

    def first(self, channel: str, symbol: str) -> OutboundFrame:
        """The frame that a new subscription gets at once."""
        if channel == ORDERS:
            return self._orders_of(symbol).snapshot()
        levels = self._levels_of(symbol)
        return levels.snapshot() if channel == LEVELS else self._new_top(channel, symbol, levels)

    def tell(self, event: BookChanged) -> None:
        """Move the pair's feeds on, and send what is listened to."""
        orders, levels = self._orders.get(event.symbol), self._levels.get(event.symbol)
        if orders is not None:
            orders.follow(event)
            self._send(ORDERS, event.symbol, lambda: orders.update(event))
        if levels is not None:
            levels.follow(event)
            self._send(LEVELS, event.symbol, lambda: levels.diff(event))
            for channel in TOP_CHANNELS:
                self._send_top(channel, event.symbol, levels)

    def forget(self) -> None:
        """Drop the feeds; for an exchange that stops."""
        self._levels.clear()
        self._orders.clear()
        self._tops.clear()

    def _levels_of(self, symbol: str) -> LevelFeed:
        if symbol not in self._levels:
            self._levels[symbol] = LevelFeed(
                self._floor.venue, symbol, self._floor.market.last_change(symbol)
            )
        return self._levels[symbol]

    def _orders_of(self, symbol: str) -> OrderFeed:
        if symbol not in self._orders:
            self._orders[symbol] = OrderFeed(
                self._floor.venue, symbol, self._floor.market.last_change(symbol)
            )
        return self._orders[symbol]

    def _send_top(self, channel: str, symbol: str, levels: LevelFeed) -> None:
        """A change behind the best levels is not told."""
        if not self._audience(channel, symbol):
            return
        before = self._tops.get((channel, symbol))
        top = self._new_top(channel, symbol, levels)
        if before is None or _levels(before) != _levels(top):
            self._send(channel, symbol, lambda: top)

    def _new_top(self, channel: str, symbol: str, levels: LevelFeed) -> OutboundFrame:
        top = self._tops[channel, symbol] = levels.top(channel)
        return top

    def _send(self, channel: str, symbol: str, make: Callable[[], OutboundFrame]) -> None:
        listeners = self._audience(channel, symbol)
        if listeners:
            message = make()
            for listener in listeners:
                listener(message)


def _levels(top: OutboundFrame) -> tuple[object, object]:
    data = top.content["d"]
    return (data["a"], data["b"]) if isinstance(data, dict) else (None, None)
