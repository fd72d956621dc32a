"""The border to the WebSocket library: how a connection is opened, read and closed, and how it ends."""

from __future__ import annotations

import asyncio
import inspect
import logging
import os
import socket
import ssl
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from itertools import chain
from struct import pack
from typing import Any, Final, Protocol, cast

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidHandshake, InvalidStatus, WebSocketException
from websockets.frames import DATA_OPCODES, Frame
from websockets.frames import apply_mask as _apply_mask  # type: ignore[attr-defined]  # in C, where it can
from websockets.protocol import Event, State

from valr_connector.core.disconnects import Ending, judge_close, judge_upgrade
from valr_connector.core.session import KeepAlive
from valr_connector.net.intake import Intake
from valr_connector.net.undelivered import forget_undelivered

_library_log = logging.getLogger(f"{__name__}.library")
_library_log.setLevel(logging.INFO)  # its DEBUG lines show the handshake's headers: key and signature

MAX_FRAME_BYTES: Final = 32 * 1024 * 1024
# CPython 3.11 takes 0.1 us to find a member in its class.
_OPEN: Final = State.OPEN
_CONNECTING: Final = State.CONNECTING
_NO_CLOSE_FRAME: Final = 1006
# Before version 15 the library knew no proxies; from then on it takes them from the environment unless told.
_PROXY: Final[dict[str, Any]] = {"proxy": None} if "proxy" in inspect.signature(connect).parameters else {}

DIAL_ERRORS: Final = (OSError, EOFError, WebSocketException)
"""What opening a connection raises: network, names, TLS, time-outs, refused or broken upgrades."""

_DIAL_FAILURES: Final = (
    (socket.gaierror, "the name was not resolved"),
    (ssl.SSLCertVerificationError, "the certificate was not accepted"),
    (ssl.SSLError, "no TLS"),
    (ConnectionRefusedError, "refused"),
    (TimeoutError, "no answer in time"),
    (OSError, "no connection"),
)
"""The narrower before the wider; whatever else it is, the upgrade was not completed."""


class SocketConnection(Protocol):
    """An open connection, as far as this library uses one."""

    @property
    def state(self) -> State:
        """Whether it is open, closing or closed."""

    @property
    def ending(self) -> Ending:
        """What its end says about the next dial."""

    def attach(self, take: Callable[[bytes], None]) -> None:
        """Hand messages to `take` from now on, those first that came since the connection opened."""

    def detach(self) -> None:
        """Let messages fall."""

    def write(self, message: bytes) -> bool:
        """Hand one text message to the transport, at once; False, and nothing leaves, if it is not open."""

    async def drain(self) -> None:
        """Returns when there is room for another message.

        Raises:
            websockets.exceptions.ConnectionClosed, OSError: the connection was lost meanwhile.
        """

    async def wait_closed(self) -> None:
        """Returns once the connection has ended."""

    async def close(self) -> None:
        """Close politely, within the closing time-out."""

    def abort(self) -> None:
        """Cut the connection without a word, and take back what is not delivered yet."""


Dial = Callable[[str, Mapping[str, str], KeepAlive], Awaitable[SocketConnection]]
"""Opens a connection to an address, with these headers, within these limits; raises one of DIAL_ERRORS."""


