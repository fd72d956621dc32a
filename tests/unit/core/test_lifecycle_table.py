"""The whole table: every status meets everything that can be said of an order."""

from __future__ import annotations

from decimal import Decimal
from itertools import product

import pytest

from tests.unit.core.builders import (
    CLIENT_ID,
    ENDED_STATUSES,
    ENDINGS,
    NOW,
    OPEN_STATUSES,
    asks,
    fill,
    names,
    order_in,
    said,
    step,
    tell,
    view,
)
from valr_connector.core.evidence import Evidence, Says, Source
from valr_connector.core.guards import SECOND
from valr_connector.core.lifecycle import TABLE, AskReason
from valr_connector.core.order_record import OrderRecord
from valr_connector.model.enums import OrderStatus, Placement

PENDING, OPEN, PARTIAL = OPEN_STATUSES
FILLED, CANCELLED, EXPIRED, FAILED = ENDED_STATUSES

OWN_STEPS = (
    Says.SENT,
    Says.PLACEMENT_UNKNOWN,
    Says.CANCEL_SENT,
    Says.CANCEL_UNKNOWN,
    Says.MODIFY_SENT,
    Says.MODIFY_UNKNOWN,
)
RECEIPTS = (
    Says.ACCEPTED,
    Says.CANCEL_RECEIVED,
    Says.CANCEL_REFUSED,
    Says.MODIFY_RECEIVED,
    Says.MODIFY_CONFIRMED,
    Says.MODIFY_REFUSED,
)
HINTS = (Says.ABSENT, Says.UNRECOGNISED)
SHOWN_OPEN = (Says.RESTING, Says.PARTIALLY_FILLED, Says.MODIFIED)
NEVER_PLACED = (Says.NOT_SENT, Says.PROVED_ABSENT, Says.REFUSED)
ENDING_SAID = {
    Says.FILLED: FILLED,
    Says.CANCELLED: CANCELLED,
    Says.CANCEL_CONFIRMED: CANCELLED,
    Says.EXPIRED: EXPIRED,
    Says.FAILED: FAILED,
}
PASSIVE_SOURCES = (Source.LOCAL, Source.REPLY, Source.STREAM, Source.SNAPSHOT)


def word(says: Says, source: Source = Source.STREAM, at_second: float = 9) -> Evidence:
    """What `says` looks like when VALR says it, newer than anything the order has seen."""
    if says is Says.FILL:
        return fill("t-9", "0.1", at_second=at_second, source=source)
    if says in OWN_STEPS or says in (Says.NOT_SENT, Says.PROVED_ABSENT):
        return step(says)
    return said(says, source=source, at_second=at_second)


def being_cancelled(status: OrderStatus) -> OrderRecord:
    order = order_in(status)
    tell(order, step(Says.CANCEL_SENT))
    return order


def expected_status(before: OrderStatus, says: Says) -> OrderStatus:
    """What protocol 19.3 leaves of `before` when this is said on the stream."""
    if before in ENDED_STATUSES:
        return before
    if says in NEVER_PLACED:
        return FAILED if before is PENDING else before
    if says in ENDING_SAID:
        return ENDING_SAID[says]
    if says is Says.FILL:
        return PARTIAL
    if says in SHOWN_OPEN or says is Says.PROCESSED:
        return PARTIAL if before is PARTIAL else OPEN
    return before


@pytest.mark.parametrize("status", OrderStatus)
def test_every_status_has_an_answer_to_everything_that_can_be_said(status: OrderStatus) -> None:
    for says in Says:
        assert status in TABLE[says]
        order = order_in(status)
        tell(order, word(says))
        assert order.status is expected_status(status, says), says


def test_the_table_holds_nothing_else() -> None:
    assert set(TABLE) == set(Says)
    assert all(set(row) == set(OrderStatus) for row in TABLE.values())


