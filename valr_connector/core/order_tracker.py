"""In-flight orders by both ids; the one place where evidence meets its order."""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, cast

from valr_connector.core import lifecycle
from valr_connector.core.evidence import Evidence, Says, Source
from valr_connector.core.guards import SECOND, Guards
from valr_connector.core.lifecycle import AskReason
from valr_connector.core.order_log import known, records
from valr_connector.core.order_record import OrderRecord
from valr_connector.core.order_story import note, note_question
from valr_connector.core.reconcile import Questions
from valr_connector.core.steps import Asked, Listener, Origin, Tracked, Withdrawn, unheard
from valr_connector.core.waiting_room import WaitingRoom
from valr_connector.core.zombies import Zombies
from valr_connector.errors import InvalidArgumentError
from valr_connector.model.enums import TERMINAL, OrderStatus
from valr_connector.model.events import OrderAdopted, OrderEvent
from valr_connector.model.ids import ClientOrderId

Watcher = Callable[[OrderRecord, Sequence[OrderEvent]], None]
"""Sees an order after a piece of evidence was applied to it, with the events that have yet to be told."""

_MOST_KEPT_BACK: Final = 16
"""Where so many orders in a row have something to be asked, one of them goes all the same."""
_MOST_UNFREED: Final = 256
"""Forgotten orders whose memory waits to be given back; one more, and the oldest gives its back at once."""


@dataclass(frozen=True, slots=True)
class TrackerLimits:
    """Bounds of what the tracker remembers.

    Attributes:
        done_orders: ended orders kept, so that late fills find them; those with fills missing longest.
        waiting: pieces of evidence kept for ids not known yet.
        waiting_time: how long they are kept, nanoseconds.
        zombie_cancels: how often an ended order that VALR shows open is cancelled again.
    """

    done_orders: int = 1_000
    waiting: int = 4_096
    waiting_time: int = 10 * SECOND
    zombie_cancels: int = 3


