"""How the running demo looks: a table that stays in place on a terminal, a line a second elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Protocol, TextIO

from rich.console import Console
from rich.live import Live
from rich.table import Table

from valr_connector.cli.demo_summary import latency_text, milliseconds, money_text
from valr_connector.model.account import Balance
from valr_connector.model.market import PairInfo
from valr_connector.observe.latency import LatencySummary


@dataclass(frozen=True, slots=True)
class DemoMoment:
    """The demo at one moment; prices in quote currency, amounts in base currency.

    Attributes:
        bids, asks: prices of the maker's live quotes.
        open_here, open_there: the library's orders in flight, and the venue's open orders of the account.
    """

    seconds: float
    pair: PairInfo
    is_ready: bool
    mid: Decimal | None
    bids: tuple[Decimal | None, ...]
    asks: tuple[Decimal | None, ...]
    open_here: int
    open_there: int
    fills: int
    position: Decimal
    profit: Decimal | None
    balances: tuple[Balance, ...]
    placing: LatencySummary
    cancelling: LatencySummary
    reconnects: int
    recovery_ns: int | None
    disagreements: int


class DemoView(Protocol):
    """Shows moments while it is open.

    Attributes:
        interval_s: how often it wants to be shown one.
    """

    interval_s: float

    def show(self, moment: DemoMoment) -> None:
        """Show the newest moment."""


class LineView:
    """One line a second."""

    interval_s = 1.0

    def __init__(self, out: TextIO) -> None:
        self._out = out

    def show(self, moment: DemoMoment) -> None:
        print(line(moment), file=self._out, flush=True)


class TableView:
    """One table that is drawn over and over at the same place."""

    interval_s = 0.25

    def __init__(self, live: Live) -> None:
        self._live = live

    def show(self, moment: DemoMoment) -> None:
        self._live.update(table(moment), refresh=True)


@contextmanager
def open_view(out: TextIO | None = None) -> Iterator[DemoView]:
    """The view that suits where `out` (standard output) leads."""
    stream = out or sys.stdout
    if not stream.isatty():
        yield LineView(stream)
        return
    # Logs go above the table where both share the terminal.
    shares = sys.stderr.isatty()
    with Live(console=Console(file=stream), auto_refresh=False, redirect_stderr=shares) as live:
        yield TableView(live)


def line(moment: DemoMoment) -> str:
    """A moment in one line."""
    fields = [
        f"{moment.seconds:5.1f} s",
        f"mid {_price(moment.mid)}",
        f"quotes {_quotes(moment)}",
        f"open {moment.open_here} here, {moment.open_there} at the venue",
        f"fills {moment.fills}",
        f"profit {money_text(moment.profit, moment.pair)}",
        f"place p50 {_median(moment.placing)}",
        f"cancel p50 {_median(moment.cancelling)}",
        f"reconnects {moment.reconnects}",
    ]
    if not moment.is_ready:
        fields.append("not ready")
    return " | ".join(fields)


def table(moment: DemoMoment) -> Table:
    """A moment as two columns."""
    shown = Table(
        title=f"market maker on {moment.pair.pair}, embedded exchange", show_header=False, min_width=64
    )
    shown.add_column(style="bold")
    shown.add_column()
    for name, value in _rows(moment):
        shown.add_row(name, value)
    return shown


def _rows(moment: DemoMoment) -> Iterator[tuple[str, str]]:
    pair = moment.pair
    yield "time", f"{moment.seconds:.1f} s" + ("" if moment.is_ready else ", not ready")
    yield "mid", f"{_price(moment.mid)} {pair.quote}"
    yield "quotes", _quotes(moment)
    yield "open orders", f"{moment.open_here} here, {moment.open_there} at the venue"
    yield "fills", str(moment.fills)
    yield "position", f"{moment.position:f} {pair.base}"
    yield "profit", money_text(moment.profit, pair)
    for balance in moment.balances:
        yield balance.currency, f"{balance.available:f} available, {balance.reserved:f} reserved"
    yield "placing", latency_text(moment.placing)
    yield "cancelling", latency_text(moment.cancelling)
    recovery = "" if moment.recovery_ns is None else f", recovered in {milliseconds(moment.recovery_ns)}"
    yield "reconnects", f"{moment.reconnects}{recovery}"
    yield "disagreements", str(moment.disagreements)


def _quotes(moment: DemoMoment) -> str:
    return f"{_prices(moment.bids)} / {_prices(moment.asks)}"


def _prices(prices: tuple[Decimal | None, ...]) -> str:
    return " ".join(_price(price) for price in prices) or "-"


def _price(price: Decimal | None) -> str:
    return "-" if price is None else f"{price.normalize():f}"


def _median(latency: LatencySummary) -> str:
    return milliseconds(latency.p50_ns) if latency.count else "-"
