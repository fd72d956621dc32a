"""The words of the embedded exchange: what it is asked, what it holds, what it says happened.

Written from the protocol alone. Quantities are Decimal, times are nanoseconds since 1970 (UTC),
sides are VALR's lower-case answers ``buy`` and ``sell``.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum
from typing import Literal, NamedTuple

from valr_connector.simulator.exact import EXACT, QUOTIENT, ZERO, rounded
from valr_connector.simulator.statement import Money, SimpleOutcome, Transaction

_AVERAGE_STEP = Decimal("0.000000000001")

BuyOrSell = Literal["buy", "sell"]
ModifyMatchStrategy = Literal["RETAIN_ORIGINAL", "CANCEL_ORIGINAL", "REPRICE"]
"""What becomes of an order whose new price would match (protocol 10.5)."""
StopType = Literal["TAKE_PROFIT_LIMIT", "STOP_LOSS_LIMIT"]
PRIMARY_ACCOUNT = "0"
"""Id of the account that the subaccounts belong to (protocol 5)."""

SIMPLE_PERCENT = Decimal("1.6")
"""Of what a simple order receives, unless an account is given another (protocol 9.6)."""


class State(StrEnum):
    """orderStatusType as VALR writes it (protocol 19.1)."""

    ACTIVE = "Active"
    """A stop order that waits for its price (protocol 10.4)."""
    PLACED = "Placed"
    PARTIALLY_FILLED = "Partially Filled"
    MODIFIED = "Order Modified"
    FILLED = "Filled"
    CANCELLED = "Cancelled"
    FAILED = "Failed"
    SIMPLE_RESERVED = "Instant Order Balance Reserved"
    """A simple order that has its money, and is about to be matched (protocol 11)."""
    SIMPLE_RESERVE_FAILED = "Instant Order Balance Reserve Failed"
    SIMPLE_COMPLETED = "Instant Order Completed"


OPEN_STATES = frozenset({State.ACTIVE, State.PLACED, State.PARTIALLY_FILLED, State.MODIFIED})
"""Those of an order that has not ended."""


ORDER_TYPES = ("LIMIT_POST_ONLY", "LIMIT", "MARKET", "SIMPLE", "STOP_LOSS_LIMIT", "TAKE_PROFIT_LIMIT")
"""All that a spot pair can take here (protocol 7.5); a perpetual takes no simple ones (9.6)."""


@dataclass(frozen=True, slots=True)
class PairSpec:
    """Rules of one pair, as /v1/public/pairs publishes them (protocol 6, 7.4)."""

    symbol: str
    base: str
    quote: str
    tick_size: Decimal
    base_decimals: int
    min_base: Decimal
    max_base: Decimal
    min_quote: Decimal
    max_quote: Decimal
    active: bool = True
    kind: str = "SPOT"
    margin_allowed: bool = False
    order_types: tuple[str, ...] = ORDER_TYPES


class Stop(NamedTuple):
    """What makes a limit order wait: until the last traded price reaches `price` (protocol 10.4)."""

    type: StopType
    price: Decimal


class NewOrder(NamedTuple):
    """A request to place: one of `quantity` and `quote_amount`; a limit order has quantity and price.

    A limit order with a `stop` is a stop-limit order. A simple order pays `quote_amount` where it buys, and
    `quantity` where it sells.
    """

    symbol: str
    side: BuyOrSell
    kind: Literal["limit", "market", "simple"]
    quantity: Decimal | None = None
    quote_amount: Decimal | None = None
    price: Decimal | None = None
    post_only: bool = False
    time_in_force: Literal["GTC", "IOC", "FOK"] = "GTC"
    customer_order_id: str = ""
    allow_margin: bool = False
    stop: Stop | None = None


class ModifyOrder(NamedTuple):
    """A request to change an open limit order (protocol 10.5).

    The order is named by `order_id`, else by `customer_order_id`. At most one of the two quantities is given.
    """

    symbol: str
    strategy: ModifyMatchStrategy
    order_id: str = ""
    customer_order_id: str = ""
    new_price: Decimal | None = None
    new_remaining_quantity: Decimal | None = None
    new_total_quantity: Decimal | None = None


class Rejection(Exception):  # noqa: N818 - the exchange refuses a request; it does not err
    """VALR's error body: a negative code and a text (protocol 3.2, 3.3).

    `order_id` is set where the order got an id before it failed.
    """

    def __init__(self, code: int, message: str, *, status: int = 400, order_id: str = "") -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.message = message
        self.status = status
        self.order_id = order_id


@dataclass(slots=True)
class VenueOrder:
    """One order, for its whole life. `state` is None between acceptance and processing.

    `price` is 0 for a market or simple order. The quantities of one by quote amount are 0 until it is
    processed; then `original_quantity` is the base that the amount was good for.
    """

    order_id: str
    account_id: str
    request: NewOrder
    created_at: int
    updated_at: int
    price: Decimal
    original_quantity: Decimal
    remaining_quantity: Decimal
    state: State | None = None
    failed_reason: str = ""
    sequence: int = 0
    """Time priority within a price; lower came first."""
    executed_quote: Decimal = Decimal(0)
    total_fee: Decimal = Decimal(0)
    """Fees in `fee_currency`. A maker's reward is not in it: its trade alone knows it (protocol 9.4)."""
    fee_currency: str = ""
    """The currency that the order receives: base for a buy, quote for a sell."""
    history: list[OrderChange] = field(default_factory=list)

    @property
    def symbol(self) -> str:
        return self.request.symbol

    @property
    def side(self) -> BuyOrSell:
        return self.request.side

    @property
    def executed_quantity(self) -> Decimal:
        return EXACT.subtract(self.original_quantity, self.remaining_quantity)

    @property
    def average_price(self) -> Decimal:
        """Of what was executed, to 12 decimal places; 0 where nothing was."""
        executed = self.executed_quantity
        return rounded(QUOTIENT.divide(self.executed_quote, executed), _AVERAGE_STEP) if executed else ZERO

    @property
    def is_open(self) -> bool:
        return self.state in OPEN_STATES

    @property
    def time_in_force(self) -> Literal["GTC", "IOC", "FOK"]:
        """A market order is always IOC (protocol 6)."""
        return "IOC" if self.request.kind == "market" else self.request.time_in_force

    @property
    def type_text(self) -> str:
        """orderType as VALR answers it (protocol 10.9)."""
        if self.request.kind != "limit":
            return self.request.kind
        if self.request.stop is not None:
            return self.request.stop.type.lower().replace("_", "-")
        return "post-only limit" if self.request.post_only else "limit"


