"""Two connections that say the same: each thing said is told once, and none is lost with one of them."""

from __future__ import annotations

from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from valr_connector.core import twin_frames
from valr_connector.core.twin_frames import TwinFrames

PATIENCE = 10
A, B = b"a", b"b"


def second(
    twins: TwinFrames, frame: bytes, now: int = 0, *, live: bool = True, picture: bool = False
) -> bool:
    return twins.second(frame, now, is_first_live=live, is_picture=picture)


def test_what_the_first_says_is_told_and_its_twin_is_not() -> None:
    twins = TwinFrames(PATIENCE)
    assert twins.first(A)
    assert not second(twins, A)
    assert (twins.next_due, list(twins.overdue(99))) == (None, [])


def test_the_second_waits_for_the_first() -> None:
    twins = TwinFrames(PATIENCE)
    assert not second(twins, A)
    due = [twins.next_due]
    assert twins.first(A)
    due.append(twins.next_due)
    assert due == [PATIENCE, None]
    assert list(twins.overdue(99)) == []


def test_what_is_said_twice_is_told_twice() -> None:
    twins = TwinFrames(PATIENCE)
    assert [twins.first(A), twins.first(A)] == [True, True]
    assert [second(twins, A), second(twins, A)] == [False, False]
    assert twins.next_due is None
    assert [second(twins, B), second(twins, B)] == [False, False]
    assert [twins.first(B), twins.first(B)] == [True, True]
    assert list(twins.overdue(99)) == []


def test_a_twin_that_does_not_come_in_time_is_told_after_all_and_not_again() -> None:
    twins = TwinFrames(PATIENCE)
    second(twins, A, 0)
    second(twins, B, 5)
    assert list(twins.overdue(9)) == []
    assert list(twins.overdue(10)) == [A]
    assert twins.next_due == 15
    assert not twins.first(A), "it was told already"
    assert twins.first(A), "this is another one"


def test_a_picture_of_the_whole_state_is_not_told_late() -> None:
    twins = TwinFrames(PATIENCE)
    second(twins, A, picture=True)
    assert list(twins.overdue(99)) == []
    assert twins.first(A)


def test_what_was_said_of_a_state_before_a_frame_that_both_said_is_old() -> None:
    twins = TwinFrames(PATIENCE)
    for frame, state in ((b"old", "x"), (A, "x"), (b"new", "x"), (b"other", "y"), (b"none", "")):
        twins.second(frame, 0, is_first_live=True, is_picture=False, state=state)
    assert twins.first(A)
    assert twins.first(B)
    assert not twins.second(B, 0, is_first_live=True, is_picture=False, state="y")
    assert list(twins.held()) == [b"new", b"none"]


def test_with_the_first_gone_everything_held_is_told_in_its_order() -> None:
    twins = TwinFrames(PATIENCE)
    for frame in (A, B, A):
        second(twins, frame)
    assert list(twins.first_lost()) == [A, B, A]
    assert (twins.next_due, list(twins.first_lost())) == (None, [])


def test_while_the_first_is_away_the_second_is_told_at_once() -> None:
    twins = TwinFrames(PATIENCE)
    assert second(twins, A, live=False)
    assert second(twins, B, live=False, picture=True)


def test_what_the_first_says_again_after_it_came_back_is_let_go() -> None:
    twins = TwinFrames(PATIENCE)
    twins.first_lost()
    second(twins, A, live=False)
    twins.first_began()
    second(twins, B, live=False)
    assert twins.first(A), "from before it was connected: it cannot be the same"
    assert not twins.first(B)


def test_what_the_first_said_before_it_was_lost_says_nothing_about_later() -> None:
    twins = TwinFrames(PATIENCE)
    twins.first(A)
    twins.first_lost()
    assert second(twins, A, live=False)


def test_a_second_that_was_lost_owes_nothing() -> None:
    twins = TwinFrames(PATIENCE)
    twins.first(A)
    twins.second_lost()
    assert not second(twins, A)
    assert list(twins.overdue(99)) == [A]


def test_it_remembers_the_newest_only() -> None:
    twins = TwinFrames(PATIENCE)
    for number in range(twin_frames.MOST_REMEMBERED + 1):
        twins.first(b"%d" % number)
    assert not second(twins, b"1")
    assert not second(twins, b"0")
    assert list(twins.overdue(99)) == [b"0"]


@given(
    st.lists(st.sampled_from([A, B, b"c"]), max_size=12),
    st.lists(st.booleans(), min_size=24, max_size=24),
    st.integers(0, 12),
)
def test_whatever_overtakes_what_and_whenever_the_first_is_lost_each_frame_is_told_once(
    said: list[bytes], turns: list[bool], lost_after: int
) -> None:
    twins = TwinFrames(PATIENCE)
    told: Counter[bytes] = Counter()
    by_first, by_second = said[:lost_after], list(said)
    is_live = True
    for is_first in turns:
        if is_first and by_first:
            frame = by_first.pop(0)
            told[frame] += twins.first(frame)
        elif is_live and not by_first:
            is_live = False
            told.update(twins.first_lost())
        elif by_second:
            frame = by_second.pop(0)
            told[frame] += second(twins, frame, live=is_live)
    if is_live:
        for frame in by_first:
            told[frame] += twins.first(frame)
        told.update(twins.first_lost())
    # What only the second still had to say when the first was lost is told; a repetition may be told twice.
    for frame in by_second:
        told[frame] += second(twins, frame, live=False)
    assert all(told[frame] >= count for frame, count in Counter(said).items())
