"""How long Python's garbage collector holds everything up, as it is and within `calm_collector`.

    python -m benchmarks.collector [--frames 600000] [--write]

Orders are placed, executed and replaced by new ones beside those that rest, as in `benchmarks.longest_pause`,
in a program that holds 100,000 lists of its own, and keeps one more with every other frame. Each collection
is timed by the processor time of this thread: those that came by themselves, at the end one of everything.
"""

from __future__ import annotations

import argparse
import gc
import platform
import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from datetime import UTC, datetime
from time import thread_time_ns
from typing import Any, Final

from benchmarks.longest_pause import traffic
from benchmarks.many_orders import FEW, MANY, Desk
from benchmarks.page import processor, write
from valr_connector import calm_collector

OWN_LISTS: Final = 100_000
_NS_PER_MS: Final = 1e6
_HEAD: Final = ("live orders", "collector", "collections", "longest, ms", "in all, ms", "of everything, ms")


@contextmanager
def noted() -> Iterator[list[int]]:
    """The nanoseconds of every collection meanwhile."""
    pauses: list[int] = []
    began = 0

    def note(phase: str, _info: dict[str, Any]) -> None:
        nonlocal began
        if phase == "start":
            began = thread_time_ns()
        else:
            pauses.append(thread_time_ns() - began)

    gc.callbacks.append(note)
    try:
        yield pauses
    finally:
        gc.callbacks.remove(note)


def live_on(desk: Desk, frames: int, own: list[list[int]]) -> None:
    """Have a desk told so many frames; the program keeps something of every other one."""
    for number, raw in enumerate(traffic(desk, frames)):
        desk.account.read(raw)
        if number % 2:
            own.append([number])


def row(desk: Desk, name: str, collector: AbstractContextManager[None], frames: int) -> tuple[str, ...]:
    """What the collector does while a desk is told so many frames, and what a look at everything takes."""
    own = [[number] for number in range(OWN_LISTS)]
    with collector, noted() as pauses:
        live_on(desk, frames, own)
        by_itself = tuple(pauses)
        gc.collect()
    figures = (max(by_itself, default=0), sum(by_itself), pauses[-1])
    return (f"{desk.orders:,}", name, str(len(by_itself)), *(f"{ns / _NS_PER_MS:.2f}" for ns in figures))


def main() -> None:
    """Measure, and print the table."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--frames", type=int, default=600_000, help="with each collector")
    parser.add_argument("--write", action="store_true", help="the table into docs/performance.md as well")
    options = parser.parse_args()
    rows = [_HEAD, ("---",) * len(_HEAD)]
    for orders in (FEW, MANY):
        desk = Desk(orders)
        live_on(desk, options.frames // 10, [])  # until as many orders that ended are kept as ever will be
        rows.append(row(desk, "as it is", nullcontext(), options.frames))
        rows.append(row(desk, "calm", calm_collector(), options.frames))
    table = "\n".join(f"| {' | '.join(each)} |" for each in rows)
    where = f"{processor()}; Python {platform.python_version()}, {options.frames:,} frames with each"
    print(f"{where}\n\n{table}")
    if options.write:
        on = f"{sys.version_info.major}.{sys.version_info.minor}"
        told = f"Measured on {datetime.now(UTC):%Y-%m-%d} by `python -m benchmarks.collector`: {where}."
        write(f"collector on Python {on}", f"{told}\n\n{table}\n")


if __name__ == "__main__":
    main()
