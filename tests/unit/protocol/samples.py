"""One well-formed frame of every type in protocol 14 to 18, with every field that is read."""

from __future__ import annotations

from typing import Any

Sample = dict[str, Any]

_TIME = "2026-03-08T15:55:18.385Z"

STATUS_ROW: Sample = {
    "orderId": "order-a",
    "orderStatusType": "Partially Filled",
    "currencyPair": "BTCZAR",
    "originalPrice": "950000",
    "remainingQuantity": "0.0002",
    "originalQuantity": "0.0003",
    "orderSide": "sell",
    "orderType": "post-only limit",
    "failedReason": "",
    "orderUpdatedAt": _TIME,
    "orderCreatedAt": "2026-03-08T15:55:18Z",
    "customerOrderId": "MM-a",
    "executedPrice": "950001",
    "executedQuantity": "0.0001",
    "executedFee": "0.009196",
    "stopPrice": "940000",
    "timeInForce": "GTC",
}
OPEN_ROW: Sample = {
    "orderId": "order-a",
    "side": "sell",
    "quantity": "0.0002",
    "price": "950000",
    "currencyPair": "BTCZAR",
    "createdAt": "2026-03-08T15:55:18Z",
    "originalQuantity": "0.0003",
    "filledPercentage": "33.33",
    "customerOrderId": "MM-a",
    "type": "post-only limit",
    "status": "Placed",
    "updatedAt": _TIME,
    "timeInForce": "GTC",
    "allowMargin": False,
}
TRADE_ROW: Sample = {
    "price": "950000",
    "quantity": "0.0001",
    "currencyPair": "BTCZAR",
    "tradedAt": _TIME,
    "side": "buy",
    "orderId": "order-a",
    "id": "trade-a",
    "fee": "0.0000001",
    "feeCurrency": "BTC",
    "customerOrderId": "MM-a",
    "sequenceId": 1368928567986638852,
}
RAND: Sample = {"symbol": "R", "shortName": "ZAR", "decimalPlaces": 2, "isActive": True}
BALANCE_ROW: Sample = {
    "currency": RAND,
    "available": "1022.05",
    "reserved": "10",
    "total": "1032.05",
    "updatedAt": _TIME,
}
TRANSACTION_ROW: Sample = {
    "transactionType": {"type": "LIMIT_BUY", "description": "Limit Buy"},
    "debitCurrency": RAND,
    "debitValue": "100",
    "creditCurrency": "BTC",
    "creditValue": "0.0001",
    "feeCurrency": {"symbol": "BTC", "shortName": "BTC"},
    "feeValue": "0.0000001",
    "eventAt": _TIME,
    "additionalInfo": {"costPerCoin": 1000000.5, "costPerCoinSymbol": "R", "orderId": "order-a"},
    "id": "record-a",
}
POSITION_ROW: Sample = {
    "pair": "BTCUSDTPERP",
    "side": "buy",
    "quantity": "0.0003",
    "realisedPnl": "-0.08",
    "totalSessionEntryQuantity": "0.0003",
    "totalSessionValue": "10.9",
    "sessionAverageEntryPrice": "36424",
    "averageEntryPrice": "36137",
    "unrealisedPnl": "-0.05",
    "updatedAt": _TIME,
    "createdAt": _TIME,
    "positionId": "position-a",
    "leverageTier": 27,
}
LEVERAGE_ROW: Sample = {
    "pairSymbol": "BTCUSDTPERP",
    "leverageMultiple": 25,
    "initialMarginFraction": 0.04,
    "maintenanceMarginFraction": 0.0125,
    "autoCloseMarginFraction": 0.0083,
    "riskLimit": 250000,
    "riskLimitCurrency": "USDT",
}
AGGREGATED_LEVEL: Sample = {"side": "sell", "quantity": "0.005", "price": "9500", "orderCount": 1}
SUMMARY: Sample = {
    "currencyPairSymbol": "BTCZAR",
    "askPrice": "3101.2",
    "bidPrice": "3100.9",
    "lastTradedPrice": "3101.0",
    "previousClosePrice": "3050",
    "baseVolume": "110.5",
    "quoteVolume": "342000.5",
    "highPrice": "3120",
    "lowPrice": "3040.1",
    "created": _TIME,
    "changeFromPrevious": "-1.67",
    "markPrice": "3101.1",
}
ERROR_BODY: Sample = {
    "code": -11,
    "message": "Invalid Request",
    "validationErrors": {"errors": [{"field": "quantity", "message": "must not be blank"}]},
}


def _frame(type_: str, data: Any, **envelope: Any) -> Sample:
    return {"type": type_, "data": data, **envelope}


def _market(type_: str, data: Any) -> Sample:
    return {"type": type_, "currencyPairSymbol": "BTCZAR", "data": data}


