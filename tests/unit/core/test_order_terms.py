"""What VALR is asked about an order says what the order says, and no order without its terms is asked for."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.core.builders import new_order
from valr_connector.core.order_terms import cancel_request, command_terms, placement_request
from valr_connector.errors import InvalidArgumentError
from valr_connector.model.enums import OrderType, Side, TimeInForce
from valr_connector.model.ids import ClientOrderId, ExchangeOrderId, Symbol
from valr_connector.protocol.commands import order_command
from valr_connector.protocol.order_requests import CancelOrder, PlaceLimit, PlaceMarket, PlaceStopLimit

BTCZAR, NAME = Symbol("BTCZAR"), ClientOrderId("MM-1")
STOP: dict[str, Any] = {"order_type": OrderType.STOP_LOSS_LIMIT, "stop_price": Decimal(990_000)}


def test_a_limit_order_is_asked_for_with_all_its_terms() -> None:
    order = new_order(post_only=True, time_in_force=TimeInForce.GTC)
    assert placement_request(order) == PlaceLimit(
        symbol=BTCZAR,
        side=Side.BUY,
        quantity=Decimal(1),
        price=Decimal(1_000_000),
        client_order_id=NAME,
        post_only=True,
        time_in_force=TimeInForce.GTC,
    )


@pytest.mark.parametrize(
    ("amount", "quote_amount"), [(Decimal("0.1"), None), (None, Decimal(5_000))], ids=["base", "quote"]
)
def test_a_market_order_is_asked_for_by_the_size_that_it_has(
    amount: Decimal | None, quote_amount: Decimal | None
) -> None:
    order = new_order(order_type=OrderType.MARKET, price=None, amount=amount, quote_amount=quote_amount)
    assert placement_request(order) == PlaceMarket(
        symbol=BTCZAR,
        side=Side.BUY,
        client_order_id=NAME,
        base_amount=amount,
        quote_amount=quote_amount,
    )


@pytest.mark.parametrize(
    "fields", [{"post_only": True}, {"order_type": OrderType.MARKET, "price": None}], ids=["limit", "market"]
)
def test_a_command_on_the_socket_says_the_same_as_the_request(fields: dict[str, Any]) -> None:
    order = new_order(**fields)
    assert order_command(command_terms(order), "c-1") == order_command(placement_request(order), "c-1")  # type: ignore[arg-type]  # neither is a stop order


def test_a_stop_limit_order_is_asked_for_with_what_it_waits_for() -> None:
    assert placement_request(new_order(**STOP)) == PlaceStopLimit(
        symbol=BTCZAR,
        side=Side.BUY,
        kind=OrderType.STOP_LOSS_LIMIT,
        quantity=Decimal(1),
        price=Decimal(1_000_000),
        stop_price=Decimal(990_000),
        client_order_id=NAME,
    )


@pytest.mark.parametrize(
    "fields",
    [
        {"amount": None},
        {"price": None},
        STOP | {"stop_price": None},
        {"order_type": OrderType.MARKET, "amount": None},
    ],
    ids=["size", "price", "stop price", "size of a market order"],
)
def test_an_order_that_lacks_a_term_is_refused_by_name(fields: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgumentError):
        placement_request(new_order(**fields))


def test_a_cancel_names_valrs_id_where_it_is_known_and_ours_elsewhere() -> None:
    order = new_order()
    assert cancel_request(order) == CancelOrder(symbol=BTCZAR, client_order_id=NAME)
    order.exchange_order_id = ExchangeOrderId("ex-1")
    assert cancel_request(order) == CancelOrder(symbol=BTCZAR, order_id=ExchangeOrderId("ex-1"))
