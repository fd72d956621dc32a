"""Whatever order a truthful story is heard in, with gaps and repetitions, the order here stays true to it."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.core.builders import (
    ENDED_STATUSES,
    ENDINGS,
    NOW,
    filled_ids,
    names,
    new_order,
    said,
    step,
    view,
)
from tests.unit.core.stories import Story, full_hearings, hearings, stories
from valr_connector.core import lifecycle
from valr_connector.core.evidence import Evidence, Says, Source
from valr_connector.core.order_record import OrderRecord
from valr_connector.model.enums import OrderStatus
from valr_connector.model.events import OrderEvent, OrderFilled

ABOUT_REQUESTS = {
    "PlacementUnknown",
    "CancelRefused",
    "CancelUnknown",
    "ModifyConfirmed",
    "ModifyRefused",
    "ModifyUnknown",
}
NOISE = [
    step(Says.PLACEMENT_UNKNOWN),
    step(Says.CANCEL_SENT),
    step(Says.CANCEL_UNKNOWN),
    step(Says.ABSENT),
    said(Says.ABSENT, source=Source.QUERY),
    said(Says.CANCEL_RECEIVED, source=Source.REPLY),
    said(Says.CANCEL_REFUSED),
    said(Says.UNRECOGNISED),
    said(Says.MODIFY_CONFIRMED),
]


def placed(story: Story) -> OrderRecord:
    order = new_order(amount=story.amounts[0])
    for piece in story.own_steps:
        lifecycle.apply(order, piece, NOW)
    return order


def hear(order: OrderRecord, told: Sequence[Evidence]) -> list[OrderEvent]:
    events: list[OrderEvent] = []
    for number, piece in enumerate(told):
        events += lifecycle.apply(order, piece, NOW + number)[0]
    return events


noises = st.lists(st.sampled_from(NOISE), max_size=8)


def with_noise(draw: st.DrawFn, told: list[Evidence]) -> list[Evidence]:
    """The story, with our own steps, receipts and hints at any place in between."""
    for piece in draw(noises):
        told.insert(draw(st.integers(0, len(told))), piece)
    return told


@st.composite
def heard_stories(draw: st.DrawFn) -> tuple[Story, list[Evidence]]:
    story = draw(stories(can_be_modified=True))
    return story, with_noise(draw, draw(hearings(story)))


@st.composite
def fully_heard_stories(draw: st.DrawFn) -> tuple[Story, list[Evidence]]:
    story = draw(stories(can_be_modified=True))
    return story, with_noise(draw, draw(full_hearings(story)))


@st.composite
def stories_heard_in_two_ways(draw: st.DrawFn) -> tuple[Story, list[Evidence], list[Evidence]]:
    story = draw(stories(can_be_modified=True))
    told = draw(hearings(story))
    repeated = draw(st.lists(st.sampled_from(told), max_size=3)) if told else []
    return story, told, list(draw(st.permutations([*told, *repeated])))


@settings(max_examples=40)
@given(stories_heard_in_two_ways())
def test_the_same_evidence_gives_the_same_order_whatever_way_it_arrives(
    case: tuple[Story, list[Evidence], list[Evidence]],
) -> None:
    story, one_way, another_way = case
    order, same_order = placed(story), placed(story)
    hear(order, one_way)
    hear(same_order, another_way)
    assert view(order) == view(same_order)


@settings(max_examples=40)
@given(fully_heard_stories())
def test_a_story_heard_in_full_ends_as_it_ended_at_the_venue(case: tuple[Story, list[Evidence]]) -> None:
    story, told = case
    order = placed(story)
    events = hear(order, told)
    still_open = OrderStatus.PARTIALLY_FILLED if story.executed else OrderStatus.OPEN
    assert order.status is (story.ending or still_open)
    assert order.amount == story.amounts[-1]
    assert order.executed_amount == order.filled_amount == story.executed
    assert order.has_all_fills
    assert set(filled_ids(events)) == story.trade_ids


@settings(max_examples=40)
@given(heard_stories())
def test_an_order_never_ends_otherwise_than_at_the_venue(case: tuple[Story, list[Evidence]]) -> None:
    story, told = case
    order = placed(story)
    for number, piece in enumerate(told):
        lifecycle.apply(order, piece, NOW + number)
        assert not order.is_done or order.status is story.ending


@settings(max_examples=40)
@given(heard_stories())
def test_the_executed_amount_never_falls_and_never_exceeds_the_truth(
    case: tuple[Story, list[Evidence]],
) -> None:
    story, told = case
    order = placed(story)
    before = Decimal(0)
    for number, piece in enumerate(told):
        lifecycle.apply(order, piece, NOW + number)
        assert before <= order.executed_amount <= story.executed <= max(story.amounts)
        before = order.executed_amount


@settings(max_examples=40)
@given(heard_stories())
def test_every_fill_is_told_once(case: tuple[Story, list[Evidence]]) -> None:
    story, told = case
    order = placed(story)
    events = hear(order, told)
    assert sorted(filled_ids(events)) == sorted({piece.trade.trade_id for piece in told if piece.trade})
    assert sorted(filled_ids(events)) == sorted(order.fills_by_id)
    assert order.filled_amount == sum((fill.amount for fill in order.fills), Decimal(0))


@settings(max_examples=40)
@given(heard_stories())
def test_an_order_is_told_as_created_at_most_once_and_before_all_that_happens_to_it(
    case: tuple[Story, list[Evidence]],
) -> None:
    story, told = case
    kinds = [kind for kind in names(hear(placed(story), told)) if kind not in ABOUT_REQUESTS]
    assert kinds.count("OrderCreated") == (1 if kinds and kinds != ["OrderFailed"] else 0)
    assert "OrderCreated" not in kinds[1:]


@settings(max_examples=40)
@given(heard_stories())
def test_an_order_is_told_as_ended_exactly_once_as_soon_as_its_end_is_heard(
    case: tuple[Story, list[Evidence]],
) -> None:
    story, told = case
    order = placed(story)
    events = hear(order, told)
    was_heard = any(piece.says in (Says.CANCEL_CONFIRMED, *ENDING_SAYS) for piece in told)
    assert order.is_done or not was_heard
    assert len([event for event in events if isinstance(event, ENDINGS)]) == order.is_done


ENDING_SAYS = (Says.FILLED, Says.CANCELLED, Says.EXPIRED, Says.FAILED)


@settings(max_examples=40)
@given(heard_stories())
def test_nothing_but_late_fills_is_told_after_the_end(case: tuple[Story, list[Evidence]]) -> None:
    story, told = case
    events = hear(placed(story), told)
    ends = [number for number, event in enumerate(events) if isinstance(event, ENDINGS)]
    for event in events[ends[0] + 1 :] if ends else []:
        assert type(event).__name__ in ("OrderFilled", "FillAmended")
        assert not isinstance(event, OrderFilled) or event.is_late


@settings(max_examples=40)
@given(heard_stories())
def test_no_order_is_being_cancelled_once_an_outcome_was_heard(case: tuple[Story, list[Evidence]]) -> None:
    story, told = case
    order = placed(story)
    outcomes = (Says.CANCEL_CONFIRMED, Says.CANCEL_REFUSED, Says.CANCEL_UNKNOWN, *ENDING_SAYS)
    for number, piece in enumerate(told):
        lifecycle.apply(order, piece, NOW + number)
        assert not (order.is_being_cancelled and (order.is_done or piece.says in outcomes))


@settings(max_examples=40)
@given(heard_stories())
def test_an_ended_order_stays_ended(case: tuple[Story, list[Evidence]]) -> None:
    story, told = case
    order = placed(story)
    hear(order, told)
    ended_as = order.status
    events = hear(order, story.told)
    if ended_as in ENDED_STATUSES:
        assert order.status is ended_as
        assert not set(names(events)) & {"OrderRevived", "OrderCorrected"}


@settings(max_examples=40)
@given(heard_stories())
def test_whatever_an_ended_order_lacks_is_asked_for(case: tuple[Story, list[Evidence]]) -> None:
    story, told = case
    order = placed(story)
    reasons = [lifecycle.apply(order, piece, NOW + number)[1] for number, piece in enumerate(told)]
    if order.is_done and not order.has_all_fills:
        assert lifecycle.AskReason.MISSING_FILLS in reasons or lifecycle.AskReason.CONTRADICTION in reasons
