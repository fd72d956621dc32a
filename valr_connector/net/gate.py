"""What may go out only until closing begins: placements and modifies, those that wait for room included."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final

from valr_connector.errors import ClosedError, NotSentError

CLOSING: Final = "closing began"

Passage = Callable[[], AbstractAsyncContextManager[None]]
"""Stands around a wait that comes before sending, and raises NotSentError where nothing may be sent."""


class Gate:
    """Open until it is closed, once and for all."""

    def __init__(self) -> None:
        self._is_closed = False
        self._waiting: set[asyncio.Timeout] = set()

    @property
    def is_closed(self) -> bool:
        """Whether closing began."""
        return self._is_closed

    def close(self) -> None:
        """Let nothing through any more; whoever waits within `passage` is not sent."""
        self._is_closed = True
        for wait in self._waiting:
            wait.reschedule(asyncio.get_running_loop().time())

    def check(self, what: str) -> None:
        """Raises ClosedError once closing began: nothing new is accepted. `what` is refused, in words."""
        if self._is_closed:
            raise ClosedError(f"{CLOSING}: no order is {what} any more")

    @asynccontextmanager
    async def passage(self) -> AsyncIterator[None]:
        """Stands around a wait that comes right before sending.

        Raises:
            NotSentError: closing began before the wait was over.
        """
        self._refuse_if_closed()
        try:
            async with asyncio.timeout(None) as wait:
                self._waiting.add(wait)
                try:
                    yield
                finally:
                    self._waiting.discard(wait)
        except TimeoutError:
            if not self._is_closed:
                raise
        self._refuse_if_closed()

    def _refuse_if_closed(self) -> None:
        if self._is_closed:
            raise NotSentError(f"{CLOSING} before it was sent")
