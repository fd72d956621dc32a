"""The trade socket: subscriptions kept, books fed, and what else the market tells handed on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cached_property
from typing import Any, get_args

from valr_connector.core.market_router import MarketRouter
from valr_connector.core.order_book import OrderBook
from valr_connector.core.sightings import Sightings
from valr_connector.core.subscriptions import MarketSubscriptions
from valr_connector.core.trading_rules import TradingRules
from valr_connector.errors import DecodeError, InvalidArgumentError, TransportError, UnknownPairError
from valr_connector.model.enums import BookFeed, MarketFeed, SessionState, Socket
from valr_connector.model.events import (
    ConnectionChanged,
    SubscriptionRefused,
    UnknownFrameReceived,
)
from valr_connector.model.ids import Pair, Symbol
from valr_connector.model.market import PairInfo
from valr_connector.net.alarm import Alarm
from valr_connector.net.book_keeper import BookKeeper
from valr_connector.net.event_stream import EventPublisher
from valr_connector.net.refused_frames import RefusedFrames
from valr_connector.net.rotation import RotatingSocket
from valr_connector.net.websocket import WebSocketClient
from valr_connector.observe import metrics as m
from valr_connector.protocol.commands import MarketEvent
from valr_connector.protocol.frames import (
    BookFrame,
    ErrorFrame,
    MarketFrame,
    UnauthorizedFrame,
    UnknownFrame,
    UnsupportedFrame,
    decode_trade_frame,
)

log = logging.getLogger(__name__)

_BOOK_FRAMES = get_args(BookFrame)
_MARKET_FRAMES = get_args(MarketFrame)
_NOT_TRUSTED = frozenset({SessionState.STALE, SessionState.CLOSING, SessionState.IDLE})
"""States of the connection in which no book may be used, whatever is known of it."""


class MarketStream:
    """Owns the trade socket's connection and the books of the chosen pairs. A `SocketHandler`.

    It connects as soon as anything is wanted of it: a book, or a subscription.

    Args:
        connect: makes the WebSocket client for this stream.
        pairs: whose books are followed.
        rules: knows every pair's names, and learns which order types they take.
        feed: what the books are made of.
        clock: monotonic nanoseconds.
        on_validity: told that a book may have become valid, or invalid.

    Attributes:
        unknown: how many frames of each unknown type came in.
    """

    def __init__(
        self,
        *,
        connect: Callable[[MarketStream], WebSocketClient | RotatingSocket],
        pairs: Sequence[PairInfo],
        rules: TradingRules,
        feed: BookFeed,
        clock: Callable[[], int],
        publisher: EventPublisher,
        on_validity: Callable[[], None],
        metrics: m.Metrics,
    ) -> None:
        self._clock = clock
        self._publisher = publisher
        self._no_news = metrics.counter(m.MARKET_FRAMES_DROPPED, "no news")
        self._refuse = RefusedFrames(Socket.TRADE, publish=publisher.publish, metrics=metrics).note
        self._unknown = Sightings()
        self.unknown: Mapping[str, int] = self._unknown.counts
        self._has_work = asyncio.Event()
        self._alarm = Alarm(self._has_work.set)
        self._keeper = BookKeeper(
            pairs,
            feed,
            clock=clock,
            publisher=publisher,
            on_validity=on_validity,
            on_break=self._has_work.set,
            metrics=metrics,
        )
        self._book_event = MarketEvent(feed.value)
        self._rules = rules
        self._router = MarketRouter(rules)
        self._subscriptions = MarketSubscriptions()
        self._is_wanted = asyncio.Event()
        self._want(self._book_event, self._keeper.symbols)
        self._want(MarketEvent.ALLOWED_ORDER_TYPES_UPDATED, self._keeper.symbols)
        self._handlers: Mapping[type, Callable[[Any, int], None]] = {
            **dict.fromkeys(_BOOK_FRAMES, self._keeper.take),
            **dict.fromkeys(_MARKET_FRAMES, self._on_market),
            **dict.fromkeys((ErrorFrame, UnauthorizedFrame, UnsupportedFrame), self._on_error),
            UnknownFrame: self._on_unknown,
        }
        self._connect = connect

    @cached_property
    def client(self) -> WebSocketClient | RotatingSocket:
        """The socket; made when it is needed, which it never is where only orders are placed."""
        return self._connect(self)

    @property
    def books(self) -> Mapping[Pair, OrderBook]:
        """One for each pair, invalid until its first snapshot and after every disconnect."""
        return self._keeper.books

    async def run(self) -> None:
        """Stay connected until cancelled; raises only what no new connection can mend."""
        await self._is_wanted.wait()
        await self.client.run()

    def subscribe(self, feed: MarketFeed, pairs: Sequence[str]) -> None:
        """Have VALR tell a feed of these pairs too, now or as soon as there is a connection, and ever after.

        Raises:
            UnknownPairError: VALR lists no such pair; the others of the call are subscribed all the same.
        """
        symbols, unknown = self._symbols_of(pairs)
        self._want(MarketEvent(feed.value), symbols)
        if unknown is not None:
            raise unknown

    def unsubscribe(self, feed: MarketFeed, pairs: Sequence[str]) -> None:
        """Have VALR tell a feed of these pairs no more. Raises as `subscribe` does."""
        symbols, unknown = self._symbols_of(pairs)
        self._subscriptions.remove(MarketEvent(feed.value), symbols)
        self._has_work.set()
        if unknown is not None:
            raise unknown

    def subscribed(self, feed: MarketFeed) -> Sequence[Pair]:
        """The pairs whose feed is wanted and was not refused."""
        symbols = self._subscriptions.wanted(MarketEvent(feed.value))
        return tuple(pair for symbol in symbols if (pair := self._rules.pair_of(symbol)) is not None)

    # --- SocketHandler -----------------------------------------------------------------------------

    def on_frame(self, raw: bytes, now: int) -> None:
        try:
            frame = decode_trade_frame(raw)
        except DecodeError as error:
            self._refuse(error)
            return
        handler = self._handlers.get(type(frame))
        if handler is not None:
            handler(frame, now)

    def on_connected(self, epoch: int) -> None:
        """Nothing to do: books are invalid until their first snapshot."""

    def on_disconnected(self, epoch: int, cause: str) -> None:
        self._keeper.disconnected(f"connection {epoch} of the trade socket ended: {cause}")

    async def while_connected(self, epoch: int) -> None:
        self._subscriptions.connected()
        self._keeper.subscribed()
        await self._send_changes()
        self.client.resynced(epoch)
        try:
            while True:
                self._set_alarm()
                await self._has_work.wait()
                self._has_work.clear()
                await self._resync_books()
                await self._send_changes()
        except TransportError:
            log.info("trade socket: lost while subscribing; the next connection subscribes everything")
        finally:
            self._alarm.stop()

    # ------------------------------------------------------------------------------------------------

    def on_state(self, before: SessionState, after: SessionState, cause: str) -> None:
        """The connection's state changed."""
        told = ConnectionChanged(Socket.TRADE, before, after, self.client.epoch, cause)
        if after in _NOT_TRUSTED:
            self._keeper.suspend(f"the trade stream is {after.value.lower()}" + (cause and f" ({cause})"))
        self._publisher.publish(told)
        if after is SessionState.LIVE:
            self._keeper.resume()

    def _want(self, event: MarketEvent, symbols: Collection[Symbol]) -> None:
        self._subscriptions.add(event, symbols)
        self._has_work.set()
        if symbols:
            self._is_wanted.set()

    def _symbols_of(self, pairs: Sequence[str]) -> tuple[Sequence[Symbol], UnknownPairError | None]:
        symbols: list[Symbol] = []
        unknown: UnknownPairError | None = None
        for pair in pairs:
            try:
                symbols.append(self._rules.symbol_of(pair))
            except UnknownPairError as error:
                unknown = unknown or error
        return symbols, unknown

    def _set_alarm(self) -> None:
        due = self._keeper.schedule.next_due
        if due is not None:
            self._alarm.ring_by(due, self._clock())

    async def _resync_books(self) -> None:
        """Ask anew for the books that need it; the lists of all other pairs stay (protocol 18.6)."""
        due = self._keeper.take_due()
        if due.reconnect:
            log.error("no snapshot of %s came: connecting anew", ", ".join(due.reconnect))
            self.client.drop()
            return
        for symbol in due.ask_anew:
            self._subscriptions.hold_back(self._book_event, symbol)
        await self._send_changes()
        for symbol in due.ask_anew:
            self._subscriptions.release(self._book_event, symbol)

    async def _send_changes(self) -> None:
        command = self._subscriptions.take_command()
        if command is not None:
            await self.client.send(command)

    def _on_market(self, frame: MarketFrame, _now: int) -> None:
        events = self._router.route(frame)
        if not events:
            self._no_news.add()
        for event in events:
            self._publisher.publish(event)

    def _on_error(self, frame: ErrorFrame | UnauthorizedFrame | UnsupportedFrame, _now: int) -> None:
        log.error("trade socket: VALR says %s: %s", type(frame).__name__, frame.error.message)
        refused = self._subscriptions.refused(frame) if isinstance(frame, ErrorFrame) else None
        if refused is None:
            return
        event, symbol = refused
        pair = self._rules.pair_of(symbol)
        if pair is not None:
            self._publisher.publish(SubscriptionRefused(_feed_of(event), pair, frame.error.message))
        if event is self._book_event:
            self._keeper.refused(symbol, f"VALR refuses it: {frame.error.message}")

    def _on_unknown(self, frame: UnknownFrame, _now: int) -> None:
        kind = self._unknown.see(frame.type)
        if kind is not None:
            self._publisher.publish(UnknownFrameReceived(Socket.TRADE, kind))


def _feed_of(event: MarketEvent) -> MarketFeed | BookFeed:
    return (
        MarketFeed(event.value) if event.value in MarketFeed.__members__.values() else BookFeed(event.value)
    )


def followed_book(books: Mapping[Pair, OrderBook], rules: TradingRules, pair: str) -> OrderBook:
    """The book of a followed pair.

    Raises:
        UnknownPairError: VALR lists no such pair.
        InvalidArgumentError: its book is not followed.
    """
    book = books.get(Pair(pair))
    if book is None:
        rules.pair(pair)
        raise InvalidArgumentError("pair", pair, "its book is not followed: name it in `pairs`")
    return book
