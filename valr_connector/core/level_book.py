"""A book of price levels, changed frame by frame and checked each time (protocol 18.3).

The content of a book only; whether it may be used is for :mod:`valr_connector.core.order_book` to know.
"""

from __future__ import annotations

from collections.abc import Sequence
from zlib import crc32

from valr_connector.core.sorted_levels import CHECKED_DEPTH, SortedLevels, crossing
from valr_connector.protocol.book_frames import ObL1DiffFrame, ObL1SnapshotFrame


class LevelBook:
    """Both sides by price.

    Attributes:
        sequence: VALR's number of the state; None before the first snapshot.
        changed_at_ms: VALR's time of the last change; None where it gave none.
    """

    def __init__(self) -> None:
        self.sequence: int | None = None
        self.changed_at_ms: int | None = None
        self._bids = SortedLevels(is_bid=True)
        self._asks = SortedLevels(is_bid=False)
        self._checksum: int | None = None

    @property
    def best_bid(self) -> str:
        """``price:amount``; "" where there is none."""
        return self._bids.best

    @property
    def best_ask(self) -> str:
        """``price:amount``; "" where there is none."""
        return self._asks.best

    @property
    def checksum(self) -> int:
        """Unsigned CRC32 over the best 25 levels a side, bid and ask in turn."""
        if self._checksum is None:
            self._checksum = checksum(self._bids.top(CHECKED_DEPTH), self._asks.top(CHECKED_DEPTH))
        return self._checksum

    def bids(self) -> tuple[str, ...]:
        """``price:amount`` of every bid, best first."""
        return self._bids.best_first()

    def asks(self) -> tuple[str, ...]:
        """``price:amount`` of every ask, best first."""
        return self._asks.best_first()

    def clear(self) -> None:
        """Forget everything, the sequence too (protocol 21, 23)."""
        self.sequence = self.changed_at_ms = self._checksum = None
        self._bids.clear()
        self._asks.clear()

    def snapshot(self, frame: ObL1SnapshotFrame) -> str:
        """Take over a whole book; returns what is wrong with it in words, or ""."""
        data = frame.data
        self._bids.replace(data.bids)
        self._asks.replace(data.asks)
        self.sequence, self.changed_at_ms, self._checksum = data.sequence, data.last_change_ms, None
        return self._mismatch(data.checksum) or crossing(self._bids, self._asks)

    def diff(self, frame: ObL1DiffFrame) -> str:
        """Take over what changed since the last number; returns what is wrong with it in words, or "".

        A content with which anything is wrong is of no use any more.
        """
        data = frame.data
        if self.sequence is None or data.sequence != self.sequence + 1:
            return f"sequence {data.sequence} after {self.sequence}"
        self.sequence, self.changed_at_ms = data.sequence, data.last_change_ms
        is_checked = self._bids.update(data.bids)
        if self._asks.update(data.asks) or is_checked:
            self._checksum = None
        return self._mismatch(data.checksum) or crossing(self._bids, self._asks)

    def _mismatch(self, theirs: int) -> str:
        ours = self.checksum
        return "" if ours == theirs else f"checksum {ours} where VALR has {theirs}"


def checksum(bids: Sequence[str], asks: Sequence[str]) -> int:
    """Unsigned CRC32 of texts, best first, bid and ask in turn; a shorter side's turns are left out."""
    both = min(len(bids), len(asks))
    turns = [""] * (2 * both)
    turns[0::2] = bids[:both]
    turns[1::2] = asks[:both]
    turns += bids[both:]
    turns += asks[both:]
    return crc32(":".join(turns).encode())
