"""The recorder's files hold what was told, exactly, and what happened while nobody listened."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from itertools import pairwise
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from examples.recorder import CANDLE, LEVEL, Recorder, Table
from tests.net.trading import Desk, in_virtual_time, trading
from valr_connector.simulator.faults import of_type

PAIR = "BTC-ZAR"
MINUTE_S = 60


def rows(directory: Path, kind: str) -> list[dict[str, Any]]:
    return [row for path in directory.glob(f"{kind}-*.parquet") for row in pq.read_table(path).to_pylist()]


def recorder(desk: Desk, into: Path) -> Recorder:
    tables = Table(into, "candles", CANDLE), Table(into, "levels", LEVEL)
    return Recorder(desk.valr, *tables, sample_s=0.001)


async def test_levels_are_recorded_to_the_last_digit_and_only_when_they_change(tmp_path: Path) -> None:
    async with trading(pairs=[PAIR]) as desk:
        recorded = recorder(desk, tmp_path)
        recording = asyncio.create_task(recorded.run())
        await desk.sell("2000000", "0.01000001")
        await desk.until(lambda: recorded.levels.rows)
        await asyncio.sleep(0.01)
        recording.cancel()
        await asyncio.wait([recording])

    (row,) = rows(tmp_path, "levels")
    assert (row["side"], row["level"], row["price"]) == ("ask", 0, Decimal(2000000))
    assert row["amount"] == Decimal("0.01000001")


@in_virtual_time
async def test_candles_that_were_missed_are_asked_for_when_the_next_one_closes() -> None:
    async with trading(pairs=[PAIR]) as desk:
        recorded = recorder(desk, Path())
        following = asyncio.create_task(recorded.follow_candles())
        for minute in range(6):
            desk.rival("sell", "0.001", "1000000")
            await desk.buy("1000000", "0.001")
            if minute == 2:
                desk.exchange.faults.drop_frame(of_type("NEW_TRADE_BUCKET"), count=2)
            await asyncio.sleep(MINUTE_S)
        following.cancel()
        await asyncio.wait([following])

    starts = [row["start"].timestamp() for row in recorded.candles.rows]
    assert [later - earlier for earlier, later in pairwise(starts)] == [MINUTE_S] * 5