class OrderChange(NamedTuple):
    """One entry of an order's history; everything as it was right after the change.

    `executed_*` are the amounts of this change alone. A maker's reward is not in `executed_fee`.
    """

    account_id: str
    order_id: str
    customer_order_id: str
    symbol: str
    side: BuyOrSell
    type_text: str
    time_in_force: str
    state: State
    price: Decimal
    original_quantity: Decimal
    remaining_quantity: Decimal
    failed_reason: str
    created_at: int
    updated_at: int
    executed_price: Decimal = Decimal(0)
    executed_quantity: Decimal = Decimal(0)
    executed_fee: Decimal = Decimal(0)
    stop_price: Decimal | None = None


class AccountTrade(NamedTuple):
    """One fill from one account's side. A negative `fee` is a maker reward, in `fee_currency` too.

    `transactions` are what the statement says of it.
    """

    account_id: str
    trade_id: str
    order_id: str
    customer_order_id: str
    symbol: str
    side: BuyOrSell
    price: Decimal
    quantity: Decimal
    fee: Decimal
    fee_currency: str
    is_maker: bool
    traded_at: int
    sequence_id: int
    transactions: tuple[Transaction, ...] = ()


class TransferOrder(NamedTuple):
    """A request to move money between accounts (protocol 12)."""

    sender: str
    receiver: str
    money: Money
    allow_borrow: bool = False


class MoneyMoved(NamedTuple):
    """Money went into an account or out of it, by a transfer."""

    account_id: str
    transaction: Transaction


class SimpleOrderDone(NamedTuple):
    """A simple order has ended: INSTANT_ORDER_COMPLETED. One without success is in no statement."""

    account_id: str
    outcome: SimpleOutcome
    transaction: Transaction | None = None


class PublicTrade(NamedTuple):
    """One trade as the market sees it."""

    trade_id: str
    symbol: str
    price: Decimal
    quantity: Decimal
    taker_side: BuyOrSell
    traded_at: int
    sequence_id: int


@dataclass(slots=True)
class Wallet:
    """One currency of one account. total = available + reserved."""

    currency: str
    available: Decimal
    reserved: Decimal
    updated_at: int

    @property
    def is_empty(self) -> bool:
        return not (self.available or self.reserved)


class Processed(NamedTuple):
    """The matching engine is done with a new order: ORDER_PROCESSED."""

    account_id: str
    order_id: str
    customer_order_id: str
    success: bool
    failure_reason: str


class CancelFailed(NamedTuple):
    """A cancel reached an order that is not open, or not there: FAILED_CANCEL_ORDER."""

    account_id: str
    order_id: str
    customer_order_id: str
    message: str


class ModifyOutcome(NamedTuple):
    """What became of a modify request: MODIFY_ORDER_OUTCOME; `code` and `message` are for the v2 answer.

    After a failure the order is unchanged, or cancelled where the strategy says so.
    """

    account_id: str
    order_id: str
    customer_order_id: str
    modify_request_id: str
    success: bool
    code: int = 0
    message: str = ""


class WalletChanged(NamedTuple):
    """The wallet's state right after the change."""

    account_id: str
    currency: str
    available: Decimal
    reserved: Decimal
    updated_at: int


class OpenOrdersChanged(NamedTuple):
    """The account's set of open orders, or one of them, changed."""

    account_id: str


class LevelChange(NamedTuple):
    """What rests at one price after the change; a total of 0 where nothing does."""

    side: BuyOrSell
    price: Decimal
    total: Decimal


class QueueEntry(NamedTuple):
    """What is left of one resting order after it was queued, reduced or taken out (0)."""

    side: BuyOrSell
    price: Decimal
    order_id: str
    remaining: Decimal


class BookChanged(NamedTuple):
    """The pair's book changed.

    `sequence` rises by one each time, `order_sequence` by the number of `entries`, which are in the order in
    which they happened on each side.
    """

    symbol: str
    sequence: int
    changed_at: int
    order_sequence: int
    levels: tuple[LevelChange, ...]
    entries: tuple[QueueEntry, ...]


class PairChanged(NamedTuple):
    """The rules of a pair changed; VALR tells it only where the order types did (protocol 17)."""

    before: PairSpec
    after: PairSpec


VenueEvent = (
    Processed
    | OrderChange
    | AccountTrade
    | SimpleOrderDone
    | MoneyMoved
    | PublicTrade
    | CancelFailed
    | ModifyOutcome
    | WalletChanged
    | OpenOrdersChanged
    | BookChanged
    | PairChanged
)
