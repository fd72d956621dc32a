"""The last 24 hours of one pair, for market summaries (protocol 7.6, 17)."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, localcontext
from functools import reduce

from valr_connector.simulator.candles import MINUTE_S, Candle
from valr_connector.simulator.exact import EXACT, QUOTIENT, ZERO
from valr_connector.simulator.vocabulary import PublicTrade

_MINUTE_NS = 60_000_000_000
_DAY_MINUTES = 24 * 60


@dataclass(slots=True)
class _Minute:
    number: int
    high: Decimal
    low: Decimal
    base_volume: Decimal
    quote_volume: Decimal
    close: Decimal


@dataclass(frozen=True, slots=True)
class DaySummary:
    """Prices are 0 where there was no trade yet."""

    last: Decimal = ZERO
    previous_close: Decimal = ZERO
    high: Decimal = ZERO
    low: Decimal = ZERO
    base_volume: Decimal = ZERO
    quote_volume: Decimal = ZERO

    @property
    def change_percent(self) -> Decimal:
        """Last price against the one of a day ago, in percent, cut to two decimals by rounding."""
        if not self.previous_close:
            return ZERO
        with localcontext(QUOTIENT):
            return ((self.last / self.previous_close - 1) * 100).quantize(Decimal("0.01"))


class Ticker:
    """Trades of one pair, gathered by minute. Everything is to be added oldest first."""

    def __init__(self, trades: Iterable[PublicTrade] = ()) -> None:
        self._minutes: deque[_Minute] = deque()
        self._previous_close = ZERO
        for trade in trades:
            self.add(trade)

    def add(self, trade: PublicTrade) -> None:
        """Count one trade."""
        number = trade.traded_at // _MINUTE_NS
        self._forget_before(number - _DAY_MINUTES)
        if not self._previous_close:
            self._previous_close = trade.price
        if not self._minutes or self._minutes[-1].number < number:
            self._minutes.append(_Minute(number, trade.price, trade.price, ZERO, ZERO, trade.price))
        minute = self._minutes[-1]
        minute.high = max(minute.high, trade.price)
        minute.low = min(minute.low, trade.price)
        minute.base_volume = EXACT.add(minute.base_volume, trade.quantity)
        minute.quote_volume = EXACT.fma(trade.price, trade.quantity, minute.quote_volume)
        minute.close = trade.price

    def add_minute(self, candle: Candle) -> None:
        """Count all that was traded in one minute."""
        if not self._previous_close:
            self._previous_close = candle.open
        number, volumes = candle.start_s // MINUTE_S, (candle.base_volume, candle.quote_volume)
        self._minutes.append(_Minute(number, candle.high, candle.low, *volumes, candle.close))

    def summary(self, now_ns: int) -> DaySummary:
        """The 24 hours up to `now_ns`. The last price outlives them."""
        self._forget_before(now_ns // _MINUTE_NS - _DAY_MINUTES)
        if not self._minutes:
            last = self._previous_close
            return DaySummary(last=last, previous_close=last, high=last, low=last)
        return DaySummary(
            last=self._minutes[-1].close,
            previous_close=self._previous_close,
            high=max(minute.high for minute in self._minutes),
            low=min(minute.low for minute in self._minutes),
            base_volume=reduce(EXACT.add, (minute.base_volume for minute in self._minutes)),
            quote_volume=reduce(EXACT.add, (minute.quote_volume for minute in self._minutes)),
        )

    def _forget_before(self, number: int) -> None:
        while self._minutes and self._minutes[0].number <= number:
            self._previous_close = self._minutes.popleft().close
