"""Questions about orders: which are due, which have become moot, and what an answer proves.

A question is asked of VALR by REST. Until an answer settles it, it is asked again with growing pauses;
an unknown outcome is never resolved by running out of patience.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from dataclasses import dataclass, field

from valr_connector.core.guards import SECOND
from valr_connector.core.lifecycle import AskReason
from valr_connector.core.order_record import OrderRecord
from valr_connector.model.enums import OrderStatus
from valr_connector.model.ids import ClientOrderId

MILLISECOND = 1_000_000


@dataclass(frozen=True, slots=True)
class Question:
    """One order to ask about. `attempt` counts from 1."""

    client_order_id: ClientOrderId
    reason: AskReason
    attempt: int = 1


def _first_delays() -> Mapping[AskReason, int]:
    return {
        AskReason.PLACEMENT_UNCONFIRMED: 0,
        AskReason.CANCEL_UNCONFIRMED: 0,
        AskReason.CANCEL_REFUSED: 0,
        AskReason.MODIFY_SETTLED: 500 * MILLISECOND,
        AskReason.ABSENT: 0,
        AskReason.CONTRADICTION: 0,
        AskReason.UNRECOGNISED_STATUS: 0,
        AskReason.MISSING_FILLS: SECOND,
        AskReason.TAKER_STILL_OPEN: SECOND,
        AskReason.UNATTRIBUTED_FILL: SECOND,
    }


@dataclass(frozen=True, slots=True)
class Patience:
    """When to ask, all in nanoseconds.

    Attributes:
        first_delays: how long news may still arrive by itself before the first question.
        first_pause: between the first question and the second; doubles from then on.
        longest_pause: what the doubling stops at.
        grace: how long after its submission an order that VALR does not find proves nothing.
    """

    first_delays: Mapping[AskReason, int] = field(default_factory=_first_delays)
    first_pause: int = 250 * MILLISECOND
    longest_pause: int = 30 * SECOND
    grace: int = 5 * SECOND

    def pause(self, attempt: int) -> int:
        """How long to wait after unsettled `attempt`."""
        return min(self.longest_pause, self.first_pause << min(attempt - 1, 16))


class Questions:
    """What has to be asked, by due time; one entry for an order and a reason."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._due: dict[tuple[ClientOrderId, AskReason], int] = {}
        self._heap: list[tuple[int, int, Question]] = []
        self._count = 0

    def __len__(self) -> int:
        return len(self._due)

    def ask(self, client_order_id: ClientOrderId, reason: AskReason, now: int) -> None:
        """Ask about an order; an earlier question with the same reason stands."""
        due = now + self._patience.first_delays[reason]
        self._schedule(Question(client_order_id, reason), due)

    def ask_at(self, client_order_id: ClientOrderId, reason: AskReason, due: int) -> None:
        """Ask about an order at `due`, unless the question is moot by then."""
        self._schedule(Question(client_order_id, reason), due)

    def again(self, question: Question, now: int) -> None:
        """The answer settled nothing: ask once more, later."""
        follow_up = Question(question.client_order_id, question.reason, question.attempt + 1)
        self._schedule(follow_up, now + self._patience.pause(question.attempt))

    def next_due(self) -> int | None:
        """When the next question is due; None without one."""
        self._drop_replaced()
        return self._heap[0][0] if self._heap else None

    def take_due(self, now: int) -> list[Question]:
        """Remove and return all questions that are due."""
        taken: list[Question] = []
        self._drop_replaced()
        while self._heap and self._heap[0][0] <= now:
            _, _, question = heapq.heappop(self._heap)
            del self._due[question.client_order_id, question.reason]
            taken.append(question)
            self._drop_replaced()
        return taken

    def _schedule(self, question: Question, due: int) -> None:
        key = (question.client_order_id, question.reason)
        standing = self._due.get(key)
        if standing is not None and standing <= due:
            return
        self._due[key] = due
        self._count += 1
        heapq.heappush(self._heap, (due, self._count, question))

    def _drop_replaced(self) -> None:
        """Drop heap entries that an earlier due time has replaced."""
        while self._heap:
            due, _, question = self._heap[0]
            if self._due.get((question.client_order_id, question.reason)) == due:
                return
            heapq.heappop(self._heap)


def is_moot(order: OrderRecord, reason: AskReason) -> bool:
    """Whether what has become known since answers the question."""
    if reason is AskReason.PLACEMENT_UNCONFIRMED:
        return order.status is not OrderStatus.PENDING_CREATE
    if reason is AskReason.MISSING_FILLS:
        return order.has_all_fills
    if reason in _ABOUT_OPEN_ORDERS:
        return order.is_done
    return False


_ABOUT_OPEN_ORDERS = frozenset(
    {
        AskReason.CANCEL_UNCONFIRMED,
        AskReason.CANCEL_REFUSED,
        AskReason.MODIFY_SETTLED,
        AskReason.ABSENT,
        AskReason.UNRECOGNISED_STATUS,
        AskReason.TAKER_STILL_OPEN,
    }
)


def absence_proves(order: OrderRecord, now: int, patience: Patience) -> bool:
    """Whether an order that neither VALR's active orders nor its history know was never placed.

    Only once the placement had time to arrive: before that, "not found" is no evidence (protocol 19.4).
    """
    return order.status is OrderStatus.PENDING_CREATE and now - order.created_at >= patience.grace
