"""A book of price levels, changed frame by frame and checked each time (protocol 18.3).

The content of a book only; whether it may be used is for :mod:`valr_connector.core.order_book` to know.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from zlib import crc32

from valr_connector.core.sorted_levels import CHECKED_DEPTH, SortedLevels, crossing
from valr_connector.protocol.book_frames import ObL1DiffFrame, ObL1SnapshotFrame

REPEATED: Final = "repeated"
"""What is wrong with a change that says again what was said last: nothing, and it changed nothing."""


class LevelBook:
    """Both sides by price.

    Attributes:
        sequence: VALR's number of the state; None before the first snapshot.
        changed_at_ms: VALR's time of the last change; None where it gave none.
        best_bid, best_ask: ``price:amount``; "" where there is none.
        checksum: unsigned CRC32 over the best 25 levels a side, bid and ask in turn.
    """

    def __init__(self) -> None:
        self.sequence: int | None = None
        self.changed_at_ms: int | None = None
        self.best_bid = ""
        self.best_ask = ""
        self.checksum = 0
        self._bids = SortedLevels(is_bid=True)
        self._asks = SortedLevels(is_bid=False)
        self._top_bids: Sequence[str] = ()
        self._top_asks: Sequence[str] = ()

    def bids(self) -> tuple[str, ...]:
        """``price:amount`` of every bid, best first."""
        return self._bids.best_first()

    def asks(self) -> tuple[str, ...]:
        """``price:amount`` of every ask, best first."""
        return self._asks.best_first()

    def clear(self) -> None:
        """Forget everything, the sequence too (protocol 21, 23)."""
        self.sequence = self.changed_at_ms = None
        self._bids.clear()
        self._asks.clear()

    def snapshot(self, frame: ObL1SnapshotFrame) -> str:
        """Take over a whole book; returns what is wrong with it in words, or ""."""
        data = frame.data
        self._bids.replace(data.bids)
        self._asks.replace(data.asks)
        self._top_bids, self._top_asks = self._bids.top(CHECKED_DEPTH), self._asks.top(CHECKED_DEPTH)
        self.sequence, self.changed_at_ms = data.sequence, data.last_change_ms
        return self._summarise(data.checksum)

    def diff(self, frame: ObL1DiffFrame) -> str:
        """Take over what changed since the last number; returns what is wrong with it in words, or "".

        A content with which anything is wrong is of no use any more; but for one thing: a frame with the last
        number and checksum once more is `REPEATED`. Any other number is a gap, older ones too, for VALR may
        have begun to count anew (protocol 18.3, 21).
        """
        data = frame.data
        if data.sequence - 1 != self.sequence:
            if data.sequence == self.sequence and data.checksum == self.checksum:
                return REPEATED
            return f"sequence {data.sequence} after {self.sequence}"
        self.sequence, self.changed_at_ms = data.sequence, data.last_change_ms
        is_same = True
        if data.bids and self._bids.update(data.bids):
            self._top_bids = self._bids.top(CHECKED_DEPTH)
            is_same = False
        if data.asks and self._asks.update(data.asks):
            self._top_asks = self._asks.top(CHECKED_DEPTH)
            is_same = False
        return "" if is_same and data.checksum == self.checksum else self._summarise(data.checksum)

    def _summarise(self, theirs: int) -> str:
        """After a change among the best levels; returns what is wrong in words, or ""."""
        bids, asks = self._top_bids, self._top_asks
        self.best_bid = bids[0] if bids else ""
        self.best_ask = asks[0] if asks else ""
        ours = self.checksum = checksum(bids, asks)
        if ours != theirs:
            return f"checksum {ours} where VALR has {theirs}"
        return crossing(self._bids, self._asks)


def checksum(bids: Sequence[str], asks: Sequence[str]) -> int:
    """Unsigned CRC32 of texts, best first, bid and ask in turn; a shorter side's turns are left out."""
    both = min(len(bids), len(asks))
    turns = [""] * (2 * both)
    if len(bids) == len(asks):
        turns[0::2] = bids
        turns[1::2] = asks
    else:
        turns[0::2] = bids[:both]
        turns[1::2] = asks[:both]
        turns += bids[both:] or asks[both:]
    return crc32(":".join(turns).encode())
