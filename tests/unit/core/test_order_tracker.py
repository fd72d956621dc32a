"""Every order by both its ids, and evidence that finds its order whenever the two meet."""

from __future__ import annotations

import weakref
from collections.abc import Sequence

import pytest

from tests.unit.core.builders import FEE, NOW, OPEN_STATUSES, fill, names, new_order, said, step
from valr_connector.core.evidence import Evidence, Says, Source
from valr_connector.core.guards import SECOND, Guards
from valr_connector.core.lifecycle import AskReason
from valr_connector.core.order_record import OrderRecord
from valr_connector.core.order_tracker import OrderTracker, TrackerLimits
from valr_connector.core.reconcile import Patience, Question, Questions
from valr_connector.errors import InvalidArgumentError
from valr_connector.model.enums import OrderStatus
from valr_connector.model.ids import ClientOrderId

ONE, OTHER = ClientOrderId("MM-1"), ClientOrderId("MM-2")
LATER = NOW + 60 * SECOND


class Desk:
    """A tracker with its questions, and the orders it was given."""

    def __init__(self, *client_order_ids: str, limits: TrackerLimits | None = None) -> None:
        self.questions = Questions(Patience())
        self.tracker = OrderTracker(self.questions, Guards(), limits)
        self.orders: list[OrderRecord] = []
        for client_order_id in client_order_ids:
            order = new_order(client_order_id)
            self.tracker.track(order)
            self.orders.append(order)

    def hear(self, *evidence: Evidence, now: int = NOW) -> list[str]:
        """Apply evidence; returns the kinds of events told."""
        return [kind for piece in evidence for kind in names(self.tracker.apply(piece, now))]

    def asked(self, now: int = LATER) -> set[tuple[str, AskReason]]:
        return {(question.client_order_id, question.reason) for question in self.questions.take_due(now)}


def accepted(client_order_id: str, exchange_order_id: str) -> Evidence:
    return said(
        Says.ACCEPTED,
        source=Source.REPLY,
        client_order_id=client_order_id,
        exchange_order_id=exchange_order_id,
    )


def event_about(exchange_order_id: str, says: Says = Says.PROCESSED, second: float | None = None) -> Evidence:
    """A stream event as older frames have it: without a client order id."""
    return said(says, client_order_id=None, exchange_order_id=exchange_order_id, at_second=second)


# --- tracking and finding --------------------------------------------------------------------------


def test_a_tracked_order_is_in_flight_and_found_by_its_client_order_id() -> None:
    desk = Desk("MM-1")
    assert list(desk.tracker.in_flight) == [ONE]
    assert desk.tracker.find("MM-1") is desk.orders[0]


def test_a_client_order_id_is_used_once_in_flight_or_ended() -> None:
    desk = Desk("MM-1", "MM-2")
    desk.hear(said(Says.REFUSED, client_order_id="MM-2"))
    for used in ("MM-1", "MM-2"):
        with pytest.raises(InvalidArgumentError):
            desk.tracker.track(new_order(used))


def test_an_order_is_found_by_its_exchange_id_as_soon_as_anything_named_it() -> None:
    desk = Desk("MM-1")
    assert desk.tracker.find(None, "ex-1") is None
    desk.hear(accepted("MM-1", "ex-1"))
    assert desk.tracker.find(None, "ex-1") is desk.orders[0]
    assert desk.tracker.find("not-ours", "ex-1") is desk.orders[0]


def test_the_client_order_id_decides_where_both_are_given() -> None:
    desk = Desk("MM-1", "MM-2")
    desk.hear(accepted("MM-1", "ex-1"))
    assert desk.tracker.find("MM-2", "ex-1") is desk.orders[1]


def test_nothing_is_found_by_no_id() -> None:
    assert Desk("MM-1").tracker.find(None) is None


def test_an_ended_order_is_remembered_and_no_longer_in_flight() -> None:
    desk = Desk("MM-1", "MM-2")
    assert desk.hear(said(Says.REFUSED)) == ["OrderFailed"]
    assert list(desk.tracker.in_flight) == [OTHER]
    assert desk.tracker.find("MM-1") is desk.orders[0]
    assert [order.client_order_id for order in desk.tracker.orders()] == [OTHER, ONE]


def test_a_late_fill_finds_its_ended_order() -> None:
    desk = Desk("MM-1")
    desk.hear(accepted("MM-1", "ex-1"), said(Says.CANCELLED, at_second=3))
    late = fill(client_order_id=None, exchange_order_id="ex-1", fee=FEE)
    assert desk.hear(late) == ["OrderFilled"]


def test_a_revived_order_is_in_flight_again() -> None:
    desk = Desk("MM-1")
    desk.hear(said(Says.CANCELLED, at_second=3))
    assert desk.hear(said(Says.RESTING, source=Source.QUERY, at_second=4)) == ["OrderRevived", "ZombieOrder"]
    assert list(desk.tracker.in_flight) == [ONE]
    assert len(list(desk.tracker.orders())) == 1


