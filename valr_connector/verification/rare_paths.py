"""How often a run took the paths that are rarely taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from valr_connector.core.order_record import OrderRecord
from valr_connector.model.events import ModifyRefused
from valr_connector.simulator.vocabulary import State, VenueOrder
from valr_connector.verification.invariants import Truth
from valr_connector.verification.room import competitions
from valr_connector.verification.story import RARE_CIRCUITS, RARE_EVENTS, OrderStory
from valr_connector.verification.world import START_WALL_NS, World

_ROUTES: Final[Mapping[str, str]] = {
    "GET /v1/orders/{pair}/customerorderid/{id}": "probe",
    "GET /v1/orders/history/detail/customerorderid/{id}": "probe of the history",
    "POST /v2/orders/limit": "placement by REST",
    "POST /v2/orders/market": "placement by REST",
    "DELETE /v2/orders/order": "cancel by REST",
    "POST /v2/orders/stop/limit": "stop order placed",
    "POST /v1/batch/orders": "batch",
    "GET /v1/account/{pair}/tradehistory": "fills fetched",
    "GET /v1/account/tradehistory": "missed fills fetched",
}

RARE_PATHS: Final = tuple(
    sorted(
        {
            *_ROUTES.values(),
            *RARE_EVENTS.values(),
            *RARE_CIRCUITS.values(),
            "adopted",
            "call given up",
            "cancel that waited for room with a placement",
            "crash",
            "duplicate refused and the first adopted",
            "filled after the receipt of a cancel",
            "late fill",
            "modify behind another one",
            "modify of a stop order that waits refused",
            "news that waited for its order's id",
            "placed again",
            "reconnect",
            "stop order modified after it was triggered",
            "stop order placed in a batch",
            "stop order refused when it was triggered",
            "stop order triggered",
            "unknown, and then failed",
        }
    )
)
"""All that are counted, so that one that is never taken can be seen."""


def rare_paths_of(world: World) -> Counter[str]:
    """All of them, in words."""
    rare: Counter[str] = Counter()
    truth = world.truth
    for life in world.lives:
        rare.update(life.recorder.rare)
        rare.update(life.heard.rare)
        for story in life.recorder.stories.values():
            rare.update(_of_order(story, truth))
    for route, name in _ROUTES.items():
        rare[name] += world.exchange.stats.requests[route]
    for orders in truth.orders.values():
        rare.update(name for order in orders if order.request.stop for name in _of_a_stop(order, world))
    rare["cancel that waited for room with a placement"] += sum(
        competitions(limits.passages) for limits in world.limits
    )
    rare["crash"] += sum(life.process.is_dead for life in world.lives)
    return rare


def _of_order(story: OrderStory, truth: Truth) -> Iterator[str]:
    yield from _of_modifies(story, truth)
    order = story.order
    if isinstance(order, OrderRecord) and order.times_sent > 1:
        yield "placed again"
        there = truth.order(order.client_order_id)
        if there is not None and there.created_at < START_WALL_NS + order.sent_at:
            yield "duplicate refused and the first adopted"


def _of_modifies(story: OrderStory, truth: Truth) -> Iterator[str]:
    refused = [told.at for told in story.told if isinstance(told.event, ModifyRefused)]
    there = truth.order(story.order.client_order_id) if refused else None
    if there is None or there.request.stop is None:
        return
    for at in refused:
        states = [change.state for change in there.history if change.updated_at <= at]
        if states[-1:] == [State.ACTIVE]:
            yield "modify of a stop order that waits refused"


def _of_a_stop(order: VenueOrder, world: World) -> Iterator[str]:
    if order.history and order.request.customer_order_id in world.batched:
        yield "stop order placed in a batch"
    states = [change.state for change in order.history]
    if State.PLACED not in states:
        return
    yield "stop order triggered"
    if order.state is State.FAILED:
        yield "stop order refused when it was triggered"
    if State.MODIFIED in states:
        yield "stop order modified after it was triggered"
