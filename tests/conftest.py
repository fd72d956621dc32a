"""What holds for the whole suite."""

from __future__ import annotations

import gc
import os
import signal
from collections.abc import Generator, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.event_loops import LOOPS, choose_loop
from tests.terse_reports import TerseReports
from tests.tracing import UNTRACED, Tracing, is_untraced
from tests.verification import days_seeds

TESTS = Path(__file__).parent
# Directories whose tests run a whole connector or exchange; what the floors need, the others reach.
LONG_RUNS = ("chaos", "docs", "examples", "replay", "scripts", "simulator", "soak", "verification")
# Tables of what is refused, row by row through a whole connector; the refusals themselves are unit tests.
TABLES = ("test_caller_errors.py", "test_exchange_bad_input.py")
# Long stories of a whole connector; `pytest --cov --cov-context=test` says that others reach the same code.
STORIES = (
    "cli/test_doctor.py",
    "cli/test_hummingbot_commands.py",
    "cli/test_main.py",
    "cli/test_replay.py",
    "net/test_abort.py",
    "net/test_book_replay.py",
    "net/test_book_resync.py",
    "net/test_closing.py",
    "net/test_connector.py",
    "net/test_exchange.py",
    "net/test_market_data.py",
    "net/test_market_stream.py",
    "net/test_order_gateway.py",
    "net/test_order_metrics.py",
    "net/test_placing_again.py",
    "net/test_restarts.py",
    "net/test_restore.py",
    "net/test_stop_limit.py",
    "net/test_user_stream.py",
)


@pytest.hookimpl(wrapper=True, optionalhook=True)
def pytest_xdist_auto_num_workers() -> Generator[None, int, int]:
    """One process more than processors: many tests wait, for a time-out or for a process of their own."""
    return (yield) + 1


def pytest_sessionstart(session: pytest.Session) -> None:
    """Spare the processes of pytest-xdist the writing of what nobody reads."""
    plugins = session.config.pluginmanager
    if hasattr(session.config, "workerinput") and plugins.has_plugin("terminalreporter"):
        plugins.unregister(name="terminalreporter")


@pytest.hookimpl(tryfirst=True)  # before tests are chosen by their marks
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spare tests that repeat themselves hundreds of times the tracer, which would triple their time.

    So the coverage floors are met by tests that name what they reach, not by chance. Traced tests come first:
    what a process does only once has to be seen.
    """
    for item in items:
        repeats = isinstance(item, pytest.Function) and getattr(item.obj, "is_hypothesis_test", False)
        if repeats or _is_long(item.path):
            item.add_marker(UNTRACED)
        if item.get_closest_marker("no_cover"):
            raise pytest.UsageError(
                f"{item.nodeid}: mark it {UNTRACED!r}, which pytest-xdist's processes heed"
            )
    items.sort(key=is_untraced)


@cache
def _is_long(path: Path) -> bool:
    within = path.relative_to(TESTS)
    return within.parts[0] in LONG_RUNS or within.as_posix() in (*TABLES, *STORIES)


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Spare the garbage collector the thousands of tests: it would look at them all again and again."""
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_addoption(parser: pytest.Parser) -> None:
    """What real sockets are made of, and what runs them; see `make test-fast` and `make test-debug`."""
    parser.addoption("--transport", choices=("websockets", "picows"), default="websockets")
    parser.addoption("--loop", choices=LOOPS, default="asyncio")


def pytest_configure(config: pytest.Config) -> None:
    """Choose the schedules of the day once, for all processes of this run."""
    os.environ["VALR_TRANSPORT"] = config.getoption("--transport")
    days_seeds.first_seed()
    config.addinivalue_line("markers", f"{UNTRACED}: adds nothing to the coverage")
    choose_loop(config, config.getoption("--loop"))
    config.pluginmanager.register(TerseReports())
    if config.getoption("cov_source", default=None):
        config.pluginmanager.register(Tracing())


@pytest.fixture
def usual_signals() -> Iterator[None]:
    """Signals mean what they mean in a terminal, and afterwards what they meant before.

    In the background of a shell's script Ctrl-C is ignored, and under `nohup` the end of the terminal.
    """
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say which schedules the simulation ran, if it did."""
    reports = [report for outcome in ("passed", "failed") for report in terminalreporter.getreports(outcome)]
    if any(days_seeds.TEST_MODULE in report.nodeid for report in reports):
        terminalreporter.write_line(days_seeds.in_words())
