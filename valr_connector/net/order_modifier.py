"""Modifying: the socket first, REST v2 where the command provably never left; then what VALR says of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from valr_connector.core.commands import CommandKind, CommandLedger
from valr_connector.core.evidence import Says, Source
from valr_connector.core.guards import SECOND
from valr_connector.core.lifecycle import AskReason
from valr_connector.core.order_changes import OrderChange
from valr_connector.core.order_record import OrderRecord
from valr_connector.core.reconcile import Questions
from valr_connector.errors import ExchangeError, NotSentError, ValrError
from valr_connector.model.enums import OrderStatus
from valr_connector.model.order import ModifyOutcome, ModifyResult
from valr_connector.net.circuits import Circuit
from valr_connector.net.gate import Gate
from valr_connector.net.limiter import Limiter
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
        self._clock = clock
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
        await self._wait.until(order, _has_no_modify_request)
        before = terms(order)
        request = self.begin(order, change)
        if request is None or not await self._send(order, request):
            return ModifyOutcome(order, ENDED.get(order.status, ModifyResult.NOT_SENT))
        return ModifyOutcome(order, await self.until_settled(order, before))

    def begin(self, order: OrderRecord, change: OrderChange) -> ModifyOrder | None:
        """Note the request to modify on its order; what has to be sent, None where nothing can be.

        An order that has ended, whose id at VALR is not known, or that is being modified takes none.

        Raises:
            ClosedError: closing began.
        """
        self.check_open()
        if order.is_done or order.exchange_order_id is None or order.modify_request is not None:
            return None
        self._stream.say(order, Says.MODIFY_SENT)
        due = self._clock() + self._timeout
        self._questions.ask_at(order.client_order_id, AskReason.MODIFY_UNCONFIRMED, due)
        return change.request(order, order.exchange_order_id)

    async def until_settled(self, order: OrderRecord, before: object) -> ModifyResult:
        """Wait for the outcome of the standing modify; `before` are the terms the order had before it."""
        await self._wait.until(order, _has_no_modify_request)
        is_seen = order.modify_verdict is Says.MODIFY_CONFIRMED and terms(order) != before
        could_ask = is_seen or order.is_done or await self._ask_about(order)
        if order.is_done:
            return ENDED[order.status]
        if order.modify_verdict is Says.MODIFY_REFUSED:
            return ModifyResult.REFUSED if could_ask else ModifyResult.UNKNOWN
        if order.modify_verdict is Says.MODIFY_CONFIRMED or terms(order) != before:
            return ModifyResult.MODIFIED
        return ModifyResult.UNKNOWN

    async def _send(self, order: OrderRecord, request: ModifyOrder) -> bool:
        """Send it; False if it provably did not leave."""
        if not self._circuit.enter():
            return await self._send_by_rest(order, request)
        now = self._clock()
        command = self._ledger.enter(CommandKind.MODIFY, order.client_order_id, self._stream.epoch, now)
        try:
            async with self._gate.passage():
                await self._limiter.acquire(Lane.MODIFY, CommandKind.MODIFY, now + self._timeout // 2)
            await self._stream.send_while_live(order_command(request, command.message_id))
        except NotSentError:
            self._ledger.withdraw(command)
            return await self._send_by_rest(order, request)
        except ValrError as error:
            self._ledger.give_up(command)
            self._stream.say(order, Says.MODIFY_UNKNOWN, reason=str(error))
        else:
            self._metrics.sent(CommandKind.MODIFY, now)
        return True

    async def _send_by_rest(self, order: OrderRecord, request: ModifyOrder) -> bool:
        try:
            done = await self._rest.call(
                endpoints.modify_order(request),
                timeout=self._timeout / SECOND,
                passage=self._gate.passage,
            )
        except NotSentError as error:
            self._stream.say(order, Says.MODIFY_REFUSED, reason=f"not sent: {error}")
            return False
        except ExchangeError as error:
            self._stream.say(order, Says.MODIFY_REFUSED, Source.REPLY, reason=error.reason)
        except ValrError as error:
            self._stream.say(order, Says.MODIFY_UNKNOWN, reason=str(error))
        else:
            self._stream.say(order, Says.MODIFY_CONFIRMED, Source.REPLY, request_id=done.request_id)
        return True


def terms(order: OrderRecord) -> object:
    """What a modify changes, to be compared."""
    return order.price, order.amount


def _has_no_modify_request(order: OrderRecord) -> bool:
    return order.modify_request is None
