"""The journal: every frame of a socket, in order and exactly as it was on the wire, appended to a file.

Nothing that looks like a key or a signature is written (S11): such a frame is cleaned first, and marked.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from io import SEEK_END
from pathlib import Path
from types import TracebackType
from typing import BinaryIO, Final, Self

from valr_connector.model.enums import SessionState
from valr_connector.model.events import ConnectionChanged
from valr_connector.net.compressed import open_for_reading
from valr_connector.net.journal_format import (
    Direction,
    RecordedFrame,
    frame_line,
    header_line,
    read_frame,
    read_header,
)
from valr_connector.observe.redaction import REDACTED, RedactionFilter

__all__ = ["Direction", "FrameRecorder", "RecordedFrame", "read_frames", "read_note"]

log = logging.getLogger(__name__)

BUFFER_BYTES: Final = 64 * 1024
_BLOCK_BYTES: Final = 64 * 1024
_AUTHENTICATE: Final = b'"authenticate"'
_TELL_TALES: Final = (_AUTHENTICATE, b"api", b"secret", b"signature")
"""What a frame with a secret in it contains, in lower case. A look for them is cheap, the cleaning is not."""
_WITHOUT_PAYLOAD: Final = f'{{"type":"AUTHENTICATE","payload":"{REDACTED}"}}'.encode()


class FrameRecorder:
    """Appends frames to a file: the `FrameTap` of one socket. Also a context manager.

    Writing is buffered: what was not flushed ends with the process. What goes wrong with the file is not
    raised into the socket; it is logged once, and frames are counted as lost from then on.

    Args:
        path: the file. One that exists is continued, and a last line that was torn is cut off.
        socket: name of the socket.
        note: what is recorded, for the first line of a new file.
        secrets: values to strike out wherever they stand, besides what looks like a key or a signature.
        wall: nanoseconds since 1970.
        monotonic: nanoseconds of a clock that never steps.

    Attributes:
        epoch: number of the connection that is up; None while there is none, or nobody has said it.
        lost: frames seen after the file had failed.
        path: the file.
        written: bytes of frames appended to it here.

    Raises:
        RecordingError: the file exists and cannot be continued.
        OSError: it cannot be opened.
    """

    def __init__(
        self,
        path: Path,
        *,
        socket: str = "account",
        note: str = "",
        secrets: Iterable[str] = (),
        wall: Callable[[], int] = time.time_ns,
        monotonic: Callable[[], int] = time.monotonic_ns,
    ) -> None:
        self.epoch: int | None = None
        self.lost = 0
        self.written = 0
        self.path = path
        known = [secret for secret in secrets if secret]
        self._tell_tales = (*_TELL_TALES, *(secret.lower().encode() for secret in known))
        self._redaction = RedactionFilter(known)
        self._socket = socket
        self._wall = wall
        self._monotonic = monotonic
        last = _continue(path)
        self._seq = last or 0
        self._has_failed = False
        file = path.open("ab", buffering=BUFFER_BYTES)
        self._file: BinaryIO | None = file
        if last is None:
            self._attempt(file, file.write, header_line(note))

    def frame_in(self, raw: bytes) -> None:
        """A frame came in."""
        self.record(Direction.IN, raw)

    def frame_out(self, raw: bytes) -> None:
        """A frame is about to go out."""
        self.record(Direction.OUT, raw)

    def record(self, direction: Direction, raw: bytes, socket: str | None = None) -> None:
        """Append one frame, of this recorder's socket unless another is named. Ignored once closed."""
        self.write(
            direction,
            raw,
            socket=self._socket if socket is None else socket,
            epoch=self.epoch,
            wall=self._wall(),
            monotonic=self._monotonic(),
        )

    def write(
        self, direction: Direction, raw: bytes, *, socket: str, epoch: int | None, wall: int, monotonic: int
    ) -> None:
        """Append one frame that was seen then, by both clocks. Ignored once closed."""
        file = self._file
        if file is None:
            self.lost += self._has_failed
            return
        self._seq += 1
        clean = self._without_secrets(direction, raw)
        line = frame_line(
            RecordedFrame(self._seq, direction, wall, monotonic, socket, epoch, clean, clean is not raw)
        )
        self.written += len(line)
        self._attempt(file, file.write, line)

    def note_connection(self, event: ConnectionChanged) -> None:
        """Learn the number of the connection: subscribe it, ``valr.on(ConnectionChanged, ...)``."""
        if event.socket.value == self._socket:
            self.epoch = None if event.after is SessionState.IDLE else event.epoch

    def flush(self) -> None:
        """Hand what was gathered to the operating system."""
        if self._file is not None:
            self._attempt(self._file, self._file.flush)

    def close(self) -> None:
        """Flush and close the file; further frames are ignored. Calling it again does nothing."""
        if self._file is not None:
            self._attempt(self._file, self._file.close)
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _without_secrets(self, direction: Direction, raw: bytes) -> bytes:
        """`raw` itself where nothing in it looks like a secret."""
        lowered = raw.lower()
        for tell_tale in self._tell_tales:
            if tell_tale in lowered:
                break
        else:
            return raw
        if direction is Direction.OUT and _AUTHENTICATE in lowered:
            return _WITHOUT_PAYLOAD
        text = raw.decode("latin-1")  # takes any bytes, and gives the same ones back
        clean = self._redaction.redact(text)
        return raw if clean == text else clean.encode("latin-1")

    def _attempt(self, file: BinaryIO, call: Callable[..., object], *arguments: object) -> None:
        """Do something with the file. Its first failure is its end."""
        try:
            call(*arguments)
        except OSError as error:
            log.error("%s: %s; frames are no longer recorded", self.path, error)  # noqa: TRY400  it says all
            self._has_failed = True
            self._file = None
            with suppress(OSError):
                file.close()


