"""The embedded exchange as a program of its own, for whoever wants to point a client at it."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from typing import TextIO

import orjson

from valr_connector.simulator.exchange import EmbeddedExchange
from valr_connector.simulator.settings import SimulatorSettings

_SIGNALS = (signal.SIGINT, signal.SIGTERM)


async def serve(
    settings: SimulatorSettings | None = None, *, seconds: float | None = None, output: TextIO | None = None
) -> None:
    """Run an exchange with a crowd until SIGINT, SIGTERM or `seconds` are over.

    Once it listens, one line of JSON goes to `output` (standard output by default): rest, ws_account,
    ws_trade, api_key and api_secret. The key is of no use anywhere else.

    Raises:
        OSError: the port is taken.
    """
    settings = replace(settings or SimulatorSettings(), crowd=True)
    with _stop_requests() as stop:
        async with EmbeddedExchange(settings) as exchange:
            _announce(exchange, output or sys.stdout)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(seconds):
                    await stop.wait()


def _announce(exchange: EmbeddedExchange, output: TextIO) -> None:
    key = exchange.add_api_key(exchange.settings.account_id)
    endpoints = exchange.endpoints
    line = {
        "rest": endpoints.rest,
        "ws_account": endpoints.ws_account,
        "ws_trade": endpoints.ws_trade,
        "api_key": key.key,
        "api_secret": key.secret,
    }
    output.write(orjson.dumps(line).decode() + "\n")
    output.flush()


@contextlib.contextmanager
def _stop_requests() -> Iterator[asyncio.Event]:
    """Set by the signals that ask a program to end."""
    loop = asyncio.get_running_loop()
    stop = asyncio.Event()
    # Windows has no signal handlers on the loop; there, an interrupt cancels the program.
    with contextlib.suppress(NotImplementedError):
        for number in _SIGNALS:
            loop.add_signal_handler(number, stop.set)
    try:
        yield stop
    finally:
        with contextlib.suppress(NotImplementedError):
            for number in _SIGNALS:
                loop.remove_signal_handler(number)
