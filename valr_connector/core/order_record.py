"""The order's own record: the storage behind `model.order.InFlightOrder`.

Only `core.lifecycle` changes a record.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from valr_connector.core.evidence import Evidence, Says
from valr_connector.core.order_story import Entry, lines
from valr_connector.core.plain_stores import stored_plainly
from valr_connector.model.enums import (
    TERMINAL,
    OrderStatus,
    OrderType,
    Placement,
    RetryPolicy,
    Side,
    TimeInForce,
)
from valr_connector.model.ids import ClientOrderId, ExchangeOrderId, Pair, Symbol
from valr_connector.model.numbers import EXACT
from valr_connector.model.order import CancelRequest, Fill, ModifyRequest

ZERO = Decimal(0)
_FILLED = OrderStatus.FILLED


class Reported(Struct, eq=False, gc=False, kw_only=True):
    """What of an order each report about it touches.

    With 100,000 orders the processor waits for each cache line of one. CPython sorts the fields of a class by
    name, and those of the class it is derived from come first: so these fill two lines beside the head of
    the object, where they were strewn over six.
    """

    status: OrderStatus = OrderStatus.PENDING_CREATE
    exchange_order_id: ExchangeOrderId | None = None
    amount: Decimal | None = None
    price: Decimal | None = None
    terms_at: datetime | None = None
    """VALR's time of the report that size and price were taken from."""
    updated_at: datetime | None = None
    reported_executed: Decimal = ZERO
    """Largest executed amount that any report implied."""
    accounted_amount: Decimal = ZERO
    """Executed amount that fills account for, and VALR's word on what was executed before it was adopted."""
    fills_by_id: dict[str, Fill] = {}
    fees_missing: int = 0
    """How many of the fills VALR has not given a fee for yet."""
    placement: Placement = Placement.UNSENT
    time_in_force: TimeInForce = TimeInForce.GTC
    was_created: bool = False
    """`OrderCreated` was told, or the order failed before it could be."""
    was_modified: bool = False
    """Its size changed, or may have: `original - remaining` gives no executed amount any more."""
    last_heard: int = 0
    """When anything was last heard of it, nanoseconds of the monotonic clock."""
    story_end: Entry | None = None
    """The newest entry of its story (`core.order_story`)."""


