"""The journal: what is written is what was on the wire, whatever it was, and never a secret."""

from __future__ import annotations

import io
import logging
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from valr_connector.errors import RecordingError
from valr_connector.model.enums import SessionState, Socket
from valr_connector.model.events import ConnectionChanged
from valr_connector.net.journal import (
    Direction,
    FrameRecorder,
    RecordedFrame,
    read_frames,
    read_note,
)

PONG = b'{"type":"PONG"}'
PING = b'{"type":"PING"}'
SECRET = "5ec12e7" * 9 + "0"
SIGNATURE = "a1" * 64


class Clock:
    """Gains a nanosecond with each reading."""

    def __init__(self, start: int) -> None:
        self.now = start

    def __call__(self) -> int:
        self.now += 1
        return self.now


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "account.jsonl"


def write(path: Path, *frames: bytes, direction: Direction = Direction.IN) -> None:
    with FrameRecorder(path) as recorder:
        for raw in frames:
            recorder.record(direction, raw)


def frames_of(path: Path) -> list[bytes]:
    return [frame.raw for frame in read_frames(path)]


def damage(path: Path, number: int, line: str) -> None:
    lines = path.read_text().splitlines()
    lines[number - 1] = line
    path.write_text("\n".join(lines) + "\n")


# --- what is written -------------------------------------------------------------------------------


def test_a_frame_is_kept_with_its_number_direction_times_socket_and_connection(path: Path) -> None:
    with FrameRecorder(path, wall=Clock(1_000), monotonic=Clock(50)) as recorder:
        recorder.epoch = 3
        recorder.frame_in(PONG)
        recorder.frame_out(PING)

    assert list(read_frames(path)) == [
        RecordedFrame(1, Direction.IN, 1_001, 51, "account", 3, PONG),
        RecordedFrame(2, Direction.OUT, 1_002, 52, "account", 3, PING),
    ]


def test_a_frame_that_is_a_json_object_stands_in_its_line_as_it_came(path: Path) -> None:
    raw = '{"b":1.50,"a":1e5 , "a":"Aé/\\u0041","n":12345678901234567890123}'.encode()

    write(path, raw)

    assert b'"frame":' + raw + b"}\n" in path.read_bytes()
    assert frames_of(path) == [raw]


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b'""',
        b"[1,2]",
        b'{"type":',
        b'{"type":"PONG"} ',
        b'{"type":\n"PONG"}',
        b'{"type":"PONG"}\r\n',
        b'{"type":"PONG"}{}',
        b'{"type":"caf\xe9"}',
        b"\x00\xff\xfe",
        "“not JSON”\u2028".encode(),
        b'{"a":' * 5_000 + b"1" + b"}" * 5_000,
    ],
    ids=range(12),
)
def test_what_is_no_object_on_one_line_comes_back_the_same(path: Path, raw: bytes) -> None:
    write(path, raw, PONG)

    assert frames_of(path) == [raw, PONG]
    assert path.read_bytes().count(b"\n") == 3


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    frames=st.lists(st.binary(max_size=40) | st.text(max_size=40).map(lambda text: f"{{{text}}}".encode()))
)
def test_any_bytes_come_back_the_same(path: Path, frames: list[bytes]) -> None:
    path.unlink(missing_ok=True)

    write(path, *frames)

    assert frames_of(path) == frames


def on_a_deeper_stack(path: Path, calls: int) -> list[bytes]:
    return on_a_deeper_stack(path, calls - 1) if calls else [frame.raw for frame in read_frames(path)]


@pytest.mark.parametrize("depth", [700, 800, 900])
def test_however_deep_a_frame_is_nested_it_can_be_read_on_a_deeper_stack(path: Path, depth: int) -> None:
    raw = b'{"deep":' + b"[" * depth + b"]" * depth + b"}"
    with FrameRecorder(path) as recorder:
        recorder.frame_in(raw)
    assert on_a_deeper_stack(path, 100) == [raw]


def test_the_first_line_says_what_was_recorded(path: Path) -> None:
    FrameRecorder(path, note="a bid that rests").close()

    assert read_note(path) == "a bid that rests"
    assert frames_of(path) == []


