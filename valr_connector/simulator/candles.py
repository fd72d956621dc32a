"""The candles of one pair: opened by the minute, told by any longer period (protocol 7.10, 7.11, 17)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from valr_connector.simulator.exact import EXACT, ZERO

MINUTE_S = 60
PERIODS_S = (60, 300, 900, 1800, 3600, 21600, 86400)
_MINUTES_KEPT = 7 * 24 * 60


@dataclass(slots=True)
class Candle:
    """Prices of one period, and what was traded in it. `start_s` is seconds since 1970."""

    start_s: int
    open: Decimal
    high: Decimal
    low: Decimal
    close: Decimal
    base_volume: Decimal = ZERO
    quote_volume: Decimal = ZERO

    @classmethod
    def empty(cls, start_s: int, price: Decimal) -> Candle:
        """A period without a trade: the price is the one before it."""
        return cls(start_s, price, price, price, price)

    def add(self, later: Candle) -> None:
        """Take in what came after."""
        self.high = max(self.high, later.high)
        self.low = min(self.low, later.low)
        self.close = later.close
        self.base_volume = EXACT.add(self.base_volume, later.base_volume)
        self.quote_volume = EXACT.add(self.quote_volume, later.quote_volume)


class CandleChart:
    """The candles of the last seven days. Everything is to be added oldest first."""

    def __init__(self) -> None:
        self._minutes: dict[int, Candle] = {}

    def add(self, at_s: int, price: Decimal, base: Decimal = ZERO) -> None:
        """A trade of that much base currency, or a price without a trade."""
        candle = Candle(at_s - at_s % MINUTE_S, price, price, price, price, base, EXACT.multiply(base, price))
        self.add_candle(candle)

    def add_candle(self, candle: Candle) -> None:
        """A candle of a minute, or a part of one."""
        minute = self._minutes.get(candle.start_s)
        if minute is not None:
            minute.add(candle)
            return
        self._minutes[candle.start_s] = candle
        if len(self._minutes) > _MINUTES_KEPT:
            del self._minutes[next(iter(self._minutes))]

    def minute(self, start_s: int) -> Candle | None:
        """The minute that begins then, empty if nobody traded in it; None where there is no price yet."""
        found = self._minutes.get(start_s)
        if found is not None:
            return found
        earlier = next((each for each in reversed(self._minutes.values()) if each.start_s < start_s), None)
        return None if earlier is None else Candle.empty(start_s, earlier.close)

    def periods(self, period_s: int, *, until_s: int, include_empty: bool = False) -> list[Candle]:
        """All candles of that length up to `until_s`, newest first."""
        candles: list[Candle] = []
        for minute in self._minutes.values():
            start_s = minute.start_s - minute.start_s % period_s
            if not candles or candles[-1].start_s != start_s:
                if candles and include_empty:
                    candles += _between(candles[-1], start_s, period_s)
                candles.append(Candle.empty(start_s, minute.open))
            candles[-1].add(minute)
        if candles and include_empty:
            candles += _between(candles[-1], until_s - until_s % period_s + period_s, period_s)
        candles.reverse()
        return candles


def _between(before: Candle, next_start_s: int, period_s: int) -> Iterator[Candle]:
    """The empty candles from the end of one to the start of the next."""
    for start_s in range(before.start_s + period_s, next_start_s, period_s):
        yield Candle.empty(start_s, before.close)
