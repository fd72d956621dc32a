"""Bodies of order requests, checked field by field (protocol 10.2-10.6, 16)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Literal, NamedTuple, cast

from valr_connector.simulator.statement import Money
from valr_connector.simulator.vocabulary import (
    BuyOrSell,
    ModifyMatchStrategy,
    ModifyOrder,
    NewOrder,
    Rejection,
    Stop,
    StopType,
    TransferOrder,
)

_MOST_MONEY = Decimal(10) ** 21
_MOST_DIGITS = 60
INVALID_REQUEST = "Invalid Request, please check your request and try again"

Body = Mapping[str, object]
TimeInForce = Literal["GTC", "IOC", "FOK"]

_PLAIN_NUMBER = re.compile(r"\d+(\.\d+)?", re.ASCII)
_FLAGS: Mapping[object, bool] = {True: True, False: False, "true": True, "false": False}
_SIDES: Mapping[str, BuyOrSell] = {"BUY": "buy", "SELL": "sell"}
_STRATEGIES = ("RETAIN_ORIGINAL", "CANCEL_ORIGINAL", "REPRICE")
_STOP_TYPES = ("TAKE_PROFIT_LIMIT", "STOP_LOSS_LIMIT")
_NOT_HERE = ("reduceOnly", "postOnlyReprice", "conditionalOrderData")


class InvalidFields(Rejection):
    """-11 with the list of what is wrong, field by field (protocol 3.2)."""

    def __init__(self, errors: list[dict[str, str]]) -> None:
        super().__init__(-11, INVALID_REQUEST)
        self.errors = errors


def invalid_field(field: str, message: str) -> InvalidFields:
    """One field is wrong."""
    return InvalidFields([{"field": field, "message": message}])


@dataclass(frozen=True, slots=True)
class CancelOrder:
    """Exactly one of the two ids is set."""

    symbol: str
    order_id: str
    customer_order_id: str


def limit_order(body: Body) -> NewOrder:
    """Body of a limit order.

    Raises:
        InvalidFields: naming every field that is missing or malformed.
    """
    fields = _Fields(body)
    fields.refuse(*_NOT_HERE)
    order = NewOrder(
        symbol=fields.required_text("pair"),
        side=fields.side(),
        kind="limit",
        quantity=fields.number("quantity", required=True),
        price=fields.number("price", required=True),
        post_only=fields.flag("postOnly"),
        time_in_force=fields.time_in_force(),
        customer_order_id=fields.text("customerOrderId"),
        allow_margin=fields.flag("allowMargin"),
    )
    fields.check()
    return order


def stop_limit_order(body: Body) -> NewOrder:
    """Body of a stop-limit order (10.4).

    Raises:
        InvalidFields: naming every field that is missing or malformed.
    """
    fields = _Fields(body)
    fields.refuse(*_NOT_HERE, "postOnly")
    order = NewOrder(
        symbol=fields.required_text("pair"),
        side=fields.side(),
        kind="limit",
        quantity=fields.number("quantity", required=True),
        price=fields.number("price", required=True),
        time_in_force=fields.time_in_force(),
        customer_order_id=fields.text("customerOrderId"),
        allow_margin=fields.flag("allowMargin"),
        stop=Stop(fields.stop_type(), fields.number("stopPrice", required=True) or Decimal(0)),
    )
    fields.check()
    return order


def market_order(body: Body) -> NewOrder:
    """Body of a market order: by baseAmount or by quoteAmount.

    Raises:
        InvalidFields: naming every field that is missing or malformed.
    """
    fields = _Fields(body)
    fields.refuse(*_NOT_HERE)
    base, quote = fields.number("baseAmount"), fields.number("quoteAmount")
    if (base is None) == (quote is None):
        fields.complain("baseAmount", "exactly one of baseAmount and quoteAmount")
    order = NewOrder(
        symbol=fields.required_text("pair"),
        side=fields.side(),
        kind="market",
        quantity=base,
        quote_amount=quote,
        customer_order_id=fields.text("customerOrderId"),
        allow_margin=fields.flag("allowMargin"),
    )
    fields.check()
    return order


class SimplePayment(NamedTuple):
    """What a simple order is to pay, on which side (11)."""

    side: BuyOrSell
    money: Money


def simple_payment(body: Body) -> SimplePayment:
    """Body of a simple order, or of the question for a quote.

    Raises:
        InvalidFields: naming every field that is missing or malformed.
    """
    fields = _Fields(body)
    currency = fields.required_text("payInCurrency")
    amount = fields.number("payAmount", required=True) or Decimal(0)
    payment = SimplePayment(fields.side(), Money(currency, amount))
    fields.check()
    return payment


def transfer(body: Body) -> TransferOrder:
    """Body of a transfer between accounts (12).

    Raises:
        InvalidFields: naming every field that is missing or malformed.
    """
    fields = _Fields(body)
    currency = fields.required_text("currencyCode")
    amount = fields.number("amount", required=True) or Decimal(0)
    if not 0 < amount < _MOST_MONEY or len(amount.as_tuple().digits) > _MOST_DIGITS:
        fields.complain("amount", "must be a positive number of sensible length")
    order = TransferOrder(
        fields.required_text("fromId"),
        fields.required_text("toId"),
        Money(currency, amount),
        fields.flag("allowBorrow"),
    )
    fields.check()
    return order


def account_named(body: Body) -> str:
    """The id in a body that names an account (12).

    Raises:
        InvalidFields: there is none.
    """
    return _required(body, "id")


def account_label(body: Body) -> str:
    """The label in a body that gives an account one (12).

    Raises:
        InvalidFields: there is none.
    """
    return _required(body, "label")


def _required(body: Body, name: str) -> str:
    fields = _Fields(body)
    text = fields.required_text(name)
    if text.isspace():
        fields.complain(name, "must not be blank")
    fields.check()
    return text


def cancel_order(body: Body) -> CancelOrder:
    """Body of a cancel: the pair and exactly one id.

    Raises:
        InvalidFields: naming every field that is missing or malformed.
    """
    fields = _Fields(body)
    order_id, customer_order_id = fields.text("orderId"), fields.text("customerOrderId")
    if bool(order_id) == bool(customer_order_id):
        fields.complain("orderId", "exactly one of orderId and customerOrderId")
    request = CancelOrder(fields.required_text("pair"), order_id, customer_order_id)
    fields.check()
    return request


def modify_order(body: Body) -> ModifyOrder:
    """Body of a modify (10.5).

    Raises:
        InvalidFields: naming every field that is missing or malformed.
    """
    fields = _Fields(body)
    order = ModifyOrder(
        symbol=fields.required_text("pair"),
        strategy=fields.strategy(),
        order_id=fields.text("orderId"),
        customer_order_id=fields.text("customerOrderId"),
        new_price=fields.number("newPrice"),
        new_remaining_quantity=fields.number("newRemainingQuantity"),
        new_total_quantity=fields.number("newTotalQuantity"),
    )
    fields.check()
    return order


class _Fields:
    """Reads a body and gathers what is wrong with it."""

    def __init__(self, body: Body) -> None:
        self._body = body
        self._errors: list[dict[str, str]] = []

    def complain(self, field: str, message: str) -> None:
        self._errors.append({"field": field, "message": message})

    def check(self) -> None:
        if self._errors:
            raise InvalidFields(self._errors)

    def refuse(self, *names: str) -> None:
        """Fields of features that this exchange has not."""
        for name in names:
            if self._body.get(name) not in (None, False, "false"):
                self.complain(name, "not supported")

    def text(self, name: str) -> str:
        value = self._body.get(name)
        if value is None:
            return ""
        if not isinstance(value, str):
            self.complain(name, "must be a string")
            return ""
        return value

    def required_text(self, name: str) -> str:
        value = self._body.get(name)
        if value is None or value == "":
            self.complain(name, "must not be blank")
            return ""
        return self.text(name)

    def number(self, name: str, *, required: bool = False) -> Decimal | None:
        """Plain decimal text; JSON numbers are taken as well (protocol 5)."""
        value = self._body.get(name)
        if value is None or value == "":
            if required:
                self.complain(name, "must not be blank")
            return None
        text = (
            value if isinstance(value, str) else format(Decimal(str(value)), "f") if _is_number(value) else ""
        )
        if not _PLAIN_NUMBER.fullmatch(text):
            self.complain(name, "must be a number")
            return None
        return Decimal(text)

    def flag(self, name: str) -> bool:
        value = self._body.get(name)
        if value is None:
            return False
        if not isinstance(value, bool | str) or value not in _FLAGS:
            self.complain(name, "must be true or false")
            return False
        return _FLAGS[value]

    def side(self) -> BuyOrSell:
        text = self.required_text("side")
        if text and text not in _SIDES:
            self.complain("side", "must be BUY or SELL")
        return _SIDES.get(text, "buy")

    def time_in_force(self) -> TimeInForce:
        text = self.text("timeInForce") or "GTC"
        if text not in ("GTC", "IOC", "FOK"):
            self.complain("timeInForce", "must be GTC, IOC or FOK")
        return cast("TimeInForce", text)

    def stop_type(self) -> StopType:
        text = self.required_text("type")
        if text and text not in _STOP_TYPES:
            self.complain("type", f"must be one of {', '.join(_STOP_TYPES)}")
        return cast("StopType", text)

    def strategy(self) -> ModifyMatchStrategy:
        text = self.required_text("modifyMatchStrategy")
        if text and text not in _STRATEGIES:
            self.complain("modifyMatchStrategy", f"must be one of {', '.join(_STRATEGIES)}")
        return cast("ModifyMatchStrategy", text)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
