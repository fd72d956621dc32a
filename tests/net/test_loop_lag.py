"""How late the event loop wakes up."""

from __future__ import annotations

import asyncio
import time

from valr_connector.net.loop_lag import LoopLag
from valr_connector.observe import metrics as m


async def test_a_loop_that_is_held_up_wakes_up_late_and_that_is_noted() -> None:
    metrics = m.Metrics()
    lag = LoopLag(metrics, every_s=0.001)
    lag.start()
    time.sleep(0.02)  # noqa: ASYNC251  the very mistake that the metric is there to show
    await asyncio.sleep(0.005)
    lag.stop()
    assert metrics.latency(m.LOOP_LAG).max_ns >= 15_000_000


async def test_nothing_is_noted_once_it_stopped() -> None:
    metrics = m.Metrics()
    lag = LoopLag(metrics, every_s=0.001)
    lag.start()
    lag.stop()
    lag.stop()
    await asyncio.sleep(0.005)
    assert metrics.latency(m.LOOP_LAG).count == 0
