"""Keeps VALR's clock measured: at the start, now and then, whenever a local clock was set, and on suspicion.

Signatures carry VALR's time, and the limiter relies on knowing where VALR's windows begin; both live on the
estimate that is kept here. The look at the local clocks costs nothing: where the date has moved against the
monotonic clock, somebody set it, or the machine slept, and the estimate is void until the next measurement.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from typing import Final

from valr_connector.core.clock import TimestampSource
from valr_connector.errors import ValrError
from valr_connector.model.events import ClockDrifted
from valr_connector.net.event_stream import EventPublisher
from valr_connector.net.limiter import Limiter
from valr_connector.net.rest import RestClient
from valr_connector.observe import metrics as m
from valr_connector.protocol import endpoints

log = logging.getLogger(__name__)

SAMPLES: Final = 3
"""So many readings at most; one is enough where VALR is near."""
LOOK_S: Final = 1.0
"""How often the local clocks are compared."""
AGAIN_S: Final = 10.0
"""After a measurement that failed."""
LONGEST_S: Final = 5.0
"""What a correction may take: whoever was refused waits for it."""
PAUSE_S: Final = 30.0
"""A key that is refused for another reason is refused for every request."""
_NS_PER_S: Final = 1_000_000_000
_MS: Final = 1_000_000
SHORT: Final = 40 * _MS
"""A reading with such a round trip is off by half of it at most, which is not material."""
LARGEST_STEP: Final = 50 * _MS
"""Further apart than at the last measurement, the local clocks have not gone on as they went."""
MATERIAL: Final = 20 * _MS
"""A signature's time that was off by less was not refused for it."""


class ClockSync:
    """Measures VALR's clock against this machine's.

    Args:
        timestamps: whose estimate is kept.
        limiter: told after each measurement, and when none can be relied on.
        monotonic, wall: nanoseconds; the date may be set, the other never steps.
        interval: between two measurements, nanoseconds.
        drift: an estimate that moved by more is told as an event, nanoseconds.
    """

    def __init__(
        self,
        *,
        rest: RestClient,
        timestamps: TimestampSource,
        limiter: Limiter,
        publisher: EventPublisher,
        metrics: m.Metrics,
        monotonic: Callable[[], int],
        wall: Callable[[], int],
        interval: int,
        drift: int,
    ) -> None:
        self._rest = rest
        self._timestamps = timestamps
        self._limiter = limiter
        self._publisher = publisher
        self._gauge = metrics.gauge(m.CLOCK_OFFSET)
        self._monotonic = monotonic
        self._wall = wall
        self._interval = interval
        self._drift = drift
        self._told = 0
        self._due = 0
        self._apart = 0
        self._in_vain_ns: int | None = None
        self._tried_ns = 0
        self._measuring = asyncio.Lock()

    async def measure(self, *, until: int | None = None) -> None:
        """Measure now; the smallest round trip counts, of a few where the first is not short.

        Args:
            until: monotonic nanoseconds; a wait for room in VALR's limits beyond that is not begun.

        Raises:
            ValrError: VALR's clock could not be read.
        """
        self._apart = self._wall() - self._monotonic()  # before: a clock may be set meanwhile
        for _ in range(SAMPLES):
            sent = self._wall()
            answer = await self._rest.call_patiently(endpoints.server_time(), until=until)
            server = round(answer.time.timestamp() * 1_000_000) * 1_000
            received = self._wall()
            self._timestamps.offset.add(sent, received, server)
            if 0 <= received - sent <= SHORT:
                break
        self._due = self._monotonic() + self._interval
        if not self._was_set():
            self._limiter.align(self._timestamps.offset)
        self._tell()

    async def run(self) -> None:
        """Measure on schedule, and when a local clock was set, until cancelled."""
        while True:
            await self._until_it_is_time()
            async with self._measuring:
                if self._was_set():
                    self._doubt()
                await self._try_measure()

    async def _until_it_is_time(self) -> None:
        """Look again and again, until a measurement is due or a local clock was set."""
        is_time: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._look_later(is_time)
        try:
            await is_time
        finally:
            self._timer.cancel()

    def _look_later(self, is_time: asyncio.Future[None]) -> None:
        self._timer = asyncio.get_running_loop().call_later(LOOK_S, self._look, is_time)

    def _look(self, is_time: asyncio.Future[None]) -> None:
        if is_time.done():
            return  # it is being stopped
        if self._was_set() or self._monotonic() >= self._due:
            is_time.set_result(None)
        else:
            self._look_later(is_time)

    async def correct(self, used: int) -> bool:
        """VALR refused a signature: doubt the clock, and measure it.

        Args:
            used: the offset that the signature's time was made with, nanoseconds.

        Returns:
            Whether that was off so far that signing again makes sense. False too where VALR's clock cannot
            be read: the offset has no samples then. Asked again within `PAUSE_S` after it was right, it is
            taken to be right.
        """
        asked_ns = self._monotonic()
        async with self._measuring:
            if not self._is_off(used) and not self._was_in_vain_lately() and self._tried_ns <= asked_ns:
                self._doubt()
                is_read = await self._try_measure()
                self._in_vain_ns = self._monotonic() if is_read and not self._is_off(used) else None
        return self._is_off(used)

    def _doubt(self) -> None:
        """What was measured says nothing about from now on."""
        self._timestamps.offset.forget()
        self._limiter.misalign()

    async def _try_measure(self) -> bool:
        """Whether VALR's clock could be read."""
        try:
            async with asyncio.timeout(LONGEST_S):
                await self.measure(until=self._monotonic() + round(LONGEST_S * _NS_PER_S))
        except (ValrError, TimeoutError) as error:
            log.warning("VALR's clock could not be read: %s", error)
            self._due = self._monotonic() + round(AGAIN_S * _NS_PER_S)
            return False
        else:
            return True
        finally:
            self._tried_ns = self._monotonic()

    def _was_in_vain_lately(self) -> bool:
        since = self._in_vain_ns
        return since is not None and self._monotonic() - since < PAUSE_S * _NS_PER_S

    def _was_set(self) -> bool:
        return abs(self._wall() - self._monotonic() - self._apart) > LARGEST_STEP

    def _is_off(self, used: int) -> bool:
        return abs(self._timestamps.offset.offset_ns - used) > MATERIAL

    def _tell(self) -> None:
        offset, before = self._timestamps.offset.offset_ns, self._told
        self._gauge.set(offset / _NS_PER_S)
        if abs(offset - before) > self._drift:
            self._told = offset
            log.warning("VALR's clock is %+.3f s from this machine's", offset / _NS_PER_S)
            self._publisher.publish(ClockDrifted(offset / _NS_PER_S, before / _NS_PER_S))
