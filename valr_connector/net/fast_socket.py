"""A socket on picows, which writes and parses frames in C: the extra `fast`, for those who choose it.

It is a `SocketConnection` like the one in ``net.dialling``, and raises what that one raises, so that nobody
above knows which of the two there is. Two differences, both in words only: picows tells neither why a
connection broke without a close frame, nor more of a refusal's text than came with its head.
"""

from __future__ import annotations

import asyncio
import logging
import re
import socket
from collections.abc import Callable, Mapping
from contextlib import ExitStack, suppress
from importlib.metadata import version
from typing import Final, NoReturn, cast

import picows
from picows.picows import WSCloseHandshake
from websockets.datastructures import Headers
from websockets.exceptions import ConnectionClosedError, InvalidHandshake, InvalidStatus
from websockets.http11 import Response
from websockets.protocol import State

from valr_connector.core.disconnects import Ending, judge_close
from valr_connector.core.session import KeepAlive
from valr_connector.net import dialling
from valr_connector.net.intake import Intake
from valr_connector.net.undelivered import forget_undelivered

_library_log = logging.getLogger(f"{__name__}.library")
_library_log.setLevel(logging.WARNING)  # below DEBUG it would show the handshake's headers: key and signature

_NO_CLOSE_FRAME: Final = 1006
_NO_STATUS: Final = 1005
_SWITCHING_PROTOCOLS: Final = 101
_USER_AGENT: Final = f"picows/{version('picows')}"
_STATUS_LINE: Final = re.compile(rb"HTTP/1\.\d (\d{3})")
# CPython 3.11 takes 0.1 us to find a member in its class, and these are needed with each command.
_OPEN, _TEXT, _BINARY = State.OPEN, picows.WSMsgType.TEXT, picows.WSMsgType.BINARY
_WHOLE: Final = frozenset({_TEXT, _BINARY})
_DATA: Final = _WHOLE | {picows.WSMsgType.CONTINUATION}


