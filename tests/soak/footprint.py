"""What this process holds, and whether it grows."""

from __future__ import annotations

import asyncio
import gc
import resource
import sys
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

_PAGES = Path("/proc/self/statm")
_DESCRIPTORS = Path("/dev/fd")


@dataclass(frozen=True, slots=True)
class Footprint:
    """One look.

    Attributes:
        at: how far the work was, in its own unit.
        tasks: of the running event loop.
        descriptors: open files and sockets.
        memory: bytes. Where `tracemalloc` runs, what Python objects hold; else what the process holds, or
            where the system does not say that, the most that it ever held.
    """

    at: float
    tasks: int
    descriptors: int
    memory: int

    def __str__(self) -> str:
        return f"{self.tasks} tasks, {self.descriptors} descriptors, {self.memory / 2**20:.2f} MiB"


def look(at: float) -> Footprint:
    """What is held once all rubbish has gone."""
    gc.collect()
    memory = tracemalloc.get_traced_memory()[0] if tracemalloc.is_tracing() else resident()
    return Footprint(at, len(asyncio.all_tasks()), len(tuple(_DESCRIPTORS.iterdir())), memory)


Progress = Callable[[Footprint], object]
"""Told each look as it is taken."""


def in_silence(_: Footprint) -> None:
    """Nobody wants to know."""


def resident() -> int:
    """Bytes of memory that the system has given to this process."""
    try:
        return int(_PAGES.read_text().split()[1]) * resource.getpagesize()
    except OSError:  # only Linux has the file
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024


def slope(points: Sequence[tuple[float, float]]) -> float:
    """The straight line that fits best: how much y grows for each x."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    return sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
