"""The yardstick: the tightest pipeline that one would write by hand, to be held against the library's.

orjson, Decimal, datetime and an event object per frame; one dict of orders; a synchronous callback. It
believes everything that it is told: no field is validated, no order of events is checked, no other source of
news exists, and neither does any type of frame that is not below.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

import orjson

_ZERO = Decimal(0)


@dataclass(slots=True)
class EagerFill:
    """One execution."""

    price: Decimal
    quantity: Decimal
    fee: Decimal
    fee_currency: str
    at: datetime


@dataclass(slots=True)
class EagerOrder:
    """What is known of one order."""

    client_id: str
    exchange_id: str = ""
    status: str = "Pending"
    price: Decimal = _ZERO
    original: Decimal = _ZERO
    remaining: Decimal = _ZERO
    executed: Decimal = _ZERO
    updated_at: datetime | None = None
    fills: dict[str, EagerFill] = field(default_factory=dict)


@dataclass(slots=True)
class EagerBalance:
    """One wallet."""

    available: Decimal
    reserved: Decimal
    total: Decimal
    updated_at: datetime


@dataclass(slots=True)
class EagerEvent:
    """What the callback is told."""

    kind: str
    subject: object
    at: datetime | None


class EagerPipeline:
    """From a frame's bytes to a callback.

    Attributes:
        orders: by client order id; those that are placed have to be put in.
        balances: by currency.
    """

    def __init__(self, callback: Callable[[EagerEvent], object]) -> None:
        self.orders: dict[str, EagerOrder] = {}
        self.balances: dict[str, EagerBalance] = {}
        self._callback = callback

    def take(self, raw: bytes) -> None:
        """Apply one frame and call back."""
        frame: dict[str, Any] = orjson.loads(raw)
        kind, data = frame["type"], frame["data"]
        if kind == "OPEN_ORDERS_UPDATE":
            for row in data:
                self._note_row(kind, row)
            return
        if kind == "BALANCE_UPDATE":
            self._note_balance(kind, data)
            return
        if kind == "NEW_ACCOUNT_HISTORY_RECORD":
            self._callback(EagerEvent(kind, data, datetime.fromisoformat(data["eventAt"])))
            return
        order = self.orders[data["customerOrderId"]]
        at: datetime | None = None
        if kind == "ORDER_STATUS_UPDATE":
            order.status = data["orderStatusType"]
            order.price = Decimal(data["originalPrice"])
            order.original = Decimal(data["originalQuantity"])
            order.remaining = Decimal(data["remainingQuantity"])
            order.executed = order.original - order.remaining
            at = order.updated_at = datetime.fromisoformat(data["orderUpdatedAt"])
        elif kind == "NEW_ACCOUNT_TRADE":
            at = datetime.fromisoformat(data["tradedAt"])
            price, quantity, fee = Decimal(data["price"]), Decimal(data["quantity"]), Decimal(data["fee"])
            order.fills[data["id"]] = EagerFill(price, quantity, fee, data["feeCurrency"], at)
        else:  # ORDER_PROCESSED, and the reply to the command
            order.exchange_id = data["orderId"]
        self._callback(EagerEvent(kind, order, at))

    def _note_row(self, kind: str, row: dict[str, Any]) -> None:
        order = self.orders[row["customerOrderId"]]
        order.status = row["status"]
        order.price = Decimal(row["price"])
        order.original = Decimal(row["originalQuantity"])
        order.remaining = Decimal(row["quantity"])
        order.executed = order.original - order.remaining
        order.updated_at = datetime.fromisoformat(row["updatedAt"])
        self._callback(EagerEvent(kind, order, order.updated_at))

    def _note_balance(self, kind: str, data: dict[str, Any]) -> None:
        at = datetime.fromisoformat(data["updatedAt"])
        balance = EagerBalance(
            Decimal(data["available"]), Decimal(data["reserved"]), Decimal(data["total"]), at
        )
        self.balances[data["currency"]["shortName"]] = balance
        self._callback(EagerEvent(kind, balance, at))
