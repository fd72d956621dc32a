"""The commands of `valr` that look at the market. They need no key."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path
from typing import Annotated

import typer
from msgspec.structs import replace
from rich.console import Console

from valr_connector.cli.book_view import open_book_view
from valr_connector.cli.candle_chart import MARGIN, chart, lines
from valr_connector.cli.candle_picture import candle_png
from valr_connector.cli.market_source import open_market
from valr_connector.cli.market_watch import watch_book, watch_trades
from valr_connector.cli.pair_list import show_pairs
from valr_connector.cli.stop_signals import stop_on_signals
from valr_connector.model.market import Candle, PairInfo

PairName = Annotated[str, typer.Argument(help="Trading pair, BASE-QUOTE.")]
Simulated = Annotated[bool, typer.Option("--simulated", help="Look at an embedded exchange instead of VALR.")]
Seconds = Annotated[float | None, typer.Option(min=0, help="Stop by itself after so long.")]


def add_market_commands(app: typer.Typer) -> None:
    """Add them to the `valr` command."""
    for command in (book, trades, pairs, candles):
        app.command()(command)


def book(
    pair: PairName,
    depth: Annotated[int, typer.Option(min=1, help="Levels a side.")] = 10,
    simulated: Simulated = False,
    seconds: Seconds = None,
) -> None:
    """Show the live book of a pair: a ladder that stays in place, or a line a second where it has no room."""
    asyncio.run(_book(pair, depth, simulated, seconds))


async def _book(pair: str, depth: int, simulated: bool, seconds: float | None) -> None:
    async with open_market([pair], is_simulated=simulated) as market:
        with stop_on_signals() as stop, open_book_view() as view:
            await watch_book(market, pair, view, depth=depth, stop=stop, seconds=seconds)


def trades(
    pair: PairName,
    last: Annotated[int, typer.Option(min=0, max=100, help="Earlier trades to begin with.")] = 20,
    simulated: Simulated = False,
    seconds: Seconds = None,
) -> None:
    """Print the trades of the whole market as they happen: time, pair, taker's side, price, amount."""
    asyncio.run(_trades(pair, last, simulated, seconds))


async def _trades(pair: str, last: int, simulated: bool, seconds: float | None) -> None:
    async with open_market(is_simulated=simulated) as market:
        with stop_on_signals() as stop:
            await watch_trades(market, pair, sys.stdout, last=last, stop=stop, seconds=seconds)


def pairs(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
    simulated: Simulated = False,
) -> None:
    """List all pairs with their rules."""
    show_pairs(asyncio.run(_pairs(simulated)), sys.stdout, as_json=as_json)


async def _pairs(simulated: bool) -> list[PairInfo]:
    async with open_market(is_simulated=simulated) as market:
        order_types = await market.public.order_types()
        infos = await market.public.pairs()
        return [replace(info, order_types=order_types.get(info.pair)) for info in infos]


def candles(
    pair: PairName,
    *,
    period: Annotated[int, typer.Option(help="Seconds of one candle: 60, 300, 900, 1800, 3600, ...")] = 60,
    limit: Annotated[int, typer.Option(min=1, max=300, help="How many candles.")] = 60,
    plot: Annotated[bool, typer.Option("--plot", help="Draw them instead of listing them.")] = False,
    png: Annotated[Path | None, typer.Option(help="Draw them into this file.")] = None,
    simulated: Simulated = False,
) -> None:
    """List the newest candles of a pair, or draw them."""
    newest = asyncio.run(_candles(pair, period, limit, simulated))
    if not newest:
        typer.echo(f"{pair} has no candles", err=True)
        raise typer.Exit(1)
    if png is not None:
        png.write_bytes(candle_png(newest))
    if plot:
        _draw(newest, Console())
    elif png is None:
        sys.stdout.writelines(f"{line}\n" for line in lines(newest))


async def _candles(pair: str, period: int, limit: int, simulated: bool) -> list[Candle]:
    """Oldest first."""
    async with open_market(is_simulated=simulated) as market:
        return list(reversed(await market.public.candles(pair, period_s=period, limit=limit)))


def _draw(newest: list[Candle], console: Console) -> None:
    """Draw as many as a terminal has room for, or all of them elsewhere."""
    size = shutil.get_terminal_size()
    shown = newest[-max(1, size.columns - MARGIN) :] if console.is_terminal else newest
    picture = chart(shown, height=max(8, min(30, size.lines - 4)))
    console.print(picture, no_wrap=True, crop=False, overflow="ignore")
