"""The same orders through the library and through what else there is, in one interleaved run.

    python -m benchmarks.peers.compare [--orders 500]

Runs in an environment that has peers in it, with whichever of them are there, and prints one JSON object.
Library, yardstick and peers take turns, an order's life each; each figure is the median of the ratios to the
yardstick in the same turn.
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
from time import monotonic_ns, perf_counter_ns
from typing import Any

from benchmarks.account_line import Wire, trader
from benchmarks.eager import EagerOrder, EagerPipeline
from benchmarks.metrics_overhead import Account
from benchmarks.order_frames import placed
from benchmarks.peers.sequence import order_frames
from benchmarks.placing import EagerPlacing, Placing

PEERS = (("ccxt_pro", "CcxtPro"), ("nautilus", "Nautilus"), ("hummingbot_tracker", "Hummingbot"))
PACKAGES = ("valr-connector", "ccxt", "nautilus_trader", "hummingbot")
LIBRARY, YARDSTICK = "valr_connector", "the yardstick"
WARM_UP = 50


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


def peers() -> Iterator[Any]:
    """Those that are here."""
    for module, name in PEERS:
        with suppress(ImportError):
            yield getattr(import_module(f"benchmarks.peers.{module}"), name)()


async def one_life(contender: Any, number: int) -> float:
    """Nanoseconds a frame."""
    messages = contender.messages(number)
    began = perf_counter_ns()
    answer = contender.live_through(messages)
    if inspect.isawaitable(answer):
        await answer
    return (perf_counter_ns() - began) / len(messages)


async def frames(contenders: list[Any], orders: int) -> dict[str, list[float]]:
    """Nanoseconds that a frame took each of them, in each turn."""
    spent: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for number in range(orders + WARM_UP):
        for contender in contenders:
            took = await one_life(contender, number)
            if number >= WARM_UP:
                spent[contender.name].append(took)
    return spent


async def placings(ccxt: Any, orders: int) -> dict[str, list[float]]:
    """Nanoseconds from the call to the socket, of the library, the yardstick and ccxt pro."""
    eager = EagerPlacing(Wire())
    spent: dict[str, list[float]] = {LIBRARY: [], YARDSTICK: [], ccxt.name: []}
    await ccxt.connect()
    async with trader() as valr:
        library = Placing(valr)
        for number in range(orders + WARM_UP):
            took = {LIBRARY: library.place(number), ccxt.name: await ccxt.place(number)}
            began = perf_counter_ns()
            eager.place(number)
            took[YARDSTICK] = perf_counter_ns() - began
            for name, nanoseconds in took.items():
                if number >= WARM_UP:
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


async def run(orders: int) -> dict[str, Any]:
    """Everything that is here."""
    others = list(peers())
    compared: dict[str, Any] = {
        "python": platform.python_version(),
        "versions": dict(_versions()),
        "frames": told(await frames([Library(), Yardstick(), *others], orders)),
    }
    for peer in others:
        if hasattr(peer, "place"):
            compared["placing"] = told(await placings(peer, orders))
    return compared


def _versions() -> Iterator[tuple[str, str]]:
    for package in PACKAGES:
        with suppress(metadata.PackageNotFoundError):
            yield package, metadata.version(package)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--orders", type=int, default=500)
    print(json.dumps(asyncio.run(run(parser.parse_args().orders)), indent=1))


if __name__ == "__main__":
    main()
