"""A second of the half minute that `python -m tests.soak.load` offers."""

from __future__ import annotations

from tests.soak.load import figures, run_load


async def test_at_its_limits_the_venue_counts_no_request_too_many() -> None:
    report = await run_load(400, 450, seconds=1.0)
    assert report.venue["rate_limited"] == 0, figures(report)
    assert report.placed + report.not_sent + report.unknown == 400
    assert report.cancelled + report.not_cancelled == 450
