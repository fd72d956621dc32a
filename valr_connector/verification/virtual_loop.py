"""An event loop whose time is virtual: when nothing is ready, it jumps to the next timer.

Nothing waits for real, so a day passes as fast as its events can be worked off. The order of events is the
same in every process: callbacks run in the order in which they were asked for, timers by time and then in
that order, and tasks, which asyncio keeps in sets, hash by the order of their making instead of by their
address.

There is no input from outside: no files, sockets or threads, and of signals Ctrl-C alone. A loop without
anything ready and without a timer would therefore wait for ever, and says so instead. What a callback raises
ends the run, for nobody reads a log here.
"""

from __future__ import annotations

import asyncio
import itertools
import signal
import threading
from asyncio.events import _set_running_loop  # what a loop has to call, by asyncio's own documentation
from collections import deque
from collections.abc import Callable, Coroutine, Generator
from concurrent.futures import Executor
from contextlib import contextmanager, suppress
from contextvars import Context, copy_context
from heapq import heappop, heappush
from typing import Any, Final, TypeVar, TypeVarTuple, Unpack

from msgspec import Struct

T = TypeVar("T")
Ts = TypeVarTuple("Ts")

MOST_TURNS_AT_ONCE: Final = 100_000
"""After so many turns of the loop without any time passing, it never will."""


_NS_PER_S: Final = 1_000_000_000
_FEW_TASKS: Final = 64
_MOST_STRUGGLES: Final = 100


class NothingLeftError(RuntimeError):
    """Everybody waits, and nothing will ever happen again."""


class StandstillError(RuntimeError):
    """The loop is busy for ever at one moment of time."""


class _Call(Struct, eq=False):
    """Something to be called, soon or at its time; lighter than the handle of asyncio that it stands for."""

    callback: Callable[..., object]
    args: tuple[Any, ...]
    context: Context
    due: float
    is_cancelled: bool = False

    def cancel(self) -> None:
        """Do not call it."""
        self.is_cancelled = True
        self.args = ()

    def cancelled(self) -> bool:
        """Whether it will not be called."""
        return self.is_cancelled

    def when(self) -> float:
        """Virtual seconds."""
        return self.due


class _NumberedTask(asyncio.Task[Any]):
    """A task with a place of its own in every set, the same in every process."""

    number: int

    def __hash__(self) -> int:
        return self.number


