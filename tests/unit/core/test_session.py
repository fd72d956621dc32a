"""The connection automaton: every transition, every deadline, no socket."""

from __future__ import annotations

from itertools import product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valr_connector.core.session import (
    OPEN_STATES,
    REFUSALS_ARE_FINAL_AT,
    TRANSITIONS,
    Action,
    KeepAlive,
    Session,
    SessionEvent,
)
from valr_connector.errors import InvalidArgumentError
from valr_connector.model.enums import SessionState

S = 1_000_000_000

IDLE, DIALLING, AUTHENTICATING = SessionState.IDLE, SessionState.DIALLING, SessionState.AUTHENTICATING
RESYNCING, LIVE, STALE, CLOSING = (
    SessionState.RESYNCING,
    SessionState.LIVE,
    SessionState.STALE,
    SessionState.CLOSING,
)
E = SessionEvent

# The way from IDLE to each state, and every transition that changes a state. All others stay.
WAYS: dict[SessionState, tuple[SessionEvent, ...]] = {
    IDLE: (),
    DIALLING: (E.DIAL,),
    AUTHENTICATING: (E.DIAL, E.OPENED),
    RESYNCING: (E.DIAL, E.OPENED, E.AUTHENTICATED),
    LIVE: (E.DIAL, E.OPENED, E.AUTHENTICATED, E.RESYNCED),
    STALE: (E.DIAL, E.OPENED, E.AUTHENTICATED, E.RESYNCED, E.OVERDUE),
    CLOSING: (E.DIAL, E.CLOSE),
}
CHANGES: dict[tuple[SessionState, SessionEvent], SessionState] = {
    (IDLE, E.DIAL): DIALLING,
    (DIALLING, E.OPENED): AUTHENTICATING,
    (DIALLING, E.CLOSE): CLOSING,
    (DIALLING, E.LOST): IDLE,
    (AUTHENTICATING, E.AUTHENTICATED): RESYNCING,
    (AUTHENTICATING, E.CLOSE): CLOSING,
    (AUTHENTICATING, E.LOST): IDLE,
    (RESYNCING, E.RESYNCED): LIVE,
    (RESYNCING, E.CLOSE): CLOSING,
    (RESYNCING, E.LOST): IDLE,
    (LIVE, E.OVERDUE): STALE,
    (LIVE, E.CLOSE): CLOSING,
    (LIVE, E.LOST): IDLE,
    (STALE, E.FRAME): LIVE,
    (STALE, E.CLOSE): CLOSING,
    (STALE, E.LOST): IDLE,
    (CLOSING, E.LOST): IDLE,
}


def session_in(state: SessionState, now: int = 0, keep_alive: KeepAlive | None = None) -> Session:
    session = Session(keep_alive or KeepAlive())
    for event in WAYS[state]:
        session.apply(event, now)
    assert session.state is state
    return session


def test_the_table_has_an_entry_for_every_state_and_event() -> None:
    assert set(TRANSITIONS) == set(product(SessionState, SessionEvent))


@pytest.mark.parametrize("state", list(SessionState))
def test_each_event_in_each_state_leads_where_the_theory_says(state: SessionState) -> None:
    for event in SessionEvent:
        session = session_in(state)
        assert session.apply(event, 1) is state, event
        assert session.state is CHANGES.get((state, event), state), event


@pytest.mark.parametrize("state", list(SessionState))
def test_a_command_may_be_sent_only_when_open_and_authenticated(state: SessionState) -> None:
    assert session_in(state).can_send is (state in {RESYNCING, LIVE, STALE})
    assert (state in OPEN_STATES) is session_in(state).can_send


def test_each_dial_begins_a_new_epoch() -> None:
    session = Session()
    for epoch in (1, 2, 3):
        session.apply(E.DIAL, 0)
        assert session.epoch == epoch
        session.apply(E.LOST, 0)


def test_an_event_that_means_nothing_does_not_begin_an_epoch() -> None:
    session = session_in(LIVE)
    session.apply(E.DIAL, 1)
    assert (session.epoch, session.state) == (1, LIVE)


