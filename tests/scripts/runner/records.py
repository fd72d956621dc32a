"""What the scripted exchange has told so far, or would tell if it were asked: orders, trades, wallets.

An order named ``a`` has the customerOrderId ``a`` and VALR's id ``id-a``. What it is comes from the command
that places it, and changes with what the script says of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, Final

from tests.scripts.runner.script_file import Mismatch, split

Json = dict[str, Any]
_NS_PER_S: Final = 1_000_000_000
_ENDED: Final = frozenset({"filled", "cancelled", "failed", "expired"})
_ID: Final = "id-"

_CLAUSES: Final = {
    "numbers": re.compile(r"(remaining|price|total) (\S+)"),
    "because": re.compile(r"because (.+)"),
    "ago": re.compile(r"([\d.]+) s ago"),
    "without": re.compile(r"without (\w+)"),
    "fields": re.compile(r"(\{.*\})"),
    "frame": re.compile(r"frame (\{.*\})"),
    "command": re.compile(r"to command (\d+)"),
}


def order_id(name: str) -> str:
    """VALR's id of the order of that name."""
    return _ID + name


def name_of(any_id: object) -> str:
    """The name of the order with that id, VALR's or ours."""
    return str(any_id).removeprefix(_ID)


@dataclass(slots=True)
class Said:
    """What a line says of an order.

    Attributes:
        words: what stands directly behind the name: a status, an id, a text; and clauses of no other kind.
        numbers: remaining, price, total.
        ago_s: how old the news is.
        without: names of fields to be left out.
        fields: of the payload, to be added or replaced; `frame` the same of the frame around it.
        command: which command of the order it answers, from 1; 0 for the latest.
    """

    name: str
    words: list[str] = field(default_factory=list)
    numbers: dict[str, str] = field(default_factory=dict)
    because: str = ""
    ago_s: float = 0.0
    without: list[str] = field(default_factory=list)
    fields: Json = field(default_factory=dict)
    frame: Json = field(default_factory=dict)
    command: int = 0

    @property
    def status(self) -> str:
        return self.words[0]

    def dress(self, shape: Json) -> Json:
        """The payload with what the line adds, and without what it leaves out."""
        return {key: value for key, value in (shape | self.fields).items() if key not in self.without}


def said(text: str) -> Said:
    """Read ``NAME WORDS, CLAUSE, CLAUSE``."""
    first, *clauses = split(text)
    name, _, words = first.partition(" ")
    result = Said(name.removesuffix(":"), [words.strip()])
    for clause in clauses:
        _note(result, clause)
    return result


def _note(result: Said, clause: str) -> None:
    kind, match = next(
        ((kind, match) for kind, pattern in _CLAUSES.items() if (match := pattern.fullmatch(clause))),
        ("", None),
    )
    if match is None:
        result.words.append(clause)
    elif kind == "numbers":
        result.numbers[match[1]] = match[2]
    elif kind == "because":
        result.because = match[1]
    elif kind == "ago":
        result.ago_s = float(match[1])
    elif kind == "without":
        result.without.append(match[1])
    elif kind == "command":
        result.command = int(match[1])
    else:
        getattr(result, kind).update(json.loads(match[1]))


@dataclass(slots=True)
class Order:
    """One order, as the exchange would tell it. Without a status the exchange does not know it (yet)."""

    name: str
    created_ns: int
    status: str = ""
    symbol: str = "BTCZAR"
    side: str = "buy"
    price: str = "950000"
    total: str = "0.01"
    remaining: str = "0.01"
    kind: str = "limit"
    time_in_force: str = "GTC"
    because: str = ""
    updated_ns: int = 0

    @property
    def is_open(self) -> bool:
        return bool(self.status) and self.status.lower() not in _ENDED


