"""Log lines that repeat themselves."""

from __future__ import annotations

import logging

import pytest

from valr_connector import InvalidArgumentError
from valr_connector.observe.repeats import RepeatFilter


def record(at: float, *, message: str = "no %s", level: int = logging.WARNING) -> logging.LogRecord:
    made = logging.LogRecord("valr_connector.net", level, "file", 1, message, ("answer",), None)
    made.created = at
    return made


def test_a_few_of_a_kind_pass_in_each_span_and_the_next_span_says_how_many_did_not() -> None:
    repeats = RepeatFilter(most=2, span_s=10)
    assert [repeats.filter(record(at)) for at in (0, 1, 2, 3)] == [True, True, False, False]
    later = record(10)
    assert repeats.filter(later)
    assert later.getMessage() == "no answer (2 more like it left out)"
    assert repeats.filter(fresh := record(30))
    assert fresh.getMessage() == "no answer"


def test_a_clock_that_is_set_back_begins_a_new_span() -> None:
    repeats = RepeatFilter(most=1, span_s=10)
    assert [repeats.filter(record(at)) for at in (3_600, 3_601)] == [True, False]
    assert repeats.filter(later := record(0))
    assert later.getMessage() == "no answer (1 more like it left out)"


def test_other_lines_and_those_that_are_no_warning_are_left_alone() -> None:
    repeats = RepeatFilter(most=1)
    assert repeats.filter(record(0))
    assert repeats.filter(record(0, message="other %s"))
    assert all(repeats.filter(record(0, level=logging.INFO)) for _ in range(3))


def test_memory_is_bounded() -> None:
    repeats = RepeatFilter(most=1)
    for number in range(1_500):
        repeats.filter(record(0, message=f"{number} %s"))
    assert len(repeats._seen) == 1_000


@pytest.mark.parametrize("given", [{"most": 0}, {"span_s": 0}])
def test_what_makes_no_sense_is_refused(given: dict[str, int]) -> None:
    with pytest.raises(InvalidArgumentError):
        RepeatFilter(**given)
