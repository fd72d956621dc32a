"""A schedule: what people, other traders and the network do, and when. It is data, generated from a seed.

It reads and writes as plain text, a line for each step, so that a schedule that found something can be cut
down by hand or by `minimise` and kept as a test::

    seed=7
    venue.send_placed_status=true
    0.5 place name=a side=BUY amount=0.01 price=990000
    0.5 frame way=out kind=PLACE_LIMIT_ORDER fate=drop
    2.25 cancel name=a

Times are seconds after the connector was ready, amounts base currency, prices quote currency.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Final, Literal, get_args

import msgspec
from msgspec import Struct, field

AFTERMATH_S: Final = 1.0
"""How long faults wait for their occasion after the last step: what it sets off takes its time."""

SocketName = Literal["account", "trade"]
Way = Literal["in", "out"]


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


_ONLY_INWARDS = frozenset({FrameFate.TWICE, FrameFate.TRUNCATE, FrameFate.REWORD})
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
    """Place an order. Without a price it is a market order, sized by `amount` or by `quote`."""

    name: str
    side: Literal["BUY", "SELL"]
    amount: Decimal | None = None
    quote: Decimal | None = None
    price: Decimal | None = None
    post_only: bool = False
    tif: Literal["GTC", "IOC", "FOK"] = "GTC"


class Cancel(Step, frozen=True, kw_only=True, tag="cancel", omit_defaults=True):
    """Cancel the order placed by that name."""

    name: str


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


class Listen(Step, frozen=True, kw_only=True, tag="listen", omit_defaults=True):
    """Read events from a stream, and take `seconds` over each."""

    seconds: float


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

    kind: Literal["unknown", "garbage", "empty", "binary"] = "unknown"
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
    | CancelAll
    | Refresh
    | Close
    | Restart
    | Listen
    | Take
    | Revoke
    | Market
    | Foreign
    | FrameFault
    | RequestFault
    | DialFault
    | Cut
    | HalfOpen
    | Inject
    | Jump
    | ReadOnly
)

NETWORK_STEPS = (FrameFault, RequestFault, DialFault, Cut, HalfOpen, Inject, Jump, ReadOnly)
"""The steps that are faults."""


class Schedule(Struct, frozen=True, kw_only=True):
    """What happens, and in which world.

    Attributes:
        seed: of everything that is drawn while it runs: latencies, ids, jitter.
        venue: changes to `SimulatorSettings`, the dialect of VALR.
        settings: changes to the connector's `Settings`.
        latency_s: longest way of a frame or a request; each takes between none of it and all of it.
        steps: by time.
    """

    seed: int
    venue: Mapping[str, str | bool | float] = field(default_factory=dict)
    settings: Mapping[str, str | bool | float] = field(default_factory=dict)
    latency_s: float = 0.01
    steps: tuple[AnyStep, ...] = ()

    @property
    def faults_end(self) -> float:
        """From when on nothing goes wrong any more, and nobody does anything."""
        return max((end_of(step) + AFTERMATH_S for step in self.steps), default=0.0)


def end_of(step: AnyStep) -> float:
    """Until when a step has its effect, at most."""
    return step.at + max(getattr(step, "lasting", 0.0), getattr(step, "seconds", 0.0), 0.0)


# --- text ------------------------------------------------------------------------------------------------

_VERBS = {str(kind.__struct_config__.tag): kind for kind in get_args(AnyStep)}


class ScheduleError(ValueError):
    """A line of a schedule that cannot be read; names it."""


def to_text(schedule: Schedule) -> str:
    """A schedule as plain text; `from_text` reads it back."""
    return "".join(f"{line}\n" for line in _lines(schedule))


def _lines(schedule: Schedule) -> Iterator[str]:
    yield f"seed={schedule.seed}"
    yield f"latency_s={schedule.latency_s!r}"
    for group in ("venue", "settings"):
        for name, value in getattr(schedule, group).items():
            yield f"{group}.{name}={_word(value)}"
    for step in schedule.steps:
        yield step_line(step)


def step_line(step: AnyStep) -> str:
    """One step as it stands in the text."""
    fields = msgspec.to_builtins(step)
    at, verb = fields.pop("at"), fields.pop("verb")
    return " ".join([f"{at!r} {verb}", *(f"{name}={_word(value)}" for name, value in fields.items())])


def _word(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def from_text(text: str) -> Schedule:
    """Read a schedule. Empty lines, and what follows a ``#``, are left out.

    Raises:
        ScheduleError: a line is malformed; names it.
    """
    head: dict[str, object] = {}
    groups: dict[str, dict[str, str | bool | float]] = {"venue": {}, "settings": {}}
    steps: list[AnyStep] = []
    for line in _meaningful(text):
        if line[0].isdigit():
            steps.append(_step(line))
            continue
        name, _, value = line.partition("=")
        group, _, member = name.partition(".")
        if member and group in groups:
            groups[group][member] = _value(value)
        else:
            head[name] = value
    try:
        return msgspec.convert({**head, **groups, "steps": tuple(steps)}, Schedule, strict=False)
    except msgspec.ValidationError as error:
        raise ScheduleError(f"the head of the schedule: {error}") from None


def _meaningful(text: str) -> Iterable[str]:
    lines = (line.partition("#")[0].strip() for line in text.splitlines())
    return [line for line in lines if line]


def _step(line: str) -> AnyStep:
    at, *words = line.split()
    pairs = dict(word.split("=", 1) for word in words[1:] if "=" in word)
    if not words or words[0] not in _VERBS or len(pairs) != len(words) - 1:
        raise ScheduleError(f"no step of a schedule: {line}")
    try:
        step: AnyStep = msgspec.convert({"at": at, **pairs}, _VERBS[words[0]], strict=False)
    except msgspec.ValidationError as error:
        raise ScheduleError(f"{error}: {line}") from None
    return step


def _value(word: str) -> str | bool | float:
    if word in ("true", "false"):
        return word == "true"
    try:
        return float(word)
    except ValueError:
        return word
