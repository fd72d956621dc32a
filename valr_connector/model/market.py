"""Pairs and their rules; best prices."""

from __future__ import annotations

from decimal import Decimal

from msgspec import Struct

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


class PriceLevel(Struct, frozen=True, gc=False):
    """One price of a book: quote per base, and the base amount resting there."""

    price: Decimal
    amount: Decimal
