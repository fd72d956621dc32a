"""Run the comparison in each environment that holds peers, and write what came of it.

    python -m benchmarks.peers.report ENVIRONMENT ...

Each environment runs `benchmarks.peers.compare`, one after the other. `benchmarks/peers.json` keeps the
figures for `make bench`, and the tables of docs/performance.md are written anew.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from benchmarks.page import processor, write
from benchmarks.peers.contender import LIBRARY, YARDSTICK
from benchmarks.placing import PEERS

Figures = dict[str, dict[str, float]]

PARTS = ("lives", "frames", "placing")
"""Of what is measured in one run."""
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


def rows_of_lives(figures: Figures) -> Iterator[str]:
    """A table."""
    yield "| | µs a life | times the yardstick | times valr_connector | messages | µs a message |"
    yield "|---" * 6 + "|"
    for name, each in ranked(figures):
        yield (
            f"| {name} | {each['us']:,.0f} | {each['ratio']:.2f} | {each['times_the_library']:.2f}"
            f" | {each['messages']} | {each['us_a_message']:.1f} |"
        )


def rows(figures: Figures) -> Iterator[str]:
    """A table."""
    yield "| | µs | times the yardstick | times valr_connector |"
    yield "|---|---|---|---|"
    for name, each in ranked(figures):
        yield f"| {name} | {each['us']:.1f} | {each['ratio']:.2f} | {each['times_the_library']:.2f} |"


def ranked(figures: Figures) -> list[tuple[str, dict[str, float]]]:
    """The fastest first, without the yardstick."""
    contenders = [(name, each) for name, each in figures.items() if name != YARDSTICK]
    return sorted(contenders, key=lambda contender: contender[1]["ratio"])


def told(runs: list[dict[str, Any]], many: Figures) -> str:
    """The tables, with where and when."""
    versions = sorted({f"{name} {version}" for run in runs for name, version in run["versions"].items()})
    pythons = sorted({run["python"] for run in runs})
    where = f"{processor()}; Python {', '.join(pythons)}; {', '.join(versions)}"
    lines = [
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `make bench-peers`: {where}.",
        "",
        "All that is told of an order from its placement to its end, from the bytes to the callback:",
        "",
        *rows_of_lives(merged(runs, "lives")),
        "",
        "One of its statuses and trades, without all else:",
        "",
        *rows(merged(runs, "frames")),
        "",
        "The same while many other orders are live:",
        "",
        *rows_with_many(many),
        "",
        "Placing, from the call to the bytes at the socket:",
        "",
        *rows(merged(runs, "placing")),
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
    figures = {part: merged(runs, part) for part in PARTS} | {"frames_with_many": many}
    PEERS.write_text(json.dumps(figures, indent=1) + "\n")
    write("peers", told(runs, many))
    print(told(runs, many))


if __name__ == "__main__":
    main()
