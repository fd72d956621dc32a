"""What it costs to ask the limiter while all windows are full: the next request leaves as soon as it may.

python -m benchmarks.limits [--requests 20000]
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
from time import perf_counter_ns
from typing import Final

from benchmarks.goals import Result, tell
from benchmarks.machine import slowness
from valr_connector.core.clock import ClockOffset
from valr_connector.core.rate_limits import MILLISECOND, SECOND
from valr_connector.net.limiter import Limiter, LimiterRegistry
from valr_connector.protocol.requests import Lane

MUST_US, AIM_US = 3.0, 1.0
KINDS: Final = (
    (Lane.PLACE, "PLACE_LIMIT_ORDER", SECOND // 200),
    (Lane.CANCEL, "POST /v2/orders/limit", SECOND // 10),
)
"""A command, which counts in a window of a second, and a call, in two of a minute; and how often they go."""


TURNS: Final = 10


class Clock:
    """Moves only when told."""

    def __init__(self) -> None:
        self.now = SECOND

    def __call__(self) -> int:
        return self.now


def filled(clock: Clock, limiter: Limiter, lane: Lane, operation: str) -> None:
    """Send until there is no room."""
    while limiter.try_acquire(lane, operation):
        clock.now += 1


async def measure(lane: Lane, operation: str, pause: int, requests: int) -> dict[str, list[float]]:
    """Microseconds of a question that was answered with yes, and with no, in each of ten turns.

    In terms of the machine that the goals are for.
    """
    clock = Clock()
    limiter = LimiterRegistry(clock=clock, wall_clock=clock).limiter(host="localhost", key="key")
    offset = ClockOffset()
    offset.add(clock.now, clock.now + MILLISECOND, clock.now + MILLISECOND // 2)
    limiter.align(offset)
    told: dict[str, list[float]] = {"given": [], "refused": []}
    for _ in range(TURNS):
        filled(clock, limiter, lane, operation)
        taken: dict[str, list[int]] = {"given": [], "refused": []}
        for _ in range(requests // TURNS):
            began = perf_counter_ns()
            is_free = limiter.try_acquire(lane, operation)
            taken["given" if is_free else "refused"].append(perf_counter_ns() - began)
            clock.now += pause
        slow = slowness()
        for answer, nanoseconds in taken.items():
            told[answer] += [statistics.median(nanoseconds) / 1e3 / slow] if nanoseconds else []
    return told


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--requests", type=int, default=20_000)
    requests = parser.parse_args().requests
    results: list[Result] = []
    for lane, operation, pause in KINDS:
        for answer, taken in asyncio.run(measure(lane, operation, pause, requests)).items():
            took = statistics.median(taken)
            results.append(Result("P12", f"limiter, room {answer}, {operation}", took, MUST_US, AIM_US, "us"))
    return tell(results)


if __name__ == "__main__":
    raise SystemExit(main())
