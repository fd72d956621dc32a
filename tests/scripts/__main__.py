"""Plays scripts and prints their dialogue: ``python -m tests.scripts FILE...``."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.scripts.runner.play import play
from tests.scripts.runner.script_file import ScriptFailure


def main(paths: list[str]) -> int:
    """Play each script; the exit status is the number of those that failed."""
    failed = 0
    for path in paths:
        print(f"== {path}")  # noqa: T201  a command's output
        try:
            play(Path(path), tell=print)
        except ScriptFailure as failure:
            failed += 1
            print(failure)  # noqa: T201  as above
    return failed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
