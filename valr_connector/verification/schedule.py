"""A schedule: what people, other traders and the network do, and when. It is data, generated from a seed.

It reads and writes as plain text (`schedule_text`), a line for each step, so that a schedule that found
something can be cut down by hand or by `minimise` and kept as a test::

    seed=7
    venue.send_placed_status=true
    0.5 place name=a side=BUY amount=0.01 price=990000
    0.5 frame way=out kind=PLACE_LIMIT_ORDER fate=drop
    2.25 cancel name=a

Times are seconds after the connector was ready, amounts base currency, prices quote currency.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Final, Literal

from msgspec import Struct, field

AFTERMATH_S: Final = 1.0
"""How long faults wait for their occasion after the last step: what it sets off takes its time."""

SocketName = Literal["account", "trade"]
Way = Literal["in", "out"]
StrangeFrame = Literal["unknown", "garbage", "empty", "binary"]


class FrameFate(StrEnum):
    """What becomes of a frame."""

    DROP = "drop"
    TWICE = "twice"
    LATE = "late"
    """It comes `seconds` late; later frames overtake it."""
    STALL = "stall"
    """It and all behind it come `seconds` late."""
    CUT_BEFORE = "cut-before"
    """The connection breaks before it arrives."""
    CUT_AFTER = "cut-after"
    """The connection breaks when it has arrived, and nothing comes back."""
    TRUNCATE = "truncate"
    REWORD = "reword"
    """The status in it is one that nobody knows."""
    FALSIFY = "falsify"
    """The checksum in it is not that of the book."""


_ONLY_INWARDS = frozenset({FrameFate.TWICE, FrameFate.TRUNCATE, FrameFate.REWORD, FrameFate.FALSIFY})
"""A command arrives as it was sent, once, or not at all: TCP sees to that."""


class RequestFate(StrEnum):
    """What becomes of a REST request."""

    REFUSE = "refuse"
    """No connection; not one byte leaves."""
    LOSE = "lose"
    """It never arrives."""
    SLOW = "slow"
    """It arrives `seconds` late."""
    LOSE_ANSWER = "lose-answer"
    """It is executed, and the answer never comes."""
    LATE = "late"
    """It is executed, and the answer takes `seconds`."""
    ERROR_BEFORE = "error-before"
    """It is answered with `status`, and not executed."""
    ERROR_AFTER = "error-after"
    """It is executed, and answered with `status` all the same."""
    TRUNCATE = "truncate"
    """It is executed, and half of the answer comes."""
    REWORD = "reword"
    """It is executed, and the answer names an order status that nobody knows."""


class DialFate(StrEnum):
    """What becomes of an attempt to open a socket."""

    REFUSE = "refuse"
    HANG = "hang"
    STATUS = "status"
    """The upgrade is answered with `status`."""


class Step(Struct, frozen=True, kw_only=True, tag_field="verb", omit_defaults=True):
    """Something that happens `at` seconds."""

    at: float


# --- what the user does ----------------------------------------------------------------------------


class Place(Step, frozen=True, kw_only=True, tag="place", omit_defaults=True):
    """Place an order. Without a price it is a market order, sized by `amount` or by `quote`.

    With a `stop` price it is a stop-limit order, which limits a loss or `takes_profit`. `retry` is the policy
    of this order; by default, that of the settings.
    """

    name: str
    side: Literal["BUY", "SELL"]
    amount: Decimal | None = None
    quote: Decimal | None = None
    price: Decimal | None = None
    stop: Decimal | None = None
    takes_profit: bool = False
    post_only: bool = False
    tif: Literal["GTC", "IOC", "FOK"] = "GTC"
    retry: Literal["", "never", "if_unsent", "if_proved_absent"] = ""


class Cancel(Step, frozen=True, kw_only=True, tag="cancel", omit_defaults=True):
    """Cancel the order placed by that name."""

    name: str


class Modify(Step, frozen=True, kw_only=True, tag="modify", omit_defaults=True):
    """Change price or size of the order placed by that name."""

    name: str
    price: Decimal | None = None
    remaining: Decimal | None = None
    total: Decimal | None = None
    on_match: Literal["RETAIN_ORIGINAL", "CANCEL_ORIGINAL", "REPRICE"] = "RETAIN_ORIGINAL"


class Batch(Step, frozen=True, kw_only=True, tag="batch", omit_defaults=True):
    """Several operations in one call; names are separated by commas.

    Each of `places` is a limit order on `side` of `amount` at `price`, and with a `stop` price it is a
    stop-limit order, as in `place`; each of `modifies` gets `price`. A batch places or modifies, not both
    (protocol 10.8).
    """

    places: str = ""
    modifies: str = ""
    cancels: str = ""
    side: Literal["BUY", "SELL"] = "BUY"
    amount: Decimal = Decimal("0.01")
    price: Decimal | None = None
    stop: Decimal | None = None
    takes_profit: bool = False


class CancelAll(Step, frozen=True, kw_only=True, tag="cancel-all", omit_defaults=True):
    """Cancel everything in flight."""


class Refresh(Step, frozen=True, kw_only=True, tag="refresh", omit_defaults=True):
    """One turn of a maker with a quote on each side: cancel both, and quote anew what is surely gone."""

    bid: Decimal
    ask: Decimal
    amount: Decimal


class Close(Step, frozen=True, kw_only=True, tag="close", omit_defaults=True):
    """Close the connector; it is started again by `restart`."""


class Restart(Step, frozen=True, kw_only=True, tag="restart", omit_defaults=True):
    """Close the connector if it runs, and start a new one."""


class Crash(Step, frozen=True, kw_only=True, tag="crash", omit_defaults=True):
    """The process is killed, and `pause` seconds later a new one is started.

    With `writes`, it dies in the middle of its so manieth write to the order journal from then on, of which
    half is written; if there are not so many within a second, it dies then.
    """

    writes: int = 0
    pause: float = 0.2


class Listen(Step, frozen=True, kw_only=True, tag="listen", omit_defaults=True):
    """Read events from a stream, and take `seconds` over each."""

    seconds: float


class GiveUp(Step, frozen=True, kw_only=True, tag="give-up", omit_defaults=True):
    """Give up on every order, cancel and modify whose call has not returned: their tasks are cancelled."""


# --- what other traders, and VALR by itself, do ------------------------------------------------------


class Take(Step, frozen=True, kw_only=True, tag="take", omit_defaults=True):
    """Somebody takes up to `amount` from the best orders of a side of the book."""

    side: Literal["BUY", "SELL"]
    amount: Decimal


class Revoke(Step, frozen=True, kw_only=True, tag="revoke", omit_defaults=True):
    """VALR cancels the order by itself."""

    name: str


class Market(Step, frozen=True, kw_only=True, tag="market", omit_defaults=True):
    """The market moves: others quote at new prices, taking what is in the way."""

    bid: Decimal
    ask: Decimal
    amount: Decimal


class Foreign(Step, frozen=True, kw_only=True, tag="foreign", omit_defaults=True):
    """An order of the same account is placed elsewhere."""

    side: Literal["BUY", "SELL"]
    amount: Decimal
    price: Decimal
    customer_order_id: str = ""


class Spend(Step, frozen=True, kw_only=True, tag="spend", omit_defaults=True):
    """Another instance in the same process sends so many `requests` by REST, which VALR's limits count."""

    requests: int


