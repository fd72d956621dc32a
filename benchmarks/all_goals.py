"""Every benchmark that tells a goal, one after the other, and the goals in one table at the end.

    python -m benchmarks.all_goals [--write] [MODULE ...]

The exit status is 1 where one is not as good as it must be, or a benchmark failed.
"""

from __future__ import annotations

import argparse
import json
import platform
import subprocess
import sys
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from importlib import metadata
from typing import Final

from benchmarks.goals import Result, figure, heard
from benchmarks.page import processor, write
from benchmarks.placing import PEERS

MODULES: Final = (
    "metrics_overhead",
    "recording_cost",
    "order_memory",
    "dashboard_picture",
    "frame_path",
    "many_orders",
    "longest_pause",
    "import_time",
    "placing --orders 2000",
    "round_trips --calls 150 --rounds 15",
    "tick_to_trade --calls 150 --rounds 15",
    "throughput --orders 1000",
    "limits",
    "book_diffs --diffs 100000",
)
PACKAGES: Final = ("msgspec", "orjson", "websockets", "picows", "uvloop")
GOALS: Final = 12
MUST_OF_PEERS: Final = {
    "Hummingbot's tracker": (30.0, 47.0),
    "ccxt pro": (10.0, 15.0),
    "nautilus_trader's engine": (1.6, 2.6),
}


def run(module: str) -> tuple[list[Result], bool]:
    """What a benchmark told, and whether it failed or missed something."""
    print(f"== {module}", flush=True)
    name, *arguments = module.split()
    command = [sys.executable, "-m", f"benchmarks.{name}", *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    print(done.stdout, end="", flush=True)
    told = [result for line in done.stdout.splitlines() if (result := heard(line)) is not None]
    return told, done.returncode != 0


def against_peers() -> Iterator[Result]:
    """P2, as `make bench-peers` measured it last: what all of them take in the same frames."""
    compared = json.loads(PEERS.read_text())["frames"]
    for name, (must, aim) in MUST_OF_PEERS.items():
        if name in compared:
            times = compared[name]["times_the_library"]
            yield Result(
                "P2", f"statuses and trades: faster than {name}", times, must, aim, "x", at_least=True
            )


def rows_of(results: Sequence[Result]) -> list[tuple[str, ...]]:
    """One row for each result, by goal, below the names of the columns."""
    rows: list[tuple[str, ...]] = [("goal", "what", "measured", "must", "aim", "")]
    for result in sorted(results, key=lambda each: (int(each.goal[1:]), each.what)):
        sign = ">=" if result.at_least else "<="
        verdict = "aim" if result.reaches_aim else "met" if result.is_met else "MISSED"
        measured = f"{figure(result.value)} {result.unit}".strip()
        rows.append(
            (result.goal, result.what, measured, f"{sign} {figure(result.must)}", figure(result.aim), verdict)
        )
    return rows


def table(rows: Sequence[Sequence[str]]) -> str:
    """For a terminal."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in rows)


def section(rows: Sequence[Sequence[str]]) -> str:
    """For the page."""
    versions = ", ".join(f"{name} {metadata.version(name)}" for name in PACKAGES)
    where = f"{processor()}; Python {platform.python_version()}, {versions}"
    head, *body = (f"| {' | '.join(row)} |" for row in rows)
    lines = [
        f"Measured on {datetime.now(UTC):%Y-%m-%d} by `make bench`: {where}.",
        "",
        head,
        "|---" * 6 + "|",
    ]
    return "\n".join([*lines, *body]) + "\n"


def main() -> int:
    """Run, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("modules", nargs="*", default=MODULES)
    parser.add_argument("--write", action="store_true", help="the table into docs/performance.md as well")
    options = parser.parse_args()
    if options.write and options.modules is not MODULES:
        parser.error("--write takes the place of the whole table: measure all of them")
    results = list(against_peers())
    failed: list[str] = []
    for module in options.modules:
        told, is_failed = run(module)
        results += told
        if is_failed:
            failed.append(module)
    rows = rows_of(results)
    print(f"\nPython {platform.python_version()}\n{table(rows)}\n")
    if options.write:
        write(f"goals on Python {sys.version_info.major}.{sys.version_info.minor}", section(rows))
    missed = sorted({result.goal for result in results if not result.is_met}, key=lambda goal: int(goal[1:]))
    unmeasured = [f"P{n}" for n in range(1, GOALS + 1) if all(each.goal != f"P{n}" for each in results)]
    print(f"missed: {', '.join(missed) or 'none'}; not measured here: {', '.join(unmeasured) or 'none'}")
    if failed:
        print(f"exit status 1: {', '.join(failed)}")
    return int(bool(missed or failed))


if __name__ == "__main__":
    raise SystemExit(main())
