"""From what a caller asks for to an order that the pair's rules allow, or an error that names what is wrong.

Every kind of caller's error has its row in tests/test_caller_errors.py; here is what becomes of good orders.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.core.builders import PAIR_INFO
from valr_connector.core.order_entry import checked_scope, limit_order, market_order, retry_policy
from valr_connector.core.order_record import OrderRecord
from valr_connector.errors import InvalidArgumentError, OrderRuleError
from valr_connector.model.enums import (
    CancelScope,
    OrderStatus,
    OrderType,
    Placement,
    RetryPolicy,
    Side,
    TimeInForce,
)

D = Decimal


def limit(**changes: Any) -> OrderRecord:
    arguments: dict[str, Any] = {
        "side": Side.BUY,
        "client_order_id": "mine-1",
        "amount": "0.5",
        "price": "1000000",
        "post_only": False,
        "time_in_force": TimeInForce.GTC,
    }
    return limit_order(PAIR_INFO, **{**arguments, **changes})


def market(**changes: Any) -> OrderRecord:
    arguments: dict[str, Any] = {
        "side": Side.BUY,
        "client_order_id": "mine-1",
        "amount": None,
        "quote_amount": None,
    }
    return market_order(PAIR_INFO, **{**arguments, **changes})


def test_a_limit_order_is_what_was_asked_for() -> None:
    order = limit(post_only=True)
    assert (order.client_order_id, order.pair, order.symbol) == ("mine-1", "BTC-ZAR", "BTCZAR")
    assert (order.side, order.order_type, order.time_in_force) == (Side.BUY, OrderType.LIMIT, TimeInForce.GTC)
    assert (order.amount, order.price, order.quote_amount) == (D("0.5"), D(1_000_000), None)
    assert order.post_only
    assert (order.status, order.placement) == (OrderStatus.PENDING_CREATE, Placement.UNSENT)


@pytest.mark.parametrize("number", [D("0.5"), "0.5", "0.50"])
def test_amounts_are_exact_whatever_they_are_given_as(number: Any) -> None:
    assert limit(amount=number).amount == D("0.5")
    assert limit(amount=1, price=500_000).amount == 1


@pytest.mark.parametrize(("side", "price"), [(Side.BUY, D(999_999)), (Side.SELL, D(1_000_000))])
def test_rounding_never_makes_a_price_worse_for_the_caller(side: Side, price: Decimal) -> None:
    assert limit(side=side, price="999999.5").price == price


def test_an_amount_is_rounded_down_to_the_pairs_step() -> None:
    assert limit(amount="0.123456789").amount == D("0.12345678")


@pytest.mark.parametrize("words", [("BUY", "IOC"), (Side.BUY, TimeInForce.IOC)])
def test_side_and_time_in_force_may_be_given_as_text(words: tuple[Any, Any]) -> None:
    order = limit(side=words[0], time_in_force=words[1])
    assert order.side is Side.BUY
    assert order.time_in_force is TimeInForce.IOC


@pytest.mark.parametrize("time_in_force", [TimeInForce.IOC, TimeInForce.FOK])
def test_a_post_only_order_can_only_rest(time_in_force: TimeInForce) -> None:
    with pytest.raises(InvalidArgumentError, match="a post-only order can only rest"):
        limit(post_only=True, time_in_force=time_in_force)


@pytest.mark.parametrize("post_only", [None, 1, "true"])
def test_post_only_is_true_or_false(post_only: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="must be True or False"):
        limit(post_only=post_only)


def test_a_market_order_is_sized_in_either_currency() -> None:
    by_base, by_quote = market(amount="0.123456789"), market(quote_amount="500.55")
    assert (by_base.amount, by_base.quote_amount) == (D("0.12345678"), None)
    assert (by_quote.amount, by_quote.quote_amount) == (None, D("500.55"))
    assert {by_base.order_type, by_quote.order_type} == {OrderType.MARKET}
    assert {by_base.time_in_force, by_quote.time_in_force} == {TimeInForce.IOC}
    assert by_base.price is None


@pytest.mark.parametrize("amounts", [{}, {"amount": "1", "quote_amount": "1"}])
def test_a_market_order_has_exactly_one_size(amounts: dict[str, str]) -> None:
    with pytest.raises(InvalidArgumentError, match="give exactly one of amount and quote_amount"):
        market(**amounts)


@pytest.mark.parametrize("side", ["buy", "Sell", "", None, 1, True])
def test_a_side_is_one_of_two_words(side: Any) -> None:
    for order in (limit, market):
        with pytest.raises(InvalidArgumentError, match=r"must be Side\.BUY or Side\.SELL"):
            order(side=side, amount="1")


@pytest.mark.parametrize("time_in_force", ["gtc", "DAY", None, 1])
def test_a_time_in_force_is_one_of_three_words(time_in_force: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="must be GTC, IOC or FOK"):
        limit(time_in_force=time_in_force)


@pytest.mark.parametrize("client_order_id", ["", "a b", "x" * 51, "ä", "a_b", "a\n", None, 5])
def test_a_client_order_id_is_what_valr_accepts(client_order_id: Any) -> None:
    for order in (limit, market):
        with pytest.raises(InvalidArgumentError, match="must be 1 to 50 of the characters"):
            order(client_order_id=client_order_id, amount="1")


def test_a_client_order_id_is_plain_text_whatever_kind_of_text_was_given() -> None:
    class Text(str):
        """As numpy has it."""

        __slots__ = ()

    assert type(limit(client_order_id=Text("mine-1")).client_order_id) is str


def test_the_longest_client_order_id_is_accepted() -> None:
    assert limit(client_order_id="x" * 50).client_order_id == "x" * 50


@pytest.mark.parametrize(
    ("changes", "rule"),
    [
        ({"amount": "0.00009999"}, "needs at least 0.0001 BTC"),
        ({"amount": "2.1"}, "allows at most 2 BTC"),
        ({"price": "9", "amount": "1"}, "needs at least 10 ZAR"),
        ({"price": "5000000", "amount": "1.1"}, "allows at most 5000000 ZAR"),
        ({"price": "0.5"}, "has tick size 1"),
    ],
)
def test_a_bound_of_the_pair_is_checked_after_rounding(changes: dict[str, str], rule: str) -> None:
    with pytest.raises(OrderRuleError, match=rule):
        limit(**changes)


@pytest.mark.parametrize("policy", list(RetryPolicy))
def test_a_retry_policy_may_be_given_as_text(policy: RetryPolicy) -> None:
    assert retry_policy(policy) is retry_policy(policy.value) is policy


@pytest.mark.parametrize("retry", ["always", "", None, True])
def test_a_retry_policy_is_one_of_those_that_there_are(retry: Any) -> None:
    with pytest.raises(InvalidArgumentError, match="must be one of never, "):
        retry_policy(retry)


@pytest.mark.parametrize("scope", list(CancelScope))
def test_a_scope_may_be_given_as_text(scope: CancelScope) -> None:
    pair = None if scope is CancelScope.ACCOUNT else "BTC-ZAR"
    assert checked_scope(scope, pair) is checked_scope(scope.value, pair) is scope


def test_our_own_orders_are_those_of_all_pairs_unless_one_is_named() -> None:
    assert checked_scope("ours", None) is CancelScope.OURS


@pytest.mark.parametrize(
    ("scope", "pair", "rule"),
    [
        ("BTC-ZAR", None, "must be one of ours, pair, account"),
        (None, None, "must be one of ours, pair, account"),
        ("pair", None, "is needed to cancel all orders in a pair"),
        ("account", "BTC-ZAR", "does not go with the whole account"),
    ],
)
def test_a_scope_that_is_none_or_does_not_fit_its_pair_is_refused(scope: Any, pair: Any, rule: str) -> None:
    with pytest.raises(InvalidArgumentError, match=rule):
        checked_scope(scope, pair)
