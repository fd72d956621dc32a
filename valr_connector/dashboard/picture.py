"""Everything that a dashboard shows, as plain data: no more objects of the connector, ready for JSON.

Numbers of money are text in plain notation, exact to the last digit. Ages are seconds at the moment of the
picture; moments are milliseconds of the wall clock, UTC.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Severity(StrEnum):
    """How much a line of the log matters: ordinary, worth a look, wrong."""

    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class PartView(Struct, frozen=True, gc=False):
    """One part that trading needs, and why it is not ready."""

    name: str
    ready: bool
    why_not: str


class StateView(Struct, frozen=True, gc=False):
    """A socket or a way to VALR, and where it stands."""

    name: str
    state: str


class Quote(Struct, frozen=True, gc=False):
    """One pair's prices at one moment; None where there is none.

    Attributes:
        own_bid, own_ask: best prices of this instance's own orders in flight.
    """

    at_ms: int
    mid: str | None
    own_bid: str | None
    own_ask: str | None


class PairView(Struct, frozen=True, gc=False):
    """One followed pair.

    Attributes:
        is_valid: whether its book may be used.
        age_s: since the last frame of its book; None while that is invalid.
    """

    pair: str
    bid: str | None
    ask: str | None
    is_valid: bool
    age_s: float | None
    quote: Quote


class OrderView(Struct, frozen=True, gc=False):
    """One order.

    Attributes:
        state: VALR's word on it.
        intent: our own request about it, in words; empty where none stands.
        is_unknown: whether the outcome of its placement is not known, and being asked for.
    """

    client_order_id: str
    exchange_order_id: str
    pair: str
    side: str
    order_type: str
    price: str | None
    amount: str | None
    executed: str
    state: str
    intent: str
    is_unknown: bool
    age_s: float
    reason: str


class FillView(Struct, frozen=True, gc=False):
    """One fill; `fee` with its currency, empty until VALR has said it."""

    at_ms: int
    pair: str
    side: str
    price: str
    amount: str
    fee: str
    liquidity: str
    client_order_id: str


class BalanceView(Struct, frozen=True, gc=False):
    """One wallet that holds anything."""

    currency: str
    available: str
    reserved: str
    total: str


class LatencyView(Struct, frozen=True, gc=False):
    """One series of durations; microseconds.

    Attributes:
        bars: its distribution, shortest first: a duration that is not exceeded, and how many there were up
            to it and beyond the one before. Four to each power of two; empty ones are left out.
    """

    name: str
    labels: str
    meaning: str
    count: int
    p50_us: float
    p90_us: float
    p99_us: float
    max_us: float
    bars: tuple[tuple[float, int], ...]


class FigureView(Struct, frozen=True, gc=False):
    """One counter or gauge."""

    name: str
    labels: str
    meaning: str
    value: float


class LimitView(Struct, frozen=True, gc=False):
    """How much of one of VALR's limits is in use; `period_s` seconds are one window."""

    name: str
    used: int
    limit: int
    period_s: int


class LogLine(Struct, frozen=True, gc=False):
    """Something that happened.

    Attributes:
        number: counts the lines, so that a reader knows which ones are new.
        client_order_id: of the order that it is about, else empty.
    """

    number: int
    at_ms: int
    severity: Severity
    text: str
    client_order_id: str = ""


class Picture(Struct, frozen=True, gc=False):
    """A running connector at one moment.

    Attributes:
        title: whom it talks to.
        failure: what stopped it for good; empty while it runs.
        is_closed: whether it was closed in good order.
        orders: in flight, oldest first.
        ended: the orders that ended last, newest first.
        fills, log: newest first.
        clock_offset_s: VALR's time minus this machine's.
    """

    at_ms: int
    title: str
    ready: bool
    failure: str
    is_closed: bool
    parts: tuple[PartView, ...]
    sockets: tuple[StateView, ...]
    circuits: tuple[StateView, ...]
    pairs: tuple[PairView, ...]
    orders: tuple[OrderView, ...]
    ended: tuple[OrderView, ...]
    fills: tuple[FillView, ...]
    balances: tuple[BalanceView, ...]
    latencies: tuple[LatencyView, ...]
    figures: tuple[FigureView, ...]
    limits: tuple[LimitView, ...]
    log: tuple[LogLine, ...]
    clock_offset_s: float
