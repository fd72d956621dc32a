"""What a peer is fed: the frames of an order's life that are about the order, as VALR sends them."""

from __future__ import annotations

import json
from functools import cache
from typing import Any, Final

from benchmarks.order_frames import life

ABOUT_ORDERS: Final = ("ORDER_PROCESSED", "ORDER_STATUS_UPDATE", "NEW_ACCOUNT_TRADE")
PRICE, AMOUNT = "900000", "0.01"
FIRST_LIVE: Final = 0x1000_0000
"""The numbers of orders that stay live are beyond those of the others."""


def order_frames(number: int) -> list[bytes]:
    """Confirmed, and executed in three trades, each told twice: as a status and as a trade."""
    frames = life(number)
    return [frames[place] for place in _places()]


def documents(number: int) -> list[dict[str, Any]]:
    """The same, read."""
    return [json.loads(raw) for raw in order_frames(number)]


@cache
def _places() -> tuple[int, ...]:
    kinds = (json.loads(raw)["type"] for raw in life(0))
    return tuple(place for place, kind in enumerate(kinds) if kind in ABOUT_ORDERS)
