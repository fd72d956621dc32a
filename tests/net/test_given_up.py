"""Calls about orders whose callers give up, at whichever await: nothing is lost, and nothing stays locked."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.net.trading import ACCOUNT, Desk, in_virtual_time, trading
from valr_connector import (
    BatchCancel,
    BatchLimit,
    BatchModify,
    CancelScope,
    InFlightOrder,
    ModifyResult,
    OrderStatus,
    OrderType,
    Side,
)

A_TURN_S = 0.000_3
"""A frame or a request takes 1 ms at most."""
TURNS = [0, 1, 2, 3, 5, 8, 13, 21, 34, 55]
UNTIL_ALL_IS_KNOWN_S = 10.0

Call = Callable[[Desk, InFlightOrder, InFlightOrder], Awaitable[object]]


async def modifying(desk: Desk, one: InFlightOrder, _other: InFlightOrder) -> object:
    return await desk.valr.modify_order(one, price="910000")


async def modifying_by_rest(desk: Desk, one: InFlightOrder, _other: InFlightOrder) -> object:
    desk.connector.circuits.socket_orders.failed(desk.now, "broken")
    return await desk.valr.modify_order(one, price="910000")


async def stopping(desk: Desk, _one: InFlightOrder, _other: InFlightOrder) -> object:
    return await desk.valr.place_stop_limit_order(
        "BTC-ZAR",
        Side.BUY,
        order_type=OrderType.STOP_LOSS_LIMIT,
        amount="0.01",
        price="1200000",
        stop_price="1200000",
    )


async def batching(desk: Desk, one: InFlightOrder, _other: InFlightOrder) -> object:
    bid = BatchLimit(pair="BTC-ZAR", side=Side.BUY, amount="0.01", price="890000")
    return await desk.valr.batch([bid, BatchCancel(one)])


async def modifying_in_a_batch(desk: Desk, one: InFlightOrder, other: InFlightOrder) -> object:
    return await desk.valr.batch([BatchModify(order=one, price="910000"), BatchCancel(other)])


async def cancelling_all(desk: Desk, _one: InFlightOrder, _other: InFlightOrder) -> object:
    return await desk.valr.cancel_all()


async def cancelling_the_account(desk: Desk, _one: InFlightOrder, _other: InFlightOrder) -> object:
    return await desk.valr.cancel_all(scope=CancelScope.ACCOUNT)


@pytest.mark.parametrize("turns", TURNS)
@pytest.mark.parametrize(
    "call",
    [
        modifying,
        modifying_by_rest,
        stopping,
        batching,
        modifying_in_a_batch,
        cancelling_all,
        cancelling_the_account,
    ],
)
@in_virtual_time
async def test_a_call_that_is_given_up_at_any_await_ends_in_the_truth(call: Call, turns: int) -> None:
    async with trading(circuit_failures=1) as desk:
        one, other = await desk.buy(), await desk.buy()
        given_up = asyncio.ensure_future(call(desk, one, other))
        await asyncio.sleep(turns * A_TURN_S)
        given_up.cancel()
        await asyncio.wait([given_up])
        await asyncio.sleep(UNTIL_ALL_IS_KNOWN_S)
        orders = [one, other, *desk.valr.orders.values()]
        for order in orders:
            assert order.status is not OrderStatus.PENDING_CREATE
            assert order.cancel_request is None
            assert order.modify_request is None
        await desk.agreed(*orders)
        open_there = desk.exchange.venue.open_orders(ACCOUNT)
        assert {order.request.customer_order_id for order in open_there} == set(desk.valr.orders)
        if not one.is_done:
            assert (await desk.valr.modify_order(one, price="920000")).result is ModifyResult.MODIFIED
        report = await desk.valr.cancel_all()
        assert all(outcome.is_done for outcome in report.outcomes)
        assert desk.connector.orders._wait.is_idle
