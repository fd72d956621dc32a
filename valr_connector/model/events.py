"""Everything a subscriber can be told. Events are facts at a moment; they never change afterwards.

An order's events come in this order: at most one `OrderCreated`, before anything that happens to it; any
number of `OrderUpdated` and `OrderFilled`; exactly one of `OrderCompleted`, `OrderCancelled`,
`OrderExpired`, `OrderFailed`. After that only a late `OrderFilled`, a `FillAmended`, an `OrderCorrected`
(VALR itself ended it otherwise than first said) or an `OrderRevived` can follow. `PlacementUnknown`,
`CancelRefused`, `CancelUnknown`, `ModifyConfirmed`, `ModifyRefused` and `ModifyUnknown` are about our
requests; they can come at any time before the end.
`Restored` comes before all others of an order in a process that took it over from an earlier one, and
`OrderAdopted` before all others of an order that was placed elsewhere. A `ZombieOrder` can come at any time
after the end.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from msgspec import Struct

from valr_connector.model.account import Balance
from valr_connector.model.enums import (
    BookFeed,
    CircuitPath,
    CircuitState,
    MarketFeed,
    OrderStatus,
    SessionState,
    Socket,
    UntrackedPolicy,
    ZombieHandling,
)
from valr_connector.model.ids import ClientOrderId, ExchangeOrderId, Pair, Symbol
from valr_connector.model.market import Candle, MarketSummary, PairInfo, PriceLevel, PublicTrade
from valr_connector.model.order import Fill, InFlightOrder


class Event(Struct, frozen=True, gc=False):
    """Root of all events; subscribe to it to get every one."""


class OrderEvent(Event, frozen=True, gc=False):
    """Something about one order placed here.

    Attributes:
        order: the order itself, showing its present state.
        at: VALR's time of what happened, UTC; None where VALR gave none.
    """

    order: InFlightOrder
    at: datetime | None


class Restored(OrderEvent, frozen=True, gc=False):
    """An order of an earlier process is back from the order journal, as it was known there.

    The fills it has by then are in `order.fills` and are not told again, nor are its creation and its ending
    where `status` shows that they were known. What happened meanwhile follows as ordinary events.

    Attributes:
        status, executed_amount: as the earlier process knew them.
    """

    status: OrderStatus
    executed_amount: Decimal


class OrderCreated(OrderEvent, frozen=True, gc=False):
    """VALR has the order: it rests, or began to execute."""

    exchange_order_id: ExchangeOrderId | None


class OrderUpdated(OrderEvent, frozen=True, gc=False):
    """An open order changed: executed more, or got another price or size.

    Attributes:
        executed_amount: base currency executed so far.
        price: limit price now.
        amount: size now, base currency.
    """

    status: OrderStatus
    executed_amount: Decimal
    price: Decimal | None
    amount: Decimal | None


class OrderFilled(OrderEvent, frozen=True, gc=False):
    """One fill, told once.

    Attributes:
        fill: price, amount, and the fee as far as VALR has said it.
        executed_amount: base currency executed so far.
        is_late: the order had already ended here when the fill became known.
    """

    fill: Fill
    executed_amount: Decimal
    is_late: bool


class FillAmended(OrderEvent, frozen=True, gc=False):
    """VALR's trade record completed a fill told before: its fee or its maker side is known now."""

    fill: Fill


class OrderCompleted(OrderEvent, frozen=True, gc=False):
    """Executed in full. Fills not told yet follow as late `OrderFilled`."""

    executed_amount: Decimal


class OrderCancelled(OrderEvent, frozen=True, gc=False):
    """VALR cancelled it, by our request or otherwise."""

    executed_amount: Decimal
    reason: str


class OrderExpired(OrderEvent, frozen=True, gc=False):
    """VALR let it expire."""

    executed_amount: Decimal


class OrderFailed(OrderEvent, frozen=True, gc=False):
    """It never rested: refused, or it could not execute. `reason` is VALR's own text."""

    reason: str


class OrderCorrected(OrderEvent, frozen=True, gc=False):
    """VALR's record ends the order otherwise than an earlier message did."""

    before: OrderStatus
    after: OrderStatus


