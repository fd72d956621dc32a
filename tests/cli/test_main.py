"""The command line: results on standard output, and one line for what can be expected to go wrong."""

from __future__ import annotations

import importlib
import json
import logging
import sys
from importlib.metadata import version
from io import BytesIO, TextIOWrapper
from pathlib import Path
from types import SimpleNamespace

import pytest

from tests.cli.running import Ended, Valr
from valr_connector.cli import commands, main
from valr_connector.cli.log_output import StandardError, log_to_standard_error
from valr_connector.errors import NotReadyError, UnknownPairError

ONE_FRAME = '{"channel": "account", "frame": {"type": "AUTHENTICATED"}}\n'


def commands_raise(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def app() -> None:
        raise error

    monkeypatch.setattr(commands, "app", app)


def test_the_version_is_that_of_the_package(valr: Valr) -> None:
    assert valr("--version") == Ended(0, f"valr-connector {version('valr-connector')}\n", "")


def test_help_names_every_command(valr: Valr) -> None:
    ended = valr("--help")

    assert ended.status == 0
    assert all(name in ended.out for name in ("demo", "simulator", "frames"))


def test_an_unknown_command_is_refused(valr: Valr) -> None:
    ended = valr("dance")

    assert ended.status == 2
    assert "dance" in ended.error


def test_an_expected_error_is_one_line(valr: Valr) -> None:
    ended = valr("demo", "--pair", "DOGE-ZAR")

    assert ended.status == 2
    assert ended.out == ""
    assert ended.error.startswith("valr: pair='DOGE-ZAR': ")
    assert ended.error.count("\n") == 1


def test_errors_of_tasks_are_one_line_too(valr: Valr, monkeypatch: pytest.MonkeyPatch) -> None:
    inner = ExceptionGroup("inner", [UnknownPairError("X-Y")])
    commands_raise(monkeypatch, ExceptionGroup("outer", [NotReadyError("not connected"), inner]))

    ended = valr("demo")

    assert ended.status == 2
    assert ended.error == "valr: not connected [VC20]; pair='X-Y': VALR lists no such pair [VC14]\n"


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (FileNotFoundError(2, "No such file", "nowhere/a.png"), "[Errno 2] No such file: 'nowhere/a.png'"),
        (TimeoutError(), "TimeoutError()"),
    ],
)
def test_an_error_of_the_system_is_one_line(
    valr: Valr, monkeypatch: pytest.MonkeyPatch, error: OSError, says: str
) -> None:
    commands_raise(monkeypatch, error)

    assert valr("candles") == Ended(2, "", f"valr: {says}\n")


