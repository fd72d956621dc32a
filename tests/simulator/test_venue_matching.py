"""What the engine does with an accepted order: rest, match, refuse (protocol 6, 19.2)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.simulator.trading_floor import TradingFloor, btc_zar
from valr_connector.simulator import rules
from valr_connector.simulator.vocabulary import BuyOrSell, NewOrder, State, VenueOrder

D = Decimal


@pytest.fixture
def floor() -> TradingFloor:
    return TradingFloor()


def states(order: VenueOrder) -> list[State]:
    return [change.state for change in order.history]


class TestAcceptanceAndProcessing:
    def test_an_accepted_order_has_an_id_and_no_state(self, floor: TradingFloor) -> None:
        order = floor.venue.accept("ann", btc_zar())
        assert order.state is None
        assert not order.is_open
        assert floor.venue.order("ann", order.order_id) is order
        assert floor.venue.open_orders("ann") == []
        assert floor.book("buy") == []
        assert floor.events == []

    def test_processing_twice_does_nothing_more(self, floor: TradingFloor) -> None:
        order = floor.limit("ann", "buy", "1", "1000")
        floor.events.clear()
        floor.venue.process(order.order_id)
        assert floor.events == []
        assert floor.book("buy") == [(D(1000), D(1), 1)]

    def test_processing_an_unknown_id_does_nothing(self, floor: TradingFloor) -> None:
        floor.venue.process("nobody")
        assert floor.events == []

    def test_orders_are_matched_in_the_order_of_processing_not_of_acceptance(
        self, floor: TradingFloor
    ) -> None:
        early = floor.venue.accept("ann", btc_zar())
        late = floor.venue.accept("bob", btc_zar())
        floor.venue.process(late.order_id)
        floor.venue.process(early.order_id)
        assert floor.venue.resting("BTCZAR", "buy") == [late, early]


class TestPriceTimePriority:
    def test_the_best_price_is_matched_first(self, floor: TradingFloor) -> None:
        dear = floor.limit("ann", "sell", "1", "1002")
        cheap = floor.limit("ann", "sell", "1", "1001")
        taker = floor.limit("bob", "buy", "1", "1002")
        assert (cheap.state, dear.state, taker.state) == ("Filled", "Placed", "Filled")
        assert taker.executed_quote == 1001

    def test_the_highest_bid_is_matched_first(self, floor: TradingFloor) -> None:
        low = floor.limit("ann", "buy", "1", "999")
        high = floor.limit("ann", "buy", "1", "1000")
        floor.limit("bob", "sell", "1", "900")
        assert (high.state, low.state) == ("Filled", "Placed")

    def test_at_one_price_the_earlier_order_is_matched_first(self, floor: TradingFloor) -> None:
        first = floor.limit("ann", "sell", "1", "1000")
        second = floor.limit("cat", "sell", "1", "1000")
        floor.limit("bob", "buy", "1.5", "1000")
        assert first.state == "Filled"
        assert (second.state, second.remaining_quantity) == ("Partially Filled", D("0.5"))

    def test_a_partly_filled_order_keeps_its_place(self, floor: TradingFloor) -> None:
        first = floor.limit("ann", "sell", "1", "1000")
        second = floor.limit("cat", "sell", "1", "1000")
        floor.limit("bob", "buy", "0.4", "1000")
        assert floor.venue.resting("BTCZAR", "sell") == [first, second]
        floor.limit("bob", "buy", "0.6", "1000")
        assert (first.state, second.state) == ("Filled", "Placed")

    def test_cancelling_the_first_in_the_queue_promotes_the_second(self, floor: TradingFloor) -> None:
        first = floor.limit("ann", "sell", "1", "1000")
        second = floor.limit("cat", "sell", "1", "1000")
        floor.venue.cancel("ann", "BTCZAR", order_id=first.order_id)
        floor.limit("bob", "buy", "1", "1000")
        assert second.state == "Filled"


class TestTheBook:
    def test_levels_are_totals_per_price_best_first(self, floor: TradingFloor) -> None:
        for price, quantity in (("1000", "1"), ("998", "2"), ("1000", "0.5"), ("999", "3")):
            floor.limit("ann", "buy", quantity, price)
        for price, quantity in (("1003", "1"), ("1001", "2"), ("1002", "3")):
            floor.limit("ann", "sell", quantity, price)
        assert floor.book("buy") == [(D(1000), D("1.5"), 2), (D(999), D(3), 1), (D(998), D(2), 1)]
        assert floor.book("sell") == [(D(1001), D(2), 1), (D(1002), D(3), 1), (D(1003), D(1), 1)]

    def test_levels_are_cut_to_the_depth_asked_for(self, floor: TradingFloor) -> None:
        for price in ("1000", "999", "998"):
            floor.limit("ann", "buy", "1", price)
        assert [price for price, _, _ in floor.venue.levels("BTCZAR", "buy", 2)] == [1000, 999]

    def test_a_level_disappears_with_its_last_order(self, floor: TradingFloor) -> None:
        order = floor.limit("ann", "buy", "1", "1000")
        floor.venue.cancel("ann", "BTCZAR", order_id=order.order_id)
        assert floor.book("buy") == []
        assert floor.venue.resting("BTCZAR", "buy") == []

    def test_the_sequence_rises_by_one_per_command_that_changes_the_book(self, floor: TradingFloor) -> None:
        for price in ("1001", "1002", "1003"):
            floor.limit("ann", "sell", "1", price)
        assert floor.venue.book_sequence("BTCZAR") == 3
        floor.limit("bob", "buy", "3.5", "1003")
        assert floor.venue.book_sequence("BTCZAR") == 4

    def test_a_refused_order_leaves_the_sequence_alone(self, floor: TradingFloor) -> None:
        floor.limit("ann", "buy", "1", "1000", time_in_force="IOC")
        assert floor.venue.book_sequence("BTCZAR") == 0

    def test_pairs_have_books_of_their_own(self, floor: TradingFloor) -> None:
        floor.limit("ann", "sell", "1", "50000", symbol="ETHZAR")
        order = floor.limit("bob", "buy", "1", "60000", symbol="BTCZAR")
        assert order.state == "Placed"


class TestLimitOrders:
    def test_an_order_that_crosses_nothing_rests(self, floor: TradingFloor) -> None:
        floor.limit("ann", "sell", "1", "1001")
        order = floor.limit("bob", "buy", "1", "1000")
        assert states(order) == ["Placed"]
        assert floor.venue.open_orders("bob") == [order]

    def test_a_crossing_order_trades_at_the_resting_price(self, floor: TradingFloor) -> None:
        floor.limit("ann", "sell", "1", "1000")
        floor.limit("bob", "buy", "1", "1100")
        assert floor.venue.public_trades("BTCZAR")[0].price == 1000

    def test_what_is_left_of_a_crossing_order_rests_at_its_own_price(self, floor: TradingFloor) -> None:
        floor.limit("ann", "sell", "1", "1000")
        order = floor.limit("bob", "buy", "3", "1100")
        assert states(order) == ["Partially Filled"]
        assert floor.book("buy") == [(D(1100), D(2), 1)]
        assert floor.reserved("bob", "ZAR") == 2200

    def test_an_order_walks_through_as_many_levels_as_it_needs(self, floor: TradingFloor) -> None:
        for price in ("1000", "1001", "1002"):
            floor.limit("ann", "sell", "1", price)
        order = floor.limit("bob", "buy", "2.5", "1002")
        assert states(order) == ["Partially Filled", "Partially Filled", "Filled"]
        assert [change.executed_quantity for change in order.history] == [D(1), D(1), D("0.5")]
        assert [change.executed_price for change in order.history] == [1000, 1001, 1002]
        assert order.executed_quote == D(1000) + D(1001) + D(501)


class TestImmediateOrCancel:
    def test_nothing_matched_ends_as_failed(self, floor: TradingFloor) -> None:
        order = floor.limit("ann", "buy", "1", "1000", time_in_force="IOC")
        assert (states(order), order.failed_reason) == (
            ["Failed"],
            "Immediate Or Cancel order did not match",
        )

    def test_partly_matched_ends_as_cancelled_with_its_trades(self, floor: TradingFloor) -> None:
        floor.limit("ann", "sell", "1", "1000")
        order = floor.limit("bob", "buy", "3", "1000", time_in_force="IOC")
        assert states(order) == ["Partially Filled", "Cancelled"]
        assert order.executed_quantity == 1
        assert floor.venue.open_orders("bob") == []
        assert floor.book("buy") == []
        assert floor.reserved("bob", "ZAR") == 0

    def test_fully_matched_ends_as_filled(self, floor: TradingFloor) -> None:
        floor.limit("ann", "sell", "1", "1000")
        assert states(floor.limit("bob", "buy", "1", "1000", time_in_force="IOC")) == ["Filled"]


class TestFillOrKill:
    def test_a_fillable_order_is_filled_whole(self, floor: TradingFloor) -> None:
        floor.limit("ann", "sell", "1", "1000")
        floor.limit("ann", "sell", "1", "1001")
        assert floor.limit("bob", "buy", "2", "1001", time_in_force="FOK").state == "Filled"

    def test_an_order_that_lacks_a_little_fails_without_any_trade(self, floor: TradingFloor) -> None:
        maker = floor.limit("ann", "sell", "1", "1000")
        order = floor.limit("bob", "buy", "1.00000001", "1000", time_in_force="FOK")
        assert (order.state, order.failed_reason) == ("Failed", rules.FOK_DID_NOT_MATCH)
        assert maker.state == "Placed"
        assert floor.venue.public_trades("BTCZAR") == []


class TestPostOnly:
    def test_a_crossing_order_fails(self, floor: TradingFloor) -> None:
        floor.limit("ann", "sell", "1", "1000")
        order = floor.limit("bob", "buy", "1", "1000", post_only=True)
        assert (order.state, order.failed_reason) == (
            "Failed",
            "Post only cancelled as it would have matched",
        )
        assert floor.book("sell") == [(D(1000), D(1), 1)]

    def test_an_order_one_tick_away_rests(self, floor: TradingFloor) -> None:
        floor.limit("ann", "sell", "1", "1000")
        order = floor.limit("bob", "buy", "1", "999", post_only=True)
        assert (order.state, order.type_text) == ("Placed", "post-only limit")


class TestSelfMatch:
    def test_an_order_that_would_match_an_own_order_is_not_executed(self, floor: TradingFloor) -> None:
        own = floor.limit("ann", "sell", "1", "1000")
        order = floor.limit("ann", "buy", "1", "1000")
        assert (order.state, order.failed_reason) == ("Failed", rules.SELF_MATCH)
        assert own.state == "Placed"

    def test_an_own_order_behind_a_foreign_one_stops_the_whole_order(self, floor: TradingFloor) -> None:
        foreign = floor.limit("bob", "sell", "1", "1000")
        floor.limit("ann", "sell", "1", "1001")
        order = floor.limit("ann", "buy", "2", "1001")
        assert (order.state, order.executed_quantity) == ("Failed", D(0))
        assert foreign.state == "Placed"

    def test_an_own_order_that_would_not_be_reached_does_no_harm(self, floor: TradingFloor) -> None:
        floor.limit("bob", "sell", "1", "1000")
        own = floor.limit("ann", "sell", "1", "1001")
        assert floor.limit("ann", "buy", "1", "1001").state == "Filled"
        assert own.state == "Placed"

    def test_a_market_order_does_not_match_its_own_account_either(self, floor: TradingFloor) -> None:
        floor.limit("ann", "sell", "1", "1000")
        assert floor.market("ann", "buy", base="1").failed_reason == rules.SELF_MATCH


class TestMarketOrders:
    def test_a_market_order_by_base_takes_what_it_names(self, floor: TradingFloor) -> None:
        floor.limit("ann", "sell", "1", "1000")
        floor.limit("ann", "sell", "1", "1001")
        order = floor.market("bob", "buy", base="1.5")
        assert (order.state, order.executed_quantity, order.executed_quote) == (
            "Filled",
            D("1.5"),
            D("1500.5"),
        )
        assert (order.price, order.type_text, order.time_in_force) == (D(0), "market", "IOC")

    def test_a_market_order_larger_than_the_book_ends_as_cancelled(self, floor: TradingFloor) -> None:
        floor.limit("ann", "sell", "1", "1000")
        order = floor.market("bob", "buy", base="3")
        assert states(order) == ["Partially Filled", "Cancelled"]
        assert order.remaining_quantity == 2

    @pytest.mark.parametrize("side", ["buy", "sell"])
    @pytest.mark.parametrize("amount", ["base", "quote"])
    def test_a_market_order_into_an_empty_book_fails(
        self, floor: TradingFloor, side: BuyOrSell, amount: str
    ) -> None:
        order = floor.market("bob", side, **{amount: "1" if amount == "base" else "1000"})
        assert (order.state, order.failed_reason) == ("Failed", rules.IOC_DID_NOT_MATCH)

    def test_a_buy_by_quote_amount_spends_no_more_than_the_amount(self, floor: TradingFloor) -> None:
        floor.limit("ann", "sell", "1", "1000")
        floor.limit("ann", "sell", "1", "3000")
        order = floor.market("bob", "buy", quote="2000")
        assert (order.state, order.original_quantity) == ("Filled", D("1.33333333"))
        assert order.executed_quote == D("1999.99999")

    def test_a_sell_by_quote_amount_sells_no_more_than_needed(self, floor: TradingFloor) -> None:
        floor.limit("ann", "buy", "1", "3000")
        order = floor.market("bob", "sell", quote="1000")
        assert (order.state, order.executed_quantity) == ("Filled", D("0.33333333"))

    def test_a_quote_amount_beyond_the_book_leaves_a_rest_at_the_last_price(
        self, floor: TradingFloor
    ) -> None:
        floor.limit("ann", "sell", "1", "1000")
        order = floor.market("bob", "buy", quote="3000")
        assert states(order) == ["Partially Filled", "Cancelled"]
        assert (order.executed_quantity, order.remaining_quantity) == (D(1), D(2))

    def test_a_quote_amount_that_buys_no_unit_fails(self, floor: TradingFloor) -> None:
        floor.limit("ann", "sell", "44600", "1", symbol="SHIBUSDC")
        request = NewOrder("SHIBUSDC", "buy", "market", quote_amount=D("0.6"))
        order = floor.place("bob", request)
        assert (order.state, order.failed_reason) == ("Failed", rules.IOC_DID_NOT_MATCH)


class TestBalances:
    @pytest.mark.parametrize(
        ("side", "quantity", "price"), [("buy", "5", "1000000"), ("sell", "4.6", "1000")]
    )
    def test_an_order_beyond_the_balance_fails_with_an_id(
        self, floor: TradingFloor, side: BuyOrSell, quantity: str, price: str
    ) -> None:
        for _ in range(2):
            floor.limit("ann", side, quantity, price)
        order = floor.limit("ann", side, quantity, price)
        assert (order.state, order.failed_reason) == ("Failed", "Insufficient Balance")
        assert floor.venue.order("ann", order.order_id) is order

    def test_an_order_for_exactly_the_balance_is_taken(self, floor: TradingFloor) -> None:
        floor.limit("ann", "sell", "5", "1000")
        assert floor.limit("ann", "sell", "5", "1000").state == "Placed"
        assert floor.available("ann", "BTC") == 0

    def test_a_crossing_limit_order_needs_its_whole_size_at_its_own_price(self, floor: TradingFloor) -> None:
        floor.venue.open_account("poor", {"ZAR": D(1000)}, maker_percent=D(0), taker_percent=D(0))
        floor.limit("ann", "sell", "1", "1000")
        assert floor.limit("poor", "buy", "1", "1001").failed_reason == "Insufficient Balance"
        assert floor.limit("poor", "buy", "1", "1000").state == "Filled"

    @pytest.mark.parametrize(
        ("side", "amounts"),
        [
            ("buy", {"base": "1"}),
            ("buy", {"quote": "1000"}),
            ("sell", {"base": "1"}),
            ("sell", {"quote": "999"}),
        ],
    )
    def test_a_market_order_beyond_the_balance_fails(
        self, floor: TradingFloor, side: BuyOrSell, amounts: dict[str, str]
    ) -> None:
        floor.venue.open_account(
            "poor", {"ZAR": D("999.99"), "BTC": D("0.9")}, maker_percent=D(0), taker_percent=D(0)
        )
        floor.limit("ann", "sell", "1", "1000")
        floor.limit("bob", "buy", "1", "999")
        assert floor.market("poor", side, **amounts).failed_reason == "Insufficient Balance"

    def test_the_codes_of_failures_are_valrs_where_they_are_known(self) -> None:
        assert rules.failure_code("Insufficient Balance") == -6
        assert rules.failure_code(rules.SELF_MATCH) == -11500
        assert rules.failure_code(rules.DUPLICATE_CUSTOMER_ORDER_ID) == -11502
        assert rules.failure_code(rules.POST_ONLY_WOULD_MATCH) == -11
