"""How a journal of frames is written down: a header, then one JSON line for each frame.

::

    {"journal":1,"note":"what was recorded"}
    {"seq":1,"dir":"in","wall":17...,"mono":52...,"socket":"account","epoch":1,"frame":{"type":"PONG"}}

A JSON object stands there as it came, byte for byte. Anything else (the empty text of a keep-alive, broken
JSON, an object with line breaks, bytes that are no text) stands as a string under ``text``, or in base64
under ``base64``.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from enum import StrEnum
from typing import Any, Final, NamedTuple

import msgspec
import orjson
from msgspec import Raw, Struct

from valr_connector.errors import RecordingError
from valr_connector.protocol.decode_errors import DECODER_FAILURES

FORMAT: Final = 1
"""Number of the format; a reader takes no other."""


class Direction(StrEnum):
    """Which way a frame went."""

    IN = "in"
    OUT = "out"
    OWN = "own"
    """Neither: a step of the connector's own (`net.recording`)."""


class RecordedFrame(NamedTuple):
    """One frame as it was on the wire.

    Attributes:
        seq: number of the frame in its file, from 1.
        wall: when it was seen, nanoseconds since 1970.
        monotonic: the same by a clock that never steps, nanoseconds.
        socket: what it went over.
        epoch: number of that socket's connection, from 1; None where there was none, or it was not known.
        raw: exactly the bytes that were sent or received, unless `is_redacted`.
        is_redacted: secrets were struck out of it.
    """

    seq: int
    direction: Direction
    wall: int
    monotonic: int
    socket: str
    epoch: int | None
    raw: bytes
    is_redacted: bool = False


class _Header(Struct, forbid_unknown_fields=True):
    journal: int
    note: str


class _Line(Struct, forbid_unknown_fields=True):
    seq: int
    dir: Direction
    wall: int
    mono: int
    socket: str
    epoch: int | None = None
    redacted: bool = False
    frame: Raw = Raw()
    text: str | None = None
    base64: str | None = None


_header = msgspec.json.Decoder(_Header)
_line = msgspec.json.Decoder(_Line)
_any_json = msgspec.json.Decoder(Raw)
_SHALLOW: Final = 100
_HEADROOM: Final = 200
_OPENED, _CLOSED = b"[" * _HEADROOM, b"]" * _HEADROOM
"""How deep JSON may be nested depends on the stack: who reads a line may stand so much deeper than who wrote
it. What has few brackets is not looked at for that."""


def header_line(note: str) -> bytes:
    """The first line of a journal."""
    return orjson.dumps({"journal": FORMAT, "note": note}, option=orjson.OPT_APPEND_NEWLINE)


def frame_line(frame: RecordedFrame) -> bytes:
    """The line of one frame."""
    line: dict[str, Any] = {
        "seq": frame.seq,
        "dir": frame.direction,
        "wall": frame.wall,
        "mono": frame.monotonic,
        "socket": frame.socket,
        "epoch": frame.epoch,
    }
    if frame.is_redacted:
        line["redacted"] = True
    _add_content(line, frame.raw)
    return orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)


def read_header(line: bytes, where: str) -> str:
    """The note in the first line of a journal; `where` names the line in errors.

    Raises:
        RecordingError: this is no journal, or one of another format.
    """
    try:
        header = _header.decode(line)
    except DECODER_FAILURES:
        raise RecordingError(f"{where}: this is no journal of frames") from None
    if header.journal != FORMAT:
        raise RecordingError(f"{where}: format {header.journal} is not the known one, {FORMAT}")
    return header.note


def read_frame(line: bytes, where: str) -> RecordedFrame:
    """The frame of one line; `where` names the line in errors.

    Raises:
        RecordingError: the line is damaged.
    """
    try:
        entry = _line.decode(line)
        raw = _content_of(entry)
    except DECODER_FAILURES as error:
        raise RecordingError(f"{where} is damaged: {error}") from None
    return RecordedFrame(
        seq=entry.seq,
        direction=entry.dir,
        wall=entry.wall,
        monotonic=entry.mono,
        socket=entry.socket,
        epoch=entry.epoch,
        raw=raw,
        is_redacted=entry.redacted,
    )


def _add_content(line: dict[str, Any], raw: bytes) -> None:
    try:
        text = raw.decode()
    except UnicodeDecodeError:
        line["base64"] = b64encode(raw).decode()
        return
    if _is_one_line_object(raw):
        line["frame"] = orjson.Fragment(raw)
    else:
        line["text"] = text


def _is_one_line_object(raw: bytes) -> bool:
    if not (raw.startswith(b"{") and raw.endswith(b"}")) or b"\n" in raw:
        return False
    try:
        has_few = raw.count(b"{") + raw.count(b"[") <= _SHALLOW
        _any_json.decode(raw if has_few else _OPENED + raw + _CLOSED)
    except (msgspec.DecodeError, RecursionError):
        return False
    return True


def _content_of(entry: _Line) -> bytes:
    if entry.frame:
        return bytes(entry.frame)
    if entry.text is not None:
        return entry.text.encode()
    if entry.base64 is not None:
        return b64decode(entry.base64, validate=True)
    raise ValueError("it holds no frame")
