"""Schedules as text: what is written reads back, and what is malformed is named."""

from __future__ import annotations

from decimal import Decimal

import pytest

from valr_connector.verification.generate import Profile, generate
from valr_connector.verification.schedule import (
    Cancel,
    FrameFate,
    FrameFault,
    Place,
    Schedule,
)
from valr_connector.verification.schedule_text import ScheduleError, from_text, to_text


@pytest.mark.parametrize("profile", Profile)
def test_every_generated_schedule_reads_back_as_it_was(profile: Profile) -> None:
    for seed in range(100):
        schedule = generate(seed, profile)
        assert from_text(to_text(schedule)) == schedule


def test_a_seed_gives_the_same_schedule_again_and_another_seed_another() -> None:
    assert generate(5) == generate(5)
    assert generate(5).steps != generate(6).steps


def test_without_faults_no_step_is_a_fault() -> None:
    verbs = {type(step).__name__ for seed in range(100) for step in generate(seed, Profile.NONE).steps}
    assert not verbs & {"FrameFault", "RequestFault", "DialFault", "Cut", "HalfOpen", "Inject", "Jump"}


def test_a_schedule_can_be_written_by_hand() -> None:
    text = """
        # an order that is cancelled unheard
        seed=7
        venue.send_placed_status=true
        settings.reconcile_interval_s=5
        0.5 place name=a side=BUY amount=0.01 price=990000
        0.5 frame way=in fate=drop   # its confirmation
        2 cancel name=a
    """
    assert from_text(text) == Schedule(
        seed=7,
        venue={"send_placed_status": True},
        settings={"reconcile_interval_s": 5.0},
        steps=(
            Place(at=0.5, name="a", side="BUY", amount=Decimal("0.01"), price=Decimal(990000)),
            FrameFault(at=0.5, way="in", fate=FrameFate.DROP),
            Cancel(at=2.0, name="a"),
        ),
    )


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("1.0 jump-up seconds=1", "no step of a schedule: 1.0 jump-up seconds=1"),
        ("1.0 cancel a", "no step of a schedule: 1.0 cancel a"),
        ("1.0", "no step of a schedule: 1.0"),
        ("1.0 cancel", "missing required field `name`"),
        ("1.0 frame way=out fate=twice", "what the connector sends cannot be 'twice'"),
        ("seed=x", "the head of the schedule"),
    ],
)
def test_a_malformed_line_is_named(line: str, words: str) -> None:
    with pytest.raises(ScheduleError, match=words):
        from_text(f"seed=1\n{line}\n")


def test_faults_end_a_moment_after_the_last_one_is_over() -> None:
    schedule = from_text("seed=1\n1.0 half-open seconds=6\n2.0 frame way=in fate=drop lasting=1\n4.0 cut\n")
    assert schedule.faults_end == 8.0
    assert from_text("seed=1").faults_end == 0.0
