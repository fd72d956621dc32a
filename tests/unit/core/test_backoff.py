"""How long to wait before dialling again."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valr_connector.core.backoff import Backoff, BackoffSettings
from valr_connector.errors import InvalidArgumentError

ALMOST_ONE = 1 - 1e-12


def ceilings(backoff: Backoff, count: int) -> list[float]:
    return [round(backoff.next_delay(stable_s=0, random=ALMOST_ONE), 6) for _ in range(count)]


def test_the_first_failure_is_followed_up_within_a_fifth_of_a_second() -> None:
    assert ceilings(Backoff(), 1) == [0.2]


def test_from_the_second_failure_the_ceiling_doubles_from_one_second_to_a_minute() -> None:
    assert ceilings(Backoff(), 10) == [0.2, 1, 2, 4, 8, 16, 32, 60, 60, 60]


def test_the_wait_is_uniform_between_nothing_and_the_ceiling() -> None:
    backoff = Backoff(failures=3)
    assert backoff.next_delay(stable_s=0, random=0.0) == 0.0
    assert Backoff(failures=3).next_delay(stable_s=0, random=0.5) == 2.0


def test_a_connection_authenticated_for_a_minute_makes_the_next_failure_a_first_one() -> None:
    backoff = Backoff(failures=7)
    assert backoff.next_delay(stable_s=60.0, random=ALMOST_ONE) <= 0.2
    assert backoff.failures == 1


def test_a_connection_that_is_dropped_soon_after_it_authenticated_counts_as_one_more_failure() -> None:
    backoff = Backoff(failures=3)
    assert backoff.next_delay(stable_s=59.9, random=ALMOST_ONE) == pytest.approx(4.0)


def test_where_the_exchange_asks_for_patience_the_first_wait_is_not_the_fast_one() -> None:
    backoff = Backoff()
    assert backoff.next_delay(stable_s=0, random=ALMOST_ONE, may_hurry=False) == pytest.approx(1.0)
    assert backoff.next_delay(stable_s=0, random=ALMOST_ONE, may_hurry=False) == pytest.approx(2.0)


@pytest.mark.parametrize(("spent_s", "delay_s"), [(0.5, 1.5), (2.0, 0.0), (10.0, 0.0)])
def test_the_time_that_a_dial_took_in_vain_is_part_of_the_wait(spent_s: float, delay_s: float) -> None:
    assert Backoff(failures=3).next_delay(stable_s=0, random=0.5, spent_s=spent_s) == delay_s


def test_a_single_dropped_socket_is_dialled_again_well_within_two_seconds() -> None:
    assert Backoff().next_delay(stable_s=3_600, random=ALMOST_ONE) < 0.5


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 1e6), st.floats(0, 1, exclude_max=True), st.booleans()), min_size=1),
    st.floats(0.001, 10),
    st.floats(0.001, 10),
    st.floats(10, 1_000),
)
def test_no_wait_is_negative_or_exceeds_the_cap(
    failures: list[tuple[float, float, bool]], fast_s: float, base_s: float, cap_s: float
) -> None:
    backoff = Backoff(BackoffSettings(fast_s=fast_s, base_s=base_s, cap_s=cap_s))
    for stable_s, random, may_hurry in failures:
        assert 0 <= backoff.next_delay(stable_s=stable_s, random=random, may_hurry=may_hurry) <= cap_s


def test_a_thousand_failures_in_a_row_still_wait_no_longer_than_the_cap() -> None:
    assert ceilings(Backoff(failures=1_000), 1) == [60.0]


@pytest.mark.parametrize("field", ["fast_s", "base_s", "cap_s", "stable_s"])
@pytest.mark.parametrize("value", [0.0, -1.0, float("inf"), float("nan")])
def test_a_setting_that_is_no_positive_time_is_refused(field: str, value: float) -> None:
    with pytest.raises(InvalidArgumentError, match=f"{field}=.*positive number of seconds"):
        BackoffSettings(**{field: value})


def test_a_cap_below_the_base_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match=r"cap_s=0.5: has to be at least base_s \(1.0\)"):
        BackoffSettings(cap_s=0.5)
