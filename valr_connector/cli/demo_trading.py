"""Something to look at: the demo's market maker on an embedded exchange, disturbed now and then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from valr_connector.cli.demo import SETTINGS, VENUE, DemoOptions, market_maker, with_market
from valr_connector.cli.stop_signals import stopped_within
from valr_connector.exchange import ValrExchange
from valr_connector.simulator.exchange import EmbeddedExchange
from valr_connector.simulator.settings import SimulatorSettings

CUT_S: Final = 30.0
"""How often the account socket is cut."""


@asynccontextmanager
async def demo_trading(
    pair: str, *, refresh_s: float = 0.5, venue: SimulatorSettings = VENUE
) -> AsyncIterator[tuple[ValrExchange, EmbeddedExchange]]:
    """The maker quotes within the context, and takes its quotes back at the end.

    Raises:
        InvalidArgumentError: nobody trades the pair at the embedded exchange.
    """
    stop = asyncio.Event()
    options = DemoOptions(seconds=0, pair=pair, refresh_s=refresh_s)
    async with (
        EmbeddedExchange(with_market(venue, pair)) as exchange,
        ValrExchange.simulated(pairs=[pair], exchange=exchange, settings=SETTINGS) as valr,
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(market_maker(options, valr).run(stop))
        tasks.create_task(_disturb(valr, stop))
        try:
            yield valr, exchange
        finally:
            stop.set()


async def _disturb(valr: ValrExchange, stop: asyncio.Event) -> None:
    while not await stopped_within(stop, CUT_S):
        valr.drop_account_socket()
