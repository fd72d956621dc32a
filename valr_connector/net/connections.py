"""Makes the sockets of one account: whom they call, how they prove who they are, who counts their dials."""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from valr_connector.config import Settings
from valr_connector.core.clock import TimestampSource
from valr_connector.core.session import KeepAlive
from valr_connector.model.enums import Socket
from valr_connector.net.dialling import Dial
from valr_connector.net.limiter import DialPermit, Limiter
from valr_connector.net.socket_handler import FrameTap, SocketHandler, StateListener
from valr_connector.net.websocket import WebSocketClient
from valr_connector.observe.metrics import Metrics
from valr_connector.protocol.requests import Lane
from valr_connector.protocol.signing import Credentials

DIAL_LANES: Final = {Socket.ACCOUNT: Lane.RECONCILE, Socket.TRADE: Lane.PUBLIC}
"""All sockets share one limit, and without the account socket every order is in doubt."""
STANDBY: Final = "standby"


class Connections:
    """What all sockets of one account have in common.

    Args:
        timestamps: what handshakes are signed with; shared with REST, so that none repeats.
        correct_clock: given the offset of the clock that a refused handshake was signed with, nanoseconds.
        close_s: how long the closing handshake of one may take.
        taps: who sees every frame of each socket.
        monotonic, wall: the clocks, nanoseconds.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        credentials: Credentials,
        timestamps: TimestampSource,
        correct_clock: Callable[[int], Awaitable[object]],
        limiter: Limiter,
        dial: Dial,
        rng: random.Random,
        metrics: Metrics,
        close_s: float,
        taps: Mapping[Socket, FrameTap | None],
        monotonic: Callable[[], int],
        wall: Callable[[], int],
    ) -> None:
        self._settings = settings
        self._credentials = credentials
        self._timestamps = timestamps
        self._correct_clock = correct_clock
        self._limiter = limiter
        self._dial = dial
        self._rng = rng
        self._metrics = metrics
        self._close_s = close_s
        self._taps = taps
        self._monotonic = monotonic
        self._wall = wall

    def account(self, handler: SocketHandler, on_state: StateListener) -> WebSocketClient:
        """The account socket."""
        return self._make(Socket.ACCOUNT, handler, on_state)

    def standby(self, handler: SocketHandler, on_state: StateListener) -> WebSocketClient:
        """A second account socket; nobody's tap sees its frames."""
        return self._make(Socket.ACCOUNT, handler, on_state, is_standby=True)

    def trade(self, handler: SocketHandler, on_state: StateListener) -> WebSocketClient:
        """The trade socket."""
        return self._make(Socket.TRADE, handler, on_state)

    def _make(
        self, socket: Socket, handler: SocketHandler, on_state: StateListener, *, is_standby: bool = False
    ) -> WebSocketClient:
        settings = self._settings
        hosts = settings.hosts
        url = hosts.account_socket if socket is Socket.ACCOUNT else hosts.trade_socket
        path = "/" + url.split("://", 1)[1].partition("/")[2]
        return WebSocketClient(
            url=url,
            headers=lambda: self._handshake(path),
            handler=handler,
            rng=self._rng,
            name=STANDBY if is_standby else socket.value,
            keep_alive=KeepAlive(
                ping_s=settings.ping_interval_s, silence_s=settings.silence_timeout_s, close_s=self._close_s
            ),
            backoff=settings.backoff,
            clock=self._monotonic,
            on_state=on_state,
            tap=None if is_standby else self._taps[socket],
            dial=self._dial,
            metrics=self._metrics,
            permit=DialPermit(self._limiter, Lane.PUBLIC if is_standby else DIAL_LANES[socket]),
            on_refused=self._has_the_time,
        )

    async def _has_the_time(self) -> bool:
        """VALR refused a handshake: whether its clock is known, and the time in the next one right."""
        await self._correct_clock(self._timestamps.offset.offset_ns)
        return self._timestamps.offset.round_trip_ns is not None

    def _handshake(self, path: str) -> Mapping[str, str]:
        """Freshly signed for every dial (protocol 2.4)."""
        return self._credentials.auth_headers(self._timestamps.next_ms(self._wall()), "GET", path)
