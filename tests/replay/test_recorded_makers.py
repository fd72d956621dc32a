"""The command that records makers among faults and replays them, for a few seconds."""

from __future__ import annotations

import io

from tests.replay.recorded_makers import run


def test_a_recorded_maker_among_faults_replays_to_the_same_state() -> None:
    out = io.StringIO()
    (outcome,) = run(1, 10, 3, out)
    assert outcome.is_same
    assert outcome.orders > 10
    assert out.getvalue().endswith("1 of 1 replays ended in the recorded state\n")
