"""The parts run together, and end together: when asked to, or when one of them cannot go on."""

from __future__ import annotations

import asyncio
import logging

import pytest

from valr_connector.errors import AuthenticationError, PermissionDeniedError, ValrError
from valr_connector.net.supervisor import Supervisor


class Part:
    """Runs until it is cancelled, or until it is told to fail."""

    def __init__(self) -> None:
        self.is_running = False
        self.failure: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        self.is_running = True
        try:
            await self.failure
        finally:
            self.is_running = False


class Stage:
    """A supervisor with two parts."""

    def __init__(self) -> None:
        self.failures: list[ValrError] = []
        self.parts = [Part(), Part()]
        self.supervisor = Supervisor(self.failures.append)

    async def begin(self) -> None:
        self.supervisor.start([part.run for part in self.parts])
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


async def test_an_unforeseen_error_is_logged_with_its_trace_and_handed_over_in_words(
    caplog: pytest.LogCaptureFixture,
) -> None:
    stage = Stage()
    await stage.begin()
    stage.parts[1].failure.set_exception(KeyError("oops"))
    await turn()
    (failure,) = stage.failures
    assert type(failure) is ValrError
    assert str(failure) == "a part of the connector failed: KeyError('oops')"
    (record,) = caplog.records
    assert record.levelno == logging.ERROR
    assert record.exc_info is not None
    assert isinstance(record.exc_info[1], KeyError)
    await stage.supervisor.stop()


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

    stage.supervisor.start([stubborn, stage.parts[0].run])
    await turn()
    await stage.supervisor.stop()
    assert failed.is_set()
    assert [str(failure) for failure in stage.failures] == ["while closing"]
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_stopping_waits_until_every_part_has_cleaned_up() -> None:
    supervisor = Supervisor(lambda _: None)
    steps: list[str] = []

    async def tidy() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await turn()
            steps.append("tidied")

    supervisor.start([tidy])
    await turn()
    await supervisor.stop()
    steps.append("stopped")
    assert steps == ["tidied", "stopped"]
