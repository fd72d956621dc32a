"""What is asked about an order: the bodies that REST and the account socket share (protocol 10, 16).

Each request checks itself when it is made, so that nothing malformed is ever sent. `LimitTerms` alone leaves
that to whoever makes them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from decimal import Decimal
from enum import StrEnum

import msgspec

from valr_connector.errors import InvalidArgumentError
from valr_connector.model.enums import OrderType, Side, TimeInForce
from valr_connector.model.ids import CLIENT_ORDER_ID_PATTERN, ClientOrderId, ExchangeOrderId, Symbol
from valr_connector.protocol.codec import check_sendable, format_decimal

Body = dict[str, object]
"""A JSON object in the order in which it is sent."""

_SYMBOL = re.compile(r"[0-9A-Za-z]{1,40}")
_ORDER_ID = re.compile(r"[0-9A-Za-z-]{1,64}")
_LARGEST_BATCH = 20

STOP_KINDS = (OrderType.STOP_LOSS_LIMIT, OrderType.TAKE_PROFIT_LIMIT)
"""The orders that wait for a price before they are placed."""


class ModifyMatchStrategy(StrEnum):
    """What happens to a modify that would match (protocol 10.5)."""

    RETAIN_ORIGINAL = "RETAIN_ORIGINAL"
    CANCEL_ORIGINAL = "CANCEL_ORIGINAL"
    REPRICE = "REPRICE"


class LimitTerms(msgspec.Struct, frozen=True):
    """A limit order (protocol 10.2) whose terms have been checked elsewhere, as `core.order_entry` does.

    Attributes:
        symbol: the pair on the wire, ``BTCZAR``.
        quantity: base currency.
        price: quote per base.
        client_order_id: unique for ever; the idempotency key across REST and socket.
        post_only: maker, or fail.
        allow_margin: subaccounts enabled for margin only.
        reduce_only: perpetuals only.
    """

    symbol: Symbol
    side: Side
    quantity: Decimal
    price: Decimal
    client_order_id: ClientOrderId
    post_only: bool = False
    time_in_force: TimeInForce = TimeInForce.GTC
    allow_margin: bool = False
    reduce_only: bool = False

    def body(self) -> Body:
        """The body of the call, and the payload of the command."""
        body: Body = {
            "side": self.side,
            "quantity": f"{self.quantity:f}",
            "price": f"{self.price:f}",
            "pair": self.symbol,
            "postOnly": bool(self.post_only),
            "customerOrderId": self.client_order_id,
            "timeInForce": self.time_in_force,
            "allowMargin": bool(self.allow_margin),
        }
        if self.reduce_only:
            body["reduceOnly"] = True
        return body


class PlaceLimit(LimitTerms, frozen=True):
    """A limit order (protocol 10.2)."""

    def __post_init__(self) -> None:
        check_symbol(self.symbol)
        check_client_order_id(self.client_order_id)
        check_word("side", self.side, Side)
        check_word("time_in_force", self.time_in_force, TimeInForce)
        check_positive("quantity", self.quantity)
        check_positive("price", self.price)


class PlaceMarket(msgspec.Struct, frozen=True):
    """A market order, always IOC (protocol 10.3).

    Attributes:
        base_amount, quote_amount: exactly one of them.
        client_order_id: unique for ever.
    """

    symbol: Symbol
    side: Side
    client_order_id: ClientOrderId
    base_amount: Decimal | None = None
    quote_amount: Decimal | None = None
    allow_margin: bool = False
    reduce_only: bool = False

    def __post_init__(self) -> None:
        check_symbol(self.symbol)
        check_client_order_id(self.client_order_id)
        check_word("side", self.side, Side)
        check_one_of(base_amount=self.base_amount, quote_amount=self.quote_amount)
        for field, amount in (("base_amount", self.base_amount), ("quote_amount", self.quote_amount)):
            if amount is not None:
                check_positive(field, amount)

    def body(self) -> Body:
        """The body of the call, and the payload of the command."""
        body: Body = {"side": Side(self.side).value}
        body |= _amounts(baseAmount=self.base_amount, quoteAmount=self.quote_amount)
        body |= {
            "pair": self.symbol,
            "customerOrderId": self.client_order_id,
            "allowMargin": bool(self.allow_margin),
        }
        return body | ({"reduceOnly": True} if self.reduce_only else {})


class PlaceStopLimit(msgspec.Struct, frozen=True):
    """A limit order that VALR places once the last price reaches the stop price; REST only (protocol 10.4).

    Attributes:
        kind: STOP_LOSS_LIMIT or TAKE_PROFIT_LIMIT.
        quantity: base currency.
        price: quote per base, of the order that is placed then.
        stop_price: quote per base; must differ from the last traded price.
        client_order_id: unique for ever.
    """

    symbol: Symbol
    side: Side
    kind: OrderType
    quantity: Decimal
    price: Decimal
    stop_price: Decimal
    client_order_id: ClientOrderId

    def __post_init__(self) -> None:
        check_symbol(self.symbol)
        check_client_order_id(self.client_order_id)
        check_word("side", self.side, Side)
        if self.kind not in STOP_KINDS:
            raise InvalidArgumentError("kind", self.kind, f"must be {' or '.join(STOP_KINDS)}")
        check_positive("quantity", self.quantity)
        check_positive("price", self.price)
        check_positive("stop_price", self.stop_price)

    def body(self) -> Body:
        """The body of the call."""
        return {
            "side": Side(self.side).value,
            "quantity": format_decimal(self.quantity),
            "price": format_decimal(self.price),
            "pair": self.symbol,
            "customerOrderId": self.client_order_id,
            "timeInForce": TimeInForce.GTC.value,
            "stopPrice": format_decimal(self.stop_price),
            "type": OrderType(self.kind).value,
        }


class ModifyOrder(msgspec.Struct, frozen=True):
    """New price, new size, or both, of an open limit order (protocol 10.5). The order's id stays.

    Attributes:
        order_id: VALR's id; whether a modify by our id works is not known (protocol 21, 29).
        new_price: quote per base.
        new_remaining, new_total: base currency, at most one of them.
        strategy: what happens where the change would match.
    """

    symbol: Symbol
    order_id: ExchangeOrderId
    new_price: Decimal | None = None
    new_remaining: Decimal | None = None
    new_total: Decimal | None = None
    strategy: ModifyMatchStrategy = ModifyMatchStrategy.RETAIN_ORIGINAL

    def __post_init__(self) -> None:
        check_symbol(self.symbol)
        check_order_id(self.order_id)
        check_word("strategy", self.strategy, ModifyMatchStrategy)
        if self.new_remaining is not None and self.new_total is not None:
            raise InvalidArgumentError("new_total", self.new_total, "excludes new_remaining")
        changes = {
            "new_price": self.new_price,
            "new_remaining": self.new_remaining,
            "new_total": self.new_total,
        }
        given = {field: value for field, value in changes.items() if value is not None}
        if not given:
            raise InvalidArgumentError("new_price", None, "a modify must change the price or the size")
        for field, value in given.items():
            check_positive(field, value)

    def body(self) -> Body:
        """The body of the call, and the payload of the command."""
        body: Body = {"orderId": self.order_id, "pair": self.symbol}
        body |= _amounts(
            newPrice=self.new_price, newRemainingQuantity=self.new_remaining, newTotalQuantity=self.new_total
        )
        return body | {"modifyMatchStrategy": ModifyMatchStrategy(self.strategy).value}


class CancelOrder(msgspec.Struct, frozen=True):
    """A request to cancel one order, by exactly one of its ids (protocol 10.6)."""

    symbol: Symbol
    order_id: ExchangeOrderId | None = None
    client_order_id: ClientOrderId | None = None

    def __post_init__(self) -> None:
        check_symbol(self.symbol)
        check_one_of(order_id=self.order_id, client_order_id=self.client_order_id)
        if self.order_id is not None:
            check_order_id(self.order_id)
        if self.client_order_id is not None:
            check_client_order_id(self.client_order_id)

    def body(self) -> Body:
        """The body of the call, and the payload of the command."""
        if self.order_id is not None:
            return {"orderId": self.order_id, "pair": self.symbol}
        return {"customerOrderId": self.client_order_id, "pair": self.symbol}


OrderRequest = PlaceLimit | PlaceMarket | ModifyOrder | CancelOrder
"""What the account socket takes."""
BatchRequest = OrderRequest | PlaceStopLimit
"""What a batch takes by REST."""

_BATCH_TYPES: dict[type[BatchRequest], str] = {
    PlaceLimit: "PLACE_LIMIT",
    PlaceMarket: "PLACE_MARKET",
    PlaceStopLimit: "PLACE_STOP_LIMIT",
    ModifyOrder: "MODIFY_ORDER",
    CancelOrder: "CANCEL_ORDER",
}


def batch_body(requests: Sequence[BatchRequest]) -> Body:
    """Several requests in one: 1 to 20, no modify beside a placement (protocol 10.8).

    Raises:
        InvalidArgumentError: too many, none, or a modify beside a placement.
    """
    if not 1 <= len(requests) <= _LARGEST_BATCH:
        raise InvalidArgumentError("requests", len(requests), f"must be 1 to {_LARGEST_BATCH}")
    places = any(isinstance(request, PlaceLimit | PlaceMarket | PlaceStopLimit) for request in requests)
    if places and any(isinstance(request, ModifyOrder) for request in requests):
        raise InvalidArgumentError("requests", "MODIFY_ORDER", "cannot be beside a placement (-21311)")
    return {
        "requests": [{"type": _BATCH_TYPES[type(request)], "data": request.body()} for request in requests]
    }


def check_symbol(symbol: object) -> None:
    """Refuse what cannot be a pair on the wire: letters and digits, 1 to 40."""
    if not isinstance(symbol, str) or _SYMBOL.fullmatch(symbol) is None:
        raise InvalidArgumentError("symbol", symbol, "must be 1 to 40 letters and digits")


def check_client_order_id(client_order_id: object) -> None:
    """Refuse what VALR does not take as customerOrderId (protocol 6)."""
    if not isinstance(client_order_id, str) or CLIENT_ORDER_ID_PATTERN.fullmatch(client_order_id) is None:
        raise InvalidArgumentError("client_order_id", client_order_id, "must be 1 to 50 of 0-9 a-z A-Z -")


def check_order_id(order_id: object) -> None:
    """Refuse what cannot be VALR's id of an order: opaque, but never more than letters, digits and dashes."""
    if not isinstance(order_id, str) or _ORDER_ID.fullmatch(order_id) is None:
        raise InvalidArgumentError("order_id", order_id, "must be 1 to 64 letters, digits and dashes")


def check_positive(field: str, value: Decimal) -> None:
    """Refuse what is no number to send, and zero."""
    check_sendable(value, field)
    if not value:
        raise InvalidArgumentError(field, value, "must be positive")


def check_word(field: str, word: object, words: type[StrEnum]) -> None:
    """Refuse what is not one of a closed set of words."""
    if type(word) is not words and word not in words.__members__.values():
        raise InvalidArgumentError(field, word, f"must be one of {', '.join(words)}")


def check_one_of(**given: object) -> None:
    """Refuse all but exactly one argument."""
    if sum(value is not None for value in given.values()) != 1:
        raise InvalidArgumentError(" or ".join(given), given, "exactly one must be given")


def _amounts(**amounts: Decimal | None) -> Body:
    return {name: format_decimal(amount) for name, amount in amounts.items() if amount is not None}
