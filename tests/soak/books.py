"""Random diffs of many pairs, with faults: a live book is always the venue's, and a fault is always seen.

    python -m tests.soak.books --diffs 1000000 --seed 7 [--pairs 50] [--feed OB_L1_DIFF] [--levels 200]

After every frame, its book is compared with the made-up market, level by level, at that sequence (S7). A
frame that proves a fault has to break its book at once, and nothing but that book; every other book is
compared at each fault. A frame that comes twice has to be seen, and to do nothing. A broken book takes no
diff and shows nothing until its snapshot, which comes some frames after it was asked for, and is sometimes
wrong itself. Time is made up too: pauses cost nothing.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from decimal import Decimal
from random import Random
from typing import Final, Protocol

import orjson

from benchmarks.market import RandomMarket
from tests.soak.venue_market import VenueMarket
from valr_connector.core.order_book import OrderBook
from valr_connector.errors import DecodeError
from valr_connector.model.enums import BookFeed
from valr_connector.model.events import BookInvalidated
from valr_connector.model.ids import Pair, Symbol
from valr_connector.model.market import PairInfo
from valr_connector.net.book_keeper import BookKeeper
from valr_connector.net.event_stream import EventPublisher
from valr_connector.observe.metrics import MARKET_FRAMES_DROPPED, Metrics
from valr_connector.protocol.frames import BookFrame, decode_trade_frame

STEP_NS: Final = 2_000_000
FAULT_RATE: Final = 0.003
FALSE_SNAPSHOT_RATE: Final = 0.1
LONGEST_SILENCE: Final = 20
FRAMES_TO_SNAPSHOT: Final = 30


class Market(Protocol):
    """What the frames come from, and what a book is compared with."""

    symbol: str

    @property
    def sequence(self) -> int:
        """The number of the last frame."""

    def snapshot(self) -> bytes:
        """A frame of the whole book."""

    def diff(self) -> bytes:
        """The next change."""

    def bids(self) -> tuple[str, ...]:
        """``price:amount``, best first."""

    def asks(self) -> tuple[str, ...]:
        """``price:amount``, best first."""


@dataclass
class Report:
    """What a run saw."""

    diffs: int = 0
    comparisons: int = 0
    resyncs: int = 0
    faults: Counter[str] = field(default_factory=Counter)

    def __str__(self) -> str:
        faults = ", ".join(f"{count:,} {name}" for name, count in sorted(self.faults.items()))
        return (
            f"{self.diffs:,} diffs, {self.comparisons:,} comparisons, {self.resyncs:,} resyncs, "
            f"{self.faults.total():,} faults, each seen in the frame that showed it: {faults}"
        )


@dataclass
class Line:
    """One pair: its market, its book, and when its snapshot comes, as a number of frames."""

    market: Market
    book: OrderBook
    snapshot_at: int | None = None


class Soak:
    """One run. Raises AssertionError at the first book that is not what it has to be."""

    def __init__(self, *, seed: int, pairs: int, feed: BookFeed, levels: int) -> None:
        self._rng = Random(seed)
        self._now = 0
        self._frame = 0
        self._invalidated: list[str] = []
        self._metrics = Metrics()
        self.report = Report()
        publisher = EventPublisher()
        publisher.on(BookInvalidated, lambda event: self._invalidated.append(event.pair))
        infos = [_info(f"C{n:02}") for n in range(pairs)]
        self._keeper = BookKeeper(
            infos,
            feed,
            clock=lambda: self._now,
            publisher=publisher,
            on_validity=_nothing,
            on_break=_nothing,
            metrics=self._metrics,
        )
        self._lines = {
            info.symbol: Line(_market(info.symbol, feed, self._rng, levels), self._keeper.books[info.pair])
            for info in infos
        }
        self._keeper.subscribed()
        for line in self._lines.values():
            self._deliver(line.market.snapshot())
            self._check(line)

    def run(self, diffs: int) -> Report:
        """So many frames of changes, counting those that faults keep back."""
        lines = list(self._lines.values())
        while self.report.diffs < diffs:
            self._now += STEP_NS
            self._frame += 1
            line = self._rng.choice(lines)
            if line.book.is_valid and self._rng.random() < FAULT_RATE:
                self._do_wrong(line)
            else:
                self._go_on(line)
            self._resync()
        return self.report

    def _go_on(self, line: Line) -> None:
        was_valid = line.book.is_valid
        self._deliver(self._diff(line))
        assert line.book.is_valid is was_valid, f"{line.market.symbol}: {line.book.why_invalid}"
        if was_valid:
            self._check(line)

    def _do_wrong(self, line: Line) -> None:
        """One fault, and the frame that has to show it."""
        name = self._rng.choice(FAULTS)
        breaks = {symbol: other.book.breaks for symbol, other in self._lines.items()}
        is_harmless = name in HARMLESS
        breaks[Symbol(line.market.symbol)] += not is_harmless
        self._invalidated.clear()
        getattr(self, name)(line)
        self.report.faults[name.removeprefix("_")] += 1
        assert line.book.is_valid is is_harmless, f"{name} was not seen"
        broken = [] if is_harmless else [line.book.pair]
        assert self._invalidated == broken, f"{name} was told as {self._invalidated}"
        for symbol, other in self._lines.items():
            assert other.book.breaks == breaks[symbol], f"{name} of {line.market.symbol} disturbed {symbol}"
            if other.book.is_valid:
                self._check(other)

    # --- faults: each breaks the book by the first frame that can show it, if it is not harmless

    def _lost(self, line: Line) -> None:
        self._diff(line)
        self._deliver(self._diff(line))

    def _silent_for_a_while(self, line: Line) -> None:
        for _ in range(self._rng.randint(2, LONGEST_SILENCE)):
            self._diff(line)
        self._deliver(self._diff(line))

    def _sent_twice(self, line: Line) -> None:
        raw = self._diff(line)
        repeated = self._metrics.counter(MARKET_FRAMES_DROPPED, "repeated")
        before = repeated.value
        self._deliver(raw)
        self._check(line)
        self._deliver(raw)
        assert repeated.value == before + 1

    def _overtaken(self, line: Line) -> None:
        late = self._diff(line)
        self._deliver(self._diff(line))
        assert not line.book.is_valid
        self._deliver(late)

    def _falsified(self, line: Line) -> None:
        self._deliver(_with_false_checksum(self._diff(line)))

    def _altered(self, line: Line) -> None:
        self._deliver(_with_another_best_bid(self._diff(line), line.market.bids()[0]))

    def _torn(self, line: Line) -> None:
        raw = self._diff(line)
        self._deliver(raw[: -self._rng.randint(1, len(raw) - 1)])
        self._deliver(self._diff(line))

    # --- what follows

    def _resync(self) -> None:
        due = self._keeper.schedule.take_due(self._now)
        assert not due.reconnect
        for symbol in due.ask_anew:
            self._lines[symbol].snapshot_at = self._frame + self._rng.randint(1, FRAMES_TO_SNAPSHOT)
        for line in self._lines.values():
            if line.snapshot_at is not None and line.snapshot_at <= self._frame:
                line.snapshot_at = None
                self._start_anew(line)

    def _start_anew(self, line: Line) -> None:
        is_false = self._rng.random() < FALSE_SNAPSHOT_RATE
        raw = line.market.snapshot()
        self._deliver(_with_false_checksum(raw) if is_false else raw)
        assert line.book.is_valid is not is_false, line.book.why_invalid
        if is_false:
            self.report.faults["false snapshot"] += 1
        else:
            self.report.resyncs += 1
            self._check(line)

    def _diff(self, line: Line) -> bytes:
        self.report.diffs += 1
        return line.market.diff()

    def _deliver(self, raw: bytes) -> None:
        with suppress(DecodeError):
            frame = decode_trade_frame(raw)
            assert isinstance(frame, BookFrame)
            self._keeper.take(frame, self._now)

    def _check(self, line: Line) -> None:
        """The book is the market's, to the last digit, at the same number, and not crossed."""
        self.report.comparisons += 1
        book, market = line.book, line.market
        assert book.sequence == market.sequence
        content = book._content
        assert _same(content.bids(), market.bids()), f"bids of {market.symbol} at {book.sequence}"
        assert _same(content.asks(), market.asks()), f"asks of {market.symbol} at {book.sequence}"
        bid, ask = book.best_bid, book.best_ask
        assert bid is None or ask is None or bid.price < ask.price


