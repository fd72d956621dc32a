"""Orders are cancelled whatever keeps the account away, and what is said of them then is so."""

from __future__ import annotations

import logging
import time
from collections.abc import AsyncIterator

import pytest
from hummingbot.core.data_type.in_flight_order import OrderState

from tests.hummingbot.live import PAIR, Live, live, placed_and_left, restored
from valr_connector.simulator.faults import of_type


@pytest.fixture
async def trader() -> AsyncIterator[Live]:
    async with live() as started:
        yield started


def no_start(trader: Live) -> None:
    """VALR does not tell what the key may do, so that the account's start fails, again and again."""
    trader.exchange.faults.answer_request(500, lambda _, path: path.endswith("/api-keys/current"), count=99)


async def test_saved_orders_are_cancelled_while_the_account_cannot_start(
    trader: Live, caplog: pytest.LogCaptureFixture
) -> None:
    order_id, saved = await placed_and_left(trader)
    no_start(trader)
    later = Live(trader.exchange)
    later.connector.restore_tracking_states(saved)
    later.connector._set_current_timestamp(time.time())
    await later.connector.start_network()
    try:
        await later.until(lambda: "trying again" in caplog.text)
        (result,) = await later.connector.cancel_all(5)
        assert (result.order_id, result.success) == (order_id, True)
        assert later.story(order_id) == ["OrderCancelled"]
        assert later.there() == []
    finally:
        await later.stop()


async def test_orders_are_cancelled_after_a_failure_of_the_account(
    trader: Live, caplog: pytest.LogCaptureFixture
) -> None:
    order_id = trader.buy()
    await trader.placed(order_id)
    no_start(trader)
    trader.account.valr._publisher.close()  # as after what no part could mend
    await trader.until(lambda: not trader.account.is_up)
    assert await trader.connector._execute_cancel(PAIR, order_id) == order_id
    assert trader.story(order_id) == ["BuyOrderCreated", "OrderCancelled"]
    assert trader.there() == []


async def test_a_lost_order_is_cancelled_at_the_start_without_an_error(
    trader: Live, caplog: pytest.LogCaptureFixture
) -> None:
    order_id, saved = await placed_and_left(trader)
    saved[order_id]["last_state"] = str(OrderState.FAILED.value)  # it was given up as lost
    with caplog.at_level(logging.ERROR):
        async with restored(trader, saved) as later:
            await later.until(lambda: not later.there())
            await later.until(lambda: not later.connector._order_tracker.lost_orders)
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR] == []


async def test_by_rest_a_cancel_tells_the_fills_of_before_it(trader: Live) -> None:
    partly, wholly = trader.buy(), trader.buy(price="905000")
    await trader.placed(partly)
    await trader.placed(wholly)
    await trader.stop()
    trader.rival("sell", "0.014", "900000")
    for order_id in (partly, wholly):
        await trader.connector._execute_cancel(PAIR, order_id)
    await trader.until(lambda: not trader.connector.in_flight_orders)
    assert trader.story(partly) == ["BuyOrderCreated", "OrderFilled", "OrderCancelled"]
    assert trader.story(wholly) == ["BuyOrderCreated", "OrderFilled", "BuyOrderCompleted"]


async def test_by_rest_an_order_is_cancelled_though_its_fills_cannot_be_read(
    trader: Live, caplog: pytest.LogCaptureFixture
) -> None:
    order_id = trader.buy()
    await trader.placed(order_id)
    await trader.stop()
    trader.exchange.faults.answer_request(400, lambda _, path: "tradehistory" in path)
    assert await trader.connector._execute_cancel(PAIR, order_id) == order_id
    assert trader.story(order_id) == ["BuyOrderCreated", "OrderCancelled"]
    assert f"the last fills of {order_id} may be missing" in caplog.text


async def test_what_ended_in_time_is_told_apart_from_what_did_not(trader: Live) -> None:
    quick, slow = trader.buy(), trader.buy(price="890000")
    for order_id in (quick, slow):
        await trader.placed(order_id)
    shown = trader.shown(slow)
    cancel_of_slow = of_type("CANCEL_LIMIT_ORDER")
    trader.exchange.faults.swallow_command(
        lambda frame: cancel_of_slow(frame) and shown.exchange_order_id in str(frame), count=9
    )
    results = await trader.connector.cancel_all(0.2)
    assert {result.order_id: result.success for result in results} == {quick: True, slow: False}
