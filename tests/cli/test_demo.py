"""The demo as people run it: a process whose output is read."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest

from tests.cli.running import Valr
from valr_connector.cli.demo import DemoOptions, run_demo
from valr_connector.cli.demo_view import DemoMoment
from valr_connector.errors import InvalidArgumentError

COMMAND = [sys.executable, "-W", "error", "-c", "from valr_connector.cli.main import main; main()", "demo"]


class Onlooker:
    """A view that keeps what it is shown."""

    interval_s = 0.1

    def __init__(self) -> None:
        self.moments: list[DemoMoment] = []

    def show(self, moment: DemoMoment) -> None:
        self.moments.append(moment)


def figures(output: str) -> dict[str, str]:
    pairs = (line.partition(":") for line in output.splitlines() if " | " not in line)
    return {name: value.strip() for name, _, value in pairs}


@pytest.fixture
def endless_demo() -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(
        [*COMMAND, "--seconds", "600"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as running:
        yield running
        running.kill()


async def test_the_maker_quotes_through_a_cut_and_both_sides_agree() -> None:
    view = Onlooker()

    summary = await run_demo(DemoOptions(1.5, "BTC-ZAR", 0.1), view, asyncio.Event())

    assert summary.is_good, list(summary.lines())
    assert summary.placed > 2
    assert summary.most_open <= 2
    assert summary.recovery_ns is not None
    assert summary.reconnects == 1
    assert view.moments[-1].seconds > 1


async def test_a_demo_told_to_stop_leaves_nothing_open() -> None:
    stop = asyncio.Event()
    stop.set()

    summary = await run_demo(DemoOptions(600, "ETH-ZAR", 0.1), Onlooker(), stop)

    assert summary.is_good, list(summary.lines())
    assert not summary.was_cut


async def test_a_pair_without_a_market_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="the demo has a market in BTC-ZAR"):
        await run_demo(DemoOptions(1, "SOL-ZAR", 0.1), Onlooker(), asyncio.Event())


def test_piped_it_prints_lines_and_a_summary_and_ends_well(valr: Valr) -> None:
    ended = valr("demo", "--seconds", "1.2")

    summary = figures(ended.out)
    assert ended.status == 0, ended.out + ended.error
    assert summary["library and venue disagree on"] == "0 orders"
    assert summary["left open at the venue"] == "0"
    assert int(summary["orders placed"]) >= 2
    assert sum(" | " in line for line in ended.out.splitlines()) >= 2


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_cancels_the_quotes_and_still_sums_up(
    endless_demo: subprocess.Popen[str], number: signal.Signals
) -> None:
    assert endless_demo.stdout is not None
    first = endless_demo.stdout.readline()
    endless_demo.send_signal(number)
    output, errors = endless_demo.communicate(timeout=20)

    summary = figures(output)
    assert " | open " in first
    assert summary["left open at the venue"] == "0"
    assert summary["library and venue disagree on"] == "0 orders"
    assert errors == ""
    assert endless_demo.returncode == 0


def test_a_reader_that_goes_away_ends_it_without_a_trace(endless_demo: subprocess.Popen[str]) -> None:
    assert endless_demo.stdout is not None
    assert endless_demo.stderr is not None
    endless_demo.stdout.readline()
    endless_demo.stdout.close()

    assert endless_demo.wait(timeout=20) == 1
    assert endless_demo.stderr.read() == ""
