"""Strangers are handled as the settings say; zombies are laid to rest; nothing else is touched."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from tests.net.trading import ACCOUNT, Desk, in_virtual_time, make, to_path, trading
from valr_connector import (
    InFlightOrder,
    OrderAdopted,
    OrderCancelled,
    OrderFilled,
    OrderRevived,
    OrderStatus,
    UntrackedOrder,
    UntrackedPolicy,
    ZombieHandling,
    ZombieOrder,
)
from valr_connector.core.evidence import Evidence, Says, Source
from valr_connector.observe import metrics as m
from valr_connector.simulator.vocabulary import State

D = Decimal
CANCEL = "DELETE /v2/orders/order"
FAR = datetime(2100, 1, 1, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


async def stranger_told(
    desk: Desk, customer_order_id: str = "theirs", price: str = "800000"
) -> UntrackedOrder:
    """Somebody else's program places an order for the account; what is told of it."""
    known = len(desk.told(UntrackedOrder))
    desk.foreign(price, customer_order_id)
    await desk.until(lambda: len(desk.told(UntrackedOrder)) > known)
    return desk.told(UntrackedOrder)[-1]


def counted(desk: Desk, metric: m.Metric, handling: str) -> int:
    return desk.valr.metrics.counter(metric, handling).value


# --- strangers -------------------------------------------------------------------------------------------


@in_virtual_time
async def test_a_stranger_is_reported_and_counted_and_left_alone() -> None:
    async with trading() as desk:
        told = await stranger_told(desk, "vc-theirs-1")
        assert told.handling is UntrackedPolicy.REPORT
        assert counted(desk, m.ORDERS_UNTRACKED, "report") == 1
        assert not desk.valr.orders
    assert [order.state for order in desk.venue_orders()] == [State.PLACED]


@in_virtual_time
async def test_an_adopted_stranger_is_followed_to_its_end_like_an_order_of_ours() -> None:
    async with trading(untracked_orders="adopt") as desk:
        await stranger_told(desk, price="1000000")
        order = desk.valr.order("theirs")
        assert desk.story(order) == ["OrderAdopted"]
        assert order.status is OrderStatus.OPEN
        desk.rival("sell", "0.005", "1000000")
        await desk.agreed(order)
        assert order.executed_amount == D("0.005")
        assert (await desk.valr.cancel_order(order)).is_done
        assert desk.story(order)[-1] == "OrderCancelled"
        await desk.agreed(order)


async def test_what_an_adopted_order_had_executed_before_is_in_its_amount_and_not_told_as_fills() -> None:
    async with trading(untracked_orders="report") as desk:
        theirs = desk.foreign("1000000", "theirs")
        desk.rival("sell", "0.005", "1000000")
        await desk.valr.close()
        async with adopting(desk) as second:
            order = second.valr.order("theirs")
            (adopted,) = second.told(OrderAdopted)
            assert (adopted.status, adopted.executed_amount) == (OrderStatus.PARTIALLY_FILLED, D("0.005"))
            await asyncio.sleep(0.002)  # VALR's times are of a millisecond
            desk.rival("sell", "0.004", "1000000")
            await second.until(lambda: second.told(OrderFilled))
            await second.until(lambda: order.has_all_fills)
            assert order.executed_amount == D("0.009") == theirs.executed_quantity
            assert [fill.amount for fill in order.fills] == [D("0.004")]


@asynccontextmanager
async def adopting(desk: Desk) -> AsyncIterator[Desk]:
    """Another instance on the same venue, which adopts what it finds."""
    second = Desk(desk.exchange, make(desk.exchange, untracked_orders="adopt"))
    async with second.valr:
        yield second


@in_virtual_time
async def test_an_adopted_order_without_an_id_of_ours_is_asked_about_by_valrs_id() -> None:
    async with trading(untracked_orders="adopt", reconcile_interval_s=0.05) as desk:
        desk.valr._state.router._strangers._patience = 0
        theirs = desk.foreign()
        await desk.until(lambda: desk.told(OrderAdopted))
        order = desk.valr.order(theirs.order_id)
        assert order.exchange_order_id == theirs.order_id
        desk.exchange.faults.drop_frame(lambda frame: frame.get("type") != "AUTHENTICATED", count=9)
        desk.exchange.venue.cancel_all(ACCOUNT)
        await desk.until(lambda: order.status is OrderStatus.CANCELLED)
        assert desk.asked("GET /v1/orders/{pair}/orderid/{id}") >= 1
        assert desk.asked("GET /v1/orders/{pair}/customerorderid/{id}") == 0


