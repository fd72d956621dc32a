"""A venue that costs next to nothing: what it knows is what a day of trading asks of it.

The embedded exchange takes two fifths of the time of a simulated day, and keeps a history of its own in the
memory that is to be watched. This one knows one pair and one account; orders are post-only, of one lot each,
and never cross, since nobody else's rest here; others take what the test says. What it tells is what VALR
tells, frame by frame and number by number (protocol 10, 15, 18.3).
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from zlib import crc32

import orjson

from valr_connector.simulator.level_feed import CHECKED, turn_about
from valr_connector.simulator.wire import currency_object, milliseconds_of, time_text

SYMBOL = "BTCZAR"
LOT = "0.001"
HISTORY = 1_000
"""Finished orders that it remembers; fills so many times `FILLS_PER_ORDER`."""
FILLS_PER_ORDER = 4
_UNITS = 10_000_000
"""To a rand, and to a bitcoin. A maker's reward for a lot is one of a bitcoin's, or its price in a rand's."""
_LOT_UNITS = _UNITS // 1_000
_MOST_ROWS = 100

Tell = Callable[[list[bytes]], None]


@dataclass(slots=True)
class _Order:
    """One lot, or what became of it."""

    order_id: str
    customer_order_id: str
    side: str
    price: int
    created_at: str
    row: bytes = b""
    status: str = "Placed"
    updated_at: str = ""

    def wire(self, **more: object) -> dict[str, object]:
        """As ORDER_STATUS_UPDATE and the questions about one order have it."""
        is_filled = self.status == "Filled"
        return {
            "orderId": self.order_id,
            "orderStatusType": self.status,
            "currencyPair": SYMBOL,
            "originalPrice": str(self.price),
            "remainingQuantity": "0" if is_filled else LOT,
            "originalQuantity": LOT,
            "orderSide": self.side,
            "orderType": "post-only limit",
            "failedReason": "",
            "orderUpdatedAt": self.updated_at,
            "orderCreatedAt": self.created_at,
            "customerOrderId": self.customer_order_id,
            "timeInForce": "GTC",
        } | more


@dataclass(slots=True)
class _Wallet:
    code: str
    available: int
    reserved: int = 0

    def amounts(self) -> dict[str, str]:
        """As all frames have them."""
        held = {
            "available": self.available,
            "reserved": self.reserved,
            "total": self.available + self.reserved,
        }
        return {name: _decimal(units) for name, units in held.items()}


@dataclass(slots=True)
class _Levels:
    """Lots at each price of one side, and how they are written."""

    is_bid: bool
    lots: dict[int, int] = field(default_factory=dict)
    texts: dict[int, str] = field(default_factory=dict)

    def add(self, price: int, lots: int) -> list[str]:
        """The level as it is now."""
        total = self.lots.pop(price, 0) + lots
        level = [str(price), _decimal(total * _LOT_UNITS)]
        self.texts.pop(price, None)
        if total:
            self.lots[price] = total
            self.texts[price] = ":".join(level)
        return level

    def best(self, count: int | None = None) -> list[str]:
        """The levels as a checksum has them, best first."""
        return [self.texts[price] for price in sorted(self.texts, reverse=self.is_bid)[:count]]

    def all(self) -> list[list[str]]:
        """All levels as a frame has them, best first."""
        return [text.split(":") for text in self.best()]


