"""/ws/trade: subscriptions to the market (protocol 14.2, 14.3, 17)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeGuard

from valr_connector.simulator.answers import Answer
from valr_connector.simulator.connection import Connection, InboundFrame
from valr_connector.simulator.floor import Floor
from valr_connector.simulator.market_feed import MarketFeed
from valr_connector.simulator.order_requests import INVALID_REQUEST
from valr_connector.simulator.socket_door import (
    UpgradeRefusedError,
    authenticate,
    check_connection_limit,
    has_key,
)
from valr_connector.simulator.transport import HttpRequest, Serve, SocketTransport
from valr_connector.simulator.wire import OutboundFrame, frame


class TradeSession:
    """One trade socket and what it listens to."""

    def __init__(
        self, floor: Floor, feed: MarketFeed, connection: Connection, on_change: Callable[[], None]
    ) -> None:
        self.connection = connection
        self._floor = floor
        self._feed = feed
        self._on_change = on_change
        self._pairs: dict[str, list[str]] = {}
        self._requests: Mapping[str, Callable[[InboundFrame], None]] = {
            "PING": self._ping,
            "SUBSCRIBE": self._subscribe,
        }

    def listens_to(self, channel: str, symbol: str) -> bool:
        return symbol in self._pairs.get(channel, ())

    def receive(self, content: InboundFrame) -> None:
        """Take a frame of the client."""
        handler = self._requests.get(str(content["type"]))
        if handler is None:
            self.connection.control(frame("UNSUPPORTED"))
        else:
            handler(content)

    def _ping(self, _content: InboundFrame) -> None:
        if any(self._pairs.values()):
            self.connection.control(frame("PONG"))
        else:
            self.connection.control(frame("PONG", message="NO_SUBSCRIPTIONS"))

    def _subscribe(self, content: InboundFrame) -> None:
        subscriptions = content.get("subscriptions")
        if not isinstance(subscriptions, list):
            self.connection.refuse(INVALID_REQUEST)
            return
        for subscription in subscriptions:
            if self.connection.is_cut:  # it asked for more than it reads
                return
            self._subscribe_channel(subscription)

    def _subscribe_channel(self, subscription: object) -> None:
        channel = subscription.get("event") if isinstance(subscription, dict) else None
        pairs = (
            subscription.get("pairs", [*self._floor.venue.pairs]) if isinstance(subscription, dict) else None
        )
        if not isinstance(channel, str) or not _are_texts(pairs):
            self.connection.refuse(INVALID_REQUEST)
            return
        names = list(dict.fromkeys(pair.upper() for pair in pairs))
        wanted = [name for name in names if self._feed.offers(channel, name)]
        for name in names:
            if name not in wanted:
                self.connection.refuse(f"Channel {channel}, pair {name} combination invalid")
        if channel in self._feed.channels:
            self._replace(channel, wanted)

    def _replace(self, channel: str, wanted: list[str]) -> None:
        """The new list takes the place of the old one of that channel (14.2)."""
        before = self._pairs.get(channel, [])
        self._pairs[channel] = wanted
        self._on_change()
        for symbol in before:
            if symbol not in wanted:
                self.connection.control(frame("UNSUBSCRIBED", message=f"{channel}:{symbol}"))
        for symbol in wanted:
            self.connection.control(frame("SUBSCRIBED", message=f"{channel}:{symbol}"))
            if symbol not in before or self._floor.settings.snapshot_on_resubscribe:
                self._send_first(channel, symbol)

    def _send_first(self, channel: str, symbol: str) -> None:
        first = self._feed.first(channel, symbol)
        if first is not None:
            self.connection.push_in_order(first)


def _are_texts(values: object) -> TypeGuard[list[str]]:
    return isinstance(values, list) and all(isinstance(value, str) for value in values)


class TradeDoor:
    """All trade sockets."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._sessions: list[TradeSession] = []
        self._listening: dict[tuple[str, str], list[Callable[[OutboundFrame], None]]] = {}
        """Who listens to what, as far as it was asked since a session or its subscriptions changed."""
        self._feed = MarketFeed(floor, self._listeners)

    @property
    def connections(self) -> list[Connection]:
        return [session.connection for session in self._sessions]

    def forget(self) -> None:
        """Drop what was waiting for its time; for an exchange that stops."""
        self._feed.forget()

    def admit(self, handshake: HttpRequest) -> Answer | Serve:
        """Let a socket in, or refuse it. Credentials are optional; given ones must fit."""
        is_authenticated = has_key(handshake)
        try:
            check_connection_limit(self._floor, handshake)
            if is_authenticated:
                authenticate(self._floor, handshake)
        except UpgradeRefusedError as refusal:
            return refusal.answer
        return partial(self._serve, is_authenticated)

    async def _serve(self, is_authenticated: bool, transport: SocketTransport) -> None:
        connection = Connection(self._floor, "trade", is_authenticated=is_authenticated)
        session = TradeSession(self._floor, self._feed, connection, self._listening.clear)
        self._sessions.append(session)
        try:
            await connection.run(transport, lambda: _greet(connection, is_authenticated), session.receive)
        finally:
            self._sessions.remove(session)
            self._listening.clear()

    def _listeners(self, channel: str, symbol: str) -> list[Callable[[OutboundFrame], None]]:
        found = self._listening.get((channel, symbol))
        if found is None:
            listening = [session for session in self._sessions if session.listens_to(channel, symbol)]
            found = [session.connection.push_in_order for session in listening]
            self._listening[channel, symbol] = found
        return found


def _greet(connection: Connection, is_authenticated: bool) -> None:
    if is_authenticated:
        connection.control(frame("AUTHENTICATED"))
