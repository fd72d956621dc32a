"""What a maker's way through a storm amounts to: figures, and what must not have happened."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from tests.chaos.recovery import Recovery, percentile
from tests.chaos.storm import Fault
from valr_connector import CancelUnknown, PlacementUnknown
from valr_connector.verification.invariants import Violation
from valr_connector.verification.story import OrderStory

SLOWEST = 2
"""So many ways back are told in full."""


@dataclass
class Report:
    """What happened.

    Attributes:
        faults: how often each struck.
        orders, fills: how many there were at the venue.
        most_open: the most orders that were open there at once.
        unknown: orders whose placement or cancel was unknown at some time, by what became of them.
        unknown_s: how long each was unknown, seconds.
        rest_failures: REST calls that got no answer.
        resolved_s: from the last fault until all agreed.
        closed_s: how long closing took.
        stories: of the orders that a violation names, as they are told here.
    """

    faults: Counter[Fault] = field(default_factory=Counter)
    recovery: Recovery = field(default_factory=Recovery)
    orders: int = 0
    fills: int = 0
    most_open: int = 0
    unknown: Counter[tuple[str, str]] = field(default_factory=Counter)
    unknown_s: list[float] = field(default_factory=list)
    rare: Counter[str] = field(default_factory=Counter)
    rest_failures: int = 0
    resolved_s: float = float("nan")
    closed_s: float = float("nan")
    seconds: float = 0.0
    violations: list[Violation] = field(default_factory=list)
    stories: list[str] = field(default_factory=list)


def unknown_s(story: OrderStory) -> Iterator[float]:
    """Seconds from each time-out to the next thing that was known."""
    since: int | None = None
    for told in story.told:
        if isinstance(told.event, PlacementUnknown | CancelUnknown):
            since = told.at if since is None else since
        elif since is not None:
            yield (told.at - since) / 1e9
            since = None


def figures(report: Report) -> str:
    """Everything that was measured, in a few lines."""
    lines = [
        f"{report.faults.total()} faults in {report.seconds:.0f} s: "
        + ", ".join(f"{count} {fault}" for fault, count in sorted(report.faults.items())),
        f"{report.orders} orders, {report.fills} fills, most {report.most_open} open at once at the venue",
        "from lost to live: " + spread(report.recovery.undisturbed_s),
        "the same, without what other programs held it up for: " + spread(report.recovery.own_s),
        "the same while further faults struck: " + spread(report.recovery.disturbed_s),
        f"{report.rest_failures} REST calls without an answer; "
        + (", ".join(f"{n} x {name}" for name, n in sorted(report.rare.items())) or "nothing rare"),
        "time-outs, by what became of the order: "
        + (
            ", ".join(f"{n} {what} {fate}" for (what, fate), n in sorted(report.unknown.items()) if n)
            or "none"
        ),
        "unknown until known: " + spread(report.unknown_s),
        f"all agreed {report.resolved_s:.2f} s after the last fault; closed in {report.closed_s:.2f} s",
        f"{len(report.violations)} violations",
    ]
    slowest = [f"slow way back: {way}" for way in report.recovery.slowest(SLOWEST)]
    return "\n".join([*lines, *map(str, report.violations), *report.stories, *slowest])


def spread(seconds: Sequence[float]) -> str:
    """How many there are, and how long they took."""
    if not seconds:
        return "never"
    p50, p99, most = (percentile(seconds, percent) for percent in (50, 99, 100))
    return f"{len(seconds)} times, p50 {p50:.3f} s, p99 {p99:.3f} s, at most {most:.3f} s"
