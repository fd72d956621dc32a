"""Hummingbot's real trading core without a screen, with a strategy, against the embedded exchange.

``python -m tests.hummingbot.headless --seconds 300`` (``make headless-hummingbot``) lets pure market making
refresh every second while faults are injected, compares the orders here with those there every second, and
says what it saw; the exit status is 1 if anything was not as it has to be.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import hummingbot
from hummingbot.client.config.client_config_map import AnonymizedMetricsDisabledMode, ClientConfigMap
from hummingbot.client.config.config_helpers import ClientConfigAdapter
from hummingbot.core.rate_oracle.rate_oracle import RATE_ORACLE_SOURCES, RateOracle
from hummingbot.core.trading_core import TradingCore
from hummingbot.core.web_assistant.connections.connections_factory import ConnectionsFactory
from hummingbot.strategy.pure_market_making.pure_market_making_config_map import (
    pure_market_making_config_map,
)

from valr_connector.integrations.hummingbot import register
from valr_connector.integrations.hummingbot.hosts import VARIABLES
from valr_connector.integrations.hummingbot.rate_source import ValrRateSource
from valr_connector.simulator.exchange import EmbeddedExchange
from valr_connector.simulator.faults import of_type
from valr_connector.simulator.settings import SimulatorSettings
from valr_connector.simulator.vocabulary import BuyOrSell, NewOrder, VenueOrder

ACCOUNT, TAKER, PAIR = "0", "9", "BTC-ZAR"
SCRIPTS = Path(__file__).parent / "scripts"
PATIENCE_S = 30.0
SETTLED_AFTER_S = 3.0
"""For so long the two sides may differ: an order is under way, or its fate is being asked."""

QUOTES: dict[str, Any] = {
    "exchange": "valr",
    "market": PAIR,
    "bid_spread": Decimal("0.05"),
    "ask_spread": Decimal("0.05"),
    "order_refresh_time": 1.0,
    "order_amount": Decimal("0.001"),
    "filled_order_delay": 1.0,
    "order_refresh_tolerance_pct": Decimal(-1),
    "should_wait_order_cancel_confirmation": True,
}


@dataclass(slots=True)
class Seen:
    """What a run showed."""

    checks: int = 0
    most_live: int = 0
    longest_difference_s: float = 0.0
    faults: dict[str, int] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)
    lines: list[str] = field(default_factory=list)


class Stage:
    """One exchange, one trading core."""

    def __init__(self, exchange: EmbeddedExchange, core: TradingCore, rng: random.Random) -> None:
        self.exchange = exchange
        self.core = core
        self.seen = Seen()
        self._rng = rng
        self._different_since: float | None = None

    @property
    def connector(self) -> Any:
        return self.core.connector_manager.connectors["valr"]

    def here(self) -> set[str]:
        """Client order ids that Hummingbot shows in flight and confirmed."""
        orders = self.connector.in_flight_orders.values()
        return {order.client_order_id for order in orders if not order.is_pending_create}

    def there(self) -> set[str]:
        """Those that are open at the exchange."""
        return {order.request.customer_order_id for order in self.exchange.venue.open_orders(ACCOUNT)}

    def fill(self, order: VenueOrder) -> None:
        """Somebody takes an order of ours, and whatever is better."""
        side: BuyOrSell = "sell" if order.request.side == "buy" else "buy"
        request = NewOrder(
            symbol=order.symbol,
            side=side,
            kind="limit",
            quantity=Decimal(3),
            price=order.request.price,
            time_in_force="IOC",
        )
        taker = self.exchange.venue.accept(TAKER, request)
        self.exchange.venue.process(taker.order_id)

    def filled_there(self) -> int:
        """How many fills the account has had."""
        return len(self.exchange.venue.trades(ACCOUNT))

    def compare(self) -> None:
        """One look at both sides."""
        seen, here, there = self.seen, self.here(), self.there()
        seen.checks += 1
        under_way = len(self.connector.in_flight_orders) - len(here & there)
        seen.most_live = max(seen.most_live, len(there))
        if len(there) > 2 + under_way:
            seen.problems.append(f"{len(there)} orders live there, {under_way} of ours under way")
        now = time.monotonic()
        if here == there:
            self._different_since = None
            return
        self._different_since = self._different_since or now
        difference = now - self._different_since
        seen.longest_difference_s = max(seen.longest_difference_s, difference)
        if difference > SETTLED_AFTER_S:
            seen.problems.append(f"different for {difference:.0f} s: here {here}, there {there}")

    def break_something(self) -> None:
        """One fault, drawn."""
        faults = self.exchange.faults
        kinds: Mapping[str, Callable[[], object]] = {
            "no answer to a placement": lambda: faults.silence_command(of_type("PLACE_LIMIT_ORDER")),
            "a placement lost": lambda: faults.swallow_command(of_type("PLACE_LIMIT_ORDER")),
            "a cancel lost": lambda: faults.swallow_command(of_type("CANCEL_LIMIT_ORDER")),
            "a status lost": lambda: faults.drop_frame(of_type("ORDER_STATUS_UPDATE")),
            "a fill lost": lambda: faults.drop_frame(of_type("NEW_ACCOUNT_TRADE")),
            "a fill told twice": lambda: faults.duplicate_frame(of_type("NEW_ACCOUNT_TRADE")),
            "a receipt late": lambda: faults.delay_frame(of_type("PLACE_LIMIT_WS_RESPONSE"), 0.5),
            "an HTTP 500": lambda: faults.answer_request(500),
            "a REST call cut": lambda: faults.answer_request(None, after_execution=True),
            "the account socket cut": lambda: self.exchange.drop_sockets("account"),
            "the trade socket cut": lambda: self.exchange.drop_sockets("trade"),
        }
        kind = self._rng.choice(sorted(kinds))
        kinds[kind]()
        self.seen.faults[kind] = self.seen.faults.get(kind, 0) + 1

    async def until(self, holds: Any) -> None:
        async with asyncio.timeout(PATIENCE_S):
            while not holds():  # noqa: ASYNC110  there is nothing else to wait for
                await asyncio.sleep(0.05)


@asynccontextmanager
async def stage(folder: Path, seed: int = 0) -> AsyncIterator[Stage]:
    """A living market, and a trading core that knows it as VALR; everything stopped at the end."""
    register()
    hummingbot.set_data_path(str(folder))  # what it saves belongs to this run
    rng = random.Random(seed)
    async with EmbeddedExchange(SimulatorSettings(crowd=True, rate_limits=None), rng=rng) as exchange:
        exchange.open_account(TAKER)
        with _hosts_of(exchange):
            RATE_ORACLE_SOURCES["gate_io"] = ValrRateSource  # the default would ask somebody outside
            config = ClientConfigMap()
            config.anonymized_metrics_mode = AnonymizedMetricsDisabledMode()  # nothing leaves this machine
            RateOracle.get_instance().source = ValrRateSource()
            core = TradingCore(ClientConfigAdapter(config), scripts_path=SCRIPTS)
            key = exchange.add_api_key(ACCOUNT)
            await core.create_connector(
                "valr", [PAIR], api_keys={"valr_api_key": key.key, "valr_api_secret": key.secret}
            )
            try:
                yield Stage(exchange, core, rng)
            finally:
                connector = core.connector_manager.connectors.get("valr")
                await core.shutdown()
                if connector is not None:
                    await connector.stop_network()
                await ConnectionsFactory().close()


@contextmanager
def _hosts_of(exchange: EmbeddedExchange) -> Iterator[None]:
    at = exchange.endpoints
    places = {"rest": at.rest, "account_socket": at.ws_account, "trade_socket": at.ws_trade}
    before = dict(os.environ)
    os.environ.update({VARIABLES[part]: place for part, place in places.items()})
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


async def start_market_making(on: Stage, **changed: Any) -> None:
    """Start pure market making, as Hummingbot's own starter does."""
    for name, value in {**_defaults(), **QUOTES, **changed}.items():
        pure_market_making_config_map[name].value = value
    assert await on.core.start_strategy("pure_market_making", strategy_file_name="headless")
    await on.until(lambda: on.connector.ready)


