"""What changes orders at VALR: placing, cancelling, modifying, one by one, in batches or all together.

All of it shares one gate, through which nothing new goes once closing begins, and one place where outcomes
are waited for.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from valr_connector.config import Settings
from valr_connector.core.account_state import AccountState
from valr_connector.core.guards import SECOND
from valr_connector.core.lifecycle import AskReason
from valr_connector.core.order_record import OrderRecord
from valr_connector.model.enums import CancelScope
from valr_connector.model.ids import Symbol
from valr_connector.model.order import CancelAllReport
from valr_connector.net.circuits import Circuits
from valr_connector.net.event_stream import EventPublisher
from valr_connector.net.gate import Gate
from valr_connector.net.limiter import Limiter
from valr_connector.net.mass_cancel import Farewell, MassCancel
from valr_connector.net.order_batch import BatchSender
from valr_connector.net.order_canceller import OrderCanceller
from valr_connector.net.order_gateway import OrderGateway
from valr_connector.net.order_journal import OrderJournal
from valr_connector.net.order_metrics import OrderMetrics
from valr_connector.net.order_modifier import OrderModifier
from valr_connector.net.outcome_wait import OutcomeWait
from valr_connector.net.rest import RestClient
from valr_connector.net.unwanted_orders import UnwantedOrders
from valr_connector.net.user_stream import UserStreamTracker
from valr_connector.observe.metrics import Metrics


class OrderCommands:
    """The senders of one connector, until they are shut.

    Args:
        state: the core that they write to, through `stream`.
        ask_about: asks VALR what became of an order; False if it could not be asked.
        clock: monotonic nanoseconds.
        journal: where placements are written down before they are sent.

    Attributes:
        gateway, canceller, modifier, batches: take one command each.
        unwanted: cancels what was not meant to be open, for as long as it runs.
    """

    def __init__(
        self,
        *,
        settings: Settings,
        state: AccountState,
        stream: UserStreamTracker,
        rest: RestClient,
        ask_about: Callable[[OrderRecord], Awaitable[bool]],
        publisher: EventPublisher,
        limiter: Limiter,
        circuits: Circuits,
        order_metrics: OrderMetrics,
        metrics: Metrics,
        clock: Callable[[], int],
        journal: OrderJournal | None,
    ) -> None:
        place_timeout = round(settings.place_timeout_s * SECOND)
        cancel_timeout = round(settings.cancel_timeout_s * SECOND)
        self._cancel_all_timeout_s = settings.cancel_all_timeout_s
        self._gate = Gate()
        self._wait = OutcomeWait(publisher, stream.apply)
        self.gateway = OrderGateway(
            stream=stream,
            rest=rest,
            ledger=state.ledger,
            tracker=state.tracker,
            questions=state.questions,
            wait=self._wait,
            timeout=place_timeout,
            attempts=settings.place_attempts,
            clock=clock,
            metrics=metrics,
            order_metrics=order_metrics,
            gate=self._gate,
            limiter=limiter,
            circuits=circuits,
            journal=journal,
        )
        self.canceller = OrderCanceller(
            stream=stream,
            rest=rest,
            ledger=state.ledger,
            questions=state.questions,
            wait=self._wait,
            ask_about=ask_about,
            timeout=cancel_timeout,
            attempts=settings.cancel_attempts,
            pause=state.patience.pause,
            clock=clock,
            metrics=metrics,
            order_metrics=order_metrics,
            limiter=limiter,
            circuits=circuits,
        )
        self.modifier = OrderModifier(
            stream=stream,
            rest=rest,
            ledger=state.ledger,
            questions=state.questions,
            wait=self._wait,
            ask_about=ask_about,
            timeout=cancel_timeout,
            settling=state.patience.first_delays[AskReason.MODIFY_SETTLED],
            clock=clock,
            gate=self._gate,
            limiter=limiter,
            order_metrics=order_metrics,
            circuit=circuits.socket_orders,
        )
        self.batches = BatchSender(
            stream=stream,
            rest=rest,
            gateway=self.gateway,
            canceller=self.canceller,
            modifier=self.modifier,
            gate=self._gate,
            timeout=place_timeout,
            clock=clock,
        )
        self.unwanted = UnwantedOrders(
            canceller=self.canceller,
            tracker=state.tracker,
            publisher=publisher,
            ask_about=ask_about,
            pause=state.patience.pause,
        )
        self._mass_cancel = MassCancel(
            stream=stream,
            rest=rest,
            tracker=state.tracker,
            canceller=self.canceller,
            attempts=settings.cancel_attempts,
            timeout=cancel_timeout,
            pause=state.patience.pause,
        )

    async def cancel_all(self, scope: CancelScope, symbol: Symbol | None) -> CancelAllReport:
        """Cancel the orders in `scope`, of one pair or of all, within the time that the settings allow."""
        cancel = self._mass_cancel.ours if scope is CancelScope.OURS else self._mass_cancel.everybodys
        return await cancel(symbol, self._cancel_all_timeout_s)

    async def cancel_for_good(self, within_s: float) -> Farewell:
        """Cancel all of ours before the end, and see what VALR's list still shows."""
        return await self._mass_cancel.for_good(within_s)

    def shut(self) -> None:
        """Let nothing through any more but cancels."""
        self._gate.close()

    def abandon(self, cause: str) -> None:
        """Wait for no outcome any more: what has none yet is unknown."""
        self._wait.abandon(cause)
