"""Which schedules the suite runs today: others than yesterday, the same in every process of a run."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from typing import Final

SCHEDULES: Final = 5_000
FIRST_SEED: Final = "VALR_SIMULATION_FROM"
"""Environment variable: the first seed, to run the schedules of another day again."""
TEST_MODULE: Final = "test_days_seeds.py"
_SEEDS_OF_A_DAY: Final = 10_000


def first_seed() -> int:
    """The first of `SCHEDULES` seeds: by the UTC date, unless the environment names another one.

    It is put into the environment, for the other processes of a run that crosses midnight.
    """
    today = datetime.now(UTC).date().toordinal() * _SEEDS_OF_A_DAY
    return int(os.environ.setdefault(FIRST_SEED, str(today)))


def in_words() -> str:
    """Which schedules ran, and how to run them again."""
    first = first_seed()
    return (
        f"simulation: {SCHEDULES} schedules, seeds {first} to {first + SCHEDULES - 1}; "
        f"again with {FIRST_SEED}={first}, or valr simulate --from {first} --seeds {SCHEDULES}"
    )
