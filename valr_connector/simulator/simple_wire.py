"""Simple orders as VALR writes them (protocol 11, 15.9)."""

from __future__ import annotations

from valr_connector.simulator.simple import Quote
from valr_connector.simulator.statement import SimpleOutcome
from valr_connector.simulator.wire import JsonObject, decimal_text, zoneless_time_text


def quote_object(quote: Quote) -> JsonObject:
    """The answer to POST /v1/simple/{pair}/quote."""
    return {
        "currencyPair": quote.symbol,
        "payAmount": decimal_text(quote.paying.amount),
        "receiveAmount": decimal_text(quote.received.amount),
        "fee": decimal_text(quote.fee.amount),
        "feeCurrency": quote.fee.currency,
        "createdAt": zoneless_time_text(quote.created_at),
        "id": quote.quote_id,
        "ordersToMatch": [
            {"price": decimal_text(maker.price), "quantity": decimal_text(quantity)}
            for maker, quantity in quote.matches
        ],
    }


def outcome_object(outcome: SimpleOutcome) -> JsonObject:
    """Data of INSTANT_ORDER_COMPLETED."""
    return {"orderId": outcome.order_id, "success": outcome.success, **_amounts(outcome)}


def status_object(outcome: SimpleOutcome) -> JsonObject:
    """The answer to GET /v1/simple/{pair}/order/{id}; while it is processed it has not been executed."""
    shape: JsonObject = {
        "orderId": outcome.order_id,
        "success": outcome.success,
        "processing": outcome.processing,
        **_amounts(outcome),
    }
    if outcome.processing:
        del shape["orderExecutedAt"]
    return shape


def _amounts(outcome: SimpleOutcome) -> JsonObject:
    return {
        "paidAmount": decimal_text(outcome.paid.amount),
        "paidCurrency": outcome.paid.currency,
        "receivedAmount": decimal_text(outcome.received.amount),
        "receivedCurrency": outcome.received.currency,
        "feeAmount": decimal_text(outcome.fee.amount),
        "feeCurrency": outcome.fee.currency,
        "orderExecutedAt": zoneless_time_text(outcome.at),
    }
