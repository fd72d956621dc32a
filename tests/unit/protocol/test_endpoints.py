"""Every REST call: where it goes, what it carries, and what it gives (protocol 7, 9, 10)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import orjson
import pytest

from tests.unit.protocol import samples
from tests.unit.protocol.test_market_requests import QUESTIONS as MARKET_QUESTIONS
from valr_connector.errors import DecodeError, InvalidArgumentError
from valr_connector.model.account import ApiKeyInfo
from valr_connector.model.enums import OrderType, Side
from valr_connector.model.ids import ClientOrderId, ExchangeOrderId, Symbol
from valr_connector.model.order import Fee
from valr_connector.protocol import endpoints
from valr_connector.protocol.endpoints import ENDPOINTS, Lane, Request
from valr_connector.protocol.order_requests import (
    CancelOrder,
    ModifyOrder,
    PlaceLimit,
    PlaceMarket,
    PlaceStopLimit,
)
from valr_connector.protocol.order_status import WireStatus
from valr_connector.protocol.reply_frames import ReplyError

BTCZAR = Symbol("BTCZAR")
OID = ExchangeOrderId("68b4e939-0f90-41ed-8525-8c9c3509ca63")
CID = ClientOrderId("MM-1")
ONE = Decimal(1)
START = datetime(2026, 3, 8, 17, 0, 0, 0, timezone(timedelta(hours=2)))
END = datetime(2026, 3, 9, 0, 0, 0, 500000, UTC)

LIMIT = PlaceLimit(BTCZAR, Side.BUY, ONE, ONE, CID)
MARKET = PlaceMarket(BTCZAR, Side.SELL, CID, quote_amount=ONE)
STOP = PlaceStopLimit(BTCZAR, Side.SELL, OrderType.STOP_LOSS_LIMIT, ONE, ONE, ONE, CID)
MODIFY = ModifyOrder(BTCZAR, OID, new_price=ONE)
CANCEL = CancelOrder(BTCZAR, client_order_id=CID)

# request, target, lane
GETS: list[tuple[Request[Any], str, Lane]] = [
    (endpoints.server_time(), "/v1/public/time", Lane.PUBLIC),
    (endpoints.exchange_status(), "/v1/public/status", Lane.PUBLIC),
    (endpoints.pairs(), "/v1/public/pairs", Lane.PUBLIC),
    (endpoints.order_types(), "/v1/public/ordertypes", Lane.PUBLIC),
    (endpoints.pair_order_types(BTCZAR), "/v1/public/BTCZAR/ordertypes", Lane.PUBLIC),
    (endpoints.api_key(), "/v1/account/api-keys/current", Lane.READ),
    (endpoints.balances(), "/v1/account/balances?excludeZeroBalances=true", Lane.READ),
    (endpoints.balances(exclude_zero=False), "/v1/account/balances?excludeZeroBalances=false", Lane.READ),
    (endpoints.fees(), "/v1/account/fees/trade", Lane.READ),
    (endpoints.trade_history(), "/v1/account/tradehistory?skip=0&limit=100", Lane.RECONCILE),
    (
        endpoints.trade_history(start=START, end=END, before_id="t-1", skip=5, limit=7),
        (
            "/v1/account/tradehistory?skip=5&limit=7&beforeId=t-1"
            "&startTime=2026-03-08T15%3A00%3A00.000Z&endTime=2026-03-09T00%3A00%3A00.500Z"
        ),
        Lane.RECONCILE,
    ),
    (
        endpoints.pair_trade_history(BTCZAR, skip=100, limit=1),
        "/v1/account/BTCZAR/tradehistory?skip=100&limit=1",
        Lane.RECONCILE,
    ),
    (endpoints.transaction_history(), "/v1/account/transactionhistory?skip=0&limit=100", Lane.READ),
    (
        endpoints.transaction_history(
            types=["LIMIT_BUY", "FUND"],
            currency="ZAR",
            start=START,
            end=END,
            before_id="t-1",
            skip=5,
            limit=7,
        ),
        (
            "/v1/account/transactionhistory?skip=5&limit=7&beforeId=t-1"
            "&transactionTypes=LIMIT_BUY%2CFUND&currency=ZAR"
            "&startTime=2026-03-08T15%3A00%3A00.000Z&endTime=2026-03-09T00%3A00%3A00.500Z"
        ),
        Lane.READ,
    ),
    (endpoints.open_orders(), "/v1/orders/open", Lane.RECONCILE),
    (endpoints.order_status(BTCZAR, OID), f"/v1/orders/BTCZAR/orderid/{OID}", Lane.RECONCILE),
    (
        endpoints.order_status_by_client_id(BTCZAR, CID),
        "/v1/orders/BTCZAR/customerorderid/MM-1",
        Lane.RECONCILE,
    ),
    (
        endpoints.order_history(),
        "/v1/orders/history?skip=0&limit=100&showZeroVolumeCancels=true",
        Lane.RECONCILE,
    ),
    (
        endpoints.order_history(symbol=BTCZAR, start=START, skip=1, limit=2),
        (
            "/v1/orders/history?skip=1&limit=2&showZeroVolumeCancels=true&currencyPair=BTCZAR"
            "&startTime=2026-03-08T15%3A00%3A00.000Z"
        ),
        Lane.RECONCILE,
    ),
    (endpoints.history_summary(OID), f"/v1/orders/history/summary/orderid/{OID}", Lane.RECONCILE),
    (
        endpoints.history_summary_by_client_id(CID),
        "/v1/orders/history/summary/customerorderid/MM-1",
        Lane.RECONCILE,
    ),
    (endpoints.history_detail(OID), f"/v1/orders/history/detail/orderid/{OID}", Lane.RECONCILE),
    (
        endpoints.history_detail_by_client_id(CID),
        "/v1/orders/history/detail/customerorderid/MM-1",
        Lane.RECONCILE,
    ),
]

# request, method, target, body, lane, may it be repeated
WRITES: list[tuple[Request[Any], str, str, Any, Lane, bool]] = [
    (endpoints.place_limit(LIMIT), "POST", "/v2/orders/limit", LIMIT.body(), Lane.PLACE, False),
    (endpoints.place_market(MARKET), "POST", "/v2/orders/market", MARKET.body(), Lane.PLACE, False),
    (endpoints.place_stop_limit(STOP), "POST", "/v2/orders/stop/limit", STOP.body(), Lane.PLACE, False),
    (endpoints.modify_order(MODIFY), "PUT", "/v2/orders/modify", MODIFY.body(), Lane.MODIFY, False),
    (endpoints.cancel_order(CANCEL), "DELETE", "/v2/orders/order", CANCEL.body(), Lane.CANCEL, True),
    (endpoints.cancel_all(), "DELETE", "/v1/orders", None, Lane.CANCEL, True),
    (endpoints.cancel_pair(BTCZAR), "DELETE", "/v1/orders/BTCZAR", None, Lane.CANCEL, True),
    (
        endpoints.batch([LIMIT]),
        "POST",
        "/v1/batch/orders",
        {"requests": [{"type": "PLACE_LIMIT", "data": LIMIT.body()}]},
        Lane.PLACE,
        False,
    ),
]


@pytest.mark.parametrize(("request_", "target", "lane"), GETS)
def test_a_read_goes_where_the_protocol_says_and_may_be_repeated(
    request_: Request[Any], target: str, lane: Lane
) -> None:
    assert (request_.method, request_.target, request_.body) == ("GET", target, None)
    assert (request_.lane, request_.may_retry, request_.is_read) == (lane, True, True)
    assert request_.is_signed is (lane is not Lane.PUBLIC)


@pytest.mark.parametrize(("request_", "method", "target", "body", "lane", "may_retry"), WRITES)
def test_a_write_carries_its_body_and_is_repeated_only_where_that_is_harmless(
    request_: Request[Any], method: str, target: str, body: Any, lane: Lane, may_retry: bool
) -> None:
    assert (request_.method, request_.target) == (method, target)
    assert request_.body == (None if body is None else orjson.dumps(body))
    assert (request_.lane, request_.may_retry, request_.is_read) == (lane, may_retry, False)
    assert request_.is_signed


ALL = [row[0] for row in GETS] + [row[0] for row in WRITES]


@pytest.mark.parametrize("request_", ALL, ids=lambda request: request.target)
def test_a_request_is_recognised_again_by_its_method_and_path(request_: Request[Any]) -> None:
    path = request_.target.partition("?")[0]
    matching = [endpoint.name for endpoint in ENDPOINTS if endpoint.matches(request_.method, path)]
    assert matching == [request_.name]


def test_every_endpoint_is_reached_by_a_call() -> None:
    reached = {request.name for request in ALL} | {request.name for request, _, _ in MARKET_QUESTIONS}
    assert reached == {endpoint.name for endpoint in ENDPOINTS}


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("DELETE", "/v1/orders/conditionals"),
        ("DELETE", "/v1/orders/order"),
        ("POST", "/v1/orders/limit"),
        ("GET", "/v1/orders"),
        ("GET", "/v1/orders/BTCZAR/orderid/a/b"),
    ],
)
def test_a_call_that_is_not_made_here_is_not_recognised(method: str, path: str) -> None:
    assert not any(endpoint.matches(method, path) for endpoint in ENDPOINTS)


def test_what_goes_into_a_path_is_percent_encoded() -> None:
    endpoint = next(endpoint for endpoint in ENDPOINTS if endpoint.name.endswith("/detail/orderid/{id}"))
    assert endpoint.request(id="a/b c?").target == "/v1/orders/history/detail/orderid/a%2Fb%20c%3F"


REFUSED: list[Callable[[], object]] = [
    lambda: endpoints.pair_order_types(Symbol("BTC/ZAR")),
    lambda: endpoints.pair_trade_history(Symbol("")),
    lambda: endpoints.cancel_pair(Symbol("")),
    lambda: endpoints.order_status(Symbol(""), OID),
    lambda: endpoints.order_status(BTCZAR, ExchangeOrderId("")),
    lambda: endpoints.order_status_by_client_id(Symbol(""), CID),
    lambda: endpoints.order_status_by_client_id(BTCZAR, ClientOrderId("")),
    lambda: endpoints.order_history(symbol=Symbol("")),
    lambda: endpoints.order_history(limit=101),
    lambda: endpoints.order_history(limit=0),
    lambda: endpoints.trade_history(skip=-1),
    lambda: endpoints.trade_history(start=datetime(2026, 3, 8)),  # noqa: DTZ001  # the point of the test
    lambda: endpoints.trade_history(before_id=""),
    lambda: endpoints.transaction_history(types="LIMIT_BUY"),
    lambda: endpoints.transaction_history(types=["LIMIT_BUY,LIMIT_SELL"]),
    lambda: endpoints.transaction_history(types=[1]),  # type: ignore[list-item]  # the point of the test
    lambda: endpoints.transaction_history(currency=""),
    lambda: endpoints.transaction_history(before_id=7),  # type: ignore[arg-type]  # the point of the test
    lambda: endpoints.history_summary(ExchangeOrderId("a b")),
    lambda: endpoints.history_summary_by_client_id(ClientOrderId("MM_1")),
    lambda: endpoints.history_detail(ExchangeOrderId("")),
    lambda: endpoints.history_detail_by_client_id(ClientOrderId("")),
    lambda: endpoints.batch([]),
]


@pytest.mark.parametrize("make", REFUSED)
def test_a_malformed_argument_never_becomes_a_request(make: Callable[[], object]) -> None:
    with pytest.raises(InvalidArgumentError):
        make()


# --- answers


def answer(request: Request[Any], body: Any) -> Any:
    return request.decode(orjson.dumps(body))


def test_the_clock_is_read_to_the_microsecond() -> None:
    body = {"epochTime": 1750165361, "time": "2025-06-17T13:02:41.280178906Z"}
    assert answer(endpoints.server_time(), body).time == datetime(2025, 6, 17, 13, 2, 41, 280179, UTC)


@pytest.mark.parametrize(("status", "is_online"), [("online", True), ("read-only", False), ("new", False)])
def test_the_exchange_is_online_or_not(status: str, is_online: bool) -> None:
    assert answer(endpoints.exchange_status(), {"status": status}).is_online is is_online


def test_order_types_are_read() -> None:
    rows = answer(endpoints.order_types(), [{"currencyPair": "BTCZAR", "orderTypes": ["LIMIT"]}])
    assert (rows[0].currency_pair, rows[0].order_types) == ("BTCZAR", ["LIMIT"])
    assert answer(endpoints.pair_order_types(BTCZAR), ["LIMIT", "MARKET"]) == ["LIMIT", "MARKET"]


@pytest.mark.parametrize(("more", "is_subaccount"), [({"isSubAccount": True}, True), ({}, False)])
def test_the_key_tells_what_it_may_do(more: Any, is_subaccount: bool) -> None:
    body = {
        "label": "bot",
        "permissions": ["View access", "Trade"],
        "addedAt": "2024-06-13T09:00:00Z",
        **more,
    }
    info = answer(endpoints.api_key(), body).to_info()
    assert info == ApiKeyInfo("bot", frozenset({"View access", "Trade"}), is_subaccount)
    assert info.can_trade


def test_balances_are_read() -> None:
    rows = answer(endpoints.balances(), [{**samples.BALANCE_ROW, "currency": "ZAR"}])
    assert rows[0].to_balance().available == Decimal("1022.05")


def test_fees_are_percent_and_optional() -> None:
    rows = answer(
        endpoints.fees(),
        [
            {"currencyPair": "BTCZAR", "makerPercentage": "-0.01", "takerPercentage": "0.1"},
            {"currencyPair": "X"},
        ],
    )
    assert (rows[0].maker_percent, rows[0].taker_percent) == (Decimal("-0.01"), Decimal("0.1"))
    assert (rows[1].maker_percent, rows[1].taker_percent) == (None, None)


def test_fills_of_the_history_are_read_like_those_of_the_socket() -> None:
    rows = answer(endpoints.trade_history(), [samples.TRADE_ROW])
    assert rows[0].fee == Fee("BTC", Decimal("0.0000001"))
    assert rows == answer(endpoints.pair_trade_history(BTCZAR), [samples.TRADE_ROW])


def test_a_placement_gives_the_orders_id() -> None:
    assert answer(endpoints.place_limit(LIMIT), {"id": "order-a"}).order_id == "order-a"
    assert (
        answer(endpoints.place_market(MARKET), {"id": "order-a", "customerOrderId": "MM-1"}).order_id
        == "order-a"
    )


def test_a_modify_gives_the_id_of_its_request() -> None:
    assert answer(endpoints.modify_order(MODIFY), {"id": "modify-a"}).request_id == "modify-a"


def test_a_cancel_gives_back_the_id_that_was_sent() -> None:
    assert answer(endpoints.cancel_order(CANCEL), {"id": "MM-1"}).sent_id == "MM-1"


def test_cancelling_all_names_the_orders() -> None:
    body = [{"orderId": "a"}, {"orderId": "b", "customerOrderId": "c"}]
    for request in (endpoints.cancel_all(), endpoints.cancel_pair(BTCZAR)):
        assert [row.order_id for row in answer(request, body)] == ["a", "b"]


def test_a_batch_has_one_outcome_for_each_request() -> None:
    body = {
        "outcomes": [
            {"accepted": True, "orderId": "a", "customerOrderId": "MM-5", "requestType": "PLACE_LIMIT"},
            {"accepted": False, "error": {"code": "-12007", "message": "Minimum order size not met"}},
            {"accepted": False},
            {"accepted": False, "error": samples.ERROR_BODY | {"message": None}},
            {"accepted": False, "error": "No"},
        ],
        "batchId": 1395349783381499904,
    }
    outcomes = answer(endpoints.batch([LIMIT] * 5), body).outcomes
    assert [outcome.error for outcome in outcomes] == [
        None,
        ReplyError(-12007, "Minimum order size not met"),
        ReplyError(None, ""),
        ReplyError(-11, "", (("quantity", "must not be blank"),)),
        ReplyError(None, "No"),
    ]


def test_open_orders_are_read() -> None:
    row = samples.without(samples.OPEN_ROW, "quantity", remainingQuantity="0.0002")
    assert answer(endpoints.open_orders(), [row])[0].remaining == Decimal("0.0002")


@pytest.mark.parametrize(
    "request_", [endpoints.order_status(BTCZAR, OID), endpoints.order_status_by_client_id(BTCZAR, CID)]
)
def test_a_status_query_is_read_like_the_socket(request_: Request[Any]) -> None:
    report = answer(request_, samples.without(samples.STATUS_ROW, "executedPrice", "executedFee"))
    assert (report.wire_status, report.remaining) == (WireStatus.PARTIALLY_FILLED, Decimal("0.0002"))


SUMMARY = samples.without(
    samples.STATUS_ROW,
    averagePrice="66395",
    total="30.00190865",
    totalExecutedQuantity="0.00045187",
    totalFee="0.01",
    feeCurrency="R",
)


@pytest.mark.parametrize(
    "request_", [endpoints.history_summary(OID), endpoints.history_summary_by_client_id(CID)]
)
def test_a_summary_has_the_orders_totals(request_: Request[Any]) -> None:
    summary = answer(request_, SUMMARY)
    assert (summary.average_price, summary.total_executed) == (Decimal(66395), Decimal("0.00045187"))
    assert summary.total_fee == Fee("ZAR", Decimal("0.01"))
    assert summary.wire_status is WireStatus.PARTIALLY_FILLED


def test_an_old_summary_lacks_totals() -> None:
    summary = answer(
        endpoints.order_history(), [samples.without(SUMMARY, "totalExecutedQuantity", "feeCurrency")]
    )[0]
    assert (summary.total_executed, summary.total_fee) == (None, None)


@pytest.mark.parametrize(
    "request_", [endpoints.history_detail(OID), endpoints.history_detail_by_client_id(CID)]
)
def test_a_detail_is_a_list_that_may_be_empty(request_: Request[Any]) -> None:
    assert answer(request_, []) == []
    assert [row.executed_quantity for row in answer(request_, [samples.STATUS_ROW])] == [Decimal("0.0001")]


MALFORMED: list[tuple[Request[Any], bytes, str]] = [
    (
        endpoints.order_status(BTCZAR, OID),
        orjson.dumps({**samples.STATUS_ROW, "remainingQuantity": "1,5"}),
        "GET /v1/orders/{pair}/orderid/{id}: remainingQuantity: not a plain decimal number: 1,5",
    ),
    (
        endpoints.order_history(),
        orjson.dumps([SUMMARY, {**SUMMARY, "totalFee": "NaN"}]),
        "GET /v1/orders/history: [1].totalFee: not a plain decimal number: NaN",
    ),
    (
        endpoints.place_limit(LIMIT),
        b"{}",
        "POST /v2/orders/limit: id: required field is missing: {}",
    ),
    (endpoints.pairs(), b"", "GET /v1/public/pairs: frame: Input data was truncated: "),
    (
        endpoints.pairs(),
        b"<html>",
        "GET /v1/public/pairs: frame: JSON is malformed: invalid character (byte 0): <html>",
    ),
    (
        endpoints.pairs(),
        orjson.dumps(
            [{"symbol": "X", "baseCurrency": "X", "quoteCurrency": "Y", "baseDecimalPlaces": "1_0"}]
        ),
        'GET /v1/public/pairs: [0].baseDecimalPlaces: not a plain decimal number: "1_0"',
    ),
]


@pytest.mark.parametrize(("request_", "body", "message"), MALFORMED)
def test_an_answer_that_does_not_fit_says_where(request_: Request[Any], body: bytes, message: str) -> None:
    with pytest.raises(DecodeError) as caught:
        request_.decode(body)
    assert caught.value.message == message
