"""One account at a venue, traded by one process after another, each of which may die without a word."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from tests.net.trading import ACCOUNT, AT_ONCE, QUICK, Desk, hurry, tasks_of_the_library, venue
from valr_connector import InFlightOrder, OrderCreated, OrderFilled, Restored, Settings, ValrExchange
from valr_connector.core.reconcile import Patience
from valr_connector.model.events import OrderCancelled, OrderCompleted, OrderExpired, OrderFailed
from valr_connector.net.limiter import LimiterRegistry
from valr_connector.net.order_journal import OrderJournal
from valr_connector.net.websocket import FrameTap
from valr_connector.simulator.exchange import EmbeddedExchange
from valr_connector.simulator.settings import SimulatorSettings

ENDINGS = (OrderCompleted, OrderCancelled, OrderExpired, OrderFailed)


class Life(Desk):
    """One process.

    Attributes:
        handed_down: trades of each order that the journal knew when this process began.
    """

    def __init__(self, exchange: EmbeddedExchange, valr: ValrExchange) -> None:
        super().__init__(exchange, valr)
        self.handed_down: dict[str, set[str]] = {}
        valr.on(Restored, self._note_restored)

    def restored(self) -> dict[str, str]:
        """The status of every order it was handed down."""
        return {str(event.order.client_order_id): event.status.value for event in self.told(Restored)}

    def story_of(self, order: InFlightOrder | str) -> list[str]:
        """The names of an order's events in this life."""
        record = self.valr.order(order if isinstance(order, str) else order.client_order_id)
        return self.story(record)

    async def die(self, *calls: asyncio.Task[Any]) -> None:
        """End as by SIGKILL, in the middle of `calls`: nothing more is sent, written or told."""
        self.journal.release()
        self.valr._publisher.close()
        for call in calls:
            call.cancel()
        await self.connector._supervisor.stop()
        await self.connector.rest.close()
        await asyncio.gather(*calls, return_exceptions=True)
        await self.until(lambda: not tasks_of_the_library())

    @property
    def journal(self) -> OrderJournal:
        """What this process writes down."""
        assert self.valr._journal is not None
        return self.valr._journal

    def begin_to_buy(self, *args: Any, **options: Any) -> asyncio.Task[InFlightOrder]:
        """Place a bid without waiting for what becomes of it."""
        return asyncio.create_task(self.buy(*args, **options))

    def _note_restored(self, event: Restored) -> None:
        self.handed_down[event.order.client_order_id] = {fill.trade_id for fill in event.order.fills}


class Lives:
    """All processes of a test, and the venue that outlives them."""

    def __init__(self, exchange: EmbeddedExchange, path: Path) -> None:
        self.exchange = exchange
        self.path = path
        self.lives: list[Life] = []

    @property
    def journal(self) -> bytes:
        """What is in the file."""
        return self.path.read_bytes()

    @journal.setter
    def journal(self, contents: bytes) -> None:
        self.path.write_bytes(contents)

    def conceive(
        self, *, tap: FrameTap | None = None, patience: Patience | None = QUICK, **settings: Any
    ) -> Life:
        """The next process, not started."""
        options = {"on_close": "leave", **settings}
        valr = ValrExchange.simulated(
            pairs=["BTC-ZAR"],
            exchange=self.exchange,
            journal=self.path,
            tap=tap,
            settings=Settings.model_validate(options),
            limiters=LimiterRegistry(),  # a new process has not counted what the one before it sent
        )
        hurry(valr, patience)
        self.lives.append(Life(self.exchange, valr))
        return self.lives[-1]

    async def begin(self, **options: Any) -> Life:
        """The next process, started and ready; `options` are those of `conceive`."""
        life = self.conceive(**options)
        await life.valr.start()
        return life

    async def agree(self) -> None:
        """Wait until the last process and the venue say the same of every order; then check what was told."""
        last = self.lives[-1]
        await last.until(lambda: not self.differences())
        self._check_what_was_told()

    def differences(self) -> list[str]:
        """Orders of which the last process and the venue say otherwise."""
        last = self.lives[-1]
        found: list[str] = []
        for theirs in self.exchange.venue.orders(ACCOUNT):
            ours = last.valr.order(theirs.request.customer_order_id)
            differences = last.differences(ours)
            found += [text for text in differences if not text.startswith("told fills")]
            if not ours.has_all_fills:
                found.append("fills are missing")
        here = {order.client_order_id for order in last.valr._state.tracker.orders() if not order.is_done}
        there = {order.request.customer_order_id for order in self.exchange.venue.open_orders(ACCOUNT)}
        return found + [f"in flight here and not there: {name}" for name in here - there]

    def _check_what_was_told(self) -> None:
        """S2, S3 and S6 over all lives."""
        ids = [order.request.customer_order_id for order in self.exchange.venue.orders(ACCOUNT)]
        assert len(ids) == len(set(ids)), "one intent made two orders"
        fills = [event.fill.trade_id for life in self.lives for event in life.told(OrderFilled)]
        trades = [trade.trade_id for trade in self.exchange.venue.trades(ACCOUNT)]
        assert sorted(fills) == sorted(trades), "each fill is told once in all"
        for life, next_life in zip(self.lives, self.lives[1:], strict=False):
            told = {event.fill.trade_id for event in life.told(OrderFilled)}
            known = told.union(*life.handed_down.values())
            assert known == set().union(*next_life.handed_down.values())
        for event_types in (OrderCreated, ENDINGS):
            told_of = Counter(
                event.order.client_order_id
                for life in self.lives
                for event in life.events
                if isinstance(event, event_types)
            )
            assert set(told_of.values()) <= {1}, told_of
        last = self.lives[-1].valr._state.tracker
        told_ended = {
            event.order.client_order_id
            for life in self.lives
            for event in life.events
            if isinstance(event, ENDINGS)
        }
        assert told_ended == {order.client_order_id for order in last.orders() if order.is_done}


@asynccontextmanager
async def lives_at(path: Path, **settings: Any) -> AsyncIterator[Lives]:
    """A running venue, traded with a journal; the last process is closed at the end and leaves its orders."""
    simulator: SimulatorSettings = replace(AT_ONCE, **settings)
    async with venue(simulator) as exchange:
        lives = Lives(exchange, path)
        try:
            yield lives
        finally:
            await lives.lives[-1].valr.close()
            assert not (running := tasks_of_the_library()), running
