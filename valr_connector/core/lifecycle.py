"""The order automaton: what every kind of evidence does to an order in every status.

Theory
------
Two things are kept apart. The *status* is VALR's truth about the order; only VALR's word moves it. A
*request* (placing, cancelling) is ours; it rides beside the status and says where our wish stands.

* Receipts and our own steps change requests only.
* Every report may raise the executed amount and never lowers it, in whatever order reports arrive.
  Whether an open order is OPEN or PARTIALLY_FILLED follows from that amount, not from the last text
  that was read, so old reports are harmless.
* Fills count once, by their id, in every status. When they add up to the whole size of an order that
  was never modified, it is FILLED, whether or not a status text said so.
* Terminal statuses absorb. Three things still get through, and each is told by its own event: a late
  fill (`OrderFilled.is_late`), a different ending on VALR's own record (`OrderCorrected`), and an
  answer about this very order, newer than its ending, that shows it open (`OrderRevived`).
* Whatever cannot be decided from what was said is *asked*: `apply` returns a reason to probe the order.
  Absence, a refused cancel, an unrecognised status and contradictions are such reasons, never verdicts.
* A cancellation or expiry that VALR's stream alone tells, that nobody here asked for and the order's own
  terms do not bring about, holds and stays in doubt until an answer confirms it. The tracker asks once: were
  it false, nothing else might ever say so.

A modify changes size and price under the same id. Once the size may have changed, `original - remaining`
no longer gives the executed amount (protocol 15.5), nor do fills that add up to the size we know make the
order FILLED: the amount comes from fills alone, and the ending from VALR's word alone.

The table has a move for each `Says` and each status; a test walks all of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import IntEnum

from valr_connector.core.evidence import Evidence, Says, Source
from valr_connector.core.executions import count_fill, note_amounts, tell_created
from valr_connector.core.order_record import ZERO, OrderRecord, has_all_fills
from valr_connector.core.request_notes import REQUEST_NOTES
from valr_connector.model.enums import TERMINAL, OrderStatus, Placement, TimeInForce
from valr_connector.model.events import (
    OrderCancelled,
    OrderCompleted,
    OrderCorrected,
    OrderEvent,
    OrderExpired,
    OrderFailed,
    OrderRevived,
    OrderUpdated,
)
from valr_connector.model.ids import ExchangeOrderId
from valr_connector.model.numbers import EXACT


class AskReason(IntEnum):
    """Why an order has to be asked about."""

    PLACEMENT_UNCONFIRMED = 1
    CANCEL_UNCONFIRMED = 2
    CANCEL_REFUSED = 3
    MODIFY_SETTLED = 4
    ABSENT = 5
    CONTRADICTION = 6
    UNRECOGNISED_STATUS = 7
    MISSING_FILLS = 8
    TAKER_STILL_OPEN = 9
    UNATTRIBUTED_FILL = 10
    AMOUNT_UNCONFIRMED = 11
    MODIFY_UNCONFIRMED = 12
    ENDING_IN_DOUBT = 13
    ADOPTED = 14


Applied = tuple[list[OrderEvent], AskReason | None]
"""What evidence did: events to tell, and why the order has to be asked about, if it has."""


class Move(IntEnum):
    """What a piece of evidence does to the status."""

    STAY = 0
    """Nothing; amounts and requests may still change."""
    COUNT = 1
    """An open order (or one to be): derive the status from the executed amount."""
    FILL = 2
    CANCEL = 3
    EXPIRE = 4
    FAIL = 5
    ASK = 6
    """Nothing, and the order has to be asked about."""
    CORRECT = 7
    """Ended already, and this says another ending: VALR's answer about it wins, else ask."""
    REVIVE = 8
    """Ended already, and this shows it open: a newer answer about it wins, newer news asks."""
    CONFIRM = 9
    """Ended already, in this very way: only the time and the reason can become better known."""


