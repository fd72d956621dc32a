"""A second account socket that only listens, so that a drop of the first one costs no gap.

It is authenticated and kept alive like the first, and sends nothing but its subscription. What is told of it
goes through the first one's door, in whose place it stands while that one is away.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Final

import msgspec

from valr_connector.core.guards import SECOND
from valr_connector.core.twin_frames import TwinFrames
from valr_connector.errors import AuthenticationError, PermissionDeniedError
from valr_connector.model.enums import SessionState
from valr_connector.net.alarm import Alarm
from valr_connector.net.socket_handler import FrameTap, SocketHandler
from valr_connector.net.user_stream import SUBSCRIBE_ORDER_STATUS
from valr_connector.net.websocket import WebSocketClient
from valr_connector.observe import metrics as m
from valr_connector.protocol.decode_errors import DECODER_FAILURES

log = logging.getLogger(__name__)

PATIENCE: Final = SECOND // 4
_PICTURES: Final = frozenset({"BALANCE_UPDATE", "OPEN_ORDERS_UPDATE"})
_ABOUT_THE_SOCKET_ITSELF: Final = frozenset(
    {
        "",
        "AUTHENTICATED",
        "CANCEL_ON_DISCONNECT_UPDATE",
        "ERROR",
        "PONG",
        "RATE_LIMIT_EXCEEDED",
        "SUBSCRIBED",
        "UNAUTHORIZED",
        "UNSUBSCRIBED",
        "UNSUPPORTED",
    }
)


class _Head(msgspec.Struct):
    type: str = ""


_heads = msgspec.json.Decoder(_Head)


class Standby:
    """Owns the second connection. A `SocketHandler`; `first` makes one of the first connection's.

    Args:
        connect: makes the WebSocket client for this stream.
        clock: monotonic nanoseconds.
        tap: sees what is told of this connection, as if it had come on the first.
    """

    def __init__(
        self,
        *,
        connect: Callable[[Standby], WebSocketClient],
        clock: Callable[[], int],
        metrics: m.Metrics,
        tap: FrameTap | None = None,
    ) -> None:
        self._clock = clock
        self._tap = tap
        self._told = metrics.counter(m.STANDBY_TOLD)
        self._twins = TwinFrames(PATIENCE)
        self._alarm = Alarm(self._on_alarm)
        self.client = connect(self)

    def first(self, handler: SocketHandler, is_live: Callable[[], bool]) -> SocketHandler:
        """What the first connection has to be handled by, in place of `handler`."""
        self._handler = handler
        self._is_first_live = is_live
        return _First(handler, self)

    async def run(self) -> None:
        """Stay connected until cancelled. Without it everything goes on: a refusal ends it alone."""
        try:
            await self.client.run()
        except (AuthenticationError, PermissionDeniedError) as error:
            log.error("there is no standby any more: %s", error)  # noqa: TRY400  what it says is all there is
        finally:
            self._alarm.stop()

    # --- SocketHandler -----------------------------------------------------------------------------

    def on_frame(self, raw: bytes, now: int) -> None:
        kind = _type_of(raw)
        if kind in _ABOUT_THE_SOCKET_ITSELF:
            return
        is_live = self._is_first_live()
        if self._twins.second(raw, now, is_first_live=is_live, is_picture=kind in _PICTURES):
            self._tell(raw, now)
        self._look_again(now)

    def on_connected(self, epoch: int) -> None:
        """Nothing to do: it says nothing about what was told before."""

    def on_disconnected(self, epoch: int, cause: str) -> None:
        log.debug("standby connection %d ended: %s", epoch, cause)
        self._twins.second_lost()

    async def while_connected(self, epoch: int) -> None:
        await self.client.send(SUBSCRIBE_ORDER_STATUS)
        self.client.resynced(epoch)

    def on_state(self, before: SessionState, after: SessionState, cause: str) -> None:
        """The connection's state changed: the first one's is what users are told of."""

    # --- the first connection ----------------------------------------------------------------------

    def is_news(self, raw: bytes) -> bool:
        """Whether a frame of the first connection has not been told yet."""
        return self.client.session.state is not SessionState.LIVE or self._twins.first(raw)

    def first_began(self) -> None:
        """The first connection is open."""
        self._twins.first_began()

    def first_lost(self) -> None:
        """The first connection is gone: what waits for it waits no longer."""
        self._alarm.stop()
        now = self._clock()
        for raw in self._twins.first_lost():
            self._tell(raw, now)

    # ------------------------------------------------------------------------------------------------

    def _on_alarm(self) -> None:
        now = self._clock()
        for raw in self._twins.overdue(now):
            self._tell(raw, now)
        self._look_again(now)

    def _look_again(self, now: int) -> None:
        due = self._twins.next_due
        if due is not None:
            self._alarm.ring_by(due, now)

    def _tell(self, raw: bytes, now: int) -> None:
        self._told.add()
        if self._tap is not None:
            self.client.guarded(self._tap.frame_in, raw)
        self.client.guarded(self._handler.on_frame, raw, now)


class _First:
    """The first connection's handler, behind the standby."""

    def __init__(self, handler: SocketHandler, standby: Standby) -> None:
        self._handler = handler
        self._standby = standby

    def on_frame(self, raw: bytes, now: int) -> None:
        if self._standby.is_news(raw):
            self._handler.on_frame(raw, now)

    def on_connected(self, epoch: int) -> None:
        self._standby.first_began()
        self._handler.on_connected(epoch)

    def on_disconnected(self, epoch: int, cause: str) -> None:
        self._standby.first_lost()
        self._handler.on_disconnected(epoch, cause)

    async def while_connected(self, epoch: int) -> None:
        await self._handler.while_connected(epoch)


def _type_of(raw: bytes) -> str:
    try:
        return _heads.decode(raw).type
    except DECODER_FAILURES:
        return ""
