"""The words of an account's statement: what was exchanged for what, and at which fee (protocol 9, 11)."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple


class Money(NamedTuple):
    """So much of a currency."""

    currency: str
    amount: Decimal


class FeePercents(NamedTuple):
    """In percent points: 0.1 is 0.1 %. A negative maker's is a reward."""

    maker: Decimal
    taker: Decimal
    simple: Decimal


class Traded(NamedTuple):
    """What a transaction comes from: an order, at a price in `quote`."""

    price: Decimal
    symbol: str
    quote: str
    order_id: str


class Transferred(NamedTuple):
    """What a transaction comes from: money that went from one account to another, by their labels."""

    transfer_id: str
    sender: str
    receiver: str


@dataclass(slots=True)
class Transaction:
    """One line of an account's statement (protocol 9.5).

    `record_id` is given when it is told for the first time, by whichever door, and is the same from then on.
    """

    type: str
    at: int
    info: Traded | Transferred
    debit: Money | None = None
    credit: Money | None = None
    fee: Money | None = None
    record_id: str = ""

    @property
    def currencies(self) -> frozenset[str]:
        """Those of its amounts."""
        amounts = (self.debit, self.credit, self.fee)
        return frozenset(money.currency for money in amounts if money is not None)


class SimpleOutcome(NamedTuple):
    """What a simple order paid and received; `received` is without the fee (protocol 11)."""

    order_id: str
    success: bool
    processing: bool
    paid: Money
    received: Money
    fee: Money
    at: int
