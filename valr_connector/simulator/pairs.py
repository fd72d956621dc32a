"""The pairs that the embedded exchange lists unless told otherwise.

Invented rules of a realistic size, in the shape of protocol 7.4.
"""

from __future__ import annotations

from decimal import Decimal

from valr_connector.simulator.vocabulary import ORDER_TYPES, PairSpec


def _listed(
    base: str,
    quote: str,
    *,
    tick: str,
    decimals: int,
    base_range: tuple[str, str],
    quote_range: tuple[str, str],
    active: bool = True,
    margin_allowed: bool = False,
    kind: str = "SPOT",
) -> PairSpec:
    return PairSpec(
        symbol=base + quote + ("PERP" if kind == "FUTURE" else ""),
        base=base,
        quote=quote,
        tick_size=Decimal(tick),
        base_decimals=decimals,
        min_base=Decimal(base_range[0]),
        max_base=Decimal(base_range[1]),
        min_quote=Decimal(quote_range[0]),
        max_quote=Decimal(quote_range[1]),
        active=active,
        margin_allowed=margin_allowed,
        kind=kind,
        order_types=tuple(each for each in ORDER_TYPES if kind == "SPOT" or each != "SIMPLE"),
    )


_ZAR = ("10", "5000000")
_USDC = ("0.59", "250000")

DEFAULT_PAIRS: tuple[PairSpec, ...] = (
    _listed(
        "BTC", "ZAR", tick="1", decimals=8, base_range=("0.00001", "5"), quote_range=_ZAR, margin_allowed=True
    ),
    _listed(
        "ETH", "ZAR", tick="1", decimals=8, base_range=("0.0002", "69"), quote_range=_ZAR, margin_allowed=True
    ),
    _listed("XRP", "ZAR", tick="0.01", decimals=4, base_range=("0.4", "125000"), quote_range=_ZAR),
    _listed("USDC", "ZAR", tick="0.0001", decimals=4, base_range=("0.6", "250000"), quote_range=_ZAR),
    _listed("BTC", "USDC", tick="1", decimals=8, base_range=("0.000008", "3"), quote_range=_USDC),
    _listed(
        "SHIB", "USDC", tick="0.00000001", decimals=0, base_range=("44600", "2750000000"), quote_range=_USDC
    ),
    _listed(
        "ETH", "BTC", tick="0.000001", decimals=8, base_range=("0.0002", "69"), quote_range=("0.00001", "2")
    ),
    _listed(
        "SOL", "ZAR", tick="0.1", decimals=6, base_range=("0.003", "1500"), quote_range=_ZAR, active=False
    ),
    _listed(
        "BTC",
        "USDT",
        tick="1",
        decimals=4,
        base_range=("0.0001", "7"),
        quote_range=("1", "250000"),
        kind="FUTURE",
    ),
)
