"""Once the gate is closed nothing passes, and who waits within it ends at once."""

from __future__ import annotations

import asyncio

import pytest

from valr_connector.errors import ClosedError, NotSentError
from valr_connector.net.gate import Gate


async def pass_after(gate: Gate, wait: asyncio.Future[None]) -> str:
    async with gate.passage():
        await wait
    return "passed"


async def waiting(gate: Gate) -> tuple[asyncio.Task[str], asyncio.Future[None]]:
    wait: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    task = asyncio.ensure_future(pass_after(gate, wait))
    await asyncio.sleep(0)
    return task, wait


async def test_an_open_gate_lets_everything_pass() -> None:
    gate = Gate()
    gate.check("accepted")
    task, wait = await waiting(gate)
    wait.set_result(None)
    assert await task == "passed"
    assert not gate.is_closed


async def test_a_closed_gate_accepts_nothing_and_lets_nothing_pass() -> None:
    gate = Gate()
    gate.close()
    assert gate.is_closed
    with pytest.raises(ClosedError, match="closing began: no order is accepted any more"):
        gate.check("accepted")
    with pytest.raises(NotSentError, match="closing began before it was sent"):
        async with gate.passage():
            raise AssertionError("nobody gets here")


async def test_closing_ends_every_wait_at_once() -> None:
    gate = Gate()
    tasks = [(await waiting(gate))[0] for _ in range(2)]
    gate.close()
    for task in tasks:
        with pytest.raises(NotSentError):
            await task


async def test_who_found_room_in_the_moment_of_closing_is_not_sent() -> None:
    gate = Gate()
    task, wait = await waiting(gate)
    wait.set_result(None)
    gate.close()
    with pytest.raises(NotSentError):
        await task


async def test_a_caller_who_gives_up_is_cancelled_closed_or_not() -> None:
    for closes in (False, True):
        gate = Gate()
        task, _ = await waiting(gate)
        task.cancel()
        if closes:
            gate.close()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_what_goes_wrong_within_is_not_taken_for_closing() -> None:
    gate = Gate()
    with pytest.raises(TimeoutError, match="another one"):
        async with gate.passage():
            raise TimeoutError("another one")
