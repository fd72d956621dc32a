"""Pairs, books and trades of the market as VALR writes them (protocol 7, 17, 18.1)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from valr_connector.simulator.candles import Candle
from valr_connector.simulator.exact import EXACT
from valr_connector.simulator.ticker import DaySummary
from valr_connector.simulator.vocabulary import BuyOrSell, PairSpec, PublicTrade, VenueOrder
from valr_connector.simulator.wire import Currency, JsonObject, decimal_text, time_text, whole_second_text

Level = tuple[Decimal, Decimal, int]
"""Price, total quantity, number of orders."""


def pair_object(pair: PairSpec) -> JsonObject:
    """One entry of GET /v1/public/pairs (7.4)."""
    return {
        "symbol": pair.symbol,
        "baseCurrency": pair.base,
        "quoteCurrency": pair.quote,
        "shortName": f"{pair.base}/{pair.quote}" + ("PERP" if pair.kind == "FUTURE" else ""),
        "active": pair.active,
        "minBaseAmount": decimal_text(pair.min_base),
        "maxBaseAmount": decimal_text(pair.max_base),
        "minQuoteAmount": decimal_text(pair.min_quote),
        "maxQuoteAmount": decimal_text(pair.max_quote),
        "tickSize": decimal_text(pair.tick_size),
        "baseDecimalPlaces": str(pair.base_decimals),
        "marginTradingAllowed": pair.margin_allowed,
        "currencyPairType": pair.kind,
    }


def public_currency_object(currency: Currency) -> JsonObject:
    """One entry of GET /v1/public/currencies (7.3), where the counts of decimals are text."""
    return {
        "symbol": currency.symbol,
        "isActive": True,
        "shortName": currency.code,
        "longName": currency.name,
        "decimalPlaces": str(currency.decimals),
        "withdrawalDecimalPlaces": str(currency.decimals),
        "collateral": currency.weight != "0",
        "collateralWeight": currency.weight,
    }


def book_object(
    symbol: str, asks: Iterable[Level], bids: Iterable[Level], *, changed_at: int, sequence: int
) -> JsonObject:
    """The aggregated book, best first (7.7, 18.1)."""
    return {
        "Asks": [_level(symbol, "sell", level) for level in asks],
        "Bids": [_level(symbol, "buy", level) for level in bids],
        "LastChange": time_text(changed_at),
        "SequenceNumber": sequence,
    }


def _level(symbol: str, side: BuyOrSell, level: Level) -> JsonObject:
    price, quantity, count = level
    return {
        "side": side,
        "quantity": decimal_text(quantity),
        "price": decimal_text(price),
        "currencyPair": symbol,
        "orderCount": count,
    }


def full_book_object(
    asks: Iterable[VenueOrder], bids: Iterable[VenueOrder], *, changed_at: int, sequence: int
) -> JsonObject:
    """The book order by order, in price-time priority (7.8)."""
    return {
        "Asks": _orders(asks),
        "Bids": _orders(bids),
        "LastChange": time_text(changed_at),
        "SequenceNumber": sequence,
    }


def _orders(orders: Iterable[VenueOrder]) -> list[JsonObject]:
    entries: list[JsonObject] = []
    price, position = None, 0
    for order in orders:
        position = position + 1 if order.price == price else 1
        price = order.price
        entries.append(
            {
                "side": order.side,
                "quantity": decimal_text(order.remaining_quantity),
                "price": decimal_text(order.price),
                "currencyPair": order.symbol,
                "id": order.order_id,
                "positionAtPrice": position,
            }
        )
    return entries


def public_trade_object(trade: PublicTrade) -> JsonObject:
    """One entry of the trades of a pair (7.9)."""
    return {
        "price": decimal_text(trade.price),
        "quantity": decimal_text(trade.quantity),
        "currencyPair": trade.symbol,
        "tradedAt": time_text(trade.traded_at),
        "takerSide": trade.taker_side,
        "sequenceId": trade.sequence_id,
        "id": trade.trade_id,
        "quoteVolume": decimal_text(EXACT.multiply(trade.price, trade.quantity)),
    }


def new_trade_object(trade: PublicTrade) -> JsonObject:
    """Data of NEW_TRADE (17)."""
    return {
        "price": decimal_text(trade.price),
        "quantity": decimal_text(trade.quantity),
        "currencyPair": trade.symbol,
        "tradedAt": time_text(trade.traded_at),
        "takerSide": trade.taker_side,
        "id": trade.trade_id,
    }


def candle_object(symbol: str, candle: Candle, period_s: int) -> JsonObject:
    """A candle of trades (7.10, 17)."""
    return mark_candle_object(symbol, candle, period_s) | {
        "volume": decimal_text(candle.base_volume),
        "quoteVolume": decimal_text(candle.quote_volume),
    }


def mark_candle_object(symbol: str, candle: Candle, period_s: int) -> JsonObject:
    """A candle of mark prices, which has no volume (7.11)."""
    return {
        "currencyPairSymbol": symbol,
        "bucketPeriodInSeconds": period_s,
        "startTime": whole_second_text(candle.start_s),
        "open": decimal_text(candle.open),
        "high": decimal_text(candle.high),
        "low": decimal_text(candle.low),
        "close": decimal_text(candle.close),
    }


def summary_fields(day: DaySummary, ask: Decimal, bid: Decimal, mark: Decimal, created_at: int) -> JsonObject:
    """A market summary without the pair, whose key differs between REST and socket (7.6, 17)."""
    return {
        "askPrice": decimal_text(ask),
        "bidPrice": decimal_text(bid),
        "lastTradedPrice": decimal_text(day.last),
        "previousClosePrice": decimal_text(day.previous_close),
        "baseVolume": decimal_text(day.base_volume),
        "quoteVolume": decimal_text(day.quote_volume),
        "highPrice": decimal_text(day.high),
        "lowPrice": decimal_text(day.low),
        "created": time_text(created_at),
        "changeFromPrevious": decimal_text(day.change_percent),
        "markPrice": decimal_text(mark),
    }
