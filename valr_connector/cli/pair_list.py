"""`valr pairs`: every pair and its rules, as a table, as lines, or as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TextIO

import orjson
from rich.console import Console
from rich.table import Table

from valr_connector.model.market import PairInfo

_HEADINGS = ("pair", "symbol", "state", "tick size", "step", "amount", "notional", "order types")


def show_pairs(pairs: Sequence[PairInfo], out: TextIO, *, as_json: bool) -> None:
    """Print the pairs, sorted by name."""
    ordered = sorted(pairs, key=lambda info: info.pair)
    if as_json:
        out.write(
            orjson.dumps([_object(info) for info in ordered], option=orjson.OPT_INDENT_2).decode() + "\n"
        )
    elif out.isatty():
        Console(file=out).print(_table(ordered))
    else:
        out.writelines("  ".join(_cells(info)) + "\n" for info in ordered)


def _table(pairs: Sequence[PairInfo]) -> Table:
    table = Table(*_HEADINGS)
    for info in pairs:
        table.add_row(*_cells(info), style=None if info.is_active else "dim")
    return table


def _cells(info: PairInfo) -> Sequence[str]:
    traits = ["active" if info.is_active else "inactive"]
    traits += [
        word for word, has in (("margin", info.margin_allowed), ("perpetual", info.is_perpetual)) if has
    ]
    return (
        info.pair,
        info.symbol,
        " ".join(traits),
        f"{info.tick_size:f}",
        f"{info.amount_step:f}",
        f"{info.min_amount:f} to {info.max_amount:f} {info.base}",
        f"{info.min_notional:f} to {info.max_notional:f} {info.quote}",
        " ".join(info.order_types) if info.order_types is not None else "-",
    )


def _object(info: PairInfo) -> dict[str, Any]:
    return {
        "pair": info.pair,
        "symbol": info.symbol,
        "base": info.base,
        "quote": info.quote,
        "tick_size": f"{info.tick_size:f}",
        "amount_step": f"{info.amount_step:f}",
        "min_amount": f"{info.min_amount:f}",
        "max_amount": f"{info.max_amount:f}",
        "min_notional": f"{info.min_notional:f}",
        "max_notional": f"{info.max_notional:f}",
        "is_active": info.is_active,
        "is_perpetual": info.is_perpetual,
        "margin_allowed": info.margin_allowed,
        "order_types": info.order_types,
    }
