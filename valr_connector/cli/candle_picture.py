"""Candles as a picture file: prices at the side, times below."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from valr_connector.cli import digits
from valr_connector.cli.candle_chart import Scale
from valr_connector.cli.png import Canvas, Colour
from valr_connector.model.market import Candle

BACKGROUND: Final[Colour] = (250, 250, 250)
GRID: Final[Colour] = (225, 225, 225)
INK: Final[Colour] = (80, 80, 80)
RISING: Final[Colour] = (22, 132, 74)
FALLING: Final[Colour] = (196, 43, 43)

_HEIGHT: Final = 480
_STEP: Final = 10
_BODY: Final = 7
_TOP: Final = 20
_BOTTOM: Final = 40
_LEFT: Final = 20
_RIGHT: Final = 130
_LINES: Final = 6
_LABEL_EVERY: Final = 12
_LONG_S: Final = 6 * 3600


def candle_png(candles: Sequence[Candle]) -> bytes:
    """The candles, oldest first, as a PNG file. There has to be one at least."""
    width = _LEFT + len(candles) * _STEP + _RIGHT
    canvas = Canvas(width, _HEIGHT, BACKGROUND)
    scale = Scale(candles, _HEIGHT - _TOP - _BOTTOM)
    _draw_prices(canvas, scale)
    for place, candle in enumerate(candles):
        _draw_candle(canvas, scale, candle, _LEFT + place * _STEP)
        if place % _LABEL_EVERY == 0:
            digits.write(canvas, _LEFT + place * _STEP, _HEIGHT - 25, _label(candle), INK)
    return canvas.png()


def _label(candle: Candle) -> str:
    """The time of day, or the date where candles are so long that it says more."""
    return candle.start.strftime("%H:%M" if candle.period_s < _LONG_S else "%m-%d")


def _draw_prices(canvas: Canvas, scale: Scale) -> None:
    rows = _HEIGHT - _TOP - _BOTTOM - 1
    for number in range(_LINES):
        row = rows * number // (_LINES - 1)
        canvas.fill(_LEFT, _TOP + row, canvas.width - _LEFT - _RIGHT + 5, 1, GRID)
        price = f"{scale.price_at(row):.8g}"
        digits.write(canvas, canvas.width - _RIGHT + 12, _TOP + row - digits.HEIGHT, price, INK)


def _draw_candle(canvas: Canvas, scale: Scale, candle: Candle, left: int) -> None:
    colour = RISING if candle.close >= candle.open else FALLING
    high, low = scale.row_of(candle.high), scale.row_of(candle.low)
    top, bottom = sorted((scale.row_of(candle.open), scale.row_of(candle.close)))
    canvas.fill(left + _BODY // 2, _TOP + high, 1, low - high + 1, colour)
    canvas.fill(left, _TOP + top, _BODY, bottom - top + 1, colour)
