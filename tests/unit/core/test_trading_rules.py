"""Quantising keeps the caller's intent; what breaks a bound is refused by name."""

from __future__ import annotations

from collections.abc import Callable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal, localcontext
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.core.builders import PAIR_INFO
from valr_connector.core.trading_rules import (
    TradingRules,
    check_limit_order,
    check_market_order,
    check_tradable,
    quantise_amount,
    quantise_price,
)
from valr_connector.errors import NotReadyError, OrderRuleError, UnknownPairError
from valr_connector.model.enums import Side
from valr_connector.model.events import TradingRulesChanged
from valr_connector.model.ids import Pair, Symbol
from valr_connector.model.market import PairInfo

PERPETUAL = replace(
    PAIR_INFO, pair=Pair("BTC-USDT-PERP"), symbol=Symbol("BTCUSDTPERP"), quote="USDT", is_perpetual=True
)

steps = st.sampled_from(["1", "0.01", "0.00000001", "0.5", "0.05", "5", "10", "0.25"]).map(Decimal)
values = st.decimals(min_value=0, max_value=10**15, places=12, allow_nan=False, allow_infinity=False)
sides = st.sampled_from(Side)


def with_steps(step: Decimal) -> PairInfo:
    return replace(PAIR_INFO, tick_size=step, amount_step=step)


def is_on_grid(value: Decimal, step: Decimal) -> bool:
    with localcontext() as context:
        context.prec = 60
        return value % step == 0


# --- quantising ------------------------------------------------------------------------------------


@given(steps, values, sides)
def test_a_quantised_price_is_on_the_grid_and_never_worse_than_the_intent(
    step: Decimal, price: Decimal, side: Side
) -> None:
    quantised = quantise_price(with_steps(step), side, price)
    assert is_on_grid(quantised, step)
    assert quantised <= price if side is Side.BUY else quantised >= price
    with localcontext() as context:
        context.prec = 60
        assert abs(quantised - price) < step


@given(steps, values)
def test_a_quantised_amount_is_on_the_grid_and_never_more_than_the_intent(
    step: Decimal, amount: Decimal
) -> None:
    quantised = quantise_amount(with_steps(step), amount)
    assert is_on_grid(quantised, step)
    with localcontext() as context:
        context.prec = 60
        assert 0 <= amount - quantised < step


@given(steps, values, sides)
def test_quantising_twice_changes_nothing_more(step: Decimal, value: Decimal, side: Side) -> None:
    info = with_steps(step)
    price, amount = quantise_price(info, side, value), quantise_amount(info, value)
    assert quantise_price(info, side, price) == price
    assert quantise_amount(info, amount) == amount


@given(steps, values, values)
def test_quantising_keeps_the_order_of_prices(step: Decimal, one: Decimal, other: Decimal) -> None:
    lower, higher = sorted([one, other])
    for side in Side:
        info = with_steps(step)
        assert quantise_price(info, side, lower) <= quantise_price(info, side, higher)


@pytest.mark.parametrize(
    ("side", "price", "tick", "quantised"),
    [
        (Side.BUY, "950000.9", "1", "950000"),
        (Side.SELL, "950000.1", "1", "950001"),
        (Side.BUY, "950000", "1", "950000"),
        (Side.SELL, "950000", "1", "950000"),
        (Side.BUY, "17.449", "0.05", "17.40"),
        (Side.SELL, "17.401", "0.05", "17.45"),
        (Side.BUY, "0.00000001", "0.00000001", "0.00000001"),
        (Side.BUY, "0.4", "1", "0"),
    ],
)
def test_a_buy_price_is_rounded_down_and_a_sell_price_up(
    side: Side, price: str, tick: str, quantised: str
) -> None:
    assert quantise_price(with_steps(Decimal(tick)), side, Decimal(price)) == Decimal(quantised)


@pytest.mark.parametrize(
    ("amount", "step", "quantised"),
    [("0.123456789", "0.00000001", "0.12345678"), ("7.9", "1", "7"), ("8", "0.00000001", "8")],
)
def test_an_amount_is_rounded_down_to_whole_steps(amount: str, step: str, quantised: str) -> None:
    assert quantise_amount(with_steps(Decimal(step)), Decimal(amount)) == Decimal(quantised)


def test_a_large_amount_of_a_small_step_loses_no_digit() -> None:
    amount = Decimal("123456789012345678901234.12345678")
    assert quantise_amount(PAIR_INFO, amount) == amount


@pytest.mark.parametrize("rounding", [ROUND_FLOOR, ROUND_CEILING])
def test_the_callers_own_decimal_context_does_not_matter(rounding: str) -> None:
    with localcontext() as context:
        context.prec, context.rounding = 3, rounding
        assert quantise_price(PAIR_INFO, Side.BUY, Decimal("950000.9")) == Decimal(950_000)


# --- bounds ----------------------------------------------------------------------------------------


def test_a_notional_is_not_rounded_to_a_bound() -> None:
    with localcontext() as context:
        context.prec = 3
        with pytest.raises(OrderRuleError, match=r"notional='9\.99999'"):
            check_limit_order(PAIR_INFO, Decimal("0.00999"), Decimal(1001))