def test_an_interruption_while_loading_is_no_traceback(valr: Valr, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(importlib, "import_module", interrupt)

    assert valr("demo") == Ended(130, "", "")


def commands_print(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    def app() -> None:
        for stream in (sys.stdout, sys.stderr):
            stream.write(f"{text}\n")
        sys.exit(0)

    monkeypatch.setattr(commands, "app", app)


def test_a_full_disk_is_one_line(valr: Valr, monkeypatch: pytest.MonkeyPatch) -> None:
    commands_print(monkeypatch, "text")
    with Path("/dev/full").open("w") as full:
        monkeypatch.setattr(sys, "stdout", full)

        assert valr("demo") == Ended(2, "", "text\nvalr: [Errno 28] No space left on device\n")


def test_a_character_that_the_output_cannot_show_is_a_question_mark(
    valr: Valr, monkeypatch: pytest.MonkeyPatch
) -> None:
    commands_print(monkeypatch, "┃")
    shown = BytesIO()
    with TextIOWrapper(shown, encoding="ascii") as ascii_only:
        monkeypatch.setattr(sys, "stdout", ascii_only)

        assert valr("demo").status == 0
        assert shown.getvalue() == b"?\n"


def test_streams_that_were_closed_lead_nowhere(valr: Valr, monkeypatch: pytest.MonkeyPatch) -> None:
    commands_print(monkeypatch, "to nobody")
    with monkeypatch.context() as closed:
        closed.setattr(sys, "stdout", None)
        closed.setattr(sys, "stderr", None)

        assert valr("demo") == Ended(0, "", "")
        sys.stdout.close()
        sys.stderr.close()


def test_an_unexpected_error_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    commands_raise(monkeypatch, ZeroDivisionError("a mistake of ours"))

    with pytest.raises(ZeroDivisionError):
        main.main()


def module_is_missing(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    def import_module(_: str) -> None:
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(importlib, "import_module", import_module)


@pytest.mark.parametrize("missing", ["typer", "rich", "rich.console"])
def test_a_missing_optional_package_is_named_with_what_to_install(
    valr: Valr, monkeypatch: pytest.MonkeyPatch, missing: str
) -> None:
    module_is_missing(monkeypatch, missing)

    ended = valr("demo")

    package = missing.partition(".")[0]
    expected = f"valr: {package} is not installed; install it with: pip install 'valr-connector[cli]'\n"
    assert ended == Ended(2, "", expected)


def test_any_other_missing_module_is_not_hidden(monkeypatch: pytest.MonkeyPatch) -> None:
    module_is_missing(monkeypatch, "valr_connector.cli.demo")

    with pytest.raises(ModuleNotFoundError):
        main.main()


@pytest.mark.parametrize(("is_good", "status"), [(True, 0), (False, 1)])
def test_the_demo_prints_its_summary_and_tells_by_its_status_whether_all_was_well(
    valr: Valr, monkeypatch: pytest.MonkeyPatch, *, is_good: bool, status: int
) -> None:
    async def run_demo(*_: object) -> SimpleNamespace:
        return SimpleNamespace(is_good=is_good, lines=lambda: iter(["orders placed: 1"]))

    monkeypatch.setattr(commands, "run_demo", run_demo)

    assert valr("demo") == Ended(status, "orders placed: 1\n", "")


def test_frames_that_are_understood_are_a_success(valr: Valr, tmp_path: Path) -> None:
    file = tmp_path / "frames.jsonl"
    file.write_text(ONE_FRAME)

    ended = valr("frames", "check", str(file))

    assert ended.status == 0
    assert "1 frames" in ended.out


def test_frames_that_are_not_understood_are_a_failure(valr: Valr, tmp_path: Path) -> None:
    file = tmp_path / "frames.jsonl"
    file.write_text('{"channel": "account", "frame": {"type": "BALANCE_UPDATE", "data": 7}}\n')

    assert valr("frames", "check", str(file)).status == 1


def without_frame(text: str) -> str:
    """What stands in a box that the terminal's width has broken into lines."""
    return "".join(line.strip("│ ") for line in text.splitlines())


def test_a_file_that_is_not_there_is_refused(valr: Valr, tmp_path: Path) -> None:
    ended = valr("frames", "check", str(tmp_path / "missing.jsonl"))

    assert ended.status == 2
    assert "missing.jsonl" in without_frame(ended.error)


def test_the_simulator_stops_by_itself_when_told_to(valr: Valr) -> None:
    ended = valr("simulator", "--seconds", "0")

    assert ended.status == 0
    assert json.loads(ended.out)["rest"].startswith("http://127.0.0.1:")


@pytest.mark.parametrize(
    ("verbosity", "level"), [(0, logging.WARNING), (1, logging.INFO), (2, logging.DEBUG), (7, logging.DEBUG)]
)
def test_each_v_logs_more(monkeypatch: pytest.MonkeyPatch, verbosity: int, level: int) -> None:
    monkeypatch.setattr(logging.root, "handlers", [])
    monkeypatch.setattr(logging.root, "level", logging.NOTSET)

    log_to_standard_error(verbosity)

    assert logging.root.level == level
    assert [type(handler) for handler in logging.root.handlers] == [StandardError]


def test_a_log_line_that_leads_nowhere_does_not_disturb_whoever_logs(monkeypatch: pytest.MonkeyPatch) -> None:
    record = logging.LogRecord("valr_connector", logging.WARNING, "", 0, "lost", (), None)
    full = Path("/dev/full").open("wb", buffering=0)  # noqa: SIM115  closed below, by its wrapper
    with TextIOWrapper(full, write_through=True) as stream:
        monkeypatch.setattr(sys, "stderr", stream)
        StandardError().handle(record)


def test_logs_go_to_standard_error(capsys: pytest.CaptureFixture[str]) -> None:
    record = logging.LogRecord("valr_connector", logging.WARNING, "", 0, "dropped %d", (3,), None)

    StandardError().handle(record)

    assert capsys.readouterr() == ("", "dropped 3\n")
