"""Placing: the socket first, REST v2 where the command provably never left.

Every order is tracked before its command is sent. What the command led to is learnt from evidence, and
only from evidence; a reply is a receipt.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Final

from valr_connector.core.commands import CommandKind, CommandLedger, SentCommand
from valr_connector.core.evidence import Says, Source
from valr_connector.core.guards import SECOND
from valr_connector.core.lifecycle import AskReason
from valr_connector.core.order_record import OrderRecord
from valr_connector.core.order_terms import PlacementRequest, command_terms, placement_request
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
from valr_connector.model.enums import OrderType, Placement
from valr_connector.net.circuits import Circuits
from valr_connector.net.gate import Gate, Passage
from valr_connector.net.limiter import GIVEN_UP, Limiter
from valr_connector.net.order_journal import OrderJournal
from valr_connector.net.order_metrics import OrderMetrics
from valr_connector.net.outcome_wait import OutcomeWait, is_placed_or_unknown
from valr_connector.net.rest import RestClient
from valr_connector.net.user_stream import UserStreamTracker
from valr_connector.observe import metrics as m
from valr_connector.protocol import endpoints
from valr_connector.protocol.commands import order_command
from valr_connector.protocol.order_requests import PlaceMarket, PlaceStopLimit
from valr_connector.protocol.requests import Lane, Request
from valr_connector.protocol.rest_bodies import Placed

# CPython 3.11 takes 0.1 us to find a member in its class, and these are needed with each placement.
_PLACE, _SENT = Lane.PLACE, Says.SENT
_UNKNOWN, _UNCONFIRMED = Placement.UNKNOWN, AskReason.PLACEMENT_UNCONFIRMED
_SOCKET_KINDS: Final = {
    OrderType.LIMIT: CommandKind.PLACE_LIMIT,
    OrderType.MARKET: CommandKind.PLACE_MARKET,
}


class OrderGateway:
    """Sends commands and waits for what VALR says about their orders.

    Args:
        timeout: how long an outcome may take, nanoseconds.
        attempts: how often one placement is sent at most.
        clock: monotonic nanoseconds.
        circuits: asked before each command: a way that fails too often is left alone.
        gate: closed when closing begins: no placement goes out any more.
        limiter: asked before each command. A placement waits for half of its time-out at most, and then ends
            as not sent.
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
        timeout: int,
        attempts: int,
        clock: Callable[[], int],
        metrics: m.Metrics,
        order_metrics: OrderMetrics,
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
        self._timeout = timeout
        self._attempts = attempts
        self._clock = clock
        self._journal = journal
        self._limiter = limiter
        self._circuits = circuits
        self._metrics = order_metrics
        self._latency = metrics.latency(m.PLACE_CONFIRMED)
        self._gate = gate

    async def place(self, order: OrderRecord) -> OrderRecord:
        """Place an order and wait until VALR confirmed or refused it, or its outcome is unknown.

        Returns:
            The order.

        Raises:
            ClosedError: closing began.
            InvalidArgumentError: the client order id was used before.
            JournalWriteError: it could not be written down; nothing was sent, and nothing is tracked.
        """
        self._begin(order)
        try:
            rest = self._start(order)
        finally:
            self._remember_to_ask(order)
            self._tracker.free_forgotten()
        await rest
        await self.until_placed(order)
        if order.placement is not _UNKNOWN:
            self._latency.record(self._clock() - order.created_at)
        return order

    def until_placed(self, order: OrderRecord) -> Awaitable[None]:
        """Wait until VALR confirmed or refused the order, or its outcome is unknown."""
        return self._wait.until(order, is_placed_or_unknown)

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
        for order in orders:
            self._remember_to_ask(order)

    async def place_again(self, order: OrderRecord) -> bool:
        """Place an order that was proved absent once more, under the same id, where its policy says so.

        Returns:
            Whether it was tried; if not, there is no such order.
        """
        if self._gate.is_closed or not may_place_again(
            order.retry,
            sent=order.times_sent,
            most=self._attempts,
            is_unwanted=order.cancel_attempts > 0,
        ):
            return False
        await self._place_by_rest(order)
        return True

    @contextmanager
    def request(self, orders: Sequence[OrderRecord]) -> Iterator[Passage]:
        """Stands around the REST request that carries placements; gives what it passes while it waits.

        They are sent when that wait is over, and not before: cancelled until then, they end as not sent.
        """
        for order in orders:
            order.is_by_rest, order.request_ended_at = True, None
        says = _SENT

        @asynccontextmanager
        async def passage() -> AsyncIterator[None]:
            nonlocal says
            async with self._gate.passage():
                yield
            for order in orders:
                self._stream.say(order, says)
            says = Says.RESENT  # placements are sent again only where their signature was refused

        try:
            yield passage
        except asyncio.CancelledError:
            for order in orders:
                if order.placement is Placement.UNSENT:
                    self._say_fate(order, Fate.NOT_SENT_BY_REST, f"not sent: {GIVEN_UP}")
            raise
        finally:
            for order in orders:
                order.request_ended_at = self._clock()

    def _begin(self, order: OrderRecord) -> None:
        self._gate.check("accepted")
        order.created_at, order.epoch = self._clock(), self._stream.epoch
        self._tracker.track(order)
        if self._journal is not None:
            self._write_down(self._journal, order)

    def _remember_to_ask(self, order: OrderRecord) -> None:
        """Have VALR asked about a placement that stays unconfirmed. Before anything is waited for."""
        self._questions.ask_at(order.client_order_id, _UNCONFIRMED, order.created_at + self._timeout)

    def _write_down(self, journal: OrderJournal, order: OrderRecord) -> None:
        try:
            journal.placing(order)
        except JournalWriteError:
            self._tracker.withdraw(order)
            raise

    # --- sending -----------------------------------------------------------------------------------

    def _start(self, order: OrderRecord) -> Awaitable[None]:
        """Send an order, at once if it can leave at once. What is returned does the rest, and may wait."""
        kind = _SOCKET_KINDS.get(order.order_type)
        if kind is None:  # the socket takes no stop orders (protocol 16)
            return self._place_by_rest(order)
        circuit = self._circuits.socket_orders
        if not circuit.enter():
            return self._place_without_socket(order, circuit.why_cut)
        if not self._limiter.try_acquire(_PLACE, kind):
            circuit.withdrawn()
            return self._send_when_there_is_room(order, kind)
        return self._send(order, kind)

    async def _send_when_there_is_room(self, order: OrderRecord, kind: CommandKind) -> None:
        if not await self._finds_room(order, kind):
            return
        circuit = self._circuits.socket_orders
        if circuit.enter():
            await self._send(order, kind)
        else:
            await self._place_without_socket(order, circuit.why_cut)

    def _send(self, order: OrderRecord, kind: CommandKind) -> Awaitable[None]:
        """Send an order on the socket, at once; the rest as in `_start`."""
        command = self._ledger.enter(kind, order.client_order_id, order.epoch, self._clock())
        try:
            sending = self._stream.send_while_live(order_command(command_terms(order), command.message_id))
        except NotSentError as error:
            self._ledger.withdraw(command)
            return self._place_without_socket(order, str(error))
        return self._sent(order, command, sending)

    async def _sent(self, order: OrderRecord, command: SentCommand, sending: Awaitable[None]) -> None:
        try:
            await sending
        except OutcomeUnknownError as error:
            self._ledger.give_up(command)
            self._say_fate(order, Fate.UNKNOWN, str(error))
        else:
            self._metrics.sent(command.kind, order.created_at)
            self._stream.say(order, _SENT)

    async def _place_without_socket(self, order: OrderRecord, why: str) -> None:
        if next_step(order.retry, Fate.NOT_SENT_ON_SOCKET) is Step.PLACE:
            await self._place_by_rest(order)
        else:
            self._say_fate(order, Fate.NOT_SENT_ON_SOCKET, f"not sent: {why}")

    async def _finds_room(self, order: OrderRecord, kind: CommandKind) -> bool:
        """Wait for room in VALR's limits; an order that is not sent for want of it ends."""
        try:
            async with self._gate.passage():
                await self._limiter.acquire(_PLACE, kind, order.created_at + self._timeout // 2)
        except NotSentError as error:
            return self._drop(order, str(error))
        except asyncio.CancelledError:
            self._drop(order, GIVEN_UP)
            raise
        order.epoch = self._stream.epoch
        return True

    def _drop(self, order: OrderRecord, reason: str) -> bool:
        self._say_fate(order, Fate.NOT_SENT_ON_SOCKET, f"not sent: {reason}")
        return False

    async def _place_by_rest(self, order: OrderRecord) -> None:
        endpoint = placement_endpoint(placement_request(order))
        try:
            with self.request([order]) as passage:
                placed = await self._rest.call(endpoint, timeout=self._timeout / SECOND, passage=passage)
        except NotSentError as error:
            self._say_fate(order, Fate.NOT_SENT_BY_REST, f"not sent: {error}")
        except ExchangeError as error:
            fate = fate_of_refusal(error.code, error.reason)
            # The id is that of the attempt, and the order meant is the one that has our id already.
            order_id = None if fate is Fate.DUPLICATE_ID else error.order_id
            self._stream.say(order, SAYS[fate], Source.REPLY, reason=error.reason, order_id=order_id)
        except ValrError as error:
            self._say_fate(order, Fate.UNKNOWN, str(error))
        else:
            self._stream.say(order, Says.PROCESSED, Source.REPLY, order_id=placed.order_id)

    def _say_fate(self, order: OrderRecord, fate: Fate, reason: str) -> None:
        self._stream.say(order, SAYS[fate], reason=reason)


def placement_endpoint(request: PlacementRequest) -> Request[Placed]:
    """The same placement over REST v2."""
    if isinstance(request, PlaceStopLimit):
        return endpoints.place_stop_limit(request)
    if isinstance(request, PlaceMarket):
        return endpoints.place_market(request)
    return endpoints.place_limit(request)
