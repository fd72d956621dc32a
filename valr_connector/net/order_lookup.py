"""What VALR says of one order when it is asked: among the active ones, then in history, then in the list."""

from __future__ import annotations

from contextlib import suppress

from valr_connector.core.order_record import OrderRecord
from valr_connector.errors import ExchangeError, OrderNotFoundError
from valr_connector.model.ids import ClientOrderId, ExchangeOrderId, Symbol
from valr_connector.net.rest import RestClient
from valr_connector.protocol import endpoints
from valr_connector.protocol.error_codes import UNSUPPORTED_PAIR
from valr_connector.protocol.requests import Request
from valr_connector.protocol.rows import OrderReport, OrderStatusRow


async def look_up(rest: RestClient, order: OrderRecord, *, in_list: bool = True) -> OrderReport | None:
    """VALR's report of an order; None where VALR does not find it, which proves little (protocol 20).

    By our id, the idempotency key; an adopted order may have none of ours.

    Args:
        in_list: whether to look for it in the list of open orders, too, where it is found nowhere else.

    Raises:
        ValrError: VALR could not be asked.
    """
    if order.adopted_at is not None and order.exchange_order_id is not None:
        return await look_up_by_exchange_id(rest, order.symbol, order.exchange_order_id)
    request = endpoints.order_status_by_client_id(order.symbol, order.client_order_id)
    active = await _active(rest, request)
    return active or await look_up_without_pair(rest, order.client_order_id, in_list=in_list)


async def look_up_by_exchange_id(
    rest: RestClient, symbol: Symbol, order_id: ExchangeOrderId
) -> OrderReport | None:
    """The same by VALR's id, for any order of the account."""
    active = await _active(rest, endpoints.order_status(symbol, order_id))
    if active is not None:
        return active
    with suppress(OrderNotFoundError):
        history = await rest.call(endpoints.history_detail(order_id))
        if history:
            return history[0]  # newest first
    listed = await rest.call(endpoints.open_orders())
    return next((row for row in listed if row.exchange_order_id == order_id), None)


async def look_up_without_pair(
    rest: RestClient, client_order_id: ClientOrderId, *, in_list: bool = True
) -> OrderReport | None:
    """The same where the pair is not known: the newest of its history, or its row in the list."""
    with suppress(OrderNotFoundError):
        history = await rest.call(endpoints.history_detail_by_client_id(client_order_id))
        if history:
            return history[0]
    if not in_list:
        return None
    listed = await rest.call(endpoints.open_orders())
    return next((row for row in listed if row.client_order_id == client_order_id), None)


async def _active(rest: RestClient, request: Request[OrderStatusRow]) -> OrderReport | None:
    """What VALR says of an active order; None where it finds none, or lists the pair no more.

    Its history names orders without their pair, and so goes on where this ends.
    """
    try:
        return await rest.call(request)
    except OrderNotFoundError:
        return None
    except ExchangeError as error:
        if error.code != UNSUPPORTED_PAIR:
            raise
        return None
