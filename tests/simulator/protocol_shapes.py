"""The shapes of what VALR sends, written from the protocol's prose (7-10, 14-18)."""

from __future__ import annotations

from collections.abc import Mapping

from tests.simulator.shapes import Shape

CURRENCY: Shape = {
    "symbol": "text",
    "decimalPlaces": "number",
    "isActive": "flag",
    "shortName": "text",
    "longName": "text",
    "supportedWithdrawDecimalPlaces": "number",
    "collateral": "flag",
    "collateralWeight": "number text",
}
STATUS: dict[str, Shape] = {
    "orderId": "id",
    "orderStatusType": "text",
    "currencyPair": "text",
    "originalPrice": "number text",
    "remainingQuantity": "number text",
    "originalQuantity": "number text",
    "orderSide": "side",
    "orderType": "text",
    "failedReason": "text",
    "orderUpdatedAt": "time",
    "orderCreatedAt": "time",
    "customerOrderId?": "text",
    "timeInForce": "text",
}
EXECUTION: dict[str, Shape] = {
    "executedPrice": "number text",
    "executedQuantity": "number text",
    "executedFee": "number text",
}
OPEN_ORDER: dict[str, Shape] = {
    "orderId": "id",
    "side": "side",
    "price": "number text",
    "currencyPair": "text",
    "createdAt": "time",
    "originalQuantity": "number text",
    "filledPercentage": "number text",
    "customerOrderId?": "text",
    "updatedAt": "time",
    "status": "text",
    "type": "text",
    "timeInForce": "text",
    "allowMargin": "flag",
}
TRADE: dict[str, Shape] = {
    "price": "number text",
    "quantity": "number text",
    "currencyPair": "text",
    "tradedAt": "time",
    "side": "side",
    "orderId": "id",
    "id": "id",
    "fee?": "number text",
    "feeCurrency?": "text",
    "makerReward?": "number text",
    "makerRewardCurrency?": "text",
    "customerOrderId?": "text",
}
PUBLIC_TRADE: dict[str, Shape] = {
    "price": "number text",
    "quantity": "number text",
    "currencyPair": "text",
    "tradedAt": "time",
    "takerSide": "side",
    "id": "id",
}
LEVEL: Shape = {
    "side": "side",
    "quantity": "number text",
    "price": "number text",
    "currencyPair": "text",
    "orderCount": "number",
}
BOOK: Shape = {"Asks": [LEVEL], "Bids": [LEVEL], "LastChange": "time", "SequenceNumber": "number"}
BOOK_ORDER: Shape = {
    "side": "side",
    "quantity": "number text",
    "price": "number text",
    "currencyPair": "text",
    "id": "id",
    "positionAtPrice": "number",
}
FULL_BOOK: Shape = {
    "Asks": [BOOK_ORDER],
    "Bids": [BOOK_ORDER],
    "LastChange": "time",
    "SequenceNumber": "number",
}
SUMMARY: dict[str, Shape] = {
    "askPrice": "number text",
    "bidPrice": "number text",
    "lastTradedPrice": "number text",
    "previousClosePrice": "number text",
    "baseVolume": "number text",
    "quoteVolume": "number text",
    "highPrice": "number text",
    "lowPrice": "number text",
    "created": "time",
    "changeFromPrevious": "number text",
    "markPrice": "number text",
}
HISTORY: dict[str, Shape] = STATUS | {
    "averagePrice": "number text",
    "total": "number text",
    "totalExecutedQuantity": "number text",
    "totalFee": "number text",
    "feeCurrency": "text",
}
OUTCOMES: Shape = {
    "outcomes": [
        {
            "accepted": "flag",
            "orderId?": "text",
            "customerOrderId?": "text",
            "requestType?": "text",
            "error?": {"code": "number", "message": "text"},
        }
    ],
    "batchId": "number",
}
IDS: dict[str, Shape] = {"orderId": "id", "customerOrderId?": "text"}
WALLET: dict[str, Shape] = {
    "available": "number text",
    "reserved": "number text",
    "total": "number text",
    "updatedAt": "time",
    "lendReserved": "number text",
    "borrowedAmount": "number text",
}

BALANCE: Shape = WALLET | {"currency": "text", "borrowReserved": "number text"}


def event(data: Shape, **more: Shape) -> dict[str, Shape]:
    return {"type": "text", "data": data, **more}


def reply(data: Shape) -> dict[str, Shape]:
    return event(data, clientMsgId="text")


