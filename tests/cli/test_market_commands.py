"""`valr book`, `trades`, `pairs` and `candles` against an embedded exchange, over loopback."""

from __future__ import annotations

import asyncio
import io
import json
from pathlib import Path

import pytest
from msgspec.structs import replace
from rich.console import Console

from tests.cli.market_samples import BTC_ZAR, START, Terminal, candle
from tests.cli.running import Valr
from valr_connector.cli.book_view import BookLines, BookMoment
from valr_connector.cli.market_commands import _draw
from valr_connector.cli.market_source import open_market
from valr_connector.cli.market_watch import TradePrinter, trade_line, watch_book, watch_trades
from valr_connector.cli.pair_list import show_pairs
from valr_connector.errors import AuthenticationError
from valr_connector.model.enums import Side
from valr_connector.model.market import PublicTrade

TRADE = PublicTrade(BTC_ZAR.pair, Side.BUY, BTC_ZAR.max_notional, BTC_ZAR.max_amount, START, "t-1")


# --- the book --------------------------------------------------------------------------------------


class StoppingView:
    """Stops as soon as it was shown a book."""

    interval_s = 0.005

    def __init__(self, stop: asyncio.Event) -> None:
        self.stop = stop
        self.shown: list[BookMoment] = []

    def show(self, moment: BookMoment) -> None:
        self.shown.append(moment)
        if moment.book is not None:
            self.stop.set()


async def test_a_book_is_shown_until_somebody_stops_it() -> None:
    stop = asyncio.Event()
    view = StoppingView(stop)
    async with open_market(["BTC-ZAR"], is_simulated=True) as market, asyncio.timeout(10):
        await watch_book(market, "BTC-ZAR", view, depth=3, stop=stop, seconds=None)
    last = view.shown[-1]
    assert last.book is not None
    assert (last.pair.pair, last.depth, last.resyncs) == ("BTC-ZAR", 3, 0)
    assert last.book.bids[0].price < last.book.asks[0].price


async def test_what_stops_the_market_for_good_ends_who_watches_it() -> None:
    async with open_market(["BTC-ZAR"], is_simulated=True) as market:
        asyncio.get_running_loop().call_later(0.01, market._fail, AuthenticationError("refused"))
        view, stop = BookLines(io.StringIO()), asyncio.Event()
        with pytest.RaisesGroup(AuthenticationError):
            await watch_book(market, "BTC-ZAR", view, depth=3, stop=stop, seconds=10)


def test_a_piped_book_is_printed_line_by_line(valr: Valr) -> None:
    ended = valr("book", "BTC-ZAR", "--simulated", "--depth", "3", "--seconds", "0.02")
    assert ended.status == 0
    assert all(line.startswith("BTC-ZAR | ") for line in ended.out.splitlines())


@pytest.mark.parametrize("command", ["book", "trades", "candles"])
def test_a_pair_that_is_not_listed_is_one_line(valr: Valr, command: str) -> None:
    ended = valr(command, "NOPE-ZAR", "--simulated")
    assert (ended.status, ended.out) == (2, "")
    assert ended.error == "valr: pair='NOPE-ZAR': VALR lists no such pair [VC14]\n"


# --- trades ----------------------------------------------------------------------------------------


class StoppingOutput(io.StringIO):
    """Stops once so many lines were written to it."""

    def __init__(self, stop: asyncio.Event, lines: int) -> None:
        super().__init__()
        self._stop = stop
        self._lines = lines

    def write(self, text: str) -> int:
        written = super().write(text)
        if self.getvalue().count("\n") >= self._lines:
            self._stop.set()
        return written


async def test_trades_are_printed_until_somebody_stops_it() -> None:
    stop = asyncio.Event()
    out = StoppingOutput(stop, 3)
    async with open_market(is_simulated=True) as market, asyncio.timeout(10):
        await watch_trades(market, "BTC-ZAR", out, last=5, stop=stop, seconds=None)
    lines = out.getvalue().splitlines()
    assert len(lines) >= 3
    assert len(set(lines)) == len(lines)
    assert all(line.split()[2:4][0] == "BTC-ZAR" for line in lines)


def test_trades_end_by_themselves_after_a_time(valr: Valr) -> None:
    assert valr("trades", "BTC-ZAR", "--simulated", "--last", "0", "--seconds", "0.01").status == 0


def test_a_trade_is_one_line() -> None:
    assert trade_line(TRADE) == "2026-09-21 14:13:00.000Z  BTC-ZAR  BUY   5000000  5"


