"""Write requirements.lock: the exact versions that a fresh environment resolves to today."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HEADER = "# Exact versions of everything the project needs. Made by `make lock`; reviewed, then committed.\n"


def wanted_requirements() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
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


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        pip = [str(Path(folder) / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
        subprocess.run([*pip, "install", "--quiet", *wanted_requirements()], check=True)
        frozen = subprocess.run([*pip, "freeze"], check=True, capture_output=True, text=True).stdout
    (ROOT / "requirements.lock").write_text(HEADER + frozen)
    sys.stdout.write(frozen)


if __name__ == "__main__":
    main()
