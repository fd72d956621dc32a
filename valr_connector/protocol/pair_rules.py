"""From a published pair to the rules that the connector trades by (protocol 6)."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from valr_connector.model.ids import Pair, Symbol
from valr_connector.model.market import PairInfo
from valr_connector.protocol.codec import optional_decimal
from valr_connector.protocol.rest_bodies import PairRow
from valr_connector.protocol.spellings import currency_code, is_true

_FUTURE = "FUTURE"
_MOST_PLACES = 40


def to_pair_info(row: PairRow) -> PairInfo | None:
    """The rules of one pair; None where the row lacks one, so that it cannot be traded (protocol 7.4)."""
    tick_size = optional_decimal(row.tick_size_text)
    places = row.base_places
    bounds = [
        optional_decimal(text)
        for text in (
            row.min_base_amount_text,
            row.max_base_amount_text,
            row.min_quote_amount_text,
            row.max_quote_amount_text,
        )
    ]
    min_amount, max_amount, min_notional, max_notional = bounds
    if tick_size is None or tick_size <= 0 or places is None or not 0 <= places <= _MOST_PLACES:
        return None
    if min_amount is None or max_amount is None or min_notional is None or max_notional is None:
        return None
    amount_step = Decimal(1).scaleb(-places)
    base, quote = currency_code(row.base_currency), currency_code(row.quote_currency)
    is_perpetual = row.currency_pair_type == _FUTURE
    return PairInfo(
        pair=Pair(f"{base}-{quote}-PERP" if is_perpetual else f"{base}-{quote}"),
        symbol=Symbol(row.symbol),
        base=base,
        quote=quote,
        tick_size=tick_size,
        amount_step=amount_step,
        min_amount=max(min_amount, amount_step),  # VALR may state 0, and an order of 0 is none
        max_amount=max_amount,
        min_notional=min_notional,
        max_notional=max_notional,
        is_active=is_true(row.active),
        is_perpetual=is_perpetual,
        margin_allowed=is_true(row.margin_trading_allowed),
    )


def to_pair_infos(rows: Iterable[PairRow]) -> list[PairInfo]:
    """The rules of every pair whose row is complete."""
    return [info for row in rows if (info := to_pair_info(row)) is not None]
