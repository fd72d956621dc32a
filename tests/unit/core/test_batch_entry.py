"""Which batches are sent, and which are a caller's mistake (protocol 10.8)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.core.builders import PAIR_INFO, new_order
from valr_connector.core.batch_entry import BatchEntry, Cancelling, Modifying, Placing
from valr_connector.core.order_record import OrderRecord
from valr_connector.core.trading_rules import TradingRules
from valr_connector.errors import InvalidArgumentError, UnknownPairError
from valr_connector.model.enums import OrderType, RetryPolicy, Side, TimeInForce
from valr_connector.model.operations import BatchCancel, BatchLimit, BatchMarket, BatchModify, BatchStopLimit

D = Decimal
LIMIT = BatchLimit(pair="BTC-ZAR", side=Side.BUY, amount="0.01", price="900000")
MARKET = BatchMarket(pair="BTC-ZAR", side=Side.SELL, quote_amount="5000", client_order_id="mine-1")


@pytest.fixture
def orders() -> dict[str, OrderRecord]:
    return {name: new_order(name) for name in ("a", "b")}


@pytest.fixture
def entry(orders: dict[str, OrderRecord]) -> BatchEntry:
    rules = TradingRules()
    rules.replace([PAIR_INFO])
    ids = iter(f"id-{n}" for n in range(100))
    return BatchEntry(
        rules, new_id=lambda: next(ids), find=lambda name: orders[str(name)], retry=RetryPolicy.NEVER
    )


def test_placements_become_orders_with_the_policy_and_an_id_of_their_own(entry: BatchEntry) -> None:
    limit, market = entry.prepare([LIMIT, MARKET])
    assert isinstance(limit, Placing)
    assert (limit.order.client_order_id, limit.order.price) == ("id-0", D(900_000))
    assert (limit.order.retry, limit.order.time_in_force) == (RetryPolicy.NEVER, TimeInForce.GTC)
    assert isinstance(market, Placing)
    assert (market.order.client_order_id, market.order.quote_amount) == ("mine-1", D(5000))
    assert market.order.order_type is OrderType.MARKET


def test_a_stop_becomes_an_order_that_waits_for_its_price(entry: BatchEntry) -> None:
    wanted = BatchStopLimit(
        pair="BTC-ZAR",
        side=Side.SELL,
        order_type=OrderType.TAKE_PROFIT_LIMIT,
        amount="0.01",
        price="900000",
        stop_price="910000",
    )
    (placing,) = entry.prepare([wanted])
    assert isinstance(placing, Placing)
    assert (placing.order.client_order_id, placing.order.order_type) == ("id-0", OrderType.TAKE_PROFIT_LIMIT)
    assert (placing.order.price, placing.order.stop_price) == (D(900_000), D(910_000))


def test_a_modify_may_stand_beside_a_cancel(entry: BatchEntry, orders: dict[str, OrderRecord]) -> None:
    cancelling, modifying = entry.prepare([BatchCancel("a"), BatchModify(order="b", price="900000")])
    assert cancelling == Cancelling(orders["a"])
    assert isinstance(modifying, Modifying)
    assert (modifying.order, modifying.change.price) == (orders["b"], D(900_000))


@pytest.mark.parametrize(
    ("operations", "problem"),
    [
        ([], "operations=0: must be 1 to 20"),
        ([LIMIT] * 21, "operations=21: must be 1 to 20"),
        ([LIMIT, BatchModify(order="a", price="900000")], "operations='BatchModify': cannot be beside"),
        ([BatchCancel("a"), BatchModify(order="a", price="900000")], "operations='a': is meant twice"),
        ([MARKET, MARKET], "operations='mine-1': is meant twice"),
        (None, "operations=None: must be a list of operations"),
        (["cancel everything"], "operations='cancel everything': must be BatchLimit, "),
    ],
)
def test_a_batch_that_makes_no_sense_is_refused(
    entry: BatchEntry, operations: list[Any], problem: str
) -> None:
    with pytest.raises(InvalidArgumentError) as refused:
        entry.prepare(operations)
    assert str(refused.value).startswith(problem)


def test_a_pair_that_valr_does_not_list_is_refused(entry: BatchEntry) -> None:
    with pytest.raises(UnknownPairError):
        entry.prepare([BatchLimit(pair="BTC-ABC", side=Side.BUY, amount="1", price="1")])
