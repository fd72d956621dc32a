"""What time and change bring to the trade socket: candles, mark prices, order types, runs (protocol 17)."""

from __future__ import annotations

import asyncio

import pytest

from tests.simulator.loopback import Frame, Socket, Street, make_a_market, street, types
from tests.simulator.virtual_time import in_virtual_time
from valr_connector.simulator.settings import SimulatorSettings

CANDLE, MARK_PRICE = "NEW_TRADE_BUCKET", "MARK_PRICE_UPDATE"
ORDER_TYPES = "ALLOWED_ORDER_TYPES_UPDATED"
FUNDING, PNL = "FUNDING_RUN_COMPLETED", "PNL_RUN_COMPLETED"
PERPETUAL = "BTCUSDTPERP"


async def subscribe(trade: Socket, event: str, *pairs: str) -> list[Frame]:
    await trade.send({"type": "SUBSCRIBE", "subscriptions": [{"event": event, "pairs": list(pairs)}]})
    return await trade.before_pong()


async def let_pass(valr: Street, seconds: float) -> None:
    """Let time pass, on the exchange's clock and on the loop's."""
    valr.clock.advance(seconds)
    await asyncio.sleep(seconds)


@in_virtual_time
async def test_a_candle_is_told_once_its_minute_is_over() -> None:
    async with street() as valr, valr.socket() as trade:
        await make_a_market(valr)
        assert types(await subscribe(trade, CANDLE, "BTCZAR", "ETHZAR")) == ["SUBSCRIBED", "SUBSCRIBED"]
        await let_pass(valr, 39.9)
        assert await trade.before_pong() == []
        await let_pass(valr, 0.2)
        assert await trade.before_pong() == [
            {
                "type": CANDLE,
                "currencyPairSymbol": "BTCZAR",
                "data": {
                    "currencyPairSymbol": "BTCZAR",
                    "bucketPeriodInSeconds": 60,
                    "startTime": "2026-09-21T14:13:00Z",
                    "open": "950000",
                    "high": "950000",
                    "low": "950000",
                    "close": "950000",
                    "volume": "0.001",
                    "quoteVolume": "950",
                },
            }
        ]


@in_virtual_time
async def test_mark_prices_are_told_every_three_seconds() -> None:
    async with street() as valr, valr.socket() as trade:
        await make_a_market(valr)
        await subscribe(trade, MARK_PRICE, "BTCZAR")
        for _ in range(2):
            await let_pass(valr, 3)
        told = await trade.before_pong()
        assert [(frame["type"], frame["data"]) for frame in told] == [(MARK_PRICE, {"price": "950000"})] * 2


@in_virtual_time
async def test_nothing_is_told_to_nobody_and_the_next_listener_is_told_again() -> None:
    async with street() as valr, valr.socket() as trade:
        await subscribe(trade, MARK_PRICE, "BTCZAR")
        await subscribe(trade, MARK_PRICE)
        await let_pass(valr, 30)
        await subscribe(trade, MARK_PRICE, "ETHZAR")
        await let_pass(valr, 3)
        assert [frame["currencyPairSymbol"] for frame in await trade.before_pong()] == ["ETHZAR"]


@in_virtual_time
async def test_an_exchange_that_was_started_again_tells_the_time_again() -> None:
    async with street() as valr:
        async with valr.socket() as trade:
            await subscribe(trade, MARK_PRICE, "BTCZAR")
        await valr.exchange.stop()
        await valr.exchange.start()
        async with valr.socket() as trade:
            await subscribe(trade, MARK_PRICE, "BTCZAR")
            await let_pass(valr, 3)
            assert types(await trade.before_pong()) == [MARK_PRICE]


async def test_new_order_types_are_told_and_other_changes_of_a_pair_are_not() -> None:
    async with street(cache=False) as valr, valr.socket() as trade:
        await subscribe(trade, ORDER_TYPES, "BTCZAR")
        valr.exchange.change_pair("BTCZAR", tick_size=valr.exchange.venue.pairs["BTCZAR"].tick_size * 5)
        valr.exchange.change_pair("BTCZAR", order_types=("LIMIT",))
        assert await trade.before_pong() == [
            {"type": ORDER_TYPES, "currencyPairSymbol": "BTCZAR", "data": ["LIMIT"]}
        ]
        pairs = {pair["symbol"]: pair for pair in (await valr.get("/v1/public/pairs")).body}
        assert pairs["BTCZAR"]["tickSize"] == "5"
        assert (await valr.get("/v1/public/BTCZAR/ordertypes")).body == ["LIMIT"]
        assert (await valr.trader().place(price="900003")).status == 400


@in_virtual_time
async def test_the_runs_of_perpetuals_are_told_when_they_are_done() -> None:
    async with street(idle_cut_s=100_000, unauthenticated_cut_s=100_000) as valr, valr.socket() as trade:
        await subscribe(trade, FUNDING, PERPETUAL)
        await subscribe(trade, PNL, PERPETUAL)
        await let_pass(valr, 3600)
        assert await trade.before_pong() == [{"type": FUNDING, "currencyPairSymbol": PERPETUAL}]
        await let_pass(valr, 8 * 3600)
        told = await trade.before_pong()
        assert sorted(types(told)) == [FUNDING, PNL]


@pytest.mark.parametrize("channel", [FUNDING, PNL])
async def test_a_pair_that_is_no_perpetual_has_no_runs(channel: str) -> None:
    async with street() as valr, valr.socket() as trade:
        assert await subscribe(trade, channel, "BTCZAR") == [
            {"type": "ERROR", "message": f"Channel {channel}, pair BTCZAR combination invalid"}
        ]


def test_there_has_to_be_time_between_two_mark_prices() -> None:
    with pytest.raises(ValueError, match="mark_price_interval_s=0"):
        SimulatorSettings(mark_price_interval_s=0)
