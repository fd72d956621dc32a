"""Events are facts: every one is an `Event`, and none of them changes."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.unit.core.builders import new_order
from valr_connector.model import events
from valr_connector.model.events import BalanceChanged, Event, OrderEvent, OrderExpired

KINDS = [kind for kind in vars(events).values() if isinstance(kind, type) and issubclass(kind, Event)]


def test_an_event_is_frozen() -> None:
    assert [kind for kind in KINDS if not kind.__struct_config__.frozen] == []


def test_whatever_is_about_an_order_is_an_order_event_and_has_a_time() -> None:
    for kind in [kind for kind in KINDS if "order" in kind.__struct_fields__]:
        assert issubclass(kind, OrderEvent), kind
        assert kind.__struct_fields__[:2] == ("order", "at"), kind


def test_an_event_shows_the_orders_present_state() -> None:
    order = new_order()
    event = OrderExpired(order, None, Decimal(0))
    order.failure_reason = "changed since"
    assert event.order.failure_reason == "changed since"


def test_an_event_cannot_be_changed() -> None:
    event = OrderExpired(new_order(), None, Decimal(0))
    with pytest.raises(AttributeError):
        event.executed_amount = Decimal(1)  # type: ignore[misc]  # the point of the test


def test_a_balance_is_no_order_event() -> None:
    assert not issubclass(BalanceChanged, OrderEvent)
