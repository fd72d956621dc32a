"""The library and the venue side by side, compared while they run and once all is quiet."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Final

from valr_connector.cli.demo_watch import (
    Disagreement,
    disagreements,
    open_disagreements,
    overdue_disagreements,
)
from valr_connector.model.events import OrderEvent

if TYPE_CHECKING:
    from valr_connector.cli.demo_record import DemoRecord
    from valr_connector.exchange import ValrExchange
    from valr_connector.simulator.exchange import EmbeddedExchange

_LAG_NS: Final = 2_000_000_000
"""How long the library may take an order for open that the venue has ended, while it is connected."""
_LOOK_S: Final = 0.05


class TwoSides:
    """Holds what the library says against what the venue knows, after every event of an order and on demand.

    Attributes:
        found: every disagreement so far, each once.
    """

    def __init__(self, valr: ValrExchange, exchange: EmbeddedExchange, record: DemoRecord) -> None:
        self._valr = valr
        self._venue = exchange.venue
        self._stats = exchange.stats
        self._account = exchange.settings.account_id
        self._record = record
        self.found: set[Disagreement] = set()
        valr.on(OrderEvent, self._check_open_orders)

    @property
    def open_there(self) -> int:
        """Open orders of the account at the venue now."""
        return len(self._venue.open_orders(self._account))

    @property
    def most_open_there(self) -> int:
        """The most orders of the account that were ever open at the venue at the same time."""
        return self._stats.max_open_orders[self._account]

    def check(self) -> None:
        """Compare what has to agree at any moment."""
        self._check_open_orders()
        if self._valr.ready:
            self.found.update(
                overdue_disagreements(
                    self._valr.orders.values(),
                    lambda name: self._venue.order_by_customer_id(self._account, name),
                    now=time.time_ns(),
                    grace=_LAG_NS,
                )
            )

    async def settle(self, within_s: float) -> None:
        """Wait until nothing is on its way and everything agrees; what differs even then is found."""
        deadline = time.monotonic() + within_s
        while not self._is_quiet() and time.monotonic() < deadline:  # noqa: ASYNC110 - agreement has no event
            await asyncio.sleep(_LOOK_S)
        self.found.update(self._differences())

    def _is_quiet(self) -> bool:
        return self._valr.ready and not self._valr.orders and not self._differences()

    def _differences(self) -> list[Disagreement]:
        venue, account = self._venue, self._account
        return disagreements(self._record.orders(), venue.orders(account), venue.trades(account))

    def _check_open_orders(self, _event: object = None) -> None:
        open_orders = self._venue.open_orders(self._account)
        self.found.update(open_disagreements(self._record.order, open_orders))
