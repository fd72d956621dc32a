"""From an HTTP answer to its value or its error (protocol 3)."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valr_connector.errors import (
    AuthenticationError,
    DecodeError,
    DuplicateOrderIdError,
    ExchangeError,
    InsufficientFundsError,
    OrderNotFoundError,
    OrderRefusedError,
    OutcomeUnknownError,
    PermissionDeniedError,
    RateLimitedError,
    ReadOnlyError,
    TransportError,
    ValrError,
)
from valr_connector.model.enums import Side
from valr_connector.model.ids import ClientOrderId, ExchangeOrderId, Symbol
from valr_connector.protocol import endpoints
from valr_connector.protocol.endpoints import Request, decode_response
from valr_connector.protocol.error_codes import exchange_error
from valr_connector.protocol.order_requests import CancelOrder, PlaceLimit
from valr_connector.protocol.reply_frames import ReplyError
from valr_connector.protocol.responses import refuses_signature

BTCZAR = Symbol("BTCZAR")
PLACE = endpoints.place_limit(PlaceLimit(BTCZAR, Side.BUY, Decimal(1), Decimal(1), ClientOrderId("MM-1")))
CANCEL = endpoints.cancel_order(CancelOrder(BTCZAR, client_order_id=ClientOrderId("MM-1")))
CANCEL_ALL = endpoints.cancel_all()
STATUS = endpoints.order_status(BTCZAR, ExchangeOrderId("a"))
BALANCES = endpoints.balances()


def refusal(
    request: Request[Any], status: int, body: Any, headers: Mapping[str, str] | None = None
) -> ValrError:
    raw = body if isinstance(body, bytes) else orjson.dumps(body)
    with pytest.raises(ValrError) as caught:
        decode_response(request, status, headers or {}, raw)
    return caught.value


@pytest.mark.parametrize("status", [200, 201, 202])
def test_a_success_gives_its_value(status: int) -> None:
    assert decode_response(PLACE, status, {}, b'{"id":"order-a"}').order_id == "order-a"


CODES: list[tuple[Request[Any], int, Any, type[ExchangeError]]] = [
    (STATUS, 400, -1, OrderNotFoundError),
    (CANCEL, 400, -1, OrderNotFoundError),
    (PLACE, 400, -1, OrderRefusedError),
    (PLACE, 400, -6, InsufficientFundsError),
    (PLACE, 400, "-6", InsufficientFundsError),
    (PLACE, 400, -11, ExchangeError),
    (PLACE, 400, -21, ExchangeError),
    (PLACE, 400, -32, OrderRefusedError),
    (PLACE, 400, -38, OrderRefusedError),
    (PLACE, 400, -39, OrderRefusedError),
    (BALANCES, 404, -111, ExchangeError),
    (PLACE, 400, -113, ExchangeError),
    (PLACE, 403, -11133, PermissionDeniedError),
    (BALANCES, 401, -11252, AuthenticationError),
    (BALANCES, 400, -11268, AuthenticationError),
    (BALANCES, 401, -11272, AuthenticationError),
    (PLACE, 400, -11500, OrderRefusedError),
    (PLACE, 400, -11502, DuplicateOrderIdError),
    (PLACE, 400, "-11502", DuplicateOrderIdError),
    (PLACE, 400, -11528, OrderRefusedError),
    (PLACE, 400, -12005, OrderRefusedError),
    (PLACE, 400, -12007, OrderRefusedError),
    (PLACE, 400, -21303, OrderRefusedError),
    (PLACE, 400, -21403, OrderRefusedError),
    (PLACE, 400, -99999, ExchangeError),
    (STATUS, 404, -99999, OrderNotFoundError),
    (BALANCES, 401, -99999, AuthenticationError),
    (BALANCES, 403, -99999, PermissionDeniedError),
]


@pytest.mark.parametrize(("request_", "status", "code", "kind"), CODES)
def test_a_code_has_its_kind_of_error(request_: Request[Any], status: int, code: Any, kind: type) -> None:
    error = refusal(request_, status, {"code": code, "message": "Because. "})
    assert type(error) is kind
    assert isinstance(error, ExchangeError)
    assert (error.code, error.status, error.request) == (int(code), status, request_.name)
    assert (error.reason, error.order_id) == ("Because.", None)


BODIES = [
    b"",
    b"null",
    b"[]",
    b"7",
    b'""',
    b"<html>Bad Request</html>",
    b"\xff\xfe",
    b'{"code":',
    b"{}",
    b"[" * 10**5,
]


@pytest.mark.parametrize(
    ("request_", "status", "kind"),
    [
        (PLACE, 400, ExchangeError),
        (PLACE, 401, AuthenticationError),
        (PLACE, 403, PermissionDeniedError),
        (PLACE, 404, ExchangeError),
        (STATUS, 404, OrderNotFoundError),
        (CANCEL, 404, OrderNotFoundError),
        (PLACE, 422, ExchangeError),
        (PLACE, 429, RateLimitedError),
        (PLACE, 408, OutcomeUnknownError),
        (STATUS, 408, TransportError),
        (PLACE, 500, OutcomeUnknownError),
        (PLACE, 502, OutcomeUnknownError),
        (CANCEL, 504, OutcomeUnknownError),
        (CANCEL_ALL, 503, OutcomeUnknownError),
        (PLACE, 503, OutcomeUnknownError),
        (CANCEL, 503, OutcomeUnknownError),
        (STATUS, 500, TransportError),
        (STATUS, 503, TransportError),
        (PLACE, 302, OutcomeUnknownError),
        (STATUS, 304, TransportError),
        (PLACE, 100, OutcomeUnknownError),
        (PLACE, 600, OutcomeUnknownError),
    ],
)
def test_the_status_decides_where_the_body_says_nothing(
    request_: Request[Any], status: int, kind: type
) -> None:
    for body in BODIES:
        assert type(refusal(request_, status, body)) is kind, body


def test_an_empty_refusal_still_says_what_was_refused() -> None:
    assert refusal(PLACE, 403, b"").message == "VALR gave no reason (POST /v2/orders/limit, HTTP 403)"


def test_an_unknown_outcome_names_request_and_status() -> None:
    assert refusal(PLACE, 502, b"<html>").message == "POST /v2/orders/limit: HTTP 502"


def test_a_placement_that_got_an_id_before_it_failed_names_it() -> None:
    body = {"orderId": "99ded62e-26ff-407c-98d5-cd24b4e56179", "code": -6, "message": "Insufficient Balance"}
    error = refusal(PLACE, 400, body)
    assert isinstance(error, InsufficientFundsError)
    assert error.order_id == "99ded62e-26ff-407c-98d5-cd24b4e56179"


def test_an_order_that_failed_for_an_unknown_reason_was_refused() -> None:
    assert type(refusal(PLACE, 400, {"orderId": "a", "code": -77777, "message": "New"})) is OrderRefusedError


@pytest.mark.parametrize("order_id", [None, "", 7])
def test_an_order_id_that_is_none_is_left_out(order_id: Any) -> None:
    error = refusal(PLACE, 400, {"orderId": order_id, "code": -11, "message": "No"})
    assert isinstance(error, ExchangeError)
    assert error.order_id is None


def test_invalid_fields_are_named() -> None:
    body = {
        "code": -11,
        "message": "Invalid Request",
        "validationErrors": {"errors": [{"field": "price", "message": "must not be blank"}]},
    }
    assert str(refusal(PLACE, 400, body)).startswith("Invalid Request; price must not be blank (")


@pytest.mark.parametrize("text", ["Unauthorized", "API key or secret is invalid", "unauthorized "])
def test_some_texts_tell_without_a_code(text: str) -> None:
    assert type(refusal(BALANCES, 400, {"message": text})) is AuthenticationError


def test_a_reason_is_cut_before_it_floods_the_log() -> None:
    error = refusal(PLACE, 400, {"code": -11, "message": "x" * 10_000})
    assert isinstance(error, ExchangeError)
    assert len(error.reason) == 300


@pytest.mark.parametrize("status", [200, 201, 202])
def test_a_success_with_code_and_message_is_an_error(status: int) -> None:
    error = refusal(PLACE, status, {"code": -6, "message": "Insufficient Balance", "orderId": "a"})
    assert isinstance(error, InsufficientFundsError)
    assert error.order_id == "a"


def test_code_and_message_inside_of_a_success_are_no_error() -> None:
    body = {"outcomes": [{"accepted": False, "error": {"code": -6, "message": "No"}}], "batchId": 1}
    request = endpoints.batch([PlaceLimit(BTCZAR, Side.BUY, Decimal(1), Decimal(1), ClientOrderId("MM-1"))])
    assert len(decode_response(request, 200, {}, orjson.dumps(body)).outcomes) == 1


def test_a_success_with_a_garbled_name_is_a_decode_error() -> None:
    body = b'[{"orderId":"a","orderSt\xe1tusType":"Placed"}]'
    with pytest.raises(DecodeError):
        decode_response(endpoints.open_orders(), 200, {}, body)


@pytest.mark.parametrize("body", BODIES)
def test_a_success_that_does_not_fit_is_a_decode_error(body: bytes) -> None:
    assert type(refusal(PLACE, 201, body)) is DecodeError


@pytest.mark.parametrize(
    ("headers", "retry_after_s"),
    [
        ({"Retry-After": "1"}, 1.0),
        ({"retry-after": "2.5"}, 2.5),
        ({"X-Other": "x", "RETRY-AFTER": " 3 "}, 3.0),
        ({"Retry-After": "999999999"}, 3600.0),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": "1_0"}, None),
        ({"Retry-After": "٣"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"Retry-After": ""}, None),
        ({"x-valr-ratelimited": "true"}, None),
        ({}, None),
    ],
)
def test_a_rate_limit_may_say_how_long_to_wait(headers: dict[str, str], retry_after_s: float | None) -> None:
    error = refusal(BALANCES, 429, b"<html>Too Many Requests</html>", headers)
    assert isinstance(error, RateLimitedError)
    assert (error.retry_after_s, error.reason, error.status) == (retry_after_s, "rate limit exceeded", 429)


def test_a_rate_limit_may_come_as_json() -> None:
    error = refusal(BALANCES, 429, {"code": -429, "message": "Slow down"})
    assert isinstance(error, RateLimitedError)
    assert (error.code, error.reason) == (-429, "Slow down")


@pytest.mark.parametrize("request_", [PLACE, CANCEL, CANCEL_ALL])
def test_read_only_mode_is_what_valr_itself_says(request_: Request[Any]) -> None:
    error = refusal(request_, 503, {"code": -7, "message": "Maintenance"})
    assert isinstance(error, ReadOnlyError)
    assert (error.reason, error.code, error.status) == ("Maintenance", -7, 503)
    assert str(refusal(request_, 503, {"code": -7})).startswith("read-only (")


@pytest.mark.parametrize("body", [{"code": 503, "message": "upstream reset"}, {"message": "unavailable"}])
def test_a_gateway_that_answers_503_in_json_says_nothing_of_what_became_of_the_call(
    body: dict[str, Any],
) -> None:
    assert type(refusal(PLACE, 503, body)) is OutcomeUnknownError


def test_a_read_that_meets_read_only_mode_failed_on_the_way() -> None:
    assert type(refusal(STATUS, 503, {"code": -7, "message": "Maintenance"})) is TransportError


def test_a_refusal_on_a_socket_has_the_same_kinds() -> None:
    error = exchange_error(ReplyError(-11502, "Duplicate"), request="PLACE_LIMIT_ORDER")
    assert type(error) is DuplicateOrderIdError
    assert error.message == "Duplicate (PLACE_LIMIT_ORDER, code -11502)"


@pytest.mark.parametrize(
    ("text", "kind"), [("Insufficient balance", InsufficientFundsError), ("Something new", ExchangeError)]
)
def test_a_refusal_on_a_socket_may_be_bare_text(text: str, kind: type) -> None:
    assert type(exchange_error(ReplyError(None, text), request="PLACE_LIMIT_ORDER")) is kind


@settings(deadline=None)
@given(
    st.sampled_from([PLACE, CANCEL, STATUS, BALANCES, CANCEL_ALL]),
    st.integers(100, 599),
    st.binary(max_size=60)
    | st.dictionaries(st.text(max_size=8), st.text(max_size=8), max_size=3).map(orjson.dumps),
)
def test_any_answer_gives_a_value_or_an_error_of_this_library(
    request_: Request[Any], status: int, body: bytes
) -> None:
    assert _outcome(request_, status, body) is not None


def _outcome(request: Request[Any], status: int, body: bytes) -> object:
    try:
        return decode_response(request, status, {}, body)
    except ValrError as error:
        return error


@pytest.mark.parametrize(
    ("status", "body", "is_refused"),
    [
        (401, b'{"code":-11252,"message":"Request has an invalid signature"}', True),
        (401, b'{"code":"-11252","message":"Request has an invalid signature"}', True),
        (400, b'{"code":-11252,"message":"Request has an invalid signature"}', False),
        (401, b'{"code":-11272,"message":"IP address not whitelisted"}', False),
        (401, b"", False),
        (200, b"[]", False),
    ],
)
def test_a_refused_signature_is_told_from_other_refusals(status: int, body: bytes, is_refused: bool) -> None:
    assert refuses_signature(status, body) is is_refused
