"""Actions run when they are due, in order, and one at a time."""

from __future__ import annotations

import asyncio

import pytest

from valr_connector.simulator.timeline import Lane, Throttle, Timeline


@pytest.fixture
async def timeline() -> Timeline:
    timeline = Timeline()
    timeline.open()
    return timeline


async def reach(timeline: Timeline, seconds: float) -> None:
    """Wait until everything due in that time has run."""
    reached = asyncio.Event()
    timeline.after(seconds, reached.set)
    async with asyncio.timeout(10):
        await reached.wait()


async def test_actions_run_by_due_time_and_then_in_the_order_of_their_arrival(timeline: Timeline) -> None:
    done: list[str] = []
    due = timeline.now() + 0.01
    timeline.at(due + 0.005, lambda: done.append("last"))
    timeline.at(due, lambda: done.append("first"))
    timeline.at(due, lambda: done.append("second"))
    await reach(timeline, 0.02)
    assert done == ["first", "second", "last"]


async def test_an_action_without_delay_runs_at_once(timeline: Timeline) -> None:
    done: list[str] = []
    timeline.after(0, lambda: done.append("now"))
    assert done == ["now"]


async def test_an_action_that_another_one_adds_runs_after_it(timeline: Timeline) -> None:
    done: list[str] = []

    def first() -> None:
        timeline.after(0, lambda: done.append("added"))
        done.append("first")

    timeline.after(0, first)
    assert done == ["first", "added"]


async def test_an_action_that_fails_does_not_stop_those_after_it(timeline: Timeline) -> None:
    done: list[str] = []

    def fail() -> None:
        timeline.after(0.01, lambda: done.append("later"))
        raise LookupError

    with pytest.raises(LookupError):
        timeline.after(0, fail)
    await reach(timeline, 0.02)
    assert done == ["later"]


async def test_a_closed_timeline_drops_what_it_has_and_what_it_gets(timeline: Timeline) -> None:
    done: list[str] = []
    timeline.after(0.001, lambda: done.append("waiting"))
    timeline.close()
    timeline.after(0, lambda: done.append("late"))
    timeline.open()
    await reach(timeline, 0.005)
    assert done == []


async def test_finishing_runs_everything_at_once_and_in_order(timeline: Timeline) -> None:
    done: list[str] = []

    def first() -> None:
        done.append("first")
        timeline.after(90, lambda: done.append("third"))

    timeline.after(60, lambda: done.append("second"))
    timeline.after(30, first)
    timeline.finish()
    assert done == ["first", "second", "third"]
    timeline.close()


async def test_nothing_overtakes_in_a_lane(timeline: Timeline) -> None:
    done: list[str] = []
    lane = Lane(timeline)
    lane.after(0.01, lambda: done.append("slow"))
    lane.after(0, lambda: done.append("quick"))
    timeline.after(0, lambda: done.append("other lane"))
    await reach(timeline, 0.02)
    assert done == ["other lane", "slow", "quick"]


async def test_a_throttle_runs_at_once_and_then_once_per_interval(timeline: Timeline) -> None:
    runs: list[float] = []
    throttle = Throttle(timeline, 0.02, lambda: runs.append(timeline.now()))
    for _ in range(3):
        throttle.ask()
    assert len(runs) == 1
    await reach(timeline, 0.03)
    assert len(runs) == 2
    assert runs[1] - runs[0] >= 0.02
