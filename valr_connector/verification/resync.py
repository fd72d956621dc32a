"""What the connector has to know when it says that it is in step again (L2).

Whatever the venue did before the new connection stood has happened out of sight. It is known when the
connection is declared live, unless VALR could not be asked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Final

from valr_connector.model.enums import OrderStatus, SessionState, Socket
from valr_connector.model.events import ConnectionChanged
from valr_connector.simulator.vocabulary import State, VenueOrder
from valr_connector.verification.invariants import Truth, Violation
from valr_connector.verification.story import OrderStory

LONGEST_CALL_S: Final = 15.0
"""A call that met a fault is over by then; others may have waited for it."""
_ENDINGS = frozenset({State.FILLED, State.CANCELLED, State.FAILED})


class ResyncCheck:
    """Looks at the orders each time the account socket becomes live.

    Args:
        stories: of the connector's orders.
        truth: the venue's records.
        clock: VALR's, nanoseconds.
        could_ask_since: seconds since a request met a fault last.

    Attributes:
        violations: what was not known.
    """

    def __init__(
        self,
        stories: Callable[[], Iterable[OrderStory]],
        truth: Callable[[], Truth],
        clock: Callable[[], int],
        could_ask_since: Callable[[], float],
    ) -> None:
        self.violations: list[Violation] = []
        self._stories = stories
        self._truth = truth
        self._clock = clock
        self._could_ask_since = could_ask_since
        self._began = 0

    def hear(self, event: ConnectionChanged) -> None:
        """The state of a connection changed."""
        if event.socket is not Socket.ACCOUNT:
            return
        if event.after is SessionState.RESYNCING:
            self._began = self._clock()
        elif event.after is SessionState.LIVE and event.before is SessionState.RESYNCING:
            took_s = (self._clock() - self._began) / 1e9
            if self._could_ask_since() > took_s + LONGEST_CALL_S:
                self.violations += l2_in_step(self._stories(), self._truth(), self._began)


def l2_in_step(stories: Iterable[OrderStory], truth: Truth, since: int) -> Iterator[Violation]:
    """What the venue had done by `since` is known now."""
    for story in stories:
        there = truth.order(story.order.client_order_id)
        state, executed = (None, Decimal(0)) if there is None else _as_it_was(there, since)
        problem = None if state is None else _what_is_missed(story, state, executed)
        if problem is not None:
            yield Violation("L2", f"in step again, and order {story.order.client_order_id} {problem}")


def _as_it_was(order: VenueOrder, at: int) -> tuple[State | None, Decimal]:
    """State and executed amount of an order at that time; None where it had none yet."""
    change = next((change for change in reversed(order.history) if change.updated_at <= at), None)
    if change is None:
        return None, Decimal(0)
    return change.state, change.original_quantity - change.remaining_quantity


def _what_is_missed(story: OrderStory, state: State, executed: Decimal) -> str | None:
    order = story.order
    if order.status is OrderStatus.PENDING_CREATE:
        return f"was {state} before, and its placement is {order.placement}"
    if state in _ENDINGS and not order.is_done:
        return f"was {state} before, and is {order.status}"
    if executed > order.executed_amount and not order.is_done:
        return f"had executed {executed} before, and {order.executed_amount} is known"
    return None
