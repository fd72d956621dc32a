"""Waiting for what becomes of an order ends in any case."""

from __future__ import annotations

import asyncio
from decimal import Decimal

from valr_connector.core.evidence import Evidence
from valr_connector.core.order_record import OrderRecord
from valr_connector.model.enums import OrderStatus, OrderType, Side
from valr_connector.model.events import OrderCancelled
from valr_connector.model.ids import ClientOrderId, Pair, Symbol
from valr_connector.net.event_stream import EventPublisher
from valr_connector.net.outcome_wait import OutcomeWait
from valr_connector.observe.metrics import Metrics


def an_order() -> OrderRecord:
    return OrderRecord(
        client_order_id=ClientOrderId("a"),
        pair=Pair("BTC-ZAR"),
        symbol=Symbol("BTCZAR"),
        side=Side.BUY,
        order_type=OrderType.LIMIT,
    )


async def test_whoever_waits_learns_that_nobody_answers_any_more_though_nothing_is_told_of_the_order() -> (
    None
):
    said: list[Evidence] = []
    wait = OutcomeWait(EventPublisher(metrics=Metrics()), said.append)
    async with asyncio.TaskGroup() as tasks, asyncio.timeout(1):
        tasks.create_task(wait.until(an_order(), lambda order: order.is_done))
        await asyncio.sleep(0)
        was_idle = wait.is_idle
        wait.abandon("closed")
    assert (was_idle, wait.is_idle) == (False, True)
    assert wait.is_abandoned
    assert {evidence.reason for evidence in said} == {"closed"}


async def test_the_answer_to_a_question_is_waited_for() -> None:
    wait = OutcomeWait(EventPublisher(metrics=Metrics()), lambda _: None)

    async def answer() -> bool:
        await asyncio.sleep(0.001)
        return True

    assert await wait.answer_or_end(an_order(), answer())
    assert wait.is_idle


async def test_an_ending_that_comes_before_the_answer_is_waited_for_no_longer() -> None:
    publisher, order = EventPublisher(metrics=Metrics()), an_order()
    wait = OutcomeWait(publisher, lambda _: None)
    was_given_up = asyncio.Event()

    async def answer() -> bool:
        try:
            await asyncio.sleep(3600)
        finally:
            was_given_up.set()
        return True

    async with asyncio.TaskGroup() as tasks, asyncio.timeout(1):
        asking = tasks.create_task(wait.answer_or_end(order, answer()))
        await asyncio.sleep(0.001)
        order.status = OrderStatus.CANCELLED
        publisher.publish(OrderCancelled(order, None, Decimal(0), ""))
    assert asking.result() is False
    assert was_given_up.is_set()
    assert wait.is_idle
