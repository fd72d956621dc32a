"""One timer for many times: it rings at the earliest, once, and not after it was stopped."""

from __future__ import annotations

import asyncio

from valr_connector.net.alarm import Alarm
from valr_connector.verification.virtual_loop import run, running_loop

SECOND = 1_000_000_000


def rung(*dues_s: float, stopped_at_s: float | None = None) -> list[float]:
    """When an alarm rings that is set to these times at once, milliseconds exact."""
    times: list[float] = []

    async def main() -> None:
        loop = running_loop()
        alarm = Alarm(lambda: times.append(round(loop.time(), 3)))
        for due_s in dues_s:
            alarm.ring_by(round(due_s * SECOND), loop.now_ns)
        if stopped_at_s is not None:
            await asyncio.sleep(stopped_at_s)
            alarm.stop()
            alarm.stop()
        await asyncio.sleep(10)

    run(main())
    return times


def test_an_alarm_rings_once_at_the_earliest_of_its_times() -> None:
    assert rung(2.0) == [2.0]
    assert rung(3.0, 1.0, 2.0) == [1.0]


def test_what_is_due_already_rings_at_once() -> None:
    assert rung(-5.0) == [0.0]


def test_an_alarm_that_was_stopped_does_not_ring() -> None:
    assert rung(2.0, stopped_at_s=1.0) == []


def test_an_alarm_can_be_set_again_when_it_has_rung() -> None:
    times: list[float] = []

    async def main() -> None:
        loop = running_loop()

        def ring() -> None:
            times.append(round(loop.time(), 3))
            if len(times) < 3:
                alarm.ring_by(loop.now_ns + SECOND, loop.now_ns)

        alarm = Alarm(ring)
        alarm.ring_by(SECOND, loop.now_ns)
        await asyncio.sleep(10)

    run(main())
    assert times == [1.0, 2.0, 3.0]