@in_virtual_time
async def test_a_stranger_with_an_id_of_our_kind_is_cancelled_where_that_is_wanted() -> None:
    async with trading(untracked_orders="cancel") as desk:
        told = await stranger_told(desk, "vc-crashed-1")
        assert told.handling is UntrackedPolicy.CANCEL
        await desk.until(lambda: desk.told(OrderCancelled))
        assert desk.valr.order("vc-crashed-1").status is OrderStatus.CANCELLED
        assert desk.exchange.venue.open_orders(ACCOUNT) == []
        assert counted(desk, m.ORDERS_UNTRACKED, "cancel") == 1


@in_virtual_time
async def test_a_stranger_with_a_foreign_id_is_never_cancelled_unless_told_otherwise() -> None:
    async with trading(untracked_orders="cancel") as desk:
        assert (await stranger_told(desk)).handling is UntrackedPolicy.REPORT
    assert [order.state for order in desk.venue_orders()] == [State.PLACED]
    async with trading(untracked_orders="cancel", cancel_foreign_orders=True) as desk:
        assert (await stranger_told(desk)).handling is UntrackedPolicy.CANCEL
        await desk.until(lambda: desk.told(OrderCancelled))
        assert desk.exchange.venue.open_orders(ACCOUNT) == []


@in_virtual_time
async def test_a_stranger_that_cannot_be_cancelled_is_said_to_stand(caplog: pytest.LogCaptureFixture) -> None:
    async with trading(untracked_orders="cancel", cancel_attempts=2, on_close="leave") as desk:
        desk.exchange.read_only = True
        order = desk.foreign(customer_order_id="vc-crashed-1")
        await desk.until(lambda: "vc-crashed-1 has to go and is STILL_OPEN" in caplog.text)
        assert order.state is State.PLACED
        assert desk.sent("CANCEL_LIMIT_ORDER") == 2


# --- zombies ---------------------------------------------------------------------------------------------


async def dead_here(desk: Desk, at: datetime = FAR) -> InFlightOrder:
    """An order that lives at VALR and has been taken for cancelled here, as of `at` of VALR's time."""
    order = await desk.buy()
    desk.connector.account.apply(
        Evidence(says=Says.CANCELLED, source=Source.STREAM, client_order_id=order.client_order_id, at=at)
    )
    assert order.status is OrderStatus.CANCELLED
    return order


def handled(desk: Desk) -> list[ZombieHandling]:
    return [event.handling for event in desk.told(ZombieOrder)]


@in_virtual_time
async def test_a_zombie_is_cancelled_again_and_believed_gone_by_valrs_word_alone() -> None:
    async with trading(reconcile_interval_s=0.05) as desk:
        order = await dead_here(desk)
        await desk.until(lambda: ZombieHandling.ENDED in handled(desk))
        assert handled(desk) == [ZombieHandling.CANCELLED_AGAIN, ZombieHandling.ENDED]
        assert desk.at_venue(order).state is State.CANCELLED
        assert order.status is OrderStatus.CANCELLED
        assert desk.asked(CANCEL) == 1
        assert counted(desk, m.ORDERS_ZOMBIE, "CANCELLED_AGAIN") == 1
        assert counted(desk, m.ORDERS_ZOMBIE, "ENDED") == 1


@in_virtual_time
async def test_a_zombie_of_which_valr_has_newer_word_lives_again() -> None:
    async with trading(reconcile_interval_s=0.05) as desk:
        order = await dead_here(desk, LONG_AGO)
        await desk.until(lambda: desk.told(OrderRevived))
        assert handled(desk) == [ZombieHandling.REVIVED]
        assert order.status is OrderStatus.OPEN
        assert order.client_order_id in desk.valr.orders
        assert desk.asked(CANCEL) == 0
        assert (await desk.valr.cancel_order(order)).is_done


@in_virtual_time
async def test_a_zombie_that_cannot_be_cancelled_is_tried_so_many_times_and_told_to_be_left() -> None:
    async with trading(reconcile_interval_s=0.05, on_close="leave") as desk:
        order = await dead_here(desk)
        desk.exchange.faults.answer_request(500, to_path("/v2/orders/order"), count=99)
        await desk.until(lambda: ZombieHandling.LEFT_OPEN in handled(desk))
        assert handled(desk) == [*[ZombieHandling.CANCELLED_AGAIN] * 3, ZombieHandling.LEFT_OPEN]
        assert [event.attempt for event in desk.told(ZombieOrder)] == [1, 2, 3, 3]
        assert desk.at_venue(order).state is State.PLACED
