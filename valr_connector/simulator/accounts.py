"""What one account holds: wallets, orders, trades, and the statement of it all.

Available money backs new orders, reserved money backs the open ones. A taker pays from available (its balance
was checked as a whole before), a maker from reserved.
"""

from __future__ import annotations

from collections import deque
from decimal import Decimal

from valr_connector.simulator.exact import ZERO
from valr_connector.simulator.statement import Transaction
from valr_connector.simulator.vocabulary import (
    PRIMARY_ACCOUNT,
    SIMPLE_PERCENT,
    AccountTrade,
    VenueOrder,
    Wallet,
)


class Account:
    """One account. `history_limit` bounds each: finished orders, trades and transactions; None keeps all.

    Raises:
        ValueError: a percentage is no Decimal, or takes all of what is received.
    """

    def __init__(
        self,
        account_id: str,
        *,
        maker_percent: Decimal,
        taker_percent: Decimal,
        simple_percent: Decimal = SIMPLE_PERCENT,
        label: str = "",
        history_limit: int | None = None,
    ) -> None:
        _check_percentage("maker_percent", maker_percent)
        _check_percentage("taker_percent", taker_percent)
        _check_percentage("simple_percent", simple_percent)
        self.account_id = account_id
        self.label = label or _default_label(account_id)
        self.is_closed = False
        self.maker_percent = maker_percent
        self.taker_percent = taker_percent
        self.simple_percent = simple_percent
        self.wallets: dict[str, Wallet] = {}
        self.orders = OrderArchive(history_limit)
        self.trades: deque[AccountTrade] = deque(maxlen=history_limit)
        self.transactions: deque[Transaction] = deque(maxlen=history_limit)

    def wallet(self, currency: str) -> Wallet:
        """The wallet of that currency; an empty one from the first mention on."""
        wallet = self.wallets.get(currency)
        if wallet is None:
            wallet = self.wallets[currency] = Wallet(currency, ZERO, ZERO, 0)
        return wallet


class OrderArchive:
    """An account's orders: by id, by customerOrderId, and the open ones."""

    def __init__(self, limit: int | None) -> None:
        self._limit = limit
        self._finished: deque[VenueOrder] = deque()
        self._all: dict[str, VenueOrder] = {}
        self._open: dict[str, VenueOrder] = {}
        self._newest_by_customer_id: dict[str, VenueOrder] = {}
        self._holders: dict[str, VenueOrder] = {}

    def add(self, order: VenueOrder) -> None:
        """Remember a new order, and let it hold its customerOrderId if no live order does."""
        self._all[order.order_id] = order
        customer_id = order.request.customer_order_id
        if customer_id:
            self._newest_by_customer_id[customer_id] = order
            self._holders.setdefault(customer_id, order)

    def opened(self, order: VenueOrder) -> None:
        self._open[order.order_id] = order

    def finished(self, order: VenueOrder) -> None:
        """The order reached a terminal state: its customerOrderId is free again."""
        self._open.pop(order.order_id, None)
        customer_id = order.request.customer_order_id
        if self._holders.get(customer_id) is order:
            del self._holders[customer_id]
        self._finished.append(order)
        if self._limit is not None and len(self._finished) > self._limit:
            self._forget(self._finished.popleft())

    def _forget(self, order: VenueOrder) -> None:
        del self._all[order.order_id]
        customer_id = order.request.customer_order_id
        if self._newest_by_customer_id.get(customer_id) is order:
            del self._newest_by_customer_id[customer_id]

    def holds(self, customer_id: str) -> bool:
        """Whether a live order (open, or accepted and not yet processed) has this customerOrderId."""
        return customer_id in self._holders

    def claim(self, order: VenueOrder) -> bool:
        """Whether the order may go by its customerOrderId; it does from then on."""
        customer_id = order.request.customer_order_id
        return not customer_id or self._holders.setdefault(customer_id, order) is order

    def by_id(self, order_id: str) -> VenueOrder | None:
        return self._all.get(order_id)

    def by_customer_id(self, customer_id: str) -> VenueOrder | None:
        """The newest order with that customerOrderId."""
        return self._newest_by_customer_id.get(customer_id)

    def meant_by(self, order_id: str, customer_id: str) -> VenueOrder | None:
        """The order a command names: by its id, or the live one of that customerOrderId, or the newest."""
        if order_id:
            return self._all.get(order_id)
        return self._holders.get(customer_id) or self._newest_by_customer_id.get(customer_id)

    def open(self, symbol: str | None = None) -> list[VenueOrder]:
        """Open orders, oldest first."""
        return [order for order in self._open.values() if symbol is None or order.symbol == symbol]

    def newest_first(self) -> list[VenueOrder]:
        return list(reversed(self._all.values()))


def _default_label(account_id: str) -> str:
    """The primary account is called so at VALR (protocol 12)."""
    return "Primary" if account_id == PRIMARY_ACCOUNT else f"Account {account_id}"


def _check_percentage(name: str, percent: object) -> None:
    """A fill that meets its mistake would have moved half of the money."""
    if not isinstance(percent, Decimal) or not percent.is_finite() or abs(percent) >= 100:
        raise ValueError(f"{name}={percent!r}: must be a Decimal between -100 and 100")
