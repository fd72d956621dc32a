"""How the embedded exchange behaves where the protocol leaves a choice, and how slow it is.

Seconds are those of the event loop, so that a loop with virtual time makes them free. Wall time comes from
the exchange's clock alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from decimal import Decimal
from functools import lru_cache
from random import Random
from typing import Literal

from valr_connector.simulator.pairs import DEFAULT_PAIRS
from valr_connector.simulator.vocabulary import SIMPLE_PERCENT, PairSpec

FailureFrames = Literal["processed", "failed_order", "both"]
FinishedOrderStatus = Literal["terminal", "not_found", "invalid"]
ErrorReplies = Literal["error", "invalid"]
AuthenticationFailure = Literal["http", "frame"]
RateLimitedBody = Literal["html", "json", "empty"]


@dataclass(frozen=True, slots=True)
class Latency:
    """A constant plus a jitter that is drawn evenly from 0 to `jitter_s`."""

    seconds: float = 0.0
    jitter_s: float = 0.0

    @property
    def is_any(self) -> bool:
        """Whether there is anything to wait for."""
        return self.seconds > 0.0 or self.jitter_s > 0.0

    def draw(self, rng: Random) -> float:
        """Seconds to wait this time."""
        return self.seconds + (rng.uniform(0.0, self.jitter_s) if self.jitter_s else 0.0)


@dataclass(frozen=True, slots=True)
class RateLimits:
    """Requests per fixed window (protocol 4). Socket commands are counted per account."""

    per_key_per_minute: int = 2000
    per_address_per_minute: int = 1200
    public_per_minute: int = 30
    light_public_per_second: int = 20
    """GET /v1/public/time, /v1/public/status and the buckets, each."""
    batch_per_second: int = 400
    place_per_second: int = 400
    modify_per_second: int = 400
    cancel_per_second: int = 450
    subaccounts_per_second: int = 1
    """New ones."""
    transfers_per_second: int = 20
    connections_per_minute: int = 60


def _default_balances() -> Mapping[str, Decimal]:
    return {
        "ZAR": Decimal(1_000_000),
        "USDC": Decimal(50_000),
        "BTC": Decimal(5),
        "ETH": Decimal(50),
        "XRP": Decimal(100_000),
    }


def _default_crowd() -> Mapping[str, Decimal]:
    return {"BTCZAR": Decimal(1_500_000), "ETHZAR": Decimal(55_000), "BTCUSDC": Decimal(85_000)}


@dataclass(frozen=True, slots=True)
class SimulatorSettings:
    """Everything that can be chosen. The defaults are the documented VALR, without delays.

    Raises:
        ValueError: a time or a jitter is negative, or the crowd has no time between its steps.
    """

    port: int = 0
    """TCP port on 127.0.0.1; 0 takes a free one, and keeps it over restarts."""
    pairs: tuple[PairSpec, ...] = DEFAULT_PAIRS

    account_id: str = "0"
    """The account that is opened at the start; "0" is VALR's id of a primary account."""
    balances: Mapping[str, Decimal] = field(default_factory=_default_balances)
    maker_percent: Decimal = Decimal("-0.01")
    """In percent points; negative means a reward."""
    taker_percent: Decimal = Decimal("0.1")
    simple_percent: Decimal = SIMPLE_PERCENT

    request_latency_s: float = 0.0
    """From a request's arrival to its acceptance."""
    request_jitter_s: float = 0.0
    processing_latency_s: float = 0.0
    """From acceptance to the matching engine."""
    processing_jitter_s: float = 0.0
    event_latency_s: float = 0.0
    """From the engine to the events on the sockets."""
    event_jitter_s: float = 0.0
    reply_latency_s: float = 0.0
    """From acceptance to the reply or HTTP answer."""
    reply_jitter_s: float = 0.0
    open_orders_latency_s: float = 0.0
    """Age of OPEN_ORDERS_UPDATE when it is sent, beside the latency of events (protocol 19.4, race 2)."""
    events_may_swap: bool = False
    """Whether jitter may let an event overtake an earlier one of the same socket (19.2)."""

    open_orders_interval_s: float = 0.1
    """Least time between two OPEN_ORDERS_UPDATE of an account."""
    order_book_interval_s: float = 0.1
    """Least time between two AGGREGATED_ORDERBOOK_UPDATE of a pair."""
    market_summary_interval_s: float = 1.0
    """Least time between two MARKET_SUMMARY_UPDATE of a pair."""
    mark_price_interval_s: float = 3.0
    """From one MARK_PRICE_UPDATE of a pair to the next; VALR documents 5 and was seen to take 3."""

    send_placed_status: bool = False
    """ORDER_STATUS_UPDATE "Placed" for an order that rests (unknown 2), "Active" for a stop that waits."""
    order_status_needs_subscription: bool = False
    """ORDER_STATUS_UPDATE only after SUBSCRIBE (unknown 1)."""
    account_acks: bool = True
    """SUBSCRIBED and UNSUBSCRIBED on /ws/account (unknowns 1 and 34)."""
    customer_order_id_in_events: bool = True
    """customerOrderId in the events of orders and trades (unknown 9)."""
    failure_frames: FailureFrames = "both"
    """What tells a failed placement beside ORDER_STATUS_UPDATE: ORDER_PROCESSED, FAILED_ORDER (unknown 4)."""
    cancel_all_takes_stops: bool = True
    """Whether to cancel all orders cancels the stops that wait, too (unknown 28)."""
    send_failed_status: bool = True
    """ORDER_STATUS_UPDATE "Failed" (19.2)."""
    error_replies: ErrorReplies = "error"
    """Refused commands: the reply type with `error`, or an INVALID_* frame (unknowns 5 and 6)."""
    batch_reply: bool = True
    """Whether BATCH_ORDERS on the socket is answered (unknown 7)."""
    duplicate_ids_fail_late: bool = False
    """A customerOrderId in use: a Failed order instead of -11502 (protocol 6)."""
    finished_order_status: FinishedOrderStatus = "terminal"
    """GET status of a finished order: 200, 404 or 400/-1 (unknown 20)."""
    snapshot_on_resubscribe: bool = False
    """Whether naming a subscribed pair again sends its state again (unknown 22)."""
    auth_failure: AuthenticationFailure = "http"
    """Bad credentials on /ws/account: upgrade refused with 401, or a first frame ERROR (unknown 13)."""
    timestamp_tolerance_s: float | None = None
    """Largest difference to the exchange's clock that a signature may have; None takes any (unknown 14)."""
    refuse_repeated_timestamps: bool = False
    """Whether none of the latest 100,000 timestamps of a key may come a second time (unknown 14)."""
    cancel_on_disconnect_delay_s: float = 0.0
    """From the loss of the socket to the cancels (unknown 18)."""
    rate_limited_body: RateLimitedBody = "html"
    """Body of a 429 (unknown 15)."""
    retry_after: bool = False
    """Whether a 429 says Retry-After (unknown 15)."""

    idle_cut_s: float = 60.0
    """A socket on which nothing went either way for so long is cut (unknown 11)."""
    unauthenticated_cut_s: float = 900.0
    rate_limits: RateLimits | None = field(default_factory=RateLimits)
    """None: no limits."""
    cache: bool = True
    """Whether answers are cached as in protocol 3.4."""
    compression: bool = True
    """Whether permessage-deflate is granted to a client that asks for it (14.1)."""

    crowd: bool = False
    """Whether other traders are there."""
    crowd_interval_s: float = 0.25
    crowd_prices: Mapping[str, Decimal] = field(default_factory=_default_crowd)
    """Pairs that the crowd trades, with the price it starts from."""
    crowd_past_minutes: int = 360
    """So many minutes of candles are there before the crowd comes, invented."""

    request_latency: Latency = field(init=False, repr=False, compare=False)
    processing_latency: Latency = field(init=False, repr=False, compare=False)
    event_latency: Latency = field(init=False, repr=False, compare=False)
    reply_latency: Latency = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        for name in _TIMES:
            _check_time(name, getattr(self, name))
        if not self.crowd_interval_s:
            raise ValueError("crowd_interval_s=0: the crowd needs time between its steps")
        if not self.mark_price_interval_s:
            raise ValueError("mark_price_interval_s=0: there has to be time between two mark prices")
        for step in _STEPS:
            latency = _latency(getattr(self, f"{step}_latency_s"), getattr(self, f"{step}_jitter_s"))
            object.__setattr__(self, f"{step}_latency", latency)


_STEPS = ("request", "processing", "event", "reply")
_TIMES = tuple(each.name for each in fields(SimulatorSettings) if each.name.endswith("_s"))


@lru_cache(maxsize=64)
def _latency(seconds: float, jitter_s: float) -> Latency:
    return Latency(seconds, jitter_s)


def _check_time(name: str, seconds: float | None) -> None:
    if seconds is not None and not seconds >= 0:
        raise ValueError(f"{name}={seconds!r}: a time in seconds, not negative")