class FastConnection(picows.WSListener, asyncio.Protocol):
    """Hands each message over from within the transport's own callback.

    Once connected, it stands between the transport and picows, which gets all that is no whole message.

    Args:
        close_s: how long the peer may take to let go of a connection that is being closed.
    """

    def __init__(self, close_s: float) -> None:
        super().__init__()
        self._close_s = close_s
        self._loop = asyncio.get_running_loop()
        self._early: list[bytes] = []
        self._begun: bytearray | None = None
        """What is here of a message in pieces."""
        self._intake = Intake(self._parse, self._is_between_messages, self._early.append)
        self._may_write = asyncio.Event()
        self._may_write.set()
        self._last_resort: asyncio.TimerHandle | None = None
        self._socket: picows.WSTransport
        self._library: asyncio.BufferedProtocol

    # --- SocketConnection --------------------------------------------------------------------------

    @property
    def state(self) -> State:
        """Whether it is open, closing or closed."""
        if self._socket.is_disconnected:
            return State.CLOSED
        return State.CLOSING if self._socket.is_close_frame_sent else _OPEN

    @property
    def ending(self) -> Ending:
        """What the end of the connection says about the next dial."""
        handshake: WSCloseHandshake | None = self._socket.close_handshake
        told = None if handshake is None else handshake.recv or handshake.sent
        if told is None:
            return judge_close(_NO_CLOSE_FRAME)
        return judge_close(told.code.value or _NO_STATUS, told.reason or "")

    def attach(self, take: Callable[[bytes], None]) -> None:
        """Hand messages to `take` from now on, those first that came since the connection opened."""
        self._intake.take = take
        for message in self._early:
            take(message)
        self._early.clear()
        if not self._socket.underlying_transport.is_closing():
            self._socket.underlying_transport.resume_reading()

    def detach(self) -> None:
        """Let messages fall."""
        self._intake.take = _drop

    def write(self, message: bytes) -> bool:
        """Hand one text message to the transport, at once; False, and nothing leaves, if it is not open."""
        if self.state is not _OPEN:
            return False
        self._socket.send(_TEXT, message)
        return True

    async def drain(self) -> None:
        """Returns when there is room for another message.

        Raises:
            ConnectionClosedError: the connection was lost meanwhile.
        """
        await self._may_write.wait()
        if self.state is not _OPEN or self._socket.underlying_transport.is_closing():
            raise ConnectionClosedError(None, None)

    async def wait_closed(self) -> None:
        """Returns once the connection has ended."""
        with suppress(Exception):  # what picows raises here ended the connection: `ending` tells it
            await self._socket.wait_disconnected()

    async def close(self) -> None:
        """Close politely, within the closing time-out."""
        if self.state is State.OPEN:
            self._socket.send_close(picows.WSCloseCode.OK)
            self._limit_closing()
        await self.wait_closed()

    def abort(self) -> None:
        """Cut the connection without a word, and take back what is not delivered yet."""
        forget_undelivered(self._socket.underlying_transport)
        self._socket.disconnect(graceful=False)

    def _limit_closing(self) -> None:
        self._last_resort = self._loop.call_later(self._close_s, self.abort)

    # --- the transport's callbacks -----------------------------------------------------------------

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        self._intake.received(data, self._socket.underlying_transport)

    def eof_received(self) -> bool | None:
        """Nothing more will come."""
        self._intake.take_rest()
        return self._library.eof_received()

    def connection_lost(self, exc: Exception | None) -> None:
        """The transport is gone."""
        self._intake.take_rest()
        self._library.connection_lost(exc)
        # picows keeps a failure for whoever waits for the end, and it may be that nobody does.
        with suppress(Exception):
            self._socket.wait_disconnected().send(None)

    def pause_writing(self) -> None:
        """The peer reads too slowly."""
        self._may_write.clear()

    def resume_writing(self) -> None:
        """It has caught up."""
        self._may_write.set()

    def _is_between_messages(self) -> bool:
        return self._begun is None and self.state is _OPEN

    def _parse(self, data: bytes) -> None:
        """Have picows look at it, unless the connection is ending.

        What follows counts no more. Of one that failed, picows would hand over messages, complain of each
        piece anew, and close the transport each time.
        """
        left = memoryview(data)
        while left and self.state is _OPEN:
            room = memoryview(self._library.get_buffer(len(left)))
            taken = min(len(room), len(left))
            room[:taken] = left[:taken]
            self._library.buffer_updated(taken)
            left = left[taken:]

    # --- picows' callbacks -------------------------------------------------------------------------

    def on_ws_connected(self, transport: picows.WSTransport) -> None:
        """The upgrade was granted. What follows is read when somebody takes it."""
        self._socket = transport
        transport.underlying_transport.pause_reading()
        self._library = cast("asyncio.BufferedProtocol", transport.underlying_transport.get_protocol())
        transport.underlying_transport.set_protocol(self)
        self._intake.joins_midway()

    def on_ws_frame(self, _: picows.WSTransport, frame: picows.WSFrame) -> None:
        """A frame came that went through picows, which has answered pings by itself."""
        self._intake.found(frame.tail_size)
        if frame.rsv1 or frame.rsv2 or frame.rsv3:
            self._fail(picows.WSCloseCode.PROTOCOL_ERROR, "reserved bits must be 0")
        kind = frame.msg_type
        if kind in _WHOLE and frame.fin and self._begun is None:
            self._intake.take(frame.get_payload_as_bytes())
        elif kind in _DATA:
            self._take_fragment(frame)
        elif kind == picows.WSMsgType.CLOSE:
            self._answer_close(frame)

    def on_ws_disconnected(self, _: picows.WSTransport) -> None:
        """The transport is gone."""
        if self._last_resort is not None:
            self._last_resort.cancel()
        self._may_write.set()

    def _answer_close(self, frame: picows.WSFrame) -> None:
        """The peer ends the stream then, and says nothing more that counts (RFC 6455, 5.5.1 and 7.1.1)."""
        self.detach()
        if not self._socket.is_close_frame_sent:
            code = frame.get_close_code()
            if code == picows.WSCloseCode.NO_INFO:  # it would go out as a code, and is none
                code = picows.WSCloseCode.OK
            self._socket.send_close(code, frame.get_close_message())
            self._limit_closing()

    def _take_fragment(self, frame: picows.WSFrame) -> None:
        if (frame.msg_type == picows.WSMsgType.CONTINUATION) is (self._begun is None):
            self._fail(picows.WSCloseCode.PROTOCOL_ERROR, "fragments out of order")
        self._begun = self._begun or bytearray()
        self._begun += frame.get_payload_as_bytes()
        if len(self._begun) > dialling.MAX_FRAME_BYTES:
            self._fail(picows.WSCloseCode.MESSAGE_TOO_BIG, "fragments exceed the limit")
        if frame.fin:
            message, self._begun = bytes(self._begun), None
            self._intake.take(message)

    def _fail(self, code: picows.WSCloseCode, reason: str) -> NoReturn:
        """The peer broke the protocol: what it says from then on counts no more (RFC 6455, 7.1.7)."""
        self.detach()
        raise picows.WSProtocolError(code, reason)


