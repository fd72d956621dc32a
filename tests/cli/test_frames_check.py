"""What ``valr frames check`` finds in recorded frames."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest

from valr_connector.cli.frames_check import Verdict, check_file, check_files
from valr_connector.core.steps import Ended
from valr_connector.net import recording
from valr_connector.net.journal import Direction
from valr_connector.net.recording import Recording, recorded_files

CORPUS = sorted((Path(__file__).parents[3] / "shared" / "frames").glob("*.jsonl"))

Write = Callable[..., Path]
TYPO = {
    "type": "OB_L1_DIFF",
    "ps": "BTCZAR",
    "d": {"a": [["1,5", "1"]], "b": [], "sq": 1, "cs": 1},
}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write records to a file, one a line; bytes are written as they are."""

    def write_records(*records: Any, name: str = "some.jsonl") -> Path:
        path = tmp_path / name
        lines = [record if isinstance(record, bytes) else orjson.dumps(record) for record in records]
        path.write_bytes(b"\n".join(lines) + b"\n")
        return path

    return write_records


def run(*paths: Path) -> tuple[int, list[str]]:
    out = io.StringIO()
    status = check_files(paths, out)
    return status, out.getvalue().splitlines()


def account(frame: Any, **more: Any) -> dict[str, Any]:
    return {"channel": "account", "frame": frame, **more}


def rest(
    status: int, body: Any = None, method: str = "GET", path: str = "/v1/public/status", **more: Any
) -> Any:
    return {
        "channel": "rest",
        "frame": {"method": method, "path": path, "status": status, "body": body, **more},
    }


def verdicts(path: Path) -> list[Verdict]:
    return [finding.verdict for finding in check_file(path)]


def test_frames_that_are_understood_are_counted(write: Write) -> None:
    path = write(account({"type": "PONG"}), {"channel": "trade", "frame": {"type": "AUTHENTICATED"}})
    assert run(path) == (0, ["2 frames: 2 typed, 0 unknown, 0 refused"])


def test_unknown_types_are_listed_and_do_no_harm(write: Write) -> None:
    path = write(*[account({"type": "SOMETHING_NEW"})] * 2)
    assert run(path) == (0, ["unknown: SOMETHING_NEW: 2", "2 frames: 0 typed, 2 unknown, 0 refused"])


def test_a_refused_frame_is_shown_with_its_place_and_fails_the_check(write: Write) -> None:
    path = write(account({"type": "PONG"}), b"", {"channel": "trade", "frame": TYPO})
    assert run(path) == (
        1,
        [
            f"{path}:3: refused: OB_L1_DIFF: d.a[0].price: not a plain decimal number: 1,5",
            "2 frames: 1 typed, 0 unknown, 1 refused",
        ],
    )


def test_a_frame_that_its_record_calls_a_typo_is_refused_without_failing(write: Write) -> None:
    path = write({"channel": "trade", "frame": TYPO, "note": "a documentation Typo"})
    status, lines = run(path)
    assert status == 0
    assert lines[0].startswith(f"{path}:1: refused (noted typo): OB_L1_DIFF")


@pytest.mark.parametrize(
    "line",
    [b"nonsense", b"[]", b'{"channel":"account"}', b'{"channel":"post","frame":{}}', b"\xff", b"[" * 10**5],
)
def test_a_line_that_is_no_record_fails_the_check(write: Write, line: bytes) -> None:
    status, lines = run(write(line))
    assert status == 1
    assert "not a record of a frame" in lines[0]


def test_a_file_that_cannot_be_read_fails_the_check(tmp_path: Path) -> None:
    assert run(tmp_path / "absent.jsonl") == (
        1,
        [
            f"{tmp_path / 'absent.jsonl'}: refused: cannot be read: No such file or directory",
            "1 frames: 0 typed, 0 unknown, 1 refused",
        ],
    )