class OrderTracker:
    """Holds every order placed here; applies evidence to it in one synchronous step.

    Attributes:
        in_flight: orders that have not ended, by client order id, oldest first.
        unclaimed: how many pieces of evidence named an order that never became known here.
        on_step: told of each order that is tracked, let go of or asked about.
    """

    def __init__(
        self, questions: Questions, guards: Guards | None = None, limits: TrackerLimits | None = None
    ) -> None:
        self._questions = questions
        self._guards = guards or Guards()
        self._limits = limits or TrackerLimits()
        self._in_flight: dict[str, OrderRecord] = {}
        self._done: OrderedDict[str, OrderRecord] = OrderedDict()
        self._by_exchange_id: dict[str, OrderRecord] = {}
        self._waiting = WaitingRoom(self._limits.waiting, self._limits.waiting_time)
        self._zombies = Zombies(self._guards, self._limits.zombie_cancels)
        self._forgotten: deque[OrderRecord] = deque(maxlen=_MOST_UNFREED)
        self._watch: Watcher | None = None
        self.on_step: Listener = unheard
        by_id = cast("dict[ClientOrderId, OrderRecord]", self._in_flight)
        self.in_flight: Mapping[ClientOrderId, OrderRecord] = MappingProxyType(by_id)
        self.unclaimed = 0

    def watch(self, watcher: Watcher) -> None:
        """Have `watcher` see every order after each piece of evidence about it."""
        self._watch = watcher

    def track(self, order: OrderRecord, origin: Origin = Origin.PLACED) -> None:
        """Take an order under control, before anything about it is sent.

        Raises:
            InvalidArgumentError: its client order id was used before.
        """
        if order.client_order_id in self._in_flight or order.client_order_id in self._done:
            raise InvalidArgumentError("client_order_id", order.client_order_id, "was used before")
        if self.on_step is not unheard:
            self.on_step(Tracked(origin, order.created_at, order.epoch, records(order, known(order))))
        self._in_flight[order.client_order_id] = order

    def withdraw(self, order: OrderRecord) -> None:
        """Let go of an order that was tracked and then not sent at all."""
        self.on_step(Withdrawn(order.client_order_id))
        del self._in_flight[order.client_order_id]

    def restore(self, order: OrderRecord, now: int) -> None:
        """Take over an order that an earlier process placed, in flight or ended; ask what is not known of it.

        Raises:
            InvalidArgumentError: its client order id was used before.
        """
        self.track(order, Origin.RESTORED)
        if order.exchange_order_id is not None:
            self._by_exchange_id[order.exchange_order_id] = order
        if order.status is OrderStatus.PENDING_CREATE:
            self._questions.ask(order.client_order_id, AskReason.PLACEMENT_UNCONFIRMED, now)
        elif not order.has_all_fills:
            self._questions.ask(order.client_order_id, AskReason.MISSING_FILLS, now)
        if order.ending_in_doubt:
            self._questions.ask(order.client_order_id, AskReason.ENDING_IN_DOUBT, now)
        if order.is_done:
            self._shelve(order)

    def adopt(self, order: OrderRecord, now: int) -> Sequence[OrderEvent]:
        """Take over an open order that was placed elsewhere, and whatever waited for its exchange id.

        News of somebody else's order is nobody's here. A list that is older than its end shows it open, and
        nothing would ever say otherwise: VALR is asked.

        Raises:
            InvalidArgumentError: its client order id was used before.
        """
        self.track(order, Origin.ADOPTED)
        self._questions.ask(order.client_order_id, AskReason.ADOPTED, now)
        events: list[OrderEvent] = [
            OrderAdopted(order, order.updated_at, order.status, order.executed_amount)
        ]
        if self._watch is not None:
            self._watch(order, events)
        return events + self._claim_id(order, now)

    def find(self, client_order_id: str | None, exchange_order_id: str | None = None) -> OrderRecord | None:
        """The order with either id, in flight or ended; the client order id decides where both are given."""
        if client_order_id is not None:
            order = self._in_flight.get(client_order_id) or self._done.get(client_order_id)
            if order is not None:
                return order
        return None if exchange_order_id is None else self._by_exchange_id.get(exchange_order_id)

    def orders(self) -> Iterator[OrderRecord]:
        """All orders remembered, those in flight first."""
        yield from self._in_flight.values()
        yield from self._done.values()

    def apply(self, evidence: Evidence, now: int) -> Sequence[OrderEvent]:
        """Apply evidence to the order it names, and whatever waited for that order's id.

        Evidence about nobody known waits if it names only an exchange id, for the reply that tells the
        id may still be under way; with a client order id that is not ours it is somebody else's.
        """
        client_order_id, exchange_order_id = evidence.client_order_id, evidence.exchange_order_id
        order = self._in_flight.get(client_order_id or "") or self.find(client_order_id, exchange_order_id)
        if order is None:
            self._set_aside(evidence, now)
            return ()
        # What a report looks at, asked for in a row: the processor then waits for all of it at once where an
        # order has long been silent. With 100,000 orders that saves 0.3 us a frame, with few it adds 0.03.
        known_id = order.exchange_order_id
        _ = order.story_end, order.last_heard, order.amount, order.price, order.updated_at
        if exchange_order_id is not None and exchange_order_id != known_id and known_id is not None:
            self.unclaimed += 1
            self._questions.ask(order.client_order_id, AskReason.CONTRADICTION, now)
            return ()
        before = order.status
        had_ended = before in TERMINAL
        events, reason = lifecycle.apply(order, evidence, now)
        if had_ended:
            reason = self._judge_ended(order, evidence, events, reason, now)
        if reason is not None:
            self._questions.ask(order.client_order_id, reason, now)
        note(order, now, evidence.says, evidence.source, evidence.reason, reason, events)
        status = order.status
        if status is not before and (status in TERMINAL) is not had_ended:
            self._move_between_shelves(order, had_ended, now)
        if self._watch is not None:
            self._watch(order, events)
        if known_id is None:
            events += self._claim_id(order, now)
        return events

    def _judge_ended(
        self,
        order: OrderRecord,
        evidence: Evidence,
        events: list[OrderEvent],
        reason: AskReason | None,
        now: int,
    ) -> AskReason | None:
        """What is said of an order after its end may show a zombie; returns why to ask, if at all."""
        zombie = self._zombies.judge(order, evidence)
        if zombie is not None:
            events.append(zombie)
        return AskReason.CONTRADICTION if self._zombies.is_suspect(order, evidence, now) else reason

    def note_question(self, order: OrderRecord, reason: AskReason, attempt: int, now: int) -> None:
        """VALR is about to be asked by REST what became of an order: part of its story."""
        self.on_step(Asked(order.client_order_id, reason, attempt))
        note_question(order, reason, attempt, now)

    def note_absent(self, listed: set[str], now: int, epoch: int) -> Sequence[OrderEvent]:
        """Orders in flight that a list of open orders lacks: those past the guards are asked about.

        `listed` holds the client order ids of those that it does not, `epoch` is the connection it came on.
        """
        if listed.issuperset(self._in_flight):
            return ()
        events: list[OrderEvent] = []
        for order in [order for name, order in self._in_flight.items() if name not in listed]:
            if self._guards.why_not_ask(order, now, epoch) is None:
                absence = Evidence(
                    says=Says.ABSENT, source=Source.LOCAL, client_order_id=order.client_order_id
                )
                events += self.apply(absence, now)
        return events

    def free_forgotten(self) -> None:
        """Give the memory of forgotten orders back: up to 5 us each, which frames should not wait for."""
        self._forgotten.clear()

    def expire(self, now: int) -> int:
        """Let go of evidence that waited too long; returns how much."""
        unclaimed = len(self._waiting.expire(now))
        self.unclaimed += unclaimed
        return unclaimed

    def _claim_id(self, order: OrderRecord, now: int) -> list[OrderEvent]:
        """The order's exchange id, if it has one, is known from now on: apply what waited for it."""
        events: list[OrderEvent] = []
        if order.exchange_order_id is not None:
            self._by_exchange_id[order.exchange_order_id] = order
            for waiting in self._waiting.claim(order.exchange_order_id):
                events += self.apply(waiting, now)
        return events

    def _move_between_shelves(self, order: OrderRecord, had_ended: bool, now: int) -> None:
        """Put an order where it belongs: it had ended and was revived, or has ended now."""
        if had_ended:
            self._in_flight[order.client_order_id] = self._done.pop(order.client_order_id)
        else:
            self._shelve(order)
        if order.ending_in_doubt:
            self._questions.ask(order.client_order_id, AskReason.ENDING_IN_DOUBT, now)

    def _shelve(self, order: OrderRecord) -> None:
        self._done[order.client_order_id] = self._in_flight.pop(order.client_order_id)
        if len(self._done) > self._limits.done_orders:
            self._forget_one()

    def _forget_one(self) -> None:
        """Let go of an ended order: the one that ended first, of those of which nothing has to be asked."""
        for _ in range(_MOST_KEPT_BACK):
            first = next(iter(self._done.values()))
            if first.has_all_fills and not first.ending_in_doubt:
                break
            self._done.move_to_end(first.client_order_id)
        _, oldest = self._done.popitem(last=False)
        if oldest.exchange_order_id is not None:
            self._by_exchange_id.pop(oldest.exchange_order_id, None)
        self._forgotten.append(oldest)

    def _set_aside(self, evidence: Evidence, now: int) -> None:
        if evidence.client_order_id is None and evidence.exchange_order_id is not None:
            self._waiting.wait(evidence.exchange_order_id, evidence, now)
        else:
            self.unclaimed += 1
        self.expire(now)
