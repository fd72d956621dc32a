"""Many books at once: how late the event loop runs, and how long a frame takes to its callback.

    python -m benchmarks.book_load [--pairs 200] [--rate 50] [--seconds 30] [--core 0]

A server process on another core sends the changes over loopback; this process, on one core, keeps the books,
verifies every checksum and calls back for each change. A book that breaks ends the run.

A machine that is busy elsewhere delays the event loop too. So each delay is shown as it was, and as far as
this process can have caused it: by no more than the processor time that it used meanwhile. That, and the time
from a frame's arrival to its callback, are held against the goals; the exit status is 1 where one is missed.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import time
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random

from benchmarks.feed_server import TIME_BASE, symbol
from valr_connector.core.trading_rules import TradingRules
from valr_connector.model.enums import BookFeed
from valr_connector.model.events import BookChanged, BookInvalidated
from valr_connector.model.ids import Pair, Symbol
from valr_connector.model.market import PairInfo
from valr_connector.net.event_stream import EventPublisher
from valr_connector.net.market_stream import MarketStream
from valr_connector.net.websocket import WebSocketClient
from valr_connector.observe.metrics import Metrics

PROBE_S = 0.002
PROBES_AT_THE_START = 100
NS_PER_MS = 1_000_000
MOST_LAG_MS = 20.0
MOST_TO_CALLBACK_MS = 2.0


@dataclass
class Watch:
    """What was measured, all in nanoseconds. It is a `FrameTap` and the callbacks."""

    expected: int
    from_send: array[int] = field(default_factory=lambda: array("q"))
    from_arrival: array[int] = field(default_factory=lambda: array("q"))
    lag: array[int] = field(default_factory=lambda: array("q"))
    own_lag: array[int] = field(default_factory=lambda: array("q"))
    broken: list[str] = field(default_factory=list)
    raw: bytes = b""
    arrived: int = 0
    is_over: asyncio.Event = field(default_factory=asyncio.Event)

    def frame_in(self, raw: bytes) -> None:
        self.arrived = time.monotonic_ns()
        self.raw = raw

    def frame_out(self, raw: bytes) -> None:
        """Of no interest."""

    def changed(self, _: BookChanged) -> None:
        now = time.monotonic_ns()
        place = self.raw.index(b'"lc":') + 5
        self.from_send.append(now - int(self.raw[place : place + 19]) + TIME_BASE)
        self.from_arrival.append(now - self.arrived)
        if len(self.from_arrival) == self.expected:
            self.is_over.set()

    def invalidated(self, event: BookInvalidated) -> None:
        if not self.is_over.is_set():
            self.broken.append(f"{event.pair}: {event.cause}")
            self.is_over.set()

    async def probe(self) -> None:
        """Wake up every 2 ms, and note by how much too late."""
        loop = asyncio.get_running_loop()
        while True:
            due, busy = loop.time() + PROBE_S, time.thread_time_ns()
            await asyncio.sleep(PROBE_S)
            lag = int((loop.time() - due) * 1e9)
            self.lag.append(lag)
            self.own_lag.append(min(lag, time.thread_time_ns() - busy))


async def load(port: int, pairs: int, watch: Watch) -> None:
    """Follow the books until every frame has come, or a book broke."""
    publisher = EventPublisher()
    publisher.on(BookChanged, watch.changed)
    publisher.on(BookInvalidated, watch.invalidated)
    one = Decimal(1)
    infos = [
        PairInfo(Pair(f"C{n:03}-ZAR"), Symbol(symbol(n)), f"C{n:03}", "ZAR", one, one, one, one, one, one)
        for n in range(pairs)
    ]

    def connect(stream: MarketStream) -> WebSocketClient:
        return WebSocketClient(
            url=f"ws://127.0.0.1:{port}/ws/trade",
            headers=dict,
            handler=stream,
            rng=Random(1),
            name="trade",
            requires_authentication=False,
            on_state=stream.on_state,
            tap=watch,
        )

    stream = MarketStream(
        connect=connect,
        pairs=infos,
        rules=TradingRules(),
        feed=BookFeed.L1_DIFF,
        clock=time.monotonic_ns,
        publisher=publisher,
        on_validity=lambda: None,
        metrics=Metrics(),
    )
    async with asyncio.TaskGroup() as tasks:
        running = [tasks.create_task(stream.run()), tasks.create_task(watch.probe())]
        await watch.is_over.wait()
        watch.broken.extend(book.pair for book in stream.books.values() if not book.is_valid)
        for task in running:
            task.cancel()


def percentile(values: Sequence[int], part: float) -> float:
    """Milliseconds that so great a part of the values does not exceed; 0 where there are none."""
    ordered = sorted(values) or [0]
    return ordered[min(len(ordered) - 1, int(part * len(ordered)))] / NS_PER_MS


def line(name: str, values: Sequence[int]) -> str:
    """One row of the table."""
    shown = " ".join(f"{percentile(values, part):9.3f}" for part in (0.5, 0.9, 0.99, 0.999, 1.0))
    return f"{name:32}{shown}\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, and print what was measured; 1 where a book broke."""
    parser = argparse.ArgumentParser(description="Follow many books at once.")
    parser.add_argument("--pairs", type=int, default=200)
    parser.add_argument("--rate", type=int, default=50, help="changes of each pair a second")
    parser.add_argument("--seconds", type=float, default=30.0)
    parser.add_argument("--core", type=int, default=0, help="of this process; the server takes another")
    options = parser.parse_args(arguments)
    cores = sorted(os.sched_getaffinity(0))
    own = options.core if options.core in cores else cores[0]
    other = next((core for core in cores if core != own), own)
    wanted = ("--pairs", options.pairs, "--rate", options.rate, "--seconds", options.seconds, "--core", other)
    command = [sys.executable, "-m", "benchmarks.feed_server", *map(str, wanted)]
    expected = options.pairs * (1 + round(options.seconds * options.rate))
    watch = Watch(expected)
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        os.sched_setaffinity(0, {own})
        began, busy = time.monotonic(), time.process_time()
        try:
            asyncio.run(load(port, options.pairs, watch))
        finally:
            server.terminate()
        spent, busy = time.monotonic() - began, time.process_time() - busy
    sys.stdout.write(
        f"{options.pairs} pairs, {len(watch.from_send):,} frames in {spent:.1f} s, "
        f"{busy / spent:.0%} of one core\n{'milliseconds':32}"
        f"{'p50':>9} {'p90':>9} {'p99':>9} {'p99.9':>9} {'max':>9}\n"
    )
    sys.stdout.write(line("from arrival to callback", watch.from_arrival))
    sys.stdout.write(line("from the server's send", watch.from_send))
    for whose, lag in (("", watch.lag), (", own", watch.own_lag)):
        sys.stdout.write(line(f"loop lag{whose}, first snapshots", lag[:PROBES_AT_THE_START]))
        sys.stdout.write(line(f"loop lag{whose}, after them", lag[PROBES_AT_THE_START:]))
    missed = [*(f"broken: {broken}" for broken in watch.broken), *missed_goals(watch)]
    sys.stdout.write("".join(f"{each}\n" for each in missed))
    return 1 if missed else 0


def missed_goals(watch: Watch) -> Iterator[str]:
    """What took longer than it may, in words."""
    for what, values, part, most in (
        ("own loop lag", watch.own_lag, 1.0, MOST_LAG_MS),
        ("p99 from arrival to callback", watch.from_arrival, 0.99, MOST_TO_CALLBACK_MS),
    ):
        took = percentile(values, part)
        if took > most:
            yield f"missed: {what} {took:.3f} ms, {most:g} at most"


if __name__ == "__main__":
    sys.exit(main())
