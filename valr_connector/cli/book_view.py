"""How a live book looks: a ladder in place on a terminal with room for it, else a line a second."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from itertools import zip_longest
from typing import Protocol, TextIO

from rich.console import Console
from rich.live import Live
from rich.table import Table
from rich.text import Text

from valr_connector.core.book_snapshot import BookSnapshot
from valr_connector.model.market import PairInfo, PriceLevel

_BAR_WIDTH = 8
_NUMBER_WIDTH = 10
_FRAME_WIDTH = 19
_LADDER_WIDTH = 2 * _BAR_WIDTH + 4 * _NUMBER_WIDTH + _FRAME_WIDTH
_BIDS, _ASKS = "green", "red"


@dataclass(frozen=True, slots=True)
class BookMoment:
    """A book at one moment.

    Attributes:
        book: None while it may not be used; `why_invalid` says why.
        depth: how many levels a side are shown.
        resyncs: how often it had to be built anew.
    """

    pair: PairInfo
    book: BookSnapshot | None
    why_invalid: str
    depth: int
    resyncs: int


class BookView(Protocol):
    """Shows moments while it is open.

    Attributes:
        interval_s: how often it wants to be shown one.
    """

    interval_s: float

    def show(self, moment: BookMoment) -> None:
        """Show the newest moment."""


class BookLines:
    """One line a second."""

    interval_s = 1.0

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def show(self, moment: BookMoment) -> None:
        print(book_line(moment), file=self._out, flush=True)


class BookLadder:
    """One ladder that is drawn over and over at the same place."""

    interval_s = 0.1

    def __init__(self, live: Live) -> None:
        self._live = live

    def show(self, moment: BookMoment) -> None:
        self._live.update(ladder(moment), refresh=True)


@contextmanager
def open_book_view(out: TextIO | None = None) -> Iterator[BookView]:
    """The view that suits where `out` (standard output) leads."""
    stream = out or sys.stdout
    console = Console(file=stream)
    if not stream.isatty() or console.width < _LADDER_WIDTH:  # cut off, it would have no asks
        yield BookLines(stream)
        return
    shares = sys.stderr.isatty()
    with Live(console=console, auto_refresh=False, redirect_stderr=shares) as live:
        yield BookLadder(live)


def book_line(moment: BookMoment) -> str:
    """A moment in one line."""
    book = moment.book
    if book is None:
        return f"{moment.pair.pair} | no book: {moment.why_invalid} | resyncs {moment.resyncs}"
    fields = [
        moment.pair.pair,
        f"bid {_level(book.best_bid)}",
        f"ask {_level(book.best_ask)}",
        f"spread {_spread(book)}",
        f"levels {len(book.bids)} / {len(book.asks)}",
        f"sequence {'-' if book.sequence is None else book.sequence}",
        f"resyncs {moment.resyncs}",
    ]
    return " | ".join(fields)


def ladder(moment: BookMoment) -> Table:
    """Bids on the left, asks on the right, best on top; a bar shows how much rests."""
    pair, book = moment.pair, moment.book
    table = Table(title=f"{pair.pair}, price in {pair.quote}", caption=_caption(moment), min_width=64)
    table.add_column("", justify="right", style=_BIDS, min_width=_BAR_WIDTH)
    table.add_column("bid size", justify="right", style=_BIDS, min_width=_NUMBER_WIDTH)
    table.add_column("bid", justify="right", style=f"bold {_BIDS}", min_width=_NUMBER_WIDTH)
    table.add_column("ask", style=f"bold {_ASKS}", min_width=_NUMBER_WIDTH)
    table.add_column("ask size", style=_ASKS, min_width=_NUMBER_WIDTH)
    table.add_column("", style=_ASKS, min_width=_BAR_WIDTH)
    if book is not None:
        for row in _rows(book.bids.levels(moment.depth), book.asks.levels(moment.depth)):
            table.add_row(*row)
    return table


def _rows(bids: Sequence[PriceLevel], asks: Sequence[PriceLevel]) -> Iterator[tuple[str, ...]]:
    most = max((level.amount for level in (*bids, *asks)), default=Decimal(1))
    for bid, ask in zip_longest(bids, asks):
        left = ("", "", "") if bid is None else (_bar(bid, most), _plain(bid.amount), _plain(bid.price))
        right = ("", "", "") if ask is None else (_plain(ask.price), _plain(ask.amount), _bar(ask, most))
        yield (*left, *right)


def _caption(moment: BookMoment) -> Text:
    book, resyncs = moment.book, f"resyncs {moment.resyncs}"
    if book is None:
        return Text(f"no book: {moment.why_invalid}   {resyncs}", style="bold yellow")
    return Text(f"spread {_spread(book)}   {resyncs}")


def _bar(level: PriceLevel, most: Decimal) -> str:
    return "█" * max(1, round(level.amount / most * _BAR_WIDTH)) if most else ""


def _spread(book: BookSnapshot) -> str:
    spread, bps = book.spread, book.spread_bps
    return "-" if spread is None or bps is None else f"{_plain(spread)} ({bps:.1f} bp)"


def _level(level: PriceLevel | None) -> str:
    return "-" if level is None else f"{_plain(level.price)} x {_plain(level.amount)}"


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"
