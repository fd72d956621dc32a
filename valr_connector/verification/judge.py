"""Holds a world against all invariants: at each step, at rest, and at its end."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise

from valr_connector.core.order_record import OrderRecord
from valr_connector.model.enums import Socket
from valr_connector.observe import metrics as m
from valr_connector.simulator.vocabulary import VenueOrder
from valr_connector.verification.invariants import (
    AT_QUIESCENCE,
    EACH_MISREPORTED,
    EACH_ORDER,
    OfOneOrder,
    Truth,
    Violation,
    l1_agreement,
    l1_balances,
    l1_no_unknown,
    l1_strangers_told,
    l3_no_dead_connection,
    s6_nothing_unsaid,
    s8_within_limits,
    s9_nothing_left,
    s9_others_untouched,
)
from valr_connector.verification.life import Life
from valr_connector.verification.placing import s2_as_asked
from valr_connector.verification.room import s8_cancels_first
from valr_connector.verification.story import OrderStory
from valr_connector.verification.succession import s12_nothing_lost_or_doubled
from valr_connector.verification.world import ACCOUNT, World


def at_each_step(world: World) -> Iterator[Violation]:
    """What can be false for a moment and true again later."""
    life = world.life
    if life.is_closed:
        return
    life.heard.check()
    if life.books is not None:
        life.books.look()
    for story in life.stories():
        yield from s6_nothing_unsaid(story)


def disagreements(world: World) -> Iterator[Violation]:
    """What is not, or not yet, the same here and there."""
    life = world.life
    if life.is_closed:
        return
    if life.valr.failure is not None:
        yield Violation("L1", f"the connector stopped: {life.valr.failure}")
    elif not life.valr.ready:
        yield Violation("L1", "not ready: " + _why_not(life))
    stories = life.stories()
    yield from l1_no_unknown(stories)
    truth = world.truth
    yield from l1_agreement(stories, truth)
    yield from _of_each(stories, truth, AT_QUIESCENCE)
    yield from l3_no_dead_connection(link.name for link in world.network.links if link.is_dead_unnoticed)
    yield from l1_balances(life.valr.balances, world.exchange.venue.wallets(ACCOUNT))
    yield from l1_strangers_told(_placed_elsewhere(stories, truth), life.recorder.strangers)


def at_the_end(world: World) -> Iterator[Violation]:
    """What has to hold of every life, whenever it ended."""
    truth = world.truth
    everybodys: list[OrderStory] = []
    for life in world.lives:
        stories = life.stories()
        everybodys += stories
        for story in stories:
            is_misreported = story.order.client_order_id in world.misreported
            yield from _of_each([story], truth, EACH_MISREPORTED if is_misreported else EACH_ORDER)
        yield from of_a_life(life)
        if life.closed is not None and world.settings.on_close == "cancel":
            excused = frozenset() if life.closed.is_verified else _misled(world)
            accountable = [story for story in stories if story.order.client_order_id not in excused]
            yield from s9_nothing_left(accountable, truth, life.closed.remaining, life.closed_at)
    for before, after in pairwise(world.lives):
        if after.before is before:
            yield from s12_nothing_lost_or_doubled(before, after, truth)
    for name, asked in world.asked.items():
        yield from s2_as_asked(asked, truth.orders.get(name, ()))
    yield from s8_within_limits(world.exchange.stats.rate_limited)
    for limits in world.limits:
        yield from s8_cancels_first(limits.passages)
    if not world.settings.cancel_on_disconnect:  # by which VALR cancels all that the account has open
        yield from s9_others_untouched(_placed_elsewhere(everybodys, truth))
    yield from world.secrecy.violations


def of_a_life(life: Life) -> Iterator[Violation]:
    """What was found of one connector as a whole."""
    yield from _mishaps(life)
    yield from life.heard.violations
    yield from s6_strange_status_told(life)
    yield from life.resync.violations
    if life.books is not None:
        yield from life.books.violations


def s6_strange_status_told(life: Life) -> Iterator[Violation]:
    """A status that nobody knows is told, and not taken for one that is known.

    A process that died while the frame waited for its order's id has told nobody anything.
    """
    status = life.heard.strange_status
    if status and not life.process.is_dead and "UnrecognisedStatus" not in life.recorder.names:
        yield Violation("S6", f"VALR wrote the status {status!r}, and nobody was told")


def _misled(world: World) -> frozenset[str]:
    """The orders whose cancellation was asked for here, and that VALR's stream untruly told as cancelled.

    To whoever asked for it that is sufficient evidence (protocol 19.3), and VALR's list alone can contradict
    it. An ending that nobody asked for is in doubt until an answer confirms it: closing names that order.
    """
    orders = (story.order for life in world.lives for story in life.stories())
    asked_for = (order for order in orders if isinstance(order, OrderRecord) and order.cancel_attempts)
    return frozenset(world.misreported).intersection(order.client_order_id for order in asked_for)


def _why_not(life: Life) -> str:
    parts = life.valr.status.items()
    return "; ".join(f"{part}: {status.why_not}" for part, status in parts if not status.ready)


def _placed_elsewhere(stories: Sequence[OrderStory], truth: Truth) -> list[VenueOrder]:
    ours = {str(story.order.client_order_id) for story in stories}
    return [order for name, orders in truth.orders.items() if name not in ours for order in orders]


def _of_each(
    stories: Iterable[OrderStory], truth: Truth, invariants: Sequence[OfOneOrder]
) -> Iterator[Violation]:
    for story in stories:
        for invariant in invariants:
            yield from invariant(story, truth)


def _mishaps(life: Life) -> Iterator[Violation]:
    """Errors that the library caught itself: whatever raised, something of a frame or an event was lost."""
    metrics = life.valr.metrics
    errors = [
        *((socket, metrics.counter(m.HANDLER_ERRORS, socket)) for socket in Socket),
        *((name, metrics.counter(m.CALLBACK_ERRORS, name)) for name in life.recorder.names),
    ]
    for label, counter in errors:
        if counter.value:
            yield Violation("S10", f"{counter.value} errors were caught in handling {label}")
