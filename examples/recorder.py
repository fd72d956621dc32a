"""Record candles and the best levels of a book into Parquet files; needs pyarrow.

    python examples/recorder.py     # the embedded exchange; VALR, without a key, with --valr

Prices are decimals. A book that is not right is not recorded. Candles that were missed are asked for. A file
is whole or not there: a recorder that is killed loses its last part only.
"""

import asyncio
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from valr_connector import Candle, CandleClosed, MarketData, MarketFeed, ValrExchange

PAIR = "BTC-ZAR"
MINUTE = timedelta(minutes=1)
MONEY = pa.decimal128(38, 18)
TIME = pa.timestamp("us", tz="UTC")
CANDLE = {"start": TIME, "open": MONEY, "high": MONEY, "low": MONEY, "close": MONEY, "volume": MONEY}
LEVEL = {"changed_at": TIME, "side": pa.string(), "level": pa.int16(), "price": MONEY, "amount": MONEY}


@dataclass
class Table:
    """Rows that become files of one kind, one after the other."""

    directory: Path
    kind: str
    columns: dict[str, pa.DataType]
    rows: list[dict[str, Any]] = field(default_factory=list)

    async def write(self) -> None:
        """Make a file of the rows so far; the event loop does not wait for the disk."""
        rows, self.rows = self.rows, []
        if rows:
            await asyncio.to_thread(self.put, rows)

    def put(self, rows: list[dict[str, Any]]) -> None:
        """Write beside, then rename: nobody ever sees half a file."""
        whole = self.directory / f"{self.kind}-{time.time_ns()}.parquet"
        pq.write_table(pa.Table.from_pylist(rows, pa.schema(self.columns)), whole.with_suffix(".part"))
        whole.with_suffix(".part").rename(whole)


@dataclass
class Recorder:
    """Records one pair, whose book `market` follows."""

    market: ValrExchange | MarketData
    candles: Table
    levels: Table
    depth: int = 10  # levels of each side
    sample_s: float = 0.25  # seconds between two looks at the book
    part_s: float = 600  # seconds of one file
    last: Candle | None = None

    async def run(self) -> None:
        """Record until cancelled; the last part is written then."""
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self.follow_candles())
                tasks.create_task(self.sample())
                while True:
                    await asyncio.sleep(self.part_s)
                    await asyncio.gather(self.candles.write(), self.levels.write())
        finally:
            await asyncio.gather(self.candles.write(), self.levels.write())

    async def sample(self) -> None:
        """Look at the book now and then, and note it where it changed."""
        seen = None
        while True:
            book = self.market.book(PAIR).if_valid
            if book is not None and (now := book.snapshot()) is not seen:
                seen = now
                for side, found in (("bid", now.bids), ("ask", now.asks)):
                    for number, level in enumerate(found.levels(self.depth)):
                        values = (now.changed_at, side, number, level.price, level.amount)
                        self.levels.rows.append(dict(zip(LEVEL, values, strict=True)))
            await asyncio.sleep(self.sample_s)

    async def follow_candles(self) -> None:
        """Note the last hour's candles, then each as it closes, and those that were missed before it."""
        closed = self.market.events(CandleClosed)
        self.market.subscribe(MarketFeed.CANDLES, [PAIR])
        candles = self.market.public.candles
        self.note((await candles(PAIR, limit=60))[1:])  # the newest may still change
        async for event in closed:
            if self.last is not None and event.candle.start - self.last.start > MINUTE:
                self.note(await candles(PAIR, start=self.last.start, end=event.candle.start - MINUTE))
            self.note([event.candle])

    def note(self, newest_first: Sequence[Candle]) -> None:
        """Each candle once, oldest first."""
        for candle in reversed(newest_first):
            if self.last is None or candle.start > self.last.start:
                self.last = candle
                self.candles.rows.append({name: getattr(candle, name) for name in CANDLE})


async def record(into: Path, seconds: float) -> None:
    """Record for so long."""
    candles, levels = Table(into, "candles", CANDLE), Table(into, "levels", LEVEL)
    async with (MarketData if "--valr" in sys.argv else ValrExchange.simulated)(pairs=[PAIR]) as market:
        with suppress(TimeoutError):
            await asyncio.wait_for(Recorder(market, candles=candles, levels=levels).run(), seconds)


if __name__ == "__main__":
    asyncio.run(record(Path(), seconds=5))
