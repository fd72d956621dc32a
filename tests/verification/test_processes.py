"""Processes that die: nothing gets out of them any more, and the next one knows all there is to know."""

from __future__ import annotations

import pytest

from valr_connector.verification.run import Report, simulate
from valr_connector.verification.schedule_text import from_text


def play(steps: str, **dials: str) -> Report:
    head = "".join(f"{name}={value}\n" for name, value in dials.items())
    return simulate(from_text(f"seed=7\nlatency_s=0.01\njournal=true\n{head}{steps}"))


PLACED_AND_KILLED = """
    0.5 place name=a side=BUY amount=0.01 price=990000
    {at} crash writes={writes} pause=0.5
    1.6 take side=BUY amount=0.004
    3.0 cancel name=a
"""


@pytest.mark.parametrize("writes", range(5))
@pytest.mark.parametrize("at", [0.5, 0.505, 0.6])
def test_an_order_survives_the_process_that_placed_it(at: float, writes: int) -> None:
    report = play(PLACED_AND_KILLED.format(at=at, writes=writes))
    assert not report.violations
    assert report.rare["crash"] == 1


def test_an_order_that_was_open_is_restored_and_its_fill_is_told() -> None:
    report = play(PLACED_AND_KILLED.format(at=1.0, writes=0))
    assert not report.violations
    assert report.rare["restored from the journal"] == 1


def test_a_process_that_dies_writing_an_order_down_has_not_sent_it() -> None:
    report = play("0.5 crash writes=1\n0.5 place name=a side=BUY amount=0.01 price=990000\n")
    assert not report.violations
    assert report.rare["crash"] == 1
    assert report.rare["restored from the journal"] == 0


def test_processes_may_die_while_they_start_and_while_they_close() -> None:
    steps = """
        0.5 place name=a side=BUY amount=0.01 price=990000
        1.0 crash pause=0.0
        1.002 crash pause=0.0
        1.1 restart
        1.11 crash pause=0.0
        1.5 close
    """
    report = play(steps)
    assert not report.violations
    assert report.rare["crash"] == 3


def test_a_process_that_writes_nothing_dies_all_the_same() -> None:
    report = play("0.5 crash writes=3\n")
    assert not report.violations
    assert report.rare["crash"] == 1


def test_without_a_journal_the_next_process_meets_strangers() -> None:
    steps = "0.5 place name=a side=BUY amount=0.01 price=990000\n1.0 restart\n"
    text = f"seed=7\nsettings.on_close=leave\nsettings.reconcile_interval_s=4\n{steps}"
    report = simulate(from_text(text))
    assert not report.violations
    assert report.rare["stranger"] == 1
