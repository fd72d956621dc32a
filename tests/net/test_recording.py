"""A session recorded through the façade, and run again."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import msgspec
import orjson
import pytest

from tests.net.trading import Desk, trading
from tests.unit.core.builders import new_order
from valr_connector import CloseReport, InvalidArgumentError, Settings, Side, ValrExchange
from valr_connector.core.account_state import AccountState
from valr_connector.core.commands import CommandKind
from valr_connector.core.state_digest import state_digest
from valr_connector.core.steps import Ended
from valr_connector.errors import RecordingError
from valr_connector.model.enums import Socket
from valr_connector.net import compressed, recording
from valr_connector.net.compressed import compress
from valr_connector.net.http_exchange import Failure, HttpExchange, Limits, Reply
from valr_connector.net.journal import Direction, RecordedFrame
from valr_connector.net.network import Network
from valr_connector.net.recorded_http import REST
from valr_connector.net.recording import OWN, Recording, read_recording, recorded_files
from valr_connector.net.replay import Replay
from valr_connector.simulator.faults import of_type

PLACE = of_type("PLACE_LIMIT_ORDER")


async def trade(desk: Desk) -> None:
    """Trades, a modify, a lost connection, a cancel, a stranger, and two orders of unknown outcome."""
    filled = await desk.buy("900001")
    desk.rival("sell", "0.01", "900001")
    await desk.until(lambda: filled.is_done and filled.has_all_fills)
    resting = await desk.buy()
    await desk.valr.modify_order(resting, price="900003")
    desk.exchange.faults.silence_command(PLACE)
    await desk.sell()
    desk.foreign()
    desk.drop_account_socket()
    await desk.back()
    await desk.valr.cancel_order(resting)
    desk.exchange.faults.swallow_command(PLACE)
    lost = await desk.buy("900002")
    await desk.until(lambda: lost.is_done)


def replayed(directory: Path) -> Replay:
    replay = Replay()
    replay.feed(read_recording(directory))
    return replay


async def test_a_replay_ends_in_the_state_that_was_recorded(tmp_path: Path) -> None:
    async with trading(place_timeout_s=0.05, untracked_orders="adopt", record=tmp_path) as desk:
        await trade(desk)
    replay = replayed(tmp_path)
    assert replay.recorded_digest == state_digest(desk.valr._state)
    assert replay.digest == replay.recorded_digest
    assert all(order.story().startswith("vc-") for order in replay.orders() if order.adopted_at is None)


async def test_every_frame_and_every_rest_call_stands_in_it(tmp_path: Path) -> None:
    async with trading(place_timeout_s=0.05, record=tmp_path) as desk:
        await desk.buy()
        seen = desk.valr.metrics.snapshot()
    counts = {socket: seen[f"ws_frames_received{{socket={socket}}}"] for socket in Socket}
    lines = list(read_recording(tmp_path))
    came = Counter(line.socket for line in lines if line.direction is Direction.IN)
    for socket, count in counts.items():
        assert isinstance(count, int)
        assert came[socket.value] >= count > 0
    asked = [orjson.loads(line.raw)["path"] for line in lines if line.socket == REST]
    assert "/v1/orders/open" in asked


async def test_orders_of_an_earlier_process_are_replayed_as_they_were_restored(tmp_path: Path) -> None:
    async with trading(on_close="leave") as desk:
        settings = Settings(on_close="leave")

        def life(name: str) -> ValrExchange:
            return ValrExchange.simulated(
                pairs=[],
                exchange=desk.exchange,
                settings=settings,
                journal=tmp_path / "orders.journal",
                record=tmp_path / name,
            )

        async with life("first") as first:
            await first.place_limit_order("BTC-ZAR", Side.BUY, amount="0.01", price="900000")
        async with life("second") as second:
            (order,) = second.orders.values()
            await second.cancel_order(order)
    for name in ("first", "second"):
        replay = replayed(tmp_path / name)
        assert replay.digest == replay.recorded_digest


async def test_a_full_file_is_followed_by_the_next_and_compressed(tmp_path: Path) -> None:
    written = Recording(tmp_path, note="a test", largest=2_000)
    written.start()
    tap = written.tap(Socket.ACCOUNT)
    for number in range(100):
        tap.frame_in(b'{"type":"PONG","number":%d}' % number)
        await asyncio.sleep(0)
    await written.close()
    await written.close()
    files = recorded_files(tmp_path)
    assert len(files) > 3
    assert {path.suffix for path in files} == {".zst"}
    assert [orjson.loads(line.raw)["number"] for line in read_recording(tmp_path)] == list(range(100))


async def test_what_is_kept_is_written_in_a_moment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "_PAUSE_S", 0.001)
    monkeypatch.setattr(recording, "_PORTION", 2)
    written = Recording(tmp_path)
    written.start()
    for _ in range(5):
        written.tap(Socket.TRADE).frame_out(b"{}")
    await asyncio.sleep(0.02)
    assert written.unwritten == 0
    await written.close()
    assert len(list(read_recording(tmp_path))) == 5


async def test_without_the_package_a_file_stays_as_it_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recording, "is_available", lambda: False)
    written = Recording(tmp_path)
    written.note_step(Ended("0"))
    await written.close()
    (path,) = recorded_files(tmp_path)
    assert path.suffix == ".jsonl"
    packed = compress(path)
    monkeypatch.setattr(compressed, "is_available", lambda: False)
    with pytest.raises(Exception, match=r"install zstandard with: pip install 'valr-connector\[record\]'"):
        list(read_recording(packed.parent))


async def test_a_directory_with_a_recording_takes_no_other_and_one_without_cannot_be_read(
    tmp_path: Path,
) -> None:
    with pytest.raises(InvalidArgumentError, match="holds no recording"):
        list(read_recording(tmp_path))
    written = Recording(tmp_path)
    written.note_step(Ended("0"))
    await written.close()
    with pytest.raises(InvalidArgumentError, match="must be a directory without a recording"):
        Recording(tmp_path)


def test_a_step_that_nobody_knows_is_an_error_and_a_frame_that_was_refused_is_left_out() -> None:
    replay = Replay()
    replay.take(RecordedFrame(1, Direction.IN, 0, 5, Socket.ACCOUNT.value, 1, b"no frame"))
    assert (replay.began, replay.now) == (5, 5)
    for damaged in (b'{"step":"unheard of"}', b'{"step":"\xff"}', b'{"step":' + b"[" * 100_000):
        with pytest.raises(RecordingError, match="step 2 is damaged"):
            replay.take(RecordedFrame(2, Direction.OWN, 0, 6, OWN, None, damaged))


def test_what_was_let_go_of_unsent_is_let_go_of_in_the_replay() -> None:
    state, replay = AccountState(), Replay()
    state.tell_steps(
        lambda step: replay.take(RecordedFrame(1, Direction.OWN, 0, 1, OWN, None, msgspec.json.encode(step)))
    )
    order = new_order()
    state.tracker.track(order)
    state.ledger.withdraw(state.ledger.enter(CommandKind.PLACE_LIMIT, order.client_order_id, 1, 1))
    assert replay.digest == state_digest(state)
    state.tracker.withdraw(order)
    assert (list(replay.orders()), len(replay.state.ledger)) == ([], 0)


class Pool:
    """Answers as it was told."""

    def __init__(self, outcome: Reply | Failure) -> None:
        self.outcome = outcome

    async def exchange(self, *_: object) -> Reply | Failure:
        return self.outcome

    async def close(self) -> None:
        pass


@pytest.mark.parametrize(
    ("outcome", "recorded"),
    [
        (Reply(200, {}, b'{"a":1}'), {"status": 200, "body": {"a": 1}}),
        (Reply(502, {}, b"<html>"), {"status": 502, "body": "<html>"}),
        (Failure("reset by peer", may_have_left=True), {"failure": "reset by peer", "body": None}),
    ],
)
async def test_every_outcome_of_a_rest_call_is_recorded(
    tmp_path: Path, outcome: Reply | Failure, recorded: dict[str, object]
) -> None:
    written = Recording(tmp_path)
    pool: HttpExchange = Pool(outcome)
    recorded_pool = written.over(Network(open_session=lambda: pool)).open_session()
    limits = Limits(1, 1, 1, 1000)
    await recorded_pool.exchange(
        "POST", "http://venue/v1/x?y=1", {"X-VALR-SIGNATURE": "s"}, b'{"q":2}', limits
    )
    await recorded_pool.close()
    await written.close()
    sent, answered = (orjson.loads(line.raw) for line in read_recording(tmp_path))
    assert sent == {"method": "POST", "path": "/v1/x?y=1", "body": {"q": 2}}
    assert answered == {"method": "POST", "path": "/v1/x?y=1", **recorded}


async def test_a_file_that_cannot_be_compressed_stays_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(path: Path) -> None:
        raise OSError("no space left")

    monkeypatch.setattr(recording, "compress", fail)
    written = Recording(tmp_path)
    written.note_step(Ended("0"))
    await written.close()
    assert [path.suffix for path in recorded_files(tmp_path)] == [".jsonl"]
    assert "stays uncompressed: no space left" in caplog.text


class Packing:
    """Compresses once it may, and says whether it did not have to wait for ever."""

    def __init__(self) -> None:
        self.may_end = threading.Event()
        self.done: list[bool] = []

    def compress(self, _: Path) -> None:
        self.done.append(self.may_end.wait(10))


@pytest.fixture
def packing(monkeypatch: pytest.MonkeyPatch) -> Packing:
    found = Packing()
    monkeypatch.setattr(recording, "compress", found.compress)
    return found


async def test_the_event_loop_goes_on_while_the_last_file_is_compressed(
    tmp_path: Path, packing: Packing
) -> None:
    written = Recording(tmp_path)
    written.start()
    closing = asyncio.create_task(written.close())
    await asyncio.sleep(0)
    assert not packing.done
    packing.may_end.set()
    await closing
    assert packing.done == [True]


async def test_who_gives_up_closing_finds_the_files_complete(tmp_path: Path, packing: Packing) -> None:
    """Whoever anonymises them next may have no other hand on them."""
    written = Recording(tmp_path)
    written.start()
    closing = asyncio.create_task(written.close())
    await asyncio.sleep(0)
    closing.cancel()
    threading.Timer(0.01, packing.may_end.set).start()
    with pytest.raises(asyncio.CancelledError):
        await closing
    assert packing.done == [True]


def test_nothing_is_left_of_a_compression_that_failed(tmp_path: Path) -> None:
    path = tmp_path / "recording-000001.jsonl"
    path.write_text("private\n")
    (tmp_path / "recording-000001.jsonl.zst").mkdir()
    with pytest.raises(IsADirectoryError):
        compress(path)
    assert [found.name for found in tmp_path.iterdir() if found.is_file()] == [path.name]


async def test_a_file_that_cannot_be_opened_ends_the_recording_and_nothing_else(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    directory = tmp_path / "recording"
    async with trading(record=directory) as desk:
        recording_ = desk.valr._recording
        assert recording_ is not None
        recording_._end_file()
        recording_._packer.submit(int).result()
        for path in directory.iterdir():
            path.unlink()
        directory.rmdir()
        await desk.buy()
        recording_.write_all()
        await desk.sell()
        assert recording_.unwritten == 0
        report = await desk.valr.close()
    assert report.is_verified
    assert caplog.text.count("nothing is recorded any more") == 1


async def test_a_start_that_can_write_nothing_down_fails_and_leaves_nothing_open(tmp_path: Path) -> None:
    directory = tmp_path / "session"
    valr = ValrExchange.simulated(pairs=[], record=directory)
    directory.rmdir()
    with pytest.raises(RecordingError, match="no file can be begun in it"):
        await valr.start()
    assert await valr.close() == CloseReport(())


async def test_a_file_is_read_once_that_a_kill_left_beside_its_compressed_form(tmp_path: Path) -> None:
    written = Recording(tmp_path)
    written.note_step(Ended("0"))
    await written.close()
    (packed,) = recorded_files(tmp_path)
    with compressed.open_for_reading(packed) as file:
        packed.with_suffix("").write_bytes(file.read())
    assert len(list(read_recording(tmp_path))) == 1


async def test_a_file_that_is_missing_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    written = Recording(tmp_path, largest=1)
    for _ in range(3):
        written.note_step(Ended("0"))
    await written.close()
    assert len(list(read_recording(tmp_path))) == 3
    assert not caplog.text
    recorded_files(tmp_path)[1].unlink()
    assert len(list(read_recording(tmp_path))) == 2
    assert "recording-000002.jsonl is missing, and what it tells left out" in caplog.text


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda whole: whole[: len(whole) // 2], "is cut off"),
        (lambda whole: b"nonsense" + whole, "is damaged: .*Unknown frame descriptor"),
    ],
)
async def test_a_compressed_file_that_is_not_whole_is_an_error(
    tmp_path: Path, spoil: Callable[[bytes], bytes], problem: str
) -> None:
    written = Recording(tmp_path)
    for _ in range(1000):
        written.note_step(Ended("0"))
    await written.close()
    (path,) = recorded_files(tmp_path)
    path.write_bytes(spoil(path.read_bytes()))
    with pytest.raises(RecordingError, match=problem):
        list(read_recording(tmp_path))
