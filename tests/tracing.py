"""Which code runs under the tracer of the coverage: what is imported, and the tests that are not `untraced`.

Under it everything takes up to twice as long, pytest's own work too. So it is off in between, and of the
processes of pytest-xdist, which all import the same, only the first one imports under it.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from _typeshed import TraceFunction

UNTRACED = "untraced"
"""A mark, not pytest-cov's `no_cover`: that one resumes another tracer in the processes of pytest-xdist."""


def is_untraced(item: pytest.Item) -> bool:
    """Whether it adds nothing to the coverage."""
    return item.get_closest_marker(UNTRACED) is not None


class Tracing:
    """A plugin: puts the tracer that pytest-cov has started aside, and gives it to traced tests.

    What fixtures do after a test is not traced.
    """

    def __init__(self) -> None:
        self._tracer: TraceFunction | None = None
        self._is_wanted = False

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        if session.config.getoption("numprocesses", default=None):  # others run the tests
            sys.settrace(None)
            threading.settrace(None)

    @pytest.hookimpl(wrapper=True)
    def pytest_collection(self) -> Generator[None, object, object]:
        self._tracer = _without_lock(sys.gettrace())
        if not _imports_for_all():
            sys.settrace(None)
        result = yield
        sys.settrace(None)
        return result

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        self._is_wanted = not is_untraced(item)
        return (yield)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_fixture_setup(self) -> Generator[None, object, object]:
        with self._traced():
            return (yield)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_pyfunc_call(self) -> Generator[None, object, object]:
        with self._traced():
            return (yield)

    @contextmanager
    def _traced(self) -> Iterator[None]:
        before = sys.gettrace()
        sys.settrace(self._tracer if self._is_wanted else None)
        try:
            yield
        finally:
            sys.settrace(before)


def _without_lock(tracer: Any) -> Any:
    """Spare each call of traced code a lock: what it guards, one step into a dictionary, is one anyway."""
    if hasattr(tracer, "lock_data"):
        tracer.lock_data = tracer.unlock_data = bool
    return tracer


def _imports_for_all() -> bool:
    return os.environ.get("PYTEST_XDIST_WORKER", "gw0") == "gw0"
