"""What a live book looks like: a ladder on a terminal, a line elsewhere."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from tests.cli.market_samples import BTC_ZAR, Terminal, snapshot
from valr_connector.cli.book_view import (
    BookLadder,
    BookLines,
    BookMoment,
    book_line,
    ladder,
    open_book_view,
)
from valr_connector.core.book_snapshot import BookSnapshot

BOOK = snapshot(["900000:0.50", "899999:2"], ["900010:0.25"])


@pytest.fixture(autouse=True)
def a_terminal_with_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever runs the tests may have none."""
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)


def moment(book: BookSnapshot | None = BOOK, *, depth: int = 10, resyncs: int = 3) -> BookMoment:
    return BookMoment(BTC_ZAR, book, "" if book else "a gap in the sequence", depth, resyncs)


def drawn(shown: BookMoment, *, colours: bool = False) -> str:
    console = Console(file=io.StringIO(), width=80, record=True, force_terminal=colours)
    console.print(ladder(shown))
    return console.export_text(styles=colours)


def test_a_line_tells_best_prices_spread_and_resyncs() -> None:
    assert book_line(moment()) == (
        "BTC-ZAR | bid 900000 x 0.5 | ask 900010 x 0.25 | spread 10 (0.1 bp) | levels 2 / 1"
        " | sequence 7 | resyncs 3"
    )


def test_a_line_of_a_book_without_bids_or_a_sequence_has_dashes() -> None:
    line = book_line(moment(snapshot([], ["900010:0.25"], sequence=None)))
    assert line == "BTC-ZAR | bid - | ask 900010 x 0.25 | spread - | levels 0 / 1 | sequence - | resyncs 3"


def test_a_line_of_an_invalid_book_has_no_price() -> None:
    assert book_line(moment(None)) == "BTC-ZAR | no book: a gap in the sequence | resyncs 3"


def test_a_ladder_has_bids_left_and_asks_right_best_on_top() -> None:
    lines = drawn(moment()).splitlines()
    best = next(line for line in lines if "900000" in line)
    assert best.index("0.5") < best.index("900000") < best.index("900010") < best.index("0.25")
    assert lines.index(best) < lines.index(next(line for line in lines if "899999" in line))
    assert "spread 10 (0.1 bp)   resyncs 3" in lines[-1]
    assert all(len(line) <= 80 for line in lines)


def test_a_ladder_shows_no_more_levels_than_are_wanted() -> None:
    assert "899999" not in drawn(moment(depth=1))


def test_bars_grow_with_what_rests() -> None:
    rows = {line.count("█") for line in drawn(moment()).splitlines() if "█" in line}
    assert rows == {2 + 1, 8}  # 0.5 and 0.25 of 2 beside each other; 2 alone


def test_the_sides_have_colours_of_their_own() -> None:
    text = drawn(moment(), colours=True)
    assert "\x1b[1;32m" in text
    assert "\x1b[1;31m" in text


def test_an_invalid_book_has_no_ladder_and_says_why() -> None:
    text = drawn(moment(None))
    assert "no book: a gap in the sequence" in text
    assert "█" not in text


def test_an_empty_book_is_drawn_too() -> None:
    assert "spread -" in drawn(moment(snapshot([], [])))


def test_where_it_is_piped_lines_are_printed() -> None:
    out = io.StringIO()
    with open_book_view(out) as view:
        assert isinstance(view, BookLines)
        view.show(moment())
        view.show(moment(None))
    assert out.getvalue().splitlines() == [book_line(moment()), book_line(moment(None))]


def test_on_a_terminal_the_ladder_stays_in_place() -> None:
    out = Terminal()
    with open_book_view(out) as view:
        assert isinstance(view, BookLadder)
        view.show(moment())
        first = len(out.getvalue())
        view.show(moment(None))
    assert "\x1b[" in out.getvalue()[first:]  # the cursor goes back to where the ladder began
    assert "900000" in out.getvalue()


@pytest.mark.parametrize(("width", "view"), [(74, BookLines), (75, BookLadder)])
def test_a_terminal_without_room_for_the_whole_ladder_gets_lines(
    monkeypatch: pytest.MonkeyPatch, width: int, view: type
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    with open_book_view(Terminal()) as chosen:
        assert type(chosen) is view


def test_a_ladder_is_as_wide_as_it_is_taken_for() -> None:
    assert {len(line) for line in drawn(moment()).splitlines() if line.startswith(("┃", "│"))} == {75}
