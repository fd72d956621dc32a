"""What comes off a transport, taken in slice by slice: whole messages here, all other frames by a library.

Nearly every frame of VALR's is a whole text message of less than 64 KB. From the kernel to whoever takes it,
one costs 3.4 us by way of websockets and 1.05 us by way of picows, which are ready for anything. Here, where
four bytes tell that it is one, it costs 0.6 and 0.55 us. Whatever is anything else goes to the library
untouched, which alone knows what is right.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from struct import Struct
from typing import Final

SLICE_BYTES: Final = 16 * 1024
"""So much is handled in one go; what came with it waits until the event loop has seen to everybody else.

That is some 100 changes of books, or four whole books of 100 levels a side: about 2 ms.
"""
_SIZE_IN_2: Final = 126
"""Says a frame's second byte instead of a size: it is in the two bytes that follow. One more: in eight."""
_BYTES_OF_SIZE: Final = {_SIZE_IN_2: 2, _SIZE_IN_2 + 1: 8}
_TEXT: Final = 0x8100
"""How a whole text message begins, if it is empty."""
_LONG_TEXT: Final = _TEXT + _SIZE_IN_2
_HEAD: Final = Struct("!HH").unpack_from
_HEAD_BYTES: Final = 4
_UNKNOWN: Final = sys.maxsize


class Intake:
    """The reading side of one connection.

    Args:
        parse: the library's way in. It calls `take` for the messages that it finds.
        is_between: whether the connection is open, and the library in the middle of no message.

    Attributes:
        take: gets the messages.
    """

    def __init__(
        self, parse: Callable[[bytes], None], is_between: Callable[[], bool], take: Callable[[bytes], None]
    ) -> None:
        self.take = take
        self._parse = parse
        self._is_between = is_between
        self._loop = asyncio.get_running_loop()
        self._data = b""
        self._at = 0
        self._owed = 0
        self._fed = b""
        self._is_paused = False

    def received(self, data: bytes, transport: asyncio.ReadTransport) -> None:
        """Bytes came. What exceeds a slice waits for its turn, and the peer meanwhile, so that order is kept.

        An event loop reads up to 256 KB at once: the first snapshots of all books, for one.
        """
        self._data = self._data[self._at :] + data
        self._at = 0
        if self._is_paused:
            return
        if len(self._data) <= SLICE_BYTES:
            self._take_in(SLICE_BYTES)
        else:
            self._is_paused = True
            transport.pause_reading()
            self._take_slice(transport)

    def take_rest(self) -> None:
        """Nothing more will come: take in what waits."""
        self._take_in(len(self._data))

    def joins_midway(self) -> None:
        """The library may hold a piece of a frame already, so it gets everything until it `found` one."""
        self._owed = _UNKNOWN

    def found(self, more: int) -> None:
        """The library found a frame in what it was given, and has so many bytes more, of the next one."""
        if more <= len(self._fed):
            size = _frame_bytes(self._fed, len(self._fed) - more) if more else 0
            if size >= more:
                self._owed = size - more

    def _take_slice(self, transport: asyncio.ReadTransport) -> None:
        """A slice each turn, and only then another read: uvloop reads in the turn that asks for it."""
        began_at = self._at
        self._take_in(SLICE_BYTES)
        if self._at > began_at:
            self._loop.call_soon(self._take_slice, transport)
        else:
            self._is_paused = False
            if not transport.is_closing():
                transport.resume_reading()

    def _take_in(self, most: int) -> None:
        until = min(self._at + most, len(self._data))
        while self._at < until:
            if not self._owed and self._is_between():
                self._take_whole(until)
            if self._at < until and not self._feed(until):
                return

    def _take_whole(self, until: int) -> None:
        """Take messages up to the first frame that is none, or that is not all there yet."""
        data, at, total = self._data, self._at, len(self._data)
        until = min(until, total - _HEAD_BYTES + 1)
        try:
            while at < until:
                head, size = _HEAD(data, at)
                if head == _LONG_TEXT and size >= _SIZE_IN_2:
                    begin = at + _HEAD_BYTES
                elif _TEXT <= head < _LONG_TEXT:
                    begin, size = at + 2, head - _TEXT
                else:
                    return
                end = begin + size
                if end > total:
                    return
                at = end
                self.take(data[begin:end])
        finally:
            self._at = at

    def _feed(self, until: int) -> bool:
        """Let the library have a frame, or what of it is here; False if that is less than its head."""
        at = self._at
        self._owed = self._owed or _frame_bytes(self._data, at)
        self._fed = self._data[at : min(at + self._owed, until)]
        self._at += len(self._fed)
        self._owed -= len(self._fed)
        if self._fed:
            self._parse(self._fed)
        return bool(self._fed)


def _frame_bytes(data: bytes, at: int) -> int:
    """How long the frame is that begins there, with its head (RFC 6455, 5.2); 0 if that is not here."""
    flags = data[at + 1] if len(data) > at + 1 else 0
    size, mask = flags & 0x7F, 4 if flags & 0x80 else 0
    begin = at + 2 + _BYTES_OF_SIZE.get(size, 0)
    if len(data) < begin:
        return 0
    if size >= _SIZE_IN_2:
        size = int.from_bytes(data[at + 2 : begin], "big")
    return begin - at + mask + size
