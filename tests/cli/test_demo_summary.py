"""The demo's result: what it counts, and what it takes for good."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal

import pytest

from valr_connector.cli.demo_summary import DemoSummary, money_text, position, profit
from valr_connector.cli.demo_watch import Disagreement
from valr_connector.model.enums import Liquidity, OrderStatus, Side
from valr_connector.model.ids import ClientOrderId, Pair, Symbol, TradeId
from valr_connector.model.market import PairInfo
from valr_connector.model.order import Fee, Fill
from valr_connector.observe.latency import LatencyHistogram

BTC_ZAR = PairInfo(
    pair=Pair("BTC-ZAR"),
    symbol=Symbol("BTCZAR"),
    base="BTC",
    quote="ZAR",
    tick_size=Decimal(1),
    amount_step=Decimal("0.00000001"),
    min_amount=Decimal("0.00001"),
    max_amount=Decimal(5),
    min_notional=Decimal(10),
    max_notional=Decimal(5_000_000),
)
NO_LATENCY = LatencyHistogram().summary()
GOOD = DemoSummary(
    pair=BTC_ZAR,
    seconds=30.02,
    placed=12,
    endings=Counter({OrderStatus.FILLED: 2, OrderStatus.CANCELLED: 9, OrderStatus.FAILED: 1}),
    fills=3,
    most_open=2,
    open_left=0,
    unknown=1,
    unresolved=0,
    strange_words=0,
    placing=NO_LATENCY,
    cancelling=NO_LATENCY,
    profit=Decimal("-1.005"),
    reconnects=1,
    was_cut=True,
    recovery_ns=12_340_000,
    disagreements=(),
)


def a_fill(side: Side, price: int, amount: str, fee: Fee | None = None) -> Fill:
    return Fill(
        trade_id=TradeId("t"),
        client_order_id=ClientOrderId("vc-1"),
        pair=Pair("BTC-ZAR"),
        side=side,
        price=Decimal(price),
        amount=Decimal(amount),
        fee=fee,
        liquidity=Liquidity.MAKER,
        at=datetime(2025, 1, 1, tzinfo=UTC),
    )


def figures(summary: DemoSummary) -> dict[str, str]:
    pairs = (line.partition(":") for line in summary.lines())
    return {name: value.strip() for name, _, value in pairs}


def test_the_position_is_what_was_bought_less_what_was_sold() -> None:
    assert position([a_fill(Side.BUY, 1, "0.5"), a_fill(Side.SELL, 1, "0.2")]) == Decimal("0.3")


def test_without_fills_nothing_was_earned() -> None:
    assert profit([], BTC_ZAR, Decimal(100)) == 0


def test_a_round_trip_earns_the_difference_wherever_the_mid_is() -> None:
    fills = [a_fill(Side.BUY, 90, "2"), a_fill(Side.SELL, 110, "2")]

    assert profit(fills, BTC_ZAR, Decimal(7)) == 40


def test_an_open_position_is_valued_at_the_mid() -> None:
    assert profit([a_fill(Side.SELL, 110, "2")], BTC_ZAR, Decimal(100)) == 20


def test_fees_and_rewards_count_in_quote_currency() -> None:
    fills = [
        a_fill(Side.BUY, 100, "1", Fee("BTC", Decimal("0.01"))),
        a_fill(Side.SELL, 100, "1", Fee("ZAR", Decimal("-0.5"))),
    ]

    assert profit(fills, BTC_ZAR, Decimal(100)) == Decimal("-0.5")


def test_a_fee_in_a_third_currency_is_left_out() -> None:
    fills = [a_fill(Side.BUY, 100, "1", Fee("XRP", Decimal(7)))]

    assert profit(fills, BTC_ZAR, Decimal(100)) == 0


def test_without_a_mid_there_is_no_profit_to_tell() -> None:
    assert profit([a_fill(Side.BUY, 1, "1")], BTC_ZAR, None) is None
    assert money_text(None, BTC_ZAR) == "-"


def test_the_summary_reads_as_names_and_values() -> None:
    told = figures(GOOD)

    assert told["pair"] == "BTC-ZAR"
    assert told["orders placed"] == "12"
    assert told["orders filled"] == "2"
    assert told["orders cancelled"] == "9"
    assert told["orders failed (post-only)"] == "1"
    assert told["most open at the venue"] == "2"
    assert told["profit, position at mid"] == "-1.00 ZAR"
    assert told["recovery after the cut"] == "12.3 ms"
    assert told["placing, until confirmed"] == "none"
    assert told["library and venue disagree on"] == "0 orders"


def test_latencies_are_told_in_milliseconds() -> None:
    latency = LatencyHistogram()
    latency.record(7_000_000)

    told = figures(replace(GOOD, placing=latency.summary()))

    assert told["placing, until confirmed"] == "p50 7.0 ms, p99 7.0 ms (1)"


def test_disagreements_are_counted_by_order_and_told_one_by_one() -> None:
    found = (Disagreement("vc-1", "fees", "none", "1 ZAR"), Disagreement("vc-1", "fills", "0", "1"))

    lines = list(replace(GOOD, disagreements=found).lines())

    assert lines[-3].endswith(" 1 orders")
    assert lines[-2:] == [f"  {found[0]}", f"  {found[1]}"]


def test_a_run_without_any_difference_is_good() -> None:
    assert GOOD.is_good


def test_a_run_that_ended_before_the_cut_is_good() -> None:
    summary = replace(GOOD, was_cut=False, recovery_ns=None)

    assert summary.is_good
    assert figures(summary)["recovery after the cut"] == "not cut"


@pytest.mark.parametrize(
    "flawed",
    [
        pytest.param(
            replace(GOOD, disagreements=(Disagreement("vc-1", "fees", "none", "1 ZAR"),)), id="disagreement"
        ),
        pytest.param(replace(GOOD, open_left=1), id="open order left"),
        pytest.param(replace(GOOD, unresolved=1), id="unknown outcome left"),
        pytest.param(replace(GOOD, strange_words=1), id="word that nobody knows"),
        pytest.param(replace(GOOD, recovery_ns=None), id="no recovery"),
    ],
)
def test_one_flaw_makes_a_run_bad(flawed: DemoSummary) -> None:
    assert not flawed.is_good


def test_a_connection_that_never_came_back_is_told() -> None:
    assert figures(replace(GOOD, recovery_ns=None))["recovery after the cut"] == "none"
