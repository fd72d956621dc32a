"""The border between the exchange and whatever carries it: a request in plain words, a socket in four verbs.

aiohttp carries it over loopback (`listener`); a simulation carries it within one process.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from enum import Enum
from typing import NamedTuple, Protocol
from urllib.parse import parse_qsl, unquote


class HttpRequest(NamedTuple):
    """One request, or the handshake of a socket, as it was on the wire.

    Attributes:
        target: path and query, encoded, as they were signed.
        headers: finds a name in whatever case it is asked for.
        address: whom the limits count it for.
    """

    method: str
    target: str
    headers: Mapping[str, str]
    body: bytes = b""
    address: str = ""

    @property
    def encoded_path(self) -> str:
        """The target without its query."""
        return self.target.partition("?")[0]

    @property
    def path(self) -> str:
        """The path, decoded."""
        return unquote(self.encoded_path)

    @property
    def query(self) -> Mapping[str, str]:
        """The query, decoded; of a name that stands there twice, the first value."""
        text = self.target.partition("?")[2]
        return dict(reversed(parse_qsl(text, keep_blank_values=True))) if text else {}


class Sign(Enum):
    """What a socket can bring beside messages."""

    LIFE = "life"
    """A ping or a pong of the WebSocket protocol; the carrier has answered it."""
    END = "end"
    """The connection has ended; nothing follows."""


class SocketTransport(Protocol):
    """An open WebSocket, seen from the exchange."""

    async def receive(self) -> str | bytes | Sign:
        """The next message. It raises nothing."""

    def send_at_once(self, data: bytes) -> bool:
        """Send one text frame if that takes no waiting; False where it has to be sent by `send`."""

    async def send(self, data: bytes) -> None:
        """Send one text frame.

        Raises:
            ConnectionError: the connection is lost.
        """

    async def close(self, code: int) -> None:
        """Send a close frame with this code and wait a moment for the answer."""

    def abort(self) -> None:
        """Cut the connection, without a close frame."""


Serve = Callable[[SocketTransport], Awaitable[None]]
"""Serves one admitted socket until it ends."""
