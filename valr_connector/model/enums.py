"""Closed sets of words. Every one is a str, so that a comparison with text can never silently fail."""

from __future__ import annotations

from enum import StrEnum


class Side(StrEnum):
    """Which way an order or a fill goes, seen from the account that owns it."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def opposite(self) -> Side:
        return Side.SELL if self is Side.BUY else Side.BUY


class OrderType(StrEnum):
    """How an order executes."""

    LIMIT = "LIMIT"
    MARKET = "MARKET"
    STOP_LOSS_LIMIT = "STOP_LOSS_LIMIT"
    TAKE_PROFIT_LIMIT = "TAKE_PROFIT_LIMIT"


class TimeInForce(StrEnum):
    """How long an order stands (protocol 6). Market orders are always IOC."""

    GTC = "GTC"
    IOC = "IOC"
    FOK = "FOK"


class RetryPolicy(StrEnum):
    """When a placement is sent a second time, always under the same client order id.

    NEVER: at no time. A command that could not be sent is a failed order.
    IF_UNSENT: by REST, where the command provably never left this process.
    IF_PROVED_ABSENT: also where its outcome was unknown and VALR, asked after the grace, knows the order
        neither among the active ones nor in its history. Should the first command still be under way then,
        VALR's refusal of an id in use is what keeps it from becoming a second order (protocol 3.3).
    """

    NEVER = "never"
    IF_UNSENT = "if_unsent"
    IF_PROVED_ABSENT = "if_proved_absent"


class Liquidity(StrEnum):
    """Which side of a fill was resting. UNKNOWN where VALR has not said so."""

    MAKER = "MAKER"
    TAKER = "TAKER"
    UNKNOWN = "UNKNOWN"


class OrderStatus(StrEnum):
    """What VALR says about an order, as far as it has been proved here.

    PENDING_CREATE is the only one that VALR does not know: the placement has not been confirmed.
    """

    PENDING_CREATE = "PENDING_CREATE"
    OPEN = "OPEN"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    EXPIRED = "EXPIRED"
    FAILED = "FAILED"

    @property
    def is_terminal(self) -> bool:
        """Whether nothing but a late fill can change the order any more."""
        return self in TERMINAL


TERMINAL = frozenset({OrderStatus.FILLED, OrderStatus.CANCELLED, OrderStatus.EXPIRED, OrderStatus.FAILED})


class Placement(StrEnum):
    """Where our request to place the order stands. It rides beside the status.

    UNKNOWN means that the request may or may not have been executed: the order counts as exposure and
    is being probed.
    """

    UNSENT = "UNSENT"
    SENT = "SENT"
    ACCEPTED = "ACCEPTED"
    CONFIRMED = "CONFIRMED"
    REFUSED = "REFUSED"
    UNKNOWN = "UNKNOWN"


class Socket(StrEnum):
    """VALR's two WebSockets."""

    ACCOUNT = "account"
    TRADE = "trade"


class SessionState(StrEnum):
    """Where the connection of one socket stands."""

    IDLE = "IDLE"
    DIALLING = "DIALLING"
    AUTHENTICATING = "AUTHENTICATING"
    RESYNCING = "RESYNCING"
    LIVE = "LIVE"
    STALE = "STALE"
    CLOSING = "CLOSING"


class MarketFeed(StrEnum):
    """What can be subscribed of a pair beside its book, each with the event that tells it (protocol 17)."""

    TRADES = "NEW_TRADE"
    """Every trade: `MarketTraded`."""
    SUMMARY = "MARKET_SUMMARY_UPDATE"
    """Best prices and the day's figures: `MarketSummaryChanged`."""
    CANDLES = "NEW_TRADE_BUCKET"
    """One candle a minute: `CandleClosed`."""
    MARK_PRICE = "MARK_PRICE_UPDATE"
    """The mark price, every few seconds: `MarkPriceChanged`."""
    ORDER_TYPES = "ALLOWED_ORDER_TYPES_UPDATED"
    """Which order types the pair takes: `AllowedOrderTypesChanged`. The pairs that are followed have it."""
    FUNDING_RUNS = "FUNDING_RUN_COMPLETED"
    """A perpetual's funding was settled: `FundingSettled`."""
    PNL_RUNS = "PNL_RUN_COMPLETED"
    """A perpetual's profit and loss were settled: `PnlSettled`."""
