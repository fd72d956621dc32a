"""Run the comparison in each environment that holds peers, and write what came of it.

    python -m benchmarks.peers.report ENVIRONMENT ...

Each environment runs `benchmarks.peers.compare`, one after the other. `benchmarks/peers.json` keeps the
figures for `make bench`, and the tables of docs/performance.md are written anew.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.page import processor, write
from benchmarks.peers.compare import LIBRARY, YARDSTICK
from benchmarks.placing import PEERS

Figures = dict[str, dict[str, float]]


MANY = (10_000, 100_000)
"""Live orders."""
TURNS_WITH_MANY = 7


def compared(environment: Path, *options: object) -> dict[str, Any]:
    """What one environment measured."""
    python = str(environment / "bin" / "python")
    command = [python, "-m", "benchmarks.peers.compare", *map(str, options)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    figures: dict[str, Any] = json.loads(done.stdout)
    return figures


def merged(runs: list[dict[str, Any]], part: str) -> Figures:
    """The peers of all runs, each against the library of its own run."""
    figures: Figures = {}
    for run in runs:
        measured = run.get(part, {})
        for name, each in measured.items():
            times = each["ratio"] / measured[LIBRARY]["ratio"]
            figures.setdefault(name, each | {"times_the_library": round(times, 2)})
    return figures


def with_many(environment: Path, contenders: Iterable[str]) -> Figures:
    """What a frame costs each contender of an environment with so many live orders, over the yardstick."""
    figures: Figures = {}
    for name in contenders:
        for live in MANY:
            told = compared(environment, "--only", name, "--live", live, "--turns", TURNS_WITH_MANY)
            figures.setdefault(name, {})[f"{live:,}"] = told[name]["ratio"]
    return figures


def rows_with_many(figures: Figures) -> Iterator[str]:
    """A table."""
    yield f"| times the yardstick | {' | '.join(f'{live:,} live' for live in MANY)} |"
    yield "|---" * (len(MANY) + 1) + "|"
    for name, each in sorted(figures.items(), key=lambda item: max(item[1].values())):
        yield f"| {name} | {' | '.join(f'{ratio:,.1f}' for ratio in each.values())} |"


def rows(figures: Mapping[str, Mapping[str, float]]) -> Iterator[str]:
    """A table."""
    yield "| | µs | times the yardstick | times valr_connector |"
    yield "|---|---|---|---|"
    for name in sorted(figures, key=lambda each: figures[each]["ratio"]):
        each = figures[name]
        yield f"| {name} | {each['us']:.1f} | {each['ratio']:.2f} | {each['times_the_library']:.2f} |"


def told(runs: list[dict[str, Any]], many: Figures) -> str:
    """The tables, with where and when."""
    versions = sorted({f"{name} {version}" for run in runs for name, version in run["versions"].items()})
    pythons = sorted({run["python"] for run in runs})
    frames = {name: each for name, each in merged(runs, "frames").items() if name != YARDSTICK}
    where = f"{processor()}; Python {', '.join(pythons)}; {', '.join(versions)}"
    lines = [
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `make bench-peers`: {where}.",
        "",
        "A frame of an order's life, from its bytes to the callback:",
        "",
        *rows(frames),
        "",
        "The same while many other orders are live:",
        "",
        *rows_with_many(many),
        "",
        "Placing, from the call to the bytes at the socket:",
        "",
        *rows({name: each for name, each in merged(runs, "placing").items() if name != YARDSTICK}),
    ]
    return "\n".join(lines) + "\n"


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("environments", type=Path, nargs="+")
    parser.add_argument("--turns", type=int, default=40)
    options = parser.parse_args()
    runs: list[dict[str, Any]] = []
    many: Figures = {}
    for environment in options.environments:
        run = compared(environment, "--turns", options.turns)
        new = set(run["frames"]) - {YARDSTICK} - many.keys()
        many |= with_many(environment, sorted(new))
        runs.append(run)
    figures = {part: merged(runs, part) for part in ("frames", "placing")} | {"frames_with_many": many}
    PEERS.write_text(json.dumps(figures, indent=1) + "\n")
    write("peers", told(runs, many))
    print(told(runs, many))


if __name__ == "__main__":
    main()
