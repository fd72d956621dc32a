"""The command that records: it says what differs, and keeps it only when told to."""

from __future__ import annotations

import io
import shutil
from pathlib import Path

import pytest

from tests.replay.record import FRAMES, paths, record, recorded, review
from tests.replay.scenarios import SCENARIOS
from valr_connector.net.journal import read_note


@pytest.mark.parametrize("name", SCENARIOS)
async def test_a_session_played_now_is_the_recorded_one_to_the_byte(name: str, tmp_path: Path) -> None:
    await record(SCENARIOS[name], tmp_path)

    for fresh, committed in zip(paths(tmp_path, name), paths(FRAMES, name), strict=True):
        assert fresh.read_text() == committed.read_text()


def test_every_recording_in_the_repository_has_its_scenario() -> None:
    assert recorded(FRAMES) == sorted(SCENARIOS)


def test_recordings_that_no_exchange_sent_say_so_in_their_first_line() -> None:
    by_hand = {path for path in FRAMES.glob("*.jsonl") if path.stem not in SCENARIOS}

    assert by_hand
    assert all(read_note(path).startswith("written by hand: ") for path in by_hand)


@pytest.fixture
def folders(tmp_path: Path) -> tuple[Path, Path]:
    """A folder of committed recordings, and one of fresh ones that are the same."""
    committed, fresh = tmp_path / "committed", tmp_path / "fresh"
    for folder in (committed, fresh):
        folder.mkdir()
        for name in ("cancel", "place_rests", "by_hand_order_placed"):
            for path in paths(FRAMES, name):
                shutil.copy(path, folder)
    return committed, fresh


def change(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new))


def test_the_command_finds_nothing_where_nothing_differs(folders: tuple[Path, Path]) -> None:
    told = io.StringIO()

    assert review(*folders, told, accepting=False) == 0
    assert told.getvalue() == "2 recordings: nothing differs\n"


def test_a_difference_is_told_and_not_taken_over(folders: tuple[Path, Path]) -> None:
    committed, fresh = folders
    frames, expected = paths(fresh, "cancel")
    change(frames, '"orderStatusType":"Cancelled"', '"orderStatusType":"Expired"')
    change(expected, '"status":"CANCELLED"', '"status":"EXPIRED"')
    change(expected, '"event":"OrderCancelled"', '"event":"OrderExpired"')
    before = [path.read_text() for path in paths(committed, "cancel")]
    told = io.StringIO()

    assert review(committed, fresh, told, accepting=False) == 1

    assert told.getvalue().splitlines() == [
        "cancel",
        "  frames: 1 lines added, 1 removed",
        "  order bid-1: status: 'CANCELLED' -> 'EXPIRED'",
        "  event no longer told: OrderCancelled(order='bid-1', executed_amount='0', reason='')",
        "  event told now: OrderExpired(order='bid-1', executed_amount='0', reason='')",
        "1 recordings differ; --accept takes them over",
    ]
    assert [path.read_text() for path in paths(committed, "cancel")] == before


def test_an_accepted_difference_is_told_and_taken_over(folders: tuple[Path, Path]) -> None:
    committed, fresh = folders
    change(paths(fresh, "cancel")[0], '"epoch":1', '"epoch":2')
    told = io.StringIO()

    assert review(committed, fresh, told, accepting=True) == 0

    assert told.getvalue().endswith("1 recordings accepted\n")
    assert review(committed, fresh, io.StringIO(), accepting=False) == 0


def test_a_new_session_and_one_that_is_gone_are_differences(folders: tuple[Path, Path]) -> None:
    committed, fresh = folders
    for path in (*paths(committed, "cancel"), *paths(fresh, "place_rests")):
        path.unlink()
    told = io.StringIO()

    assert review(committed, fresh, told, accepting=True) == 0

    assert told.getvalue().splitlines()[:4] == ["cancel", "  new", "place_rests", "  recorded no longer"]
    assert recorded(committed) == ["cancel"]


def test_a_recording_written_by_hand_is_left_alone(folders: tuple[Path, Path]) -> None:
    committed, fresh = folders
    for path in paths(fresh, "by_hand_order_placed"):
        path.unlink()

    assert review(committed, fresh, io.StringIO(), accepting=True) == 0
    assert all(path.exists() for path in paths(committed, "by_hand_order_placed"))


def test_orders_and_balances_that_come_and_go_are_told(folders: tuple[Path, Path]) -> None:
    committed, fresh = folders
    change(paths(fresh, "cancel")[1], '"bid-1": {', '"bid-2": {')
    told = io.StringIO()

    review(committed, fresh, told, accepting=False)

    assert "  order bid-1: removed\n  order bid-2: added\n" in told.getvalue()
