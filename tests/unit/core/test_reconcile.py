"""Which questions are due, which are moot, and what "not found" proves."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.core.builders import (
    ENDED_STATUSES,
    EXCHANGE_ID,
    FEE,
    NOW,
    OPEN_STATUSES,
    fill,
    new_order,
    order_in,
    said,
    step,
    tell,
)
from valr_connector.core.evidence import Says, Source
from valr_connector.core.guards import SECOND
from valr_connector.core.lifecycle import AskReason
from valr_connector.core.reconcile import (
    MILLISECOND,
    Patience,
    Question,
    Questions,
    absence_proves_at,
    earliest_due,
    is_moot,
)
from valr_connector.model.enums import OrderStatus, Placement
from valr_connector.model.ids import ClientOrderId

ONE, OTHER = ClientOrderId("MM-1"), ClientOrderId("MM-2")
PATIENCE = Patience()


def questions() -> Questions:
    return Questions(PATIENCE)


# --- when ------------------------------------------------------------------------------------------


def test_a_question_is_taken_when_it_is_due_and_not_before() -> None:
    asked = questions()
    asked.ask(ONE, AskReason.MISSING_FILLS, NOW)
    assert asked.next_due() == NOW + SECOND
    assert asked.take_due(NOW + SECOND - 1) == []
    assert asked.take_due(NOW + SECOND) == [Question(ONE, AskReason.MISSING_FILLS)]
    assert (len(asked), asked.next_due()) == (0, None)


def test_whoever_watches_is_told_when_the_first_of_all_questions_is_due_and_only_then() -> None:
    asked, told = questions(), list[int]()
    with asked.watched(told.append):
        asked.ask_at(ONE, AskReason.ABSENT, 9)
        asked.ask_at(OTHER, AskReason.ABSENT, 9)
        asked.ask_at(ONE, AskReason.ABSENT, 7)
        asked.ask_at(ONE, AskReason.ABSENT, 8)
    asked.ask_at(ONE, AskReason.CONTRADICTION, 1)
    assert told == [9, 7]


def test_every_reason_has_its_first_delay() -> None:
    assert set(PATIENCE.first_delays) == set(AskReason)


@pytest.mark.parametrize(
    "reason",
    [
        AskReason.PLACEMENT_UNCONFIRMED,
        AskReason.CANCEL_UNCONFIRMED,
        AskReason.CANCEL_REFUSED,
        AskReason.ABSENT,
        AskReason.CONTRADICTION,
        AskReason.UNRECOGNISED_STATUS,
    ],
)
def test_what_no_news_will_settle_by_itself_is_asked_at_once(reason: AskReason) -> None:
    asked = questions()
    asked.ask(ONE, reason, NOW)
    assert asked.take_due(NOW) == [Question(ONE, reason)]


def test_questions_are_taken_in_the_order_they_fall_due() -> None:
    asked = questions()
    asked.ask_at(ONE, AskReason.ABSENT, NOW + 3)
    asked.ask_at(OTHER, AskReason.ABSENT, NOW + 1)
    asked.ask_at(ONE, AskReason.CONTRADICTION, NOW + 2)
    taken = asked.take_due(NOW + 9)
    assert [question.client_order_id for question in taken] == [OTHER, ONE, ONE]


def test_of_two_questions_due_at_once_the_one_asked_first_is_taken_first() -> None:
    asked = questions()
    asked.ask_at(OTHER, AskReason.ABSENT, NOW)
    asked.ask_at(ONE, AskReason.ABSENT, NOW)
    assert [question.client_order_id for question in asked.take_due(NOW)] == [OTHER, ONE]


def test_a_question_that_stands_is_not_put_off() -> None:
    asked = questions()
    asked.ask_at(ONE, AskReason.ABSENT, NOW)
    asked.ask_at(ONE, AskReason.ABSENT, NOW + 5)
    assert (len(asked), asked.next_due()) == (1, NOW)


def test_an_answer_from_before_a_question_was_raised_again_does_not_settle_it() -> None:
    asked = questions()
    asked.ask(ONE, AskReason.UNRECOGNISED_STATUS, NOW)
    [question] = asked.take_due(NOW)
    asked.again(question, NOW)
    due = asked.next_due()
    asked.ask(ONE, AskReason.UNRECOGNISED_STATUS, NOW + 7)
    assert asked.next_due() == due
    assert [question.raised_at for question in asked.take_due(NOW + SECOND)] == [NOW + 7]


def test_a_question_that_stands_can_be_brought_forward_and_is_then_asked_once() -> None:
    asked = questions()
    asked.ask_at(ONE, AskReason.ABSENT, NOW + 5)
    asked.ask_at(ONE, AskReason.ABSENT, NOW)
    assert asked.take_due(NOW + 9) == [Question(ONE, AskReason.ABSENT)]
    assert (asked.take_due(NOW + 9), asked.next_due()) == ([], None)


def test_a_question_brought_forward_is_the_one_that_is_asked_even_if_both_are_due_at_one_time() -> None:
    asked = questions()
    asked.ask_at(ONE, AskReason.ABSENT, NOW + 250 * MILLISECOND)
    asked.ask_at(ONE, AskReason.ABSENT, NOW)
    asked.ask_at(OTHER, AskReason.ABSENT, NOW + MILLISECOND)
    asked.again(asked.take_due(NOW)[0], NOW)
    assert asked.take_due(NOW + SECOND)[1:] == [Question(ONE, AskReason.ABSENT, attempt=2)]


def test_one_order_can_be_asked_about_for_several_reasons() -> None:
    asked = questions()
    asked.ask(ONE, AskReason.ABSENT, NOW)
    asked.ask(ONE, AskReason.CONTRADICTION, NOW)
    assert len(asked.take_due(NOW)) == 2


# --- again -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("attempt", "seconds"), [(1, 0.25), (2, 0.5), (3, 1), (4, 2), (7, 16), (8, 30), (9, 30), (500, 30)]
)
def test_the_pause_after_each_attempt_doubles_up_to_the_longest(attempt: int, seconds: float) -> None:
    assert PATIENCE.pause(attempt) == round(seconds * SECOND)


def test_a_question_that_an_answer_did_not_settle_is_asked_again_after_a_pause() -> None:
    asked = questions()
    asked.again(Question(ONE, AskReason.ABSENT, attempt=3), NOW)
    assert asked.next_due() == NOW + SECOND
    assert asked.take_due(NOW + SECOND) == [Question(ONE, AskReason.ABSENT, attempt=4)]


@pytest.mark.parametrize(
    ("attempt", "seconds", "then"), [(1, 0.25, 2), (2, 0.5, 3), (3, 1, 3), (4, 1, 4), (500, 1, 500)]
)
def test_a_question_that_could_not_be_put_is_put_again_soon_and_no_more_patience_is_lost(
    attempt: int, seconds: float, then: int
) -> None:
    asked = questions()
    asked.again(Question(ONE, AskReason.ABSENT, attempt), NOW, was_answered=False)
    due = NOW + round(seconds * SECOND)
    assert asked.next_due() == due
    assert asked.take_due(due) == [Question(ONE, AskReason.ABSENT, then)]


def test_a_question_raised_by_its_own_answer_goes_on_with_growing_pauses() -> None:
    asked = questions()
    now, pauses = NOW, []
    asked.ask(ONE, AskReason.UNRECOGNISED_STATUS, now)
    for attempt in range(1, 10):
        assert asked.take_due(now) == [Question(ONE, AskReason.UNRECOGNISED_STATUS, attempt)]
        asked.ask(ONE, AskReason.UNRECOGNISED_STATUS, now + 40 * MILLISECOND)  # the answer took so long
        due = asked.next_due()
        assert due is not None
        pauses.append((due - now) / SECOND)
        now = due
    assert pauses == [0.25, 0.5, 1, 2, 4, 8, 16, 30, 30]


def test_a_question_raised_again_waits_for_news_as_long_as_the_first_time() -> None:
    asked = questions()
    asked.ask_at(ONE, AskReason.MISSING_FILLS, NOW)
    asked.take_due(NOW)
    asked.ask(ONE, AskReason.MISSING_FILLS, NOW)
    assert asked.next_due() == NOW + SECOND


def test_a_question_raised_long_after_it_was_asked_is_a_new_one() -> None:
    asked = questions()
    asked.ask(ONE, AskReason.ABSENT, NOW)
    asked.take_due(NOW)
    later = NOW + PATIENCE.longest_pause + 1
    asked.ask(ONE, AskReason.ABSENT, later)
    assert asked.take_due(later) == [Question(ONE, AskReason.ABSENT, attempt=1)]


def test_only_what_was_asked_lately_is_remembered() -> None:
    asked = questions()
    for name, now in ((ONE, NOW), (OTHER, NOW + SECOND), (ONE, NOW + 2 * SECOND)):
        asked.ask(name, AskReason.ABSENT, now)
        asked.take_due(now)
    asked.take_due(NOW + SECOND + PATIENCE.longest_pause + 1)
    assert list(asked._asked) == [(ONE, AskReason.ABSENT)]


schedules = st.lists(
    st.tuples(
        st.sampled_from(["ask", "ask_at", "take", "again"]),
        st.sampled_from([ONE, OTHER]),
        st.sampled_from(AskReason),
        st.integers(0, 3 * SECOND),
    ),
    max_size=60,
)


@given(schedules)
def test_no_question_is_ever_lost_or_taken_before_it_is_due(
    steps: list[tuple[str, ClientOrderId, AskReason, int]],
) -> None:
    asked, now = questions(), NOW
    standing: set[tuple[ClientOrderId, AskReason]] = set()
    under_way: list[Question] = []
    for what, order, reason, passed in steps:
        if what == "ask":
            asked.ask(order, reason, now)
            standing.add((order, reason))
        elif what == "ask_at":
            asked.ask_at(order, reason, now + passed)
            standing.add((order, reason))
        elif what == "again" and under_way:
            question = under_way.pop()
            asked.again(question, now)
            standing.add((question.client_order_id, question.reason))
        elif what == "take":
            due = asked.next_due()
            taken = asked.take_due(now)
            assert bool(taken) is (due is not None and due <= now)
            under_way += taken
            standing -= {(question.client_order_id, question.reason) for question in taken}
            now += passed
        assert len(asked) == len(standing)
    left = asked.take_due(now + 10 * PATIENCE.longest_pause)
    assert {(question.client_order_id, question.reason) for question in left} == standing
    assert len(left) == len(standing)


# --- moot ------------------------------------------------------------------------------------------

ABOUT_OPEN_ORDERS = (
    AskReason.CANCEL_UNCONFIRMED,
    AskReason.CANCEL_REFUSED,
    AskReason.MODIFY_SETTLED,
    AskReason.ABSENT,
    AskReason.UNRECOGNISED_STATUS,
    AskReason.TAKER_STILL_OPEN,
)


@pytest.mark.parametrize("reason", ABOUT_OPEN_ORDERS)
def test_what_an_open_order_is_doing_is_moot_once_it_has_ended(reason: AskReason) -> None:
    assert not any(is_moot(order_in(status), reason) for status in OPEN_STATUSES)
    assert all(is_moot(order_in(status), reason) for status in ENDED_STATUSES)


@pytest.mark.parametrize("status", OrderStatus)
def test_whether_an_order_was_placed_is_moot_once_anything_was_proved(status: OrderStatus) -> None:
    is_pending = status is OrderStatus.PENDING_CREATE
    assert is_moot(order_in(status), AskReason.PLACEMENT_UNCONFIRMED) is not is_pending


@pytest.mark.parametrize("status", OrderStatus)
@pytest.mark.parametrize("reason", [AskReason.CONTRADICTION, AskReason.UNATTRIBUTED_FILL])
def test_a_contradiction_and_a_fill_of_nobody_are_never_moot(status: OrderStatus, reason: AskReason) -> None:
    assert not is_moot(order_in(status), reason)


def test_missing_fills_are_moot_once_they_are_here_even_if_the_order_ended_before() -> None:
    order = order_in(OrderStatus.FILLED)
    assert not is_moot(order, AskReason.MISSING_FILLS)
    tell(order, fill("t-1", "1", fee=FEE))
    assert is_moot(order, AskReason.MISSING_FILLS)


def test_the_amount_of_a_cancelled_order_is_moot_once_valr_reported_its_ending() -> None:
    order = order_in(OrderStatus.OPEN)
    tell(order, said(Says.CANCEL_CONFIRMED, source=Source.REPLY))
    assert not is_moot(order, AskReason.AMOUNT_UNCONFIRMED)
    tell(order, said(Says.CANCELLED, at_second=3))
    assert is_moot(order, AskReason.AMOUNT_UNCONFIRMED)


def test_whether_an_order_really_ended_is_moot_once_an_answer_has_confirmed_it() -> None:
    order = order_in(OrderStatus.CANCELLED)
    assert not is_moot(order, AskReason.ENDING_IN_DOUBT)
    tell(order, said(Says.CANCELLED, source=Source.QUERY, at_second=3))
    assert is_moot(order, AskReason.ENDING_IN_DOUBT)


def test_a_cancel_that_was_given_up_leaves_a_question_that_is_not_moot() -> None:
    order = order_in(OrderStatus.OPEN)
    tell(order, step(Says.CANCEL_SENT), step(Says.CANCEL_UNKNOWN))
    assert not is_moot(order, AskReason.CANCEL_UNCONFIRMED)


# --- proof of absence ------------------------------------------------------------------------------


def proves_at(arrived_by: int | None, **fields: Any) -> int | None:
    order = new_order(**{"created_at": NOW, "sent_at": NOW, "placement": Placement.UNKNOWN, **fields})
    return absence_proves_at(order, PATIENCE, arrived_by=arrived_by)


@pytest.mark.parametrize("placement", [Placement.SENT, Placement.ACCEPTED, Placement.UNKNOWN])
def test_an_order_not_found_some_time_after_its_frame_was_sent_was_never_placed(placement: Placement) -> None:
    assert proves_at(NOW, placement=placement) == NOW + PATIENCE.socket_grace


def test_a_request_may_be_executed_for_longer_than_a_frame() -> None:
    assert PATIENCE.grace > PATIENCE.socket_grace > PATIENCE.engine_grace
    assert proves_at(NOW, is_by_rest=True) == NOW + PATIENCE.grace


@pytest.mark.parametrize("is_by_rest", [False, True])
def test_a_placement_that_valr_gave_an_id_is_waited_for_much_longer(is_by_rest: bool) -> None:
    proved_at = proves_at(NOW, is_by_rest=is_by_rest, exchange_order_id=EXCHANGE_ID)
    assert proved_at == NOW + PATIENCE.accepted_grace >= NOW + 5 * PATIENCE.grace


@pytest.mark.parametrize("is_by_rest", [False, True])
def test_once_what_carried_it_has_ended_late_only_what_valr_has_read_is_waited_for(is_by_rest: bool) -> None:
    assert proves_at(NOW + 60 * SECOND, is_by_rest=is_by_rest) == NOW + 60 * SECOND + PATIENCE.engine_grace


def test_the_grace_begins_when_an_order_is_sent_and_not_when_it_was_made() -> None:
    assert proves_at(NOW, sent_at=NOW + SECOND) == NOW + SECOND + PATIENCE.socket_grace


def test_absence_proves_nothing_of_an_order_whose_placement_may_be_under_way() -> None:
    assert proves_at(None) is None


def test_absence_proves_nothing_of_an_order_that_waits_to_be_sent() -> None:
    assert proves_at(NOW, placement=Placement.UNSENT) is None


@pytest.mark.parametrize(
    "status", [status for status in OrderStatus if status is not OrderStatus.PENDING_CREATE]
)
def test_absence_proves_nothing_of_an_order_that_valr_has_shown(status: OrderStatus) -> None:
    assert absence_proves_at(order_in(status), PATIENCE, arrived_by=NOW) is None


# --- full time for each cancel ---------------------------------------------------------------------


def test_a_question_left_by_an_earlier_cancel_waits_for_the_present_one() -> None:
    order = order_in(OrderStatus.OPEN)
    tell(order, step(Says.CANCEL_SENT), now=NOW + 7)
    assert earliest_due(order, AskReason.CANCEL_UNCONFIRMED, cancel_timeout=10) == NOW + 17


def test_any_other_question_is_never_too_early() -> None:
    order = order_in(OrderStatus.OPEN)
    assert earliest_due(order, AskReason.CANCEL_UNCONFIRMED, cancel_timeout=10) == 0
    tell(order, step(Says.CANCEL_SENT))
    assert earliest_due(order, AskReason.CANCEL_REFUSED, cancel_timeout=10) == 0


def test_an_order_first_shown_by_the_answer_makes_its_own_question_moot() -> None:
    order = order_in(OrderStatus.PENDING_CREATE)
    tell(order, step(Says.PLACEMENT_UNKNOWN), said(Says.RESTING, at_second=1))
    assert is_moot(order, AskReason.PLACEMENT_UNCONFIRMED)


def test_whether_a_modify_is_overdue_is_moot_once_it_has_its_outcome() -> None:
    order = order_in(OrderStatus.OPEN)
    tell(order, step(Says.MODIFY_SENT))
    assert not is_moot(order, AskReason.MODIFY_UNCONFIRMED)
    tell(order, said(Says.MODIFY_CONFIRMED))
    assert is_moot(order, AskReason.MODIFY_UNCONFIRMED)


def test_a_question_that_an_earlier_modify_left_does_not_cut_a_later_one_short() -> None:
    order = order_in(OrderStatus.OPEN)
    assert earliest_due(order, AskReason.MODIFY_UNCONFIRMED, SECOND) == 0
    tell(order, step(Says.MODIFY_SENT), now=NOW)
    assert earliest_due(order, AskReason.MODIFY_UNCONFIRMED, SECOND) == NOW + SECOND
