"""A WebSocket server that answers commands at once and sends frames of orders, in a process of its own.

    python -m benchmarks.order_server [--core 1]

Prints its port. What it does on a connection the path says:

* ``/orders``: answers each PLACE_LIMIT_ORDER as VALR does, with a receipt and ORDER_PROCESSED; anything else
  with one frame of that size.
* ``/ticks``: sends a book, and a change of it for each message that comes in. Asked to REPORT, it tells of
  each change how many nanoseconds after it the next command came in on ``/orders``.
* ``/flood/RATE/FIRST/ORDERS``: the same, and sends the lives of so many orders, RATE frames a second.
* ``/blast/FIRST/ORDERS``: sends those lives as fast as they are taken, once the client speaks up.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import sys
import time
from collections.abc import AsyncIterator
from random import Random

import orjson
import uvloop

from benchmarks.feed_server import TICK_S, accept_of
from benchmarks.market import RandomMarket
from benchmarks.order_frames import life

BLOCK = 256 * 1024
REPORT = b"REPORT"


def framed(payload: bytes) -> bytes:
    """A text frame of a server."""
    size = len(payload)
    length = bytes([size]) if size < 126 else b"\x7e" + size.to_bytes(2, "big")
    return b"\x81" + length + payload


def lives(first: int, orders: int) -> list[bytes]:
    """The frames of these orders, ready to be sent."""
    return [framed(raw) for number in range(first, first + orders) for raw in life(number)]


def answer(command: bytes) -> bytes:
    """What a command is answered with."""
    said = orjson.loads(command)
    order = said.get("payload", {}).get("customerOrderId", "bid-0")
    processed = framed(
        b'{"type":"ORDER_PROCESSED","data":{"orderId":"id-of-%s","success":true,"failureReason":"",'
        b'"customerOrderId":"%s"}}' % (order.encode(), order.encode())
    )
    if said["type"] != "PLACE_LIMIT_ORDER":
        return processed
    receipt = framed(
        b'{"type":"PLACE_LIMIT_WS_RESPONSE","data":{"orderId":"id-of-%s","customerOrderId":"%s"},'
        b'"clientMsgId":"%s"}' % (order.encode(), order.encode(), said["clientMsgId"].encode())
    )
    return receipt + processed


async def messages(reader: asyncio.StreamReader) -> AsyncIterator[bytes]:
    """What a client says, unmasked, until it says goodbye."""
    while True:
        opcode, size = await reader.readexactly(2)
        if opcode & 0x0F == 8:
            return
        size &= 0x7F
        if size == 126:
            size = int.from_bytes(await reader.readexactly(2), "big")
        key = await reader.readexactly(4)
        masked = await reader.readexactly(size)
        mask = int.from_bytes((key * (size // 4 + 1))[:size], "little")
        yield (int.from_bytes(masked, "little") ^ mask).to_bytes(size, "little")


async def flood(writer: asyncio.StreamWriter, frames: list[bytes], rate: int) -> None:
    """Send frames at a steady rate."""
    began, sent = time.monotonic(), 0
    while sent < len(frames):
        await asyncio.sleep(TICK_S)
        due = min(len(frames), round((time.monotonic() - began) * rate))
        writer.write(b"".join(frames[sent:due]))
        sent = due


async def blast(writer: asyncio.StreamWriter, frames: list[bytes]) -> None:
    """Send frames as fast as they are taken."""
    everything = b"".join(frames)
    for start in range(0, len(everything), BLOCK):
        writer.write(everything[start : start + BLOCK])
        await writer.drain()


class Ticks:
    """A market whose every change is a reason to trade, and how long each time that took."""

    def __init__(self) -> None:
        self._market = RandomMarket("BTCZAR", Random(1))
        self._sent_at = 0
        self._taken: list[int] = []

    def begin(self) -> bytes:
        """The book."""
        self._taken.clear()
        return framed(self._market.snapshot())

    def answer(self, message: bytes) -> bytes:
        """The next change, or the report."""
        if message == REPORT:
            return framed(orjson.dumps(self._taken))
        change = framed(self._market.diff())
        self._sent_at = time.monotonic_ns()
        return change

    def traded(self) -> None:
        """A command came in."""
        if self._sent_at:
            self._taken.append(time.monotonic_ns() - self._sent_at)
            self._sent_at = 0


TICKS = Ticks()


async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection."""
    flooding: asyncio.Task[None] | None = None
    try:
        request = await reader.readuntil(b"\r\n\r\n")
        what, *numbers = request.split(b" ", 2)[1].decode().strip("/").split("/")
        figures = [int(number) for number in numbers]
        frames = lives(*figures[-2:]) if figures else []
        writer.write(accept_of(request))
        if what == "ticks":
            writer.write(TICKS.begin())
        async for message in messages(reader):
            if what == "blast":
                await blast(writer, frames)
                continue
            if what == "ticks":
                writer.write(TICKS.answer(message))
                continue
            TICKS.traded()
            if what == "flood" and flooding is None:
                flooding = asyncio.create_task(flood(writer, frames, figures[0]))
            writer.write(answer(message))
    except (asyncio.IncompleteReadError, ConnectionError):
        pass  # the client is gone
    finally:
        if flooding is not None:
            flooding.cancel()
        writer.close()


async def listen() -> None:
    """Until the process is ended."""
    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


def main() -> None:
    """Serve."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--core", type=int, default=None)
    core = parser.parse_args().core
    if core is not None:
        os.sched_setaffinity(0, {core})
    gc.freeze()
    gc.disable()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(listen())


if __name__ == "__main__":
    main()
