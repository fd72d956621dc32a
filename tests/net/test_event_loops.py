"""On asyncio, on asyncio that watches for mistakes, and on uvloop: the same life from start to close."""

from __future__ import annotations

import asyncio
import gc
import logging
import warnings
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
import uvloop

from tests.event_loops import watchful_loop
from tests.net.trading import trading
from valr_connector import CancelResult, OrderStatus, RetryPolicy

pytestmark = pytest.mark.untraced  # what runs here runs everywhere

Run = Callable[[Coroutine[Any, Any, None]], None]


def on_asyncio(main: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner() as runner:
        runner.run(main)


def watched(main: Coroutine[Any, Any, None]) -> None:
    """asyncio's debug mode: coroutines that nobody awaited, calls from a wrong thread, callbacks too slow."""
    with asyncio.Runner(loop_factory=watchful_loop) as runner:
        runner.run(main)


def on_uvloop(main: Coroutine[Any, Any, None]) -> None:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main)


LOOPS: dict[str, Run] = {"asyncio": on_asyncio, "asyncio in debug mode": watched, "uvloop": on_uvloop}


async def trade() -> None:
    async with trading() as desk:
        order = await desk.buy()
        assert order.status is OrderStatus.OPEN
        assert (await desk.valr.modify_order(order, price="900001")).order is order
        desk.rival("sell", "0.004", "900001")
        await desk.until(lambda: order.executed_amount)
        assert (await desk.valr.cancel_order(order)).result is CancelResult.CANCELLED
        await desk.agreed(order)
    assert desk.valr.failure is None


async def recover() -> None:
    async with trading() as desk:
        order = await desk.buy()
        for _ in range(3):
            desk.drop_account_socket()
            desk.exchange.drop_sockets("trade")
            await desk.back()
        assert order.status is OrderStatus.OPEN
        desk.valr.drop_account_socket()
        other = await desk.buy("800000", retry=RetryPolicy.IF_UNSENT)
        await desk.back()
        assert other.status is OrderStatus.OPEN
    assert desk.valr.failure is None


async def give_up() -> None:
    async with trading(close_timeout_s=0.5) as desk:
        calls = [asyncio.create_task(desk.buy(str(800_000 + n))) for n in range(5)]
        await asyncio.sleep(0)
        for call in calls[::2]:
            call.cancel()
        await asyncio.gather(*calls, return_exceptions=True)
        await desk.break_down()


STORIES = {"trading": trade, "recovering": recover, "giving up": give_up}


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES)
@pytest.mark.parametrize("loop", LOOPS.values(), ids=LOOPS)
def test_every_loop_runs_it_cleanly(
    loop: Run, story: Callable[[], Coroutine[Any, Any, None]], caplog: pytest.LogCaptureFixture
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        loop(story())
        gc.collect()  # what was not closed says so when it goes
    complaints = [record.getMessage() for record in caplog.records if record.name == "asyncio"]
    assert not [text for text in complaints if record_is_a_complaint(text)], complaints


def record_is_a_complaint(text: str) -> bool:
    return not text.startswith("Using selector")


def test_the_loops_are_not_the_same() -> None:
    kinds: list[type] = []

    async def look() -> None:
        kinds.append(type(asyncio.get_running_loop()))

    on_asyncio(look())
    on_uvloop(look())
    assert issubclass(kinds[0], asyncio.BaseEventLoop)
    assert issubclass(kinds[1], uvloop.Loop)


def test_debug_mode_complains_where_there_is_something_to_complain_of(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async def fail_unseen() -> None:
        asyncio.get_running_loop().create_future().set_exception(RuntimeError("unseen"))

    with caplog.at_level(logging.ERROR, logger="asyncio"):
        watched(fail_unseen())
        gc.collect()
    assert "was never retrieved" in caplog.text