@pytest.mark.parametrize("status", OrderStatus)
def test_receipts_own_steps_and_hints_never_change_the_status(status: OrderStatus) -> None:
    for says, source in product([*OWN_STEPS, *RECEIPTS, *HINTS], Source):
        order = order_in(status)
        events = tell(order, said(says, source=source, at_second=9))
        assert order.status is status, (says, source)
        assert not any(isinstance(event, ENDINGS) for event in events), (says, source)


@pytest.mark.parametrize("status", ENDED_STATUSES)
def test_an_ending_absorbs_whatever_merely_comes_by(status: OrderStatus) -> None:
    for says, source in product(Says, PASSIVE_SOURCES):
        order = order_in(status)
        events = tell(order, word(says, source))
        assert order.status is status, (says, source)
        assert set(names(events)) <= {"OrderFilled"}, (says, source)


@pytest.mark.parametrize("says", [says for says in ENDING_SAID if says is not Says.CANCEL_CONFIRMED])
@pytest.mark.parametrize("status", ENDED_STATUSES)
def test_an_ended_order_ends_otherwise_only_by_the_answer_to_a_question(
    status: OrderStatus, says: Says
) -> None:
    order = order_in(status)
    events = tell(order, word(says, Source.QUERY))
    assert order.status is ENDING_SAID[says]
    assert names(events) == ([] if status is ENDING_SAID[says] else ["OrderCorrected"])


@pytest.mark.parametrize("says", SHOWN_OPEN)
@pytest.mark.parametrize("status", ENDED_STATUSES)
def test_an_ended_order_comes_back_only_by_a_newer_answer_to_a_question(
    status: OrderStatus, says: Says
) -> None:
    order = order_in(status)
    assert tell(order, word(says, Source.QUERY, at_second=3)) == []
    assert order.status is status
    assert names(tell(order, word(says, Source.QUERY, at_second=4))) == ["OrderRevived"]
    assert order.status in (OPEN, PARTIAL)


@pytest.mark.parametrize("says", [*ENDING_SAID, Says.CANCEL_REFUSED, Says.CANCEL_UNKNOWN])
@pytest.mark.parametrize("status", OPEN_STATUSES)
def test_every_outcome_lifts_the_request_to_cancel(status: OrderStatus, says: Says) -> None:
    order = being_cancelled(status)
    tell(order, word(says))
    assert not order.is_being_cancelled


@pytest.mark.parametrize("says", [*SHOWN_OPEN, Says.PROCESSED, Says.CANCEL_RECEIVED, Says.FILL, *HINTS])
@pytest.mark.parametrize("status", OPEN_STATUSES)
def test_nothing_but_an_outcome_lifts_the_request_to_cancel(status: OrderStatus, says: Says) -> None:
    order = being_cancelled(status)
    tell(order, word(says))
    assert order.is_being_cancelled


@pytest.mark.parametrize("status", ENDED_STATUSES)
def test_no_ended_order_is_ever_being_cancelled(status: OrderStatus) -> None:
    for says in Says:
        order = order_in(status)
        tell(order, word(says), step(Says.CANCEL_SENT))
        assert order.cancel_request is None, says


@pytest.mark.parametrize("status", OrderStatus)
def test_saying_it_twice_changes_nothing_more(status: OrderStatus) -> None:
    for says in [says for says in Says if says is not Says.CANCEL_SENT]:
        order = being_cancelled(status)
        tell(order, word(says))
        once = view(order)
        assert tell(order, word(says)) == [], says
        assert view(order) == once, says


@pytest.mark.parametrize("status", OrderStatus)
def test_a_question_is_raised_in_this_case_and_no_other(status: OrderStatus) -> None:
    for says in Says:
        order = being_cancelled(status)
        assert asks(order, word(says)) is expected_question(status, says), says


def expected_question(status: OrderStatus, says: Says) -> AskReason | None:
    if (status, says) in RAISED:
        return RAISED[status, says]
    # VALR's word that it is filled, or a fill that it has not priced yet, leaves something to fetch
    is_short_of_fills = status is FILLED or says in (Says.FILLED, Says.FILL)
    return AskReason.MISSING_FILLS if is_short_of_fills and says is not Says.CANCEL_UNKNOWN else None


