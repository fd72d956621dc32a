"""How soon an unknown outcome is known where nothing but VALR's own pace is waited for (L1)."""

from __future__ import annotations

import pytest

from valr_connector.verification.run import simulate
from valr_connector.verification.schedule_text import from_text

WORLD = """
    seed=7
    latency_s=0.01
    books=false
    settings.place_timeout_s=2.0
    settings.cancel_timeout_s=2.0
"""
LOST_WITH_ITS_CONNECTION = "0.1 frame way=out fate=cut-before seconds=0.0"
PLACING = "0.1 place name=o0 side=BUY amount=0.011 price=990000"

UNKNOWN = {
    "a frame that is lost with its connection is absent four seconds after it was sent": (
        [LOST_WITH_ITS_CONNECTION, PLACING],
        4.5,
    ),
    "a frame that is lost while its connection lives is absent three seconds after VALR answers a ping": (
        ["0.1 frame way=out fate=drop seconds=0.0", PLACING],
        3.5,
    ),
    "a connection that swallows a frame is found dead soon after the frame is overdue": (
        ["0.05 half-open", PLACING],
        5.0,
    ),
    "a request that is lost is absent five seconds after it was sent": (
        [
            "0.1 request fate=lose kind=POST_ seconds=0.0 status=500",
            "0.1 batch places=b0 side=BUY amount=0.011 price=990000",
        ],
        3.5,
    ),
    "a question that hangs does not hold up the one that proves something": (
        [
            LOST_WITH_ITS_CONNECTION,
            PLACING,
            "0.1 request fate=lose kind=GET_/v1/orders/BTCZAR seconds=0.0 status=500 count=2",
        ],
        4.5,
    ),
}


@pytest.mark.untraced
@pytest.mark.parametrize(("lines", "seconds"), UNKNOWN.values(), ids=UNKNOWN)
def test_an_unknown_placement_is_known_soon(lines: list[str], seconds: float) -> None:
    schedule = from_text("\n".join([WORLD, *lines]))
    report = simulate(schedule)
    assert not report.violations
    assert report.unknown_s
    assert max(report.unknown_s) <= seconds, report.unknown_s
