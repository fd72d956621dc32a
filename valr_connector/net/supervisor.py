"""Runs the connector's parts together: one task group, ended by closing or by what no part can mend."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping

from valr_connector.core.restarts import RestartPolicy, Restarts
from valr_connector.errors import ValrError
from valr_connector.model.events import PartRestarted

log = logging.getLogger(__name__)

Run = Callable[[], Awaitable[None]]


class Supervisor:
    """Keeps the parts running until `stop`.

    The parts mend what can be mended by themselves. An error of this library that escapes one of them is what
    none of them can: it stops all and is handed to `on_failure`, once. Any other error is a mistake that
    nobody foresaw: the part is started again, as `on_restart` is told; too many of them lately stop all.

    Args:
        clock: monotonic nanoseconds.
        sleep: waits for seconds.
    """

    def __init__(
        self,
        on_failure: Callable[[ValrError], None],
        on_restart: Callable[[PartRestarted], None],
        *,
        policy: RestartPolicy | None = None,
        clock: Callable[[], int] = time.monotonic_ns,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._on_failure = on_failure
        self._on_restart = on_restart
        self._policy = policy or RestartPolicy()
        self._clock = clock
        self._sleep = sleep
        self._task: asyncio.Task[None] | None = None

    def start(self, parts: Mapping[str, Run]) -> None:
        """Run the parts beside each other, each under its name."""
        self._task = asyncio.create_task(self._run(parts), name="valr_connector")

    async def stop(self) -> None:
        """Cancel the parts and wait until each has ended. Cancelled, it can be called again."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
            self._task = None  # not before: a stop that is cancelled can be called again

    async def _run(self, parts: Mapping[str, Run]) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                for name, part in parts.items():
                    tasks.create_task(self._keep_running(name, part), name=f"valr_connector: {name}")
        except BaseExceptionGroup as group:
            failure = _first_leaf(group)
            if not isinstance(failure, ValrError):
                failure = ValrError(f"a part of the connector failed: {failure!r}")
            self._on_failure(failure)

    async def _keep_running(self, name: str, run: Run) -> None:
        restarts = Restarts(self._policy)
        while True:
            try:
                await run()
            except Exception as error:  # whatever it is, a restart may mend it
                mistake = _first_leaf(error)
                if isinstance(mistake, ValrError):
                    raise
                log.exception("%s failed unexpectedly", name)
                if _is_being_stopped():
                    raise
                pause_s = restarts.next_pause_s(self._clock())
                if pause_s is None:
                    raise
                self._on_restart(PartRestarted(name, repr(mistake), len(restarts)))
                await self._sleep(pause_s)
            else:
                return


def _is_being_stopped() -> bool:
    """Whether this task was cancelled: what it raised instead must not start the part again."""
    task = asyncio.current_task()
    return task is not None and bool(task.cancelling())


def _first_leaf(error: BaseException) -> BaseException:
    """The failure that a person should see: of several the library's own, if there is one."""
    leaves = list(_leaves(error))
    return next((leaf for leaf in leaves if isinstance(leaf, ValrError)), leaves[0])


def _leaves(error: BaseException) -> list[BaseException]:
    if not isinstance(error, BaseExceptionGroup):
        return [error]
    return [leaf for each in error.exceptions for leaf in _leaves(each)]
