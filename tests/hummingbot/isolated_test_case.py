"""What Hummingbot's conformance suite inherits from; its package leaves that module out."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import TypeVar
from unittest import IsolatedAsyncioTestCase

from hummingbot.core.web_assistant.connections.connections_factory import ConnectionsFactory

T = TypeVar("T")


class IsolatedAsyncioWrapperTestCase(IsolatedAsyncioTestCase):
    """Each test in an event loop of its own, and so with a pool of connections of its own."""

    async def asyncTearDown(self) -> None:
        await ConnectionsFactory().close()
        await super().asyncTearDown()

    def run_async_with_timeout(self, coroutine: Coroutine[object, object, T], timeout: float = 1.0) -> T:
        """What a coroutine returns within so many seconds."""
        return asyncio.get_event_loop().run_until_complete(asyncio.wait_for(coroutine, timeout))
