"""How long the outcomes of placements and cancels stayed unknown once the last fault was over (L1)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from valr_connector.core.order_record import OrderRecord
from valr_connector.model.enums import OrderStatus
from valr_connector.model.events import CancelUnknown, PlacementUnknown, Restored
from valr_connector.model.ids import ClientOrderId
from valr_connector.verification.story import OrderStory
from valr_connector.verification.world import START_WALL_NS

_NS_PER_S: Final = 1_000_000_000


def unknown_since(story: OrderStory) -> int | None:
    """When it was last told that an outcome is unknown, VALR's clock in nanoseconds; None if it is known.

    A placement is known once its order is anything else than being placed; a cancel once its order has ended,
    or VALR has said anything at all of it.
    """
    order = story.order
    kinds = (PlacementUnknown, CancelUnknown, Restored)
    told = next((told for told in reversed(story.told) if isinstance(told.event, kinds)), None)
    if told is None or order.is_done:
        return None
    if order.status is OrderStatus.PENDING_CREATE:
        return told.at
    if not isinstance(told.event, CancelUnknown) or not isinstance(order, OrderRecord):
        return None
    return told.at if START_WALL_NS + order.last_heard <= told.at else None


class Unknowns:
    """What was unknown when the last fault was over, and what became unknown after it.

    Args:
        since: when VALR could be asked again, VALR's clock in nanoseconds; time before that does not count.

    Attributes:
        lasted_s: how long each had lasted by the look that found it known, seconds.
    """

    def __init__(self, since: int) -> None:
        self.lasted_s: list[float] = []
        self._since = since
        self._unknown: dict[ClientOrderId, int] = {}

    def look(self, stories: Iterable[OrderStory], now: int) -> None:
        """Look at all orders, at `now` of VALR's clock."""
        unknown = {
            story.order.client_order_id: since
            for story in stories
            if (since := unknown_since(story)) is not None
        }
        for name, since in self._unknown.items():
            if name not in unknown:
                self.lasted_s.append(max(0, now - max(since, self._since)) / _NS_PER_S)
        self._unknown = {name: self._unknown.get(name, since) for name, since in unknown.items()}
