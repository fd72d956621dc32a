"""VALR's limits behind Hummingbot's interface.

Hummingbot's own throttler keeps a log of every call and goes through all of it for each, which at VALR's
budgets costs milliseconds a call; and it would count apart from everything else in this process.
"""

from __future__ import annotations

import time
from types import TracebackType

from hummingbot.core.api_throttler.async_throttler_base import AsyncThrottlerBase

from valr_connector.net.limiter import PROCESS_LIMITS
from valr_connector.protocol.requests import Lane

_PUBLIC = "/v1/public/"
_NS_PER_S = 1_000_000_000
LONGEST_WAIT_S = 60
"""In which VALR begins to count anew."""


class _Turn:
    """One call's turn: entering waits for room in VALR's limits."""

    def __init__(self, throttler: ValrThrottler, path: str) -> None:
        self._throttler = throttler
        self._path = path

    async def __aenter__(self) -> None:
        await self._throttler.wait(self._path)

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """A call counts whatever comes of it."""


class ValrThrottler(AsyncThrottlerBase):
    """Counts Hummingbot's own calls where everything else in this process counts its calls.

    Args:
        host: whom the calls go to, name and port.
        share: the part of VALR's limits to use.
    """

    def __init__(self, *, host: str, share: float) -> None:
        super().__init__(rate_limits=[])
        self._limiter = PROCESS_LIMITS.limiter(host=host, key="", share=share)

    def execute_task(self, limit_id: str) -> _Turn:
        """A context that is entered when the path `limit_id` may be asked for."""
        return _Turn(self, limit_id)

    async def wait(self, path: str) -> None:
        """Wait until VALR may be asked for a path once more.

        Raises:
            ThrottledError: not within `LONGEST_WAIT_S`.
        """
        lane = Lane.PUBLIC if path.startswith(_PUBLIC) else Lane.READ
        await self._limiter.acquire(lane, f"GET {path}", time.monotonic_ns() + LONGEST_WAIT_S * _NS_PER_S)
