"""Pairs and their rules, prices, trades and what else there is to know of the market."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from valr_connector.model.enums import Side
from valr_connector.model.ids import Pair, Symbol


class PairInfo(Struct, frozen=True, gc=False):
    """One trading pair and its rules (protocol 6).

    Attributes:
        pair: ``BTC-ZAR``; perpetuals are ``BTC-USDT-PERP``.
        symbol: VALR's name of it on the wire.
        tick_size: prices are multiples of it, quote currency.
        amount_step: sizes are multiples of it, base currency.
        min_amount, max_amount: bounds of an order's size, base currency.
        min_notional, max_notional: bounds of price x size, quote currency.
        is_active: whether VALR trades it at all.
        is_perpetual: futures pair; needs a subaccount.
        margin_allowed: may be traded on margin.
        order_types: what it takes, in VALR's words (protocol 7.5), sorted; None while unknown.
    """

    pair: Pair
    symbol: Symbol
    base: str
    quote: str
    tick_size: Decimal
    amount_step: Decimal
    min_amount: Decimal
    max_amount: Decimal
    min_notional: Decimal
    max_notional: Decimal
    is_active: bool = True
    is_perpetual: bool = False
    margin_allowed: bool = False
    order_types: tuple[str, ...] | None = None


class PriceLevel(Struct, frozen=True, gc=False):
    """One price of a book: quote per base, and the base amount resting there."""

    price: Decimal
    amount: Decimal


class QueuePosition(Struct, frozen=True, gc=False):
    """Where one order stands at its price (protocol 18.2). Amounts are base currency.

    Attributes:
        place: 1 for the order that is executed first.
        orders: how many orders rest at the price, this one included.
        amount: what is left of this order.
        amount_ahead: what rests at the price and is executed before it.
    """

    side: Side
    price: Decimal
    place: int
    orders: int
    amount: Decimal
    amount_ahead: Decimal


class PublicTrade(Struct, frozen=True, gc=False):
    """A trade of the whole market; it says nothing about own orders.

    Attributes:
        side: the taker's.
        price: quote currency per unit of base currency.
        amount: base currency.
        at: VALR's time, UTC.
        id: VALR's id of the trade; None where it sent none.
    """

    pair: Pair
    side: Side
    price: Decimal
    amount: Decimal
    at: datetime
    id: str | None = None


class MarketSummary(Struct, frozen=True, gc=False):
    """One pair over the last 24 hours. None where there is no such figure, or VALR sent none.

    Attributes:
        ask, bid, last, mark, previous_close, high, low: quote currency per unit of base currency.
        base_volume, quote_volume: traded in 24 hours, in the currency of the name.
        change_percent: last price against the previous close, percent.
        at: when VALR made it, UTC.
    """

    pair: Pair
    ask: Decimal | None
    bid: Decimal | None
    last: Decimal | None
    mark: Decimal | None = None
    previous_close: Decimal | None = None
    high: Decimal | None = None
    low: Decimal | None = None
    base_volume: Decimal | None = None
    quote_volume: Decimal | None = None
    change_percent: Decimal | None = None
    at: datetime | None = None


class Candle(Struct, frozen=True, gc=False):
    """The prices of one pair over one period, quote currency per unit of base currency.

    Attributes:
        start: where the period begins, UTC.
        period_s: its length in seconds.
        volume, quote_volume: base and quote currency traded; None where VALR does not say.
    """

    pair: Pair
    start: datetime
    period_s: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    volume: Decimal | None = None
    quote_volume: Decimal | None = None


class CachedBook(Struct, frozen=True, gc=False):
    """A book as REST gives it: out of a cache, and so never the present one.

    It is for looking at. It cannot become a live book, nor be merged with one: its numbers have nothing to do
    with those of the sockets (protocol 3.4).

    Attributes:
        bids, asks: up to 40 levels a side, best first.
        may_be_old_s: by so many seconds the book may be older than the answer.
        changed_at: VALR's time of its last change, UTC; None where it sent none.
    """

    pair: Pair
    bids: tuple[PriceLevel, ...]
    asks: tuple[PriceLevel, ...]
    may_be_old_s: int
    changed_at: datetime | None = None


class CachedOrder(Struct, frozen=True, gc=False):
    """Somebody's order in a `CachedFullBook`.

    Attributes:
        id: VALR's id of it.
        place: 1 for the order that is executed first at its price; None where VALR does not say.
    """

    id: str
    price: Decimal
    amount: Decimal
    place: int | None = None


class CachedFullBook(Struct, frozen=True, gc=False):
    """A book as REST gives it order by order; for looking at, as a `CachedBook` is.

    Attributes:
        bids, asks: every order, best price first, and by time at each price.
        may_be_old_s: by so many seconds the book may be older than the answer.
        changed_at: VALR's time of its last change, UTC; None where it sent none.
    """

    pair: Pair
    bids: tuple[CachedOrder, ...]
    asks: tuple[CachedOrder, ...]
    may_be_old_s: int
    changed_at: datetime | None = None


class Currency(Struct, frozen=True, gc=False):
    """One currency (protocol 7.3).

    Attributes:
        code: ``BTC``; the rand is ``ZAR``.
        decimals: decimal places of balances; None where VALR does not say.
        withdrawal_decimals: decimal places of withdrawals; None likewise.
        is_collateral: whether it counts as collateral for margin, by `collateral_weight`.
    """

    code: str
    name: str
    is_active: bool
    decimals: int | None
    withdrawal_decimals: int | None
    is_collateral: bool
    collateral_weight: Decimal | None


class FuturesInfo(Struct, frozen=True, gc=False):
    """One perpetual (protocol 7.12).

    Attributes:
        estimated_funding_rate: of the next run, as a fraction; positive: longs pay shorts.
        open_interest: base currency.
        next_funding_run, next_pnl_run: UTC.
    """

    pair: Pair
    estimated_funding_rate: Decimal | None
    open_interest: Decimal | None
    next_funding_run: datetime | None
    next_pnl_run: datetime | None


class FundingRate(Struct, frozen=True, gc=False):
    """One funding run of a perpetual, as a fraction; positive: longs paid shorts (protocol 7.12)."""

    pair: Pair
    rate: Decimal
    at: datetime


class RiskLimit(Struct, frozen=True, gc=False):
    """One tier of a perpetual: how large a position may be at a leverage (protocol 7.12).

    What VALR leaves out is None.

    Attributes:
        leverage: a multiple, 10 for ten times the margin.
        largest_position: in `currency`.
        initial_margin, maintenance_margin, auto_close_margin: fractions of the position.
        is_default: whether it holds until another is chosen.
    """

    pair: Pair
    leverage: Decimal | None
    largest_position: Decimal | None
    currency: str
    initial_margin: Decimal | None
    maintenance_margin: Decimal | None
    auto_close_margin: Decimal | None
    is_default: bool