def test_several_files_are_counted_together(write: Write) -> None:
    first = write(account({"type": "PONG"}), name="a.jsonl")
    second = write(account({"type": "PONG"}), name="b.jsonl")
    assert run(first, second)[1] == ["2 frames: 2 typed, 0 unknown, 0 refused"]


def test_commands_are_checked_against_what_is_sent(write: Write) -> None:
    path = write(
        account({"type": "PING"}),
        account({"type": "PLACE_BATCH_ORDERS"}),
        account({"type": "CANCEL_ON_DISCONNECT", "payload": {"active": True}}),
        name="account_commands.jsonl",
    )
    assert verdicts(path) == [Verdict.TYPED, Verdict.UNKNOWN, Verdict.REFUSED]


@pytest.mark.parametrize(
    ("record", "verdict"),
    [
        (rest(200, {"status": "online"}), Verdict.TYPED),
        (rest(200, {"status": 7}), Verdict.REFUSED),
        (rest(200), Verdict.REFUSED),
        (rest(200, "<html>"), Verdict.REFUSED),
        (rest(400, {"code": -11, "message": "No"}), Verdict.TYPED),
        (rest(429, "<html>", headers={"Retry-After": "1"}), Verdict.TYPED),
        (rest(502), Verdict.TYPED),
        (rest(200, [], path="/v1/orders/history?skip=0&limit=1"), Verdict.TYPED),
        (rest(202, None, method="DELETE", path="/v1/orders/order"), Verdict.UNKNOWN),
        (rest(200, {}, path="/v1/loans/rates"), Verdict.UNKNOWN),
        ({"channel": "rest", "frame": {"method": "GET"}}, Verdict.REFUSED),
    ],
)
def test_rest_answers_are_matched_to_calls_and_read_by_their_status(
    write: Write, record: Any, verdict: Verdict
) -> None:
    assert verdicts(write(record)) == [verdict]


def test_an_answer_without_a_body_is_read(write: Write) -> None:
    record = {"channel": "rest", "frame": {"method": "GET", "path": "/v1/public/status", "status": 500}}
    assert verdicts(write(record)) == [Verdict.TYPED]


def test_a_body_that_is_not_text_is_refused(write: Write) -> None:
    line = (
        b'{"channel":"rest","frame":{"method":"GET","path":"/v1/public/status","status":200,"body":"\xff"}}'
    )
    assert verdicts(write(line)) == [Verdict.REFUSED]


def test_nothing_in_the_corpus_is_refused_but_the_noted_typos() -> None:
    status, lines = run(*CORPUS)
    assert status == 0, lines


def test_no_socket_frame_of_the_corpus_is_unknown() -> None:
    findings = [finding for path in CORPUS if "rest" not in path.stem for finding in check_file(path)]
    assert [finding for finding in findings if finding.verdict is Verdict.UNKNOWN] == []


@pytest.mark.parametrize("is_compressed", [False, True])
async def test_of_a_recording_what_valr_sent_is_checked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, is_compressed: bool
) -> None:
    monkeypatch.setattr(recording, "is_available", lambda: is_compressed)
    written = Recording(tmp_path)
    written.note(Direction.IN, "account", b'{"type":"PONG"}')
    written.note(Direction.OUT, "account", b"what was sent")
    written.note(Direction.IN, "trade", b'{"type":"NEWS"}')
    written.note(Direction.IN, "rest", b'{"method":"GET","path":"/v1/public/time","status":200,"body":{}}')
    written.note(Direction.IN, "rest", b'{"method":"GET","path":"/v1/public/time","failure":"refused"}')
    written.note(Direction.IN, "rest", b"5")
    written.note_step(Ended("0"))
    await written.close()
    (path,) = recorded_files(tmp_path)
    status, said = run(path)
    assert status == 1
    assert [line.partition(": refused: ")[0] for line in said[:2]] == [f"{path}:5", f"{path}:7"]
    assert said[2:] == ["unknown: NEWS: 1", "4 frames: 1 typed, 1 unknown, 2 refused"]