def test_a_frame_can_be_noted_for_another_socket(path: Path) -> None:
    with FrameRecorder(path, socket="trade") as recorder:
        recorder.frame_in(PONG)
        recorder.record(Direction.OUT, PING, "rest")

    assert [frame.socket for frame in read_frames(path)] == ["trade", "rest"]


def test_the_number_of_the_connection_is_learnt_from_its_changes(path: Path) -> None:
    def changed(socket: Socket, after: SessionState, epoch: int) -> ConnectionChanged:
        return ConnectionChanged(socket, SessionState.IDLE, after, epoch, "")

    with FrameRecorder(path) as recorder:
        recorder.frame_in(PONG)
        for event in (
            changed(Socket.ACCOUNT, SessionState.DIALLING, 4),
            changed(Socket.TRADE, SessionState.DIALLING, 9),
            changed(Socket.ACCOUNT, SessionState.IDLE, 4),
        ):
            recorder.note_connection(event)
            recorder.frame_in(PONG)

    assert [frame.epoch for frame in read_frames(path)] == [None, 4, 4, None]


# --- secrets ---------------------------------------------------------------------------------------


def test_nothing_of_an_authenticate_payload_is_written(path: Path) -> None:
    raw = b'{"type":"AUTHENTICATE","payload":{"apiKey":"k","signature":"s","timestamp":1558014486185}}'

    write(path, raw, direction=Direction.OUT)

    (frame,) = read_frames(path)
    assert frame.raw == b'{"type":"AUTHENTICATE","payload":"[redacted]"}'
    assert frame.is_redacted
    assert b"1558014486185" not in path.read_bytes()


def test_the_answer_authenticated_is_no_secret(path: Path) -> None:
    write(path, b'{"type":"AUTHENTICATED"}')

    (frame,) = read_frames(path)
    assert not frame.is_redacted


@pytest.mark.parametrize(
    "raw",
    [
        f'{{"type":"ERROR","message":"bad","apiKey":"{SECRET}"}}',
        f'{{"type":"ERROR","message":"X-VALR-SIGNATURE: {SIGNATURE}"}}',
        f"not JSON: API_SECRET={SECRET}",
    ],
)
def test_what_looks_like_a_key_or_a_signature_is_struck_out(path: Path, raw: str) -> None:
    write(path, raw.encode())

    (frame,) = read_frames(path)
    assert frame.is_redacted
    assert b"[redacted]" in frame.raw
    assert SECRET not in path.read_text()
    assert SIGNATURE not in path.read_text()


def test_the_secrets_in_use_are_struck_out_wherever_they_stand(path: Path) -> None:
    with FrameRecorder(path, secrets=[SECRET, ""]) as recorder:
        recorder.frame_in(f'{{"type":"ERROR","message":"who is {SECRET}?"}}'.encode())
        recorder.frame_in(f"\xff{SECRET.upper()}".encode("latin-1"))
        recorder.frame_in(PONG)

    first, _, last = read_frames(path)
    assert first.raw == b'{"type":"ERROR","message":"who is [redacted]?"}'
    assert last == last._replace(raw=PONG, is_redacted=False)
    assert SECRET not in path.read_text()


def test_a_word_that_only_resembles_a_secret_changes_nothing(path: Path) -> None:
    raw = b'{"type":"ERROR","message":"Request has an invalid signature"}'

    write(path, raw)

    (frame,) = read_frames(path)
    assert frame.raw == raw
    assert not frame.is_redacted


# --- the file --------------------------------------------------------------------------------------


def test_frames_reach_the_file_when_flushed_and_not_before(path: Path) -> None:
    with FrameRecorder(path) as recorder:
        recorder.frame_in(PONG)
        assert path.read_bytes() == b""

        recorder.flush()
        assert frames_of(path) == [PONG]


def test_a_closed_recorder_ignores_frames_and_can_be_closed_again(path: Path) -> None:
    recorder = FrameRecorder(path)
    recorder.close()

    recorder.frame_in(PONG)
    recorder.flush()
    recorder.close()

    assert frames_of(path) == []
    assert recorder.lost == 0


def test_an_existing_file_is_continued_with_the_next_number(path: Path) -> None:
    write(path, PONG)
    write(path, PING)

    assert [(frame.seq, frame.raw) for frame in read_frames(path)] == [(1, PONG), (2, PING)]
    assert path.read_bytes().count(b"journal") == 1


