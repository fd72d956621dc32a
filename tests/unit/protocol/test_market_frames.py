"""What the trade socket says (protocol 17, 18)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest

from tests.unit.protocol import samples
from valr_connector.model.enums import Side
from valr_connector.protocol.book_frames import ObL1DepthFrame
from valr_connector.protocol.frames import (
    AggregatedOrderbookUpdateFrame,
    AllowedOrderTypesUpdatedFrame,
    FullOrderbookUpdateFrame,
    MarketSummaryUpdateFrame,
    MarkPriceUpdateFrame,
    NewTradeBucketFrame,
    NewTradeFrame,
    ObL1DiffFrame,
    ObL1SnapshotFrame,
    PnlRunCompletedFrame,
    decode_trade_frame,
)


def decode(frame: samples.Sample) -> Any:
    return decode_trade_frame(orjson.dumps(frame))


def aggregated(data: Any, **envelope: Any) -> AggregatedOrderbookUpdateFrame:
    frame = decode(samples.of("AGGREGATED_ORDERBOOK_UPDATE", data=data, **envelope))
    assert isinstance(frame, AggregatedOrderbookUpdateFrame)
    return frame


ASK = {"price": "9500", "quantity": "0.0050"}
BID = {"price": "9000", "quantity": "1"}


@pytest.mark.parametrize(
    "data",
    [
        {"Asks": [ASK], "Bids": [BID], "LastChange": "2026-06-01T11:54:51.634Z", "SequenceNumber": 7},
        {"asks": [ASK], "bids": [BID], "LastChange": 1644301604645, "SequenceNumber": 7},
    ],
)
def test_an_aggregated_book_may_have_capital_or_small_keys(data: Any) -> None:
    frame = aggregated(data)
    assert frame.asks == [("9500", "0.0050")]
    assert frame.bids == [("9000", "1")]
    assert (frame.sequence, frame.pair_symbol) == (7, "BTCZAR")


def test_sequence_and_last_change_may_stand_outside_of_data() -> None:
    frame = aggregated({"Asks": [], "Bids": []}, SequenceNumber=8, LastChange="2026-06-01T11:54:51.634Z")
    assert (frame.sequence, frame.outer_last_change) == (8, "2026-06-01T11:54:51.634Z")


def test_an_aggregated_book_may_have_no_sequence_and_no_levels() -> None:
    frame = aggregated({"Asks": [], "Bids": []})
    assert (frame.sequence, frame.asks, frame.bids) == (None, [], [])


def test_a_full_book_keeps_its_wire_text_and_counts_its_entries() -> None:
    level = {
        "Price": "45363",
        "Orders": [{"orderId": "a", "quantity": "0"}, {"orderId": "b", "quantity": "0.10"}],
    }
    data = {"Asks": [level], "Bids": [level, level], "SequenceNumber": 7, "Checksum": 9}
    frame = decode(samples.of("FULL_ORDERBOOK_UPDATE", data=data))
    assert isinstance(frame, FullOrderbookUpdateFrame)
    assert frame.data.entry_count == 6
    assert (frame.data.sequence, frame.data.checksum, frame.pair_symbol) == (7, 9, "BTCZAR")
    assert [(order.order_id, order.quantity_text) for order in frame.data.asks[0].orders] == [
        ("a", "0"),
        ("b", "0.10"),
    ]


def test_a_level_book_has_sequence_checksum_and_wire_text() -> None:
    frame = decode(samples.of("OB_L1_SNAPSHOT"))
    assert isinstance(frame, ObL1SnapshotFrame)
    assert (frame.pair_symbol, frame.data.sequence, frame.data.checksum) == ("BTCZAR", 500100, 1040807676)
    assert (frame.data.asks, frame.data.bids) == ([("86491", "0.0598")], [("86476", "0.0115")])
    assert frame.data.last_change_ms == 1790000000100


def test_a_diff_may_change_one_side_only() -> None:
    frame = decode(
        {"type": "OB_L1_DIFF", "ps": "BTCZAR", "d": {"a": [["1", "0"]], "b": [], "sq": 1, "cs": 2}}
    )
    assert isinstance(frame, ObL1DiffFrame)
    assert (frame.data.asks, frame.data.bids, frame.data.last_change_ms) == ([("1", "0")], [], None)


@pytest.mark.parametrize("depth", [1, 5, 10, 20, 40, 60, 80])
def test_every_depth_is_known(depth: int) -> None:
    frame = decode(samples.of(f"OB_L1_D{depth}_SNAPSHOT"))
    assert isinstance(frame, ObL1DepthFrame)
    assert frame.data.asks == [("86491", "0.0598")]


def test_a_summary_takes_its_pair_from_the_envelope() -> None:
    frame = decode(samples.of("MARKET_SUMMARY_UPDATE"))
    assert isinstance(frame, MarketSummaryUpdateFrame)
    assert frame.pair_symbol == "BTCZAR"
    assert (frame.data.ask_price, frame.data.bid_price) == (Decimal("3101.2"), Decimal("3100.9"))
    assert (frame.data.last_traded_price, frame.data.mark_price) == (Decimal("3101.0"), Decimal("3101.1"))


def test_a_price_of_zero_in_a_summary_is_no_price() -> None:
    row = samples.without(samples.SUMMARY, "markPrice", "quoteVolume", askPrice="0", bidPrice="0")
    data = decode(samples.of("MARKET_SUMMARY_UPDATE", data=row)).data
    assert (data.ask_price, data.bid_price, data.mark_price) == (None, None, None)


@pytest.mark.parametrize("trade_id", ["trade-a", None])
def test_a_trade_of_the_market_may_have_no_id(trade_id: str | None) -> None:
    data = {
        "price": "1",
        "quantity": "2",
        "tradedAt": "2026-02-11T09:00:01Z",
        "takerSide": "BUY",
        "id": trade_id,
    }
    frame = decode(samples.of("NEW_TRADE", data=data))
    assert isinstance(frame, NewTradeFrame)
    assert (frame.data.price, frame.data.amount, frame.data.side) == (Decimal(1), Decimal(2), Side.BUY)
    assert (frame.data.id, frame.data.traded_at) == (trade_id, datetime(2026, 2, 11, 9, 0, 1, 0, UTC))


def test_a_bucket_may_lack_its_quote_volume() -> None:
    row = samples.without(samples.of("NEW_TRADE_BUCKET")["data"], "quoteVolume", "bucketPeriodInSeconds")
    frame = decode(samples.of("NEW_TRADE_BUCKET", data=row))
    assert isinstance(frame, NewTradeBucketFrame)
    assert (frame.data.quote_volume_text, frame.data.bucket_period_in_seconds) == (None, 60)


@pytest.mark.parametrize(
    ("data", "price"),
    [
        ({"price": "3101.1"}, Decimal("3101.1")),
        ({"markPrice": "3101.1"}, Decimal("3101.1")),
        ({"price": "3101.1", "markPrice": "7"}, Decimal("3101.1")),
        ({"price": "0"}, None),
        ({}, None),
    ],
)
def test_a_mark_price_has_two_names(data: Any, price: Decimal | None) -> None:
    frame = decode(samples.of("MARK_PRICE_UPDATE", data=data))
    assert isinstance(frame, MarkPriceUpdateFrame)
    assert frame.data.price == price


def test_a_run_may_have_no_data() -> None:
    frame = decode({"type": "PNL_RUN_COMPLETED", "currencyPairSymbol": "BTCUSDTPERP"})
    assert isinstance(frame, PnlRunCompletedFrame)
    assert frame.data is None


def test_allowed_order_types_are_a_list_of_words() -> None:
    frame = decode(samples.of("ALLOWED_ORDER_TYPES_UPDATED"))
    assert isinstance(frame, AllowedOrderTypesUpdatedFrame)
    assert frame.data == ["LIMIT", "LIMIT_POST_ONLY", "MARKET"]
