"""Evidence: what somebody said about one order, in one shape, whoever said it.

Stream events, command replies, REST answers, lists of open orders and our own requests all become an
`Evidence` and go through the one door, `core.lifecycle.apply`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import IntEnum
from typing import Protocol

from msgspec import Struct

from valr_connector.model.enums import Liquidity
from valr_connector.model.ids import TradeId
from valr_connector.model.order import Fee
from valr_connector.protocol.account_rows import to_fee
from valr_connector.protocol.order_status import SPELLINGS, WireStatus
from valr_connector.protocol.rows import AccountTradeRow, OpenOrderRow, OrderReport, OrderStatusRow


class Says(IntEnum):
    """What the evidence says. Every one has an entry in the lifecycle table for every status."""

    # our own requests, and what is known of their way
    SENT = 1
    NOT_SENT = 2
    PLACEMENT_UNKNOWN = 3
    PROVED_ABSENT = 4
    CANCEL_SENT = 5
    CANCEL_UNKNOWN = 6
    MODIFY_SENT = 7
    MODIFY_UNKNOWN = 8
    RESENT = 9
    """VALR had refused the signature of what was sent, so that nothing had come of it."""
    # VALR's answers to requests
    ACCEPTED = 10
    REFUSED = 11
    PROCESSED = 12
    CANCEL_RECEIVED = 13
    CANCEL_REFUSED = 14
    CANCEL_CONFIRMED = 15
    MODIFY_RECEIVED = 16
    MODIFY_CONFIRMED = 17
    MODIFY_REFUSED = 18
    # VALR's reports of the order's state
    RESTING = 20
    PARTIALLY_FILLED = 21
    MODIFIED = 22
    FILLED = 23
    CANCELLED = 24
    EXPIRED = 25
    FAILED = 26
    UNRECOGNISED = 27
    # one execution, and being missing where it was looked for
    FILL = 30
    ABSENT = 31


class Source(IntEnum):
    """Who says it. The answer to a question about the very order outranks what merely came by."""

    LOCAL = 0
    REPLY = 1
    STREAM = 2
    SNAPSHOT = 3
    QUERY = 4


class Trade(Struct, frozen=True, gc=False):
    """One execution as VALR records it; `fee` None where this record does not state it."""

    trade_id: TradeId
    price: Decimal
    amount: Decimal
    fee: Fee | None
    liquidity: Liquidity
    at: datetime


class Evidence(Struct, frozen=True, gc=False):
    """One statement about one order.

    Attributes:
        client_order_id, exchange_order_id: what it names; at least one of them.
        at: VALR's time of it, UTC; None where it gives none.
        original, remaining: size and unexecuted size, base currency.
        price: limit price as stated.
        trade: the execution, for FILL only.
        reason: VALR's text, or the cause of what happened here.
        request_id: VALR's id of the request to modify that it is about.
        asked_at: when the question was put, or the request sent, that this answers, nanoseconds of the
            monotonic clock; None for what answers nothing.
    """

    says: Says
    source: Source
    client_order_id: str | None = None
    exchange_order_id: str | None = None
    at: datetime | None = None
    original: Decimal | None = None
    remaining: Decimal | None = None
    price: Decimal | None = None
    trade: Trade | None = None
    reason: str = ""
    request_id: str | None = None
    asked_at: int | None = None


SAID_BY_STATUS: Mapping[WireStatus, Says] = {
    WireStatus.OPEN: Says.RESTING,
    WireStatus.PLACED: Says.RESTING,
    WireStatus.ACTIVE: Says.RESTING,
    WireStatus.PARTIALLY_FILLED: Says.PARTIALLY_FILLED,
    WireStatus.ORDER_MODIFIED: Says.MODIFIED,
    WireStatus.REPRICED_DUE_TO_SLIPPAGE: Says.MODIFIED,
    WireStatus.FILLED: Says.FILLED,
    WireStatus.CANCELLED: Says.CANCELLED,
    WireStatus.PARTIALLY_FILLED_DUE_TO_SLIPPAGE: Says.CANCELLED,
    WireStatus.FAILED: Says.FAILED,
    WireStatus.EXPIRED: Says.EXPIRED,
    WireStatus.INSTANT_ORDER_BALANCE_RESERVED: Says.RESTING,
    WireStatus.INSTANT_ORDER_BALANCE_RESERVE_FAILED: Says.FAILED,
    WireStatus.INSTANT_ORDER_COMPLETED: Says.FILLED,
    WireStatus.UNRECOGNISED: Says.UNRECOGNISED,
}
"""What each of VALR's states says about an order (protocol 19.1)."""