@settings(deadline=None)
@given(st.lists(st.sampled_from(list(SessionEvent))))
def test_a_session_has_a_socket_in_exactly_the_states_that_need_one(events: list[SessionEvent]) -> None:
    session = Session()
    for now, event in enumerate(events):
        session.apply(event, now)
        if session.state in {IDLE, DIALLING}:
            assert session.opened_ns is None
            assert session.last_frame_ns is None
        elif session.state is not CLOSING:
            assert session.opened_ns is not None
            assert session.last_frame_ns is not None


def test_losing_the_socket_leaves_nothing_of_it_but_how_long_it_was_good() -> None:
    session = session_in(LIVE, now=10 * S)
    session.pinged(20 * S)
    session.apply(E.LOST, 70 * S)
    assert session.stable_ns == 60 * S
    assert (session.opened_ns, session.authenticated_ns, session.last_frame_ns) == (None, None, None)
    assert not session.awaits_control


def test_a_connection_that_never_authenticated_was_good_for_no_time_at_all() -> None:
    session = session_in(LIVE)
    session.apply(E.LOST, 90 * S)
    session.apply(E.DIAL, 91 * S)
    session.apply(E.OPENED, 92 * S)
    session.apply(E.LOST, 99 * S)
    assert session.stable_ns == 0


# Keep-alive (protocol 14.3)


def test_a_ping_is_due_fifteen_seconds_after_opening_and_every_fifteen_after_it() -> None:
    session = session_in(LIVE)
    assert session.wait_s(0) == 15.0
    assert session.check(15 * S - 1) is Action.WAIT
    assert session.check(15 * S) is Action.PING
    session.pinged(15 * S)
    session.frame(15 * S + 1)
    assert session.check(29 * S) is Action.WAIT
    assert session.check(30 * S) is Action.PING


def test_a_ping_is_due_however_much_comes_in() -> None:
    session = session_in(LIVE)
    session.frame(15 * S)
    assert session.check(15 * S) is Action.PING


def test_a_ping_that_nothing_followed_makes_a_live_connection_doubtful() -> None:
    session = session_in(LIVE)
    session.pinged(15 * S)
    assert session.wait_s(16 * S) == 9.0
    assert session.check(25 * S) is Action.DOUBT
    session.apply(E.OVERDUE, 25 * S)
    assert session.state is STALE


def test_a_connection_that_is_not_live_yet_does_not_become_doubtful() -> None:
    session = session_in(RESYNCING)
    session.pinged(15 * S)
    assert session.check(25 * S) is Action.WAIT


def test_a_stale_connection_is_pinged_at_once_and_dead_where_nothing_follows_that_either() -> None:
    session = session_in(LIVE)
    session.pinged(15 * S)
    session.apply(E.OVERDUE, 25 * S)
    assert session.check(25 * S) is Action.PING
    session.pinged(25 * S)
    assert session.wait_s(25 * S) == 10.0
    assert session.check(35 * S - 1) is Action.WAIT
    assert session.check(35 * S) is Action.CUT
    assert session.doom == "nothing came for 10 s after a second PING"


def test_a_frame_after_the_second_ping_is_life_and_the_next_doubt_a_first_one() -> None:
    session = session_in(LIVE)
    session.pinged(15 * S)
    session.apply(E.OVERDUE, 25 * S)
    session.pinged(25 * S)
    session.frame(34 * S)
    assert session.check(35 * S) is Action.WAIT
    session.pinged(40 * S)
    assert session.check(50 * S) is Action.DOUBT


def test_any_frame_answers_a_ping() -> None:
    session = session_in(LIVE)
    session.pinged(15 * S)
    session.frame(16 * S)
    assert session.check(25 * S) is Action.WAIT


def test_any_frame_brings_a_stale_connection_back() -> None:
    session = session_in(STALE)
    assert session.frame(30 * S) is True
    assert session.state is LIVE


def test_a_frame_on_a_live_connection_changes_nothing_but_its_time() -> None:
    session = session_in(LIVE)
    assert session.frame(30 * S) is False
    assert (session.state, session.last_frame_ns) == (LIVE, 30 * S)


def test_a_frame_was_heard_since_its_own_moment_and_no_later_one() -> None:
    session = session_in(LIVE)
    session.frame(30 * S)
    assert (session.has_heard_since(30 * S), session.has_heard_since(30 * S + 1)) == (True, False)
    assert not session_in(DIALLING).has_heard_since(0)


