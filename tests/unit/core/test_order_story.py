"""An order's own story: what is kept of it, and how it reads."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from tests.unit.core.builders import new_order
from valr_connector.core import order_story
from valr_connector.core.evidence import Evidence, Says, Source
from valr_connector.core.guards import SECOND
from valr_connector.core.lifecycle import AskReason
from valr_connector.core.order_record import OrderRecord
from valr_connector.core.order_story import MOST_ENTRIES, entries
from valr_connector.core.order_tracker import OrderTracker
from valr_connector.core.reconcile import Patience, Questions

D = Decimal


def said(says: Says, source: Source = Source.STREAM, **more: object) -> Evidence:
    return Evidence(says=says, source=source, client_order_id="order-1", **more)  # type: ignore[arg-type]  # terse


def hear(
    order: OrderRecord, evidence: Evidence, news: Sequence[object], ask: AskReason | None, now: int
) -> None:
    order_story.note(order, now, evidence.says, evidence.source, evidence.reason, ask, news)


def test_a_stranger_reads_what_happened_what_it_changed_and_why_valr_was_asked() -> None:
    tracker = OrderTracker(Questions(Patience()))
    order = new_order("order-1")
    order.created_at = 0
    tracker.track(order)
    tracker.apply(said(Says.SENT, Source.LOCAL), 1_000_000)
    tracker.apply(said(Says.PLACEMENT_UNKNOWN, Source.LOCAL, reason="no outcome in time"), 2 * SECOND)
    order_story.note_question(order, AskReason.PLACEMENT_UNCONFIRMED, 1, 2 * SECOND)
    resting = said(Says.RESTING, Source.QUERY, exchange_order_id="at-valr", original=D(1), remaining=D(1))
    tracker.apply(resting, 2 * SECOND + 5_000_000)
    tracker.apply(said(Says.CANCEL_SENT, Source.LOCAL), 3 * SECOND)
    tracker.apply(said(Says.CANCELLED, original=D(1), remaining=D("0.25")), 4 * SECOND)
    assert order.story().splitlines() == [
        "order-1 (at-valr): BUY 1 BTC-ZAR at 1000000",
        "   +0.001 s  here: the placement was sent",
        "   +2.000 s  here: no word on the placement (no outcome in time)",
        "             => UNKNOWN whether VALR has it: tracked on, and asked about",
        "             => to be asked: nobody knows whether the placement arrived",
        "   +2.000 s  here: VALR is asked by REST, attempt 1: nobody knows whether the placement arrived",
        "   +2.005 s  VALR answered when asked: the order is open",
        "             => PENDING_CREATE -> OPEN",
        "   +3.000 s  here: a cancel was sent",
        "             => being cancelled",
        "   +4.000 s  VALR's stream said: the order is cancelled",
        "             => OPEN -> CANCELLED",
        "             => executed 0 -> 0.75",
        "             => no cancel stands any more",
        "             => to be asked: more was executed than the trades known add up to",
    ]


def test_the_same_said_again_with_nothing_changed_is_counted() -> None:
    order = new_order("order-1")
    for now in range(3):
        hear(order, said(Says.RESTING, Source.SNAPSHOT), [], None, now)
    (entry,) = entries(order)
    assert (entry.times, entry.at) == (3, 0)
    assert "VALR's list of open orders said: the order is open, 3 times" in order.story()


def test_a_long_story_keeps_its_beginning_and_its_latest_part_and_says_what_is_left_out() -> None:
    order = new_order("order-1")
    for now in range(10 * MOST_ENTRIES):
        hear(order, said(Says.FILL), ["news"], None, now)
    told = list(entries(order))
    assert len(told) <= MOST_ENTRIES
    assert [entry.kept for entry in told] == list(range(1, len(told) + 1))
    assert (told[0].at, told[-1].at) == (0, 10 * MOST_ENTRIES - 1)
    assert sum(entry.times + entry.omitted for entry in told) == 10 * MOST_ENTRIES
    assert "more things said and done are left out here" in order.story()


def test_an_order_without_a_story_says_what_it_is() -> None:
    order = new_order("order-1", price=None, amount=None, quote_amount=D(50))
    assert order.story() == "order-1 (no id from VALR): BUY BTC-ZAR for 50"


def test_every_statement_and_every_reason_to_ask_has_its_words() -> None:
    for says in Says:
        for ask in (None, *AskReason):
            order = new_order("order-1")
            hear(order, said(says), ["news"], ask, 0)
            assert order.story()


def test_a_reply_that_never_came_is_no_part_of_it_where_the_outcome_is_known() -> None:
    order = new_order("order-1")
    hear(order, said(Says.PLACEMENT_UNKNOWN, Source.LOCAL), [], None, 0)
    assert not list(entries(order))
