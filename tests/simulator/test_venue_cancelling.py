"""Cancelling one order, the orders of a pair, or all (protocol 10.6, 10.7, 15.8)."""

from __future__ import annotations

import pytest

from tests.simulator.trading_floor import TradingFloor, btc_zar
from valr_connector.simulator.vocabulary import CancelFailed, Rejection


@pytest.fixture
def floor() -> TradingFloor:
    return TradingFloor()


def assert_cancel_is_refused(
    floor: TradingFloor,
    account_id: str,
    *,
    symbol: str = "BTCZAR",
    order_id: str = "",
    customer_order_id: str = "",
) -> CancelFailed:
    floor.events.clear()
    with pytest.raises(Rejection) as caught:
        floor.venue.cancel(account_id, symbol, order_id=order_id, customer_order_id=customer_order_id)
    assert (caught.value.code, caught.value.message) == (-1, "Invalid Order. ")
    [event] = floor.events
    assert isinstance(event, CancelFailed)
    assert event.account_id == account_id
    return event


def test_an_open_order_is_cancelled_at_once(floor: TradingFloor) -> None:
    order = floor.limit("ann", "buy", "1", "1000")
    assert floor.venue.cancel("ann", "BTCZAR", order_id=order.order_id) is order
    assert order.state == "Cancelled"
    assert floor.venue.open_orders("ann") == []
    assert [change.state for change in order.history] == ["Placed", "Cancelled"]


def test_a_cancelled_order_keeps_what_was_executed(floor: TradingFloor) -> None:
    order = floor.limit("ann", "buy", "1", "1000")
    floor.limit("bob", "sell", "0.25", "1000")
    floor.venue.cancel("ann", "BTCZAR", order_id=order.order_id)
    assert [change.state for change in order.history] == ["Placed", "Partially Filled", "Cancelled"]
    assert float(order.executed_quantity) == 0.25


def test_an_order_is_cancelled_by_its_customer_order_id(floor: TradingFloor) -> None:
    order = floor.limit("ann", "buy", "1", "1000", customer_order_id="MM-1")
    assert floor.venue.cancel("ann", "BTCZAR", customer_order_id="MM-1") is order


def test_a_reused_customer_order_id_means_the_open_order(floor: TradingFloor) -> None:
    floor.limit("ann", "buy", "1", "1000", customer_order_id="MM-1", time_in_force="IOC")
    open_order = floor.limit("ann", "buy", "1", "1000", customer_order_id="MM-1")
    assert floor.venue.cancel("ann", "BTCZAR", customer_order_id="MM-1") is open_order


def test_an_order_behind_a_failed_duplicate_is_still_reached() -> None:
    floor = TradingFloor(duplicate_ids_fail_late=True)
    first = floor.limit("ann", "buy", "1", "1000", customer_order_id="MM-1")
    floor.limit("ann", "buy", "1", "1000", customer_order_id="MM-1")
    assert floor.venue.cancel("ann", "BTCZAR", customer_order_id="MM-1") is first


def test_an_unknown_order_id_is_refused(floor: TradingFloor) -> None:
    assert assert_cancel_is_refused(floor, "ann", order_id="nobody").order_id == "nobody"


def test_an_unknown_customer_order_id_is_refused(floor: TradingFloor) -> None:
    event = assert_cancel_is_refused(floor, "ann", customer_order_id="MM-1")
    assert (event.order_id, event.customer_order_id) == ("", "MM-1")


@pytest.mark.parametrize("ending", ["filled", "cancelled"])
def test_an_order_that_ended_is_refused(floor: TradingFloor, ending: str) -> None:
    order = floor.limit("ann", "buy", "1", "1000", customer_order_id="MM-1")
    if ending == "filled":
        floor.limit("bob", "sell", "1", "1000")
    else:
        floor.venue.cancel("ann", "BTCZAR", order_id=order.order_id)
    assert_cancel_is_refused(floor, "ann", order_id=order.order_id)
    event = assert_cancel_is_refused(floor, "ann", customer_order_id="MM-1")
    assert (event.order_id, event.customer_order_id) == (order.order_id, "MM-1")


def test_a_failed_cancel_by_id_names_the_orders_customer_order_id(floor: TradingFloor) -> None:
    order = floor.limit("ann", "buy", "1", "1000", customer_order_id="MM-1", time_in_force="IOC")
    assert assert_cancel_is_refused(floor, "ann", order_id=order.order_id).customer_order_id == "MM-1"


def test_an_order_that_is_not_processed_yet_is_refused(floor: TradingFloor) -> None:
    order = floor.venue.accept("ann", btc_zar())
    assert_cancel_is_refused(floor, "ann", order_id=order.order_id)
    floor.venue.process(order.order_id)
    assert order.is_open


def test_the_order_of_another_account_is_refused(floor: TradingFloor) -> None:
    order = floor.limit("ann", "buy", "1", "1000")
    assert_cancel_is_refused(floor, "bob", order_id=order.order_id)
    assert order.is_open


def test_an_order_under_another_pair_is_refused(floor: TradingFloor) -> None:
    order = floor.limit("ann", "buy", "1", "1000")
    assert_cancel_is_refused(floor, "ann", symbol="ETHZAR", order_id=order.order_id)
    assert order.is_open


@pytest.mark.parametrize("ids", [{}, {"order_id": "a", "customer_order_id": "b"}])
def test_a_cancel_names_exactly_one_id(floor: TradingFloor, ids: dict[str, str]) -> None:
    with pytest.raises(Rejection) as caught:
        floor.venue.cancel("ann", "BTCZAR", **ids)
    assert caught.value.code == -11
    assert floor.events == []


class TestCancelAll:
    def test_cancel_all_takes_every_pair(self, floor: TradingFloor) -> None:
        orders = [
            floor.limit("ann", "buy", "1", "1000"),
            floor.limit("ann", "sell", "1", "2000"),
            floor.limit("ann", "buy", "1", "1000", symbol="ETHZAR"),
        ]
        foreign = floor.limit("bob", "buy", "1", "1000")
        assert floor.venue.cancel_all("ann") == orders
        assert {order.state for order in orders} == {"Cancelled"}
        assert foreign.is_open

    def test_cancel_all_of_a_pair_leaves_the_others_open(self, floor: TradingFloor) -> None:
        floor.limit("ann", "buy", "1", "1000")
        other = floor.limit("ann", "buy", "1", "1000", symbol="ETHZAR")
        floor.venue.cancel_all("ann", "BTCZAR")
        assert floor.venue.open_orders("ann") == [other]
        assert floor.venue.open_orders("ann", "BTCZAR") == []

    def test_cancel_all_without_open_orders_does_nothing(self, floor: TradingFloor) -> None:
        assert floor.venue.cancel_all("ann") == []
        assert floor.events == []
