"""The tracker takes over orders of an earlier process, and lets go of those that were never sent."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.unit.core.builders import ENDED_STATUSES, EXCHANGE_ID, FEE, NOW, fill, names, new_order, said
from valr_connector.core.evidence import Says
from valr_connector.core.guards import SECOND
from valr_connector.core.lifecycle import AskReason
from valr_connector.core.order_record import OrderRecord
from valr_connector.core.order_tracker import OrderTracker, TrackerLimits
from valr_connector.core.reconcile import Patience, Questions
from valr_connector.errors import InvalidArgumentError
from valr_connector.model.enums import OrderStatus, Placement

LATER = NOW + 60 * SECOND


class Desk:
    """A tracker with its questions."""

    def __init__(self, limits: TrackerLimits | None = None) -> None:
        self.questions = Questions(Patience())
        self.tracker = OrderTracker(self.questions, limits=limits)

    def restore(self, *orders: OrderRecord) -> None:
        for order in orders:
            self.tracker.restore(order, NOW)

    def asked(self) -> set[tuple[str, AskReason]]:
        return {(question.client_order_id, question.reason) for question in self.questions.take_due(LATER)}


def test_an_open_order_that_was_restored_is_in_flight_under_both_its_ids() -> None:
    desk = Desk()
    order = new_order(status=OrderStatus.OPEN, exchange_order_id=EXCHANGE_ID)
    desk.restore(order)
    assert dict(desk.tracker.in_flight) == {order.client_order_id: order}
    assert desk.tracker.find(order.client_order_id) is order
    assert desk.tracker.find(None, EXCHANGE_ID) is order
    assert desk.asked() == set()


def test_a_restored_order_whose_placing_was_never_confirmed_is_asked_about() -> None:
    desk = Desk()
    desk.restore(new_order(placement=Placement.UNKNOWN))
    assert desk.asked() == {("MM-1", AskReason.PLACEMENT_UNCONFIRMED)}


def test_fills_that_a_restored_order_lacks_are_asked_for() -> None:
    desk = Desk()
    desk.restore(
        new_order("open", status=OrderStatus.PARTIALLY_FILLED, reported_executed=Decimal("0.1")),
        new_order("ended", status=OrderStatus.FILLED),
    )
    assert desk.asked() == {("open", AskReason.MISSING_FILLS), ("ended", AskReason.MISSING_FILLS)}


def test_an_ending_that_nothing_confirmed_is_asked_about_when_it_is_restored() -> None:
    desk = Desk()
    desk.restore(new_order(status=OrderStatus.CANCELLED, ending_in_doubt=True))
    assert desk.asked() == {("MM-1", AskReason.ENDING_IN_DOUBT)}


@pytest.mark.parametrize("status", ENDED_STATUSES)
def test_a_late_fill_finds_an_order_that_was_restored_as_ended(status: OrderStatus) -> None:
    desk = Desk()
    order = new_order(status=status, exchange_order_id=EXCHANGE_ID, was_created=True)
    desk.restore(order)
    assert not desk.tracker.in_flight
    late = fill(fee=FEE, client_order_id=None, exchange_order_id=EXCHANGE_ID)
    assert names(desk.tracker.apply(late, NOW)) == ["OrderFilled"]
    assert order.filled_amount == Decimal("0.4")


def test_of_ended_orders_no_more_are_restored_than_are_remembered_anyway() -> None:
    desk = Desk(TrackerLimits(done_orders=2))
    desk.restore(*(new_order(f"{n}", status=OrderStatus.CANCELLED) for n in range(4)))
    assert [order.client_order_id for order in desk.tracker.orders()] == ["2", "3"]


def test_the_id_of_a_restored_order_is_not_used_again() -> None:
    desk = Desk()
    desk.restore(new_order("a", status=OrderStatus.OPEN), new_order("b", status=OrderStatus.CANCELLED))
    for client_order_id in ("a", "b"):
        with pytest.raises(InvalidArgumentError, match="was used before"):
            desk.tracker.track(new_order(client_order_id))
        with pytest.raises(InvalidArgumentError, match="was used before"):
            desk.restore(new_order(client_order_id))


def test_a_watcher_sees_each_order_as_evidence_left_it_before_anything_is_told() -> None:
    desk = Desk()
    seen: list[tuple[str, OrderStatus, list[str]]] = []
    desk.tracker.watch(
        lambda order, events: seen.append((order.client_order_id, order.status, names(events)))
    )
    order = new_order()
    desk.tracker.track(order)
    desk.tracker.apply(said(Says.ACCEPTED, exchange_order_id=EXCHANGE_ID), NOW)
    desk.tracker.apply(fill(fee=FEE), NOW)
    assert seen == [
        ("MM-1", OrderStatus.PENDING_CREATE, []),
        ("MM-1", OrderStatus.PARTIALLY_FILLED, ["OrderCreated", "OrderFilled"]),
    ]


def test_an_order_that_was_not_sent_after_all_leaves_no_trace() -> None:
    desk = Desk()
    order = new_order()
    desk.tracker.track(order)
    desk.tracker.withdraw(order)
    assert not list(desk.tracker.orders())
    desk.tracker.track(new_order())
