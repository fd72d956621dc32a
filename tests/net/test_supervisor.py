"""The parts run together, and end together: when asked to, or when one of them cannot go on."""

from __future__ import annotations

import asyncio
import logging

import pytest

from tests.net.virtual_time import VirtualTime
from valr_connector.core.restarts import RestartPolicy
from valr_connector.errors import AuthenticationError, PermissionDeniedError, ValrError
from valr_connector.model.events import PartRestarted
from valr_connector.net.supervisor import Supervisor


class Part:
    """Runs until it is cancelled, or until it is told to fail."""

    def __init__(self) -> None:
        self.is_running = False
        self.runs = 0
        self.failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def fail(self, error: BaseException) -> None:
        """Have it fail with this error, and let everything run."""
        failure, self.failure = self.failure, asyncio.get_running_loop().create_future()
        failure.set_exception(error)
        await turn()

    async def run(self) -> None:
        self.is_running = True
        self.runs += 1
        try:
            await self.failure
        finally:
            self.is_running = False


class Stage:
    """A supervisor with two parts, whose pauses take no time."""

    def __init__(self) -> None:
        self.failures: list[ValrError] = []
        self.restarts: list[PartRestarted] = []
        self.parts = [Part(), Part()]
        self.time = VirtualTime()
        self.supervisor = Supervisor(
            self.failures.append,
            self.restarts.append,
            policy=RestartPolicy(most=3, within_s=60.0, pause_s=0.1),
            clock=self.time.clock,
            sleep=self.time.pass_at_once,
        )

    async def begin(self) -> None:
        self.supervisor.start({"first": self.parts[0].run, "second": self.parts[1].run})
        await turn()

    def running(self) -> list[bool]:
        return [part.is_running for part in self.parts]


async def turn() -> None:
    """Let everything that can run, run."""
    for _ in range(5):
        await asyncio.sleep(0)


async def test_all_parts_run_until_it_is_stopped() -> None:
    stage = Stage()
    await stage.begin()
    assert stage.running() == [True, True]
    await stage.supervisor.stop()
    assert (stage.running(), stage.failures) == ([False, False], [])
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_stopping_before_starting_and_stopping_twice_do_nothing() -> None:
    stage = Stage()
    await stage.supervisor.stop()
    await stage.begin()
    await stage.supervisor.stop()
    await stage.supervisor.stop()
    assert stage.failures == []


async def test_the_librarys_own_error_stops_all_and_is_handed_over_as_it_is() -> None:
    stage = Stage()
    await stage.begin()
    error = AuthenticationError("revoked")
    stage.parts[0].failure.set_exception(error)
    await turn()
    assert (stage.running(), stage.failures) == ([False, False], [error])
    await stage.supervisor.stop()


async def test_an_unforeseen_error_restarts_its_part_alone_and_is_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = Stage()
    await stage.begin()
    await stage.parts[1].fail(KeyError("oops"))
    assert (stage.running(), stage.failures) == ([True, True], [])
    assert [part.runs for part in stage.parts] == [1, 2]
    assert stage.restarts == [PartRestarted("second", "KeyError('oops')", 1)]
    assert stage.time.slept == [0.1]
    (record,) = caplog.records
    assert (record.levelno, record.getMessage()) == (logging.ERROR, "second failed unexpectedly")
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], KeyError)
    await stage.supervisor.stop()


async def test_unforeseen_errors_again_and_again_stop_all_and_are_handed_over_in_words() -> None:
    stage = Stage()
    await stage.begin()
    for _ in range(4):
        await stage.parts[1].fail(KeyError("oops"))
    assert stage.running() == [False, False]
    (failure,) = stage.failures
    assert type(failure) is ValrError
    assert failure.message == "a part of the connector failed: KeyError('oops')"
    assert [event.restarts for event in stage.restarts] == [1, 2, 3]
    assert stage.time.slept == [0.1, 0.2, 0.4]
    await stage.supervisor.stop()


async def test_errors_far_apart_never_add_up() -> None:
    stage = Stage()
    await stage.begin()
    for _ in range(9):
        await stage.parts[0].fail(RuntimeError("now and then"))
        stage.time.advance(61.0)
    assert (stage.running(), stage.failures) == ([True, True], [])
    await stage.supervisor.stop()


async def test_an_unforeseen_error_among_a_parts_own_tasks_is_named_by_itself() -> None:
    stage = Stage()
    await stage.begin()
    await stage.parts[0].fail(ExceptionGroup("tasks", [ZeroDivisionError("division by zero")]))
    assert [event.cause for event in stage.restarts] == ["ZeroDivisionError('division by zero')"]
    await stage.supervisor.stop()


async def test_a_part_that_has_done_its_work_is_not_started_again() -> None:
    stage = Stage()
    await stage.begin()
    stage.parts[0].failure.set_result(None)
    await turn()
    assert (stage.running(), stage.parts[0].runs, stage.failures) == ([False, True], 1, [])
    await stage.supervisor.stop()


async def test_it_can_be_stopped_while_a_part_waits_for_its_restart() -> None:
    stage = Stage()
    stage.supervisor._sleep = stage.time.sleep
    await stage.begin()
    await stage.parts[0].fail(RuntimeError("once"))
    assert stage.running() == [False, True]
    await stage.supervisor.stop()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_of_several_errors_the_librarys_own_is_the_one_to_tell() -> None:
    stage = Stage()
    await stage.begin()
    error = PermissionDeniedError("no trade")
    nested = ExceptionGroup("inner", [RuntimeError("first"), ExceptionGroup("innermost", [error])])
    stage.parts[0].failure.set_exception(nested)
    stage.parts[1].failure.set_exception(KeyError("second"))
    await turn()
    assert stage.failures == [error]
    await stage.supervisor.stop()


async def test_a_part_that_fails_while_it_is_stopped_does_not_keep_the_others_from_ending() -> None:
    stage = Stage()
    failed = asyncio.Event()

    async def stubborn() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            failed.set()
            raise ValrError("while closing")

    stage.supervisor.start({"stubborn": stubborn, "other": stage.parts[0].run})
    await turn()
    await stage.supervisor.stop()
    assert failed.is_set()
    assert [failure.message for failure in stage.failures] == ["while closing"]
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_part_that_fails_unforeseen_while_it_is_stopped_is_not_started_again() -> None:
    stage, starts = Stage(), []

    async def clumsy() -> None:
        starts.append(stage.time.now)
        try:
            await asyncio.Event().wait()
        finally:
            raise RuntimeError("the handler is closed")

    stage.supervisor.start({"clumsy": clumsy})
    await turn()
    await asyncio.wait_for(stage.supervisor.stop(), 1)
    assert (len(starts), stage.restarts) == (1, [])
    assert [failure.message for failure in stage.failures] == [
        "a part of the connector failed: RuntimeError('the handler is closed')"
    ]


async def test_stopping_waits_until_every_part_has_cleaned_up() -> None:
    supervisor = Supervisor(lambda _: None, lambda _: None)
    steps: list[str] = []

    async def tidy() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await turn()
            steps.append("tidied")

    supervisor.start({"tidy": tidy})
    await turn()
    await supervisor.stop()
    steps.append("stopped")
    assert steps == ["tidied", "stopped"]
