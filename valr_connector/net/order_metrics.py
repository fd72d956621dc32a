"""What is counted and timed of orders and of the commands about them.

All of it follows from what is told anyhow: the fate of each command, and the orders' events. Nothing is added
to the handling of a frame.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Final

from valr_connector.core.commands import CommandFate, CommandKind, SentCommand
from valr_connector.core.order_tracker import OrderTracker
from valr_connector.model.enums import OrderStatus, Placement
from valr_connector.model.events import (
    CancelRefused,
    CancelUnknown,
    ModifyUnknown,
    OrderCancelled,
    OrderCompleted,
    OrderCreated,
    OrderEvent,
    OrderExpired,
    OrderFailed,
    PlacementUnknown,
)
from valr_connector.model.ids import ClientOrderId
from valr_connector.net.event_stream import EventPublisher
from valr_connector.observe import metrics as m

# CPython 3.11 takes 0.1 us to find a member in its class, and these are needed with each command.
_ANSWERED, _PENDING = CommandFate.ANSWERED, OrderStatus.PENDING_CREATE

PLACE: Final = "place"
CANCEL: Final = "cancel"
MODIFY: Final = "modify"

_COMMANDS: Final[Mapping[CommandKind, str]] = {
    CommandKind.PLACE_LIMIT: PLACE,
    CommandKind.PLACE_MARKET: PLACE,
    CommandKind.CANCEL: CANCEL,
    CommandKind.MODIFY: MODIFY,
}
_ENDINGS: Final[Mapping[type[OrderEvent], OrderStatus]] = {
    OrderCompleted: OrderStatus.FILLED,
    OrderCancelled: OrderStatus.CANCELLED,
    OrderExpired: OrderStatus.EXPIRED,
    OrderFailed: OrderStatus.FAILED,
}
_UNKNOWN: Final[Mapping[type[OrderEvent], str]] = {
    PlacementUnknown: PLACE,
    CancelUnknown: CANCEL,
    ModifyUnknown: MODIFY,
}


class OrderMetrics:
    """Counts and times the orders of one tracker.

    Args:
        clock: monotonic nanoseconds.
    """

    def __init__(
        self,
        tracker: OrderTracker,
        *,
        publisher: EventPublisher,
        clock: Callable[[], int],
        metrics: m.Metrics,
    ) -> None:
        self._tracker = tracker
        self._clock = clock
        self._sent = {name: metrics.latency(m.COMMAND_SENT, name) for name in (PLACE, CANCEL, MODIFY)}
        self._receipt = {name: metrics.latency(m.COMMAND_RECEIPT, name) for name in (PLACE, CANCEL, MODIFY)}
        self._confirmed = {name: metrics.latency(m.COMMAND_CONFIRMED, name) for name in (PLACE, CANCEL)}
        self._received: Mapping[str, dict[ClientOrderId, int]] = {PLACE: {}, CANCEL: {}}
        """When VALR replied to a command that has no outcome yet, by order."""
        for ending, status in _ENDINGS.items():
            publisher.on(ending, self._ending(metrics.counter(m.ORDERS_ENDED, status.value)))
        self._unknown_outcomes = {
            kind: metrics.counter(m.UNKNOWN_OUTCOMES, name) for kind, name in _UNKNOWN.items()
        }
        publisher.on(tuple(_UNKNOWN), lambda event: self._unknown_outcomes[type(event)].add())
        publisher.on(OrderCreated, partial(self._settle, PLACE))
        publisher.on((CancelRefused, CancelUnknown), self._forget_cancel)
        metrics.watch(m.ORDERS_IN_FLIGHT, self._by_status)
        metrics.watch(m.ORDERS_UNKNOWN, self._unknown)

    def sent(self, kind: CommandKind, called: int) -> None:
        """A command that was called for then was handed to the socket."""
        self._sent[_COMMANDS[kind]].record(self._clock() - called)

    def note_command(self, command: SentCommand, fate: CommandFate) -> None:
        """What became of a command's way to VALR and back."""
        if fate is not _ANSWERED:
            return
        now, name = self._clock(), _COMMANDS[command.kind]
        self._receipt[name].record(now - command.sent_at)
        order = self._tracker.in_flight.get(command.client_order_id)
        if order is None or name is MODIFY:
            return
        if name is CANCEL or order.status is _PENDING:
            self._received[name][command.client_order_id] = now

    def _ending(self, counter: m.Counter) -> Callable[[OrderEvent], None]:
        placed, cancelled = self._received[PLACE], self._received[CANCEL]

        def end(event: OrderEvent) -> None:
            counter.value += 1
            if placed:
                self._settle(PLACE, event)
            if cancelled:
                self._settle(CANCEL, event)

        return end

    def _settle(self, command: str, event: OrderEvent) -> None:
        """VALR's word on the order is there."""
        received = self._received[command].pop(event.order.client_order_id, None)
        if received is not None:
            self._confirmed[command].record(self._clock() - received)

    def _forget_cancel(self, event: OrderEvent) -> None:
        """It led to nothing in time: whatever ends the order some day does not confirm it."""
        self._received[CANCEL].pop(event.order.client_order_id, None)

    def _by_status(self) -> Iterable[tuple[tuple[str], int]]:
        counts = Counter(order.status for order in self._tracker.in_flight.values())
        return [((status.value,), counts[status]) for status in OrderStatus if not status.is_terminal]

    def _unknown(self) -> Iterable[tuple[tuple[()], int]]:
        orders = self._tracker.in_flight.values()
        return [((), sum(order.placement is Placement.UNKNOWN for order in orders))]
