"""VALR takes 30 public calls a minute (protocol 4): how few are used, and what goes on without."""

from __future__ import annotations

from dataclasses import replace

import pytest

from tests.hummingbot.live import AT_ONCE, PAIR, Live, live
from valr_connector.integrations.hummingbot import order_book_source
from valr_connector.simulator.settings import SimulatorSettings

PAIRS, SUMMARY = "GET /v1/public/pairs", "GET /v1/public/{pair}/marketsummary"
LIMITED = replace(AT_ONCE, rate_limits=SimulatorSettings().rate_limits)


async def test_a_network_that_is_restarted_every_moment_is_ready_each_time() -> None:
    async with live(LIMITED) as trader:
        for _ in range(12):
            await trader.stop()
            await trader.start()


async def test_a_connector_that_is_made_anew_every_moment_is_ready_each_time() -> None:
    async with live(LIMITED) as trader:
        for _ in range(12):
            later = Live(trader.exchange)
            await later.start()
            order_id = later.buy()
            await later.placed(order_id)
            await later.connector.cancel_all(5)
            await later.stop()


async def test_a_price_that_no_trade_changes_is_asked_for_once_a_minute(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with live() as trader:
        source, asked = trader.connector._orderbook_ds, trader.exchange.stats.requests
        await trader.until(lambda: asked[SUMMARY])
        asked.clear()
        for _ in range(3):
            assert await source.get_last_traded_prices([PAIR]) == {PAIR: 0.0}
        assert asked[SUMMARY] == 0
        assert set(await source.get_last_traded_prices([PAIR, "ETH-ZAR"])) == {PAIR, "ETH-ZAR"}
        monkeypatch.setattr(order_book_source, "_PRICES_AGAIN_S", 0)
        await source.get_last_traded_prices([PAIR])
        assert asked[SUMMARY] == 1
