"""`valr simulate`: what it prints, and with which status it ends."""

from __future__ import annotations

import io

import pytest
from typer.testing import CliRunner

from valr_connector.cli import simulate as cli_simulate
from valr_connector.cli.commands import app
from valr_connector.verification.campaign import Plan, Tally
from valr_connector.verification.generate import Profile
from valr_connector.verification.rare_paths import RARE_PATHS
from valr_connector.verification.schedule import Schedule

runner = CliRunner()


def test_a_campaign_says_how_fast_what_held_and_what_was_hit() -> None:
    result = runner.invoke(app, ["simulate", "--seeds", "6", "--from", "10", "--faults", "light"])
    assert result.exit_code == 0
    lines = result.stdout.splitlines()
    assert lines[0].startswith("6 schedules, seeds 10 to 15, faults light: ")
    assert any(line.startswith("violations: S1 0, S2 0, S3 0, S4 0") for line in lines)
    assert any("outcomes unknown after the last fault: known within " in line for line in lines)
    assert "faults:" in lines
    assert "rare paths:" in lines


def test_one_seed_can_be_told_in_full() -> None:
    result = runner.invoke(app, ["simulate", "--seed", "3", "--faults", "none", "--trace"])
    assert result.exit_code == 0
    assert result.stdout.startswith("seed=3\n")
    assert '{"type":"AUTHENTICATED"}' in result.stdout
    without = runner.invoke(app, ["simulate", "--seed", "3", "--faults", "none"])
    assert '{"type":"AUTHENTICATED"}' not in without.stdout


@pytest.mark.untraced
def test_a_maker_can_be_watched_refreshing_for_hours() -> None:
    result = runner.invoke(app, ["simulate", "--refresh-loop", "--hours", "0.02", "--seed", "3"])
    assert result.exit_code == 0
    first, *others = result.stdout.splitlines()
    assert first.startswith("72 refreshes in 0.02 virtual hours, seed 3: ")
    assert "at most 2 open" in first
    assert "faults:" in others


def test_a_violation_is_told_with_its_seed_and_the_shortest_schedule(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def campaign(plan: Plan, progress: object) -> Tally:
        tally = Tally(schedules=1, seconds=0.5, found={7: ["S1: false"]})
        tally.violated["S1"] = 1
        assert callable(progress)
        progress(tally)
        return tally

    def shortest(schedule: Schedule, _: object) -> Schedule:
        return Schedule(seed=schedule.seed, steps=schedule.steps[:1])

    monkeypatch.setattr(cli_simulate, "run_campaign", campaign)
    monkeypatch.setattr(cli_simulate, "minimise", shortest)
    out, progress = io.StringIO(), io.StringIO()
    assert not cli_simulate.run_seeds(Plan(1, 7, 1, Profile.HEAVY), out, progress)
    text = out.getvalue()
    assert "violations: S1 1, S2 0" in text
    assert "seed 7:\n  S1: false\nshortest schedule found that violates the same:\n  seed=7\n" in text
    told = progress.getvalue()
    assert told.startswith("\rseed 7: S1: false\n\r1/1 schedules, 2 per second, 1 with violations")


def test_without_schedules_nothing_is_divided_by() -> None:
    lines = [*cli_simulate.summary(Plan(1), Tally())]
    assert lines[0].endswith("0.0 per second, 0.0 per second of one core")


def test_a_rare_path_that_was_never_taken_is_named_all_the_same() -> None:
    tally = Tally()
    tally.rare["late fill"] = 3
    lines = [*cli_simulate.summary(Plan(1), tally)]
    assert f"{3:>10} late fill" in lines
    assert f"{0:>10} zombie" in lines


@pytest.mark.untraced
def test_every_rare_path_that_is_counted_is_known_by_name() -> None:
    out, progress = io.StringIO(), io.StringIO()
    assert cli_simulate.run_seeds(Plan(40, 0, 1, Profile.HEAVY), out, progress)
    counted = out.getvalue().partition("rare paths:\n")[2].splitlines()
    assert [line.split(maxsplit=1)[1] for line in counted] == [*RARE_PATHS]
