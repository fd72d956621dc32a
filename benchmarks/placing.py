"""What a placement costs from the call to the bytes at the socket: checks, limits, tracking and metrics.

    python -m benchmarks.placing [--orders 3000]

The library's side is the shipped path, `place_limit_order` on a started `ValrExchange`, down to the write of
a WebSocket frame; the transport below goes nowhere. The yardstick does what cannot be left out: the command
as JSON, framed and masked, written. Three take turns, order by order: the library, the same with an order
journal, and the yardstick. How far ccxt pro is from this yardstick `make bench-peers` measures.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import tempfile
from contextlib import AsyncExitStack, suppress
from pathlib import Path
from random import Random
from time import perf_counter_ns
from typing import Final

import orjson

from benchmarks.account_line import PAIR, Wire, connection_on, move_to, trader
from benchmarks.goals import Result, tell
from benchmarks.order_frames import life
from valr_connector import Side, ValrExchange

MUST_OF_PEER, AIM_OF_PEER = 0.45, 0.2
MUST_WITH_JOURNAL, AIM_WITH_JOURNAL = 1.5, 1.2
PEERS: Final = Path(__file__).parent / "peers.json"


class EagerPlacing:
    """The yardstick: the command as JSON, in a masked text frame, written; nothing checked or remembered."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._random = Random(1)

    def place(self, number: int) -> None:
        """One command leaves."""
        payload = orjson.dumps(
            {
                "type": "PLACE_LIMIT_ORDER",
                "clientMsgId": str(number),
                "payload": {
                    "side": "BUY",
                    "quantity": "0.01",
                    "price": "900000",
                    "pair": "BTCZAR",
                    "postOnly": True,
                    "customerOrderId": f"bid-{number}",
                    "timeInForce": "GTC",
                },
            }
        )
        key = self._random.randbytes(4)
        size = len(payload)
        mask = int.from_bytes((key * (size // 4 + 1))[:size], "little")
        masked = (int.from_bytes(payload, "little") ^ mask).to_bytes(size, "little")
        self._wire.write(b"\x81\xfe" + size.to_bytes(2, "big") + key + masked)


class Placing:
    """The library's way."""

    def __init__(self, valr: ValrExchange) -> None:
        self._valr = valr
        self._wire = Wire()
        self._read = move_to(valr, connection_on(self._wire))

    def place(self, number: int) -> int:
        """Nanoseconds from the call to the bytes at the socket. Then the order lives and ends."""
        name = f"bid-{number}"
        placing = self._valr.place_limit_order(
            PAIR, Side.BUY, amount="0.01", price="900000", post_only=True, client_order_id=name
        )
        began = perf_counter_ns()
        woken = placing.send(None)
        took = self._wire.written_at - began
        assert took > 0
        for frame in life(number):
            self._read(frame)
        assert woken is not None
        with suppress(StopIteration):  # how a coroutine tells its result
            placing.send(None)
            raise AssertionError("VALR's answer was not understood")
        return took


async def measure(orders: int) -> tuple[list[int], list[int], list[int]]:
    """Nanoseconds of each placement: the library's, the library's with a journal, the yardstick's."""
    eager = EagerPlacing(Wire())
    plain: list[int] = []
    journalled: list[int] = []
    least: list[int] = []
    async with AsyncExitStack() as open_:
        folder = Path(open_.enter_context(tempfile.TemporaryDirectory()))
        library = Placing(await open_.enter_async_context(trader()))
        writing = Placing(await open_.enter_async_context(trader(folder / "orders")))
        for number in range(orders):
            plain.append(library.place(number))
            journalled.append(writing.place(number))
            began = perf_counter_ns()
            eager.place(number)
            least.append(perf_counter_ns() - began)
            await asyncio.sleep(0)
    return plain, journalled, least


def results(plain: list[int], journalled: list[int], least: list[int]) -> list[Result]:
    """Medians of the ratios, each of three placements that followed each other."""
    to_yardstick = statistics.median(a / b for a, b in zip(plain, least, strict=True))
    with_journal = statistics.median(a / b for a, b in zip(journalled, plain, strict=True))
    peer = json.loads(PEERS.read_text())["placing"]["ccxt pro"]["ratio"]
    return [
        Result("P5", "placing over ccxt pro", to_yardstick / peer, MUST_OF_PEER, AIM_OF_PEER),
        Result(
            "P5", "placing with a journal over without", with_journal, MUST_WITH_JOURNAL, AIM_WITH_JOURNAL
        ),
    ]


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--orders", type=int, default=3000)
    taken = asyncio.run(measure(parser.parse_args().orders))
    plain, journalled, least = (statistics.median(each) / 1e3 for each in taken)
    print(f"placing {plain:.1f} us, with a journal {journalled:.1f} us, the yardstick {least:.1f} us")
    return tell(results(*taken))


if __name__ == "__main__":
    raise SystemExit(main())
