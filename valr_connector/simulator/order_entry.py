"""The way of an order into the venue: acceptance at once, the engine after its latency (protocol 10.1).

REST and the account socket share one desk, so that commands reach the engine in the order in which they
were accepted.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from random import Random
from typing import TypeVar, cast

from valr_connector.simulator.order_requests import CancelOrder
from valr_connector.simulator.settings import Latency
from valr_connector.simulator.stats import Statistics
from valr_connector.simulator.timeline import Lane, Timeline
from valr_connector.simulator.venue import Venue
from valr_connector.simulator.vocabulary import (
    ModifyOrder,
    ModifyOutcome,
    NewOrder,
    Rejection,
    TransferOrder,
    VenueOrder,
)

_Result = TypeVar("_Result")


class OrderEntry:
    """Places and cancels, each asynchronously (v1, sockets) and synchronously (v2)."""

    def __init__(
        self, venue: Venue, timeline: Timeline, processing_latency: Latency, rng: Random, stats: Statistics
    ) -> None:
        self._venue = venue
        self._engine = Lane(timeline)
        self._latency = processing_latency
        self._rng = rng
        self._stats = stats
        self._transfers = 0

    def place(self, account_id: str, request: NewOrder) -> VenueOrder:
        """Accept an order; the engine sees it later.

        Raises:
            Rejection: it is refused at validation.
        """
        order = self._accept(account_id, request)
        self._later(lambda: self._venue.process(order.order_id))
        return order

    async def place_and_wait(self, account_id: str, request: NewOrder) -> VenueOrder:
        """Accept an order and wait until the engine is done with it; its state tells how it went.

        Raises:
            Rejection: it is refused at validation.
        """
        order = self._accept(account_id, request)
        await self._run(lambda: self._venue.process(order.order_id))
        return order

    def cancel(self, account_id: str, request: CancelOrder) -> None:
        """Have the engine cancel an order later; only events tell how it went.

        Raises:
            Rejection: there is no such pair.
        """
        self._check_pair(request.symbol)
        self._later(lambda: self._try_to_cancel(account_id, request))

    async def cancel_and_wait(self, account_id: str, request: CancelOrder) -> None:
        """Cancel an order and wait for it.

        Raises:
            Rejection: there is no such pair, or no such open order.
        """
        self._check_pair(request.symbol)
        await self._run(lambda: self._cancel(account_id, request))

    def modify(self, account_id: str, request: ModifyOrder) -> str:
        """Have the engine modify an order later; the id of the request. Only events tell how it went.

        Raises:
            Rejection: it is refused at validation.
        """
        modify_request_id = self._venue.accept_modify(account_id, request)
        self._later(lambda: self._venue.process_modify(modify_request_id))
        return modify_request_id

    async def modify_and_wait(self, account_id: str, request: ModifyOrder) -> ModifyOutcome:
        """Modify an order and wait for the outcome.

        Raises:
            Rejection: it is refused at validation.
        """
        modify_request_id = self._venue.accept_modify(account_id, request)
        outcome = await self._run(lambda: self._venue.process_modify(modify_request_id))
        # None is for ids that the venue never gave, or has run already.
        return cast("ModifyOutcome", outcome)

    def transfer(self, order: TransferOrder) -> str:
        """Have money moved later; the id of the transfer. Only events tell that it went."""
        self._transfers += 1
        transfer_id = str(self._transfers)
        self._later(lambda: self._venue.transfer(transfer_id, order))
        return transfer_id

    def cancel_all_later(self, account_id: str) -> None:
        """Have the engine cancel all orders that are open when it gets there."""
        self._later(lambda: self._venue.cancel_all(account_id))

    async def cancel_all(self, account_id: str, symbol: str | None = None) -> list[VenueOrder]:
        """Cancel all open orders of a pair or of all pairs, and wait for it.

        Raises:
            Rejection: there is no such pair.
        """
        if symbol is not None:
            self._check_pair(symbol)
        return await self._run(lambda: self._venue.cancel_all(account_id, symbol))

    def _accept(self, account_id: str, request: NewOrder) -> VenueOrder:
        order = self._venue.accept(account_id, request)
        self._stats.orders_accepted[account_id] += 1
        return order

    def _cancel(self, account_id: str, request: CancelOrder) -> VenueOrder:
        return self._venue.cancel(
            account_id,
            request.symbol,
            order_id=request.order_id,
            customer_order_id=request.customer_order_id,
        )

    def _try_to_cancel(self, account_id: str, request: CancelOrder) -> None:
        try:
            self._cancel(account_id, request)
        except Rejection:
            return  # the venue told the account by its event

    def _check_pair(self, symbol: str) -> None:
        if symbol not in self._venue.pairs:
            raise unsupported_pair()

    def _later(self, action: Callable[[], object]) -> None:
        self._engine.after(self._latency.draw(self._rng), action)

    async def _run(self, action: Callable[[], _Result]) -> _Result:
        """Queue the action behind the others and wait for its result."""
        future: asyncio.Future[_Result] = asyncio.get_running_loop().create_future()

        def run() -> None:
            settle: Callable[[], None]
            try:
                settle = partial(future.set_result, action())
            except Rejection as rejection:
                settle = partial(future.set_exception, rejection)
            # Who asked may be gone; what was asked is done all the same.
            if not future.done():
                settle()

        self._later(run)
        return await future


def unsupported_pair() -> Rejection:
    """There is no such pair (protocol 3.3)."""
    return Rejection(-21, "Unsupported Currency Pair")
