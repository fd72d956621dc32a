"""The REST door: what every request passes before its handler, and what becomes of the answer (protocol 3).

route, fault, latency, limits, content type, signature, permission, read-only, cache, handler
"""

from __future__ import annotations

import asyncio
from functools import partial

from aiohttp import web

from valr_connector.simulator.answers import JSON_TYPE, Answer, error_answer, rate_limited_answer
from valr_connector.simulator.authentication import KEY_HEADER, NOBODY, Caller
from valr_connector.simulator.cache import AnswerCache
from valr_connector.simulator.faults import HttpFault
from valr_connector.simulator.floor import Floor
from valr_connector.simulator.rest_account import AccountRest
from valr_connector.simulator.rest_call import Call, Route
from valr_connector.simulator.rest_history import HistoryRest
from valr_connector.simulator.rest_orders import OrderRest
from valr_connector.simulator.rest_public import PublicRest
from valr_connector.simulator.settings import Latency
from valr_connector.simulator.vocabulary import Rejection


class RestDoor:
    """All REST routes."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._cache = AnswerCache(floor.clock)
        sections = (PublicRest(floor), AccountRest(floor), OrderRest(floor), HistoryRest(floor))
        self._routes = [route for section in sections for route in section.routes()]

    def add_to(self, application: web.Application) -> None:
        """Register every route, and 404 for everything else."""
        for route in self._routes:
            application.router.add_route(route.method, route.path, partial(self._handle, route))
        application.router.add_route("*", "/{unknown:.*}", self._unknown)

    async def _unknown(self, _request: web.Request) -> web.Response:
        self._floor.stats.requests["unknown"] += 1
        return Answer(404).response()

    async def _handle(self, route: Route, request: web.Request) -> web.Response:
        self._floor.stats.requests[route.name] += 1
        data = await request.read()
        fault = self._floor.faults.http_fault(request.method, request.raw_path)
        if fault is not None and not fault.after_execution:
            return _faulty(fault, request)
        settings = self._floor.settings
        await self._pause(settings.request_latency)
        answer = await self._answer(route, request, data)
        if fault is not None:
            return _faulty(fault, request)
        await self._pause(settings.reply_latency)
        return answer.response()

    async def _pause(self, latency: Latency) -> None:
        seconds = latency.draw(self._floor.rng)
        if seconds:
            await asyncio.sleep(seconds)

    async def _answer(self, route: Route, request: web.Request, data: bytes) -> Answer:
        seconds = self._seconds_to_wait(request)
        if seconds:
            self._floor.stats.rate_limited += 1
            return rate_limited_answer(self._floor.settings, seconds)
        if route.needs_content_type and request.content_type != JSON_TYPE:
            return Answer(403)
        try:
            caller = self._caller(route, request, data)
            if route.permission is not None and not caller.may(route.permission):
                return Answer(403)
            if route.is_write:
                self._floor.check_writable()
            return await self._cached(route, request, data, caller)
        except Rejection as rejection:
            return error_answer(rejection)

    def _seconds_to_wait(self, request: web.Request) -> float:
        return self._floor.limits.admit_request(
            request.method,
            request.path,
            address=request.remote or "",
            key=request.headers.get(KEY_HEADER, ""),
            now_ns=self._floor.clock(),
        )

    def _caller(self, route: Route, request: web.Request, data: bytes) -> Caller:
        if route.permission is None:
            return NOBODY
        return self._floor.authenticate(request.method, request.raw_path, data, request.headers)

    async def _cached(self, route: Route, request: web.Request, data: bytes, caller: Caller) -> Answer:
        call = Call(caller, request.match_info, request.query, data)
        if not route.max_age_s or not self._floor.settings.cache:
            return await route.answer(call)
        key = f"{call.account_id} {request.raw_path}"
        return await self._cache.answer(key, route.max_age_s, partial(_settled, route, call))


async def _settled(route: Route, call: Call) -> Answer:
    """The handler's answer, refusals included: those are cached as well (3.4)."""
    try:
        return await route.answer(call)
    except Rejection as rejection:
        return error_answer(rejection)


def _faulty(fault: HttpFault, request: web.Request) -> web.Response:
    if fault.status is None and request.transport is not None:
        request.transport.abort()
    return web.Response(status=fault.status or 500, body=fault.body)
