"""What VALR refuses, when, and with which words (protocol 3.3, 6, 19.1).

Refusals at validation are `Rejection`s: the order gets no id. Refusals by the engine are texts: the order has
an id and ends as Failed.

Where the protocol names no code (off-tick price, malformed field, customerOrderId), the venue answers -11;
where it names one only for simple orders (too large), the venue answers that.

A simple order's amount is looked at before its currency is held against its side, as in a sample of VALR's.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from valr_connector.simulator.exact import ZERO, step_of, truncate
from valr_connector.simulator.order_requests import SimplePayment, invalid_field
from valr_connector.simulator.statement import Money
from valr_connector.simulator.vocabulary import ModifyOrder, NewOrder, PairSpec, Rejection, Stop

INSUFFICIENT_BALANCE = "Insufficient Balance"
DUPLICATE_CUSTOMER_ORDER_ID = "Duplicate customer order id's are not allowed"
SELF_MATCH = "We did not execute this order since it would have matched with your own order on the Exchange"
POST_ONLY_WOULD_MATCH = "Post only cancelled as it would have matched"
IOC_DID_NOT_MATCH = "Immediate Or Cancel order did not match"
FOK_DID_NOT_MATCH = "Fill Or Kill order did not match"
STOP_IS_TRIGGERED_AT_ONCE = "Stop order failed as it would have been triggered immediately"
MODIFY_CHANGES_NOTHING = "Modify order would not have modified anything and was cancelled"
MODIFY_WOULD_MATCH = "Modify order would have matched"
CANCEL_FAILED = "An error occurred while cancelling your order."

_FAILURE_CODES: Mapping[str, int] = {
    INSUFFICIENT_BALANCE: -6,
    SELF_MATCH: -11500,
    DUPLICATE_CUSTOMER_ORDER_ID: -11502,
    MODIFY_CHANGES_NOTHING: -21303,
}

_CUSTOMER_ORDER_ID = re.compile(r"[0-9a-zA-Z-]{0,50}", re.ASCII)


def failure_code(reason: str) -> int:
    """Code of the v2 error body for what the engine refused; -11 where VALR's is unknown."""
    return _FAILURE_CODES.get(reason, -11)


def engine_refusal(reason: str) -> Rejection:
    """The v2 error body for what the engine refused for that reason."""
    return Rejection(failure_code(reason), reason)


def invalid_order() -> Rejection:
    """Unknown, or not open any more (protocol 3.3: -1)."""
    return Rejection(-1, "Invalid Order. ")


def invalid_request(problem: str) -> Rejection:
    """A field is missing, malformed or contradicts another one."""
    return Rejection(-11, f"Invalid Request, please check your request and try again: {problem}")


def duplicate_customer_order_id() -> Rejection:
    return Rejection(-11502, DUPLICATE_CUSTOMER_ORDER_ID)


def futures_not_enabled() -> Rejection:
    """Perpetuals need a subaccount with futures (protocol 3.3), which no account here is."""
    return Rejection(-19227, "Futures are not enabled for this account")


def check_request(pairs: Mapping[str, PairSpec], request: NewOrder) -> PairSpec:
    """Everything that can be refused without looking at the book or at the account.

    Raises:
        Rejection: with VALR's code; the order gets no id.
    """
    pair = _active_pair(pairs, request.symbol)
    _check_type(pair, _order_type(request))
    if pair.kind == "FUTURE":
        raise futures_not_enabled()
    if request.allow_margin:
        raise Rejection(-19213, "Margin is not enabled for this account")
    if not _CUSTOMER_ORDER_ID.fullmatch(request.customer_order_id):
        raise invalid_request("customerOrderId takes up to 50 letters, digits and dashes")
    if request.kind == "limit":
        _check_limit(pair, request)
    elif request.kind == "simple":
        _check_payment(pair, paying(pair, request))
    else:
        _check_market(pair, request)
    return pair


def simple_order(pairs: Mapping[str, PairSpec], symbol: str, payment: SimplePayment) -> NewOrder:
    """The simple order that a payment in some currency asks for (protocol 11).

    Raises:
        Rejection: -21, -32 or -12005 for the pair, -38 or -39 for the amount, -11 for what else is wrong.
    """
    pair = _active_pair(pairs, symbol)
    _check_type(pair, "SIMPLE")
    if payment.money.currency not in (pair.base, pair.quote):
        raise invalid_field("payInCurrency", f"must be {pair.base} or {pair.quote}")
    _check_payment(pair, payment.money)
    is_buy, amount = payment.side == "buy", payment.money.amount
    if payment.money.currency != (pair.quote if is_buy else pair.base):
        raise invalid_field("payInCurrency", "a BUY pays in the quote currency, a SELL in the base currency")
    return NewOrder(
        symbol,
        payment.side,
        "simple",
        quantity=None if is_buy else amount,
        quote_amount=amount if is_buy else None,
        time_in_force="FOK",
    )


def paying(pair: PairSpec, request: NewOrder) -> Money:
    """What a simple order is to pay: quote for a buy, base for a sell, cut to the pair's decimal places."""
    if request.side == "buy":
        return Money(pair.quote, _positive("payAmount", request.quote_amount))
    return Money(pair.base, base_quantity(pair, _positive("payAmount", request.quantity)))


def too_much_to_pay(maximum: Money) -> Rejection:
    """More than the pair allows, or than the book can take."""
    return _too_large(maximum.amount, maximum.currency)


