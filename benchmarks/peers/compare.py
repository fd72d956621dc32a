"""The same orders through the library and through what else there is, in one interleaved run.

    python -m benchmarks.peers.compare [--turns 40] [--live 10000 --only "ccxt pro"]

Runs in an environment that has peers in it, with whichever of them are there, and prints one JSON object.
Library, yardstick and peers take turns; in a turn, orders live through their lives one after the other, for
10 ms or one life, so that nobody finds the processor's caches full of the others' code all the time. Each
figure is the median of the ratios to the yardstick in the same turn. First comes all that is told of an order
from its placement to its end; then its statuses and trades alone, of which all are told the same.

With so many live orders beside those that live through their lives, one contender at a time is measured
beside the yardstick: what the others remember would be looked at by the collector in its turns too. There,
statuses and trades are told: a list of open orders would have to hold all of them.
"""

from __future__ import annotations

import argparse
import asyncio
import inspect
import json
import platform
import statistics
from collections.abc import Iterable, Iterator
from contextlib import suppress
from importlib import import_module, metadata
from itertools import count
from time import perf_counter_ns
from typing import Any

from benchmarks.account_line import Wire, trader
from benchmarks.peers.contender import LIBRARY, TOLD_AS_PEERS, YARDSTICK, Contender, Library, Yardstick
from benchmarks.peers.sequence import (
    AS_PEERS_KNOW_IT,
    FIRST_LIVE,
    HELD_AT_THE_END,
    STATUSES_AND_TRADES,
    WHOLE_LIFE,
)
from benchmarks.placing import EagerPlacing, Placing

PEERS = (("ccxt_pro", "CcxtPro"), ("nautilus", "Nautilus"), ("hummingbot_tracker", "Hummingbot"))
PACKAGES = ("valr-connector", "ccxt", "nautilus_trader", "hummingbot")
TURN_NS = 10_000_000
WARM_UP_TURNS = 3
WARM_UP_PLACINGS = 50


def peers() -> Iterator[type[Any]]:
    """Those that are here."""
    for module, name in PEERS:
        with suppress(ImportError):
            yield getattr(import_module(f"benchmarks.peers.{module}"), name)


async def turn(contender: Contender, numbers: Iterator[int]) -> float:
    """Nanoseconds an order's life."""
    spent = lives = 0
    while spent < TURN_NS:
        messages = contender.messages(next(numbers))
        began = perf_counter_ns()
        answer = contender.live_through(messages)
        if inspect.isawaitable(answer):
            await answer
        spent += perf_counter_ns() - began
        lives += 1
        assert contender.has_ended
    return spent / lives


async def lives(contenders: list[Contender], turns: int) -> dict[str, list[float]]:
    """Nanoseconds that an order's life took each of them, in each turn."""
    spent: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    numbers = count()
    for _ in range(turns + WARM_UP_TURNS):
        for contender in contenders:
            spent[contender.name].append(await turn(contender, numbers))
    return {name: times[WARM_UP_TURNS:] for name, times in spent.items()}


async def whole_lives(turns: int) -> dict[str, dict[str, float]]:
    """All that is told of an order: microseconds a life and a message."""
    contenders: list[Contender] = [kind(WHOLE_LIFE) for kind in (Library, Yardstick, *peers())]
    contenders.append(Library(AS_PEERS_KNOW_IT, TOLD_AS_PEERS))
    figures = told(await lives(contenders, turns))
    for contender in contenders:
        assert contender.base_held == HELD_AT_THE_END
        figures[contender.name] |= per_message(contender, figures[contender.name]["us"])
    await close(contenders)
    return figures


async def statuses_and_trades(turns: int) -> dict[str, dict[str, float]]:
    """Those alone: microseconds a message, of which everybody is told the same number."""
    contenders: list[Contender] = [kind(STATUSES_AND_TRADES) for kind in (Library, Yardstick, *peers())]
    figures = told(await lives(contenders, turns))
    for contender in contenders:
        figures[contender.name]["us"] = per_message(contender, figures[contender.name]["us"])["us_a_message"]
    await close(contenders)
    return figures


def per_message(contender: Contender, us: float) -> dict[str, float]:
    """How many messages it is told of an order, and what one takes."""
    messages = len(contender.messages(FIRST_LIVE))
    return {"messages": messages, "us_a_message": round(us / messages, 2)}


async def close(contenders: Iterable[Contender]) -> None:
    """What some of them have opened."""
    for contender in contenders:
        if hasattr(contender, "close"):
            await contender.close()


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
    figures: dict[str, Any] = {"python": platform.python_version(), "versions": dict(_versions())}
    figures["lives"] = await whole_lives(turns)
    figures["frames"] = await statuses_and_trades(turns)
    for peer in peers():
        if hasattr(peer, "place"):
            figures["placing"] = told(await placings(peer(WHOLE_LIFE), orders))
    return figures


async def run_with_many(name: str, live: int, turns: int) -> dict[str, Any]:
    """One contender with so many live orders, beside the yardstick."""
    kinds: list[type[Any]] = [Library, *peers()]
    contender = next(kind for kind in kinds if kind.name == name)(STATUSES_AND_TRADES)
    contender.fill(live)
    figures = told(await lives([contender, Yardstick(STATUSES_AND_TRADES)], turns))
    await close([contender])
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
