"""One mistake is mended, the same one again and again is not."""

from __future__ import annotations

from dataclasses import replace

import pytest

from valr_connector.core.restarts import RestartPolicy, Restarts
from valr_connector.errors import InvalidArgumentError

S = 1_000_000_000
POLICY = RestartPolicy(most=3, within_s=60.0, pause_s=0.1)


def test_each_restart_lately_waits_twice_as_long_and_after_the_last_comes_none() -> None:
    restarts = Restarts(POLICY)
    pauses = [restarts.next_pause_s(now * S) for now in range(5)]
    assert pauses == [0.1, 0.2, 0.4, None, None]
    assert len(restarts) == 3


def test_what_lies_back_far_enough_is_forgotten() -> None:
    restarts = Restarts(POLICY)
    for now in (0, 1, 2):
        restarts.next_pause_s(now * S)
    assert restarts.next_pause_s(60 * S - 1) is None
    assert restarts.next_pause_s(60 * S) == 0.4
    assert restarts.next_pause_s(121 * S) == 0.1


@pytest.mark.parametrize("name", ["most", "within_s", "pause_s"])
@pytest.mark.parametrize("value", [0, -1, float("inf"), float("nan")])
def test_a_policy_that_is_not_positive_is_refused(name: str, value: float) -> None:
    changes: dict[str, object] = {name: value}
    with pytest.raises(InvalidArgumentError, match=name):
        replace(RestartPolicy(), **changes)  # type: ignore[arg-type]  # on purpose
