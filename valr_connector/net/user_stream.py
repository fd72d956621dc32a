"""The account socket: frames in, order state changed, events out, in one synchronous go.

This is the single writer of order state. What REST answers say, and what we do ourselves, comes in
through `apply`, the same door.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence

from valr_connector.core.commands import CommandKind, CommandLedger
from valr_connector.core.event_router import Complaint, EventRouter
from valr_connector.core.evidence import Evidence, OwnWords, Says
from valr_connector.core.guards import SECOND
from valr_connector.core.order_record import OrderRecord
from valr_connector.core.reconcile import Question, placement_sent_at
from valr_connector.errors import DecodeError, NotSentError
from valr_connector.model.enums import SessionState, Socket
from valr_connector.model.events import (
    ConnectionChanged,
    Event,
)
from valr_connector.net.event_stream import EventPublisher
from valr_connector.net.refused_frames import RefusedFrames
from valr_connector.net.websocket import WebSocketClient
from valr_connector.observe import metrics as m
from valr_connector.protocol.commands import AccountEvent, subscribe_account_command
from valr_connector.protocol.frames import (
    RateLimitExceededFrame,
    decode_account_frame,
)
from valr_connector.protocol.rows import OpenOrderRow, OrderReport

log = logging.getLogger(__name__)

_UNKNOWN_AFTER_LOSS = {
    CommandKind.PLACE_LIMIT: Says.PLACEMENT_UNKNOWN,
    CommandKind.PLACE_MARKET: Says.PLACEMENT_UNKNOWN,
    CommandKind.CANCEL: Says.CANCEL_UNKNOWN,
    CommandKind.MODIFY: Says.MODIFY_UNKNOWN,
}

SUBSCRIBE_ORDER_STATUS = subscribe_account_command([AccountEvent.ORDER_STATUS_UPDATE])
"""Whether it is needed is not known (protocol 15, 21 no. 1), so it is always sent."""

_LIVE = SessionState.LIVE  # CPython 3.11 takes 0.1 us to find a member in its class

_SUSPICIOUSLY_SOON = 2 * SECOND
_SUSPICIOUSLY_OFTEN = 2
"""Connections that end so soon after SUBSCRIBE, so often in a row, may end because of it (protocol 15)."""


class UserStreamTracker:
    """Owns the account socket's connection and the router behind it. A `SocketHandler`.

    Args:
        connect: makes the WebSocket client for a handler and a listener of its states.
        resync: rebuilds balances and orders by REST after each connect; told the epoch.
        clock: monotonic nanoseconds.
        on_rate_limited: told the type of each command that VALR's limits refused, None where it is not said.

    Attributes:
        say: says what we did about an order, and what VALR's answer to that says.
    """

    def __init__(
        self,
        *,
        connect: Callable[[UserStreamTracker], WebSocketClient],
        router: EventRouter,
        ledger: CommandLedger,
        publisher: EventPublisher,
        resync: Callable[[int], Awaitable[None]],
        clock: Callable[[], int],
        metrics: m.Metrics,
        on_rate_limited: Callable[[str | None], None] | None = None,
    ) -> None:
        self._router = router
        self._handlers = router.handlers
        router.on_complaint = self._take_complaint
        self._ledger = ledger
        self._publish = publisher.publish
        self._resync = resync
        self._clock = clock
        self._refuse = RefusedFrames(Socket.ACCOUNT, publish=publisher.publish, metrics=metrics).note
        self._on_rate_limited = on_rate_limited
        self._subscribed_at: int | None = None
        self._broken_subscriptions = 0
        self._was_in_step = False
        self.say = OwnWords(self.apply)
        self.client = connect(self)

    @property
    def epoch(self) -> int:
        """Number of the present connection."""
        return self.client.session.epoch

    @property
    def is_live(self) -> bool:
        """Connected, authenticated and resynced."""
        return self.client.session.state is _LIVE

    @property
    def was_in_step(self) -> bool:
        """Whether it has been live before: since then every order is accounted for, connected or not."""
        return self._was_in_step

    async def run(self) -> None:
        """Stay connected until cancelled; raises only what no new connection can mend."""
        await self.client.run()

    def send_while_live(self, frame: bytes) -> Awaitable[None]:
        """Send a command that must not stand in a connection that is doubtful, or not in step yet.

        At once, and raises, as `WebSocketClient.send` does.

        Raises:
            NotSentError: not live; nothing left.
        """
        client = self.client
        if client.session.state is not _LIVE:
            raise NotSentError(f"the account socket is {client.session.state.lower()}")
        return client.send(frame)

    def apply(self, evidence: Evidence) -> None:
        """Evidence that did not come in a frame."""
        self._tell(self._router.apply(evidence, self._clock()))

    def note_question(self, order: OrderRecord, question: Question) -> None:
        """VALR is about to be asked about an order."""
        self._router.note_question(order, question, self._clock())

    def placement_arrived_by(self, order: OrderRecord) -> int | None:
        """By when VALR had read an order's placement, or it was lost for good, monotonic nanoseconds.

        None while it may be under way.
        """
        if order.is_by_rest:
            return order.request_ended_at
        return self.client.session.arrived_by(order.epoch, placement_sent_at(order))

    def report(self, row: OrderReport, asked_at: int) -> None:
        """VALR's answer to a question about one order, put at `asked_at` of the monotonic clock."""
        self._tell(self._router.report(row, self._clock(), asked_at))

    def note_open_orders(self, rows: Sequence[OpenOrderRow], epoch: int) -> None:
        """A complete list of open orders from REST, asked for while `epoch` was up."""
        self._tell(self._router.note_open_orders(rows, self._clock(), epoch))

    # --- SocketHandler -----------------------------------------------------------------------------

    def on_frame(self, raw: bytes, now: int) -> None:
        try:
            frame = decode_account_frame(raw)
        except DecodeError as error:
            self._refuse(error)
            return
        for event in self._handlers[type(frame)](frame, now):  # `_tell`, without a call for each frame
            self._publish(event)

    def _take_complaint(self, frame: Complaint) -> None:
        if not isinstance(frame, RateLimitExceededFrame):
            log.warning("account socket: VALR says %s: %s", type(frame).__name__, frame.error.message)
        elif self._on_rate_limited is not None:
            self._on_rate_limited(frame.request_type)

    def on_connected(self, epoch: int) -> None:
        self._router.begin_epoch(epoch)
        self._subscribed_at = None

    def on_disconnected(self, epoch: int, cause: str) -> None:
        self._judge_subscription()
        for command in self._ledger.lose(epoch):
            self.say(
                command,
                _UNKNOWN_AFTER_LOSS[command.kind],
                reason=f"connection lost before the reply: {cause}",
                asked_at=command.sent_at,
            )

    async def while_connected(self, epoch: int) -> None:
        if self._broken_subscriptions < _SUSPICIOUSLY_OFTEN:
            await self.client.send(SUBSCRIBE_ORDER_STATUS)
            self._subscribed_at = self._clock()
        await self._resync(epoch)
        self.client.resynced(epoch)
        self._was_in_step = True

    # ------------------------------------------------------------------------------------------------

    def on_state(self, before: SessionState, after: SessionState, cause: str) -> None:
        """The connection's state changed."""
        self._tell((ConnectionChanged(Socket.ACCOUNT, before, after, self.epoch, cause),))

    def _judge_subscription(self) -> None:
        """After connections that broke with it, one goes without it; the one after that tries it again."""
        subscribed_at = self._subscribed_at
        if subscribed_at is not None and self._clock() - subscribed_at < _SUSPICIOUSLY_SOON:
            self._broken_subscriptions += 1
        else:
            self._broken_subscriptions = 0

    def _tell(self, events: Sequence[Event]) -> None:
        for event in events:
            self._publish(event)
