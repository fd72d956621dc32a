"""Orders and evidence for the tests of the core, built with as few words as a test needs.

Times are small numbers: `at=3` is VALR's third second, and `now` is nanoseconds of a monotonic clock that
starts at `NOW`.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from valr_connector.core import lifecycle
from valr_connector.core.evidence import Evidence, Says, Source, Trade
from valr_connector.core.guards import SECOND
from valr_connector.core.order_record import OrderRecord
from valr_connector.model.enums import Liquidity, OrderStatus, OrderType, Side
from valr_connector.model.events import (
    OrderCancelled,
    OrderCompleted,
    OrderEvent,
    OrderExpired,
    OrderFailed,
    OrderFilled,
)
from valr_connector.model.ids import ClientOrderId, ExchangeOrderId, Pair, Symbol, TradeId
from valr_connector.model.market import PairInfo
from valr_connector.model.order import Fee

NOW = 1_000 * SECOND
CLIENT_ID = ClientOrderId("MM-1")
EXCHANGE_ID = ExchangeOrderId("ex-1")

OPEN_STATUSES = (OrderStatus.PENDING_CREATE, OrderStatus.OPEN, OrderStatus.PARTIALLY_FILLED)
ENDED_STATUSES = (OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.EXPIRED, OrderStatus.FAILED)
ENDINGS = (OrderCompleted, OrderCancelled, OrderExpired, OrderFailed)

PAIR_INFO = PairInfo(
    pair=Pair("BTC-ZAR"),
    symbol=Symbol("BTCZAR"),
    base="BTC",
    quote="ZAR",
    tick_size=Decimal(1),
    amount_step=Decimal("0.00000001"),
    min_amount=Decimal("0.0001"),
    max_amount=Decimal(2),
    min_notional=Decimal(10),
    max_notional=Decimal(5_000_000),
)


def at(seconds: float) -> datetime:
    """VALR's time, so many seconds into the story."""
    return datetime(2026, 1, 1, tzinfo=UTC) + timedelta(seconds=seconds)


def new_order(client_order_id: str = CLIENT_ID, **fields: Any) -> OrderRecord:
    """A limit order to buy 1 BTC for 1 000 000 ZAR, tracked and not sent."""
    settings: dict[str, Any] = {
        "client_order_id": ClientOrderId(client_order_id),
        "pair": Pair("BTC-ZAR"),
        "symbol": Symbol("BTCZAR"),
        "side": Side.BUY,
        "order_type": OrderType.LIMIT,
        "price": Decimal(1_000_000),
        "amount": Decimal(1),
        "created_at": NOW,
        **fields,
    }
    return OrderRecord(**settings)


def said(
    says: Says,
    *,
    source: Source = Source.STREAM,
    client_order_id: str | None = CLIENT_ID,
    exchange_order_id: str | None = None,
    at_second: float | None = None,
    original: str | None = None,
    remaining: str | None = None,
    price: str | None = None,
    reason: str = "",
    request_id: str | None = None,
    asked_at: int | None = None,
) -> Evidence:
    """One statement about an order."""
    return Evidence(
        says=says,
        source=source,
        client_order_id=client_order_id,
        exchange_order_id=exchange_order_id,
        at=None if at_second is None else at(at_second),
        original=None if original is None else Decimal(original),
        remaining=None if remaining is None else Decimal(remaining),
        price=None if price is None else Decimal(price),
        reason=reason,
        request_id=request_id,
        asked_at=asked_at,
    )


def step(says: Says, reason: str = "") -> Evidence:
    """Something that we did ourselves, or gave up."""
    return said(says, source=Source.LOCAL, reason=reason)


def fill(
    trade_id: str = "t-1",
    amount: str = "0.4",
    *,
    price: str = "1000000",
    at_second: float = 2,
    fee: Fee | None = None,
    liquidity: Liquidity = Liquidity.UNKNOWN,
    source: Source = Source.STREAM,
    client_order_id: str | None = CLIENT_ID,
    exchange_order_id: str | None = None,
) -> Evidence:
    """One execution, as a trade record."""
    return Evidence(
        says=Says.FILL,
        source=source,
        client_order_id=client_order_id,
        exchange_order_id=exchange_order_id,
        at=at(at_second),
        trade=Trade(TradeId(trade_id), Decimal(price), Decimal(amount), fee, liquidity, at(at_second)),
    )


FEE = Fee("BTC", Decimal("0.0001"))

_HISTORIES: dict[OrderStatus, tuple[Evidence, ...]] = {
    OrderStatus.PENDING_CREATE: (),
    OrderStatus.OPEN: (said(Says.RESTING, at_second=1, original="1", remaining="1"),),
    OrderStatus.PARTIALLY_FILLED: (
        said(Says.PARTIALLY_FILLED, at_second=2, original="1", remaining="0.6"),
        fill(fee=FEE),
    ),
    OrderStatus.FILLED: (said(Says.FILLED, at_second=3, original="1", remaining="0"),),
    OrderStatus.CANCELLED: (said(Says.CANCELLED, at_second=3, original="1", remaining="1"),),
    OrderStatus.EXPIRED: (said(Says.EXPIRED, at_second=3, original="1", remaining="1"),),
    OrderStatus.FAILED: (said(Says.FAILED, at_second=3, original="1", remaining="1"),),
}


def order_in(status: OrderStatus, **fields: Any) -> OrderRecord:
    """An order that VALR's words have brought to `status`; the last of them is of second 3 at most.

    The filled one is filled by VALR's word, its fills still missing.
    """
    order = new_order(**fields)
    tell(order, step(Says.SENT), *_HISTORIES[status])
    assert order.status is status
    return order


def tell(order: OrderRecord, *evidence: Evidence, now: int = NOW) -> list[OrderEvent]:
    """Apply evidence, one piece after the other; returns all events."""
    events: list[OrderEvent] = []
    for piece in evidence:
        events += lifecycle.apply(order, piece, now)[0]
    return events


def asks(order: OrderRecord, evidence: Evidence, now: int = NOW) -> lifecycle.AskReason | None:
    """Apply evidence; returns why the order has to be asked about now."""
    return lifecycle.apply(order, evidence, now)[1]


def names(events: Iterable[object]) -> list[str]:
    """What kinds of events these are, in order."""
    return [type(event).__name__ for event in events]


def filled_ids(events: Iterable[OrderEvent]) -> list[str]:
    """The trades that were told as fills, in order."""
    return [event.fill.trade_id for event in events if isinstance(event, OrderFilled)]


def view(order: OrderRecord) -> dict[str, object]:
    """All that a user sees of an order, except the order in which its fills became known."""
    return {
        "exchange_order_id": order.exchange_order_id,
        "status": order.status,
        "placement": order.placement,
        "is_being_cancelled": order.is_being_cancelled,
        "price": order.price,
        "amount": order.amount,
        "executed_amount": order.executed_amount,
        "remaining_amount": order.remaining_amount,
        "fills": {fill.trade_id: fill for fill in order.fills},
        "has_all_fills": order.has_all_fills,
        "average_price": order.average_price,
        "fees": order.fees,
        "failure_reason": order.failure_reason,
        "updated_at": order.updated_at,
    }
