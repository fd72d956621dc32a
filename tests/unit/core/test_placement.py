"""What follows from the fate of an attempt to place an order, under each policy."""

from __future__ import annotations

import pytest

from tests.unit.core.builders import NOW, new_order, step, tell
from valr_connector.core.evidence import Says
from valr_connector.core.placement import (
    SAYS,
    TABLE,
    Fate,
    Step,
    fate_of_refusal,
    may_place_again,
    next_step,
)
from valr_connector.model.enums import RetryPolicy

NEVER, IF_UNSENT, IF_ABSENT = RetryPolicy


def test_every_fate_has_a_next_step_under_every_policy() -> None:
    assert set(TABLE) == {(fate, policy) for fate in Fate for policy in RetryPolicy}
    assert set(SAYS) == set(Fate)


@pytest.mark.parametrize("policy", RetryPolicy)
def test_an_unknown_outcome_is_probed_under_every_policy_and_never_sent_again(policy: RetryPolicy) -> None:
    assert next_step(policy, Fate.UNKNOWN) is Step.PROBE
    assert SAYS[Fate.UNKNOWN] is Says.PLACEMENT_UNKNOWN


@pytest.mark.parametrize(
    ("policy", "expected"), [(NEVER, Step.FAIL), (IF_UNSENT, Step.PLACE), (IF_ABSENT, Step.PLACE)]
)
def test_what_provably_never_left_goes_by_rest_unless_never_is_asked_for(
    policy: RetryPolicy, expected: Step
) -> None:
    assert next_step(policy, Fate.NOT_SENT_ON_SOCKET) is expected


@pytest.mark.parametrize("policy", RetryPolicy)
@pytest.mark.parametrize("fate", [Fate.NOT_SENT_BY_REST, Fate.REFUSED])
def test_there_is_no_third_way_and_a_refusal_is_final(policy: RetryPolicy, fate: Fate) -> None:
    assert next_step(policy, fate) is Step.FAIL


@pytest.mark.parametrize("policy", RetryPolicy)
@pytest.mark.parametrize(
    ("code", "text"), [(-11502, "Duplicate"), (None, "Duplicate customer order id's are not allowed")]
)
def test_an_id_in_use_proves_that_an_earlier_attempt_lives(
    policy: RetryPolicy, code: int | None, text: str
) -> None:
    assert fate_of_refusal(code, text) is Fate.DUPLICATE_ID
    assert next_step(policy, Fate.DUPLICATE_ID) is Step.PROBE


@pytest.mark.parametrize(
    ("code", "text"),
    [(None, ""), (None, "Insufficient Balance"), (-6, "Duplicate customer order id"), (11502, "")],
)
def test_any_other_code_is_a_refusal(code: int | None, text: str) -> None:
    assert fate_of_refusal(code, text) is Fate.REFUSED


@pytest.mark.parametrize("policy", [NEVER, IF_UNSENT])
def test_what_was_proved_absent_stays_so_unless_the_policy_asks_otherwise(policy: RetryPolicy) -> None:
    assert not may_place_again(policy, sent=1, most=3, is_unwanted=False)


@pytest.mark.parametrize(("sent", "expected"), [(1, True), (2, True), (3, False), (4, False)])
def test_an_absent_order_is_placed_again_a_bounded_number_of_times(sent: int, expected: bool) -> None:
    assert may_place_again(IF_ABSENT, sent=sent, most=3, is_unwanted=False) is expected


def test_an_absent_order_that_was_to_be_cancelled_is_not_placed_again() -> None:
    assert not may_place_again(IF_ABSENT, sent=1, most=3, is_unwanted=True)


def test_every_way_out_counts_as_sent_once() -> None:
    on_its_way, lost, refused_here = new_order("a"), new_order("b"), new_order("c")
    tell(on_its_way, step(Says.SENT), step(Says.PLACEMENT_UNKNOWN), now=NOW)
    tell(lost, step(Says.PLACEMENT_UNKNOWN), now=NOW)
    tell(refused_here, step(Says.NOT_SENT), now=NOW)
    assert (on_its_way.times_sent, lost.times_sent, refused_here.times_sent) == (1, 1, 0)
