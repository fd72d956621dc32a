"""Open orders of the account that were not placed through this instance.

An order of ours can be listed before the reply that tells us its id, so an order listed without a client
order id counts as a stranger only after it has stood unclaimed for a while.
"""

from __future__ import annotations

from collections.abc import Sequence

from valr_connector.model.events import UntrackedOrder
from valr_connector.protocol.rows import OpenOrderRow


class Strangers:
    """Tells each stranger once for as long as it stays listed."""

    def __init__(self, patience: int) -> None:
        """`patience`: how long an order may stand without a known id, nanoseconds."""
        self._patience = patience
        self._seen: dict[str, int] = {}
        self._told: set[str] = set()

    def __len__(self) -> int:
        """How many strangers the last list held."""
        return len(self._told)

    def note(self, unknown: Sequence[OpenOrderRow], now: int) -> list[UntrackedOrder]:
        """The rows of one complete list that no tracked order claims; returns what is told now."""
        listed = {row.exchange_order_id for row in unknown}
        self._seen = {order_id: since for order_id, since in self._seen.items() if order_id in listed}
        self._told &= listed
        events: list[UntrackedOrder] = []
        for row in unknown:
            since = self._seen.setdefault(row.exchange_order_id, now)
            has_foreign_id = row.client_order_id is not None
            if row.exchange_order_id in self._told or not (has_foreign_id or now - since >= self._patience):
                continue
            self._told.add(row.exchange_order_id)
            events.append(_untracked(row))
        return events


def _untracked(row: OpenOrderRow) -> UntrackedOrder:
    return UntrackedOrder(
        exchange_order_id=row.exchange_order_id,
        client_order_id=row.client_order_id,
        symbol=row.pair_symbol,
        side=row.side,
        price=row.price,
        remaining_amount=row.remaining,
    )
