"""The border to aiohttp: one request out, one reply or one failure back.

Imported with the first REST call, not before: aiohttp is half of this library's start-up time.

Nothing of aiohttp passes this border. Its exceptions are put into words here and not chained, for they hold
the request's headers, and those hold the key and the signature.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Final

import aiohttp
from aiohttp.connector import Connection
from yarl import URL

from valr_connector.net.http_exchange import Failure, Limits, Reply
from valr_connector.net.undelivered import forget_undelivered

POOL_SIZE: Final = 32
KEPT_WARM_S: Final = 75.0
"""How long an idle connection is kept: longer than a reconciling connector's pauses."""


@dataclass(slots=True)
class _Progress:
    has_left: bool = False


class _TooLargeError(aiohttp.ClientPayloadError):
    pass


class _CutError(aiohttp.ClientConnectionError):
    pass


class _SentOnce(aiohttp.ClientResponse):
    """Keeps aiohttp from sending PUT and DELETE again by itself when a pooled connection turns out dead.

    It would repeat a signature, and it would do so behind the back of whoever counts attempts. Nor does a
    request that is given up arrive later.
    """

    async def start(self, connection: Connection) -> aiohttp.ClientResponse:
        if connection.transport is not None:
            forget_undelivered(connection.transport)
        try:
            return await super().start(connection)
        except (aiohttp.ClientOSError, aiohttp.ServerDisconnectedError) as error:
            raise _CutError(f"the connection was lost: {error}") from None


_PROOF_OF_SENDING: Final = (
    aiohttp.ClientPayloadError,
    aiohttp.ClientResponseError,
    aiohttp.ServerDisconnectedError,
    _CutError,
)
_BORDER: Final = (aiohttp.ClientError, OSError, TimeoutError)


class HttpSession:
    """An `HttpExchange` over one pool of aiohttp's connections. To be made within a running event loop."""

    def __init__(self) -> None:
        trace = aiohttp.TraceConfig()
        trace.on_request_headers_sent.append(_note_departure)
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=POOL_SIZE, keepalive_timeout=KEPT_WARM_S),
            cookie_jar=aiohttp.DummyCookieJar(),
            response_class=_SentOnce,
            trace_configs=[trace],
        )

    async def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, limits: Limits
    ) -> Reply | Failure:
        """See `HttpExchange`."""
        progress = _Progress()
        try:
            async with self._session.request(
                method,
                URL(url, encoded=True),
                data=body,
                headers=headers,
                allow_redirects=False,  # a signed request goes to nobody else
                timeout=aiohttp.ClientTimeout(
                    total=limits.total_s, connect=limits.connect_s, sock_read=limits.read_s
                ),
                trace_request_ctx=progress,
            ) as response:
                content = await _read(response, limits.largest_answer)
                names = {name.lower(): value for name, value in response.headers.items()}
                return Reply(response.status, names, content)
        except _BORDER as error:
            return Failure(_words(error), progress.has_left or isinstance(error, _PROOF_OF_SENDING))

    async def close(self) -> None:
        """See `HttpExchange`."""
        await self._session.close()


async def _read(response: aiohttp.ClientResponse, largest: int) -> bytes:
    pieces: list[bytes] = []
    size = 0
    async for piece in response.content.iter_any():
        size += len(piece)
        if size > largest:
            raise _TooLargeError(f"the answer exceeds {largest} bytes")
        pieces.append(piece)
    return b"".join(pieces)


async def _note_departure(
    _session: aiohttp.ClientSession,
    context: SimpleNamespace,
    _params: aiohttp.TraceRequestHeadersSentParams,
) -> None:
    """aiohttp is about to write the request: from here on VALR may have it."""
    context.trace_request_ctx.has_left = True


def _words(error: Exception) -> str:
    name = type(error).__name__.lstrip("_")
    return f"{name}: {error}" if str(error) else name
