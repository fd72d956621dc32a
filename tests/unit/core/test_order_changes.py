"""What a caller wants changed, on the pair's grid and within its rules."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.core.builders import EXCHANGE_ID, PAIR_INFO, new_order, order_in
from valr_connector.core.order_changes import OrderChange, order_change
from valr_connector.core.order_record import OrderRecord
from valr_connector.errors import InvalidArgumentError, OrderRuleError
from valr_connector.model.enums import OrderStatus, OrderType
from valr_connector.protocol.order_requests import ModifyMatchStrategy

D = Decimal
RETAIN, CANCEL, REPRICE = ModifyMatchStrategy


def change(order: OrderRecord | None = None, **wanted: Any) -> OrderChange:
    given = {"price": None, "remaining_amount": None, "total_amount": None, "on_match": RETAIN}
    return order_change(PAIR_INFO, order or new_order(), **given | wanted)


def test_prices_and_sizes_are_put_on_the_grid() -> None:
    assert change(price="900000.7", total_amount="0.5000000019") == OrderChange(
        D(900_000), None, D("0.50000000"), RETAIN
    )


def test_what_is_asked_of_valr_names_only_what_changes() -> None:
    order = new_order()
    request = change(order, remaining_amount="0.5", on_match="REPRICE").request(order, EXCHANGE_ID)
    assert request.body() == {
        "orderId": EXCHANGE_ID,
        "pair": "BTCZAR",
        "newRemainingQuantity": "0.5",
        "modifyMatchStrategy": "REPRICE",
    }


@pytest.mark.parametrize(
    ("wanted", "problem"),
    [
        ({}, "price=None: give a price, remaining_amount or total_amount"),
        ({"remaining_amount": "1", "total_amount": "2"}, "total_amount='2': excludes remaining_amount"),
        ({"price": "1000", "on_match": "HOPE"}, "on_match='HOPE': must be one of RETAIN_ORIGINAL, "),
        ({"price": 900000.5}, "price=900000.5: "),
        ({"total_amount": "-1"}, "total_amount='-1': "),
    ],
)
def test_an_argument_that_makes_no_sense_is_named(wanted: dict[str, Any], problem: str) -> None:
    with pytest.raises(InvalidArgumentError) as refused:
        change(**wanted)
    assert str(refused.value).startswith(problem)


@pytest.mark.parametrize(
    "fields",
    [{"order_type": OrderType.MARKET}, {"price": None}, {"amount": None}],
)
def test_only_a_limit_order_can_be_modified(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgumentError, match="only a limit order can be modified"):
        change(new_order(**fields), price="900000")


@pytest.mark.parametrize(
    ("wanted", "shows"),
    [
        ({"price": "1000000"}, True),
        ({"price": "900000"}, False),
        ({"total_amount": "1"}, True),
        ({"total_amount": "0.9"}, False),
        ({"remaining_amount": "0.6"}, True),
        ({"remaining_amount": "1"}, False),
        ({"price": "1000000", "total_amount": "0.9"}, False),
    ],
)
def test_an_order_shows_a_change_where_it_has_all_its_terms(wanted: dict[str, Any], shows: bool) -> None:
    order = order_in(OrderStatus.PARTIALLY_FILLED)
    assert change(order, **wanted).shows(order) is shows


@pytest.mark.parametrize(
    "wanted", [{"price": "0.5"}, {"total_amount": "3"}, {"remaining_amount": "0.00001"}, {"price": "9000000"}]
)
def test_the_changed_order_has_to_keep_the_rules_of_the_pair(wanted: dict[str, Any]) -> None:
    with pytest.raises(OrderRuleError):
        change(**wanted)
