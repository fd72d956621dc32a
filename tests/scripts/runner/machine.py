"""The user's machine: its clock, which may step, and one process with the library after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from random import Random
from typing import Any, Final

from valr_connector import Event, Settings, ValrExchange
from valr_connector.model.enums import BookFeed, Socket
from valr_connector.net.connector import Clocks
from valr_connector.net.network import Network
from valr_connector.observe import metrics as m

START_WALL_NS: Final = 1_790_000_000_000_000_000
_NS_PER_S: Final = 1_000_000_000


class Machine:
    """Runs the library.

    Args:
        settings, pairs, journal: what a process is made with.
        network: what it reaches the exchange through.
        seed: the same seed has the same jitter.
        hear: told every event.

    Attributes:
        valr: the present process.
        events: what it has told.
    """

    valr: ValrExchange
    events: list[Event]

    def __init__(
        self,
        *,
        settings: Mapping[str, Any],
        pairs: Sequence[str],
        journal: Path | None,
        network: Network,
        seed: str,
        hear: Callable[[Event], None],
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._settings = Settings.model_validate(settings)
        self._pairs = pairs
        self._journal = journal
        self._network = network
        self._seed = seed
        self._hear = hear
        self._step_ns = 0
        self.begin()

    def begin(self) -> None:
        """A new process, not started."""
        self.events = []
        self.valr = ValrExchange(
            "0123456789abcdef" * 4,
            "fedcba9876543210" * 4,
            pairs=self._pairs,
            books=BookFeed.AGGREGATED,
            settings=self._settings,
            clocks=Clocks(lambda: monotonic_ns(self._loop), self._wall),
            network=self._network,
            rng=Random(self._seed),
            journal=self._journal,
        )
        self.valr.on(Event, self.events.append)
        self.valr.on(Event, self._hear)

    def step_clock(self, seconds: str) -> None:
        """Set the clock forward, or back."""
        self._step_ns += round(float(seconds) * _NS_PER_S)

    async def kill(self, calls: Sequence[asyncio.Task[Any]]) -> None:
        """End the process as by SIGKILL, in the middle of `calls`: nothing more is sent, written or told."""
        if self.valr._journal is not None:
            self.valr._journal.release()
        self.valr._publisher.close()
        for call in calls:
            call.cancel()
        connector = self.valr._started()
        await connector._supervisor.stop()
        await connector.rest.close()
        await asyncio.gather(*calls, return_exceptions=True)

    def errors_caught(self) -> Iterator[str]:
        """Errors that the library caught itself, in words: something of a frame or an event was lost."""
        metrics = self.valr.metrics
        counters = [(socket.value, metrics.counter(m.HANDLER_ERRORS, socket.value)) for socket in Socket]
        names = {type(event).__name__ for event in self.events}
        counters += [(name, metrics.counter(m.CALLBACK_ERRORS, name)) for name in names]
        for label, counter in counters:
            if counter.value:
                yield f"{counter.value} errors were caught in the library in handling {label}"

    def _wall(self) -> int:
        return venue_clock_ns(self._loop) + self._step_ns


def monotonic_ns(loop: asyncio.AbstractEventLoop) -> int:
    """Nanoseconds that never step."""
    return round(loop.time() * _NS_PER_S)


def venue_clock_ns(loop: asyncio.AbstractEventLoop) -> int:
    """The exchange's clock, nanoseconds since 1970."""
    return START_WALL_NS + monotonic_ns(loop)
