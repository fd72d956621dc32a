"""What VALR says of one order when it is asked: among the active ones, then in history, then in the list."""

from __future__ import annotations

from contextlib import suppress

from valr_connector.core.order_record import OrderRecord
from valr_connector.errors import OrderNotFoundError
from valr_connector.model.ids import ClientOrderId, ExchangeOrderId, Symbol
from valr_connector.net.rest import RestClient
from valr_connector.protocol import endpoints
from valr_connector.protocol.rows import OrderReport


async def look_up(rest: RestClient, order: OrderRecord) -> OrderReport | None:
    """VALR's report of an order; None where VALR does not find it, which proves little (protocol 20).

    By our id, the idempotency key; an adopted order may have none of ours.

    Raises:
        ValrError: VALR could not be asked.
    """
    if order.adopted_at is not None and order.exchange_order_id is not None:
        return await look_up_by_exchange_id(rest, order.symbol, order.exchange_order_id)
    return await _look_up_by_client_id(rest, order.symbol, order.client_order_id)


async def look_up_by_exchange_id(
    rest: RestClient, symbol: Symbol, order_id: ExchangeOrderId
) -> OrderReport | None:
    """The same by VALR's id, for any order of the account."""
    with suppress(OrderNotFoundError):
        return await rest.call(endpoints.order_status(symbol, order_id))
    with suppress(OrderNotFoundError):
        history = await rest.call(endpoints.history_detail(order_id))
        if history:
            return history[0]  # newest first
    listed = await rest.call(endpoints.open_orders())
    return next((row for row in listed if row.exchange_order_id == order_id), None)


async def _look_up_by_client_id(
    rest: RestClient, symbol: Symbol, client_order_id: ClientOrderId
) -> OrderReport | None:
    with suppress(OrderNotFoundError):
        return await rest.call(endpoints.order_status_by_client_id(symbol, client_order_id))
    with suppress(OrderNotFoundError):
        history = await rest.call(endpoints.history_detail_by_client_id(client_order_id))
        if history:
            return history[0]
    listed = await rest.call(endpoints.open_orders())
    return next((row for row in listed if row.client_order_id == client_order_id), None)
