"""Each fault by itself, at the default settings: what the library notices of it, and how soon it is over.

    python -m tests.chaos.one_by_one --times 5

Every fault strikes all connections, with 50 open orders and a maker that refreshes ten times a second. Only
`stable_connection_s` is shorter than it is by default, so that every fault is the first one after a good
time. Exit status 1 if an invariant did not hold.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import io
import logging
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.chaos.chaos import Chaos, run_chaos
from tests.chaos.report import figures, spread
from tests.chaos.storm import EVERYTHING, Fault
from valr_connector import ConnectionChanged, ReadinessChanged, Settings, ValrExchange
from valr_connector.model.enums import SessionState, Socket

SETTINGS = Settings(stable_connection_s=1.0)
LASTS_S = 1.0
"""Of faults that last."""
SILENT = (Fault.HALF_OPEN, Fault.DEAF)


@dataclass(slots=True)
class Seen:
    """What one kind of fault did, in seconds.

    Attributes:
        doubted_s: from the strike until the account socket was known to be doubtful.
        lost_s: from the strike until it was known to be lost.
        ready_s: from the end of the fault, or from the loss where that came later, until all was ready again.
    """

    times: int = 0
    doubted_s: list[float] = field(default_factory=list)
    lost_s: list[float] = field(default_factory=list)
    ready_s: list[float] = field(default_factory=list)

    def __str__(self) -> str:
        parts = [
            ("doubted after", self.doubted_s),
            ("lost after", self.lost_s),
            ("ready again", self.ready_s),
        ]
        words = [f"{name} {spread(seconds)}" for name, seconds in parts if seconds]
        return f"struck {self.times} times; " + ("; ".join(words) or "not noticed")


class Observer:
    """Notes when the account socket changes for the worse."""

    def __init__(self, valr: ValrExchange) -> None:
        self._struck_at = 0.0
        self._ready_at = 0.0
        self._first: dict[SessionState, float] = {}
        valr.on(ConnectionChanged, self._hear)
        valr.on(ReadinessChanged, self._hear_of_readiness)

    def struck(self) -> None:
        """A fault strikes now."""
        self._struck_at = time.monotonic()
        self._first.clear()

    def add_to(self, seen: Seen, over_at: float) -> None:
        """All is well again; the fault was over at that time."""
        seen.times += 1
        lost_at = self._first.get(SessionState.IDLE)
        if SessionState.STALE in self._first:
            seen.doubted_s.append(self._first[SessionState.STALE] - self._struck_at)
        if lost_at is not None:
            seen.lost_s.append(lost_at - self._struck_at)
            seen.ready_s.append(max(0.0, self._ready_at - max(lost_at, over_at)))

    def _hear(self, event: ConnectionChanged) -> None:
        if event.socket is Socket.ACCOUNT:
            self._first.setdefault(event.after, time.monotonic())

    def _hear_of_readiness(self, event: ReadinessChanged) -> None:
        if event.ready:
            self._ready_at = time.monotonic()


async def observe(chaos: Chaos, faults: Sequence[Fault], times: int, seen: dict[Fault, Seen]) -> None:
    """Each of these faults so often; those that take a whole silence to be noticed, once."""
    observer = Observer(chaos.valr)
    for fault in faults:
        for _ in range(1 if fault in SILENT else times):
            await asyncio.sleep(SETTINGS.stable_connection_s * 2)
            observer.struck()
            await chaos.storm.strike(fault, EVERYTHING, LASTS_S)
            over_at = time.monotonic()
            await chaos.calm()
            observer.add_to(seen.setdefault(fault, Seen()), over_at)
            chaos.storm.proxy.bury_orphans()


def main() -> None:
    """The command line."""
    options = argparse.ArgumentParser(description="Let each fault strike by itself.")
    options.add_argument("--times", type=int, default=5)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--faults", nargs="*", type=Fault, default=list(Fault))
    chosen = options.parse_args()
    logging.disable(logging.ERROR)
    seen: dict[Fault, Seen] = {}
    with contextlib.redirect_stdout(io.StringIO()):  # the maker says which quotes may have survived
        report = asyncio.run(
            run_chaos(lambda chaos: observe(chaos, chosen.faults, chosen.times, seen), chosen.seed, SETTINGS)
        )
    for fault, each in seen.items():
        sys.stdout.write(f"{fault}: {each}\n")
    sys.stdout.write(figures(report) + "\n")
    sys.exit(bool(report.violations))


if __name__ == "__main__":
    main()
