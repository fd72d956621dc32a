"""What the venue tells, and in which order (protocol 19.2)."""

from __future__ import annotations

from decimal import Decimal
from random import Random

import pytest

from tests.simulator.trading_floor import START_NS, TradingFloor, btc_zar
from valr_connector.simulator.ids import uuid7_text
from valr_connector.simulator.vocabulary import (
    AccountTrade,
    BookChanged,
    OpenOrdersChanged,
    OrderChange,
    Processed,
    PublicTrade,
    VenueEvent,
    WalletChanged,
)

D = Decimal


@pytest.fixture
def floor() -> TradingFloor:
    return TradingFloor()


def test_an_order_that_rests(floor: TradingFloor) -> None:
    floor.limit("ann", "buy", "1", "1000")
    assert floor.event_names() == [
        "Processed",
        "OrderChange",
        "WalletChanged",
        "OpenOrdersChanged",
        "BookChanged",
    ]


def test_an_order_that_fails(floor: TradingFloor) -> None:
    order = floor.limit("ann", "buy", "1", "1000", time_in_force="IOC", customer_order_id="MM-1")
    processed, change = floor.events
    assert processed == Processed("ann", order.order_id, "MM-1", False, order.failed_reason)
    assert isinstance(change, OrderChange)
    assert (change.state, change.failed_reason, change.time_in_force) == (
        "Failed",
        "Immediate Or Cancel order did not match",
        "IOC",
    )


def test_an_order_that_fills_another(floor: TradingFloor) -> None:
    floor.limit("ann", "sell", "1", "1000")
    floor.events.clear()
    floor.limit("bob", "buy", "2", "1000")
    told = [(type(event).__name__, getattr(event, "account_id", "")) for event in floor.events]
    assert told == [
        ("Processed", "bob"),
        ("OrderChange", "bob"),
        ("AccountTrade", "bob"),
        ("OrderChange", "ann"),
        ("AccountTrade", "ann"),
        ("PublicTrade", ""),
        ("WalletChanged", "bob"),
        ("WalletChanged", "bob"),
        ("WalletChanged", "ann"),
        ("WalletChanged", "ann"),
        ("OpenOrdersChanged", "bob"),
        ("OpenOrdersChanged", "ann"),
        ("BookChanged", ""),
    ]


def test_a_walk_through_the_book_tells_wallets_open_orders_and_book_once(floor: TradingFloor) -> None:
    for price in ("1000", "1001", "1002"):
        floor.limit("ann", "sell", "1", price)
    floor.events.clear()
    floor.limit("bob", "buy", "3", "1002")
    assert sum(isinstance(event, PublicTrade) for event in floor.events) == 3
    assert sum(isinstance(event, WalletChanged) for event in floor.events) == 4
    assert sum(isinstance(event, OpenOrdersChanged) for event in floor.events) == 2
    assert sum(isinstance(event, BookChanged) for event in floor.events) == 1


def test_a_cancel(floor: TradingFloor) -> None:
    order = floor.limit("ann", "buy", "1", "1000")
    floor.events.clear()
    floor.venue.cancel("ann", "BTCZAR", order_id=order.order_id)
    assert floor.event_names() == ["OrderChange", "WalletChanged", "OpenOrdersChanged", "BookChanged"]


def test_a_cancel_of_all_tells_each_order_and_each_book(floor: TradingFloor) -> None:
    floor.limit("ann", "buy", "1", "1000")
    floor.limit("ann", "buy", "1", "1000", symbol="ETHZAR")
    floor.events.clear()
    floor.venue.cancel_all("ann")
    assert floor.event_names() == [
        "OrderChange",
        "OrderChange",
        "WalletChanged",
        "OpenOrdersChanged",
        "BookChanged",
        "BookChanged",
    ]


def test_a_credit(floor: TradingFloor) -> None:
    floor.venue.credit("ann", "ZAR", D(5))
    assert floor.event_names() == ["WalletChanged"]


def test_both_sides_of_a_trade_share_its_id_price_quantity_and_time(floor: TradingFloor) -> None:
    maker = floor.limit("ann", "sell", "1", "1000", customer_order_id="M-1")
    taker = floor.limit("bob", "buy", "1", "1000", customer_order_id="T-1")
    bought, sold = floor.venue.trades("bob")[0], floor.venue.trades("ann")[0]
    public = floor.venue.public_trades("BTCZAR")[0]
    assert bought.trade_id == sold.trade_id == public.trade_id
    assert (bought.order_id, bought.customer_order_id, bought.side, bought.is_maker) == (
        taker.order_id,
        "T-1",
        "buy",
        False,
    )
    assert (sold.order_id, sold.customer_order_id, sold.side, sold.is_maker) == (
        maker.order_id,
        "M-1",
        "sell",
        True,
    )
    assert bought.sequence_id == sold.sequence_id == public.sequence_id > 2**53
    assert (public.taker_side, public.price, public.quantity) == ("buy", D(1000), D(1))
    assert bought.traded_at == sold.traded_at == public.traded_at == taker.updated_at == maker.updated_at