class VirtualTimeLoop(asyncio.BaseEventLoop):
    """See the module.

    Args:
        start: its time at the beginning, seconds.

    Attributes:
        now_ns: its time, whole nanoseconds.
    """

    def __init__(self, start: float = 0.0) -> None:
        super().__init__()
        self._now = start
        self.now_ns = round(start * _NS_PER_S)
        self._soon: deque[_Call] = deque()
        self._timers: list[tuple[float, int, _Call]] = []
        self._timer_numbers = itertools.count()
        self._task_numbers = itertools.count(1)
        self._tasks: list[asyncio.Task[Any]] = []
        self._most_tasks = _FEW_TASKS
        self._is_stopping = False
        self._is_struck = False

    def unfinished_tasks(self) -> list[asyncio.Task[Any]]:
        """All tasks that have not ended, in the order of their making."""
        return [task for task in self._tasks if not task.done()]

    # --- what asyncio asks of a loop ---------------------------------------------------------------

    def time(self) -> float:
        """Virtual seconds."""
        return self._now

    def get_debug(self) -> bool:
        """Never: the trace tells more."""
        return False

    def call_soon(
        self, callback: Callable[[Unpack[Ts]], object], *args: *Ts, context: Context | None = None
    ) -> asyncio.Handle:
        """Call it in the next turn."""
        call = _Call(callback, args, copy_context() if context is None else context, self._now)
        self._soon.append(call)
        return call  # type: ignore[return-value]  # a handle in all but its pedigree

    def call_later(
        self,
        delay: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Call it after so many seconds."""
        return self._call_at(self._now + delay, callback, args, context)

    def call_at(
        self,
        when: float,
        callback: Callable[[Unpack[Ts]], object],
        *args: *Ts,
        context: Context | None = None,
    ) -> asyncio.TimerHandle:
        """Call it at that time; several for the same time in the order in which they were asked for."""
        return self._call_at(when, callback, args, context)

    def _call_at(
        self, when: float, callback: Callable[..., object], args: tuple[Any, ...], context: Context | None
    ) -> asyncio.TimerHandle:
        call = _Call(callback, args, copy_context() if context is None else context, when)
        heappush(self._timers, (when, next(self._timer_numbers), call))
        return call  # type: ignore[return-value]  # a handle in all but its pedigree

    def create_future(self) -> asyncio.Future[Any]:
        """A future of this loop."""
        return asyncio.Future(loop=self)

    def create_task(self, coro: Coroutine[Any, Any, T] | Generator[Any, None, T], **options: Any) -> Any:
        """A task that begins in the next turn."""
        if len(self._tasks) > self._most_tasks:
            self._tasks = self.unfinished_tasks()
            self._most_tasks = max(_FEW_TASKS, 2 * len(self._tasks))
        task = _NumberedTask.__new__(_NumberedTask)
        task.number = next(self._task_numbers)  # asyncio hashes a task while it makes it
        asyncio.Task.__init__(task, coro, loop=self, **options)
        self._tasks.append(task)
        return task

    def run_in_executor(
        self,
        executor: Executor | None,  # noqa: ARG002  nobody else does it
        func: Callable[[Unpack[Ts]], T],
        *args: *Ts,
    ) -> asyncio.Future[T]:
        """Run it here and now: what another thread does takes no virtual time."""
        future: asyncio.Future[T] = self.create_future()
        future.set_result(func(*args))
        return future

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        """Something went wrong where nobody waits for it.

        Raises:
            whatever went wrong, or a RuntimeError that says what did.
        """
        raise context.get("exception") or RuntimeError(context["message"])

    # --- running -----------------------------------------------------------------------------------

    def run_until_complete(self, future: Any) -> Any:
        """Run until a coroutine has returned; what it returns.

        Raises:
            NothingLeftError: it waits, and so does everybody else.
            StandstillError: time does not pass any more.
            KeyboardInterrupt: :meth:`strike` was called.
        """
        task = self.create_task(future)
        task.add_done_callback(self._stop)
        self._is_stopping = self._is_struck
        _set_running_loop(self)
        try:
            self._run()
        finally:
            _set_running_loop(None)
            task.remove_done_callback(self._stop)
            if task.done() and not task.cancelled():
                task.exception()  # looked at, whatever else is raised
        self.heed()
        return task.result()

    def strike(self) -> None:
        """Have what runs end with a KeyboardInterrupt between two turns; struck again before that, at once.

        In the middle of a turn it could strike between the taking of a call and the call. Whoever was to be
        woken by that would wait for ever.
        """
        self._is_stopping = True
        if self._is_struck:
            raise KeyboardInterrupt
        self._is_struck = True

    def heed(self) -> None:
        """Raise what a strike has left to be raised."""
        if self._is_struck:
            self._is_struck = False
            raise KeyboardInterrupt

    def begin(self, coroutine: Coroutine[Any, Any, None], tasks: asyncio.TaskGroup) -> None:
        """Run a coroutine now, as far as it gets; only one that waits for something becomes a task.

        Until then there is no current task, which is asked for by what ends after a time.
        """
        try:
            awaited = coroutine.send(None)
        except StopIteration:
            return
        tasks.create_task(_go_on(coroutine, awaited))

    def close(self) -> None:
        """Forget what is still to be called, and all tasks."""
        super().close()
        self._soon.clear()
        self._timers.clear()
        self._tasks.clear()

    def _stop(self, _: object) -> None:
        self._is_stopping = True

    def _run(self) -> None:
        """Turn by turn, call what is ready and what has become due by then.

        Where nothing is ready, time jumps to the next timer.
        """
        soon, timers = self._soon, self._timers
        turns = 0
        while not self._is_stopping:
            if not soon and (due := self._next_due()) > self._now:
                self._now = due
                self.now_ns = round(due * _NS_PER_S)
                turns = 0
            now = self._now
            while timers and timers[0][0] <= now:
                soon.append(heappop(timers)[2])
            turns += 1
            if turns > MOST_TURNS_AT_ONCE:
                raise StandstillError(f"{turns} turns of the loop at {now:.9f} s")
            for _ in itertools.repeat(None, len(soon)):
                call = soon.popleft()
                if not call.is_cancelled:
                    call.context.run(call.callback, *call.args)

    def _next_due(self) -> float:
        """When the next timer is due."""
        timers = self._timers
        while timers and timers[0][2].is_cancelled:
            heappop(timers)
        if not timers:
            raise NothingLeftError("everybody waits, and nothing will ever happen again")
        return timers[0][0]


def running_loop() -> VirtualTimeLoop:
    """The running event loop.

    Raises:
        TypeError: its time is not virtual.
    """
    loop = asyncio.get_running_loop()
    if not isinstance(loop, VirtualTimeLoop):
        raise TypeError(f"{loop!r} has no virtual time")
    return loop


def run(main: Coroutine[Any, Any, T], *, start: float = 0.0) -> T:
    """Run `main` on a new loop that begins at `start` seconds; what it leaves running is cancelled.

    Raises:
        NothingLeftError: `main` waits, and so does everybody else.
        StandstillError: time does not pass any more.
        KeyboardInterrupt: Ctrl-C.
    """
    with _closing(VirtualTimeLoop(start)) as loop:
        result: T = loop.run_until_complete(main)
        return result


@contextmanager
def _closing(loop: VirtualTimeLoop) -> Generator[VirtualTimeLoop, None, None]:
    with _struck_by_ctrl_c(loop):
        try:
            yield loop
        except KeyboardInterrupt:
            _cancel_regardless(loop)
            raise
        finally:
            try:
                if loop.unfinished_tasks():
                    loop.run_until_complete(_cancel_what_is_left(loop))
            finally:
                loop.close()


@contextmanager
def _struck_by_ctrl_c(loop: VirtualTimeLoop) -> Generator[None, None, None]:
    """Only where Ctrl-C would interrupt otherwise: whoever wants something else of it gets that."""
    is_main = threading.current_thread() is threading.main_thread()
    if not is_main or signal.getsignal(signal.SIGINT) is not signal.default_int_handler:
        yield
        return
    signal.signal(signal.SIGINT, lambda *_: loop.strike())
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    loop.heed()


def _cancel_regardless(loop: VirtualTimeLoop) -> None:
    """Have every task end after Ctrl-C, whatever else goes wrong by that.

    A task that was struck tells it to the groups around it, which raise it again.
    """
    for _ in range(_MOST_STRUGGLES):
        if not loop.unfinished_tasks():
            return
        with suppress(Exception, KeyboardInterrupt):
            loop.run_until_complete(_cancel_what_is_left(loop))


async def _go_on(coroutine: Coroutine[Any, Any, None], awaited: object) -> None:
    """The rest of a coroutine that waits for that."""
    await _Rest(coroutine, awaited)


class _Rest:
    def __init__(self, coroutine: Coroutine[Any, Any, None], awaited: object) -> None:
        self._coroutine = coroutine
        self._awaited = awaited

    def __await__(self) -> Generator[object, None, None]:
        awaited = self._awaited
        with suppress(StopIteration):
            while True:
                try:
                    yield awaited
                except BaseException as error:  # noqa: BLE001  whatever it is, the coroutine deals with it
                    awaited = self._coroutine.throw(error)
                else:
                    awaited = self._coroutine.send(None)


async def _cancel_what_is_left(loop: VirtualTimeLoop) -> None:
    left = [task for task in loop.unfinished_tasks() if task is not asyncio.current_task()]
    for task in left:
        task.cancel()
    await asyncio.gather(*left, return_exceptions=True)
