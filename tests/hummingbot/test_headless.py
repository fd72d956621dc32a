"""Strategies in Hummingbot's real trading core: quotes, refreshes, fills, hanging orders, an orderly end."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.hummingbot.headless import ACCOUNT, Stage, run, stage, start_market_making, start_script
from valr_connector.simulator.vocabulary import State


async def refreshed(on: Stage, times: int) -> None:
    """Wait until so many orders have been placed, and both sides agree."""
    await on.until(lambda: len(on.exchange.venue.orders(ACCOUNT)) >= times)
    await on.until(lambda: on.here() == on.there())


async def test_pure_market_making_quotes_refreshes_and_is_filled(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await start_market_making(on)
        await refreshed(on, 6)
        await on.until(on.filled_there)
        orders = on.exchange.venue.orders(ACCOUNT)
        assert {order.request.side for order in orders} == {"buy", "sell"}
        assert len(on.there()) <= 2
    assert on.there() == set()


async def test_hanging_orders_stay_when_the_other_side_was_filled(tmp_path: Path) -> None:
    async with stage(tmp_path) as on:
        await start_market_making(
            on,
            hanging_orders_enabled=True,
            hanging_orders_cancel_pct=Decimal(10),
            order_refresh_time=3.0,
            bid_spread=Decimal(1),  # beyond the crowd's reach
            ask_spread=Decimal(1),
        )
        await on.until(lambda: len(on.there()) == 2)
        bid, ask = sorted(on.exchange.venue.open_orders(ACCOUNT), key=lambda order: order.request.side)
        on.fill(bid)
        assert bid.state is State.FILLED
        await refreshed(on, 6)
        assert ask.state is State.PLACED
        assert ask.request.customer_order_id in on.here()
        assert ask.request.customer_order_id in on.core.strategy.hanging_order_ids
    assert on.there() == set()


async def test_a_script_of_the_second_kind_quotes_refreshes_and_is_told_of_each_fill_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.syspath_prepend(str(Path(__file__).parent))
    async with stage(tmp_path) as on:
        await start_script(on, "v2_quotes")
        await refreshed(on, 4)
        await on.until(on.filled_there)
        venue, script = on.exchange.venue, on.core.strategy
        await on.until(lambda: len(script.filled) == on.filled_there())
        there = [(trade.customer_order_id, trade.quantity) for trade in reversed(venue.trades(ACCOUNT))]
        assert script.filled == there
    assert on.there() == set()


async def test_with_faults_both_sides_stay_in_step(tmp_path: Path) -> None:
    seen: Any = await run(8, seed=1, fault_every_s=2, folder=tmp_path)
    assert seen.problems == []
    assert seen.faults