# CPython 3.11 takes 0.1 us to find a member in its class, and these are needed with each piece of evidence.
_PENDING, _OPEN, _PARTIAL = OrderStatus.PENDING_CREATE, OrderStatus.OPEN, OrderStatus.PARTIALLY_FILLED
_FILLED, _CANCELLED = OrderStatus.FILLED, OrderStatus.CANCELLED
_EXPIRED, _FAILED = OrderStatus.EXPIRED, OrderStatus.FAILED
_STAY, _COUNT, _CONFIRM = Move.STAY, Move.COUNT, Move.CONFIRM
_SAYS_FILLED, _SAYS_ACCEPTED = Says.FILLED, Says.ACCEPTED
_SAYS_CANCEL_UNKNOWN, _SAYS_CANCEL_CONFIRMED = Says.CANCEL_UNKNOWN, Says.CANCEL_CONFIRMED
_LOCAL, _STREAM, _QUERY = Source.LOCAL, Source.STREAM, Source.QUERY
_MISSING_FILLS, _AMOUNT_UNCONFIRMED = AskReason.MISSING_FILLS, AskReason.AMOUNT_UNCONFIRMED
_CONFIRMED, _GTC = Placement.CONFIRMED, TimeInForce.GTC

# Read it by the row: what this evidence does to an order in each status.
_MOVES = """
                    PENDING_CREATE  OPEN      PARTIALLY_FILLED  FILLED    CANCELLED  EXPIRED   FAILED
SENT                stay            stay      stay              stay      stay       stay      stay
RESENT              stay            stay      stay              stay      stay       stay      stay
NOT_SENT            fail            ask       ask               ask       ask        ask       stay
PLACEMENT_UNKNOWN   ask             stay      stay              stay      stay       stay      stay
PROVED_ABSENT       fail            ask       ask               stay      stay       stay      stay
CANCEL_SENT         stay            stay      stay              stay      stay       stay      stay
CANCEL_UNKNOWN      ask             ask       ask               stay      stay       stay      stay
MODIFY_SENT         stay            stay      stay              stay      stay       stay      stay
MODIFY_UNKNOWN      ask             ask       ask               stay      stay       stay      stay
ACCEPTED            stay            stay      stay              stay      stay       stay      ask
REFUSED             fail            ask       ask               stay      stay       stay      stay
PROCESSED           count           stay      stay              stay      stay       stay      ask
CANCEL_RECEIVED     stay            stay      stay              stay      stay       stay      stay
CANCEL_REFUSED      ask             ask       ask               stay      stay       stay      stay
CANCEL_CONFIRMED    cancel          cancel    cancel            ask       stay       stay      stay
MODIFY_RECEIVED     stay            stay      stay              stay      stay       stay      stay
MODIFY_CONFIRMED    ask             ask       ask               stay      stay       stay      stay
MODIFY_REFUSED      ask             ask       ask               stay      stay       stay      stay
RESTING             count           count     count             revive    revive     revive    revive
PARTIALLY_FILLED    count           count     count             revive    revive     revive    revive
MODIFIED            count           count     count             revive    revive     revive    revive
FILLED              fill            fill      fill              confirm   correct    correct   correct
CANCELLED           cancel          cancel    cancel            correct   confirm    correct   correct
EXPIRED             expire          expire    expire            correct   correct    confirm   correct
FAILED              fail            fail      fail              correct   correct    correct   confirm
UNRECOGNISED        ask             ask       ask               stay      stay       stay      stay
FILL                count           count     count             stay      stay       stay      ask
ABSENT              ask             ask       ask               stay      stay       stay      stay
"""


def _read(table: str) -> Mapping[Says, Mapping[OrderStatus, Move]]:
    header, *rows = table.strip().splitlines()
    statuses = [OrderStatus[name] for name in header.split()]
    moves: dict[Says, Mapping[OrderStatus, Move]] = {}
    for row in rows:
        says, *words = row.split()
        moves[Says[says]] = dict(zip(statuses, (Move[word.upper()] for word in words), strict=True))
    return moves


TABLE = _read(_MOVES)

ENDINGS: Mapping[Move, OrderStatus] = {
    Move.FILL: _FILLED,
    Move.CANCEL: _CANCELLED,
    Move.EXPIRE: _EXPIRED,
    Move.FAIL: _FAILED,
}

ENDING_SAID: Mapping[Says, OrderStatus] = {
    Says.FILLED: _FILLED,
    Says.CANCELLED: _CANCELLED,
    Says.EXPIRED: _EXPIRED,
    Says.FAILED: _FAILED,
}
"""The reports that an order has ended."""