def _drop(_: bytes) -> None:
    pass


async def dial(url: str, headers: Mapping[str, str], limits: KeepAlive) -> FastConnection:
    """Open a connection, as `net.dialling.dial` does.

    Raises:
        one of `net.dialling.DIAL_ERRORS`.
    """
    opening = _Opening()
    try:
        async with asyncio.timeout(limits.dial_s):
            return await opening.run(url, headers, limits)
    except picows.WSHandshakeError as error:
        raise _refusal(error) from None
    except picows.WSError as error:
        raise InvalidHandshake(str(error)) from None


class _Opening:
    """One attempt to connect.

    picows does not let go of a connection whose upgrade nobody waits for any more. So it is given a socket
    that is made here, and the end of that one's stream ends the attempt.
    """

    def __init__(self) -> None:
        self._socket: socket.socket | None = None

    async def run(self, url: str, headers: Mapping[str, str], limits: KeepAlive) -> FastConnection:
        opening = asyncio.ensure_future(
            picows.ws_connect(
                lambda: FastConnection(limits.close_s),
                url,
                websocket_handshake_timeout=None,
                logger_name=_library_log,
                max_frame_size=dialling.MAX_FRAME_BYTES,
                extra_headers={"User-Agent": _USER_AGENT, **headers},
                max_redirects=0,  # the signed headers are for nobody else
                socket_factory=self._connect,
                use_aiofastnet=False,
            )
        )
        with ExitStack() as unless_open:
            unless_open.callback(self._let_go)
            try:
                _, connection = await asyncio.shield(opening)
            except asyncio.CancelledError:
                await self._give_up(opening)
                raise
            if not isinstance(connection, FastConnection):  # picows says None
                raise EOFError(  # noqa: TRY004  no caller's mistake
                    "the connection ended before the upgrade was answered"
                )
            unless_open.pop_all()
            return connection

    async def _give_up(self, opening: asyncio.Future[tuple[picows.WSTransport, picows.WSListener]]) -> None:
        if self._socket is None:
            opening.cancel()
        else:
            with suppress(OSError):  # it has ended by itself
                self._socket.shutdown(socket.SHUT_RDWR)
        while not opening.done():  # a few turns; given up once more, it would go on behind everybody's back
            with suppress(asyncio.CancelledError):
                await asyncio.wait([opening])
        with suppress(asyncio.CancelledError, OSError, picows.WSError):
            transport, _ = opening.result()
            transport.disconnect(graceful=False)  # the answer to the upgrade came meanwhile

    def _let_go(self) -> None:
        """Close the socket, or forget it where uvloop has taken over its descriptor.

        Of a connection that breaks at its first write, uvloop has closed the descriptor before it takes the
        socket. The collector would close it once more, which may be somebody else's by then.
        """
        if self._socket is not None:
            self._socket.close()
            self._socket.detach()  # uvloop counts as a user of the socket, and keeps `close` from doing it

    async def _connect(self, address: picows.WSParsedURL) -> socket.socket:
        self._socket = await _connected(address.host, address.port)
        return self._socket


async def _connected(host: str, port: int) -> socket.socket:
    """The host's addresses, one after the other, as `loop.create_connection` tries them."""
    loop = asyncio.get_running_loop()
    failure = OSError(f"{host} has no address")
    for family, kind, protocol, _, address in await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM):
        with ExitStack() as unless_connected:
            sock = unless_connected.enter_context(socket.socket(family, kind, protocol))
            sock.setblocking(False)
            try:
                await loop.sock_connect(sock, address)
            except OSError as error:
                failure = error
                continue
            unless_connected.pop_all()
            return sock
    raise failure


def _refusal(error: picows.WSHandshakeError) -> InvalidHandshake:
    """In the terms of ``net.dialling``, with every status, those too that the standard does not name."""
    head = error.raw_header or b""
    status = _STATUS_LINE.match(head)
    if status is None or int(status[1]) == _SWITCHING_PROTOCOLS:
        return InvalidHandshake(str(error))
    lines = (line.partition(":") for line in head.decode("latin-1").split("\r\n")[1:])
    headers = Headers([(name.strip(), value.strip()) for name, _, value in lines])
    return InvalidStatus(Response(int(status[1]), "", headers, error.raw_body or b""))
