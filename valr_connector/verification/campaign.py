"""Many schedules, in several processes, and what they found together."""

from __future__ import annotations

import gc
import multiprocessing
import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from typing import Final

from valr_connector.verification.generate import Profile, generate
from valr_connector.verification.run import Report, simulate
from valr_connector.verification.secrecy import log_kept_within

_CHUNK: Final = 25
"""Seeds that a worker takes at a time: some seconds of work."""
_MOST_VIOLATIONS: Final = 100
"""So many are remembered with their words; beyond that they are only counted."""


@dataclass(frozen=True, slots=True)
class Plan:
    """Which schedules are run: `seeds` of them, from seed `first` on, in `workers` processes."""

    seeds: int
    first: int = 0
    workers: int = 1
    profile: Profile = Profile.HEAVY


@dataclass(slots=True)
class Tally:
    """What schedules found together.

    Attributes:
        schedules: how many ran.
        ambiguous: in how many the outcome of a placement or cancel was unknown at some time.
        violated: how many violations there were of each invariant.
        found: the seeds that violated something, with the words.
        faults, rare: how often each struck, or was taken.
        resolved: how many came to rest after so many seconds.
        unknown: how many outcomes stayed unknown for so many seconds after the last fault.
        seconds: of real time.
        cpu_seconds: of computing, all processes together.
    """

    schedules: int = 0
    ambiguous: int = 0
    violated: Counter[str] = field(default_factory=Counter)
    found: dict[int, list[str]] = field(default_factory=dict)
    faults: Counter[str] = field(default_factory=Counter)
    rare: Counter[str] = field(default_factory=Counter)
    resolved: Counter[float] = field(default_factory=Counter)
    unknown: Counter[float] = field(default_factory=Counter)
    seconds: float = 0.0
    cpu_seconds: float = 0.0

    def add(self, report: Report) -> None:
        """Count one schedule."""
        self.schedules += 1
        self.ambiguous += report.is_ambiguous
        self.faults.update(report.faults)
        self.rare.update(report.rare)
        if report.resolved_s is not None:
            self.resolved[round(report.resolved_s, 2)] += 1
        self.unknown.update(round(seconds, 2) for seconds in report.unknown_s)
        for violation in report.violations:
            self.violated[violation.invariant] += 1
            self._remember(report.seed, str(violation))

    def join(self, other: Tally) -> None:
        """Count what another process counted."""
        self.schedules += other.schedules
        self.ambiguous += other.ambiguous
        self.violated += other.violated
        self.faults += other.faults
        self.rare += other.rare
        self.resolved += other.resolved
        self.unknown += other.unknown
        self.cpu_seconds += other.cpu_seconds
        for seed, words in other.found.items():
            for each in words:
                self._remember(seed, each)

    def _remember(self, seed: int, words: str) -> None:
        if seed in self.found or len(self.found) < _MOST_VIOLATIONS:
            self.found.setdefault(seed, []).append(words)


def within(counts: Counter[float], share: float) -> float | None:
    """Seconds that this share of what was counted does not exceed; None where there is nothing."""
    total = counts.total()
    counted = 0
    for seconds in sorted(counts):
        counted += counts[seconds]
        if counted >= share * total:
            return seconds
    return None


def run_campaign(plan: Plan, progress: Callable[[Tally], None]) -> Tally:
    """Run all schedules of a plan.

    Args:
        progress: told again and again what was found so far.

    Raises:
        ChildProcessError: a worker died.
    """
    began = time.perf_counter()
    tally = Tally()
    for part in _parts(plan):
        tally.join(part)
        tally.seconds = time.perf_counter() - began
        progress(tally)
    return tally


def _parts(plan: Plan) -> Iterator[Tally]:
    chunks = [
        (first, min(_CHUNK, plan.first + plan.seeds - first), plan.profile)
        for first in range(plan.first, plan.first + plan.seeds, _CHUNK)
    ]
    if plan.workers == 1:
        yield from (run_chunk(*chunk) for chunk in chunks)
        return
    with _workers(plan.workers) as workers:
        with _ctrl_c_ignored():
            running = [workers.submit(run_chunk, *chunk) for chunk in chunks]
        try:
            for done in as_completed(running):
                yield done.result()
        except BrokenProcessPool:
            raise ChildProcessError("a worker died: it was killed, or memory is short") from None


@contextmanager
def _workers(count: int) -> Iterator[Executor]:
    """Fresh interpreters: a fork would take this process's threads and loops along."""
    context = multiprocessing.get_context("spawn")
    executor = ProcessPoolExecutor(count, mp_context=context, initializer=_live_with_parent)
    try:
        yield executor
    except KeyboardInterrupt:
        for worker in multiprocessing.active_children():
            worker.kill()
        raise
    finally:
        executor.shutdown(cancel_futures=True)


@contextmanager
def _ctrl_c_ignored() -> Iterator[None]:
    """What is begun within ignores it for good: a whole terminal hears it, and it is for the parent alone."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _live_with_parent() -> None:
    """A worker ends when its parent does."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        threading.Thread(target=_end_after, args=(parent,), daemon=True).start()


def _end_after(parent: BaseProcess) -> None:
    parent.join()
    os._exit(1)


def run_chunk(first: int, seeds: int, profile: Profile) -> Tally:
    """Some schedules, one after the other, in this process; their log is of no interest."""
    began = time.process_time()
    tally = Tally()
    with log_kept_within(), collecting_between() as collect:
        for seed in range(first, first + seeds):
            tally.add(simulate(generate(seed, profile)))
            collect()
    tally.cpu_seconds = time.process_time() - began
    return tally


@contextmanager
def collecting_between() -> Iterator[Callable[[], object]]:
    """Without the garbage collector, but for when it is called: a schedule is over before it is worth it.

    What was there before, the library itself, is not looked at again and again; where the caller has seen to
    that already, it stays so.
    """
    was_enabled, was_frozen = gc.isenabled(), gc.get_freeze_count() > 0
    if was_frozen:
        gc.collect()  # rubbish must not be kept with the rest
    gc.disable()
    gc.freeze()
    try:
        yield gc.collect
    finally:
        if not was_frozen:
            gc.unfreeze()
        if was_enabled:
            gc.enable()
