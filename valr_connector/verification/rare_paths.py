"""How often a run took the paths that are rarely taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Final

from valr_connector.core.order_record import OrderRecord
from valr_connector.simulator.vocabulary import State, VenueOrder
from valr_connector.verification.story import RARE_EVENTS, OrderStory
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
            "adopted",
            "crash",
            "duplicate refused and the first adopted",
            "filled after the receipt of a cancel",
            "late fill",
            "news that waited for its order's id",
            "placed again",
            "reconnect",
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
    for life in world.lives:
        rare += life.recorder.rare + life.heard.rare
        for story in life.recorder.stories.values():
            rare += _of_order(story, world)
    for route, name in _ROUTES.items():
        rare[name] += world.exchange.stats.requests[route]
    for orders in world.truth.orders.values():
        rare.update(name for order in orders for name in _of_a_stop(order))
    rare["crash"] += sum(life.process.is_dead for life in world.lives)
    return rare


def _of_order(story: OrderStory, world: World) -> Counter[str]:
    order = story.order
    if not isinstance(order, OrderRecord) or order.times_sent < 2:
        return Counter()
    there = world.truth.order(order.client_order_id)
    is_first = there is not None and there.created_at < START_WALL_NS + order.sent_at
    return Counter({"placed again": 1, "duplicate refused and the first adopted": int(is_first)})


def _of_a_stop(order: VenueOrder) -> Iterator[str]:
    if order.request.stop is None or all(change.state is not State.PLACED for change in order.history):
        return
    yield "stop order triggered"
    if order.state is State.FAILED:
        yield "stop order refused when it was triggered"
