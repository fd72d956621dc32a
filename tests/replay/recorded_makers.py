"""Record a maker through a minute of faults, again and again, and run each recording again.

    python -m tests.replay.recorded_makers [--runs 20] [--seconds 60] [--seed 1]

Each run is a minute of virtual time against the embedded exchange: a maker refreshes every second, frames and
replies get lost, connections break. A replay has to end in the very state that the session ended in.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from valr_connector.net.recording import read_recording
from valr_connector.net.replay import Replay
from valr_connector.verification.refresh_loop import run_refresh_loop


@dataclass(frozen=True)
class Outcome:
    """What came of one run."""

    seed: int
    orders: int
    faults: int
    lines: int
    is_same: bool


def record_and_replay(seed: int, seconds: int, directory: Path) -> Outcome:
    """One run; of a process that was killed, nobody knows the state that it ended in."""
    report = run_refresh_loop(seconds / 3600, seed, record=directory)
    lines = 0
    verdicts: list[bool] = []
    for life in sorted(directory.iterdir()):
        replay = Replay()
        for line in read_recording(life):
            replay.take(line)
            lines += 1
        if replay.recorded_digest is not None:
            verdicts.append(replay.digest == replay.recorded_digest)
    return Outcome(seed, report.orders, report.faults.total(), lines, bool(verdicts) and all(verdicts))


def run(runs: int, seconds: int, first: int, out: TextIO) -> Sequence[Outcome]:
    """All runs; a line for each."""
    outcomes: list[Outcome] = []
    for seed in range(first, first + runs):
        with tempfile.TemporaryDirectory() as directory:
            outcome = record_and_replay(seed, seconds, Path(directory))
        outcomes.append(outcome)
        verdict = "same state" if outcome.is_same else "ANOTHER STATE"
        counts = f"{outcome.orders} orders, {outcome.faults} faults, {outcome.lines} lines"
        print(f"seed {seed}: {counts}: {verdict}", file=out)
    same = sum(outcome.is_same for outcome in outcomes)
    print(f"{same} of {runs} replays ended in the recorded state", file=out)
    return outcomes


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seconds", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    outcomes = run(options.runs, options.seconds, options.seed, sys.stdout)
    return int(not all(outcome.is_same for outcome in outcomes))


if __name__ == "__main__":
    raise SystemExit(main())
