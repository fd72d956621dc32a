"""Asks VALR about orders by REST, and compares lists: timers around `core.reconcile`.

Answers become evidence and go through the user stream's door like everything else.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import UTC, datetime

from valr_connector.core.balances import Balances
from valr_connector.core.evidence import Evidence, Says, Source
from valr_connector.core.guards import SECOND
from valr_connector.core.lifecycle import AskReason
from valr_connector.core.order_record import OrderRecord
from valr_connector.core.order_tracker import OrderTracker
from valr_connector.core.reconcile import (
    Patience,
    Question,
    Questions,
    absence_proves_at,
    earliest_due,
    is_moot,
    placement_sent_at,
)
from valr_connector.errors import ValrError
from valr_connector.model.enums import OrderStatus, Placement
from valr_connector.model.ids import ClientOrderId
from valr_connector.model.order import CancelRequest, ModifyRequest
from valr_connector.net.alarm import Alarm
from valr_connector.net.event_stream import EventPublisher
from valr_connector.net.inquiries import Inquiries
from valr_connector.net.order_lookup import look_up
from valr_connector.net.rest import RestClient
from valr_connector.net.together import together
from valr_connector.net.trade_history import TradeHistory
from valr_connector.net.user_stream import UserStreamTracker
from valr_connector.observe import metrics as m
from valr_connector.observe.log_fields import about_order
from valr_connector.protocol import endpoints

log = logging.getLogger(__name__)

MOST_AT_ONCE = 8
FILL_ATTEMPTS = 10
"""After so many looks at the trade history, each a page longer, a fill stays as VALR's stream told it."""

_OVERDUE = {
    AskReason.PLACEMENT_UNCONFIRMED: Says.PLACEMENT_UNKNOWN,
    AskReason.CANCEL_UNCONFIRMED: Says.CANCEL_UNKNOWN,
    AskReason.MODIFY_UNCONFIRMED: Says.MODIFY_UNKNOWN,
}
"""What a command is whose outcome has not come in time."""
_OVERDUE_REQUEST: Mapping[AskReason, Callable[[OrderRecord], CancelRequest | ModifyRequest | None]] = {
    AskReason.CANCEL_UNCONFIRMED: lambda order: order.cancel_request,
    AskReason.MODIFY_UNCONFIRMED: lambda order: order.modify_request,
}
_ABOUT_FILLS = frozenset({AskReason.MISSING_FILLS, AskReason.UNATTRIBUTED_FILL})
_SETTLED_BY_AN_ANSWER = frozenset(
    {
        AskReason.CANCEL_UNCONFIRMED,
        AskReason.CANCEL_REFUSED,
        AskReason.MODIFY_SETTLED,
        AskReason.MODIFY_UNCONFIRMED,
        AskReason.ABSENT,
        AskReason.CONTRADICTION,
        AskReason.UNRECOGNISED_STATUS,
        AskReason.UNATTRIBUTED_FILL,
        AskReason.AMOUNT_UNCONFIRMED,
        AskReason.ENDING_IN_DOUBT,
        AskReason.ADOPTED,
    }
)


