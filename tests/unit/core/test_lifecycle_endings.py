"""What can still reach an order that has ended, and how its ending is dated."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.unit.core.builders import (
    ENDED_STATUSES,
    NOW,
    OPEN_STATUSES,
    asks,
    at,
    fill,
    names,
    order_in,
    said,
    step,
    tell,
)
from valr_connector.core.evidence import Evidence, Says, Source
from valr_connector.core.lifecycle import AskReason
from valr_connector.core.order_record import OrderRecord
from valr_connector.model.enums import Placement, TimeInForce
from valr_connector.model.events import (
    OrderCancelled,
    OrderCompleted,
    OrderCorrected,
    OrderExpired,
    OrderFailed,
    OrderRevived,
)

PENDING, OPEN, PARTIAL = OPEN_STATUSES
FILLED, CANCELLED, EXPIRED, FAILED = ENDED_STATUSES


def shown_open(
    at_second: float | None, source: Source = Source.QUERY, asked_at: int | None = None
) -> Evidence:
    return said(Says.RESTING, source=source, at_second=at_second, asked_at=asked_at)


def test_each_ending_is_told_by_its_own_event() -> None:
    ended = {ending: order_in(OPEN) for ending in ENDED_STATUSES}
    word = {ending: said(Says[ending], at_second=3, reason="why") for ending in ENDED_STATUSES}
    assert tell(ended[FILLED], word[FILLED]) == [OrderCompleted(ended[FILLED], at(3), Decimal(1))]
    assert tell(ended[CANCELLED], word[CANCELLED]) == [
        OrderCancelled(ended[CANCELLED], at(3), Decimal(0), "why")
    ]
    assert tell(ended[EXPIRED], word[EXPIRED]) == [OrderExpired(ended[EXPIRED], at(3), Decimal(0))]
    assert tell(ended[FAILED], word[FAILED]) == [OrderFailed(ended[FAILED], at(3), "why")]


def test_a_cancelled_order_keeps_what_it_had_executed() -> None:
    order = order_in(PARTIAL)
    told = tell(order, said(Says.CANCELLED, at_second=3, original="1", remaining="0.6"))[0]
    assert isinstance(told, OrderCancelled)
    assert told.executed_amount == Decimal("0.4")


@pytest.mark.parametrize("says", [Says.CANCELLED, Says.EXPIRED])
def test_an_ending_told_by_the_stream_alone_that_nobody_asked_for_is_in_doubt(says: Says) -> None:
    order = order_in(OPEN)
    tell(order, said(says, at_second=3), said(says, at_second=3))
    assert order.ending_in_doubt
    tell(order, said(says, at_second=3, source=Source.QUERY))
    assert not order.ending_in_doubt


@pytest.mark.parametrize(
    ("order", "ending"),
    [
        (order_in(OPEN), said(Says.CANCELLED, source=Source.QUERY)),
        (order_in(OPEN), said(Says.FAILED)),
        (order_in(OPEN, time_in_force=TimeInForce.IOC), said(Says.CANCELLED)),
    ],
    ids=["an answer", "a failure", "what is over at once"],
)
def test_an_ending_that_explains_itself_is_not_in_doubt(order: OrderRecord, ending: Evidence) -> None:
    tell(order, ending)
    assert not order.ending_in_doubt


def test_an_ending_that_was_asked_for_is_not_in_doubt_however_late_it_comes() -> None:
    order = order_in(OPEN)
    tell(order, step(Says.CANCEL_SENT), step(Says.CANCEL_UNKNOWN), said(Says.CANCELLED))
    assert not order.ending_in_doubt


@pytest.mark.parametrize("answer", [said(Says.RESTING, source=Source.QUERY, at_second=4), fill("t-1", "1")])
def test_an_ending_that_turns_out_otherwise_is_not_in_doubt_any_more(answer: Evidence) -> None:
    order = order_in(CANCELLED)
    assert order.ending_in_doubt
    tell(order, answer)
    assert not order.ending_in_doubt


def test_an_answer_that_ends_it_otherwise_corrects_it() -> None:
    order = order_in(CANCELLED)
    answer = said(Says.EXPIRED, source=Source.QUERY, at_second=4)
    assert tell(order, answer) == [OrderCorrected(order, at(4), CANCELLED, EXPIRED)]


def test_news_that_ends_it_otherwise_is_asked_about() -> None:
    order = order_in(CANCELLED)
    assert asks(order, said(Says.FILLED, at_second=4)) is AskReason.CONTRADICTION
    assert order.status is CANCELLED


def test_a_correction_to_filled_asks_for_the_fills() -> None:
    order = order_in(CANCELLED)
    assert asks(order, said(Says.FILLED, source=Source.QUERY, at_second=4)) is AskReason.MISSING_FILLS


def test_a_corrected_order_drops_the_reason_of_a_failure_that_never_was() -> None:
    order = order_in(PENDING)
    tell(order, said(Says.FAILED, at_second=3, reason="Insufficient Balance"))
    tell(order, said(Says.CANCELLED, source=Source.QUERY, at_second=4))
    assert (order.status, order.failure_reason, order.placement) == (CANCELLED, "", Placement.CONFIRMED)


def test_a_failure_reason_that_becomes_known_later_is_kept() -> None:
    order = order_in(PENDING)
    tell(order, said(Says.FAILED))
    assert tell(order, said(Says.FAILED, at_second=3, reason="Insufficient Balance")) == []
    tell(order, said(Says.FAILED, at_second=3, reason="something else"))
    assert order.failure_reason == "Insufficient Balance"


def test_the_text_of_a_cancelled_order_is_no_failure_reason() -> None:
    order = order_in(CANCELLED)
    tell(order, said(Says.CANCELLED, at_second=3, reason="liquidated"))
    assert order.failure_reason == ""


def test_a_newer_answer_revives_it() -> None:
    order = order_in(CANCELLED)
    assert tell(order, shown_open(4)) == [OrderRevived(order, at(4), CANCELLED, OPEN)]
    assert order.placement is Placement.CONFIRMED


def test_a_revived_order_that_had_executed_something_is_partially_filled() -> None:
    order = order_in(PARTIAL)
    tell(order, said(Says.CANCELLED, at_second=3), shown_open(4))
    assert order.status is PARTIAL


def test_a_revived_order_lives_and_ends_like_any_other() -> None:
    order = order_in(CANCELLED)
    tell(order, shown_open(4), step(Says.CANCEL_SENT))
    assert order.is_being_cancelled
    assert names(tell(order, said(Says.CANCELLED, at_second=5))) == ["OrderCancelled"]


def test_a_failed_order_that_is_revived_is_not_told_as_created_as_well() -> None:
    order = order_in(PENDING)
    tell(order, said(Says.FAILED, at_second=3, reason="why"))
    assert names(tell(order, shown_open(4), fill(at_second=5))) == [
        "OrderRevived",
        "OrderFilled",
        "OrderUpdated",
    ]
    assert order.failure_reason == ""


@pytest.mark.parametrize("source", [Source.STREAM, Source.SNAPSHOT])
def test_newer_news_that_shows_it_open_is_asked_about(source: Source) -> None:
    order = order_in(CANCELLED)
    assert asks(order, shown_open(4, source)) is AskReason.CONTRADICTION
    assert order.status is CANCELLED


@pytest.mark.parametrize("source", [Source.STREAM, Source.SNAPSHOT, Source.QUERY])
@pytest.mark.parametrize("second", [None, 2, 3])
def test_old_or_undated_news_that_shows_it_open_is_left_out(second: float | None, source: Source) -> None:
    order = order_in(CANCELLED)
    assert asks(order, shown_open(second, source)) is None
    assert order.status is CANCELLED


def test_an_ending_without_valrs_time_is_at_least_as_new_as_the_newest_news_before_it() -> None:
    order = order_in(OPEN)
    tell(order, said(Says.CANCEL_CONFIRMED, source=Source.REPLY))
    assert tell(order, shown_open(1)) == []
    assert order.status is CANCELLED


def test_an_answer_asked_for_before_an_undated_ending_asks_again_instead_of_reviving() -> None:
    order = order_in(OPEN)
    tell(order, said(Says.CANCEL_CONFIRMED, source=Source.REPLY), now=NOW + 10)
    assert asks(order, shown_open(2, asked_at=NOW + 10)) is AskReason.CONTRADICTION
    assert order.status is CANCELLED


def test_an_answer_asked_for_after_an_undated_ending_revives() -> None:
    order = order_in(OPEN)
    tell(order, said(Says.CANCEL_CONFIRMED, source=Source.REPLY), now=NOW + 10)
    tell(order, shown_open(2, asked_at=NOW + 11))
    assert order.status is OPEN


def test_valrs_own_time_of_the_ending_replaces_the_guess() -> None:
    order = order_in(OPEN)
    tell(order, said(Says.CANCEL_CONFIRMED, source=Source.REPLY), said(Says.CANCELLED, at_second=3))
    assert tell(order, shown_open(2, asked_at=NOW + 11)) == []
    assert (order.status, order.ended_at) == (CANCELLED, at(3))


def test_of_two_times_of_one_ending_the_newer_counts() -> None:
    order = order_in(CANCELLED)
    tell(order, said(Says.CANCELLED, at_second=2), said(Says.CANCELLED))
    assert order.ended_at == at(3)
    tell(order, said(Says.CANCELLED, at_second=5))
    assert order.ended_at == at(5)


def test_valrs_time_of_an_ending_counts_even_if_it_is_older_than_the_newest_fill() -> None:
    order = order_in(OPEN)
    tell(order, fill(at_second=4), said(Says.CANCEL_CONFIRMED, source=Source.REPLY))
    tell(order, said(Says.CANCELLED, at_second=3))
    assert (order.ended_at, order.ended_undated_at) == (at(4), None)


def test_an_order_that_ended_after_a_revival_is_dated_anew() -> None:
    order = order_in(CANCELLED)
    tell(order, shown_open(4), said(Says.CANCELLED, at_second=6))
    assert order.ended_at == at(6)


def test_an_undated_ending_of_an_order_nobody_ever_dated_is_open_to_any_news() -> None:
    order = order_in(PENDING)
    tell(order, said(Says.PROVED_ABSENT, source=Source.QUERY))
    assert asks(order, shown_open(1, Source.SNAPSHOT)) is AskReason.CONTRADICTION
    assert names(tell(order, shown_open(1))) == ["OrderRevived"]


def test_a_revival_forgets_the_ending_it_undid() -> None:
    order = order_in(CANCELLED)
    tell(order, shown_open(4))
    assert (order.ended_at, order.ended_undated_at) == (None, None)


def test_an_unrecognised_status_changes_nothing_and_is_asked_about() -> None:
    order = order_in(OPEN)
    assert asks(order, said(Says.UNRECOGNISED, at_second=9)) is AskReason.UNRECOGNISED_STATUS
    assert order.status is OPEN
