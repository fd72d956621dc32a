"""Reads that many may ask for: each is sent once, and its answer kept for as long as VALR would repeat it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any, TypeVar

from valr_connector.core.answer_cache import AnswerCache
from valr_connector.errors import ValrError
from valr_connector.net.rest import RestClient
from valr_connector.protocol.market_requests import max_age_s
from valr_connector.protocol.requests import Request

T = TypeVar("T")


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
    """

    def __init__(self, rest: RestClient, *, clock: Callable[[], int]) -> None:
        self._rest = rest
        self._clock = clock
        self._cache = AnswerCache()
        self._under_way: dict[str, _UnderWay] = {}

    async def call(self, request: Request[T]) -> T:
        """The answer: one that is kept, one that somebody else is waiting for already, or a new one.

        Raises as `RestClient.call` does; whoever waited for the same request gets the same error.
        """
        while True:
            kept = self._cache.find(request.target, self._clock())
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
            self._cache.keep(
                request.target, value, asked_at=asked_at, max_age_s=max_age_s(request), age_s=age_s
            )
            return value
        finally:
            del self._under_way[request.target]
            sent.over.set()
