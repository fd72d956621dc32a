"""Under an event loop whose time is virtual, the exchange's delays cost nothing and keep their lengths."""

from __future__ import annotations

import asyncio

from tests.simulator.loopback import btc_order, command, street
from tests.simulator.virtual_time import seconds_of


def test_a_silent_socket_lives_for_a_minute() -> None:
    async def be_silent() -> None:
        async with street() as valr, valr.trader().greeted() as account:
            async for _ in account.raw:
                raise AssertionError

    assert 60 <= seconds_of(be_silent()) < 61


def test_an_unauthenticated_socket_lives_for_a_quarter_of_an_hour_though_it_pings() -> None:
    async def ping() -> None:
        async with street() as valr, valr.socket() as trade:
            while not trade.raw.closed:
                await trade.send({"type": "PING"})
                await trade.raw.receive()
                await asyncio.sleep(30)

    assert 900 <= seconds_of(ping()) <= 960


def test_latencies_add_up_along_the_way_of_an_order() -> None:
    async def place() -> None:
        latencies = {
            "request_latency_s": 10,
            "processing_latency_s": 20,
            "event_latency_s": 5,
            "reply_latency_s": 1,
        }
        async with street(**latencies) as valr, valr.trader().socket() as account:
            loop = asyncio.get_running_loop()
            began = loop.time()
            await account.send(command("PLACE_LIMIT_ORDER", btc_order()))
            arrived: dict[str, float] = {}
            while "ORDER_PROCESSED" not in arrived:
                frame = await account.raw.receive_json()
                arrived.setdefault(frame["type"], loop.time() - began)
            assert 5 <= arrived["BALANCE_UPDATE"] < 6
            assert 11 <= arrived["PLACE_LIMIT_WS_RESPONSE"] < 12
            assert 35 <= arrived["ORDER_PROCESSED"] < 36

    assert seconds_of(place()) < 60
