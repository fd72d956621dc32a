"""Stopping as the death of the process would: what is open stays open, and can be taken over."""

from __future__ import annotations

import asyncio
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from tests.net.lives import lives_at
from tests.net.trading import ACCOUNT, make, tasks_of_the_library, venue
from valr_connector import ClosedError, OrderStatus, Placement, ValrExchange


async def test_what_is_open_stays_open_and_is_taken_over(tmp_path: Path) -> None:
    async with lives_at(tmp_path / "orders") as lives:
        first = await lives.begin(on_close="cancel")
        order = await first.buy()
        told = len(first.events)
        await first.valr.abort()
        assert len(lives.exchange.venue.open_orders(ACCOUNT)) == 1
        assert len(first.events) == told
        assert not first.valr.ready
        assert not tasks_of_the_library()
        second = await lives.begin()
        assert second.restored() == {order.client_order_id: "OPEN"}


async def test_calls_under_way_return_and_further_ones_are_refused(tmp_path: Path) -> None:
    async with lives_at(tmp_path / "orders", processing_latency_s=5.0) as lives:
        first = await lives.begin()
        placing = first.begin_to_buy()
        await asyncio.sleep(0.02)
        await first.valr.abort()
        assert (await placing).placement is Placement.UNKNOWN
        with pytest.raises(ClosedError):
            await first.valr.cancel_order(await placing)
        assert (await placing).status is OrderStatus.PENDING_CREATE
        assert (await first.valr.close()).remaining == (await placing,)
        await first.valr.abort()
        await lives.begin()


async def test_nothing_that_was_never_started_is_left(tmp_path: Path) -> None:
    async with lives_at(tmp_path / "orders") as lives:
        await lives.conceive().valr.abort()
        await lives.begin()


@pytest.mark.parametrize("turns", [1, 7, 8])
@pytest.mark.parametrize("is_cancelled", [True, False])
async def test_closing_returns_when_an_abort_that_was_begun_has_ended_everything(
    turns: int, is_cancelled: bool
) -> None:
    async with venue() as exchange:
        valr = make(exchange)
        await valr.start()
        url = await valr.serve_dashboard(0)
        aborting = asyncio.create_task(valr.abort())
        for _ in range(turns):
            await asyncio.sleep(0)
        if is_cancelled:
            aborting.cancel()
        await valr.close()
        running = [name for name in tasks_of_the_library() if "ValrExchange.abort" not in name]
        assert not running
        assert not await listens_at(url)
        await asyncio.wait([aborting])


async def test_an_embedded_exchange_of_ones_own_outlives_an_abort_and_ends_with_closing() -> None:
    valr = ValrExchange.simulated(pairs=["BTC-ZAR"])
    await valr.start()
    assert valr.simulator is not None
    await valr.abort()
    assert await listens_at(valr.simulator.endpoints.rest)
    await valr.close()
    assert not await listens_at(valr.simulator.endpoints.rest)


async def listens_at(url: str) -> bool:
    at = urlsplit(url)
    try:
        _, writer = await asyncio.open_connection(at.hostname, at.port)
    except ConnectionRefusedError:
        return False
    writer.close()
    await writer.wait_closed()
    return True
