"""One question for everybody who asks about an order at a time.

A refused cancel makes its caller ask what became of the order, and the tracker's own question asks the same.
Whoever comes while a question is under way that began after the latest news of the order shares its answer.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Final

from valr_connector.core.order_record import OrderRecord
from valr_connector.model.ids import ClientOrderId

MOST_REMEMBERED: Final = 1_000


@dataclass(slots=True)
class _UnderWay:
    asked_at: int
    ended: asyncio.Event = field(default_factory=asyncio.Event)
    answered: bool | None = None
    """None while it runs, and where whoever asked gave up."""


class Inquiries:
    """Shares questions under way, and knows when an order was last asked about with success.

    Args:
        ask: asks VALR about an order; False if it could not be asked.
        clock: monotonic nanoseconds.
    """

    def __init__(self, ask: Callable[[OrderRecord], Awaitable[bool]], clock: Callable[[], int]) -> None:
        self._ask = ask
        self._clock = clock
        self._under_way: dict[ClientOrderId, _UnderWay] = {}
        self._answered_at: OrderedDict[ClientOrderId, int] = OrderedDict()

    async def ask(self, order: OrderRecord, since: int = 0) -> bool:
        """Ask what became of an order, or share the answer that is on its way; False if there is none.

        Args:
            since: an answer to a question that was put before, monotonic nanoseconds, says nothing here.
        """
        while (other := self._under_way.get(order.client_order_id)) is not None:
            if other.asked_at < max(order.last_heard, since):
                break
            await other.ended.wait()
            if other.answered is not None:
                return other.answered
        return await self._ask_anew(order)

    def answered_since(self, order: OrderRecord, time: int) -> bool:
        """Whether a question that was put at `time` or later, monotonic nanoseconds, has been answered."""
        asked_at = self._answered_at.get(order.client_order_id)
        return asked_at is not None and asked_at >= time

    async def _ask_anew(self, order: OrderRecord) -> bool:
        name = order.client_order_id
        inquiry = self._under_way[name] = _UnderWay(self._clock())
        try:
            inquiry.answered = await self._ask(order)
        finally:
            if self._under_way.get(name) is inquiry:
                del self._under_way[name]
            inquiry.ended.set()
        if inquiry.answered:
            self._note_answer(name, inquiry.asked_at)
        return inquiry.answered

    def _note_answer(self, name: ClientOrderId, asked_at: int) -> None:
        self._answered_at[name] = max(asked_at, self._answered_at.get(name, 0))
        self._answered_at.move_to_end(name)
        if len(self._answered_at) > MOST_REMEMBERED:
            self._answered_at.popitem(last=False)
