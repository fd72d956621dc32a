"""Entry of the `valr` command. Expected errors are one line on standard error and exit status 2."""

from __future__ import annotations

import importlib
import logging
import os
import sys
from io import TextIOWrapper
from pathlib import Path
from types import ModuleType
from typing import Final, NoReturn

from valr_connector.cli.stop_signals import interrupted_by_signals
from valr_connector.errors import ValrError

log = logging.getLogger(__name__)

_OPTIONAL: Final = frozenset({"typer", "rich"})
_COMMANDS: Final = "valr_connector.cli.commands"
_INTERRUPTED: Final = 130


def main() -> None:
    """Run the command line of this process."""
    _have_streams()
    with interrupted_by_signals():
        status, problems = _run()
    _let_go_of_output()
    _end(status, "; ".join(problems))


def _run() -> tuple[int, list[str]]:
    """The exit status and the errors of what did not go well."""
    problems: list[str] = []
    status = 2
    try:
        try:
            _load_commands().app()
        finally:
            sys.stdout.flush()
    except* ValrError as group:
        problems += _messages(group)
    except* BrokenPipeError:
        status = 1
    except* OSError as group:  # a file, a disk, an address: the text names it, and -vv shows where
        log.debug("an error of the system", exc_info=True)
        problems += _messages(group)
    except* KeyboardInterrupt:
        status = _INTERRUPTED
    return status, problems


def _load_commands() -> ModuleType:
    try:
        return importlib.import_module(_COMMANDS)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in _OPTIONAL:
            raise
        _end(2, f"{package} is not installed; install it with: pip install 'valr-connector[cli]'")


def _have_streams() -> None:
    """A stream that was closed leads nowhere; a character that an output cannot show is a question mark."""
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:
            setattr(sys, name, Path(os.devnull).open("w", encoding="utf-8"))  # noqa: SIM115  until the end
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def _messages(group: BaseExceptionGroup[Exception]) -> list[str]:
    """The errors' own messages, however deep task groups have wrapped them."""
    messages: list[str] = []
    for error in group.exceptions:
        messages += _messages(error) if isinstance(error, BaseExceptionGroup) else [str(error) or repr(error)]
    return messages


def _let_go_of_output() -> None:
    """Where standard output takes no more, what Python still flushes at its end goes nowhere."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _end(status: int, message: str) -> NoReturn:
    if message:
        print(f"valr: {message}", file=sys.stderr)
    sys.exit(status)
