"""L2 finds what the connector does not know when it says that it is in step again."""

from __future__ import annotations

from itertools import pairwise

import pytest

from tests.unit.verification.stories import CANCELLED, OPEN, D, S, names, order, story, there
from valr_connector.core.order_record import OrderRecord
from valr_connector.model.enums import OrderStatus, SessionState, Socket
from valr_connector.model.events import ConnectionChanged
from valr_connector.simulator.vocabulary import State, VenueOrder
from valr_connector.verification import invariants as i
from valr_connector.verification.resync import ResyncCheck, l2_in_step

CANCELLED_THERE = i.truth_of([there(State.CANCELLED, ended=5)], [])


def partly_filled() -> VenueOrder:
    found = there(State.PARTIALLY_FILLED, ended=5)
    found.history[-1] = found.history[-1]._replace(remaining_quantity=D("0.006"))
    return found


@pytest.mark.parametrize(
    ("record", "venue_order"),
    [
        (order(OPEN), there(State.CANCELLED, ended=5)),
        (order(OrderStatus.PENDING_CREATE), there(State.PLACED, ended=5)),
        (order(OPEN), partly_filled()),
    ],
    ids=["an end", "a placement", "an execution"],
)
def test_what_happened_before_has_to_be_known(record: OrderRecord, venue_order: VenueOrder) -> None:
    truth = i.truth_of([venue_order], [])
    assert names(l2_in_step([story(record)], truth, 6 * S)) == ["L2"]
    assert names(l2_in_step([story(record)], truth, 4 * S)) == []


def test_what_is_known_or_was_never_there_passes() -> None:
    assert names(l2_in_step([story(order(CANCELLED))], CANCELLED_THERE, 6 * S)) == []
    assert names(l2_in_step([story(order(OPEN))], i.truth_of([], []), 6 * S)) == []


def found(*, socket: Socket = Socket.ACCOUNT, could_ask_since: float = 100.0) -> list[str]:
    """What is found when a connection that stood at 6 s becomes live."""
    check = ResyncCheck(
        lambda: [story(order(OPEN))], lambda: CANCELLED_THERE, lambda: 6 * S, lambda: could_ask_since
    )
    states = (SessionState.AUTHENTICATING, SessionState.RESYNCING, SessionState.LIVE)
    for before, after in pairwise(states):
        check.hear(ConnectionChanged(socket, before, after, 2, ""))
    return [violation.invariant for violation in check.violations]


def test_it_looks_when_the_account_socket_is_live_again() -> None:
    assert found() == ["L2"]
    assert found(socket=Socket.TRADE) == []


def test_it_asks_nothing_impossible_while_requests_meet_faults() -> None:
    assert found(could_ask_since=3.0) == []
