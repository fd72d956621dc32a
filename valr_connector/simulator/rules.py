"""What VALR refuses, when, and with which words (protocol 3.3, 6, 19.1).

Refusals at validation are `Rejection`s: the order gets no id. Refusals by the engine are texts: the order has
an id and ends as Failed.

Where the protocol names no code (off-tick price, malformed field, customerOrderId), the venue answers -11;
where it names one only for simple orders (too large), the venue answers that.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal

from valr_connector.simulator.exact import ZERO, step_of, truncate
from valr_connector.simulator.vocabulary import NewOrder, PairSpec, Rejection

INSUFFICIENT_BALANCE = "Insufficient Balance"
DUPLICATE_CUSTOMER_ORDER_ID = "Duplicate customer order id's are not allowed"
SELF_MATCH = "We did not execute this order since it would have matched with your own order on the Exchange"
POST_ONLY_WOULD_MATCH = "Post only cancelled as it would have matched"
IOC_DID_NOT_MATCH = "Immediate Or Cancel order did not match"
FOK_DID_NOT_MATCH = "Fill Or Kill order did not match"
CANCEL_FAILED = "An error occurred while cancelling your order."

_FAILURE_CODES: Mapping[str, int] = {
    INSUFFICIENT_BALANCE: -6,
    SELF_MATCH: -11500,
    DUPLICATE_CUSTOMER_ORDER_ID: -11502,
}

_CUSTOMER_ORDER_ID = re.compile(r"[0-9a-zA-Z-]{0,50}", re.ASCII)


def failure_code(reason: str) -> int:
    """Code of the error body when a v2 placement ends with this failedReason; -11 where VALR's is unknown."""
    return _FAILURE_CODES.get(reason, -11)


def invalid_order() -> Rejection:
    """Unknown, or not open any more (protocol 3.3: -1)."""
    return Rejection(-1, "Invalid Order. ")


def invalid_request(problem: str) -> Rejection:
    """A field is missing, malformed or contradicts another one."""
    return Rejection(-11, f"Invalid Request, please check your request and try again: {problem}")


def duplicate_customer_order_id() -> Rejection:
    return Rejection(-11502, DUPLICATE_CUSTOMER_ORDER_ID)


def check_request(pairs: Mapping[str, PairSpec], request: NewOrder) -> PairSpec:
    """Everything that can be refused without looking at the book or at the account.

    Raises:
        Rejection: with VALR's code; the order gets no id.
    """
    pair = pairs.get(request.symbol)
    if pair is None:
        raise Rejection(-21, "Unsupported Currency Pair")
    if not pair.active:
        raise Rejection(-32, "The given currency pair is not active")
    _check_type(pair, request)
    if request.allow_margin:
        raise Rejection(-19213, "Margin is not enabled for this account")
    if not _CUSTOMER_ORDER_ID.fullmatch(request.customer_order_id):
        raise invalid_request("customerOrderId takes up to 50 letters, digits and dashes")
    if request.kind == "limit":
        _check_limit(pair, request)
    else:
        _check_market(pair, request)
    return pair


def base_quantity(pair: PairSpec, quantity: Decimal) -> Decimal:
    """`quantity` as the exchange sees it: cut to the pair's decimal places."""
    return truncate(quantity, step_of(pair.base_decimals))


def _order_type(request: NewOrder) -> str:
    if request.kind == "market":
        return "MARKET"
    return "LIMIT_POST_ONLY" if request.post_only else "LIMIT"


def _check_type(pair: PairSpec, request: NewOrder) -> None:
    if _order_type(request) not in pair.order_types:
        raise Rejection(-12005, f"Order type {_order_type(request)} is not allowed for {pair.symbol}")


def _check_limit(pair: PairSpec, request: NewOrder) -> None:
    if request.quote_amount is not None:
        raise invalid_request("a limit order takes quantity, not quoteAmount")
    if request.post_only and request.time_in_force != "GTC":
        raise invalid_request("postOnly needs timeInForce GTC")
    price = _positive("price", request.price)
    quantity = base_quantity(pair, _positive("quantity", request.quantity))
    if price % pair.tick_size:
        raise invalid_request(f"price must be a multiple of {pair.tick_size:f}")
    _check_size(pair, base=quantity, quote=price * quantity)


def _check_market(pair: PairSpec, request: NewOrder) -> None:
    if request.price is not None or request.post_only:
        raise invalid_request("a market order takes neither price nor postOnly")
    if (request.quantity is None) == (request.quote_amount is None):
        raise invalid_request("a market order takes either baseAmount or quoteAmount")
    if request.quote_amount is not None:
        _check_size(pair, quote=_positive("quoteAmount", request.quote_amount))
    else:
        _check_size(pair, base=base_quantity(pair, _positive("baseAmount", request.quantity)))


def _positive(name: str, value: Decimal | None) -> Decimal:
    if value is None or not value.is_finite() or value <= ZERO:
        raise invalid_request(f"{name} must be a positive number")
    return value


def _check_size(pair: PairSpec, *, base: Decimal | None = None, quote: Decimal | None = None) -> None:
    """Both bounds hold where both amounts are known; a market order is bounded by the one it names."""
    if (base is not None and base < pair.min_base) or (quote is not None and quote < pair.min_quote):
        raise Rejection(
            -12007,
            "Minimum order size not met . "
            f"Minimum amount: {pair.min_base:f} {pair.base}, minimum total: {pair.min_quote:f} {pair.quote}",
        )
    if base is not None and base > pair.max_base:
        raise _too_large(pair.max_base, pair.base)
    if quote is not None and quote > pair.max_quote:
        raise _too_large(pair.max_quote, pair.quote)


def _too_large(maximum: Decimal, currency: str) -> Rejection:
    return Rejection(-39, f"Please decrease your amount.  The maximum is {maximum:f} {currency}")