def _full_book() -> Sample:
    level = {"Price": "45363", "Orders": [{"orderId": "order-a", "quantity": "0.0019"}]}
    return {
        "LastChange": 1644301604645,
        "Asks": [level],
        "Bids": [level],
        "SequenceNumber": 1000,
        "Checksum": 1,
    }


def _l1(**more: Any) -> Sample:
    return {"lc": 1790000000100, "a": [["86491", "0.0598"]], "b": [["86476", "0.0115"]], **more}


CONTROL: list[Sample] = [
    {"type": "AUTHENTICATED"},
    {"type": "PONG", "message": "NO_SUBSCRIPTIONS"},
    {"type": "SUBSCRIBED", "message": "OB_L1_DIFF:BTCZAR"},
    {"type": "UNSUBSCRIBED", "message": "OB_L1_DIFF:BTCZAR"},
    {"type": "ERROR", "message": "Invalid message - Invalid JSON"},
    {"type": "UNAUTHORIZED", "message": "Unauthorized"},
    {"type": "UNSUPPORTED"},
    _frame("RATE_LIMIT_EXCEEDED", {"requestType": "PLACE_LIMIT_ORDER"}, clientMsgId="c-21"),
]

ACCOUNT: list[Sample] = [
    *CONTROL,
    _frame("BALANCE_UPDATE", BALANCE_ROW),
    _frame("OPEN_ORDERS_UPDATE", [OPEN_ROW]),
    _frame(
        "ORDER_PROCESSED",
        {"orderId": "order-a", "success": True, "failureReason": "", "customerOrderId": "MM-a"},
    ),
    _frame("ORDER_STATUS_UPDATE", STATUS_ROW),
    _frame("NEW_ACCOUNT_TRADE", TRADE_ROW, currencyPairSymbol="BTCZAR"),
    _frame("FAILED_ORDER", {"orderId": "order-a", "message": "Insufficient balance"}),
    _frame("FAILED_CANCEL_ORDER", {"orderId": "order-a", "message": "An error occurred"}),
    _frame("MODIFY_ORDER_OUTCOME", {"success": True, "orderId": "order-a", "modifyRequestId": "modify-a"}),
    _frame("ORDER_PLACED", {"orderId": "order-a"}),
    _frame("ORDER_FAILED", {"orderId": "order-a"}),
    _frame("ORDER_REJECTED", {"orderId": "order-a"}),
    _frame("CANCEL_ORDER_SUCCESS", {"orderId": "order-a"}),
    _frame("CANCEL_ORDER_FAILED", {"orderId": "order-a"}),
    _frame("PLACE_LIMIT_WS_RESPONSE", {"orderId": "order-a", "customerOrderId": "MM-a"}, clientMsgId="c-17"),
    _frame("PLACE_MARKET_WS_RESPONSE", {"orderId": "order-a", "customerOrderId": "MM-a"}, clientMsgId="c-18"),
    _frame(
        "MODIFY_ORDER_WS_RESPONSE",
        {"modifyRequestId": "modify-a", "requested": True, "orderId": "order-a"},
        clientMsgId="c-19",
    ),
    _frame("CANCEL_ORDER_WS_RESPONSE", {"requested": True, "orderId": "order-a"}, clientMsgId="c-20"),
    _frame("CANCEL_LIMIT_ORDER_WS_RESPONSE", {"requested": True, "orderId": "order-a"}, clientMsgId="c-20"),
    _frame("INVALID_PLACE_LIMIT_REQUEST", {"message": "Invalid Request"}, clientMsgId="c-22"),
    _frame("INVALID_PLACE_MARKET_REQUEST", {"message": "Invalid Request"}, clientMsgId="c-22"),
    _frame("INVALID_CANCEL_ORDER_REQUEST", {"message": "Invalid Request"}, clientMsgId="c-22"),
    _frame("INVALID_MODIFY_WS_REQUEST", {"message": "Invalid Request"}, clientMsgId="c-22"),
    _frame("CANCEL_ON_DISCONNECT_UPDATE", {"cancelOnDisconnect": "true"}),
    _frame("NEW_ACCOUNT_HISTORY_RECORD", TRANSACTION_ROW),
    _frame(
        "INSTANT_ORDER_COMPLETED",
        {
            "orderId": "order-a",
            "success": True,
            "paidAmount": "10",
            "paidCurrency": "R",
            "receivedAmount": "0.001",
            "receivedCurrency": "BTC",
            "feeAmount": "0.0000079",
            "feeCurrency": "BTC",
            "orderExecutedAt": "2019-04-25T20:36:53.445",
        },
    ),
    _frame(
        "NEW_PENDING_RECEIVE",
        {
            "currency": {"id": 3, "symbol": "ETH", "shortName": "ETH"},
            "receiveAddress": "address-a",
            "transactionHash": "hash-a",
            "networkType": "Ethereum",
            "amount": 0.0005,
            "createdAt": "2025-06-05T08:40:48Z",
            "confirmations": 1,
            "confirmed": False,
        },
    ),
    _frame(
        "NEW_PENDING_SEND",
        {
            "currency": "BTC",
            "sendAddress": "address-a",
            "amount": "0.1",
            "feeAmount": "0.00005",
            "confirmations": 0,
            "lastConfirmationAt": None,
            "uniqueId": "send-a",
            "createdAt": _TIME,
        },
    ),
    _frame("SEND_STATUS_UPDATE", {"uniqueId": "send-a", "status": "SEND_BROADCASTED", "confirmations": 0}),
    _frame("OPEN_POSITION_UPDATE", POSITION_ROW),
    _frame(
        "REDUCE_POSITION",
        {
            "currencyPair": "USDTZARPERP",
            "orderSide": "buy",
            "quantity": "140.576",
            "averageEntryPrice": "18.0002",
            "closePrice": "18",
            "realisedPnl": "-3.57",
            "closeType": "Trade",
            "createdAt": _TIME,
            "fees": "3.54",
            "positionId": "position-a",
            "initialMarginFractionAtClose": "0.1",
        },
    ),
    _frame("POSITION_CLOSED", {"pair": "BTCUSDTPERP", "positionId": "position-a"}),
    _frame(
        "ADD_CONDITIONAL_ORDER",
        {
            "orderId": "order-a",
            "triggerOrderSide": "sell",
            "currencyPair": "BTCUSDTPERP",
            "conditionalType": "TAKE_PROFIT",
            "quantity": "0.0003",
            "takeProfitTriggerPrice": "117000",
            "takeProfitPlacePrice": "113000",
            "stopLossTriggerPrice": "100000",
            "stopLossPlacePrice": "-1",
            "createdAt": _TIME,
            "updatedAt": _TIME,
            "allowMargin": False,
        },
    ),
    _frame(
        "REMOVE_CONDITIONAL_ORDER",
        {"orderId": "order-a", "pair": "BTCUSDTPERP", "reason": "CANCELLED_BY_USER"},
    ),
    _frame("LEVERAGE_UPDATED", LEVERAGE_ROW),
    _frame("MARGIN_INFO", {"availableInReference": "2444.7", "leverageMultiple": 0.02}),
]

