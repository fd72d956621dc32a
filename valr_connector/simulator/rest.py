"""The REST door: what every request passes before its handler, and what becomes of the answer (protocol 3).

route, fault, latency, limits, content type, signature, permission, primary, read-only, cache, handler
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial

from valr_connector.simulator.answers import JSON_TYPE, Answer, error_answer, ok, rate_limited_answer
from valr_connector.simulator.authentication import KEY_HEADER, NOBODY, SUBACCOUNT_HEADER, TRANSFER, Caller
from valr_connector.simulator.cache import AnswerCache
from valr_connector.simulator.faults import HttpFault
from valr_connector.simulator.floor import Floor
from valr_connector.simulator.rest_account import AccountRest
from valr_connector.simulator.rest_call import Call, Route
from valr_connector.simulator.rest_candles import CandleRest
from valr_connector.simulator.rest_history import HistoryRest
from valr_connector.simulator.rest_orders import OrderRest
from valr_connector.simulator.rest_public import PublicRest
from valr_connector.simulator.rest_simple import SimpleRest
from valr_connector.simulator.rest_subaccounts import SubaccountRest, transfer_not_permitted
from valr_connector.simulator.routing import Found, RouteTable
from valr_connector.simulator.settings import Latency
from valr_connector.simulator.transport import HttpRequest
from valr_connector.simulator.vocabulary import Rejection

_SECTIONS = (PublicRest, CandleRest, AccountRest, OrderRest, HistoryRest, SimpleRest, SubaccountRest)
_ROUTES = RouteTable(route for section in _SECTIONS for route in section.routes())


class RestDoor:
    """All REST routes."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._cache = AnswerCache(floor.clock)
        self._sections: Mapping[type, object] = {section: section(floor) for section in _SECTIONS}

    async def answer(self, request: HttpRequest) -> Answer | None:
        """The answer to a request; None where a fault cuts the connection instead."""
        found = _ROUTES.find(request.method, request.encoded_path)
        if found is None:
            self._floor.stats.requests["unknown"] += 1
            return Answer(404)
        self._floor.stats.requests[found.route.name] += 1
        fault = self._floor.faults.http_fault(request.method, request.target)
        if fault is not None and not fault.after_execution:
            return _faulty(fault)
        settings = self._floor.settings
        if settings.request_latency.is_any:
            await self._pause(settings.request_latency)
        answer = await self._admitted(found, request)
        if fault is not None:
            return _faulty(fault)
        if settings.reply_latency.is_any:
            await self._pause(settings.reply_latency)
        return answer

    async def _pause(self, latency: Latency) -> None:
        await asyncio.sleep(latency.draw(self._floor.rng))

    async def _admitted(self, found: Found, request: HttpRequest) -> Answer:
        route = found.route
        floor, headers = self._floor, request.headers
        seconds = floor.limits.admit_request(
            request.method,
            found.path,
            address=request.address,
            key=headers.get(KEY_HEADER, ""),
            now_ns=floor.clock(),
        )
        if seconds:
            floor.stats.rate_limited += 1
            return rate_limited_answer(floor.settings, seconds)
        if route.needs_content_type and _content_type(request) != JSON_TYPE:
            return Answer(403)
        try:
            caller = NOBODY if route.permission is None else floor.authenticate(request)
            if route.permission is not None and not caller.may(route.permission):
                return _forbidden(route.permission)
            if route.is_primary_only and (
                not caller.is_primary or headers.get(SUBACCOUNT_HEADER) is not None
            ):
                # For a header it is 401 (protocol 3.1); for a subaccount's key nothing says what it is.
                return ok({"message": "Unauthorized"}, 401)
            if route.is_write:
                floor.check_writable()
            return await self._cached(found, request, caller)
        except Rejection as rejection:
            return error_answer(rejection)

    async def _cached(self, found: Found, request: HttpRequest, caller: Caller) -> Answer:
        route = found.route
        call = Call(caller, found.names, request.query, request.body)
        if not route.max_age_s or not self._floor.settings.cache:
            return await route.answer(self._sections[route.section], call)
        key = f"{call.account_id} {request.target}"
        return await self._cache.answer(key, route.max_age_s, partial(self._settled, route, call))

    async def _settled(self, route: Route, call: Call) -> Answer:
        """The handler's answer, refusals included: those are cached as well (3.4)."""
        try:
            return await route.answer(self._sections[route.section], call)
        except Rejection as rejection:
            return error_answer(rejection)


def _forbidden(permission: str) -> Answer:
    """Only for transfers the protocol knows of a code (3.3)."""
    return error_answer(transfer_not_permitted()) if permission == TRANSFER else Answer(403)


def _content_type(request: HttpRequest) -> str:
    return request.headers.get("Content-Type", "").partition(";")[0].strip().lower()


def _faulty(fault: HttpFault) -> Answer | None:
    return None if fault.status is None else Answer(fault.status, fault.body, "application/octet-stream")
