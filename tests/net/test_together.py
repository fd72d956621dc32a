"""Calls at the same time, none of which outlives the failure of another."""

from __future__ import annotations

import asyncio

import pytest

from valr_connector.net.together import together


async def say(word: str) -> str:
    return word


async def fail() -> None:
    raise ValueError("no")


async def test_all_are_waited_for_and_the_first_says_what_comes_of_it() -> None:
    ended: list[str] = []

    async def end_later() -> None:
        await asyncio.sleep(0)
        ended.append("later")

    assert await together(say("first"), end_later()) == "first"
    assert ended == ["later"]


async def test_a_failure_is_raised_as_it_is_and_ends_the_others() -> None:
    cancelled: list[bool] = []

    async def wait() -> None:
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    with pytest.raises(ValueError, match="no"):
        await together(wait(), fail(), fail())
    assert cancelled == [True]


async def test_cancelled_it_leaves_nothing_behind() -> None:
    waiting = asyncio.create_task(together(asyncio.Event().wait(), asyncio.Event().wait()))
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert asyncio.all_tasks() == {asyncio.current_task()}
