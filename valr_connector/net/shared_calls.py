"""Reads that many may ask for: each is sent once, and its answer kept for as long as VALR would repeat it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, Final, TypeVar

from valr_connector.core.answer_cache import AnswerCache, KeptAnswer
from valr_connector.errors import ValrError
from valr_connector.net.limiter import Limiter
from valr_connector.net.rest import RestClient
from valr_connector.protocol.market_requests import max_age_s
from valr_connector.protocol.requests import Request

T = TypeVar("T")

_LASTING_S: Final = 60
"""What VALR repeats for so long is kept for others, too: pairs, order types. Books are many, and large."""


class _UnderWay:
    """A request that was sent, and what came of it. Without either, whoever sent it was cancelled."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.answer: tuple[Any] | None = None
        self.failure: ValrError | None = None


class SharedCalls:
    """Sends public reads, none of them twice at the same time.

    Args:
        rest: sends them, within VALR's limits.
        clock: monotonic nanoseconds.
        limiter: VALR's limits. Where they leave no room, what VALR told somebody else under the same limits
            less than a minute ago is answer enough: it would repeat it. None where nobody counts.
    """

    def __init__(self, rest: RestClient, *, clock: Callable[[], int], limiter: Limiter | None = None) -> None:
        self._rest = rest
        self._clock = clock
        self._limiter = limiter
        self._cache = AnswerCache()
        self._under_way: dict[str, _UnderWay] = {}

    async def call(self, request: Request[T]) -> T:
        """The answer: one that is kept, one that somebody else is waiting for already, or a new one.

        Raises as `RestClient.call` does; whoever waited for the same request gets the same error.
        """
        while True:
            kept = self._kept(request)
            if kept is not None:
                found: T = kept.value
                return found
            sent = self._under_way.get(request.target)
            if sent is None:
                return await self._send(request)
            await sent.over.wait()
            if sent.failure is not None:
                raise sent.failure
            if sent.answer is not None:
                shared: T = sent.answer[0]
                return shared

    async def call_patiently(self, request: Request[T], *, until: int) -> T:
        """The answer, as soon as there is room to ask; raises as `RestClient.call_patiently` does.

        Args:
            until: monotonic nanoseconds; a wait beyond that is not begun.
        """
        kept = self._kept(request)
        if kept is None:
            return await self._rest.call_patiently(request, until=until)
        found: T = kept.value
        return found

    def _kept(self, request: Request[Any]) -> KeptAnswer | None:
        kept = self._cache.find(request.target, self._clock())
        limiter = self._limiter
        if kept is not None or limiter is None or limiter.has_room(request.lane, request.name):
            return kept
        return limiter.told.find(request.target, self._clock())

    async def _send(self, request: Request[T]) -> T:
        sent = self._under_way[request.target] = _UnderWay()
        asked_at = self._clock()
        try:
            value, age_s = await self._rest.call_aged(request)
        except ValrError as error:
            sent.failure = error
            raise
        else:
            sent.answer = (value,)
            lasts_s = max_age_s(request)
            self._cache.keep(request.target, value, asked_at=asked_at, max_age_s=lasts_s, age_s=age_s)
            if self._limiter is not None and lasts_s >= _LASTING_S:
                told = self._limiter.told
                told.keep(request.target, value, asked_at=asked_at, max_age_s=lasts_s, age_s=age_s)
            return value
        finally:
            del self._under_way[request.target]
            sent.over.set()
