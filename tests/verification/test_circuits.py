"""L6: at rest each way whose circuit is not closed is tried, and has to be good again."""

from __future__ import annotations

from unittest.mock import patch

import pytest

from valr_connector.core.circuit_breaker import CircuitBreaker
from valr_connector.verification.run import Report, simulate
from valr_connector.verification.schedule_text import from_text

WORLD = "seed=1\nbooks=false\nsettings.circuit_failures=1\nsettings.place_timeout_s=0.5\n"
UNHEARD = {
    "socket orders": """
        0.1 frame way=out fate=drop kind=PLACE_LIMIT_ORDER
        0.1 place name=a side=BUY amount=0.01 price=990000
    """,
    "REST orders": """
        0.1 request fate=lose-answer kind=POST_/v2/orders/stop
        0.1 place name=a side=BUY amount=0.01 price=1001000 stop=1005000
    """,
}


def played(lines: str, dials: str = "") -> Report:
    return simulate(from_text(WORLD + dials + lines))


@pytest.mark.parametrize("path", UNHEARD)
def test_a_way_that_was_cut_is_tried_and_good_again(path: str) -> None:
    report = played(UNHEARD[path])
    assert not report.violations
    assert report.rare[f"circuit of {path} opened"] == report.rare[f"circuit of {path} closed again"] == 1


@pytest.mark.parametrize("path", UNHEARD)
@pytest.mark.parametrize("part", ["enter", "succeeded"])
def test_a_way_that_is_never_taken_again_or_never_proved_good_is_seen(path: str, part: str) -> None:
    with patch.object(CircuitBreaker, part, lambda *_: None):
        report = played(UNHEARD[path])
    assert [str(each) for each in report.violations] == [f"L6: the circuit of {path} is HALF_OPEN"]


def test_where_valr_is_always_slower_than_the_time_out_a_circuit_may_stay_open() -> None:
    report = played(UNHEARD["REST orders"], dials="venue.processing_latency_s=0.6\n")
    assert not report.violations
    assert report.rare["circuit of REST orders opened"] > 2
    assert not report.rare["circuit of REST orders closed again"]


def test_where_valr_executes_after_the_grace_no_way_is_tried() -> None:
    """Seed 60041132: each order that tried one was taken for lost, and lived."""
    report = simulate(
        from_text("""
        seed=60041132
        latency_s=0.2
        books=false
        venue.processing_latency_s=2.9
        venue.event_jitter_s=0.05
        venue.reply_jitter_s=0.3
        settings.place_timeout_s=0.5
        settings.circuit_failures=1
        settings.not_found_grace_s=1.0
        0.1 frame count=2 way=in fate=drop kind=PLACE_LIMIT_WS_RESPONSE
        0.1 place name=o0 side=BUY amount=0.01 price=986271 retry=if_proved_absent
        """)
    )
    assert not report.violations


def test_where_valr_can_answer_after_the_time_out_a_circuit_may_stay_open() -> None:
    """Seed 62002715: the stream told of each order in time, and the answers came too late."""
    report = simulate(
        from_text("""
        seed=62002715
        latency_s=0.05
        books=false
        venue.account_acks=false
        venue.processing_jitter_s=0.5
        venue.reply_latency_s=0.2
        venue.reply_jitter_s=0.3
        settings.reconcile_interval_s=8.0
        settings.place_timeout_s=0.5
        settings.circuit_failures=1
        0.26 cut code=1006
        0.4 place name=o1 side=BUY amount=0.01 price=1021000
        """)
    )
    assert not report.violations
    assert report.rare["circuit of REST orders opened"] > 2
