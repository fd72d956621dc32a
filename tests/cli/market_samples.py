"""A pair, its book and its candles, for what shows them."""

from __future__ import annotations

import io
from datetime import UTC, datetime, timedelta
from decimal import Decimal

from valr_connector.core.book_side import BookSide
from valr_connector.core.book_snapshot import BookSnapshot
from valr_connector.model.enums import BookFeed, Side
from valr_connector.model.ids import Pair, Symbol
from valr_connector.model.market import Candle, PairInfo

D = Decimal
START = datetime(2026, 9, 21, 14, 13, tzinfo=UTC)
BTC_ZAR = PairInfo(
    pair=Pair("BTC-ZAR"),
    symbol=Symbol("BTCZAR"),
    base="BTC",
    quote="ZAR",
    tick_size=D(1),
    amount_step=D("0.00000001"),
    min_amount=D("0.00001"),
    max_amount=D(5),
    min_notional=D(10),
    max_notional=D(5_000_000),
)


class Terminal(io.StringIO):
    """An output that people look at."""

    def isatty(self) -> bool:
        return True


def snapshot(bids: list[str], asks: list[str], sequence: int | None = 7) -> BookSnapshot:
    """A book of ``price:amount`` levels, best first."""
    return BookSnapshot(
        pair=BTC_ZAR.pair,
        feed=BookFeed.L1_DIFF,
        bids=BookSide(Side.BUY, bids),
        asks=BookSide(Side.SELL, asks),
        sequence=sequence,
        changed_at_ms=None,
        received_at=0,
    )


def candle(minute: int, open_: int, high: int, low: int, close: int, volume: str | None = "1.5") -> Candle:
    """The candle of one minute after 14:13."""
    return Candle(
        pair=BTC_ZAR.pair,
        start=START + timedelta(minutes=minute),
        period_s=60,
        open=D(open_),
        high=D(high),
        low=D(low),
        close=D(close),
        volume=None if volume is None else D(volume),
    )
