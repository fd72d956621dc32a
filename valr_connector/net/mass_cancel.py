"""Cancelling many orders at once, each believed gone by VALR's word on that very order, within a deadline.

VALR's own cancel-all answers with ids and does not say whether those orders have ended yet (protocol 10.7).
So orders tracked here are followed like after any other cancel, and of all others VALR is asked one by one.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress

from valr_connector.core.evidence import SAID_BY_STATUS, Says, Source
from valr_connector.core.guards import SECOND
from valr_connector.core.lifecycle import ENDING_SAID
from valr_connector.core.order_record import OrderRecord
from valr_connector.core.order_tracker import OrderTracker
from valr_connector.errors import ExchangeError, ValrError
from valr_connector.model.enums import OrderStatus
from valr_connector.model.ids import ClientOrderId, ExchangeOrderId, Symbol
from valr_connector.model.order import CancelAllReport, CancelOutcome, CancelResult
from valr_connector.net.order_canceller import ENDED_AS, OrderCanceller
from valr_connector.net.order_lookup import look_up_by_exchange_id
from valr_connector.net.rest import RestClient
from valr_connector.net.user_stream import UserStreamTracker
from valr_connector.protocol import endpoints
from valr_connector.protocol.requests import Request
from valr_connector.protocol.rest_bodies import CancelledRow

log = logging.getLogger(__name__)

_TO_FOLLOW = 0.75
"""The part of a closing's time that following cancels may take."""

Outcomes = dict[ClientOrderId, CancelOutcome]


class _Others:
    """Orders of the account that are not tracked here, as one mass cancel meets them."""

    def __init__(self) -> None:
        self.symbols: dict[ExchangeOrderId, Symbol] = {}
        """Every one that was seen."""
        self.ended: set[ExchangeOrderId] = set()
        self.listed: set[ExchangeOrderId] = set()
        """Those in the last list of open orders."""
        self.is_complete = False

    @property
    def in_doubt(self) -> list[ExchangeOrderId]:
        """Not listed any more, and not known to have ended."""
        return [name for name in self.symbols if name not in self.ended and name not in self.listed]

    @property
    def remaining(self) -> tuple[ExchangeOrderId, ...]:
        return tuple(name for name in self.symbols if name not in self.ended)


class Farewell:
    """What a closing found out.

    Attributes:
        survivors: orders that have ended here and that VALR shows open; where its list could not be read,
            those whose ending is in doubt.
        is_verified: VALR's list of open orders could be read after the last cancel.
    """

    def __init__(self) -> None:
        self.survivors: Sequence[OrderRecord] = ()
        self.is_verified = False


