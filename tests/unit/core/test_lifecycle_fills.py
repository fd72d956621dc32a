"""Fills count once, in every status, and what is missing is asked for, never invented."""

from __future__ import annotations

from decimal import Decimal, localcontext
from typing import Any

import pytest

from tests.unit.core.builders import (
    FEE,
    OPEN_STATUSES,
    asks,
    at,
    fill,
    names,
    new_order,
    order_in,
    said,
    tell,
)
from valr_connector.core.evidence import Says, Source
from valr_connector.core.lifecycle import AskReason
from valr_connector.core.order_log import fold, known, records
from valr_connector.model.enums import Liquidity, OrderStatus, OrderType, TimeInForce
from valr_connector.model.events import FillAmended, OrderFilled
from valr_connector.model.order import Fee, Fill

PENDING, OPEN, PARTIAL = OPEN_STATUSES


def test_a_fill_is_told_with_all_that_valr_said_of_it() -> None:
    order = order_in(OPEN)
    events = tell(order, fill("t-1", "0.4", price="999999", fee=FEE, liquidity=Liquidity.TAKER))
    told = events[0]
    assert isinstance(told, OrderFilled)
    assert told.fill == Fill(
        trade_id=told.fill.trade_id,
        client_order_id=order.client_order_id,
        pair=order.pair,
        side=order.side,
        price=Decimal(999_999),
        amount=Decimal("0.4"),
        fee=FEE,
        liquidity=Liquidity.TAKER,
        at=at(2),
    )
    assert (told.executed_amount, told.is_late, told.at) == (Decimal("0.4"), False, at(2))


def test_a_fill_known_by_its_id_counts_once() -> None:
    order = order_in(OPEN)
    tell(order, fill("t-1", "0.4", fee=FEE))
    assert tell(order, fill("t-1", "0.4", fee=FEE, source=Source.QUERY)) == []
    assert order.filled_amount == Decimal("0.4")


def test_two_fills_of_equal_price_and_size_are_two_fills() -> None:
    order = order_in(OPEN)
    tell(order, fill("t-1", "0.3"), fill("t-2", "0.3"))
    assert order.executed_amount == Decimal("0.6")


def test_fills_that_make_up_the_whole_size_complete_the_order() -> None:
    order = order_in(OPEN)
    events = tell(order, fill("t-1", "0.4", fee=FEE), fill("t-2", "0.6", fee=FEE))
    assert names(events) == ["OrderFilled", "OrderUpdated", "OrderFilled", "OrderCompleted"]
    assert (order.status, order.has_all_fills) == (OrderStatus.FILLED, True)


def test_an_order_filled_by_its_fills_is_not_cancelled_by_anything() -> None:
    order = order_in(OPEN)
    tell(order, fill("t-1", "1", fee=FEE))
    assert tell(order, said(Says.CANCELLED, source=Source.QUERY, at_second=9)) == []
    assert order.status is OrderStatus.FILLED


def test_an_order_filled_by_valrs_word_is_complete_and_asks_for_the_fills_it_lacks() -> None:
    order = order_in(OPEN)
    word = said(Says.FILLED, at_second=3, original="1", remaining="0")
    assert asks(order, word) is AskReason.MISSING_FILLS
    assert (order.status, order.executed_amount, order.fills) == (OrderStatus.FILLED, Decimal(1), ())
    assert not order.has_all_fills


def test_valrs_word_alone_is_enough_for_the_whole_size() -> None:
    order = order_in(OPEN)
    tell(order, said(Says.FILLED, at_second=3))
    assert order.executed_amount == Decimal(1)


def test_a_filled_order_of_unknown_size_still_lacks_its_fills() -> None:
    order = new_order(order_type=OrderType.MARKET, amount=None, quote_amount=Decimal(500), price=None)
    assert asks(order, said(Says.FILLED, at_second=3)) is AskReason.MISSING_FILLS


def test_a_market_order_by_quote_amount_learns_its_size_from_valr() -> None:
    order = new_order(order_type=OrderType.MARKET, amount=None, quote_amount=Decimal(500), price=None)
    tell(order, said(Says.FILLED, at_second=3, original="0.5", remaining="0", price="0"), fill("t-1", "0.5"))
    assert (order.amount, order.executed_amount, order.price) == (Decimal("0.5"), Decimal("0.5"), None)
    assert order.status is OrderStatus.FILLED


def test_an_order_whose_size_valr_states_as_nothing_is_not_complete() -> None:
    order = new_order(order_type=OrderType.MARKET, amount=None, quote_amount=Decimal(500), price=None)
    tell(order, said(Says.RESTING, at_second=1, original="0", remaining="0"))
    assert order.status is OPEN


@pytest.mark.parametrize("status", [OrderStatus.CANCELLED, OrderStatus.EXPIRED, OrderStatus.FILLED])
def test_a_fill_that_arrives_after_the_end_still_counts_and_is_told_as_late(status: OrderStatus) -> None:
    order = order_in(status)
    told = tell(order, fill("t-1", "0.4"))[0]
    assert isinstance(told, OrderFilled)
    assert told.is_late
    assert (order.status, order.filled_amount) == (status, Decimal("0.4"))


def test_a_cancelled_order_keeps_its_late_fills_and_asks_for_their_fees() -> None:
    order = order_in(OrderStatus.CANCELLED)
    assert asks(order, fill("t-1", "0.4")) is AskReason.MISSING_FILLS
    assert asks(order, fill("t-1", "0.4", fee=FEE)) is None


