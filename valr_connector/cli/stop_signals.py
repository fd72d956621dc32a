"""Ctrl-C, SIGTERM and the end of the terminal: an interruption of whatever runs, or a wish to stop."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager


def _signals() -> list[signal.Signals]:
    """SIGHUP among them, unless `nohup` has this process outlive its terminal, or the system knows none."""
    found = [signal.SIGINT, signal.SIGTERM]
    hang_up: signal.Signals | None = getattr(signal, "SIGHUP", None)
    if hang_up is not None and signal.getsignal(hang_up) is not signal.SIG_IGN:
        found.append(hang_up)
    return found


@contextmanager
def interrupted_by_signals() -> Iterator[None]:
    """All interrupt as Ctrl-C does, and things are put back; afterwards each of them ends the process."""
    signals = _signals()
    for number in signals:
        signal.signal(number, lambda *_: signal.raise_signal(signal.SIGINT))
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a script's shell has its jobs ignore it
    try:
        yield
    finally:
        for number in signals:
            signal.signal(number, signal.SIG_DFL)


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Any of the signals ends the process at once: for what has nothing to put back."""
    before = {number: signal.signal(number, signal.SIG_DFL) for number in _signals()}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def stop_on_signals() -> Iterator[asyncio.Event]:
    """An event that the signals set while the context lasts. To be used inside a running loop.

    Afterwards they are what they were before: an interruption of the closing. A loop that knows no signal
    handlers (Windows) leaves Ctrl-C an interruption.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    before = {number: signal.getsignal(number) for number in _signals()}
    taken: list[signal.Signals] = []
    try:
        for number in before:
            loop.add_signal_handler(number, stop.set)
            taken.append(number)
    except NotImplementedError:
        pass
    try:
        yield stop
    finally:
        for number in taken:
            loop.remove_signal_handler(number)
            signal.signal(number, before[number])


async def stopped_beside(
    reading: Coroutine[object, object, object], stop: asyncio.Event, seconds: float | None
) -> None:
    """Wait as `stopped_within` does, while something reads events; what ends those for good is raised."""
    async with asyncio.TaskGroup() as tasks:
        task = tasks.create_task(reading)
        await stopped_within(stop, seconds)
        task.cancel()


async def stopped_within(stop: asyncio.Event, seconds: float | None) -> bool:
    """Wait for the event, at most so long where a time is given. Whether it is set."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return False
    return True
