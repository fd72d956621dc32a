"""What VALR says of one order when it is asked: among the active ones, then in history, then in the list."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from valr_connector.core.order_record import OrderRecord
from valr_connector.errors import ExchangeError, OrderNotFoundError
from valr_connector.model.ids import ClientOrderId, ExchangeOrderId, Symbol
from valr_connector.net.rest import RestClient
from valr_connector.protocol import endpoints
from valr_connector.protocol.error_codes import UNSUPPORTED_PAIR
from valr_connector.protocol.requests import Request
from valr_connector.protocol.rows import OrderReport, OrderStatusRow

_BAD_REQUEST: Final = 400


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
    return await _active_or(
        rest,
        endpoints.order_status_by_client_id(order.symbol, order.client_order_id),
        lambda: look_up_without_pair(rest, order.client_order_id, in_list=in_list),
    )


async def look_up_by_exchange_id(
    rest: RestClient, symbol: Symbol, order_id: ExchangeOrderId
) -> OrderReport | None:
    """The same by VALR's id, for any order of the account."""
    return await _active_or(
        rest, endpoints.order_status(symbol, order_id), lambda: _ended_or_listed(rest, order_id)
    )


async def _ended_or_listed(rest: RestClient, order_id: ExchangeOrderId) -> OrderReport | None:
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


async def _active_or(
    rest: RestClient,
    request: Request[OrderStatusRow],
    look_elsewhere: Callable[[], Awaitable[OrderReport | None]],
) -> OrderReport | None:
    """What VALR says of an active order, else what is found elsewhere.

    In which words VALR refuses to speak of an ended order is not known (protocol 21, 19 and 20): history is
    asked after any refusal, but one in unfamiliar words proves no absence. History names orders without their
    pair, and so goes on where VALR lists the pair no more.
    """
    try:
        return await rest.call(request)
    except ExchangeError as error:
        is_familiar = isinstance(error, OrderNotFoundError) or error.code == UNSUPPORTED_PAIR
        if not is_familiar and error.status != _BAD_REQUEST:
            raise
        refusal = None if is_familiar else error
    found = await look_elsewhere()
    if found is None and refusal is not None:
        raise refusal
    return found
