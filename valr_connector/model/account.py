"""Balances, and who the key belongs to."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct


class Balance(Struct, frozen=True, gc=False):
    """One wallet.

    Attributes:
        currency: its code, ``ZAR`` for the rand.
        available: what new orders can use.
        reserved: held by open orders.
        total: available + reserved + lent - borrowed; can be negative (protocol 9.2).
        updated_at: VALR's time of the last change, UTC; None where VALR gave none.
    """

    currency: str
    available: Decimal
    reserved: Decimal
    total: Decimal
    updated_at: datetime | None = None


class ApiKeyInfo(Struct, frozen=True):
    """What the key in use may do (protocol 9.1)."""

    label: str
    permissions: frozenset[str]
    is_subaccount: bool = False

    @property
    def can_view(self) -> bool:
        """Whether it may read orders, balances and trades."""
        return "View access" in self.permissions

    @property
    def can_trade(self) -> bool:
        """Whether it may place and cancel orders."""
        return "Trade" in self.permissions
