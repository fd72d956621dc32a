"""Whether what the library says of its orders is what the venue says (S1, S3, S4)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from valr_connector.core.order_record import OrderRecord
from valr_connector.model.enums import OrderStatus
from valr_connector.simulator.venue import Venue
from valr_connector.simulator.vocabulary import AccountTrade, State, VenueOrder

_STATUSES: Mapping[State, frozenset[OrderStatus]] = {
    State.PLACED: frozenset({OrderStatus.OPEN}),
    State.MODIFIED: frozenset({OrderStatus.OPEN, OrderStatus.PARTIALLY_FILLED}),
    State.PARTIALLY_FILLED: frozenset({OrderStatus.PARTIALLY_FILLED}),
    State.FILLED: frozenset({OrderStatus.FILLED}),
    State.CANCELLED: frozenset({OrderStatus.CANCELLED}),
    State.FAILED: frozenset({OrderStatus.FAILED}),
}


def disagreements(orders: Iterable[OrderRecord], venue: Venue, account_id: str) -> Iterator[str]:
    """In words, each point in which an order is not what the venue has."""
    trades = venue.trades(account_id)
    for order in orders:
        truth = venue.order_by_customer_id(account_id, order.client_order_id)
        if truth is None or truth.state is None:
            if order.status is not OrderStatus.FAILED:
                yield f"{order.client_order_id}: {order.status}, and the venue never had it"
            continue
        yield from _compare(order, truth, [trade for trade in trades if trade.order_id == truth.order_id])


def _compare(order: OrderRecord, truth: VenueOrder, trades: list[AccountTrade]) -> Iterator[str]:
    state = truth.state or State.FAILED
    executions = {fill.trade_id: (fill.price, fill.amount) for fill in order.fills}
    points: tuple[tuple[str, object, object], ...] = (
        ("status", order.status in _STATUSES[state] and state, state),
        ("id", order.exchange_order_id, truth.order_id),
        ("executed", order.executed_amount, truth.executed_quantity),
        ("fills", executions, {trade.trade_id: (trade.price, trade.quantity) for trade in trades}),
        ("fees", _fees(order), _fees_of(trades)),
    )
    for name, here, there in points:
        if here != there:
            yield f"{order.client_order_id}: {name} is {here!r}, and {there!r} at the venue"


def _fees(order: OrderRecord) -> dict[str, tuple[str, Decimal] | None]:
    return {
        fill.trade_id: None if fill.fee is None else (fill.fee.currency, fill.fee.amount)
        for fill in order.fills
    }


def _fees_of(trades: list[AccountTrade]) -> dict[str, tuple[str, Decimal] | None]:
    return {trade.trade_id: (trade.fee_currency, trade.fee) for trade in trades}