def test_frames_are_looked_at_while_one_is_awaited_or_somebody_watches_and_at_no_other_time() -> None:
    looked_at = [state for state in SessionState if session_in(state).is_alert]
    assert looked_at == [AUTHENTICATING, STALE]
    session = session_in(LIVE)
    seen: list[bool] = []
    for step in (lambda: session.pinged(S), lambda: session.ponged(2 * S)):
        step()
        seen.append(session.is_alert)
    for is_watched in (True, False):
        session.watch(is_watched)
        seen.append(session.is_alert)
    assert seen == [True, False, True, False]


@pytest.mark.parametrize("state", [RESYNCING, LIVE, STALE])
def test_forty_five_seconds_of_silence_are_death(state: SessionState) -> None:
    session = session_in(state)
    session.frame(10 * S)
    session.pinged(50 * S)
    assert session.check(55 * S - 1) is Action.WAIT
    assert session.check(55 * S) is Action.CUT
    assert session.doom == "silent for 45 s"


@pytest.mark.parametrize("heard_s", [0, 14, 16, 29])
def test_a_silent_stream_is_detected_within_thirty_five_seconds(heard_s: int) -> None:
    session = session_in(LIVE)
    for ping_s in range(15, heard_s, 15):
        session.pinged(ping_s * S)
    now = heard_s * S
    session.frame(now)
    while (action := session.check(now)) is not Action.CUT:
        if action is Action.WAIT:
            now += round(session.wait_s(now) * S)
        elif action is Action.PING:
            session.pinged(now)
        else:
            session.apply(E.OVERDUE, now)
    assert heard_s * S + 20 * S < now <= heard_s * S + 35 * S


def test_without_authenticated_in_time_the_connection_is_cut() -> None:
    session = session_in(AUTHENTICATING)
    session.frame(1 * S)
    assert session.wait_s(1 * S) == 0.5
    assert session.check(3 * S // 2) is Action.CUT
    assert session.doom == "no AUTHENTICATED within 1.5 s"


def test_each_wait_in_vain_for_authenticated_doubles_the_next_up_to_ten_seconds() -> None:
    session, waits, now = Session(), [], 0
    for _ in range(5):
        for event in WAYS[AUTHENTICATING]:
            session.apply(event, now)
        waits.append(session.wait_s(now))
        now += round(waits[-1] * S)
        assert session.check(now) is Action.CUT
        session.apply(E.LOST, now)
    assert waits == [1.5, 3, 6, 10, 10]


def test_each_dial_in_vain_doubles_the_time_for_the_next_up_to_ten_seconds() -> None:
    session, waits = Session(), []
    for _ in range(5):
        waits.append(session.dial_s)
        session.dialled_in_vain()
    assert waits == [1.5, 3, 6, 10, 10]


def test_authenticated_makes_the_next_wait_a_first_one() -> None:
    session = Session(unanswered=3)
    for event in WAYS[RESYNCING]:
        session.apply(event, 0)
    assert session.dial_s == 1.5


def test_waiting_in_vain_a_thousand_times_leaves_the_longest_wait_as_it_is() -> None:
    assert Session(unanswered=2_000).dial_s == 10.0


def test_only_what_was_lost_before_it_authenticated_has_spent_its_time_in_vain() -> None:
    session = Session()
    session.apply(E.DIAL, 3)
    session.apply(E.LOST, 10)
    assert (session.spent_ns, session.stable_ns) == (7, 0)
    for event in WAYS[RESYNCING]:
        session.apply(event, 20)
    session.apply(E.LOST, 25)
    assert (session.spent_ns, session.stable_ns) == (0, 5)


def test_a_new_dial_forgets_the_doom_of_the_last_one() -> None:
    session = session_in(AUTHENTICATING)
    session.check(10 * S)
    session.apply(E.LOST, 10 * S)
    session.apply(E.DIAL, 11 * S)
    assert session.doom == ""


@pytest.mark.parametrize("state", [IDLE, DIALLING, CLOSING])
def test_nothing_is_due_without_an_open_socket(state: SessionState) -> None:
    session = session_in(state)
    assert session.check(10**15) is Action.WAIT
    assert session.wait_s(10**15) == 15.0


def test_nothing_is_due_while_an_open_socket_is_closed() -> None:
    session = session_in(LIVE)
    session.apply(E.CLOSE, 1)
    assert session.check(10**15) is Action.WAIT


def test_a_pong_gives_the_round_trip_of_its_ping() -> None:
    session = session_in(LIVE)
    session.pinged(15 * S)
    assert session.awaits_control
    assert session.ponged(15 * S + 7) is True
    assert session.ping_round_trip_ns == 7
    assert not session.awaits_control


def test_a_pong_without_a_ping_says_nothing() -> None:
    session = session_in(LIVE)
    assert session.ponged(1) is False
    assert session.ping_round_trip_ns is None


def test_the_connection_itself_waits_for_a_frame_until_it_is_authenticated() -> None:
    assert session_in(AUTHENTICATING).awaits_control
    assert not session_in(RESYNCING).awaits_control


def test_what_is_overdue_is_not_waited_for() -> None:
    assert session_in(LIVE).wait_s(90 * S) == 0.0


# Refusals (protocol 2.4)


def test_a_refusal_is_final_when_the_fresh_signature_is_refused_too() -> None:
    session = Session()
    assert [session.refused() for _ in range(REFUSALS_ARE_FINAL_AT)] == [False, True]


def test_authentication_forgets_an_earlier_refusal() -> None:
    session = session_in(AUTHENTICATING)
    session.refused()
    session.apply(E.AUTHENTICATED, 1)
    assert session.refused() is False


# Settings


@pytest.mark.parametrize(
    "field", ["dial_s", "authentication_s", "first_answer_s", "ping_s", "pong_s", "silence_s", "close_s"]
)
@pytest.mark.parametrize("value", [0.0, -1.0, float("inf"), float("nan")])
def test_a_deadline_that_is_no_positive_time_is_refused(field: str, value: float) -> None:
    with pytest.raises(InvalidArgumentError, match=f"{field}=.*positive number of seconds"):
        KeepAlive(**{field: value})


def test_a_silence_that_no_ping_could_break_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match=r"silence_s=15.0: has to exceed ping_s \(15.0\)"):
        KeepAlive(silence_s=15.0)


