"""Hummingbot's orders as records of the order core; the core's orders and fills as Hummingbot shows them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from hummingbot.core.data_type.common import OrderType as ShownOrderType
from hummingbot.core.data_type.common import TradeType
from hummingbot.core.data_type.in_flight_order import InFlightOrder as ShownOrder
from hummingbot.core.data_type.in_flight_order import OrderState, TradeUpdate
from hummingbot.core.data_type.trade_fee import TokenAmount, TradeFeeBase

from valr_connector.core.order_record import OrderRecord
from valr_connector.integrations.hummingbot.fees import FEE_SCHEMA
from valr_connector.model.enums import Liquidity, OrderStatus, OrderType, Placement, RetryPolicy, Side
from valr_connector.model.ids import ClientOrderId, ExchangeOrderId, Pair, Symbol, TradeId
from valr_connector.model.order import Fee, Fill, InFlightOrder

_NS_PER_S = 1_000_000_000

_STATUS: Mapping[OrderState, OrderStatus] = {
    OrderState.PENDING_CREATE: OrderStatus.PENDING_CREATE,
    OrderState.OPEN: OrderStatus.OPEN,
    OrderState.PENDING_CANCEL: OrderStatus.OPEN,
    OrderState.PARTIALLY_FILLED: OrderStatus.PARTIALLY_FILLED,
    OrderState.FILLED: OrderStatus.FILLED,
    OrderState.CANCELED: OrderStatus.CANCELLED,
    OrderState.FAILED: OrderStatus.FAILED,
}

_STATE: Mapping[OrderStatus, OrderState] = {
    OrderStatus.PENDING_CREATE: OrderState.PENDING_CREATE,
    OrderStatus.OPEN: OrderState.OPEN,
    OrderStatus.PARTIALLY_FILLED: OrderState.PARTIALLY_FILLED,
    OrderStatus.FILLED: OrderState.FILLED,
    OrderStatus.CANCELLED: OrderState.CANCELED,
    OrderStatus.EXPIRED: OrderState.CANCELED,  # Hummingbot knows no other word for it
    OrderStatus.FAILED: OrderState.FAILED,
}

_PLACEMENT: Mapping[OrderStatus, Placement] = {
    OrderStatus.PENDING_CREATE: Placement.UNKNOWN,
    OrderStatus.FAILED: Placement.REFUSED,
}


def side_of(trade_type: Any) -> Side:
    """Which way Hummingbot's order goes."""
    return Side.BUY if trade_type is TradeType.BUY else Side.SELL


def shown_state(order: InFlightOrder) -> OrderState:
    """Hummingbot's word for what is known of an order: its status, and whether it is being cancelled."""
    if order.is_being_cancelled and order.status is not OrderStatus.PENDING_CREATE:
        return OrderState.PENDING_CANCEL
    return _STATE[order.status]


def record_to_place(shown: ShownOrder, symbol: Symbol) -> OrderRecord:
    """An order that is about to be sent for the first time."""
    is_market = shown.order_type is ShownOrderType.MARKET
    return OrderRecord(
        client_order_id=ClientOrderId(shown.client_order_id),
        pair=Pair(shown.trading_pair),
        symbol=symbol,
        side=side_of(shown.trade_type),
        order_type=OrderType.MARKET if is_market else OrderType.LIMIT,
        post_only=shown.order_type is ShownOrderType.LIMIT_MAKER,
        price=None if is_market else shown.price,
        amount=shown.amount,
        retry=RetryPolicy.NEVER,
    )


def record_to_restore(shown: ShownOrder, symbol: Symbol, *, is_lost: bool = False) -> OrderRecord:
    """An order that Hummingbot remembers, and that has to be asked about; its fills are counted already.

    Args:
        is_lost: whether Hummingbot ended it by itself, so that only VALR can tell what became of it.
    """
    order = record_to_place(shown, symbol)
    order.status = OrderStatus.PENDING_CREATE if is_lost else _STATUS[shown.current_state]
    order.placement = _PLACEMENT.get(order.status, Placement.CONFIRMED)
    order.was_created = order.status is not OrderStatus.PENDING_CREATE
    order.placed_at = _nanoseconds(shown.creation_timestamp)
    if shown.exchange_order_id:
        order.exchange_order_id = ExchangeOrderId(str(shown.exchange_order_id))
    for update in shown.order_fills.values():
        fill = _fill(order, update)
        order.fills_by_id[fill.trade_id] = fill
        order.accounted_amount += fill.amount
    order.reported_executed = order.accounted_amount
    return order


def trade_update(fill: Fill, order: InFlightOrder) -> TradeUpdate:
    """A fill as Hummingbot takes it; with the fee that VALR charged, in the currency it charged."""
    fees = [] if fill.fee is None else [TokenAmount(fill.fee.currency, fill.fee.amount)]
    return TradeUpdate(
        trade_id=fill.trade_id,
        client_order_id=order.client_order_id,
        exchange_order_id=order.exchange_order_id or "",
        trading_pair=order.pair,
        fill_timestamp=fill.at.timestamp(),
        fill_price=fill.price,
        fill_base_amount=fill.amount,
        fill_quote_amount=fill.price * fill.amount,
        fee=TradeFeeBase.new_spot_fee(
            fee_schema=FEE_SCHEMA,
            trade_type=TradeType.BUY if fill.side is Side.BUY else TradeType.SELL,
            flat_fees=fees,
        ),
        is_taker=fill.liquidity is not Liquidity.MAKER,
    )


def _fill(order: OrderRecord, update: TradeUpdate) -> Fill:
    """A fill that Hummingbot saved. It was told once already: what its fee was is not asked again."""
    flat = next(iter(update.fee.flat_fees), None)
    return Fill(
        trade_id=TradeId(update.trade_id),
        client_order_id=order.client_order_id,
        pair=order.pair,
        side=order.side,
        price=update.fill_price,
        amount=update.fill_base_amount,
        fee=Fee(order.pair, Decimal(0)) if flat is None else Fee(flat.token, flat.amount),
        liquidity=Liquidity.UNKNOWN,
        at=datetime.fromtimestamp(update.fill_timestamp, UTC),
    )


def _nanoseconds(timestamp: float) -> int:
    """Seconds since 1970 as nanoseconds; 0 where Hummingbot's clock had not begun to tick."""
    return round(timestamp * _NS_PER_S) if timestamp > 0 else 0
