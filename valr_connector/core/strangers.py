"""Open orders of the account that were not placed through this instance, and what is done about them.

An order of ours can be listed before the reply that tells us its id, so an order listed without a client
order id counts as a stranger only after it has stood unclaimed for a while.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from valr_connector.core.order_record import ZERO, OrderRecord
from valr_connector.model.enums import (
    OrderStatus,
    OrderType,
    Placement,
    RetryPolicy,
    TimeInForce,
    UntrackedPolicy,
)
from valr_connector.model.events import UntrackedOrder
from valr_connector.model.ids import ClientOrderId
from valr_connector.model.market import PairInfo
from valr_connector.model.numbers import EXACT
from valr_connector.protocol.codec import optional_decimal
from valr_connector.protocol.order_status import WireStatus
from valr_connector.protocol.rows import OpenOrderRow

_ORDER_TYPES: Mapping[str, OrderType] = {
    "limit": OrderType.LIMIT,
    "post-only limit": OrderType.LIMIT,
    "limit-reduce-only": OrderType.LIMIT,
    "stop-loss-limit": OrderType.STOP_LOSS_LIMIT,
    "take-profit-limit": OrderType.TAKE_PROFIT_LIMIT,
}
"""What can stand open, in VALR's words (protocol 10.9)."""
_POST_ONLY = "post-only limit"
_MODIFIED = frozenset({WireStatus.ORDER_MODIFIED, WireStatus.REPRICED_DUE_TO_SLIPPAGE})


@dataclass(frozen=True, slots=True)
class StrangerPolicy:
    """What is done about strangers.

    Attributes:
        wanted: the policy.
        prefix: what the client order ids of our own kind begin with, up to their first hyphen.
        cancels_foreign: whether cancelling concerns orders with other ids, or none, as well.
    """

    wanted: UntrackedPolicy = UntrackedPolicy.REPORT
    prefix: str = ""
    cancels_foreign: bool = False

    def handling(self, row: OpenOrderRow) -> UntrackedPolicy:
        """What is done about this order."""
        if self.wanted is not UntrackedPolicy.CANCEL or self.cancels_foreign:
            return self.wanted
        is_of_our_kind = (row.client_order_id or "").startswith(f"{self.prefix}-")
        return UntrackedPolicy.CANCEL if is_of_our_kind else UntrackedPolicy.REPORT


class Strangers:
    """Finds each stranger once for as long as it stays listed."""

    def __init__(self, patience: int) -> None:
        """`patience`: how long an order may stand without a known id, nanoseconds."""
        self._patience = patience
        self._seen: dict[str, int] = {}
        self._told: set[str] = set()

    def __len__(self) -> int:
        """How many strangers the last list held."""
        return len(self._told)

    def note(self, unknown: Sequence[OpenOrderRow], now: int) -> list[OpenOrderRow]:
        """The rows of one complete list that no tracked order claims; returns those that are news."""
        if not unknown and not self._seen:
            return []
        listed = {row.exchange_order_id for row in unknown}
        self._seen = {order_id: since for order_id, since in self._seen.items() if order_id in listed}
        self._told &= listed
        news: list[OpenOrderRow] = []
        for row in unknown:
            since = self._seen.setdefault(row.exchange_order_id, now)
            has_foreign_id = row.client_order_id is not None
            if row.exchange_order_id in self._told or not (has_foreign_id or now - since >= self._patience):
                continue
            self._told.add(row.exchange_order_id)
            news.append(row)
        return news


def untracked(row: OpenOrderRow, handling: UntrackedPolicy) -> UntrackedOrder:
    """What is told of a stranger."""
    return UntrackedOrder(
        exchange_order_id=row.exchange_order_id,
        client_order_id=row.client_order_id,
        symbol=row.pair_symbol,
        side=row.side,
        price=row.price,
        remaining_amount=row.remaining,
        handling=handling,
    )


def adopted(row: OpenOrderRow, info: PairInfo | None, now: int, epoch: int) -> OrderRecord | None:
    """A stranger as an order to track; None where VALR does not say enough of it.

    What it has executed is VALR's word; fills count from the time of the row on. An order without a client
    order id goes by VALR's own. `now` is nanoseconds of the monotonic clock, `epoch` the connection.
    """
    order_type = _ORDER_TYPES.get((row.order_type or "").lower())
    if info is None or order_type is None or row.updated_at is None:
        return None
    executed = max(EXACT.subtract(row.original, row.remaining), ZERO)
    return OrderRecord(
        client_order_id=row.client_order_id or ClientOrderId(row.exchange_order_id),
        exchange_order_id=row.exchange_order_id,
        pair=info.pair,
        symbol=info.symbol,
        side=row.side,
        order_type=order_type,
        time_in_force=_time_in_force(row.time_in_force),
        post_only=(row.order_type or "").lower() == _POST_ONLY,
        price=row.price,
        amount=row.original,
        stop_price=optional_decimal(row.stop_price_text),
        created_at=now,
        sent_at=now,
        epoch=epoch,
        retry=RetryPolicy.NEVER,
        status=OrderStatus.PARTIALLY_FILLED if executed else OrderStatus.OPEN,
        placement=Placement.CONFIRMED,
        adopted_at=row.updated_at,
        executed_before=executed,
        accounted_amount=executed,
        reported_executed=executed,
        was_created=True,
        was_modified=row.wire_status in _MODIFIED,
        terms_at=row.updated_at,
        updated_at=row.updated_at,
        last_heard=now,
    )


def _time_in_force(word: str | None) -> TimeInForce:
    """Resting orders are GTC, whatever VALR leaves out."""
    name = (word or "").upper()
    return TimeInForce(name) if name in tuple(TimeInForce) else TimeInForce.GTC
