"""Which event loop runs the tests that do not choose one for themselves."""

from __future__ import annotations

import asyncio
import inspect
import logging
from collections.abc import Callable, Generator, Mapping

import pytest
import uvloop

LOOPS = ("asyncio", "uvloop", "debug")
SLOW_S = 2.0
"""Beyond what a machine short of processors adds to a callback; what waits in vain waits for longer."""

Factories = Mapping[str, Callable[[], asyncio.AbstractEventLoop]]


class OnUvloop:
    """Runs the tests on uvloop."""

    def pytest_asyncio_loop_factories(self) -> Factories:
        """What pytest-asyncio asks for."""
        return {"uvloop": uvloop.new_event_loop}


class InDebugMode:
    """Runs the tests in asyncio's debug mode, and fails those of which asyncio complains.

    That is of callbacks that block the loop, of failures that nobody saw, of calls from a wrong thread.
    Coroutines that nobody awaited are warnings, and so failures anyhow.
    """

    def pytest_asyncio_loop_factories(self) -> Factories:
        """What pytest-asyncio asks for."""
        return {"asyncio in debug mode": watchful_loop}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, object, object]:
        """Listen to asyncio while a test runs that is a coroutine."""
        if not inspect.iscoroutinefunction(getattr(item, "obj", None)):
            return (yield)
        heard = Complaints()
        logger = logging.getLogger("asyncio")
        logger.addHandler(heard)
        try:
            outcome = yield
        finally:
            logger.removeHandler(heard)
        assert not heard.texts, f"asyncio complains: {heard.texts}"
        return outcome


class Complaints(logging.Handler):
    """Remembers what is logged as a warning or worse."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())


def watchful_loop() -> asyncio.AbstractEventLoop:
    """asyncio's own loop in debug mode."""
    loop = asyncio.new_event_loop()
    loop.set_debug(True)
    loop.slow_callback_duration = SLOW_S
    return loop


def choose_loop(config: pytest.Config, name: str) -> None:
    """Have this one of LOOPS run the tests."""
    if name == "uvloop":
        config.pluginmanager.register(OnUvloop())
    elif name == "debug":
        config.option.asyncio_debug = True  # else pytest-asyncio takes the mode back
        config.pluginmanager.register(InDebugMode())
