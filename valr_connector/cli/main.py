"""Entry of the `valr` command. Expected errors are one line on standard error and exit status 2."""

from __future__ import annotations

import importlib
import os
import sys
from typing import Final, NoReturn

from valr_connector.errors import ValrError

_OPTIONAL: Final = frozenset({"typer", "rich"})
_COMMANDS: Final = "valr_connector.cli.commands"


def main() -> None:
    """Run the command line of this process."""
    try:
        commands = importlib.import_module(_COMMANDS)
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package not in _OPTIONAL:
            raise
        _fail(f"{package} is not installed; install it with: pip install 'valr-connector[cli]'")
    problems: list[str] = []
    is_heard = True
    try:
        commands.app()
    except* ValrError as group:
        problems += _messages(group)
    except* BrokenPipeError:
        is_heard = False
    if not is_heard:
        _leave_unheard()
    if problems:
        _fail("; ".join(problems))


def _messages(group: BaseExceptionGroup[ValrError]) -> list[str]:
    """The errors' own messages, however deep task groups have wrapped them."""
    messages: list[str] = []
    for error in group.exceptions:
        messages += _messages(error) if isinstance(error, BaseExceptionGroup) else [str(error)]
    return messages


def _leave_unheard() -> NoReturn:
    """Whoever read the output has gone; what Python still flushes at its end goes nowhere."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    sys.exit(1)


def _fail(message: str) -> NoReturn:
    print(f"valr: {message}", file=sys.stderr)
    sys.exit(2)
