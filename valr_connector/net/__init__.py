"""The only asyncio: sockets, HTTP, timers and tasks around the core."""
