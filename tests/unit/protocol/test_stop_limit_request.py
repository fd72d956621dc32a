"""The request that places a stop-limit order (protocol 10.4)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from valr_connector.errors import InvalidArgumentError
from valr_connector.model.enums import OrderType, Side
from valr_connector.model.ids import ClientOrderId, Symbol
from valr_connector.protocol import endpoints
from valr_connector.protocol.order_requests import PlaceStopLimit


def stop(**changed: Any) -> PlaceStopLimit:
    given: dict[str, Any] = {
        "symbol": Symbol("BTCZAR"),
        "side": Side.SELL,
        "kind": OrderType.STOP_LOSS_LIMIT,
        "quantity": Decimal("0.5"),
        "price": Decimal(900_000),
        "stop_price": Decimal(910_000),
        "client_order_id": ClientOrderId("MM-1"),
    }
    return PlaceStopLimit(**(given | changed))


def test_the_body_has_the_fields_of_the_protocol() -> None:
    assert stop().body() == {
        "side": "SELL",
        "quantity": "0.5",
        "price": "900000",
        "pair": "BTCZAR",
        "customerOrderId": "MM-1",
        "timeInForce": "GTC",
        "stopPrice": "910000",
        "type": "STOP_LOSS_LIMIT",
    }


def test_it_is_sent_once_to_the_synchronous_route() -> None:
    request = endpoints.place_stop_limit(stop())
    assert (request.method, request.target, request.may_retry) == ("POST", "/v2/orders/stop/limit", False)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("symbol", "BTC-ZAR"),
        ("side", "HOLD"),
        ("kind", OrderType.LIMIT),
        ("quantity", Decimal(0)),
        ("price", Decimal(-1)),
        ("stop_price", Decimal(0)),
        ("client_order_id", "no spaces"),
    ],
)
def test_what_valr_would_refuse_is_never_made(field: str, value: object) -> None:
    with pytest.raises(InvalidArgumentError, match=f"^{field}="):
        stop(**{field: value})
