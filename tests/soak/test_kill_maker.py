"""A few of the kills that `python -m tests.soak.kill_maker` makes a hundred of."""

from __future__ import annotations

import time
from pathlib import Path
from random import Random

from tests.soak.kill_maker import kill_and_compare


async def test_a_maker_that_is_killed_again_and_again_loses_nothing_and_doubles_nothing(
    tmp_path: Path,
) -> None:
    seed = time.time_ns() % 1_000_000
    report = await kill_and_compare(3, Random(seed), tmp_path / "orders.journal")
    assert report.violations == [], f"python -m tests.soak.kill_maker --kills 3 --seed {seed}"
    assert report.orders > 3
    assert report.fills > 0
