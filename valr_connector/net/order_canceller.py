"""Cancelling: the socket first, REST v2 where the command provably never left; then what VALR says of it.

A receipt is no cancellation, and a refusal says nothing of the order: after each attempt without an ending
VALR is asked, and asked to cancel again, after a pause and so many times.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from valr_connector.core.commands import CommandKind, CommandLedger
from valr_connector.core.evidence import Says, Source
from valr_connector.core.guards import SECOND
from valr_connector.core.lifecycle import AskReason
from valr_connector.core.order_record import OrderRecord
from valr_connector.core.order_terms import cancel_request
from valr_connector.core.reconcile import Questions
from valr_connector.errors import ExchangeError, NotSentError, OutcomeUnknownError, ValrError
from valr_connector.model.enums import OrderStatus
from valr_connector.model.order import CancelOutcome, CancelResult
from valr_connector.net.circuits import Circuits
from valr_connector.net.limiter import GIVEN_UP, Limiter
from valr_connector.net.order_metrics import OrderMetrics
from valr_connector.net.outcome_wait import OutcomeWait, is_placed_or_unknown
from valr_connector.net.rest import RestClient
from valr_connector.net.user_stream import UserStreamTracker
from valr_connector.observe import metrics as m
from valr_connector.observe.log_fields import about_order
from valr_connector.protocol import endpoints
from valr_connector.protocol.commands import order_command
from valr_connector.protocol.order_requests import CancelOrder
from valr_connector.protocol.requests import Lane

log = logging.getLogger(__name__)

ENDED_AS: Final = {
    OrderStatus.CANCELLED: CancelResult.CANCELLED,
    OrderStatus.FILLED: CancelResult.FILLED,
    OrderStatus.EXPIRED: CancelResult.EXPIRED,
    OrderStatus.FAILED: CancelResult.FAILED,
}


class OrderCanceller:
    """Sends cancels and waits for what VALR says about their orders.

    Args:
        ask_about: asks VALR what became of an order; False if it could not be asked.
        timeout: how long an outcome may take, nanoseconds.
        attempts: how often one `cancel` asks VALR to cancel.
        pause: how long to wait after so many attempts, nanoseconds.
        clock: monotonic nanoseconds.
        circuits: asked before each command: a way that fails too often is left alone, unless there is no
            other.
        limiter: asked before each command; without room for half of the time-out it goes by REST.
    """

    def __init__(
        self,
        *,
        stream: UserStreamTracker,
        rest: RestClient,
        ledger: CommandLedger,
        questions: Questions,
        wait: OutcomeWait,
        ask_about: Callable[[OrderRecord], Awaitable[bool]],
        timeout: int,
        attempts: int,
        pause: Callable[[int], int],
        clock: Callable[[], int],
        metrics: m.Metrics,
        order_metrics: OrderMetrics,
        limiter: Limiter,
        circuits: Circuits,
    ) -> None:
        self._stream = stream
        self._rest = rest
        self._ledger = ledger
        self._questions = questions
        self._wait = wait
        self._ask_about = ask_about
        self._timeout = timeout
        self._attempts = attempts
        self._pause = pause
        self._clock = clock
        self._limiter = limiter
        self._circuits = circuits
        self._metrics = order_metrics
        self._latency = metrics.latency(m.CANCEL_CONFIRMED)

    async def cancel(self, order: OrderRecord) -> CancelOutcome:
        """Have an order cancelled and wait until VALR says what became of it."""
        began = self._clock()
        await self._wait.until(order, is_placed_or_unknown)
        could_ask = True
        for attempt in range(1, self._attempts + 1):
            if attempt > 1:
                await self._pause_unless_done(order, attempt - 1)
                if self._wait.is_abandoned:
                    break  # nobody would answer
            if not order.is_done and not order.is_being_cancelled:
                await self._send(order)
            await self._wait.until(order, _has_no_cancel_request)
            if order.is_done:
                break
            could_ask = await self._wait.answer_or_end(order, self._ask_about(order))
        if order.is_done:
            self._latency.record(self._clock() - began)
            return CancelOutcome(order, ENDED_AS[order.status])
        is_open_there = could_ask and order.status is not OrderStatus.PENDING_CREATE
        return CancelOutcome(order, CancelResult.STILL_OPEN if is_open_there else CancelResult.UNKNOWN)

    def note_cancel(self, order: OrderRecord) -> None:
        """A cancel is about to be sent: the request stands, and is asked about where it is overdue."""
        self._stream.say(order, Says.CANCEL_SENT)
        due = self._clock() + self._timeout
        self._questions.ask_at(order.client_order_id, AskReason.CANCEL_UNCONFIRMED, due)

    async def cancel_ended(self, order: OrderRecord) -> None:
        """Ask VALR to cancel an order that has ended here, for it seems to live there.

        Nothing follows from the answer: what became of the order has to be asked.
        """
        try:
            await self._rest.call(
                endpoints.cancel_order(cancel_request(order)), timeout=self._timeout / SECOND
            )
        except ValrError as error:
            log.warning(
                "could not cancel %s again: %s", order.client_order_id, error, extra=about_order(order)
            )

    async def _pause_unless_done(self, order: OrderRecord, attempt: int) -> None:
        """VALR may refuse at once, again and again: leave some time between the attempts."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pause(attempt) / SECOND):
                await self._wait.until(order, _is_done)

    async def _send(self, order: OrderRecord) -> None:
        request = cancel_request(order)
        self.note_cancel(order)
        if not self._circuits.socket_orders.enter() and self._circuits.rest_orders.allows():
            await self._send_by_rest(order, request)
            return  # without that other way it goes on in spite of the circuit
        began = self._clock()
        if not await self._finds_room(order, began + self._timeout // 2):
            await self._send_by_rest(order, request)
            return
        command = self._ledger.enter(
            CommandKind.CANCEL, order.client_order_id, self._stream.epoch, self._clock()
        )
        try:
            await self._stream.client.send(order_command(request, command.message_id))
        except NotSentError:
            self._ledger.withdraw(command)
            await self._send_by_rest(order, request)
        except OutcomeUnknownError as error:
            self._ledger.give_up(command)
            self._stream.say(order, Says.CANCEL_UNKNOWN, reason=str(error))
        else:
            self._metrics.sent(CommandKind.CANCEL, began)

    async def _finds_room(self, order: OrderRecord, deadline: int) -> bool:
        """Wait for room in VALR's limits; a cancel that its caller gives up by then was not sent."""
        try:
            await self._limiter.acquire(Lane.CANCEL, CommandKind.CANCEL, deadline)
        except NotSentError:
            self._circuits.socket_orders.withdrawn()
            return False
        except asyncio.CancelledError:
            self._circuits.socket_orders.withdrawn()
            self._stream.say(order, Says.CANCEL_REFUSED, reason=f"not sent: {GIVEN_UP}")
            raise
        return True

    async def _send_by_rest(self, order: OrderRecord, request: CancelOrder) -> None:
        try:
            await self._rest.call(endpoints.cancel_order(request), timeout=self._timeout / SECOND)
        except ExchangeError as error:
            self._stream.say(order, Says.CANCEL_REFUSED, Source.REPLY, reason=error.reason)
        except ValrError as error:
            self._stream.say(order, Says.CANCEL_UNKNOWN, reason=str(error))
        else:
            self._stream.say(order, Says.CANCEL_CONFIRMED, Source.REPLY)


def _is_done(order: OrderRecord) -> bool:
    return order.is_done


def _has_no_cancel_request(order: OrderRecord) -> bool:
    return not order.is_being_cancelled
