"""One million OB_L1_DIFF, from bytes to a verified book whose best prices are read.

    python -m benchmarks.book_diffs [--diffs 1000000] [--levels 200] [--seed 1]
    make bench-books-peers      the same, against a published package too

The library's book runs against others in one process, in turns of a few thousand frames each, so that all of
them meet the same moments of the machine: a straightforward book on `sortedcontainers`; one written by hand
for this benchmark that does only what it must and checks no numbers; and, where it is installed, `order-book`
in C: of the published books that are set level by level, the only one found that makes such checksums. Making
the frames is not counted, nor is the time that the machine gives to others; what is printed is the median of
all turns, and how many times the one by hand that is.
"""

from __future__ import annotations

import argparse
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from decimal import Decimal
from importlib import import_module
from itertools import islice
from random import Random
from statistics import median
from time import thread_time_ns
from typing import Any, Protocol
from zlib import crc32

import orjson
from sortedcontainers import SortedDict

from benchmarks.goals import Result
from benchmarks.market import CHECKED, RandomMarket
from valr_connector.core.order_book import OrderBook, Taken
from valr_connector.model.ids import Pair
from valr_connector.protocol.frames import decode_trade_frame

TURN = 2_000
MUST_RATIO, AIM_RATIO = 1.5, 1.2
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


class PackageInC:
    """`order-book`, with the checksum of another exchange, which is made as VALR's is.

    Raises:
        ImportError: it is not installed.
    """

    name = "order-book (C)"

    def __init__(self) -> None:
        self._book: Any = import_module("order_book").OrderBook(checksum_format="OKX")
        self._sequence = 0

    def start(self, raw: bytes) -> None:
        self._sequence = orjson.loads(raw)["d"]["sq"] - 1
        self.apply(raw)

    def apply(self, raw: bytes) -> Best:
        data = orjson.loads(raw)["d"]
        assert data["sq"] == self._sequence + 1
        self._sequence += 1
        book = self._book
        for levels, changes in ((book.bids, data["b"]), (book.asks, data["a"])):
            for price, amount in changes:
                if amount == "0":
                    del levels[Decimal(price)]
                else:
                    levels[Decimal(price)] = amount
        assert book.checksum() == data["cs"]
        return book.bids.index(0)[0], book.asks.index(0)[0]


def contenders() -> list[Contender]:
    """All that can run here."""
    found: list[Contender] = [LibraryBook(), HandMadeBook(), SortedDictBook()]
    with suppress(ImportError):
        found.append(PackageInC())
    return found


def main(arguments: list[str] | None = None, say: Callable[[str], None] = print) -> None:
    """Run, and print a table."""
    parser = argparse.ArgumentParser(description="Apply and verify OB_L1_DIFF frames.")
    parser.add_argument("--diffs", type=int, default=1_000_000)
    parser.add_argument("--levels", type=int, default=200, help="of both sides together")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    running = contenders()
    spent = measure(running, options.diffs, options.levels, options.seed)
    yardstick = median(spent[HandMadeBook.name])
    say(f"{options.diffs:,} OB_L1_DIFF on {options.levels} levels, checksum verified, best prices read")
    for name, turns in spent.items():
        each = median(turns)
        say(f"{name:20} {each / 1e3:8.2f} us each {1e9 / each:12,.0f} a second {each / yardstick:6.2f} x")
    if PackageInC.name not in spent:
        say(f"{PackageInC.name:20} is not installed: `make bench-books-peers` runs it too")
    over = median(spent[LibraryBook.name]) / yardstick
    say(str(Result("P9", f"a diff of {options.levels} levels over hand-made", over, MUST_RATIO, AIM_RATIO)))


def measure(
    contenders: Sequence[Contender], diffs: int, levels: int, seed: int
) -> Mapping[str, Sequence[float]]:
    """Nanoseconds of processor time that a diff took each of them, in each turn.

    Raises:
        AssertionError: two of them saw different best prices, or a checksum did not fit.
    """
    market = RandomMarket("BTCZAR", Random(seed), levels=levels)
    snapshot = market.snapshot()
    for contender in contenders:
        contender.start(snapshot)
    spent: dict[str, list[float]] = {contender.name: [] for contender in contenders}
    for done in range(0, diffs, TURN):
        frames = list(market.diffs(min(TURN, diffs - done)))
        last = frames.pop()
        for contender in contenders:
            apply = contender.apply
            began = thread_time_ns()
            for raw in frames:
                apply(raw)
            spent[contender.name].append((thread_time_ns() - began) / max(1, len(frames)))
        seen = {contender.apply(last) for contender in contenders}
        assert len(seen) == 1, seen
    return spent


if __name__ == "__main__":
    main()
