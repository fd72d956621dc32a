"""An event loop whose time is virtual: when nothing is ready, it jumps to the next timer.

Nothing waits for real, so a day passes as fast as its events can be worked off. The order of events is the
same in every process: timers and callbacks are ordered by asyncio itself, and tasks, which asyncio keeps in
sets, hash by the order of their making instead of by their address.

There is no input from outside: a loop without anything ready and without a timer would wait for ever, and
says so instead.
"""

from __future__ import annotations

import asyncio
import itertools
import selectors
from collections.abc import Coroutine, Generator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

if TYPE_CHECKING:
    from _typeshed import FileDescriptorLike

T = TypeVar("T")

MOST_TURNS_AT_ONCE: Final = 100_000
"""After so many turns of the loop without any time passing, it never will."""


class NothingLeftError(RuntimeError):
    """Everybody waits, and nothing will ever happen again."""


class StandstillError(RuntimeError):
    """The loop is busy for ever at one moment of time."""


class _JumpingSelector(selectors.BaseSelector):
    """Instead of waiting for a file, lets the time pass."""

    def __init__(self, start: float) -> None:
        self.now = start
        self._turns = 0
        self._keys: dict[FileDescriptorLike, selectors.SelectorKey] = {}

    def register(self, fileobj: FileDescriptorLike, events: int, data: Any = None) -> selectors.SelectorKey:
        descriptor = fileobj if isinstance(fileobj, int) else fileobj.fileno()
        key = self._keys[fileobj] = selectors.SelectorKey(fileobj, descriptor, events, data)
        return key

    def unregister(self, fileobj: FileDescriptorLike) -> selectors.SelectorKey:
        return self._keys.pop(fileobj)

    def get_map(self) -> Mapping[FileDescriptorLike, selectors.SelectorKey]:
        return self._keys

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        if timeout is None:
            raise NothingLeftError("everybody waits, and nothing will ever happen again")
        if timeout > 0:
            self.now += timeout
            self._turns = 0
        elif (turns := self._turns) > MOST_TURNS_AT_ONCE:
            raise StandstillError(f"{turns} turns of the loop at {self.now:.9f} s")
        else:
            self._turns = turns + 1
        return []


class _NumberedTask(asyncio.Task[Any]):
    """A task with a place of its own in every set, the same in every process."""

    def __init__(self, number: int, coroutine: Any, **options: Any) -> None:
        self._number = number
        super().__init__(coroutine, **options)

    def __hash__(self) -> int:
        return self._number


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """See the module. `start` is its time at the beginning, seconds."""

    def __init__(self, start: float = 0.0) -> None:
        self._jumps = _JumpingSelector(start)
        super().__init__(self._jumps)
        self._task_numbers = itertools.count(1)
        self.set_task_factory(self._numbered)

    def time(self) -> float:
        """Virtual seconds."""
        return self._jumps.now

    def _numbered(
        self,
        loop: asyncio.AbstractEventLoop,
        coroutine: Coroutine[Any, Any, T] | Generator[Any, None, T],
        **options: Any,
    ) -> asyncio.Task[T]:
        return _NumberedTask(next(self._task_numbers), coroutine, loop=loop, **options)


def run(main: Coroutine[Any, Any, T], *, start: float = 0.0) -> T:
    """Run `main` on a new loop that begins at `start` seconds; what it leaves running is cancelled.

    Raises:
        NothingLeftError: `main` waits, and so does everybody else.
        StandstillError: time does not pass any more.
    """
    with _closing(VirtualTimeLoop(start)) as loop:
        return loop.run_until_complete(main)


@contextmanager
def _closing(loop: VirtualTimeLoop) -> Generator[VirtualTimeLoop, None, None]:
    try:
        yield loop
    finally:
        try:
            left = sorted(asyncio.all_tasks(loop), key=hash)
            for task in left:
                task.cancel()
            loop.run_until_complete(asyncio.gather(*left, return_exceptions=True) if left else _nothing())
            loop.run_until_complete(loop.shutdown_asyncgens())
        finally:
            loop.close()


async def _nothing() -> None:
    pass
