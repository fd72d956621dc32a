"""Questions about the market: where they go, what they ask, and what comes of the answer (protocol 7, 8)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import orjson
import pytest

from valr_connector.errors import DecodeError, InvalidArgumentError
from valr_connector.model.ids import Pair, Symbol
from valr_connector.model.market import (
    CachedBook,
    CachedFullBook,
    CachedOrder,
    Currency,
    FundingRate,
    FuturesInfo,
    PriceLevel,
    RiskLimit,
)
from valr_connector.protocol import endpoints, market_values
from valr_connector.protocol import market_requests as market
from valr_connector.protocol.requests import Lane, Request

D = Decimal
BTCZAR = Symbol("BTCZAR")
PAIR = Pair("BTC-ZAR")
START = datetime(2026, 3, 8, 17, 0, tzinfo=timezone(timedelta(hours=2)))
END = datetime(2026, 3, 9, 0, 0, 0, 500_000, tzinfo=UTC)
NAIVE = END.replace(tzinfo=None)
PAGE = "skip=0&limit=100"
TIMES = "startTime=2026-03-08T15%3A00%3A00.000Z&endTime=2026-03-09T00%3A00%3A00.500Z"

# request, target, max age
QUESTIONS: list[tuple[Request[Any], str, int]] = [
    (endpoints.pairs(), "/v1/public/pairs", 60),
    (endpoints.order_types(), "/v1/public/ordertypes", 60),
    (endpoints.pair_order_types(BTCZAR), "/v1/public/BTCZAR/ordertypes", 60),
    (endpoints.server_time(), "/v1/public/time", 0),
    (endpoints.exchange_status(), "/v1/public/status", 0),
    (market.currencies(), "/v1/public/currencies", 60),
    (market.summaries(), "/v1/public/marketsummary", 60),
    (market.summary(BTCZAR), "/v1/public/BTCZAR/marketsummary", 10),
    (market.book(BTCZAR, is_signed=False), "/v1/public/BTCZAR/orderbook", 30),
    (market.book(BTCZAR, is_signed=True), "/v1/marketdata/BTCZAR/orderbook", 1),
    (market.full_book(BTCZAR, is_signed=False), "/v1/public/BTCZAR/orderbook/full", 30),
    (market.full_book(BTCZAR, is_signed=True), "/v1/marketdata/BTCZAR/orderbook/full", 1),
    (market.risk_limits(Symbol("BTCUSDTPERP")), "/v1/public/risklimit/BTCUSDTPERP", 0),
    (market.trades(BTCZAR, is_signed=False), f"/v1/public/BTCZAR/trades?{PAGE}", 30),
    (
        market.trades(BTCZAR, is_signed=True, skip=1, limit=2, start=START, end=END, before_id="t-1"),
        f"/v1/marketdata/BTCZAR/tradehistory?skip=1&limit=2&{TIMES}&beforeId=t-1",
        1,
    ),
    (market.candles(BTCZAR), "/v1/public/BTCZAR/buckets?skip=0&limit=300&periodSeconds=60", 0),
    (
        market.candles(BTCZAR, period_s=3600, limit=5, start=START, end=END, include_empty=True),
        (
            "/v1/public/BTCZAR/buckets?skip=0&limit=5&periodSeconds=3600"
            "&startTime=1772982000&endTime=1773014400&includeEmpty=true"
        ),
        0,
    ),
    (
        market.mark_price_candles(BTCZAR, start=START, end=END),
        f"/v1/public/BTCZAR/markprice/buckets?{PAGE}&periodSeconds=60&{TIMES}",
        0,
    ),
    (market.futures_info(), "/v1/public/futures/info", 60),
    (
        market.funding_rates(Symbol("BTCUSDTPERP")),
        f"/v1/public/futures/funding/history?currencyPair=BTCUSDTPERP&{PAGE}",
        0,
    ),
]


@pytest.mark.parametrize(("request_", "target", "max_age_s"), QUESTIONS)
def test_a_question_goes_where_it_belongs_and_knows_how_long_its_answer_is_kept(
    request_: Request[Any], target: str, max_age_s: int
) -> None:
    assert (request_.method, request_.target, request_.body) == ("GET", target, None)
    assert market.max_age_s(request_) == max_age_s
    assert request_.may_retry
    signed = target.startswith("/v1/marketdata")
    assert (request_.is_signed, request_.lane) == (signed, Lane.READ if signed else Lane.PUBLIC)


@pytest.mark.parametrize(
    ("ask", "field"),
    [
        (lambda: market.trades(BTCZAR, is_signed=False, skip=-1), "skip"),
        (lambda: market.trades(BTCZAR, is_signed=False, limit=101), "limit"),
        (lambda: market.trades(BTCZAR, is_signed=False, limit=0), "limit"),
        (lambda: market.candles(BTCZAR, limit=301), "limit"),
        (lambda: market.candles(BTCZAR, period_s=61), "period_s"),
        (lambda: market.candles(BTCZAR, start=NAIVE), "start"),
        (lambda: market.candles(BTCZAR, start="2026-01-01"), "start"),  # type: ignore[arg-type]  # the mistake
        (lambda: market.trades(BTCZAR, is_signed=False, limit="9"), "limit"),  # type: ignore[arg-type]  # the mistake
        (lambda: market.trades(BTCZAR, is_signed=False, skip=0.5), "skip"),  # type: ignore[arg-type]  # the mistake
        (lambda: market.candles(BTCZAR, period_s=60.0), "period_s"),  # type: ignore[arg-type]  # the mistake
        (lambda: market.mark_price_candles(BTCZAR, limit=101), "limit"),
        (lambda: market.mark_price_candles(BTCZAR, end=NAIVE), "end"),
        (lambda: market.summary(Symbol("BTC-ZAR")), "symbol"),
    ],
)  # fmt: skip
def test_a_question_that_valr_would_not_take_is_refused_by_name(ask: Callable[[], Any], field: str) -> None:
    with pytest.raises(InvalidArgumentError) as caught:
        ask()
    assert caught.value.field == field


def answer(request: Request[Any], body: Any) -> Any:
    return request.decode(orjson.dumps(body))


def test_a_book_out_of_a_cache_says_how_old_it_may_be() -> None:
    body = {
        "Asks": [
            {"side": "sell", "quantity": "0.01", "price": "93129", "currencyPair": "X", "orderCount": 1}
        ],
        "Bids": [],
        "LastChange": "2025-07-15T12:19:21.501Z",
        "SequenceNumber": 282886,
    }
    row = answer(market.book(BTCZAR, is_signed=False), body)
    assert market_values.to_cached_book(PAIR, row, 30) == CachedBook(
        PAIR,
        (),
        (PriceLevel(D(93_129), D("0.01")),),
        30,
        datetime(2025, 7, 15, 12, 19, 21, 501_000, tzinfo=UTC),
    )


def test_a_full_book_names_every_order_and_its_place() -> None:
    order = {"side": "buy", "quantity": "0.0000043", "price": "117819", "currencyPair": "X", "id": "o-1"}
    body = {
        "Asks": [],
        "Bids": [order | {"positionAtPrice": 2}, order],
        "LastChange": "2025-07-15T12:19:21.501Z",
    }
    row = answer(market.full_book(BTCZAR, is_signed=True), body)
    price, amount = D(117_819), D("0.0000043")
    assert market_values.to_cached_full_book(PAIR, row, 1) == CachedFullBook(
        PAIR,
        (CachedOrder("o-1", price, amount, 2), CachedOrder("o-1", price, amount)),
        (),
        1,
        datetime(2025, 7, 15, 12, 19, 21, 501_000, tzinfo=UTC),
    )


@pytest.mark.parametrize("fraction", [0.0083, "0.0083"])
def test_a_tier_has_its_figures_to_the_digit(fraction: float | str) -> None:
    row = answer(
        market.risk_limits(Symbol("BTCUSDTPERP")),
        [
            {
                "pairSymbol": "BTCUSDTPERP",
                "leverageMultiple": 10,
                "initialMarginFraction": 0.1,
                "maintenanceMarginFraction": None,
                "autoCloseMarginFraction": fraction,
                "riskLimitValue": 750000,
                "riskLimitCurrency": "USDT",
                "isDefault": True,
            }
        ],
    )[0]
    perpetual = Pair("BTC-USDT-PERP")
    assert market_values.to_risk_limit(perpetual, row) == RiskLimit(
        perpetual, D(10), D(750_000), "USDT", D("0.1"), None, D("0.0083"), is_default=True
    )


def test_a_tier_whose_figure_is_none_is_refused() -> None:
    with pytest.raises(DecodeError, match="riskLimitValue"):
        answer(market.risk_limits(BTCZAR), [{"pairSymbol": "BTCZAR", "riskLimitValue": "1,000"}])


@pytest.mark.parametrize(
    ("last_change", "changed_at"),
    [
        (1_644_301_604_645, datetime(2022, 2, 8, 6, 26, 44, 645_000, tzinfo=UTC)),
        (None, None),
        (-1, None),
        (10**18, None),
    ],
)
def test_the_last_change_may_be_milliseconds_or_nonsense(
    last_change: int | None, changed_at: datetime | None
) -> None:
    row = answer(market.book(BTCZAR, is_signed=True), {"asks": [], "bids": [], "LastChange": last_change})
    assert row.changed_at == changed_at


def test_the_rand_is_a_currency_by_its_code() -> None:
    row = answer(
        market.currencies(),
        [
            {
                "symbol": "R",
                "isActive": True,
                "shortName": "ZAR",
                "longName": "Rand",
                "decimalPlaces": "2",
                "withdrawalDecimalPlaces": 2,
                "collateral": True,
                "collateralWeight": "1",
            }
        ],
    )[0]
    assert market_values.to_currency(row) == Currency("ZAR", "Rand", True, 2, 2, True, D(1))


@pytest.mark.parametrize("places", ["2.5", "-1", "", None, "41"])
def test_a_count_of_decimals_that_is_none_is_unknown(places: str | None) -> None:
    row = answer(market.currencies(), [{"shortName": "X", "decimalPlaces": places}])[0]
    assert (row.places, row.withdrawal_places) == (None, None)


def test_a_count_of_decimals_that_is_no_number_is_refused() -> None:
    with pytest.raises(DecodeError, match="decimalPlaces"):
        answer(market.currencies(), [{"shortName": "X", "decimalPlaces": "two"}])


def test_funding_is_read_in_utc() -> None:
    info = answer(
        market.futures_info(),
        [
            {
                "currencyPair": "BTCUSDTPERP",
                "estimatedFundingRate": "-0.000001",
                "openInterest": "1.84",
                "nextFundingRun": 1_750_165_200_000,
            }
        ],
    )[0]
    perpetual = Pair("BTC-USDT-PERP")
    assert market_values.to_futures_info(perpetual, info) == FuturesInfo(
        perpetual, D("-0.000001"), D("1.84"), datetime(2025, 6, 17, 13, 0, tzinfo=UTC), None
    )
    rate = answer(
        market.funding_rates(Symbol("BTCUSDTPERP")),
        [{"currencyPair": "BTCUSDTPERP", "fundingRate": "0.000277", "fundingTime": "2025-07-16T11:00:00Z"}],
    )[0]
    assert market_values.to_funding_rate(perpetual, rate) == FundingRate(
        perpetual, D("0.000277"), datetime(2025, 7, 16, 11, 0, tzinfo=UTC)
    )


def test_a_summary_names_its_pair() -> None:
    row = answer(
        market.summary(BTCZAR),
        {
            "currencyPair": "BTCZAR",
            "askPrice": "2",
            "bidPrice": "1",
            "lastTradedPrice": "0",
            "markPrice": "0",
        },
    )
    summary = market_values.to_summary(PAIR, row)
    assert (row.pair_symbol, summary.ask, summary.bid, summary.last, summary.mark) == (
        "BTCZAR", D(2), D(1), None, None,
    )  # fmt: skip


CORPUS = Path(__file__).parents[4] / "shared" / "frames"


def test_every_answer_of_the_corpus_about_the_market_is_understood() -> None:
    for path in CORPUS.glob("rest_*.jsonl"):
        for line in path.read_bytes().splitlines():
            frame = orjson.loads(line)["frame"]
            where = frame["path"].partition("?")[0]
            if not where.startswith(("/v1/public/", "/v1/marketdata/")) or frame["status"] != 200:
                continue
            for endpoint in endpoints.ENDPOINTS:
                if endpoint.matches(frame["method"], where):
                    endpoint.decode(orjson.dumps(frame["body"]))
