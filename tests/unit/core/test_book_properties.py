"""What a book shows is a state that VALR had, or nothing (S7), whatever becomes of its frames on their way.

VALR is a dictionary of exact prices here. Frames get lost, come twice, late, or with a wrong checksum;
snapshots come in between; the connection is in doubt or gone at any time.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Final, Protocol

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from tests.unit.core import book_wire as wire
from valr_connector.core.order_book import OrderBook
from valr_connector.model.enums import BookFeed
from valr_connector.model.ids import Pair
from valr_connector.model.market import PriceLevel
from valr_connector.protocol.book_frames import NumberedBookFrame
from valr_connector.protocol.frames import BookFrame

Change = tuple[bool, Decimal, int, str]
"""Of the bids or not, price, one of a few orders, what is left of it as VALR writes it."""
Shown = tuple[list[PriceLevel], list[PriceLevel]]

SPELLINGS: Final[Sequence[Callable[[Decimal], str]]] = (
    lambda price: f"{price:f}",
    lambda price: f"{price:E}",
    lambda price: f"00{price:f}",
    lambda price: f"{price:f}0" if "." in f"{price:f}" else f"{price:f}.00",
)


class Levels:
    """Price levels: each change names a whole level, in digits of its own."""

    feed = BookFeed.L1_DIFF

    def __init__(self) -> None:
        self.sequence = 7
        self._sides: tuple[dict[Decimal, wire.Level], ...] = ({}, {})
        self._changes = 0

    def change(self, changes: Sequence[Change]) -> BookFrame:
        told: tuple[list[wire.Level], list[wire.Level]] = ([], [])
        for is_bid, price, _, left in changes:
            self._changes += 1
            level = (SPELLINGS[self._changes % len(SPELLINGS)](price), left)
            told[not is_bid].append(level)
            self._sides[not is_bid].pop(price, None)
            if Decimal(left):
                self._sides[not is_bid][price] = level
        self.sequence += 1
        return wire.diff(*told, self.sequence, wire.levels_crc(*self._best_first()))

    def snapshot(self) -> BookFrame:
        return wire.snapshot(*self._best_first(), self.sequence)

    def shown(self) -> Shown:
        bids, asks = ([PriceLevel(Decimal(p), Decimal(q)) for p, q in side] for side in self._best_first())
        return bids, asks

    def _best_first(self) -> tuple[list[wire.Level], list[wire.Level]]:
        bids, asks = self._sides
        return [bids[price] for price in sorted(bids, reverse=True)], [asks[price] for price in sorted(asks)]


class Queues:
    """Orders at prices: each change names an order, and raises the number by one."""

    feed = BookFeed.FULL

    def __init__(self) -> None:
        self.sequence = 1_000
        self._sides: tuple[dict[Decimal, dict[str, str]], ...] = ({}, {})

    def change(self, changes: Sequence[Change]) -> BookFrame:
        told: tuple[list[wire.Orders], list[wire.Orders]] = ([], [])
        for is_bid, price, order, left in changes:
            name = f"{price}-{order}-{is_bid}"
            told[not is_bid].append((SPELLINGS[order % len(SPELLINGS)](price), [(name, left)]))
            queue = self._sides[not is_bid].setdefault(price, {})
            queue[name] = left
            if not Decimal(left):
                del queue[name]
            if not queue:
                del self._sides[not is_bid][price]
        self.sequence += len(changes)
        return wire.full_update(*told, self.sequence, wire.orders_crc(*self._best_first()))

    def snapshot(self) -> BookFrame:
        return wire.full_snapshot(*self._best_first(), self.sequence)

    def shown(self) -> Shown:
        bids, asks = (
            [
                PriceLevel(Decimal(price), sum((Decimal(left) for _, left in orders), Decimal(0)))
                for price, orders in side
            ]
            for side in self._best_first()
        )
        return bids, asks

    def _best_first(self) -> tuple[list[wire.Orders], list[wire.Orders]]:
        bids, asks = self._sides
        return (
            [(str(price), list(bids[price].items())) for price in sorted(bids, reverse=True)],
            [(str(price), list(asks[price].items())) for price in sorted(asks)],
        )


class Venue(Protocol):
    """What VALR does for one feed."""

    feed: BookFeed
    sequence: int

    def change(self, changes: Sequence[Change]) -> BookFrame: ...
    def snapshot(self) -> BookFrame: ...
    def shown(self) -> Shown: ...


DEEP: Final[Sequence[Change]] = [
    change
    for level in range(1, 31)
    for change in ((True, Decimal(level) / 100, 0, "2"), (False, Decimal(level + 100), 0, "2.50"))
]
"""More levels than checksums cover."""

near = st.builds(
    operator.add, st.integers(1, 3), st.sampled_from([Decimal(0), Decimal("1E-8"), Decimal("1E-18")])
)
bids = near | near.map(lambda price: price + 2) | st.integers(1, 5).map(lambda level: Decimal(level) / 100)
asks = (
    near.map(lambda price: price + 5) | near.map(lambda price: price + 2) | st.integers(126, 130).map(Decimal)
)
"""The best prices, some that cross those of the other side, and the worst ones of a deep book."""
left = st.sampled_from(["0", "0.00", "1", "1.0", "0.30"])
changes = st.lists(
    st.tuples(st.just(True), bids, st.integers(0, 2), left)
    | st.tuples(st.just(False), asks, st.integers(0, 2), left),
    max_size=3,
)
steps = st.lists(
    st.tuples(
        changes | st.none(),  # none: a snapshot
        st.sampled_from(["arrives"] * 4 + ["is lost", "comes twice", "comes late", "is spoilt"]),
        st.sampled_from([""] * 12 + ["doubt", "trust", "disconnect"]),
    ),
    min_size=10,
    max_size=30,
)


def is_crossed(shown: Shown) -> bool:
    bids, asks = shown
    return bool(bids and asks) and bids[0].price >= asks[0].price


def spoilt(frame: BookFrame) -> BookFrame:
    """The frame with another checksum than VALR's."""
    assert isinstance(frame, NumberedBookFrame)
    return replace(frame, data=replace(frame.data, checksum=frame.data.checksum ^ 1))


