"""What this process holds, and whether it grows."""

from __future__ import annotations

import asyncio
import gc
import os
import resource
import sys
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import valr_connector

_PAGES = Path("/proc/self/statm")
_DESCRIPTORS = Path("/dev/fd")
_LIBRARY = str(Path(valr_connector.__file__).parent)
_NOT_THE_LIBRARY = tuple(f"{_LIBRARY}{os.sep}{part}{os.sep}" for part in ("simulator", "verification"))


@dataclass(frozen=True, slots=True)
class Footprint:
    """One look.

    Attributes:
        at: how far the work was, in its own unit.
        tasks: of the running event loop.
        descriptors: open files and sockets.
        memory: bytes. Where `tracemalloc` runs, what Python objects hold; else what the process holds, or
            where the system does not say that, the most that it ever held.
        library: bytes of Python objects that the library's own lines have made; 0 without `tracemalloc`.
    """

    at: float
    tasks: int
    descriptors: int
    memory: int
    library: int = 0

    def __str__(self) -> str:
        seen = f"{self.tasks} tasks, {self.descriptors} descriptors, {self.memory / 2**20:.2f} MiB"
        return f"{seen}, {self.library / 2**20:.2f} of them the library's" if self.library else seen


def look(at: float) -> Footprint:
    """What is held once all rubbish has gone."""
    gc.collect()
    is_exact = tracemalloc.is_tracing()
    memory = tracemalloc.get_traced_memory()[0] if is_exact else resident()
    library = _made_by_the_library() if is_exact else 0
    return Footprint(at, len(asyncio.all_tasks()), len(tuple(_DESCRIPTORS.iterdir())), memory, library)


Progress = Callable[[Footprint], object]
"""Told each look as it is taken."""


def in_silence(_: Footprint) -> None:
    """Nobody wants to know."""


def _made_by_the_library() -> int:
    files = tracemalloc.take_snapshot().statistics("filename")  # a filter would look at every object's name
    return sum(file.size for file in files if _is_the_library(file.traceback[0].filename))


def _is_the_library(filename: str) -> bool:
    return filename.startswith(_LIBRARY + os.sep) and not filename.startswith(_NOT_THE_LIBRARY)


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
