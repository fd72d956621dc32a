"""A started `ValrExchange` whose account socket can be exchanged for another, to be measured there."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from time import perf_counter_ns
from typing import Final

from websockets.client import ClientProtocol
from websockets.protocol import State
from websockets.uri import parse_uri

from valr_connector import Settings, ValrExchange
from valr_connector.net.dialling import DirectConnection, SocketConnection
from valr_connector.net.limiter import LimiterRegistry
from valr_connector.net.websocket import WebSocketClient
from valr_connector.simulator.exchange import EmbeddedExchange
from valr_connector.simulator.settings import SimulatorSettings

PAIR: Final = "BTC-ZAR"
PLENTY: Final = 1000
"""Times VALR's limits: they count as ever, and never make anybody wait."""


class Wire(asyncio.Transport):
    """A transport that takes what is written, and notes when."""

    def __init__(self) -> None:
        super().__init__()
        self.written_at = 0

    def write(self, data: bytes | bytearray | memoryview) -> None:  # noqa: ARG002  it goes nowhere
        """Take it."""
        self.written_at = perf_counter_ns()

    def set_write_buffer_limits(self, high: int | None = None, low: int | None = None) -> None:
        """There is none."""

    def is_closing(self) -> bool:
        """Never."""
        return False

    def get_write_buffer_size(self) -> int:
        """Nothing waits."""
        return 0


def connection_on(wire: Wire) -> DirectConnection:
    """An open connection of the shipped kind, on a transport that goes nowhere."""
    protocol = ClientProtocol(parse_uri("ws://127.0.0.1/ws/account"), state=State.OPEN)
    connection = DirectConnection(protocol, ping_interval=None, close_timeout=0)
    connection.connection_made(wire)
    return connection


@asynccontextmanager
async def trader(journal: Path | None = None) -> AsyncIterator[ValrExchange]:
    """In step with an embedded exchange that does nothing by itself."""
    quiet = SimulatorSettings(
        rate_limits=None,
        open_orders_interval_s=3600,
        order_book_interval_s=3600,
        market_summary_interval_s=3600,
    )
    async with (
        EmbeddedExchange(quiet) as exchange,
        ValrExchange.simulated(
            pairs=[PAIR],
            exchange=exchange,
            settings=Settings(on_close="leave", reconcile_interval_s=3600, place_timeout_s=3600),
            limiters=LimiterRegistry(scale=PLENTY),
            journal=journal,
        ) as valr,
    ):
        yield valr


def move_to(valr: ValrExchange, connection: SocketConnection) -> Callable[[bytes], None]:
    """Have the account's commands leave over another connection; what reads the frames that come back."""
    client = valr._started().account.client  # noqa: SLF001  its own socket stays, unused
    client._connection = connection  # noqa: SLF001
    return client._reader(connection, _nothing)  # noqa: SLF001  the very path of a frame


def follow(valr: ValrExchange, connection: SocketConnection) -> Callable[[bytes], None]:
    """What reads frames of the market; its own socket stays, and tells nothing."""
    client = valr._market().client  # noqa: SLF001
    assert isinstance(client, WebSocketClient)
    return client._reader(connection, _nothing)  # noqa: SLF001  the very path of a frame


def _nothing() -> None:
    """It is authenticated already."""
