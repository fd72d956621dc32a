"""Keeps the trading rules fresh: now and then, and when VALR says that a pair takes other order types."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from valr_connector.core.rate_limits import SECOND
from valr_connector.core.trading_rules import TradingRules
from valr_connector.errors import ValrError
from valr_connector.model.events import AllowedOrderTypesChanged
from valr_connector.model.ids import Pair
from valr_connector.net.event_stream import EventPublisher
from valr_connector.net.public_data import PublicData

log = logging.getLogger(__name__)

CACHE_S: Final = 60.0
"""For so long VALR's own cache may answer with the state before a change (protocol 3.4)."""


class RulesRefresh:
    """Asks for the pairs and their order types; what changed is told by `TradingRulesChanged`.

    A refresh that fails leaves the rules as they are.

    Args:
        public: asks.
        rules: is kept fresh. The pairs are in it already.
        publisher: tells the changes, and of new order types.
        interval_s: seconds between two refreshes.
        clock: monotonic nanoseconds.
    """

    def __init__(
        self,
        *,
        public: PublicData,
        rules: TradingRules,
        publisher: EventPublisher,
        interval_s: float,
        clock: Callable[[], int],
    ) -> None:
        self._public = public
        self._rules = rules
        self._publisher = publisher
        self._interval_s = interval_s
        self._clock = clock
        self._is_told = asyncio.Event()
        self._told_at: dict[Pair, int] = {}

    async def run(self) -> None:
        """Refresh until cancelled; the order types at once, for nothing told them yet."""
        unsubscribe = self._publisher.on(AllowedOrderTypesChanged, self._note)
        try:
            await self._guarded(self._take_order_types)
            while True:
                await self._pause()
                await self._guarded(self._refresh)
        finally:
            unsubscribe()

    async def _pause(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._interval_s):
                await self._is_told.wait()
            self._is_told.clear()
            await asyncio.sleep(min(CACHE_S, self._interval_s))

    async def _refresh(self) -> None:
        await self._public.pairs()
        await self._take_order_types()

    async def _take_order_types(self) -> None:
        """Take over the list, but for pairs of which VALR has told since what the list may not know yet."""
        listed = await self._public.order_types()
        too_new = self._clock() - 2 * round(CACHE_S * SECOND)
        for change in self._rules.take_order_types(
            {pair: types for pair, types in listed.items() if self._told_at.get(pair, too_new) <= too_new}
        ):
            self._publisher.publish(change)

    def _note(self, event: AllowedOrderTypesChanged) -> None:
        self._told_at[event.pair] = self._clock()
        self._is_told.set()

    async def _guarded(self, step: Callable[[], Awaitable[None]]) -> None:
        try:
            await step()
        except ValrError as error:
            log.warning("the trading rules were not refreshed: %s", error)
