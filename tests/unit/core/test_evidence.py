"""Every state that VALR can report says one thing about an order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

import pytest

from tests.unit.core.builders import CLIENT_ID, EXCHANGE_ID, PAIR_INFO, at
from valr_connector.core.evidence import SAID_BY_STATUS, Evidence, Says, Source, report_evidence
from valr_connector.core.lifecycle import TABLE, Move
from valr_connector.model.enums import OrderStatus, Side
from valr_connector.model.ids import ClientOrderId, ExchangeOrderId, Symbol
from valr_connector.protocol.order_status import WireStatus

UPDATED = at(2)


@dataclass
class Report:
    """A report as the protocol's rows give it."""

    wire_status: WireStatus
    status_text: str = ""
    exchange_order_id: ExchangeOrderId = EXCHANGE_ID
    client_order_id: ClientOrderId | None = CLIENT_ID
    pair_symbol: Symbol = PAIR_INFO.symbol
    side: Side = Side.BUY
    price: Decimal | None = Decimal(100)
    original: Decimal = Decimal(2)
    remaining: Decimal = Decimal(1)
    updated_at: datetime | None = UPDATED
    created_at: datetime | None = None
    reason: str | None = None


def test_a_report_becomes_evidence_with_everything_it_says() -> None:
    report = Report(WireStatus.PARTIALLY_FILLED, reason="slippage")
    assert report_evidence(report, Source.QUERY, asked_at=7) == Evidence(
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


def test_a_report_without_a_reason_has_an_empty_one() -> None:
    assert report_evidence(Report(WireStatus.PLACED), Source.STREAM).reason == ""


def test_every_state_on_the_wire_says_something() -> None:
    assert set(SAID_BY_STATUS) == set(WireStatus)


@pytest.mark.parametrize("state", WireStatus)
def test_exactly_the_terminal_states_end_an_open_order(state: WireStatus) -> None:
    move = TABLE[OrderStatus.OPEN, SAID_BY_STATUS[state]]
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
    assert report_evidence(Report(state), Source.STREAM).says is says
