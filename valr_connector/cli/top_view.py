"""From a picture to what stands in each panel of `valr top`."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

from rich import box
from rich.table import Table
from rich.text import Text

from valr_connector.dashboard.picture import (
    BalanceView,
    FillView,
    LatencyView,
    LimitView,
    LogLine,
    OrderView,
    PairView,
    PartView,
    Picture,
    Severity,
    StateView,
)

_GOOD, _FAIR, _BAD, _QUIET = "green", "yellow", "bold red", "dim"
_STATES: Final = {
    "LIVE": _GOOD, "CLOSED": _GOOD, "STALE": _BAD, "IDLE": _BAD, "OPEN": _BAD,
}  # fmt: skip
_ORDER_STATES: Final = {"OPEN": "cyan", "PARTIALLY_FILLED": "cyan", "FILLED": _GOOD, "FAILED": _BAD}
_SIDES: Final = {"BUY": "green", "SELL": "red"}
_SEVERITIES: Final = {Severity.INFO: "", Severity.WARNING: _FAIR, Severity.ERROR: _BAD}
_STEPS: Final = " ▁▂▃▄▅▆▇█"
_FULL_PERCENT: Final = 80
MOST_LINES: Final = 60
"""Of the log; each costs the terminal time."""


def head(picture: Picture | None, silence_s: float, longest_s: float) -> Text:
    """One line: whether it may be believed, whether it is ready, and both sockets."""
    if picture is None:
        advice = (
            "" if silence_s < longest_s else f" no answer for {silence_s:.0f} s: is serve_dashboard running?"
        )
        return Text(f"connecting…{advice}", style=_FAIR)
    if silence_s > longest_s:
        return Text(f"NO WORD FROM THE PROCESS for {silence_s:.0f} s: what is shown may be wrong", style=_BAD)
    readiness = ("ready", _GOOD) if picture.ready else ("not ready", _BAD)
    if picture.failure or picture.is_closed:
        readiness = (f"stopped {picture.failure}".strip(), _BAD)
    line = Text.assemble(readiness, f"  {picture.title}  {clock(picture.at_ms)}")
    for socket in picture.sockets:
        line.append(f"  {socket.name} ").append(socket.state.lower(), style=_STATES.get(socket.state, _FAIR))
    return line


def clock(at_ms: int) -> str:
    """Time of day, UTC."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).strftime("%H:%M:%S")


def prices(view: PairView | None) -> Text:
    """A pair's prices and own quotes in one line."""
    if view is None:
        return Text("no pair is followed", style=_QUIET)
    quote = view.quote
    line = Text.assemble((view.pair, "bold"), "  ")
    line.append(quote.mid or "no valid book", style="bold" if view.is_valid else _BAD)
    line.append(f"  bid {view.bid or '-'}  ask {view.ask or '-'}", style=_QUIET)
    line.append(f"  own bid {quote.own_bid or '-'}", style=_SIDES["BUY"])
    line.append(f"  own ask {quote.own_ask or '-'}", style=_SIDES["SELL"])
    return line


def _table(*headings: tuple[str, str]) -> Table:
    """Columns by heading and alignment; one that may be shortened is "short"."""
    table = Table(box=box.SIMPLE_HEAD, expand=True, pad_edge=False, show_edge=False, header_style=_QUIET)
    for heading, align in headings:
        ratio = 1 if align == "short" else None
        table.add_column(heading, justify="right" if align == "right" else "left", no_wrap=True, ratio=ratio)
    return table


def status(parts: Sequence[PartView], circuits: Sequence[StateView]) -> Table:
    """Parts and circuit breakers."""
    table = _table(("part", "short"), ("", "right"))
    for part in parts:
        table.add_row(part.name, Text("ok", style=_GOOD) if part.ready else Text(part.why_not, style=_BAD))
    for circuit in circuits:
        style = _STATES.get(circuit.state, _FAIR)
        table.add_row(f"circuit: {circuit.name}", Text(circuit.state.lower(), style=style))
    return table