@pytest.mark.parametrize(
    ("amount", "price"), [("0.0001", "100000"), ("2", "2500000"), ("0.0001", "1000000"), ("1", "10")]
)
def test_an_order_within_the_bounds_or_on_them_passes(amount: str, price: str) -> None:
    check_limit_order(PAIR_INFO, Decimal(amount), Decimal(price))


@pytest.mark.parametrize(
    ("amount", "price", "field"),
    [
        ("0.00009999", "1000000", "amount"),
        ("2.00000001", "1000000", "amount"),
        ("1", "9", "notional"),
        ("1", "5000001", "notional"),
        ("1", "0", "price"),
        ("1", "-1", "price"),
    ],
)
def test_an_order_beyond_a_bound_is_refused_by_the_name_of_the_bound(
    amount: str, price: str, field: str
) -> None:
    with pytest.raises(OrderRuleError) as caught:
        check_limit_order(PAIR_INFO, Decimal(amount), Decimal(price))
    assert caught.value.field == field


def test_a_market_order_is_checked_by_the_size_it_is_given_in() -> None:
    check_market_order(PAIR_INFO, amount=Decimal(1), quote_amount=None)
    check_market_order(PAIR_INFO, amount=None, quote_amount=Decimal(10))
    with pytest.raises(OrderRuleError, match="amount='3'"):
        check_market_order(PAIR_INFO, amount=Decimal(3), quote_amount=None)
    with pytest.raises(OrderRuleError, match="notional='9'"):
        check_market_order(PAIR_INFO, amount=None, quote_amount=Decimal(9))


Check = Callable[[PairInfo], Any]


@pytest.mark.parametrize(
    "check",
    [
        check_tradable,
        lambda info: check_limit_order(info, Decimal(1), Decimal(10)),
        lambda info: check_market_order(info, amount=Decimal(1), quote_amount=None),
    ],
)
def test_a_pair_that_is_not_traded_takes_no_order(check: Check) -> None:
    check(PAIR_INFO)
    with pytest.raises(OrderRuleError) as caught:
        check(replace(PAIR_INFO, is_active=False))
    assert caught.value.field == "pair"


# --- the list of pairs -----------------------------------------------------------------------------


def test_pairs_are_found_by_the_users_name_and_by_valrs() -> None:
    rules = TradingRules()
    rules.replace([PAIR_INFO, PERPETUAL])
    assert rules.pair("BTC-ZAR") is PAIR_INFO
    assert rules.by_symbol("BTCUSDTPERP") is PERPETUAL
    assert rules.symbol_of("BTC-USDT-PERP") == "BTCUSDTPERP"
    assert rules.pair_of("BTCZAR") == "BTC-ZAR"
    assert (len(rules), list(rules)) == (2, [PAIR_INFO, PERPETUAL])


def test_a_symbol_that_valr_does_not_list_has_no_pair() -> None:
    rules = TradingRules()
    assert rules.by_symbol("BTCZAR") is None
    assert rules.pair_of("BTCZAR") is None


def test_an_unknown_pair_is_an_error() -> None:
    rules = TradingRules()
    rules.replace([PAIR_INFO])
    with pytest.raises(UnknownPairError) as caught:
        rules.symbol_of("DOGE-ZAR")
    assert caught.value.pair == "DOGE-ZAR"


def test_before_there_is_a_list_nothing_is_said_of_a_pair() -> None:
    with pytest.raises(NotReadyError, match="no pairs are loaded"):
        TradingRules().pair("BTC-ZAR")


def test_a_new_or_changed_pair_is_told_and_an_unchanged_one_is_not() -> None:
    rules = TradingRules()
    assert rules.replace([PAIR_INFO]) == [TradingRulesChanged(PAIR_INFO.pair, None, PAIR_INFO)]
    finer = replace(PAIR_INFO, tick_size=Decimal("0.1"))
    assert rules.replace([finer]) == [TradingRulesChanged(PAIR_INFO.pair, PAIR_INFO, finer)]
    assert rules.replace([finer]) == []
    assert rules.pair("BTC-ZAR") is finer


def test_a_pair_that_a_list_lacks_stays_known() -> None:
    rules = TradingRules()
    rules.replace([PAIR_INFO])
    assert rules.replace([PERPETUAL]) != []
    assert rules.pair("BTC-ZAR") is PAIR_INFO


def test_order_types_outlast_a_list_of_pairs_that_does_not_tell_them() -> None:
    rules = TradingRules()
    types = ("LIMIT",)
    rules.replace([PAIR_INFO])
    with_types = replace(PAIR_INFO, order_types=types)
    assert rules.take_order_types({PAIR_INFO.pair: types}) == [
        TradingRulesChanged(PAIR_INFO.pair, PAIR_INFO, with_types)
    ]
    assert rules.replace([PAIR_INFO]) == []
    finer = replace(PAIR_INFO, tick_size=Decimal("0.1"))
    assert rules.replace([finer])[0].after == replace(finer, order_types=types)


def test_order_types_of_a_pair_that_is_not_listed_are_left_out() -> None:
    assert TradingRules().take_order_types({PAIR_INFO.pair: ("LIMIT",)}) == []
