"""Where the commands about the market look: at VALR, or at an embedded exchange of their own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from valr_connector.config import Hosts, Settings
from valr_connector.net.market_data import MarketData
from valr_connector.simulator.exchange import EmbeddedExchange, Endpoints
from valr_connector.simulator.settings import SimulatorSettings

CROWD_INTERVAL_S = 0.1
MARK_PRICE_INTERVAL_S = 1.0


@asynccontextmanager
async def open_market(pairs: Sequence[str] = (), *, is_simulated: bool) -> AsyncIterator[MarketData]:
    """The market, connected. No key is used; a simulated one is alive.

    Args:
        pairs: whose books are followed.
    """
    async with AsyncExitStack() as stack:
        settings = Settings()
        if is_simulated:
            simulator = SimulatorSettings(
                crowd=True, crowd_interval_s=CROWD_INTERVAL_S, mark_price_interval_s=MARK_PRICE_INTERVAL_S
            )
            at = await stack.enter_async_context(_embedded(simulator))
            settings = Settings(
                hosts=Hosts(rest=at.rest, account_socket=at.ws_account, trade_socket=at.ws_trade)
            )
        yield await stack.enter_async_context(MarketData(pairs=pairs, settings=settings))


@asynccontextmanager
async def _embedded(settings: SimulatorSettings) -> AsyncIterator[Endpoints]:
    async with EmbeddedExchange(settings) as exchange:
        yield exchange.endpoints
