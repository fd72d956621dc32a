"""A whole session on disk: every frame of both sockets, every REST call, every step of the connector's own.

A directory of journals (`net.journal`), numbered, one after the other. What happens is kept in memory first
and written a moment later, in small portions, so that the reader of a socket is not held up; what was not
written yet is lost when the process dies. A file that is full is compressed, where zstandard is installed.
What goes wrong with a file is logged once, and ends the recording, not the session.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Final

import msgspec

from valr_connector.core.account_state import AccountState
from valr_connector.core.state_digest import state_digest
from valr_connector.core.steps import AnyStep, Ended
from valr_connector.errors import InvalidArgumentError, RecordingError
from valr_connector.model.enums import SessionState, Socket
from valr_connector.model.events import ConnectionChanged
from valr_connector.net.compressed import SUFFIX, compress, is_available
from valr_connector.net.journal import Direction, FrameRecorder, RecordedFrame, read_frames
from valr_connector.net.network import Network
from valr_connector.net.recorded_http import RecordedHttp
from valr_connector.net.socket_handler import FrameTap

log = logging.getLogger(__name__)

OWN: Final = "own"
"""Name of the "socket" of the connector's own steps."""
_FILE: Final = "recording-{:06d}.jsonl"
LARGEST_BYTES: Final = 32 * 1024 * 1024
_PAUSE_S: Final = 0.05
_PORTION: Final = 200
"""So many lines take some milliseconds at most."""

_Line = tuple[Direction, str, int | None, int, int, bytes]
_encode_step = msgspec.json.Encoder(decimal_format="string").encode
decode_step: Callable[[bytes], AnyStep] = msgspec.json.Decoder(AnyStep).decode
"""One step of the connector's own, as a recording has it."""


class Recording:
    """Writes one session into a directory.

    Args:
        directory: made where it does not exist; must hold no recording yet.
        note: what is recorded, for the first line of each file.
        secrets: values to strike out wherever they stand, besides what looks like a key or a signature.
        wall: nanoseconds since 1970.
        monotonic: nanoseconds of a clock that never steps.
        largest: bytes of one file, about.

    Raises:
        InvalidArgumentError: the directory holds a recording, or cannot be made.
    """

    def __init__(
        self,
        directory: Path,
        *,
        note: str = "",
        secrets: Iterable[str] = (),
        wall: Callable[[], int] = time.time_ns,
        monotonic: Callable[[], int] = time.monotonic_ns,
        largest: int = LARGEST_BYTES,
    ) -> None:
        try:
            directory.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            rule = f"cannot be made: {error.strerror}"
            raise InvalidArgumentError("record", str(directory), rule) from None
        if recorded_files(directory):
            raise InvalidArgumentError("record", str(directory), "must be a directory without a recording")
        self._directory = directory
        self._note = note
        self._secrets = tuple(secrets)
        self._wall = wall
        self._monotonic = monotonic
        self._largest = largest
        self._pending: deque[_Line] = deque()
        self._epochs: dict[str, int | None] = {}
        self._count = 0
        self._recorder: FrameRecorder | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._packer = ThreadPoolExecutor(max_workers=1, thread_name_prefix="recording")
        self._is_closed = False
        self._has_failed = False

    def start(self) -> None:
        """Begin to write, on the running event loop.

        Raises:
            RecordingError: no file can be begun in the directory; the log says why.
        """
        if self._begin_file() is None:
            raise RecordingError(f"{self._directory}: no file can be begun in it")
        self._loop = asyncio.get_running_loop()

    def tap(self, socket: Socket, also: FrameTap | None = None) -> FrameTap:
        """What has to see every frame of a socket; `also` sees them as well."""
        return _Tap(self.note, socket.value, also)

    def over(self, network: Network) -> Network:
        """The same network, whose REST calls are recorded."""
        return replace(network, open_session=lambda: RecordedHttp(network.open_session(), self.note))

    def note(self, direction: Direction, socket: str, raw: bytes) -> None:
        """Keep one line, to be written in a moment."""
        if self._has_failed:
            return
        self._pending.append(
            (direction, socket, self._epochs.get(socket), self._wall(), self._monotonic(), raw)
        )
        if self._timer is None and self._loop is not None:
            self._timer = self._loop.call_later(_PAUSE_S, self._write_a_portion)

    def note_step(self, step: AnyStep) -> None:
        """Keep one step of the connector's own."""
        self.note(Direction.OWN, OWN, _encode_step(step))

    def note_connection(self, event: ConnectionChanged) -> None:
        """Learn the number of a connection: subscribe it to `ConnectionChanged`."""
        self._epochs[event.socket.value] = None if event.after is SessionState.IDLE else event.epoch

    @property
    def unwritten(self) -> int:
        """How many lines are kept and not written yet."""
        return len(self._pending)

    def write_all(self) -> None:
        """Write what is kept, now."""
        self._write(len(self._pending))

    async def end(self, state: AccountState) -> None:
        """The session is over, and left `state`."""
        if not self._is_closed:
            self.note_step(Ended(state_digest(state)))
        await self.close()

    async def close(self) -> None:
        """Write what is kept, and compress the last file. Calling it again does nothing.

        The event loop goes on meanwhile; where this is cancelled, the files are complete all the same.
        """
        if self._is_closed:
            return
        self._is_closed = True
        self._loop = None
        if self._timer is not None:
            self._timer.cancel()
        self.write_all()
        self._end_file()
        try:
            await asyncio.get_running_loop().run_in_executor(self._packer, _last_in_the_queue)
        finally:
            self._packer.shutdown()

    def _write_a_portion(self) -> None:
        self._timer = None
        self._write(_PORTION)
        if self._pending and self._loop is not None:
            self._timer = self._loop.call_later(0, self._write_a_portion)

    def _write(self, most: int) -> None:
        for _ in range(min(most, len(self._pending))):
            recorder = self._recorder or self._begin_file()
            if recorder is None:
                return
            direction, socket, epoch, wall, monotonic, raw = self._pending.popleft()
            recorder.write(direction, raw, socket=socket, epoch=epoch, wall=wall, monotonic=monotonic)
            if recorder.written >= self._largest:
                self._end_file()

    def _begin_file(self) -> FrameRecorder | None:
        self._count += 1
        path = self._directory / _FILE.format(self._count)
        try:
            self._recorder = FrameRecorder(path, note=self._note, secrets=self._secrets)
        except OSError as error:
            log.error("%s: %s; nothing is recorded any more", path, error)  # noqa: TRY400  it says all
            self._has_failed = True
            self._pending.clear()
        return self._recorder

    def _end_file(self) -> None:
        if self._recorder is not None:
            self._recorder.close()
            if is_available():
                self._packer.submit(_compress, self._recorder.path)
            self._recorder = None


