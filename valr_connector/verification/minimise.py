"""Makes a schedule that violates an invariant as short as it gets, so that a person can read it.

First steps are left out, many at once and then one by one (delta debugging), then what the world was told to
be other than by default. What is left still violates the same invariant.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from msgspec import structs

from valr_connector.verification.run import simulate
from valr_connector.verification.schedule import Schedule

Part = TypeVar("Part")
Violates = Callable[[Schedule], bool]


def violates(*invariants: str) -> Violates:
    """Whether a run of a schedule violates one of these invariants."""

    def check(schedule: Schedule) -> bool:
        try:
            report = simulate(schedule)
        except ValueError:
            return False  # without that part, the others are no world
        return any(violation.invariant in invariants for violation in report.violations)

    return check


def minimise(schedule: Schedule, still_violates: Violates) -> Schedule:
    """The shortest schedule found that still does what this one does.

    Args:
        schedule: violates.
        still_violates: runs a schedule.
    """

    def with_steps(steps: Sequence[object]) -> Schedule:
        return structs.replace(schedule, steps=tuple(steps))

    kept = _fewest(schedule.steps, lambda steps: still_violates(with_steps(steps)))
    schedule = structs.replace(schedule, steps=tuple(kept))
    for group in ("venue", "settings"):
        schedule = _with_fewer(schedule, group, still_violates)
    return schedule


def _with_fewer(schedule: Schedule, group: str, still_violates: Violates) -> Schedule:
    def with_dials(dials: Sequence[tuple[str, object]]) -> Schedule:
        return structs.replace(schedule, **{group: dict(dials)})

    dials = [*getattr(schedule, group).items()]
    return with_dials(_fewest(dials, lambda some: still_violates(with_dials(some))))


def _fewest(parts: Sequence[Part], suffices: Callable[[Sequence[Part]], bool]) -> Sequence[Part]:
    """As few of the parts as still suffice, in their order: leaves out halves, quarters, and so on."""
    kept = list(parts)
    size = max(len(kept) // 2, 1)
    while kept:
        left_out = False
        for start in range(0, len(kept), size):
            fewer = kept[:start] + kept[start + size :]
            if len(fewer) < len(kept) and suffices(fewer):
                kept, left_out = fewer, True
                break
        if not left_out:
            if size == 1:
                break
            size = max(size // 2, 1)
    return kept