FAULTS: Final = (
    "_lost",
    "_silent_for_a_while",
    "_sent_twice",
    "_overtaken",
    "_falsified",
    "_altered",
    "_torn",
)
HARMLESS: Final = frozenset({"_sent_twice"})


def _with_false_checksum(raw: bytes) -> bytes:
    content = orjson.loads(raw)
    book, key = (content["d"], "cs") if "d" in content else (content["data"], "Checksum")
    book[key] ^= 1
    return orjson.dumps(content)


def _with_another_best_bid(raw: bytes, best: str) -> bytes:
    """The diff, which also changes what rests at the best bid."""
    content = orjson.loads(raw)
    price = best.partition(":")[0]
    if "d" in content:
        content["d"]["b"].append([price, "123.456"])
    else:
        content["data"]["Bids"].append({"Price": price, "Orders": [{"orderId": "x", "quantity": "123.456"}]})
        content["data"]["SequenceNumber"] += 1
    return orjson.dumps(content)


def _same(here: Sequence[str], there: Sequence[str]) -> bool:
    """Whether two sides say the same; sums of orders may have other zeros at their ends."""
    return here == there or _numbers(here) == _numbers(there)


def _numbers(levels: Sequence[str]) -> list[tuple[Decimal, Decimal]]:
    return [(Decimal(price), Decimal(amount)) for price, amount in (text.split(":") for text in levels)]