CONTRADICTIONS = {
    (status, says) for says in (Says.NOT_SENT, Says.PROVED_ABSENT, Says.REFUSED) for status in (OPEN, PARTIAL)
} | {
    (FILLED, Says.NOT_SENT),
    (CANCELLED, Says.NOT_SENT),
    (EXPIRED, Says.NOT_SENT),
    (FAILED, Says.ACCEPTED),
    (FAILED, Says.PROCESSED),
    (FAILED, Says.FILL),
    (FILLED, Says.CANCEL_CONFIRMED),
}
RAISED: dict[tuple[OrderStatus, Says], AskReason] = {
    **dict.fromkeys(CONTRADICTIONS, AskReason.CONTRADICTION),
    **{(ended, says): AskReason.CONTRADICTION for ended in ENDED_STATUSES for says in SHOWN_OPEN},
    **{
        (ended, says): AskReason.CONTRADICTION
        for ended in ENDED_STATUSES
        for says, ending in ENDING_SAID.items()
        if ending is not ended and says is not Says.CANCEL_CONFIRMED
    },
    **{
        (status, says): reason
        for status in OPEN_STATUSES
        for says, reason in (
            (Says.CANCEL_UNKNOWN, AskReason.CANCEL_UNCONFIRMED),
            (Says.CANCEL_REFUSED, AskReason.CANCEL_REFUSED),
            (Says.MODIFY_UNKNOWN, AskReason.MODIFY_SETTLED),
            (Says.MODIFY_CONFIRMED, AskReason.MODIFY_SETTLED),
            (Says.MODIFY_REFUSED, AskReason.MODIFY_SETTLED),
            (Says.ABSENT, AskReason.ABSENT),
            (Says.UNRECOGNISED, AskReason.UNRECOGNISED_STATUS),
        )
    },
    **{(status, Says.CANCEL_CONFIRMED): AskReason.AMOUNT_UNCONFIRMED for status in OPEN_STATUSES},
    (PENDING, Says.PLACEMENT_UNKNOWN): AskReason.PLACEMENT_UNCONFIRMED,
}


@pytest.mark.parametrize("source", Source)
def test_only_what_comes_from_valr_counts_as_hearing_of_the_order(source: Source) -> None:
    order = order_in(OPEN)
    tell(order, said(Says.ABSENT, source=source), now=NOW + SECOND)
    assert order.last_heard == (NOW if source is Source.LOCAL else NOW + SECOND)


def test_the_history_that_repeats_a_fill_is_not_hearing_of_the_order() -> None:
    order = order_in(OPEN)
    tell(order, fill("t-1", source=Source.QUERY), now=NOW + SECOND)
    tell(order, fill("t-1", source=Source.QUERY), now=NOW + 31 * SECOND)
    assert order.last_heard == NOW + SECOND


@pytest.mark.parametrize("says", Says)
def test_the_exchange_id_is_learned_from_whatever_names_it(says: Says) -> None:
    order = being_cancelled(OPEN)
    tell(order, said(says, exchange_order_id="ex-7", client_order_id=CLIENT_ID))
    assert order.exchange_order_id == "ex-7"
    tell(order, said(says, exchange_order_id="ex-8", client_order_id=CLIENT_ID))
    assert order.exchange_order_id == "ex-7"


@pytest.mark.parametrize("status", OPEN_STATUSES)
def test_an_open_order_is_partially_filled_as_soon_as_anything_was_executed(status: OrderStatus) -> None:
    order = order_in(status)
    tell(order, said(Says.RESTING, at_second=9, original="1", remaining="0.5"))
    assert order.status is PARTIAL
    assert order.executed_amount == Decimal("0.5")


@pytest.mark.parametrize("says", [Says.RESTING, Says.PROCESSED, Says.FILL])
def test_a_placement_is_confirmed_by_anything_that_only_a_placed_order_gets(says: Says) -> None:
    order = order_in(PENDING)
    assert "OrderCreated" in names(tell(order, word(says)))
    assert order.placement is Placement.CONFIRMED
