"""A venue, a network that delays, repeats and loses, and a tracker in the middle: hypothesis plays them all.

The venue's orders are the truth. After every step the tracker must not contradict it; once the faults stop
and the questions are answered, the tracker must equal it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from functools import partial

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from tests.unit.core.builders import ENDINGS, FEE, NOW, fill, new_order, said
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
    is_moot,
    placement_sent_at,
)
from valr_connector.model.enums import OrderStatus
from valr_connector.model.events import (
    OrderCorrected,
    OrderCreated,
    OrderEvent,
    OrderFilled,
    OrderRevived,
)

LOT = Decimal("0.1")
WORDS = {
    OrderStatus.OPEN: Says.RESTING,
    OrderStatus.PARTIALLY_FILLED: Says.PARTIALLY_FILLED,
    OrderStatus.FILLED: Says.FILLED,
    OrderStatus.CANCELLED: Says.CANCELLED,
    OrderStatus.EXPIRED: Says.EXPIRED,
}
FOREVER = 10_000 * SECOND


@dataclass
class VenueOrder:
    """One order as the venue has it; `status` is None until its placement arrives, if it ever does."""

    client_order_id: str
    exchange_order_id: str
    amount: Decimal
    status: OrderStatus | None = None
    executed: Decimal = Decimal(0)
    second: int = 0
    trades: list[tuple[str, Decimal, int]] = field(default_factory=list)
    is_placement_under_way: bool = True
    is_cancel_under_way: bool = False

    @property
    def is_open(self) -> bool:
        return self.status in (OrderStatus.OPEN, OrderStatus.PARTIALLY_FILLED)

    def report(self, source: Source, *, names_us: bool = True, asked_at: int | None = None) -> Evidence:
        assert self.status is not None
        return said(
            WORDS[self.status],
            source=source,
            client_order_id=self.client_order_id if names_us else None,
            exchange_order_id=self.exchange_order_id,
            at_second=self.second,
            original=str(self.amount),
            remaining=str(self.amount - self.executed),
            asked_at=asked_at,
        )

    def note(self, says: Says, source: Source, *, names_us: bool = True) -> Evidence:
        return said(
            says,
            source=source,
            client_order_id=self.client_order_id if names_us else None,
            exchange_order_id=self.exchange_order_id,
        )

    def fills(self, source: Source, *, has_fee: bool = True) -> list[Evidence]:
        return [
            fill(
                trade_id,
                str(amount),
                at_second=second,
                fee=FEE if has_fee else None,
                source=source,
                client_order_id=None,
                exchange_order_id=self.exchange_order_id,
            )
            for trade_id, amount, second in self.trades
        ]


@dataclass(frozen=True)
class OpenOrders:
    """A list of open orders, true at the moment it was made."""

    rows: tuple[Evidence, ...]


Message = Evidence | OpenOrders
numbers = st.integers(0, 10**6)


class TrackerAgainstVenue(RuleBasedStateMachine):
    def __init__(self) -> None:
        super().__init__()
        self.patience = Patience()
        self.questions = Questions(self.patience)
        self.tracker = OrderTracker(self.questions)
        self.now = NOW
        self.second = 0
        self.venue: list[VenueOrder] = []
        self.records: dict[str, OrderRecord] = {}
        self.network: list[Message] = []
        self.events: dict[str, list[OrderEvent]] = {}
        self.executed_before: dict[str, Decimal] = {}

    # --- what we do --------------------------------------------------------------------------------

    @precondition(lambda self: len(self.venue) < 3)
    @rule(lots=st.integers(1, 6))
    def place(self, lots: int) -> None:
        number = len(self.venue) + 1
        truth = VenueOrder(f"MM-{number}", f"ex-{number}", LOT * lots)
        record = new_order(truth.client_order_id, amount=truth.amount, created_at=self.now)
        self.venue.append(truth)
        self.records[truth.client_order_id] = record
        self.events[truth.client_order_id] = []
        self.executed_before[truth.client_order_id] = Decimal(0)
        self.tracker.track(record)
        self.do(truth, Says.SENT)

    @precondition(lambda self: self.venue)
    @rule(number=numbers)
    def give_up_waiting_for_the_placement(self, number: int) -> None:
        self.do(self.pick(number), Says.PLACEMENT_UNKNOWN)

    @precondition(lambda self: self.venue)
    @rule(number=numbers, is_lost=st.booleans())
    def request_to_cancel(self, number: int, is_lost: bool) -> None:
        truth = self.pick(number)
        self.do(truth, Says.CANCEL_SENT)
        truth.is_cancel_under_way = truth.is_cancel_under_way or not is_lost

    @precondition(lambda self: self.venue)
    @rule(number=numbers)
    def give_up_waiting_for_the_cancel(self, number: int) -> None:
        self.do(self.pick(number), Says.CANCEL_UNKNOWN)

    @precondition(lambda self: self.venue)
    @rule(number=numbers)
    def ask(self, number: int) -> None:
        truth = self.pick(number)
        if truth.status not in (None, OrderStatus.FAILED):
            self.network.append(truth.report(Source.QUERY, asked_at=self.now))
        elif truth.status is None:
            self.network.append(truth.note(Says.ABSENT, Source.QUERY))

    @rule(seconds=st.integers(1, 9))
    def let_time_pass(self, seconds: int) -> None:
        self.now += seconds * SECOND

    # --- what the venue does -----------------------------------------------------------------------

    @precondition(lambda self: any(truth.is_placement_under_way for truth in self.venue))
    @rule(number=numbers, fate=st.sampled_from(["rests", "rests", "rests", "refused", "lost"]))
    def placement_arrives(self, number: int, fate: str) -> None:
        truth = self.pick(number, [truth for truth in self.venue if truth.is_placement_under_way])
        truth.is_placement_under_way = False
        if fate == "rests":
            self.change(truth, OrderStatus.OPEN)
            self.network.append(truth.note(Says.ACCEPTED, Source.REPLY))
            self.network.append(truth.note(Says.PROCESSED, Source.STREAM, names_us=False))
        elif fate == "refused":
            truth.status = OrderStatus.FAILED
            self.network.append(truth.note(Says.ACCEPTED, Source.REPLY))
            self.network.append(truth.note(Says.FAILED, Source.STREAM, names_us=False))

    @precondition(lambda self: self.open_at_the_venue())
    @rule(number=numbers, lots=st.integers(1, 6), has_fee=st.booleans())
    def execute(self, number: int, lots: int, has_fee: bool) -> None:
        truth = self.pick(number, self.open_at_the_venue())
        amount = min(LOT * lots, truth.amount - truth.executed)
        truth.executed += amount
        is_whole = truth.executed == truth.amount
        self.change(truth, OrderStatus.FILLED if is_whole else OrderStatus.PARTIALLY_FILLED)
        truth.trades.append((f"{truth.exchange_order_id}-{len(truth.trades)}", amount, self.second))
        self.network.append(truth.fills(Source.STREAM, has_fee=has_fee)[-1])
        self.network.append(truth.report(Source.STREAM, names_us=False))

    @precondition(lambda self: self.open_at_the_venue())
    @rule(number=numbers, ending=st.sampled_from([OrderStatus.CANCELLED, OrderStatus.EXPIRED]))
    def end(self, number: int, ending: OrderStatus) -> None:
        truth = self.pick(number, self.open_at_the_venue())
        self.change(truth, ending)
        self.network.append(truth.report(Source.STREAM))

    @precondition(lambda self: any(truth.is_cancel_under_way for truth in self.venue))
    @rule(number=numbers, is_synchronous=st.booleans())
    def cancel_arrives(self, number: int, is_synchronous: bool) -> None:
        truth = self.pick(number, [truth for truth in self.venue if truth.is_cancel_under_way])
        truth.is_cancel_under_way = False
        if not truth.is_open:
            self.network.append(truth.note(Says.CANCEL_REFUSED, Source.STREAM))
            return
        self.change(truth, OrderStatus.CANCELLED)
        says = Says.CANCEL_CONFIRMED if is_synchronous else Says.CANCEL_RECEIVED
        self.network.append(truth.note(says, Source.REPLY))
        self.network.append(truth.report(Source.STREAM, names_us=False))

    @rule()
    def list_open_orders(self) -> None:
        rows = tuple(truth.report(Source.SNAPSHOT) for truth in self.open_at_the_venue())
        self.network.append(OpenOrders(rows))

    # --- what the network does ---------------------------------------------------------------------

    @precondition(lambda self: self.network)
    @rule(number=numbers)
    def deliver(self, number: int) -> None:
        self.hear(self.network.pop(number % len(self.network)))

    @precondition(lambda self: self.network)
    @rule(number=numbers)
    def deliver_and_keep_a_copy(self, number: int) -> None:
        self.hear(self.network[number % len(self.network)])

    @precondition(lambda self: self.network)
    @rule(number=numbers)
    def lose(self, number: int) -> None:
        self.network.pop(number % len(self.network))

    # --- what must hold after every step -----------------------------------------------------------

    @invariant()
    def no_order_has_ended_otherwise_than_at_the_venue(self) -> None:
        for truth, record in self.both():
            assert not record.is_done or record.status is truth.status

    @invariant()
    def the_executed_amount_never_falls_and_never_exceeds_the_truth(self) -> None:
        for truth, record in self.both():
            before = self.executed_before[truth.client_order_id]
            assert before <= record.executed_amount <= truth.executed <= truth.amount
            self.executed_before[truth.client_order_id] = record.executed_amount

    @invariant()
    def every_fill_is_told_once(self) -> None:
        for truth, record in self.both():
            told = [e.fill.trade_id for e in self.events[truth.client_order_id] if isinstance(e, OrderFilled)]
            assert sorted(told) == sorted(record.fills_by_id)

    @invariant()
    def every_order_has_one_story(self) -> None:
        for truth, record in self.both():
            events = self.events[truth.client_order_id]
            assert sum(isinstance(event, OrderCreated) for event in events) <= 1
            assert sum(isinstance(event, ENDINGS) for event in events) == record.is_done
            assert not any(isinstance(event, OrderRevived | OrderCorrected) for event in events)

    @invariant()
    def in_flight_is_what_has_not_ended(self) -> None:
        in_flight = {record.client_order_id for _, record in self.both() if not record.is_done}
        assert set(self.tracker.in_flight) == in_flight

    @invariant()
    def no_ended_order_is_being_cancelled(self) -> None:
        assert not any(record.is_done and record.is_being_cancelled for _, record in self.both())

    # --- what must hold in the end -----------------------------------------------------------------

    def teardown(self) -> None:
        """The faults stop: what was under way is lost, VALR lists what is open and answers every question."""
        self.network.clear()
        for truth in self.venue:
            truth.is_placement_under_way = truth.is_cancel_under_way = False
            self.do(truth, Says.CANCEL_UNKNOWN)
        self.now += FOREVER
        self.list_open_orders()
        self.hear(self.network.pop())
        for _ in range(200):
            due = self.questions.next_due()
            if due is None:
                break
            self.now = max(self.now, due)
            for question in self.questions.take_due(self.now):
                self.settle(question)
        assert len(self.questions) == 0
        self.equals_the_venue()

    def settle(self, question: Question) -> None:
        record = self.records[question.client_order_id]
        truth = next(each for each in self.venue if each.client_order_id == question.client_order_id)
        if is_moot(record, question.reason):
            return
        for answer in self.answers(truth, record, question.reason):
            self.hear(answer)
        if question.reason in (AskReason.PLACEMENT_UNCONFIRMED, AskReason.MISSING_FILLS):
            assert is_moot(record, question.reason)

    def answers(self, truth: VenueOrder, record: OrderRecord, reason: AskReason) -> Sequence[Evidence]:
        if reason is AskReason.MISSING_FILLS:
            return truth.fills(Source.QUERY)
        if truth.status is OrderStatus.FAILED:
            return [
                said(Says.FAILED, source=Source.QUERY, client_order_id=truth.client_order_id, at_second=99)
            ]
        if truth.status is not None:
            return [truth.report(Source.QUERY, asked_at=self.now)]
        proves_at = absence_proves_at(record, self.patience, arrived_by=placement_sent_at(record))
        is_proved = proves_at is not None and self.now >= proves_at
        return [truth.note(Says.PROVED_ABSENT if is_proved else Says.ABSENT, Source.QUERY)]

    def equals_the_venue(self) -> None:
        for truth, record in self.both():
            assert record.status is (truth.status or OrderStatus.FAILED)
            assert record.executed_amount == record.filled_amount == truth.executed
            assert record.has_all_fills
            assert not record.is_being_cancelled

    # --- the parts ---------------------------------------------------------------------------------

    def pick(self, number: int, among: Sequence[VenueOrder] | None = None) -> VenueOrder:
        among = among or self.venue
        return among[number % len(among)]

    def open_at_the_venue(self) -> list[VenueOrder]:
        return [truth for truth in self.venue if truth.is_open]

    def both(self) -> list[tuple[VenueOrder, OrderRecord]]:
        return [(truth, self.records[truth.client_order_id]) for truth in self.venue]

    def change(self, truth: VenueOrder, status: OrderStatus) -> None:
        self.second += 1
        truth.status, truth.second = status, self.second

    def do(self, truth: VenueOrder, says: Says) -> None:
        self.apply(said(says, source=Source.LOCAL, client_order_id=truth.client_order_id))

    def hear(self, message: Message) -> None:
        if isinstance(message, Evidence):
            self.apply(message)
            return
        for row in message.rows:
            self.apply(row)
        listed = {row.client_order_id or "" for row in message.rows}
        self.collect(partial(self.tracker.note_absent, listed, epoch=0))

    def apply(self, evidence: Evidence) -> None:
        self.collect(partial(self.tracker.apply, evidence))

    def collect(self, step: partial[Sequence[OrderEvent]]) -> None:
        self.now += 1
        for event in step(now=self.now):
            self.events[event.order.client_order_id].append(event)


TestTrackerAgainstVenue = TrackerAgainstVenue.TestCase
TestTrackerAgainstVenue.settings = settings(max_examples=60, stateful_step_count=40, deadline=None)
