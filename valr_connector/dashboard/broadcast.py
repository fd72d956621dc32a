"""Takes a picture now and then, and has everybody who looks get the newest, however slow he is."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import msgspec

from valr_connector.dashboard.watch import Watch

_ENCODER = msgspec.json.Encoder()


class Broadcast:
    """The newest picture as JSON. It is taken once, whoever looks; a slow viewer skips some.

    Args:
        watch: takes the pictures.
        interval_s: between two of them.
    """

    def __init__(self, watch: Watch, interval_s: float) -> None:
        self._watch = watch
        self._interval_s = interval_s
        self._newest: bytes | None = None
        self._next: asyncio.Future[None] | None = None
        self._is_over = False

    async def run(self) -> None:
        """Take pictures until cancelled, or until one cannot be taken: then none is shown any more."""
        try:
            while True:
                self.take()
                await asyncio.sleep(self._interval_s)
        except Exception:  # whatever it was, an old picture must not pass for a new one
            self._newest = None
            raise
        finally:
            self._is_over = True
            self._wake()

    def take(self) -> None:
        """Take one now."""
        self._newest = _ENCODER.encode(self._watch.take())
        self._wake()

    @property
    def newest(self) -> bytes | None:
        """None where there is none that may be shown."""
        return self._newest

    @property
    def quotes(self) -> bytes:
        """The prices in the pictures so far, by pair."""
        return _ENCODER.encode(self._watch.quotes)

    async def pictures(self) -> AsyncIterator[bytes]:
        """The newest picture, and each newer one that is there when the one before was dealt with."""
        shown = None
        while True:
            if self._newest is not None and self._newest is not shown:
                shown = self._newest
                yield shown
            elif self._is_over:
                return
            else:
                await self._turn()

    async def _turn(self) -> None:
        if self._next is None:
            self._next = asyncio.get_running_loop().create_future()
        await asyncio.shield(self._next)

    def _wake(self) -> None:
        if self._next is not None:
            self._next.set_result(None)
            self._next = None
