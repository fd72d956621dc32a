"""The trade socket: subscriptions kept, books fed."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from valr_connector.core.order_book import OrderBook, Taken
from valr_connector.core.sightings import Sightings
from valr_connector.errors import DecodeError
from valr_connector.model.enums import BookFeed, SessionState, Socket
from valr_connector.model.events import (
    BookChanged,
    BookInvalidated,
    ConnectionChanged,
    Event,
    FrameRefused,
    TopOfBookChanged,
    UnknownFrameReceived,
)
from valr_connector.model.ids import Pair, Symbol
from valr_connector.model.market import PairInfo
from valr_connector.net.event_stream import EventPublisher
from valr_connector.net.websocket import WebSocketClient
from valr_connector.observe import metrics as m
from valr_connector.protocol.commands import MarketEvent, subscribe_market_command
from valr_connector.protocol.frames import (
    BookFrame,
    ErrorFrame,
    UnauthorizedFrame,
    UnknownFrame,
    UnsupportedFrame,
    decode_trade_frame,
)

log = logging.getLogger(__name__)


class MarketStream:
    """Owns the trade socket's connection and the books of the chosen pairs. A `SocketHandler`.

    Args:
        connect: makes the WebSocket client for this stream.
        feed: what the books are made of.
        clock: monotonic nanoseconds.
        on_validity: told that a book may have become valid, or invalid.

    Attributes:
        books: one for each pair, invalid until its first frame and after every disconnect.
        unknown: how many frames of each unknown type came in.
    """

    def __init__(
        self,
        *,
        connect: Callable[[MarketStream], WebSocketClient],
        pairs: Sequence[PairInfo],
        feed: BookFeed,
        clock: Callable[[], int],
        publisher: EventPublisher,
        on_validity: Callable[[], None],
        metrics: m.Metrics,
    ) -> None:
        self._feed = feed
        self._clock = clock
        self._publisher = publisher
        self._on_validity = on_validity
        self._metrics = metrics
        self._refused_kinds: set[str] = set()
        self._unknown = Sightings()
        self.unknown: Mapping[str, int] = self._unknown.counts
        self._by_symbol: dict[str, OrderBook] = {info.symbol: OrderBook(info.pair, feed) for info in pairs}
        self._symbols: tuple[Symbol, ...] = tuple(info.symbol for info in pairs)
        self.books: Mapping[Pair, OrderBook] = MappingProxyType(
            {book.pair: book for book in self._by_symbol.values()}
        )
        self.client = connect(self)

    async def run(self) -> None:
        """Stay connected until cancelled; raises only what no new connection can mend."""
        await self.client.run()

    # --- SocketHandler -----------------------------------------------------------------------------

    def on_frame(self, raw: bytes) -> None:
        try:
            frame = decode_trade_frame(raw)
        except DecodeError as error:
            self._refuse(error)
            return
        if isinstance(frame, BookFrame):
            self._on_book(frame)
        elif isinstance(frame, UnknownFrame):
            self._on_unknown(frame)
        elif isinstance(frame, ErrorFrame | UnauthorizedFrame | UnsupportedFrame):
            log.error("trade socket: VALR says %s: %s", type(frame).__name__, frame.error.message)

    def on_connected(self, epoch: int) -> None:
        """Nothing to do: books are invalid until their first frame."""

    def on_disconnected(self, epoch: int, cause: str) -> None:
        for book in self.books.values():
            self._invalidate(book, f"connection {epoch} of the trade socket ended: {cause}")

    async def while_connected(self, epoch: int) -> None:
        subscriptions = {MarketEvent(self._feed.value): self._symbols}
        await self.client.send(subscribe_market_command(subscriptions))
        self.client.resynced(epoch)

    # ------------------------------------------------------------------------------------------------

    def on_state(self, before: SessionState, after: SessionState, cause: str) -> None:
        """The connection's state changed."""
        self._tell(ConnectionChanged(Socket.TRADE, before, after, self.client.session.epoch, cause))

    def _on_book(self, frame: BookFrame) -> None:
        book = self._by_symbol.get(frame.pair_symbol)
        if book is None:
            return  # a pair that was unsubscribed meanwhile
        taken = book.take(frame, self._clock())
        if taken is Taken.BROKE:
            self._tell(BookInvalidated(book.pair, book.why_invalid))
            self._on_validity()
        elif book.is_valid and taken is not Taken.IGNORED:
            if taken is not Taken.CHANGED:
                self._tell(TopOfBookChanged(book.pair, book.best_bid, book.best_ask))
            self._tell(BookChanged(book.pair, book.sequence))
            if taken is Taken.STARTED:
                self._on_validity()

    def _invalidate(self, book: OrderBook, cause: str) -> None:
        if book.invalidate(cause):
            self._tell(BookInvalidated(book.pair, cause))

    def _on_unknown(self, frame: UnknownFrame) -> None:
        kind = self._unknown.see(frame.type)
        if kind is not None:
            log.warning("trade socket: unknown type of frame, further ones are only counted: %s", kind)
            self._tell(UnknownFrameReceived(Socket.TRADE, kind))

    def _refuse(self, error: DecodeError) -> None:
        self._metrics.counter(m.FRAMES_REFUSED, Socket.TRADE.value, error.kind).add()
        if error.kind not in self._refused_kinds:
            self._refused_kinds.add(error.kind)
            log.error("frame refused, further ones of its kind are only counted: %s", error)
            self._publisher.publish(FrameRefused(Socket.TRADE, error.kind, str(error)))

    def _tell(self, event: Event | None) -> None:
        if event is not None:
            self._publisher.publish(event)
