"""The page on guarantees names every invariant that is checked, and every planted bug."""

from __future__ import annotations

import re
from pathlib import Path

from tests.verification.days_seeds import SCHEDULES
from tests.verification.planted_bugs import PLANTS
from valr_connector.cli.simulate import INVARIANTS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")


def test_every_invariant_that_the_simulation_counts_has_its_row() -> None:
    rows = set(re.findall(r"^\| ([SL]\d+) \|", PAGE, re.MULTILINE))
    assert {name for name in INVARIANTS if name[0] in "SL"} <= rows


def test_every_planted_bug_has_its_row_and_the_day_its_number() -> None:
    bugs = PAGE.partition("## The checks can fail")[2].partition("## What is not shown")[0]
    heading_and_bugs = re.findall(r"^\| ", bugs, re.MULTILINE)
    assert len(heading_and_bugs) - 1 == len(PLANTS)
    assert f"runs {SCHEDULES:,} other schedules every day" in PAGE