def test_only_so_many_ended_orders_are_remembered_the_oldest_goes_first() -> None:
    desk = Desk("MM-1", "MM-2", "MM-3", limits=TrackerLimits(done_orders=2))
    for number in (1, 2, 3):
        desk.hear(
            accepted(f"MM-{number}", f"ex-{number}"), said(Says.REFUSED, client_order_id=f"MM-{number}")
        )
    assert [order.client_order_id for order in desk.tracker.orders()] == ["MM-2", "MM-3"]
    assert desk.tracker.find("MM-1", "ex-1") is None
    assert desk.tracker.find(None, "ex-2") is desk.orders[1]


def test_an_ended_order_whose_fills_are_missing_or_whose_end_is_in_doubt_outlasts_the_others() -> None:
    limits = TrackerLimits(done_orders=2)
    desk = Desk("unfilled", "in-doubt", *(f"MM-{n}" for n in range(9)), limits=limits)
    desk.hear(said(Says.FILLED, client_order_id="unfilled", at_second=1, original="1", remaining="0"))
    desk.hear(said(Says.CANCELLED, client_order_id="in-doubt", at_second=1))
    for n in range(9):
        desk.hear(said(Says.REFUSED, client_order_id=f"MM-{n}"))
    assert [order.client_order_id for order in desk.tracker.orders()] == ["unfilled", "in-doubt"]
    assert desk.hear(fill("t-1", "1", fee=FEE, client_order_id="unfilled")) == ["OrderFilled"]
    assert len(desk.tracker.in_flight) == 0


def test_where_all_ended_orders_have_something_to_be_asked_they_are_as_many_as_ever() -> None:
    desk = Desk(*(f"MM-{n}" for n in range(9)), limits=TrackerLimits(done_orders=2))
    for n in range(9):
        desk.hear(said(Says.FILLED, client_order_id=f"MM-{n}", at_second=1, original="1", remaining="0"))
    assert len(list(desk.tracker.orders())) == 2


def test_an_ended_order_without_an_exchange_id_is_forgotten_as_well() -> None:
    desk = Desk("MM-1", "MM-2", limits=TrackerLimits(done_orders=1))
    desk.hear(said(Says.REFUSED), said(Says.REFUSED, client_order_id="MM-2"))
    assert [order.client_order_id for order in desk.tracker.orders()] == ["MM-2"]


class WatchedId(str):
    """An id that can be held weakly: it is gone when its order is."""

    __slots__ = ("__weakref__",)


def end_and_forget(tracker: OrderTracker, count: int) -> Sequence[weakref.ref[WatchedId]]:
    """Track and end so many orders in a tracker that remembers none of them; their ids, in that order."""
    watched: list[weakref.ref[WatchedId]] = []
    for number in range(count):
        name = WatchedId(f"MM-{number}")
        watched.append(weakref.ref(name))
        tracker.track(new_order(name))
        tracker.apply(said(Says.REFUSED, client_order_id=str(name)), NOW)
    return watched


def test_the_memory_of_a_forgotten_order_is_given_back_when_there_is_time_for_it() -> None:
    tracker = Desk(limits=TrackerLimits(done_orders=0)).tracker
    (name,) = end_and_forget(tracker, 1)
    assert (name() is not None, list(tracker.orders())) == (True, [])
    tracker.free_forgotten()
    assert name() is None


def test_where_there_never_is_the_memory_of_so_many_forgotten_orders_waits() -> None:
    tracker = Desk(limits=TrackerLimits(done_orders=0)).tracker
    first, second, *_ = end_and_forget(tracker, 257)
    assert (first() is None, second() is None) == (True, False)


# --- evidence before its id ------------------------------------------------------------------------


def test_events_that_overtake_the_reply_wait_for_it_and_are_told_in_their_order() -> None:
    desk = Desk("MM-1")
    assert desk.hear(event_about("ex-1"), fill(client_order_id=None, exchange_order_id="ex-1")) == []
    assert desk.hear(accepted("MM-1", "ex-1")) == ["OrderCreated", "OrderFilled", "OrderUpdated"]


def test_events_that_end_an_order_before_its_reply_end_it_with_the_reply() -> None:
    desk = Desk("MM-1")
    desk.hear(event_about("ex-1", Says.FAILED, 2))
    assert desk.hear(accepted("MM-1", "ex-1")) == ["OrderFailed"]
    assert list(desk.tracker.in_flight) == []


def test_waiting_evidence_is_applied_once() -> None:
    desk = Desk("MM-1")
    desk.hear(event_about("ex-1"))
    desk.hear(accepted("MM-1", "ex-1"))
    assert desk.hear(accepted("MM-1", "ex-1")) == []
    assert desk.tracker.unclaimed == 0


def test_evidence_that_nobody_claims_is_let_go_and_counted() -> None:
    desk = Desk("MM-1")
    desk.hear(event_about("ex-9"))
    assert desk.tracker.expire(NOW + 10 * SECOND) == 0
    assert desk.tracker.expire(NOW + 10 * SECOND + 1) == 1
    assert desk.tracker.unclaimed == 1


