"""Candles of the embedded market: opened by the minute, told by any longer period (protocol 7.10)."""

from __future__ import annotations

from decimal import Decimal

import pytest

from valr_connector.simulator.candles import Candle, CandleChart
from valr_connector.simulator.pairs import DEFAULT_PAIRS
from valr_connector.simulator.past import invented_past

D = Decimal
NOON = 1_790_000_400 - 1_790_000_400 % 3600
PAIR = DEFAULT_PAIRS[0]


def chart(*trades: tuple[int, int, str]) -> CandleChart:
    """A chart of trades: seconds after noon, price, base quantity."""
    drawn = CandleChart()
    for seconds, price, base in trades:
        drawn.add(NOON + seconds, D(price), D(base))
    return drawn


def shown(candle: Candle) -> tuple[int, ...]:
    """Start after noon, open, high, low, close."""
    prices = (candle.open, candle.high, candle.low, candle.close)
    return (candle.start_s - NOON, *(int(price) for price in prices))


def test_a_candle_has_the_first_last_highest_and_lowest_price_and_the_volumes() -> None:
    candle = chart((0, 10, "1"), (20, 14, "2"), (40, 8, "1"), (59, 9, "1")).minute(NOON)
    assert candle is not None
    assert shown(candle) == (0, 10, 14, 8, 9)
    assert (candle.base_volume, candle.quote_volume) == (D(5), D(10 + 28 + 8 + 9))


def test_a_minute_without_a_trade_goes_on_at_the_price_before() -> None:
    drawn = chart((0, 10, "1"), (50, 12, "1"), (300, 20, "1"))
    empty = drawn.minute(NOON + 120)
    assert empty is not None
    assert shown(empty) == (120, 12, 12, 12, 12)
    assert empty.base_volume == 0


def test_before_the_first_trade_there_is_no_candle() -> None:
    assert chart((0, 10, "1")).minute(NOON - 60) is None
    assert CandleChart().minute(NOON) is None
    assert CandleChart().periods(60, until_s=NOON, include_empty=True) == []


def test_longer_periods_are_made_of_minutes_newest_first() -> None:
    drawn = chart((0, 10, "1"), (130, 14, "1"), (290, 11, "1"), (301, 9, "1"))
    assert [shown(candle) for candle in drawn.periods(300, until_s=NOON + 400)] == [
        (300, 9, 9, 9, 9),
        (0, 10, 14, 10, 11),
    ]


@pytest.mark.parametrize(("include_empty", "starts"), [(False, [180, 0]), (True, [240, 180, 120, 60, 0])])
def test_periods_without_a_trade_are_shown_where_they_are_asked_for(
    include_empty: bool, starts: list[int]
) -> None:
    drawn = chart((0, 10, "1"), (180, 12, "1"))
    candles = drawn.periods(60, until_s=NOON + 250, include_empty=include_empty)
    assert [candle.start_s - NOON for candle in candles] == starts


def test_a_week_of_minutes_is_kept() -> None:
    drawn = CandleChart()
    for minute in range(7 * 24 * 60 + 5):
        drawn.add(NOON + minute * 60, D(1), D(1))
    candles = drawn.periods(60, until_s=NOON + 10**6)
    assert len(candles) == 7 * 24 * 60
    assert candles[-1].start_s == NOON + 5 * 60


def test_an_invented_past_leads_up_to_now_and_is_always_the_same() -> None:
    past = list(invented_past(PAIR, D(1_000_000), 120, NOON + 30))
    assert past == list(invented_past(PAIR, D(1_000_000), 120, NOON + 30))
    assert [candle.start_s for candle in past] == list(range(NOON - 120 * 60, NOON, 60))
    assert all(candle.low <= min(candle.open, candle.close) for candle in past)
    assert all(candle.high >= max(candle.open, candle.close) for candle in past)
    assert all(candle.close % PAIR.tick_size == 0 for candle in past)
    assert abs(past[-1].close / 1_000_000 - 1) < D("0.1")
    assert len({candle.close for candle in past}) > 60
