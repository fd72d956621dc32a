"""REST within the process: an `HttpExchange` that hands requests to the exchange, with faults on either way.

A request that has left is carried on whether or not the connector still waits for the answer.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from multidict import CIMultiDict

from valr_connector.net.http_exchange import Failure, Limits, Reply
from valr_connector.simulator.answers import Answer
from valr_connector.simulator.transport import HttpRequest
from valr_connector.verification.faults import FaultBoard
from valr_connector.verification.schedule import RequestFate, RequestFault
from valr_connector.verification.socket_link import reworded
from valr_connector.verification.virtual_loop import running_loop

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
        self._loop = running_loop()
        self._answer = answer
        self._board = board
        self._latency = latency
        self._tasks = tasks
        self._note = note

    def open_session(self) -> _Pool:
        """A pool of connections."""
        return _Pool(self)

    def carry(self, request: HttpRequest, outcome: asyncio.Future[Reply | Failure]) -> None:
        """Carry a request there and its answer back into `outcome`, unless that is settled before."""
        if self._note is not None:
            self._note(f"rest > {request.method} {request.target}", request.body)
        fault = self._board.request(request.method, request.encoded_path)
        if fault is not None and fault.fate is RequestFate.REFUSE:
            self._loop.call_later(self._latency(), _settle, outcome, _REFUSED)
            return
        self.under_way += 1
        slow_s = 0.0 if fault is None else _seconds(fault, RequestFate.SLOW)
        self._loop.call_later(self._latency() + slow_s, self._arrive, request, fault, outcome)

    def tell(self, request: HttpRequest, result: Reply | Failure) -> None:
        """Note what came of a request."""
        if self._note is None:
            return
        what = f"{request.method} {request.encoded_path}"
        if isinstance(result, Reply):
            self._note(f"rest < {what} {result.status}", result.body)
        else:
            self._note(f"rest ! {what}", result.problem.encode())

    def _arrive(
        self, request: HttpRequest, fault: RequestFault | None, outcome: asyncio.Future[Reply | Failure]
    ) -> None:
        """The request is there."""
        if fault is not None and fault.fate is RequestFate.LOSE:
            self.under_way -= 1
        elif fault is not None and fault.fate is RequestFate.ERROR_BEFORE:
            self._come_back(_error(fault.status), outcome)
        else:
            self._loop.begin(self._have_answered(request, fault, outcome), self._tasks)

    async def _have_answered(
        self, request: HttpRequest, fault: RequestFault | None, outcome: asyncio.Future[Reply | Failure]
    ) -> None:
        answer = await self._answer(request)
        result = _answered(answer) if fault is None else _result(answer, fault)
        late_s = 0.0 if fault is None else _seconds(fault, RequestFate.LATE)
        self._loop.call_later(self._latency() + late_s, self._come_back, result, outcome)

    def _come_back(self, result: Reply | Failure | None, outcome: asyncio.Future[Reply | Failure]) -> None:
        self.under_way -= 1
        if result is not None:
            _settle(outcome, result)


class _Pool:
    """The `HttpExchange` that one `RestClient` holds. Closing it cuts what is under way."""

    def __init__(self, link: HttpLink) -> None:
        self._link = link
        self._loop = running_loop()
        self._waiting: dict[int, asyncio.Future[Reply | Failure]] = {}
        self._count = 0

    async def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, limits: Limits
    ) -> Reply | Failure:
        """See `HttpExchange`."""
        target = url[url.index("/", url.index("://") + 3) :]
        request = HttpRequest(method, target, CIMultiDict(headers), body or b"", ADDRESS)
        self._count += 1
        number = self._count
        outcome: asyncio.Future[Reply | Failure] = self._loop.create_future()
        self._waiting[number] = outcome
        patience_s = min(limits.total_s, limits.read_s)  # here an answer arrives as one piece
        expiry = self._loop.call_later(patience_s, _settle, outcome, _TIMED_OUT)
        try:
            self._link.carry(request, outcome)
            result = await outcome
        finally:
            expiry.cancel()
            del self._waiting[number]
        self._link.tell(request, result)
        return result

    async def close(self) -> None:
        """See `HttpExchange`."""
        for outcome in self._waiting.values():
            _settle(outcome, _CUT)


def _settle(outcome: asyncio.Future[Reply | Failure], result: Reply | Failure) -> None:
    if not outcome.done():
        outcome.set_result(result)


def _seconds(fault: RequestFault, fate: RequestFate) -> float:
    return fault.seconds if fault.fate is fate else 0.0


def _answered(answer: Answer | None) -> Reply | Failure:
    """What comes back of an answer where nothing is wrong."""
    return _CUT if answer is None else _reply(answer, answer.data)


def _result(answer: Answer | None, fault: RequestFault) -> Reply | Failure | None:
    """What comes back of an answer; None where nothing does."""
    if fault.fate is RequestFate.LOSE_ANSWER:
        return None
    if fault.fate is RequestFate.ERROR_AFTER:
        return _error(fault.status)
    if answer is not None and fault.fate is RequestFate.TRUNCATE:
        return _reply(answer, answer.data[: len(answer.data) // 2])
    if answer is not None and fault.fate is RequestFate.REWORD:
        return _reply(answer, reworded(answer.data))
    return _answered(answer)


def _error(status: int) -> Reply:
    headers = {"x-valr-ratelimited": "true"} if status == _LIMITED else {}
    return Reply(status, headers, b"<html><body>error</body></html>")


def _reply(answer: Answer, data: bytes) -> Reply:
    headers = {name.lower(): value for name, value in answer.headers.items()}
    headers["content-type"] = answer.content_type
    return Reply(answer.status, headers, data)
