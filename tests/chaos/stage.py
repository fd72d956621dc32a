"""A venue with other traders, and a connector that reaches it through a proxy."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator
from dataclasses import fields
from decimal import Decimal
from random import Random

from tests.chaos.proxy import HOST, Proxy
from valr_connector import Hosts, Settings, ValrExchange
from valr_connector.net.limiter import LimiterRegistry
from valr_connector.net.network import Network
from valr_connector.simulator.exchange import EmbeddedExchange
from valr_connector.simulator.settings import RateLimits, SimulatorSettings

PAIR, SYMBOL = "BTC-ZAR", "BTCZAR"
ACCOUNT, RIVAL = "0", "9"
MORE_ROOM = 20
"""VALR's limits are multiplied by this on both sides: a minute's faults take more than a minute's dials."""

SETTINGS = Settings(
    place_timeout_s=1.0,
    cancel_timeout_s=1.0,
    not_found_grace_s=2.5,
    absent_min_age_s=2.0,
    absent_min_quiet_s=1.0,
    reconcile_interval_s=5.0,
    ping_interval_s=0.4,
    silence_timeout_s=1.2,
    stable_connection_s=1.0,
    longest_redial_pause_s=0.5,
)
"""Short deadlines, so that hundreds of faults fit into minutes: half-open sockets are found after 1.2 s."""

VENUE = SimulatorSettings(
    crowd=True,
    crowd_interval_s=0.05,
    crowd_prices={SYMBOL: Decimal(1_500_000)},
    balances={"ZAR": Decimal(1_000_000_000), "BTC": Decimal(1_000), "ETH": Decimal(1_000)},
    request_jitter_s=0.002,
    processing_latency_s=0.001,
    processing_jitter_s=0.004,
    event_jitter_s=0.002,
    reply_jitter_s=0.004,
    rate_limits=RateLimits(
        **{each.name: MORE_ROOM * getattr(RateLimits(), each.name) for each in fields(RateLimits)}
    ),
)


def port_of(exchange: EmbeddedExchange) -> int:
    """Where a running exchange listens."""
    return int(exchange.endpoints.rest.rsplit(":", 1)[1])


@contextlib.asynccontextmanager
async def connected(
    exchange: EmbeddedExchange,
    proxy: Proxy,
    settings: Settings,
    rng: Random,
    network: Network | None = None,
) -> AsyncIterator[ValrExchange]:
    """A started connector that reaches the exchange through the proxy."""
    key, at = exchange.add_api_key(ACCOUNT), f"{HOST}:{proxy.port}"
    hosts = Hosts(
        rest=f"http://{at}", account_socket=f"ws://{at}/ws/account", trade_socket=f"ws://{at}/ws/trade"
    )
    async with ValrExchange(
        key.key,
        key.secret,
        pairs=[PAIR],
        settings=settings.model_copy(update={"hosts": hosts}),
        network=network,
        limiters=LimiterRegistry(scale=MORE_ROOM),
        rng=Random(rng.random()),
    ) as valr:
        yield valr