class Reconciler:
    """Answers the tracker's questions and keeps balances and open orders in step with VALR's own lists.

    Args:
        cancel_timeout: how long the outcome of a cancel may take, nanoseconds.
        interval: pause between two comparisons, nanoseconds.
        clock: monotonic nanoseconds.
        server_time: VALR's time, nanoseconds since 1970, as far as it is known here.
        fills_wanted_since: from when on an earlier process may have missed fills, UTC.
    """

    def __init__(
        self,
        *,
        rest: RestClient,
        tracker: OrderTracker,
        questions: Questions,
        patience: Patience,
        balances: Balances,
        publisher: EventPublisher,
        cancel_timeout: int,
        interval: int,
        clock: Callable[[], int],
        server_time: Callable[[], int],
        metrics: m.Metrics,
        fills_wanted_since: datetime | None = None,
    ) -> None:
        self._metrics = metrics
        self._rest = rest
        self._tracker = tracker
        self._questions = questions
        self._patience = patience
        self._balances = balances
        self._publisher = publisher
        self._cancel_timeout = cancel_timeout
        self._interval = interval
        self._clock = clock
        self._server_time = server_time
        self._trades = TradeHistory(rest=rest, tracker=tracker, wanted_since=fills_wanted_since)
        self._has_run = False
        self._asking: dict[ClientOrderId, int] = {}
        """Since when it is asked about each order, monotonic nanoseconds."""
        self._watched: set[ClientOrderId] = set()
        """The orders of which it is waited for that VALR has read what was sent about them."""
        self._slots = asyncio.Semaphore(MOST_AT_ONCE)
        self._inquiries = Inquiries(self._ask_in_turn, clock)

    def attach(
        self, stream: UserStreamTracker, place_again: Callable[[OrderRecord], Awaitable[bool]]
    ) -> None:
        """Name the stream whose door the answers go through, and who may place an absent order again."""
        self._stream = stream
        self._trades.attach(stream.apply)
        self._place_again = place_again

    async def run(self) -> None:
        """Ask what is due, and compare lists now and then, until cancelled.

        Run again after a failure, it asks about everything that may have been asked when it failed.
        """
        if self._has_run:
            self._ask_about_everything()
        self._has_run = True
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._compare_now_and_then())
            failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()

            def ask() -> None:
                if failure.done():
                    return  # it is being stopped
                try:
                    self._ask_what_is_due(tasks, alarm)
                except Exception as error:  # noqa: BLE001  whatever it is, it is this part that failed
                    failure.set_exception(error)

            alarm = Alarm(ask)
            with self._questions.watched(lambda due: alarm.ring_by(due, self._clock())):
                try:
                    ask()
                    await failure
                finally:
                    alarm.stop()

    def _ask_about_everything(self) -> None:
        self._asking.clear()
        self._watched.clear()
        now = self._clock()
        for order in self._tracker.orders():
            if not order.is_done:
                is_new = order.status is OrderStatus.PENDING_CREATE
                reason = AskReason.PLACEMENT_UNCONFIRMED if is_new else AskReason.ABSENT
                self._questions.ask(order.client_order_id, reason, now)
            elif not order.has_all_fills:
                self._questions.ask(order.client_order_id, AskReason.MISSING_FILLS, now)

    def _ask_what_is_due(self, tasks: asyncio.TaskGroup, alarm: Alarm) -> None:
        now = self._clock()
        for question in self._questions.take_due(now):
            order = self._worth_asking_about(question, now)
            if order is not None:
                self._asking[order.client_order_id] = now
                self._metrics.counter(m.QUESTIONS, question.reason.name.lower()).add()
                self._doubt_its_connection(order, question.reason, tasks)
                self._note_overdue(order, question.reason)  # before anybody can send it anew
                self._stream.note_question(order, question)
                self._ask_again_when_absence_proves(order, now)
                tasks.create_task(self._settle(order, question, now))
        next_due = self._questions.next_due()
        if next_due is not None:
            alarm.ring_by(next_due, now)

    async def resync(self, epoch: int) -> None:
        """After a connect: balances, open orders, missed fills, and every order that has gone missing.

        Raises:
            ValrError: VALR could not be asked; the connection is not in step.
        """
        self._trades.begin(datetime.fromtimestamp(self._server_time() / SECOND, UTC))
        began = self._clock()
        before = dict(self._tracker.in_flight)  # placed by REST meanwhile, one may have ended unheard
        listed = await self.compare(epoch)
        # The list that the connection began with may be older, and have had orders adopted meanwhile.
        adopted = [
            order
            for name, order in self._tracker.in_flight.items()
            if order.adopted_at is not None and name not in before
        ]
        missing = [
            order
            for order in (*before.values(), *adopted)
            if not order.is_done and order not in listed and order.placement is not Placement.UNSENT
        ]
        async with asyncio.TaskGroup() as tasks:
            for order in missing:
                tasks.create_task(self._ask_about_missing(order, began))

    async def _ask_about_missing(self, order: OrderRecord, since: int) -> None:
        if not await self._inquiries.ask(order, since):
            self._questions.ask(order.client_order_id, AskReason.ABSENT, self._clock())

    async def _compare_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(self._interval / SECOND)
            self._tracker.expire(self._clock())
            if not self._stream.is_live:
                continue  # the next connect compares anyway
            try:
                await self.compare(self._stream.epoch)
            except ValrError as error:
                log.warning("could not compare with VALR's lists: %s", error)

    async def compare(self, epoch: int) -> Sequence[OrderRecord]:
        """Take over VALR's open orders, its balances and missed fills; returns which of the orders are ours.

        All are asked for at once, since a dead connection is then waited for once, and none needs another:
        each is evidence of its own. Without room in VALR's limits it waits: that the connection is not in
        step yet says nothing against the connection, and a new one would find no more room.
        """
        return await together(
            self._compare_open_orders(epoch), self._compare_balances(), self._trades.catch_up()
        )

    async def _compare_open_orders(self, epoch: int) -> Sequence[OrderRecord]:
        open_orders = await self._rest.call_patiently(endpoints.open_orders())
        self._stream.note_open_orders(open_orders, epoch)
        listed = (self._tracker.find(row.client_order_id, row.exchange_order_id) for row in open_orders)
        return [order for order in listed if order is not None]

    async def _compare_balances(self) -> None:
        rows = await self._rest.call_patiently(endpoints.balances(exclude_zero=False))
        for change in self._balances.replace(row.to_balance() for row in rows):
            self._publisher.publish(change)

    async def ask_about(self, order: OrderRecord) -> bool:
        """Ask VALR what became of an order; False if it could not be asked."""
        return await self._inquiries.ask(order)

    async def _ask_in_turn(self, order: OrderRecord) -> bool:
        async with self._slots:
            try:
                await self._ask(order)
            except ValrError as error:
                self._probed("none")
                log.warning(
                    "could not ask about %s: %s", order.client_order_id, error, extra=about_order(order)
                )
                return False
        return True

    # --- questions ---------------------------------------------------------------------------------

    def _worth_asking_about(self, question: Question, now: int) -> OrderRecord | None:
        """The order of a question that is due, unless it is moot, too early, or being answered already."""
        order = self._tracker.find(question.client_order_id)
        if order is None or is_moot(order, question.reason):
            return None
        due = earliest_due(order, question.reason, self._cancel_timeout)
        if due > now:
            self._questions.ask_at(order.client_order_id, question.reason, due)
            return None
        if self._awaits_an_answer(order, now):
            self._put_off(order, question, now)
            return None
        return order

    def _awaits_an_answer(self, order: OrderRecord, now: int) -> bool:
        """Whether an answer is under way that can prove what the answer to a question put now could."""
        asking_since = self._asking.get(order.client_order_id)
        if asking_since is None:
            return False
        proves_at = self._absence_proves_at(order)
        return proves_at is None or not asking_since < proves_at <= now

    def _put_off(self, order: OrderRecord, question: Question, now: int) -> None:
        self._questions.again(question, now)
        self._ask_again_when_absence_proves(order, now)

    async def _settle(self, order: OrderRecord, question: Question, began: int) -> None:
        could_ask = is_settled = False
        try:
            could_ask, is_settled = await self._answer(order, question)
        finally:
            if self._asking.get(order.client_order_id) == began:
                del self._asking[order.client_order_id]
            if not is_settled:  # a failure, its own or another's, settles nothing either
                self._questions.again(question, self._clock(), was_answered=could_ask)

    def _doubt_its_connection(self, order: OrderRecord, reason: AskReason, tasks: asyncio.TaskGroup) -> None:
        """A command without an outcome in time: has what carried it arrived, and is its connection alive?"""
        name = order.client_order_id
        if reason is AskReason.PLACEMENT_UNCONFIRMED:
            if self._stream.placement_arrived_by(order) is None and not order.is_by_rest:
                self._watch(name, order.epoch, placement_sent_at(order), tasks)
        elif reason in _OVERDUE_REQUEST and (request := _OVERDUE_REQUEST[reason](order)) is not None:
            self._watch(name, self._stream.epoch, request.since, tasks)

    def _watch(self, name: ClientOrderId, epoch: int, sent_ns: int, tasks: asyncio.TaskGroup) -> None:
        if name not in self._watched:
            self._watched.add(name)
            tasks.create_task(self._until_read(name, epoch, sent_ns))

    async def _until_read(self, name: ClientOrderId, epoch: int, sent_ns: int) -> None:
        """Wait for it, and ask about a placement exactly when the answer proves what became of it."""
        try:
            await self._stream.client.until_read(epoch, sent_ns)
        finally:
            self._watched.discard(name)
        order = self._tracker.find(name)
        if order is not None:
            self._ask_when_absence_proves(order)

    def _note_overdue(self, order: OrderRecord, reason: AskReason) -> None:
        """A command without an outcome in time: from now on it is unknown."""
        says = _OVERDUE.get(reason)
        if says is not None:
            self._stream.say(order, says, reason="no outcome in time")

    async def _answer(self, order: OrderRecord, question: Question) -> tuple[bool, bool]:
        """Whether VALR could be asked, and whether that settles the question."""
        if question.reason in _ABOUT_FILLS:
            could_ask = await self._try_fetch_fills(order, pages=question.attempt)
            gave_up = (
                could_ask
                and question.reason is AskReason.MISSING_FILLS
                and question.attempt >= FILL_ATTEMPTS
                and not order.has_all_fills
            )
            if gave_up:
                log.error(
                    "fills of %s are still incomplete in VALR's trade history",
                    order.client_order_id,
                    extra=about_order(order),
                )
        else:
            is_settled_by_now = question.reason in _SETTLED_BY_AN_ANSWER and self._inquiries.answered_since(
                order, question.raised_at
            )
            proves_at = self._absence_proves_at(order)
            since = proves_at if proves_at is not None and proves_at <= self._clock() else 0
            could_ask = is_settled_by_now or await self._inquiries.ask(order, since)
            gave_up = False
        if could_ask and question.reason in _SETTLED_BY_AN_ANSWER:
            return could_ask, True
        return could_ask, gave_up or is_moot(order, question.reason)

    async def _ask(self, order: OrderRecord) -> None:
        asked_at = self._clock()
        # While it may be under way, absence from the list proves nothing, and VALR pushes the list anyhow.
        may_be_under_way = order.status is OrderStatus.PENDING_CREATE and not self._proves_absence(
            order, asked_at
        )
        report = await look_up(self._rest, order, in_list=not may_be_under_way)
        if report is not None:
            self._probed("found")
            self._stream.report(report, asked_at)
            return
        self._probed("not found")
        is_proved = not may_be_under_way and self._proves_absence(order, asked_at)
        if is_proved and await self._place_again(order):
            self._ask_soon_what_became_of(order)
            return
        if not is_proved:
            self._ask_when_absence_proves(order)
        self._stream.apply(
            Evidence(
                says=Says.PROVED_ABSENT if is_proved else Says.ABSENT,
                source=Source.QUERY,
                client_order_id=order.client_order_id,
                reason="VALR has no such order, neither active nor in its history",
                asked_at=asked_at,
            )
        )

    def _probed(self, answer: str) -> None:
        self._metrics.counter(m.PROBES, answer).add()

    def _ask_soon_what_became_of(self, order: OrderRecord) -> None:
        """A placement sent anew is a new question, which does not go on with the pauses of the one before."""
        due = self._clock() + self._patience.pause(1)
        self._questions.ask_at(order.client_order_id, AskReason.PLACEMENT_UNCONFIRMED, due)

    def _proves_absence(self, order: OrderRecord, asked_at: int) -> bool:
        """Whether not being found by a question that was put then proves that it was never placed."""
        proves_at = self._absence_proves_at(order)
        return proves_at is not None and asked_at >= proves_at

    def _absence_proves_at(self, order: OrderRecord) -> int | None:
        arrived_by = self._stream.placement_arrived_by(order)
        return absence_proves_at(order, self._patience, arrived_by=arrived_by)

    def _ask_when_absence_proves(self, order: OrderRecord) -> None:
        """Nothing is gained by asking sooner, nor by waiting longer, as growing pauses would."""
        proves_at = self._absence_proves_at(order)
        if proves_at is not None:
            self._questions.ask_at(order.client_order_id, AskReason.PLACEMENT_UNCONFIRMED, proves_at)

    def _ask_again_when_absence_proves(self, order: OrderRecord, now: int) -> None:
        """What is asked now may still be without an answer then, and its answer will prove nothing."""
        proves_at = self._absence_proves_at(order)
        if proves_at is not None and proves_at > now:
            self._questions.ask_at(order.client_order_id, AskReason.PLACEMENT_UNCONFIRMED, proves_at)

    # --- fills -------------------------------------------------------------------------------------

    async def _try_fetch_fills(self, order: OrderRecord, *, pages: int) -> bool:
        async with self._slots:
            try:
                await self._trades.complete(order, pages)
            except ValrError as error:
                log.warning(
                    "could not fetch the fills of %s: %s",
                    order.client_order_id,
                    error,
                    extra=about_order(order),
                )
                return False
        return True
