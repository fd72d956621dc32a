"""What the account socket says, in every documented variant, read through one shape (protocol 15)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import orjson
import pytest

from tests.unit.protocol import samples
from valr_connector.model.account import Balance
from valr_connector.model.enums import Liquidity, Side
from valr_connector.model.order import Fee
from valr_connector.protocol.frames import (
    BalanceUpdateFrame,
    FailedCancelOrderFrame,
    FailedOrderFrame,
    ModifyOrderOutcomeFrame,
    NewAccountTradeFrame,
    OpenOrdersUpdateFrame,
    OrderFailedFrame,
    OrderProcessedFrame,
    OrderStatusUpdateFrame,
    decode_account_frame,
)
from valr_connector.protocol.order_status import WireStatus
from valr_connector.protocol.rows import (
    AccountTradeRow,
    BalanceRow,
    OpenOrderRow,
    OrderReport,
    OrderStatusRow,
)

UPDATED = datetime(2026, 3, 8, 15, 55, 18, 385000, UTC)
CREATED = datetime(2026, 3, 8, 15, 55, 18, 0, UTC)


def decode(frame: samples.Sample) -> Any:
    return decode_account_frame(orjson.dumps(frame))


def status_row(*removed: str, **changed: Any) -> OrderStatusRow:
    row = samples.without(samples.STATUS_ROW, *removed, **changed)
    frame = decode(samples.of("ORDER_STATUS_UPDATE", data=row))
    assert isinstance(frame, OrderStatusUpdateFrame)
    return frame.data


def open_rows(data: Any) -> list[OpenOrderRow]:
    frame = decode(samples.of("OPEN_ORDERS_UPDATE", data=data))
    assert isinstance(frame, OpenOrdersUpdateFrame)
    return frame.rows


def open_row(*removed: str, **changed: Any) -> OpenOrderRow:
    return open_rows([samples.without(samples.OPEN_ROW, *removed, **changed)])[0]


def trade_row(*removed: str, **changed: Any) -> AccountTradeRow:
    row = samples.without(samples.TRADE_ROW, *removed, **changed)
    frame = decode(samples.of("NEW_ACCOUNT_TRADE", data=row))
    assert isinstance(frame, NewAccountTradeFrame)
    return frame.data


def balance_rows(data: Any) -> list[BalanceRow]:
    frame = decode(samples.of("BALANCE_UPDATE", data=data))
    assert isinstance(frame, BalanceUpdateFrame)
    return frame.rows


# --- order reports


@pytest.mark.parametrize("report", [status_row(orderStatusType="Placed"), open_row()])
def test_a_status_and_an_open_order_are_read_alike(report: OrderReport) -> None:
    assert report.exchange_order_id == "order-a"
    assert report.client_order_id == "MM-a"
    assert report.pair_symbol == "BTCZAR"
    assert report.side is Side.SELL
    assert report.wire_status is WireStatus.PLACED
    assert report.status_text == "Placed"
    assert report.price == Decimal(950000)
    assert report.original == Decimal("0.0003")
    assert report.remaining == Decimal("0.0002")
    assert report.updated_at == UPDATED
    assert report.created_at == CREATED
    assert report.reason is None


def test_a_status_tells_what_its_event_executed() -> None:
    row = status_row()
    assert (row.executed_price, row.executed_quantity) == (Decimal(950001), Decimal("0.0001"))
    assert row.executed_fee == Decimal("0.009196")


def test_executed_fields_may_be_missing() -> None:
    row = status_row("executedPrice", "executedQuantity", "executedFee")
    assert (row.executed_price, row.executed_quantity, row.executed_fee) == (None, None, None)


def test_the_state_is_read_under_either_name() -> None:
    assert status_row("orderStatusType", status="Filled").wire_status is WireStatus.FILLED
    assert open_row("status", orderStatusType="Active").wire_status is WireStatus.ACTIVE


def test_a_status_without_a_state_is_unrecognised() -> None:
    assert status_row("orderStatusType").wire_status is WireStatus.UNRECOGNISED
    assert status_row("orderStatusType").status_text == ""


def test_an_open_order_without_a_state_is_open() -> None:
    row = open_row("status")
    assert row.wire_status is WireStatus.OPEN
    assert row.status_text == ""


@pytest.mark.parametrize("status", ["placed", "PLACED", "Placed"])
def test_the_state_of_an_open_order_may_be_lower_case(status: str) -> None:
    assert open_row(status=status).wire_status is WireStatus.PLACED


@pytest.mark.parametrize(
    ("wire", "side"), [("buy", Side.BUY), ("BUY", Side.BUY), ("sell", Side.SELL), ("SELL", Side.SELL)]
)
def test_the_side_may_be_upper_or_lower_case(wire: str, side: Side) -> None:
    assert status_row(orderSide=wire).side is side
    assert open_row(side=wire).side is side
    assert trade_row(side=wire).side is side


@pytest.mark.parametrize("absent", [None, ""])
def test_a_client_order_id_may_be_null_or_empty(absent: str | None) -> None:
    assert status_row(customerOrderId=absent).client_order_id is None
    assert open_row(customerOrderId=absent).client_order_id is None
    assert trade_row(customerOrderId=absent).client_order_id is None


def test_a_client_order_id_may_be_missing() -> None:
    assert status_row("customerOrderId").client_order_id is None
    assert open_row("customerOrderId").client_order_id is None
    assert trade_row("customerOrderId").client_order_id is None


def test_the_pair_may_be_an_object() -> None:
    pair = {"symbol": "BTCZAR", "baseCurrency": {"symbol": "BTC"}}
    assert status_row(currencyPair=pair).pair_symbol == "BTCZAR"
    assert open_row(currencyPair=pair).pair_symbol == "BTCZAR"
    assert trade_row(currencyPair=pair).pair_symbol == "BTCZAR"


@pytest.mark.parametrize("text", [None, "", "None"])
def test_a_failure_reason_may_be_null_empty_or_none(text: str | None) -> None:
    assert status_row(failedReason=text).reason is None


def test_a_failure_reason_is_read() -> None:
    row = status_row(orderStatusType="Failed", failedReason="Insufficient Balance")
    assert (row.wire_status, row.reason) == (WireStatus.FAILED, "Insufficient Balance")
    assert status_row("failedReason").reason is None


def test_a_status_may_lack_its_times_and_price() -> None:
    row = status_row(
        "orderUpdatedAt", "orderCreatedAt", "timeInForce", "originalPrice", "orderType", "stopPrice"
    )
    assert (row.updated_at, row.created_at, row.price) == (None, None, None)


@pytest.mark.parametrize("absent", [None, ""])
def test_a_stop_price_may_be_null_or_empty(absent: str | None) -> None:
    assert not status_row(stopPrice=absent).stop_price_text
    assert not open_row(stopPrice=absent).stop_price_text


def test_a_time_with_an_offset_is_the_same_instant() -> None:
    row = status_row(orderUpdatedAt="2026-03-08T17:55:18.385+02:00")
    assert row.updated_at == UPDATED
    assert row.updated_at.astimezone(timezone(timedelta(0))) == UPDATED


# --- open orders


def test_open_orders_may_be_a_bare_list_or_in_an_envelope() -> None:
    bare = open_rows([samples.OPEN_ROW])
    assert open_rows({"accountId": "903671169785507840", "orders": [samples.OPEN_ROW]}) == bare


def test_having_no_open_orders_is_normal() -> None:
    assert open_rows([]) == []
    assert open_rows({"orders": []}) == []


def test_the_remaining_quantity_and_price_of_an_open_order_have_two_names() -> None:
    row = open_row("quantity", "price", remainingQuantity="0.0001", originalPrice="940000")
    assert (row.remaining, row.price) == (Decimal("0.0001"), Decimal(940000))


def test_an_open_order_as_it_was_in_2019() -> None:
    row = open_row("quantity", "price", "updatedAt", "status", "type", "timeInForce", "allowMargin",
                   remainingQuantity="0.0001", originalPrice="1")  # fmt: skip
    assert (row.updated_at, row.order_type, row.remaining) == (None, None, Decimal("0.0001"))


def test_an_open_order_may_have_no_price() -> None:
    assert open_row("price").price is None


# --- processing, failures, modifies


def processed(**data: Any) -> OrderProcessedFrame:
    frame = decode(samples.of("ORDER_PROCESSED", data={"orderId": "order-a", **data}))
    assert isinstance(frame, OrderProcessedFrame)
    return frame


@pytest.mark.parametrize("reason", ["", None])
def test_a_processed_order_succeeded(reason: str | None) -> None:
    data = processed(success=True, failureReason=reason, customerOrderId="MM-a").data
    assert data.succeeded
    assert data.reason is None
    assert (data.exchange_order_id, data.client_order_id) == ("order-a", "MM-a")


def test_a_processed_order_failed() -> None:
    data = processed(success=False, failureReason="Insufficient Balance").data
    assert not data.succeeded
    assert data.reason == "Insufficient Balance"
    assert data.client_order_id is None


@pytest.mark.parametrize(("flag", "succeeded"), [("true", True), ("True", True), ("false", False)])
def test_a_boolean_may_be_text(flag: str, succeeded: bool) -> None:
    assert processed(success=flag).data.succeeded is succeeded


@pytest.mark.parametrize("type_", ["FAILED_ORDER", "FAILED_CANCEL_ORDER"])
def test_a_failure_names_its_order_and_reason(type_: str) -> None:
    frame = decode(samples.of(type_, data={"orderId": "order-a", "customerOrderId": "MM-a", "message": "No"}))
    assert isinstance(frame, FailedOrderFrame | FailedCancelOrderFrame)
    assert frame.data.exchange_order_id == "order-a"
    assert frame.data.client_order_id == "MM-a"
    assert frame.data.reason == "No"


def test_a_failure_may_name_nothing() -> None:
    frame = decode({"type": "FAILED_ORDER"})
    assert isinstance(frame, FailedOrderFrame)
    assert (frame.data.exchange_order_id, frame.data.client_order_id, frame.data.reason) == (None, None, None)


@pytest.mark.parametrize("field", ["message", "failureReason", "failedReason"])
def test_a_failure_has_its_reason_under_three_names(field: str) -> None:
    frame = decode(samples.of("FAILED_ORDER", data={field: "Insufficient balance"}))
    assert frame.data.reason == "Insufficient balance"


def test_a_modify_has_an_outcome_without_a_reason() -> None:
    data = {"success": False, "orderId": "order-a", "customerOrderId": "MM-a", "modifyRequestId": "modify-a"}
    frame = decode(samples.of("MODIFY_ORDER_OUTCOME", data=data))
    assert isinstance(frame, ModifyOrderOutcomeFrame)
    assert not frame.data.succeeded
    assert (frame.data.exchange_order_id, frame.data.client_order_id) == ("order-a", "MM-a")
    assert frame.data.modify_request_id == "modify-a"


@pytest.mark.parametrize("data", [None, "text", ["anything", 1], {"orderId": "order-a", "reason": "x"}])
def test_a_type_that_was_only_guessed_takes_any_data(data: Any) -> None:
    assert isinstance(decode(samples.of("ORDER_FAILED", data=data)), OrderFailedFrame)


# --- fills


def test_a_fill_is_read_in_full() -> None:
    row = trade_row()
    assert (row.trade_id, row.exchange_order_id, row.client_order_id) == ("trade-a", "order-a", "MM-a")
    assert (row.pair_symbol, row.side, row.at) == ("BTCZAR", Side.BUY, UPDATED)
    assert (row.price, row.amount) == (Decimal(950000), Decimal("0.0001"))
    assert row.fee == Fee("BTC", Decimal("0.0000001"))
    assert row.liquidity is Liquidity.UNKNOWN


def test_a_minus_sign_is_fine_in_a_fee_and_in_an_exponent() -> None:
    row = trade_row(fee="-0.0000002", quantity="1e-8")
    assert (row.fee, row.amount) == (Fee("BTC", Decimal("-0.0000002")), Decimal("0.00000001"))


def test_a_fill_without_ids_and_fee_is_still_a_fill() -> None:
    row = trade_row("id", "orderId", "fee", "feeCurrency", "customerOrderId", "sequenceId")
    assert (row.trade_id, row.exchange_order_id, row.client_order_id, row.fee) == (None, None, None, None)
    assert row.amount == Decimal("0.0001")


@pytest.mark.parametrize("absent", [None, ""])
def test_the_ids_of_a_fill_may_be_null_or_empty(absent: str | None) -> None:
    row = trade_row(id=absent, orderId=absent)
    assert (row.trade_id, row.exchange_order_id) == (None, None)


def test_the_fee_currency_may_be_an_object() -> None:
    assert trade_row(feeCurrency=samples.RAND).fee == Fee("ZAR", Decimal("0.0000001"))


def test_the_rand_has_one_code() -> None:
    assert trade_row(feeCurrency="R").fee == Fee("ZAR", Decimal("0.0000001"))


def test_a_maker_reward_is_a_negative_fee() -> None:
    row = trade_row("fee", "feeCurrency", makerReward="0.004", makerRewardCurrency="USDC")
    assert row.fee == Fee("USDC", Decimal("-0.004"))
    assert row.liquidity is Liquidity.MAKER


def test_a_reward_of_nothing_beside_a_fee_leaves_the_fee() -> None:
    row = trade_row(makerReward="0", makerRewardCurrency="ZAR")
    assert row.fee == Fee("BTC", Decimal("0.0000001"))
    assert row.liquidity is Liquidity.UNKNOWN


def test_a_reward_of_nothing_without_a_fee_is_a_fee_of_nothing() -> None:
    row = trade_row("fee", "feeCurrency", makerReward="0", makerRewardCurrency="ZAR")
    assert row.fee is not None
    assert str(row.fee.amount) == "0"
    assert row.liquidity is Liquidity.MAKER


@pytest.mark.parametrize("removed", ["fee", "feeCurrency"])
def test_a_fee_is_never_guessed(removed: str) -> None:
    assert trade_row(removed).fee is None


@pytest.mark.parametrize(
    "sequence", [1368928567986638852, "1368928567986638852", 1.3689285679866388e18, None]
)
def test_the_sequence_of_a_fill_may_be_a_number_or_text(sequence: Any) -> None:
    assert trade_row(sequenceId=sequence).sequence_id == sequence


def test_the_envelope_of_a_fill_may_lack_the_pair() -> None:
    frame = decode(samples.of("NEW_ACCOUNT_TRADE", currencyPairSymbol=None))
    assert frame.data.pair_symbol == "BTCZAR"


# --- balances


@pytest.mark.parametrize(
    ("currency", "code"),
    [
        (samples.RAND, "ZAR"),
        ({"id": 2, "shortName": "USDT", "longName": "Tether", "decimalPlaces": 6}, "USDT"),
        ({"symbol": "R"}, "ZAR"),
        ({"symbol": "BTC"}, "BTC"),
        ({"symbol": "R", "shortName": ""}, "ZAR"),
        ("BTC", "BTC"),
        ("ZAR", "ZAR"),
        ("R", "ZAR"),
    ],
)
def test_a_currency_has_one_code_however_it_is_written(currency: Any, code: str) -> None:
    assert balance_rows({**samples.BALANCE_ROW, "currency": currency})[0].currency_code == code


def test_a_balance_is_absolute() -> None:
    assert balance_rows(samples.BALANCE_ROW)[0].to_balance() == Balance(
        "ZAR", Decimal("1022.05"), Decimal(10), Decimal("1032.05"), UPDATED
    )


def test_balances_may_come_as_a_list() -> None:
    rows = balance_rows([samples.BALANCE_ROW, {**samples.BALANCE_ROW, "currency": "BTC"}])
    assert [row.currency_code for row in rows] == ["ZAR", "BTC"]


def test_a_balance_of_2019_has_only_its_amounts() -> None:
    row = balance_rows(samples.without(samples.BALANCE_ROW, "updatedAt"))[0]
    assert row.to_balance().updated_at is None


def test_a_number_with_an_exponent_has_its_value_too() -> None:
    assert balance_rows({**samples.BALANCE_ROW, "total": "1e5"})[0].to_balance().total == Decimal(100_000)


def test_a_balance_may_be_negative() -> None:
    assert balance_rows({**samples.BALANCE_ROW, "total": "-0.001"})[0].to_balance().total == Decimal("-0.001")
