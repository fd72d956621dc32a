"""L1 in figures: how long outcomes stayed unknown once faults had ended."""

from __future__ import annotations

import pytest

from tests.unit.verification.stories import S, created, order, story
from valr_connector.core.order_record import OrderRecord
from valr_connector.model import events as e
from valr_connector.model.enums import OrderStatus
from valr_connector.verification.story import OrderStory, Told
from valr_connector.verification.unknowns import Unknowns, unknown_since
from valr_connector.verification.world import START_WALL_NS

PENDING, OPEN, CANCELLED = OrderStatus.PENDING_CREATE, OrderStatus.OPEN, OrderStatus.CANCELLED


def at(second: int) -> int:
    return START_WALL_NS + second * S


def told(second: int, event: e.OrderEvent) -> Told:
    return Told(at(second), event, event.order.status, event.order.executed_amount)


def placement_unknown(record: OrderRecord) -> OrderStory:
    return OrderStory(record, [told(3, e.PlacementUnknown(record, None, "no outcome in time"))])


def restored(record: OrderRecord) -> OrderStory:
    return OrderStory(record, [told(4, e.Restored(record, None, PENDING, record.executed_amount))])


def cancel_unknown(record: OrderRecord) -> OrderStory:
    return OrderStory(record, [told(2, created(record)), told(3, e.CancelUnknown(record, None, 1))])


@pytest.mark.parametrize(
    ("found", "since"),
    [
        (story(order()), None),
        (placement_unknown(order(PENDING)), at(3)),
        (placement_unknown(order(OPEN)), None),
        (restored(order(PENDING)), at(4)),
        (cancel_unknown(order(OPEN, last_heard=2 * S)), at(3)),
        (cancel_unknown(order(OPEN, last_heard=4 * S)), None),
        (cancel_unknown(order(CANCELLED)), None),
    ],
)
def test_an_outcome_is_unknown_until_anything_is_known(found: OrderStory, since: int | None) -> None:
    assert unknown_since(found) == since


def test_it_lasts_until_the_look_that_finds_it_known_and_counts_from_the_last_fault() -> None:
    unknowns = Unknowns(since=at(5))
    record = order(PENDING)
    unknowns.look([placement_unknown(record)], at(5))
    unknowns.look([placement_unknown(record)], at(6))
    assert unknowns.lasted_s == []
    record.status = OPEN
    unknowns.look([placement_unknown(record)], at(7))
    unknowns.look([placement_unknown(record)], at(8))
    assert unknowns.lasted_s == [2.0]


def test_what_was_known_again_while_valrs_limits_were_shut_took_no_time() -> None:
    unknowns = Unknowns(since=at(50))
    unknowns.look([placement_unknown(order(PENDING))], at(5))
    unknowns.look([], at(6))
    assert unknowns.lasted_s == [0.0]
