"""VALR's rules of a pair as Hummingbot's, out of what Hummingbot's own call brought."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hummingbot.connector.trading_rule import TradingRule

from valr_connector.errors import DecodeError
from valr_connector.model.market import PairInfo
from valr_connector.protocol.codec import encode_json
from valr_connector.protocol.endpoint_table import PAIRS
from valr_connector.protocol.pair_rules import to_pair_info


def pair_info(row: Mapping[str, Any]) -> PairInfo | None:
    """The rules of a pair out of Hummingbot's hands; None where they are not complete."""
    try:
        (read,) = PAIRS.decode(encode_json([row]))
    except DecodeError:
        return None
    return to_pair_info(read)


def is_traded(info: PairInfo) -> bool:
    """Perpetuals are another kind of connector."""
    return info.is_active and not info.is_perpetual


def trading_rule(info: PairInfo) -> TradingRule:
    """The rules in Hummingbot's form."""
    return TradingRule(
        trading_pair=info.pair,
        min_order_size=info.min_amount,
        max_order_size=info.max_amount,
        min_price_increment=info.tick_size,
        min_base_amount_increment=info.amount_step,
        min_notional_size=info.min_notional,
    )
