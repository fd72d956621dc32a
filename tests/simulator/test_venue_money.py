"""Reservations, payments, fees and rewards, to the last digit (protocol 6).

ann pays 0.1 % as a maker and 0.2 % as a taker, bob gets 0.01 % as a maker and pays 0.1 % as a taker.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.simulator.trading_floor import PURSE, TradingFloor
from valr_connector.simulator.venue import Venue

D = Decimal


@pytest.fixture
def floor() -> TradingFloor:
    return TradingFloor()


def gained(floor: TradingFloor, account_id: str, currency: str) -> Decimal:
    wallet = floor.wallet(account_id, currency)
    return wallet.available + wallet.reserved - PURSE[currency]


class TestReservations:
    def test_a_resting_buy_reserves_its_value_in_quote(self, floor: TradingFloor) -> None:
        floor.limit("ann", "buy", "2", "1000")
        assert floor.reserved("ann", "ZAR") == 2000
        assert floor.available("ann", "ZAR") == PURSE["ZAR"] - 2000

    def test_a_resting_sell_reserves_its_base(self, floor: TradingFloor) -> None:
        floor.limit("ann", "sell", "2", "1000")
        assert floor.reserved("ann", "BTC") == 2
        assert floor.available("ann", "BTC") == PURSE["BTC"] - 2

    def test_an_accepted_order_reserves_nothing_before_it_is_processed(self, floor: TradingFloor) -> None:
        floor.limit("ann", "buy", "2", "1000")
        assert floor.available("bob", "ZAR") == PURSE["ZAR"]

    def test_a_partial_fill_uses_up_its_part_of_the_reservation(self, floor: TradingFloor) -> None:
        floor.limit("ann", "buy", "2", "1000")
        floor.limit("bob", "sell", "0.5", "1000")
        assert floor.reserved("ann", "ZAR") == 1500

    def test_a_cancel_gives_back_what_is_left_of_the_reservation(self, floor: TradingFloor) -> None:
        order = floor.limit("ann", "buy", "2", "1000")
        floor.limit("bob", "sell", "0.5", "1000")
        floor.venue.cancel("ann", "BTCZAR", order_id=order.order_id)
        assert floor.reserved("ann", "ZAR") == 0
        assert floor.available("ann", "ZAR") == PURSE["ZAR"] - 500

    def test_a_better_price_costs_only_that_price(self, floor: TradingFloor) -> None:
        floor.limit("ann", "sell", "1", "1000")
        floor.limit("cat", "buy", "1", "1500")
        assert floor.available("cat", "ZAR") == PURSE["ZAR"] - 1000
        assert floor.reserved("cat", "ZAR") == 0

    def test_a_refused_order_moves_no_money(self, floor: TradingFloor) -> None:
        floor.limit("ann", "buy", "1", "1000", time_in_force="IOC")
        assert floor.wallet("ann", "ZAR").available == PURSE["ZAR"]


class TestFees:
    def test_a_buying_taker_pays_in_base(self, floor: TradingFloor) -> None:
        floor.limit("cat", "sell", "1", "1000")
        order = floor.limit("ann", "buy", "1", "1000")
        trade = floor.venue.trades("ann")[0]
        assert (trade.fee, trade.fee_currency, trade.is_maker) == (D("0.002"), "BTC", False)
        assert gained(floor, "ann", "BTC") == D("0.998")
        assert (order.total_fee, order.fee_currency) == (D("0.002"), "BTC")

    def test_a_selling_taker_pays_in_quote(self, floor: TradingFloor) -> None:
        floor.limit("cat", "buy", "1", "1000")
        floor.limit("ann", "sell", "1", "1000")
        trade = floor.venue.trades("ann")[0]
        assert (trade.fee, trade.fee_currency) == (D(2), "ZAR")
        assert gained(floor, "ann", "ZAR") == 998

    def test_a_maker_with_a_positive_percentage_pays_in_what_it_receives(self, floor: TradingFloor) -> None:
        buying = floor.limit("ann", "buy", "1", "1000")
        floor.limit("cat", "sell", "1", "1000")
        assert (buying.total_fee, buying.fee_currency) == (D("0.001"), "BTC")
        selling = floor.limit("ann", "sell", "1", "2000")
        floor.limit("cat", "buy", "1", "2000")
        assert (selling.total_fee, selling.fee_currency) == (D(2), "ZAR")
        assert floor.venue.trades("ann")[0].is_maker

    def test_a_buying_maker_is_rewarded_in_quote(self, floor: TradingFloor) -> None:
        order = floor.limit("bob", "buy", "1", "1000")
        floor.limit("cat", "sell", "1", "1000")
        trade = floor.venue.trades("bob")[0]
        assert (trade.fee, trade.fee_currency) == (D("-0.1"), "ZAR")
        assert gained(floor, "bob", "ZAR") == D("-999.9")
        assert gained(floor, "bob", "BTC") == 1
        assert (order.total_fee, order.fee_currency) == (D(0), "BTC")

    def test_a_selling_maker_is_rewarded_in_base(self, floor: TradingFloor) -> None:
        floor.limit("bob", "sell", "1", "1000")
        floor.limit("cat", "buy", "1", "1000")
        trade = floor.venue.trades("bob")[0]
        assert (trade.fee, trade.fee_currency) == (D("-0.0001"), "BTC")
        assert gained(floor, "bob", "BTC") == D("-0.9999")

    def test_a_fee_is_cut_to_eight_places(self, floor: TradingFloor) -> None:
        floor.limit("cat", "sell", "0.12345678", "1000")
        floor.limit("ann", "buy", "0.12345678", "1000")
        assert floor.venue.trades("ann")[0].fee == D("0.00024691")  # 0.00024691356

    def test_a_reward_is_cut_to_eight_places_towards_zero(self, floor: TradingFloor) -> None:
        floor.limit("bob", "sell", "0.12345678", "1000")
        floor.limit("cat", "buy", "0.12345678", "1000")
        assert floor.venue.trades("bob")[0].fee == D("-0.00001234")  # 0.000012345678

    def test_a_reward_too_small_to_pay_is_zero_without_a_sign(self, floor: TradingFloor) -> None:
        floor.limit("bob", "sell", "0.00001", "1000000")
        floor.limit("cat", "buy", "0.00001", "1000000")
        assert f"{floor.venue.trades('bob')[0].fee:f}" == "0.00000000"

    def test_an_orders_total_fee_is_the_sum_of_its_trades_fees(self, floor: TradingFloor) -> None:
        for price in ("1000", "1001"):
            floor.limit("cat", "sell", "1", price)
        order = floor.limit("ann", "buy", "2", "1001")
        assert order.total_fee == sum(trade.fee for trade in floor.venue.trades("ann")) == D("0.004")
        assert [change.executed_fee for change in order.history] == [D("0.002"), D("0.002")]

    def test_a_reward_is_not_in_the_executed_fee(self, floor: TradingFloor) -> None:
        order = floor.limit("bob", "buy", "1", "1000")
        floor.limit("cat", "sell", "1", "1000")
        assert order.history[-1].executed_fee == 0

    def test_the_exchange_keeps_the_fees_and_pays_the_rewards(self, floor: TradingFloor) -> None:
        floor.limit("bob", "sell", "1", "1000")
        floor.limit("ann", "buy", "1", "1000")
        assert floor.venue.fees_collected() == {"BTC": D("0.002") - D("0.0001"), "ZAR": D(0)}


class TestWallets:
    def test_a_credit_is_available_at_once(self, floor: TradingFloor) -> None:
        floor.venue.credit("ann", "XRP", D("12.5"))
        wallet = floor.wallet("ann", "XRP")
        assert (wallet.available, wallet.reserved) == (D("12.5"), D(0))

    @pytest.mark.parametrize("amount", ["0", "-1", "NaN", "Infinity"])
    def test_a_credit_must_be_a_positive_amount(self, floor: TradingFloor, amount: str) -> None:
        with pytest.raises(ValueError, match="finite and positive"):
            floor.venue.credit("ann", "ZAR", D(amount))

    @pytest.mark.parametrize("amount", ["-1", "NaN", "Infinity"])
    def test_an_account_opens_with_sensible_balances_only(self, floor: TradingFloor, amount: str) -> None:
        with pytest.raises(ValueError, match="balances"):
            floor.venue.open_account("dan", {"ZAR": D(amount)}, maker_percent=D(0), taker_percent=D(0))

    @pytest.mark.parametrize("percent", [D("NaN"), D("Infinity"), D(100), 0.1])
    @pytest.mark.parametrize("whose", ["maker_percent", "taker_percent"])
    def test_an_account_opens_with_sensible_percentages_only(
        self, floor: TradingFloor, whose: str, percent: Any
    ) -> None:
        percentages: dict[str, Any] = {"maker_percent": D(0), "taker_percent": D(0), whose: percent}
        with pytest.raises(ValueError, match=whose):
            floor.venue.open_account("dan", {}, **percentages)
        assert not floor.venue.has_account("dan")

    def test_an_account_opens_once(self, floor: TradingFloor) -> None:
        with pytest.raises(ValueError, match="is open already"):
            floor.venue.open_account("ann", {}, maker_percent=D(0), taker_percent=D(0))

    def test_what_a_reader_does_to_a_wallet_changes_nothing(self, floor: TradingFloor) -> None:
        floor.venue.wallets("ann")[0].available = D(0)
        assert floor.available("ann", "BTC") == PURSE["BTC"]

    def test_a_wallet_appears_with_the_first_money_in_it(self, floor: TradingFloor) -> None:
        floor.venue.open_account("dan", {"ZAR": D(2000)}, maker_percent=D(0), taker_percent=D(0))
        floor.limit("cat", "sell", "1", "1000")
        floor.limit("dan", "buy", "1", "1000")
        assert [wallet.currency for wallet in floor.venue.wallets("dan")] == ["ZAR", "BTC"]

    def test_a_wallet_knows_when_it_last_changed(self, floor: TradingFloor) -> None:
        before = floor.wallet("ann", "ZAR").updated_at
        order = floor.limit("ann", "buy", "1", "1000")
        assert floor.wallet("ann", "ZAR").updated_at == order.updated_at > before
        assert floor.wallet("ann", "BTC").updated_at == before


def test_a_memory_with_a_limit_keeps_the_newest_finished_orders_and_every_open_one() -> None:
    floor = TradingFloor()
    venue: Venue = floor.venue
    venue.open_account("dan", {"ZAR": D(1_000_000)}, maker_percent=D(0), taker_percent=D(0), history_limit=2)
    resting = floor.limit("dan", "buy", "1", "900", customer_order_id="MM-0")
    finished = []
    for number in range(1, 5):
        floor.limit("cat", "sell", "0.1", "1000")
        finished.append(floor.limit("dan", "buy", "0.1", "1000", customer_order_id=f"MM-{number}"))
    assert venue.orders("dan") == [finished[3], finished[2], resting]
    assert venue.order_by_customer_id("dan", "MM-1") is None
    assert venue.order_by_customer_id("dan", "MM-4") is finished[3]
    assert [trade.order_id for trade in venue.trades("dan")] == [finished[3].order_id, finished[2].order_id]


def test_forgetting_an_order_does_not_forget_a_newer_one_of_the_same_customer_order_id() -> None:
    floor = TradingFloor()
    floor.venue.open_account(
        "dan", {"ZAR": D(1_000_000)}, maker_percent=D(0), taker_percent=D(0), history_limit=1
    )
    floor.limit("dan", "buy", "1", "900", time_in_force="IOC", customer_order_id="MM-1")
    newest = floor.limit("dan", "buy", "1", "900", time_in_force="IOC", customer_order_id="MM-1")
    assert floor.venue.order_by_customer_id("dan", "MM-1") is newest
