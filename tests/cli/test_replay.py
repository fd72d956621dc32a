"""`valr record` and `valr replay`, from the outside."""

from __future__ import annotations

import io
import signal
from pathlib import Path
from typing import NoReturn

import pytest
from typer.testing import CliRunner

from tests.net.trading import Desk, trading
from valr_connector import InvalidArgumentError, NotReadyError, ValrExchange
from valr_connector.cli.commands import app
from valr_connector.cli.replay import ReplayOptions, record_session, replay_session
from valr_connector.core.steps import Ended
from valr_connector.net.recording import Recording, recorded_files
from valr_connector.simulator.faults import of_type


async def quote(desk: Desk) -> None:
    """One order that is cancelled, and one whose placement nobody confirms."""
    order = await desk.buy(client_order_id="first")
    await desk.valr.cancel_order(order)
    desk.exchange.faults.swallow_command(of_type("PLACE_LIMIT_ORDER"))
    lost = await desk.buy(client_order_id="second")
    await desk.until(lambda: lost.is_done)


@pytest.fixture
async def session(tmp_path: Path) -> Path:
    async with trading(place_timeout_s=0.05, record=tmp_path / "session") as desk:
        await quote(desk)
    return tmp_path / "session"


async def test_the_story_of_every_order_is_told_and_the_state_compared(session: Path) -> None:
    out = io.StringIO()
    assert replay_session(session, ReplayOptions(), out)
    assert out.getvalue().startswith("first (")
    assert "\nsecond (no id from VALR): BUY 0.01 BTC-ZAR at 900000\n" in out.getvalue()
    assert out.getvalue().endswith("the recorded session ended in this very state\n")


async def test_one_order_can_be_told_alone(session: Path) -> None:
    out = io.StringIO()
    replay_session(session, ReplayOptions(order="second"), out)
    assert (
        "here: VALR is asked by REST, attempt 1: nobody knows whether the placement arrived" in out.getvalue()
    )
    assert "first" not in out.getvalue()
    with pytest.raises(InvalidArgumentError, match="order='third': is no order of this recording"):
        replay_session(session, ReplayOptions(order="third"), out)


async def test_a_replay_can_end_before_the_session_did(session: Path) -> None:
    out = io.StringIO()
    assert replay_session(session, ReplayOptions(until_s=0), out)
    assert out.getvalue().startswith("0 orders; state ")
    assert "this very state" not in out.getvalue()


async def test_at_a_speed_everything_is_told_as_it_happens(session: Path) -> None:
    out, slept = io.StringIO(), list[float]()
    replay_session(session, ReplayOptions(speed=10), out, sleep=slept.append)
    assert 0 < sum(slept) < 1
    assert " s  first  here: the placement was sent\n" in out.getvalue()


async def test_another_state_than_the_recorded_one_is_said_and_is_a_failure(tmp_path: Path) -> None:
    recording = Recording(tmp_path / "other")
    recording.note_step(Ended("of another session"))
    recording.close()
    result = CliRunner().invoke(app, ["replay", str(tmp_path / "other")])
    assert result.exit_code == 1
    assert "ended in ANOTHER STATE" in result.stdout


async def test_ctrl_c_interrupts_a_start_that_takes_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = signal.getsignal(signal.SIGINT)
    meanwhile: list[object] = []

    def start(**_: object) -> NoReturn:
        meanwhile.append(signal.getsignal(signal.SIGINT))
        raise NotReadyError("not started in time")

    monkeypatch.setattr(ValrExchange, "from_env", start)
    with pytest.raises(NotReadyError):
        await record_session(["BTC-ZAR"], tmp_path, is_simulated=False, seconds=None)
    assert meanwhile == [before]


def test_a_session_of_the_embedded_exchange_is_recorded_and_replayed(tmp_path: Path) -> None:
    out = tmp_path / "session"
    options = ["--pairs", "BTC-ZAR,", "--out", str(out), "--simulated", "--seconds", "0.01", "--anonymise"]
    assert CliRunner().invoke(app, ["record", *options]).exit_code == 0
    assert len(recorded_files(out)) == 1
    result = CliRunner().invoke(app, ["replay", str(out)])
    assert result.exit_code == 0
    assert "this very state" in result.stdout
