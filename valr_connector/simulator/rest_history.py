"""REST about the orders of the past (protocol 10.10)."""

from __future__ import annotations

from collections.abc import Sequence

from valr_connector.simulator.answers import Answer, ok
from valr_connector.simulator.authentication import VIEW
from valr_connector.simulator.floor import Floor
from valr_connector.simulator.order_requests import invalid_field
from valr_connector.simulator.order_wire import change_object, summary_object
from valr_connector.simulator.rest_call import Call, Route
from valr_connector.simulator.rules import invalid_order
from valr_connector.simulator.vocabulary import State, VenueOrder

_STATUSES = frozenset(
    {
        "PLACED",
        "FAILED",
        "CANCELLED",
        "FILLED",
        "PARTIALLY_FILLED",
        "ACTIVE",
        "EXPIRED",
        "PARTIALLY_FILLED_DUE_TO_SLIPPAGE",
        "ORDER_MODIFIED",
        "REPRICED_DUE_TO_SLIPPAGE",
    }
)
"""What the filter takes (10.10, 19.1); orders here get to some of them only."""


class HistoryRest:
    """Finished orders in summary, and all that happened to an order in detail."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    @classmethod
    def routes(cls) -> Sequence[Route]:
        """The lines of the route table."""
        history = "/v1/orders/history"
        return (
            Route("GET", history, cls, cls._history, VIEW),
            Route("GET", f"{history}/summary/orderid/{{id}}", cls, cls._summary_by_id, VIEW),
            Route("GET", f"{history}/summary/customerorderid/{{id}}", cls, cls._summary_by_customer_id, VIEW),
            Route("GET", f"{history}/detail/orderid/{{id}}", cls, cls._detail_by_id, VIEW),
            Route("GET", f"{history}/detail/customerorderid/{{id}}", cls, cls._detail_by_customer_id, VIEW),
        )

    async def _history(self, call: Call) -> Answer:
        wanted = _Filter(call)
        orders = [order for order in self._floor.venue.orders(call.account_id) if wanted.takes(order)]
        page = call.page(takes_id=False).cut(
            orders, time=lambda order: order.updated_at, entry_id=lambda order: order.order_id
        )
        return ok([summary_object(order) for order in page])

    async def _summary_by_id(self, call: Call) -> Answer:
        return _summary(self._floor.venue.order(call.account_id, call.path["id"]))

    async def _summary_by_customer_id(self, call: Call) -> Answer:
        return _summary(self._floor.venue.order_by_customer_id(call.account_id, call.path["id"]))

    async def _detail_by_id(self, call: Call) -> Answer:
        return _detail(self._floor.venue.order(call.account_id, call.path["id"]))

    async def _detail_by_customer_id(self, call: Call) -> Answer:
        return _detail(self._floor.venue.order_by_customer_id(call.account_id, call.path["id"]))


class _Filter:
    """Which orders the history shows."""

    def __init__(self, call: Call) -> None:
        self._statuses = call.names("statuses")
        self._symbols = call.names("currencyPair")
        self._without_failures = call.flag("excludeFailures")
        self._with_zero_volume_cancels = call.flag("showZeroVolumeCancels")
        if not self._statuses <= _STATUSES:
            raise invalid_field("statuses", f"of {', '.join(sorted(_STATUSES))}")

    def takes(self, order: VenueOrder) -> bool:
        if order.state is None:
            return False
        if self._symbols and order.symbol not in self._symbols:
            return False
        if self._statuses and _filter_name(order.state) not in self._statuses:
            return False
        if order.state in (State.FAILED, State.SIMPLE_RESERVE_FAILED):
            return not self._without_failures
        return bool(
            order.state is not State.CANCELLED or order.executed_quantity or self._with_zero_volume_cancels
        )


def _filter_name(state: State) -> str:
    return state.value.upper().replace(" ", "_")


def _summary(order: VenueOrder | None) -> Answer:
    """Finished orders only; what else there is, the protocol does not say: -1 as for an unknown order."""
    if order is None or order.state is None or order.is_open:
        raise invalid_order()
    return ok(summary_object(order))


def _detail(order: VenueOrder | None) -> Answer:
    """Newest first; empty for an order that is unknown, or not processed yet."""
    return ok([change_object(change) for change in reversed(order.history)] if order else [])