# --- what has arrived ------------------------------------------------------------------------------


def live_session() -> Session:
    session = Session()
    for event in WAYS[LIVE]:
        session.apply(event, 0)
    return session


def test_what_was_sent_on_a_living_connection_may_be_under_way_until_a_later_ping_is_answered() -> None:
    session = live_session()
    session.pinged(1 * S)
    assert session.ponged(2 * S)
    assert session.arrived_by(session.epoch, 1 * S) == 2 * S
    assert session.arrived_by(session.epoch, 1 * S + 1) is None


def test_a_pong_answers_the_oldest_ping_and_proves_nothing_of_what_was_sent_after_it() -> None:
    session = live_session()
    session.pinged(1 * S)
    session.pinged(5 * S)
    session.ponged(6 * S)
    assert session.arrived_by(session.epoch, 3 * S) is None
    assert session.awaits_control
    session.ponged(7 * S)
    assert session.arrived_by(session.epoch, 3 * S) == 7 * S
    assert not session.awaits_control


def test_a_pong_that_is_told_twice_proves_nothing_of_what_was_sent_after_its_ping() -> None:
    session = live_session()
    session.pinged(1 * S)
    session.pinged(5 * S)
    assert [session.ponged(6 * S), session.ponged(6 * S + S // 10)] == [True, False]
    assert session.arrived_by(session.epoch, 3 * S) is None
    session.ponged(8 * S)
    assert session.arrived_by(session.epoch, 3 * S) == 8 * S


def test_where_a_pong_was_passed_over_another_ping_has_to_ask() -> None:
    session = live_session()
    session.pinged(1 * S)
    session.pinged(5 * S)
    session.ponged(6 * S)
    assert session.is_asked(3 * S)
    session.ponged(6 * S + 1)
    assert not session.is_asked(3 * S)
    session.pinged(7 * S)
    assert session.is_asked(3 * S)


def test_where_a_pong_was_passed_over_it_takes_one_ping_more_to_prove_anything() -> None:
    session = live_session()
    session.pinged(1 * S)
    session.pinged(5 * S)
    session.ponged(6 * S)
    session.ponged(6 * S + 1)
    session.pinged(21 * S)
    assert not session.is_asked(20 * S)
    session.ponged(22 * S)
    assert session.arrived_by(session.epoch, 20 * S) is None
    assert not session.is_asked(20 * S), "the second PING may have been answered long ago"
    session.pinged(23 * S)
    assert session.is_asked(20 * S)
    session.ponged(24 * S)
    assert session.arrived_by(session.epoch, 20 * S) == 24 * S


def test_once_all_pings_are_answered_no_pong_had_been_passed_over_wrongly() -> None:
    session = live_session()
    session.pinged(1 * S)
    session.pinged(5 * S)
    for at in (6 * S, 6 * S + 1, 6 * S + 2, 7 * S):
        session.ponged(at)
    session.pinged(21 * S)
    assert session.is_asked(20 * S)


def test_each_of_several_pings_under_way_has_a_round_trip_of_its_own() -> None:
    session = live_session()
    session.pinged(1 * S)
    session.pinged(5 * S)
    assert session.ponged(6 * S)
    assert session.ping_round_trip_ns == 5 * S
    assert session.ponged(7 * S)
    assert session.ping_round_trip_ns == 2 * S


def test_where_a_pong_was_passed_over_the_round_trip_is_that_of_the_newest_ping() -> None:
    session = live_session()
    session.pinged(1 * S)
    session.pinged(5 * S)
    session.ponged(6 * S)
    session.ponged(6 * S + 1)
    session.pinged(21 * S)
    assert session.ponged(21 * S + 7)
    assert session.ping_round_trip_ns == 7


def test_pings_in_quick_succession_give_round_trips_and_only_the_first_proves_something() -> None:
    session = live_session()
    for at in (1 * S, 1 * S + 2, 1 * S + 4):
        session.pinged(at)
        assert session.ponged(at + 1)
    assert session.arrived_by(session.epoch, 1 * S) == 1 * S + 1
    assert session.arrived_by(session.epoch, 1 * S + 2) is None
    assert not session.awaits_control


def test_a_ping_that_is_to_prove_something_keeps_its_distance_from_the_last_ping_and_pong() -> None:
    session = live_session()
    assert session.apart_s(1 * S) == 0.0
    session.pinged(1 * S)
    assert session.apart_s(1 * S + S // 4) == 0.25
    session.ponged(2 * S)
    assert session.apart_s(2 * S) == 0.5
    assert session.apart_s(3 * S) == 0.0


def test_a_pong_that_nobody_asked_for_proves_nothing() -> None:
    session = live_session()
    assert not session.ponged(3 * S)
    assert session.arrived_by(session.epoch, 1 * S) is None


def test_what_was_sent_on_a_connection_that_is_gone_had_arrived_by_its_end_or_never_will() -> None:
    session = live_session()
    epoch = session.epoch
    session.apply(E.LOST, 9 * S)
    assert session.arrived_by(epoch, 4 * S) == 9 * S
    for event in WAYS[LIVE]:
        session.apply(event, 10 * S)
    assert session.arrived_by(epoch, 4 * S) == 9 * S
    assert session.arrived_by(session.epoch, 11 * S) is None


def test_what_was_sent_otherwise_after_its_connection_had_ended_arrived_when_it_was_sent() -> None:
    session = live_session()
    epoch = session.epoch
    session.apply(E.LOST, 9 * S)
    assert session.arrived_by(epoch, 12 * S) == 12 * S


def test_of_a_connection_of_long_ago_nothing_is_under_way() -> None:
    session = Session()
    for n in range(100):
        for event in WAYS[LIVE]:
            session.apply(event, n * S)
        session.apply(E.LOST, n * S)
    assert session.arrived_by(1, 7) == 7
    assert session.arrived_by(0, 7) == 7


def test_a_question_under_way_covers_what_was_sent_before_it() -> None:
    session = live_session()
    assert not session.is_asked(1 * S)
    session.pinged(2 * S)
    assert session.is_asked(2 * S)
    assert not session.is_asked(2 * S + 1)
    session.ponged(3 * S)
    assert not session.is_asked(1 * S)
