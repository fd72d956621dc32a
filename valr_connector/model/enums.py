"""Closed sets of words. Every one is a str, so that a comparison with text can never silently fail."""

from __future__ import annotations

from enum import StrEnum


class Side(StrEnum):
    """Which way an order or a fill goes, seen from the account that owns it."""

    BUY = "BUY"
    SELL = "SELL"

    @property
    def opposite(self) -> Side:
        """Who trades with this side."""
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


class CancelScope(StrEnum):
    """Which orders `cancel_all` is about.

    OURS: those that this instance tracks, open, unconfirmed and unknown ones.
    PAIR: all open orders of the account in one pair, whoever placed them.
    ACCOUNT: all open orders of the account.
    """

    OURS = "ours"
    PAIR = "pair"
    ACCOUNT = "account"


class UntrackedPolicy(StrEnum):
    """What is done about an open order of the account that nobody here knows; each is told in any case.

    REPORT: nothing more.
    ADOPT: it is tracked from then on like an order placed here.
    CANCEL: it is tracked, and cancelled.
    """

    REPORT = "report"
    ADOPT = "adopt"
    CANCEL = "cancel"


class ZombieHandling(StrEnum):
    """What is done about an order that has ended here and that VALR shows open.

    REVIVED: VALR's word is newer than the ending; it is in flight again.
    CANCELLED_AGAIN: it is not newer, and VALR was asked long after the ending; VALR is asked to cancel it
        again, and then asked what became of it.
    ENDED: VALR, asked, says that it has ended now.
    LEFT_OPEN: VALR still shows it open after so many cancels; somebody has to look.
    """

    REVIVED = "REVIVED"
    CANCELLED_AGAIN = "CANCELLED_AGAIN"
    ENDED = "ENDED"
    LEFT_OPEN = "LEFT_OPEN"


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


class BookFeed(StrEnum):
    """What a book is made of (protocol 18). The values are VALR's names of the events.

    L1_DIFF: every price level, each change, with sequence and checksum; VALR's fastest.
    FULL: every order, each change, with sequence and checksum; knows an order's place in its queue.
    AGGREGATED: the best 40 levels, replaced some times a second.
    TOP_1 to TOP_80: so many best levels, replaced at each change, without a sequence.
    """

    L1_DIFF = "OB_L1_DIFF"
    FULL = "FULL_ORDERBOOK_UPDATE"
    AGGREGATED = "AGGREGATED_ORDERBOOK_UPDATE"
    TOP_1 = "OB_L1_D1_SNAPSHOT"
    TOP_5 = "OB_L1_D5_SNAPSHOT"
    TOP_10 = "OB_L1_D10_SNAPSHOT"
    TOP_20 = "OB_L1_D20_SNAPSHOT"
    TOP_40 = "OB_L1_D40_SNAPSHOT"
    TOP_80 = "OB_L1_D80_SNAPSHOT"


class Socket(StrEnum):
    """VALR's two WebSockets."""

    ACCOUNT = "account"
    TRADE = "trade"


class CircuitPath(StrEnum):
    """A way to VALR with a circuit breaker of its own."""

    SOCKET_ORDERS = "socket orders"
    REST_ORDERS = "REST orders"
    MARKET_DATA = "market data"


class CircuitState(StrEnum):
    """Where a circuit breaker stands.

    CLOSED: the way is good.
    OPEN: its transport failed too often in a row; it is left alone for a while.
    HALF_OPEN: one attempt may go, and decides.
    """

    CLOSED = "CLOSED"
    OPEN = "OPEN"
    HALF_OPEN = "HALF_OPEN"


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