def test_new_evidence_pushes_out_the_oldest_when_too_much_waits() -> None:
    desk = Desk("MM-1", limits=TrackerLimits(waiting=2))
    desk.hear(event_about("ex-1"), event_about("ex-2"), event_about("ex-3"))
    assert desk.tracker.unclaimed == 1
    assert desk.hear(accepted("MM-1", "ex-1")) == []


def test_evidence_with_a_client_order_id_that_is_not_ours_is_somebody_elses() -> None:
    desk = Desk("MM-1")
    assert desk.hear(said(Says.PROCESSED, client_order_id="theirs", exchange_order_id="ex-9")) == []
    assert desk.tracker.unclaimed == 1


def test_evidence_that_names_nobody_is_counted() -> None:
    desk = Desk("MM-1")
    assert desk.hear(said(Says.PROCESSED, client_order_id=None)) == []
    assert desk.tracker.unclaimed == 1


def test_evidence_that_gives_an_order_another_exchange_id_is_not_believed_and_asked_about() -> None:
    desk = Desk("MM-1")
    desk.hear(accepted("MM-1", "ex-1"))
    assert desk.hear(said(Says.FAILED, exchange_order_id="ex-2", at_second=2)) == []
    assert desk.orders[0].status is OrderStatus.PENDING_CREATE
    assert desk.orders[0].exchange_order_id == "ex-1"
    assert desk.tracker.unclaimed == 1
    assert (ONE, AskReason.CONTRADICTION) in desk.asked()


# --- questions -------------------------------------------------------------------------------------


def test_what_the_automaton_cannot_decide_becomes_a_question() -> None:
    desk = Desk("MM-1")
    desk.hear(step(Says.PLACEMENT_UNKNOWN))
    assert desk.questions.take_due(NOW) == [Question(ONE, AskReason.PLACEMENT_UNCONFIRMED)]


def test_what_the_automaton_can_decide_does_not() -> None:
    desk = Desk("MM-1")
    desk.hear(said(Says.PROCESSED))
    assert desk.asked() == set()


# --- absence ---------------------------------------------------------------------------------------


def test_an_ending_in_doubt_is_asked_about_once() -> None:
    desk = Desk("MM-1")
    desk.hear(event_about("ex-1", Says.CANCELLED, 1), accepted("MM-1", "ex-1"))
    assert desk.asked() == {("MM-1", AskReason.ENDING_IN_DOUBT)}
    desk.hear(event_about("ex-1", Says.CANCELLED, 2))
    assert desk.asked() == set()


def resting() -> Desk:
    """Three orders that rest, all old and quiet, known to VALR as ex-1, ex-2, ex-3."""
    desk = Desk("MM-1", "MM-2", "MM-3")
    for number in (1, 2, 3):
        confirmed = said(Says.PROCESSED, client_order_id=f"MM-{number}", exchange_order_id=f"ex-{number}")
        desk.hear(confirmed)
    return desk


def test_an_order_missing_from_a_list_is_asked_about_and_nothing_else() -> None:
    desk = resting()
    assert desk.tracker.note_absent({"MM-2", "MM-3"}, LATER, epoch=0) == []
    assert desk.asked() == {(ONE, AskReason.ABSENT)}
    assert desk.orders[0].status is OrderStatus.OPEN


def test_an_order_is_not_missed_for_as_long_as_a_guard_protects_it() -> None:
    desk = resting()
    desk.tracker.note_absent(set(), NOW + SECOND, epoch=0)
    assert desk.asked() == set()


def test_being_missing_is_not_being_heard_of() -> None:
    desk = resting()
    before = [order.last_heard for order in desk.orders]
    desk.tracker.note_absent(set(), LATER, epoch=0)
    assert [order.last_heard for order in desk.orders] == before


@pytest.mark.parametrize("says", [Says.CANCELLED, Says.FILLED, Says.FAILED])
def test_an_ended_order_is_not_missed(says: Says) -> None:
    desk = Desk("MM-1")
    desk.hear(said(says, at_second=3), fill("t-1", "1", fee=FEE))
    desk.questions.take_due(LATER)
    desk.tracker.note_absent(set(), LATER, epoch=0)
    assert desk.asked() == set()


def test_what_is_in_flight_cannot_be_changed_from_outside() -> None:
    in_flight: object = Desk("MM-1").tracker.in_flight
    assert not hasattr(in_flight, "pop")
    assert not hasattr(in_flight, "__setitem__")


def test_the_bounds_are_generous_by_default() -> None:
    assert TrackerLimits() == TrackerLimits(done_orders=1_000, waiting=4_096, waiting_time=10 * SECOND)


@pytest.mark.parametrize("status", OPEN_STATUSES)
def test_an_order_is_in_flight_until_it_ends(status: OrderStatus) -> None:
    desk = Desk("MM-1")
    desk.hear(*{"PENDING_CREATE": (), "OPEN": (said(Says.PROCESSED),), "PARTIALLY_FILLED": (fill(),)}[status])
    assert desk.tracker.in_flight[ONE].status is status
