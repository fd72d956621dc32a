"""Write the locks of tests, docs and notebook: what fresh environments resolve to today."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
HEADER = "# Exact versions of everything the project needs. Made by `make lock`; reviewed, then committed.\n"


def wanted_requirements(project: dict[str, Any]) -> list[str]:
    extras = project["project"]["optional-dependencies"]
    dev = [r for r in project["dependency-groups"]["dev"] if not r.startswith("valr-connector")]
    return [
        *project["build-system"]["requires"],
        "editables",  # hatchling builds the editable install with it
        *project["project"]["dependencies"],
        *extras["cli"],
        *extras["prometheus"],
        *extras["record"],
        *extras["otel"],
        *extras["fast"],
        *dev,
    ]


def write_lock(name: str, wanted: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        pip = [str(Path(folder) / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--quiet", *wanted], check=True)
        frozen = subprocess.run([*pip, "freeze"], check=True, capture_output=True, text=True).stdout
    (ROOT / name).write_text(HEADER + frozen)
    sys.stdout.write(frozen)


def main() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    write_lock("requirements.lock", wanted_requirements(project))
    groups = project["dependency-groups"]
    write_lock("requirements-docs.lock", groups["docs"])
    library = [*project["project"]["dependencies"], *project["project"]["optional-dependencies"]["record"]]
    own = [each for each in groups["notebook"] if not each.startswith("valr-connector")]
    write_lock("requirements-notebook.lock", [*library, *own])


if __name__ == "__main__":
    main()
