"""Putting the connector where Hummingbot looks for it, and taking it away again."""

from __future__ import annotations

import importlib.util
import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import valr_connector
from valr_connector.errors import ConfigurationError
from valr_connector.integrations.hummingbot import shim_files

_EXCHANGES = Path("connector") / "exchange"

DOCKERFILE = f"""\
# Hummingbot with the VALR connector: docker build -t hummingbot-valr - < Dockerfile
FROM hummingbot/hummingbot:latest
ENV PYTHON=/opt/conda/envs/hummingbot/bin/python
RUN $PYTHON -m pip install "valr-connector=={valr_connector.__version__}" "aiohttp<3.14"
RUN $PYTHON -m valr_connector.integrations.hummingbot install --path /home/hummingbot
"""


@dataclass(frozen=True, slots=True)
class Status:
    """What there is.

    Attributes:
        hummingbot: its version, and its package's directory.
        folder: where the connector belongs.
        installed: the version that wrote what is there; empty where nothing is.
        problems: what is wrong, each with what to do about it.
    """

    hummingbot: str
    package: Path
    folder: Path
    installed: str
    problems: tuple[str, ...]


def install(path: Path | None = None) -> Path:
    """Write the shim's folder; again, it is brought up to date. Returns it.

    Args:
        path: a checkout of Hummingbot, or its package; looked for by default.

    Raises:
        ConfigurationError: there is no Hummingbot, the folder cannot be written, or it holds somebody else's
            connector.
    """
    folder = _folder(_package(path))
    with _or_said(folder):
        if folder.exists() and any(folder.iterdir()) and _marker(folder) is None:
            raise ConfigurationError(f"{folder} holds another connector; remove it first, or keep it")
        folder.mkdir(exist_ok=True)
        (folder / shim_files.MARKER).write_text(shim_files.marker())
        for name, source in shim_files.module_sources().items():
            (folder / name).write_text(source)
    return folder


def uninstall(path: Path | None = None) -> tuple[str, ...]:
    """Remove what `install` wrote, and nothing else.

    Returns:
        The names of what was left because it is not as it was written.

    Raises:
        ConfigurationError: there is no Hummingbot, its folder cannot be written, or nothing of ours is in it.
    """
    folder = _folder(_package(path))
    written = _marker(folder)
    if written is None:
        raise ConfigurationError(f"{folder} was not written by `valr hummingbot install`")
    with _or_said(folder):
        for name in written["files"]:
            file = folder / name
            if not _is_changed(file, written["files"][name]):
                file.unlink(missing_ok=True)
                _remove_compiled(folder, file.stem)
        (folder / shim_files.MARKER).unlink()
        left = tuple(sorted(each.name for each in folder.iterdir()))
        if not left:
            folder.rmdir()
    return left


def status(path: Path | None = None) -> Status:
    """What there is, and what is wrong with it.

    Raises:
        ConfigurationError: there is no Hummingbot.
    """
    package = _package(path)
    folder = _folder(package)
    written = _marker(folder)
    return Status(
        hummingbot=_version(package),
        package=package,
        folder=folder,
        installed="" if written is None else str(written["version"]),
        problems=tuple(_problems(folder, written)),
    )


def in_words(found: Status) -> str:
    """A status as text, a line for each thing."""
    lines = [
        f"valr-connector {valr_connector.__version__}",
        f"Hummingbot {found.hummingbot} in {found.package}",
        f"connector {found.installed or 'not installed'} in {found.folder}",
        *(f"problem: {problem}" for problem in found.problems),
    ]
    return "\n".join(lines)


def _problems(folder: Path, written: dict[str, Any] | None) -> list[str]:
    if written is None:
        there = "another connector is in its place" if folder.exists() else "not installed"
        return [f"{there}: `valr hummingbot install` puts it there"]
    found = []
    if written["version"] != valr_connector.__version__:
        found.append("installed by another version: `valr hummingbot install` brings it up to date")
    for name, digest in written["files"].items():
        if not (folder / name).exists():
            found.append(f"{name} is missing: `valr hummingbot install` writes it again")
        elif _is_changed(folder / name, digest):
            found.append(f"{name} was changed since: `valr hummingbot install` writes it anew")
    return found


def _package(path: Path | None) -> Path:
    """Hummingbot's package: in `path`, or else in the current directory, or else the importable one."""
    places = [Path.cwd()] if path is None else [path]
    candidates = [place / sub for place in places for sub in ("hummingbot", ".")]
    if path is None:
        spec = importlib.util.find_spec("hummingbot")
        candidates += [Path(where) for where in (spec.submodule_search_locations or ())] if spec else []
    for candidate in candidates:
        if (candidate / _EXCHANGES).is_dir():
            return candidate.resolve()
    where = "here, and this Python cannot import it" if path is None else f"in {path}"
    raise ConfigurationError(f"there is no Hummingbot {where}; name its directory with --path")


@contextmanager
def _or_said(folder: Path) -> Iterator[None]:
    """Say of a folder that it cannot be written, as where it belongs to somebody else."""
    try:
        yield
    except OSError as error:
        raise ConfigurationError(f"{folder} cannot be written: {error.strerror}") from error


def _folder(package: Path) -> Path:
    return package / _EXCHANGES / shim_files.NAME


def _marker(folder: Path) -> dict[str, Any] | None:
    """What the marker says; None where there is none that makes sense."""
    try:
        written = json.loads((folder / shim_files.MARKER).read_text())
    except (OSError, ValueError):
        return None
    is_ours = isinstance(written, dict) and isinstance(written.get("files"), dict) and "version" in written
    return written if is_ours else None


def _is_changed(file: Path, digest: str) -> bool:
    return file.exists() and shim_files.digest(file.read_bytes()) != digest


def _remove_compiled(folder: Path, module: str) -> None:
    cache = folder / "__pycache__"
    for file in cache.glob(f"{module}.*.pyc"):
        file.unlink()
    if cache.is_dir() and not any(cache.iterdir()):
        cache.rmdir()


def _version(package: Path) -> str:
    try:
        return (package / "VERSION").read_text().strip()
    except OSError:
        return "of unknown version"