class OrderRevived(OrderEvent, frozen=True, gc=False):
    """Newer evidence shows an order open that had ended here; it is under control again."""

    before: OrderStatus
    after: OrderStatus


class OrderAdopted(OrderEvent, frozen=True, gc=False):
    """An open order that was placed elsewhere is tracked from now on, as VALR lists it.

    What it executed before is in `executed_amount` and in none of its fills; its creation is not told.
    """

    status: OrderStatus
    executed_amount: Decimal


class ZombieOrder(OrderEvent, frozen=True, gc=False):
    """VALR shows an order open that has ended here.

    Attributes:
        handling: what is done about it, or what came of that.
        attempt: how often VALR was asked to cancel it again, this time included.
    """

    handling: ZombieHandling
    attempt: int


class PlacementUnknown(OrderEvent, frozen=True, gc=False):
    """Whether VALR has the order is not known; it stays tracked and is being probed."""

    cause: str


class CancelRefused(OrderEvent, frozen=True, gc=False):
    """VALR refused to cancel. It does not say whether the order still lives; it is being probed."""

    reason: str


class CancelUnknown(OrderEvent, frozen=True, gc=False):
    """No outcome of a cancel arrived in time; the order is being probed."""

    attempt: int


class ModifyConfirmed(OrderEvent, frozen=True, gc=False):
    """VALR modified it. An `OrderUpdated` tells price and amount, before this or after it."""

    attempt: int


class ModifyRefused(OrderEvent, frozen=True, gc=False):
    """VALR did not modify it, and may have cancelled it as the strategy demands; it is being probed.

    `reason` is VALR's own text, empty where it gave none (protocol 15.8).
    """

    reason: str


class ModifyUnknown(OrderEvent, frozen=True, gc=False):
    """No outcome of a modify arrived in time; the order is being probed."""

    attempt: int


class UntrackedOrder(Event, frozen=True, gc=False):
    """An open order of the account that was not placed through this instance. Told once per order.

    Attributes:
        handling: what is done about it. Where it is tracked from now on, an `OrderAdopted` follows.
    """

    exchange_order_id: ExchangeOrderId
    client_order_id: ClientOrderId | None
    symbol: Symbol
    side: str
    price: Decimal | None
    remaining_amount: Decimal | None
    handling: UntrackedPolicy = UntrackedPolicy.REPORT


class CancelOnDisconnectChanged(Event, frozen=True, gc=False):
    """Whether VALR will cancel all open orders of the account when the account socket is lost.

    Attributes:
        is_armed: VALR has confirmed it for the present connection.
        why_not: why it is not armed, empty where it is.
    """

    is_armed: bool
    why_not: str = ""


class BalanceChanged(Event, frozen=True, gc=False):
    """One wallet's new state."""

    balance: Balance


class TopOfBookChanged(Event, frozen=True, gc=False):
    """Best prices of one pair; None where that side is empty."""

    pair: Pair
    bid: PriceLevel | None
    ask: PriceLevel | None


class BookChanged(Event, frozen=True, gc=False):
    """A frame changed the pair's book, at whatever depth. A `TopOfBookChanged` came before where it applies.

    Attributes:
        sequence: VALR's number of the new state; None where the feed has none.
    """

    pair: Pair
    sequence: int | None


class BookInvalidated(Event, frozen=True, gc=False):
    """The pair's book may not be used until the next `TopOfBookChanged`."""

    pair: Pair
    cause: str


class BookResynced(Event, frozen=True, gc=False):
    """The pair's book is valid again, from a new snapshot. A `TopOfBookChanged` came before.

    Attributes:
        cause: why it had become invalid.
        invalid_ns: for how long it could not be used.
    """

    pair: Pair
    cause: str
    invalid_ns: int


class TradingRulesChanged(Event, frozen=True, gc=False):
    """VALR changed a pair's rules. `before` is None for a new pair."""

    pair: Pair
    before: PairInfo | None
    after: PairInfo


