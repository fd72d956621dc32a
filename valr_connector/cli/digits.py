"""Digits of pixels, for the prices and times beside a picture."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from valr_connector.cli.png import Canvas, Colour

WIDTH: Final = 3
HEIGHT: Final = 5
SCALE: Final = 2
ADVANCE: Final = (WIDTH + 1) * SCALE
"""Pixels from one character to the next."""

_GLYPHS: Final[Mapping[str, tuple[int, ...]]] = {
    "0": (7, 5, 5, 5, 7),
    "1": (2, 6, 2, 2, 7),
    "2": (7, 1, 7, 4, 7),
    "3": (7, 1, 7, 1, 7),
    "4": (5, 5, 7, 1, 1),
    "5": (7, 4, 7, 1, 7),
    "6": (7, 4, 7, 5, 7),
    "7": (7, 1, 1, 1, 1),
    "8": (7, 5, 7, 5, 7),
    "9": (7, 5, 7, 1, 7),
    ".": (0, 0, 0, 0, 2),
    ":": (0, 2, 0, 2, 0),
    "-": (0, 0, 7, 0, 0),
}
"""Each character's rows from top to bottom; the bits of a row are its pixels from left to right."""


def write(canvas: Canvas, left: int, top: int, text: str, colour: Colour) -> None:
    """Write digits, points, colons and dashes; any other character is a blank."""
    for place, character in enumerate(text):
        for y, row in enumerate(_GLYPHS.get(character, ())):
            for x in range(WIDTH):
                if row >> (WIDTH - 1 - x) & 1:
                    canvas.fill(left + place * ADVANCE + x * SCALE, top + y * SCALE, SCALE, SCALE, colour)
