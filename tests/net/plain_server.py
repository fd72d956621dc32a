"""A server that says the same to everybody at once, and listens to nobody."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator


@contextlib.asynccontextmanager
async def plain_server(greeting: bytes) -> AsyncIterator[int]:
    """Gives its port. Nothing in it is awaited, so that no end comes between accepting and remembering."""
    loop = asyncio.get_running_loop()
    with socket.create_server(("127.0.0.1", 0)) as listener, contextlib.ExitStack() as accepted:
        listener.setblocking(False)

        def greet() -> None:
            with contextlib.suppress(BlockingIOError, ConnectionError):
                connection = accepted.enter_context(listener.accept()[0])
                connection.sendall(greeting)

        loop.add_reader(listener, greet)
        try:
            yield int(listener.getsockname()[1])
        finally:
            loop.remove_reader(listener)
