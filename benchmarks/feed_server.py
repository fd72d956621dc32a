"""A WebSocket server for load: it sends frames that were made beforehand, each at its time.

    python -m benchmarks.feed_server --pairs 200 --rate 50 --seconds 30 [--core 1]

Prints its port, and then waits for one client. Every frame says in `lc` when it was sent, in nanoseconds
of the machine's monotonic clock, which both processes share, plus a base.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import gc
import hashlib
import os
import sys
import time
from collections.abc import Sequence
from random import Random

from benchmarks.market import RandomMarket

TICK_S = 0.001
_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_MADE_UP_TIME = b'"lc":1790000000000'
TIME_BASE = 10**18
"""Added to the time of sending, so that it always has as many digits."""
_PLACEHOLDER = str(TIME_BASE).encode()

Parts = tuple[bytes, bytes]
"""A WebSocket frame before and after the time at which it is sent."""


def symbol(number: int) -> str:
    """The name of a made-up pair."""
    return f"C{number:03}ZAR"


def make_frames(pairs: int, seconds: float, rate: int) -> tuple[list[Parts], list[Parts]]:
    """The snapshots, and the changes in the order in which they are sent, the pairs taking turns."""
    markets = [RandomMarket(symbol(n), Random(n)) for n in range(pairs)]
    snapshots = [_parts(market.snapshot()) for market in markets]
    rounds = round(seconds * rate)
    return snapshots, [_parts(market.diff()) for _ in range(rounds) for market in markets]


async def serve(snapshots: Sequence[Parts], changes: Sequence[Parts], frames_per_s: float) -> None:
    """Send everything to the first client, and return once it is gone."""
    done = asyncio.Event()

    async def send(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            writer.write(accept_of(await reader.readuntil(b"\r\n\r\n")))
            await reader.read(65_536)  # the subscription
            _send(writer, snapshots)
            began = time.monotonic()
            sent = 0
            while sent < len(changes):
                await asyncio.sleep(TICK_S)
                due = min(len(changes), round((time.monotonic() - began) * frames_per_s))
                _send(writer, changes[sent:due])
                sent = due
                await writer.drain()
            await reader.read()  # the client hangs up
        finally:
            writer.close()
            done.set()

    server = await asyncio.start_server(send, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await done.wait()
    server.close()


def _send(writer: asyncio.StreamWriter, frames: Sequence[Parts]) -> None:
    now = b"%d" % (TIME_BASE + time.monotonic_ns())
    writer.write(b"".join([before + now + after for before, after in frames]))


def accept_of(request: bytes) -> bytes:
    """The answer that grants an upgrade."""
    lines = (line.partition(b":") for line in request.split(b"\r\n"))
    key = next(value.strip() for name, _, value in lines if name.lower() == b"sec-websocket-key")
    accept = base64.b64encode(hashlib.sha1(key + _GUID, usedforsecurity=False).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )


def _parts(payload: bytes) -> Parts:
    marked = payload.replace(_MADE_UP_TIME, b'"lc":' + _PLACEHOLDER, 1)
    before, _, after = marked.partition(_PLACEHOLDER)
    size = len(before) + len(_PLACEHOLDER) + len(after)
    length = bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2, "big")
    return b"\x81" + length + before, after


def main() -> None:
    """Make the frames, then serve."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--pairs", type=int, required=True)
    parser.add_argument("--rate", type=int, required=True, help="changes of each pair a second")
    parser.add_argument("--seconds", type=float, required=True)
    parser.add_argument("--core", type=int, default=None)
    options = parser.parse_args()
    if options.core is not None:
        os.sched_setaffinity(0, {options.core})
    snapshots, changes = make_frames(options.pairs, options.seconds, options.rate)
    gc.freeze()
    gc.disable()
    asyncio.run(serve(snapshots, changes, options.pairs * options.rate))


if __name__ == "__main__":
    main()
