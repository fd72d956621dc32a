"""Ctrl-C and SIGTERM as a wish to stop, not as an interruption of whatever runs."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def stop_on_signals() -> Iterator[asyncio.Event]:
    """An event that the signals set while the context lasts. To be used inside a running loop.

    A loop that knows no signal handlers (Windows) leaves Ctrl-C an interruption.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    taken: list[signal.Signals] = []
    try:
        for number in _SIGNALS:
            loop.add_signal_handler(number, stop.set)
            taken.append(number)
    except NotImplementedError:
        pass
    try:
        yield stop
    finally:
        for number in taken:
            loop.remove_signal_handler(number)


async def stopped_within(stop: asyncio.Event, seconds: float | None) -> bool:
    """Wait for the event, at most so long where a time is given. Whether it is set."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return False
    return True
