"""What every test of the command line may ask for."""

from __future__ import annotations

import sys

import pytest

from tests.cli.running import Ended, Valr
from valr_connector.cli import main


@pytest.fixture
def valr(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Valr:
    """Runs `valr` with arguments, in this process."""

    def run(*arguments: str) -> Ended:
        monkeypatch.setattr(sys, "argv", ["valr", *arguments])
        with pytest.raises(SystemExit) as ended:
            main.main()
        status = ended.value.code
        assert status is None or isinstance(status, int)
        return Ended(status or 0, *capsys.readouterr())

    return run