def _last_in_the_queue() -> None:
    """Once it is this one's turn, everything before it is compressed."""


def _compress(path: Path) -> None:
    try:
        compress(path)
    except OSError as error:
        log.error("%s stays uncompressed: %s", path, error)  # noqa: TRY400  what it says is all there is


class _Tap:
    """Sees the frames of one socket."""

    def __init__(
        self, note: Callable[[Direction, str, bytes], None], socket: str, also: FrameTap | None
    ) -> None:
        self._note = note
        self._socket = socket
        self._also = also

    def frame_in(self, raw: bytes) -> None:
        self._note(Direction.IN, self._socket, raw)
        if self._also is not None:
            self._also.frame_in(raw)

    def frame_out(self, raw: bytes) -> None:
        self._note(Direction.OUT, self._socket, raw)
        if self._also is not None:
            self._also.frame_out(raw)


def recorded_files(directory: Path) -> list[Path]:
    """The files of a recording, in order; of one that was just being compressed the whole new one."""
    found = sorted([*directory.glob("recording-*.jsonl"), *directory.glob(f"recording-*.jsonl{SUFFIX}")])
    return list({path.name.removesuffix(SUFFIX): path for path in found}.values())


def read_recording(directory: Path) -> Iterator[RecordedFrame]:
    """Every line of a recording, in order.

    Raises:
        InvalidArgumentError: there is none.
        RecordingError: a line is damaged; names it.
        OSError: it cannot be read.
    """
    files = recorded_files(directory)
    if not files:
        raise InvalidArgumentError("directory", str(directory), "holds no recording")
    expected = map(_FILE.format, range(1, len(files) + 1))
    missing = next((name for name, path in zip(expected, files, strict=True) if name not in path.name), None)
    if missing is not None:
        log.warning("%s: %s is missing, and what it tells left out", directory, missing)
    for path in files:
        yield from read_frames(path)


def goes_to_its_end(directory: Path) -> bool:
    """Whether a recording goes to the end of its session: nothing was lost to a full disk, or a kill.

    Raises as `read_recording` does.
    """
    last = deque(read_frames(recorded_files(directory)[-1]), maxlen=1)
    return any(line.socket == OWN and isinstance(decode_step(line.raw), Ended) for line in last)
