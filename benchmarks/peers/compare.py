"""The same orders through the library and through what else there is, in one interleaved run.

    python -m benchmarks.peers.compare [--turns 40] [--live 10000 --only "ccxt pro"]

Runs in an environment that has peers in it, with whichever of them are there, and prints one JSON object.
Library, yardstick and peers take turns; in a turn, orders live through their lives one after the other, for
10 ms or one life, so that nobody finds the processor's caches full of the others' code all the time. Each
figure is the median of the ratios to the yardstick in the same turn.

With so many live orders beside those that live through their lives, one contender at a time is measured
beside the yardstick: what the others remember would be looked at by the collector in its turns too.
"""

from __future__ import annotations

import argparse
import asyncio
import inspect
import json
import platform
import statistics
from collections.abc import Iterator
from contextlib import suppress
from importlib import import_module, metadata
from itertools import count
from time import monotonic_ns, perf_counter_ns
from typing import Any

from benchmarks.account_line import Wire, trader
from benchmarks.eager import EagerOrder, EagerPipeline
from benchmarks.metrics_overhead import Account
from benchmarks.order_frames import placed
from benchmarks.peers.sequence import FIRST_LIVE, order_frames
from benchmarks.placing import EagerPlacing, Placing

PEERS = (("ccxt_pro", "CcxtPro"), ("nautilus", "Nautilus"), ("hummingbot_tracker", "Hummingbot"))
PACKAGES = ("valr-connector", "ccxt", "nautilus_trader", "hummingbot")
LIBRARY, YARDSTICK = "valr_connector", "the yardstick"
TURN_NS = 10_000_000
WARM_UP_TURNS = 3
WARM_UP_PLACINGS = 50


class Library:
    """The shipped path, metrics and stories on."""

    name = LIBRARY

    def __init__(self) -> None:
        self._account = Account(with_metrics=True)

    def messages(self, number: int) -> list[bytes]:
        """An order's life, and the order tracked."""
        order, sent = placed(number, monotonic_ns())
        self._account.state.tracker.track(order)
        self._account.stream.apply(sent)
        return order_frames(number)

    def fill(self, orders: int) -> None:
        """Have so many orders rest."""
        for number in range(FIRST_LIVE, FIRST_LIVE + orders):
            self._account.read(self.messages(number)[0])

    def live_through(self, messages: list[bytes]) -> None:
        """Take an order's life in."""
        read = self._account.read
        for raw in messages:
            read(raw)


class Yardstick:
    """See `benchmarks.eager`."""

    name = YARDSTICK

    def __init__(self) -> None:
        self._pipeline = EagerPipeline(lambda _: None)

    def messages(self, number: int) -> list[bytes]:
        """An order's life, and the order known."""
        self._pipeline.orders[f"bid-{number}"] = EagerOrder(f"bid-{number}")
        return order_frames(number)

    def live_through(self, messages: list[bytes]) -> None:
        """Take an order's life in."""
        take = self._pipeline.take
        for raw in messages:
            take(raw)


def peers() -> Iterator[type[Any]]:
    """Those that are here."""
    for module, name in PEERS:
        with suppress(ImportError):
            yield getattr(import_module(f"benchmarks.peers.{module}"), name)


async def turn(contender: Any, numbers: Iterator[int]) -> float:
    """Nanoseconds a frame."""
    spent = frames = 0
    while spent < TURN_NS:
        messages = contender.messages(next(numbers))
        began = perf_counter_ns()
        answer = contender.live_through(messages)
        if inspect.isawaitable(answer):
            await answer
        spent += perf_counter_ns() - began
        frames += len(messages)
    return spent / frames


async def frames(contenders: list[Any], turns: int) -> dict[str, list[float]]:
    """Nanoseconds that a frame took each of them, in each turn."""
    spent: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    numbers = count()
    for _ in range(turns + WARM_UP_TURNS):
        for contender in contenders:
            spent[contender.name].append(await turn(contender, numbers))
    return {name: times[WARM_UP_TURNS:] for name, times in spent.items()}


async def placings(ccxt: Any, orders: int) -> dict[str, list[float]]:
    """Nanoseconds from the call to the socket, of the library, the yardstick and ccxt pro."""
    eager = EagerPlacing(Wire())
    spent: dict[str, list[float]] = {LIBRARY: [], YARDSTICK: [], ccxt.name: []}
    await ccxt.connect()
    async with trader() as valr:
        library = Placing(valr)
        for number in range(orders + WARM_UP_PLACINGS):
            took = {LIBRARY: library.place(number), ccxt.name: await ccxt.place(number)}
            began = perf_counter_ns()
            eager.place(number)
            took[YARDSTICK] = perf_counter_ns() - began
            for name, nanoseconds in took.items():
                if number >= WARM_UP_PLACINGS:
                    spent[name].append(nanoseconds)
    await ccxt.close()
    return spent


def told(spent: dict[str, list[float]]) -> dict[str, dict[str, float]]:
    """Microseconds, and ratios to the yardstick: medians."""
    least = spent[YARDSTICK]
    return {
        name: {
            "us": round(statistics.median(times) / 1e3, 2),
            "ratio": round(statistics.median(a / b for a, b in zip(times, least, strict=True)), 2),
        }
        for name, times in spent.items()
    }


async def run(turns: int, orders: int) -> dict[str, Any]:
    """Everything that is here."""
    others = [peer() for peer in peers()]
    compared: dict[str, Any] = {
        "python": platform.python_version(),
        "versions": dict(_versions()),
        "frames": told(await frames([Library(), Yardstick(), *others], turns)),
    }
    for peer in others:
        if hasattr(peer, "place"):
            compared["placing"] = told(await placings(peer, orders))
    return compared


async def run_with_many(name: str, live: int, turns: int) -> dict[str, Any]:
    """One contender with so many live orders, beside the yardstick."""
    kinds: list[type[Any]] = [Library, *peers()]
    contender = next(kind for kind in kinds if kind.name == name)()
    contender.fill(live)
    figures = told(await frames([contender, Yardstick()], turns))
    if hasattr(contender, "close"):
        await contender.close()
    return figures


def _versions() -> Iterator[tuple[str, str]]:
    for package in PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            yield package, metadata.version(package)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--turns", type=int, default=40)
    parser.add_argument("--orders", type=int, default=500, help="that are placed")
    parser.add_argument("--live", type=int, help="so many orders live beside those that come and go")
    parser.add_argument("--only", default=LIBRARY, help="whose, where many live")
    options = parser.parse_args()
    if options.live is None:
        told_of = run(options.turns, options.orders)
    else:
        told_of = run_with_many(options.only, options.live, options.turns)
    print(json.dumps(asyncio.run(told_of), indent=1))


if __name__ == "__main__":
    main()
