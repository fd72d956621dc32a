"""Keeps one `ValrExchange` running for as long as Hummingbot wants the network.

Lost connections are the `ValrExchange`'s own business. Only what stops it for good, or keeps it from
starting, comes here; then another one takes over all orders that Hummingbot shows.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable

from valr_connector.config import Settings
from valr_connector.core.order_record import OrderRecord
from valr_connector.errors import NotReadyError, ValrError
from valr_connector.exchange import ValrExchange
from valr_connector.model.events import Event, ReadinessChanged

log = logging.getLogger(__name__)

_PAUSE_S = 5.0
"""Between a failure and the next start; VALR refuses who asks too often."""


class LastFrame:
    """A frame tap that knows when VALR last said anything.

    Attributes:
        at: seconds since 1970; 0 before the first frame.
    """

    def __init__(self) -> None:
        self.at = 0.0

    def frame_in(self, raw: bytes) -> None:  # noqa: ARG002  that it came is all that counts
        """VALR said something."""
        self.at = time.time()

    def frame_out(self, raw: bytes) -> None:
        """What we say does not count."""


class AccountConnection:
    """The account at VALR, while the network is started.

    Args:
        credentials: key and secret, passed on as they are.
        settings: what the `ValrExchange` runs by; closing must leave the orders, for Hummingbot cancels them.
        restored: the orders to take over, asked for at each start.
        tell: told every event.
        sleep: waits for seconds.
    """

    def __init__(
        self,
        *,
        credentials: tuple[str, str],
        settings: Settings,
        restored: Callable[[], Awaitable[Iterable[OrderRecord]]],
        tell: Callable[[Event], None],
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._credentials = credentials
        self._settings = settings
        self._restored = restored
        self._tell = tell
        self._sleep = sleep
        self._valr: ValrExchange | None = None
        self._is_up = False
        self.last_frame = LastFrame()

    @property
    def is_up(self) -> bool:
        """Whether commands can be sent: the start is over, and no failure ended what it started."""
        return self._is_up

    @property
    def is_ready(self) -> bool:
        """Whether everything needed to trade is in place."""
        return self._is_up and self._valr is not None and self._valr.ready

    @property
    def valr(self) -> ValrExchange:
        """The exchange in use; between two, the one before, which still knows its orders and takes none.

        Raises:
            NotReadyError: there was none yet; nothing was sent.
        """
        if self._valr is None:
            raise NotReadyError("not connected to VALR yet")
        return self._valr

    async def run(self) -> None:
        """Stay connected until cancelled."""
        while True:
            try:
                await self._run_once()
            except ValrError as error:
                log.error("VALR: %s; trying again in %.0f s", error, _PAUSE_S)  # noqa: TRY400  it says it all
            except Exception:  # whatever it was, the orders are still out there
                log.exception("the connection to VALR failed; trying again in %.0f s", _PAUSE_S)
            await self._sleep(_PAUSE_S)

    async def _run_once(self) -> None:
        key, secret = self._credentials
        valr = ValrExchange(key, secret, pairs=[], settings=self._settings, tap=self.last_frame)
        valr.restore(await self._restored())
        self._valr = valr
        valr.on(Event, self._tell)
        readiness = valr.events(ReadinessChanged)
        try:
            await valr.start()
            self._is_up = True
            async for change in readiness:  # ends with the failure that ends the exchange
                log.info("VALR is %s", "ready" if change.ready else f"not ready: {', '.join(change.missing)}")
        finally:
            self._is_up = False
            await valr.close()
