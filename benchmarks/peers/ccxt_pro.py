"""ccxt pro: its handlers for bybit, fed the same order's life in bybit's words, and its placing there.

Bybit's are among its leanest handlers, and VALR is not among its exchanges. Every order and trade goes into
its caches, whose limits are raised so that no live order falls out.
"""

from __future__ import annotations

import asyncio
import json
from time import perf_counter_ns
from typing import Any

import ccxt.pro

from benchmarks.peers.sequence import AMOUNT, FIRST_LIVE, PRICE, documents

SYMBOL, MARKET = "BTC/USDT", "BTCUSDT"
URL = "wss://127.0.0.1/v5/private"
_STATUS = {"Partially Filled": "PartiallyFilled", "Filled": "Filled", "Placed": "New"}


class CcxtPro:
    """Bybit, connected to nothing."""

    name = "ccxt pro"

    def __init__(self) -> None:
        self._exchange = ccxt.pro.bybit({"apiKey": "k" * 18, "secret": "s" * 36, "enableRateLimit": False})
        self._exchange.options["ordersLimit"] = self._exchange.options["tradesLimit"] = 1000
        self._exchange.set_markets([self._exchange.safe_market_structure(_MARKET)])
        self._client = self._exchange.client(URL)
        self._nowhere = _Nowhere()

    def messages(self, number: int) -> list[str]:
        """An order's life in bybit's words."""
        return [json.dumps(_in_bybits_words(document, number)) for document in documents(number)]

    def fill(self, orders: int) -> None:
        """Have so many orders rest, as its handler of orders stores them, and room for 1,000 more."""
        self._exchange.options["ordersLimit"] = orders + 1000
        for number in range(FIRST_LIVE, FIRST_LIVE + orders):
            self._client.handle_text_or_binary_message(self.messages(number)[0])

    def live_through(self, messages: list[str]) -> None:
        """Take an order's life in."""
        take = self._client.handle_text_or_binary_message
        for message in messages:
            take(message)

    async def connect(self) -> None:
        """Have its socket for orders open and authenticated; what it sends goes nowhere."""
        exchange = self._exchange
        exchange.open()
        self._trade = exchange.client(
            exchange.implode_hostname(exchange.urls["api"]["ws"]["private"]["trade"])
        )
        self._trade.connected.resolve(True)
        self._trade.connection = self._nowhere
        self._trade.reusableFuture("authenticated").resolve(True)
        self._trade.subscriptions["authenticated"] = True

    async def place(self, number: int) -> int:
        """Nanoseconds from the call of `create_order_ws` to the text at the socket."""
        params = {"clientOrderId": f"bid-{number}", "postOnly": True}
        began = perf_counter_ns()
        placing = asyncio.ensure_future(
            self._exchange.create_order_ws(SYMBOL, "limit", "buy", float(AMOUNT), float(PRICE), params)
        )
        while self._nowhere.sent_at < began:  # noqa: ASYNC110  it takes a few turns of the loop
            await asyncio.sleep(0)
        placing.cancel()
        await asyncio.wait([placing])
        return self._nowhere.sent_at - began

    async def close(self) -> None:
        """Nothing was opened but a session."""
        await self._exchange.close()


class _Nowhere:
    """Takes what is sent. Framing and masking, some 3 us, are left out: ccxt's advantage."""

    closed = False

    def __init__(self) -> None:
        self.sent_at = 0

    async def send_str(self, text: str) -> None:
        """Handed over."""
        text.encode()
        self.sent_at = perf_counter_ns()

    async def close(self) -> None:
        """There is nothing to close."""


_MARKET = {
    "id": MARKET, "symbol": SYMBOL, "base": "BTC", "quote": "USDT", "baseId": "BTC", "quoteId": "USDT",
    "type": "spot", "spot": True, "active": True, "contract": False, "maker": 0.001, "taker": 0.001,
    "precision": {"amount": 1e-8, "price": 0.01},
    "limits": {"amount": {"min": 1e-5, "max": 1e3}, "price": {}, "cost": {"min": 1}},
}  # fmt: skip


def _in_bybits_words(document: dict[str, Any], number: int) -> dict[str, Any]:
    data = document["data"]
    common = {
        "category": "spot", "symbol": MARKET, "orderId": data["orderId"], "orderLinkId": f"bid-{number}",
        "side": "Buy", "orderType": "Limit",
    }  # fmt: skip
    if document["type"] == "NEW_ACCOUNT_TRADE":
        row = common | {
            "execFee": data["fee"], "execId": data["id"], "execPrice": data["price"],
            "execQty": data["quantity"], "execType": "Trade", "execValue": "3600", "isMaker": True,
            "feeRate": "0.0005", "feeCurrency": "BTC", "leavesQty": "0", "orderPrice": PRICE,
            "orderQty": AMOUNT, "execTime": "1790000000111",
        }  # fmt: skip
        return {"id": "1", "topic": "execution", "creationTime": 1790000000111, "data": [row]}
    row = common | {
        "price": PRICE, "qty": AMOUNT, "timeInForce": "GTC", "avgPrice": PRICE, "rejectReason": "EC_NoError",
        "orderStatus": _STATUS[data.get("orderStatusType", "Placed")],
        "leavesQty": data.get("remainingQuantity", AMOUNT), "cumExecQty": data.get("executedQuantity", "0"),
        "cumExecValue": "3600", "cumExecFee": data.get("executedFee", "0"), "createdTime": "1790000000057",
        "updatedTime": "1790000000111", "stopOrderType": "", "triggerPrice": "", "takeProfit": "",
        "stopLoss": "", "reduceOnly": False, "positionIdx": 0, "blockTradeId": "",
    }  # fmt: skip
    return {"id": "1", "topic": "order", "creationTime": 1790000000111, "data": [row]}
