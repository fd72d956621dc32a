"""`valr simulate`: the whole connector against the embedded exchange, under virtual time and faults."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Final, TextIO

from valr_connector.cli.stop_signals import ended_by_signals
from valr_connector.verification.campaign import Plan, Tally, run_campaign, within
from valr_connector.verification.generate import Profile, generate
from valr_connector.verification.minimise import minimise, violates
from valr_connector.verification.rare_paths import RARE_PATHS
from valr_connector.verification.refresh_loop import RefreshReport, run_refresh_loop
from valr_connector.verification.run import simulate
from valr_connector.verification.schedule import Schedule
from valr_connector.verification.schedule_text import to_text
from valr_connector.verification.secrecy import log_kept_within

INVARIANTS: Final = (
    *("S1", "S2", "S3", "S4", "S5", "S6", "S7", "S8", "S9", "S10", "S11", "S12"),
    *("L1", "L2", "L3", "L4", "L5", "L6", "crash", "hang"),
)
_MOST_MINIMISED: Final = 3


def run_seeds(plan: Plan, out: TextIO, progress: TextIO) -> bool:
    """Run a campaign, tell what it found on `out` and how far it is on `progress`; whether all held."""
    shown: set[int] = set()

    def show(tally: Tally) -> None:
        found = len(tally.found)
        for seed in sorted(tally.found.keys() - shown):  # a long campaign need not be over to be looked into
            progress.write(f"\rseed {seed}: {'; '.join(tally.found[seed])}\n")
        shown.update(tally.found)
        rate = _rate(tally, tally.seconds)
        done = f"{tally.schedules}/{plan.seeds} schedules, {rate:.0f} per second"
        progress.write(f"\r{done}, {found} with violations ")
        progress.flush()

    with nullcontext() if plan.workers > 1 else ended_by_signals():  # workers have to be ended before
        tally = run_campaign(plan, show)
    progress.write("\n")
    out.writelines(f"{line}\n" for line in summary(plan, tally))
    for seed in sorted(tally.found)[:_MOST_MINIMISED]:
        out.writelines(f"{line}\n" for line in _explanation(seed, plan.profile, tally.found[seed]))
    return not tally.found


def run_one(seed: int, profile: Profile, out: TextIO, *, with_trace: bool) -> bool:
    """Run one seed and tell what happened; whether all held."""
    schedule = generate(seed, profile)
    with ended_by_signals(), log_kept_within():
        report = simulate(schedule, with_trace=with_trace)
    out.write(to_text(schedule))
    out.write(report.trace)
    out.writelines(f"violated {violation}\n" for violation in report.violations)
    out.writelines(_counts("faults", report.faults))
    out.writelines(_counts("rare paths", report.rare))
    return not report.violations


def run_refreshes(hours: float, seed: int, out: TextIO, progress: TextIO) -> bool:
    """Run a maker for so many virtual hours, tell what it came to on `out`; whether all held."""

    def show(report: RefreshReport) -> None:
        progress.write(f"\r{report.hours:g} of {hours:g} hours, {len(report.violations)} violations ")
        progress.flush()

    with ended_by_signals():
        report = run_refresh_loop(hours, seed, show)
    progress.write("\n")
    out.write(
        f"{report.refreshes} refreshes in {hours:g} virtual hours, seed {seed}: {report.orders} orders, "
        f"at most {report.most_open} open, {report.faults.total()} faults\n"
    )
    out.writelines(f"violated {violation}\n" for violation in report.violations)
    out.writelines(_counts("faults", report.faults))
    out.writelines(_counts("rare paths", report.rare))
    return not report.violations


def summary(plan: Plan, tally: Tally) -> Iterator[str]:
    """What a campaign found, line by line."""
    last = plan.first + plan.seeds - 1
    yield (
        f"{tally.schedules} schedules, seeds {plan.first} to {last}, faults {plan.profile}: "
        f"{_rate(tally, tally.seconds):.1f} per second, "
        f"{_rate(tally, tally.cpu_seconds):.1f} per second of one core"
    )
    share = tally.ambiguous / tally.schedules if tally.schedules else 0.0
    yield f"{share:.1%} with a placement or cancel of unknown outcome"
    half, nearly_all, every = (within(tally.resolved, share) for share in (0.5, 0.99, 1.0))
    yield f"at rest after the last fault: {half} s (median), {nearly_all} s (99 %), {every} s (all)"
    nearly_all, every = (within(tally.unknown, share) for share in (0.99, 1.0))
    outcomes = f"{tally.unknown.total()} outcomes unknown after the last fault"
    yield f"{outcomes}: known within {nearly_all} s (99 %), {every} s (all), beside VALR's limits"
    yield "violations: " + ", ".join(f"{name} {tally.violated[name]}" for name in INVARIANTS)
    yield from (line.rstrip() for line in _counts("faults", tally.faults))
    rare = Counter(dict.fromkeys(RARE_PATHS, 0))
    rare.update(tally.rare)
    yield from (line.rstrip() for line in _counts("rare paths", rare))


def _rate(tally: Tally, seconds: float) -> float:
    return tally.schedules / seconds if seconds else 0.0


def _explanation(seed: int, profile: Profile, words: list[str]) -> Iterator[str]:
    yield f"seed {seed}:"
    yield from (f"  {each}" for each in words)
    yield "shortest schedule found that violates the same:"
    yield from (f"  {line}" for line in to_text(_shortest(seed, profile, words)).splitlines())


def _shortest(seed: int, profile: Profile, words: list[str]) -> Schedule:
    with ended_by_signals(), log_kept_within():
        return minimise(generate(seed, profile), violates(words[0].partition(":")[0]))


def _counts(title: str, counts: Counter[str]) -> Iterator[str]:
    yield f"{title}:\n"
    yield from (f"  {count:>8} {name}\n" for name, count in sorted(counts.items()))
