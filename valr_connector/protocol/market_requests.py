"""Questions about the market, and for how long VALR itself keeps an answer (protocol 3.4, 7, 8).

What a key may ask is younger and counts in the key's own limit, 2000 a minute instead of 30.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any, Final

from valr_connector.errors import InvalidArgumentError
from valr_connector.model.ids import Symbol
from valr_connector.protocol import endpoint_table as table
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
from valr_connector.protocol.order_requests import check_symbol
from valr_connector.protocol.paging import LARGEST_PAGE, before, between, page
from valr_connector.protocol.requests import Endpoint, Request

PERIODS: Final = (60, 300, 900, 1800, 3600, 21600, 86400)
"""Lengths of a candle in seconds (protocol 7.10)."""
MOST_CANDLES: Final = 300
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

_MAX_AGES: Final[Mapping[Endpoint[Any], int]] = MappingProxyType(
    {
        table.SUMMARIES: 60,
        table.PAIR_SUMMARY: 10,
        table.CURRENCIES: 60,
        table.PAIRS: 60,
        table.ORDER_TYPES: 60,
        table.PAIR_ORDER_TYPES: 60,
        table.FUTURES_INFO: 60,
        table.BOOK: 30,
        table.FULL_BOOK: 30,
        table.MARKET_TRADES: 30,
        table.SIGNED_BOOK: 1,
        table.SIGNED_FULL_BOOK: 1,
        table.SIGNED_TRADES: 1,
    }
)
_MAX_AGE_OF: Final = {endpoint.name: seconds for endpoint, seconds in _MAX_AGES.items()}


def max_age_s(request: Request[Any]) -> int:
    """For how many seconds VALR gives the same answer again; 0 where it does not say that it does."""
    return _MAX_AGE_OF.get(request.name, 0)


def currencies() -> Request[list[CurrencyRow]]:
    """All currencies (protocol 7.3)."""
    return table.CURRENCIES.request()


def summaries() -> Request[list[SummaryRow]]:
    """The last 24 hours of all pairs (protocol 7.6)."""
    return table.SUMMARIES.request()


def summary(symbol: Symbol) -> Request[SummaryRow]:
    """The last 24 hours of one pair (protocol 7.6)."""
    check_symbol(symbol)
    return table.PAIR_SUMMARY.request(pair=symbol)


def book(symbol: Symbol, *, is_signed: bool) -> Request[BookAnswer]:
    """The aggregated book of one pair, best first (protocol 7.7, 8)."""
    check_symbol(symbol)
    return (table.SIGNED_BOOK if is_signed else table.BOOK).request(pair=symbol)


def full_book(symbol: Symbol, *, is_signed: bool) -> Request[FullBookAnswer]:
    """The book of one pair order by order (protocol 7.8, 8)."""
    check_symbol(symbol)
    return (table.SIGNED_FULL_BOOK if is_signed else table.FULL_BOOK).request(pair=symbol)


def trades(
    symbol: Symbol,
    *,
    is_signed: bool,
    skip: int = 0,
    limit: int = LARGEST_PAGE,
    start: datetime | None = None,
    end: datetime | None = None,
    before_id: str | None = None,
) -> Request[list[MarketTrade]]:
    """Trades of one pair, newest first (protocol 7.9, 8).

    Args:
        limit: 1 to 100.
        start, end: aware times.
        before_id: only those before the trade of this id.
    """
    check_symbol(symbol)
    query = page(skip, limit) | between(start, end) | before(before_id)
    endpoint = table.SIGNED_TRADES if is_signed else table.MARKET_TRADES
    return endpoint.request(pair=symbol, query=query)


def candles(
    symbol: Symbol,
    *,
    period_s: int = 60,
    skip: int = 0,
    limit: int = MOST_CANDLES,
    start: datetime | None = None,
    end: datetime | None = None,
    include_empty: bool = False,
) -> Request[list[TradeBucket]]:
    """Candles of one pair, newest first (protocol 7.10).

    Args:
        period_s: one of `PERIODS`.
        limit: 1 to 300.
        start, end: aware times, sent as whole seconds.
        include_empty: whether periods without a trade have a candle too.
    """
    check_symbol(symbol)
    query = page(skip, limit, MOST_CANDLES) | {"periodSeconds": _period(period_s)}
    query |= between(start, end, _epoch_seconds)
    if include_empty:
        query["includeEmpty"] = "true"
    return table.CANDLES.request(pair=symbol, query=query)


def mark_price_candles(
    symbol: Symbol,
    *,
    period_s: int = 60,
    skip: int = 0,
    limit: int = LARGEST_PAGE,
    start: datetime | None = None,
    end: datetime | None = None,
) -> Request[list[TradeBucket]]:
    """Candles of the mark price, newest first; `limit` is 1 to 100 (protocol 7.11)."""
    check_symbol(symbol)
    query = page(skip, limit) | {"periodSeconds": _period(period_s)} | between(start, end)
    return table.MARK_PRICE_CANDLES.request(pair=symbol, query=query)


def futures_info() -> Request[list[FuturesInfoRow]]:
    """Funding and open interest of all perpetuals (protocol 7.12)."""
    return table.FUTURES_INFO.request()


def funding_rates(
    symbol: Symbol,
    *,
    skip: int = 0,
    limit: int = LARGEST_PAGE,
    start: datetime | None = None,
    end: datetime | None = None,
) -> Request[list[FundingRow]]:
    """Past funding of one perpetual, newest first; the last 30 days without times (protocol 7.12)."""
    check_symbol(symbol)
    query = {"currencyPair": symbol} | page(skip, limit) | between(start, end)
    return table.FUNDING_RATES.request(query=query)


def risk_limits(symbol: Symbol) -> Request[list[RiskLimitRow]]:
    """The tiers of one perpetual (protocol 7.12)."""
    check_symbol(symbol)
    return table.RISK_LIMITS.request(pair=symbol)


def _period(period_s: object) -> int:
    if not isinstance(period_s, int) or period_s not in PERIODS:
        raise InvalidArgumentError("period_s", period_s, f"must be one of {', '.join(map(str, PERIODS))}")
    return period_s


def _epoch_seconds(time: datetime) -> int:
    return int((time - _EPOCH).total_seconds())
