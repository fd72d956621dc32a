"""Order books: what a feed last proved, or nothing at all.

A book that may be wrong is invalid, and an invalid book has no prices.
"""

from __future__ import annotations

from collections.abc import Sequence

from valr_connector.model.events import BookInvalidated, TopOfBookChanged
from valr_connector.model.ids import Pair
from valr_connector.model.market import PriceLevel


class AggregatedBook:
    """The top 40 levels a side, replaced as a whole by every frame (protocol 18.1).

    Attributes:
        bids, asks: best first; empty while the book is invalid.
        is_valid: whether the levels may be used.
        sequence: VALR's number of the frame shown; None where it sent none.
    """

    def __init__(self, pair: Pair) -> None:
        self.pair = pair
        self.bids: Sequence[PriceLevel] = ()
        self.asks: Sequence[PriceLevel] = ()
        self.is_valid = False
        self.sequence: int | None = None

    @property
    def best_bid(self) -> PriceLevel | None:
        """Highest bid; None if the book is invalid or that side is empty."""
        return self.bids[0] if self.bids else None

    @property
    def best_ask(self) -> PriceLevel | None:
        """Lowest ask; None if the book is invalid or that side is empty."""
        return self.asks[0] if self.asks else None

    def replace(
        self, bids: Sequence[PriceLevel], asks: Sequence[PriceLevel], sequence: int | None
    ) -> TopOfBookChanged | BookInvalidated | None:
        """Take over a frame; None if it is older than the one shown or leaves the best prices alone."""
        if sequence is not None and self.sequence is not None and sequence < self.sequence:
            return None
        if bids and asks and bids[0].price >= asks[0].price:
            return self.invalidate(f"crossed: bid {bids[0].price} at or above ask {asks[0].price}")
        before = (self.is_valid, self.best_bid, self.best_ask)
        self.bids, self.asks, self.sequence, self.is_valid = bids, asks, sequence, True
        if before == (True, self.best_bid, self.best_ask):
            return None
        return TopOfBookChanged(self.pair, self.best_bid, self.best_ask)

    def invalidate(self, cause: str) -> BookInvalidated | None:
        """Forget everything, the sequence too (protocol 21, 23); None if it was invalid already."""
        was_valid = self.is_valid
        self.bids, self.asks, self.sequence, self.is_valid = (), (), None, False
        return BookInvalidated(self.pair, cause) if was_valid else None