_ASK_REASONS: Mapping[Says, AskReason] = {
    Says.PLACEMENT_UNKNOWN: AskReason.PLACEMENT_UNCONFIRMED,
    Says.CANCEL_UNKNOWN: AskReason.CANCEL_UNCONFIRMED,
    Says.CANCEL_REFUSED: AskReason.CANCEL_REFUSED,
    Says.MODIFY_UNKNOWN: AskReason.MODIFY_SETTLED,
    Says.MODIFY_CONFIRMED: AskReason.MODIFY_SETTLED,
    Says.MODIFY_REFUSED: AskReason.MODIFY_SETTLED,
    Says.ABSENT: AskReason.ABSENT,
    Says.UNRECOGNISED: AskReason.UNRECOGNISED_STATUS,
}


def apply(order: OrderRecord, evidence: Evidence, now: int) -> Applied:
    """Bring `order` up to what `evidence` says; `now` in nanoseconds of the monotonic clock.

    Total: any evidence in any status gives an outcome, and applying it again changes nothing more.
    """
    says, trade = evidence.says, evidence.trade
    events: list[OrderEvent] = []
    note = REQUEST_NOTES.get(says)
    if note is not None and _has_outcome(order, says):
        return events, None
    if evidence.exchange_order_id is not None and order.exchange_order_id is None:
        order.exchange_order_id = ExchangeOrderId(evidence.exchange_order_id)
    if evidence.source is not _LOCAL and (trade is None or trade.trade_id not in order.fills_by_id):
        order.last_heard = now  # a fill that is counted says nothing new: each look at the history repeats it
    if note is not None:
        note(order, evidence, now, events)
    changed = (evidence.original is not None or says is _SAYS_FILLED) and note_amounts(order, evidence)
    if trade is not None:
        count_fill(order, evidence, trade, events)
    ask = _move(order, evidence, changed, now, events)
    at = evidence.at
    if at is not None and ((updated_at := order.updated_at) is None or at > updated_at):
        order.updated_at = at
    return events, ask


def _has_outcome(order: OrderRecord, says: Says) -> bool:
    """Whether the request is settled that a CANCEL_UNKNOWN or ACCEPTED is about: then it is no news.

    Without an id, the failure was concluded here or is of another attempt; the receipt contradicts it.
    """
    if says is _SAYS_CANCEL_UNKNOWN:
        return order.cancel_request is None
    return says is _SAYS_ACCEPTED and order.status is _FAILED and order.exchange_order_id is not None


def _move(
    order: OrderRecord, evidence: Evidence, changed: bool, now: int, events: list[OrderEvent]
) -> AskReason | None:
    status, accounted, ask = order.status, order.accounted_amount, None
    move = TABLE[evidence.says][status]
    if move is _CONFIRM:
        _confirm_ending(order, evidence)
    elif accounted and (amount := order.amount) and accounted >= amount and not order.was_modified:
        if status is not _FILLED:
            _end(order, evidence, _FILLED, now, events)
    elif move is _COUNT:
        ask = _count(order, evidence, changed, events)
    elif move is not _STAY:
        ask = _decide(order, evidence, move, now, events)
    if ask is not None:
        return ask
    if not has_all_fills(order):
        return _MISSING_FILLS
    if order.was_modified and _hints_at_a_fill(order, evidence):
        return AskReason.UNATTRIBUTED_FILL
    return None


def _decide(
    order: OrderRecord, evidence: Evidence, move: Move, now: int, events: list[OrderEvent]
) -> AskReason | None:
    """What ends an order, contradicts its ending, or has to be asked."""
    ending = ENDINGS.get(move)
    if ending is not None:
        _end(order, evidence, ending, now, events)
        # A confirmed cancel does not say how much was executed before.
        return _AMOUNT_UNCONFIRMED if evidence.says is _SAYS_CANCEL_CONFIRMED else None
    if move is Move.CORRECT:
        return _correct(order, evidence, now, events)
    if move is Move.REVIVE:
        return _revive(order, evidence, events)
    return _ASK_REASONS.get(evidence.says, AskReason.CONTRADICTION)


def _count(
    order: OrderRecord, evidence: Evidence, changed: bool, events: list[OrderEvent]
) -> AskReason | None:
    before, accounted, reported = order.status, order.accounted_amount, order.reported_executed
    executed = accounted if accounted > reported else reported  # noqa: FURB136  max() takes 3 times as long
    order.status = status = _PARTIAL if executed else _OPEN
    order.placement = _CONFIRMED
    if not order.was_created:
        tell_created(order, evidence, events)
    if before is not _PENDING and (changed or status is not before):
        events.append(OrderUpdated(order, evidence.at, status, executed, order.price, order.amount))
    return None if order.time_in_force is _GTC else AskReason.TAKER_STILL_OPEN


