"""S8: who waits for room in VALR's limits, and that nothing goes before a cancel."""

from __future__ import annotations

import pytest

from valr_connector.verification.room import Passage, competitions, s8_cancels_first
from valr_connector.verification.run import simulate
from valr_connector.verification.schedule_text import from_text

PLACE, CANCEL, READ = "POST /v2/orders/limit", "DELETE /v2/orders/order", "GET /v1/account/balances"


def passage(operation: str, asked: int, ended: int, *, has_passed: bool = True) -> Passage:
    return Passage(operation, asked, ended, has_passed)


WAITING_CANCEL = passage(CANCEL, 10, 20)


@pytest.mark.parametrize("operation", [PLACE, READ, "POST /v2/orders/stop/limit"])
@pytest.mark.parametrize("asked", [5, 15])
def test_s8_sees_what_took_the_room_that_a_cancel_waited_for(operation: str, asked: int) -> None:
    found = [*s8_cancels_first([passage(operation, asked, 15), WAITING_CANCEL])]
    assert [str(each) for each in found] == [f"S8: {operation} went before {CANCEL}, which had waited"]


def test_s8_sees_a_wrong_order_within_the_moment_in_which_both_were_let_through() -> None:
    placement = passage(PLACE, 5, 20)
    assert [*s8_cancels_first([placement, WAITING_CANCEL])]
    assert not [*s8_cancels_first([WAITING_CANCEL, placement])]


@pytest.mark.parametrize(
    "other",
    [
        passage(PLACE, 5, 10),
        passage(PLACE, 5, 15, has_passed=False),
        passage(CANCEL, 15, 15),
        passage("CANCEL_LIMIT_ORDER", 15, 15),
        passage("PLACE_LIMIT_ORDER", 15, 15),
        passage("POST /v1/batch/orders", 15, 15),
        passage(PLACE, 20, 20),
    ],
    ids=[
        "before it waited",
        "given up",
        "a cancel",
        "a cancel on the socket",
        "of another window",
        "a batch",
        "room at once",
    ],
)
def test_s8_has_nothing_against_what_took_nothing_from_a_cancel(other: Passage) -> None:
    assert not [*s8_cancels_first([other, WAITING_CANCEL])]


def test_a_cancel_competes_with_a_placement_that_waits_at_the_same_time_for_the_same() -> None:
    assert competitions([passage(PLACE, 5, 12), WAITING_CANCEL, passage(CANCEL, 11, 30)]) == 2
    assert not competitions([passage(PLACE, 5, 10), WAITING_CANCEL])
    assert not competitions([passage(PLACE, 15, 15), WAITING_CANCEL])
    assert not competitions([passage(READ, 5, 12), WAITING_CANCEL])


def test_in_a_full_minute_a_cancel_waits_with_a_placement_and_goes_first() -> None:
    report = simulate(
        from_text(
            """
            seed=1
            books=false
            settings.place_timeout_s=20
            settings.cancel_timeout_s=10
            0.1 place name=a side=BUY amount=0.01 price=990000
            50 spend requests=1200
            50 dial fate=refuse lasting=6
            50 cut
            52 place name=b side=BUY amount=0.01 price=990000
            53 cancel name=a
            """
        ),
        with_trace=True,
    )
    assert not report.violations
    assert report.rare["cancel that waited for room with a placement"] == 1
    left = [
        line.split(" > ")[1].split()[0]
        for line in report.trace.splitlines()
        if "/v2/orders" in line and " > " in line
    ]
    assert left == ["DELETE", "POST"]
