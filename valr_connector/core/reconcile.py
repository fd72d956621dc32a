"""Questions about orders: which are due, which have become moot, and what an answer proves.

A question is asked of VALR by REST. Until an answer settles it, it is asked again with growing pauses;
an unknown outcome is never resolved by running out of patience.
"""

from __future__ import annotations

import heapq
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field

from valr_connector.core.guards import SECOND
from valr_connector.core.lifecycle import AskReason
from valr_connector.core.order_record import OrderRecord
from valr_connector.model.enums import OrderStatus, Placement
from valr_connector.model.ids import ClientOrderId

MILLISECOND = 1_000_000


@dataclass(slots=True)
class Question:
    """One order to ask about.

    Attributes:
        attempt: counts from 1; one in vain counts only while the pauses after it still grow.
        raised_at: an answer to whatever was asked then or later serves, nanoseconds of the monotonic clock.
            Later each time that it is raised again before it is asked.
    """

    client_order_id: ClientOrderId
    reason: AskReason
    attempt: int = 1
    raised_at: int = field(default=0, compare=False)


def _first_delays() -> Mapping[AskReason, int]:
    return {
        AskReason.PLACEMENT_UNCONFIRMED: 0,
        AskReason.CANCEL_UNCONFIRMED: 0,
        AskReason.CANCEL_REFUSED: 0,
        AskReason.MODIFY_UNCONFIRMED: 0,
        AskReason.MODIFY_SETTLED: 500 * MILLISECOND,
        AskReason.ABSENT: 0,
        AskReason.CONTRADICTION: 0,
        AskReason.UNRECOGNISED_STATUS: 0,
        AskReason.MISSING_FILLS: SECOND,
        AskReason.TAKER_STILL_OPEN: SECOND,
        AskReason.UNATTRIBUTED_FILL: SECOND,
        AskReason.AMOUNT_UNCONFIRMED: SECOND,
        AskReason.ENDING_IN_DOUBT: 500 * MILLISECOND,
        AskReason.ADOPTED: 500 * MILLISECOND,
    }


@dataclass(frozen=True, slots=True)
class Patience:
    """When to ask, all in nanoseconds.

    Attributes:
        first_delays: how long news may still arrive by itself before the first question.
        first_pause: between the first question and the second; doubles from then on.
        longest_pause: what the doubling stops at.
        longest_retry: what it stops at where VALR could not be asked.
        grace: how long after a request was sent VALR may still execute a placement that it carried.
    """

    first_delays: Mapping[AskReason, int] = field(default_factory=_first_delays)
    first_pause: int = 250 * MILLISECOND
    longest_pause: int = 30 * SECOND
    longest_retry: int = SECOND
    grace: int = 5 * SECOND

    @property
    def socket_grace(self) -> int:
        """The same for a frame on the socket, which no proxy holds up."""
        return self.grace * 4 // 5

    @property
    def accepted_grace(self) -> int:
        """The same for a placement that VALR has given an id: it got there, and waits in VALR's own queue.

        Delays of 10 s were seen there under load (protocol 10.6).
        """
        return self.grace * 5

    @property
    def engine_grace(self) -> int:
        """How long VALR may take over what it has read: nothing else is left once the carrier has ended."""
        return self.grace * 3 // 5

    def pause(self, attempt: int) -> int:
        """How long to wait after unsettled `attempt`."""
        return min(self.longest_pause, self.first_pause << min(attempt - 1, 16))


_Key = tuple[ClientOrderId, AskReason]
_Entry = tuple[int, int, Question]


