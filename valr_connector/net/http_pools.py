"""Pools of connections to VALR, one in use and those that it replaced.

When the network has failed, a pooled connection can be dead without a word, and would show it by a time-out
only. So the pool is replaced: by whoever knows of the failure, and after a request that waited in vain for
long.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from valr_connector.net.http_exchange import Failure, HttpExchange, Limits, Reply

LONG_NS: Final = 900_000_000
"""A request that failed after this waited in vain."""
_GIVEN_UP: Final = Failure("given up: the network has failed since", may_have_left=True)


@dataclass(slots=True, eq=False)
class _Pool:
    """Connections that are replaced together.

    Attributes:
        requests: how many are under way.
        waits: those of them that can be ended and sent again elsewhere, oldest first.
    """

    session: HttpExchange
    requests: int = 0
    waits: list[_Wait] = field(default_factory=list)


class _Wait:
    """A task's wait for an answer, which somebody else can end; lighter than a time-out that has no time."""

    __slots__ = ("_cancels_before", "_is_given_up", "_task")

    def __init__(self, task: asyncio.Task[object]) -> None:
        self._task = task
        self._cancels_before = task.cancelling()
        self._is_given_up = False

    def give_up(self) -> None:
        """End it."""
        self._is_given_up = True
        self._task.cancel()

    def is_over(self) -> bool:
        """Called once, at its end: whether nothing but `give_up` has cancelled its task, which goes on."""
        return self._is_given_up and self._task.uncancel() <= self._cancels_before


class HttpPools:
    """Sends requests over the pool in use, opened with the first one.

    Args:
        open_session: makes a pool.
        clock: monotonic nanoseconds.
    """

    def __init__(self, open_session: Callable[[], HttpExchange], clock: Callable[[], int]) -> None:
        self._open_session = open_session
        self._clock = clock
        self._pool: _Pool | None = None
        self._replaced: list[_Pool] = []

    async def exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | None,
        limits: Limits,
        *,
        may_give_up: bool,
    ) -> Reply | Failure:
        """As `HttpExchange.exchange`; `may_give_up` where nothing is lost by sending the request again."""
        if self._pool is None:
            self._pool = _Pool(self._open_session())
        pool, wait, began = self._pool, _Wait(_this_task()), self._clock()
        pool.requests += 1
        if may_give_up:
            pool.waits.append(wait)
        try:
            outcome = await pool.session.exchange(method, url, headers, body, limits)
            wait.is_over()
        except asyncio.CancelledError:
            if not wait.is_over():
                raise
            outcome = _GIVEN_UP
        finally:
            if wait in pool.waits:
                pool.waits.remove(wait)
            pool.requests -= 1
            if self._replaced:
                await self._close_unused()
        waited_long = self._clock() - began >= LONG_NS
        if isinstance(outcome, Failure) and waited_long and pool is self._pool:
            await self._replace()
        return outcome

    async def renew(self) -> None:
        """The network has failed: use fresh connections, and give up the requests that may be given up.

        Others that are under way end on their own connections.
        """
        await self._replace()
        for pool in self._replaced:
            for wait in pool.waits:
                wait.give_up()
            pool.waits = []  # each is ended once

    async def close(self) -> None:
        """Close all connections, those in use too."""
        await self._replace()
        for pool in tuple(self._replaced):
            await self._close(pool)

    async def _replace(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            self._replaced.append(pool)
            await self._close_unused()

    async def _close_unused(self) -> None:
        for pool in tuple(self._replaced):
            if not pool.requests:
                await self._close(pool)

    async def _close(self, pool: _Pool) -> None:
        """Forget a pool only when it is closed: whoever does it can be cancelled, and others do it then."""
        await pool.session.close()
        if pool in self._replaced:
            self._replaced.remove(pool)


def _this_task() -> asyncio.Task[object]:
    task = asyncio.current_task()
    if task is None:
        raise RuntimeError("a request is sent from within a task")
    return task
