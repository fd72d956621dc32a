"""``python -m valr_connector.integrations.hummingbot``: install, uninstall and status without `valr`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from valr_connector.errors import ConfigurationError
from valr_connector.integrations.hummingbot.installation import (
    DOCKERFILE,
    in_words,
    install,
    status,
    uninstall,
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what the arguments say; the exit status is 0, 1 where `status` found a problem, 2 for an error."""
    parser = argparse.ArgumentParser(prog="python -m valr_connector.integrations.hummingbot")
    parser.add_argument("command", choices=("install", "uninstall", "status"))
    parser.add_argument("--path", type=Path, help="a checkout of Hummingbot, or its package")
    parser.add_argument("--docker", action="store_true", help="with install: print a Dockerfile instead")
    chosen = parser.parse_args(arguments)
    try:
        text, code = run(chosen.command, chosen.path, is_docker=chosen.docker)
    except ConfigurationError as error:
        text, code = f"{parser.prog}: {error}", 2
    print(text, file=sys.stderr if code == 2 else sys.stdout)
    return code


def run(command: str, path: Path | None, *, is_docker: bool = False) -> tuple[str, int]:
    """What a command says, and its exit status.

    Raises:
        ConfigurationError: it cannot be done; says why.
    """
    if is_docker:
        return DOCKERFILE.rstrip(), 0
    if command == "install":
        return f"installed in {install(path)}", 0
    if command == "uninstall":
        left = uninstall(path)
        return f"uninstalled; left as changed: {', '.join(left)}" if left else "uninstalled", 0
    found = status(path)
    return in_words(found), 1 if found.problems else 0


if __name__ == "__main__":
    sys.exit(main())
