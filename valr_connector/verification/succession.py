"""What one process leaves and the next takes over through the order journal (S12).

A process that dies leaves its journal as it is at that moment. Whatever it may have sent, or told its user,
the next one has to know.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from valr_connector.model.events import OrderCreated, OrderFilled, OrderRevived
from valr_connector.verification.invariants import Truth, Violation
from valr_connector.verification.life import Life
from valr_connector.verification.story import ENDINGS, OrderStory


def s12_nothing_lost_or_doubled(before: Life, after: Life, truth: Truth) -> Iterator[Violation]:
    """The later of two processes knows what the earlier one did and said, and says none of it again."""
    later = {str(story.order.client_order_id): story for story in after.stories()}
    for story in before.stories():
        name = str(story.order.client_order_id)
        successor = later.get(name)
        if successor is None:
            if _may_be_live(story, truth):
                yield Violation("S12", f"order {name} is not known any more")
        else:
            yield from _handed_down(name, story, successor)


def _may_be_live(story: OrderStory, truth: Truth) -> bool:
    """Whether the venue has it and its user was not told its end."""
    return truth.order(story.order.client_order_id) is not None and not _has_ended(story)


def _has_ended(story: OrderStory) -> bool:
    return bool(story.told) and story.told[-1].status.is_terminal


def _handed_down(name: str, before: OrderStory, after: OrderStory) -> Iterator[Violation]:
    restored = after.restored
    if restored is None:
        if before.told or not after.is_adopted:
            yield Violation("S12", f"order {name} was taken over without a word")
        return
    told = _fills_told(before)
    for trade_id in sorted((told | before.known_before) - after.known_before):
        yield Violation("S12", f"order {name}: fill {trade_id} was told and is forgotten")
    for trade_id in sorted((told | before.known_before) & _fills_told(after)):
        yield Violation("S3", f"order {name}: fill {trade_id} was told again by the next process")
    if before.told:
        last = before.told[-1]
        if restored.executed_amount < last.executed:
            amounts = f"from {last.executed} to {restored.executed_amount}"
            yield Violation("S12", f"order {name}: executed fell {amounts}")
        if last.status.is_terminal and restored.status is not last.status:
            yield Violation("S12", f"order {name} was told {last.status} and restored as {restored.status}")
    counts = {kind: _count(before, kind) + _count(after, kind) for kind in _ONCE}
    revivals = _count(before, OrderRevived) + _count(after, OrderRevived)
    for kind, count in counts.items():
        if count > 1 + revivals:
            yield Violation("S6", f"order {name}: {_ONCE[kind]} was told {count} times by two processes")


_ONCE: Mapping[type | tuple[type, ...], str] = {OrderCreated: "its creation", ENDINGS: "its end"}


def _count(story: OrderStory, kind: type | tuple[type, ...]) -> int:
    return sum(isinstance(told.event, kind) for told in story.told)


def _fills_told(story: OrderStory) -> frozenset[str]:
    return frozenset(
        str(told.event.fill.trade_id) for told in story.told if isinstance(told.event, OrderFilled)
    )
