"""Batches: up to 20 operations in one REST call, each tracked before it is sent and resolved alone.

That VALR accepted an operation is a receipt and no more (protocol 10.8); what became of each order is learnt
as after any other command.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from typing import NamedTuple

from valr_connector.core.batch_entry import Cancelling, Modifying, Placing, Prepared
from valr_connector.core.evidence import Says, Source
from valr_connector.core.guards import SECOND
from valr_connector.core.order_terms import cancel_request, placement_request
from valr_connector.core.placement import SAYS, fate_of_refusal
from valr_connector.errors import ExchangeError, NotSentError, ValrError
from valr_connector.model.order import CancelOutcome, InFlightOrder, ModifyOutcome, ModifyResult
from valr_connector.net.gate import Gate
from valr_connector.net.order_canceller import OrderCanceller
from valr_connector.net.order_gateway import OrderGateway
from valr_connector.net.order_modifier import ENDED, OrderModifier, terms
from valr_connector.net.rest import RestClient
from valr_connector.net.user_stream import UserStreamTracker
from valr_connector.protocol import endpoints
from valr_connector.protocol.order_requests import BatchRequest
from valr_connector.protocol.rest_bodies import BatchOutcome

BatchResult = InFlightOrder | CancelOutcome | ModifyOutcome


class _Words(NamedTuple):
    """How each fate of an operation is said of its order."""

    accepted: Says
    refused: Says
    unknown: Says
    not_sent: Says


_WORDS: Mapping[type[Prepared], _Words] = {
    Placing: _Words(Says.ACCEPTED, Says.REFUSED, Says.PLACEMENT_UNKNOWN, Says.NOT_SENT),
    Cancelling: _Words(Says.CANCEL_RECEIVED, Says.CANCEL_REFUSED, Says.CANCEL_UNKNOWN, Says.CANCEL_REFUSED),
    Modifying: _Words(Says.MODIFY_RECEIVED, Says.MODIFY_REFUSED, Says.MODIFY_UNKNOWN, Says.MODIFY_REFUSED),
}


class _Sent(NamedTuple):
    """One operation under way."""

    operation: Prepared
    request: BatchRequest
    begun: int
    """When it was noted on its order, nanoseconds of the monotonic clock."""
    before: object
    """The terms that the order had before."""


class BatchSender:
    """Sends batches.

    Args:
        gate: closed when closing begins: only batches of nothing but cancels go out then.
        timeout: how long VALR's answer to the call may take, nanoseconds.
        clock: monotonic nanoseconds.
    """

    def __init__(
        self,
        *,
        stream: UserStreamTracker,
        rest: RestClient,
        gateway: OrderGateway,
        canceller: OrderCanceller,
        modifier: OrderModifier,
        gate: Gate,
        timeout: int,
        clock: Callable[[], int],
    ) -> None:
        self._stream = stream
        self._rest = rest
        self._gateway = gateway
        self._canceller = canceller
        self._modifier = modifier
        self._gate = gate
        self._timeout = timeout
        self._clock = clock

    async def run(self, operations: Sequence[Prepared]) -> Sequence[BatchResult]:
        """Send what has to be sent in one call, and wait for what became of each operation.

        Raises:
            ClosedError: closing began, and there is more to do than cancelling.
            InvalidArgumentError: a client order id was used before; nothing was sent.
            JournalWriteError: a placing could not be written down; nothing was sent.
        """
        for operation in operations:
            if not isinstance(operation, Placing):
                await self._gateway.until_placed(operation.order)
        modified = [each.order for each in operations if isinstance(each, Modifying)]
        async with AsyncExitStack() as turns:
            # In one order everywhere, lest two batches wait for each other.
            for order in sorted(modified, key=lambda order: order.client_order_id):
                await turns.enter_async_context(self._modifier.turn(order))
            return await self._run_in_turn(operations)

    async def _run_in_turn(self, operations: Sequence[Prepared]) -> Sequence[BatchResult]:
        if any(isinstance(each, Modifying) for each in operations):
            self._modifier.check_open()
        self._gateway.begin_all([each.order for each in operations if isinstance(each, Placing)])
        sent = [
            _Sent(operation, request, self._clock(), terms(operation.order))
            for operation in operations
            if (request := self._begin(operation)) is not None
        ]
        if sent and not await self._send(sent):
            sent = []
        async with asyncio.TaskGroup() as tasks:
            waiting = [tasks.create_task(self._outcome(operation, sent)) for operation in operations]
        return tuple(task.result() for task in waiting)

    def _begin(self, operation: Prepared) -> BatchRequest | None:
        """Note the request on its order; None where nothing has to be sent."""
        order = operation.order
        if isinstance(operation, Placing):
            return placement_request(order)
        if isinstance(operation, Cancelling):
            if order.is_done or order.is_being_cancelled:
                return None
            self._canceller.note_cancel(order)
            return cancel_request(order)
        return self._modifier.begin(order, operation.change)

    async def _send(self, sent: Sequence[_Sent]) -> bool:
        """Send it; False if it provably did not leave."""
        call = endpoints.batch([each.request for each in sent])
        only_cancels = all(isinstance(each.operation, Cancelling) for each in sent)
        placed = [each.operation.order for each in sent if isinstance(each.operation, Placing)]
        try:
            with self._gateway.request(placed) as passage:
                answer = await self._rest.call(
                    call, timeout=self._timeout / SECOND, passage=None if only_cancels else passage
                )
        except NotSentError as error:
            for each in sent:
                self._say(each, _words(each).not_sent, reason=f"not sent: {error}")
            return False
        except ExchangeError as error:
            for each in sent:
                self._say(each, _words(each).refused, Source.REPLY, reason=error.reason)
        except ValrError as error:
            self._not_known(sent, str(error))
        else:
            self._take_over(sent, answer.outcomes)
        return True

    def _take_over(self, sent: Sequence[_Sent], outcomes: Sequence[BatchOutcome]) -> None:
        if len(outcomes) != len(sent):
            self._not_known(sent, f"VALR told {len(outcomes)} outcomes of {len(sent)} operations")
            return
        if any(_is_of_another(each, outcome) for each, outcome in zip(sent, outcomes, strict=True)):
            self._not_known(sent, "VALR told the outcomes in another order than that of the operations")
            return
        for each, outcome in zip(sent, outcomes, strict=True):
            self._note(each, outcome)

    def _note(self, each: _Sent, outcome: BatchOutcome) -> None:
        words, error, named = _words(each), outcome.error, outcome.order_id
        is_placing = isinstance(each.operation, Placing)
        if error is not None:
            says = SAYS[fate_of_refusal(error.code, error.message)] if is_placing else words.refused
            self._say(each, says, Source.REPLY, reason=error.stated_with_code)
        elif is_placing:
            self._say(each, words.accepted, Source.REPLY, order_id=named)
        else:  # what is named is the order again, or the request to modify it (protocol 10.8)
            is_request = (
                isinstance(each.operation, Modifying) and named != each.operation.order.exchange_order_id
            )
            self._say(each, words.accepted, Source.REPLY, request_id=named if is_request else None)

    def _not_known(self, sent: Sequence[_Sent], reason: str) -> None:
        for each in sent:
            self._say(each, _words(each).unknown, reason=reason)

    def _say(
        self,
        each: _Sent,
        says: Says,
        source: Source = Source.LOCAL,
        *,
        reason: str = "",
        order_id: str | None = None,
        request_id: str | None = None,
    ) -> None:
        self._stream.say(
            each.operation.order,
            says,
            source,
            reason=reason,
            order_id=order_id,
            request_id=request_id,
            asked_at=each.begun,
        )

    async def _outcome(self, operation: Prepared, sent: Sequence[_Sent]) -> BatchResult:
        order = operation.order
        if isinstance(operation, Placing):
            await self._gateway.until_placed(order)
            return order
        if isinstance(operation, Cancelling):
            return await self._canceller.cancel(order)
        mine = next((each for each in sent if each.operation is operation), None)
        if mine is None:
            return ModifyOutcome(order, ENDED.get(order.status, ModifyResult.NOT_SENT))
        verdict = await self._modifier.verdict(order)
        result = await self._modifier.result(order, operation.change, verdict, mine.before)
        return ModifyOutcome(order, result)


def _is_of_another(each: _Sent, outcome: BatchOutcome) -> bool:
    """Whether an outcome names another order than the operation in its place."""
    return outcome.customer_order_id not in (None, "", each.operation.order.client_order_id)


def _words(each: _Sent) -> _Words:
    return _WORDS[type(each.operation)]