@dataclass(slots=True)
class Records:
    """Everything the exchange would tell.

    Attributes:
        now_ns: its clock, nanoseconds since 1970.
        trades: rows of the trade history, oldest first.
        wallets: available and reserved by currency.
    """

    now_ns: Callable[[], int]
    orders: dict[str, Order] = field(default_factory=dict)
    trades: list[Json] = field(default_factory=list)
    wallets: dict[str, tuple[str, str]] = field(
        default_factory=lambda: {"ZAR": ("1000000", "0"), "BTC": ("5", "0")}
    )

    def order(self, name: str) -> Order:
        """The order of that name; a name never heard before is that of an order made elsewhere."""
        if name not in self.orders:
            self.orders[name] = Order(name, self.now_ns())
        return self.orders[name]

    def declare(self, name: str, request: Mapping[str, Any]) -> None:
        """An order was sent; `request` are the fields of the command."""
        total = str(request.get("quantity") or request.get("baseAmount") or "0")
        is_market = "quantity" not in request
        self.orders[name] = Order(
            name,
            self.now_ns(),
            symbol=str(request["pair"]),
            side=str(request["side"]).lower(),
            price="0" if is_market else str(request["price"]),
            total=total,
            remaining=total,
            kind=_kind(request),
            time_in_force="IOC" if is_market else str(request.get("timeInForce", "GTC")),
        )

    def note(self, news: Said) -> Order:
        """Take over what is said of an order now, and return what the exchange says of it then.

        Old news are only said: they change nothing of what is so.
        """
        order = self.order(news.name)
        if news.ago_s:
            order = Order(**{name: getattr(order, name) for name in Order.__slots__})
        order.status = news.status or order.status
        order.price = news.numbers.get("price", order.price)
        order.total = news.numbers.get("total", order.total)
        remaining = "0" if order.status == "Filled" else _less(order, self.trades)
        order.remaining = news.numbers.get("remaining", remaining)
        order.because = news.because
        order.updated_ns = self.now_ns() - round(news.ago_s * _NS_PER_S)
        return order

    def status_object(self, news: Said) -> Json:
        """Data of ORDER_STATUS_UPDATE, and the answer to a question about one order (protocol 10.9, 15.5)."""
        order = self.note(news)
        return news.dress(
            {
                "orderId": order_id(order.name),
                "orderStatusType": order.status,
                "currencyPair": order.symbol,
                "originalPrice": order.price,
                "remainingQuantity": order.remaining,
                "originalQuantity": order.total,
                "orderSide": order.side,
                "orderType": order.kind,
                "failedReason": order.because,
                "orderUpdatedAt": time_text(order.updated_ns),
                "orderCreatedAt": time_text(order.created_ns),
                "customerOrderId": order.name,
                "timeInForce": order.time_in_force,
            }
        )

    def open_row(self, news: Said, remaining: str = "quantity") -> Json:
        """One entry of a list of open orders (protocol 10.9, 15.3)."""
        order = self.note(news)
        filled = 100 * (Decimal(order.total) - Decimal(order.remaining)) / Decimal(order.total)
        return news.dress(
            {
                "orderId": order_id(order.name),
                "side": order.side,
                remaining: order.remaining,
                "price": order.price,
                "currencyPair": order.symbol,
                "createdAt": time_text(order.created_ns),
                "originalQuantity": order.total,
                "filledPercentage": f"{filled:.2f}",
                "customerOrderId": order.name,
                "type": order.kind,
                "status": order.status,
                "updatedAt": time_text(order.updated_ns),
                "timeInForce": order.time_in_force,
                "allowMargin": False,
            }
        )

    def open_rows(self, remaining: str = "quantity") -> list[Json]:
        """The list of open orders, as far as the script has told of them."""
        rows = []
        for order in self.orders.values():
            if order.is_open:
                age_s = (self.now_ns() - order.updated_ns) / _NS_PER_S
                news = Said(
                    order.name, [order.status], {"remaining": order.remaining}, ago_s=max(age_s, 1e-6)
                )
                rows.append(self.open_row(news, remaining))
        return rows

    def trade(self, news: Said) -> Json:
        """A trade: ``NAME ID: AMOUNT at PRICE[, fee X CUR|reward X CUR]``, and from now on in the history."""
        order = self.order(news.name)
        match = re.fullmatch(r"(\S+): (\S+) at (\S+)", news.words[0])
        if match is None:
            raise Mismatch(f"a trade reads 't1: 0.004 at 950000', not {news.words[0]!r}")
        row = {
            "price": match[3],
            "quantity": match[2],
            "currencyPair": order.symbol,
            "tradedAt": time_text(self.now_ns() - round(news.ago_s * _NS_PER_S)),
            "side": order.side,
            "orderId": order_id(order.name),
            "id": match[1],
            **_charge(news.words[1:]),
            "customerOrderId": order.name,
        }
        if all(known["id"] != row["id"] for known in self.trades):
            self.trades.append(row)
        return news.dress(row)


def _less(order: Order, trades: list[Json]) -> str:
    traded = sum(
        (Decimal(row["quantity"]) for row in trades if row["orderId"] == order_id(order.name)), Decimal(0)
    )
    return str(min(Decimal(order.remaining), max(Decimal(order.total) - traded, Decimal(0))))


def _kind(request: Mapping[str, Any]) -> str:
    if "quantity" not in request:
        return "market"
    if "stopPrice" in request:
        return str(request["type"]).lower().replace("_", "-")
    return "post-only limit" if request.get("postOnly") else "limit"


def _charge(words: list[str]) -> Json:
    if not words:
        return {}
    kind, amount, currency = words[0].split()
    if kind == "reward":
        return {"makerReward": amount, "makerRewardCurrency": currency}
    return {"fee": amount, "feeCurrency": currency}


def time_text(at_ns: int) -> str:
    """A time as VALR writes it, milliseconds."""
    at = datetime.fromtimestamp(at_ns // 1_000_000 / 1000, UTC)
    return at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
