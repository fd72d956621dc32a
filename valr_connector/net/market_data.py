"""VALR's market without an account: books, feeds and public data, and no key for any of it."""

from __future__ import annotations

import logging
import random
from collections.abc import Sequence
from types import TracebackType
from typing import Self

from valr_connector.config import Settings
from valr_connector.core.clock import ClockOffset, TimestampSource
from valr_connector.core.order_book import OrderBook
from valr_connector.core.session import KeepAlive
from valr_connector.core.subscriptions import checked_pairs
from valr_connector.core.trading_rules import TradingRules
from valr_connector.errors import ClosedError, NotReadyError, ValrError
from valr_connector.model.enums import BookFeed, Socket
from valr_connector.net.connector import Clocks, limits_of
from valr_connector.net.event_log import EventLog
from valr_connector.net.event_stream import EventPublisher
from valr_connector.net.limiter import DialPermit
from valr_connector.net.market_access import MarketAccess
from valr_connector.net.market_stream import MarketStream, followed_book
from valr_connector.net.public_data import PublicData
from valr_connector.net.rest import RestClient
from valr_connector.net.rotation import ROTATE_AFTER_S, RotatingSocket
from valr_connector.net.rules_refresh import RulesRefresh
from valr_connector.net.shared_calls import SharedCalls
from valr_connector.net.socket_handler import SocketHandler, StateListener
from valr_connector.net.supervisor import Supervisor
from valr_connector.net.websocket import WebSocketClient
from valr_connector.observe.metrics import Metrics
from valr_connector.protocol.requests import Lane

log = logging.getLogger(__name__)


class MarketData(MarketAccess):
    """The market as everybody may see it.

    VALR cuts a socket without a key after 15 minutes (protocol 14.4); before that, a new one takes its place,
    and nothing is missed::

        async with MarketData(pairs=["BTC-ZAR"]) as market:
            market.subscribe(MarketFeed.TRADES, ["BTC-ZAR"])
            async for event in market.events(MarketTraded): ...

    Args:
        pairs: pairs whose books are followed; the socket is opened once there is one, or a subscription.
        books: what the books are made of.
        settings: hosts, keep-alive, limits; what concerns orders is not used.

    Attributes:
        public: what VALR tells by REST; works without `start` as well.
        metrics: counters and latencies of everything below.
    """

    def __init__(
        self,
        *,
        pairs: Sequence[str] = (),
        books: BookFeed = BookFeed.L1_DIFF,
        settings: Settings | None = None,
        rng: random.Random | None = None,
    ) -> None:
        self._pairs = checked_pairs(pairs)
        self._books = books
        self._settings = settings or Settings()
        self._rng = rng or random.Random()  # noqa: S311  nothing secret comes of it
        self._clocks = Clocks()
        self.metrics = Metrics()
        self._publisher = EventPublisher(metrics=self.metrics)
        EventLog(self._publisher, self.metrics)
        self._rules = TradingRules()
        self._limiter = limits_of(self._clocks).limiter(
            host=self._settings.hosts.rest.partition("://")[2],
            key="",
            share=self._settings.limits_share,
            metrics=self.metrics,
        )
        self._rest = RestClient(
            base_url=self._settings.hosts.rest,
            credentials=None,
            timestamps=TimestampSource(ClockOffset()),
            rng=self._rng,
            metrics=self.metrics,
            limiter=self._limiter,
        )
        self.public = PublicData(
            calls=SharedCalls(self._rest, clock=self._clocks.monotonic, limiter=self._limiter),
            rules=self._rules,
            has_key=False,
            on_rules=self._publisher.publish,
        )
        self._refresh = RulesRefresh(
            public=self.public,
            rules=self._rules,
            publisher=self._publisher,
            interval_s=self._settings.rules_interval_s,
            clock=self._clocks.monotonic,
        )
        self._supervisor = Supervisor(self._fail, self._publisher.publish)
        self._stream: MarketStream | None = None
        self._is_started = False
        self._is_closed = False

    async def start(self) -> None:
        """Load the pairs and begin to connect; `book` and the events tell when there is something.

        Raises:
            UnknownPairError: VALR lists no such pair.
            TransportError, ExchangeError, DecodeError: the pairs could not be loaded.
            ClosedError: started before, or closed.
        """
        if self._is_started or self._is_closed:
            raise ClosedError("a MarketData is started once; make a new one")
        self._is_started = True
        try:
            await self.public.pairs()
            self._refuse_if_closed()  # while VALR's answer was on its way
            self._stream = MarketStream(
                connect=self._connect,
                pairs=[self._rules.pair(pair) for pair in self._pairs],
                rules=self._rules,
                feed=self._books,
                clock=self._clocks.monotonic,
                publisher=self._publisher,
                on_validity=_nothing,
                metrics=self.metrics,
            )
        except BaseException:
            await self.close()
            raise
        self._supervisor.start({"market stream": self._stream.run, "trading rules": self._refresh.run})

    async def close(self) -> None:
        """Hang up; every stream of events ends."""
        self._is_closed = True
        try:
            await self._supervisor.stop()
        finally:
            self._publisher.close()
            await self._rest.close()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    def book(self, pair: str) -> OrderBook:
        """The live book of a followed pair: always the same object.

        Raises:
            UnknownPairError: VALR lists no such pair.
            InvalidArgumentError: its book is not followed.
            NotReadyError: not started.
        """
        return followed_book(self._market().books, self._rules, pair)

    @property
    def _pair_rules(self) -> TradingRules:
        return self._rules

    def _market(self) -> MarketStream:
        self._refuse_if_closed()
        if self._stream is None:
            raise NotReadyError("not started: use 'async with', or await start()")
        return self._stream

    def _fail(self, failure: ValrError) -> None:
        log.error("the market data stopped: %s", failure)
        self._publisher.close(failure)

    def _refuse_if_closed(self) -> None:
        if self._is_closed:
            raise ClosedError("closed")

    def _connect(self, stream: MarketStream) -> RotatingSocket:
        return RotatingSocket(
            make=self._make_client,
            handler=stream,
            on_state=stream.on_state,
            every_s=ROTATE_AFTER_S,
            clock=self._clocks.monotonic,
        )

    def _make_client(self, handler: SocketHandler, on_state: StateListener) -> WebSocketClient:
        settings = self._settings
        return WebSocketClient(
            url=settings.hosts.trade_socket,
            headers=dict,
            handler=handler,
            rng=self._rng,
            name=Socket.TRADE.value,
            requires_authentication=False,
            keep_alive=KeepAlive(ping_s=settings.ping_interval_s, silence_s=settings.silence_timeout_s),
            backoff=settings.backoff,
            on_state=on_state,
            metrics=self.metrics,
            permit=DialPermit(self._limiter, Lane.PUBLIC),
        )


def _nothing() -> None:
    """Nobody waits for all books to be valid."""
