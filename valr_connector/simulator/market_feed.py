"""The market's frames: what they are, and who gets them when (protocol 17, 18.1)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from valr_connector.simulator.book_channels import Audience, BookChannels
from valr_connector.simulator.floor import Floor
from valr_connector.simulator.market_wire import new_trade_object
from valr_connector.simulator.timed_feed import TimedFeed
from valr_connector.simulator.timeline import Throttle
from valr_connector.simulator.vocabulary import BookChanged, PairChanged, PublicTrade
from valr_connector.simulator.wire import OutboundFrame, frame

BOOK = "AGGREGATED_ORDERBOOK_UPDATE"
TRADE = "NEW_TRADE"
SUMMARY = "MARKET_SUMMARY_UPDATE"
ORDER_TYPES = "ALLOWED_ORDER_TYPES_UPDATED"


@dataclass(frozen=True, slots=True)
class _State:
    """A channel that tells a state: it has a first frame, and is throttled."""

    make: Callable[[str], OutboundFrame]
    interval_s: float


class MarketFeed:
    """Makes each frame once, for everybody who listens."""

    def __init__(self, floor: Floor, audience: Audience) -> None:
        self._floor = floor
        self._audience = audience
        self._states: Mapping[str, _State] = {
            BOOK: _State(self._book, floor.settings.order_book_interval_s),
            SUMMARY: _State(self._summary, floor.settings.market_summary_interval_s),
        }
        self._books = BookChannels(floor, audience)
        self._timed = TimedFeed(floor, audience)
        self._throttles: dict[tuple[str, str], Throttle] = {}
        floor.venue.listen(self._tell_trade, PublicTrade)
        floor.venue.listen(self._tell_book, BookChanged)
        floor.venue.listen(self._tell_pair, PairChanged)

    @property
    def channels(self) -> frozenset[str]:
        """What can be subscribed."""
        return frozenset({TRADE, ORDER_TYPES, *self._states}) | self._books.channels | self._timed.channels

    def offers(self, channel: str, symbol: str) -> bool:
        """Whether a channel can be subscribed of that pair."""
        is_known = channel in self.channels and symbol in self._floor.venue.pairs
        return is_known and self._timed.offers(channel, symbol)

    def first(self, channel: str, symbol: str) -> OutboundFrame | None:
        """The frame that a new subscription gets at once."""
        if channel in self._timed.channels:
            self._timed.wake(channel)
        if channel in self._books.channels:
            return self._books.first(channel, symbol)
        state = self._states.get(channel)
        return state.make(symbol) if state else None

    def forget(self) -> None:
        """Drop what was waiting for its time; for an exchange that stops."""
        self._throttles.clear()
        self._books.forget()
        self._timed.forget()

    def _tell_trade(self, trade: PublicTrade) -> None:
        self._send(TRADE, trade.symbol, lambda: _new_trade(trade))
        self._ask(SUMMARY, trade.symbol)

    def _tell_book(self, change: BookChanged) -> None:
        self._books.tell(change)
        self._ask(BOOK, change.symbol)
        self._ask(SUMMARY, change.symbol)

    def _tell_pair(self, change: PairChanged) -> None:
        if change.before.order_types != change.after.order_types:
            self._send(ORDER_TYPES, change.after.symbol, lambda: _order_types(change))

    def _ask(self, channel: str, symbol: str) -> None:
        if self._audience(channel, symbol):
            self._throttle(channel, symbol).ask()

    def _throttle(self, channel: str, symbol: str) -> Throttle:
        throttle = self._throttles.get((channel, symbol))
        if throttle is None:
            state = self._states[channel]
            throttle = self._throttles[channel, symbol] = Throttle(
                self._floor.frames,
                state.interval_s,
                lambda: self._send(channel, symbol, lambda: state.make(symbol)),
            )
        return throttle

    def _send(self, channel: str, symbol: str, make: Callable[[], OutboundFrame]) -> None:
        listeners = self._audience(channel, symbol)
        if listeners:
            message = make()
            for listener in listeners:
                listener(message)

    def _book(self, symbol: str) -> OutboundFrame:
        return frame(BOOK, currencyPairSymbol=symbol, data=self._floor.market.book(symbol))

    def _summary(self, symbol: str) -> OutboundFrame:
        data = self._floor.market.summary(symbol, "currencyPairSymbol")
        return frame(SUMMARY, currencyPairSymbol=symbol, data=data)


def _order_types(change: PairChanged) -> OutboundFrame:
    pair = change.after
    return frame(ORDER_TYPES, currencyPairSymbol=pair.symbol, data=list(pair.order_types))


def _new_trade(trade: PublicTrade) -> OutboundFrame:
    return frame(TRADE, currencyPairSymbol=trade.symbol, data=new_trade_object(trade))