_SAID_BY_SPELLING: Mapping[str, Says] = {text: SAID_BY_STATUS[state] for text, state in SPELLINGS.items()}
_FILL, _UNKNOWN = Says.FILL, Liquidity.UNKNOWN


class Ours(Protocol):
    """Something of ours that is known by a client order id: an order, a command about it."""

    @property
    def client_order_id(self) -> str:
        """The id."""


@dataclass(frozen=True, slots=True)
class OwnWords:
    """Says what we did about an order, or what VALR's answer to that says: evidence like any other.

    Attributes:
        apply: takes the evidence.
    """

    apply: Callable[[Evidence], None]

    def __call__(
        self,
        about: Ours,
        says: Says,
        source: Source = Source.LOCAL,
        *,
        reason: str = "",
        order_id: str | None = None,
        request_id: str | None = None,
        asked_at: int | None = None,
    ) -> None:
        """`order_id` and `request_id` are VALR's; `asked_at` is when what this is about was sent."""
        self.apply(
            Evidence(
                says,
                source,
                about.client_order_id,
                order_id,
                reason=reason,
                request_id=request_id,
                asked_at=asked_at,
            )
        )


def status_evidence(row: OrderStatusRow, source: Source, asked_at: int | None = None) -> Evidence:
    """A status of an order. Fields are read as they stand: asking the row's properties takes 0.5 us more."""
    text = row.order_status_type or row.status or ""
    price = row.original_price_text
    return Evidence(
        _SAID_BY_SPELLING.get(text) or SAID_BY_STATUS[row.wire_status],
        source,
        row.customer_order_id or None,
        row.exchange_order_id,
        row.updated_at,
        Decimal(row.original_quantity_text),
        Decimal(row.remaining_quantity_text),
        Decimal(price) if price else None,
        None,
        (row.failed_reason and row.reason) or "",
        None,
        asked_at,
    )


def listed_evidence(row: OpenOrderRow, source: Source, asked_at: int | None = None) -> Evidence:
    """An order's row in a list of open orders, read in the same way."""
    price = row.price_text or row.original_price_text
    return Evidence(
        _SAID_BY_SPELLING.get(row.status or "") or SAID_BY_STATUS[row.wire_status],
        source,
        row.customer_order_id or None,
        row.exchange_order_id,
        row.updated_at,
        Decimal(row.original_quantity_text),
        Decimal(row.remaining_quantity_text or row.quantity_text or 0),
        Decimal(price) if price else None,
        None,
        "",
        None,
        asked_at,
    )


def report_evidence(report: OrderReport, source: Source, asked_at: int | None = None) -> Evidence:
    """A report of an order's state, from wherever it came."""
    if isinstance(report, OpenOrderRow):
        return listed_evidence(report, source, asked_at)
    return status_evidence(report, source, asked_at)


def fill_evidence(row: AccountTradeRow, source: Source) -> Evidence | None:
    """A fill as evidence; None where it lacks its own id or names no order, and so cannot be counted."""
    trade_id, client_order_id, exchange_order_id = row.id, row.customer_order_id, row.order_id
    if not trade_id or not (exchange_order_id or client_order_id):
        return None
    at = row.at
    if row.maker_reward_text:
        fee, liquidity = row.fee, row.liquidity
    else:
        fee, liquidity = to_fee(row.fee_text, row.fee_currency), _UNKNOWN
    trade = Trade(trade_id, Decimal(row.price_text), Decimal(row.quantity_text), fee, liquidity, at)
    return Evidence(
        _FILL,
        source,
        client_order_id or None,
        exchange_order_id or None,
        at,
        None,
        None,
        None,
        trade,
    )
