"""Fills that no frame told, looked for in VALR's trade history.

Rows become evidence and go through the user stream's door. A fill counts once, by its id, so that nothing
follows from reading a row twice.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from valr_connector.core.evidence import Evidence, Source, fill_evidence
from valr_connector.core.order_record import OrderRecord
from valr_connector.core.order_tracker import OrderTracker
from valr_connector.net.rest import RestClient
from valr_connector.protocol import endpoints
from valr_connector.protocol.rows import AccountTradeRow

log = logging.getLogger(__name__)

TRADES_PER_PAGE = 100
MOST_TRADE_PAGES = 20
TRADE_OVERLAP = timedelta(seconds=60)


class TradeHistory:
    """Reads it for the orders that are tracked; what is of others is nobody's here.

    Args:
        wanted_since: from when on an earlier process may have missed fills, UTC; None where none was there.
    """

    def __init__(self, *, rest: RestClient, tracker: OrderTracker, wanted_since: datetime | None) -> None:
        self._rest = rest
        self._tracker = tracker
        self._read_to = wanted_since
        """None before the first connect."""

    def attach(self, apply: Callable[[Evidence], None]) -> None:
        """Name the door that the evidence goes through."""
        self._apply = apply

    def begin(self, now: datetime) -> None:
        """There is a connection: from `now` on, by VALR's clock, fills may be missed."""
        self._read_to = min(self._read_to or now, now)  # an earlier process's clock may be ahead

    async def catch_up(self) -> None:
        """Read it back to where it was read to, with an overlap.

        Raises:
            ValrError: VALR could not be asked.
        """
        since = self._read_to
        if since is None or next(self._tracker.orders(), None) is None:
            return
        read_to = since
        for page in range(MOST_TRADE_PAGES):
            rows = await self._rest.call_patiently(
                endpoints.trade_history(
                    skip=page * TRADES_PER_PAGE, limit=TRADES_PER_PAGE, start=since - TRADE_OVERLAP
                )
            )
            self._take_over(rows)
            read_to = max([read_to, *(row.at for row in rows)])
            if len(rows) < TRADES_PER_PAGE:
                break
        else:
            log.warning("more fills since %s than %d pages hold", since, MOST_TRADE_PAGES)
        self._read_to = read_to

    async def complete(self, order: OrderRecord, pages: int) -> None:
        """Read that of the order's pair, newest first, until it has all its fills, and so many pages at most.

        Raises:
            ValrError: VALR could not be asked.
        """
        for page in range(pages):
            rows = await self._rest.call(
                endpoints.pair_trade_history(order.symbol, skip=page * TRADES_PER_PAGE, limit=TRADES_PER_PAGE)
            )
            self._take_over(rows)
            if len(rows) < TRADES_PER_PAGE or order.has_all_fills:
                return

    def _take_over(self, rows: Sequence[AccountTradeRow]) -> None:
        for row in reversed(rows):  # VALR lists the newest first
            if self._tracker.find(row.client_order_id, row.exchange_order_id) is None:
                continue  # a fill of an order that was not placed here
            evidence = fill_evidence(row, Source.QUERY)
            if evidence is not None:
                self._apply(evidence)