@stored_plainly
class OrderRecord(Reported, eq=False, gc=False, kw_only=True):
    """One order, from the moment it is tracked. Satisfies `InFlightOrder`.

    gc=False is safe: a record holds values and fills, and nothing of those points back at it.
    """

    client_order_id: ClientOrderId
    pair: Pair
    symbol: Symbol
    side: Side
    order_type: OrderType
    post_only: bool = False
    cancel_request: CancelRequest | None = None
    quote_amount: Decimal | None = None
    stop_price: Decimal | None = None
    created_at: int = 0
    placed_at: int = 0
    """When its placing was first written down, nanoseconds since 1970; 0 without an order journal."""
    sent_at: int = 0
    """When it last went on its way to VALR, nanoseconds of the monotonic clock."""
    times_sent: int = 0
    """How often its placing may have left for VALR, but for what VALR refused by its signature."""
    retry: RetryPolicy = RetryPolicy.IF_UNSENT
    epoch: int = 0
    """Connection of the account socket that was up when it was submitted."""
    is_by_rest: bool = False
    """Whether a REST request carries its placement, no frame on that connection; or may have, earlier."""
    request_ended_at: int | None = None
    """When that request was over, answered or given up, nanoseconds of the monotonic clock; None before."""
    cancel_attempts: int = 0
    modify_request: ModifyRequest | None = None
    modify_attempts: int = 0
    modify_verdict: Says | None = None
    """How the latest modify ended: MODIFY_CONFIRMED, MODIFY_REFUSED, MODIFY_UNKNOWN; None while it stands."""
    early_outcomes: tuple[Evidence, ...] = ()
    """Outcomes of modifies that came before the receipt that says which of them is the standing one's."""
    adopted_at: datetime | None = None
    """VALR's time of the list that it was adopted from; None for an order placed here."""
    executed_before: Decimal = ZERO
    """What it had executed by then; no fills are counted for it."""
    failure_reason: str = ""
    ended_at: datetime | None = None
    """VALR's time of its ending, or a lower bound of it; None where not even that is known."""
    ended_undated_at: int | None = None
    """Where VALR gave the ending no time: when it became known here, nanoseconds of the monotonic clock."""
    ending_in_doubt: bool = False
    """VALR's stream alone told its ending, nothing explains it, and no answer has confirmed it yet."""
    done_at: int = 0
    """When its ending became known here, nanoseconds of the monotonic clock; 0 before."""

    def __repr__(self) -> str:
        """One line: an order is printed and logged, by itself and with each event about it."""
        said = [f"{self.client_order_id}: {_terms(self)}", self.status.value]
        if self.executed_amount:
            said.append(f"{self.executed_amount} executed")
        if self.placement is Placement.UNKNOWN:
            said.append("placement unknown")
        if self.cancel_request is not None:
            said.append("being cancelled")
        if self.modify_request is not None:
            said.append("being modified")
        return f"<order {', '.join(said)}{self.failure_reason and f': {self.failure_reason}'}>"

    def story(self) -> str:
        told = [f"{self.client_order_id} ({self.exchange_order_id or 'no id from VALR'}): {_terms(self)}"]
        for at, said, changes in lines(self):
            told.append(f"{(at - self.created_at) / 1e9:+9.3f} s  {said}")
            told += [f"{'':13}=> {change}" for change in changes]
        return "\n".join(told)

    @property
    def is_done(self) -> bool:
        return self.status in TERMINAL

    @property
    def is_being_cancelled(self) -> bool:
        return self.cancel_request is not None

    @property
    def filled_amount(self) -> Decimal:
        """Sum of the confirmed fills."""
        return EXACT.subtract(self.accounted_amount, self.executed_before)

    @property
    def executed_amount(self) -> Decimal:
        """By fills or by VALR's running total, whichever is more."""
        accounted, reported = self.accounted_amount, self.reported_executed
        return accounted if accounted >= reported else reported  # noqa: FURB136  max() takes 3 times as long

    @property
    def remaining_amount(self) -> Decimal | None:
        return None if self.amount is None else EXACT.subtract(self.amount, self.executed_amount)

    @property
    def fills(self) -> Sequence[Fill]:
        return tuple(self.fills_by_id.values())

    @property
    def has_all_fills(self) -> bool:
        return has_all_fills(self)

    @property
    def average_price(self) -> Decimal | None:
        if not self.filled_amount:
            return None
        notional = ZERO
        for fill in self.fills_by_id.values():
            notional = EXACT.fma(fill.price, fill.amount, notional)
        return notional / self.filled_amount

    @property
    def fees(self) -> Mapping[str, Decimal]:
        totals: dict[str, Decimal] = {}
        for fill in self.fills_by_id.values():
            if fill.fee is not None:
                totals[fill.fee.currency] = EXACT.add(totals.get(fill.fee.currency, ZERO), fill.fee.amount)
        return totals


def _terms(order: OrderRecord) -> str:
    if not order.amount and order.quote_amount is not None:
        return f"{order.side.value} {order.pair} for {order.quote_amount}"
    price = "" if order.price is None else f" at {order.price}"
    return f"{order.side.value} {order.amount} {order.pair}{price}"


def has_all_fills(order: OrderRecord) -> bool:
    """Whether the confirmed fills add up to the executed amount, each with its fee.

    A function, for a property takes twice as long to ask, and each piece of evidence asks it.
    """
    if order.fees_missing or (order.status is _FILLED and not order.fills_by_id):
        return False
    return order.accounted_amount >= order.reported_executed