def _end(
    order: OrderRecord, evidence: Evidence, ending: OrderStatus, now: int, events: list[OrderEvent]
) -> None:
    before, order.status = order.status, ending
    order.cancel_request = order.modify_request = None
    order.done_at = now
    order.ending_in_doubt = evidence.source is _STREAM and _is_unexplained(order)
    _date_ending(order, evidence, now)
    order.placement = _CONFIRMED
    order.failure_reason = ""
    if ending is _FAILED:
        order.placement = Placement.REFUSED
        order.failure_reason = evidence.reason
        order.was_created = True
    elif not order.was_created:
        tell_created(order, evidence, events)
    if before in TERMINAL:
        events.append(OrderCorrected(order, evidence.at, before, ending))
    elif ending is _FILLED:
        events.append(OrderCompleted(order, evidence.at, order.executed_amount))
    elif ending is _CANCELLED:
        events.append(OrderCancelled(order, evidence.at, order.executed_amount, evidence.reason))
    elif ending is _EXPIRED:
        events.append(OrderExpired(order, evidence.at, order.executed_amount))
    else:
        events.append(OrderFailed(order, evidence.at, evidence.reason))


def _is_unexplained(order: OrderRecord) -> bool:
    """Whether it was cancelled or expired, though nobody here asked for it, nor do its own terms."""
    is_cut_short = order.status is _CANCELLED or order.status is _EXPIRED
    return is_cut_short and not order.cancel_attempts and order.time_in_force is _GTC


def _date_ending(order: OrderRecord, evidence: Evidence, now: int) -> None:
    order.ended_undated_at = now
    if order.status is _FILLED and evidence.says is not _SAYS_FILLED:
        # Fills that add up are our own conclusion: a modify that made the order larger may be under way.
        order.ended_at = None
    elif evidence.at is None:
        order.ended_at = order.updated_at
    else:
        order.ended_at, order.ended_undated_at = evidence.at, None


def _confirm_ending(order: OrderRecord, evidence: Evidence) -> None:
    if evidence.at is not None:
        order.ended_at = evidence.at if order.ended_at is None else max(order.ended_at, evidence.at)
        order.ended_undated_at = None
    if evidence.source is _QUERY:
        order.ending_in_doubt = False
    if order.status is _FAILED and not order.failure_reason:
        order.failure_reason = evidence.reason


def _correct(order: OrderRecord, evidence: Evidence, now: int, events: list[OrderEvent]) -> AskReason | None:
    if evidence.source is not _QUERY:
        return AskReason.CONTRADICTION
    _end(order, evidence, ENDING_SAID[evidence.says], now, events)
    return None


def _revive(order: OrderRecord, evidence: Evidence, events: list[OrderEvent]) -> AskReason | None:
    if order.ended_at is not None and (evidence.at is None or evidence.at <= order.ended_at):
        return None  # old news of the status, yet it may tell of an execution
    if evidence.source is not _QUERY or _was_asked_before_it_ended(order, evidence):
        return AskReason.CONTRADICTION
    before = order.status
    order.status = _PARTIAL if order.executed_amount > ZERO else _OPEN
    order.placement = _CONFIRMED
    order.ended_at = order.ended_undated_at = None
    order.ending_in_doubt = False
    order.failure_reason = ""
    events.append(OrderRevived(order, evidence.at, before, order.status))
    return None


def _was_asked_before_it_ended(order: OrderRecord, evidence: Evidence) -> bool:
    """Whether the answer was under way when an ending without VALR's time became known."""
    return (
        order.ended_undated_at is not None
        and evidence.asked_at is not None
        and evidence.asked_at <= order.ended_undated_at
    )


def _hints_at_a_fill(order: OrderRecord, evidence: Evidence) -> bool:
    """Whether a modified order may have a fill that nobody told: a reason to look, and no amount."""
    if evidence.original is None or evidence.remaining is None:
        return False
    return EXACT.subtract(evidence.original, evidence.remaining) > order.accounted_amount
