"""Where evidence waits that names an exchange id nobody here knows yet.

Events may overtake the reply that tells us the id (protocol 19.4), so such evidence waits some seconds
for its order. Bounded in number and in time; what leaves unclaimed is handed back, never dropped unseen.
"""

from __future__ import annotations

from collections import deque

from valr_connector.core.evidence import Evidence


class WaitingRoom:
    """Evidence by exchange order id, oldest out first."""

    def __init__(self, capacity: int, patience: int) -> None:
        """`capacity` in pieces of evidence, `patience` in nanoseconds."""
        self._capacity = capacity
        self._patience = patience
        self._arrivals: deque[tuple[int, Evidence]] = deque()
        self._by_id: dict[str, list[Evidence]] = {}

    def __len__(self) -> int:
        return sum(len(waiting) for waiting in self._by_id.values())

    def wait(self, exchange_order_id: str, evidence: Evidence, now: int) -> None:
        """Keep `evidence` until its order is known."""
        self._arrivals.append((now, evidence))
        self._by_id.setdefault(exchange_order_id, []).append(evidence)

    def claim(self, exchange_order_id: str) -> list[Evidence]:
        """Everything that waited for this id, in order of arrival."""
        return self._by_id.pop(exchange_order_id, [])

    def expire(self, now: int) -> list[Evidence]:
        """Remove and return what waited too long, or is too much."""
        unclaimed: list[Evidence] = []
        while self._arrivals and (
            len(self._arrivals) > self._capacity or now - self._arrivals[0][0] > self._patience
        ):
            _, evidence = self._arrivals.popleft()
            waiting = self._by_id.get(evidence.exchange_order_id or "")
            if waiting is not None and waiting[0] is evidence:
                unclaimed.append(waiting.pop(0))
                if not waiting:
                    del self._by_id[evidence.exchange_order_id or ""]
        return unclaimed
