"""What the running demo shows."""

from __future__ import annotations

import io
from dataclasses import replace
from decimal import Decimal

import pytest
from rich.console import Console

from valr_connector.cli.demo_view import DemoMoment, LineView, TableView, line, open_view, table
from valr_connector.model.account import Balance
from valr_connector.model.ids import Pair, Symbol
from valr_connector.model.market import PairInfo
from valr_connector.observe.latency import LatencyHistogram

MOMENT = DemoMoment(
    seconds=12.04,
    pair=PairInfo(
        pair=Pair("BTC-ZAR"),
        symbol=Symbol("BTCZAR"),
        base="BTC",
        quote="ZAR",
        tick_size=Decimal(1),
        amount_step=Decimal("0.00000001"),
        min_amount=Decimal("0.00001"),
        max_amount=Decimal(5),
        min_notional=Decimal(10),
        max_notional=Decimal(5_000_000),
    ),
    is_ready=True,
    mid=Decimal("1500000.50"),
    bids=(Decimal(1498500),),
    asks=(),
    open_here=1,
    open_there=2,
    fills=7,
    position=Decimal("0.00120000"),
    profit=Decimal("3.149"),
    balances=(Balance("ZAR", Decimal("999000.5"), Decimal(1500), Decimal("1000500.5")),),
    placing=LatencyHistogram().summary(),
    cancelling=LatencyHistogram().summary(),
    reconnects=1,
    recovery_ns=15_600_000,
    disagreements=0,
)


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def drawn(moment: DemoMoment) -> str:
    console = Console(file=io.StringIO(), width=100, record=True)
    console.print(table(moment))
    return console.export_text()


def test_a_moment_fits_one_line() -> None:
    assert line(MOMENT) == (
        " 12.0 s | mid 1500000.5 | quotes 1498500 / - | open 1 here, 2 at the venue | fills 7"
        " | profit 3.15 ZAR | place p50 - | cancel p50 - | reconnects 1"
    )


def test_a_line_says_when_the_library_is_not_ready() -> None:
    assert line(replace(MOMENT, is_ready=False)).endswith(" | not ready")


def test_a_mid_price_that_is_not_there_is_a_dash() -> None:
    assert "| mid - |" in line(replace(MOMENT, mid=None))


@pytest.mark.parametrize(
    "text",
    [
        "12.0 s",
        "1500000.5 ZAR",
        "1498500 / -",
        "1 here, 2 at the venue",
        "0.00120000 BTC",
        "999000.5 available, 1500 reserved",
        "1, recovered in 15.6 ms",
    ],
)
def test_the_table_shows(text: str) -> None:
    assert text in drawn(MOMENT)


def test_the_table_says_when_the_library_is_not_ready() -> None:
    assert "12.0 s, not ready" in drawn(replace(MOMENT, is_ready=False))


def test_the_table_tells_no_recovery_before_there_was_one() -> None:
    assert "recovered" not in drawn(replace(MOMENT, recovery_ns=None))


def test_elsewhere_than_on_a_terminal_moments_are_lines() -> None:
    out = io.StringIO()

    with open_view(out) as view:
        view.show(MOMENT)

    assert isinstance(view, LineView)
    assert out.getvalue() == line(MOMENT) + "\n"


def test_on_a_terminal_moments_are_a_table(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    out = Terminal()

    with open_view(out) as view:
        view.show(MOMENT)

    assert isinstance(view, TableView)
    assert "1 here, 2 at the venue" in out.getvalue()
