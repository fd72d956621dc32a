"""A maker that refreshes every second never has more than its two quotes at the venue."""

from __future__ import annotations

from tests.verification.days_seeds import first_seed
from valr_connector.verification.refresh_loop import RefreshReport, run_refresh_loop

AGAIN = "valr simulate --refresh-loop --hours 0.05 --seed"


def test_a_few_minutes_of_refreshing_through_faults_accumulate_nothing() -> None:
    told: list[RefreshReport] = []
    report = run_refresh_loop(0.05, seed := first_seed(), told.append)
    assert report.violations == [], f"{AGAIN} {seed}"
    assert report.refreshes == 180
    assert report.orders > 180
    assert 1 <= report.most_open <= 3, "two quotes, and one that was on its way"
    assert report.faults.total() > 0
    assert not told, "there was no full hour"
