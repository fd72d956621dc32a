"""What evidence does to our requests (placing, cancelling, modifying), which ride beside the status.

Part of `core.lifecycle`, and called only from there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from msgspec import structs

from valr_connector.core.evidence import Evidence, Says, Source
from valr_connector.core.order_record import OrderRecord
from valr_connector.model.enums import OrderStatus, Placement
from valr_connector.model.events import (
    CancelRefused,
    CancelUnknown,
    ModifyConfirmed,
    ModifyRefused,
    ModifyUnknown,
    OrderEvent,
    PlacementUnknown,
)
from valr_connector.model.order import CancelRequest, ModifyRequest

# CPython 3.11 takes 0.1 us to find a member in its class, and these are needed with each placement.
_PENDING, _UNSENT, _SENT, _ACCEPTED, _UNKNOWN = (
    OrderStatus.PENDING_CREATE,
    Placement.UNSENT,
    Placement.SENT,
    Placement.ACCEPTED,
    Placement.UNKNOWN,
)


def _note_sent(order: OrderRecord, _evidence: Evidence, now: int, _events: list[OrderEvent]) -> None:
    order.sent_at = now
    order.times_sent += 1
    if order.placement is _UNSENT:
        order.placement = _SENT


def _note_resent(order: OrderRecord, _evidence: Evidence, now: int, _events: list[OrderEvent]) -> None:
    order.sent_at = now


def _note_accepted(order: OrderRecord, _evidence: Evidence, _now: int, _events: list[OrderEvent]) -> None:
    if order.status is _PENDING and order.placement is not _UNKNOWN:  # a late receipt is no outcome
        order.placement = _ACCEPTED


def _note_placement_unknown(
    order: OrderRecord, evidence: Evidence, now: int, events: list[OrderEvent]
) -> None:
    if order.placement is Placement.UNSENT:
        order.sent_at = now  # if it went at all, it went just now
        order.times_sent += 1
    if order.status is OrderStatus.PENDING_CREATE and order.placement is not Placement.UNKNOWN:
        order.placement = Placement.UNKNOWN
        events.append(PlacementUnknown(order, evidence.at, evidence.reason))


def _note_cancel_sent(order: OrderRecord, _evidence: Evidence, now: int, _events: list[OrderEvent]) -> None:
    if not order.is_done:
        order.cancel_attempts += 1
        order.cancel_request = CancelRequest(order.cancel_attempts, now)


def _note_cancel_received(
    order: OrderRecord, _evidence: Evidence, _now: int, _events: list[OrderEvent]
) -> None:
    if order.cancel_request is not None:
        order.cancel_request = structs.replace(order.cancel_request, received=True)


def _note_cancel_refused(order: OrderRecord, evidence: Evidence, _now: int, events: list[OrderEvent]) -> None:
    if order.cancel_request is not None:
        order.cancel_request = None
        events.append(CancelRefused(order, evidence.at, evidence.reason))


def _note_cancel_unknown(order: OrderRecord, evidence: Evidence, _now: int, events: list[OrderEvent]) -> None:
    order.cancel_request = None
    events.append(CancelUnknown(order, evidence.at, order.cancel_attempts))


def _note_modify_sent(order: OrderRecord, _evidence: Evidence, now: int, _events: list[OrderEvent]) -> None:
    if not order.is_done:
        order.was_modified = True
        order.modify_attempts += 1
        order.modify_request = ModifyRequest(order.modify_attempts, now)
        order.modify_verdict = None
        order.early_outcomes = ()


def _note_modify_received(
    order: OrderRecord, evidence: Evidence, _now: int, events: list[OrderEvent]
) -> None:
    request = _modify_meant(order, evidence)
    if request is None:
        return
    request = structs.replace(request, received=True, request_id=evidence.request_id)
    order.modify_request = request
    early = next((outcome for outcome in order.early_outcomes if _is_outcome_of(request, outcome)), None)
    if early is not None:
        _settle_modify(order, request, early, events)


def _note_modify_outcome(order: OrderRecord, evidence: Evidence, _now: int, events: list[OrderEvent]) -> None:
    request = _modify_meant(order, evidence)
    if request is None:
        return
    if _is_outcome_of(request, evidence):
        _settle_modify(order, request, evidence, events)
    elif not request.received:
        order.early_outcomes += (evidence,)


def _modify_meant(order: OrderRecord, evidence: Evidence) -> ModifyRequest | None:
    """The standing request, unless this answers one that was sent before it."""
    request, asked_at = order.modify_request, evidence.asked_at
    is_earlier = request is not None and asked_at is not None and asked_at < request.since
    return None if is_earlier else request


def _is_outcome_of(request: ModifyRequest, evidence: Evidence) -> bool:
    """Whether an outcome is that of the standing request, not of another one, perhaps somebody else's.

    VALR's stream names the request by an id of VALR's, which is known here from the receipt on.
    """
    if evidence.source is not Source.STREAM or evidence.request_id is None:
        return True
    return request.received and request.request_id in (None, evidence.request_id)


def _settle_modify(
    order: OrderRecord, request: ModifyRequest, evidence: Evidence, events: list[OrderEvent]
) -> None:
    order.modify_request = None
    order.modify_verdict = evidence.says
    if evidence.says is Says.MODIFY_CONFIRMED:
        events.append(ModifyConfirmed(order, evidence.at, request.attempt))
    elif evidence.says is Says.MODIFY_REFUSED:
        events.append(ModifyRefused(order, evidence.at, evidence.reason))
    else:
        events.append(ModifyUnknown(order, evidence.at, request.attempt))


RequestNote = Callable[[OrderRecord, Evidence, int, list[OrderEvent]], None]
"""Notes what evidence says about a request at a time of the monotonic clock, and what there is to tell."""

REQUEST_NOTES: Mapping[Says, RequestNote] = {
    Says.SENT: _note_sent,
    Says.RESENT: _note_resent,
    Says.ACCEPTED: _note_accepted,
    Says.PLACEMENT_UNKNOWN: _note_placement_unknown,
    Says.CANCEL_SENT: _note_cancel_sent,
    Says.MODIFY_SENT: _note_modify_sent,
    Says.MODIFY_RECEIVED: _note_modify_received,
    Says.MODIFY_CONFIRMED: _note_modify_outcome,
    Says.MODIFY_REFUSED: _note_modify_outcome,
    Says.MODIFY_UNKNOWN: _note_modify_outcome,
    Says.CANCEL_RECEIVED: _note_cancel_received,
    Says.CANCEL_REFUSED: _note_cancel_refused,
    Says.CANCEL_UNKNOWN: _note_cancel_unknown,
}
