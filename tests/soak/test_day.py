"""A few seconds of the day that `python -m tests.soak.day` trades for."""

from __future__ import annotations

from tests.soak.day import WARM_UP_HOURS, Report, figures, run_day
from tests.soak.footprint import Footprint


def test_everything_that_others_filled_was_told_once() -> None:
    report = run_day(hours=0.004, at_most_s=60.0)
    assert not report.violations, figures(report)
    assert report.traded.count > 100
    assert report.placed > 500


def test_memory_that_grows_after_the_warm_up_is_a_violation() -> None:
    growing = [Footprint(hours, 1, 1, round(3 * hours * 2**20)) for hours in (WARM_UP_HOURS, 0.5, 1.0)]
    assert Report(looks=growing).violations == ["memory grows by 3.00 MiB per hour"]
    warming_up = [Footprint(0.0, 1, 1, 0), Footprint(WARM_UP_HOURS, 1, 1, 2**20), Footprint(1.0, 1, 1, 2**20)]
    assert not Report(looks=warming_up).violations


def test_a_fill_that_was_told_twice_is_a_violation() -> None:
    report = Report()
    for tally in (report.told, report.told, report.traded):
        tally.add("0a")
    report.traded.add("0b")
    assert report.violations == ["S3: 2 fills were told, 2 were made"]
