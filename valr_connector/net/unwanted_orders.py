"""Orders that have to go without anybody's call: strangers by policy, and zombies that nothing revives.

Each is cancelled beside the others, so many times at most, and is believed gone by VALR's word alone.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from valr_connector.core.guards import SECOND
from valr_connector.core.order_record import OrderRecord
from valr_connector.core.order_tracker import OrderTracker
from valr_connector.model.enums import UntrackedPolicy, ZombieHandling
from valr_connector.model.events import UntrackedOrder, ZombieOrder
from valr_connector.net.event_stream import EventPublisher
from valr_connector.net.order_canceller import OrderCanceller
from valr_connector.observe.log_fields import about_order

log = logging.getLogger(__name__)


class UnwantedOrders:
    """Cancels what events say has to go, while it runs.

    Args:
        ask_about: asks VALR what became of an order; False if it could not be asked.
        pause: how long to wait after so many attempts, nanoseconds.
    """

    def __init__(
        self,
        *,
        canceller: OrderCanceller,
        tracker: OrderTracker,
        publisher: EventPublisher,
        ask_about: Callable[[OrderRecord], Awaitable[bool]],
        pause: Callable[[int], int],
    ) -> None:
        self._canceller = canceller
        self._tracker = tracker
        self._ask_about = ask_about
        self._pause = pause
        self._jobs: asyncio.Queue[tuple[OrderRecord, int]] = asyncio.Queue()
        publisher.on(UntrackedOrder, self._on_untracked)
        publisher.on(ZombieOrder, self._on_zombie)

    async def run(self) -> None:
        """Cancel until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            while True:
                order, attempt = await self._jobs.get()
                tasks.create_task(self._cancel(order, attempt))

    def _on_untracked(self, event: UntrackedOrder) -> None:
        if event.handling is UntrackedPolicy.CANCEL:
            self._want_gone(event.client_order_id, event.exchange_order_id, 1)

    def _on_zombie(self, event: ZombieOrder) -> None:
        if event.handling is ZombieHandling.CANCELLED_AGAIN:
            self._want_gone(event.order.client_order_id, None, event.attempt)

    def _want_gone(self, client_order_id: str | None, exchange_order_id: str | None, attempt: int) -> None:
        order = self._tracker.find(client_order_id, exchange_order_id)
        if order is not None:
            self._jobs.put_nowait((order, attempt))

    async def _cancel(self, order: OrderRecord, attempt: int) -> None:
        if order.is_done:
            await self._lay_to_rest(order, attempt)
            return
        outcome = await self._canceller.cancel(order)
        if not outcome.is_done:
            log.error(
                "%s has to go and is %s", order.client_order_id, outcome.result, extra=about_order(order)
            )

    async def _lay_to_rest(self, order: OrderRecord, attempt: int) -> None:
        """One cancel more of an ended order, and a question: the answer says whether another one follows."""
        if attempt > 1:
            await asyncio.sleep(self._pause(attempt - 1) / SECOND)
        await self._canceller.cancel_ended(order)
        await self._ask_about(order)
