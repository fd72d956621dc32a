"""Every REST call that the connector makes (protocol 7, 9, 10).

Each function gives a `Request` that knows its limit lane, whether it may be retried, and how to decode its
answer. A list in an answer is newest first unless said otherwise.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from typing import Final

from valr_connector.errors import InvalidArgumentError
from valr_connector.model.ids import ClientOrderId, ExchangeOrderId, Symbol
from valr_connector.protocol import endpoint_table as table
from valr_connector.protocol.endpoint_table import ENDPOINTS
from valr_connector.protocol.order_requests import (
    BatchRequest,
    CancelOrder,
    ModifyOrder,
    PlaceLimit,
    PlaceMarket,
    PlaceStopLimit,
    batch_body,
    check_client_order_id,
    check_order_id,
    check_symbol,
)
from valr_connector.protocol.paging import LARGEST_PAGE, before, between, page
from valr_connector.protocol.requests import Lane, Request
from valr_connector.protocol.responses import decode_response
from valr_connector.protocol.rest_bodies import (
    ApiKeyRow,
    BatchOutcomes,
    Cancelled,
    CancelledRow,
    ExchangeStatus,
    FeeRow,
    Modified,
    OrderTypesRow,
    PairRow,
    Placed,
    ServerTime,
)
from valr_connector.protocol.rows import (
    AccountTradeRow,
    BalanceRow,
    OpenOrderRow,
    OrderStatusRow,
    OrderSummaryRow,
)
from valr_connector.protocol.wallet_frames import TransactionRow

__all__ = [
    "ENDPOINTS",
    "Lane",
    "Request",
    "api_key",
    "balances",
    "batch",
    "cancel_all",
    "cancel_order",
    "cancel_pair",
    "decode_response",
    "exchange_status",
    "fees",
    "history_detail",
    "history_detail_by_client_id",
    "history_summary",
    "history_summary_by_client_id",
    "modify_order",
    "open_orders",
    "order_history",
    "order_status",
    "order_status_by_client_id",
    "order_types",
    "pair_order_types",
    "pair_trade_history",
    "pairs",
    "place_limit",
    "place_market",
    "place_stop_limit",
    "server_time",
    "trade_history",
    "transaction_history",
]

_NAME: Final = re.compile(r"[0-9A-Za-z_]{1,64}")


def server_time() -> Request[ServerTime]:
    """VALR's clock (protocol 7.1)."""
    return table.TIME.request()


def exchange_status() -> Request[ExchangeStatus]:
    """Online or read-only (protocol 7.2)."""
    return table.STATUS.request()


def pairs() -> Request[list[PairRow]]:
    """All pairs and their rules; cached for 60 s (protocol 7.4)."""
    return table.PAIRS.request()


def order_types() -> Request[list[OrderTypesRow]]:
    """The order types of all active pairs (protocol 7.5)."""
    return table.ORDER_TYPES.request()


def pair_order_types(symbol: Symbol) -> Request[list[str]]:
    """The order types of one pair (protocol 7.5)."""
    check_symbol(symbol)
    return table.PAIR_ORDER_TYPES.request(pair=symbol)


def api_key() -> Request[ApiKeyRow]:
    """What the key in use may do (protocol 9.1)."""
    return table.API_KEY.request()


def balances(*, exclude_zero: bool = True) -> Request[list[BalanceRow]]:
    """All wallets; one that is not listed is empty (protocol 9.2)."""
    return table.BALANCES.request(query={"excludeZeroBalances": _word(exclude_zero)})


def fees() -> Request[list[FeeRow]]:
    """The account's fees for each pair (protocol 9.6)."""
    return table.FEES.request()


def trade_history(
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    before_id: str | None = None,
    skip: int = 0,
    limit: int = LARGEST_PAGE,
) -> Request[list[AccountTradeRow]]:
    """Own fills of all pairs: the only authoritative source of them (protocol 9.4).

    Args:
        start, end: aware times; without them VALR may look back 30 days only.
        before_id: the page before this fill.
        skip: how many to leave out.
        limit: 1 to 100.
    """
    return table.TRADES.request(query=page(skip, limit) | before(before_id) | between(start, end))


def pair_trade_history(
    symbol: Symbol, *, skip: int = 0, limit: int = LARGEST_PAGE
) -> Request[list[AccountTradeRow]]:
    """Own fills of one pair, by page only (protocol 9.4)."""
    check_symbol(symbol)
    return table.PAIR_TRADES.request(pair=symbol, query=page(skip, limit))


