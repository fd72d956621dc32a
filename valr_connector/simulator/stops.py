"""Stop-limit orders of one pair that wait for their price (protocol 10.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from operator import ge, le
from typing import Final

from valr_connector.simulator.vocabulary import BuyOrSell, StopType, VenueOrder

_IS_REACHED: Final[Mapping[tuple[StopType, BuyOrSell], Callable[[Decimal, Decimal], bool]]] = {
    ("STOP_LOSS_LIMIT", "buy"): ge,
    ("STOP_LOSS_LIMIT", "sell"): le,
    ("TAKE_PROFIT_LIMIT", "buy"): le,
    ("TAKE_PROFIT_LIMIT", "sell"): ge,
}
"""How the last traded price compares with the stop price of an order that it triggers."""


def is_triggered(order: VenueOrder, last_price: Decimal | None) -> bool:
    """Whether a stop order is triggered by that last traded price; None where nothing was traded yet."""
    stop = order.request.stop
    if stop is None or last_price is None:
        return False
    return _IS_REACHED[stop.type, order.side](last_price, stop.price)


class StopQueue:
    """The stop orders that wait, oldest first."""

    def __init__(self) -> None:
        self._waiting: dict[str, VenueOrder] = {}

    def add(self, order: VenueOrder) -> None:
        """Let an order wait."""
        self._waiting[order.order_id] = order

    def remove(self, order: VenueOrder) -> None:
        """It waits no more."""
        del self._waiting[order.order_id]

    def take_triggered(self, last_price: Decimal | None) -> VenueOrder | None:
        """Remove and return the oldest order that the last traded price triggers, if there is one."""
        triggered = (order for order in self._waiting.values() if is_triggered(order, last_price))
        found = next(triggered, None)
        if found is not None:
            self.remove(found)
        return found
