"""One thing, several spellings: sides, flags, pairs and currencies as VALR writes them (protocol 5)."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from valr_connector.model.enums import Side
from valr_connector.model.ids import Symbol

SideText = Literal["buy", "sell", "BUY", "SELL", "Buy", "Sell"]
"""Answers are lower case, some samples upper case."""

Flag = bool | Literal["true", "false", "True", "False", "TRUE", "FALSE"]
"""A boolean; some are sent as text (protocol 15.6)."""


class PairObject(Struct, frozen=True, gc=False):
    """currencyPair as it was before 2021."""

    symbol: Symbol


class CurrencyObject(Struct, rename="camel", frozen=True, gc=False):
    """A currency as the sockets describe it; either name can be missing (protocol 15.2)."""

    symbol: str | None = None
    short_name: str | None = None


PairName = Symbol | PairObject
CurrencyName = str | CurrencyObject

_SIDES = {text: Side(text.upper()) for text in ("buy", "sell", "BUY", "SELL", "Buy", "Sell")}


def to_side(text: SideText) -> Side:
    """The side, whatever its case."""
    return _SIDES[text]


def is_true(flag: Flag) -> bool:
    """The value of a boolean that may have been sent as text."""
    return flag is True or (isinstance(flag, str) and flag.casefold() == "true")


def pair_symbol_of(pair: PairName) -> Symbol:
    """The symbol, from either form."""
    return pair.symbol if isinstance(pair, PairObject) else pair


def currency_code(currency: CurrencyName) -> str:
    """The currency's code: its short name, else its symbol with "R" for the rand (protocol 5)."""
    name = currency if isinstance(currency, str) else currency.short_name or currency.symbol or ""
    return "ZAR" if name == "R" else name


def text_or_none(text: str | None) -> str | None:
    """None for null, absent, "" and the "None" that was seen once (protocol 5)."""
    return text if text and text != "None" else None
