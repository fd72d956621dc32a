"""What is logged and counted of events: each transition of an order, and what nobody expected."""

from __future__ import annotations

import logging

from valr_connector.model.enums import UntrackedPolicy, ZombieHandling
from valr_connector.model.events import (
    OrderEvent,
    UnknownFrameReceived,
    UnrecognisedStatus,
    UntrackedOrder,
    ZombieOrder,
)
from valr_connector.net.event_stream import EventPublisher
from valr_connector.observe import metrics as m
from valr_connector.observe.log_fields import about_order

log = logging.getLogger(__name__)

_INFO = logging.INFO


class EventLog:
    """Logs the events of one publisher; the first to subscribe there, it logs before anybody acts."""

    def __init__(self, publisher: EventPublisher, metrics: m.Metrics) -> None:
        # There from the beginning, as 0: Prometheus sees no increase in a series that begins with 1.
        self._zombies = {each: metrics.counter(m.ORDERS_ZOMBIE, each.value) for each in ZombieHandling}
        self._untracked = {each: metrics.counter(m.ORDERS_UNTRACKED, each.value) for each in UntrackedPolicy}
        publisher.on(OrderEvent, _log_order)
        publisher.on(ZombieOrder, self._note_zombie)
        publisher.on(UntrackedOrder, self._note_untracked)
        publisher.on(UnknownFrameReceived, _log_unknown_frame)
        publisher.on(UnrecognisedStatus, _log_unrecognised_status)

    def _note_zombie(self, event: ZombieOrder) -> None:
        self._zombies[event.handling].add()
        log.warning(
            "ended here, open at VALR: %s (%s)",
            event.order.client_order_id,
            event.handling,
            extra=about_order(event.order),
        )

    def _note_untracked(self, event: UntrackedOrder) -> None:
        self._untracked[event.handling].add()
        log.warning(
            "open at VALR, not known here: %s (%s)",
            event.exchange_order_id,
            event.handling,
            extra={"exchange_order_id": event.exchange_order_id},
        )


def _log_order(event: OrderEvent) -> None:
    if not log.isEnabledFor(_INFO):  # before anything is looked up for a line that nobody wants
        return
    order = event.order
    log.info(
        "%s %s %s %s %s",
        type(event).__name__,
        order.client_order_id,
        order.exchange_order_id,
        order.status,
        order.executed_amount,
        extra=about_order(order),
    )


def _log_unknown_frame(event: UnknownFrameReceived) -> None:
    socket = event.socket.value
    log.warning("%s socket: unknown type of frame, further ones are only counted: %s", socket, event.kind)


def _log_unrecognised_status(event: UnrecognisedStatus) -> None:
    log.warning("unknown order status, further ones are only counted: %s", event.text)
