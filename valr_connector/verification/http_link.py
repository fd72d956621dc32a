"""REST within the process: an `HttpExchange` that hands requests to the exchange, with faults on either way.

A request that has left is carried on whether or not the connector still waits for the answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final
from urllib.parse import urlsplit

from multidict import CIMultiDict

from valr_connector.net.http_exchange import Failure, Limits, Reply
from valr_connector.simulator.answers import Answer
from valr_connector.simulator.transport import HttpRequest
from valr_connector.verification.faults import FaultBoard
from valr_connector.verification.schedule import RequestFate, RequestFault
from valr_connector.verification.socket_link import reworded

_LIMITED: Final = 429
_CUT: Final = Failure("the connection was lost", may_have_left=True)
_TIMED_OUT: Final = Failure("no answer in time", may_have_left=True)
_REFUSED: Final = Failure("connection refused", may_have_left=False)
ADDRESS: Final = "192.0.2.1"


class HttpLink:
    """Carries requests to the exchange, for any number of pools of connections.

    Args:
        answer: the exchange.
        board: the faults in force.
        latency: draws how long one way takes, seconds.
        tasks: what is carried out here belongs to it.
        note: told every request and every answer.
    """

    def __init__(
        self,
        answer: Callable[[HttpRequest], Awaitable[Answer | None]],
        board: FaultBoard,
        latency: Callable[[], float],
        tasks: asyncio.TaskGroup,
        note: Callable[[str, bytes], None] | None,
    ) -> None:
        self.under_way = 0
        self._answer = answer
        self._board = board
        self._latency = latency
        self._tasks = tasks
        self._note = note

    def open_session(self) -> _Pool:
        """A pool of connections."""
        return _Pool(self)

    async def carry(
        self, request: HttpRequest, limits: Limits, outcome: asyncio.Future[Reply | Failure]
    ) -> Reply | Failure:
        """Carry a request there and its answer back. Whoever settles `outcome` meanwhile ends the wait."""
        path = request.encoded_path
        self._tell(f"rest > {request.method} {request.target}", request.body)
        result = await self._within(limits, request, self._board.request(request.method, path), outcome)
        if isinstance(result, Reply):
            self._tell(f"rest < {request.method} {path} {result.status}", result.body)
        else:
            self._tell(f"rest ! {request.method} {path}", result.problem.encode())
        return result

    async def _within(
        self,
        limits: Limits,
        request: HttpRequest,
        fault: RequestFault | None,
        outcome: asyncio.Future[Reply | Failure],
    ) -> Reply | Failure:
        if fault is not None and fault.fate is RequestFate.REFUSE:
            await asyncio.sleep(self._latency())
            return _REFUSED
        self._tasks.create_task(self._carry(request, fault, outcome))
        try:
            async with asyncio.timeout(limits.total_s):
                return await outcome
        except TimeoutError:
            return _TIMED_OUT

    async def _carry(
        self,
        request: HttpRequest,
        fault: RequestFault | None,
        outcome: asyncio.Future[Reply | Failure],
    ) -> None:
        self.under_way += 1
        try:
            reply = await self._run(request, fault)
        finally:
            self.under_way -= 1
        if reply is not None and not outcome.done():
            outcome.set_result(reply)

    async def _run(self, request: HttpRequest, fault: RequestFault | None) -> Reply | Failure | None:
        """There, and back; None where nothing comes back."""
        fate = None if fault is None else fault.fate
        seconds = 0.0 if fault is None else fault.seconds
        await asyncio.sleep(self._latency() + (seconds if fate is RequestFate.SLOW else 0.0))
        if fate is RequestFate.LOSE:
            return None
        if fault is not None and fate is RequestFate.ERROR_BEFORE:
            return _error(fault.status)
        answer = await self._answer(request)
        await asyncio.sleep(self._latency() + (seconds if fate is RequestFate.LATE else 0.0))
        if fate is RequestFate.LOSE_ANSWER:
            return None
        if fault is not None and fate is RequestFate.ERROR_AFTER:
            return _error(fault.status)
        return _CUT if answer is None else _reply(answer, fate)

    def _tell(self, what: str, data: bytes) -> None:
        if self._note is not None:
            self._note(what, data)


class _Pool:
    """The `HttpExchange` that one `RestClient` holds. Closing it cuts what is under way."""

    def __init__(self, link: HttpLink) -> None:
        self._link = link
        self._waiting: dict[int, asyncio.Future[Reply | Failure]] = {}
        self._count = 0

    async def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, limits: Limits
    ) -> Reply | Failure:
        """See `HttpExchange`."""
        parts = urlsplit(url)
        target = f"{parts.path}?{parts.query}" if parts.query else parts.path
        request = HttpRequest(method, target, CIMultiDict(headers), body or b"", ADDRESS)
        self._count += 1
        number = self._count
        outcome = self._waiting[number] = asyncio.get_running_loop().create_future()
        try:
            return await self._link.carry(request, limits, outcome)
        finally:
            del self._waiting[number]

    async def close(self) -> None:
        """See `HttpExchange`."""
        for outcome in self._waiting.values():
            if not outcome.done():
                outcome.set_result(_CUT)


def _error(status: int) -> Reply:
    headers = {"x-valr-ratelimited": "true"} if status == _LIMITED else {}
    return Reply(status, headers, b"<html><body>error</body></html>")


def _reply(answer: Answer, fate: RequestFate | None) -> Reply:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    headers["content-type"] = answer.content_type
    data = answer.data
    if fate is RequestFate.TRUNCATE:
        data = data[: len(data) // 2]
    elif fate is RequestFate.REWORD:
        data = reworded(data)
    return Reply(answer.status, headers, data)