TRADE: list[Sample] = [
    *CONTROL,
    _market(
        "AGGREGATED_ORDERBOOK_UPDATE",
        {
            "Asks": [AGGREGATED_LEVEL],
            "Bids": [AGGREGATED_LEVEL],
            "LastChange": _TIME,
            "SequenceNumber": 452998,
        },
    ),
    _market("FULL_ORDERBOOK_SNAPSHOT", _full_book()),
    _market("FULL_ORDERBOOK_UPDATE", _full_book()),
    {"type": "OB_L1_SNAPSHOT", "ps": "BTCZAR", "d": _l1(sq=500100, cs=1040807676)},
    {"type": "OB_L1_DIFF", "ps": "BTCZAR", "d": _l1(sq=500101, cs=3851293898)},
    *(
        {"type": f"OB_L1_D{depth}_SNAPSHOT", "ps": "BTCZAR", "d": _l1()}
        for depth in (1, 5, 10, 20, 40, 60, 80)
    ),
    _market("MARKET_SUMMARY_UPDATE", SUMMARY),
    _market(
        "NEW_TRADE",
        {"price": "61000", "quantity": "0.0125", "tradedAt": _TIME, "takerSide": "sell", "id": "trade-a"},
    ),
    _market(
        "NEW_TRADE_BUCKET",
        {
            "bucketPeriodInSeconds": 60,
            "startTime": _TIME,
            "open": "3100",
            "high": "3102.5",
            "low": "3100",
            "close": "3101",
            "volume": "1.2",
            "quoteVolume": "3721.9",
        },
    ),
    _market("MARK_PRICE_UPDATE", {"price": "3101.1"}),
    _market("PNL_RUN_COMPLETED", {"price": "116048"}),
    {"type": "FUNDING_RUN_COMPLETED", "currencyPairSymbol": "BTCUSDTPERP"},
    _market("ALLOWED_ORDER_TYPES_UPDATED", ["LIMIT", "LIMIT_POST_ONLY", "MARKET"]),
]


def of(type_: str, *, data: Any = ..., **envelope: Any) -> Sample:
    """The sample of a type, with other data or another envelope; None in the envelope leaves a key out."""
    frame = next(sample for sample in ACCOUNT + TRADE if sample["type"] == type_)
    changed = {**frame, **({} if data is ... else {"data": data}), **envelope}
    return {key: value for key, value in changed.items() if value is not None or key == "data"}


def without(row: Sample, *keys: str, **changed: Any) -> Sample:
    """A row without some keys, and with others changed."""
    return {key: value for key, value in row.items() if key not in keys} | changed
