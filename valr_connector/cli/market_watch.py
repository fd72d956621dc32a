"""`valr book` and `valr trades`: the market as it moves, until somebody stops it or the time is over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence
from typing import TextIO

from rich.console import Console
from rich.text import Text

from valr_connector.cli.book_view import BookMoment, BookView
from valr_connector.cli.stop_signals import stopped_beside, stopped_within
from valr_connector.model.enums import MarketFeed, Side
from valr_connector.model.events import BookResynced, MarketTraded
from valr_connector.model.market import PublicTrade
from valr_connector.net.event_stream import Overflow
from valr_connector.net.market_data import MarketData


async def watch_book(
    market: MarketData, pair: str, view: BookView, *, depth: int, stop: asyncio.Event, seconds: float | None
) -> None:
    """Show the book of a followed pair until `stop`, or until the time is over."""
    info, book = market.pair_info(pair), market.book(pair)
    resyncs: list[BookResynced] = []
    ends_at = None if seconds is None else time.monotonic() + seconds
    async with asyncio.TaskGroup() as tasks:
        following = tasks.create_task(_follow(market.events(BookResynced), resyncs))
        is_over = False
        while not is_over:
            snapshot = book.snapshot() if book.is_valid else None
            view.show(BookMoment(info, snapshot, book.why_invalid, depth, len(resyncs)))
            left_s = view.interval_s if ends_at is None else min(view.interval_s, ends_at - time.monotonic())
            is_over = left_s <= 0 or await stopped_within(stop, left_s)
        following.cancel()


async def _follow(events: AsyncIterator[BookResynced], resyncs: list[BookResynced]) -> None:
    """Note them until what ends them for good is raised."""
    async for event in events:
        resyncs.append(event)  # noqa: PERF401  each at once, not all at the end


async def watch_trades(
    market: MarketData, pair: str, out: TextIO, *, last: int, stop: asyncio.Event, seconds: float | None
) -> None:
    """Print the newest trades, and then each new one, until `stop`, or until the time is over."""
    trades = market.events(MarketTraded, on_overflow=Overflow.DROP_OLDEST)
    market.subscribe(MarketFeed.TRADES, [pair])
    printer = TradePrinter(out)
    if last:
        printer.show_past(await market.public.trades(pair, limit=last))
    await stopped_beside(_print_all(trades, printer), stop, seconds)


async def _print_all(trades: AsyncIterator[MarketTraded], printer: TradePrinter) -> None:
    async for event in trades:
        printer.show(event.trade)


class _Lines(Console):
    """Prints as far as somebody reads."""

    def on_broken_pipe(self) -> None:
        """Nobody does any more: told as it came, for an exit out of a task would be reported as lost."""
        raise  # noqa: PLE0704  called while the error is being handled


class TradePrinter:
    """One line for each trade, each once; a buyer's is green and a seller's red where there are colours."""

    def __init__(self, out: TextIO) -> None:
        self._console = _Lines(file=out, highlight=False, soft_wrap=True)
        self._past: set[str] = set()

    def show_past(self, trades: Sequence[PublicTrade]) -> None:
        """Print what was before, given newest first; the stream may tell some of it again."""
        for trade in reversed(trades):
            self.show(trade)
        self._past = {trade.id for trade in trades if trade.id is not None}

    def show(self, trade: PublicTrade) -> None:
        """Print a trade, unless it was among the past ones."""
        if trade.id not in self._past:
            colour = "green" if trade.side is Side.BUY else "red"
            self._console.print(Text(trade_line(trade), style=colour))


def trade_line(trade: PublicTrade) -> str:
    """Time, pair, the taker's side, price and amount."""
    at = trade.at.strftime("%Y-%m-%d %H:%M:%S.") + f"{trade.at.microsecond // 1000:03d}Z"
    price, amount = (f"{value.normalize():f}" for value in (trade.price, trade.amount))
    return f"{at}  {trade.pair}  {trade.side.value:<4}  {price}  {amount}"
