"""The records of the order log, and the line that each of them is.

Three kinds tell all of it. `Placing` is an order's terms, written before anything is sent. `Known` is all
that is known of its state, whole, so that the last one counts and none depends on another. `Filled` is one
fill; the same trade again amends it.

A line is JSON, with the version of the format and a checksum around the record::

    {"v":1,"crc":"0d4a1185","record":{"is":"placing","order":"vc-1","at":1760000000000000000,...}}
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Final
from zlib import crc32

import msgspec
from msgspec import Raw, Struct

from valr_connector.model.enums import Liquidity, OrderStatus, OrderType, Side, TimeInForce
from valr_connector.model.ids import ClientOrderId, ExchangeOrderId, Pair, Symbol, TradeId
from valr_connector.model.order import Fee

VERSION: Final = 1
"""Of the format; a reader takes no other."""


class _Record(
    Struct,
    tag_field="is",
    frozen=True,
    gc=False,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
):
    order: ClientOrderId


class Placing(_Record, tag="placing", frozen=True, gc=False, kw_only=True):
    """An order is about to be sent. `at` is this machine's time, nanoseconds since 1970."""

    at: int
    pair: Pair
    symbol: Symbol
    side: Side
    order_type: OrderType
    time_in_force: TimeInForce = TimeInForce.GTC
    post_only: bool = False
    price: Decimal | None = None
    amount: Decimal | None = None
    quote_amount: Decimal | None = None
    stop_price: Decimal | None = None


class Known(_Record, tag="known", frozen=True, gc=False, kw_only=True):
    """All that is known of an order's state, its fills apart; fields as in `OrderRecord`."""

    exchange_order_id: ExchangeOrderId | None = None
    status: OrderStatus = OrderStatus.PENDING_CREATE
    price: Decimal | None = None
    amount: Decimal | None = None
    reported_executed: Decimal = Decimal(0)
    was_created: bool = False
    was_modified: bool = False
    terms_at: datetime | None = None
    failure_reason: str = ""
    updated_at: datetime | None = None
    ended_at: datetime | None = None
    ending_in_doubt: bool = False
    adopted_at: datetime | None = None
    executed_before: Decimal = Decimal(0)


class Filled(_Record, tag="filled", frozen=True, gc=False, kw_only=True):
    """One fill; the same trade again amends it."""

    trade: TradeId
    price: Decimal
    amount: Decimal
    fee: Fee | None = None
    liquidity: Liquidity = Liquidity.UNKNOWN
    at: datetime


Record = Placing | Known | Filled

# --- the line --------------------------------------------------------------------------------------


class _Line(Struct, forbid_unknown_fields=True):
    v: int
    crc: str
    record: Raw


_encoder: Final = msgspec.json.Encoder()
_line_decoder: Final[msgspec.json.Decoder[_Line]] = msgspec.json.Decoder(_Line)
_record_decoder: Final[msgspec.json.Decoder[Record]] = msgspec.json.Decoder(Record)


def encode(record: Record) -> bytes:
    """The line of a record, with its end."""
    return _line(_encoder.encode(record))


def decode(line: bytes) -> Record:
    """The record of a line.

    Raises:
        ValueError: it is not exactly what `encode` writes; says what is wrong with it.
    """
    try:
        read = _line_decoder.decode(line)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise ValueError("it is no record of an order") from None
    if read.v != VERSION:
        raise ValueError(f"it is of version {read.v}, this library reads version {VERSION}")
    if _line(bytes(read.record)) != line:
        raise ValueError("its checksum does not fit")
    try:
        return _record_decoder.decode(read.record)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"it has a record that nobody knows: {error}") from None


def _line(record: bytes) -> bytes:
    return b'{"v":%d,"crc":"%08x","record":%b}\n' % (VERSION, crc32(record), record)
