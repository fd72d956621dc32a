"""Each frame about the market becomes the event that tells it, under the user's name of the pair."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest
from msgspec.structs import replace

from tests.unit.core.builders import PAIR_INFO
from valr_connector.core.market_router import TRADES_REMEMBERED, MarketRouter
from valr_connector.core.trading_rules import TradingRules
from valr_connector.model.enums import Side
from valr_connector.model.events import (
    AllowedOrderTypesChanged,
    CandleClosed,
    Event,
    FundingSettled,
    MarketSummaryChanged,
    MarketTraded,
    MarkPriceChanged,
    PnlSettled,
    TradingRulesChanged,
)
from valr_connector.model.ids import Pair, Symbol
from valr_connector.model.market import Candle, MarketSummary, PublicTrade
from valr_connector.protocol.frames import decode_trade_frame

D = Decimal
PAIR = Pair("BTC-ZAR")
ETH_INFO = replace(PAIR_INFO, pair=Pair("ETH-ZAR"), symbol=Symbol("ETHZAR"), base="ETH")
AT = datetime(2026, 2, 11, 9, 0, 1, 120_000, tzinfo=UTC)
SUMMARY = {
    "askPrice": "101",
    "bidPrice": "0",
    "lastTradedPrice": "100",
    "created": "2026-02-11T09:00:01.120Z",
}
CANDLE = {
    "currencyPairSymbol": "BTCZAR",
    "bucketPeriodInSeconds": 60,
    "startTime": "2026-02-11T09:00:00Z",
    "open": "3100",
    "high": "3102.5",
    "low": "3099",
    "close": "3101",
    "volume": "1.2",
}


def knowing() -> tuple[TradingRules, MarketRouter]:
    rules = TradingRules()
    rules.replace([PAIR_INFO, ETH_INFO])
    return rules, MarketRouter(rules)


def route(router: MarketRouter, kind: str, data: Any = None, symbol: str = "BTCZAR") -> list[Event]:
    """What a frame off the wire tells."""
    frame: Any = decode_trade_frame(
        orjson.dumps({"type": kind, "currencyPairSymbol": symbol} | ({} if data is None else {"data": data}))
    )
    return list(router.route(frame))


def told(kind: str, data: Any = None) -> list[Event]:
    return route(knowing()[1], kind, data)


def trade(trade_id: str | None = "t-1") -> dict[str, Any]:
    row = {
        "price": "61000",
        "quantity": "0.0125",
        "tradedAt": "2026-02-11T09:00:01.120Z",
        "takerSide": "sell",
    }
    return row if trade_id is None else row | {"id": trade_id}


def test_a_trade_is_told_with_its_takers_side() -> None:
    assert told("NEW_TRADE", trade()) == [
        MarketTraded(PublicTrade(PAIR, Side.SELL, D(61_000), D("0.0125"), AT, "t-1"))
    ]


def test_a_trade_is_told_once_for_its_id_and_pair() -> None:
    _, router = knowing()
    assert len(route(router, "NEW_TRADE", trade())) == 1
    assert route(router, "NEW_TRADE", trade()) == []
    assert len(route(router, "NEW_TRADE", trade("t-2"))) == 1
    assert len(route(router, "NEW_TRADE", trade(), symbol="ETHZAR")) == 1


def test_a_trade_without_an_id_is_told_each_time() -> None:
    _, router = knowing()
    assert [len(route(router, "NEW_TRADE", trade(None))) for _ in range(2)] == [1, 1]


def test_only_the_newest_trades_of_a_pair_are_remembered() -> None:
    _, router = knowing()
    for number in range(TRADES_REMEMBERED + 1):
        route(router, "NEW_TRADE", trade(f"t-{number}"))
    assert route(router, "NEW_TRADE", trade("t-1")) == []
    assert len(route(router, "NEW_TRADE", trade("t-0"))) == 1


def test_a_price_of_zero_in_a_summary_is_none() -> None:
    assert told("MARKET_SUMMARY_UPDATE", SUMMARY) == [
        MarketSummaryChanged(MarketSummary(PAIR, ask=D(101), bid=None, last=D(100), at=AT))
    ]


def test_a_bucket_is_a_candle() -> None:
    assert told("NEW_TRADE_BUCKET", CANDLE) == [
        CandleClosed(
            Candle(
                PAIR,
                datetime(2026, 2, 11, 9, 0, tzinfo=UTC),
                60,
                D(3100),
                D("3102.5"),
                D(3099),
                D(3101),
                D("1.2"),
            )
        )
    ]


@pytest.mark.parametrize(
    ("data", "price"), [({"price": "5"}, D(5)), ({"markPrice": "6"}, D(6)), ({"price": "0"}, None)]
)
def test_a_mark_price_is_told_under_either_name(data: dict[str, str], price: Decimal | None) -> None:
    assert told("MARK_PRICE_UPDATE", data) == [MarkPriceChanged(PAIR, price)]


def test_the_runs_of_a_perpetual_are_told() -> None:
    assert told("FUNDING_RUN_COMPLETED") == [FundingSettled(PAIR)]
    assert told("PNL_RUN_COMPLETED") == [PnlSettled(PAIR, None)]
    assert told("PNL_RUN_COMPLETED", {"price": "116048"}) == [PnlSettled(PAIR, D(116_048))]


def test_new_order_types_are_told_and_become_a_trading_rule() -> None:
    rules, router = knowing()
    types = ("LIMIT", "MARKET")
    after = replace(PAIR_INFO, order_types=types)
    assert route(router, "ALLOWED_ORDER_TYPES_UPDATED", ["MARKET", "LIMIT"]) == [
        AllowedOrderTypesChanged(PAIR, types),
        TradingRulesChanged(PAIR, PAIR_INFO, after),
    ]
    assert rules.pair("BTC-ZAR") == after
    assert route(router, "ALLOWED_ORDER_TYPES_UPDATED", ["LIMIT", "MARKET"]) == [
        AllowedOrderTypesChanged(PAIR, types)
    ]


def test_a_frame_about_a_pair_that_is_not_listed_tells_nothing() -> None:
    assert route(knowing()[1], "NEW_TRADE", trade(), symbol="NOPEZAR") == []
