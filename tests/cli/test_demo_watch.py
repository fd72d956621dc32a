"""The demo's check finds every kind of disagreement, and none where there is none."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from valr_connector.cli.demo_watch import (
    Disagreement,
    disagreements,
    open_disagreements,
    overdue_disagreements,
)
from valr_connector.core.order_record import OrderRecord
from valr_connector.model.enums import Liquidity, OrderStatus, OrderType, Side
from valr_connector.model.ids import ClientOrderId, Pair, Symbol, TradeId
from valr_connector.model.order import Fee, Fill
from valr_connector.simulator.vocabulary import AccountTrade, NewOrder, State, VenueOrder

SECOND = 1_000_000_000


def ours(
    client_order_id: str = "vc-1", status: OrderStatus = OrderStatus.CANCELLED, *, fills: Sequence[Fill] = ()
) -> OrderRecord:
    return OrderRecord(
        client_order_id=ClientOrderId(client_order_id),
        pair=Pair("BTC-ZAR"),
        symbol=Symbol("BTCZAR"),
        side=Side.BUY,
        order_type=OrderType.LIMIT,
        amount=Decimal("0.5"),
        status=status,
        accounted_amount=sum((fill.amount for fill in fills), Decimal(0)),
        fills_by_id={fill.trade_id: fill for fill in fills},
    )


def fill(trade_id: str = "t1", *, fee: str = "-0.00001", amount: str = "0.2") -> Fill:
    return Fill(
        trade_id=TradeId(trade_id),
        client_order_id=ClientOrderId("vc-1"),
        pair=Pair("BTC-ZAR"),
        side=Side.BUY,
        price=Decimal(1000),
        amount=Decimal(amount),
        fee=Fee("ZAR", Decimal(fee)),
        liquidity=Liquidity.MAKER,
        at=datetime(2025, 1, 1, tzinfo=UTC),
    )


def theirs(
    client_order_id: str = "vc-1",
    state: State | None = State.CANCELLED,
    *,
    remaining: str = "0.50",
    order_id: str = "o1",
    updated_at: int = 0,
) -> VenueOrder:
    return VenueOrder(
        order_id=order_id,
        account_id="0",
        request=NewOrder("BTCZAR", "buy", "limit", customer_order_id=client_order_id),
        created_at=0,
        updated_at=updated_at,
        price=Decimal(1000),
        original_quantity=Decimal("0.50"),
        remaining_quantity=Decimal(remaining),
        state=state,
    )


def trade(trade_id: str = "t1", *, fee: str = "-0.0000100", quantity: str = "0.2") -> AccountTrade:
    return AccountTrade(
        account_id="0",
        trade_id=trade_id,
        order_id="o1",
        customer_order_id="vc-1",
        symbol="BTCZAR",
        side="buy",
        price=Decimal(1000),
        quantity=Decimal(quantity),
        fee=Decimal(fee),
        fee_currency="ZAR",
        is_maker=True,
        traded_at=0,
        sequence_id=1,
    )


def test_equal_stories_agree_whatever_their_trailing_zeros() -> None:
    here = [ours(fills=[fill()])]
    there = [theirs(remaining="0.300")]

    assert disagreements(here, there, [trade()]) == []


def test_an_order_that_failed_here_need_not_exist_there() -> None:
    assert disagreements([ours(status=OrderStatus.FAILED)], [], []) == []


def test_fees_of_zero_are_no_fees() -> None:
    here = [ours(fills=[fill(fee="0")])]

    assert disagreements(here, [theirs(remaining="0.3")], [trade(fee="0")]) == []


@pytest.mark.parametrize(
    ("state", "remaining", "status"),
    [
        (State.PLACED, "0.5", OrderStatus.OPEN),
        (State.MODIFIED, "0.5", OrderStatus.OPEN),
        (State.CANCELLED, "0.5", OrderStatus.CANCELLED),
        (State.FAILED, "0.5", OrderStatus.FAILED),
        (None, "0.5", OrderStatus.PENDING_CREATE),
    ],
)
def test_each_state_of_the_venue_agrees_with_its_status(
    state: State | None, remaining: str, status: OrderStatus
) -> None:
    assert disagreements([ours(status=status)], [theirs(state=state, remaining=remaining)], []) == []


def test_a_different_ending_is_found() -> None:
    found = disagreements([ours(status=OrderStatus.FAILED)], [theirs()], [])

    assert found == [Disagreement("vc-1", "status", "FAILED", "CANCELLED")]


def test_a_fill_that_never_arrived_is_found() -> None:
    found = disagreements([ours()], [theirs(remaining="0.3")], [trade()])

    assert found == [
        Disagreement("vc-1", "executed amount", "0", "0.2"),
        Disagreement("vc-1", "fees", "none", "-0.00001 ZAR"),
        Disagreement("vc-1", "fills", "0", "1"),
    ]


def test_a_fee_that_differs_in_its_last_digit_is_found() -> None:
    found = disagreements([ours(fills=[fill(fee="-0.00002")])], [theirs(remaining="0.3")], [trade()])

    assert found == [Disagreement("vc-1", "fees", "-0.00002 ZAR", "-0.00001 ZAR")]


def test_one_trade_taken_for_two_fills_is_found() -> None:
    halves = [fill("t1", fee="-0.000005", amount="0.1"), fill("t2", fee="-0.000005", amount="0.1")]

    found = disagreements([ours(fills=halves)], [theirs(remaining="0.3")], [trade()])

    assert found == [Disagreement("vc-1", "fills", "2", "1")]


def test_two_orders_for_one_intent_are_found() -> None:
    found = disagreements([ours()], [theirs(order_id="o1"), theirs(order_id="o2")], [])

    assert found == [Disagreement("vc-1", "number of orders", "1", "2")]


def test_an_order_that_the_library_never_heard_of_is_found() -> None:
    found = disagreements([], [theirs(state=State.PLACED)], [])

    assert found == [Disagreement("vc-1", "order", "unknown", "OPEN")]


def test_an_order_that_the_venue_never_heard_of_is_found() -> None:
    found = disagreements([ours(status=OrderStatus.PENDING_CREATE)], [], [])

    assert found == [Disagreement("vc-1", "order", "PENDING_CREATE", "not there")]


def test_a_disagreement_reads_as_one_line() -> None:
    assert str(Disagreement("vc-1", "fills", "2", "1")) == "vc-1: fills: 2 here, 1 at the venue"


def test_an_order_that_ended_here_and_is_open_there_is_found_at_once() -> None:
    found = open_disagreements({"vc-1": ours()}.get, [theirs(state=State.PLACED)])

    assert found == [Disagreement("vc-1", "open order", "CANCELLED", "OPEN")]


def test_an_open_order_that_nobody_here_knows_is_found_at_once() -> None:
    found = open_disagreements(lambda _: None, [theirs(state=State.PARTIALLY_FILLED, remaining="0.1")])

    assert found == [Disagreement("vc-1", "open order", "unknown", "PARTIALLY_FILLED")]


def test_an_open_order_whose_placement_is_under_way_here_is_fine() -> None:
    pending = ours(status=OrderStatus.PENDING_CREATE)

    assert open_disagreements({"vc-1": pending}.get, [theirs(state=State.PLACED)]) == []


def test_the_library_may_lag_by_the_grace_and_no_more() -> None:
    lagging = [ours(status=OrderStatus.OPEN)]
    there = {"vc-1": theirs(updated_at=10 * SECOND)}.get

    in_time = overdue_disagreements(lagging, there, now=11 * SECOND, grace=SECOND)
    too_late = overdue_disagreements(lagging, there, now=11 * SECOND + 1, grace=SECOND)

    assert in_time == []
    assert too_late == [Disagreement("vc-1", "ended order", "OPEN", "CANCELLED")]


def test_an_order_open_on_both_sides_is_never_overdue() -> None:
    there = {"vc-1": theirs(state=State.PLACED)}.get

    assert overdue_disagreements([ours(status=OrderStatus.OPEN)], there, now=99 * SECOND, grace=0) == []
