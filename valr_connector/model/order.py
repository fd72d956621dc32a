"""Orders, fills and fees as users see them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from msgspec import Struct

from valr_connector.model.enums import Liquidity, OrderStatus, OrderType, Placement, Side, TimeInForce
from valr_connector.model.ids import ClientOrderId, ExchangeOrderId, Pair, TradeId


class Fee(Struct, frozen=True, gc=False):
    """What one fill cost.

    Attributes:
        currency: code of the currency it was charged in.
        amount: positive where it was paid, negative for a maker reward (protocol 6).
    """

    currency: str
    amount: Decimal


class Fill(Struct, frozen=True, gc=False):
    """One execution of an order.

    Attributes:
        trade_id: VALR's id; a fill is counted once by it.
        price: quote currency per unit of base currency.
        amount: base currency.
        fee: None until VALR has said what it was; never guessed.
        liquidity: UNKNOWN until VALR has said it.
        at: VALR's time of the trade, UTC.
    """

    trade_id: TradeId
    client_order_id: ClientOrderId
    pair: Pair
    side: Side
    price: Decimal
    amount: Decimal
    fee: Fee | None
    liquidity: Liquidity
    at: datetime


class CancelRequest(Struct, frozen=True, gc=False):
    """Our standing request to cancel an order. It says nothing about the order's status.

    Attributes:
        attempt: 1 for the first request.
        since: when it was made, nanoseconds of the monotonic clock.
        received: VALR sent the receipt; a receipt is not a cancellation (protocol 19.3).
    """

    attempt: int
    since: int
    received: bool = False


class ModifyRequest(Struct, frozen=True, gc=False):
    """Our standing request to modify an order. It says nothing about the order's price and amount.

    Attributes:
        attempt: 1 for the first request.
        since: when it was made, nanoseconds of the monotonic clock.
        request_id: VALR's id of it, from the receipt on, if that named one.
        received: whether VALR sent the receipt.
    """

    attempt: int
    since: int
    request_id: str | None = None
    received: bool = False


class InFlightOrder(Protocol):
    """An order placed through this instance, always showing its present state.

    The same object is returned by the placing call, listed among the orders and carried by every
    event about the order. It changes only when VALR has said something, or when a request is made.
    """

    @property
    def client_order_id(self) -> ClientOrderId:
        """Our id, sent to VALR as customerOrderId."""

    @property
    def exchange_order_id(self) -> ExchangeOrderId | None:
        """VALR's id, as soon as any answer or event has named it."""

    @property
    def pair(self) -> Pair:
        """Trading pair, ``BTC-ZAR``."""

    @property
    def side(self) -> Side:
        """BUY or SELL."""

    @property
    def order_type(self) -> OrderType:
        """How it executes."""

    @property
    def time_in_force(self) -> TimeInForce:
        """How long it stands."""

    @property
    def post_only(self) -> bool:
        """Whether it fails rather than take liquidity."""

    @property
    def price(self) -> Decimal | None:
        """Limit price, quote per base; None for a market order."""

    @property
    def amount(self) -> Decimal | None:
        """Size in base currency; None for a market order by quote amount until VALR states it."""

    @property
    def quote_amount(self) -> Decimal | None:
        """Size in quote currency of a market order placed by quote amount."""

    @property
    def stop_price(self) -> Decimal | None:
        """What a stop-limit order waits for, quote per base; None where that is not known."""

    @property
    def status(self) -> OrderStatus:
        """VALR's word on the order."""

    @property
    def placement(self) -> Placement:
        """Where our request to place it stands."""

    @property
    def cancel_request(self) -> CancelRequest | None:
        """Our standing request to cancel it, None when there is none."""

    @property
    def is_being_cancelled(self) -> bool:
        """Whether a request to cancel it stands."""

    @property
    def modify_request(self) -> ModifyRequest | None:
        """Our standing request to modify it, None when there is none."""

    @property
    def is_done(self) -> bool:
        """Whether the status is terminal."""

    @property
    def executed_amount(self) -> Decimal:
        """Base currency executed, by fills or by VALR's running total, whichever is more."""

    @property
    def remaining_amount(self) -> Decimal | None:
        """Base currency not executed yet; None while the amount is not known."""

    @property
    def fills(self) -> Sequence[Fill]:
        """Confirmed fills in the order they became known."""

    @property
    def has_all_fills(self) -> bool:
        """Whether the confirmed fills add up to the executed amount, each with its fee."""

    @property
    def average_price(self) -> Decimal | None:
        """Volume-weighted price of the confirmed fills; None without one."""

    @property
    def fees(self) -> Mapping[str, Decimal]:
        """Fees of the confirmed fills by currency; negative for rewards."""

    @property
    def failure_reason(self) -> str:
        """VALR's own text when it failed, otherwise empty."""

    @property
    def created_at(self) -> int:
        """When it was submitted here, nanoseconds of the monotonic clock."""

    @property
    def updated_at(self) -> datetime | None:
        """VALR's newest time on the order, UTC."""

    def story(self) -> str:
        """What was said and done about it and what that changed, in words, a line each.

        Times are seconds since it was submitted. Of a long story the beginning and the latest part are kept.
        """


