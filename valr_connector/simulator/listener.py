"""The exchange on loopback: aiohttp's server, as a thin shell around requests and sockets."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from aiohttp import WSMsgType, web
from aiohttp.http import HttpProcessingError

from valr_connector.simulator.answers import Answer
from valr_connector.simulator.transport import HttpRequest, Serve, Sign

HOST = "127.0.0.1"
_SHUTDOWN_TIMEOUT_S = 1.0
_CLOSING_TIMEOUT_S = 0.5


def _is_own_fault(record: logging.LogRecord) -> bool:
    """Whether aiohttp tells of a fault in here, and not of a client that sends no HTTP or breaks off."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError | ConnectionError)


log = logging.getLogger(__name__)
log.addFilter(_is_own_fault)


class Listener:
    """Listens on 127.0.0.1 from `start` to `stop`.

    Args:
        answer: answers a request; None cuts the connection instead.
        admit: lets a socket in by its handshake, or refuses it with an answer.
        compression: whether permessage-deflate is granted.
    """

    def __init__(
        self,
        answer: Callable[[HttpRequest], Awaitable[Answer | None]],
        admit: Callable[[HttpRequest], Answer | Serve],
        *,
        compression: bool,
    ) -> None:
        self._answer = answer
        self._admit = admit
        self._compression = compression
        application = web.Application()
        for path in ("/ws/account", "/ws/trade"):
            application.router.add_get(path, self._serve_socket, allow_head=False)
        application.router.add_route("*", "/{anything:.*}", self._serve_request)
        self._runner = web.AppRunner(
            application,
            access_log=None,
            logger=log,
            shutdown_timeout=_SHUTDOWN_TIMEOUT_S,
            auto_decompress=False,  # what was signed is what was sent
        )

    async def start(self, port: int) -> int:
        """Listen on `port`, 0 for a free one; returns which.

        Raises:
            OSError: the port is taken.
        """
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, HOST, port).start()
        except OSError:
            await self._runner.cleanup()
            raise
        return int(self._runner.addresses[0][1])

    async def stop(self) -> None:
        """Stop listening; requests under way get a moment to end."""
        await self._runner.cleanup()

    async def _serve_request(self, request: web.Request) -> web.Response:
        answer = await self._answer(_plain(request, await request.read()))
        if answer is None:
            if request.transport is not None:
                request.transport.abort()
            return web.Response(status=500)
        return _response(answer)

    async def _serve_socket(self, request: web.Request) -> web.StreamResponse:
        admitted = self._admit(_plain(request))
        if isinstance(admitted, Answer):
            return _response(admitted)
        socket = web.WebSocketResponse(autoping=False, timeout=_CLOSING_TIMEOUT_S, compress=self._compression)
        await socket.prepare(request)
        await admitted(_LoopbackSocket(socket, request.transport))
        return socket


class _LoopbackSocket:
    """A `SocketTransport` over aiohttp."""

    def __init__(self, socket: web.WebSocketResponse, transport: asyncio.Transport | None) -> None:
        self._socket = socket
        self._transport = transport

    async def receive(self) -> str | bytes | Sign:
        message = await self._socket.receive()
        if message.type is WSMsgType.TEXT or message.type is WSMsgType.BINARY:
            data: str | bytes = message.data
            return data
        if message.type is WSMsgType.PING:
            await _unless_lost(self._socket.pong(message.data))
            return Sign.LIFE
        return Sign.LIFE if message.type is WSMsgType.PONG else Sign.END

    def send_at_once(self, data: bytes) -> bool:  # noqa: ARG002  aiohttp writes from within a task
        return False

    async def send(self, data: bytes) -> None:
        await self._socket.send_frame(data, WSMsgType.TEXT)

    async def close(self, code: int) -> None:
        await self._socket.close(code=code)

    def abort(self) -> None:
        if self._transport is not None:
            self._transport.abort()


async def _unless_lost(sending: Awaitable[None]) -> None:
    try:
        await sending
    except ConnectionError:
        return  # the next message is the end


def _plain(request: web.Request, body: bytes = b"") -> HttpRequest:
    return HttpRequest(request.method, request.raw_path, request.headers, body, request.remote or "")


def _response(answer: Answer) -> web.Response:
    if not answer.data:
        return web.Response(status=answer.status, headers=answer.headers)
    return web.Response(
        status=answer.status, body=answer.data, content_type=answer.content_type, headers=answer.headers
    )
