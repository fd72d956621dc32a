"""What VALR tells of an order and of wallets, in bybit's words."""

from __future__ import annotations

import json
from typing import Any, Final

from benchmarks.peers.sequence import AMOUNT, BASE, PRICE, QUOTE

BASE_COIN, QUOTE_COIN, MARKET = "BTC", "USDT", "BTCUSDT"
NOW: Final = 1790000000111
_COINS: Final = {BASE: BASE_COIN, QUOTE: QUOTE_COIN}
_STATUS: Final = {"Partially Filled": "PartiallyFilled", "Filled": "Filled", "Placed": "New"}


def in_bybits_words(raw: bytes, number: int) -> dict[str, Any] | None:
    """What bybit would send instead; None where it may send nothing."""
    document = json.loads(raw)
    kind, data = document["type"], document["data"]
    if kind == "BALANCE_UPDATE":
        wallets = data["wallets"]
        return _message("wallet", _account(wallets)) if len(wallets) > 1 else None
    if kind == "PLACE_LIMIT_WS_RESPONSE":
        return _reply(data, number)
    common = {
        "category": "spot", "symbol": MARKET, "orderId": data["orderId"], "orderLinkId": f"bid-{number}",
        "side": "Buy", "orderType": "Limit",
    }  # fmt: skip
    if kind == "NEW_ACCOUNT_TRADE":
        return _message("execution", common | _execution(data))
    return _message("order", common | _order(data))


def _message(topic: str, row: dict[str, Any]) -> dict[str, Any]:
    return {"id": "1", "topic": topic, "creationTime": NOW, "data": [row]}


def _reply(data: dict[str, Any], number: int) -> dict[str, Any]:
    return {
        "reqId": str(number), "retCode": 0, "retMsg": "OK", "op": "order.create",
        "data": {"orderId": data["orderId"], "orderLinkId": f"bid-{number}"},
        "header": {
            "X-Bapi-Limit": "20", "X-Bapi-Limit-Status": "19", "X-Bapi-Limit-Reset-Timestamp": str(NOW),
            "Traceid": "584a06d373f2fdcb3a4dfdd81d27df11", "Timenow": str(NOW),
        },
        "connId": "cojidqec0hv9fgvhtbt0-40e",
    }  # fmt: skip


def _execution(data: dict[str, Any]) -> dict[str, Any]:
    return {
        "execFee": data["fee"], "execId": data["id"], "execPrice": data["price"],
        "execQty": data["quantity"], "execType": "Trade", "execValue": "3600", "isMaker": True,
        "feeRate": "0.0005", "feeCurrency": BASE_COIN, "leavesQty": "0", "orderPrice": PRICE,
        "orderQty": AMOUNT, "execTime": str(NOW),
    }  # fmt: skip


def _order(data: dict[str, Any]) -> dict[str, Any]:
    return {
        "price": PRICE, "qty": AMOUNT, "timeInForce": "GTC", "avgPrice": PRICE, "rejectReason": "EC_NoError",
        "orderStatus": _STATUS[data.get("orderStatusType", "Placed")],
        "leavesQty": data.get("remainingQuantity", AMOUNT), "cumExecQty": data.get("executedQuantity", "0"),
        "cumExecValue": "3600", "cumExecFee": data.get("executedFee", "0"), "createdTime": "1790000000057",
        "updatedTime": str(NOW), "stopOrderType": "", "triggerPrice": "", "takeProfit": "",
        "stopLoss": "", "reduceOnly": False, "positionIdx": 0, "blockTradeId": "",
    }  # fmt: skip


def _account(wallets: list[dict[str, str]]) -> dict[str, Any]:
    return {
        "accountIMRate": "0", "accountMMRate": "0", "totalEquity": "1", "totalWalletBalance": "1",
        "totalMarginBalance": "1", "totalAvailableBalance": "1", "totalPerpUPL": "0",
        "totalInitialMargin": "0", "totalMaintenanceMargin": "0", "accountType": "UNIFIED",
        "coin": [_coin(wallet) for wallet in wallets],
    }  # fmt: skip


def _coin(wallet: dict[str, str]) -> dict[str, Any]:
    total = wallet["total"]
    return {
        "coin": _COINS[wallet["currency"]], "equity": total, "usdValue": "1", "walletBalance": total,
        "locked": wallet["reserved"], "availableToWithdraw": wallet["available"], "borrowAmount": "0",
        "accruedInterest": "0", "totalOrderIM": "0", "totalPositionIM": "0", "totalPositionMM": "0",
        "unrealisedPnl": "0", "cumRealisedPnl": "0", "bonus": "0",
    }  # fmt: skip
