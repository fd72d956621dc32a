"""`valr simulator`: the embedded exchange by itself, for any program that speaks VALR's protocol."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import TextIO

from valr_connector.cli.stop_signals import stopped_within
from valr_connector.errors import InvalidArgumentError
from valr_connector.simulator.authentication import ApiKey
from valr_connector.simulator.exchange import EmbeddedExchange, Endpoints
from valr_connector.simulator.settings import SimulatorSettings


async def run_simulator(port: int, seconds: float | None, out: TextIO, stop: asyncio.Event) -> None:
    """Serve with a living market until `stop`, or for so many seconds.

    Where it listens, and a key to use it with, are printed once it can be reached. The key is made up for
    this run and opens nothing else.

    Raises:
        InvalidArgumentError: `port` cannot be listened on.
    """
    exchange = EmbeddedExchange(SimulatorSettings(port=port, crowd=True))
    try:
        endpoints = await exchange.start()
    except OSError as error:
        reason = error.strerror or "the port cannot be listened on"
        raise InvalidArgumentError("port", port, reason) from None
    try:
        key = exchange.add_api_key(exchange.settings.account_id)
        print(*introduction(endpoints, key), sep="\n", file=out, flush=True)
        await stopped_within(stop, seconds)
    finally:
        await exchange.stop()


def introduction(endpoints: Endpoints, key: ApiKey) -> Iterator[str]:
    """What a client has to know, ``name=value``, one a line."""
    yield f"rest={endpoints.rest}"
    yield f"account_socket={endpoints.ws_account}"
    yield f"trade_socket={endpoints.ws_trade}"
    yield f"VALR_API_KEY={key.key}"
    yield f"VALR_API_SECRET={key.secret}"
