"""The page on guarantees names every invariant that is checked, and only what exists."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

import pytest

from tests.verification.days_seeds import SCHEDULES
from tests.verification.planted_bugs import PLANTS
from valr_connector.cli.simulate import INVARIANTS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "guarantees.md").read_text(encoding="utf-8")
CODE = re.findall(r"`([^`]+)`", PAGE)


def test_every_invariant_that_the_simulation_counts_has_its_row() -> None:
    rows = set(re.findall(r"^\| ([SL]\d+) \|", PAGE, re.MULTILINE))
    assert {name for name in INVARIANTS if name[0] in "SL"} <= rows


@pytest.mark.parametrize("module", sorted({c.split()[2] for c in CODE if c.startswith("python -m ")}))
def test_a_module_that_is_to_be_run_exists(module: str) -> None:
    assert importlib.util.find_spec(module) is not None


@pytest.mark.parametrize("target", sorted({c.split()[1] for c in CODE if c.startswith("make ")}))
def test_a_target_that_is_named_exists(target: str) -> None:
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE)


@pytest.mark.parametrize("path", sorted({c for c in CODE if c.startswith("tests/")}))
def test_a_file_that_is_named_exists(path: str) -> None:
    assert (ROOT / path).exists()


def test_every_planted_bug_has_its_row_and_the_day_its_number() -> None:
    bugs = PAGE.partition("## The checks can fail")[2].partition("## What is not shown")[0]
    heading_and_bugs = re.findall(r"^\| ", bugs, re.MULTILINE)
    assert len(heading_and_bugs) - 1 == len(PLANTS)
    assert f"runs {SCHEDULES:,} other schedules every day" in PAGE
