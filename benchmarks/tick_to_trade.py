"""What the library adds to the way from a tick to a trade: a change of the book arrives, an order leaves.

    python -m benchmarks.tick_to_trade [--calls 400] [--rounds 5]

The server, a process of its own, changes a book and takes the time until the next order comes in. Bare is
the least that one can do with `websockets`: wait for a frame on one socket, send a fixed command on the
other. The library decodes the change, applies it to the book, verifies its checksum and calls the strategy
back; that wakes what places by `place_limit_order`, with all that belongs to it.
"""

from __future__ import annotations

import argparse
import asyncio

import orjson
from websockets.asyncio.client import connect as connect_bare

from benchmarks.account_line import PAIR, follow, move_to, trader
from benchmarks.goals import tell
from benchmarks.loopback import Way, connect, order_server
from benchmarks.order_server import REPORT
from benchmarks.round_trips import COMMAND, WARM_UP, against_bare, place
from valr_connector import BookChanged

PAUSE_S = 0.001
"""Between an order's confirmation and the next tick."""


async def bare(port: int, calls: int) -> list[int]:
    """From the tick that leaves the server to the command that reaches it."""
    async with (
        connect_bare(f"ws://127.0.0.1:{port}/ticks", compression=None) as ticks,
        connect_bare(f"ws://127.0.0.1:{port}/orders", compression=None) as orders,
    ):
        await ticks.recv(decode=False)
        for _ in range(calls + WARM_UP):
            await asyncio.sleep(PAUSE_S)
            await ticks.send("{}")
            await ticks.recv(decode=False)
            await orders.send(COMMAND, text=True)
            await orders.recv(decode=False)
            await orders.recv(decode=False)
        await ticks.send(REPORT, text=True)
        return measured(await ticks.recv(decode=False))


async def shipped(way: Way, port: int, calls: int) -> list[int]:
    """The same of the library."""
    async with trader() as valr:
        ticks = await connect(way, f"ws://127.0.0.1:{port}/ticks")
        orders = await connect(way, f"ws://127.0.0.1:{port}/orders")
        ticked = asyncio.Event()
        valr.on(BookChanged, lambda _: ticked.set())
        ticks.attach(follow(valr, ticks))
        orders.attach(move_to(valr, orders))
        await ticked.wait()
        for number in range(calls + WARM_UP):
            ticked.clear()
            await asyncio.sleep(PAUSE_S)
            ticks.write(b"{}")
            await ticked.wait()
            await place(valr, f"call-{number}")
        assert valr.book(PAIR).is_valid
        report: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        ticks.attach(report.set_result)
        ticks.write(REPORT)
        taken = measured(await report)
        await ticks.close()
        await orders.close()
    return taken


def measured(report: bytes) -> list[int]:
    """What the server took the time of, but for the first ones."""
    taken: list[int] = orjson.loads(report)
    return taken[WARM_UP:]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--calls", type=int, default=400)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    with order_server() as port:
        results = against_bare(
            "tick to trade", bare, shipped, port=port, calls=options.calls, rounds=options.rounds
        )
    return tell(results)


if __name__ == "__main__":
    raise SystemExit(main())
