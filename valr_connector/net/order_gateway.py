"""Placing and cancelling: the socket first, REST v2 where the command provably never left.

Every order is tracked before its command is sent. What the command led to is learnt from evidence, and
only from evidence; a reply is a receipt.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from valr_connector.core.commands import CommandKind, CommandLedger, SentCommand
from valr_connector.core.evidence import Evidence, Says, Source
from valr_connector.core.guards import SECOND
from valr_connector.core.lifecycle import AskReason
from valr_connector.core.order_record import OrderRecord
from valr_connector.core.order_tracker import OrderTracker
from valr_connector.core.placement import SAYS, Fate, Step, fate_of_refusal, may_place_again, next_step
from valr_connector.core.reconcile import Questions
from valr_connector.errors import (
    ExchangeError,
    JournalWriteError,
    NotSentError,
    OutcomeUnknownError,
    ValrError,
)
from valr_connector.model.enums import OrderStatus, OrderType, Placement
from valr_connector.model.order import CancelOutcome, CancelResult
from valr_connector.net.circuits import Circuits
from valr_connector.net.gate import Gate
from valr_connector.net.limiter import Limiter
from valr_connector.net.order_journal import OrderJournal
from valr_connector.net.outcome_wait import OutcomeWait
from valr_connector.net.rest import RestClient
from valr_connector.net.user_stream import UserStreamTracker
from valr_connector.observe import metrics as m
from valr_connector.protocol import endpoints
from valr_connector.protocol.commands import order_command
from valr_connector.protocol.order_requests import (
    STOP_KINDS,
    CancelOrder,
    PlaceLimit,
    PlaceMarket,
    PlaceStopLimit,
)
from valr_connector.protocol.requests import Lane, Request
from valr_connector.protocol.rest_bodies import Placed

log = logging.getLogger(__name__)

_RESULTS = {
    OrderStatus.CANCELLED: CancelResult.CANCELLED,
    OrderStatus.FILLED: CancelResult.FILLED,
    OrderStatus.EXPIRED: CancelResult.EXPIRED,
    OrderStatus.FAILED: CancelResult.FAILED,
}


class OrderGateway:
    """Sends commands and waits for what VALR says about their orders.

    Args:
        ask_about: asks VALR what became of an order; False if it could not be asked.
        place_timeout, cancel_timeout: how long an outcome may take, nanoseconds.
        place_attempts: how often one placement is sent at most.
        cancel_attempts: how often one `cancel` asks VALR to cancel.
        pause: how long to wait after so many attempts to cancel, nanoseconds.
        clock: monotonic nanoseconds.
        circuits: asked before each command: a way that fails too often is left alone, but by cancels that
            have no other.
        gate: closed when closing begins: no placement goes out any more, cancels do.
        limiter: asked before each command. A placement waits for half of its time-out at most, and then ends
            as not sent; a cancel goes by REST then.
        journal: where a placing is written down before anything is sent.
    """

    def __init__(
        self,
        *,
        stream: UserStreamTracker,
        rest: RestClient,
        tracker: OrderTracker,
        ledger: CommandLedger,
        questions: Questions,
        wait: OutcomeWait,
        ask_about: Callable[[OrderRecord], Awaitable[bool]],
        place_timeout: int,
        place_attempts: int,
        cancel_timeout: int,
        cancel_attempts: int,
        pause: Callable[[int], int],
        clock: Callable[[], int],
        metrics: m.Metrics,
        gate: Gate,
        limiter: Limiter,
        circuits: Circuits,
        journal: OrderJournal | None = None,
    ) -> None:
        self._stream = stream
        self._rest = rest
        self._tracker = tracker
        self._ledger = ledger
        self._questions = questions
        self._wait = wait
        self._ask_about = ask_about
        self._place_timeout = place_timeout
        self._place_attempts = place_attempts
        self._cancel_timeout = cancel_timeout
        self._cancel_attempts = cancel_attempts
        self._pause = pause
        self._clock = clock
        self._journal = journal
        self._limiter = limiter
        self._circuits = circuits
        self._place_latency = metrics.latency(m.PLACE_CONFIRMED)
        self._cancel_latency = metrics.latency(m.CANCEL_CONFIRMED)
        self._gate = gate

    async def place(self, order: OrderRecord) -> None:
        """Place an order and wait until VALR confirmed or refused it, or its outcome is unknown.

        Raises:
            ClosedError: closing began.
            InvalidArgumentError: the client order id was used before.
            JournalWriteError: it could not be written down; nothing was sent, and nothing is tracked.
        """
        self._begin(order)
        if order.order_type in STOP_KINDS:  # the socket takes none (protocol 16)
            await self._place_by_rest(order, stop_limit_request(order))
        else:
            await self._send_placement(order)
        await self.until_placed(order)
        if order.placement is not Placement.UNKNOWN:
            self._place_latency.record(self._clock() - order.created_at)

    async def until_placed(self, order: OrderRecord) -> None:
        """Wait until VALR confirmed or refused the order, or its outcome is unknown."""
        await self._wait.until(order, is_placed_or_unknown)

    def begin_all(self, orders: Sequence[OrderRecord]) -> None:
        """Track orders that are about to be sent together, all of them or none.

        Raises as `place` does.
        """
        begun: list[OrderRecord] = []
        try:
            for order in orders:
                self._begin(order)
                begun.append(order)
        except ValrError:
            for order in begun:
                self._tracker.withdraw(order)
                if self._journal is not None:
                    self._journal.withdraw(order)
            raise

    def note_cancel(self, order: OrderRecord) -> None:
        """A cancel is about to be sent: the request stands, and is asked about where it is overdue."""
        self._stream.say(order, Says.CANCEL_SENT)
        due = self._clock() + self._cancel_timeout
        self._questions.ask_at(order.client_order_id, AskReason.CANCEL_UNCONFIRMED, due)

    async def place_again(self, order: OrderRecord) -> bool:
        """Place an order that was proved absent once more, under the same id, where its policy says so.

        Returns:
            Whether it was tried; if not, there is no such order.
        """
        if self._gate.is_closed or not may_place_again(
            order.retry,
            sent=order.times_sent,
            most=self._place_attempts,
            is_unwanted=order.cancel_attempts > 0,
        ):
            return False
        is_stop = order.order_type in STOP_KINDS
        await self._place_by_rest(order, stop_limit_request(order) if is_stop else placement_request(order))
        return True

    async def cancel(self, order: OrderRecord) -> CancelOutcome:
        """Have an order cancelled and wait until VALR says what became of it."""
        began = self._clock()
        await self.until_placed(order)
        could_ask = True
        for attempt in range(1, self._cancel_attempts + 1):
            if attempt > 1:
                await self._pause_unless_done(order, attempt - 1)
                if self._wait.is_abandoned:
                    break  # nobody would answer
            if not order.is_done and not order.is_being_cancelled:
                await self._send_cancel(order)
            await self._wait.until(order, _has_no_cancel_request)
            if order.is_done:
                break
            could_ask = await self._wait.answer_or_end(order, self._ask_about(order))
        if order.is_done:
            self._cancel_latency.record(self._clock() - began)
            return CancelOutcome(order, _RESULTS[order.status])
        is_open_there = could_ask and order.status is not OrderStatus.PENDING_CREATE
        return CancelOutcome(order, CancelResult.STILL_OPEN if is_open_there else CancelResult.UNKNOWN)

    async def cancel_ended(self, order: OrderRecord) -> None:
        """Ask VALR to cancel an order that has ended here, for it seems to live there.

        Nothing follows from the answer: what became of the order has to be asked.
        """
        try:
            await self._rest.call(
                endpoints.cancel_order(cancel_request(order)), timeout=self._cancel_timeout / SECOND
            )
        except ValrError as error:
            log.warning("could not cancel %s again: %s", order.client_order_id, error)

    async def _pause_unless_done(self, order: OrderRecord, attempt: int) -> None:
        """VALR may refuse at once, again and again: leave some time between the attempts."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pause(attempt) / SECOND):
                await self._wait.until(order, _is_done)

    def _begin(self, order: OrderRecord) -> None:
        self._gate.check("accepted")
        order.created_at, order.epoch = self._clock(), self._stream.epoch
        self._tracker.track(order)
        self._write_down(order)
        due = order.created_at + self._place_timeout
        self._questions.ask_at(order.client_order_id, AskReason.PLACEMENT_UNCONFIRMED, due)

    def _write_down(self, order: OrderRecord) -> None:
        if self._journal is None:
            return
        try:
            self._journal.placing(order)
        except JournalWriteError:
            self._tracker.withdraw(order)
            raise

    # --- sending -----------------------------------------------------------------------------------

    async def _send_placement(self, order: OrderRecord) -> None:
        request = placement_request(order)
        kind = CommandKind.PLACE_MARKET if order.order_type is OrderType.MARKET else CommandKind.PLACE_LIMIT
        circuit = self._circuits.socket_orders
        if circuit.allows() and not await self._finds_room(order, kind):
            return
        if not circuit.enter():
            await self._place_without_socket(order, request, circuit.why_cut)
            return
        command = self._ledger.enter(kind, order.client_order_id, order.epoch, self._clock())
        try:
            await self._stream.send_while_live(order_command(request, command.message_id))
        except NotSentError as error:
            self._ledger.withdraw(command)
            await self._place_without_socket(order, request, str(error))
        except OutcomeUnknownError as error:
            self._not_known(command, Says.PLACEMENT_UNKNOWN, error)
        else:
            self._stream.say(order, Says.SENT)

    async def _place_without_socket(
        self, order: OrderRecord, request: PlaceLimit | PlaceMarket, why: str
    ) -> None:
        if next_step(order.retry, Fate.NOT_SENT_ON_SOCKET) is Step.PLACE:
            await self._place_by_rest(order, request)
        else:
            self._say_fate(order, Fate.NOT_SENT_ON_SOCKET, f"not sent: {why}")

    async def _finds_room(self, order: OrderRecord, kind: CommandKind) -> bool:
        """Wait for room in VALR's limits; an order that is not sent for want of it ends."""
        try:
            if not self._limiter.try_acquire(Lane.PLACE, kind):
                async with self._gate.passage():
                    await self._limiter.acquire(Lane.PLACE, kind, order.created_at + self._place_timeout // 2)
        except NotSentError as error:
            return self._drop(order, str(error))
        except asyncio.CancelledError:
            self._drop(order, "cancelled while it waited for room in VALR's limits")
            raise
        order.epoch = self._stream.epoch
        return True

    def _drop(self, order: OrderRecord, reason: str) -> bool:
        self._say_fate(order, Fate.NOT_SENT_ON_SOCKET, f"not sent: {reason}")
        return False

    async def _place_by_rest(
        self, order: OrderRecord, request: PlaceLimit | PlaceMarket | PlaceStopLimit
    ) -> None:
        try:
            self._stream.say(order, Says.SENT)
            placed = await self._rest.call(
                placement_endpoint(request),
                timeout=self._place_timeout / SECOND,
                passage=self._gate.passage,
            )
        except NotSentError as error:
            self._say_fate(order, Fate.NOT_SENT_BY_REST, f"not sent: {error}")
        except ExchangeError as error:
            says = SAYS[fate_of_refusal(error.code)]
            self._stream.say(order, says, Source.REPLY, reason=error.reason, order_id=error.order_id)
        except ValrError as error:
            self._say_fate(order, Fate.UNKNOWN, str(error))
        else:
            self._stream.say(order, Says.PROCESSED, Source.REPLY, order_id=placed.order_id)

    async def _send_cancel(self, order: OrderRecord) -> None:
        request = cancel_request(order)
        self.note_cancel(order)
        if not self._circuits.socket_orders.enter() and self._circuits.rest_orders.allows():
            await self._cancel_by_rest(order, request)
            return  # without that other way it goes on in spite of the circuit
        command = self._ledger.enter(
            CommandKind.CANCEL, order.client_order_id, self._stream.epoch, self._clock()
        )
        try:
            deadline = self._clock() + self._cancel_timeout // 2
            await self._limiter.acquire(Lane.CANCEL, CommandKind.CANCEL, deadline)
            await self._stream.client.send(order_command(request, command.message_id))
        except NotSentError:
            self._ledger.withdraw(command)
            await self._cancel_by_rest(order, request)
        except OutcomeUnknownError as error:
            self._not_known(command, Says.CANCEL_UNKNOWN, error)

    async def _cancel_by_rest(self, order: OrderRecord, request: CancelOrder) -> None:
        try:
            await self._rest.call(endpoints.cancel_order(request), timeout=self._cancel_timeout / SECOND)
        except ExchangeError as error:
            self._stream.say(order, Says.CANCEL_REFUSED, Source.REPLY, reason=error.reason)
        except ValrError as error:
            self._stream.say(order, Says.CANCEL_UNKNOWN, reason=str(error))
        else:
            self._stream.say(order, Says.CANCEL_CONFIRMED, Source.REPLY)

    def _not_known(self, command: SentCommand, says: Says, error: OutcomeUnknownError) -> None:
        self._ledger.give_up(command)
        self._stream.apply(
            Evidence(
                says=says, source=Source.LOCAL, client_order_id=command.client_order_id, reason=str(error)
            )
        )

    def _say_fate(self, order: OrderRecord, fate: Fate, reason: str) -> None:
        self._stream.say(order, SAYS[fate], reason=reason)


def placement_request(order: OrderRecord) -> PlaceLimit | PlaceMarket:
    """What VALR is asked, for an order that has been checked against its pair's rules."""
    if order.order_type is OrderType.MARKET:
        return PlaceMarket(
            symbol=order.symbol,
            side=order.side,
            client_order_id=order.client_order_id,
            base_amount=order.amount,
            quote_amount=order.quote_amount,
        )
    if order.amount is None or order.price is None:
        raise AssertionError("a limit order has an amount and a price")
    return PlaceLimit(
        symbol=order.symbol,
        side=order.side,
        quantity=order.amount,
        price=order.price,
        client_order_id=order.client_order_id,
        post_only=order.post_only,
        time_in_force=order.time_in_force,
    )


def stop_limit_request(order: OrderRecord) -> PlaceStopLimit:
    """The same for an order that waits for its price."""
    if order.amount is None or order.price is None or order.stop_price is None:
        raise AssertionError("a stop-limit order has an amount and two prices")
    return PlaceStopLimit(
        symbol=order.symbol,
        side=order.side,
        kind=order.order_type,
        quantity=order.amount,
        price=order.price,
        stop_price=order.stop_price,
        client_order_id=order.client_order_id,
    )


def placement_endpoint(request: PlaceLimit | PlaceMarket | PlaceStopLimit) -> Request[Placed]:
    """The same placement over REST v2."""
    if isinstance(request, PlaceStopLimit):
        return endpoints.place_stop_limit(request)
    if isinstance(request, PlaceMarket):
        return endpoints.place_market(request)
    return endpoints.place_limit(request)


def cancel_request(order: OrderRecord) -> CancelOrder:
    """By VALR's id where it is known, else by ours; never by both (protocol 10.6)."""
    if order.exchange_order_id is not None:
        return CancelOrder(symbol=order.symbol, order_id=order.exchange_order_id)
    return CancelOrder(symbol=order.symbol, client_order_id=order.client_order_id)


def is_placed_or_unknown(order: OrderRecord) -> bool:
    return order.status is not OrderStatus.PENDING_CREATE or order.placement is Placement.UNKNOWN


def _is_done(order: OrderRecord) -> bool:
    return order.is_done


def _has_no_cancel_request(order: OrderRecord) -> bool:
    return not order.is_being_cancelled
