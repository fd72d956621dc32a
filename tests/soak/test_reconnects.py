"""A few of the reconnects that `python -m tests.soak.reconnects` makes thousands of."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator

import pytest

from tests.soak.reconnects import figures, in_virtual_time, over_real_sockets


@pytest.fixture(autouse=True)
def _memory_is_counted() -> Iterator[None]:
    tracemalloc.start()
    yield
    tracemalloc.stop()


def test_reconnects_in_virtual_time_leave_nothing_behind() -> None:
    report = in_virtual_time(10, looks_after=(1, 10))
    assert not report.violations, figures(report)


async def test_reconnects_over_real_sockets_leave_nothing_behind() -> None:
    report = await over_real_sockets(6, looks_after=(1, 6))
    assert not report.violations, figures(report)
