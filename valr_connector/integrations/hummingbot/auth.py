"""Signatures for requests that Hummingbot sends by itself. Our own clients sign theirs alone."""

from __future__ import annotations

import time
from collections.abc import Callable

from hummingbot.core.web_assistant.auth import AuthBase
from hummingbot.core.web_assistant.connections.data_types import RESTRequest, WSRequest
from yarl import URL

from valr_connector.core.clock import ClockOffset, TimestampSource
from valr_connector.protocol.signing import Credentials


class ValrAuth(AuthBase):
    """Signs with one key; where there is none, that shows at the first request and not before."""

    def __init__(self, credentials: Callable[[], Credentials]) -> None:
        self._credentials = credentials
        self._timestamps = TimestampSource(ClockOffset())

    async def rest_authenticate(self, request: RESTRequest) -> RESTRequest:
        """Add the headers of protocol 2.2, for target and body exactly as they are sent.

        Raises:
            InvalidArgumentError: the key or the secret is none; they are not shown.
        """
        url = URL(request.url).update_query(request.params or {})
        body = request.data or ""
        signed = self._credentials().auth_headers(
            self._timestamps.next_ms(time.time_ns()), request.method.name, url.raw_path_qs, body.encode()
        )
        request.url, request.params = str(url), None
        request.headers = {**(request.headers or {}), **signed, "Content-Type": "application/json"}
        return request

    async def ws_authenticate(self, request: WSRequest) -> WSRequest:
        """VALR's sockets are authenticated when they are dialled (protocol 2.4), not by a message."""
        return request
