"""Compares this machine's clock with VALR's: at the start, and after a refused signature (protocol 20)."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from valr_connector.core.clock import ClockOffset
from valr_connector.core.guards import SECOND
from valr_connector.errors import ValrError
from valr_connector.net.rest import RestClient
from valr_connector.protocol import endpoints

log = logging.getLogger(__name__)

SAMPLES: Final = 3
LONGEST_S: Final = 5.0
"""What a comparison may take: whoever was refused waits for it."""
PAUSE_S: Final = 30.0
"""Between two corrections: a key that is refused for another reason is refused for every request."""


class ClockKeeper:
    """Keeps the offset between the two clocks.

    A clock that steps while the connector runs makes every signature wrong, and so every request and dial
    fail; the first refusal has it looked at again.

    Args:
        rest: asks VALR for the time; such a request needs no signature.
        offset: is kept.
        clock: monotonic nanoseconds.
        wall: nanoseconds; what is compared with VALR's clock.
        on_measured: told after each comparison.
    """

    def __init__(
        self,
        *,
        rest: RestClient,
        offset: ClockOffset,
        clock: Callable[[], int],
        wall: Callable[[], int],
        on_measured: Callable[[ClockOffset], object],
    ) -> None:
        self._rest = rest
        self._offset = offset
        self._clock = clock
        self._wall = wall
        self._on_measured = on_measured
        self._corrected_at: int | None = None
        self._measuring = asyncio.Lock()

    async def measure(self, until: int) -> None:
        """Compare the clocks, by `until` of the monotonic clock.

        Raises:
            ValrError: VALR could not be asked.
        """
        for _ in range(SAMPLES):
            sent = self._wall()
            answer = await self._rest.call_patiently(endpoints.server_time(), until=until)
            server = round(answer.time.timestamp() * 1_000_000) * 1_000
            self._offset.add(sent, self._wall(), server)
        self._on_measured(self._offset)

    async def correct(self) -> None:
        """A signature was refused: compare the clocks anew, unless that was done lately. Never fails."""
        async with self._measuring:
            now = self._clock()
            if self._corrected_at is not None and now - self._corrected_at < PAUSE_S * SECOND:
                return
            self._corrected_at = now
            before = self._offset.offset_ns
            self._offset.forget()
            try:
                async with asyncio.timeout(LONGEST_S):
                    await self.measure(now + round(LONGEST_S * SECOND))
            except (ValrError, TimeoutError) as error:
                log.warning("a signature was refused, and VALR's clock could not be read: %s", error)
                return
            change_s = (self._offset.offset_ns - before) / SECOND
            log.warning("a signature was refused; this machine's clock had gone wrong by %.3f s", change_s)
