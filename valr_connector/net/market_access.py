"""What both ways to VALR, with a key and without, offer of its market: pairs, feeds and events."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, TypeVar, overload

from valr_connector.core.subscriptions import checked_market_feed, checked_pairs
from valr_connector.core.trading_rules import TradingRules
from valr_connector.model.enums import MarketFeed
from valr_connector.model.events import Event
from valr_connector.model.ids import Pair
from valr_connector.model.market import PairInfo
from valr_connector.net.event_stream import EventPublisher, EventStream, Overflow, Unsubscribe
from valr_connector.net.market_stream import MarketStream

E = TypeVar("E", bound=Event)


class MarketAccess(ABC):
    """Pairs, feeds and events of whoever has rules, a publisher and a market stream."""

    _publisher: EventPublisher

    @property
    @abstractmethod
    def _pair_rules(self) -> TradingRules:
        """The rules of every pair."""

    @abstractmethod
    def _market(self) -> MarketStream:
        """The stream in use, or NotReadyError or ClosedError."""

    @property
    def pairs(self) -> Mapping[str, PairInfo]:
        """Every pair VALR lists, with its rules."""
        return MappingProxyType({info.pair: info for info in self._pair_rules})

    def pair_info(self, pair: str) -> PairInfo:
        """The rules of one pair.

        Raises:
            UnknownPairError: VALR lists no such pair.
            NotReadyError: not started: no pairs are loaded.
        """
        return self._pair_rules.pair(pair)

    def subscribe(self, feed: MarketFeed, pairs: Sequence[str]) -> None:
        """Have VALR tell a feed of these pairs, followed or not; its events come through `on` and `events`.

        It outlasts every lost connection, but what happened meanwhile is not told again (protocol 14.4);
        `public` has the trades and candles of that time. Other subscriptions are untouched, and subscribing
        again changes nothing. A pair that VALR itself refuses is told by a `SubscriptionRefused`.

        Raises:
            UnknownPairError: VALR lists no such pair; the others of the call are subscribed all the same.
            InvalidArgumentError: there is no such feed, or `pairs` is no list.
            NotReadyError, ClosedError: not started, closed, or stopped by a failure.
        """
        self._market().subscribe(checked_market_feed(feed), checked_pairs(pairs))

    def unsubscribe(self, feed: MarketFeed, pairs: Sequence[str]) -> None:
        """Have VALR tell a feed of these pairs no more. Raises as `subscribe` does."""
        self._market().unsubscribe(checked_market_feed(feed), checked_pairs(pairs))

    def subscribed(self, feed: MarketFeed) -> Sequence[Pair]:
        """The pairs whose feed is subscribed. Raises as `subscribe` does."""
        return self._market().subscribed(checked_market_feed(feed))

    @overload
    def events(self, *, on_overflow: Overflow = ..., capacity: int = ...) -> EventStream[Event]: ...

    @overload
    def events(
        self, event_type: type[E], /, *more: type[E], on_overflow: Overflow = ..., capacity: int = ...
    ) -> EventStream[E]: ...

    def events(
        self, *types: type[Any], on_overflow: Overflow = Overflow.KEEP_ALL, capacity: int = 10_000
    ) -> EventStream[Any]:
        """An async iterator over events of these types, or over all events, complete from this call on.

        Args:
            on_overflow: what happens when `capacity` events are unread.

        Raises:
            ClosedError: closing is over.
            InvalidArgumentError: a type is no class of events, `capacity` is below 1, or there is no such
                `on_overflow`.
        """
        return self._publisher.stream(*(types or (Event,)), on_overflow=on_overflow, capacity=capacity)

    def on(self, event_type: type[E], callback: Callable[[E], object]) -> Unsubscribe:
        """Call `callback` with each event of a type as it happens; call the result to stop.

        The callback runs within the handling of the frame: it has to be short, and what it raises is logged
        and counted.

        Raises:
            ClosedError: closing is over.
            InvalidArgumentError: `event_type` is no class of events, or `callback` no plain function.
        """
        return self._publisher.on(event_type, callback)