def transaction(currency: Shape) -> dict[str, Shape]:
    """Currencies are codes by REST and objects on the socket."""
    return {
        "transactionType": {"type": "text", "description": "text"},
        "debitCurrency?": currency,
        "debitValue?": "number text",
        "creditCurrency?": currency,
        "creditValue?": "number text",
        "feeCurrency?": currency,
        "feeValue?": "number text",
        "eventAt": "time",
        "additionalInfo": {
            "costPerCoin": "number",
            "costPerCoinSymbol": "text",
            "currencyPairSymbol": "text",
            "orderId": "id",
        },
        "id": "id",
    }


CONTROL: Shape = {"type": "text", "message": "text"}

ACCOUNT_FRAMES: Mapping[str, Shape] = {
    "AUTHENTICATED": {"type": "text"},
    "PONG": {"type": "text"},
    "SUBSCRIBED": CONTROL,
    "UNSUBSCRIBED": CONTROL,
    "ERROR": CONTROL,
    "UNSUPPORTED": {"type": "text"},
    "RATE_LIMIT_EXCEEDED": reply({"requestType": "text"}),
    "BALANCE_UPDATE": event(WALLET | {"currency": CURRENCY, "borrowCollateralReserved": "number text"}),
    "OPEN_ORDERS_UPDATE": event([OPEN_ORDER | {"quantity": "number text"}]),
    "ORDER_PROCESSED": event(IDS | {"success": "flag", "failureReason": "text"}),
    "ORDER_STATUS_UPDATE": event(STATUS | EXECUTION),
    "NEW_ACCOUNT_TRADE": event(TRADE, currencyPairSymbol="text"),
    "NEW_ACCOUNT_HISTORY_RECORD": event(transaction(CURRENCY)),
    "INSTANT_ORDER_COMPLETED": event(
        {
            "orderId": "id",
            "success": "flag",
            "paidAmount": "number text",
            "paidCurrency": "text",
            "receivedAmount": "number text",
            "receivedCurrency": "text",
            "feeAmount": "number text",
            "feeCurrency": "text",
            "orderExecutedAt": "zoneless time",
        }
    ),
    "FAILED_ORDER": event({"orderId": "id", "message": "text"}),
    "FAILED_CANCEL_ORDER": event({"orderId": "id", "message": "text", "customerOrderId?": "text"}),
    "MODIFY_ORDER_OUTCOME": event(IDS | {"success": "flag", "modifyRequestId": "id"}),
    "PLACE_LIMIT_WS_RESPONSE": reply(IDS),
    "PLACE_MARKET_WS_RESPONSE": reply(IDS),
    "CANCEL_ORDER_WS_RESPONSE": reply({"requested": "true", "orderId?": "id", "customerOrderId?": "text"}),
    "MODIFY_ORDER_WS_RESPONSE": reply(
        {"requested": "true", "modifyRequestId": "id", "orderId?": "id", "customerOrderId?": "text"}
    ),
    "BATCH_ORDERS_WS_RESPONSE": reply(OUTCOMES),
    "CANCEL_ON_DISCONNECT_UPDATE": event({"cancelOnDisconnect": "text"}),
}

MARK_PRICE_BUCKET: dict[str, Shape] = {
    "currencyPairSymbol": "text",
    "bucketPeriodInSeconds": "number",
    "startTime": "whole second",
    "open": "number text",
    "high": "number text",
    "low": "number text",
    "close": "number text",
}
BUCKET: dict[str, Shape] = MARK_PRICE_BUCKET | {"volume": "number text", "quoteVolume": "number text"}
TRADE_FRAMES: Mapping[str, Shape] = {
    "SUBSCRIBED": CONTROL,
    "UNSUBSCRIBED": CONTROL,
    "ERROR": CONTROL,
    "PONG": {"type": "text", "message?": "text"},
    "AGGREGATED_ORDERBOOK_UPDATE": event(BOOK, currencyPairSymbol="text"),
    "NEW_TRADE": event(PUBLIC_TRADE, currencyPairSymbol="text"),
    "MARKET_SUMMARY_UPDATE": event(SUMMARY | {"currencyPairSymbol": "text"}, currencyPairSymbol="text"),
    "NEW_TRADE_BUCKET": event(BUCKET, currencyPairSymbol="text"),
    "MARK_PRICE_UPDATE": event({"price": "number text"}, currencyPairSymbol="text"),
    "PNL_RUN_COMPLETED": event({"price": "number text"}, currencyPairSymbol="text"),
    "FUNDING_RUN_COMPLETED": {"type": "text", "currencyPairSymbol": "text"},
    "ALLOWED_ORDER_TYPES_UPDATED": event(["text"], currencyPairSymbol="text"),
}

