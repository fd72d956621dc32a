"""Whether recorded frames are what this library understands: the work of ``valr frames check``.

Reads the files of a recording, of which what VALR sent is checked, and the form of the frame corpus (protocol
22): one JSON object a line, with `channel` (account, trade or rest), `frame` and an optional `note`. Files
named ``*_commands.jsonl`` hold what a client sent.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Final, Literal, TextIO, get_args

import msgspec
from msgspec import Raw, Struct

from valr_connector.errors import DecodeError, ExchangeError, TransportError
from valr_connector.net.compressed import SUFFIX
from valr_connector.net.journal import Direction, read_frames
from valr_connector.protocol.command_frames import decode_command
from valr_connector.protocol.control_frames import UnknownFrame
from valr_connector.protocol.decode_errors import DECODER_FAILURES
from valr_connector.protocol.endpoints import ENDPOINTS, decode_response
from valr_connector.protocol.frames import decode_account_frame, decode_trade_frame

Channel = Literal["account", "trade", "rest"]

_CHANNELS: Final[Mapping[str, Channel]] = {channel: channel for channel in get_args(Channel)}
_RECORDING: Final = b'{"journal":'
"""How the files of a recording begin."""


class Verdict(StrEnum):
    """What became of one recorded frame."""

    TYPED = "typed"
    UNKNOWN = "unknown"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line of a file, and what became of its frame.

    Attributes:
        where: ``file:line``.
        what: the frame's type, or method and path; the reason where it was refused.
        is_noted_typo: the record itself says that the frame is misspelt.
    """

    where: str
    verdict: Verdict
    what: str
    is_noted_typo: bool = False


class _Record(Struct, frozen=True):
    channel: Channel
    frame: Raw
    note: str = ""


class _Call(Struct, frozen=True):
    failure: str = ""


class _RestFrame(Struct, frozen=True):
    method: str
    path: str
    status: int
    headers: dict[str, str] = {}
    body: Raw = Raw()


def check_files(paths: Sequence[Path], out: TextIO) -> int:
    """Check every frame of the files, and print what was found.

    Returns:
        Exit status: 1 if a frame was refused that its record does not call a typo, else 0.
    """
    verdicts: Counter[Verdict] = Counter()
    unknown: Counter[str] = Counter()
    status = 0
    for finding in chain.from_iterable(map(check_file, paths)):  # a recording may be longer than memory
        verdicts[finding.verdict] += 1
        if finding.verdict is Verdict.UNKNOWN:
            unknown[finding.what] += 1
        elif finding.verdict is Verdict.REFUSED:
            out.write(f"{finding.where}: refused{' (noted typo)' * finding.is_noted_typo}: {finding.what}\n")
            status |= not finding.is_noted_typo
    out.writelines(f"unknown: {what}: {count}\n" for what, count in sorted(unknown.items()))
    summary = ", ".join(f"{verdicts[verdict]} {verdict}" for verdict in Verdict)
    out.write(f"{verdicts.total()} frames: {summary}\n")
    return status


def check_file(path: Path) -> Iterator[Finding]:
    """What became of every frame of one file; blank lines are left out."""
    are_commands = path.stem.endswith("_commands")
    try:
        content = path.read_bytes()
    except OSError as error:
        yield Finding(str(path), Verdict.REFUSED, f"cannot be read: {error.strerror}")
        return
    if path.suffix == SUFFIX or content.startswith(_RECORDING):
        yield from _check_recording(path)
        return
    for number, line in enumerate(content.splitlines(), start=1):
        if line.strip():
            yield _check_line(f"{path}:{number}", line, are_commands=are_commands)


def _check_recording(path: Path) -> Iterator[Finding]:
    for frame in read_frames(path):
        channel = _CHANNELS.get(frame.socket)
        if channel is None or frame.direction is not Direction.IN:
            continue
        if channel == "rest" and _had_no_answer(frame.raw):
            continue
        where = f"{path}:{frame.seq + 1}"  # the first line is the file's own
        yield _check(where, _Record(channel, Raw(frame.raw)), are_commands=False)


def _had_no_answer(call: bytes) -> bool:
    try:
        return bool(_call.decode(call).failure)
    except DECODER_FAILURES:
        return False


def _check_line(where: str, line: bytes, *, are_commands: bool) -> Finding:
    try:
        record = _record.decode(line)
    except DECODER_FAILURES as error:
        return Finding(where, Verdict.REFUSED, f"not a record of a frame: {error}")
    return _check(where, record, are_commands=are_commands)


def _check(where: str, record: _Record, *, are_commands: bool) -> Finding:
    try:
        verdict, what = _understand(record, are_commands=are_commands)
    except DecodeError as error:
        return Finding(where, Verdict.REFUSED, error.message, "typo" in record.note.casefold())
    return Finding(where, verdict, what)


def _understand(record: _Record, *, are_commands: bool) -> tuple[Verdict, str]:
    raw = bytes(record.frame)
    if are_commands:
        return _as_frame(decode_command(raw))
    if record.channel == "account":
        return _as_frame(decode_account_frame(raw))
    if record.channel == "trade":
        return _as_frame(decode_trade_frame(raw))
    return _understand_rest(raw)


def _as_frame(frame: Struct) -> tuple[Verdict, str]:
    if isinstance(frame, UnknownFrame):
        return Verdict.UNKNOWN, frame.type
    return Verdict.TYPED, type(frame).__name__


def _understand_rest(raw: bytes) -> tuple[Verdict, str]:
    try:
        answer = _rest_frame.decode(raw)
        body = _body_of(answer)
    except DECODER_FAILURES as error:
        raise DecodeError("rest", "", raw[:80].decode("utf-8", "backslashreplace"), str(error)) from None
    path = answer.path.partition("?")[0]
    endpoint = next((known for known in ENDPOINTS if known.matches(answer.method, path)), None)
    if endpoint is None:
        return Verdict.UNKNOWN, f"{answer.method} {path}"
    with suppress(ExchangeError, TransportError):  # an answer that says no is understood as well
        decode_response(endpoint.request(pair="PAIR", id="ID"), answer.status, answer.headers, body)
    return Verdict.TYPED, endpoint.name


def _body_of(answer: _RestFrame) -> bytes:
    """The body's bytes: text stands for a body that is no JSON, null for an empty one."""
    body = bytes(answer.body)
    if body in (b"", b"null"):
        return b""
    return msgspec.json.decode(body, type=str).encode() if body.startswith(b'"') else body


_call = msgspec.json.Decoder(_Call)
_record = msgspec.json.Decoder(_Record)
_rest_frame = msgspec.json.Decoder(_RestFrame)
