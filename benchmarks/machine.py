"""How fast this machine is at the moment, for the goals that are no ratios.

The machine that they are for takes 2.5 us for a frame with the yardstick of `benchmarks.eager`. Machines
differ, and are busy at times; what a microsecond or a frame a second is worth here, the yardstick tells.
"""

from __future__ import annotations

from statistics import median
from typing import Final

from benchmarks.frame_path import Eager

NOMINAL_NS: Final = 2500
LIVES: Final = 100


def slowness() -> float:
    """How many times longer the yardstick takes now: the middle of a few orders' lives."""
    eager = Eager()
    return median(eager.live_through(number) for number in range(LIVES)) / NOMINAL_NS
