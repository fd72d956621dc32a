"""The kinds of REST calls: where they go, in which lane, whether they may be repeated (protocol 7 to 10)."""

from __future__ import annotations

from collections.abc import Sequence

from valr_connector.protocol.market_frames import MarketTrade, TradeBucket
from valr_connector.protocol.market_rows import (
    BookAnswer,
    CurrencyRow,
    FullBookAnswer,
    FundingRow,
    FuturesInfoRow,
    RiskLimitRow,
    SummaryRow,
)
from valr_connector.protocol.requests import AnyEndpoint, Endpoint, Lane
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

TIME = Endpoint("GET", "/v1/public/time", Lane.PUBLIC, ServerTime)
STATUS = Endpoint("GET", "/v1/public/status", Lane.PUBLIC, ExchangeStatus)
PAIRS = Endpoint("GET", "/v1/public/pairs", Lane.PUBLIC, list[PairRow])
ORDER_TYPES = Endpoint("GET", "/v1/public/ordertypes", Lane.PUBLIC, list[OrderTypesRow])
PAIR_ORDER_TYPES = Endpoint("GET", "/v1/public/{pair}/ordertypes", Lane.PUBLIC, list[str])
CURRENCIES = Endpoint("GET", "/v1/public/currencies", Lane.PUBLIC, list[CurrencyRow])
SUMMARIES = Endpoint("GET", "/v1/public/marketsummary", Lane.PUBLIC, list[SummaryRow])
PAIR_SUMMARY = Endpoint("GET", "/v1/public/{pair}/marketsummary", Lane.PUBLIC, SummaryRow)
BOOK = Endpoint("GET", "/v1/public/{pair}/orderbook", Lane.PUBLIC, BookAnswer)
FULL_BOOK = Endpoint("GET", "/v1/public/{pair}/orderbook/full", Lane.PUBLIC, FullBookAnswer)
MARKET_TRADES = Endpoint("GET", "/v1/public/{pair}/trades", Lane.PUBLIC, list[MarketTrade])
CANDLES = Endpoint("GET", "/v1/public/{pair}/buckets", Lane.PUBLIC, list[TradeBucket])
MARK_PRICE_CANDLES = Endpoint("GET", "/v1/public/{pair}/markprice/buckets", Lane.PUBLIC, list[TradeBucket])
FUTURES_INFO = Endpoint("GET", "/v1/public/futures/info", Lane.PUBLIC, list[FuturesInfoRow])
FUNDING_RATES = Endpoint("GET", "/v1/public/futures/funding/history", Lane.PUBLIC, list[FundingRow])
RISK_LIMITS = Endpoint("GET", "/v1/public/risklimit/{pair}", Lane.PUBLIC, list[RiskLimitRow])
SIGNED_BOOK = Endpoint("GET", "/v1/marketdata/{pair}/orderbook", Lane.READ, BookAnswer)
SIGNED_FULL_BOOK = Endpoint("GET", "/v1/marketdata/{pair}/orderbook/full", Lane.READ, FullBookAnswer)
SIGNED_TRADES = Endpoint("GET", "/v1/marketdata/{pair}/tradehistory", Lane.READ, list[MarketTrade])
API_KEY = Endpoint("GET", "/v1/account/api-keys/current", Lane.READ, ApiKeyRow)
BALANCES = Endpoint("GET", "/v1/account/balances", Lane.READ, list[BalanceRow])
FEES = Endpoint("GET", "/v1/account/fees/trade", Lane.READ, list[FeeRow])
TRADES = Endpoint("GET", "/v1/account/tradehistory", Lane.RECONCILE, list[AccountTradeRow])
PAIR_TRADES = Endpoint("GET", "/v1/account/{pair}/tradehistory", Lane.RECONCILE, list[AccountTradeRow])
TRANSACTIONS = Endpoint("GET", "/v1/account/transactionhistory", Lane.READ, list[TransactionRow])
PLACE_LIMIT = Endpoint("POST", "/v2/orders/limit", Lane.PLACE, Placed, may_retry=False)
PLACE_MARKET = Endpoint("POST", "/v2/orders/market", Lane.PLACE, Placed, may_retry=False)
PLACE_STOP_LIMIT = Endpoint("POST", "/v2/orders/stop/limit", Lane.PLACE, Placed, may_retry=False)
MODIFY = Endpoint("PUT", "/v2/orders/modify", Lane.MODIFY, Modified, may_retry=False, names_order=True)
CANCEL = Endpoint("DELETE", "/v2/orders/order", Lane.CANCEL, Cancelled, names_order=True)
CANCEL_ALL = Endpoint("DELETE", "/v1/orders", Lane.CANCEL, list[CancelledRow])
CANCEL_PAIR = Endpoint("DELETE", "/v1/orders/{pair}", Lane.CANCEL, list[CancelledRow])
BATCH = Endpoint("POST", "/v1/batch/orders", Lane.PLACE, BatchOutcomes, may_retry=False)
OPEN = Endpoint("GET", "/v1/orders/open", Lane.RECONCILE, list[OpenOrderRow])
ORDER = Endpoint("GET", "/v1/orders/{pair}/orderid/{id}", Lane.RECONCILE, OrderStatusRow, names_order=True)
ORDER_BY_CLIENT_ID = Endpoint(
    "GET", "/v1/orders/{pair}/customerorderid/{id}", Lane.RECONCILE, OrderStatusRow, names_order=True
)
HISTORY = Endpoint("GET", "/v1/orders/history", Lane.RECONCILE, list[OrderSummaryRow])
SUMMARY = Endpoint(
    "GET", "/v1/orders/history/summary/orderid/{id}", Lane.RECONCILE, OrderSummaryRow, names_order=True
)
SUMMARY_BY_CLIENT_ID = Endpoint(
    "GET",
    "/v1/orders/history/summary/customerorderid/{id}",
    Lane.RECONCILE,
    OrderSummaryRow,
    names_order=True,
)
DETAIL = Endpoint(
    "GET", "/v1/orders/history/detail/orderid/{id}", Lane.RECONCILE, list[OrderStatusRow], names_order=True
)
DETAIL_BY_CLIENT_ID = Endpoint(
    "GET",
    "/v1/orders/history/detail/customerorderid/{id}",
    Lane.RECONCILE,
    list[OrderStatusRow],
    names_order=True,
)

ENDPOINTS: Sequence[AnyEndpoint] = (
    TIME,
    STATUS,
    PAIRS,
    ORDER_TYPES,
    PAIR_ORDER_TYPES,
    CURRENCIES,
    SUMMARIES,
    FUTURES_INFO,
    FUNDING_RATES,
    RISK_LIMITS,
    PAIR_SUMMARY,
    BOOK,
    FULL_BOOK,
    MARKET_TRADES,
    CANDLES,
    MARK_PRICE_CANDLES,
    SIGNED_BOOK,
    SIGNED_FULL_BOOK,
    SIGNED_TRADES,
    API_KEY,
    BALANCES,
    FEES,
    TRADES,
    PAIR_TRADES,
    TRANSACTIONS,
    PLACE_LIMIT,
    PLACE_MARKET,
    PLACE_STOP_LIMIT,
    MODIFY,
    CANCEL,
    CANCEL_ALL,
    BATCH,
    OPEN,
    HISTORY,
    ORDER,
    ORDER_BY_CLIENT_ID,
    SUMMARY,
    SUMMARY_BY_CLIENT_ID,
    DETAIL,
    DETAIL_BY_CLIENT_ID,
    CANCEL_PAIR,
)
"""Every kind of call; a fixed path stands before a template that it would match too."""