def transaction_history(
    *,
    types: Sequence[str] = (),
    currency: str | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    before_id: str | None = None,
    skip: int = 0,
    limit: int = LARGEST_PAGE,
) -> Request[list[TransactionRow]]:
    """Everything that was booked: trades, fees, transfers, interest (protocol 9.5).

    Args:
        types: only these, in VALR's words; all where empty.
        currency: only what this currency was debited or credited in, ``ZAR``.
        start, end: aware times.
        before_id: the page before this transaction.
        limit: 1 to 100; VALR's documents name 200 as well.
    """
    query = page(skip, limit) | before(before_id)
    if not isinstance(types, list | tuple):
        raise InvalidArgumentError("types", types, 'must be a list such as ["LIMIT_BUY"]')
    for name in types:
        _check_name("types", name)
    if types:
        query["transactionTypes"] = ",".join(types)
    if currency is not None:
        _check_name("currency", currency)
        query["currency"] = currency
    return table.TRANSACTIONS.request(query=query | between(start, end))


def place_limit(order: PlaceLimit) -> Request[Placed]:
    """Place a limit order; the answer comes when it is done (protocol 10.2)."""
    return table.PLACE_LIMIT.request(body=order.body())


def place_market(order: PlaceMarket) -> Request[Placed]:
    """Place a market order; the answer comes when it is done (protocol 10.3)."""
    return table.PLACE_MARKET.request(body=order.body())


def place_stop_limit(order: PlaceStopLimit) -> Request[Placed]:
    """Place a stop-limit order; the answer comes when it waits for its price (protocol 10.4)."""
    return table.PLACE_STOP_LIMIT.request(body=order.body())


def modify_order(change: ModifyOrder) -> Request[Modified]:
    """Change an open limit order (protocol 10.5)."""
    return table.MODIFY.request(body=change.body())


def cancel_order(cancel: CancelOrder) -> Request[Cancelled]:
    """Cancel one order; a success means that it is cancelled (protocol 10.6)."""
    return table.CANCEL.request(body=cancel.body())


def cancel_all() -> Request[list[CancelledRow]]:
    """Cancel every open order of the account, conditionals apart (protocol 10.7)."""
    return table.CANCEL_ALL.request()


def cancel_pair(symbol: Symbol) -> Request[list[CancelledRow]]:
    """Cancel every open order of one pair (protocol 10.7)."""
    check_symbol(symbol)
    return table.CANCEL_PAIR.request(pair=symbol)


def batch(requests: Sequence[BatchRequest]) -> Request[BatchOutcomes]:
    """Several requests in one; accepted is not yet done (protocol 10.8)."""
    return table.BATCH.request(body=batch_body(requests))


def open_orders() -> Request[list[OpenOrderRow]]:
    """All open orders of all pairs; VALR ignores a filter (protocol 10.9)."""
    return table.OPEN.request()


def order_status(symbol: Symbol, order_id: ExchangeOrderId) -> Request[OrderStatusRow]:
    """One order by VALR's id; a finished one may not be found (protocol 10.9)."""
    check_symbol(symbol)
    check_order_id(order_id)
    return table.ORDER.request(pair=symbol, id=order_id)


def order_status_by_client_id(symbol: Symbol, client_order_id: ClientOrderId) -> Request[OrderStatusRow]:
    """One order by our id; a finished one may not be found (protocol 10.9)."""
    check_symbol(symbol)
    check_client_order_id(client_order_id)
    return table.ORDER_BY_CLIENT_ID.request(pair=symbol, id=client_order_id)


def order_history(
    *,
    symbol: Symbol | None = None,
    start: datetime | None = None,
    end: datetime | None = None,
    skip: int = 0,
    limit: int = LARGEST_PAGE,
) -> Request[list[OrderSummaryRow]]:
    """Orders by the time of their last change, those cancelled without a fill included (protocol 10.10)."""
    query = page(skip, limit) | {"showZeroVolumeCancels": "true"}
    if symbol is not None:
        check_symbol(symbol)
        query["currencyPair"] = symbol
    return table.HISTORY.request(query=query | between(start, end))


def history_summary(order_id: ExchangeOrderId) -> Request[OrderSummaryRow]:
    """One finished order by VALR's id (protocol 10.10)."""
    check_order_id(order_id)
    return table.SUMMARY.request(id=order_id)


def history_summary_by_client_id(client_order_id: ClientOrderId) -> Request[OrderSummaryRow]:
    """One finished order by our id (protocol 10.10)."""
    check_client_order_id(client_order_id)
    return table.SUMMARY_BY_CLIENT_ID.request(id=client_order_id)


def history_detail(order_id: ExchangeOrderId) -> Request[list[OrderStatusRow]]:
    """Everything that happened to one order, open or finished, by VALR's id (protocol 10.10)."""
    check_order_id(order_id)
    return table.DETAIL.request(id=order_id)


def history_detail_by_client_id(client_order_id: ClientOrderId) -> Request[list[OrderStatusRow]]:
    """The same by our id; empty for an id that VALR does not know (protocol 10.10)."""
    check_client_order_id(client_order_id)
    return table.DETAIL_BY_CLIENT_ID.request(id=client_order_id)


def _check_name(field: str, name: object) -> None:
    if not isinstance(name, str) or _NAME.fullmatch(name) is None:
        raise InvalidArgumentError(field, name, "must be of letters, digits and _, as VALR writes it")


def _word(flag: bool) -> str:
    return "true" if flag else "false"
