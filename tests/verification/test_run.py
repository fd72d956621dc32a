"""A seed says it all: the same trace in every process, and no violation under any profile of faults."""

from __future__ import annotations

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections import Counter

import pytest

from valr_connector.verification import campaign
from valr_connector.verification.campaign import Plan, Tally, run_campaign, within
from valr_connector.verification.generate import Profile, generate
from valr_connector.verification.invariants import Violation
from valr_connector.verification.minimise import minimise, violates
from valr_connector.verification.run import simulate
from valr_connector.verification.schedule import Refresh
from valr_connector.verification.schedule_text import from_text, to_text

_SEEDS = range(8)
_ELSEWHERE = f"""
import logging, sys
from valr_connector.verification.generate import generate
from valr_connector.verification.run import simulate
logging.disable(logging.CRITICAL)
for seed in {_SEEDS!r}:
    sys.stdout.write(simulate(generate(seed), with_trace=True).trace)
"""


def _traces_elsewhere() -> str:
    """From a process whose strings have other hashes than those of this one."""
    other = "1" if os.environ.get("PYTHONHASHSEED") == "4242" else "4242"
    environment = {**os.environ, "PYTHONHASHSEED": other}
    command = [sys.executable, "-c", _ELSEWHERE]
    return subprocess.run(command, check=True, capture_output=True, env=environment, text=True).stdout


def test_a_seed_gives_the_same_trace_byte_for_byte_in_every_process() -> None:
    here = "".join(simulate(generate(seed), with_trace=True).trace for seed in _SEEDS)
    assert here.count("\n") > 100
    assert _traces_elsewhere() == here


@pytest.mark.parametrize("profile", Profile)
def test_no_invariant_is_violated_under_any_profile(profile: Profile) -> None:
    tally = run_campaign(Plan(seeds=15, first=70_000, profile=profile), lambda _: None)
    assert not tally.found
    assert tally.schedules == 15


def test_two_processes_find_what_one_finds() -> None:
    seen: list[int] = []
    one = run_campaign(Plan(seeds=30, first=500), lambda _: None)
    two = run_campaign(Plan(seeds=30, first=500, workers=2), lambda tally: seen.append(tally.schedules))
    one.seconds = two.seconds = one.cpu_seconds = two.cpu_seconds = 0.0
    assert one == two
    assert seen == [25, 30] or seen == [5, 30]


def dies(*_: object) -> None:
    os._exit(1)


def test_a_worker_that_dies_is_no_violation_but_an_error_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(campaign, "run_chunk", dies)
    with pytest.raises(ChildProcessError, match="a worker died"):
        run_campaign(Plan(seeds=1, workers=2), lambda _: None)


_KILLED = """
import os, signal
from valr_connector.verification.campaign import _workers
with _workers(1) as workers:
    print(workers.submit(os.getpid).result(), flush=True)
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.untraced
def test_no_worker_outlives_a_campaign_that_was_killed() -> None:
    command = [sys.executable, "-c", _KILLED]
    ended = subprocess.run(
        command, capture_output=True, check=False, timeout=30
    )  # its pipes are the worker's too
    assert ended.returncode == -signal.SIGKILL
    assert ended.stdout.strip().isdigit()


def test_a_worker_hears_no_ctrl_c_and_ends_at_once_when_its_campaign_does() -> None:
    def interrupted() -> None:
        with campaign._workers(1) as workers:
            with campaign._ctrl_c_ignored():
                heard = workers.submit(signal.getsignal, signal.SIGINT)
            assert heard.result() is signal.SIG_IGN
            workers.submit(time.sleep, 60)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert not multiprocessing.active_children()


def test_a_share_of_what_was_counted_took_no_longer_than_so_many_seconds() -> None:
    assert within(Counter(), 0.5) is None
    counts = Counter({0.25: 50, 1.0: 49, 20.0: 1})
    assert [within(counts, share) for share in (0.5, 0.99, 1.0)] == [0.25, 1.0, 20.0]


def test_how_long_an_outcome_stayed_unknown_after_the_last_fault_is_told_to_the_next_look() -> None:
    lost = "frame way=out kind=PLACE_LIMIT_ORDER fate=drop"
    place = "place name=a side=BUY amount=0.01 price=990000"
    report = simulate(from_text(f"seed=1\nsettings.place_timeout_s=0.5\n0.1 {lost}\n0.1 {place}"))
    assert report.rare["unknown, and then failed"] == 1
    (seconds,) = report.unknown_s
    assert 2.5 < seconds < 4.0  # a frame's grace of 4 s, less what had passed of it


def test_a_tally_remembers_the_words_of_a_hundred_seeds_and_counts_them_all() -> None:
    tally = Tally()
    report = simulate(from_text("seed=1"))
    for seed in range(150):
        tally.add(type(report)(seed, (Violation("S1", "x"),), report.faults, report.rare, None, (), ""))
    assert tally.violated["S1"] == 150
    assert len(tally.found) == 100


def test_a_schedule_that_asks_for_no_such_world_is_refused() -> None:
    with pytest.raises(ValueError, match="silence_timeout_s"):
        simulate(from_text("seed=1\nsettings.silence_timeout_s=1\nsettings.ping_interval_s=3"))
    with pytest.raises(ValueError, match="no_such_thing"):
        simulate(from_text("seed=1\nvenue.no_such_thing=1"))


# --- making schedules shorter ----------------------------------------------------------------------


def test_a_schedule_is_cut_down_to_the_steps_that_matter() -> None:
    schedule = generate(3)
    schedule = from_text(to_text(schedule) + "1.5 refresh bid=990000 ask=1010000 amount=0.01\n")

    def still(candidate: object) -> bool:
        return any(isinstance(step, Refresh) for step in getattr(candidate, "steps", ()))

    shortest = minimise(schedule, still)
    assert [type(step) for step in shortest.steps] == [Refresh]
    assert not shortest.venue
    assert not shortest.settings


def test_a_world_that_cannot_be_violates_nothing() -> None:
    assert not violates("S1")(from_text("seed=1\nsettings.silence_timeout_s=1"))
    assert not violates("S1")(from_text("seed=1"))
