"""Frames that the time brings: candles, mark prices, the runs of perpetuals (protocol 17)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from valr_connector.simulator.book_channels import Audience
from valr_connector.simulator.candles import MINUTE_S
from valr_connector.simulator.floor import Floor
from valr_connector.simulator.futures import FUNDING_PERIOD_S, FUTURE, PNL_PERIOD_S
from valr_connector.simulator.market_wire import candle_object
from valr_connector.simulator.wire import OutboundFrame, decimal_text, frame

CANDLE = "NEW_TRADE_BUCKET"
MARK_PRICE = "MARK_PRICE_UPDATE"
FUNDING_RUN = "FUNDING_RUN_COMPLETED"
PNL_RUN = "PNL_RUN_COMPLETED"

_NS_PER_S = 1_000_000_000
_FUTURES_ONLY = frozenset({FUNDING_RUN, PNL_RUN})

_Make = Callable[[str, int], OutboundFrame | None]
"""Takes a pair and when the period that has ended began, in seconds; None where there is nothing to tell."""


@dataclass(frozen=True, slots=True)
class _Channel:
    period_ns: int
    make: _Make


class TimedFeed:
    """Tells each period once it is over, by the exchange's clock, as long as anybody listens."""

    def __init__(self, floor: Floor, audience: Audience) -> None:
        self._floor = floor
        self._audience = audience
        self._channels: Mapping[str, _Channel] = {
            CANDLE: _Channel(MINUTE_S * _NS_PER_S, self._candle),
            MARK_PRICE: _Channel(round(floor.settings.mark_price_interval_s * _NS_PER_S), self._mark_price),
            FUNDING_RUN: _Channel(FUNDING_PERIOD_S * _NS_PER_S, _funding_run),
            PNL_RUN: _Channel(PNL_PERIOD_S * _NS_PER_S, self._pnl_run),
        }
        self._ended: dict[str, int] = {}
        """The last period of each channel that ended, while somebody listens."""

    @property
    def channels(self) -> frozenset[str]:
        """What can be subscribed."""
        return frozenset(self._channels)

    def offers(self, channel: str, symbol: str) -> bool:
        """Whether a channel has that pair: only perpetuals have runs."""
        return channel not in _FUTURES_ONLY or self._floor.venue.pairs[symbol].kind == FUTURE

    def wake(self, channel: str) -> None:
        """Somebody listens from now on."""
        if channel not in self._ended:
            self._ended[channel] = self._number(channel)
            self._wait(channel)

    def forget(self) -> None:
        """Nobody listens any more; for an exchange that stops."""
        self._ended.clear()

    def _wait(self, channel: str) -> None:
        period_ns = self._channels[channel].period_ns
        left_ns = period_ns - self._floor.clock() % period_ns
        self._floor.frames.after(left_ns / _NS_PER_S, lambda: self._look(channel))

    def _look(self, channel: str) -> None:
        heard = {symbol: self._audience(channel, symbol) for symbol in self._floor.venue.pairs}
        if not any(heard.values()):
            self._ended.pop(channel, None)
            return
        number, period_ns = self._number(channel), self._channels[channel].period_ns
        if number > self._ended[channel]:
            self._ended[channel] = number
            for symbol, listeners in heard.items():
                self._tell(channel, symbol, (number - 1) * period_ns // _NS_PER_S, listeners)
        self._wait(channel)

    def _tell(
        self, channel: str, symbol: str, began_s: int, listeners: list[Callable[[OutboundFrame], None]]
    ) -> None:
        message = self._channels[channel].make(symbol, began_s) if listeners else None
        if message is not None:
            for listener in listeners:
                listener(message)

    def _number(self, channel: str) -> int:
        return self._floor.clock() // self._channels[channel].period_ns

    def _candle(self, symbol: str, began_s: int) -> OutboundFrame | None:
        candle = self._floor.market.chart(symbol).minute(began_s)
        if candle is None:
            return None
        return frame(CANDLE, currencyPairSymbol=symbol, data=candle_object(symbol, candle, MINUTE_S))

    def _mark_price(self, symbol: str, _began_s: int) -> OutboundFrame:
        price = decimal_text(self._floor.market.mark_price(symbol))
        return frame(MARK_PRICE, currencyPairSymbol=symbol, data={"price": price})

    def _pnl_run(self, symbol: str, _began_s: int) -> OutboundFrame:
        price = decimal_text(self._floor.market.mark_price(symbol))
        return frame(PNL_RUN, currencyPairSymbol=symbol, data={"price": price})


def _funding_run(symbol: str, _began_s: int) -> OutboundFrame:
    return frame(FUNDING_RUN, currencyPairSymbol=symbol)