class LightVenue:
    """The account, its orders, its fills, and the book that they make.

    Args:
        clock: wall time, nanoseconds since 1970.
        tell_account, tell_market: send frames to whoever is connected.

    Attributes:
        traded: told each fill's id, once.
    """

    def __init__(self, clock: Callable[[], int], tell_account: Tell, tell_market: Tell) -> None:
        self.traded: Callable[[str], object] = str
        self.open: dict[str, _Order] = {}
        self._clock = clock
        self._tell_account = tell_account
        self._tell_market = tell_market
        self._by_customer_id: OrderedDict[str, _Order] = OrderedDict()
        self._fills: deque[tuple[int, dict[str, object]]] = deque(maxlen=HISTORY * FILLS_PER_ORDER)
        self._wallets = {"ZAR": _Wallet("ZAR", 10**12 * _UNITS), "BTC": _Wallet("BTC", 10**6 * _UNITS)}
        self._levels = {"buy": _Levels(is_bid=True), "sell": _Levels(is_bid=False)}
        self._ids = 0
        self._sequence = 0

    # --- commands

    def place(self, payload: Mapping[str, Any]) -> _Order:
        """Take an order.

        Raises:
            ValueError: it is none that this venue knows.
        """
        if (payload["pair"], payload["quantity"], payload["postOnly"]) != (SYMBOL, LOT, True):
            raise ValueError(f"a post-only order for {LOT} of {SYMBOL} was expected: {payload}")
        now = time_text(self._clock())
        side, price = payload["side"].lower(), int(payload["price"])
        order = _Order(self._new_id(), payload["customerOrderId"], side, price, now, updated_at=now)
        order.row = orjson.dumps(_open_row(order, "quantity"))
        self.open[order.order_id] = order
        self._remember(order)
        paid, units = self._paid(order)
        paid.available -= units
        paid.reserved += units
        self._tell_account([self._processed(order), self._balance(paid, now)])
        self._tell_book(order, 1)
        return order

    def cancel(self, order_id: str) -> bool:
        """Cancel an order; False, and an event that says so, if it is not open."""
        order = self.open.pop(order_id, None)
        if order is None:
            message = "An error occurred while cancelling your order."
            self._tell_account(
                [_frame("FAILED_CANCEL_ORDER", data={"orderId": order_id, "message": message})]
            )
            return False
        paid, units = self._paid(order)
        paid.available += units
        paid.reserved -= units
        status = self._finish(order, "Cancelled", executed="0")
        self._tell_account([status, self._balance(paid, order.updated_at)])
        self._tell_book(order, -1)
        return True

    def take(self, order_id: str) -> None:
        """Somebody fills an order, which may have ended."""
        order = self.open.pop(order_id, None)
        if order is None:
            return
        paid, units = self._paid(order)
        paid.reserved -= units
        is_bid = order.side == "buy"
        got, amount = self._wallets["BTC" if is_bid else "ZAR"], _LOT_UNITS * (1 if is_bid else order.price)
        got.available += amount
        reward = order.price if is_bid else 1
        paid.available += reward
        status = self._finish(order, "Filled", executed=LOT)
        row = self._fill_row(order, paid.code, reward)
        update = _frame("NEW_ACCOUNT_TRADE", currencyPairSymbol=SYMBOL, data=row)
        self._fills.append((self._clock(), row | {"sequenceId": self._ids}))
        self.traded(str(row["id"]))
        self._tell_account(
            [
                status,
                update,
                self._record(order, paid, units, got, amount),
                self._balance(paid, order.updated_at),
                self._balance(got, order.updated_at),
            ]
        )
        self._tell_book(order, -1)

    # --- questions

    def open_rows(self) -> list[dict[str, object]]:
        """GET /v1/orders/open."""
        return [_open_row(order, "remainingQuantity") for order in self.open.values()]

    def open_orders(self) -> bytes:
        """OPEN_ORDERS_UPDATE."""
        rows = b",".join(order.row for order in self.open.values())
        return b'{"type":"OPEN_ORDERS_UPDATE","data":[%s]}' % rows

    def balances(self) -> list[dict[str, object]]:
        """GET /v1/account/balances."""
        nothing = {"lendReserved": "0", "borrowReserved": "0", "borrowedAmount": "0"}
        at = {"updatedAt": time_text(self._clock())}
        return [{"currency": each.code, **each.amounts(), **at, **nothing} for each in self._wallets.values()]

    def balance_updates(self) -> list[bytes]:
        """BALANCE_UPDATE of each currency."""
        now = time_text(self._clock())
        return [self._balance(wallet, now) for wallet in self._wallets.values()]

    def fills(self, skip: int, limit: int, since: int) -> list[dict[str, object]]:
        """A page of the trade history, newest first; `since` in nanoseconds since 1970."""
        wanted = [row for at, row in reversed(self._fills) if at >= since]
        return wanted[skip : skip + min(limit, _MOST_ROWS)]

    def status(self, customer_order_id: str) -> dict[str, object] | None:
        """GET /v1/orders/{pair}/customerorderid/{id}."""
        order = self._by_customer_id.get(customer_order_id)
        return None if order is None else order.wire()

    def book(self) -> bytes:
        """OB_L1_SNAPSHOT."""
        return self._book_frame("OB_L1_SNAPSHOT", self._levels["sell"].all(), self._levels["buy"].all())

    # --- what is told

    def _tell_book(self, order: _Order, lots: int) -> None:
        level = self._levels[order.side].add(order.price, lots)
        self._sequence += 1
        sides: dict[str, list[list[str]]] = {"buy": [], "sell": []}
        sides[order.side].append(level)
        self._tell_market([self._book_frame("OB_L1_DIFF", sides["sell"], sides["buy"])])

    def _book_frame(self, kind: str, asks: list[list[str]], bids: list[list[str]]) -> bytes:
        best = (self._levels[side].best(CHECKED) for side in ("buy", "sell"))
        checksum = crc32(turn_about(*best).encode())
        at = milliseconds_of(self._clock())
        return _frame(
            kind, ps=SYMBOL, d={"lc": at, "a": asks, "b": bids, "sq": self._sequence, "cs": checksum}
        )

    def _processed(self, order: _Order) -> bytes:
        ids = {"orderId": order.order_id, "customerOrderId": order.customer_order_id}
        return _frame("ORDER_PROCESSED", data={**ids, "success": True, "failureReason": ""})

    def _finish(self, order: _Order, status: str, executed: str) -> bytes:
        order.status, order.updated_at, order.row = status, time_text(self._clock()), b""
        data = order.wire(executedPrice=str(order.price), executedQuantity=executed, executedFee="0")
        return _frame("ORDER_STATUS_UPDATE", data=data)

    def _fill_row(self, order: _Order, currency: str, reward: int) -> dict[str, object]:
        return {
            "price": str(order.price),
            "quantity": LOT,
            "currencyPair": SYMBOL,
            "tradedAt": order.updated_at,
            "side": order.side,
            "orderId": order.order_id,
            "id": self._new_id(),
            "makerReward": _decimal(reward),
            "makerRewardCurrency": currency,
            "customerOrderId": order.customer_order_id,
        }

    def _record(self, order: _Order, paid: _Wallet, units: int, got: _Wallet, amount: int) -> bytes:
        data = {
            "transactionType": _TRANSACTIONS[order.side],
            "debitCurrency": _CURRENCIES[paid.code],
            "debitValue": _decimal(units),
            "creditCurrency": _CURRENCIES[got.code],
            "creditValue": _decimal(amount),
            "eventAt": order.updated_at,
            "additionalInfo": {
                "costPerCoin": order.price,
                "costPerCoinSymbol": "R",
                "currencyPairSymbol": SYMBOL,
                "orderId": order.order_id,
            },
            "id": self._new_id(),
        }
        return _frame("NEW_ACCOUNT_HISTORY_RECORD", data=data)

    def _balance(self, wallet: _Wallet, at: str) -> bytes:
        nothing = {"lendReserved": "0", "borrowCollateralReserved": "0", "borrowedAmount": "0"}
        data = {"currency": _CURRENCIES[wallet.code], **wallet.amounts(), "updatedAt": at, **nothing}
        return _frame("BALANCE_UPDATE", data=data)

    # --- what is kept

    def _paid(self, order: _Order) -> tuple[_Wallet, int]:
        """What an order pays with, and how much."""
        is_bid = order.side == "buy"
        return self._wallets["ZAR" if is_bid else "BTC"], _LOT_UNITS * (order.price if is_bid else 1)

    def _remember(self, order: _Order) -> None:
        self._by_customer_id[order.customer_order_id] = order
        if len(self._by_customer_id) > HISTORY:
            self._by_customer_id.popitem(last=False)

    def _new_id(self) -> str:
        self._ids += 1
        return f"01a0c45f-aef6-7316-9059-{self._ids:012x}"


def _open_row(order: _Order, remaining_name: str) -> dict[str, object]:
    return {
        "orderId": order.order_id,
        "side": order.side,
        remaining_name: LOT,
        "price": str(order.price),
        "currencyPair": SYMBOL,
        "createdAt": order.created_at,
        "originalQuantity": LOT,
        "filledPercentage": "0.00",
        "customerOrderId": order.customer_order_id,
        "updatedAt": order.updated_at,
        "status": "Placed",
        "type": "post-only limit",
        "timeInForce": "GTC",
        "allowMargin": False,
    }


def _decimal(units: int) -> str:
    return f"{units // _UNITS}.{units % _UNITS:07d}".rstrip("0").rstrip(".")


def _frame(kind: str, **fields: object) -> bytes:
    return orjson.dumps({"type": kind, **fields})


_CURRENCIES = {code: currency_object(code) for code in ("ZAR", "BTC")}
_TRANSACTIONS = {
    side: {"type": f"LIMIT_{side}".upper(), "description": f"Limit {side.capitalize()}"}
    for side in ("buy", "sell")
}
