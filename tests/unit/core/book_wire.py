"""Frames of books, made from the protocol: as bytes, with checksums of their own reckoning (18.2, 18.3)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain, zip_longest
from typing import Any
from zlib import crc32

import orjson

from valr_connector.protocol import frames as f

Level = tuple[str, str]
Orders = tuple[str, Sequence[tuple[str, str]]]
"""A price, and (order id, quantity) in time priority."""

SYMBOL = "BTCZAR"


def crc(bids: Sequence[str], asks: Sequence[str]) -> int:
    """CRC32 of the first 25 texts of each side, in turn."""
    turns = chain.from_iterable(zip_longest(bids[:25], asks[:25]))
    return crc32(":".join(text for text in turns if text is not None).encode())


def levels_crc(bids: Sequence[Level], asks: Sequence[Level]) -> int:
    return crc([":".join(level) for level in bids], [":".join(level) for level in asks])


def orders_crc(bids: Sequence[Orders], asks: Sequence[Orders]) -> int:
    texts = [[f"{id_}:{left}" for _, orders in side for id_, left in orders] for side in (bids, asks)]
    return crc(*texts)


def snapshot(
    bids: Sequence[Level],
    asks: Sequence[Level],
    sequence: int = 1,
    checksum: int | None = None,
    at: int | None = None,
) -> f.ObL1SnapshotFrame:
    """OB_L1_SNAPSHOT, best first; its checksum is right unless given."""
    checked = levels_crc(bids, asks) if checksum is None else checksum
    frame = _l1("OB_L1_SNAPSHOT", bids, asks, sq=sequence, cs=checked, lc=at)
    assert isinstance(frame, f.ObL1SnapshotFrame)
    return frame


def diff(
    bids: Sequence[Level], asks: Sequence[Level], sequence: int, checksum: int, at: int = 1_790_000_000_000
) -> f.ObL1DiffFrame:
    """OB_L1_DIFF."""
    frame = _l1("OB_L1_DIFF", bids, asks, sq=sequence, cs=checksum, lc=at)
    assert isinstance(frame, f.ObL1DiffFrame)
    return frame


def depth(bids: Sequence[Level], asks: Sequence[Level], levels: int = 5) -> f.BookFrame:
    """OB_L1_D{n}_SNAPSHOT."""
    frame = _l1(f"OB_L1_D{levels}_SNAPSHOT", bids, asks)
    assert isinstance(frame, f.BookFrame)
    return frame


def aggregated(
    bids: Sequence[Level], asks: Sequence[Level], **fields: object
) -> f.AggregatedOrderbookUpdateFrame:
    """AGGREGATED_ORDERBOOK_UPDATE; `fields` go into the data."""
    data: dict[str, Any] = {
        name: [{"price": price, "quantity": amount} for price, amount in side]
        for name, side in (("Bids", bids), ("Asks", asks))
    }
    frame = decoded(
        {"type": "AGGREGATED_ORDERBOOK_UPDATE", "currencyPairSymbol": SYMBOL, "data": data | fields}
    )
    assert isinstance(frame, f.AggregatedOrderbookUpdateFrame)
    return frame


def full_snapshot(
    bids: Sequence[Orders],
    asks: Sequence[Orders],
    sequence: int = 1000,
    checksum: int | None = None,
    at: int = 1_790_000_000_000,
) -> f.FullOrderbookSnapshotFrame:
    """FULL_ORDERBOOK_SNAPSHOT, best first; its checksum is right unless given."""
    checked = orders_crc(bids, asks) if checksum is None else checksum
    frame = _full("FULL_ORDERBOOK_SNAPSHOT", bids, asks, sequence, checked, at)
    assert isinstance(frame, f.FullOrderbookSnapshotFrame)
    return frame


def full_update(
    bids: Sequence[Orders], asks: Sequence[Orders], sequence: int, checksum: int
) -> f.FullOrderbookUpdateFrame:
    """FULL_ORDERBOOK_UPDATE."""
    frame = _full("FULL_ORDERBOOK_UPDATE", bids, asks, sequence, checksum, 1_790_000_000_000)
    assert isinstance(frame, f.FullOrderbookUpdateFrame)
    return frame


def decoded(content: dict[str, Any]) -> object:
    """The frame that these bytes are."""
    return f.decode_trade_frame(orjson.dumps(content))


def _l1(kind: str, bids: Sequence[Level], asks: Sequence[Level], **fields: int | None) -> object:
    return decoded({"type": kind, "ps": SYMBOL, "d": {"a": asks, "b": bids, **fields}})


def _full(
    kind: str, bids: Sequence[Orders], asks: Sequence[Orders], sequence: int, checksum: int, at: int
) -> object:
    sides = {
        name: [
            {"Price": price, "Orders": [{"orderId": id_, "quantity": left} for id_, left in orders]}
            for price, orders in side
        ]
        for name, side in (("Asks", asks), ("Bids", bids))
    }
    data = {"LastChange": at, "SequenceNumber": sequence, "Checksum": checksum}
    return decoded({"type": kind, "currencyPairSymbol": SYMBOL, "data": data | sides})
