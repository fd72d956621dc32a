"""Order books of the trade socket (protocol 18).

Prices and quantities stay wire text: checksums are made from the text as received (protocol 18.5).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import NoReturn

from msgspec import Struct, field

from valr_connector.errors import DecodeError
from valr_connector.model.ids import Symbol
from valr_connector.protocol.codec import (
    HotDecimalText,
    WireNumberError,
    are_decimals,
    is_decimal,
    parse_time,
    wire_name,
)

LevelText = tuple[HotDecimalText, HotDecimalText]
"""(price, quantity) as received."""


def check_levels(asks: list[LevelText], bids: list[LevelText], names: tuple[str, str]) -> None:
    """Check the numbers of both sides of a book, all at once.

    Args:
        asks, bids: the levels.
        names: what VALR calls the two sides.

    Raises:
        WireNumberError: one of them is no number.
    """
    texts: list[str] = []
    for level in asks:
        texts += level
    for level in bids:
        texts += level
    if texts and not are_decimals(",".join(texts) + ",", len(texts)):
        _refuse_level(zip(names, (asks, bids), strict=True))


def _refuse_level(sides: Iterable[tuple[str, list[LevelText]]]) -> NoReturn:
    path, text = next(
        (f"{side}[{row}].{part}", text)
        for side, levels in sides
        for row, level in enumerate(levels)
        for part, text in zip(("price", "quantity"), level, strict=True)
        if not is_decimal(text)
    )
    raise WireNumberError(path, text)


def milliseconds_of(time: str | int | None) -> int | None:
    """Milliseconds since 1970 of a time of the last change, which VALR writes as a number or as text.

    None where it is absent or no time; a book does not depend on it.
    """
    if not isinstance(time, str):
        return time
    try:
        return round(parse_time(time).timestamp() * 1_000)
    except DecodeError:
        return None


class AggregatedLevel(Struct, rename=wire_name, frozen=True, gc=False):
    """One price of an aggregated book."""

    price_text: HotDecimalText
    quantity_text: HotDecimalText
    order_count: int | None = None


class AggregatedBook(Struct, frozen=True, gc=False):
    """The top 40 of each side, best first; keys are capitalised or not (protocol 18.1)."""

    upper_asks: list[AggregatedLevel] | None = field(name="Asks", default=None)
    upper_bids: list[AggregatedLevel] | None = field(name="Bids", default=None)
    lower_asks: list[AggregatedLevel] | None = field(name="asks", default=None)
    lower_bids: list[AggregatedLevel] | None = field(name="bids", default=None)
    last_change: str | int | None = field(name="LastChange", default=None)
    sequence_number: int | None = field(name="SequenceNumber", default=None)

    def __post_init__(self) -> None:
        has_asks = self.upper_asks is not None or self.lower_asks is not None
        has_bids = self.upper_bids is not None or self.lower_bids is not None
        if not (has_asks and has_bids):
            raise ValueError("lacks a side")
        check_levels(self.asks, self.bids, ("Asks", "Bids"))

    @property
    def asks(self) -> list[LevelText]:
        """(price, quantity), best first."""
        return [(level.price_text, level.quantity_text) for level in self.upper_asks or self.lower_asks or ()]

    @property
    def bids(self) -> list[LevelText]:
        """(price, quantity), best first."""
        return [(level.price_text, level.quantity_text) for level in self.upper_bids or self.lower_bids or ()]


class AggregatedOrderbookUpdateFrame(Struct, tag="AGGREGATED_ORDERBOOK_UPDATE", frozen=True, gc=False):
    """A complete top 40: replaces the book, never merges (protocol 18.1)."""

    pair_symbol: Symbol = field(name="currencyPairSymbol")
    data: AggregatedBook
    outer_last_change: str | int | None = field(name="LastChange", default=None)
    outer_sequence: int | None = field(name="SequenceNumber", default=None)

    @property
    def asks(self) -> list[LevelText]:
        """(price, quantity), best first."""
        return self.data.asks

    @property
    def bids(self) -> list[LevelText]:
        """(price, quantity), best first."""
        return self.data.bids

    @property
    def sequence(self) -> int | None:
        """Rises, with gaps; None in old shapes."""
        return self.data.sequence_number if self.data.sequence_number is not None else self.outer_sequence

    @property
    def last_change_ms(self) -> int | None:
        """VALR's time, milliseconds since 1970; None where it gave none, or none that can be read."""
        last = self.data.last_change if self.data.last_change is not None else self.outer_last_change
        return milliseconds_of(last)


class FullOrder(Struct, rename=wire_name, frozen=True, gc=False):
    """One order of a full book; "0" removes it."""

    order_id: str
    quantity_text: HotDecimalText


class FullLevel(Struct, frozen=True, gc=False):
    """The orders at one price, in time priority."""

    price_text: HotDecimalText = field(name="Price")
    orders: list[FullOrder] = field(name="Orders")


def _check_orders(side: str, levels: list[FullLevel]) -> None:
    texts = [level.price_text for level in levels]
    texts += [order.quantity_text for level in levels for order in level.orders]
    if not are_decimals("".join([f"{text}," for text in texts]), len(texts)):
        _refuse_order(side, levels)


def _refuse_order(side: str, levels: list[FullLevel]) -> NoReturn:
    named = [(f"[{row}].Price", level.price_text) for row, level in enumerate(levels)]
    named += [
        (f"[{row}].Orders[{place}].quantity", order.quantity_text)
        for row, level in enumerate(levels)
        for place, order in enumerate(level.orders)
    ]
    path, text = next((path, text) for path, text in named if not is_decimal(text))
    raise WireNumberError(side + path, text)


