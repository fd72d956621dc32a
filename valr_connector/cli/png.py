"""A picture of pixels, and the same as a PNG file. No more of the format than that needs (RFC 2083)."""

from __future__ import annotations

import struct
import zlib
from typing import Final

Colour = tuple[int, int, int]
"""Red, green, blue, 0 to 255 each."""

_SIGNATURE: Final = b"\x89PNG\r\n\x1a\n"
_EIGHT_BIT_RGB: Final = (8, 2, 0, 0, 0)
_NO_FILTER: Final = b"\x00"


class Canvas:
    """Pixels of one colour, to be drawn on. What lies outside is left out.

    Attributes:
        width, height: in pixels.
    """

    def __init__(self, width: int, height: int, background: Colour) -> None:
        self.width = width
        self.height = height
        self._pixels = bytearray(bytes(background) * (width * height))

    def fill(self, left: int, top: int, width: int, height: int, colour: Colour) -> None:
        """A rectangle."""
        first, last = max(left, 0), min(left + width, self.width)
        if first >= last:
            return
        row = bytes(colour) * (last - first)
        for y in range(max(top, 0), min(top + height, self.height)):
            at = 3 * (y * self.width + first)
            self._pixels[at : at + len(row)] = row

    def pixel(self, x: int, y: int) -> Colour:
        """The colour of one pixel."""
        at = 3 * (y * self.width + x)
        red, green, blue = self._pixels[at : at + 3]
        return red, green, blue

    def png(self) -> bytes:
        """The picture as a PNG file."""
        stride = 3 * self.width
        rows = (self._pixels[at : at + stride] for at in range(0, len(self._pixels), stride))
        content = zlib.compress(b"".join(_NO_FILTER + row for row in rows), 9)
        header = struct.pack(">IIBBBBB", self.width, self.height, *_EIGHT_BIT_RGB)
        return _SIGNATURE + _chunk(b"IHDR", header) + _chunk(b"IDAT", content) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, content: bytes) -> bytes:
    check = zlib.crc32(kind + content)
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", check)