class DirectConnection(ClientConnection):
    """Hands each message over from within the transport's own callback.

    The library's `recv` wakes a task for it, behind all else that is ready in the loop: under load several
    times the cost of the message's whole handling (design 3).
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lost_by: Exception | None = None
        self._early: list[bytes] = []
        self._begun: bytearray | None = None
        """What is here of a message in pieces."""
        self._intake = Intake(self._parse, self._is_between_messages, self._early.append)
        self._awaits_answer = self.protocol.state is _CONNECTING
        self._masks = chain.from_iterable(iter(_draw_masks, None))
        self._last_resort: asyncio.TimerHandle | None = None

    def attach(self, take: Callable[[bytes], None]) -> None:
        """Hand messages to `take` from now on, those first that came since the connection opened."""
        self._intake.take = take
        for message in self._early:
            take(message)
        self._early.clear()

    def detach(self) -> None:
        """Let messages fall."""
        self._intake.take = _drop

    def abort(self) -> None:
        """Cut the connection without a word, and take back what the kernel has not delivered yet.

        Else it would go on trying for minutes: a placement could arrive long after it was taken for lost.
        """
        forget_undelivered(self.transport)
        self.transport.abort()

    def write(self, message: bytes) -> bool:
        """Hand one text message to the transport, at once; False, and nothing leaves, if it is not open.

        The library's own way guards messages in pieces and connections that end meanwhile; whole messages on
        an open connection need neither, and cost a fifth without.
        """
        if self.protocol.state is not _OPEN:
            return False
        self.transport.write(_text_frame(message, next(self._masks)))
        return True

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        if self._awaits_answer:
            data = self._take_answer(data)
        self._intake.received(data, self.transport)

    def _take_answer(self, data: bytes) -> bytes:
        """The answer to the upgrade is the library's; line by line, so that it is seen where frames begin."""
        at = 0
        for line in data.splitlines(keepends=True):
            if self.protocol.state is not _CONNECTING:
                break
            super().data_received(line)
            at += len(line)
        self._awaits_answer = self.protocol.state is _CONNECTING
        return data[at:]

    def eof_received(self) -> None:
        """Nothing more will come."""
        self._intake.take_rest()
        super().eof_received()

    def process_event(self, event: Event) -> None:
        """One event of the library's: the answer to the upgrade, or a frame."""
        if not isinstance(event, Frame) or event.opcode not in DATA_OPCODES:
            super().process_event(event)
        elif event.fin and self._begun is None:
            self._intake.take(bytes(event.data))
        else:
            self._begun = self._begun or bytearray()
            self._begun += event.data
            if event.fin:
                message, self._begun = bytes(self._begun), None
                self._intake.take(message)

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is gone."""
        self._intake.take_rest()
        if self._last_resort is not None:
            self._last_resort.cancel()
        self.lost_by = exc
        super().connection_lost(exc)

    def _is_between_messages(self) -> bool:
        return self.protocol.state is _OPEN and self._begun is None

    def _parse(self, data: bytes) -> None:
        """Have the library look at it. Where that ends the connection, it sets the peer a deadline.

        It keeps to that only where somebody closes or sends: the peer could hold on to the connection.
        """
        super().data_received(data)
        if self.close_deadline is not None and self._last_resort is None:
            self._last_resort = self.loop.call_at(self.close_deadline, self.abort)

    @property
    def ending(self) -> Ending:
        """What the end of the connection says about the next dial."""
        closed = self.protocol.close_exc
        frame = closed.rcvd or closed.sent
        if frame is None:
            return judge_close(_NO_CLOSE_FRAME, "" if self.lost_by is None else str(self.lost_by))
        return judge_close(frame.code, frame.reason)


class _Dial(connect):
    """Follows no redirect: the signed headers are for nobody else."""

    def process_redirect(self, exc: Exception) -> Exception:
        return exc


def _drop(_: bytes) -> None:
    pass


def _draw_masks() -> Sequence[bytes]:
    """Keys that nobody can foresee (RFC 6455, 10.3). To ask the kernel for each one would cost 0.5 us."""
    drawn = os.urandom(256)
    return [drawn[start : start + 4] for start in range(0, len(drawn), 4)]


def _text_frame(message: bytes, mask: bytes) -> bytes:
    """A whole message of a client (RFC 6455, 5.2)."""
    size = len(message)
    if size < 126:
        head = pack("!BB", 0x81, 0x80 | size)
    elif size < 0x10000:
        head = pack("!BBH", 0x81, 0x80 | 126, size)
    else:
        head = pack("!BBQ", 0x81, 0x80 | 127, size)
    return head + mask + _apply_mask(message, mask)


async def dial(url: str, headers: Mapping[str, str], limits: KeepAlive) -> DirectConnection:
    """Open a connection.

    Raises:
        one of DIAL_ERRORS.
    """
    dialled = _Dial(
        url,
        additional_headers=headers,
        compression=None,
        open_timeout=limits.dial_s,
        close_timeout=limits.close_s,
        ping_interval=None,  # one rule alone decides about life and death: core.session
        max_size=MAX_FRAME_BYTES,
        logger=_library_log,
        create_connection=DirectConnection,
        **_PROXY,
    )
    try:
        return cast("DirectConnection", await dialled)
    except ValueError as error:  # before version 15, of an answer that is no HTTP
        raise InvalidHandshake(str(error)) from error


async def hang_up(connection: SocketConnection, within_s: float) -> None:
    """Close politely in that time, and in any case: a peer that reads nothing keeps the library waiting."""
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await connection.close()
    finally:
        connection.abort()


def judge_dial(error: Exception) -> Ending:
    """What a failed dial, one of :data:`DIAL_ERRORS`, says about the next one."""
    if isinstance(error, InvalidStatus):
        body = (error.response.body or b"").decode(errors="replace")
        return judge_upgrade(error.response.status_code, body)
    kind = next((words for known, words in _DIAL_FAILURES if isinstance(error, known)), "no upgrade")
    return Ending(f"dial failed ({kind}): {type(error).__name__}: {error}")
