"""Build sdist and wheel into dist/, and see that a stranger can use them.

The index's own checks run over both. The wheel goes into an empty environment, and the quickstart is run from
there, in a folder that has nothing to do with this one; then each extra goes into an environment of its own.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import tomllib
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
DIST = ROOT / "dist"
INDEX_CHECKS = "twine==7.0.0"
EXPECTED = ("the bid is OPEN", "the bid is CANCELLED", "bought ")


def environment(folder: Path, *requirements: str) -> Path:
    """The interpreter of a new environment with these installed."""
    venv.create(folder, with_pip=True)
    python = folder / "bin" / "python"
    subprocess.run(
        [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *requirements],
        check=True,
    )
    return python


def build() -> tuple[Path, Path]:
    """Sdist and wheel, made afresh."""
    shutil.rmtree(DIST, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "hatchling", "build", "-d", str(DIST)], cwd=ROOT, check=True)
    return next(DIST.glob("*.tar.gz")), next(DIST.glob("*.whl"))


def check_contents(wheel: Path) -> None:
    """The wheel is typed, and holds nothing but the package."""
    names = zipfile.ZipFile(wheel).namelist()
    strangers = [name for name in names if not name.startswith(("valr_connector/", "valr_connector-"))]
    if "valr_connector/py.typed" not in names or strangers:
        sys.exit(f"{wheel.name}: py.typed is missing, or these do not belong there: {strangers}")


def run_quickstart(python: Path, folder: Path) -> None:
    """The README's first program, run where there is no checkout."""
    program = folder / "quickstart.py"
    shutil.copy(ROOT / "examples" / "quickstart.py", program)
    done = subprocess.run(
        [str(python), "-W", "error", str(program)], cwd=folder, check=True, capture_output=True, text=True
    )
    sys.stdout.write(done.stdout)
    lines = done.stdout.splitlines()
    if len(lines) != len(EXPECTED) or not all(map(str.startswith, lines, EXPECTED)):
        sys.exit("the quickstart printed something else than it should")


def main() -> None:
    sdist, wheel = build()
    check_contents(wheel)
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        checker = environment(folder / "checks", INDEX_CHECKS)
        subprocess.run([str(checker), "-m", "twine", "check", "--strict", str(sdist), str(wheel)], check=True)
        run_quickstart(environment(folder / "plain", str(wheel)), folder)
        run_quickstart(environment(folder / "from-source", str(sdist)), folder)
        for extra in extras:
            python = environment(folder / extra, f"{wheel}[{extra}]")
            subprocess.run([str(python), "-c", "import valr_connector"], cwd=folder, check=True)
            sys.stdout.write(f"[{extra}] installs and imports\n")
        explain = [str(folder / "cli" / "bin" / "valr"), "explain", "VC13"]  # from a page within the wheel
        subprocess.run(explain, cwd=folder, check=True)
    sys.stdout.write(f"{sdist.name} and {wheel.name} are in order\n")


if __name__ == "__main__":
    main()
