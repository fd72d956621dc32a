"""A few of the diffs that `python -m tests.soak.books` makes a million of."""

from __future__ import annotations

import sys
import time

import pytest

from tests.soak import books
from tests.soak.books import FAULTS, Soak
from valr_connector.model.enums import BookFeed


@pytest.fixture(autouse=True)
def many_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(books, "FAULT_RATE", 0.1)


@pytest.mark.parametrize(("feed", "diffs"), [(BookFeed.L1_DIFF, 2_000), (BookFeed.FULL, 400)])
def test_a_live_book_is_the_markets_and_every_fault_breaks_it_at_once(feed: BookFeed, diffs: int) -> None:
    seed = time.time_ns() % 1_000_000
    sys.stdout.write(f"python -m tests.soak.books --feed {feed} --pairs 4 --levels 80 --seed {seed}\n")
    report = Soak(seed=seed, pairs=4, feed=feed, levels=80).run(diffs)
    assert report.diffs >= diffs
    assert report.resyncs
    assert report.faults.total() >= len(FAULTS)


def test_a_book_that_differs_is_found() -> None:
    soak = Soak(seed=1, pairs=2, feed=BookFeed.L1_DIFF, levels=60)
    line = next(iter(soak._lines.values()))
    line.market.diff()
    with pytest.raises(AssertionError):
        soak._check(line)


def test_the_command_says_what_it_saw(capsys: pytest.CaptureFixture[str]) -> None:
    assert books.main(["--diffs", "200", "--pairs", "2", "--levels", "60", "--seed", "5"]) == 0
    said = capsys.readouterr().out
    assert "each seen in the frame that showed it" in said
    assert said.endswith("seed 5\n")


def test_the_command_says_how_to_see_a_violation_again(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(books, "_with_false_checksum", lambda raw: raw)
    assert books.main(["--diffs", "5000", "--pairs", "2", "--levels", "60", "--seed", "7"]) == 1
    said = capsys.readouterr().out
    assert "again: python -m tests.soak.books --seed 7 --diffs 5000 --pairs 2 --levels 60" in said
