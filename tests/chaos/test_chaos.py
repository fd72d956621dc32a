"""A few of the faults of which `make chaos` brings two hundred."""

from __future__ import annotations

import asyncio
from random import Random

from tests.chaos.chaos import LIVE_WITHIN_S, run_chaos, storm_of
from tests.chaos.proxy import Conduct, Kind, Proxy
from tests.chaos.report import figures
from tests.chaos.stage import SETTINGS, VENUE, connected, port_of
from valr_connector import ReadinessChanged
from valr_connector.simulator.exchange import EmbeddedExchange


async def test_a_maker_in_a_storm_loses_nothing_doubles_nothing_and_comes_back() -> None:
    report = await run_chaos(storm_of(10, lasts_s=3.0), seed=4)
    assert not report.violations, figures(report)
    assert report.faults.total() == 10
    assert report.orders > 50


async def test_when_every_connection_goes_half_open_at_once_only_the_silence_is_waited_for() -> None:
    exchange = EmbeddedExchange(VENUE, rng=Random(1))
    async with (
        exchange,
        Proxy(port_of(exchange), Random(1)) as proxy,
        connected(exchange, proxy, SETTINGS, Random(1)) as valr,
    ):
        ready = asyncio.Event()
        valr.on(ReadinessChanged, lambda event: ready.set() if event.ready else None)
        assert {wire.kind for wire in proxy.wires(*Kind)} == set(Kind)
        for wire in proxy.wires(*Kind):
            wire.behave(Conduct.SWALLOW)
        async with asyncio.timeout(SETTINGS.silence_timeout_s + LIVE_WITHIN_S):
            await ready.wait()
