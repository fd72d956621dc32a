"""Transactions, transfers, positions and margin (protocol 15.9, 15.10)."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest

from tests.unit.protocol import samples
from valr_connector.protocol.frames import (
    InstantOrderCompletedFrame,
    LeverageUpdatedFrame,
    MarginInfoFrame,
    NewAccountHistoryRecordFrame,
    NewPendingReceiveFrame,
    NewPendingSendFrame,
    decode_account_frame,
)


def decode(frame: samples.Sample) -> Any:
    return decode_account_frame(orjson.dumps(frame))


@pytest.mark.parametrize(
    ("cost", "price"),
    [(49.89, Decimal("49.89")), ("49.89", Decimal("49.89")), (9500, Decimal(9500)), (None, None)],
)
def test_the_cost_per_coin_is_exact_as_number_or_text(cost: Any, price: Decimal | None) -> None:
    row = {**samples.TRANSACTION_ROW, "additionalInfo": {"costPerCoin": cost}}
    frame = decode(samples.of("NEW_ACCOUNT_HISTORY_RECORD", data=row))
    assert isinstance(frame, NewAccountHistoryRecordFrame)
    assert frame.data.additional_info is not None
    assert frame.data.additional_info.price == price


def test_most_of_a_transaction_is_optional() -> None:
    row = {"transactionType": {"type": "REFERRAL_REBATE"}, "eventAt": "2026-01-14T20:00:58Z"}
    frame = decode(samples.of("NEW_ACCOUNT_HISTORY_RECORD", data=row))
    assert frame.data.additional_info is None
    assert frame.data.transaction_type.type == "REFERRAL_REBATE"


@pytest.mark.parametrize("text", ["2019-04-25T20:36:53.445", "2019-04-25T20:36:53.445Z"])
def test_the_time_of_an_instant_order_means_utc(text: str) -> None:
    frame = decode(
        samples.of("INSTANT_ORDER_COMPLETED", data={"orderId": "a", "success": True, "orderExecutedAt": text})
    )
    assert isinstance(frame, InstantOrderCompletedFrame)
    assert frame.data.at == datetime(2019, 4, 25, 20, 36, 53, 445000, UTC)


def test_an_instant_order_may_have_no_time() -> None:
    assert (
        decode(samples.of("INSTANT_ORDER_COMPLETED", data={"orderId": "a", "success": False})).data.at is None
    )


@pytest.mark.parametrize("type_", ["NEW_PENDING_RECEIVE", "NEW_PENDING_SEND"])
@pytest.mark.parametrize("amount", [0.0005, "0.0005"])
def test_a_pending_transfer_is_exact_as_number_or_text(type_: str, amount: Any) -> None:
    frame = decode(samples.of(type_, data={"currency": "ETH", "amount": amount}))
    assert isinstance(frame, NewPendingReceiveFrame | NewPendingSendFrame)
    assert frame.data.quantity == Decimal("0.0005")


@pytest.mark.parametrize(("multiple", "leverage"), [(25, Decimal(25)), ("0.53", Decimal("0.53"))])
def test_leverage_is_exact_as_number_or_text(multiple: Any, leverage: Decimal) -> None:
    frame = decode(samples.of("LEVERAGE_UPDATED", data={"pairSymbol": "X", "leverageMultiple": multiple}))
    assert isinstance(frame, LeverageUpdatedFrame)
    assert frame.data.leverage == leverage


def test_the_margin_status_lacks_its_multiple_without_exposure() -> None:
    frame = decode(samples.of("MARGIN_INFO", data={"availableInReference": "2444.7"}))
    assert isinstance(frame, MarginInfoFrame)
    assert (frame.data.leverage, frame.data.available) == (None, Decimal("2444.7"))
