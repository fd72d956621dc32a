"""A request to cancel rides beside the status, has one outcome, and always comes to one."""

from __future__ import annotations

import pytest

from tests.unit.core.builders import NOW, OPEN_STATUSES, asks, names, order_in, said, step, tell
from valr_connector.core.evidence import Says, Source
from valr_connector.core.lifecycle import AskReason
from valr_connector.core.order_record import OrderRecord
from valr_connector.model.enums import OrderStatus
from valr_connector.model.events import CancelRefused, CancelUnknown, OrderCancelled
from valr_connector.model.order import CancelRequest

PENDING, OPEN, PARTIAL = OPEN_STATUSES


def being_cancelled(status: OrderStatus = OPEN) -> OrderRecord:
    order = order_in(status)
    tell(order, step(Says.CANCEL_SENT))
    return order


def test_a_request_to_cancel_says_which_attempt_it_is_and_since_when_it_stands() -> None:
    order = order_in(OPEN)
    tell(order, step(Says.CANCEL_SENT), now=NOW + 1)
    assert order.cancel_request == CancelRequest(attempt=1, since=NOW + 1)
    tell(order, step(Says.CANCEL_SENT), now=NOW + 2)
    assert order.cancel_request == CancelRequest(attempt=2, since=NOW + 2)


def test_a_receipt_is_noted_and_is_no_cancellation() -> None:
    order = being_cancelled()
    assert tell(order, said(Says.CANCEL_RECEIVED, source=Source.REPLY)) == []
    assert order.status is OPEN
    assert order.cancel_request == CancelRequest(attempt=1, since=NOW, received=True)


def test_a_receipt_for_no_request_changes_nothing() -> None:
    order = order_in(OPEN)
    tell(order, said(Says.CANCEL_RECEIVED, source=Source.REPLY))
    assert order.cancel_request is None


def test_a_confirmed_cancel_ends_the_order() -> None:
    order = being_cancelled()
    confirmed = said(Says.CANCEL_CONFIRMED, source=Source.REPLY, reason="cancelled on request")
    assert tell(order, confirmed) == [
        OrderCancelled(order, None, order.executed_amount, "cancelled on request")
    ]
    assert order.status is OrderStatus.CANCELLED


def test_a_confirmed_cancel_is_asked_how_much_was_executed_before_it() -> None:
    order = being_cancelled()
    confirmed = said(Says.CANCEL_CONFIRMED, source=Source.REPLY)
    assert asks(order, confirmed) is AskReason.AMOUNT_UNCONFIRMED
    answer = said(Says.CANCELLED, source=Source.QUERY, at_second=3, original="1", remaining="0.7")
    assert asks(order, answer) is AskReason.MISSING_FILLS


def test_an_order_cancelled_before_anything_was_heard_of_it_was_created_first() -> None:
    order = being_cancelled(PENDING)
    assert names(tell(order, said(Says.CANCELLED, at_second=1))) == ["OrderCreated", "OrderCancelled"]


def test_an_order_cancelled_without_our_request_is_told_just_the_same() -> None:
    assert names(tell(order_in(OPEN), said(Says.CANCELLED, at_second=2))) == ["OrderCancelled"]


def test_a_refused_cancel_says_nothing_of_the_order_and_is_asked_about() -> None:
    order = being_cancelled()
    refused = said(Says.CANCEL_REFUSED, reason="Order not found or already filled")
    assert asks(order, refused) is AskReason.CANCEL_REFUSED
    assert (order.status, order.is_being_cancelled) == (OPEN, False)


def test_a_cancel_refused_twice_is_told_once() -> None:
    order = being_cancelled()
    refused = said(Says.CANCEL_REFUSED, reason="no such order")
    assert tell(order, refused, refused) == [CancelRefused(order, None, "no such order")]


def test_a_refusal_of_a_cancel_that_is_not_ours_is_asked_about_and_not_told() -> None:
    order = order_in(OPEN)
    assert asks(order, said(Says.CANCEL_REFUSED)) is AskReason.CANCEL_REFUSED
    assert tell(order, said(Says.CANCEL_REFUSED)) == []


def test_a_cancel_without_an_outcome_is_told_with_its_attempt_and_asked_about() -> None:
    order = order_in(OPEN)
    tell(order, step(Says.CANCEL_SENT), step(Says.CANCEL_SENT))
    assert asks(order, step(Says.CANCEL_UNKNOWN)) is AskReason.CANCEL_UNCONFIRMED
    assert (order.status, order.is_being_cancelled) == (OPEN, False)


def test_a_cancel_is_given_up_once() -> None:
    order = being_cancelled()
    assert tell(order, step(Says.CANCEL_UNKNOWN)) == [CancelUnknown(order, None, 1)]
    assert tell(order, step(Says.CANCEL_UNKNOWN)) == []
    assert asks(order, step(Says.CANCEL_UNKNOWN)) is None


def test_a_new_request_can_follow_one_that_was_refused() -> None:
    order = being_cancelled()
    tell(order, said(Says.CANCEL_REFUSED), step(Says.CANCEL_SENT))
    assert order.cancel_request == CancelRequest(attempt=2, since=NOW)


def test_an_order_that_is_filled_instead_is_no_longer_being_cancelled() -> None:
    order = being_cancelled()
    events = tell(order, said(Says.FILLED, at_second=3, original="1", remaining="0"))
    assert names(events) == ["OrderCompleted"]
    assert order.cancel_request is None


@pytest.mark.parametrize("status", [OrderStatus.CANCELLED, OrderStatus.EXPIRED, OrderStatus.FAILED])
def test_a_confirmed_cancel_of_an_order_that_is_gone_anyway_is_not_worth_a_question(
    status: OrderStatus,
) -> None:
    assert asks(order_in(status), said(Says.CANCEL_CONFIRMED, source=Source.REPLY)) is None


def test_a_confirmed_cancel_of_a_filled_order_is_a_contradiction() -> None:
    order = order_in(OrderStatus.FILLED)
    assert asks(order, said(Says.CANCEL_CONFIRMED, source=Source.REPLY)) is AskReason.CONTRADICTION
