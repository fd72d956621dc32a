"""Build an environment with Hummingbot and this project in it, apart from the environment of everything else.

Hummingbot's own requirements contradict each other, so its wheel is built and installed alone, beside exact
versions of what it imports (requirements-hummingbot.lock). The wheel takes a minute or two to compile; it is
kept, for the next environment of the same Python, below $XDG_CACHE_HOME or ~/.cache.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import sysconfig
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
WANTED = ROOT / "requirements-hummingbot.in"
LOCK = ROOT / "requirements-hummingbot.lock"
HUMMINGBOT = "20260922"
HEADER = (
    "# Exact versions of everything that Hummingbot and its tests need here, Hummingbot apart.\n"
    "# Made by `python scripts/hummingbot_env.py --lock`; reviewed, then committed.\n"
)

WITHOUT_OPTIMISATIONS = {"WITHOUT_CYTHON_OPTIMIZATIONS": "1", "CFLAGS": "-O0 -g0"}
"""A test of behaviour needs no fast machine code, and compiling it takes several times as long."""


def pip(environment: Path, *arguments: str, **variables: str) -> str:
    """What one pip command of an environment prints."""
    python = environment / "bin" / "python"
    command = [str(python), "-m", "pip", "--disable-pip-version-check", *arguments]
    done = subprocess.run(
        command, check=True, stdout=subprocess.PIPE, text=True, env={**os.environ, **variables}
    )
    return done.stdout


def wheel_folder() -> Path:
    """Where the wheel for this interpreter is kept."""
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    platform = sysconfig.get_platform().replace("/", "-")
    return cache / "valr-connector" / f"hummingbot-{HUMMINGBOT}-{sys.implementation.cache_tag}-{platform}"


def hummingbot_wheel(environment: Path) -> Path:
    """The wheel, built in an environment unless an earlier run left it."""
    folder = wheel_folder()
    kept = sorted(folder.glob("*.whl"))
    if kept:
        return kept[0]
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        settings = Path(scratch) / "distutils.cfg"
        settings.write_text("[build_ext]\nparallel = 2\n")
        built = Path(scratch) / "wheel"
        pip(
            environment, "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", str(built),
            f"hummingbot=={HUMMINGBOT}", DIST_EXTRA_CONFIG=str(settings), **WITHOUT_OPTIMISATIONS,
        )  # fmt: skip
        folder.mkdir(exist_ok=True)
        (wheel,) = built.glob("*.whl")
        return wheel.rename(folder / wheel.name)  # in one step: a run that was stopped leaves none


def build(environment: Path) -> None:
    """Make the environment, or bring it up to date."""
    if not (environment / "bin" / "python").exists():
        venv.create(environment, with_pip=True)
    pip(environment, "install", "--quiet", "--no-deps", "-r", str(LOCK))
    pip(environment, "install", "--quiet", "--no-deps", str(hummingbot_wheel(environment)))
    pip(environment, "install", "--quiet", "--no-deps", "--no-build-isolation", "-e", str(ROOT))


def lock() -> None:
    """Write the lock file: what the wanted requirements resolve to today."""
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        venv.create(scratch, with_pip=True)
        pip(scratch, "install", "--quiet", "-r", str(WANTED))
        # what compiles is wanted exactly as well, and freeze leaves those out by default
        LOCK.write_text(HEADER + pip(scratch, "freeze", "--all", "--exclude", "pip"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--lock", action="store_true", help="only resolve the newest versions afresh")
    parser.add_argument(
        "--environment", type=Path, default=ROOT / ".venv-hummingbot", help="where to build it"
    )
    chosen = parser.parse_args()
    lock() if chosen.lock else build(chosen.environment)


if __name__ == "__main__":
    main()
