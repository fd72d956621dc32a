"""What the user was told, with the moment of each telling on VALR's clock; kept for the invariants."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from msgspec import Struct

from valr_connector.model.enums import CircuitPath, CircuitState, OrderStatus, SessionState, Socket
from valr_connector.model.events import (
    BookResynced,
    CancelRefused,
    CancelUnknown,
    CircuitChanged,
    ConnectionChanged,
    Event,
    FrameRefused,
    ModifyConfirmed,
    ModifyRefused,
    ModifyUnknown,
    OrderAdopted,
    OrderCancelled,
    OrderCompleted,
    OrderCorrected,
    OrderCreated,
    OrderEvent,
    OrderExpired,
    OrderFailed,
    OrderFilled,
    OrderRevived,
    PlacementUnknown,
    Restored,
    UnrecognisedStatus,
    UntrackedOrder,
    ZombieOrder,
)
from valr_connector.model.ids import ClientOrderId
from valr_connector.model.order import InFlightOrder

ENDINGS = (OrderCompleted, OrderCancelled, OrderExpired, OrderFailed)
ENDINGS_OR_OTHERS = (*ENDINGS, OrderCorrected)


class Told(Struct, frozen=True):
    """One event about an order, and how the order stood when it was told.

    `at` is VALR's time, nanoseconds since 1970.
    """

    at: int
    event: OrderEvent
    status: OrderStatus
    executed: Decimal

    @property
    def name(self) -> str:
        """What was told."""
        return type(self.event).__name__

    @property
    def is_ending(self) -> bool:
        """Whether it tells the order's end, or another one than was told before."""
        event = self.event
        return isinstance(event, ENDINGS_OR_OTHERS) or (
            isinstance(event, Restored) and event.status.is_terminal
        )


@dataclass(slots=True)
class OrderStory:
    """One order as the user knows it.

    Attributes:
        known_before: trades that an earlier process had counted already.
        is_cut_off: the process died, and what it knew of the order by then was perhaps not told.
    """

    order: InFlightOrder
    told: list[Told] = field(default_factory=list)
    known_before: frozenset[str] = frozenset()
    is_cut_off: bool = False

    @property
    def restored(self) -> Restored | None:
        """How it was taken over from an earlier process, if it was."""
        first = self.told[0].event if self.told else None
        return first if isinstance(first, Restored) else None

    @property
    def is_adopted(self) -> bool:
        """Whether it was placed elsewhere, or by an earlier process that left no journal."""
        return bool(self.told) and isinstance(self.told[0].event, OrderAdopted)

    def has(self, *kinds: type[OrderEvent]) -> bool:
        """Whether an event of one of these kinds was told."""
        return any(isinstance(each.event, kinds) for each in self.told)


class Recorder:
    """Hears everything that one `ValrExchange` tells.

    Args:
        clock: VALR's, nanoseconds.
        note: told every event in words, for traces.

    Attributes:
        stories: by client order id.
        rare: how often each rare path was taken.
        names: of the types of events that were told.
        strangers: the orders that were told as untracked, by VALR's ids.
    """

    def __init__(self, clock: Callable[[], int], note: Callable[[str], None] | None = None) -> None:
        self.stories: dict[ClientOrderId, OrderStory] = {}
        self.rare: Counter[str] = Counter()
        self.names: dict[str, None] = {}
        self.strangers: set[str] = set()
        self._clock = clock
        self._note = note
        self._is_deaf = False
        self._in_flight: Callable[[], Mapping[ClientOrderId, InFlightOrder]] = dict

    def follow(self, in_flight: Callable[[], Mapping[ClientOrderId, InFlightOrder]]) -> None:
        """Know all orders in flight, those included of which nothing was told yet."""
        self._in_flight = in_flight

    def orders(self) -> list[InFlightOrder]:
        """Every order there is or was."""
        for order in self._in_flight().values():
            self.of(order)
        return [story.order for story in self.stories.values()]

    def stop(self) -> None:
        """The process is dead: what it says now, nobody hears."""
        self._is_deaf = True
        for story in self.stories.values():
            story.is_cut_off = True

    def hear(self, event: Event) -> None:
        """Take one event."""
        if self._is_deaf:
            return
        kind = type(event)
        self.names[kind.__name__] = None
        if kind in RARE_EVENTS:
            self.rare[RARE_EVENTS[kind]] += 1
        if isinstance(event, UntrackedOrder):
            self.strangers.add(event.exchange_order_id)
        if isinstance(event, OrderEvent):
            self._hear_of_order(event)
        elif isinstance(event, ConnectionChanged):
            self._hear_of_connection(event)
        elif isinstance(event, CircuitChanged):
            self._hear_of_circuit(event)
        if self._note is not None:
            self._note(in_words(event))

    def of(self, order: InFlightOrder) -> OrderStory:
        """The story of an order, from its first mention on."""
        story = self.stories.get(order.client_order_id)
        if story is None:
            story = self.stories[order.client_order_id] = OrderStory(order, is_cut_off=self._is_deaf)
        return story

    def _hear_of_order(self, event: OrderEvent) -> None:
        order = event.order
        story = self.of(order)
        story.told.append(Told(self._clock(), event, order.status, order.executed_amount))
        if isinstance(event, Restored):
            story.known_before = frozenset(str(fill.trade_id) for fill in order.fills)
        elif isinstance(event, OrderFilled) and event.is_late:
            self.rare["late fill"] += 1
        if story.has(PlacementUnknown):
            self._hear_of_unknown(event)

    def _hear_of_unknown(self, event: OrderEvent) -> None:
        if isinstance(event, OrderCreated):
            self.rare["adopted"] += 1
        elif isinstance(event, OrderFailed):
            self.rare["unknown, and then failed"] += 1

    def _hear_of_connection(self, event: ConnectionChanged) -> None:
        is_back = event.before is SessionState.RESYNCING and event.after is SessionState.LIVE
        if event.socket is Socket.ACCOUNT and is_back and event.epoch > 1:
            self.rare["reconnect"] += 1

    def _hear_of_circuit(self, event: CircuitChanged) -> None:
        name = RARE_CIRCUITS.get((event.path, event.after))
        if name is not None:
            self.rare[name] += 1


RARE_CIRCUITS: Mapping[tuple[CircuitPath, CircuitState], str] = {
    (path, state): f"circuit of {path} {word}"
    for path in CircuitPath
    for state, word in ((CircuitState.OPEN, "opened"), (CircuitState.CLOSED, "closed again"))
}

RARE_EVENTS: Mapping[type[Event], str] = {
    PlacementUnknown: "placement unknown",
    CancelUnknown: "cancel unknown",
    CancelRefused: "cancel refused",
    OrderRevived: "revived",
    OrderCorrected: "corrected ending",
    ZombieOrder: "zombie",
    Restored: "restored from the journal",
    ModifyConfirmed: "modified",
    ModifyRefused: "modify refused",
    ModifyUnknown: "modify unknown",
    UntrackedOrder: "stranger",
    OrderAdopted: "stranger adopted",
    UnrecognisedStatus: "unrecognised status",
    FrameRefused: "frame refused",
    BookResynced: "book resynced",
}


def in_words(event: Event) -> str:
    """An event in one line, the same in every process."""
    return f"{type(event).__name__} {' '.join(_details(event))}"


def _details(event: Event) -> Iterator[str]:
    for name in event.__struct_fields__:
        value = getattr(event, name)
        if name == "data":
            continue  # the whole frame, which a trace has already
        if name == "order":
            yield f"{value.client_order_id} {value.status} {value.placement} executed={value.executed_amount}"
        else:
            yield f"{name}={value}"
