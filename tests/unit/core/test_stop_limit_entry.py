"""Stop-limit orders: on the pair's grid, or a clear error."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.core.builders import PAIR_INFO, asks, new_order, said, step, tell
from valr_connector.core.evidence import SAID_BY_STATUS, Says
from valr_connector.core.order_entry import stop_limit_order
from valr_connector.core.order_record import OrderRecord
from valr_connector.errors import InvalidArgumentError, OrderRuleError
from valr_connector.model.enums import OrderStatus, OrderType, Side
from valr_connector.protocol.order_status import WireStatus


def stop(**changed: Any) -> OrderRecord:
    given: dict[str, Any] = {
        "client_order_id": "MM-1",
        "order_type": OrderType.TAKE_PROFIT_LIMIT,
        "amount": "0.5",
        "price": "900000.2",
        "stop_price": "910000.2",
    }
    return stop_limit_order(PAIR_INFO, Side.SELL, **(given | changed))


def test_both_prices_are_put_on_the_grid() -> None:
    order = stop()
    assert (order.price, order.stop_price) == (Decimal(900_001), Decimal(910_001))
    assert (order.order_type, order.amount) == (OrderType.TAKE_PROFIT_LIMIT, Decimal("0.5"))


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("order_type", OrderType.LIMIT),
        ("order_type", "HOPE"),
        ("stop_price", 910000.5),
        ("client_order_id", "no spaces"),
    ],
)
def test_an_argument_that_makes_no_sense_is_named(field: str, value: object) -> None:
    with pytest.raises(InvalidArgumentError, match=f"^{field}="):
        stop(**{field: value})


def test_a_stop_price_below_the_grid_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match=r"^stop_price='0\.5': is below the tick size"):
        stop_limit_order(
            PAIR_INFO,
            Side.BUY,
            client_order_id="MM-1",
            order_type=OrderType.STOP_LOSS_LIMIT,
            amount="0.5",
            price="900000",
            stop_price="0.5",
        )


def test_the_order_has_to_keep_the_rules_of_the_pair() -> None:
    with pytest.raises(OrderRuleError):
        stop(amount="3")


def test_a_waiting_stop_counts_as_open() -> None:
    order = new_order(order_type=OrderType.STOP_LOSS_LIMIT)
    tell(order, step(Says.SENT))
    assert SAID_BY_STATUS[WireStatus.ACTIVE] is Says.RESTING
    assert asks(order, said(Says.RESTING, at_second=1, original="1", remaining="1")) is None
    assert order.status is OrderStatus.OPEN
