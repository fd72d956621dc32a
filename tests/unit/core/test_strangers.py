"""Open orders that were not placed here are told once, for as long as they stay listed."""

from __future__ import annotations

from decimal import Decimal

import msgspec

from valr_connector.core.guards import SECOND
from valr_connector.core.strangers import Strangers
from valr_connector.model.events import UntrackedOrder
from valr_connector.model.ids import ClientOrderId, ExchangeOrderId, Symbol
from valr_connector.protocol.rows import OpenOrderRow

PATIENCE = 10 * SECOND


def row(order_id: str = "ex-1", client_order_id: str | None = "theirs") -> OpenOrderRow:
    content = {
        "orderId": order_id,
        "currencyPair": "BTCZAR",
        "side": "sell",
        "originalQuantity": "0.3",
        "quantity": "0.1",
        "price": "1500000",
        "customerOrderId": client_order_id,
    }
    return msgspec.convert(content, OpenOrderRow)


def told(strangers: Strangers, *rows: OpenOrderRow, now: int = 0) -> list[str]:
    return [event.exchange_order_id for event in strangers.note(rows, now)]


def test_a_strangers_terms_are_told() -> None:
    (event,) = Strangers(PATIENCE).note([row()], 0)
    assert event == UntrackedOrder(
        exchange_order_id=ExchangeOrderId("ex-1"),
        client_order_id=ClientOrderId("theirs"),
        symbol=Symbol("BTCZAR"),
        side="SELL",
        price=Decimal(1_500_000),
        remaining_amount=Decimal("0.1"),
    )


def test_an_order_with_a_foreign_id_is_told_at_once_and_once() -> None:
    strangers = Strangers(PATIENCE)
    assert told(strangers, row()) == ["ex-1"]
    assert told(strangers, row(), now=SECOND) == []
    assert len(strangers) == 1


def test_an_order_without_an_id_may_be_ours_until_it_stood_unclaimed_for_a_while() -> None:
    strangers = Strangers(PATIENCE)
    nameless = row(client_order_id=None)
    assert told(strangers, nameless) == []
    assert told(strangers, nameless, now=PATIENCE - 1) == []
    assert len(strangers) == 0
    assert told(strangers, nameless, now=PATIENCE) == ["ex-1"]


def test_the_wait_begins_anew_for_an_order_that_was_gone_meanwhile() -> None:
    strangers = Strangers(PATIENCE)
    nameless = row(client_order_id=None)
    told(strangers, nameless)
    told(strangers, now=SECOND)
    assert told(strangers, nameless, now=PATIENCE) == []


def test_a_stranger_that_leaves_the_list_is_forgotten_and_told_again_if_it_returns() -> None:
    strangers = Strangers(PATIENCE)
    told(strangers, row("ex-1"), row("ex-2"))
    assert len(strangers) == 2
    assert told(strangers, row("ex-2")) == []
    assert len(strangers) == 1
    assert told(strangers, row("ex-1"), row("ex-2")) == ["ex-1"]
