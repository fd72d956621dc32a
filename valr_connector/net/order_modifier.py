"""Modifying: the socket first, REST v2 where the command provably never left; then what VALR says of it.

Modifies of one order go one after the other, each with an outcome of its own. That VALR confirmed one says
that it was done, not what the order is like since: that is in VALR's next word on the order, and whoever
modified it is told MODIFIED once that word is there.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from weakref import WeakValueDictionary

from valr_connector.core.commands import CommandKind, CommandLedger
from valr_connector.core.evidence import Says, Source
from valr_connector.core.guards import SECOND
from valr_connector.core.lifecycle import AskReason
from valr_connector.core.order_changes import OrderChange
from valr_connector.core.order_record import OrderRecord
from valr_connector.core.reconcile import Questions
from valr_connector.errors import ExchangeError, NotSentError, ValrError
from valr_connector.model.enums import OrderStatus
from valr_connector.model.ids import ClientOrderId
from valr_connector.model.order import ModifyOutcome, ModifyResult
from valr_connector.net.circuits import Circuit
from valr_connector.net.gate import Gate
from valr_connector.net.limiter import GIVEN_UP, Limiter
from valr_connector.net.order_metrics import OrderMetrics
from valr_connector.net.outcome_wait import OutcomeWait, is_placed_or_unknown
from valr_connector.net.rest import RestClient
from valr_connector.net.user_stream import UserStreamTracker
from valr_connector.protocol import endpoints
from valr_connector.protocol.commands import order_command
from valr_connector.protocol.order_requests import ModifyOrder
from valr_connector.protocol.requests import Lane

ENDED = {
    OrderStatus.CANCELLED: ModifyResult.CANCELLED,
    OrderStatus.FILLED: ModifyResult.FILLED,
    OrderStatus.EXPIRED: ModifyResult.EXPIRED,
    OrderStatus.FAILED: ModifyResult.FAILED,
}


class OrderModifier:
    """Sends modifies, one at a time for an order, and waits for what VALR says.

    Args:
        ask_about: asks VALR what became of an order; False if it could not be asked.
        timeout: how long an outcome may take, nanoseconds.
        settling: how long the new terms of an order may take after it, by themselves, nanoseconds.
        clock: monotonic nanoseconds.
        circuit: that of commands on the socket; while it is open, REST is tried.
        gate: closed when closing begins: no modify goes out any more.
        limiter: asked before each command; where it has no room for half of the time-out, REST is tried.
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
        settling: int,
        clock: Callable[[], int],
        gate: Gate,
        limiter: Limiter,
        order_metrics: OrderMetrics,
        circuit: Circuit,
    ) -> None:
        self._stream = stream
        self._rest = rest
        self._ledger = ledger
        self._questions = questions
        self._wait = wait
        self._ask_about = ask_about
        self._timeout = timeout
        self._settling = settling
        self._clock = clock
        self._turns: WeakValueDictionary[ClientOrderId, asyncio.Lock] = WeakValueDictionary()
        self._limiter = limiter
        self._circuit = circuit
        self._gate = gate
        self._metrics = order_metrics

    def check_open(self) -> None:
        """Raises ClosedError once closing began."""
        self._gate.check("modified")

    async def modify(self, order: OrderRecord, change: OrderChange) -> ModifyOutcome:
        """Have an order modified and wait until VALR says what became of it.

        Raises:
            ClosedError: closing began.
        """
        await self._wait.until(order, is_placed_or_unknown)
        async with self.turn(order):
            before = terms(order)
            request = self.begin(order, change)
            if request is None or not await self._send(order, request):
                return ModifyOutcome(order, ENDED.get(order.status, ModifyResult.NOT_SENT))
            verdict = await self.verdict(order)
        return ModifyOutcome(order, await self.result(order, change, verdict, before))

    @asynccontextmanager
    async def turn(self, order: OrderRecord) -> AsyncIterator[None]:
        """Holds off every other modify of an order; entered once no request to modify it stands."""
        async with self._turns.setdefault(order.client_order_id, asyncio.Lock()):
            await self._wait.until(order, _has_no_modify_request)
            yield

    def begin(self, order: OrderRecord, change: OrderChange) -> ModifyOrder | None:
        """Note the request to modify on its order; what has to be sent, None where nothing can be.

        To be called in the order's `turn`. An order that has ended, or whose id at VALR is not known, takes
        none.

        Raises:
            ClosedError: closing began.
        """
        self.check_open()
        if order.is_done or order.exchange_order_id is None:
            return None
        self._stream.say(order, Says.MODIFY_SENT)
        due = self._clock() + self._timeout
        self._questions.ask_at(order.client_order_id, AskReason.MODIFY_UNCONFIRMED, due)
        return change.request(order, order.exchange_order_id)

    async def verdict(self, order: OrderRecord) -> Says | None:
        """Wait for the outcome of the standing modify, in the order's `turn`; None where it has ended."""
        await self._wait.until(order, _has_no_modify_request)
        return order.modify_verdict

    async def result(
        self, order: OrderRecord, change: OrderChange, verdict: Says | None, before: object
    ) -> ModifyResult:
        """What `verdict` on this change means, once the order shows it or VALR was asked about the order.

        Args:
            before: the terms that the order had before. What showed already then proves nothing, and what is
                left of an order can come to be what was asked for by a fill.
        """

        def shows_it(order: OrderRecord) -> bool:
            return terms(order) != before and change.shows(order)

        is_confirmed = verdict is Says.MODIFY_CONFIRMED
        if is_confirmed:
            await self._until_seen(order, shows_it)
        is_seen = is_confirmed and shows_it(order)
        could_ask = is_seen or order.is_done or await self._ask_about(order)
        if order.is_done:
            return ENDED[order.status]
        if not could_ask:
            return ModifyResult.UNKNOWN
        if verdict is Says.MODIFY_REFUSED:
            return ModifyResult.REFUSED
        return ModifyResult.MODIFIED if is_confirmed or shows_it(order) else ModifyResult.UNKNOWN

    async def _until_seen(self, order: OrderRecord, shows_it: Callable[[OrderRecord], bool]) -> None:
        """VALR tells the new terms right after the outcome, or before it: that saves asking."""
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settling / SECOND):
                await self._wait.until(order, lambda order: order.is_done or shows_it(order))

    async def _send(self, order: OrderRecord, request: ModifyOrder) -> bool:
        """Send it; False if it provably did not leave."""
        if not self._circuit.enter():
            return await self._send_by_rest(order, request)
        began = self._clock()
        if not await self._finds_room(order, began + self._timeout // 2):
            return await self._send_by_rest(order, request)
        now = self._clock()
        command = self._ledger.enter(CommandKind.MODIFY, order.client_order_id, self._stream.epoch, now)
        try:
            await self._stream.send_while_live(order_command(request, command.message_id))
        except NotSentError:
            self._ledger.withdraw(command)
            return await self._send_by_rest(order, request)
        except ValrError as error:
            self._ledger.give_up(command)
            self._stream.say(order, Says.MODIFY_UNKNOWN, reason=str(error), asked_at=now)
        else:
            self._metrics.sent(CommandKind.MODIFY, began)
        return True

    async def _finds_room(self, order: OrderRecord, deadline: int) -> bool:
        """Wait for room in VALR's limits; a modify that its caller gives up by then was not sent."""
        try:
            async with self._gate.passage():
                await self._limiter.acquire(Lane.MODIFY, CommandKind.MODIFY, deadline)
        except NotSentError:
            self._circuit.withdrawn()
            return False
        except asyncio.CancelledError:
            self._circuit.withdrawn()
            self._stream.say(order, Says.MODIFY_REFUSED, reason=f"not sent: {GIVEN_UP}")
            raise
        return True

    async def _send_by_rest(self, order: OrderRecord, request: ModifyOrder) -> bool:
        began = self._clock()
        try:
            done = await self._rest.call(
                endpoints.modify_order(request),
                timeout=self._timeout / SECOND,
                passage=self._gate.passage,
            )
        except NotSentError as error:
            self._stream.say(order, Says.MODIFY_REFUSED, reason=f"not sent: {error}", asked_at=began)
            return False
        except ExchangeError as error:
            self._stream.say(order, Says.MODIFY_REFUSED, Source.REPLY, reason=error.reason, asked_at=began)
        except ValrError as error:
            self._stream.say(order, Says.MODIFY_UNKNOWN, reason=str(error), asked_at=began)
        else:
            self._stream.say(
                order,
                Says.MODIFY_CONFIRMED,
                Source.REPLY,
                request_id=done.request_id,
                asked_at=began,
            )
        return True


def terms(order: OrderRecord) -> object:
    """What a modify changes, to be compared."""
    return order.price, order.amount


def _has_no_modify_request(order: OrderRecord) -> bool:
    return order.modify_request is None
