"""Runs the connector's parts together: one task group, ended by closing or by what no part can mend."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence

from valr_connector.errors import ValrError

log = logging.getLogger(__name__)


class Supervisor:
    """Keeps the parts running until `stop`.

    The parts mend what can be mended by themselves. An error that escapes one of them stops all and is
    handed to `on_failure`, once.
    """

    def __init__(self, on_failure: Callable[[ValrError], None]) -> None:
        self._on_failure = on_failure
        self._task: asyncio.Task[None] | None = None

    def start(self, parts: Sequence[Callable[[], Awaitable[None]]]) -> None:
        """Run the parts beside each other."""
        self._task = asyncio.create_task(self._run(parts), name="valr_connector")

    async def stop(self) -> None:
        """Cancel the parts and wait until each has ended."""
        task, self._task = self._task, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    async def _run(self, parts: Sequence[Callable[[], Awaitable[None]]]) -> None:
        try:
            async with asyncio.TaskGroup() as tasks:
                for part in parts:
                    tasks.create_task(_as_coroutine(part))
        except BaseExceptionGroup as group:
            failure = _first_leaf(group)
            if not isinstance(failure, ValrError):
                log.exception("a part of the connector failed unexpectedly", exc_info=failure)
                failure = ValrError(f"a part of the connector failed: {failure!r}")
            self._on_failure(failure)


async def _as_coroutine(part: Callable[[], Awaitable[None]]) -> None:
    await part()


def _first_leaf(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The failure a person should see: the library's own, if there is one."""
    leaves = list(_leaves(group))
    return next((leaf for leaf in leaves if isinstance(leaf, ValrError)), leaves[0])


def _leaves(group: BaseExceptionGroup[BaseException]) -> list[BaseException]:
    found: list[BaseException] = []
    for error in group.exceptions:
        found += _leaves(error) if isinstance(error, BaseExceptionGroup) else [error]
    return found
