"""S12 finds what a process that took over an order journal does not know, or tells again."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from tests.unit.verification.stories import (
    AT,
    CANCELLED,
    FILLED,
    OPEN,
    D,
    cancelled,
    created,
    filled,
    names,
    order,
    story,
    there,
)
from valr_connector.core.order_record import OrderRecord
from valr_connector.model.enums import OrderStatus
from valr_connector.model.events import OrderAdopted, Restored
from valr_connector.simulator.vocabulary import State
from valr_connector.verification import invariants as i
from valr_connector.verification.life import Life
from valr_connector.verification.story import OrderStory
from valr_connector.verification.succession import s12_nothing_lost_or_doubled

OPEN_THERE = i.truth_of([there(State.PLACED)], [])


def life(*stories: OrderStory) -> Life:
    """As much of a life as is looked at."""
    return cast("Life", SimpleNamespace(stories=lambda: stories))


def taken_over(
    record: OrderRecord, *told: Any, status: OrderStatus = OPEN, executed: str = "0", known: str = ""
) -> OrderStory:
    """An order in the process that took it over."""
    restored = (1, Restored(record, AT, status, D(executed)), status, executed)
    found = story(record, restored, *told)
    found.known_before = frozenset(known.split())
    return found


def found(before: OrderStory, *after: OrderStory, truth: i.Truth = OPEN_THERE) -> list[str]:
    return names(s12_nothing_lost_or_doubled(life(before), life(*after), truth))


def test_what_is_handed_down_whole_passes() -> None:
    record = order(OPEN)
    before = story(record, (1, created(record), OPEN, "0"), (2, filled(record), OPEN, "0.004"))
    assert found(before, taken_over(record, executed="0.004", known="t")) == []


def test_an_order_that_may_be_live_has_to_be_known() -> None:
    record = order(OPEN)
    assert found(story(record)) == ["S12"]
    assert found(story(record), truth=i.truth_of([], [])) == []
    ended = order(CANCELLED)
    assert found(story(ended, (1, cancelled(ended), CANCELLED, "0"))) == []


def test_it_has_to_be_told_as_restored() -> None:
    record = order(OPEN)
    assert found(story(record), story(record)) == ["S12"]


def test_what_was_adopted_when_the_process_died_may_be_adopted_again_unless_that_was_told() -> None:
    record = order(OPEN)
    adopted = story(record, (1, OrderAdopted(record, AT, OPEN, D("0")), OPEN, "0"))
    assert found(story(record), adopted) == []
    assert found(adopted, adopted) == ["S12"]


def test_a_fill_that_was_told_is_not_forgotten_and_not_told_again() -> None:
    record = order(OPEN)
    before = story(record, (1, created(record), OPEN, "0"), (2, filled(record), OPEN, "0.004"))
    assert found(before, taken_over(record, executed="0.004")) == ["S12"]
    again = taken_over(record, (3, filled(record), OPEN, "0.004"), executed="0.004", known="t")
    assert found(before, again) == ["S3"]


def test_executed_does_not_fall_and_an_end_stays_the_end() -> None:
    record = order(OPEN)
    assert found(story(record, (1, created(record), OPEN, "0.004")), taken_over(record)) == ["S12"]
    ended = order(CANCELLED)
    before = story(ended, (1, created(ended), OPEN, "0"), (2, cancelled(ended), CANCELLED, "0"))
    assert found(before, taken_over(ended, status=CANCELLED)) == []
    assert found(before, taken_over(ended, status=FILLED)) == ["S12"]


def test_creation_and_end_are_told_once_by_all_processes_together() -> None:
    record = order(CANCELLED)
    before = story(record, (1, created(record), OPEN, "0"))
    after = taken_over(record, (2, created(record), OPEN, "0"), (3, cancelled(record), CANCELLED, "0"))
    assert found(before, after) == ["S6"]
