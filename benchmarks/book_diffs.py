"""One million OB_L1_DIFF, from bytes to a verified book whose best prices are read.

    python -m benchmarks.book_diffs [--diffs 1000000] [--levels 200] [--seed 1]

The library's book runs against two others in one process, in turns of a few thousand frames each, so that all
of them meet the same moments of the machine: a straightforward book on `sortedcontainers`, and one written by
hand for this benchmark that does only what it must and checks no numbers. Making the frames is not counted,
nor is the time that the machine gives to others.
"""

from __future__ import annotations

import argparse
from bisect import bisect_left
from collections.abc import Callable
from decimal import Decimal
from itertools import islice
from random import Random
from time import thread_time_ns
from typing import Any, Protocol
from zlib import crc32

import orjson
from sortedcontainers import SortedDict

from benchmarks.market import CHECKED, RandomMarket
from valr_connector.core.order_book import OrderBook, Taken
from valr_connector.model.ids import Pair
from valr_connector.protocol.frames import decode_trade_frame

TURN = 5_000
Best = tuple[Decimal, Decimal]


class Contender(Protocol):
    """A book to be measured."""

    name: str

    def start(self, raw: bytes) -> None:
        """Take the snapshot."""

    def apply(self, raw: bytes) -> Best:
        """Take a diff, verify the checksum, and read the best prices."""


class LibraryBook:
    """What `ValrExchange` uses."""

    name = "valr_connector"

    def __init__(self) -> None:
        self._book = OrderBook(Pair("BTC-ZAR"))
        self._decode: Callable[[bytes], Any] = decode_trade_frame

    def start(self, raw: bytes) -> None:
        assert self._book.take(self._decode(raw), 0) is Taken.STARTED

    def apply(self, raw: bytes) -> Best:
        self._book.take(self._decode(raw), 0)
        bid, ask = self._book.best_bid, self._book.best_ask
        assert bid is not None
        assert ask is not None
        return bid.price, ask.price


class SortedDictBook:
    """The straightforward one: a SortedDict of Decimals a side."""

    name = "sortedcontainers"

    def __init__(self) -> None:
        self._bids: Any = SortedDict()
        self._asks: Any = SortedDict()
        self._sequence = 0

    def start(self, raw: bytes) -> None:
        self._sequence = orjson.loads(raw)["d"]["sq"] - 1
        self.apply(raw)

    def apply(self, raw: bytes) -> Best:
        data = orjson.loads(raw)["d"]
        assert data["sq"] == self._sequence + 1
        self._sequence += 1
        for levels, changes in ((self._bids, data["b"]), (self._asks, data["a"])):
            for price, amount in changes:
                if amount == "0":
                    levels.pop(Decimal(price), None)
                else:
                    levels[Decimal(price)] = (price, amount)
        bids = islice(reversed(self._bids.values()), CHECKED)
        asks = islice(self._asks.values(), CHECKED)
        turns = [f"{price}:{amount}" for pair in zip(bids, asks, strict=True) for price, amount in pair]
        assert crc32(":".join(turns).encode()) == data["cs"]
        return self._bids.peekitem(-1)[0], self._asks.peekitem(0)[0]


class HandMadeBook:
    """The least there is to do: float keys in sorted lists, wire text beside them."""

    name = "hand-made"

    def __init__(self) -> None:
        self._sides: tuple[tuple[list[float], list[str]], ...] = (([], []), ([], []))
        self._sequence = 0

    def start(self, raw: bytes) -> None:
        self._sequence = orjson.loads(raw)["d"]["sq"] - 1
        self.apply(raw)

    def apply(self, raw: bytes) -> Best:
        data = orjson.loads(raw)["d"]
        assert data["sq"] == self._sequence + 1
        self._sequence += 1
        for (keys, texts), changes in zip(self._sides, (data["b"], data["a"]), strict=True):
            for price, amount in changes:
                key = float(price)
                place = bisect_left(keys, key)
                is_known = place < len(keys) and keys[place] == key
                if amount == "0":
                    if is_known:
                        del keys[place], texts[place]
                elif is_known:
                    texts[place] = f"{price}:{amount}"
                else:
                    keys.insert(place, key)
                    texts.insert(place, f"{price}:{amount}")
        bids, asks = self._sides[0][1], self._sides[1][1]
        turns = [""] * (2 * CHECKED)
        turns[0::2] = bids[: -CHECKED - 1 : -1]
        turns[1::2] = asks[:CHECKED]
        assert crc32(":".join(turns).encode()) == data["cs"]
        return Decimal(bids[-1].partition(":")[0]), Decimal(asks[0].partition(":")[0])


def main(arguments: list[str] | None = None, say: Callable[[str], None] = print) -> None:
    """Run, and print a table."""
    parser = argparse.ArgumentParser(description="Apply and verify OB_L1_DIFF frames.")
    parser.add_argument("--diffs", type=int, default=1_000_000)
    parser.add_argument("--levels", type=int, default=200, help="of both sides together")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    contenders: list[Contender] = [LibraryBook(), SortedDictBook(), HandMadeBook()]
    spent = measure(contenders, options.diffs, options.levels, options.seed)
    say(f"{options.diffs:,} OB_L1_DIFF on {options.levels} levels, checksum verified, best prices read")
    for name, nanoseconds in spent.items():
        each = nanoseconds / options.diffs
        say(f"{name:20} {each / 1_000:8.2f} us each {1e9 / each:12,.0f} a second")


def measure(contenders: list[Contender], diffs: int, levels: int, seed: int) -> dict[str, int]:
    """Nanoseconds of processor time that each spent on all diffs.

    Raises:
        AssertionError: two of them saw different best prices, or a checksum did not fit.
    """
    market = RandomMarket("BTCZAR", Random(seed), levels=levels)
    snapshot = market.snapshot()
    for contender in contenders:
        contender.start(snapshot)
    spent = dict.fromkeys((contender.name for contender in contenders), 0)
    for done in range(0, diffs, TURN):
        frames = list(market.diffs(min(TURN, diffs - done)))
        last = frames.pop()
        for contender in contenders:
            apply = contender.apply
            began = thread_time_ns()
            for raw in frames:
                apply(raw)
            spent[contender.name] += thread_time_ns() - began
        seen = {contender.apply(last) for contender in contenders}
        assert len(seen) == 1, seen
    return spent


if __name__ == "__main__":
    main()
