"""A client and a server process that talk over loopback, each on a core of its own where there are two."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, Literal

import uvloop

from valr_connector.core.session import KeepAlive
from valr_connector.net.dialling import SocketConnection
from valr_connector.net.network import dial_over

Way = Literal["websockets", "fast"]
"""As installed, or with the extra `fast`: picows, and uvloop below it."""
WAYS: Final[tuple[Way, ...]] = ("websockets", "fast")
_LOOPS: Final[dict[Way, Callable[[], asyncio.AbstractEventLoop]]] = {
    "websockets": asyncio.new_event_loop,
    "fast": uvloop.new_event_loop,
}


@contextmanager
def order_server() -> Iterator[int]:
    """`benchmarks.order_server` in a process of its own; its port. Leaves this process on another core."""
    cores = sorted(os.sched_getaffinity(0))
    command = [sys.executable, "-m", "benchmarks.order_server", "--core", str(cores[-1])]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            port = int(server.stdout.readline())
            os.sched_setaffinity(0, {cores[0]})
            yield port
        finally:
            server.terminate()
            os.sched_setaffinity(0, cores)


@contextmanager
def loop_of(way: Way) -> Iterator[asyncio.Runner]:
    """An event loop of the kind that goes with a way."""
    with asyncio.Runner(loop_factory=_LOOPS[way]) as runner:
        yield runner


async def connect(way: Way, url: str) -> SocketConnection:
    """A connection of the shipped kind."""
    return await dial_over("picows" if way == "fast" else "websockets")(url, {}, KeepAlive())
