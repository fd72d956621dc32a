"""Every frame of the account socket goes to what it concerns, and says no more than it does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import orjson
import pytest

from tests.unit.core.builders import CLIENT_ID, EXCHANGE_ID, NOW, names, new_order, order_in, step
from valr_connector.core.account_state import AccountState
from valr_connector.core.commands import CommandKind, SentCommand
from valr_connector.core.evidence import Says, Source, fill_evidence
from valr_connector.core.guards import SECOND
from valr_connector.core.lifecycle import AskReason
from valr_connector.core.order_record import OrderRecord
from valr_connector.model.enums import OrderStatus, Placement, Socket
from valr_connector.model.events import (
    AccountActivity,
    BalanceChanged,
    CancelOnDisconnectChanged,
    Event,
    UnknownFrameReceived,
    UnrecognisedStatus,
    UntrackedOrder,
)
from valr_connector.model.ids import ExchangeOrderId, Symbol
from valr_connector.protocol import frames
from valr_connector.protocol.frames import decode_account_frame


class Desk:
    """The core with one order, already sent."""

    def __init__(self, order: OrderRecord | None = None) -> None:
        self.state = AccountState()
        self.order = order or new_order()
        self.state.tracker.track(self.order)
        self.state.tracker.apply(step(Says.SENT), NOW)

    def track(self, order: OrderRecord) -> OrderRecord:
        """A further order."""
        self.state.tracker.track(order)
        return order

    def receive(self, frame_type: str, data: Any = None, now: int = NOW, **envelope: Any) -> Sequence[Event]:
        """One frame, from bytes to events."""
        content = {"type": frame_type, **envelope} | ({} if data is None else {"data": data})
        return self.state.router.route(decode_account_frame(orjson.dumps(content)), now)

    def send(
        self, kind: CommandKind = CommandKind.PLACE_LIMIT, order: OrderRecord | None = None
    ) -> SentCommand:
        """A command under way."""
        return self.state.ledger.enter(kind, (order or self.order).client_order_id, 1, NOW)

    @property
    def asked(self) -> list[tuple[str, AskReason]]:
        """What is to be asked."""
        due = self.state.questions.take_due(NOW + 3600 * SECOND)
        return [(question.client_order_id, question.reason) for question in due]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def status(text: str, **fields: Any) -> dict[str, Any]:
    """Data of ORDER_STATUS_UPDATE: nothing executed, unless `fields` say so."""
    return {
        "orderId": EXCHANGE_ID,
        "orderStatusType": text,
        "currencyPair": "BTCZAR",
        "originalPrice": "1000000",
        "remainingQuantity": "1",
        "originalQuantity": "1",
        "orderSide": "buy",
        "orderType": "limit",
        "failedReason": "",
        "orderUpdatedAt": "2026-01-01T00:00:01.000Z",
        "orderCreatedAt": "2026-01-01T00:00:01.000Z",
        "customerOrderId": CLIENT_ID,
        **fields,
    }


def trade(**fields: Any) -> dict[str, Any]:
    """Data of NEW_ACCOUNT_TRADE; a field of None is left out."""
    data = {
        "price": "1000000",
        "quantity": "0.4",
        "currencyPair": "BTCZAR",
        "tradedAt": "2026-01-01T00:00:02.000Z",
        "side": "buy",
        "orderId": EXCHANGE_ID,
        "id": "t-1",
        "fee": "0.0004",
        "feeCurrency": "BTC",
        "customerOrderId": CLIENT_ID,
        **fields,
    }
    return {name: value for name, value in data.items() if value is not None}


def open_order(**fields: Any) -> dict[str, Any]:
    """One entry of OPEN_ORDERS_UPDATE."""
    return {
        "orderId": EXCHANGE_ID,
        "side": "buy",
        "quantity": "1",
        "price": "1000000",
        "currencyPair": "BTCZAR",
        "createdAt": "2026-01-01T00:00:01.000Z",
        "originalQuantity": "1",
        "filledPercentage": "0.00",
        "customerOrderId": CLIENT_ID,
        "updatedAt": "2026-01-01T00:00:01.000Z",
        "status": "Placed",
        "type": "limit",
        "timeInForce": "GTC",
        **fields,
    }


def test_every_type_of_frame_that_the_account_socket_knows_has_a_handler(desk: Desk) -> None:
    known: set[object] = {frames.UnknownFrame}
    waiting: list[object] = [frames.AccountFrame]
    while waiting:
        union = waiting.pop()
        members = get_args(union)
        waiting += members
        if not members:
            known.add(union)
    assert set(desk.state.router.handlers) == known


# --- reports ---------------------------------------------------------------------------------------------


def test_history_01_the_status_is_read_where_the_frame_says_it(desk: Desk) -> None:
    assert names(desk.receive("ORDER_STATUS_UPDATE", status("Placed"))) == ["OrderCreated"]
    assert desk.order.status is OrderStatus.OPEN
    assert names(desk.receive("ORDER_STATUS_UPDATE", status("Cancelled"))) == ["OrderCancelled"]


def test_a_status_that_nobody_knows_changes_nothing_is_asked_about_and_told_once(desk: Desk) -> None:
    assert desk.receive("ORDER_STATUS_UPDATE", status("Sleeping")) == (UnrecognisedStatus("Sleeping"),)
    assert list(desk.receive("ORDER_STATUS_UPDATE", status("Sleeping"))) == []
    assert desk.receive("ORDER_STATUS_UPDATE", status("Dreaming")) == (UnrecognisedStatus("Dreaming"),)
    assert desk.state.router.unrecognised == {"Sleeping": 2, "Dreaming": 1}
    assert desk.order.status is OrderStatus.PENDING_CREATE
    assert desk.asked == [(CLIENT_ID, AskReason.UNRECOGNISED_STATUS)]


def test_a_listed_status_that_nobody_knows_is_told_like_any_other(desk: Desk) -> None:
    told = desk.receive("OPEN_ORDERS_UPDATE", [open_order(status="Sleeping")])
    assert list(told) == [UnrecognisedStatus("Sleeping")]
    assert desk.asked == [(CLIENT_ID, AskReason.UNRECOGNISED_STATUS)]


def test_history_02_processed_confirms_the_placement_and_brings_valrs_id(desk: Desk) -> None:
    data = {"orderId": EXCHANGE_ID, "success": True, "failureReason": "", "customerOrderId": CLIENT_ID}
    assert names(desk.receive("ORDER_PROCESSED", data)) == ["OrderCreated"]
    assert (desk.order.status, desk.order.exchange_order_id) == (OrderStatus.OPEN, EXCHANGE_ID)


def test_processed_without_success_is_a_failed_order_with_the_reason(desk: Desk) -> None:
    data = {"orderId": EXCHANGE_ID, "success": False, "failureReason": "No", "customerOrderId": CLIENT_ID}
    assert names(desk.receive("ORDER_PROCESSED", data)) == ["OrderFailed"]
    assert desk.order.failure_reason == "No"


@pytest.mark.parametrize(
    ("frame_type", "event"),
    [
        ("FAILED_ORDER", "OrderFailed"),
        ("ORDER_FAILED", "OrderFailed"),
        ("ORDER_REJECTED", "OrderFailed"),
        ("ORDER_PLACED", "OrderCreated"),
        ("CANCEL_ORDER_SUCCESS", "OrderCancelled"),
    ],
)
def test_a_notice_about_an_order_says_what_its_name_says(desk: Desk, frame_type: str, event: str) -> None:
    data = {"orderId": EXCHANGE_ID, "customerOrderId": CLIENT_ID, "message": "why"}
    told = names(desk.receive(frame_type, data))
    assert told[-1] == event


@pytest.mark.parametrize(
    ("frame_type", "data"),
    [
        ("FAILED_ORDER", {"orderId": EXCHANGE_ID, "customerOrderId": CLIENT_ID, "message": "Duplicate"}),
        ("ORDER_PROCESSED", {"orderId": EXCHANGE_ID, "customerOrderId": CLIENT_ID, "success": False}),
        ("ORDER_STATUS_UPDATE", status("Failed")),
    ],
)
def test_a_failure_says_nothing_of_an_order_that_was_sent_twice_and_has_no_id_yet(
    desk: Desk, frame_type: str, data: dict[str, Any]
) -> None:
    desk.state.tracker.apply(step(Says.SENT), NOW)
    assert names(desk.receive(frame_type, data)) == ["PlacementUnknown"]
    assert (desk.order.status, desk.order.exchange_order_id) == (OrderStatus.PENDING_CREATE, None)
    assert desk.asked == [(CLIENT_ID, AskReason.PLACEMENT_UNCONFIRMED)]


def test_a_placement_that_was_signed_anew_is_the_same_attempt_and_its_failure_the_order_s(desk: Desk) -> None:
    desk.state.tracker.apply(step(Says.RESENT), NOW + SECOND)
    assert (desk.order.times_sent, desk.order.sent_at) == (1, NOW + SECOND)
    assert names(desk.receive("FAILED_ORDER", {"customerOrderId": CLIENT_ID})) == ["OrderFailed"]


@pytest.mark.parametrize("frame_type", ["FAILED_CANCEL_ORDER", "CANCEL_ORDER_FAILED"])
def test_history_05_a_cancel_that_failed_stands_no_more_and_is_asked_about(frame_type: str) -> None:
    desk = Desk(order_in(OrderStatus.OPEN, exchange_order_id=EXCHANGE_ID))
    desk.state.tracker.apply(step(Says.CANCEL_SENT), NOW)
    told = desk.receive(frame_type, {"customerOrderId": CLIENT_ID, "message": "not now"})
    assert names(told) == ["CancelRefused"]
    assert (desk.order.is_being_cancelled, desk.order.status) == (False, OrderStatus.OPEN)
    assert desk.asked == [(CLIENT_ID, AskReason.CANCEL_REFUSED)]


@pytest.mark.parametrize("data", [None, "text", ["list"], {}])
def test_a_notice_that_names_no_order_concerns_none(desk: Desk, data: Any) -> None:
    for frame_type in ("ORDER_PLACED", "ORDER_FAILED", "CANCEL_ORDER_SUCCESS", "CANCEL_ORDER_FAILED"):
        assert list(desk.receive(frame_type, data)) == []
    assert desk.order.status is OrderStatus.PENDING_CREATE


@pytest.mark.parametrize("success", [True, False])
def test_the_outcome_of_a_modify_is_asked_about(success: bool) -> None:
    desk = Desk(order_in(OrderStatus.OPEN))
    data = {"orderId": EXCHANGE_ID, "customerOrderId": CLIENT_ID, "success": success, "modifyRequestId": "m"}
    assert list(desk.receive("MODIFY_ORDER_OUTCOME", data)) == []
    assert desk.asked == [(CLIENT_ID, AskReason.MODIFY_SETTLED)]


# --- fills -----------------------------------------------------------------------------------------------


def test_history_08_a_trade_is_a_fill_with_valrs_fee(desk: Desk) -> None:
    assert names(desk.receive("NEW_ACCOUNT_TRADE", trade())) == ["OrderCreated", "OrderFilled"]
    (fill,) = desk.order.fills
    assert (fill.trade_id, fill.fee and fill.fee.currency) == ("t-1", "BTC")
    assert list(desk.receive("NEW_ACCOUNT_TRADE", trade())) == []


def test_a_trade_that_names_only_valrs_id_waits_until_that_is_known(desk: Desk) -> None:
    assert list(desk.receive("NEW_ACCOUNT_TRADE", trade(customerOrderId=None))) == []
    reply = {"orderId": EXCHANGE_ID, "customerOrderId": CLIENT_ID}
    assert names(desk.receive("PLACE_LIMIT_WS_RESPONSE", reply)) == ["OrderCreated", "OrderFilled"]


@pytest.mark.parametrize("missing", [{"id": None}, {"orderId": None, "customerOrderId": None}])
def test_a_trade_that_cannot_be_counted_is_looked_up_in_the_pairs_history(missing: dict[str, None]) -> None:
    desk = Desk(order_in(OrderStatus.OPEN))
    assert list(desk.receive("NEW_ACCOUNT_TRADE", trade(**missing))) == []
    assert desk.order.fills == ()
    assert desk.asked == [(CLIENT_ID, AskReason.UNATTRIBUTED_FILL)]


def test_one_look_at_the_history_serves_all_orders_of_the_pair() -> None:
    desk = Desk(order_in(OrderStatus.OPEN))
    for n in range(3):
        desk.track(order_in(OrderStatus.OPEN, client_order_id=f"MM-{n + 2}"))
    desk.receive("NEW_ACCOUNT_TRADE", trade(id=None))
    assert desk.asked == [(CLIENT_ID, AskReason.UNATTRIBUTED_FILL)]


def test_a_trade_without_an_owner_in_a_pair_without_orders_is_nobodys(desk: Desk) -> None:
    desk.receive("NEW_ACCOUNT_TRADE", trade(id=None, currencyPair="ETHZAR"))
    assert desk.asked == []


def test_a_fill_is_counted_by_its_id_and_its_orders() -> None:
    frame = decode_account_frame(orjson.dumps({"type": "NEW_ACCOUNT_TRADE", "data": trade()}))
    assert isinstance(frame, frames.NewAccountTradeFrame)
    evidence = fill_evidence(frame.data, Source.QUERY)
    assert evidence is not None
    assert evidence.trade is not None
    assert (evidence.says, evidence.source, evidence.trade.trade_id) == (Says.FILL, Source.QUERY, "t-1")


# --- lists and balances ----------------------------------------------------------------------------------


def test_a_listed_order_is_open(desk: Desk) -> None:
    assert names(desk.receive("OPEN_ORDERS_UPDATE", [open_order()])) == ["OrderCreated"]
    assert desk.order.status is OrderStatus.OPEN


def test_a_listed_order_is_known_by_either_id() -> None:
    desk = Desk(order_in(OrderStatus.OPEN, created_at=NOW - 60 * SECOND))
    desk.order.exchange_order_id = ExchangeOrderId(EXCHANGE_ID)
    later = NOW + 60 * SECOND
    nameless = {name: value for name, value in open_order(orderId="x").items() if name != "customerOrderId"}
    desk.receive("OPEN_ORDERS_UPDATE", [open_order(), nameless], later)
    assert desk.asked == []


def test_history_04_an_order_that_a_list_lacks_is_a_question_and_not_before_its_time(desk: Desk) -> None:
    desk.receive("ORDER_STATUS_UPDATE", status("Placed"))
    desk.state.router.begin_epoch(1)
    assert list(desk.receive("OPEN_ORDERS_UPDATE", [])) == []
    assert desk.asked == []
    assert list(desk.receive("OPEN_ORDERS_UPDATE", [], NOW + 10 * SECOND)) == []
    assert desk.asked == [(CLIENT_ID, AskReason.ABSENT)]
    assert desk.order.status is OrderStatus.OPEN


def test_a_list_of_an_earlier_connection_says_nothing_about_orders_of_a_later_one() -> None:
    desk = Desk(order_in(OrderStatus.OPEN, epoch=2))
    desk.state.router.begin_epoch(1)
    desk.receive("OPEN_ORDERS_UPDATE", [], NOW + 10 * SECOND)
    assert desk.asked == []
    desk.state.router.begin_epoch(2)
    desk.receive("OPEN_ORDERS_UPDATE", [], NOW + 10 * SECOND)
    assert desk.asked == [(CLIENT_ID, AskReason.ABSENT)]


def test_a_listed_order_that_was_placed_elsewhere_is_told_and_counted(desk: Desk) -> None:
    foreign = open_order(orderId="ex-9", customerOrderId="theirs")
    (told,) = desk.receive("OPEN_ORDERS_UPDATE", [foreign])
    assert isinstance(told, UntrackedOrder)
    assert (told.exchange_order_id, told.client_order_id, told.symbol) == ("ex-9", "theirs", "BTCZAR")
    assert desk.state.router.stranger_count == 1


def test_a_list_in_an_envelope_says_the_same(desk: Desk) -> None:
    assert names(desk.receive("OPEN_ORDERS_UPDATE", {"accountId": "1", "orders": [open_order()]})) == [
        "OrderCreated"
    ]


def test_a_wallets_state_is_told_if_it_changed(desk: Desk) -> None:
    wallet = {
        "currency": {"symbol": "R", "shortName": "ZAR"},
        "available": "1",
        "reserved": "2",
        "total": "3",
    }
    (told,) = desk.receive("BALANCE_UPDATE", wallet)
    assert isinstance(told, BalanceChanged)
    assert told.balance == desk.state.balances["ZAR"]
    assert not desk.receive("BALANCE_UPDATE", wallet)


def test_of_several_wallets_in_one_frame_those_that_changed_are_told(desk: Desk) -> None:
    amounts = {"available": "1", "reserved": "2", "total": "3"}
    rand, bitcoin = {"currency": "ZAR", **amounts}, {"currency": "BTC", **amounts}
    desk.receive("BALANCE_UPDATE", [rand])
    (told,) = desk.receive("BALANCE_UPDATE", [rand, bitcoin])
    assert told == BalanceChanged(desk.state.balances["BTC"])


# --- replies ---------------------------------------------------------------------------------------------


def test_the_reply_to_a_placement_is_a_receipt(desk: Desk) -> None:
    command = desk.send()
    reply = {"orderId": EXCHANGE_ID, "customerOrderId": CLIENT_ID}
    assert list(desk.receive("PLACE_LIMIT_WS_RESPONSE", reply, clientMsgId=command.message_id)) == []
    assert (desk.order.placement, desk.order.status) == (Placement.ACCEPTED, OrderStatus.PENDING_CREATE)
    assert desk.order.exchange_order_id == EXCHANGE_ID
    assert len(desk.state.ledger) == 0


def test_a_reply_that_names_no_order_of_ours_is_known_by_its_message_id(desk: Desk) -> None:
    command = desk.send(CommandKind.PLACE_MARKET)
    desk.receive("PLACE_MARKET_WS_RESPONSE", {"orderId": EXCHANGE_ID}, clientMsgId=command.message_id)
    assert desk.order.exchange_order_id == EXCHANGE_ID


def test_a_reply_to_nobodys_command_concerns_nobody(desk: Desk) -> None:
    assert list(desk.receive("PLACE_LIMIT_WS_RESPONSE", {"orderId": "ex-9"}, clientMsgId="c-99")) == []
    assert list(desk.receive("PLACE_LIMIT_WS_RESPONSE", error={"message": "No"}, clientMsgId="c-99")) == []
    assert desk.order.status is OrderStatus.PENDING_CREATE


def test_a_refused_placement_is_a_failed_order_with_valrs_reason_and_code(desk: Desk) -> None:
    command = desk.send()
    fields = {"errors": [{"field": "price", "message": "must not be blank"}]}
    error = {"code": -11, "message": "Invalid", "validationErrors": fields}
    told = desk.receive("PLACE_LIMIT_WS_RESPONSE", error=error, clientMsgId=command.message_id)
    assert names(told) == ["OrderFailed"]
    assert desk.order.failure_reason == "Invalid; price must not be blank (-11)"


@pytest.mark.parametrize(
    "error",
    [
        {"code": -11502, "message": "Duplicate"},
        {"message": "Duplicate customer order id's are not allowed"},
    ],
)
def test_a_refusal_as_a_duplicate_means_that_an_earlier_attempt_lives(desk: Desk, error: Any) -> None:
    command = desk.send()
    told = desk.receive("PLACE_LIMIT_WS_RESPONSE", error=error, clientMsgId=command.message_id)
    assert names(told) == ["PlacementUnknown"]
    assert desk.asked == [(CLIENT_ID, AskReason.PLACEMENT_UNCONFIRMED)]


@pytest.mark.parametrize("frame_type", ["CANCEL_ORDER_WS_RESPONSE", "CANCEL_LIMIT_ORDER_WS_RESPONSE"])
def test_history_03_the_receipt_for_a_cancel_is_no_cancellation(frame_type: str) -> None:
    desk = Desk(order_in(OrderStatus.OPEN))
    desk.state.tracker.apply(step(Says.CANCEL_SENT), NOW)
    command = desk.send(CommandKind.CANCEL)
    told = desk.receive(frame_type, {"requested": True}, clientMsgId=command.message_id)
    assert list(told) == []
    assert desk.order.status is OrderStatus.OPEN
    assert desk.order.cancel_request is not None
    assert desk.order.cancel_request.received


def test_a_receipt_that_only_names_the_order_is_as_good() -> None:
    desk = Desk(order_in(OrderStatus.OPEN))
    desk.state.tracker.apply(step(Says.CANCEL_SENT), NOW)
    desk.receive("CANCEL_ORDER_WS_RESPONSE", {"requested": True, "customerOrderId": CLIENT_ID})
    assert desk.order.cancel_request is not None
    assert desk.order.cancel_request.received


@pytest.mark.parametrize(
    "frame",
    [
        {"frame_type": "CANCEL_ORDER_WS_RESPONSE", "error": {"message": "No"}},
        {"frame_type": "CANCEL_ORDER_WS_RESPONSE", "data": {"requested": False}},
        {"frame_type": "INVALID_CANCEL_ORDER_REQUEST", "data": {"message": "No"}},
        {"frame_type": "ERROR", "message": "No"},
        {"frame_type": "RATE_LIMIT_EXCEEDED", "data": {"requestType": "CANCEL_LIMIT_ORDER"}},
    ],
    ids=["error", "not requested", "invalid", "general error", "rate limit"],
)
def test_a_refused_cancel_leaves_the_order_open_and_is_asked_about(frame: dict[str, Any]) -> None:
    desk = Desk(order_in(OrderStatus.OPEN))
    desk.state.tracker.apply(step(Says.CANCEL_SENT), NOW)
    command = desk.send(CommandKind.CANCEL)
    told = desk.receive(**frame, clientMsgId=command.message_id)
    assert names(told) == ["CancelRefused"]
    assert desk.order.status is OrderStatus.OPEN
    assert desk.asked == [(CLIENT_ID, AskReason.CANCEL_REFUSED)]


@pytest.mark.parametrize("frame_type", ["INVALID_PLACE_LIMIT_REQUEST", "INVALID_PLACE_MARKET_REQUEST"])
def test_an_invalid_placement_is_a_failed_order(desk: Desk, frame_type: str) -> None:
    command = desk.send()
    told = desk.receive(frame_type, {"message": "too small"}, clientMsgId=command.message_id)
    assert names(told) == ["OrderFailed"]
    assert desk.order.failure_reason == "too small"


def test_a_late_refusal_of_a_first_attempt_fails_nothing_that_was_placed_again(desk: Desk) -> None:
    command = desk.send()
    desk.state.tracker.apply(step(Says.SENT), NOW)
    told = desk.receive(
        "INVALID_PLACE_LIMIT_REQUEST", {"message": "too small"}, clientMsgId=command.message_id
    )
    assert list(told) == []
    assert desk.order.status is OrderStatus.PENDING_CREATE


def test_a_refusal_without_a_message_id_is_the_only_command_it_can_be(desk: Desk) -> None:
    desk.send(CommandKind.CANCEL, desk.track(order_in(OrderStatus.OPEN, client_order_id="MM-2")))
    desk.send()
    assert names(desk.receive("INVALID_PLACE_LIMIT_REQUEST", {"message": "No"})) == ["OrderFailed"]


def test_a_refusal_without_a_message_id_is_nobodys_where_it_could_be_two(desk: Desk) -> None:
    desk.send()
    desk.send(CommandKind.PLACE_MARKET, desk.track(new_order("MM-2")))
    assert list(desk.receive("INVALID_PLACE_LIMIT_REQUEST", {"message": "No"})) == []
    assert desk.order.status is OrderStatus.PENDING_CREATE


def test_a_refusal_that_names_its_order_needs_no_message_id(desk: Desk) -> None:
    data = {"customerOrderId": CLIENT_ID, "message": "No"}
    assert names(desk.receive("INVALID_PLACE_LIMIT_REQUEST", data)) == ["OrderFailed"]


def test_a_refused_cancel_that_names_its_order_fails_no_placement(desk: Desk) -> None:
    data = {"customerOrderId": CLIENT_ID, "message": "No such order"}
    assert list(desk.receive("INVALID_CANCEL_ORDER_REQUEST", data)) == []
    assert desk.order.status is OrderStatus.PENDING_CREATE


def test_a_general_error_about_an_unknown_command_says_nothing_about_the_order_it_names(desk: Desk) -> None:
    data = {"customerOrderId": CLIENT_ID, "message": "No"}
    assert list(desk.receive("ERROR", data, clientMsgId="c-99")) == []
    assert desk.order.status is OrderStatus.PENDING_CREATE


@pytest.mark.parametrize("frame_type", ["ERROR", "UNAUTHORIZED", "UNSUPPORTED"])
def test_a_general_error_without_a_message_id_answers_no_command(desk: Desk, frame_type: str) -> None:
    desk.send()
    assert list(desk.receive(frame_type, message="Channel X invalid")) == []
    assert desk.order.status is OrderStatus.PENDING_CREATE


@pytest.mark.parametrize(
    "frame",
    [
        {"frame_type": "MODIFY_ORDER_WS_RESPONSE", "error": {"message": "No"}},
        {"frame_type": "INVALID_MODIFY_WS_REQUEST", "data": {"message": "No"}},
    ],
)
def test_a_refused_modify_is_asked_about(frame: dict[str, Any]) -> None:
    desk = Desk(order_in(OrderStatus.OPEN))
    command = desk.send(CommandKind.MODIFY)
    assert list(desk.receive(**frame, clientMsgId=command.message_id)) == []
    assert desk.asked == [(CLIENT_ID, AskReason.MODIFY_SETTLED)]


def test_the_receipt_for_a_modify_says_nothing() -> None:
    desk = Desk(order_in(OrderStatus.OPEN))
    command = desk.send(CommandKind.MODIFY)
    data = {"requested": True, "modifyRequestId": "m", "orderId": EXCHANGE_ID}
    assert list(desk.receive("MODIFY_ORDER_WS_RESPONSE", data, clientMsgId=command.message_id)) == []
    assert desk.asked == []
    assert len(desk.state.ledger) == 0


def test_the_receipt_for_a_modify_is_none_for_the_one_that_was_sent_after_it() -> None:
    desk = Desk(order_in(OrderStatus.OPEN))
    command = desk.send(CommandKind.MODIFY)
    desk.state.tracker.apply(step(Says.MODIFY_SENT), command.sent_at + 1)
    data = {"requested": True, "modifyRequestId": "m", "orderId": EXCHANGE_ID}
    desk.receive("MODIFY_ORDER_WS_RESPONSE", data, clientMsgId=command.message_id)
    assert desk.order.modify_request is not None
    assert not desk.order.modify_request.received


@pytest.mark.parametrize("request_type", ["PLACE_LIMIT_ORDER", None, "BATCH_ORDERS"])
def test_a_placement_over_the_limit_was_not_executed(desk: Desk, request_type: str | None) -> None:
    command = desk.send()
    data = None if request_type is None else {"requestType": request_type}
    told = desk.receive("RATE_LIMIT_EXCEEDED", data, clientMsgId=command.message_id)
    assert names(told) == ["OrderFailed"]
    assert desk.order.failure_reason == "rate limit exceeded; VALR did not execute it"


def test_a_limit_of_another_kind_of_request_without_a_message_id_concerns_none_of_our_commands(
    desk: Desk,
) -> None:
    desk.send()
    assert list(desk.receive("RATE_LIMIT_EXCEEDED", {"requestType": "SUBSCRIBE"})) == []
    assert (desk.order.status, len(desk.state.ledger)) == (OrderStatus.PENDING_CREATE, 1)


def test_a_limit_without_a_message_id_concerns_the_only_command_of_its_kind(desk: Desk) -> None:
    cancelled = desk.track(order_in(OrderStatus.OPEN, client_order_id="MM-2"))
    desk.send(CommandKind.CANCEL, cancelled)
    desk.send()
    told = desk.receive("RATE_LIMIT_EXCEEDED", {"requestType": "PLACE_LIMIT_ORDER"})
    assert names(told) == ["OrderFailed"]
    assert cancelled.status is OrderStatus.OPEN


# --- everything else -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame_type", "data"),
    [
        ("POSITION_CLOSED", {"pair": "BTCUSDTPERP", "positionId": "p-1"}),
        ("SEND_STATUS_UPDATE", {"uniqueId": "u-1", "status": "SEND_BROADCASTED"}),
    ],
)
def test_what_concerns_the_account_is_told_as_it_is(desk: Desk, frame_type: str, data: Any) -> None:
    (told,) = desk.receive(frame_type, data)
    assert isinstance(told, AccountActivity)
    assert told.kind == frame_type


@pytest.mark.parametrize("word", ["true", True, "TRUE"])
def test_cancel_on_disconnect_is_told_as_armed_in_every_spelling(desk: Desk, word: object) -> None:
    told = desk.receive("CANCEL_ON_DISCONNECT_UPDATE", {"cancelOnDisconnect": word})
    assert told == (CancelOnDisconnectChanged(is_armed=True, why_not=""),)


@pytest.mark.parametrize("word", ["false", False])
def test_cancel_on_disconnect_that_valr_does_not_confirm_is_told_as_off(desk: Desk, word: object) -> None:
    told = desk.receive("CANCEL_ON_DISCONNECT_UPDATE", {"cancelOnDisconnect": word})
    assert told == (CancelOnDisconnectChanged(is_armed=False, why_not="VALR says that it is off"),)


@pytest.mark.parametrize("frame_type", ["AUTHENTICATED", "PONG", "SUBSCRIBED", "UNSUBSCRIBED"])
def test_life_signs_say_nothing(desk: Desk, frame_type: str) -> None:
    assert list(desk.receive(frame_type)) == []


def test_a_type_that_nobody_knows_is_counted_and_told_once(desk: Desk) -> None:
    assert desk.receive("NEWS") == (UnknownFrameReceived(Socket.ACCOUNT, "NEWS"),)
    assert desk.receive("NEWS") == ()
    assert desk.state.router.unknown == {"NEWS": 2}


def test_what_we_do_ourselves_goes_through_the_same_door(desk: Desk) -> None:
    assert names(desk.state.router.apply(step(Says.PLACEMENT_UNKNOWN), NOW)) == ["PlacementUnknown"]


def test_an_answer_knows_when_its_question_was_put() -> None:
    desk = Desk(order_in(OrderStatus.OPEN))
    desk.order.updated_at = None
    confirmed = desk.receive("CANCEL_ORDER_SUCCESS", {"customerOrderId": CLIENT_ID}, NOW + 10)
    assert names(confirmed) == ["OrderCancelled"]
    raw = orjson.dumps({"type": "ORDER_STATUS_UPDATE", "data": status("Placed")})
    frame = decode_account_frame(raw)
    assert isinstance(frame, frames.OrderStatusUpdateFrame)
    late = desk.state.router.report(frame.data, NOW + 20, asked_at=NOW)
    assert list(late) == []
    assert desk.order.status is OrderStatus.CANCELLED


def test_the_pair_of_an_order_is_its_symbol_on_the_wire() -> None:
    desk = Desk(order_in(OrderStatus.OPEN, symbol=Symbol("ETHZAR")))
    desk.receive("NEW_ACCOUNT_TRADE", trade(id=None, currencyPair="ETHZAR"))
    assert desk.asked == [(CLIENT_ID, AskReason.UNATTRIBUTED_FILL)]
