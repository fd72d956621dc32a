"""What every test of the command line may ask for."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import cache

import pytest
from typer.main import get_command

from tests.cli.running import Ended, Valr
from valr_connector.cli import commands, main


@cache
def _command_line() -> Callable[[], None]:
    """What `commands.app` makes of itself in each call; once is enough for all tests of a process."""
    return get_command(commands.app)


@pytest.fixture(autouse=True)
def _signals_mean_what_they_mean_in_a_terminal(usual_signals: None) -> None:
    """A command leaves them to the system, as its process is about to end."""


@pytest.fixture
def valr(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Valr:
    """Runs `valr` with arguments, in this process."""

    monkeypatch.setattr(commands, "app", _command_line())

    def run(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["valr", *arguments])
        with pytest.raises(SystemExit) as ended:
            main.main()
        status = ended.value.code
        assert status is None or isinstance(status, int)
        return Ended(status or 0, *capsys.readouterr())

    return run
