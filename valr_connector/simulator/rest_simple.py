"""REST about simple orders (protocol 11)."""

from __future__ import annotations

from collections.abc import Sequence

from valr_connector.simulator.answers import Answer, ok
from valr_connector.simulator.authentication import TRADE, VIEW
from valr_connector.simulator.floor import Floor
from valr_connector.simulator.order_entry import unsupported_pair
from valr_connector.simulator.order_requests import simple_payment
from valr_connector.simulator.rest_call import Call, Route
from valr_connector.simulator.rules import invalid_order, simple_order
from valr_connector.simulator.simple import outcome
from valr_connector.simulator.simple_wire import quote_object, status_object
from valr_connector.simulator.vocabulary import NewOrder


class SimpleRest:
    """Quotes, orders, and what became of them."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    @classmethod
    def routes(cls) -> Sequence[Route]:
        """The lines of the route table."""
        simple = "/v1/simple"
        return (
            Route("POST", f"{simple}/{{pair}}/quote", cls, cls._quote, VIEW),
            Route("POST", f"{simple}/{{pair}}/order", cls, cls._order, TRADE),
            Route("GET", f"{simple}/order/{{id}}", cls, cls._status, VIEW),
            Route("GET", f"{simple}/{{pair}}/order/{{id}}", cls, cls._status, VIEW),
        )

    async def _quote(self, call: Call) -> Answer:
        return ok(quote_object(self._floor.venue.quote(call.account_id, self._request(call))))

    async def _order(self, call: Call) -> Answer:
        """What cannot be quoted cannot be placed, either; the engine looks at the book once more."""
        request = self._request(call)
        self._floor.venue.quote(call.account_id, request)
        return ok({"id": self._floor.desk.place(call.account_id, request).order_id}, 202)

    async def _status(self, call: Call) -> Answer:
        pairs, symbol = self._floor.venue.pairs, call.path.get("pair")
        if symbol is not None and symbol not in pairs:
            raise unsupported_pair()
        order = self._floor.venue.order(call.account_id, call.path["id"])
        if order is None or order.request.kind != "simple" or symbol not in (None, order.symbol):
            raise invalid_order()
        return ok(status_object(outcome(pairs[order.symbol], order)))

    def _request(self, call: Call) -> NewOrder:
        return simple_order(self._floor.venue.pairs, call.path["pair"], simple_payment(call.body()))
