"""The loop with virtual time: nothing waits, everything happens in one order, and no wait is for ever."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time

import pytest

from valr_connector.verification.virtual_loop import NothingLeftError, StandstillError, run, running_loop

pytestmark = pytest.mark.usefixtures("usual_signals")

DAY_S = 86_400.0


async def _now() -> float:
    return asyncio.get_running_loop().time()


def test_time_begins_where_it_is_told_to() -> None:
    assert run(_now(), start=1_000.0) == 1_000.0


def test_a_day_passes_at_once_and_in_full() -> None:
    async def day() -> float:
        await asyncio.sleep(DAY_S)
        return await _now()

    began = time.monotonic()
    assert run(day()) == pytest.approx(DAY_S)
    assert time.monotonic() - began < 5


def test_time_outs_end_after_their_time_and_not_before() -> None:
    async def patience() -> float:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(2.5):
                await asyncio.Event().wait()
        return await _now()

    assert run(patience()) == pytest.approx(2.5)


def test_sleepers_wake_in_the_order_of_their_times() -> None:
    woken: list[float] = []

    async def sleeper(seconds: float) -> None:
        await asyncio.sleep(seconds)
        woken.append(seconds)

    async def all_of_them() -> None:
        await asyncio.gather(*(sleeper(seconds) for seconds in (3.0, 0.5, 2.0, 0.0)))

    run(all_of_them())
    assert woken == [0.0, 0.5, 2.0, 3.0]


def test_a_wait_that_nobody_can_end_is_an_error() -> None:
    async def forlorn() -> None:
        await asyncio.get_running_loop().create_future()

    with pytest.raises(NothingLeftError, match="nothing will ever happen again"):
        run(forlorn())


def test_a_loop_that_never_lets_time_pass_is_an_error() -> None:
    async def busy() -> None:
        turn = asyncio.get_running_loop().call_soon
        turn(again := lambda: turn(again))
        await asyncio.Event().wait()

    with pytest.raises(StandstillError, match=r"turns of the loop at 7\.0"):
        run(busy(), start=7.0)


def test_what_another_thread_would_do_takes_no_time() -> None:
    async def elsewhere() -> tuple[int, float]:
        found = await asyncio.get_running_loop().run_in_executor(None, max, 2, 3)
        return found, await _now()

    assert run(elsewhere(), start=7.0) == (3, 7.0)


def test_what_is_left_running_is_cancelled_and_may_tidy_up() -> None:
    tidied: list[str] = []

    async def background() -> None:
        try:
            await asyncio.sleep(DAY_S)
        finally:
            tidied.append("yes")

    async def main() -> None:
        asyncio.get_running_loop().create_task(background())
        await asyncio.sleep(0)

    run(main())
    assert tidied == ["yes"]


def test_what_a_program_raises_comes_out() -> None:
    async def broken() -> None:
        raise ValueError("on purpose")

    with pytest.raises(ValueError, match="on purpose"):
        run(broken())


_ORDER = """
import asyncio
from valr_connector.verification.virtual_loop import run

order = []

async def member(number):
    try:
        await asyncio.sleep(1000)
    finally:
        order.append(number)

async def main():
    try:
        async with asyncio.TaskGroup() as tasks:
            for number in range(50):
                tasks.create_task(member(number))
            await asyncio.sleep(1)
            raise LookupError
    except* LookupError:
        pass

