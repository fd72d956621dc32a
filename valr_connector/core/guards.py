"""Guards: when the absence of an order is worth a question. They never say what became of it.

Each looks at one ground not to ask yet. `why_not_ask` returns the first ground that holds, or None.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from valr_connector.core.order_record import OrderRecord
from valr_connector.model.enums import Placement

SECOND = 1_000_000_000


class Ground(StrEnum):
    """Why an absent order is not asked about (yet)."""

    NOT_SENT = "not sent yet"
    TOO_YOUNG = "too young"
    HEARD_OF_LATELY = "heard of lately"
    BEING_CANCELLED = "being cancelled"
    OTHER_CONNECTION = "submitted on a newer connection than the list"


@dataclass(frozen=True, slots=True)
class Guards:
    """How long to leave an order alone.

    Attributes:
        min_age: an order sent more lately than this may simply not be listed yet, and one that ended more
            lately may be listed still, nanoseconds.
        min_quiet: an order heard of within this time is alive or about to end, nanoseconds.
    """

    min_age: int = 5 * SECOND
    min_quiet: int = 2 * SECOND

    def may_still_be_listed(self, order: OrderRecord, asked_at: int) -> bool:
        """Whether what VALR said then may be older than the ending that is known here."""
        return asked_at - order.done_at < self.min_age

    def why_not_ask(self, order: OrderRecord, now: int, epoch: int) -> Ground | None:
        """The ground for not asking about `order`, absent from a list that came on connection `epoch`."""
        if order.placement is Placement.UNSENT:
            return Ground.NOT_SENT
        if order.epoch > epoch:
            return Ground.OTHER_CONNECTION
        if now - max(order.created_at, order.sent_at) < self.min_age:
            return Ground.TOO_YOUNG
        if now - order.last_heard < self.min_quiet:
            return Ground.HEARD_OF_LATELY
        if order.is_being_cancelled:
            return Ground.BEING_CANCELLED
        return None
