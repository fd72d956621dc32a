"""REST calls as they are written into a recording: request and answer, without the headers with the key."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

import msgspec
import orjson

from valr_connector.net.http_exchange import Failure, HttpExchange, Limits, Reply
from valr_connector.net.journal_format import Direction

REST: Final = "rest"
"""Name of the "socket" of these lines."""

Write = Callable[[Direction, str, bytes], None]
"""Takes one line: which way it went, over what, and its content."""


class RecordedHttp:
    """A pool of connections whose calls are written down. An `HttpExchange`."""

    def __init__(self, pool: HttpExchange, write: Write) -> None:
        self._pool = pool
        self._write = write

    async def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, limits: Limits
    ) -> Reply | Failure:
        parts = urlsplit(url)
        path = f"{parts.path}?{parts.query}" if parts.query else parts.path
        self._write(Direction.OUT, REST, rest_line(method, path, body))
        outcome = await self._pool.exchange(method, url, headers, body, limits)
        if isinstance(outcome, Reply):
            line = rest_line(method, path, outcome.body, status=outcome.status)
        else:
            line = rest_line(method, path, None, failure=outcome.problem)
        self._write(Direction.IN, REST, line)
        return outcome

    async def close(self) -> None:
        await self._pool.close()


def rest_line(
    method: str, path: str, body: bytes | None, *, status: int | None = None, failure: str | None = None
) -> bytes:
    """One line's content; `path` with its query. A body that is no JSON stands as text."""
    line: dict[str, object] = {"method": method, "path": path}
    if status is not None:
        line["status"] = status
    if failure is not None:
        line["failure"] = failure
    return orjson.dumps(line | {"body": _content(body)})


def _content(body: bytes | None) -> object:
    if not body:
        return None
    try:
        msgspec.json.decode(body, type=msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        return body.decode(errors="replace")
    return orjson.Fragment(body)
