"""The parts of the core, wired: what one learns, the others know."""

from __future__ import annotations

import orjson

from tests.unit.core.builders import CLIENT_ID, NOW, new_order, step
from valr_connector.core.account_state import AccountState
from valr_connector.core.evidence import Says
from valr_connector.core.guards import SECOND, Guards
from valr_connector.core.lifecycle import AskReason
from valr_connector.core.readiness import Part
from valr_connector.core.reconcile import Patience
from valr_connector.protocol.frames import decode_account_frame


def test_every_part_is_needed_unless_some_are_named() -> None:
    assert set(AccountState().readiness.parts) == set(Part)
    assert set(AccountState(parts=[Part.BALANCES]).readiness.parts) == {Part.BALANCES}


def test_a_frame_reaches_balances_orders_and_questions() -> None:
    state = AccountState()
    state.tracker.track(new_order())
    state.tracker.apply(step(Says.SENT), NOW)
    wallet = {"currency": "ZAR", "available": "1", "reserved": "0", "total": "1"}
    for content in (
        {"type": "BALANCE_UPDATE", "data": wallet},
        {"type": "FAILED_CANCEL_ORDER", "data": {"customerOrderId": CLIENT_ID}},
    ):
        state.router.route(decode_account_frame(orjson.dumps(content)), NOW)
    assert state.balances["ZAR"].available == 1
    (question,) = state.questions.take_due(NOW)
    assert (question.client_order_id, question.reason) == (CLIENT_ID, AskReason.CANCEL_REFUSED)


def test_guards_and_patience_are_those_that_were_given() -> None:
    state = AccountState(guards=Guards(min_age=0, min_quiet=0), patience=Patience(grace=3 * SECOND))
    assert state.patience.grace == 3 * SECOND
    state.tracker.track(new_order())
    state.tracker.apply(step(Says.SENT), NOW)
    state.tracker.note_absent(set(), NOW, epoch=0)
    assert [question.reason for question in state.questions.take_due(NOW)] == [AskReason.ABSENT]
