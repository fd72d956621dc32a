"""Zombies: orders that have ended here and that VALR shows open.

A list may be old, so one that is taken for an ending's end is a suspicion, and VALR is asked about that very
order. Its answer decides: newer than the ending, it revives the order (`core.lifecycle`); not newer, and yet
given long after the ending became known here, it cannot be believed in either way, and the order is cancelled
again and asked about again, so many times. Nothing of this passes silently.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from valr_connector.core.evidence import Evidence, Says, Source
from valr_connector.core.guards import Guards
from valr_connector.core.lifecycle import ENDING_SAID
from valr_connector.core.order_record import OrderRecord
from valr_connector.model.enums import TERMINAL, ZombieHandling
from valr_connector.model.events import ZombieOrder
from valr_connector.model.ids import ClientOrderId

MOST_REMEMBERED: Final = 1_000

# CPython 3.11 takes 0.1 us to find a member in its class, and these are needed with each fill after the end.
_SNAPSHOT, _QUERY = Source.SNAPSHOT, Source.QUERY

_SHOWS_OPEN = frozenset({Says.RESTING, Says.PARTIALLY_FILLED, Says.MODIFIED})


class Zombies:
    """Judges what is said of orders after their end; `most_cancels` bounds the cancels of each."""

    def __init__(self, guards: Guards, most_cancels: int) -> None:
        self._guards = guards
        self._most_cancels = most_cancels
        self._cancels: OrderedDict[ClientOrderId, int] = OrderedDict()

    def is_suspect(self, order: OrderRecord, evidence: Evidence, now: int) -> bool:
        """Whether a list shows an ended order for so long that VALR has to be asked about it."""
        return (
            evidence.source is _SNAPSHOT
            and order.is_done
            and evidence.says in _SHOWS_OPEN
            and not self._guards.may_still_be_listed(order, now)
        )

    def judge(self, order: OrderRecord, evidence: Evidence) -> ZombieOrder | None:
        """What follows from evidence that was applied to an order that had ended before; None if nothing."""
        if order.status not in TERMINAL:
            cancels = self._cancels.pop(order.client_order_id, 0)
            return ZombieOrder(order, evidence.at, ZombieHandling.REVIVED, cancels)
        if evidence.source is not _QUERY:
            return None
        if evidence.says in ENDING_SAID:
            cancels = self._cancels.pop(order.client_order_id, 0)
            return ZombieOrder(order, evidence.at, ZombieHandling.ENDED, cancels) if cancels else None
        if evidence.says not in _SHOWS_OPEN or evidence.asked_at is None:
            return None
        if self._guards.may_still_be_listed(order, evidence.asked_at):
            return None
        return self._cancel_again(order, evidence)

    def _cancel_again(self, order: OrderRecord, evidence: Evidence) -> ZombieOrder | None:
        cancels = self._cancels.get(order.client_order_id, 0)
        if cancels > self._most_cancels:
            return None  # it was told that it is left open
        self._cancels[order.client_order_id] = cancels + 1
        if len(self._cancels) > MOST_REMEMBERED:
            self._cancels.popitem(last=False)
        if cancels == self._most_cancels:
            return ZombieOrder(order, evidence.at, ZombieHandling.LEFT_OPEN, cancels)
        return ZombieOrder(order, evidence.at, ZombieHandling.CANCELLED_AGAIN, cancels + 1)
