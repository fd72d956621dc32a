"""Identifiers, and the maker of client order ids."""

from __future__ import annotations

import re
from typing import NewType

ClientOrderId = NewType("ClientOrderId", str)
"""Our id of an order; VALR calls it customerOrderId. The idempotency key of one intent."""

ExchangeOrderId = NewType("ExchangeOrderId", str)
"""VALR's id of an order; opaque text."""

TradeId = NewType("TradeId", str)
"""VALR's id of one fill."""

Pair = NewType("Pair", str)
"""Trading pair as users write it: ``BTC-ZAR``, ``BTC-USDT-PERP``."""

Symbol = NewType("Symbol", str)
"""The same pair on the wire: ``BTCZAR``, ``BTCUSDTPERP``."""

CLIENT_ORDER_ID_PATTERN = re.compile(r"[0-9a-zA-Z-]{1,50}")
"""What VALR accepts as customerOrderId (protocol 6), the empty id excluded."""

_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


class ClientOrderIds:
    """Makes client order ids that are never used twice.

    An id is ``<prefix>-<instance>-<count>``. `instance` must differ between any two instances that
    ever trade on one account: VALR finds the wrong order by an id that was used before (protocol 6).
    """

    def __init__(self, prefix: str, instance: str) -> None:
        self._stem = f"{prefix}-{instance}-"
        self._count = 0

    def next(self) -> ClientOrderId:
        """The next unused id."""
        self._count += 1
        return ClientOrderId(self._stem + to_base36(self._count))

    def is_ours(self, client_order_id: str) -> bool:
        """Whether this very instance made the id."""
        return client_order_id.startswith(self._stem)


def to_base36(number: int) -> str:
    """A non-negative whole number in digits and lower-case letters."""
    text = ""
    while True:
        number, digit = divmod(number, 36)
        text = _DIGITS[digit] + text
        if not number:
            return text
