"""`valr hummingbot`: puts the connector into Hummingbot's tree, and takes away what it put there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

import valr_connector
from tests.cli.running import Valr
from valr_connector.integrations.hummingbot import __main__ as command
from valr_connector.integrations.hummingbot.shim_files import MARKER

FILES = {MARKER, "__init__.py", "valr_exchange.py", "valr_utils.py"}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Hummingbot's tree, as far as it matters."""
    exchanges = tmp_path / "hummingbot" / "connector" / "exchange"
    exchanges.mkdir(parents=True)
    (tmp_path / "hummingbot" / "VERSION").write_text("20260922\n")
    return tmp_path


@pytest.fixture
def folder(checkout: Path) -> Path:
    """Where the connector belongs."""
    return checkout / "hummingbot" / "connector" / "exchange" / "valr"


def names(folder: Path) -> set[str]:
    return {file.name for file in folder.iterdir()}


def test_install_writes_four_files(valr: Valr, checkout: Path, folder: Path) -> None:
    assert valr("hummingbot", "install", "--path", str(checkout)).status == 0
    assert names(folder) == FILES


def test_the_package_itself_may_be_named_too(valr: Valr, checkout: Path, folder: Path) -> None:
    valr("hummingbot", "install", "--path", str(checkout / "hummingbot"))
    assert names(folder) == FILES


def test_a_checkout_in_the_current_directory_is_found(
    valr: Valr, checkout: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(checkout)
    valr("hummingbot", "install")
    assert names(folder) == FILES


def test_an_importable_package_is_found(
    valr: Valr,
    checkout: Path,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("elsewhere"))
    (checkout / "hummingbot" / "__init__.py").touch()
    monkeypatch.setattr(sys, "path", [str(checkout), *sys.path])
    valr("hummingbot", "install")
    assert names(folder) == FILES


def test_installing_again_changes_nothing(valr: Valr, checkout: Path, folder: Path) -> None:
    valr("hummingbot", "install", "--path", str(checkout))
    before = {file.name: file.read_text() for file in folder.iterdir()}
    valr("hummingbot", "install", "--path", str(checkout))
    assert {file.name: file.read_text() for file in folder.iterdir()} == before


def test_another_connector_is_not_overwritten(valr: Valr, checkout: Path, folder: Path) -> None:
    folder.mkdir()
    (folder / "valr_exchange.py").write_text("mine")
    ended = valr("hummingbot", "install", "--path", str(checkout))
    assert ended.status == 2
    assert "holds another connector" in ended.error
    assert names(folder) == {"valr_exchange.py"}


def test_a_folder_that_cannot_be_written_is_said(valr: Valr, checkout: Path, folder: Path) -> None:
    folder.touch()
    refused = valr("hummingbot", "install", "--path", str(checkout))
    assert refused.status == 2
    assert f"{folder} cannot be written" in refused.error


def test_uninstall_leaves_nothing_behind(valr: Valr, checkout: Path, folder: Path) -> None:
    valr("hummingbot", "install", "--path", str(checkout))
    cache = folder / "__pycache__"
    cache.mkdir()
    (cache / "valr_exchange.cpython-311.pyc").touch()
    ended = valr("hummingbot", "uninstall", "--path", str(checkout))
    assert ended.out == "uninstalled\n"
    assert not folder.exists()


def test_uninstall_leaves_what_somebody_changed_or_added(valr: Valr, checkout: Path, folder: Path) -> None:
    valr("hummingbot", "install", "--path", str(checkout))
    (folder / "valr_utils.py").write_text("mine")
    (folder / "notes.txt").touch()
    ended = valr("hummingbot", "uninstall", "--path", str(checkout))
    assert "notes.txt, valr_utils.py" in ended.out
    assert names(folder) == {"valr_utils.py", "notes.txt"}


def test_uninstall_touches_nothing_that_install_did_not_write(
    valr: Valr, checkout: Path, folder: Path
) -> None:
    folder.mkdir()
    (folder / MARKER).write_text("{}")
    ended = valr("hummingbot", "uninstall", "--path", str(checkout))
    assert ended.status == 2
    assert names(folder) == {MARKER}


def test_status_says_versions_and_that_all_is_well(valr: Valr, checkout: Path) -> None:
    valr("hummingbot", "install", "--path", str(checkout))
    ended = valr("hummingbot", "status", "--path", str(checkout))
    assert ended.status == 0
    assert f"valr-connector {valr_connector.__version__}" in ended.out
    assert "Hummingbot 20260922" in ended.out
    assert "problem" not in ended.out


def test_status_says_what_is_wrong(valr: Valr, checkout: Path, folder: Path) -> None:
    assert "problem: not installed" in valr("hummingbot", "status", "--path", str(checkout)).out
    valr("hummingbot", "install", "--path", str(checkout))
    (folder / "valr_utils.py").write_text("mine")
    (folder / "__init__.py").unlink()
    marker = folder / MARKER
    marker.write_text(
        marker.read_text().replace(f'"version": "{valr_connector.__version__}"', '"version": "0"')
    )
    ended = valr("hummingbot", "status", "--path", str(checkout))
    assert ended.status == 1
    assert "installed by another version" in ended.out
    assert "valr_utils.py was changed" in ended.out
    assert "__init__.py is missing" in ended.out


def test_a_place_without_hummingbot_is_refused(valr: Valr, tmp_path: Path) -> None:
    ended = valr("hummingbot", "status", "--path", str(tmp_path))
    assert ended.status == 2
    assert "there is no Hummingbot in" in ended.error


def test_docker_prints_a_dockerfile(valr: Valr) -> None:
    ended = valr("hummingbot", "install", "--docker")
    assert ended.status == 0
    assert "\nFROM hummingbot/" in ended.out


def test_the_module_does_the_same_without_the_command(
    checkout: Path, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(["install", "--path", str(checkout)]) == 0
    assert names(folder) == FILES
    assert command.main(["status", "--path", str(tmp_path / "nowhere")]) == 2
    assert "there is no Hummingbot" in capsys.readouterr().err