def check_modify(pairs: Mapping[str, PairSpec], request: ModifyOrder) -> PairSpec:
    """The form of a modify request; what it means for the order is the engine's business.

    Raises:
        Rejection: with VALR's code; nothing was asked of the engine.
    """
    pair = _active_pair(pairs, request.symbol)
    if not (request.order_id or request.customer_order_id):
        raise invalid_request("orderId is missing")
    if request.new_remaining_quantity is not None and request.new_total_quantity is not None:
        raise invalid_request("either newRemainingQuantity or newTotalQuantity")
    for name, quantity in (
        ("newRemainingQuantity", request.new_remaining_quantity),
        ("newTotalQuantity", request.new_total_quantity),
    ):
        if quantity is not None:
            _positive(name, quantity)
    if request.new_price is not None:
        _check_tick(pair, _positive("newPrice", request.new_price))
    return pair


def size_refusal(
    pair: PairSpec, *, base: Decimal | None = None, quote: Decimal | None = None
) -> Rejection | None:
    """Too small (-12007) or too large (-39); None where every amount that is given keeps its bounds."""
    if (base is not None and base < pair.min_base) or (quote is not None and quote < pair.min_quote):
        return Rejection(
            -12007,
            "Minimum order size not met . "
            f"Minimum amount: {pair.min_base:f} {pair.base}, minimum total: {pair.min_quote:f} {pair.quote}",
        )
    if base is not None and base > pair.max_base:
        return _too_large(pair.max_base, pair.base)
    if quote is not None and quote > pair.max_quote:
        return _too_large(pair.max_quote, pair.quote)
    return None


def base_quantity(pair: PairSpec, quantity: Decimal) -> Decimal:
    """`quantity` as the exchange sees it: cut to the pair's decimal places."""
    return truncate(quantity, step_of(pair.base_decimals))


def _order_type(request: NewOrder) -> str:
    if request.kind != "limit":
        return request.kind.upper()
    if request.stop is not None:
        return request.stop.type
    return "LIMIT_POST_ONLY" if request.post_only else "LIMIT"


def _check_type(pair: PairSpec, order_type: str) -> None:
    if order_type not in pair.order_types:
        raise Rejection(-12005, f"Order type {order_type} is not allowed for {pair.symbol}")


def _check_payment(pair: PairSpec, money: Money) -> None:
    """Only the bounds of the currency that is paid (protocol 3.3)."""
    is_base = money.currency == pair.base
    least, most = (pair.min_base, pair.max_base) if is_base else (pair.min_quote, pair.max_quote)
    amount = _positive("payAmount", money.amount)
    if amount < least:
        raise Rejection(-38, f"Please increase your amount. The minimum is {least:f} {money.currency}")
    if amount > most:
        raise _too_large(most, money.currency)


def _check_limit(pair: PairSpec, request: NewOrder) -> None:
    if request.quote_amount is not None:
        raise invalid_request("a limit order takes quantity, not quoteAmount")
    if request.post_only and request.time_in_force != "GTC":
        raise invalid_request("postOnly needs timeInForce GTC")
    if request.stop is not None:
        _check_stop(pair, request, request.stop)
    price = _positive("price", request.price)
    quantity = base_quantity(pair, _positive("quantity", request.quantity))
    _check_tick(pair, price)
    _check_size(pair, base=quantity, quote=price * quantity)


def _check_stop(pair: PairSpec, request: NewOrder, stop: Stop) -> None:
    if request.post_only:
        raise invalid_request("a stop order takes no postOnly")
    _check_tick(pair, _positive("stopPrice", stop.price))


def _check_market(pair: PairSpec, request: NewOrder) -> None:
    if request.price is not None or request.post_only:
        raise invalid_request("a market order takes neither price nor postOnly")
    if (request.quantity is None) == (request.quote_amount is None):
        raise invalid_request("a market order takes either baseAmount or quoteAmount")
    if request.quote_amount is not None:
        _check_size(pair, quote=_positive("quoteAmount", request.quote_amount))
    else:
        _check_size(pair, base=base_quantity(pair, _positive("baseAmount", request.quantity)))


def _active_pair(pairs: Mapping[str, PairSpec], symbol: str) -> PairSpec:
    pair = pairs.get(symbol)
    if pair is None:
        raise Rejection(-21, "Unsupported Currency Pair")
    if not pair.active:
        raise Rejection(-32, "The given currency pair is not active")
    return pair


def _check_tick(pair: PairSpec, price: Decimal) -> None:
    if price % pair.tick_size:
        raise invalid_request(f"price must be a multiple of {pair.tick_size:f}")


def _positive(name: str, value: Decimal | None) -> Decimal:
    if value is None or not value.is_finite() or value <= ZERO or _is_absurd(value):
        raise invalid_request(f"{name} must be a positive number of sensible length")
    return value


def _is_absurd(value: Decimal) -> bool:
    """Beyond what exact arithmetic is laid out for, and far beyond any market."""
    return value.adjusted() > 20 or len(value.as_tuple().digits) > 60


def _check_size(pair: PairSpec, *, base: Decimal | None = None, quote: Decimal | None = None) -> None:
    refusal = size_refusal(pair, base=base, quote=quote)
    if refusal is not None:
        raise refusal


def _too_large(maximum: Decimal, currency: str) -> Rejection:
    return Rejection(-39, f"Please decrease your amount.  The maximum is {maximum.normalize():f} {currency}")