class CancelResult(StrEnum):
    """What became of an order that was to be cancelled.

    STILL_OPEN: VALR was asked and says it is open; every attempt was refused or unanswered.
    UNKNOWN: VALR could not be asked; the order stays tracked and is being probed.
    """

    CANCELLED = "CANCELLED"
    FILLED = "FILLED"
    EXPIRED = "EXPIRED"
    FAILED = "FAILED"
    STILL_OPEN = "STILL_OPEN"
    UNKNOWN = "UNKNOWN"


class CancelOutcome(Struct, frozen=True, gc=False):
    """The answer to a request to cancel: confirmed by VALR, or what is known instead."""

    order: InFlightOrder
    result: CancelResult

    @property
    def is_done(self) -> bool:
        """Whether the order can do nothing any more."""
        return self.result not in (CancelResult.STILL_OPEN, CancelResult.UNKNOWN)


class CancelAllReport(Struct, frozen=True, gc=False):
    """What became of all orders that were to be cancelled, as far as VALR said it in time.

    Attributes:
        outcomes: one for each order tracked here, oldest first.
        others_ended: VALR's ids of orders not tracked here that VALR says have ended.
        others_remaining: VALR's ids of those that are open, or of which VALR has not said that they ended.
        is_complete: whether all orders in scope are accounted for: where orders not tracked here are meant as
            well, VALR's list of open orders could be read at the end.
    """

    outcomes: tuple[CancelOutcome, ...]
    others_ended: tuple[ExchangeOrderId, ...] = ()
    others_remaining: tuple[ExchangeOrderId, ...] = ()
    is_complete: bool = True

    @property
    def remaining(self) -> tuple[InFlightOrder, ...]:
        """Orders tracked here that are open or unknown."""
        return tuple(outcome.order for outcome in self.outcomes if not outcome.is_done)

    @property
    def is_clean(self) -> bool:
        """Whether VALR has confirmed that nothing in scope is open."""
        return self.is_complete and not self.remaining and not self.others_remaining


class ModifyResult(StrEnum):
    """What became of an order that was to be modified.

    MODIFIED: VALR changed it, and the order shows the price and amount that it has since.
    REFUSED: VALR refused, was asked, and the order stands.
    NOT_SENT: nothing was sent; the order stands as it was, as far as it is known.
    UNKNOWN: no outcome in time, or VALR could not be asked what came of it; the order stays tracked, and what
        VALR says of it next tells.

    The others are endings: of a fill that came first, or of VALR's cancelling the order as the strategy or
    a total below the executed amount demands.
    """

    MODIFIED = "MODIFIED"
    REFUSED = "REFUSED"
    NOT_SENT = "NOT_SENT"
    CANCELLED = "CANCELLED"
    FILLED = "FILLED"
    EXPIRED = "EXPIRED"
    FAILED = "FAILED"
    UNKNOWN = "UNKNOWN"


class ModifyOutcome(Struct, frozen=True, gc=False):
    """The answer to a request to modify. The order itself shows price and amount as VALR last said them."""

    order: InFlightOrder
    result: ModifyResult


class CloseReport(Struct, frozen=True, gc=False):
    """What closing left behind.

    Attributes:
        remaining: orders that are open or unknown at VALR, as far as could be found out in time. Where VALR's
            list could not be read, that includes those of which its stream alone told an end that nobody here
            had asked for.
        is_verified: VALR's own list of open orders, read after the last cancel, holds no other order of ours.
            False where nothing was to be cancelled, or the list could not be read in time.
    """

    remaining: tuple[InFlightOrder, ...]
    is_verified: bool = False

    @property
    def is_clean(self) -> bool:
        """Whether nothing of ours is open."""
        return not self.remaining
