"""Open orders that were not placed here are told once while they stay listed, and tracked if wanted."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest

from tests.unit.core.builders import FEE, NOW, PAIR_INFO, at, fill, names, said
from valr_connector.core.account_state import AccountState
from valr_connector.core.evidence import Says
from valr_connector.core.guards import SECOND
from valr_connector.core.lifecycle import AskReason
from valr_connector.core.order_record import OrderRecord
from valr_connector.core.strangers import StrangerPolicy, Strangers, adopted, untracked
from valr_connector.model.enums import (
    OrderStatus,
    OrderType,
    Placement,
    RetryPolicy,
    Side,
    TimeInForce,
    UntrackedPolicy,
)
from valr_connector.model.events import Event, OrderAdopted, OrderFilled, UntrackedOrder
from valr_connector.model.ids import ClientOrderId, ExchangeOrderId, Symbol
from valr_connector.protocol.rows import OpenOrderRow

PATIENCE = 10 * SECOND


def row(order_id: str = "ex-1", client_order_id: str | None = "theirs", **fields: Any) -> OpenOrderRow:
    content = {
        "orderId": order_id,
        "currencyPair": "BTCZAR",
        "side": "sell",
        "originalQuantity": "0.3",
        "quantity": "0.1",
        "price": "1500000",
        "customerOrderId": client_order_id,
        "type": "limit",
        "status": "Partially Filled",
        "updatedAt": "2026-01-01T00:00:03.000Z",
        **fields,
    }
    return msgspec.convert(content, OpenOrderRow)


def told(strangers: Strangers, *rows: OpenOrderRow, now: int = 0) -> list[str]:
    return [row.exchange_order_id for row in strangers.note(rows, now)]


def test_a_strangers_terms_are_told() -> None:
    (stranger,) = Strangers(PATIENCE).note([row()], 0)
    assert untracked(stranger, UntrackedPolicy.ADOPT) == UntrackedOrder(
        exchange_order_id=ExchangeOrderId("ex-1"),
        client_order_id=ClientOrderId("theirs"),
        symbol=Symbol("BTCZAR"),
        side="SELL",
        price=Decimal(1_500_000),
        remaining_amount=Decimal("0.1"),
        handling=UntrackedPolicy.ADOPT,
    )


def test_an_order_with_a_foreign_id_is_told_at_once_and_once() -> None:
    strangers = Strangers(PATIENCE)
    assert told(strangers, row()) == ["ex-1"]
    assert told(strangers, row(), now=SECOND) == []
    assert len(strangers) == 1


def test_an_order_without_an_id_may_be_ours_until_it_stood_unclaimed_for_a_while() -> None:
    strangers = Strangers(PATIENCE)
    nameless = row(client_order_id=None)
    assert told(strangers, nameless) == []
    assert told(strangers, nameless, now=PATIENCE - 1) == []
    assert len(strangers) == 0
    assert told(strangers, nameless, now=PATIENCE) == ["ex-1"]


def test_the_wait_begins_anew_for_an_order_that_was_gone_meanwhile() -> None:
    strangers = Strangers(PATIENCE)
    nameless = row(client_order_id=None)
    told(strangers, nameless)
    told(strangers, now=SECOND)
    assert told(strangers, nameless, now=PATIENCE) == []


def test_a_stranger_that_leaves_the_list_is_forgotten_and_told_again_if_it_returns() -> None:
    strangers = Strangers(PATIENCE)
    told(strangers, row("ex-1"), row("ex-2"))
    assert len(strangers) == 2
    assert told(strangers, row("ex-2")) == []
    assert len(strangers) == 1
    assert told(strangers, row("ex-1"), row("ex-2")) == ["ex-1"]


# --- policy ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("wanted", [UntrackedPolicy.REPORT, UntrackedPolicy.ADOPT])
@pytest.mark.parametrize("client_order_id", ["theirs", "vc-1-1", None])
def test_reporting_and_adopting_concern_every_stranger(
    wanted: UntrackedPolicy, client_order_id: str | None
) -> None:
    assert StrangerPolicy(wanted, "vc").handling(row(client_order_id=client_order_id)) is wanted


@pytest.mark.parametrize(
    ("client_order_id", "handling"),
    [
        ("vc-1-1", UntrackedPolicy.CANCEL),
        ("vcx-1-1", UntrackedPolicy.REPORT),
        ("vc", UntrackedPolicy.REPORT),
        ("theirs", UntrackedPolicy.REPORT),
        (None, UntrackedPolicy.REPORT),
    ],
)
def test_cancelling_concerns_ids_of_our_own_kind_only(
    client_order_id: str | None, handling: UntrackedPolicy
) -> None:
    policy = StrangerPolicy(UntrackedPolicy.CANCEL, "vc")
    assert policy.handling(row(client_order_id=client_order_id)) is handling


@pytest.mark.parametrize("client_order_id", ["vc-1-1", "theirs", None])
def test_cancelling_concerns_every_stranger_where_that_is_asked_for(client_order_id: str | None) -> None:
    policy = StrangerPolicy(UntrackedPolicy.CANCEL, "vc", cancels_foreign=True)
    assert policy.handling(row(client_order_id=client_order_id)) is UntrackedPolicy.CANCEL


# --- adopting --------------------------------------------------------------------------------------


def adopt(stranger: OpenOrderRow) -> OrderRecord:
    order = adopted(stranger, PAIR_INFO, NOW, 7)
    assert order is not None
    return order


def test_an_adopted_order_is_what_valr_says_of_it() -> None:
    order = adopt(row(timeInForce="GTC"))
    assert (order.client_order_id, order.exchange_order_id) == ("theirs", "ex-1")
    assert (order.pair, order.symbol, order.side) == ("BTC-ZAR", "BTCZAR", Side.SELL)
    assert (order.order_type, order.time_in_force) == (OrderType.LIMIT, TimeInForce.GTC)
    assert not order.post_only
    assert (order.amount, order.price) == (Decimal("0.3"), Decimal(1_500_000))
    assert (order.status, order.placement) == (OrderStatus.PARTIALLY_FILLED, Placement.CONFIRMED)
    assert (order.executed_amount, order.remaining_amount) == (Decimal("0.2"), Decimal("0.1"))
    assert order.fills == ()
    assert order.has_all_fills
    assert (order.updated_at, order.epoch, order.retry) == (at(3), 7, RetryPolicy.NEVER)


def test_an_adopted_order_without_executions_is_open() -> None:
    order = adopt(row(quantity="0.3", status="Placed", type="post-only limit"))
    assert (order.status, order.executed_amount) == (OrderStatus.OPEN, Decimal(0))
    assert order.post_only


def test_an_adopted_order_without_an_id_of_ours_goes_by_valrs() -> None:
    assert adopt(row(client_order_id=None)).client_order_id == "ex-1"


def test_an_adopted_order_may_only_reduce_a_position() -> None:
    order = adopt(row(type="limit-reduce-only"))
    assert (order.order_type, order.post_only) == (OrderType.LIMIT, False)


def test_an_adopted_stop_order_keeps_what_it_waits_for() -> None:
    order = adopt(row(type="stop-loss-limit", status="Active", quantity="0.3", stopPrice="1400000"))
    assert (order.order_type, order.stop_price) == (OrderType.STOP_LOSS_LIMIT, Decimal(1_400_000))


def test_the_size_of_an_adopted_order_that_was_modified_says_nothing_about_later_executions() -> None:
    assert adopt(row(status="Order Modified")).was_modified
    assert not adopt(row()).was_modified


@pytest.mark.parametrize("word", [None, "", "GTD"])
def test_a_resting_order_stands_until_cancelled_whatever_valr_leaves_out(word: str | None) -> None:
    assert adopt(row(timeInForce=word)).time_in_force is TimeInForce.GTC


@pytest.mark.parametrize("fields", [{"type": None}, {"type": "simple"}, {"updatedAt": None}])
def test_an_order_of_which_valr_does_not_say_enough_is_not_adopted(fields: dict[str, Any]) -> None:
    assert adopted(row(**fields), PAIR_INFO, NOW, 1) is None


def test_an_order_of_a_pair_that_nobody_knows_is_not_adopted() -> None:
    assert adopted(row(), None, NOW, 1) is None


class Desk:
    """The core with a policy, which has met one stranger that had executed 0.2 of 0.3 by the third second."""

    def __init__(self, wanted: UntrackedPolicy = UntrackedPolicy.ADOPT, **fields: Any) -> None:
        self.state = AccountState(strangers=StrangerPolicy(wanted, "vc"))
        self.state.rules.replace([PAIR_INFO])
        self.told: list[Event] = []
        self.listed(**fields)

    def listed(self, **fields: Any) -> None:
        self.told += self.state.router.note_open_orders([row(**fields)], NOW, 1)

    @property
    def order(self) -> OrderRecord:
        (order,) = self.state.tracker.in_flight.values()
        return order


def test_a_stranger_is_told_and_then_adopted_once() -> None:
    desk = Desk()
    desk.listed()
    assert names(desk.told) == ["UntrackedOrder", "OrderAdopted"]
    stranger, adoption = desk.told
    assert isinstance(stranger, UntrackedOrder)
    assert stranger.handling is UntrackedPolicy.ADOPT
    assert adoption == OrderAdopted(desk.order, at(3), OrderStatus.PARTIALLY_FILLED, Decimal("0.2"))
    assert desk.state.router.stranger_count == 0


def test_a_stranger_that_has_to_be_cancelled_is_tracked_for_it() -> None:
    desk = Desk(UntrackedPolicy.CANCEL, client_order_id="vc-other-1")
    stranger = desk.told[0]
    assert isinstance(stranger, UntrackedOrder)
    assert stranger.handling is UntrackedPolicy.CANCEL
    assert desk.order.client_order_id == "vc-other-1"


@pytest.mark.parametrize(
    ("wanted", "fields"),
    [
        (UntrackedPolicy.REPORT, {}),
        (UntrackedPolicy.CANCEL, {}),
        (UntrackedPolicy.ADOPT, {"currencyPair": "NOPAIR"}),
        (UntrackedPolicy.ADOPT, {"updatedAt": None}),
    ],
)
def test_a_stranger_that_is_not_tracked_is_told_to_be_reported_only(
    wanted: UntrackedPolicy, fields: dict[str, Any]
) -> None:
    desk = Desk(wanted, **fields)
    (stranger,) = desk.told
    assert isinstance(stranger, UntrackedOrder)
    assert stranger.handling is UntrackedPolicy.REPORT
    assert not desk.state.tracker.in_flight
    assert desk.state.router.stranger_count == 1


def test_of_two_strangers_by_the_same_id_the_second_is_told_and_the_list_goes_on() -> None:
    state = AccountState(strangers=StrangerPolicy(UntrackedPolicy.ADOPT))
    state.rules.replace([PAIR_INFO])
    twins = [row(), row("ex-2"), row("ex-3", "other")]
    told = state.router.note_open_orders(twins, NOW, 1)
    handlings = [event.handling.value for event in told if isinstance(event, UntrackedOrder)]
    assert handlings == ["adopt", "report", "adopt"]
    assert list(state.tracker.in_flight) == ["theirs", "other"]


@pytest.mark.parametrize("second", [2, 3])
def test_fills_of_an_adopted_order_count_from_its_adoption_on(second: float) -> None:
    desk = Desk()
    before = fill("t-1", "0.2", at_second=second, client_order_id="theirs", fee=FEE)
    after = fill("t-2", "0.06", at_second=3.001, client_order_id="theirs", fee=FEE)
    told = [event for each in (before, after) for event in desk.state.tracker.apply(each, NOW)]
    assert [event.fill.trade_id for event in told if isinstance(event, OrderFilled)] == ["t-2"]
    assert desk.order.executed_amount == Decimal("0.26")
    assert desk.order.has_all_fills


def test_an_adopted_order_of_which_nothing_was_executed_has_its_fill_of_the_same_millisecond() -> None:
    desk = Desk(quantity="0.3", status="Placed")
    order = desk.order
    whole = fill("t-1", "0.3", at_second=3, client_order_id="theirs", fee=FEE)
    assert names(desk.state.tracker.apply(whole, NOW)) == ["OrderFilled", "OrderCompleted"]
    assert order.has_all_fills


def test_an_adopted_order_is_complete_once_its_fills_add_up_to_the_rest() -> None:
    desk = Desk()
    order = desk.order
    last = fill("t-2", "0.1", at_second=4, client_order_id="theirs", fee=FEE)
    assert names(desk.state.tracker.apply(last, NOW)) == ["OrderFilled", "OrderCompleted"]
    assert order.status is OrderStatus.FILLED
    assert order.average_price == Decimal(1_000_000)


def test_an_adopted_order_is_asked_about_for_the_list_that_shows_it_may_be_older_than_its_end() -> None:
    desk = Desk()
    (question,) = desk.state.questions.take_due(NOW + SECOND)
    assert (question.client_order_id, question.reason) == ("theirs", AskReason.ADOPTED)


def test_fills_that_are_missing_since_the_adoption_are_asked_for() -> None:
    desk = Desk()
    desk.state.questions.take_due(NOW + SECOND)
    report = said(
        Says.PARTIALLY_FILLED, client_order_id="theirs", at_second=5, original="0.3", remaining="0.05"
    )
    desk.state.tracker.apply(report, NOW)
    assert not desk.order.has_all_fills
    asked = desk.state.questions.take_due(NOW + 60 * SECOND)
    assert [question.reason for question in asked] == [AskReason.MISSING_FILLS]


def test_what_waited_for_the_id_of_an_adopted_order_is_applied_to_it() -> None:
    desk = Desk(UntrackedPolicy.ADOPT, client_order_id=None)
    assert desk.told == []
    early = said(Says.CANCELLED, client_order_id=None, exchange_order_id="ex-1", at_second=12)
    desk.state.tracker.apply(early, NOW + 9 * SECOND)
    nameless = row(client_order_id=None)
    told = desk.state.router.note_open_orders([nameless], NOW + 10 * SECOND, 1)
    assert names(told) == ["UntrackedOrder", "OrderAdopted", "OrderCancelled"]


def test_a_watcher_of_the_tracker_sees_an_adoption() -> None:
    state = AccountState(strangers=StrangerPolicy(UntrackedPolicy.ADOPT))
    state.rules.replace([PAIR_INFO])
    seen: list[str] = []
    state.tracker.watch(lambda _order, events: seen.extend(names(events)))
    state.router.note_open_orders([row()], NOW, 1)
    assert seen == ["OrderAdopted"]