run(main())
print(order)
"""


def test_a_task_group_is_cancelled_in_the_same_order_in_every_process(
    capsys: pytest.CaptureFixture[str],
) -> None:
    exec(_ORDER, {})
    here = capsys.readouterr().out
    command = [sys.executable, "-c", _ORDER]
    assert subprocess.run(command, check=True, capture_output=True, text=True).stdout == here


# --- what begins at once ---------------------------------------------------------------------------


def test_a_coroutine_that_waits_for_nothing_is_over_at_once_and_never_a_task() -> None:
    async def main() -> None:
        done: list[str] = []

        async def quick() -> None:
            done.append("quick")

        loop = running_loop()
        before = len(loop.unfinished_tasks())
        async with asyncio.TaskGroup() as tasks:
            loop.begin(quick(), tasks)
            assert done == ["quick"]
            assert len(loop.unfinished_tasks()) == before

    run(main())


def test_a_coroutine_that_waits_goes_on_beside_the_others() -> None:
    async def main() -> list[float]:
        woken: list[float] = []

        async def patient() -> None:
            for seconds in (1.0, 2.0):
                await asyncio.sleep(seconds)
                woken.append(asyncio.get_running_loop().time())

        async with asyncio.TaskGroup() as tasks:
            running_loop().begin(patient(), tasks)
        return woken

    assert run(main()) == [1.0, 3.0]


def test_a_coroutine_that_began_at_once_is_cancelled_like_any_other() -> None:
    tidied: list[str] = []

    async def patient() -> None:
        try:
            await asyncio.sleep(DAY_S)
        finally:
            tidied.append("yes")

    async def main() -> None:
        async with asyncio.TaskGroup() as tasks:
            running_loop().begin(patient(), tasks)
            await asyncio.sleep(1)
            raise LookupError("on purpose")

    with pytest.raises(ExceptionGroup, match="unhandled errors"):
        run(main())
    assert tidied == ["yes"]


# --- the loop itself -------------------------------------------------------------------------------


def test_what_a_callback_raises_ends_the_run() -> None:
    def broken() -> None:
        raise ValueError("on purpose")

    async def main() -> None:
        asyncio.get_running_loop().call_later(1.0, broken)
        await asyncio.sleep(2.0)

    with pytest.raises(ValueError, match="on purpose"):
        run(main())


def test_a_call_that_was_cancelled_is_not_made() -> None:
    made: list[str] = []

    async def main() -> None:
        call = asyncio.get_running_loop().call_later(1.0, made.append, "late")
        assert (call.when(), call.cancelled()) == (1.0, False)
        call.cancel()
        assert call.cancelled()
        await asyncio.sleep(2.0)

    run(main())
    assert made == []


def test_what_goes_wrong_where_nobody_waits_is_raised() -> None:
    async def main() -> None:
        loop = asyncio.get_running_loop()
        with pytest.raises(LookupError):
            loop.call_exception_handler({"message": "lost", "exception": LookupError("x")})
        with pytest.raises(RuntimeError, match="lost"):
            loop.call_exception_handler({"message": "lost"})

    run(main())


def test_only_a_loop_of_its_own_has_virtual_time() -> None:
    async def elsewhere() -> None:
        running_loop()

    with pytest.raises(TypeError, match="no virtual time"):
        asyncio.run(elsewhere())


def test_tasks_that_have_ended_are_forgotten_in_a_long_run() -> None:
    async def nothing() -> None:
        pass

    async def main() -> None:
        for _ in range(1_000):
            await asyncio.create_task(nothing())
        loop = running_loop()
        assert len(loop._tasks) < 200
        assert len(loop.unfinished_tasks()) == 1

    run(main())


def test_an_interruption_in_the_middle_comes_out_and_leaves_no_task() -> None:
    left: list[asyncio.Task[None]] = []

    async def struck() -> None:
        await asyncio.sleep(1)
        raise KeyboardInterrupt

    async def within(depth: int) -> None:
        async with asyncio.TaskGroup() as tasks:
            left.append(tasks.create_task(within(depth - 1) if depth else struck()))
            await asyncio.sleep(60)

    with pytest.raises(KeyboardInterrupt):
        run(within(3))
    assert all(task.done() for task in left)


def test_ctrl_c_strikes_between_two_turns_and_loses_no_call() -> None:
    """In the middle of one, whoever the next call was to wake waits for ever."""

    async def main() -> None:
        left.append(asyncio.create_task(asyncio.sleep(60)))
        running_loop().call_soon(signal.raise_signal, signal.SIGINT)
        running_loop().call_soon(called.append, "in the same turn")
        await asyncio.sleep(30)

    left: list[asyncio.Task[None]] = []
    called: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        run(main())
    assert called == ["in the same turn"]
    assert left[0].cancelled()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_second_ctrl_c_does_not_wait_for_the_turn_to_end() -> None:
    async def main() -> None:
        for _ in range(2):
            signal.raise_signal(signal.SIGINT)
        called.append("after both")

    called: list[str] = []
    with pytest.raises(KeyboardInterrupt):
        run(main())
    assert not called


def test_what_goes_wrong_by_ctrl_c_does_not_hide_it() -> None:
    async def main() -> None:
        try:
            signal.raise_signal(signal.SIGINT)
            await asyncio.sleep(30)
        finally:
            running_loop().call_soon(int, "no number")
            await asyncio.sleep(1)

    with pytest.raises(KeyboardInterrupt):
        run(main())
