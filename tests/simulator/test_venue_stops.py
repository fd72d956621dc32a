"""Stop-limit orders: they wait for a price, and then are limit orders like any other (protocol 10.4)."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Literal

import pytest

from tests.simulator.trading_floor import START_NS, TradingFloor
from valr_connector.simulator.pairs import DEFAULT_PAIRS
from valr_connector.simulator.venue import Venue
from valr_connector.simulator.vocabulary import (
    BuyOrSell,
    ModifyOrder,
    NewOrder,
    Rejection,
    Stop,
    StopType,
    VenueOrder,
)

STOP_LOSS: StopType = "STOP_LOSS_LIMIT"
TAKE_PROFIT: StopType = "TAKE_PROFIT_LIMIT"
LIQUID = {"BTC": Decimal(100), "ZAR": Decimal(1_000_000)}


@pytest.fixture
def floor() -> TradingFloor:
    """The last trade was at 1000."""
    floor = TradingFloor()
    trade_at(floor, "1000")
    return floor


def trade_at(floor: TradingFloor, price: str) -> None:
    floor.limit("bob", "sell", "0.1", price)
    floor.limit("cat", "buy", "0.1", price)


def stop_order(
    side: BuyOrSell,
    kind: StopType,
    stop: str,
    price: str,
    *,
    time_in_force: Literal["GTC", "IOC", "FOK"] = "GTC",
    post_only: bool = False,
) -> NewOrder:
    return NewOrder(
        "BTCZAR",
        side,
        "limit",
        quantity=Decimal("0.5"),
        price=Decimal(price),
        time_in_force=time_in_force,
        post_only=post_only,
        stop=Stop(kind, Decimal(stop)),
        customer_order_id="s-1",
    )


def place(
    floor: TradingFloor,
    side: BuyOrSell,
    kind: StopType,
    stop: str,
    price: str,
    time_in_force: Literal["GTC", "IOC", "FOK"] = "GTC",
) -> VenueOrder:
    return floor.place("ann", stop_order(side, kind, stop, price, time_in_force=time_in_force))


def states(order: VenueOrder) -> list[str]:
    return [change.state.value for change in order.history]


# --- waiting -----------------------------------------------------------------------------------------


def test_a_stop_order_waits_unseen_by_the_book_and_holds_its_funds(floor: TradingFloor) -> None:
    floor.events.clear()
    order = place(floor, "buy", STOP_LOSS, "1100", "1200")
    assert floor.event_names() == ["Processed", "OrderChange", "WalletChanged", "OpenOrdersChanged"]
    assert states(order) == ["Active"]
    assert floor.book("buy") == []
    assert floor.reserved("ann", "ZAR") == Decimal(600)
    assert floor.venue.open_orders("ann") == [order]
    assert order.type_text == "stop-loss-limit"


def test_a_stop_order_waits_where_nothing_was_traded_yet() -> None:
    order = place(TradingFloor(), "sell", STOP_LOSS, "900", "800")
    assert states(order) == ["Active"]


@pytest.mark.parametrize(
    ("side", "kind", "stop", "reached", "missed"),
    [
        ("buy", STOP_LOSS, "1100", "1100", "1099"),
        ("sell", STOP_LOSS, "900", "900", "901"),
        ("buy", TAKE_PROFIT, "900", "899", "901"),
        ("sell", TAKE_PROFIT, "1100", "1101", "1099"),
    ],
)
def test_the_last_traded_price_triggers_it(
    floor: TradingFloor, side: BuyOrSell, kind: StopType, stop: str, reached: str, missed: str
) -> None:
    order = place(floor, side, kind, stop, "1000")
    trade_at(floor, missed)
    assert states(order) == ["Active"]
    trade_at(floor, reached)
    assert states(order) == ["Active", "Placed"]
    assert [total for _price, total, _orders in floor.book(side)] == [Decimal("0.5")]


# --- triggered ---------------------------------------------------------------------------------------


def test_a_triggered_order_takes_what_it_crosses_and_is_done(floor: TradingFloor) -> None:
    order = place(floor, "buy", STOP_LOSS, "1100", "1200")
    floor.limit("bob", "sell", "5", "1150")
    trade_at(floor, "1100")
    assert states(order) == ["Active", "Placed", "Filled"]
    assert floor.reserved("ann", "ZAR") == 0
    assert floor.venue.open_orders("ann") == []


def test_a_triggered_order_triggers_the_next(floor: TradingFloor) -> None:
    first = place(floor, "buy", STOP_LOSS, "1100", "1200")
    second = floor.place("cat", stop_order("buy", STOP_LOSS, "1150", "1200"))
    floor.limit("bob", "sell", "5", "1150")
    trade_at(floor, "1100")
    assert [order.state for order in (first, second)] == ["Filled", "Filled"]


def test_a_triggered_order_that_would_match_its_own_account_fails(floor: TradingFloor) -> None:
    own = floor.limit("ann", "sell", "0.2", "1150")
    order = place(floor, "buy", STOP_LOSS, "1100", "1200")
    trade_at(floor, "1100")
    assert states(order) == ["Active", "Placed", "Failed"]
    assert "matched with your own order" in order.failed_reason
    assert floor.reserved("ann", "ZAR") == 0
    assert own.state == "Placed"


@pytest.mark.parametrize("time_in_force", ["IOC", "FOK"])
def test_what_must_fill_at_once_waits_all_the_same_and_fails_when_it_finds_nothing(
    floor: TradingFloor, time_in_force: Literal["IOC", "FOK"]
) -> None:
    order = place(floor, "buy", STOP_LOSS, "1100", "1000", time_in_force=time_in_force)
    assert states(order) == ["Active"]
    trade_at(floor, "1100")
    assert states(order) == ["Active", "Placed", "Failed"]


# --- refused -----------------------------------------------------------------------------------------


def test_an_order_that_would_be_triggered_at_once_fails(floor: TradingFloor) -> None:
    order = place(floor, "buy", STOP_LOSS, "1000", "1200")
    assert (order.state, order.failed_reason) == (
        "Failed",
        "Stop order failed as it would have been triggered immediately",
    )


def test_an_order_beyond_the_balance_fails() -> None:
    order = place(TradingFloor(purse={"ZAR": Decimal(100)}), "buy", STOP_LOSS, "1100", "1200")
    assert order.failed_reason == "Insufficient Balance"


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        (stop_order("buy", STOP_LOSS, "0", "1000"), "stopPrice"),
        (stop_order("buy", STOP_LOSS, "1000.5", "1000"), "multiple"),
        (stop_order("buy", STOP_LOSS, "1100", "1000", post_only=True), "postOnly"),
    ],
)
def test_a_stop_order_is_checked_like_any_other(floor: TradingFloor, request_: NewOrder, said: str) -> None:
    with pytest.raises(Rejection, match=said):
        floor.venue.accept("ann", request_)


# --- changing and cancelling -------------------------------------------------------------------------


def test_a_stop_that_waits_is_cancelled_and_gives_its_funds_back(floor: TradingFloor) -> None:
    order = place(floor, "buy", STOP_LOSS, "1100", "1200")
    floor.events.clear()
    floor.venue.cancel("ann", "BTCZAR", customer_order_id="s-1")
    assert floor.event_names() == ["OrderChange", "WalletChanged", "OpenOrdersChanged"]
    trade_at(floor, "1100")
    assert states(order) == ["Active", "Cancelled"]
    assert floor.reserved("ann", "ZAR") == 0


def test_a_stop_that_waits_cannot_be_modified(floor: TradingFloor) -> None:
    order = place(floor, "buy", STOP_LOSS, "1100", "1200")
    request = ModifyOrder("BTCZAR", "RETAIN_ORIGINAL", order.order_id, new_price=Decimal(1300))
    outcome = floor.venue.process_modify(floor.venue.accept_modify("ann", request))
    assert outcome is not None
    assert (outcome.success, outcome.code) == (False, -1)


@pytest.mark.parametrize(("takes_stops", "left"), [(True, 0), (False, 1)])
def test_to_cancel_all_takes_stops_or_spares_them(takes_stops: bool, left: int) -> None:
    venue = Venue(DEFAULT_PAIRS, clock=lambda: START_NS, rng=Random(1), cancel_all_takes_stops=takes_stops)
    venue.open_account("ann", LIQUID, maker_percent=Decimal(0), taker_percent=Decimal(0))
    venue.process(venue.accept("ann", stop_order("buy", STOP_LOSS, "1100", "1200")).order_id)
    venue.cancel_all("ann")
    assert len(venue.open_orders("ann")) == left
