"""Several order requests in one (protocol 10.8); the same on REST and on the socket."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from valr_connector.simulator.answers import rejection_body
from valr_connector.simulator.floor import Floor
from valr_connector.simulator.order_requests import (
    Body,
    cancel_order,
    invalid_field,
    limit_order,
    market_order,
    modify_order,
    stop_limit_order,
)
from valr_connector.simulator.vocabulary import NewOrder, Rejection
from valr_connector.simulator.wire import JsonObject

_MOST_REQUESTS = 20
_LONGEST_BATCH_ID = 50
_MIXED = Rejection(-21311, "Modify requests cannot be combined with place requests in one batch")

_Placements = Mapping[str, Callable[[Body], NewOrder]]
SOCKET_PLACEMENTS: _Placements = {"PLACE_LIMIT": limit_order, "PLACE_MARKET": market_order}
REST_PLACEMENTS: _Placements = {**SOCKET_PLACEMENTS, "PLACE_STOP_LIMIT": stop_limit_order}
"""A stop order can only be placed by REST (protocol 16)."""


def run_batch(floor: Floor, account_id: str, body: Body, placements: _Placements) -> JsonObject:
    """Submit every request of the batch, in order; outcomes tell which were accepted.

    `placements` are the types that place an order. Of a batch that modifies beside them nothing is submitted:
    each outcome is -21311 (3.3).

    Raises:
        Rejection: the batch as a whole is malformed; nothing was submitted.
    """
    requests = _requests(body)
    if _modifies_and_places(requests, placements):
        outcomes = [_refused(_MIXED)] * len(requests)
    else:
        outcomes = [_outcome(floor, account_id, request, placements) for request in requests]
    # Like VALR's, beyond what a double can hold exactly.
    return {"outcomes": outcomes, "batchId": (1 << 60) | floor.rng.getrandbits(56)}


def _requests(body: Body) -> list[Body]:
    requests = body.get("requests")
    if not isinstance(requests, list) or not 0 < len(requests) <= _MOST_REQUESTS:
        raise invalid_field("requests", f"1 to {_MOST_REQUESTS} requests")
    if not all(_is_request(request) for request in requests):
        raise invalid_field("requests", "each has a type and data")
    batch_id = body.get("customerBatchId") or ""
    if not isinstance(batch_id, str) or len(batch_id) > _LONGEST_BATCH_ID:
        raise invalid_field("customerBatchId", f"up to {_LONGEST_BATCH_ID} characters")
    return requests


def _is_request(request: object) -> bool:
    return (
        isinstance(request, dict)
        and isinstance(request.get("type"), str)
        and isinstance(request.get("data"), dict)
    )


def _modifies_and_places(requests: list[Body], placements: _Placements) -> bool:
    types = {request["type"] for request in requests}
    return "MODIFY_ORDER" in types and not types.isdisjoint(placements)


def _refused(rejection: Rejection) -> JsonObject:
    return {"accepted": False, "error": rejection_body(rejection)}


def _outcome(floor: Floor, account_id: str, request: Body, placements: _Placements) -> JsonObject:
    request_type, data = str(request["type"]), cast("Body", request["data"])
    try:
        ids = _submit(floor, account_id, request_type, data, placements)
    except Rejection as rejection:
        return _refused(rejection)
    return {"accepted": True, **ids, "requestType": request_type}


def _submit(
    floor: Floor, account_id: str, request_type: str, data: Body, placements: _Placements
) -> dict[str, str]:
    """The ids of what was submitted; of a modify it is the modify request's (10.8)."""
    if request_type in placements:
        order = floor.desk.place(account_id, placements[request_type](data))
        return _given(orderId=order.order_id, customerOrderId=order.request.customer_order_id)
    if request_type == "CANCEL_ORDER":
        request = cancel_order(data)
        floor.desk.cancel(account_id, request)
        return _given(orderId=request.order_id, customerOrderId=request.customer_order_id)
    if request_type == "MODIFY_ORDER":
        return {"orderId": floor.desk.modify(account_id, modify_order(data))}
    raise Rejection(-12005, f"{request_type} is not supported")


def _given(**ids: str) -> dict[str, str]:
    return {name: text for name, text in ids.items() if text}
