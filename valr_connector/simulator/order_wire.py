"""Orders as VALR writes them: on REST and on the account socket (protocol 10.9, 10.10, 15.3-15.5)."""

from __future__ import annotations

from decimal import Decimal

from valr_connector.simulator.exact import EXACT, QUOTIENT, ZERO, rounded
from valr_connector.simulator.vocabulary import ModifyOutcome, OrderChange, Processed, VenueOrder
from valr_connector.simulator.wire import JsonObject, decimal_text, time_text

_PERCENT_STEP = Decimal("0.01")


def _with_customer_id(shape: JsonObject, customer_order_id: str) -> JsonObject:
    if customer_order_id:
        shape["customerOrderId"] = customer_order_id
    return shape


def _with_stop_price(shape: JsonObject, stop_price: Decimal | None) -> JsonObject:
    if stop_price is not None:
        shape["stopPrice"] = decimal_text(stop_price)
    return shape


def _stop_price(order: VenueOrder) -> Decimal | None:
    return None if order.request.stop is None else order.request.stop.price


def _original_price(type_text: str, price: Decimal) -> str:
    """A market order has no price of its own, and neither has a simple one: "0" (10.9)."""
    return "0" if type_text in ("market", "simple") else decimal_text(price)


def status_object(order: VenueOrder) -> JsonObject:
    """GET /v1/orders/{pair}/orderid/{id} (10.9). The order must have been processed."""
    shape: JsonObject = {
        "orderId": order.order_id,
        "orderStatusType": str(order.state),
        "currencyPair": order.symbol,
        "originalPrice": _original_price(order.type_text, order.price),
        "remainingQuantity": decimal_text(order.remaining_quantity),
        "originalQuantity": decimal_text(order.original_quantity),
        "orderSide": order.side,
        "orderType": order.type_text,
        "failedReason": order.failed_reason,
        "orderUpdatedAt": time_text(order.updated_at),
        "orderCreatedAt": time_text(order.created_at),
    }
    _with_customer_id(shape, order.request.customer_order_id)
    _with_stop_price(shape, _stop_price(order))
    shape["timeInForce"] = _time_in_force(order)
    return shape


def change_object(change: OrderChange, *, with_customer_id: bool = True) -> JsonObject:
    """Data of ORDER_STATUS_UPDATE, and one entry of history/detail (10.10, 15.5)."""
    shape: JsonObject = {
        "orderId": change.order_id,
        "orderStatusType": str(change.state),
        "currencyPair": change.symbol,
        "originalPrice": _original_price(change.type_text, change.price),
        "remainingQuantity": decimal_text(change.remaining_quantity),
        "originalQuantity": decimal_text(change.original_quantity),
        "orderSide": change.side,
        "orderType": change.type_text,
        "failedReason": change.failed_reason,
        "orderUpdatedAt": time_text(change.updated_at),
        "orderCreatedAt": time_text(change.created_at),
    }
    if with_customer_id:
        _with_customer_id(shape, change.customer_order_id)
    _with_stop_price(shape, change.stop_price)
    shape["executedPrice"] = decimal_text(change.executed_price)
    shape["executedQuantity"] = decimal_text(change.executed_quantity)
    # A maker reward is not a fee: it shows in the trade alone.
    shape["executedFee"] = decimal_text(max(change.executed_fee, ZERO))
    shape["timeInForce"] = change.time_in_force
    return shape


def _open_order(order: VenueOrder, remaining_name: str) -> JsonObject:
    shape: JsonObject = {
        "orderId": order.order_id,
        "side": order.side,
        remaining_name: decimal_text(order.remaining_quantity),
        "price": decimal_text(order.price),
        "currencyPair": order.symbol,
        "createdAt": time_text(order.created_at),
        "originalQuantity": decimal_text(order.original_quantity),
        "filledPercentage": _filled_percentage(order),
    }
    _with_stop_price(shape, _stop_price(order))
    _with_customer_id(shape, order.request.customer_order_id)
    return shape | {
        "updatedAt": time_text(order.updated_at),
        "status": str(order.state),
        "type": order.type_text,
        "timeInForce": _time_in_force(order),
        "allowMargin": order.request.allow_margin,
    }


def open_order_object(order: VenueOrder) -> JsonObject:
    """One entry of GET /v1/orders/open (10.9)."""
    return _open_order(order, "remainingQuantity")


def open_order_entry(order: VenueOrder) -> JsonObject:
    """One entry of OPEN_ORDERS_UPDATE, where `quantity` is what remains (15.3)."""
    return _open_order(order, "quantity")


def summary_object(order: VenueOrder) -> JsonObject:
    """One entry of GET /v1/orders/history, and history/summary (10.10)."""
    executed = order.executed_quantity
    shape: JsonObject = {
        "orderId": order.order_id,
        "orderStatusType": str(order.state),
        "currencyPair": order.symbol,
        "averagePrice": decimal_text(order.average_price),
        "originalPrice": _original_price(order.type_text, order.price),
        "remainingQuantity": decimal_text(order.remaining_quantity),
        "originalQuantity": decimal_text(order.original_quantity),
        "total": decimal_text(order.executed_quote),
        "totalExecutedQuantity": decimal_text(executed),
        "totalFee": decimal_text(max(order.total_fee, ZERO)),
        "feeCurrency": order.fee_currency,
        "orderSide": order.side,
        "orderType": order.type_text,
        "failedReason": order.failed_reason,
        "orderUpdatedAt": time_text(order.updated_at),
        "orderCreatedAt": time_text(order.created_at),
    }
    _with_customer_id(shape, order.request.customer_order_id)
    _with_stop_price(shape, _stop_price(order))
    shape["timeInForce"] = _time_in_force(order)
    return shape


def processed_object(event: Processed, *, with_customer_id: bool) -> JsonObject:
    """Data of ORDER_PROCESSED (15.4)."""
    shape: JsonObject = {
        "orderId": event.order_id,
        "success": event.success,
        "failureReason": event.failure_reason,
    }
    return _with_customer_id(shape, event.customer_order_id) if with_customer_id else shape


def modify_outcome_object(outcome: ModifyOutcome, *, with_customer_id: bool) -> JsonObject:
    """Data of MODIFY_ORDER_OUTCOME, which gives no reason (15.8)."""
    shape: JsonObject = {"success": outcome.success, "orderId": outcome.order_id}
    if with_customer_id:
        _with_customer_id(shape, outcome.customer_order_id)
    shape["modifyRequestId"] = outcome.modify_request_id
    return shape


def _time_in_force(order: VenueOrder) -> str:
    """Market orders are always IOC (protocol 6)."""
    return "IOC" if order.request.kind == "market" else order.request.time_in_force


def _filled_percentage(order: VenueOrder) -> str:
    filled = QUOTIENT.divide(order.executed_quantity.scaleb(2, EXACT), order.original_quantity)
    return str(rounded(filled, _PERCENT_STEP))
