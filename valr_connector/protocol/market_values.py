"""From what VALR says about the market, on the socket or by REST, to the model's vocabulary."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from valr_connector.model.ids import Pair
from valr_connector.model.market import (
    CachedBook,
    CachedFullBook,
    CachedOrder,
    Candle,
    Currency,
    FundingRate,
    FuturesInfo,
    MarketSummary,
    PriceLevel,
    PublicTrade,
    RiskLimit,
)
from valr_connector.protocol import market_frames as frames
from valr_connector.protocol.book_frames import LevelText
from valr_connector.protocol.codec import number_of, optional_decimal
from valr_connector.protocol.market_rows import (
    BookAnswer,
    CurrencyRow,
    FullBookAnswer,
    FullBookRow,
    FundingRow,
    FuturesInfoRow,
    RiskLimitRow,
)
from valr_connector.protocol.spellings import currency_code, is_true


def to_trade(pair: Pair, trade: frames.MarketTrade) -> PublicTrade:
    """A trade of the whole market (protocol 7.9, 17)."""
    return PublicTrade(pair, trade.side, trade.price, trade.amount, trade.traded_at, trade.id)


def to_summary(pair: Pair, summary: frames.MarketSummary) -> MarketSummary:
    """A summary; prices of "0" mean that there is none (protocol 5, 7.6)."""
    return MarketSummary(
        pair,
        ask=summary.ask_price,
        bid=summary.bid_price,
        last=summary.last_traded_price or None,
        mark=summary.mark_price,
        previous_close=optional_decimal(summary.previous_close_price_text) or None,
        high=optional_decimal(summary.high_price_text) or None,
        low=optional_decimal(summary.low_price_text) or None,
        base_volume=optional_decimal(summary.base_volume_text),
        quote_volume=optional_decimal(summary.quote_volume_text),
        change_percent=optional_decimal(summary.change_from_previous_text),
        at=summary.created,
    )


def to_candle(pair: Pair, bucket: frames.TradeBucket) -> Candle:
    """A candle; mark prices have no volume (protocol 7.10, 7.11)."""
    return Candle(
        pair,
        bucket.start_time,
        bucket.bucket_period_in_seconds,
        open=Decimal(bucket.open_text),
        high=Decimal(bucket.high_text),
        low=Decimal(bucket.low_text),
        close=Decimal(bucket.close_text),
        volume=optional_decimal(bucket.volume_text),
        quote_volume=optional_decimal(bucket.quote_volume_text),
    )


def to_cached_book(pair: Pair, book: BookAnswer, may_be_old_s: int) -> CachedBook:
    """A book out of a cache (protocol 3.4, 7.7)."""
    return CachedBook(pair, _levels(book.bids), _levels(book.asks), may_be_old_s, book.changed_at)


def to_cached_full_book(pair: Pair, book: FullBookAnswer, may_be_old_s: int) -> CachedFullBook:
    """A book order by order out of a cache (protocol 3.4, 7.8)."""
    return CachedFullBook(pair, _orders(book.bids), _orders(book.asks), may_be_old_s, book.changed_at)


def to_currency(row: CurrencyRow) -> Currency:
    """A currency (protocol 7.3)."""
    return Currency(
        code=currency_code(row.short_name),
        name=row.long_name,
        is_active=is_true(row.is_active),
        decimals=row.places,
        withdrawal_decimals=row.withdrawal_places,
        is_collateral=is_true(row.collateral),
        collateral_weight=optional_decimal(row.collateral_weight_text),
    )


def to_futures_info(pair: Pair, row: FuturesInfoRow) -> FuturesInfo:
    """A perpetual (protocol 7.12)."""
    return FuturesInfo(
        pair,
        estimated_funding_rate=optional_decimal(row.estimated_funding_rate_text),
        open_interest=optional_decimal(row.open_interest_text),
        next_funding_run=row.next_funding_at,
        next_pnl_run=row.next_pnl_at,
    )


def to_funding_rate(pair: Pair, row: FundingRow) -> FundingRate:
    """One funding run (protocol 7.12)."""
    return FundingRate(pair, Decimal(row.funding_rate_text), row.funding_time)


def to_risk_limit(pair: Pair, row: RiskLimitRow) -> RiskLimit:
    """One tier (protocol 7.12)."""
    return RiskLimit(
        pair,
        leverage=number_of(row.leverage_multiple),
        largest_position=number_of(row.risk_limit_value),
        currency=currency_code(row.risk_limit_currency),
        initial_margin=number_of(row.initial_margin_fraction),
        maintenance_margin=number_of(row.maintenance_margin_fraction),
        auto_close_margin=number_of(row.auto_close_margin_fraction),
        is_default=is_true(row.is_default),
    )


def _orders(rows: Sequence[FullBookRow]) -> tuple[CachedOrder, ...]:
    return tuple(
        CachedOrder(row.id, Decimal(row.price_text), Decimal(row.quantity_text), row.position_at_price)
        for row in rows
    )


def _levels(texts: Sequence[LevelText]) -> tuple[PriceLevel, ...]:
    return tuple(PriceLevel(Decimal(price), Decimal(amount)) for price, amount in texts)
