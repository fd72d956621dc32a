"""ccxt pro: its handlers for bybit, fed the same order's life in bybit's words, and its placing there.

Bybit's are among its leanest handlers, and VALR is not among its exchanges. Every order and trade goes into
its caches, whose limits are raised so that no live order falls out. Wallets are told as bybit tells them:
once for each execution, both coins in one message. What the placement reserves is left out: bybit's pages do
not say whether that is told. Nobody waits for the reply to the placement, nor for anything else.
"""

from __future__ import annotations

import asyncio
import json
from decimal import Decimal
from time import perf_counter_ns
from typing import Final

import ccxt.pro

from benchmarks.peers.bybits_words import BASE_COIN, MARKET, QUOTE_COIN, in_bybits_words
from benchmarks.peers.sequence import AMOUNT, FIRST_LIVE, PRICE, Sequence

SYMBOL: Final = f"{BASE_COIN}/{QUOTE_COIN}"
URL: Final = "wss://127.0.0.1/v5/private"


class CcxtPro:
    """Bybit, connected to nothing."""

    name = "ccxt pro"

    def __init__(self, sequence: Sequence) -> None:
        self._told = sequence.of_peers
        self._exchange = ccxt.pro.bybit({"apiKey": "k" * 18, "secret": "s" * 36, "enableRateLimit": False})
        self._exchange.options["ordersLimit"] = self._exchange.options["tradesLimit"] = 1000
        self._exchange.set_markets([self._exchange.safe_market_structure(_MARKET)])
        self._client = self._exchange.client(URL)
        self._nowhere = _Nowhere()

    def messages(self, number: int) -> list[str]:
        """An order's life in bybit's words."""
        return [json.dumps(words) for raw in self._told(number) if (words := in_bybits_words(raw, number))]

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

    @property
    def has_ended(self) -> bool:
        """Whether the newest order has."""
        return bool(self._exchange.orders[-1]["status"] == "closed")

    @property
    def base_held(self) -> Decimal:
        """In the wallet."""
        return Decimal(str(self._exchange.balance["unified"][BASE_COIN]["total"]))

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
    "id": MARKET, "symbol": SYMBOL, "base": BASE_COIN, "quote": QUOTE_COIN,
    "baseId": BASE_COIN, "quoteId": QUOTE_COIN, "type": "spot", "spot": True, "active": True,
    "contract": False, "maker": 0.001, "taker": 0.001,
    "precision": {"amount": 1e-8, "price": 0.01},
    "limits": {"amount": {"min": 1e-5, "max": 1e3}, "price": {}, "cost": {"min": 1}},
}  # fmt: skip