def read_note(path: Path) -> str:
    """What the first line of a journal says was recorded.

    Raises:
        RecordingError: the file is no journal, or has not even a whole first line.
        OSError: it cannot be read.
    """
    with path.open("rb") as file:
        return read_header(file.readline(), f"{path}, line 1")


def read_frames(path: Path) -> Iterator[RecordedFrame]:
    """Every frame of a journal, in order.

    A last line without its end was being written when the process died: it is left out, with a warning.

    Raises:
        RecordingError: the file is no journal, or a line before its end is damaged; names the line.
        OSError: it cannot be read.
    """
    with open_for_reading(path) as file:
        for number, line in enumerate(file, start=1):
            where = f"{path}, line {number}"
            if not line.endswith(b"\n"):
                log.warning("%s is torn and left out", where)
            elif number == 1:
                read_header(line, where)
            else:
                yield read_frame(line, where)


def _continue(path: Path) -> int | None:
    """Make an existing journal ready to be appended to.

    Returns:
        The number of its last frame, 0 where it has none; None where it has yet to be begun.
    """
    if not path.exists():
        return None
    with path.open("r+b") as file:
        size = file.seek(0, SEEK_END)
        end = _line_end_before(file, size)
        if end < size:
            log.warning("%s: the last line is torn and was cut off", path)
            file.truncate(end)
        if not end:
            return None
        file.seek(0)
        read_header(file.readline(), f"{path}, line 1")
        start = _line_end_before(file, end - 1)
        file.seek(start)
        return read_frame(file.readline(), f"{path}, last line").seq if start else 0


def _line_end_before(file: BinaryIO, end: int) -> int:
    """Position after the last line break within the first `end` bytes; 0 where there is none."""
    while end > 0:
        start = max(end - _BLOCK_BYTES, 0)
        file.seek(start)
        found = file.read(end - start).rfind(b"\n")
        if found >= 0:
            return start + found + 1
        end = start
    return 0
