"""The operations of a batch, as a caller writes them (protocol 10.8)."""

from __future__ import annotations

from msgspec import Struct

from valr_connector.model.enums import OrderType, Side, TimeInForce
from valr_connector.model.numbers import Number
from valr_connector.model.order import InFlightOrder


class BatchLimit(Struct, frozen=True, kw_only=True):
    """Place a limit order; amounts in base currency, price in quote per base."""

    pair: str
    side: Side
    amount: Number
    price: Number
    post_only: bool = False
    time_in_force: TimeInForce = TimeInForce.GTC
    client_order_id: str | None = None


class BatchStopLimit(Struct, frozen=True, kw_only=True):
    """Place a limit order that waits for the last traded price to reach `stop_price` (protocol 10.4).

    `order_type` is `OrderType.STOP_LOSS_LIMIT` or `OrderType.TAKE_PROFIT_LIMIT`.
    """

    pair: str
    side: Side
    order_type: OrderType
    amount: Number
    price: Number
    stop_price: Number
    client_order_id: str | None = None


class BatchMarket(Struct, frozen=True, kw_only=True):
    """Place a market order, sized by exactly one of `amount` (base currency) and `quote_amount`."""

    pair: str
    side: Side
    amount: Number | None = None
    quote_amount: Number | None = None
    client_order_id: str | None = None


class BatchCancel(Struct, frozen=True):
    """Cancel an order, given itself or by its client order id."""

    order: InFlightOrder | str


class BatchModify(Struct, frozen=True, kw_only=True):
    """Modify an order; a modify that would match leaves the order as it was (protocol 10.5)."""

    order: InFlightOrder | str
    price: Number | None = None
    remaining_amount: Number | None = None
    total_amount: Number | None = None


BatchOperation = BatchLimit | BatchStopLimit | BatchMarket | BatchCancel | BatchModify
