"""`valr simulator` can be reached where it says, with the key it gives."""

from __future__ import annotations

import asyncio
import io
import json

import pytest

from valr_connector import Hosts, Settings, ValrExchange
from valr_connector.cli.simulator import run_simulator
from valr_connector.errors import InvalidArgumentError
from valr_connector.simulator.exchange import EmbeddedExchange


class Announcement(io.StringIO):
    """Output that says when something was written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.is_complete = asyncio.Event()

    def flush(self) -> None:
        super().flush()
        self.is_complete.set()


class ClosedOutput(io.StringIO):
    def write(self, _: str) -> int:
        raise BrokenPipeError


async def test_what_it_prints_is_enough_to_connect() -> None:
    out = Announcement()
    serving = asyncio.create_task(run_simulator(0, None, out))
    await out.is_complete.wait()
    told = json.loads(out.getvalue())
    hosts = Hosts(rest=told["rest"], account_socket=told["ws_account"], trade_socket=told["ws_trade"])

    async with ValrExchange(
        told["api_key"], told["api_secret"], pairs=["BTC-ZAR"], settings=Settings(hosts=hosts)
    ) as valr:
        mid = valr.mid_price("BTC-ZAR")
    serving.cancel()
    with pytest.raises(asyncio.CancelledError):
        await serving

    assert mid is not None


async def test_a_port_that_is_taken_is_said_plainly() -> None:
    async with EmbeddedExchange() as other:
        taken = int(other.endpoints.rest.rpartition(":")[2])

        with pytest.raises(InvalidArgumentError, match=f"port={taken}: somebody else listens on it"):
            await run_simulator(taken, 0, io.StringIO())


async def test_output_that_cannot_be_written_is_not_taken_for_a_port() -> None:
    with pytest.raises(BrokenPipeError):
        await run_simulator(0, 0, ClosedOutput())