PAIR: Shape = {
    "symbol": "text",
    "baseCurrency": "text",
    "quoteCurrency": "text",
    "shortName": "text",
    "active": "flag",
    "minBaseAmount": "number text",
    "maxBaseAmount": "number text",
    "minQuoteAmount": "number text",
    "maxQuoteAmount": "number text",
    "tickSize": "number text",
    "baseDecimalPlaces": "number text",
    "marginTradingAllowed": "flag",
    "currencyPairType": "text",
}
PUBLIC_CURRENCY: Shape = {
    "symbol": "text",
    "isActive": "flag",
    "shortName": "text",
    "longName": "text",
    "decimalPlaces": "number text",
    "withdrawalDecimalPlaces": "number text",
    "collateral": "flag",
    "collateralWeight": "number text",
}
FULL_TRADE: Shape = PUBLIC_TRADE | {"sequenceId": "number", "quoteVolume": "number text"}
ACCOUNT_TRADE: Shape = TRADE | {"sequenceId": "number"}
ERROR_BODY: Shape = {"code": "number", "message": "text"}

REST_READS: Mapping[str, Shape] = {
    "/v1/public/time": {"epochTime": "number", "time": "time"},
    "/v1/public/status": {"status": "text"},
    "/v1/public/currencies": [PUBLIC_CURRENCY],
    "/v1/public/pairs": [PAIR],
    "/v1/public/pairs/SPOT": [PAIR],
    "/v1/public/ordertypes": [{"currencyPair": "text", "orderTypes": ["text"]}],
    "/v1/public/BTCZAR/ordertypes": ["text"],
    "/v1/public/marketsummary": [SUMMARY | {"currencyPair": "text"}],
    "/v1/public/BTCZAR/marketsummary": SUMMARY | {"currencyPair": "text"},
    "/v1/public/BTCZAR/orderbook": BOOK,
    "/v1/public/BTCZAR/orderbook/full": FULL_BOOK,
    "/v1/public/BTCZAR/trades": [FULL_TRADE],
    "/v1/public/BTCZAR/buckets": [BUCKET],
    "/v1/public/BTCZAR/markprice/buckets": [MARK_PRICE_BUCKET],
    "/v1/public/futures/info": [
        {
            "currencyPair": "text",
            "estimatedFundingRate": "number text",
            "openInterest": "number text",
            "nextFundingRun": "number",
            "nextPnlRun": "number",
        }
    ],
    "/v1/public/risklimit/BTCUSDTPERP": [
        {
            "pairSymbol": "text",
            "leverageMultiple": "number",
            "initialMarginFraction": "number",
            "maintenanceMarginFraction": "number",
            "autoCloseMarginFraction": "number",
            "riskLimitValue": "number",
            "riskLimitCurrency": "text",
            "isDefault": "flag",
        }
    ],
    "/v1/public/futures/funding/history?currencyPair=BTCUSDTPERP&limit=3": [
        {"currencyPair": "text", "fundingRate": "number text", "fundingTime": "whole second"}
    ],
    "/v1/public/NOPE/orderbook": ERROR_BODY,
    "/v1/marketdata/BTCZAR/orderbook": BOOK,
    "/v1/marketdata/BTCZAR/orderbook/full": FULL_BOOK,
    "/v1/marketdata/BTCZAR/tradehistory": [FULL_TRADE],
    "/v1/account/api-keys/current": {
        "label": "text",
        "permissions": ["text"],
        "addedAt": "time",
        "isSubAccount": "flag",
    },
    "/v1/account/balances": [BALANCE],
    "/v1/account/balances/all": [{"account": {"label": "text", "id": "number text"}, "balances": [BALANCE]}],
    "/v1/account/subaccounts": [{"label": "text", "id": "number text"}],
    "/v1/account/subaccount/7": {"label": "text", "id": "number text"},
    "/v1/account/tradehistory": [ACCOUNT_TRADE],
    "/v1/account/BTCZAR/tradehistory": [ACCOUNT_TRADE],
    "/v1/account/transactionhistory": [transaction("text")],
    "/v1/account/fees/trade": [
        {
            "currencyPair": "text",
            "makerPercentage": "number text",
            "takerPercentage": "number text",
            "simplePercentage?": "number text",
        }
    ],
    "/v1/orders/open": [OPEN_ORDER | {"remainingQuantity": "number text"}],
    "/v1/orders/BTCZAR/customerorderid/resting": STATUS,
    "/v1/orders/history": [HISTORY],
    "/v1/orders/history/summary/customerorderid/bought": HISTORY,
    "/v1/orders/history/detail/customerorderid/bought": [STATUS | EXECUTION],
}