class MarketTraded(Event, frozen=True, gc=False):
    """Somebody traded. Told once for each id that VALR sent (`MarketFeed.TRADES`)."""

    trade: PublicTrade


class MarketSummaryChanged(Event, frozen=True, gc=False):
    """A pair's best prices or its figures of the day changed (`MarketFeed.SUMMARY`)."""

    summary: MarketSummary


class CandleClosed(Event, frozen=True, gc=False):
    """A minute is over (`MarketFeed.CANDLES`)."""

    candle: Candle


class MarkPriceChanged(Event, frozen=True, gc=False):
    """The mark price, quote per base; None where VALR has none (`MarketFeed.MARK_PRICE`)."""

    pair: Pair
    price: Decimal | None


class AllowedOrderTypesChanged(Event, frozen=True, gc=False):
    """The pair takes these order types from now on, in VALR's words (`MarketFeed.ORDER_TYPES`).

    The trading rules have them already; a `TradingRulesChanged` follows where that changed them.
    """

    pair: Pair
    order_types: tuple[str, ...]


class FundingSettled(Event, frozen=True, gc=False):
    """Funding of a perpetual was settled: balances move without a trade (`MarketFeed.FUNDING_RUNS`)."""

    pair: Pair


class PnlSettled(Event, frozen=True, gc=False):
    """Profit and loss of a perpetual were settled at a price (`MarketFeed.PNL_RUNS`)."""

    pair: Pair
    price: Decimal | None


class SubscriptionRefused(Event, frozen=True, gc=False):
    """VALR refuses one event of one pair; it is not asked for again. Other subscriptions are untouched.

    Attributes:
        feed: what was subscribed.
        reason: VALR's own text.
    """

    feed: MarketFeed | BookFeed
    pair: Pair
    reason: str


class AccountActivity(Event, frozen=True, gc=False):
    """Something about the account other than orders, fills and balances.

    Deposits, withdrawals, transactions, positions, leverage, margin, conditional orders, instant orders.

    Attributes:
        kind: VALR's frame type, for example ``OPEN_POSITION_UPDATE``.
        data: the frame's validated payload (`valr_connector.protocol`), one type per kind.
    """

    kind: str
    data: Any


class ConnectionChanged(Event, frozen=True, gc=False):
    """The connection of one socket changed its state.

    Attributes:
        epoch: counts the connections of this socket, from 1.
        cause: why, in words; empty for an ordinary step forward.
    """

    socket: Socket
    before: SessionState
    after: SessionState
    epoch: int
    cause: str


class CircuitChanged(Event, frozen=True, gc=False):
    """The circuit breaker of one way to VALR opened, lets a trial go, or closed.

    Attributes:
        cause: why, in words.
    """

    path: CircuitPath
    before: CircuitState
    after: CircuitState
    cause: str


class ClockDrifted(Event, frozen=True, gc=False):
    """VALR's clock is somewhere else than it was said to be; signatures are corrected by it already.

    Attributes:
        offset_s: VALR's time minus this machine's, seconds.
        before_s: what it was taken for so far; 0 before the first measurement.
    """

    offset_s: float
    before_s: float


class PartRestarted(Event, frozen=True, gc=False):
    """A part of the connector failed in a way that nobody foresaw, and was started again.

    Attributes:
        part: which.
        cause: the error, in words.
        restarts: how often that happened to it lately; too often, and everything stops.
    """

    part: str
    cause: str
    restarts: int


class ReadinessChanged(Event, frozen=True, gc=False):
    """Whether everything needed to trade is in place, and what is not."""

    ready: bool
    missing: tuple[str, ...]


class FrameRefused(Event, frozen=True, gc=False):
    """VALR sent something that does not fit the protocol; it was counted and left out."""

    socket: Socket
    kind: str
    problem: str


class UnknownFrameReceived(Event, frozen=True, gc=False):
    """VALR sent a type of frame that nobody knows; told once per type."""

    socket: Socket
    kind: str


class UnrecognisedStatus(Event, frozen=True, gc=False):
    """VALR wrote an order status that nobody knows; it changed nothing. Told once per text."""

    text: str
