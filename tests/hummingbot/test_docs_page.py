"""Every command on docs/hummingbot.md does what the page says."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import hummingbot
import pytest

from tests.hummingbot.checkout import Ready
from tests.hummingbot.image import HOME, WHEELS, stand_in
from valr_connector.cli import main as valr
from valr_connector.integrations.hummingbot import __main__ as module
from valr_connector.integrations.hummingbot.installation import DOCKERFILE, install, status, uninstall
from valr_connector.integrations.hummingbot.shim_files import PACKAGE

PAGE = Path(__file__).parents[2] / "docs" / "hummingbot.md"
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```", PAGE.read_text(), re.MULTILINE | re.DOTALL)
COMMANDS = [line for language, block in BLOCKS if language == "sh" for line in block.splitlines()]
CODE = [block for language, block in BLOCKS if language == "python"]

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def nothing_installed() -> Iterator[None]:
    """The folder as if nobody had ever installed anything."""
    install()
    uninstall()
    yield
    install()
    uninstall()


def call(command: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """The exit status of a command of this project, run in this process."""
    program, *arguments = shlex.split(command)
    if program == "python":
        return module.main(arguments[2:])
    monkeypatch.setattr(sys, "argv", [program, *arguments])
    with pytest.raises(SystemExit) as ended:
        valr.main()
    status = ended.value.code
    assert status is None or isinstance(status, int)
    return status or 0


def process(arguments: Sequence[str]) -> str:
    """What a command in a process of its own prints."""
    done = subprocess.run(
        [sys.executable, *arguments], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_page_has_no_command_but_those_that_are_run_here() -> None:
    known = (
        "pip install ", "valr hummingbot ", "python -m valr_connector.integrations.hummingbot ",
        "hbot connect", "hbot balance valr", "valr simulator --port ", "export VALR_",
    )  # fmt: skip
    assert COMMANDS
    assert [command for command in COMMANDS if not command.startswith(known)] == []


def test_the_versions_to_install_are_met_by_this_environment() -> None:
    (command,) = (command for command in COMMANDS if command.startswith("pip "))
    out = process(["-m", *shlex.split(command), "--dry-run", "--no-index"])
    assert "Would install" not in out


@pytest.mark.parametrize("ways", ["valr hummingbot", "python -m valr_connector.integrations.hummingbot"])
def test_install_status_and_uninstall_do_what_they_say(
    ways: str, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    assert f"{ways} install" in COMMANDS
    assert f"{ways} status" in COMMANDS
    folder = Path(hummingbot.__file__).parent.joinpath(*PACKAGE.split(".")[1:])
    assert call(f"{ways} status", monkeypatch) == 1
    assert call(f"{ways} install", monkeypatch) == 0
    assert len([file for file in folder.iterdir() if file.is_file()]) == 4
    assert call(f"{ways} status", monkeypatch) == 0
    assert call(f"{ways} uninstall", monkeypatch) == 0
    assert not folder.exists()
    assert capsys.readouterr().out.rstrip().endswith("uninstalled")


def test_what_cannot_be_done_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: Captured
) -> None:
    assert call(f"python -m {module.__package__} status --path {tmp_path}", monkeypatch) == 2
    folder = tmp_path / "connector" / "exchange" / "valr"
    folder.mkdir(parents=True)
    (folder / "mine.py").touch()
    assert call(f"python -m {module.__package__} install --path {tmp_path}", monkeypatch) == 2
    assert call(f"python -m {module.__package__} uninstall --path {tmp_path}", monkeypatch) == 2
    said = capsys.readouterr().err
    assert all(words in said for words in ("no Hummingbot", "another connector", "was not written by"))


def test_docker_prints_a_dockerfile(monkeypatch: pytest.MonkeyPatch, capsys: Captured) -> None:
    (command,) = (command for command in COMMANDS if "--docker" in command)
    assert call(command, monkeypatch) == 0
    assert capsys.readouterr().out == DOCKERFILE


def test_the_dockerfiles_commands_put_the_connector_into_a_checkout() -> None:
    with stand_in() as root:
        text = DOCKERFILE
        for path in ("/opt/conda", "/home/hummingbot"):
            text = text.replace(path, f"{root}{path}")
        instructions = [line.partition(" ") for line in text.splitlines()]
        variables = dict(rest.split("=") for word, _, rest in instructions if word == "ENV")
        variables |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(root / WHEELS)}
        commands = [rest for word, _, rest in instructions if word == "RUN"]
        assert len(commands) == 2
        for command in commands:
            subprocess.run(["sh", "-c", command], check=True, env={**os.environ, **variables}, cwd=root)
        assert status(root / HOME).problems == ()


def test_registering_makes_the_connector_known() -> None:
    (code,) = CODE
    seen = "from hummingbot.client.settings import AllConnectorSettings as all\n"
    assert process(["-c", f"{code}\n{seen}print('valr' in all.get_connector_settings())"]) == "True\n"


def test_hbot_connects_confirms_the_key_and_shows_the_balances(ready: Ready) -> None:
    made, key, secret = ready
    of_hbot = [shlex.split(command)[1:] for command in COMMANDS if command.startswith("hbot ")]
    fields, connect, confirm, balance = of_hbot
    assert "valr_api_secret" in made.hbot(*fields)
    made.hbot(*connect, stdin=json.dumps({"valr_api_key": key, "valr_api_secret": secret}))
    assert "valr_api_key" in made.stored
    assert key not in made.stored
    assert re.search(r"valr +\| yes +\| yes ", made.hbot(*confirm))
    assert re.search(r"BTC +\| 5 +\| 5 ", made.hbot(*balance))


def test_the_simulator_listens_where_the_page_says() -> None:
    (command,) = (command for command in COMMANDS if command.startswith("valr simulator"))
    code = "import sys; from valr_connector.cli.main import main; main()"
    at = json.loads(process(["-c", code, *shlex.split(command)[1:], "--seconds", "0"]))
    exported = dict(
        command.removeprefix("export ").split("=") for command in COMMANDS if command.startswith("export ")
    )
    assert set(exported.values()) <= set(at.values())
