"""Candles and perpetuals by REST (protocol 7.10 to 7.12)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.simulator.loopback import START_NS, Street, make_a_market, street
from valr_connector.simulator.settings import RateLimits

START_S = START_NS // 10**9
PERPETUAL = "BTCUSDTPERP"


async def trade_for(valr: Street, price: str) -> None:
    """One trade at a price."""
    await valr.trader().place(price=price, quantity="0.001")
    await valr.trader("7").place(side="SELL", price=price, quantity="0.001")


async def candles(valr: Street, query: str = "", path: str = "buckets") -> Any:
    return (await valr.get(f"/v1/public/BTCZAR/{path}{query}")).body


async def test_candles_are_told_newest_first_with_whole_seconds() -> None:
    async with street() as valr:
        await trade_for(valr, "900000")
        valr.clock.advance(60)
        await trade_for(valr, "910000")
        newest, oldest = await candles(valr)
        assert newest == {
            "currencyPairSymbol": "BTCZAR",
            "bucketPeriodInSeconds": 60,
            "startTime": "2026-09-21T14:14:00Z",
            "open": "910000",
            "high": "910000",
            "low": "910000",
            "close": "910000",
            "volume": "0.001",
            "quoteVolume": "910",
        }
        assert oldest["startTime"] == "2026-09-21T14:13:00Z"


async def test_candles_are_chosen_by_period_time_and_page() -> None:
    async with street() as valr:
        for price in ("900000", "910000", "905000"):
            await trade_for(valr, price)
            valr.clock.advance(60)
        hour = (await candles(valr, "?periodSeconds=3600"))[0]
        assert (hour["open"], hour["high"], hour["close"]) == ("900000", "910000", "905000")
        assert [each["close"] for each in await candles(valr, "?skip=1&limit=1")] == ["910000"]
        start = f"?startTime={START_S}&endTime={START_S + 60}"
        assert [each["close"] for each in await candles(valr, start)] == ["910000"]


async def test_empty_candles_are_told_where_they_are_asked_for() -> None:
    async with street() as valr:
        await trade_for(valr, "900000")
        valr.clock.advance(120)
        assert len(await candles(valr)) == 1
        assert [each["volume"] for each in await candles(valr, "?includeEmpty=true")] == ["0", "0", "0.001"]


@pytest.mark.parametrize(
    "target",
    [
        "BTCZAR/buckets?periodSeconds=61",
        "BTCZAR/buckets?limit=301",
        "BTCZAR/buckets?startTime=yesterday",
        "BTCZAR/markprice/buckets?limit=101",
        "BTCZAR/markprice/buckets?startTime=yesterday",
        "NOPE/buckets",
        "NOPE/markprice/buckets",
        "futures/funding/history?currencyPair=BTCZAR",
        "futures/funding/history",
        f"futures/funding/history?currencyPair={PERPETUAL}&limit=101",
    ],
)
async def test_a_question_that_makes_no_sense_is_refused(target: str) -> None:
    async with street() as valr:
        assert (await valr.get(f"/v1/public/{target}")).status == 400


async def test_mark_prices_have_candles_without_volume() -> None:
    async with street() as valr:
        await make_a_market(valr)
        valr.clock.advance(3)
        await valr.trader().place(price="910000")
        bucket = (await candles(valr, path="markprice/buckets"))[0]
        assert (bucket["open"], bucket["close"]) == ("950000", "955000")
        assert "volume" not in bucket
        later = "?startTime=2026-09-22T00:00:00Z"
        assert await candles(valr, later, path="markprice/buckets") == []


async def test_buckets_have_a_limit_of_their_own() -> None:
    limits = RateLimits(public_per_minute=0, light_public_per_second=2)
    async with street(rate_limits=limits) as valr:
        statuses = [(await valr.get("/v1/public/BTCZAR/buckets")).status for _ in range(3)]
        assert statuses == [200, 200, 429]


async def test_perpetuals_tell_their_next_runs_in_milliseconds() -> None:
    async with street() as valr:
        info = (await valr.get("/v1/public/futures/info")).body
        assert [each["currencyPair"] for each in info] == [PERPETUAL]
        assert info[0]["nextFundingRun"] == (START_S - START_S % 3600 + 3600) * 1000
        assert info[0]["nextPnlRun"] % (8 * 3600 * 1000) == 0


async def test_funding_is_told_by_the_hour_newest_first() -> None:
    async with street() as valr:
        target = f"/v1/public/futures/funding/history?currencyPair={PERPETUAL}"
        runs = (await valr.get(f"{target}&limit=2")).body
        assert [run["fundingTime"] for run in runs] == [
            "2026-09-21T14:00:00Z",
            "2026-09-21T13:00:00Z",
        ]
        span = "&startTime=2026-09-21T10:00:00Z&endTime=2026-09-21T12:00:00Z"
        assert len((await valr.get(target + span)).body) == 3
        assert len((await valr.get(f"{target}&skip=700")).body) == 20


async def test_tiers_allow_less_the_higher_the_leverage_and_one_is_the_default() -> None:
    async with street() as valr:
        tiers = (await valr.get(f"/v1/public/risklimit/{PERPETUAL}")).body
        largest = [tier["riskLimitValue"] for tier in tiers]
        assert largest == sorted(largest, reverse=True)
        assert [tier["leverageMultiple"] for tier in tiers if tier["isDefault"]] == [10]
        refused = await valr.get("/v1/public/risklimit/BTCZAR")
        assert (refused.status, refused.body["code"]) == (400, -21)


async def test_perpetuals_cannot_be_traded_without_a_futures_account() -> None:
    async with street() as valr:
        reply = await valr.trader().place(pair=PERPETUAL)
        assert (reply.status, reply.body["code"]) == (400, -19227)


async def test_a_crowds_market_has_a_past() -> None:
    async with street(crowd=True, crowd_past_minutes=90) as valr:
        past = await candles(valr, "?limit=90")
        assert len(past) == 90
        day = (await valr.get("/v1/public/BTCZAR/marketsummary")).body
        assert day["lastTradedPrice"] == past[0]["close"]
        assert day["previousClosePrice"] == past[-1]["open"]
        assert Decimal(day["baseVolume"]) == sum(Decimal(candle["volume"]) for candle in past)
