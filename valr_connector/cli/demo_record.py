"""What the library told while the demo ran."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from valr_connector.model.enums import SessionState
from valr_connector.model.events import (
    CancelUnknown,
    ConnectionChanged,
    FillAmended,
    OrderEvent,
    OrderFilled,
    PlacementUnknown,
    ReadinessChanged,
    UnknownFrameReceived,
    UnrecognisedStatus,
)
from valr_connector.model.ids import ClientOrderId

if TYPE_CHECKING:
    from valr_connector.exchange import ValrExchange
    from valr_connector.model.order import Fill, InFlightOrder


class DemoRecord:
    """Follows one `ValrExchange` from now on.

    Args:
        valr: whom to follow.
        clock: monotonic nanoseconds.

    Attributes:
        unknown: how often the outcome of a placement or a cancel was not known in time.
        strange_words: order statuses and frame types that came in and nobody knows.
        reconnects: connections after the first of each socket.
        recovery_ns: from the cut to being ready again; None before that.
    """

    def __init__(self, valr: ValrExchange, *, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self._valr = valr
        self._clock = clock
        self._orders: dict[str, InFlightOrder] = {}
        self._fills: dict[tuple[str, str], Fill] = {}
        self._cut_at: int | None = None
        self.unknown = 0
        self.strange_words: set[str] = set()
        self.reconnects = 0
        self.recovery_ns: int | None = None
        valr.on(OrderEvent, self._order_event)
        valr.on(UnrecognisedStatus, lambda event: self.strange_words.add(event.text))
        valr.on(UnknownFrameReceived, lambda event: self.strange_words.add(event.kind))
        valr.on(ConnectionChanged, self._connection_changed)
        valr.on(ReadinessChanged, self._readiness_changed)

    @property
    def fills(self) -> list[Fill]:
        """Every fill, with its fee once that is known."""
        return list(self._fills.values())

    @property
    def was_cut(self) -> bool:
        return self._cut_at is not None

    def orders(self) -> list[InFlightOrder]:
        """Every order ever placed: those that events named, and those in flight."""
        unheard = [order for name, order in self._valr.orders.items() if name not in self._orders]
        return [*self._orders.values(), *unheard]

    def order(self, client_order_id: str) -> InFlightOrder | None:
        """The order that was placed with that id."""
        return self._valr.orders.get(ClientOrderId(client_order_id)) or self._orders.get(client_order_id)

    def cut(self) -> None:
        """Cut the account connection, and measure how long the recovery takes."""
        self._cut_at = self._clock()
        self._valr.drop_account_socket()

    def _order_event(self, event: OrderEvent) -> None:
        self._orders[event.order.client_order_id] = event.order
        if isinstance(event, OrderFilled | FillAmended):
            self._fills[event.order.client_order_id, event.fill.trade_id] = event.fill
        elif isinstance(event, PlacementUnknown | CancelUnknown):
            self.unknown += 1

    def _connection_changed(self, event: ConnectionChanged) -> None:
        if event.after is SessionState.LIVE and event.epoch > 1:
            self.reconnects += 1

    def _readiness_changed(self, event: ReadinessChanged) -> None:
        if event.ready and self._cut_at is not None and self.recovery_ns is None:
            self.recovery_ns = self._clock() - self._cut_at
