"""The border to the WebSocket library: how a connection is opened, closed, and how its errors are read."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Mapping
from typing import Any, Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from valr_connector.core.disconnects import Ending, judge_close, judge_upgrade
from valr_connector.core.session import KeepAlive

_library_log = logging.getLogger(f"{__name__}.library")
_library_log.setLevel(logging.INFO)  # its DEBUG lines show the handshake's headers: key and signature

MAX_FRAME_BYTES: Final = 32 * 1024 * 1024
_NO_CLOSE_FRAME: Final = 1006
# Before version 15 the library knew no proxies; from then on it takes them from the environment unless told.
_PROXY: Final[dict[str, Any]] = {"proxy": None} if "proxy" in inspect.signature(connect).parameters else {}

DIAL_ERRORS: Final = (OSError, EOFError, WebSocketException)
"""What opening a connection raises: network, names, TLS, time-outs, refused or broken upgrades."""


async def dial(url: str, headers: Mapping[str, str], limits: KeepAlive) -> ClientConnection:
    """Open a connection.

    Raises:
        one of DIAL_ERRORS.
    """
    return await connect(
        url,
        additional_headers=headers,
        compression=None,
        open_timeout=limits.dial_s,
        close_timeout=limits.close_s,
        ping_interval=None,  # one rule alone decides about life and death: core.session
        max_size=MAX_FRAME_BYTES,
        logger=_library_log,
        **_PROXY,
    )


async def hang_up(connection: ClientConnection) -> None:
    """Close politely within the closing time-out, and in any case."""
    try:
        await connection.close()
    finally:
        connection.transport.abort()


def judge_dial(error: Exception) -> Ending:
    """What a failed dial, one of :data:`DIAL_ERRORS`, says about the next one."""
    if isinstance(error, InvalidStatus):
        body = (error.response.body or b"").decode(errors="replace")
        return judge_upgrade(error.response.status_code, body)
    return Ending(f"dial failed: {type(error).__name__}: {error}")


def judge_closed(closed: ConnectionClosed) -> Ending:
    """What the end of an open connection says about the next dial."""
    frame = closed.rcvd or closed.sent
    if frame is None:
        return judge_close(_NO_CLOSE_FRAME, "" if closed.__cause__ is None else str(closed.__cause__))
    return judge_close(frame.code, frame.reason)