def limits(found: Sequence[LimitView]) -> Table:
    """How much of VALR's limits is in use."""
    table = _table(("limit", "short"), ("used", "right"))
    for use in found:
        style = _BAD if use.used * 100 >= use.limit * _FULL_PERCENT else ""
        table.add_row(use.name, Text(f"{use.used}/{use.limit}", style=style))
    return table


def orders(found: Sequence[OrderView]) -> Table:
    """Orders with their states, our requests about them, and their ages."""
    table = _table(
        ("side", ""), ("pair", ""), ("price", "right"), ("amount", "right"), ("executed", "right"),
        ("state", ""), ("request", ""), ("age", "right"), ("client order id", "short"),
    )  # fmt: skip
    for order in found:
        known = order.state, _ORDER_STATES.get(order.state, _QUIET)
        state, style = ("UNKNOWN", _BAD) if order.is_unknown else known
        table.add_row(
            Text(order.side.lower(), style=_SIDES[order.side]),
            order.pair,
            order.price or "market",
            order.amount or "?",
            order.executed,
            Text(state.lower().replace("_", " "), style=style),
            Text(order.intent or order.reason, style=_FAIR),
            f"{order.age_s:.1f} s",
            Text(order.client_order_id, style=_QUIET),
        )
    return table


def fills(found: Sequence[FillView]) -> Table:
    """The last fills, newest first."""
    table = _table(("time", ""), ("side", ""), ("price", "right"), ("amount", "right"), ("fee", "right"))
    for fill in found:
        side = Text(fill.side.lower(), style=_SIDES[fill.side])
        table.add_row(clock(fill.at_ms), side, fill.price, fill.amount, fill.fee or "…")
    return table


def balances(found: Sequence[BalanceView]) -> Table:
    """What each wallet holds."""
    table = _table(("wallet", ""), ("available", "right"), ("reserved", "right"))
    for each in found:
        table.add_row(each.currency, each.available, each.reserved)
    return table


def latencies(found: Sequence[LatencyView]) -> Table:
    """Every series with the shape of its distribution."""
    table = _table(
        ("latency", "short"), ("shape", ""), ("p50", "right"), ("p99", "right"), ("count", "right")
    )
    for each in found:
        name = f"{each.name} {each.labels}".strip()
        table.add_row(name, shape(each), duration(each.p50_us), duration(each.p99_us), str(each.count))
    return table


def shape(view: LatencyView, width: int = 10) -> str:
    """A distribution as a few blocks, from its shortest duration to its longest, on a logarithmic scale."""
    counts = [0] * width
    shortest, longest = math.log2(view.bars[0][0]), math.log2(view.bars[-1][0])
    for edge, count in view.bars:
        place = (math.log2(edge) - shortest) / (longest - shortest or 1) * width
        counts[min(width - 1, int(place))] += count
    most = max(counts)
    return "".join(_STEPS[-(-count * (len(_STEPS) - 1) // most)] for count in counts)


def duration(microseconds: float) -> str:
    """In the unit that suits it."""
    if microseconds < 1000:
        return f"{microseconds:.0f} µs"
    return f"{microseconds / 1000:.1f} ms" if microseconds < 1e6 else f"{microseconds / 1e6:.1f} s"


def chosen_lines(picture: Picture, *, only_troubles: bool) -> Sequence[LogLine]:
    """The newest lines of the log, or the newest troubles in it."""
    wanted = [line for line in picture.log if line.severity is not Severity.INFO or not only_troubles]
    return wanted[:MOST_LINES]


def log(lines: Sequence[LogLine]) -> Text:
    """What happened, newest first."""
    shown = Text()
    for line in lines:
        shown.append(f"{clock(line.at_ms)}  ", style=_QUIET)
        shown.append(f"{line.text}\n", style=_SEVERITIES[line.severity])
    return shown