class Questions:
    """What has to be asked, by due time; one entry for an order and a reason."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._standing: dict[_Key, _Entry] = {}
        self._heap: list[_Entry] = []
        self._count = 0
        self._asked: OrderedDict[_Key, tuple[int, int]] = OrderedDict()
        """Attempt and time of what was asked lately, oldest first."""
        self._on_due: Callable[[int], object] | None = None

    @contextmanager
    def watched(self, on_due: Callable[[int], object]) -> Iterator[None]:
        """Meanwhile `on_due` is told when the first of all questions will be due, whenever that changes."""
        self._on_due = on_due
        try:
            yield
        finally:
            self._on_due = None

    def __len__(self) -> int:
        return len(self._standing)

    def ask(self, client_order_id: ClientOrderId, reason: AskReason, now: int) -> None:
        """Ask about an order; an earlier question with the same reason stands, but not what answered it.

        An answer can raise its own question again. Within the longest pause after it was asked it is the
        same question, and goes on with growing pauses.
        """
        raised_at = due = now + self._patience.first_delays[reason]
        key = client_order_id, reason
        if self._stands(key, raised_at, due):
            return
        attempt, asked_at = self._asked.get(key, (0, 0))
        if attempt and now - asked_at > self._patience.longest_pause:
            attempt = 0
        if attempt:
            due = max(due, asked_at + self._patience.pause(attempt))
        self._schedule(key, attempt + 1, raised_at, due)

    def ask_at(self, client_order_id: ClientOrderId, reason: AskReason, due: int) -> None:
        """Ask about an order at `due`, unless the question is moot by then."""
        self._schedule((client_order_id, reason), 1, due, due)

    def again(self, question: Question, now: int, *, was_answered: bool = True) -> None:
        """Ask once more, later: the answer settled nothing, or none came, which says nothing of the next."""
        pause, attempt = self._patience.pause(question.attempt), question.attempt + 1
        if not was_answered and pause >= self._patience.longest_retry:
            # In vain it is the same attempt again, lest an hour without VALR counts as many answers.
            pause, attempt = self._patience.longest_retry, question.attempt
        self._schedule(_key(question), attempt, now, now + pause)

    def next_due(self) -> int | None:
        """When the next question is due; None without one."""
        self._drop_replaced()
        return self._heap[0][0] if self._heap else None

    def take_due(self, now: int) -> list[Question]:
        """Remove and return all questions that are due, in the order they fell due."""
        taken: list[Question] = []
        self._drop_replaced()
        while self._heap and self._heap[0][0] <= now:
            _, _, question = heapq.heappop(self._heap)
            key = _key(question)
            del self._standing[key]
            self._asked[key] = (question.attempt, now)
            self._asked.move_to_end(key)
            taken.append(question)
            self._drop_replaced()
        self._forget_asked(now)
        return taken

    def _schedule(self, key: _Key, attempt: int, raised_at: int, due: int) -> None:
        if self._stands(key, raised_at, due):
            return
        self._count += 1
        entry = (due, self._count, Question(*key, attempt, raised_at))
        self._standing[key] = entry
        heapq.heappush(self._heap, entry)
        if self._on_due is not None and self._heap[0] is entry:
            self._on_due(due)

    def _stands(self, key: _Key, raised_at: int, due: int) -> bool:
        """Whether it is going to be asked by then anyhow; that it was raised again is noted."""
        standing = self._standing.get(key)
        if standing is None or standing[0] > due:
            return False
        question = standing[2]
        question.raised_at = max(question.raised_at, raised_at)
        return True

    def _drop_replaced(self) -> None:
        """Drop heap entries that an earlier due time has replaced."""
        while self._heap and self._standing.get(_key(self._heap[0][2])) is not self._heap[0]:
            heapq.heappop(self._heap)

    def _forget_asked(self, now: int) -> None:
        while self._asked:
            _, asked_at = next(iter(self._asked.values()))
            if now - asked_at <= self._patience.longest_pause:
                return
            self._asked.popitem(last=False)


def _key(question: Question) -> _Key:
    return question.client_order_id, question.reason


def is_moot(order: OrderRecord, reason: AskReason) -> bool:
    """Whether what has become known since answers the question."""
    is_answered = _ANSWERED.get(reason)
    return is_answered is not None and is_answered(order)


def _has_ended(order: OrderRecord) -> bool:
    return order.is_done


_ANSWERED: Mapping[AskReason, Callable[[OrderRecord], bool]] = {
    AskReason.PLACEMENT_UNCONFIRMED: lambda order: order.status is not OrderStatus.PENDING_CREATE,
    AskReason.MISSING_FILLS: lambda order: order.has_all_fills,
    AskReason.AMOUNT_UNCONFIRMED: lambda order: order.ended_undated_at is None,
    AskReason.ENDING_IN_DOUBT: lambda order: not order.ending_in_doubt,
    AskReason.MODIFY_UNCONFIRMED: lambda order: order.modify_request is None,
    AskReason.CANCEL_UNCONFIRMED: _has_ended,
    AskReason.CANCEL_REFUSED: _has_ended,
    AskReason.MODIFY_SETTLED: _has_ended,
    AskReason.ABSENT: _has_ended,
    AskReason.UNRECOGNISED_STATUS: _has_ended,
    AskReason.TAKER_STILL_OPEN: _has_ended,
    AskReason.ADOPTED: _has_ended,
}
"""When a question needs no answer any more; those that are not here always need one."""


def absence_proves_at(order: OrderRecord, patience: Patience, *, arrived_by: int | None) -> int | None:
    """From when on VALR's not finding an order proves that it was never placed, monotonic nanoseconds.

    Not finding it is no evidence as long as VALR may still execute the placement (protocol 19.4). Two things
    have to be over. What carried it has to have ended, or VALR to have read it: before that it can arrive at
    any time, and what is left after that is VALR's own queue. And it must have been sent long enough ago: a
    request passes proxies that may go on with it when we no longer wait for it, a frame passes none. What
    VALR has accepted under an id of its own is waited for much longer.

    Args:
        arrived_by: by when the placement had been read by VALR or was lost for good; None while it may be
            under way (`net.user_stream.UserStreamTracker.placement_arrived_by`).

    Returns:
        None where nothing is proved yet: it may be under way, it waits to be sent (so it is absent for sure,
        and may still arrive), or VALR has shown it.
    """
    if order.status is not OrderStatus.PENDING_CREATE or order.placement is Placement.UNSENT:
        return None
    if arrived_by is None:
        return None
    if order.exchange_order_id is not None:
        since_sent = patience.accepted_grace
    else:
        since_sent = patience.grace if order.is_by_rest else patience.socket_grace
    return max(placement_sent_at(order) + since_sent, arrived_by + patience.engine_grace)


def placement_sent_at(order: OrderRecord) -> int:
    """When a placement was sent last, monotonic nanoseconds."""
    return max(order.created_at, order.sent_at)


def earliest_due(order: OrderRecord, reason: AskReason, cancel_timeout: int) -> int:
    """Before when the question is too early: one that an earlier cancel left must not cut this one short."""
    if reason is AskReason.CANCEL_UNCONFIRMED and order.cancel_request is not None:
        return order.cancel_request.since + cancel_timeout
    if reason is AskReason.MODIFY_UNCONFIRMED and order.modify_request is not None:
        return order.modify_request.since + cancel_timeout
    return 0
