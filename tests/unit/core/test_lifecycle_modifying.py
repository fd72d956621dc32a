"""Size and price can change under the same id, and the news of it can be overtaken."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.unit.core.builders import FEE, NOW, asks, at, fill, names, new_order, order_in, said, step, tell
from valr_connector.core.evidence import Evidence, Says, Source
from valr_connector.core.lifecycle import AskReason
from valr_connector.core.order_record import OrderRecord
from valr_connector.model.enums import OrderStatus
from valr_connector.model.events import OrderUpdated
from valr_connector.model.order import ModifyRequest

OPEN, PARTIAL, FILLED = OrderStatus.OPEN, OrderStatus.PARTIALLY_FILLED, OrderStatus.FILLED

OUTCOMES = (Says.MODIFY_CONFIRMED, Says.MODIFY_REFUSED, Says.MODIFY_UNKNOWN)


def being_modified() -> OrderRecord:
    order = order_in(OPEN)
    tell(order, step(Says.MODIFY_SENT))
    return order


def modified(at_second: float | None = 5, original: str = "2", price: str = "900000") -> Evidence:
    return said(Says.MODIFIED, at_second=at_second, original=original, remaining=original, price=price)


def test_a_modified_order_shows_its_new_size_and_price() -> None:
    order = order_in(OPEN)
    assert tell(order, modified()) == [
        OrderUpdated(order, at(5), OPEN, Decimal(0), Decimal(900_000), Decimal(2))
    ]
    assert (order.amount, order.price) == (Decimal(2), Decimal(900_000))


def test_an_older_report_does_not_bring_the_old_size_back() -> None:
    order = order_in(OPEN)
    tell(order, modified(), said(Says.RESTING, at_second=4, original="1", remaining="1", price="1000000"))
    assert (order.amount, order.price) == (Decimal(2), Decimal(900_000))


def test_an_older_modify_does_not_undo_a_newer_one() -> None:
    order = order_in(OPEN)
    tell(order, modified(at_second=6, original="3"), modified(at_second=5, original="2"))
    assert order.amount == Decimal(3)


def test_an_older_modify_does_not_undo_terms_that_a_newer_report_has_confirmed() -> None:
    order = order_in(OPEN)
    tell(order, modified(at_second=5, original="2"))
    tell(order, said(Says.RESTING, at_second=7, original="2", remaining="2", price="900000"))
    tell(order, modified(at_second=6, original="3", price="800000"))
    assert (order.amount, order.price) == (Decimal(2), Decimal(900_000))


@pytest.mark.parametrize("second", [5, None])
def test_a_report_of_the_same_instant_or_of_none_does_not_undo_a_modify(second: float | None) -> None:
    order = order_in(OPEN)
    tell(order, modified(), said(Says.RESTING, at_second=second, original="1", remaining="1"))
    assert order.amount == Decimal(2)


@pytest.mark.parametrize("second", [1, None])
def test_a_modify_of_the_same_instant_or_of_none_counts_as_the_later_word(second: float | None) -> None:
    order = order_in(OPEN)
    tell(order, modified(at_second=second))
    assert order.amount == Decimal(2)


def test_a_modify_without_a_time_does_not_forget_how_old_the_terms_are() -> None:
    order = order_in(OPEN)
    tell(order, modified(), modified(at_second=None, original="3"))
    tell(order, said(Says.RESTING, at_second=4, original="1", remaining="1"))
    assert order.amount == Decimal(3)


def test_a_modify_that_a_fill_overtook_still_changes_the_size() -> None:
    order = order_in(OPEN)
    tell(order, fill("t-1", "0.3", at_second=6, fee=FEE), modified(at_second=5, original="0.5"))
    assert order.amount == Decimal("0.5")


def test_a_modify_that_was_never_heard_of_shows_in_the_next_report() -> None:
    order = order_in(OPEN)
    tell(order, fill("t-1", "0.5", at_second=6, fee=FEE))
    tell(order, said(Says.FILLED, at_second=6, original="0.5", remaining="0", price="900000"))
    assert (order.status, order.amount, order.executed_amount) == (FILLED, Decimal("0.5"), Decimal("0.5"))
    assert order.price == Decimal(900_000)
    assert order.has_all_fills


def test_the_executed_amount_of_a_resized_order_comes_from_its_fills_alone() -> None:
    order = order_in(OPEN)
    tell(order, modified(), said(Says.PARTIALLY_FILLED, at_second=6, original="2", remaining="0.5"))
    assert order.executed_amount == Decimal(0)
    tell(order, fill("t-1", "1.5", at_second=6))
    assert order.executed_amount == Decimal("1.5")


def test_a_modify_of_the_price_alone_leaves_the_amounts_as_sure_as_they_were() -> None:
    order = order_in(OPEN)
    tell(order, modified(original="1"))
    tell(order, said(Says.PARTIALLY_FILLED, at_second=6, original="1", remaining="0.6"))
    assert (order.price, order.executed_amount) == (Decimal(900_000), Decimal("0.4"))


def test_a_report_without_a_price_leaves_the_price_alone() -> None:
    order = order_in(OPEN)
    tell(order, said(Says.RESTING, at_second=4, original="1", remaining="1"))
    assert order.price == Decimal(1_000_000)


def test_a_resized_order_that_is_filled_asks_for_fills_up_to_the_size_stated() -> None:
    order = order_in(OPEN)
    tell(order, modified(), fill("t-1", "1.5", at_second=6, fee=FEE))
    filled = said(Says.FILLED, at_second=7, original="2", remaining="0")
    assert asks(order, filled) is AskReason.MISSING_FILLS
    assert order.executed_amount == Decimal(2)


def test_a_resized_order_that_is_filled_without_a_size_claims_no_more_than_its_fills() -> None:
    order = order_in(OPEN)
    tell(order, modified(), fill("t-1", "1.5", at_second=6, fee=FEE), said(Says.FILLED, at_second=7))
    assert (order.status, order.executed_amount) == (FILLED, Decimal("1.5"))


def test_a_fill_beyond_the_size_that_is_known_shows_that_a_modify_made_the_order_larger() -> None:
    order = order_in(OPEN)
    tell(order, step(Says.MODIFY_SENT), fill("t-1", "1.5", at_second=6, fee=FEE))
    assert (order.status, order.amount, order.remaining_amount) == (PARTIAL, Decimal("1.5"), Decimal(0))


def test_fills_complete_no_order_whose_size_is_being_changed() -> None:
    order = order_in(OPEN)
    tell(order, step(Says.MODIFY_SENT), fill("t-1", "1", at_second=6, fee=FEE))
    assert order.status is PARTIAL
    tell(order, modified(at_second=5))
    assert (order.status, order.remaining_amount) == (PARTIAL, Decimal(1))


def test_a_modify_sent_for_an_ended_order_changes_nothing() -> None:
    order = order_in(OrderStatus.CANCELLED)
    tell(order, step(Says.MODIFY_SENT))
    assert not order.was_modified


def test_an_order_filled_by_adding_up_comes_back_when_a_modify_had_made_it_larger() -> None:
    order = order_in(OPEN)
    tell(order, fill("t-1", "1", at_second=6, fee=FEE))
    assert order.status is FILLED
    assert asks(order, modified(at_second=5)) is AskReason.CONTRADICTION
    answer = said(
        Says.MODIFIED, source=Source.QUERY, at_second=6, original="2", remaining="1", asked_at=NOW + 1
    )
    assert names(tell(order, answer)) == ["OrderRevived"]
    assert (order.status, order.remaining_amount) == (PARTIAL, Decimal(1))


def test_an_order_filled_by_adding_up_is_dated_by_valrs_word() -> None:
    order = order_in(OPEN)
    tell(order, fill("t-1", "1", at_second=6, fee=FEE))
    before = order.ended_at
    tell(order, said(Says.FILLED, at_second=6, original="1", remaining="0"))
    assert (before, order.ended_at, order.ended_undated_at) == (None, at(6), None)


@pytest.mark.parametrize("says", OUTCOMES)
def test_an_order_is_asked_about_after_a_modify_because_no_outcome_states_its_terms(says: Says) -> None:
    order = being_modified()
    assert asks(order, said(says)) is AskReason.MODIFY_SETTLED
    assert (order.amount, order.price) == (Decimal(1), Decimal(1_000_000))


@pytest.mark.parametrize(
    ("says", "event"), [*zip(OUTCOMES, ("ModifyConfirmed", "ModifyRefused", "ModifyUnknown"), strict=True)]
)
def test_every_outcome_lifts_the_request_to_modify_and_is_told_once(says: Says, event: str) -> None:
    order = being_modified()
    assert names(tell(order, said(says, reason="why"), said(says))) == [event]
    assert (order.modify_request, order.modify_verdict) == (None, says)


def test_a_receipt_is_no_outcome_and_names_the_request() -> None:
    order = being_modified()
    assert tell(order, said(Says.MODIFY_RECEIVED, request_id="m-1")) == []
    assert order.modify_request == ModifyRequest(1, NOW, "m-1", received=True)


def test_the_late_outcome_of_an_earlier_modify_does_not_settle_the_standing_one() -> None:
    order = being_modified()
    tell(
        order, said(Says.MODIFY_UNKNOWN), step(Says.MODIFY_SENT), said(Says.MODIFY_RECEIVED, request_id="m-2")
    )
    late = said(Says.MODIFY_CONFIRMED, request_id="m-1")
    assert asks(order, late) is AskReason.MODIFY_SETTLED
    assert (order.modify_request, order.modify_verdict) == (
        ModifyRequest(2, NOW, "m-2", received=True),
        None,
    )
    assert names(tell(order, said(Says.MODIFY_REFUSED, request_id="m-2"))) == ["ModifyRefused"]


def test_an_outcome_before_the_receipt_counts_once_the_receipt_names_it() -> None:
    order = being_modified()
    early = [said(Says.MODIFY_REFUSED, request_id="m-9"), said(Says.MODIFY_CONFIRMED, request_id="m-1")]
    assert tell(order, *early) == []
    assert names(tell(order, said(Says.MODIFY_RECEIVED, request_id="m-1"))) == ["ModifyConfirmed"]
    assert (order.modify_request, order.modify_verdict) == (None, Says.MODIFY_CONFIRMED)


def test_the_outcome_of_a_modify_made_elsewhere_settles_none_of_ours() -> None:
    order = being_modified()
    tell(order, said(Says.MODIFY_RECEIVED, request_id="m-1"), said(Says.MODIFY_REFUSED, request_id="theirs"))
    assert order.modify_request is not None


def test_after_a_receipt_that_names_no_request_any_outcome_counts() -> None:
    order = being_modified()
    tell(order, said(Says.MODIFY_RECEIVED))
    assert names(tell(order, said(Says.MODIFY_REFUSED, request_id="m-1"))) == ["ModifyRefused"]


@pytest.mark.parametrize("says", [Says.MODIFY_RECEIVED, *OUTCOMES])
def test_the_late_reply_to_an_earlier_modify_says_nothing_of_the_standing_one(says: Says) -> None:
    order = being_modified()
    assert tell(order, said(says, source=Source.REPLY, request_id="m-0", asked_at=NOW - 1)) == []
    assert order.modify_request == ModifyRequest(1, NOW)
    tell(order, said(says, source=Source.REPLY, request_id="m-1", asked_at=NOW))
    assert order.modify_request != ModifyRequest(1, NOW)


@pytest.mark.parametrize("ending", [Says.FILLED, Says.CANCELLED, Says.EXPIRED, Says.FAILED])
def test_an_ending_lifts_the_request_to_modify(ending: Says) -> None:
    order = being_modified()
    tell(order, said(ending, at_second=9, original="1", remaining="1"))
    assert order.modify_request is None


def test_a_receipt_for_a_request_that_has_its_outcome_changes_nothing() -> None:
    order = being_modified()
    tell(order, said(Says.MODIFY_CONFIRMED), said(Says.MODIFY_RECEIVED, request_id="m-1"))
    assert order.modify_request is None


def test_an_overdue_modify_that_has_its_outcome_is_not_unknown_any_more() -> None:
    order = being_modified()
    tell(order, said(Says.MODIFY_CONFIRMED))
    assert tell(order, step(Says.MODIFY_UNKNOWN)) == []
    assert order.modify_verdict is Says.MODIFY_CONFIRMED


def test_a_modify_tells_of_an_order_that_nothing_was_heard_of_before() -> None:
    order = new_order()
    assert names(tell(order, modified())) == ["OrderCreated"]
    assert (order.status, order.amount) == (OPEN, Decimal(2))


@pytest.mark.parametrize("says", [Says.CANCELLED, Says.RESTING, Says.PARTIALLY_FILLED])
def test_a_modified_order_that_seems_to_have_executed_more_is_looked_up_and_believed_no_amount(
    says: Says,
) -> None:
    order = being_modified()
    assert asks(order, said(says, original="1", remaining="0.4")) is AskReason.UNATTRIBUTED_FILL
    assert order.executed_amount == 0


@pytest.mark.parametrize("remaining", ["1", "1.5", None])
def test_a_modified_order_without_a_hint_at_a_fill_asks_nothing(remaining: str | None) -> None:
    order = being_modified()
    assert asks(order, said(Says.RESTING, original="1", remaining=remaining)) is None