def _market(symbol: str, feed: BookFeed, rng: Random, levels: int) -> Market:
    own = Random(rng.getrandbits(64))
    return VenueMarket(symbol, own) if feed is BookFeed.FULL else RandomMarket(symbol, own, levels=levels)


def _info(base: str) -> PairInfo:
    one = Decimal(1)
    return PairInfo(Pair(f"{base}-ZAR"), Symbol(f"{base}ZAR"), base, "ZAR", one, one, one, one, one, one)


def _nothing() -> None:
    pass


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, and print what was seen; 1 where a book was not what it had to be."""
    parser = argparse.ArgumentParser(description="Random diffs with faults, against the truth.")
    parser.add_argument("--diffs", type=int, default=1_000_000)
    parser.add_argument("--pairs", type=int, default=50)
    parser.add_argument("--levels", type=int, default=200, help="of a book of OB_L1_DIFF")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--feed", choices=[BookFeed.L1_DIFF.value, BookFeed.FULL.value], default="OB_L1_DIFF")
    options = parser.parse_args(arguments)
    seed = time.time_ns() % 1_000_000 if options.seed is None else options.seed
    again = f"--diffs {options.diffs} --pairs {options.pairs} --levels {options.levels} --feed {options.feed}"
    began = time.perf_counter()
    logging.disable(logging.WARNING)  # every fault would be one
    try:
        soak = Soak(seed=seed, pairs=options.pairs, feed=BookFeed(options.feed), levels=options.levels)
        report = soak.run(options.diffs)
    except AssertionError as violation:
        sys.stdout.write(f"{violation}\nagain: python -m tests.soak.books --seed {seed} {again}\n")
        return 1
    finally:
        logging.disable(logging.NOTSET)
    sys.stdout.write(f"{report}\n{time.perf_counter() - began:.0f} s, seed {seed}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
