"""How many account frames a second come through the shipped class, from a socket to the callback.

    python -m benchmarks.throughput [--orders 2000] [--rounds 5]

A server process sends the lives of orders as fast as they are taken. The frames go through the socket, the
decoder that validates every field, the router, the tracker, metrics and stories to a subscriber. Counted are
frames by seconds of this process' processor time: as it never waits, those are the seconds that it takes on a
machine that does nothing else, less those in which the next order is tracked: they belong to its placement,
not to a frame. Each round is put in terms of the machine that the goals are for
(`benchmarks.machine`); the middle one counts.
"""

from __future__ import annotations

import argparse
import asyncio
import time
from statistics import median
from time import monotonic_ns

from benchmarks.goals import Result, tell
from benchmarks.loopback import WAYS, Way, connect, loop_of, order_server
from benchmarks.machine import slowness
from benchmarks.metrics_overhead import Account
from benchmarks.order_frames import life, placed

MUST = {"websockets": 90_000, "fast": 250_000}
AIM = {"websockets": 119_000, "fast": 400_000}


class Trader:
    """Tracks one order after the other, as each ends, from `first` on."""

    def __init__(self, first: int, orders: int) -> None:
        self._account = Account(with_metrics=True)
        self._in_flight = self._account.state.tracker.in_flight
        self._read = self._account.read
        self._next, self._end = first, first + orders
        self.placing_s = 0.0
        self.is_over = asyncio.Event()
        self._place()

    def on_frame(self, raw: bytes) -> None:
        """The path of a frame, and a look whether its order has ended."""
        self._read(raw)
        if not self._in_flight:
            self._place()

    def _place(self) -> None:
        if self._next == self._end:
            self.is_over.set()
            return
        began = time.process_time()
        order, sent = placed(self._next, monotonic_ns())
        self._account.state.tracker.track(order)
        self._account.stream.apply(sent)
        self._next += 1
        self.placing_s += time.process_time() - began


async def blast(way: Way, port: int, first: int, orders: int) -> tuple[float, float]:
    """Frames a second: of this process' time, and by the clock."""
    trader = Trader(first, orders)
    connection = await connect(way, f"ws://127.0.0.1:{port}/blast/{first}/{orders}")
    connection.attach(trader.on_frame)
    began, busy = time.perf_counter(), time.process_time() - trader.placing_s
    connection.write(b"{}")
    async with asyncio.timeout(60):
        await trader.is_over.wait()
    frames = orders * len(life(0))
    took = frames / (time.process_time() - trader.placing_s - busy), frames / (time.perf_counter() - began)
    await connection.close()
    return took


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--orders", type=int, default=2000)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    seen: dict[Way, list[float]] = {way: [] for way in WAYS}
    with order_server() as port:
        for number in range(options.rounds):
            for way in WAYS:
                with loop_of(way) as runner:
                    busy, clock = runner.run(blast(way, port, number * options.orders, options.orders))
                slow = slowness()
                seen[way].append(busy * slow)
                print(f"{way}: {busy:,.0f} frames/s, {clock:,.0f} by the clock; machine {slow:.2f} x slower")
    return tell(
        [
            Result("P8", f"socket to callback, {way}", median(rates), MUST[way], AIM[way], "frames/s", True)
            for way, rates in seen.items()
        ]
    )


if __name__ == "__main__":
    raise SystemExit(main())
