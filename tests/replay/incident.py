"""The incident of `docs/operations/incident.md`, made again: an order whose placement nobody confirmed.

    python -m tests.replay.incident [DIRECTORY]

The embedded exchange executes the placement and stays silent about it. The session is recorded into DIRECTORY
(a temporary one unless given), and told as `valr replay DIRECTORY --order quote-17` tells it.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from valr_connector import Settings, Side, ValrExchange
from valr_connector.cli.replay import ReplayOptions, replay_session
from valr_connector.simulator.exchange import EmbeddedExchange
from valr_connector.simulator.faults import of_type
from valr_connector.simulator.settings import SimulatorSettings

ORDER = "quote-17"


async def record(directory: Path, settings: Settings | None = None) -> None:
    """Record the incident: placed, silence, asked, found open, cancelled."""
    venue = SimulatorSettings(open_orders_interval_s=0)
    async with EmbeddedExchange(venue) as exchange:
        valr = ValrExchange.simulated(
            pairs=["BTC-ZAR"], exchange=exchange, record=directory, settings=settings
        )
        async with valr:
            exchange.faults.silence_command(of_type("PLACE_LIMIT_ORDER"))
            for told in ("ORDER_PROCESSED", "ORDER_STATUS_UPDATE", "OPEN_ORDERS_UPDATE"):
                exchange.faults.drop_frame(of_type(told))
            order = await valr.place_limit_order(
                "BTC-ZAR", Side.BUY, amount="0.01", price="900000", client_order_id=ORDER
            )
            await _until(lambda: order.exchange_order_id is not None)
            await valr.cancel_order(order)


async def _until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not condition():  # noqa: ASYNC110  no event tells every change
            await asyncio.sleep(0.01)


def tell(directory: Path, out: TextIO) -> None:
    """What `valr replay DIRECTORY --order quote-17` prints."""
    replay_session(directory, ReplayOptions(order=ORDER), out)


def main() -> None:
    with tempfile.TemporaryDirectory() as temporary:
        directory = Path(sys.argv[1] if len(sys.argv) > 1 else temporary)
        asyncio.run(record(directory))
        tell(directory, sys.stdout)


if __name__ == "__main__":
    main()
