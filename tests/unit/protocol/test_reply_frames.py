"""Replies to commands: which command, which order, and whether it was refused (protocol 15.6)."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from tests.unit.protocol import samples
from valr_connector.protocol.frames import (
    CancelOnDisconnectUpdateFrame,
    CancelOrderResponseFrame,
    ErrorFrame,
    InvalidPlaceLimitFrame,
    ModifyOrderResponseFrame,
    PlaceLimitResponseFrame,
    RateLimitExceededFrame,
    SubscribedFrame,
    decode_account_frame,
)
from valr_connector.protocol.reply_frames import ReplyError, read_code, read_error

PLACE = ("PLACE_LIMIT_WS_RESPONSE", "PLACE_MARKET_WS_RESPONSE")
REQUEST = ("MODIFY_ORDER_WS_RESPONSE", "CANCEL_ORDER_WS_RESPONSE", "CANCEL_LIMIT_ORDER_WS_RESPONSE")
INVALID = (
    "INVALID_PLACE_LIMIT_REQUEST",
    "INVALID_PLACE_MARKET_REQUEST",
    "INVALID_CANCEL_ORDER_REQUEST",
    "INVALID_MODIFY_WS_REQUEST",
)
REFUSED = ReplyError(-11, "Invalid Request", (("quantity", "must not be blank"),))


def decode(frame: samples.Sample) -> Any:
    return decode_account_frame(orjson.dumps(frame))


@pytest.mark.parametrize("type_", PLACE)
def test_a_placement_with_an_order_id_was_accepted(type_: str) -> None:
    reply = decode(samples.of(type_, clientMsgId="c-17"))
    assert reply.error is None
    assert (reply.client_msg_id, reply.exchange_order_id, reply.client_order_id) == (
        "c-17",
        "order-a",
        "MM-a",
    )


@pytest.mark.parametrize("type_", PLACE)
def test_a_placement_may_name_only_the_order_id(type_: str) -> None:
    reply = decode(samples.of(type_, data={"orderId": "order-a"}))
    assert (reply.error, reply.client_order_id) == (None, None)


@pytest.mark.parametrize("type_", PLACE)
@pytest.mark.parametrize(
    "frame",
    [
        {},
        {"data": None},
        {"data": ""},
        {"data": {}},
        {"data": {"orderId": None}},
        {"data": {"orderId": "", "customerOrderId": "MM-a"}},
    ],
)
def test_a_placement_without_an_order_id_failed_for_no_stated_reason(type_: str, frame: Any) -> None:
    assert decode({"type": type_, "clientMsgId": "c-17", **frame}).error == ReplyError(None, "")


@pytest.mark.parametrize("type_", PLACE)
def test_a_message_beside_an_order_id_is_no_refusal(type_: str) -> None:
    assert decode(samples.of(type_, data={"orderId": "order-a", "message": "queued"})).error is None


@pytest.mark.parametrize(
    "where",
    [
        {"error": samples.ERROR_BODY},
        {"data": {"error": samples.ERROR_BODY}},
        {"data": samples.ERROR_BODY},
        samples.ERROR_BODY,
    ],
)
def test_a_refusal_is_found_wherever_it_stands(where: Any) -> None:
    for type_ in PLACE + REQUEST + INVALID:
        assert decode({"type": type_, "clientMsgId": "c-17", **where}).error == REFUSED, type_


@pytest.mark.parametrize("type_", PLACE + REQUEST)
def test_an_error_beside_an_order_id_is_a_refusal_all_the_same(type_: str) -> None:
    frame = samples.of(type_, error={"code": "-6", "message": "Insufficient Balance"})
    assert decode(frame).error == ReplyError(-6, "Insufficient Balance")


@pytest.mark.parametrize("type_", PLACE + REQUEST)
def test_a_code_beside_an_order_id_is_a_refusal_all_the_same(type_: str) -> None:
    data = {"orderId": "order-a", "requested": True, "code": -6, "message": "Insufficient Balance"}
    assert decode(samples.of(type_, data=data)).error == ReplyError(-6, "Insufficient Balance")


@pytest.mark.parametrize(
    "where", [{"error": "No"}, {"data": {"error": "No"}}, {"data": "No"}, {"message": "No"}]
)
def test_a_refusal_may_be_bare_text(where: Any) -> None:
    for type_ in PLACE + REQUEST + INVALID:
        assert decode({"type": type_, **where}).error == ReplyError(None, "No"), type_


@pytest.mark.parametrize("type_", INVALID)
def test_an_invalid_request_is_a_refusal_whatever_it_says(type_: str) -> None:
    assert decode({"type": type_}).error == ReplyError(None, "")
    assert decode({"type": type_, "data": {"orderId": "order-a"}}).error == ReplyError(None, "")
    assert decode({"type": type_, "data": [[]]}).error == ReplyError(None, "")


@pytest.mark.parametrize(
    "where",
    [{"error": [samples.ERROR_BODY]}, {"data": [samples.ERROR_BODY]}, {"data": ["", samples.ERROR_BODY]}],
)
def test_a_refusal_may_stand_in_a_list(where: Any) -> None:
    for type_ in PLACE + REQUEST + INVALID:
        assert decode({"type": type_, **where}).error == REFUSED, type_


@pytest.mark.parametrize(
    ("error", "text"),
    [
        (REFUSED, "Invalid Request; quantity must not be blank (-11)"),
        (ReplyError(None, " No "), "No"),
        (ReplyError(None, "", (("price", "too low"),)), "price too low"),
        (ReplyError(None, ""), ""),
    ],
)
def test_a_refusal_is_told_with_the_fields_that_it_names(error: ReplyError, text: str) -> None:
    assert error.stated_with_code == text


@pytest.mark.parametrize("type_", REQUEST)
@pytest.mark.parametrize("requested", [{"requested": True}, {"requested": "true"}, {}, {"requested": None}])
def test_a_request_that_was_received_is_not_refused(type_: str, requested: Any) -> None:
    assert decode(samples.of(type_, data={"orderId": "order-a", **requested})).error is None


@pytest.mark.parametrize("type_", REQUEST)
@pytest.mark.parametrize("requested", [False, "false", "False"])
def test_a_request_that_was_not_made_is_refused(type_: str, requested: Any) -> None:
    data = {"requested": requested, "orderId": "order-a", "message": "Too late"}
    assert decode(samples.of(type_, data=data)).error == ReplyError(None, "Too late")


@pytest.mark.parametrize("type_", REQUEST)
def test_a_receipt_without_data_is_a_refusal(type_: str) -> None:
    assert decode({"type": type_, "clientMsgId": "c-20"}).error == ReplyError(None, "")


def test_a_cancel_may_name_only_our_id() -> None:
    reply = decode(
        samples.of("CANCEL_ORDER_WS_RESPONSE", data={"requested": True, "customerOrderId": "MM-a"})
    )
    assert isinstance(reply, CancelOrderResponseFrame)
    assert (reply.error, reply.exchange_order_id, reply.client_order_id) == (None, None, "MM-a")


def test_a_modify_names_its_own_request() -> None:
    reply = decode(samples.of("MODIFY_ORDER_WS_RESPONSE"))
    assert isinstance(reply, ModifyOrderResponseFrame)
    assert reply.modify_request_id == "modify-a"


def test_the_message_id_may_stand_inside_of_data() -> None:
    reply = decode({"type": "PLACE_LIMIT_WS_RESPONSE", "data": {"orderId": "order-a", "clientMsgId": "c-17"}})
    assert isinstance(reply, PlaceLimitResponseFrame)
    assert reply.client_msg_id == "c-17"


def test_the_message_id_may_be_missing() -> None:
    reply = decode({"type": "INVALID_PLACE_LIMIT_REQUEST", "message": "No"})
    assert isinstance(reply, InvalidPlaceLimitFrame)
    assert reply.client_msg_id is None


@pytest.mark.parametrize("type_", ["ERROR", "UNAUTHORIZED", "UNSUPPORTED"])
def test_a_refusal_of_the_socket_says_why(type_: str) -> None:
    frame = decode({"type": type_, "message": "Invalid message - Invalid JSON"})
    assert frame.error == ReplyError(None, "Invalid message - Invalid JSON")
    assert decode({"type": type_}).error == ReplyError(None, "")


def test_an_error_may_answer_a_command() -> None:
    frame = decode({"type": "ERROR", "message": "Invalid Request", "clientMsgId": "c-17"})
    assert isinstance(frame, ErrorFrame)
    assert frame.client_msg_id == "c-17"


@pytest.mark.parametrize(
    ("frame", "msg_id", "request_type"),
    [
        ({"data": {"requestType": "MODIFY_ORDER"}, "clientMsgId": "c-21"}, "c-21", "MODIFY_ORDER"),
        ({"data": {"requestType": "BATCH_ORDERS", "clientMsgId": "c-21"}}, "c-21", "BATCH_ORDERS"),
        ({"data": None}, None, None),
        ({}, None, None),
    ],
)
def test_an_exceeded_limit_names_the_command(
    frame: Any, msg_id: str | None, request_type: str | None
) -> None:
    limited = decode({"type": "RATE_LIMIT_EXCEEDED", **frame})
    assert isinstance(limited, RateLimitExceededFrame)
    assert (limited.client_msg_id, limited.request_type) == (msg_id, request_type)


@pytest.mark.parametrize(
    ("flag", "is_armed"), [("true", True), (True, True), ("false", False), (False, False)]
)
def test_cancel_on_disconnect_may_be_text_or_a_boolean(flag: Any, is_armed: bool) -> None:
    frame = decode({"type": "CANCEL_ON_DISCONNECT_UPDATE", "data": {"cancelOnDisconnect": flag}})
    assert isinstance(frame, CancelOnDisconnectUpdateFrame)
    assert frame.is_armed is is_armed


def test_an_acknowledgement_names_event_and_pair() -> None:
    frame = decode({"type": "SUBSCRIBED", "message": "OB_L1_DIFF:BTCZAR"})
    assert isinstance(frame, SubscribedFrame)
    assert (frame.event, frame.pair_symbol) == ("OB_L1_DIFF", "BTCZAR")


def test_an_acknowledgement_may_name_only_the_event_or_nothing() -> None:
    assert decode({"type": "UNSUBSCRIBED", "message": "MARGIN_INFO"}).pair_symbol == ""
    assert decode({"type": "UNSUBSCRIBED"}).event == ""


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (samples.ERROR_BODY, REFUSED),
        ({"code": -1}, ReplyError(-1, "")),
        ({"message": "No"}, ReplyError(None, "No")),
        ({"message": {"text": "No"}}, ReplyError(None, "")),
        ({"validationErrors": [{"field": "a", "message": "b"}, "c"]}, ReplyError(None, "", (("a", "b"),))),
        ({"validationErrors": {"errors": "c"}}, None),
        ("No", ReplyError(None, "No")),
        ("", None),
        ({}, None),
        (None, None),
        (7, None),
        ([], None),
    ],
)
def test_an_error_body_of_any_shape_is_read(body: Any, error: ReplyError | None) -> None:
    assert read_error(body) == error


@pytest.mark.parametrize(
    ("code", "number"),
    [
        (-11502, -11502),
        ("-11502", -11502),
        ("7", 7),
        ("", None),
        ("-", None),
        ("--7", None),
        ("1" * 5000, None),
        ("x", None),
        (True, None),
        (1.5, None),
        (None, None),
    ],
)
def test_a_code_may_be_a_number_or_text(code: Any, number: int | None) -> None:
    assert read_code(code) == number
