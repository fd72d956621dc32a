"""What stands in front of REST: cache and limits (protocol 3.4, 4)."""

from __future__ import annotations

import pytest

from tests.simulator.loopback import Reply, make_a_market, street
from valr_connector.simulator.settings import RateLimits

# --- cache


@pytest.mark.parametrize(
    ("path", "seconds"),
    [
        ("/v1/public/marketsummary", 60),
        ("/v1/public/BTCZAR/marketsummary", 10),
        ("/v1/public/currencies", 60),
        ("/v1/public/pairs", 60),
        ("/v1/public/pairs/SPOT", 60),
        ("/v1/public/ordertypes", 60),
        ("/v1/public/BTCZAR/ordertypes", 60),
        ("/v1/public/BTCZAR/orderbook", 30),
        ("/v1/public/BTCZAR/orderbook/full", 30),
        ("/v1/public/BTCZAR/trades", 30),
    ],
)
async def test_cached_answers_tell_their_age(path: str, seconds: int) -> None:
    async with street() as valr:
        first = await valr.get(path)
        valr.clock.advance(seconds - 0.5)
        second = await valr.get(path)
        assert first.headers["cache-control"] == f"max-age={seconds},public"
        assert (first.headers["age"], second.headers["age"]) == ("0", str(seconds - 1))


async def test_a_cached_answer_stays_the_same_until_it_is_too_old() -> None:
    async with street() as valr:
        target = "/v1/public/BTCZAR/orderbook"
        empty = (await valr.get(target)).text
        await valr.trader().place()
        valr.clock.advance(29)
        assert (await valr.get(target)).text == empty
        valr.clock.advance(1)
        assert (await valr.get(target)).body["Bids"] != []


async def test_a_clock_that_is_set_back_makes_no_answer_last_longer() -> None:
    async with street() as valr:
        await valr.get("/v1/public/BTCZAR/orderbook")
        await valr.trader().place()
        valr.clock.advance(-3600)
        assert (await valr.get("/v1/public/BTCZAR/orderbook")).body["Bids"] != []


async def test_errors_are_cached_as_well() -> None:
    async with street() as valr:
        reply = await valr.get("/v1/public/NOPE/orderbook")
        assert (reply.status, reply.headers["cache-control"]) == (400, "max-age=30,public")


async def test_different_queries_are_cached_apart() -> None:
    async with street() as valr:
        await make_a_market(valr)
        assert len((await valr.get("/v1/public/BTCZAR/trades?limit=1")).body) == 1
        assert (await valr.get("/v1/public/BTCZAR/trades?limit=0")).body == []


async def test_balances_are_cached_for_a_second_and_per_account() -> None:
    async with street() as valr:
        trader, other = valr.trader(), valr.trader("7")

        async def reserved(reply: Reply) -> str:
            return str(next(wallet["reserved"] for wallet in reply.body if wallet["currency"] == "ZAR"))

        target = "/v1/account/balances"
        assert await reserved(await trader.get(target)) == "0"
        await trader.place()
        assert await reserved(await trader.get(target)) == "0"
        assert await reserved(await other.get(target)) == "0"
        valr.clock.advance(1)
        assert await reserved(await trader.get(target)) == "9000"


async def test_the_cache_can_be_switched_off() -> None:
    async with street(cache=False) as valr:
        await valr.get("/v1/public/BTCZAR/orderbook")
        await valr.trader().place()
        reply = await valr.get("/v1/public/BTCZAR/orderbook")
        assert "cache-control" not in reply.headers
        assert reply.body["Bids"] != []


# --- limits


async def test_public_reads_are_limited_to_30_a_minute_of_the_clock() -> None:
    async with street(rate_limits=RateLimits()) as valr:
        valr.clock.now -= valr.clock.now % 60_000_000_000
        statuses = [(await valr.get("/v1/public/pairs")).status for _ in range(31)]
        assert statuses == [200] * 30 + [429]
        valr.clock.advance(59.9)
        refused = await valr.get("/v1/public/currencies")
        assert (refused.status, refused.headers["x-valr-ratelimited"]) == (429, "true")
        assert refused.headers["content-type"].startswith("text/html")
        valr.clock.advance(0.1)
        assert (await valr.get("/v1/public/pairs")).status == 200
        assert valr.exchange.stats.rate_limited == 2


async def test_time_and_status_have_their_own_window_of_a_second() -> None:
    async with street(rate_limits=RateLimits(public_per_minute=1, per_address_per_minute=1)) as valr:
        for path in ("/v1/public/time", "/v1/public/status"):
            assert [(await valr.get(path)).status for _ in range(21)] == [200] * 20 + [429]
        valr.clock.advance(1)
        assert (await valr.get("/v1/public/time")).status == 200
        assert (await valr.get("/v1/public/pairs")).status == 200


async def test_keys_are_limited_per_minute_each_on_its_own() -> None:
    async with street(rate_limits=RateLimits(per_key_per_minute=2)) as valr:
        trader, other = valr.trader(), valr.trader()
        assert [(await trader.get("/v1/orders/open")).status for _ in range(3)] == [200, 200, 429]
        assert (await other.get("/v1/orders/open")).status == 200


async def test_an_address_is_limited_over_all_its_keys() -> None:
    async with street(rate_limits=RateLimits(per_address_per_minute=2)) as valr:
        assert [(await valr.trader().get("/v1/orders/open")).status for _ in range(3)] == [200, 200, 429]


async def test_v1_placing_cancelling_and_batches_are_limited_per_second_only() -> None:
    limits = RateLimits(place_per_second=1, cancel_per_second=1, batch_per_second=1, per_key_per_minute=0)
    async with street(rate_limits=limits) as valr:
        trader = valr.trader()
        for _ in range(2):
            batch = {"requests": [{"type": "CANCEL_ORDER", "data": {}}]}
            assert (await trader.place("v1")).status == 202
            assert (await trader.place("v1")).status == 429
            assert (await trader.call("POST", "/v1/batch/orders", batch)).status == 200
            assert (await trader.call("POST", "/v1/batch/orders", batch)).status == 429
            assert (await trader.call("DELETE", "/v1/orders")).status == 200
            assert (await trader.call("DELETE", "/v1/orders/BTCZAR")).status == 429
            valr.clock.advance(1)
        assert (await trader.place("v2")).status == 429
        assert (await trader.call("PUT", "/v2/orders/modify", {})).status == 400


async def test_a_refused_request_was_not_executed() -> None:
    async with street(rate_limits=RateLimits(place_per_second=0)) as valr:
        assert (await valr.trader().place("v1")).status == 429
        assert valr.exchange.stats.orders_accepted["0"] == 0


@pytest.mark.parametrize(
    ("dialect", "body"), [("json", {"code": -11, "message": "Too many requests"}), ("empty", None)]
)
async def test_a_429_comes_in_the_chosen_dialect(dialect: str, body: object) -> None:
    async with street(
        rate_limits=RateLimits(public_per_minute=0), rate_limited_body=dialect, retry_after=True
    ) as valr:
        valr.clock.now += 60_000_000_000 - valr.clock.now % 60_000_000_000 - 1_500_000_000
        reply = await valr.get("/v1/public/pairs")
        assert (reply.status, reply.body) == (429, body)
        assert reply.headers["retry-after"] == "2"
