"""`valr simulator` can be reached where it says, with the key it gives."""

from __future__ import annotations

import asyncio
import io

import pytest

from valr_connector import Hosts, Settings, ValrExchange
from valr_connector.cli.simulator import run_simulator
from valr_connector.errors import InvalidArgumentError
from valr_connector.simulator.exchange import EmbeddedExchange


class Announcements(io.StringIO):
    """Output that says when something was written to it."""

    def __init__(self) -> None:
        super().__init__()
        self.written = asyncio.Event()

    def flush(self) -> None:
        super().flush()
        self.written.set()

    def values(self) -> dict[str, str]:
        pairs = (line.partition("=") for line in self.getvalue().splitlines())
        return {name: value for name, _, value in pairs}


async def test_what_it_prints_is_enough_to_connect_and_trade() -> None:
    out, stop = Announcements(), asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(run_simulator(0, None, out, stop))
        await out.written.wait()
        told = out.values()
        hosts = Hosts(
            rest=told["rest"], account_socket=told["account_socket"], trade_socket=told["trade_socket"]
        )
        key, secret = told["VALR_API_KEY"], told["VALR_API_SECRET"]
        async with ValrExchange(key, secret, pairs=["BTC-ZAR"], settings=Settings(hosts=hosts)) as valr:
            mid = valr.mid_price("BTC-ZAR")
        stop.set()

    assert mid is not None


async def test_a_port_that_is_taken_is_said_plainly() -> None:
    async with EmbeddedExchange() as other:
        taken = int(other.endpoints.rest.rpartition(":")[2])

        with pytest.raises(InvalidArgumentError, match=f"port={taken}: "):
            await run_simulator(taken, 0, io.StringIO(), asyncio.Event())