def test_old_news_of_an_execution_makes_an_ended_order_ask_for_its_fills() -> None:
    order = order_in(OrderStatus.CANCELLED)
    old = said(Says.PARTIALLY_FILLED, at_second=2, original="1", remaining="0.6")
    assert asks(order, old) is AskReason.MISSING_FILLS
    assert (order.status, order.executed_amount) == (OrderStatus.CANCELLED, Decimal("0.4"))


def test_a_fill_of_an_order_that_failed_counts_and_is_a_contradiction() -> None:
    order = order_in(OrderStatus.FAILED)
    assert asks(order, fill("t-1", "0.4")) is AskReason.CONTRADICTION
    assert order.filled_amount == Decimal("0.4")


def test_a_failed_order_that_turns_out_filled_is_corrected_by_its_fills() -> None:
    order = order_in(OrderStatus.FAILED)
    assert names(tell(order, fill("t-1", "1", fee=FEE))) == ["OrderFilled", "OrderCorrected"]
    assert (order.status, order.failure_reason) == (OrderStatus.FILLED, "")


def test_the_executed_amount_is_what_reports_or_fills_say_whichever_is_more() -> None:
    order = order_in(OPEN)
    tell(order, said(Says.PARTIALLY_FILLED, at_second=2, original="1", remaining="0.5"))
    assert order.executed_amount == Decimal("0.5")
    tell(order, fill("t-1", "0.4"), fill("t-2", "0.3"))
    assert order.executed_amount == Decimal("0.7")


def test_an_older_report_never_lowers_the_executed_amount() -> None:
    order = order_in(OPEN)
    tell(order, said(Says.PARTIALLY_FILLED, at_second=3, original="1", remaining="0.3"))
    assert tell(order, said(Says.PARTIALLY_FILLED, at_second=2, original="1", remaining="0.6")) == []
    assert order.executed_amount == Decimal("0.7")


def test_a_report_never_makes_more_executed_than_the_whole_size() -> None:
    order = order_in(OPEN)
    tell(order, said(Says.PARTIALLY_FILLED, at_second=2, original="1", remaining="-0.5"))
    assert order.executed_amount == Decimal(1)


def test_a_fee_that_becomes_known_later_amends_the_fill() -> None:
    order = order_in(OPEN)
    tell(order, fill("t-1", "0.4"))
    assert not order.has_all_fills
    events = tell(order, fill("t-1", "0.4", fee=FEE, source=Source.QUERY))
    assert events == [FillAmended(order, at(2), order.fills[0])]
    assert order.fills[0].fee == FEE
    assert order.has_all_fills


def test_a_fee_once_known_stays() -> None:
    order = order_in(OPEN)
    tell(order, fill("t-1", "0.4", fee=FEE))
    assert tell(order, fill("t-1", "0.4"), fill("t-1", "0.4", fee=Fee("ZAR", Decimal(9)))) == []
    assert order.fills[0].fee == FEE


def test_the_maker_side_that_becomes_known_later_amends_the_fill() -> None:
    order = order_in(OPEN)
    tell(order, fill("t-1", "0.4", fee=FEE))
    assert names(tell(order, fill("t-1", "0.4", liquidity=Liquidity.MAKER))) == ["FillAmended"]
    assert (order.fills[0].liquidity, order.fills[0].fee) == (Liquidity.MAKER, FEE)
    assert tell(order, fill("t-1", "0.4", liquidity=Liquidity.TAKER)) == []


def test_a_fill_whose_maker_side_alone_becomes_known_still_lacks_its_fee() -> None:
    order = order_in(OPEN)
    tell(order, fill("t-1", "0.4"), fill("t-1", "0.4", liquidity=Liquidity.MAKER))
    assert not order.has_all_fills


@pytest.mark.parametrize(
    ("fields", "liquidity"),
    [
        ({"post_only": True}, Liquidity.MAKER),
        ({"order_type": OrderType.MARKET}, Liquidity.TAKER),
        ({"time_in_force": TimeInForce.IOC}, Liquidity.TAKER),
        ({"time_in_force": TimeInForce.FOK}, Liquidity.TAKER),
        ({}, Liquidity.UNKNOWN),
    ],
)
def test_the_maker_side_follows_from_the_order_where_the_rules_leave_one_possibility(
    fields: dict[str, Any], liquidity: Liquidity
) -> None:
    order = new_order(**fields)
    tell(order, fill())
    assert order.fills[0].liquidity is liquidity


def test_what_valr_says_of_the_maker_side_outranks_what_follows_from_the_order() -> None:
    order = new_order(post_only=True)
    tell(order, fill(liquidity=Liquidity.TAKER))
    assert order.fills[0].liquidity is Liquidity.TAKER


def test_a_caller_whose_decimals_have_few_digits_rounds_nothing_of_an_order() -> None:
    """1.2298 in 3 digits is more than the whole size: the order would be filled here, and open there."""
    order, fee = new_order(amount=Decimal("1.2299")), Fee("BTC", Decimal("0.60001"))
    with localcontext() as context:
        context.prec = 3
        tell(order, said(Says.PARTIALLY_FILLED, at_second=2, original="1.2299", remaining="0.0001"))
        assert order.executed_amount == Decimal("1.2298")
        tell(order, fill("t-1", "0.6", fee=fee), fill("t-2", "0.6298", fee=fee))
        assert (order.status, order.has_all_fills) == (OrderStatus.PARTIALLY_FILLED, True)
        assert (order.filled_amount, order.remaining_amount) == (Decimal("1.2298"), Decimal("0.0001"))
        assert order.fees == {"BTC": Decimal("1.20002")}
        order.placed_at = 1
        (again,) = fold(records(order, known(order))).values()
        assert again.filled_amount == Decimal("1.2298")
