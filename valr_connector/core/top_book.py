"""A book that every frame replaces as a whole: the best levels, and no more (protocol 18.1, 18.4)."""

from __future__ import annotations

from valr_connector.core.sorted_levels import SortedLevels, crossing
from valr_connector.protocol.book_frames import AggregatedOrderbookUpdateFrame, ObL1DepthFrame


class TopBook:
    """The levels of the last frame.

    Attributes:
        sequence: VALR's number of it; None where it has none.
        changed_at_ms: VALR's time of the last change; None where it gave none.
    """

    def __init__(self) -> None:
        self.sequence: int | None = None
        self.changed_at_ms: int | None = None
        self._bids = SortedLevels(is_bid=True)
        self._asks = SortedLevels(is_bid=False)

    @property
    def best_bid(self) -> str:
        """``price:amount``; "" where there is none."""
        return self._bids.best

    @property
    def best_ask(self) -> str:
        """``price:amount``; "" where there is none."""
        return self._asks.best

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

    def snapshot(self, frame: AggregatedOrderbookUpdateFrame | ObL1DepthFrame) -> str:
        """Take over a frame; returns what is wrong with it in words, or ""."""
        self._bids.replace(frame.bids)
        self._asks.replace(frame.asks)
        self.sequence, self.changed_at_ms = frame.sequence, frame.last_change_ms
        return crossing(self._bids, self._asks)
