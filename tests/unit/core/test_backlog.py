"""Unread events: read in their order, and lost only where that does no harm."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from valr_connector.core.backlog import Backlog
from valr_connector.model.enums import UntrackedPolicy
from valr_connector.model.events import Event, TopOfBookChanged, UntrackedOrder
from valr_connector.model.ids import ExchangeOrderId, Pair, Symbol


def price(number: int) -> TopOfBookChanged:
    """An event that may be lost."""
    return TopOfBookChanged(Pair(f"P{number}"), None, None)


def stranger(number: int) -> UntrackedOrder:
    """An event that may not."""
    return UntrackedOrder(
        exchange_order_id=ExchangeOrderId(f"S{number}"),
        client_order_id=None,
        symbol=Symbol("BTCZAR"),
        side="buy",
        price=Decimal(1),
        remaining_amount=Decimal(1),
        handling=UntrackedPolicy.REPORT,
    )


def drain(backlog: Backlog[Event]) -> list[Event]:
    return [backlog.popleft() for _ in range(len(backlog))]


@given(st.lists(st.booleans(), max_size=30))
def test_events_are_read_in_the_order_in_which_they_came(are_orders: list[bool]) -> None:
    backlog: Backlog[Event] = Backlog()
    events = [stranger(n) if is_order else price(n) for n, is_order in enumerate(are_orders)]
    for event in events:
        backlog.append(event)
    assert len(backlog) == len(events)
    assert drain(backlog) == events


@given(st.lists(st.sampled_from(["order", "price", "drop", "read"]), max_size=60))
def test_whatever_is_dropped_no_order_is_and_the_order_of_the_rest_stays(steps: list[str]) -> None:
    backlog: Backlog[Event] = Backlog()
    model: list[Event] = []
    for number, step in enumerate(steps):
        if step in ("order", "price"):
            event = stranger(number) if step == "order" else price(number)
            backlog.append(event)
            model.append(event)
        elif step == "drop" and backlog.losable:
            backlog.let_go()
            model.remove(next(event for event in model if isinstance(event, TopOfBookChanged)))
        elif step == "read" and model:
            assert backlog.popleft() == model.pop(0)
    assert drain(backlog) == model


def test_an_empty_backlog_has_nothing_to_read() -> None:
    with pytest.raises(IndexError):
        Backlog[Event]().popleft()
