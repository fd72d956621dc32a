"""From what the connections tell to what is ready, and why the rest is not."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable

from valr_connector.core.order_book import OrderBook
from valr_connector.core.readiness import Part, Readiness
from valr_connector.model.enums import SessionState, Socket
from valr_connector.model.events import (
    CancelOnDisconnectChanged,
    CircuitChanged,
    ConnectionChanged,
    ReadinessChanged,
)
from valr_connector.net.circuits import Circuits
from valr_connector.net.event_stream import EventPublisher


class ReadinessWatch:
    """Keeps the table of parts by the events that concern it, until it is closed.

    Args:
        books: those that are followed, by now.

    Attributes:
        is_ready: set once every part has been ready.
    """

    def __init__(
        self,
        readiness: Readiness,
        *,
        circuits: Circuits,
        books: Callable[[], Iterable[OrderBook]],
        publisher: EventPublisher,
    ) -> None:
        self._readiness = readiness
        self._circuits = circuits
        self._books = books
        self._publisher = publisher
        self._is_trade_live = False
        self.is_ready = asyncio.Event()
        self._subscriptions = (
            publisher.on(ConnectionChanged, self._on_connection),
            publisher.on(CircuitChanged, self._on_circuit),
            publisher.on(CancelOnDisconnectChanged, self._on_cancel_on_disconnect),
        )

    def ready(self, *parts: Part) -> None:
        """These are in place."""
        for part in parts:
            self._tell(self._readiness.ready(part))

    def note_books(self) -> None:
        """Books may be used while their connection is live and each of them is valid."""
        if not self._is_trade_live:
            return  # the connection's own event said why
        if all(book.is_valid for book in self._books()):
            self.ready(Part.ORDER_BOOKS)
        else:
            self._not_ready("waiting for a valid frame of each pair", Part.ORDER_BOOKS)

    def close(self) -> None:
        """Look at no event any more."""
        for unsubscribe in self._subscriptions:
            unsubscribe()

    def _on_connection(self, event: ConnectionChanged) -> None:
        self._circuits.note_connection(event)
        why = event.after.value.lower() + (f" ({event.cause})" if event.cause else "")
        if event.socket is Socket.ACCOUNT:
            self._on_account_connection(event.after, why)
        else:
            self._on_trade_connection(event.after, why)

    def _on_account_connection(self, state: SessionState, why: str) -> None:
        if state is SessionState.LIVE:
            self.ready(Part.ACCOUNT_STREAM)
            return
        self._not_ready(why, Part.ACCOUNT_STREAM)
        if state is SessionState.IDLE:
            self._not_ready("the account stream is disconnected", Part.BALANCES, Part.OPEN_ORDERS)

    def _on_trade_connection(self, state: SessionState, why: str) -> None:
        self._is_trade_live = state is SessionState.LIVE
        if self._is_trade_live:
            self.note_books()
        else:
            self._not_ready(f"the trade stream is {why}", Part.ORDER_BOOKS)

    def _on_circuit(self, _: CircuitChanged) -> None:
        circuits = self._circuits
        if circuits.are_orders_cut:
            why = f"{circuits.socket_orders.why_cut}; {circuits.rest_orders.why_cut}"
            self._not_ready(why, Part.ORDER_ENTRY)
        else:
            self.ready(Part.ORDER_ENTRY)

    def _on_cancel_on_disconnect(self, event: CancelOnDisconnectChanged) -> None:
        if event.is_armed:
            self.ready(Part.CANCEL_ON_DISCONNECT)
        else:
            self._not_ready(event.why_not, Part.CANCEL_ON_DISCONNECT)

    def _not_ready(self, why: str, *parts: Part) -> None:
        for part in parts:
            self._tell(self._readiness.not_ready(part, why))

    def _tell(self, change: ReadinessChanged | None) -> None:
        if change is None:
            return
        if change.ready:
            self.is_ready.set()
        self._publisher.publish(change)