class FullBook(Struct, frozen=True, gc=False):
    """A full book, or what changed in it (protocol 18.2)."""

    asks: list[FullLevel] = field(name="Asks")
    bids: list[FullLevel] = field(name="Bids")
    sequence: int = field(name="SequenceNumber")
    checksum: int = field(name="Checksum")
    last_change: str | int | None = field(name="LastChange", default=None)

    def __post_init__(self) -> None:
        _check_orders("Asks", self.asks)
        _check_orders("Bids", self.bids)

    @property
    def last_change_ms(self) -> int | None:
        """VALR's time, milliseconds since 1970; None where it gave none, or none that can be read."""
        return milliseconds_of(self.last_change)

    @property
    def entry_count(self) -> int:
        """Number of order entries: by so much an update raises the sequence (protocol 18.2)."""
        return sum(len(level.orders) for level in self.asks) + sum(len(level.orders) for level in self.bids)


class NumberedBookFrame(Struct, frozen=True, gc=False):
    """A book whose states VALR numbers, or what changed in it."""

    pair_symbol: Symbol
    data: FullBook | L1Book

    @property
    def sequence(self) -> int:
        """VALR's number of the state."""
        return self.data.sequence

    @property
    def last_change_ms(self) -> int | None:
        """VALR's time, milliseconds since 1970; None where it gave none, or none that can be read."""
        return self.data.last_change_ms


class FullOrderbookFrame(NumberedBookFrame, frozen=True, gc=False):
    """What snapshot and update share."""

    pair_symbol: Symbol = field(name="currencyPairSymbol")
    data: FullBook


class FullOrderbookSnapshotFrame(FullOrderbookFrame, tag="FULL_ORDERBOOK_SNAPSHOT", frozen=True, gc=False):
    """The whole book, order by order."""


class FullOrderbookUpdateFrame(FullOrderbookFrame, tag="FULL_ORDERBOOK_UPDATE", frozen=True, gc=False):
    """The orders that changed."""


class L1Book(Struct, frozen=True, gc=False):
    """Price levels with sequence and checksum (protocol 18.3)."""

    asks: list[LevelText] = field(name="a")
    bids: list[LevelText] = field(name="b")
    sequence: int = field(name="sq")
    checksum: int = field(name="cs")
    last_change_ms: int | None = field(name="lc", default=None)

    def __post_init__(self) -> None:
        check_levels(self.asks, self.bids, ("a", "b"))


class ObL1Frame(NumberedBookFrame, frozen=True, gc=False):
    """What snapshot and diff share."""

    pair_symbol: Symbol = field(name="ps")
    data: L1Book = field(name="d")


class ObL1SnapshotFrame(ObL1Frame, tag="OB_L1_SNAPSHOT", frozen=True, gc=False):
    """All price levels, best first."""


class ObL1DiffFrame(ObL1Frame, tag="OB_L1_DIFF", frozen=True, gc=False):
    """The levels that changed: "0" removes one, otherwise the new quantity. Sequence is the previous + 1."""


class L1Depth(Struct, frozen=True, gc=False):
    """The best levels of each side, without sequence and checksum (protocol 18.4)."""

    asks: list[LevelText] = field(name="a")
    bids: list[LevelText] = field(name="b")
    last_change_ms: int | None = field(name="lc", default=None)

    def __post_init__(self) -> None:
        check_levels(self.asks, self.bids, ("a", "b"))


class ObL1DepthFrame(Struct, frozen=True, gc=False):
    """What the snapshots of all depths share; each replaces the book."""

    pair_symbol: Symbol = field(name="ps")
    data: L1Depth = field(name="d")

    @property
    def asks(self) -> list[LevelText]:
        """(price, quantity), best first."""
        return self.data.asks

    @property
    def bids(self) -> list[LevelText]:
        """(price, quantity), best first."""
        return self.data.bids

    @property
    def sequence(self) -> None:
        """This feed has none (protocol 18.4)."""
        return None

    @property
    def last_change_ms(self) -> int | None:
        """VALR's time, milliseconds since 1970; None where it gave none."""
        return self.data.last_change_ms


class ObL1D1SnapshotFrame(ObL1DepthFrame, tag="OB_L1_D1_SNAPSHOT", frozen=True, gc=False):
    """The best price of each side."""


class ObL1D5SnapshotFrame(ObL1DepthFrame, tag="OB_L1_D5_SNAPSHOT", frozen=True, gc=False):
    """The best 5."""


class ObL1D10SnapshotFrame(ObL1DepthFrame, tag="OB_L1_D10_SNAPSHOT", frozen=True, gc=False):
    """The best 10."""


class ObL1D20SnapshotFrame(ObL1DepthFrame, tag="OB_L1_D20_SNAPSHOT", frozen=True, gc=False):
    """The best 20."""


class ObL1D40SnapshotFrame(ObL1DepthFrame, tag="OB_L1_D40_SNAPSHOT", frozen=True, gc=False):
    """The best 40."""


class ObL1D60SnapshotFrame(ObL1DepthFrame, tag="OB_L1_D60_SNAPSHOT", frozen=True, gc=False):
    """The best 60; one source lists it instead of D5 (protocol 17)."""


class ObL1D80SnapshotFrame(ObL1DepthFrame, tag="OB_L1_D80_SNAPSHOT", frozen=True, gc=False):
    """The best 80."""


BookFrame = (
    AggregatedOrderbookUpdateFrame
    | FullOrderbookSnapshotFrame
    | FullOrderbookUpdateFrame
    | ObL1SnapshotFrame
    | ObL1DiffFrame
    | ObL1D1SnapshotFrame
    | ObL1D5SnapshotFrame
    | ObL1D10SnapshotFrame
    | ObL1D20SnapshotFrame
    | ObL1D40SnapshotFrame
    | ObL1D60SnapshotFrame
    | ObL1D80SnapshotFrame
)