def test_trades_are_listed_newest_first(floor: TradingFloor) -> None:
    for price in ("1000", "1001"):
        floor.limit("ann", "sell", "1", price)
    floor.limit("bob", "buy", "2", "1001")
    assert [trade.price for trade in floor.venue.trades("bob")] == [1001, 1000]
    assert [trade.price for trade in floor.venue.public_trades("BTCZAR")] == [1001, 1000]
    assert floor.venue.public_trades("ETHZAR") == []


def test_orders_are_listed_newest_first(floor: TradingFloor) -> None:
    first = floor.limit("ann", "buy", "1", "1000")
    second = floor.venue.accept("ann", btc_zar())
    assert floor.venue.orders("ann") == [second, first]
    assert floor.venue.order("bob", first.order_id) is None


def test_an_orders_history_is_what_was_told_about_it(floor: TradingFloor) -> None:
    order = floor.limit("ann", "buy", "1", "1000")
    floor.limit("bob", "sell", "0.5", "1000")
    floor.venue.cancel("ann", "BTCZAR", order_id=order.order_id)
    told = [e for e in floor.events if isinstance(e, OrderChange) and e.order_id == order.order_id]
    assert order.history == told
    assert [(e.remaining_quantity, e.executed_quantity, e.executed_price) for e in told] == [
        (D(1), D(0), D(0)),
        (D("0.5"), D("0.5"), D(1000)),
        (D("0.5"), D(0), D(0)),
    ]
    assert [e.updated_at for e in told] == sorted({e.updated_at for e in told})


def test_the_wallet_told_is_the_wallet_at_the_end_of_the_command(floor: TradingFloor) -> None:
    floor.limit("ann", "buy", "1", "1000")
    [told] = [event for event in floor.events if isinstance(event, WalletChanged)]
    wallet = floor.wallet("ann", "ZAR")
    assert (told.available, told.reserved, told.updated_at) == (
        wallet.available,
        wallet.reserved,
        wallet.updated_at,
    )


def test_a_listener_sees_the_venue_after_the_command(floor: TradingFloor) -> None:
    seen: list[tuple[int, bool]] = []

    def look(event: VenueEvent) -> None:
        if isinstance(event, Processed):
            open_orders = floor.venue.open_orders("ann")
            seen.append((len(open_orders), bool(floor.book("buy"))))

    floor.venue.listen(look)
    floor.limit("ann", "buy", "1", "1000")
    assert seen == [(1, True)]


def test_a_command_given_by_a_listener_is_told_after_the_one_it_listens_to(floor: TradingFloor) -> None:
    def cancel_at_once(event: VenueEvent) -> None:
        if isinstance(event, Processed):
            floor.venue.cancel("ann", "BTCZAR", order_id=event.order_id)

    floor.venue.listen(cancel_at_once)
    floor.limit("ann", "buy", "1", "1000")
    assert floor.event_names() == [
        *("Processed", "OrderChange", "WalletChanged", "OpenOrdersChanged", "BookChanged"),
        *("OrderChange", "WalletChanged", "OpenOrdersChanged", "BookChanged"),
    ]


def test_a_listener_that_breaks_does_not_silence_the_venue(floor: TradingFloor) -> None:
    heard: list[VenueEvent] = []

    def breaks_once(event: VenueEvent) -> None:
        heard.append(event)
        if len(heard) == 1:
            raise RuntimeError("listener")

    floor.venue.listen(breaks_once)
    with pytest.raises(RuntimeError, match="listener"):
        floor.limit("ann", "buy", "1", "1000")
    floor.venue.credit("ann", "ZAR", D(1))
    assert [type(event).__name__ for event in heard] == [
        *("Processed", "OrderChange", "WalletChanged", "OpenOrdersChanged", "BookChanged"),
        "WalletChanged",
    ]


class TestIds:
    def test_an_id_is_a_uuid_of_version_7_that_carries_the_time(self) -> None:
        text = uuid7_text(START_NS, Random(1))
        assert [len(part) for part in text.split("-")] == [8, 4, 4, 4, 12]
        assert text[14] == "7"
        assert text[19] in "89ab"
        assert int(text[:8] + text[9:13], 16) == START_NS // 1_000_000

    def test_ids_of_later_microseconds_sort_later(self) -> None:
        rng = Random(1)
        ids = [uuid7_text(START_NS + 1_000 * step, rng) for step in range(2_500)]
        assert ids == sorted(ids)

    def test_the_same_seed_and_clock_give_the_same_story(self) -> None:
        stories = []
        for _ in range(2):
            floor = TradingFloor(seed=7)
            floor.limit("ann", "sell", "1", "1000")
            floor.limit("bob", "buy", "0.5", "1000")
            stories.append(floor.events)
        assert stories[0] == stories[1]

    def test_another_seed_gives_other_ids(self) -> None:
        ids = {TradingFloor(seed=seed).limit("ann", "sell", "1", "1000").order_id for seed in range(10)}
        assert len(ids) == 10

    def test_trades_have_ids_of_their_own(self, floor: TradingFloor) -> None:
        for price in ("1000", "1001"):
            floor.limit("ann", "sell", "1", price)
        floor.limit("bob", "buy", "2", "1001")
        trades = [event for event in floor.events if isinstance(event, AccountTrade)]
        assert len({trade.trade_id for trade in trades}) == 2
        assert len({trade.sequence_id for trade in trades}) == 2
