"""Orders, what was told of them and what is true of them, made by hand."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from valr_connector.core.order_record import OrderRecord
from valr_connector.model import events as e
from valr_connector.model.enums import Liquidity, OrderStatus, OrderType, Side
from valr_connector.model.ids import ClientOrderId, Pair, Symbol, TradeId
from valr_connector.model.order import Fee, Fill
from valr_connector.simulator.vocabulary import AccountTrade, NewOrder, OrderChange, State, VenueOrder
from valr_connector.verification import invariants as i
from valr_connector.verification.story import OrderStory, Told

D = Decimal
S = 1_000_000_000
AT = datetime(2026, 1, 1, tzinfo=UTC)
NAME = ClientOrderId("a")


def order(status: OrderStatus = OrderStatus.OPEN, **fields: Any) -> OrderRecord:
    return OrderRecord(
        client_order_id=NAME,
        pair=Pair("BTC-ZAR"),
        symbol=Symbol("BTCZAR"),
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        amount=D("0.01"),
        status=status,
        **{"fills_by_id": {}, "price": D(100), **fields},
    )


def fill(trade_id: str, amount: str = "0.004", fee: str = "0.01") -> Fill:
    return Fill(
        trade_id=TradeId(trade_id),
        client_order_id=NAME,
        pair=Pair("BTC-ZAR"),
        side=Side.BUY,
        price=D(100),
        amount=D(amount),
        fee=Fee("BTC", D(fee)),
        liquidity=Liquidity.MAKER,
        at=AT,
    )


def story(record: OrderRecord, *told: tuple[int, e.OrderEvent, OrderStatus, str]) -> OrderStory:
    """Events with their second, the status after them, and the executed amount."""
    return OrderStory(record, [Told(at * S, event, status, D(done)) for at, event, status, done in told])


def there(state: State | None, *, ended: int = 5, executed: str = "0", order_id: str = "x") -> VenueOrder:
    request = NewOrder("BTCZAR", "buy", "limit", D("0.01"), price=D(100), customer_order_id=NAME)
    found = VenueOrder(order_id, "0", request, 0, 0, D(100), D("0.01"), D("0.01") - D(executed), state)
    if state is not None:
        change = OrderChange(
            "0",
            order_id,
            NAME,
            "BTCZAR",
            "buy",
            "limit",
            "GTC",
            state,
            D(100),
            D("0.01"),
            D(0),
            "",
            0,
            ended * S,
        )
        found.history.append(change)
    return found


def trade(trade_id: str, quantity: str = "0.004", fee: str = "0.01") -> AccountTrade:
    return AccountTrade(
        "0",
        trade_id,
        "x",
        NAME,
        "BTCZAR",
        "buy",
        D(100),
        D(quantity),
        D(fee),
        "BTC",
        is_maker=True,
        traded_at=0,
        sequence_id=1,
    )


def names(violations: Iterable[i.Violation]) -> list[str]:
    return [violation.invariant for violation in violations]


OPEN, CANCELLED, FAILED, FILLED = (
    OrderStatus.OPEN,
    OrderStatus.CANCELLED,
    OrderStatus.FAILED,
    OrderStatus.FILLED,
)


def created(record: OrderRecord) -> e.OrderCreated:
    return e.OrderCreated(record, None, None)


def cancelled(record: OrderRecord) -> e.OrderCancelled:
    return e.OrderCancelled(record, None, D(0), "")


def failed(record: OrderRecord) -> e.OrderFailed:
    return e.OrderFailed(record, None, "")


def filled(record: OrderRecord, trade_id: str = "t", *, late: bool = False) -> e.OrderFilled:
    return e.OrderFilled(record, AT, fill(trade_id), D("0.004"), late)


def revived(record: OrderRecord) -> e.OrderRevived:
    return e.OrderRevived(record, None, CANCELLED, OPEN)
