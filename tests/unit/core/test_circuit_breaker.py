"""When a way to VALR is left alone, when it is tried again, and what counts for and against it."""

from __future__ import annotations

from typing import Any

import pytest

from valr_connector.core.circuit_breaker import CircuitBreaker, CircuitSettings
from valr_connector.errors import InvalidArgumentError
from valr_connector.model.enums import CircuitState

S = 1_000_000_000
SETTINGS = CircuitSettings(failures=3, pause_s=1.0, longest_pause_s=4.0, trial_s=10.0)


def breaker(now: int = 0, *, failed: int = 0) -> CircuitBreaker:
    """One with so many failures behind it, all at `now`."""
    circuit = CircuitBreaker(SETTINGS)
    for _ in range(failed):
        circuit.failed(now, now)
    return circuit


def half_open() -> CircuitBreaker:
    """Opened at 0 and ripe for a trial at 1 s."""
    circuit = breaker(failed=3)
    circuit.look(1 * S)
    return circuit


def test_it_begins_closed_and_lets_everything_go() -> None:
    circuit = breaker()
    assert circuit.state is CircuitState.CLOSED
    assert [circuit.enter(n) for n in range(5)] == [True] * 5
    assert circuit.half_opens_ns is None


def test_so_many_failures_in_a_row_open_it() -> None:
    assert breaker(failed=2).state is CircuitState.CLOSED
    opened = breaker(failed=3)
    assert opened.state is CircuitState.OPEN
    assert not opened.enter(0)


def test_an_answer_between_them_makes_the_count_begin_anew() -> None:
    circuit = breaker(failed=2)
    circuit.succeeded(0, 0)
    circuit.failed(0, 0)
    circuit.failed(0, 0)
    assert (circuit.state, circuit.failures) == (CircuitState.CLOSED, 2)


def test_it_is_untroubled_while_closed_without_a_failure_since_the_last_answer() -> None:
    assert [breaker(failed=failures).is_untroubled for failures in (0, 1, 3)] == [True, False, False]
    recovered = breaker(failed=1)
    recovered.succeeded(0, 0)
    assert recovered.is_untroubled
    assert not half_open().is_untroubled


def test_it_stays_open_for_its_pause_and_not_longer() -> None:
    circuit = breaker(failed=3)
    assert circuit.half_opens_ns == 1 * S
    assert (circuit.allows(1 * S - 1), circuit.state) == (False, CircuitState.OPEN)
    assert (circuit.allows(1 * S), circuit.state) == (True, CircuitState.HALF_OPEN)


def test_half_open_it_lets_one_attempt_go_and_no_second() -> None:
    circuit = half_open()
    assert [circuit.enter(1 * S), circuit.enter(1 * S), circuit.allows(2 * S)] == [True, False, False]


def test_asking_is_not_yet_trying() -> None:
    circuit = half_open()
    assert [circuit.allows(1 * S), circuit.allows(1 * S), circuit.enter(1 * S)] == [True] * 3


def test_a_trial_that_is_answered_closes_it() -> None:
    circuit = half_open()
    circuit.enter(1 * S)
    circuit.succeeded(1 * S, 2 * S)
    assert (circuit.state, circuit.opens) == (CircuitState.CLOSED, 0)
    assert circuit.enter(2 * S)


def test_a_trial_that_fails_opens_it_for_twice_as_long_up_to_a_limit() -> None:
    circuit = breaker(failed=3)
    pauses = []
    for _ in range(5):
        due = circuit.half_opens_ns
        assert due is not None
        pauses.append((due - circuit.changed_ns) / S)
        assert circuit.enter(due)
        circuit.failed(due, due)
        assert circuit.state is CircuitState.OPEN
    assert pauses == [1.0, 2.0, 4.0, 4.0, 4.0]


def test_after_it_was_closed_the_pause_is_short_again() -> None:
    circuit = half_open()
    circuit.failed(1 * S, 1 * S)
    circuit.look(3 * S)
    circuit.succeeded(3 * S, 3 * S)
    for _ in range(3):
        circuit.failed(4 * S, 4 * S)
    assert circuit.half_opens_ns == 5 * S


def test_a_trial_of_which_nothing_is_heard_makes_room_for_the_next() -> None:
    circuit = half_open()
    circuit.enter(1 * S)
    assert not circuit.enter(11 * S - 1)
    assert circuit.enter(11 * S)


def test_a_trial_that_was_not_made_after_all_leaves_its_place_to_another() -> None:
    circuit = half_open()
    circuit.enter(1 * S)
    circuit.withdrawn()
    assert circuit.enter(1 * S)


def test_what_was_begun_before_it_opened_neither_closes_it_nor_counts_again() -> None:
    circuit = breaker(now=5 * S, failed=3)
    circuit.succeeded(4 * S, 5 * S)
    circuit.failed(4 * S, 5 * S)
    assert (circuit.state, circuit.opens) == (CircuitState.OPEN, 1)


def test_a_failure_of_what_was_begun_before_the_trial_does_not_decide_it() -> None:
    circuit = half_open()
    circuit.failed(1 * S - 1, 2 * S)
    assert circuit.state is CircuitState.HALF_OPEN


def test_whoever_went_in_spite_of_it_and_was_answered_closes_it() -> None:
    circuit = breaker(failed=3)
    circuit.succeeded(S // 2, S // 2)
    assert circuit.state is CircuitState.CLOSED


@pytest.mark.parametrize(
    ("begun", "state"), [(5 * S - 1, CircuitState.HALF_OPEN), (5 * S + 1, CircuitState.CLOSED)]
)
def test_half_open_an_answer_to_what_was_begun_since_it_opened_closes_it(
    begun: int, state: CircuitState
) -> None:
    circuit = breaker(now=5 * S, failed=3)
    circuit.look(6 * S)
    circuit.succeeded(begun, 7 * S)
    assert circuit.state is state


def test_whoever_went_in_spite_of_it_and_failed_makes_no_pause_longer() -> None:
    circuit = breaker(failed=3)
    circuit.failed(S // 2, S // 2)
    assert circuit.half_opens_ns == 1 * S


def test_failures_from_before_it_recovered_do_not_open_it_again() -> None:
    circuit = half_open()
    circuit.succeeded(1 * S, 2 * S)
    for _ in range(9):
        circuit.failed(1 * S, 3 * S)
    assert (circuit.state, circuit.failures) == (CircuitState.CLOSED, 0)


@pytest.mark.parametrize("name", ["failures", "pause_s", "longest_pause_s", "trial_s"])
@pytest.mark.parametrize("value", [0, -1, float("inf"), float("nan")])
def test_a_setting_that_is_not_positive_is_refused(name: str, value: Any) -> None:
    with pytest.raises(InvalidArgumentError, match=name):
        CircuitSettings(**{name: value})


def test_the_longest_pause_is_no_shorter_than_the_first() -> None:
    with pytest.raises(InvalidArgumentError, match=r"longest_pause_s=1\.0: has to be at least pause_s"):
        CircuitSettings(pause_s=2.0, longest_pause_s=1.0)
