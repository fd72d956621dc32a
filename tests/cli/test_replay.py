"""`valr record` and `valr replay`, from the outside."""

from __future__ import annotations

import asyncio
import io
import signal
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, NoReturn

import pytest
from typer.testing import CliRunner

from tests.net.trading import Desk, trading
from valr_connector import (
    AuthenticationError,
    InvalidArgumentError,
    NotReadyError,
    PermissionDeniedError,
    RecordingError,
    ValrExchange,
)
from valr_connector.cli import replay as replay_command
from valr_connector.cli import stop_signals
from valr_connector.cli.commands import app
from valr_connector.cli.replay import ReplayOptions, record_session, replay_session
from valr_connector.core.steps import Ended
from valr_connector.net import recording
from valr_connector.net.journal import FrameRecorder
from valr_connector.net.recording import Recording, read_recording, recorded_files
from valr_connector.simulator.exchange import EmbeddedExchange
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
    other = Recording(tmp_path / "other")
    other.note_step(Ended("of another session"))
    await other.close()
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


def found_by(monkeypatch: pytest.MonkeyPatch, exchange: EmbeddedExchange) -> list[ValrExchange]:
    """Has `record_session` connect to that exchange; whatever it connected is in the list."""
    made: list[ValrExchange] = []
    simulated = ValrExchange.simulated

    def connect(**options: Any) -> ValrExchange:
        made.append(simulated(exchange=exchange, **options))
        return made[-1]

    monkeypatch.setattr(ValrExchange, "simulated", connect)
    return made


async def anonymised(directory: Path) -> None:
    await record_session(["BTC-ZAR"], directory, is_simulated=True, seconds=None, is_anonymous=True)


def recorded(directory: Path) -> bytes:
    return b"".join(line.raw for line in read_recording(directory))


async def test_what_stops_a_session_for_good_ends_its_recording_which_is_anonymised(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with EmbeddedExchange() as exchange:
        made = found_by(monkeypatch, exchange)

        async def failing_while_waited_for(stop: asyncio.Event, _: object) -> None:
            await asyncio.sleep(0)
            made[0]._fail(AuthenticationError("revoked"))
            await stop.wait()

        monkeypatch.setattr(stop_signals, "stopped_within", failing_while_waited_for)
        with pytest.RaisesGroup(AuthenticationError):
            await anonymised(tmp_path)
    assert b'"label"' in recorded(tmp_path)
    assert b'"embedded"' not in recorded(tmp_path)


async def test_a_session_that_cannot_start_is_anonymised_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with EmbeddedExchange() as exchange:
        reading_only = partial(exchange.add_api_key, permissions=("View access",))
        monkeypatch.setattr(exchange, "add_api_key", reading_only)
        found_by(monkeypatch, exchange)
        with pytest.raises(PermissionDeniedError):
            await anonymised(tmp_path)
    assert b'"label"' in recorded(tmp_path)
    assert b'"embedded"' not in recorded(tmp_path)


async def test_a_recording_that_cannot_be_anonymised_is_not_taken_for_one_that_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> NoReturn:
        raise OSError("no space left")

    monkeypatch.setattr(replay_command, "anonymise", fail)
    with pytest.raises(OSError, match="no space left"):
        await record_session(["BTC-ZAR"], tmp_path, is_simulated=True, seconds=0, is_anonymous=True)
    assert f"{tmp_path} is NOT anonymised" in caplog.text


async def test_a_recording_whose_disk_filled_up_is_not_taken_for_a_whole_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    class FillingUp(FrameRecorder):
        """The first lines fit on the disk."""

        def _attempt(self, file: BinaryIO, call: Callable[..., object], *arguments: object) -> None:
            super()._attempt(file, call if self.written < 1_000 else no_space, *arguments)

    def no_space(*_: object) -> NoReturn:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(recording, "FrameRecorder", FillingUp)
    with pytest.raises(RecordingError, match="ends before the session did"):
        await record_session(["BTC-ZAR"], tmp_path, is_simulated=True, seconds=0)
    assert "No space left" in caplog.text


def test_a_session_of_the_embedded_exchange_is_recorded_and_replayed(tmp_path: Path) -> None:
    out = tmp_path / "session"
    options = ["--pairs", "BTC-ZAR,", "--out", str(out), "--simulated", "--seconds", "0.01", "--anonymise"]
    assert CliRunner().invoke(app, ["record", *options]).exit_code == 0
    assert len(recorded_files(out)) == 1
    result = CliRunner().invoke(app, ["replay", str(out)])
    assert result.exit_code == 0
    assert "this very state" in result.stdout
