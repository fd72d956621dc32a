"""When this machine's clock is compared with VALR's, and what comes of it."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from tests.net.virtual_time import VirtualTime
from valr_connector.core.clock import ClockOffset
from valr_connector.errors import TransportError
from valr_connector.net.clock_keeper import LONGEST_S, PAUSE_S, SAMPLES, ClockKeeper
from valr_connector.net.rest import RestClient


class Machine:
    """A machine whose wall clock can step, and a VALR that knows the time, if it can be reached."""

    def __init__(self) -> None:
        self.time = VirtualTime()
        self.step_s = 0.0
        self.asked = 0
        self.measured: list[int] = []
        self.is_reachable = True
        self.never_answers = False
        self.keeper = ClockKeeper(
            rest=cast("RestClient", self),
            offset=ClockOffset(),
            clock=self.time.clock,
            wall=self.wall,
            on_measured=lambda offset: self.measured.append(offset.offset_ns),
        )

    def wall(self) -> int:
        return self.time.now + round(self.step_s * 1e9)

    async def call_patiently(self, _request: Any, *, until: int) -> Any:
        assert until > self.time.now
        self.asked += 1
        if not self.is_reachable:
            raise TransportError("nobody there")
        await asyncio.sleep(3600 if self.never_answers else 0)
        return SimpleNamespace(
            time=datetime.fromtimestamp(0, UTC) + timedelta(microseconds=self.time.now // 1000)
        )


async def test_the_clocks_are_compared_some_times_and_whoever_counts_by_them_is_told() -> None:
    machine = Machine()
    machine.step_s = 2.0
    await machine.keeper.measure(until=machine.time.now + 1)
    assert machine.asked == SAMPLES
    assert machine.measured == [-2_000_000_000]


async def test_after_a_refused_signature_only_what_is_measured_now_counts(
    caplog: pytest.LogCaptureFixture,
) -> None:
    machine = Machine()
    await machine.keeper.measure(until=machine.time.now + 1)
    machine.step_s = 100.0
    await machine.keeper.correct()
    assert machine.measured == [0, -100_000_000_000]
    assert "this machine's clock had gone wrong by -100.000 s" in caplog.text


async def test_refusals_that_come_together_lead_to_one_comparison() -> None:
    machine = Machine()
    await asyncio.gather(*(machine.keeper.correct() for _ in range(5)))
    assert machine.asked == SAMPLES


async def test_a_key_that_is_refused_for_ever_leads_to_a_comparison_now_and_then() -> None:
    machine = Machine()
    await machine.keeper.correct()
    machine.time.advance(PAUSE_S - 0.1)
    await machine.keeper.correct()
    assert machine.asked == SAMPLES
    machine.time.advance(0.1)
    await machine.keeper.correct()
    assert machine.asked == 2 * SAMPLES


async def test_where_valr_cannot_be_asked_the_clock_stays_as_it_was(caplog: pytest.LogCaptureFixture) -> None:
    machine = Machine()
    machine.is_reachable = False
    await machine.keeper.correct()
    assert machine.measured == []
    assert "VALR's clock could not be read: nobody there" in caplog.text


async def test_whoever_was_refused_does_not_wait_for_ever(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    assert LONGEST_S < PAUSE_S
    monkeypatch.setattr("valr_connector.net.clock_keeper.LONGEST_S", 0.01)
    machine = Machine()
    machine.never_answers = True
    await machine.keeper.correct()
    assert machine.measured == []
    assert "could not be read" in caplog.text
