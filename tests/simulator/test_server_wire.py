"""Numbers, times and the day's summary as VALR writes them (protocol 5, 7.6)."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.simulator.loopback import START_NS
from valr_connector.simulator.ticker import DaySummary, Ticker
from valr_connector.simulator.vocabulary import PublicTrade
from valr_connector.simulator.wire import (
    currency_object,
    decimal_text,
    milliseconds_of,
    nanoseconds_of,
    precise_time_text,
    time_text,
)

D = Decimal
MINUTE_NS = 60_000_000_000


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("1E+3", "1000"),
        ("1E-8", "0.00000001"),
        ("0.01000", "0.01"),
        ("100", "100"),
        ("0.000", "0"),
        ("-0", "0"),
        ("-0.00", "0"),
        ("-1.50", "-1.5"),
        ("123456789012345678901234567890.123456789", "123456789012345678901234567890.123456789"),
    ],
)
def test_numbers_are_plain_and_have_no_trailing_zeros(value: str, text: str) -> None:
    assert decimal_text(D(value)) == text


@given(st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**20), max_value=10**20, places=18))
def test_number_text_has_the_same_value_and_no_exponent(value: Decimal) -> None:
    text = decimal_text(value)
    assert D(text) == value
    assert "E" not in text


def test_times_are_cut_to_milliseconds() -> None:
    assert time_text(START_NS + 123_999_999) == "2026-09-21T14:13:20.123Z"
    assert precise_time_text(START_NS + 1) == "2026-09-21T14:13:20.000000001Z"
    assert milliseconds_of(START_NS + 123_999_999) == 1_790_000_000_123


@given(st.integers(0, 4_000_000_000_000))
def test_a_time_reads_back_to_the_millisecond(milliseconds: int) -> None:
    assert nanoseconds_of(time_text(milliseconds * 1_000_000)) == milliseconds * 1_000_000


def test_a_time_without_a_zone_is_utc() -> None:
    assert nanoseconds_of("2026-09-21T14:13:20") == START_NS
    assert nanoseconds_of("2026-09-21T16:13:20+02:00") == START_NS


def test_an_unlisted_currency_is_named_after_its_code() -> None:
    coin = currency_object("PEPE")
    assert (coin["symbol"], coin["shortName"], coin["longName"]) == ("PEPE", "PEPE", "PEPE")
    assert (coin["decimalPlaces"], coin["collateral"]) == (8, False)


def trade(minute: float, price: str, quantity: str = "1") -> PublicTrade:
    at = START_NS + int(minute * MINUTE_NS)
    return PublicTrade("id", "BTCZAR", D(price), D(quantity), "buy", at, 1)


def day(ticker: Ticker, minute: float) -> DaySummary:
    return ticker.summary(START_NS + int(minute * MINUTE_NS))


def test_a_pair_without_trades_has_an_empty_day() -> None:
    assert day(Ticker(), 0) == DaySummary()
    assert DaySummary().change_percent == 0


def test_a_day_sums_what_was_traded_in_it() -> None:
    ticker = Ticker([trade(0, "100"), trade(1, "120", "2"), trade(1, "90"), trade(2, "110")])
    assert day(ticker, 3) == DaySummary(
        last=D(110), previous_close=D(100), high=D(120), low=D(90), base_volume=D(5), quote_volume=D(540)
    )
    assert day(ticker, 3).change_percent == D(10)


def test_what_is_older_than_a_day_only_leaves_its_price() -> None:
    ticker = Ticker([trade(0, "100"), trade(10, "200")])
    later = day(ticker, 24 * 60 + 5)
    assert (later.previous_close, later.last, later.low, later.base_volume) == (D(100), D(200), D(200), D(1))
    assert later.change_percent == D(100)
    much_later = day(ticker, 24 * 60 * 3)
    assert much_later == DaySummary(last=D(200), previous_close=D(200), high=D(200), low=D(200))
    ticker.add(trade(24 * 60 * 3, "150"))
    assert day(ticker, 24 * 60 * 3).change_percent == D(-25)
