"""From being tracked to resting, or to never having existed."""

from __future__ import annotations

import pytest

from tests.unit.core.builders import (
    EXCHANGE_ID,
    NOW,
    OPEN_STATUSES,
    asks,
    at,
    fill,
    names,
    new_order,
    order_in,
    said,
    step,
    tell,
)
from valr_connector.core.evidence import Says, Source
from valr_connector.core.guards import SECOND
from valr_connector.core.lifecycle import AskReason
from valr_connector.model.enums import OrderStatus, OrderType, Placement, TimeInForce
from valr_connector.model.events import OrderCreated, OrderFailed, OrderUpdated, PlacementUnknown

PENDING, OPEN, PARTIAL = OPEN_STATUSES


def test_a_tracked_order_is_pending_and_not_sent() -> None:
    order = new_order()
    assert (order.status, order.placement) == (OrderStatus.PENDING_CREATE, Placement.UNSENT)


def test_sending_notes_when() -> None:
    order = new_order()
    assert tell(order, step(Says.SENT), now=NOW + 3) == []
    assert (order.placement, order.sent_at) == (Placement.SENT, NOW + 3)


def test_sending_once_more_moves_the_time_and_not_the_placement() -> None:
    order = new_order()
    tell(order, step(Says.SENT), step(Says.PLACEMENT_UNKNOWN))
    tell(order, step(Says.SENT), now=NOW + SECOND)
    assert (order.placement, order.sent_at) == (Placement.UNKNOWN, NOW + SECOND)


def test_an_accepted_order_has_its_exchange_id_and_is_not_open_yet() -> None:
    order = order_in(PENDING)
    assert tell(order, said(Says.ACCEPTED, source=Source.REPLY, exchange_order_id="ex-1")) == []
    assert order.exchange_order_id == "ex-1"
    assert (order.status, order.placement) == (PENDING, Placement.ACCEPTED)


def test_an_order_that_valr_processed_is_told_as_created_with_its_exchange_id() -> None:
    order = order_in(PENDING)
    events = tell(order, said(Says.PROCESSED, exchange_order_id=EXCHANGE_ID))
    assert events == [OrderCreated(order, None, EXCHANGE_ID)]
    assert (order.status, order.placement) == (OPEN, Placement.CONFIRMED)


def test_a_late_acceptance_does_not_take_back_what_is_confirmed() -> None:
    order = order_in(OPEN)
    tell(order, said(Says.ACCEPTED, source=Source.REPLY))
    assert order.placement is Placement.CONFIRMED


def test_a_placement_without_an_answer_is_unknown_and_asked_about() -> None:
    order = order_in(PENDING)
    unknown = step(Says.PLACEMENT_UNKNOWN, reason="connection lost")
    assert tell(order, unknown) == [PlacementUnknown(order, None, "connection lost")]
    assert (order.status, order.placement) == (PENDING, Placement.UNKNOWN)


def test_a_placement_that_stays_unknown_is_told_once_and_asked_about_again() -> None:
    order = order_in(PENDING)
    tell(order, step(Says.PLACEMENT_UNKNOWN))
    assert asks(order, step(Says.PLACEMENT_UNKNOWN)) is AskReason.PLACEMENT_UNCONFIRMED
    assert tell(order, step(Says.PLACEMENT_UNKNOWN)) == []


def test_an_unknown_placement_stays_unknown_when_its_receipt_comes_late() -> None:
    order = order_in(PENDING)
    receipt = said(Says.ACCEPTED, source=Source.REPLY, exchange_order_id="ex-1")
    tell(order, step(Says.PLACEMENT_UNKNOWN), receipt)
    assert (order.placement, order.exchange_order_id) == (Placement.UNKNOWN, "ex-1")


@pytest.mark.parametrize("status", [OPEN, PARTIAL])
def test_no_placement_is_unknown_once_valr_showed_the_order(status: OrderStatus) -> None:
    order = order_in(status)
    assert tell(order, step(Says.PLACEMENT_UNKNOWN)) == []
    assert order.placement is Placement.CONFIRMED