class Misreport(Step, frozen=True, kw_only=True, tag="misreport", omit_defaults=True):
    """VALR's stream says that the order placed by that name was cancelled, and it was not."""

    name: str


# --- faults --------------------------------------------------------------------------------------------


class Fault(Step, frozen=True, kw_only=True, omit_defaults=True):
    """A fault for the next `count` occasions, or for `lasting` seconds if that is not 0."""

    count: int = 1
    lasting: float = 0.0


class FrameFault(Fault, frozen=True, kw_only=True, tag="frame", omit_defaults=True):
    """For frames of type `kind`, or of any type."""

    way: Way
    fate: FrameFate
    kind: str = ""
    socket: SocketName = "account"
    seconds: float = 0.0

    def __post_init__(self) -> None:
        if self.way == "out" and self.fate in _ONLY_INWARDS:
            raise ValueError(f"what the connector sends cannot be {self.fate.value!r}")


class RequestFault(Fault, frozen=True, kw_only=True, tag="request", omit_defaults=True):
    """For requests whose method and path begin with `kind`, such as ``GET_/v1/orders`` (no spaces)."""

    fate: RequestFate
    kind: str = ""
    seconds: float = 0.0
    status: int = 503


class DialFault(Fault, frozen=True, kw_only=True, tag="dial", omit_defaults=True):
    """For attempts to open a socket."""

    fate: DialFate
    socket: SocketName = "account"
    status: int = 503


