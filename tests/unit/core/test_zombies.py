"""What has ended here and is open at VALR is asked about, revived or cancelled again, and told."""

from __future__ import annotations

import pytest

from tests.unit.core.builders import ENDED_STATUSES, NOW, names, order_in, said
from valr_connector.core import zombies
from valr_connector.core.evidence import Evidence, Says, Source
from valr_connector.core.guards import SECOND, Guards
from valr_connector.core.lifecycle import AskReason
from valr_connector.core.order_record import OrderRecord
from valr_connector.core.order_tracker import OrderTracker
from valr_connector.core.reconcile import Patience, Questions
from valr_connector.core.zombies import Zombies
from valr_connector.model.enums import OrderStatus, ZombieHandling
from valr_connector.model.events import OrderEvent, ZombieOrder

LONG_AFTER = NOW + 5 * SECOND
TOO_SOON = LONG_AFTER - 1
SHOWS_OPEN = (Says.RESTING, Says.PARTIALLY_FILLED, Says.MODIFIED)


class Desk:
    """A tracker with one order, ended in VALR's third second, at `NOW` of our clock."""

    def __init__(self, ending: OrderStatus = OrderStatus.CANCELLED) -> None:
        self.questions = Questions(Patience())
        self.tracker = OrderTracker(self.questions, Guards(min_age=5 * SECOND))
        self.order = order_in(ending)
        self.tracker.restore(self.order, NOW)
        self.questions.take_due(NOW + 3600 * SECOND)

    def hear(self, evidence: Evidence, now: int = LONG_AFTER) -> list[OrderEvent]:
        return list(self.tracker.apply(evidence, now))

    def answer(self, says: Says = Says.RESTING, second: float = 2, asked_at: int = LONG_AFTER) -> list[str]:
        """VALR's answer to a question; returns how the zombie is handled, if it is one."""
        evidence = said(says, source=Source.QUERY, at_second=second, asked_at=asked_at)
        told = self.hear(evidence, asked_at)
        return [event.handling.value for event in told if isinstance(event, ZombieOrder)]

    @property
    def asked(self) -> list[AskReason]:
        return [question.reason for question in self.questions.take_due(NOW + 7200 * SECOND)]


def listed(says: Says = Says.RESTING, second: float = 2, source: Source = Source.SNAPSHOT) -> Evidence:
    return said(says, source=source, at_second=second)


@pytest.mark.parametrize("says", SHOWS_OPEN)
@pytest.mark.parametrize("ending", ENDED_STATUSES)
def test_an_ended_order_that_a_list_shows_long_after_is_asked_about(ending: OrderStatus, says: Says) -> None:
    desk = Desk(ending)
    assert desk.hear(listed(says)) == []
    assert desk.asked == [AskReason.CONTRADICTION]
    assert desk.order.status is ending


def test_a_list_may_be_older_than_the_ending_for_a_while() -> None:
    desk = Desk()
    desk.hear(listed(), TOO_SOON)
    assert desk.asked == []


def test_only_lists_raise_the_suspicion() -> None:
    desk = Desk()
    desk.hear(listed(source=Source.STREAM))
    desk.hear(listed(Says.CANCELLED))
    assert desk.asked == []


def test_an_order_that_is_open_here_is_no_zombie() -> None:
    order = order_in(OrderStatus.OPEN)
    assert not Zombies(Guards(), 3).is_suspect(order, listed(), LONG_AFTER)


def test_a_newer_answer_revives_it_and_that_is_told_after_the_revival() -> None:
    desk = Desk()
    told = desk.hear(said(Says.RESTING, source=Source.QUERY, at_second=4, asked_at=LONG_AFTER))
    assert names(told) == ["OrderRevived", "ZombieOrder"]
    zombie = told[-1]
    assert isinstance(zombie, ZombieOrder)
    assert (zombie.order, zombie.handling, zombie.attempt) == (desk.order, ZombieHandling.REVIVED, 0)
    assert list(desk.tracker.in_flight.values()) == [desk.order]


@pytest.mark.parametrize("says", SHOWS_OPEN)
def test_an_answer_that_is_not_newer_and_was_asked_long_after_has_it_cancelled_again(says: Says) -> None:
    desk = Desk()
    assert desk.answer(says) == ["CANCELLED_AGAIN"]
    assert desk.order.status is OrderStatus.CANCELLED
    assert not desk.tracker.in_flight


def test_an_answer_to_a_question_from_before_or_just_after_the_ending_proves_nothing() -> None:
    desk = Desk()
    assert desk.answer(asked_at=TOO_SOON) == []
    without_a_question = said(Says.RESTING, source=Source.QUERY, at_second=2)
    assert desk.hear(without_a_question) == []


@pytest.mark.parametrize("says", [Says.FILLED, Says.CANCELLED, Says.EXPIRED, Says.FAILED])
def test_once_valr_says_that_it_has_ended_that_is_told(says: Says) -> None:
    desk = Desk()
    desk.answer()
    assert desk.answer(says) == ["ENDED"]
    assert desk.answer(says) == []


def test_an_ending_that_was_never_in_doubt_is_not_told_again() -> None:
    assert Desk().answer(Says.CANCELLED) == []


def test_what_says_neither_leaves_the_zombie_as_it_is() -> None:
    desk = Desk()
    desk.answer()
    assert desk.answer(Says.ABSENT) == []
    assert desk.answer() == ["CANCELLED_AGAIN"]


def test_it_is_cancelled_so_many_times_and_then_told_to_be_left_open_once() -> None:
    desk = Desk()
    assert [desk.answer() for _ in range(5)] == [
        *([["CANCELLED_AGAIN"]] * 3),
        ["LEFT_OPEN"],
        [],
    ]
    assert desk.answer(Says.CANCELLED) == ["ENDED"]


def test_each_attempt_is_numbered() -> None:
    zombie = Zombies(Guards(), most_cancels=2)
    order = ended()
    answer = said(Says.RESTING, source=Source.QUERY, at_second=2, asked_at=LONG_AFTER)
    told = [zombie.judge(order, answer) for _ in range(3)]
    assert [event and event.attempt for event in told] == [1, 2, 2]


def test_what_is_remembered_of_zombies_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zombies, "MOST_REMEMBERED", 2)
    judge = Zombies(Guards(), most_cancels=1)
    orders = [ended(f"MM-{number}") for number in range(3)]
    answer = said(Says.RESTING, source=Source.QUERY, at_second=2, asked_at=LONG_AFTER)
    for order in orders:
        judge.judge(order, answer)
    again = [judge.judge(order, answer) for order in (orders[2], orders[0])]
    assert [event and event.handling for event in again] == [
        ZombieHandling.LEFT_OPEN,
        ZombieHandling.CANCELLED_AGAIN,
    ]


def ended(client_order_id: str = "MM-1") -> OrderRecord:
    order = order_in(OrderStatus.CANCELLED)
    order.client_order_id = type(order.client_order_id)(client_order_id)
    return order
