"""A second of what `python -m tests.soak.load` offers for half a minute, well within VALR's limits."""

from __future__ import annotations

from tests.soak.load import figures, run_load


async def test_nothing_is_refused_and_everything_has_an_outcome() -> None:
    report = await run_load(100, 120, seconds=1.0)
    assert report.venue["rate_limited"] == 0, figures(report)
    assert report.placed == 100, figures(report)
    assert report.cancelled == 120, figures(report)
    assert report.venue["commands"]["CANCEL_LIMIT_ORDER"] == 120
