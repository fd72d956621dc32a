"""Where evidence waits that names an exchange id nobody here knows yet.

Events may overtake the reply that tells us the id (protocol 19.4), so such evidence waits some seconds
for its order. Bounded in number and in time; what leaves unclaimed is handed back, never dropped unseen.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import NamedTuple

from valr_connector.core.evidence import Evidence


class _Guest(NamedTuple):
    exchange_order_id: str
    evidence: Evidence
    since: int


class WaitingRoom:
    """Evidence by exchange order id, oldest out first."""

    def __init__(self, capacity: int, patience: int) -> None:
        """`capacity` in pieces of evidence, `patience` in nanoseconds."""
        self._capacity = capacity
        self._patience = patience
        self._guests: OrderedDict[int, _Guest] = OrderedDict()
        self._by_id: dict[str, deque[int]] = {}
        self._count = 0

    def __len__(self) -> int:
        return len(self._guests)

    def wait(self, exchange_order_id: str, evidence: Evidence, now: int) -> None:
        """Keep `evidence` until its order is known, or `expire` lets go of it."""
        self._count += 1
        self._guests[self._count] = _Guest(exchange_order_id, evidence, now)
        self._by_id.setdefault(exchange_order_id, deque()).append(self._count)

    def claim(self, exchange_order_id: str) -> list[Evidence]:
        """Everything that waited for this id, in order of arrival."""
        numbers = self._by_id.pop(exchange_order_id, None)
        return [] if numbers is None else [self._guests.pop(number).evidence for number in numbers]

    def expire(self, now: int) -> list[Evidence]:
        """Remove and return what waited too long, or is too much."""
        unclaimed: list[Evidence] = []
        while self._guests:
            oldest = next(iter(self._guests.values()))
            if len(self._guests) <= self._capacity and now - oldest.since <= self._patience:
                break
            self._guests.popitem(last=False)
            self._leave(oldest)
            unclaimed.append(oldest.evidence)
        return unclaimed

    def _leave(self, guest: _Guest) -> None:
        numbers = self._by_id[guest.exchange_order_id]
        numbers.popleft()
        if not numbers:
            del self._by_id[guest.exchange_order_id]
