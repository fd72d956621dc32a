"""When the absence of an order is worth a question, and on what ground it is not."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.core.builders import NOW, new_order
from valr_connector.core.guards import SECOND, Ground, Guards
from valr_connector.core.order_record import OrderRecord
from valr_connector.model.enums import Placement
from valr_connector.model.order import CancelRequest

LATER = NOW + 60 * SECOND
GUARDS = Guards(min_age=5 * SECOND, min_quiet=2 * SECOND)


def settled(**fields: Any) -> OrderRecord:
    """An order that no guard protects."""
    return new_order(**{"placement": Placement.CONFIRMED, "sent_at": NOW, "epoch": 1, **fields})


def test_an_old_quiet_order_is_asked_about() -> None:
    assert GUARDS.why_not_ask(settled(), LATER, epoch=1) is None


@pytest.mark.parametrize(
    ("fields", "ground"),
    [
        ({"placement": Placement.UNSENT}, Ground.NOT_SENT),
        ({"epoch": 2}, Ground.OTHER_CONNECTION),
        ({"created_at": LATER - 5 * SECOND + 1}, Ground.TOO_YOUNG),
        ({"sent_at": LATER - 5 * SECOND + 1}, Ground.TOO_YOUNG),
        ({"last_heard": LATER - 2 * SECOND + 1}, Ground.HEARD_OF_LATELY),
        ({"cancel_request": CancelRequest(1, NOW)}, Ground.BEING_CANCELLED),
    ],
)
def test_each_guard_keeps_an_order_from_being_asked_about(fields: dict[str, Any], ground: Ground) -> None:
    assert GUARDS.why_not_ask(settled(**fields), LATER, epoch=1) is ground


@pytest.mark.parametrize(
    "fields",
    [
        {"epoch": 0},
        {"created_at": LATER - 5 * SECOND},
        {"sent_at": LATER - 5 * SECOND},
        {"last_heard": LATER - 2 * SECOND},
    ],
)
def test_a_guard_ends_exactly_when_its_time_is_up(fields: dict[str, Any]) -> None:
    assert GUARDS.why_not_ask(settled(**fields), LATER, epoch=1) is None


def test_an_order_is_five_seconds_old_and_two_seconds_quiet_before_it_is_asked_about() -> None:
    assert Guards() == GUARDS


def test_grounds_read_as_words() -> None:
    assert [ground.value for ground in Ground] == [
        "not sent yet",
        "too young",
        "heard of lately",
        "being cancelled",
        "submitted on a newer connection than the list",
    ]
