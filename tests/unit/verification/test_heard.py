"""What VALR said on the socket is known by the next frame, or that is found."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests.unit.verification.stories import CANCELLED, FAILED, FILLED, OPEN, fill, order
from valr_connector.core.order_record import OrderRecord
from valr_connector.model.enums import OrderStatus
from valr_connector.model.ids import ExchangeOrderId
from valr_connector.verification.heard import Heard

X = ExchangeOrderId("x")
PENDING = OrderStatus.PENDING_CREATE
NEXT = b'{"type":"PONG"}'


class Ear:
    """An observer, one order and a clock."""

    def __init__(self, record: OrderRecord | None = None) -> None:
        self.record = record or order(OPEN, exchange_order_id=X)
        self.seconds = 0.0
        self.heard = Heard(lambda: [self.record], lambda: self.seconds)

    def hears(self, kind: str, **frame: Any) -> None:
        self.heard.frame_in(orjson.dumps({"type": kind, **frame}))

    @property
    def found(self) -> list[str]:
        self.heard.frame_in(NEXT)
        return [violation.invariant for violation in self.heard.violations]


def test_a_fill_that_is_not_counted_is_found() -> None:
    ear = Ear()
    ear.hears("NEW_ACCOUNT_TRADE", data={"orderId": "x", "id": "t"})
    assert ear.found == ["S3"]
    ear = Ear(order(OPEN, exchange_order_id=X, fills_by_id={"t": fill("t")}))
    ear.hears("NEW_ACCOUNT_TRADE", data={"orderId": "x", "id": "t"})
    assert ear.found == []


def test_a_fill_that_came_before_the_id_is_held_against_the_order_when_that_is_known() -> None:
    ear = Ear(order(PENDING))
    ear.hears("NEW_ACCOUNT_TRADE", data={"orderId": "x", "id": "t"})
    assert ear.found == []
    ear.record.exchange_order_id = X
    assert ear.found == ["S3"]
    assert ear.heard.rare["news that waited for its order's id"] == 1


def test_news_of_an_order_that_never_becomes_known_is_forgotten() -> None:
    ear = Ear(order(PENDING))
    ear.hears("NEW_ACCOUNT_TRADE", data={"orderId": "y", "id": "t"})
    ear.seconds = 9.5
    assert ear.found == []
    ear.record.exchange_order_id = ExchangeOrderId("y")
    assert ear.found == []


@pytest.mark.parametrize("status", ["Filled", "Cancelled", "Failed"])
def test_an_end_that_is_not_believed_is_found(status: str) -> None:
    ear = Ear()
    ear.hears("ORDER_STATUS_UPDATE", data={"orderId": "x", "orderStatusType": status})
    assert ear.found == ["L1"]
    ear = Ear(order(CANCELLED, exchange_order_id=X))
    ear.hears("ORDER_STATUS_UPDATE", data={"orderId": "x", "orderStatusType": status})
    assert ear.found == []


def test_an_untruth_need_not_be_believed_and_an_open_order_may_be_anything() -> None:
    ear = Ear()
    ear.heard.doubt("x")
    ear.hears("ORDER_STATUS_UPDATE", data={"orderId": "x", "orderStatusType": "Cancelled"})
    ear.hears("ORDER_STATUS_UPDATE", data={"orderId": "x", "orderStatusType": "Placed"})
    assert ear.found == []


def test_a_status_that_nobody_knows_is_remembered() -> None:
    ear = Ear()
    ear.hears("ORDER_STATUS_UPDATE", data={"orderId": "x", "orderStatusType": "Frozen Solid"})
    assert ear.heard.strange_status == "Frozen Solid"
    assert ear.found == []


def test_what_became_of_a_placement_has_to_be_known() -> None:
    ear = Ear(order(PENDING))
    ear.hears("ORDER_PROCESSED", data={"orderId": "x", "customerOrderId": "a", "success": True})
    assert ear.found == ["L1"]
    ear = Ear(order(FAILED))
    ear.hears("ORDER_PROCESSED", data={"orderId": "x", "customerOrderId": "a", "success": False})
    assert ear.found == []


@pytest.mark.parametrize(
    ("kind", "data", "attempts", "found"),
    [
        ("ORDER_PROCESSED", {"success": False}, 2, []),
        ("ORDER_PROCESSED", {"success": False}, 1, ["L1"]),
        ("ORDER_PROCESSED", {"success": True}, 2, ["L1"]),
        ("ORDER_STATUS_UPDATE", {"orderStatusType": "Failed"}, 2, []),
        ("ORDER_STATUS_UPDATE", {"orderStatusType": "Filled"}, 2, ["L1"]),
    ],
)
def test_the_failure_of_one_of_two_attempts_says_nothing_of_the_other(
    kind: str, data: dict[str, Any], attempts: int, found: list[str]
) -> None:
    ear = Ear(order(PENDING, times_sent=attempts))
    ear.hears(kind, data={"orderId": "x", "customerOrderId": "a", **data})
    assert ear.found == found


def test_news_of_somebody_elses_order_is_not_held_against_one_that_is_adopted_later() -> None:
    ear = Ear()
    told = {"orderId": "y", "customerOrderId": "theirs", "orderStatusType": "Cancelled"}
    ear.hears("ORDER_STATUS_UPDATE", data=told)
    assert ear.found == []
    ear.record.exchange_order_id = ExchangeOrderId("y")
    assert ear.found == []


def placing(ear: Ear) -> None:
    command = {"type": "PLACE_LIMIT_ORDER", "clientMsgId": "c-1", "payload": {"customerOrderId": "a"}}
    ear.heard.frame_out(orjson.dumps(command))


def test_a_reply_tells_the_id() -> None:
    ear = Ear(order(PENDING))
    placing(ear)
    ear.hears("PLACE_LIMIT_WS_RESPONSE", clientMsgId="c-1", data={"orderId": "x"})
    assert ear.found == ["L1"]
    ear = Ear()
    placing(ear)
    ear.hears("PLACE_LIMIT_WS_RESPONSE", clientMsgId="c-1", data={"orderId": "x"})
    assert ear.found == []


@pytest.mark.parametrize(
    "reply",
    [
        {"kind": "PLACE_LIMIT_WS_RESPONSE", "error": {"code": -11, "message": "no"}},
        {"kind": "INVALID_PLACE_LIMIT_REQUEST", "data": {"message": "no"}},
    ],
)
def test_a_refusal_ends_the_wait(reply: dict[str, Any]) -> None:
    for status, found in ((PENDING, ["L1"]), (FAILED, [])):
        ear = Ear(order(status))
        placing(ear)
        ear.hears(reply["kind"], clientMsgId="c-1", **{k: v for k, v in reply.items() if k != "kind"})
        assert ear.found == found


def test_a_refusal_of_an_id_in_use_says_nothing_of_the_order() -> None:
    ear = Ear(order(PENDING))
    placing(ear)
    ear.hears("PLACE_LIMIT_WS_RESPONSE", clientMsgId="c-1", error={"code": -11502, "message": "in use"})
    ear.hears("PLACE_LIMIT_WS_RESPONSE", clientMsgId="c-9", data={"orderId": "x"})
    assert ear.found == []


def test_a_fill_after_the_receipt_of_a_cancel_is_counted() -> None:
    ear = Ear(order(FILLED, exchange_order_id=X))
    ear.hears("CANCEL_ORDER_WS_RESPONSE", data={"requested": True, "orderId": "x"})
    ear.hears("ORDER_STATUS_UPDATE", data={"orderId": "x", "orderStatusType": "Filled"})
    assert ear.heard.rare["filled after the receipt of a cancel"] == 1


def test_a_torn_frame_says_nothing_and_nobody_listens_after_death() -> None:
    ear = Ear()
    ear.heard.frame_in(b'{"type":"NEW_ACCOUNT_TRADE","data":{"ord')
    ear.hears("NEW_ACCOUNT_TRADE", data={"orderId": "x", "id": "t"})
    ear.heard.forget()
    assert ear.found == []
