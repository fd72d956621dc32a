"""Whether the hot paths are as fast as they were: their ratios to a yardstick against those that are kept.

    python -m benchmarks.gate [--accept]

A few seconds of turns: the library and the yardstick of the same work, one after the other. Each one's best
turns count, for what else a machine does only ever adds. `benchmarks/reference.json` keeps the ratios that
were accepted; what is worse by more than the tolerance fails. A ratio that became better is accepted with
`--accept`, so that it is not lost again.
"""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.book_diffs import HandMadeBook, LibraryBook
from benchmarks.book_diffs import measure as measure_books
from benchmarks.frame_path import Eager
from benchmarks.metrics_overhead import Account
from benchmarks.placing import measure as measure_placing

REFERENCE: Final = Path(__file__).parent / "reference.json"
TOLERANCE: Final = 1.3
"""Between machines, versions of Python and a busy hour; what is lost at once is usually more."""
LIVES, PLACINGS, DIFFS, BEST_OF = 600, 400, 40_000, 10


def best(taken: Sequence[float]) -> float:
    """What it takes when nothing disturbs: the middle of the best tenth."""
    return sorted(taken)[len(taken) // (2 * BEST_OF)]


def frame_path() -> float:
    """`benchmarks.frame_path`."""
    library, eager = Account(with_metrics=True), Eager()
    taken = [(library.live_through(number), eager.live_through(number)) for number in range(LIVES)]
    ours, theirs = zip(*taken, strict=True)
    return best(ours) / best(theirs)


def placing() -> float:
    """`benchmarks.placing`."""
    plain, _, least = asyncio.run(measure_placing(PLACINGS))
    return best(plain) / best(least)


def books() -> float:
    """`benchmarks.book_diffs`."""
    spent = measure_books([LibraryBook(), HandMadeBook()], DIFFS, levels=200, seed=1)
    return best(spent[LibraryBook.name]) / best(spent[HandMadeBook.name])


MEASURES: Final = {"frame path": frame_path, "placing": placing, "book diffs": books}


def main() -> int:
    """Compare, or accept; the exit status: 1 if something is slower than it may be."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--accept", action="store_true", help="keep what is measured now")
    is_accepted = parser.parse_args().accept
    ratios = {name: round(measure(), 2) for name, measure in MEASURES.items()}
    if is_accepted:
        REFERENCE.write_text(json.dumps(ratios, indent=1) + "\n")
    reference = json.loads(REFERENCE.read_text())
    slower = [name for name, ratio in ratios.items() if ratio > reference[name] * TOLERANCE]
    for name, ratio in ratios.items():
        verdict = "SLOWER" if name in slower else ""
        print(f"{name}: {ratio} x yardstick, at most {reference[name] * TOLERANCE:.2f}", verdict)
    return int(bool(slower))


if __name__ == "__main__":
    raise SystemExit(main())
