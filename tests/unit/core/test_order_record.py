"""What an order says about itself."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.unit.core.builders import FEE, OPEN_STATUSES, fill, new_order, order_in, said, step, tell
from valr_connector.core.evidence import Says
from valr_connector.model.enums import OrderStatus
from valr_connector.model.order import Fee, InFlightOrder


def test_a_record_is_an_in_flight_order() -> None:
    order: InFlightOrder = new_order()
    assert order.client_order_id == "MM-1"


@pytest.mark.parametrize("status", OrderStatus)
def test_an_order_is_done_when_its_status_is_terminal(status: OrderStatus) -> None:
    assert order_in(status).is_done is (status not in OPEN_STATUSES)


def test_an_order_is_being_cancelled_while_a_request_stands() -> None:
    order = new_order()
    assert not order.is_being_cancelled
    tell(order, step(Says.CANCEL_SENT))
    assert order.is_being_cancelled


def test_what_remains_is_the_size_less_what_was_executed() -> None:
    order = new_order()
    tell(order, fill("t-1", "0.4"))
    assert order.remaining_amount == Decimal("0.6")


def test_what_remains_of_an_unknown_size_is_unknown() -> None:
    assert new_order(amount=None).remaining_amount is None


def test_a_new_order_lacks_no_fills() -> None:
    assert new_order().has_all_fills


def test_an_order_lacks_fills_while_a_report_says_more_than_they_do() -> None:
    order = new_order()
    tell(order, said(Says.PARTIALLY_FILLED, original="1", remaining="0.6"))
    assert not order.has_all_fills
    tell(order, fill("t-1", "0.4", fee=FEE))
    assert order.has_all_fills


def test_an_order_lacks_fills_while_one_of_them_lacks_its_fee() -> None:
    order = new_order()
    tell(order, fill("t-1", "0.4", fee=FEE), fill("t-2", "0.1"))
    assert not order.has_all_fills


def test_a_filled_order_without_a_single_fill_lacks_some_whatever_its_size() -> None:
    order = new_order(amount=None)
    tell(order, said(Says.FILLED))
    assert not order.has_all_fills


def test_fills_are_listed_as_they_became_known() -> None:
    order = new_order()
    tell(order, fill("t-2", "0.1"), fill("t-1", "0.1"))
    assert [each.trade_id for each in order.fills] == ["t-2", "t-1"]


def test_the_average_price_is_weighted_by_volume() -> None:
    order = new_order()
    tell(order, fill("t-1", "0.1", price="100"), fill("t-2", "0.3", price="200"))
    assert order.average_price == Decimal(175)


def test_without_a_fill_there_is_no_average_price() -> None:
    order = new_order()
    assert order.average_price is None
    tell(order, fill("t-1", "0"))
    assert order.average_price is None


def test_fees_add_up_by_currency_and_rewards_are_negative() -> None:
    order = new_order()
    tell(
        order,
        fill("t-1", "0.1", fee=Fee("BTC", Decimal("0.001"))),
        fill("t-2", "0.1", fee=Fee("BTC", Decimal("0.002"))),
        fill("t-3", "0.1", fee=Fee("ZAR", Decimal(-5))),
        fill("t-4", "0.1"),
    )
    assert order.fees == {"BTC": Decimal("0.003"), "ZAR": Decimal(-5)}


def test_orders_share_no_fills() -> None:
    one, other = new_order(), new_order()
    tell(one, fill())
    assert other.fills == ()


def test_two_orders_are_the_same_only_if_they_are_one_object() -> None:
    order = new_order()
    assert order == order
    assert order != new_order()


def test_an_order_is_shown_in_one_line_however_long_its_story() -> None:
    order = new_order()
    assert repr(order) == "<order MM-1: BUY 1 BTC-ZAR at 1000000, PENDING_CREATE>"
    for attempt in range(30):
        tell(order, fill(f"t-{attempt}", "0.01"), step(Says.CANCEL_SENT), step(Says.CANCEL_UNKNOWN))
    tell(order, step(Says.CANCEL_SENT))
    assert (
        repr(order)
        == "<order MM-1: BUY 1 BTC-ZAR at 1000000, PARTIALLY_FILLED, 0.30 executed, being cancelled>"
    )


def test_an_order_shows_what_is_unknown_of_it_and_why_it_failed() -> None:
    unknown, failed = new_order(), new_order(amount=None, quote_amount=Decimal(50), price=None)
    tell(unknown, step(Says.SENT), step(Says.PLACEMENT_UNKNOWN), step(Says.MODIFY_SENT))
    tell(failed, said(Says.FAILED, reason="Insufficient Balance"))
    assert repr(unknown).endswith(", PENDING_CREATE, placement unknown, being modified>")
    assert repr(failed) == "<order MM-1: BUY BTC-ZAR for 50, FAILED: Insufficient Balance>"
