"""The schedules of the day: no invariant is violated in any of them."""

from __future__ import annotations

import pytest

from tests.verification.days_seeds import FIRST_SEED, SCHEDULES, first_seed, in_words
from valr_connector.verification.campaign import run_chunk
from valr_connector.verification.generate import Profile

CHUNKS = 100
"""Tests can run beside each other; schedules within one cannot."""


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_schedule_of_the_day_violates_an_invariant(chunk: int) -> None:
    size = SCHEDULES // CHUNKS
    tally = run_chunk(first_seed() + chunk * size, size, Profile.HEAVY)
    again = [f"valr simulate --seed {seed} --trace" for seed in sorted(tally.found)]
    assert not tally.found, (tally.found, again)
    assert tally.schedules == size


def test_the_environment_can_name_the_first_seed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(FIRST_SEED, "4200")
    assert first_seed() == 4200
    assert f"seeds 4200 to {4200 + SCHEDULES - 1}; again with {FIRST_SEED}=4200" in in_words()


def test_every_day_has_other_seeds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(FIRST_SEED, raising=False)
    first = first_seed()
    assert first % 10_000 == 0
    assert SCHEDULES <= 10_000
