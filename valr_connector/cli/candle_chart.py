"""Candles as a picture of characters: a column each, wicks and bodies, prices at the side."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal

from rich.text import Text

from valr_connector.model.market import Candle

MARGIN = 13
"""Columns for the prices at the left."""
BODY, WICK = "┃", "│"
RISING, FALLING = "green", "red"


def chart(candles: Sequence[Candle], *, height: int) -> Text:
    """The candles, oldest first, on `height` lines and one with the times. There has to be one at least."""
    scale = Scale(candles, height)
    picture = Text()
    for row in range(height):
        picture.append(f"{scale.price_at(row):>12.8g} ")
        for candle in candles:
            sign = _sign(candle, scale, row)
            picture.append(sign, style=RISING if candle.close >= candle.open else FALLING)
        picture.append("\n")
    picture.append(" " * MARGIN + _times(candles))
    return picture


class Scale:
    """Where prices are on a picture of so many lines, the highest on line 0."""

    def __init__(self, candles: Sequence[Candle], height: int) -> None:
        self.high = max(candle.high for candle in candles)
        self.low = min(candle.low for candle in candles)
        self._height = height

    def row_of(self, price: Decimal) -> int:
        """The line of a price."""
        span = self.high - self.low
        return round((self.high - price) / span * (self._height - 1)) if span else self._height // 2

    def price_at(self, row: int) -> Decimal:
        """The price of a line."""
        return self.high - (self.high - self.low) * row / max(1, self._height - 1)


def lines(candles: Sequence[Candle]) -> Iterator[str]:
    """One line for each candle, oldest first: time, open, high, low, close, volume."""
    for candle in candles:
        prices = (candle.open, candle.high, candle.low, candle.close)
        volume = "-" if candle.volume is None else f"{candle.volume:f}"
        texts = [f"{price.normalize():f}" for price in prices]
        yield "  ".join([candle.start.strftime("%Y-%m-%d %H:%M"), *texts, volume])


def _sign(candle: Candle, scale: Scale, row: int) -> str:
    top, bottom = sorted((scale.row_of(candle.open), scale.row_of(candle.close)))
    if top <= row <= bottom:
        return BODY
    return WICK if scale.row_of(candle.high) <= row <= scale.row_of(candle.low) else " "


def _times(candles: Sequence[Candle]) -> str:
    first, last = (candle.start.strftime("%d %b %H:%M") for candle in (candles[0], candles[-1]))
    gap = len(candles) - len(first) - len(last)
    return f"{first}{' ' * gap}{last}" if gap > 0 else first