async def start_script(on: Stage, name: str) -> None:
    """Start a script of `SCRIPTS`, with the settings it has by itself."""
    assert await on.core.start_strategy(name, strategy_file_name="headless")
    await on.until(lambda: on.connector.ready)


def _defaults() -> dict[str, Any]:
    return {name: variable.default for name, variable in pure_market_making_config_map.items()}


async def run(seconds: float, seed: int, *, fault_every_s: float, folder: Path) -> Seen:
    """Market making with faults for so long, a look at both sides every second, and the end of it."""
    async with stage(folder, seed) as on:
        await start_market_making(on)
        ends, next_fault = time.monotonic() + seconds, time.monotonic() + fault_every_s
        while time.monotonic() < ends:
            await asyncio.sleep(1)
            on.compare()
            if time.monotonic() >= next_fault:
                on.break_something()
                next_fault += fault_every_s
        on.exchange.faults.clear()
        placed, filled = len(on.exchange.venue.orders(ACCOUNT)), on.filled_there()
    if on.there():
        on.seen.problems.append(f"open after the stop: {on.there()}")
    if not filled:
        on.seen.problems.append("nothing was ever filled")
    on.seen.lines.append(
        f"{seconds:.0f} s, seed {seed}: {placed} orders placed, {filled} fills, faults {on.seen.faults}"
    )
    on.seen.lines.append(
        f"{on.seen.checks} checks, at most {on.seen.most_live} orders live, "
        f"both sides different for {on.seen.longest_difference_s:.1f} s at most"
    )
    return on.seen


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seconds", type=float, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--fault-every", type=float, default=3.0)
    chosen = parser.parse_args()
    with TemporaryDirectory() as folder:
        seen = asyncio.run(
            run(chosen.seconds, chosen.seed, fault_every_s=chosen.fault_every, folder=Path(folder))
        )
    sys.stdout.write("".join(f"{line}\n" for line in (*seen.lines, *seen.problems)))
    return 1 if seen.problems else 0


if __name__ == "__main__":
    sys.exit(main())
