"""Every frame script under this folder holds; `runner.play` says how they are written."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scripts.runner.play import play

FOLDER = Path(__file__).parent
SCRIPTS = sorted(FOLDER.glob("*/*.script"))


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_the_library_does_as_the_script_says(path: Path) -> None:
    play(path)
