"""REST that places and cancels orders, and asks for those that live (protocol 10.1-10.9)."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from valr_connector.simulator.answers import Answer, error_answer, ok
from valr_connector.simulator.authentication import TRADE, VIEW
from valr_connector.simulator.batch import REST_PLACEMENTS, run_batch
from valr_connector.simulator.floor import Floor
from valr_connector.simulator.order_entry import unsupported_pair
from valr_connector.simulator.order_requests import (
    Body,
    cancel_order,
    limit_order,
    market_order,
    modify_order,
    stop_limit_order,
)
from valr_connector.simulator.order_wire import open_order_object, status_object
from valr_connector.simulator.rest_call import Call, Handler, Route
from valr_connector.simulator.rules import failure_code, invalid_order
from valr_connector.simulator.vocabulary import NewOrder, Rejection, State, VenueOrder
from valr_connector.simulator.wire import error_body

Reader = Callable[[Body], NewOrder]


class OrderRest:
    """v1 accepts and lets the engine go on; v2 waits for it."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor

    @classmethod
    def routes(cls) -> Sequence[Route]:
        """The lines of the route table."""
        return (
            Route("POST", "/v1/orders/limit", cls, cls._place(limit_order), TRADE),
            Route("POST", "/v1/orders/market", cls, cls._place(market_order), TRADE),
            Route("POST", "/v2/orders/limit", cls, cls._place_and_wait(limit_order), TRADE),
            Route("POST", "/v2/orders/market", cls, cls._place_and_wait(market_order), TRADE),
            Route("POST", "/v1/orders/stop/limit", cls, cls._place(stop_limit_order), TRADE),
            Route("POST", "/v2/orders/stop/limit", cls, cls._place_and_wait(stop_limit_order), TRADE),
            Route("PUT", "/v1/orders/modify", cls, cls._modify, TRADE),
            Route("PUT", "/v2/orders/modify", cls, cls._modify_and_wait, TRADE),
            Route("DELETE", "/v1/orders/order", cls, cls._cancel, TRADE),
            Route("DELETE", "/v2/orders/order", cls, cls._cancel_and_wait, TRADE),
            Route("DELETE", "/v1/orders", cls, cls._cancel_all, TRADE),
            Route("DELETE", "/v1/orders/{pair}", cls, cls._cancel_all, TRADE),
            Route("POST", "/v1/batch/orders", cls, cls._batch, TRADE),
            Route("GET", "/v1/orders/open", cls, cls._open_orders, VIEW),
            Route("GET", "/v1/orders/{pair}/orderid/{id}", cls, cls._status_by_id, VIEW),
            Route("GET", "/v1/orders/{pair}/customerorderid/{id}", cls, cls._status_by_customer_id, VIEW),
        )

    @staticmethod
    def _place(read: Reader) -> Handler:
        async def answer(self: OrderRest, call: Call) -> Answer:
            order = self._floor.desk.place(call.account_id, read(call.body()))
            body = {"id": order.order_id}
            if order.request.customer_order_id:
                body["customerOrderId"] = order.request.customer_order_id
            return ok(body, 202)

        return answer

    @staticmethod
    def _place_and_wait(read: Reader) -> Handler:
        async def answer(self: OrderRest, call: Call) -> Answer:
            order = await self._floor.desk.place_and_wait(call.account_id, read(call.body()))
            if order.state is State.FAILED:
                reason = order.failed_reason
                raise Rejection(failure_code(reason), reason, order_id=order.order_id)
            return ok({"id": order.order_id}, 201)

        return answer

    async def _modify(self, call: Call) -> Answer:
        """The id is the modify request's, not the order's (10.5)."""
        return ok({"id": self._floor.desk.modify(call.account_id, modify_order(call.body()))}, 202)

    async def _modify_and_wait(self, call: Call) -> Answer:
        outcome = await self._floor.desk.modify_and_wait(call.account_id, modify_order(call.body()))
        if outcome.success:
            return ok({"id": outcome.modify_request_id}, 201)
        ids = {"modifyOrderId": outcome.modify_request_id, "orderId": outcome.order_id}
        return ok({**ids, **error_body(outcome.code, outcome.message)}, 400)

    async def _cancel(self, call: Call) -> Answer:
        self._floor.desk.cancel(call.account_id, cancel_order(call.body()))
        return Answer(202)

    async def _cancel_and_wait(self, call: Call) -> Answer:
        """The echo is the id that was sent, also where it is a customerOrderId (10.6)."""
        request = cancel_order(call.body())
        await self._floor.desk.cancel_and_wait(call.account_id, request)
        return ok({"id": request.order_id or request.customer_order_id})

    async def _cancel_all(self, call: Call) -> Answer:
        orders = await self._floor.desk.cancel_all(call.account_id, call.path.get("pair"))
        return ok([{"orderId": order.order_id} for order in orders])

    async def _batch(self, call: Call) -> Answer:
        return ok(run_batch(self._floor, call.account_id, call.body(), REST_PLACEMENTS))

    async def _open_orders(self, call: Call) -> Answer:
        return ok([open_order_object(order) for order in self._floor.venue.open_orders(call.account_id)])

    async def _status_by_id(self, call: Call) -> Answer:
        return self._status(call, self._floor.venue.order(call.account_id, call.path["id"]))

    async def _status_by_customer_id(self, call: Call) -> Answer:
        return self._status(call, self._floor.venue.order_by_customer_id(call.account_id, call.path["id"]))

    def _status(self, call: Call, order: VenueOrder | None) -> Answer:
        """An order that the engine has not seen yet is unknown (19.4, race 5)."""
        if call.path["pair"] not in self._floor.venue.pairs:
            raise unsupported_pair()
        if order is None or order.state is None or order.symbol != call.path["pair"]:
            raise invalid_order()
        if not order.is_open and self._floor.settings.finished_order_status != "terminal":
            is_missing = self._floor.settings.finished_order_status == "not_found"
            return error_answer(invalid_order(), status=404 if is_missing else 400)
        return ok(status_object(order))