class Cut(Step, frozen=True, kw_only=True, tag="cut", omit_defaults=True):
    """The exchange ends the connection: with a close frame, or for 1006 without one."""

    socket: SocketName = "account"
    code: int = 1006


class HalfOpen(Step, frozen=True, kw_only=True, tag="half-open", omit_defaults=True):
    """Nothing arrives any more in either way, and nobody is told. Heals after `seconds`, or never if 0."""

    socket: SocketName = "account"
    seconds: float = 0.0


class Inject(Step, frozen=True, kw_only=True, tag="inject", omit_defaults=True):
    """A frame that nobody asked for and nobody knows."""

    kind: StrangeFrame = "unknown"
    socket: SocketName = "account"


class Jump(Step, frozen=True, kw_only=True, tag="jump", omit_defaults=True):
    """The wall clock of this machine is set forward, or back."""

    seconds: float


class ReadOnly(Step, frozen=True, kw_only=True, tag="read-only", omit_defaults=True):
    """VALR takes no commands for so many seconds."""

    seconds: float


AnyStep = (
    Place
    | Cancel
    | Modify
    | Batch
    | CancelAll
    | Refresh
    | Close
    | Restart
    | Crash
    | Listen
    | GiveUp
    | Take
    | Revoke
    | Market
    | Foreign
    | Spend
    | Misreport
    | FrameFault
    | RequestFault
    | DialFault
    | Cut
    | HalfOpen
    | Inject
    | Jump
    | ReadOnly
)

ABOUT_ORDERS = (Place, Cancel, Modify, Batch, CancelAll, Refresh)
"""The steps that are calls about orders."""

NETWORK_STEPS = (FrameFault, RequestFault, DialFault, Cut, HalfOpen, Inject, Jump, ReadOnly)
"""The steps that are faults."""


class Schedule(Struct, frozen=True, kw_only=True):
    """What happens, and in which world.

    Attributes:
        seed: of everything that is drawn while it runs: latencies, ids, jitter.
        venue: changes to `SimulatorSettings`, the dialect of VALR.
        settings: changes to the connector's `Settings`.
        latency_s: longest way of a frame or a request; each takes between none of it and all of it.
        journal: whether the connector keeps an order journal, which the next one takes over.
        books: whether the connector follows the pair's book, for which it opens the trade socket.
        steps: by time.
    """

    seed: int
    venue: Mapping[str, str | bool | float] = field(default_factory=dict)
    settings: Mapping[str, str | bool | float] = field(default_factory=dict)
    latency_s: float = 0.01
    journal: bool = False
    books: bool = True
    steps: tuple[AnyStep, ...] = ()

    @property
    def is_calm(self) -> bool:
        """Whether nothing goes wrong, and nobody stops."""
        return not any(
            isinstance(step, (*NETWORK_STEPS, Close, Restart, Crash, Misreport)) for step in self.steps
        )

    @property
    def faults_end(self) -> float:
        """From when on nothing goes wrong any more, and nobody does anything."""
        return max((end_of(step) + AFTERMATH_S for step in self.steps), default=0.0)


def end_of(step: AnyStep) -> float:
    """Until when a step has its effect, at most."""
    if isinstance(step, Jump):
        return step.at  # the seconds of a clock that is set do not pass
    if isinstance(step, Crash):
        return step.at + step.pause + bool(step.writes)
    return step.at + max(getattr(step, "lasting", 0.0), getattr(step, "seconds", 0.0), 0.0)