@settings(max_examples=100)
@pytest.mark.parametrize("make", [Levels, Queues])
@given(story=steps, is_deep=st.booleans())
def test_a_book_shows_a_state_that_valr_had_or_nothing_and_is_back_with_the_next_snapshot(
    make: type[Levels | Queues], story: Sequence[tuple[Sequence[Change] | None, str, str]], is_deep: bool
) -> None:
    venue: Venue = make()
    if is_deep:
        venue.change(DEEP)
    book = OrderBook(Pair("BTC-ZAR"), venue.feed)
    had = {venue.sequence: venue.shown()}
    late: list[BookFrame] = []
    is_doubted = False

    def take(frame: BookFrame) -> None:
        before = book.sequence if book.is_valid else None
        book.take(frame, 1)
        if book.is_valid:
            assert book.sequence is not None
            assert before is None or book.sequence >= before
            bids, asks = had[book.sequence]
            assert (list(book.bids), list(book.asks)) == (bids, asks)
            assert (book.best_bid, book.best_ask) == (bids[0] if bids else None, asks[0] if asks else None)
            assert not is_crossed((bids, asks))
            assert not is_doubted

    take(venue.snapshot())
    for what, way, then in story:
        frame = venue.snapshot() if what is None else venue.change(what)
        had[venue.sequence] = venue.shown()
        came, late = late, [frame] if way == "comes late" else []
        match way:
            case "arrives":
                take(frame)
            case "comes twice":
                take(frame)
                take(frame)
            case "is spoilt":
                take(spoilt(frame))
                assert not book.is_valid
        for each in came:
            take(each)
        match then:
            case "doubt":
                book.suspend("nobody answers")
                is_doubted = True
            case "trust":
                book.resume()
                is_doubted = False
            case "disconnect":
                book.invalidate("lost")
                late.clear()
    book.resume()
    is_doubted = False
    take(venue.snapshot())
    assert book.is_valid is not is_crossed(venue.shown())
