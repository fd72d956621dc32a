"""What went through the exchange, counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from valr_connector.simulator.vocabulary import OPEN_STATES, OrderChange


@dataclass(slots=True)
class Statistics:
    """Counters since the exchange was made. Keys of the frame counters are (socket kind, frame type)."""

    requests: Counter[str] = field(default_factory=Counter)
    """By route, such as "GET /v1/orders/open"."""
    frames_in: Counter[tuple[str, str]] = field(default_factory=Counter)
    """A type that no socket knows counts as "unknown"."""
    frames_out: Counter[tuple[str, str]] = field(default_factory=Counter)
    rate_limited: int = 0
    """HTTP answers 429 and frames RATE_LIMIT_EXCEEDED."""
    orders_accepted: Counter[str] = field(default_factory=Counter)
    """Orders that got an id, by account."""
    open_orders: dict[str, set[str]] = field(default_factory=dict, repr=False)
    """Ids of the orders that are open now, by account."""
    max_open_orders: Counter[str] = field(default_factory=Counter)
    """The most that were open at the same time, by account."""

    def order_changed(self, change: OrderChange) -> None:
        """Follow an order into or out of the book."""
        open_orders = self.open_orders.setdefault(change.account_id, set())
        if change.state not in OPEN_STATES:
            open_orders.discard(change.order_id)
            return
        open_orders.add(change.order_id)
        self.max_open_orders[change.account_id] = max(
            self.max_open_orders[change.account_id], len(open_orders)
        )
