"""Calls at the same time, none of which outlives the failure of another."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

T = TypeVar("T")


async def together(first: Coroutine[Any, Any, T], *others: Coroutine[Any, Any, object]) -> T:
    """Wait for all of them; returns what the first one does.

    Raises:
        what the first to fail raises, as it is; the others are cancelled then.
    """
    try:
        async with asyncio.TaskGroup() as tasks:
            for other in others:
                tasks.create_task(other)
            wanted = await first
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return wanted