def test_a_past_trade_that_the_stream_tells_again_is_printed_once() -> None:
    out = io.StringIO()
    printer = TradePrinter(out)
    later = replace(TRADE, id="t-2", side=Side.SELL)
    nameless = replace(TRADE, id=None)
    printer.show_past([later, TRADE, nameless])
    for trade in (later, nameless, replace(TRADE, id="t-3")):
        printer.show(trade)
    assert [line.split()[3] for line in out.getvalue().splitlines()] == ["BUY", "BUY", "SELL", "BUY", "BUY"]


def test_on_a_terminal_the_sides_of_trades_have_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    out = Terminal()
    printer = TradePrinter(out)
    printer.show(TRADE)
    printer.show(replace(TRADE, side=Side.SELL))
    assert ["\x1b[32m" in line or "\x1b[31m" in line for line in out.getvalue().splitlines()] == [True, True]


def test_a_reader_that_went_away_is_told_to_whoever_prints() -> None:
    class Unread(io.StringIO):
        def write(self, _: str) -> int:
            raise BrokenPipeError

    with pytest.raises(BrokenPipeError):
        TradePrinter(Unread()).show(TRADE)


# --- pairs -----------------------------------------------------------------------------------------


def test_pairs_are_listed_as_json(valr: Valr) -> None:
    ended = valr("pairs", "--simulated", "--json")
    pairs = {each["pair"]: each for each in json.loads(ended.out)}
    assert list(pairs) == sorted(pairs)
    assert pairs["BTC-USDT-PERP"]["is_perpetual"] is True
    assert pairs["BTC-ZAR"]["order_types"] == [
        "LIMIT",
        "LIMIT_POST_ONLY",
        "MARKET",
        "SIMPLE",
        "STOP_LOSS_LIMIT",
        "TAKE_PROFIT_LIMIT",
    ]
    assert (pairs["SHIB-USDC"]["tick_size"], pairs["SHIB-USDC"]["amount_step"]) == ("0.00000001", "1")


def test_piped_pairs_are_a_line_each(valr: Valr) -> None:
    lines = valr("pairs", "--simulated").out.splitlines()
    assert lines[2].startswith("BTC-ZAR  BTCZAR  active margin  1  0.00000001  ")
    assert any(line.startswith("SOL-ZAR  SOLZAR  inactive") and line.endswith("  -") for line in lines)


def test_pairs_on_a_terminal_are_a_table() -> None:
    out = Terminal()
    show_pairs([replace(BTC_ZAR, is_active=False), replace(BTC_ZAR, is_perpetual=True)], out, as_json=False)
    assert "┃" in out.getvalue()


# --- candles ---------------------------------------------------------------------------------------


def test_candles_are_listed_oldest_first(valr: Valr) -> None:
    lines = valr("candles", "BTC-ZAR", "--simulated", "--limit", "5", "--period", "300").out.splitlines()
    assert len(lines) == 5
    assert lines == sorted(lines)


def test_candles_are_drawn(valr: Valr) -> None:
    picture = valr("candles", "BTC-ZAR", "--simulated", "--limit", "30", "--plot").out.splitlines()
    assert len(picture) > 8
    assert sum(line.count("┃") for line in picture) >= 30


@pytest.mark.parametrize(("out", "columns"), [(Terminal(), 27), (io.StringIO(), 40)])
def test_a_terminal_shows_the_newest_candles_that_fit(
    out: io.StringIO, columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    monkeypatch.setenv("TERM", "dumb")
    _draw([candle(n, 7, 7, 7, 7) for n in range(40)], Console(file=out))
    assert max(line.count("┃") for line in out.getvalue().splitlines()) == columns


def test_candles_are_drawn_into_a_file(valr: Valr, tmp_path: Path) -> None:
    file = tmp_path / "candles.png"
    ended = valr("candles", "BTC-ZAR", "--simulated", "--limit", "3", "--png", str(file))
    assert (ended.status, ended.out) == (0, "")
    assert file.read_bytes().startswith(b"\x89PNG")


def test_a_pair_without_candles_is_said(valr: Valr) -> None:
    ended = valr("candles", "XRP-ZAR", "--simulated")
    assert (ended.status, ended.out, ended.error) == (1, "", "XRP-ZAR has no candles\n")


def test_a_period_that_there_is_not_is_one_line(valr: Valr) -> None:
    ended = valr("candles", "BTC-ZAR", "--simulated", "--period", "61")
    assert (ended.status, ended.out) == (2, "")
    assert ended.error.startswith("valr: period_s=61: must be one of 60, 300")