def test_a_file_that_ends_with_its_first_line_is_continued(path: Path) -> None:
    write(path)
    write(path, PONG)

    assert frames_of(path) == [PONG]


def test_a_torn_line_is_cut_off_before_the_file_is_continued(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(path, PONG, b"x" * 200_000)
    path.write_bytes(path.read_bytes()[:-10])

    write(path, PING)

    assert [(frame.seq, frame.raw) for frame in read_frames(path)] == [(1, PONG), (2, PING)]
    assert "the last line is torn and was cut off" in caplog.text


def test_a_file_with_a_torn_first_line_is_begun_anew(path: Path) -> None:
    path.write_text('{"journal":1,"no')

    write(path, PONG)

    assert frames_of(path) == [PONG]


def test_a_file_that_is_no_journal_is_not_continued(path: Path) -> None:
    path.write_text("dear diary\n")

    with pytest.raises(RecordingError, match="line 1: this is no journal"):
        FrameRecorder(path)
    assert path.read_text() == "dear diary\n"


def test_a_file_that_fails_is_given_up_once_and_never_raises_into_the_socket(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recorder, broken = on_a_full_disk(path)

    for _ in range(3):
        recorder.frame_in(PONG)
    recorder.close()

    assert recorder.lost == 2
    assert broken.closed
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert "No space left" in caplog.text


def test_a_file_that_fails_when_it_is_closed_is_closed_all_the_same(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    recorder, _ = on_a_full_disk(path)

    recorder.close()
    recorder.close()

    assert len(caplog.records) == 1


class FullDisk(io.BytesIO):
    """A file that takes nothing any more, not even its end."""

    def write(self, _line: Any) -> int:
        raise OSError(28, "No space left on device")

    def close(self) -> None:
        super().close()
        raise OSError(28, "No space left on device")


def on_a_full_disk(path: Path) -> tuple[FrameRecorder, FullDisk]:
    recorder, disk = FrameRecorder(path), FullDisk()
    assert recorder._file is not None
    recorder._file.close()
    recorder._file = disk
    return recorder, disk


# --- reading ---------------------------------------------------------------------------------------


def test_a_torn_last_line_is_left_out_with_a_warning(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(path, PONG, PING)
    path.write_bytes(path.read_bytes()[:-1])

    assert frames_of(path) == [PONG]
    assert f"{path}, line 3 is torn and left out" in caplog.text


def test_a_file_that_was_never_written_to_holds_nothing(path: Path) -> None:
    path.touch()

    assert frames_of(path) == []


@pytest.mark.parametrize(
    "line",
    [
        '{"seq":1,"dir":"in","wa',
        '{"seq":1,"dir":"sideways","wall":1,"mono":1,"socket":"account","text":""}',
        '{"seq":1,"dir":"in","wall":1,"mono":1,"socket":"account"}',
        '{"seq":1,"dir":"in","wall":1,"mono":1,"socket":"account","base64":"?"}',
        '{"seq":1,"dir":"in","wall":1,"mono":1,"socket":"account","text":"","colour":"red"}',
        "",
    ],
)
def test_a_damaged_line_before_the_end_is_an_error_that_names_it(path: Path, line: str) -> None:
    write(path, PONG, PING, PONG)
    damage(path, 3, line)
    frames = read_frames(path)

    assert next(frames).raw == PONG
    with pytest.raises(RecordingError, match=r"account\.jsonl, line 3 is damaged"):
        next(frames)


@pytest.mark.parametrize(
    ("line", "problem"),
    [
        ('{"type":"PONG"}', "this is no journal of frames"),
        ("", "this is no journal of frames"),
        ('{"deep":' + "[" * 100_000, "this is no journal of frames"),
        ('{"journal":2,"note":""}', "format 2 is not the known one, 1"),
    ],
)
def test_a_file_that_begins_otherwise_is_not_read(path: Path, line: str, problem: str) -> None:
    write(path, PONG)
    damage(path, 1, line)

    with pytest.raises(RecordingError, match=f"line 1: {problem}"):
        list(read_frames(path))
    with pytest.raises(RecordingError, match=f"line 1: {problem}"):
        read_note(path)
