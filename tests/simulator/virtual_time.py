"""An event loop whose time is virtual, for sessions over loopback.

It waits a moment for the network and skips the rest, so that a session takes the same (virtual) time on any
machine, however busy.
"""

from __future__ import annotations

import asyncio
import functools
import selectors
from collections.abc import Callable, Coroutine
from typing import Any, ParamSpec

_NETWORK_S = 0.002
_Arguments = ParamSpec("_Arguments")


class JumpingSelector(selectors.DefaultSelector):
    """Waits a moment for the network, and skips the rest of the time."""

    def __init__(self) -> None:
        super().__init__()
        self.skipped_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        events = super().select(0 if timeout == 0 else _NETWORK_S)
        if not events and timeout is not None:
            self.skipped_s += max(timeout, 0)
        return events


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Its time is what it has skipped."""

    def __init__(self) -> None:
        self.jumps = JumpingSelector()
        super().__init__(self.jumps)

    def time(self) -> float:
        return self.jumps.skipped_s


def seconds_of(session: Coroutine[Any, Any, None]) -> float:
    """Loop time that a session takes."""
    with asyncio.Runner(loop_factory=VirtualTimeLoop) as runner:
        runner.run(session)
        return runner.get_loop().time()


def in_virtual_time(
    test: Callable[_Arguments, Coroutine[Any, Any, None]],
) -> Callable[_Arguments, None]:
    """Run a test on a loop of its own whose time is virtual."""

    @functools.wraps(test)
    def run(*arguments: _Arguments.args, **named: _Arguments.kwargs) -> None:
        seconds_of(test(*arguments, **named))

    return run