@pytest.mark.parametrize(
    ("says", "source"),
    [
        (Says.NOT_SENT, Source.LOCAL),
        (Says.REFUSED, Source.REPLY),
        (Says.PROVED_ABSENT, Source.QUERY),
        (Says.FAILED, Source.STREAM),
    ],
)
def test_an_order_that_never_rested_fails_with_the_reason_given(says: Says, source: Source) -> None:
    order = order_in(PENDING)
    events = tell(order, said(says, source=source, reason="Insufficient Balance"))
    assert events == [OrderFailed(order, None, "Insufficient Balance")]
    assert (order.status, order.placement) == (OrderStatus.FAILED, Placement.REFUSED)
    assert order.failure_reason == "Insufficient Balance"


def test_a_fill_is_enough_to_know_that_an_order_was_created() -> None:
    order = order_in(PENDING)
    assert names(tell(order, fill())) == ["OrderCreated", "OrderFilled"]
    assert order.status is PARTIAL


def test_an_order_shown_by_a_list_before_its_reply_is_created_once() -> None:
    order = order_in(PENDING)
    listed = said(Says.RESTING, source=Source.SNAPSHOT, at_second=1, original="1", remaining="1")
    assert names(tell(order, listed, said(Says.PROCESSED), listed)) == ["OrderCreated"]


def test_an_acceptance_after_the_order_was_proved_absent_is_asked_about_and_can_revive_it() -> None:
    order = order_in(PENDING)
    tell(order, said(Says.PROVED_ABSENT, source=Source.QUERY))
    assert asks(order, said(Says.ACCEPTED, source=Source.REPLY)) is AskReason.CONTRADICTION
    answer = said(Says.RESTING, source=Source.QUERY, at_second=5, asked_at=NOW + 1)
    assert names(tell(order, answer)) == ["OrderRevived"]
    assert (order.status, order.placement, order.failure_reason) == (OPEN, Placement.CONFIRMED, "")


def test_an_acceptance_that_comes_after_the_failure_of_the_order_it_names_is_no_news() -> None:
    order = order_in(PENDING)
    tell(order, said(Says.FAILED, exchange_order_id="ex-1", reason="Insufficient Balance"))
    assert asks(order, said(Says.ACCEPTED, source=Source.REPLY, exchange_order_id="ex-1")) is None
    assert (order.status, order.failure_reason) == (OrderStatus.FAILED, "Insufficient Balance")


@pytest.mark.parametrize(
    ("order_type", "time_in_force"),
    [
        (OrderType.LIMIT, TimeInForce.IOC),
        (OrderType.LIMIT, TimeInForce.FOK),
        (OrderType.MARKET, TimeInForce.IOC),
    ],
)
def test_an_order_that_cannot_rest_is_asked_about_when_it_seems_to(
    order_type: OrderType, time_in_force: TimeInForce
) -> None:
    order = new_order(order_type=order_type, time_in_force=time_in_force)
    assert asks(order, said(Says.PROCESSED)) is AskReason.TAKER_STILL_OPEN


def test_an_order_that_can_rest_is_not_asked_about_while_it_does() -> None:
    assert asks(new_order(), said(Says.PROCESSED)) is None


def test_an_update_is_told_when_the_executed_amount_grows() -> None:
    order = order_in(OPEN)
    report = said(Says.PARTIALLY_FILLED, at_second=2, original="1", remaining="0.7")
    assert tell(order, report) == [
        OrderUpdated(order, at(2), PARTIAL, order.executed_amount, order.price, order.amount)
    ]


def test_no_update_is_told_when_nothing_changed() -> None:
    order = order_in(OPEN)
    assert tell(order, said(Says.RESTING, at_second=2, original="1", remaining="1")) == []


def test_the_newest_of_valrs_times_is_kept() -> None:
    order = order_in(OPEN)
    tell(order, said(Says.RESTING, at_second=5), said(Says.RESTING, at_second=4), said(Says.RESTING))
    assert order.updated_at == at(5)


def test_a_placement_whose_sending_failed_halfway_may_have_been_sent_at_that_moment() -> None:
    order = new_order()
    tell(order, step(Says.PLACEMENT_UNKNOWN), now=NOW + SECOND)
    assert (order.placement, order.sent_at) == (Placement.UNKNOWN, NOW + SECOND)