class MassCancel:
    """Cancels orders beside each other.

    Args:
        attempts: how often VALR's cancel-all is sent at most.
        timeout: how long the answer to it may take, nanoseconds.
        pause: how long to wait after so many attempts, nanoseconds.
    """

    def __init__(
        self,
        *,
        stream: UserStreamTracker,
        rest: RestClient,
        tracker: OrderTracker,
        canceller: OrderCanceller,
        attempts: int,
        timeout: int,
        pause: Callable[[int], int],
    ) -> None:
        self._stream = stream
        self._rest = rest
        self._tracker = tracker
        self._canceller = canceller
        self._attempts = attempts
        self._timeout = timeout
        self._pause = pause

    async def ours(self, symbol: Symbol | None, within_s: float) -> CancelAllReport:
        """Cancel the orders tracked here, of one pair or of all, each by itself."""
        orders, outcomes = self._in_flight(symbol), Outcomes()
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._follow_each(orders, outcomes)
        return CancelAllReport(_in_order(orders, outcomes))

    async def everybodys(self, symbol: Symbol | None, within_s: float) -> CancelAllReport:
        """Cancel all open orders of the account, in one pair or in all, whoever placed them."""
        others, outcomes = _Others(), Outcomes()
        orders = self._in_flight(symbol)
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                await self._look(symbol, others)
                orders = self._in_flight(symbol)  # a policy may have adopted some
                await self._cancel_at_once(orders, symbol, others)
                async with asyncio.TaskGroup() as tasks:
                    tasks.create_task(self._follow_each(orders, outcomes))
                    tasks.create_task(self._follow_others(symbol, others))
        ended = tuple(name for name in others.symbols if name in others.ended)
        return CancelAllReport(_in_order(orders, outcomes), ended, others.remaining, others.is_complete)

    async def for_good(self, within_s: float) -> Farewell:
        """Cancel the orders tracked here, and compare with VALR's own list what has ended here.

        Cancels that get no answer do not use up the time for comparing: what VALR shows open of orders that
        have ended here can be learnt in no other way.
        """
        farewell = Farewell()
        if next(self._tracker.orders(), None) is None:
            return farewell
        loop = asyncio.get_running_loop()
        began = loop.time()
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s * _TO_FOLLOW):
                await self._follow_each(self._in_flight(None), Outcomes())
        try:
            async with asyncio.timeout_at(began + within_s):
                await self._verify(farewell)
        except TimeoutError:
            log.warning("closing: could not compare with the open orders within %.1f s", within_s)
        if not farewell.is_verified:
            farewell.survivors = [order for order in self._tracker.orders() if order.ending_in_doubt]
        if self._tracker.in_flight:
            log.warning("closing: not every order could be cancelled within %.1f s", within_s)
        return farewell

    # --- ours ----------------------------------------------------------------------------------------

    def _in_flight(self, symbol: Symbol | None) -> Sequence[OrderRecord]:
        return [order for order in self._tracker.in_flight.values() if symbol in (None, order.symbol)]

    async def _follow_each(self, orders: Iterable[OrderRecord], outcomes: Outcomes) -> None:
        async with asyncio.TaskGroup() as tasks:
            for order in orders:
                tasks.create_task(self._follow(order, outcomes))

    async def _follow(self, order: OrderRecord, outcomes: Outcomes) -> None:
        outcomes[order.client_order_id] = await self._canceller.cancel(order)

    async def _cancel_at_once(
        self, orders: Sequence[OrderRecord], symbol: Symbol | None, others: _Others
    ) -> None:
        """VALR's own cancel-all; the requests stand on the orders that it can be about."""
        flagged = [
            order
            for order in orders
            if order.status is not OrderStatus.PENDING_CREATE and not order.is_being_cancelled
        ]
        for order in flagged:
            self._canceller.note_cancel(order)
        try:
            rows = await self._rest.call(_cancel_request(symbol), timeout=self._timeout / SECOND)
        except ExchangeError as error:
            for order in flagged:
                self._stream.say(order, Says.CANCEL_REFUSED, Source.REPLY, reason=error.reason)
        except ValrError as error:
            for order in flagged:
                self._stream.say(order, Says.CANCEL_UNKNOWN, reason=str(error))
        else:
            self._take_receipt(flagged, {row.order_id for row in rows}, symbol, others)

    def _take_receipt(
        self,
        flagged: Iterable[OrderRecord],
        named: set[ExchangeOrderId],
        symbol: Symbol | None,
        others: _Others,
    ) -> None:
        for order in flagged:
            if order.exchange_order_id in named:
                self._stream.say(order, Says.CANCEL_RECEIVED, Source.REPLY)
            else:
                self._stream.say(order, Says.CANCEL_UNKNOWN, reason="VALR did not name it as cancelled")
        if symbol is None:
            return  # without its pair an order cannot be asked about
        for name in named:
            if self._tracker.find(None, name) is None:
                others.symbols.setdefault(name, symbol)

    async def _verify(self, farewell: Farewell) -> None:
        for attempt in range(1, self._attempts + 1):
            try:
                rows = await self._rest.call(endpoints.open_orders())
            except ValrError as error:
                log.warning("closing: could not read the open orders: %s", error)
                return
            found = (self._tracker.find(row.client_order_id, row.exchange_order_id) for row in rows)
            farewell.survivors = [order for order in found if order is not None and order.is_done]
            farewell.is_verified = True
            if not farewell.survivors:
                return
            for order in farewell.survivors:
                await self._canceller.cancel_ended(order)
            await asyncio.sleep(self._pause(attempt) / SECOND)

    # --- everybody's ---------------------------------------------------------------------------------

    async def _follow_others(self, symbol: Symbol | None, others: _Others) -> None:
        """Until VALR has said of each that it has ended, or so many times."""
        for attempt in range(1, self._attempts + 1):
            if attempt > 1:
                await asyncio.sleep(self._pause(attempt - 1) / SECOND)
                with suppress(ValrError):
                    await self._rest.call(_cancel_request(symbol), timeout=self._timeout / SECOND)
            await self._look(symbol, others)
            for name in others.in_doubt:
                await self._ask_about(name, others)
            if others.is_complete and not others.remaining:
                return

    async def _look(self, symbol: Symbol | None, others: _Others) -> None:
        """Read VALR's list of open orders."""
        others.is_complete = False
        try:
            rows = await self._rest.call(endpoints.open_orders())
        except ValrError as error:
            log.warning("cancelling all: could not read the open orders: %s", error)
            return
        self._stream.note_open_orders(rows, self._stream.epoch)
        theirs = {
            row.exchange_order_id: row.pair_symbol
            for row in rows
            if symbol in (None, row.pair_symbol)
            and self._tracker.find(row.client_order_id, row.exchange_order_id) is None
        }
        others.symbols.update(theirs)
        others.listed = set(theirs)
        others.ended -= others.listed
        others.is_complete = True

    async def _ask_about(self, name: ExchangeOrderId, others: _Others) -> None:
        try:
            report = await look_up_by_exchange_id(self._rest, others.symbols[name], name)
        except ValrError as error:
            log.warning("cancelling all: could not ask about %s: %s", name, error)
            return
        if report is not None and SAID_BY_STATUS[report.wire_status] in ENDING_SAID:
            others.ended.add(name)


def _cancel_request(symbol: Symbol | None) -> Request[list[CancelledRow]]:
    return endpoints.cancel_all() if symbol is None else endpoints.cancel_pair(symbol)


def _in_order(orders: Iterable[OrderRecord], outcomes: Outcomes) -> tuple[CancelOutcome, ...]:
    """An outcome for each; where none came in time, it is not known."""
    return tuple(_outcome(order, outcomes.get(order.client_order_id)) for order in orders)


def _outcome(order: OrderRecord, said: CancelOutcome | None) -> CancelOutcome:
    """As the order stands at the end: it may have ended, or come back, while others were waited for."""
    if order.is_done:
        return CancelOutcome(order, ENDED_AS[order.status])
    return CancelOutcome(order, CancelResult.UNKNOWN) if said is None or said.is_done else said
