"""Every state that VALR can report says one thing about an order."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.unit.core.builders import CLIENT_ID, EXCHANGE_ID, PAIR_INFO, at
from valr_connector.core.evidence import (
    SAID_BY_STATUS,
    Evidence,
    Says,
    Source,
    Trade,
    fill_evidence,
    report_evidence,
)
from valr_connector.core.lifecycle import TABLE, Move
from valr_connector.model.enums import Liquidity, OrderStatus
from valr_connector.model.ids import TradeId
from valr_connector.model.order import Fee
from valr_connector.protocol.codec import HotDecimalText
from valr_connector.protocol.order_status import WireStatus
from valr_connector.protocol.rows import AccountTradeRow, OpenOrderRow, OrderReport, OrderStatusRow

UPDATED = at(2)


def status(text: str | None, **fields: Any) -> OrderStatusRow:
    return OrderStatusRow(
        exchange_order_id=EXCHANGE_ID,
        order_status_type=text,
        currency_pair=PAIR_INFO.symbol,
        order_side="buy",
        original_quantity_text=HotDecimalText("2"),
        remaining_quantity_text=HotDecimalText("1"),
        **fields,
    )


def listed(text: str | None, **fields: Any) -> OpenOrderRow:
    return OpenOrderRow(
        exchange_order_id=EXCHANGE_ID,
        status=text,
        currency_pair=PAIR_INFO.symbol,
        side_word="buy",
        original_quantity_text=HotDecimalText("2"),
        **fields,
    )


def test_a_status_becomes_evidence_with_everything_it_says() -> None:
    row = status(
        "Partially Filled",
        original_price_text="100",
        updated_at=UPDATED,
        customer_order_id=CLIENT_ID,
        failed_reason="slippage",
    )
    assert report_evidence(row, Source.QUERY, asked_at=7) == Evidence(
        says=Says.PARTIALLY_FILLED,
        source=Source.QUERY,
        client_order_id="MM-1",
        exchange_order_id="ex-1",
        at=UPDATED,
        original=Decimal(2),
        remaining=Decimal(1),
        price=Decimal(100),
        reason="slippage",
        asked_at=7,
    )


def test_a_row_of_a_list_becomes_evidence_with_everything_it_says() -> None:
    row = listed(
        "Placed", price_text="100", quantity_text="1", updated_at=UPDATED, customer_order_id=CLIENT_ID
    )
    assert report_evidence(row, Source.SNAPSHOT) == Evidence(
        says=Says.RESTING,
        source=Source.SNAPSHOT,
        client_order_id="MM-1",
        exchange_order_id="ex-1",
        at=UPDATED,
        original=Decimal(2),
        remaining=Decimal(1),
        price=Decimal(100),
    )


@pytest.mark.parametrize("row", [status("Placed"), listed("Placed", quantity_text="1")])
def test_what_a_report_leaves_out_its_evidence_does_not_say(row: OrderReport) -> None:
    evidence = report_evidence(row, Source.STREAM)
    assert (evidence.client_order_id, evidence.price, evidence.at) == (None, None, None)
    assert not evidence.reason


@pytest.mark.parametrize("none_of_ours", ["", None])
@pytest.mark.parametrize("no_reason", ["", None, "None"])
def test_empty_words_are_none(none_of_ours: Any, no_reason: str | None) -> None:
    row = status("Placed", customer_order_id=none_of_ours, failed_reason=no_reason)
    evidence = report_evidence(row, Source.STREAM)
    assert (evidence.client_order_id, evidence.reason) == (None, "")


@pytest.mark.parametrize(
    ("row", "says"),
    [
        (status("PARTIALLY filled"), Says.PARTIALLY_FILLED),
        (status(None, status="Filled"), Says.FILLED),
        (status("Sleeping"), Says.UNRECOGNISED),
        (status(None), Says.UNRECOGNISED),
        (listed(None, quantity_text="1", order_status_type="Order Modified"), Says.MODIFIED),
        (listed(None, quantity_text="1"), Says.RESTING),
        (listed("Sleeping", quantity_text="1"), Says.UNRECOGNISED),
    ],
)
def test_however_the_state_is_written_it_is_said(row: OrderReport, says: Says) -> None:
    assert report_evidence(row, Source.STREAM).says is says


def test_every_state_on_the_wire_says_something() -> None:
    assert set(SAID_BY_STATUS) == set(WireStatus)


@pytest.mark.parametrize("state", WireStatus)
def test_exactly_the_terminal_states_end_an_open_order(state: WireStatus) -> None:
    move = TABLE[SAID_BY_STATUS[state]][OrderStatus.OPEN]
    assert (move in (Move.FILL, Move.CANCEL, Move.EXPIRE, Move.FAIL)) is state.is_terminal


@pytest.mark.parametrize(
    ("state", "says"),
    [
        (WireStatus.ORDER_MODIFIED, Says.MODIFIED),
        (WireStatus.REPRICED_DUE_TO_SLIPPAGE, Says.MODIFIED),
        (WireStatus.PARTIALLY_FILLED_DUE_TO_SLIPPAGE, Says.CANCELLED),
        (WireStatus.ACTIVE, Says.RESTING),
        (WireStatus.UNRECOGNISED, Says.UNRECOGNISED),
    ],
)
def test_the_less_obvious_states_say_what_they_mean(state: WireStatus, says: Says) -> None:
    assert SAID_BY_STATUS[state] is says


@pytest.mark.parametrize(
    ("reward", "liquidity", "fee"),
    [
        (None, Liquidity.UNKNOWN, Fee("BTC", Decimal("0.1"))),
        ("0.2", Liquidity.MAKER, Fee("ZAR", Decimal("-0.2"))),
        ("0", Liquidity.UNKNOWN, Fee("BTC", Decimal("0.1"))),
    ],
)
def test_a_fill_with_a_reward_was_a_makers_and_costs_less_than_nothing(
    reward: Any, liquidity: Liquidity, fee: Fee
) -> None:
    row = AccountTradeRow(
        price_text=HotDecimalText("100"),
        quantity_text=HotDecimalText("1"),
        currency_pair=PAIR_INFO.symbol,
        at=UPDATED,
        side_word="buy",
        order_id=EXCHANGE_ID,
        id=TradeId("t-1"),
        fee_text=HotDecimalText("0.1"),
        fee_currency="BTC",
        maker_reward_text=reward,
        maker_reward_currency="ZAR",
    )
    evidence = fill_evidence(row, Source.STREAM)
    assert evidence is not None
    assert evidence.trade == Trade(TradeId("t-1"), Decimal(100), Decimal(1), fee, liquidity, UPDATED)
