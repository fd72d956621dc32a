"""Modifying an open order in place (protocol 10.5)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.simulator.trading_floor import PURSE, TradingFloor
from valr_connector.simulator import rules
from valr_connector.simulator.vocabulary import (
    ModifyMatchStrategy,
    ModifyOrder,
    ModifyOutcome,
    Rejection,
    VenueOrder,
)

D = Decimal


@pytest.fixture
def floor() -> TradingFloor:
    return TradingFloor()


def change(
    floor: TradingFloor,
    order: VenueOrder,
    *,
    price: str = "",
    remaining: str = "",
    total: str = "",
    strategy: ModifyMatchStrategy = "RETAIN_ORIGINAL",
    symbol: str = "BTCZAR",
) -> ModifyOutcome:
    floor.events.clear()
    modify_request_id = floor.venue.accept_modify(
        order.account_id,
        ModifyOrder(
            symbol,
            strategy,
            order_id=order.order_id,
            new_price=D(price) if price else None,
            new_remaining_quantity=D(remaining) if remaining else None,
            new_total_quantity=D(total) if total else None,
        ),
    )
    assert floor.events == []
    outcome = floor.venue.process_modify(modify_request_id)
    assert outcome is not None
    assert floor.events[0] is outcome
    assert outcome.modify_request_id == modify_request_id
    assert outcome.order_id == order.order_id
    return outcome


def test_a_new_price_moves_the_order_under_the_same_id(floor: TradingFloor) -> None:
    order = floor.limit("ann", "buy", "1", "1000")
    assert change(floor, order, price="1005").success
    assert (order.state, order.price, order.is_open) == ("Order Modified", D(1005), True)
    assert floor.book("buy") == [(D(1005), D(1), 1)]
    assert floor.reserved("ann", "ZAR") == 1005


def test_the_events_of_a_modify_come_outcome_first(floor: TradingFloor) -> None:
    order = floor.limit("ann", "buy", "1", "1000")
    change(floor, order, price="1005")
    assert floor.event_names() == [
        "ModifyOutcome",
        "OrderChange",
        "WalletChanged",
        "OpenOrdersChanged",
        "BookChanged",
    ]


def test_a_smaller_size_keeps_its_place_in_the_queue(floor: TradingFloor) -> None:
    first = floor.limit("ann", "buy", "2", "1000")
    second = floor.limit("bob", "buy", "1", "1000")
    change(floor, first, remaining="0.5")
    assert floor.venue.resting("BTCZAR", "buy") == [first, second]
    assert floor.book("buy") == [(D(1000), D("1.5"), 2)]
    assert floor.reserved("ann", "ZAR") == 500


def test_a_larger_size_loses_its_place(floor: TradingFloor) -> None:
    first = floor.limit("ann", "buy", "2", "1000")
    second = floor.limit("bob", "buy", "1", "1000")
    change(floor, first, remaining="3")
    assert floor.venue.resting("BTCZAR", "buy") == [second, first]
    assert second.sequence < first.sequence


def test_another_price_loses_its_place_even_after_a_return(floor: TradingFloor) -> None:
    first = floor.limit("ann", "buy", "2", "1000")
    second = floor.limit("bob", "buy", "1", "1000")
    change(floor, first, price="1001")
    change(floor, first, price="1000")
    assert floor.venue.resting("BTCZAR", "buy") == [second, first]


def test_a_new_total_counts_what_is_filled(floor: TradingFloor) -> None:
    order = floor.limit("ann", "buy", "2", "1000")
    floor.limit("bob", "sell", "0.5", "1000")
    change(floor, order, total="3")
    assert (order.original_quantity, order.remaining_quantity) == (D(3), D("2.5"))
    assert order.executed_quantity == D("0.5")


def test_a_new_remaining_quantity_changes_the_original_one(floor: TradingFloor) -> None:
    order = floor.limit("ann", "buy", "2", "1000")
    floor.limit("bob", "sell", "0.5", "1000")
    change(floor, order, remaining="1")
    assert (order.original_quantity, order.executed_quantity) == (D("1.5"), D("0.5"))


@pytest.mark.parametrize("total", ["0.5", "0.4"])
def test_a_total_that_is_filled_already_cancels_the_order(floor: TradingFloor, total: str) -> None:
    order = floor.limit("ann", "buy", "2", "1000")
    floor.limit("bob", "sell", "0.5", "1000")
    assert change(floor, order, total=total).success
    assert order.state == "Cancelled"
    assert floor.reserved("ann", "ZAR") == 0


def test_a_modified_order_can_be_filled(floor: TradingFloor) -> None:
    order = floor.limit("ann", "buy", "2", "1000")
    change(floor, order, price="1005", remaining="1")
    floor.limit("bob", "sell", "1", "1005")
    assert [entry.state for entry in order.history] == ["Placed", "Order Modified", "Filled"]


class TestAPriceThatWouldMatch:
    @pytest.fixture
    def order(self, floor: TradingFloor) -> VenueOrder:
        floor.limit("bob", "sell", "1", "1010")
        return floor.limit("ann", "buy", "1", "1000")

    def test_retain_original_leaves_the_order_alone(self, floor: TradingFloor, order: VenueOrder) -> None:
        outcome = change(floor, order, price="1010")
        assert (outcome.success, outcome.message) == (False, rules.MODIFY_WOULD_MATCH)
        assert floor.event_names() == ["ModifyOutcome"]
        assert (order.state, order.price) == ("Placed", D(1000))

    def test_cancel_original_cancels_the_order(self, floor: TradingFloor, order: VenueOrder) -> None:
        outcome = change(floor, order, price="1010", strategy="CANCEL_ORIGINAL")
        assert not outcome.success
        assert order.state == "Cancelled"

    def test_reprice_stays_one_tick_off_the_other_side(self, floor: TradingFloor, order: VenueOrder) -> None:
        assert change(floor, order, price="1020", strategy="REPRICE").success
        assert order.price == 1009

    def test_reprice_of_a_sell_goes_one_tick_above_the_bids(
        self, floor: TradingFloor, order: VenueOrder
    ) -> None:
        selling = floor.venue.resting("BTCZAR", "sell")[0]
        assert change(floor, selling, price="900", strategy="REPRICE").success
        assert selling.price == 1001


class TestRefusedByTheEngine:
    def test_no_change_is_refused(self, floor: TradingFloor) -> None:
        order = floor.limit("ann", "buy", "1", "1000")
        for outcome in (change(floor, order), change(floor, order, price="1000.0", remaining="1.0")):
            assert (outcome.success, outcome.code, outcome.message) == (
                False,
                -21303,
                "Modify order would not have modified anything and was cancelled",
            )
        assert order.state == "Placed"

    def test_more_than_the_balance_is_refused(self, floor: TradingFloor) -> None:
        floor.venue.open_account("poor", {"ZAR": D(1500)}, maker_percent=D(0), taker_percent=D(0))
        order = floor.limit("poor", "buy", "1", "1000")
        outcome = change(floor, order, remaining="1.6")
        assert (outcome.code, outcome.message) == (-6, "Insufficient Balance")
        assert (order.remaining_quantity, floor.reserved("poor", "ZAR")) == (D(1), D(1000))

    def test_what_the_order_holds_already_counts_as_balance(self, floor: TradingFloor) -> None:
        floor.venue.open_account("poor", {"ZAR": D(1500)}, maker_percent=D(0), taker_percent=D(0))
        order = floor.limit("poor", "buy", "1", "1000")
        assert change(floor, order, remaining="1.5").success
        assert floor.available("poor", "ZAR") == 0

    @pytest.mark.parametrize(
        ("remaining", "code"), [("0.00001", -12007), ("0.000000001", -12007), ("6", -39)]
    )
    def test_a_size_outside_the_pairs_bounds_is_refused(
        self, floor: TradingFloor, remaining: str, code: int
    ) -> None:
        order = floor.limit("ann", "buy", "1", "1000")
        assert change(floor, order, remaining=remaining).code == code
        assert order.remaining_quantity == 1

    def test_an_order_that_ended_is_refused(self, floor: TradingFloor) -> None:
        order = floor.limit("ann", "buy", "1", "1000", customer_order_id="MM-1")
        floor.venue.cancel("ann", "BTCZAR", order_id=order.order_id)
        outcome = change(floor, order, price="1001")
        assert (outcome.success, outcome.code, outcome.customer_order_id) == (False, -1, "MM-1")

    def test_an_order_under_another_pair_is_refused(self, floor: TradingFloor) -> None:
        order = floor.limit("ann", "buy", "1", "1000")
        assert change(floor, order, price="1001", symbol="ETHZAR").code == -1

    def test_an_unknown_order_is_refused(self, floor: TradingFloor) -> None:
        request = ModifyOrder("BTCZAR", "REPRICE", order_id="nobody", new_price=D(1000))
        outcome = floor.venue.process_modify(floor.venue.accept_modify("ann", request))
        assert outcome is not None
        assert (outcome.success, outcome.code, outcome.order_id) == (False, -1, "nobody")


class TestRefusedAtValidation:
    @pytest.mark.parametrize(
        ("request_", "code"),
        [
            pytest.param(ModifyOrder("NOPE", "REPRICE", order_id="x"), -21, id="unknown pair"),
            pytest.param(ModifyOrder("SOLZAR", "REPRICE", order_id="x"), -32, id="inactive pair"),
            pytest.param(ModifyOrder("BTCZAR", "REPRICE"), -11, id="no id"),
            pytest.param(
                ModifyOrder(
                    "BTCZAR", "REPRICE", order_id="x", new_remaining_quantity=D(1), new_total_quantity=D(1)
                ),
                -11,
                id="both quantities",
            ),
            pytest.param(
                ModifyOrder("BTCZAR", "REPRICE", order_id="x", new_total_quantity=D(0)), -11, id="zero total"
            ),
            pytest.param(
                ModifyOrder("BTCZAR", "REPRICE", order_id="x", new_remaining_quantity=D(-1)),
                -11,
                id="negative remaining",
            ),
            pytest.param(ModifyOrder("BTCZAR", "REPRICE", order_id="x", new_price=D("NaN")), -11, id="price"),
            pytest.param(
                ModifyOrder("BTCZAR", "REPRICE", order_id="x", new_price=D("0.5")), -11, id="off-tick price"
            ),
        ],
    )
    def test_a_malformed_request_is_refused(
        self, floor: TradingFloor, request_: ModifyOrder, code: int
    ) -> None:
        with pytest.raises(Rejection) as caught:
            floor.venue.accept_modify("ann", request_)
        assert caught.value.code == code


def test_an_order_is_modified_by_its_customer_order_id(floor: TradingFloor) -> None:
    order = floor.limit("ann", "buy", "1", "1000", customer_order_id="MM-1")
    request = ModifyOrder("BTCZAR", "REPRICE", customer_order_id="MM-1", new_price=D(900))
    floor.venue.process_modify(floor.venue.accept_modify("ann", request))
    assert order.price == 900


def test_a_modify_request_is_processed_once(floor: TradingFloor) -> None:
    order = floor.limit("ann", "buy", "1", "1000")
    request = ModifyOrder("BTCZAR", "REPRICE", order_id=order.order_id, new_price=D(900))
    modify_request_id = floor.venue.accept_modify("ann", request)
    assert floor.venue.process_modify(modify_request_id) is not None
    assert floor.venue.process_modify(modify_request_id) is None


def test_a_modify_moves_no_money_between_accounts(floor: TradingFloor) -> None:
    order = floor.limit("ann", "buy", "1", "1000")
    change(floor, order, price="1200", remaining="2")
    wallet = floor.wallet("ann", "ZAR")
    assert (wallet.reserved, wallet.available + wallet.reserved) == (D(2400), PURSE["ZAR"])
