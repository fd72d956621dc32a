"""From what a caller asks for to an order that VALR's rules allow, or a clear error. Nothing is sent here."""

from __future__ import annotations

from decimal import Decimal

from valr_connector.core.order_record import OrderRecord
from valr_connector.core.trading_rules import (
    check_limit_order,
    check_market_order,
    check_order_type,
    quantise_amount,
    quantise_price,
)
from valr_connector.errors import InvalidArgumentError
from valr_connector.model.enums import CancelScope, OrderType, RetryPolicy, Side, TimeInForce
from valr_connector.model.ids import CLIENT_ORDER_ID_PATTERN, ClientOrderId
from valr_connector.model.market import PairInfo
from valr_connector.model.numbers import positive_decimal
from valr_connector.protocol.order_requests import STOP_KINDS

# CPython 3.11 takes 0.1 us to find a member in its class, and these are needed with each limit order.
_LIMIT, _GTC = OrderType.LIMIT, TimeInForce.GTC


def limit_order(
    info: PairInfo,
    side: object,
    *,
    client_order_id: object,
    amount: object,
    price: object,
    post_only: object,
    time_in_force: object,
    retry: RetryPolicy = RetryPolicy.IF_UNSENT,
) -> OrderRecord:
    """A limit order on the pair's grid: size rounded down, price rounded away from the other side.

    Raises:
        InvalidArgumentError: names the argument, its value and the rule.
        OrderRuleError: the same, for a rule of the pair.
    """
    if not isinstance(side, Side):
        side = checked_side(side)
    if not isinstance(time_in_force, TimeInForce):
        time_in_force = _time_in_force(time_in_force)
    if not isinstance(post_only, bool):
        raise InvalidArgumentError("post_only", post_only, "must be True or False")
    if post_only and time_in_force is not _GTC:
        raise InvalidArgumentError(
            "time_in_force", time_in_force.value, "a post-only order can only rest: it has to be GTC"
        )
    grid_amount = quantise_amount(info, positive_decimal("amount", amount))
    grid_price = quantise_price(info, side, positive_decimal("price", price))
    check_limit_order(info, grid_amount, grid_price)
    check_order_type(info, "LIMIT_POST_ONLY" if post_only else "LIMIT")
    return OrderRecord(
        client_order_id=_client_order_id(client_order_id),
        pair=info.pair,
        symbol=info.symbol,
        side=side,
        order_type=_LIMIT,
        time_in_force=time_in_force,
        post_only=post_only,
        price=grid_price,
        amount=grid_amount,
        retry=retry,
    )


def stop_limit_order(
    info: PairInfo,
    side: object,
    *,
    client_order_id: object,
    order_type: object,
    amount: object,
    price: object,
    stop_price: object,
    retry: RetryPolicy = RetryPolicy.IF_UNSENT,
) -> OrderRecord:
    """A stop-limit order on the pair's grid; both prices are rounded as a limit order's is.

    Raises:
        InvalidArgumentError: names the argument, its value and the rule.
        OrderRuleError: the same, for a rule of the pair.
    """
    side = checked_side(side)
    kind = next((kind for kind in STOP_KINDS if kind == order_type), None)
    if kind is None:
        raise InvalidArgumentError("order_type", order_type, f"must be {' or '.join(STOP_KINDS)}")
    grid_amount = quantise_amount(info, positive_decimal("amount", amount))
    grid_price = quantise_price(info, side, positive_decimal("price", price))
    grid_stop = quantise_price(info, side, positive_decimal("stop_price", stop_price))
    check_limit_order(info, grid_amount, grid_price)
    check_order_type(info, kind)
    if not grid_stop:
        raise InvalidArgumentError("stop_price", stop_price, f"is below the tick size of {info.pair}")
    return OrderRecord(
        client_order_id=_client_order_id(client_order_id),
        pair=info.pair,
        symbol=info.symbol,
        side=side,
        order_type=kind,
        price=grid_price,
        amount=grid_amount,
        stop_price=grid_stop,
        retry=retry,
    )


def market_order(
    info: PairInfo,
    side: object,
    *,
    client_order_id: object,
    amount: object | None,
    quote_amount: object | None,
    retry: RetryPolicy = RetryPolicy.IF_UNSENT,
) -> OrderRecord:
    """A market order, sized in base currency (rounded down to the pair's step) or in quote currency.

    Raises:
        InvalidArgumentError: names the argument, its value and the rule.
        OrderRuleError: the same, for a rule of the pair.
    """
    if (amount is None) == (quote_amount is None):
        raise InvalidArgumentError("amount", amount, "give exactly one of amount and quote_amount")
    base: Decimal | None = None
    quote: Decimal | None = None
    if amount is not None:
        base = quantise_amount(info, positive_decimal("amount", amount))
    else:
        quote = positive_decimal("quote_amount", quote_amount)
    check_market_order(info, amount=base, quote_amount=quote)
    check_order_type(info, "MARKET")
    return OrderRecord(
        client_order_id=_client_order_id(client_order_id),
        pair=info.pair,
        symbol=info.symbol,
        side=checked_side(side),
        order_type=OrderType.MARKET,
        time_in_force=TimeInForce.IOC,
        amount=base,
        quote_amount=quote,
        retry=retry,
    )


def retry_policy(retry: object) -> RetryPolicy:
    """The policy that was asked for.

    Raises:
        InvalidArgumentError: there is no such policy.
    """
    if isinstance(retry, RetryPolicy):
        return retry
    if isinstance(retry, str) and retry in tuple(RetryPolicy):
        return RetryPolicy(retry)
    raise InvalidArgumentError("retry", retry, f"must be one of {', '.join(RetryPolicy)}")


def checked_scope(scope: object, pair: object) -> CancelScope:
    """What `cancel_all` is about, with a pair that fits it.

    Raises:
        InvalidArgumentError: names the argument, its value and the rule.
    """
    if not (isinstance(scope, str) and scope in tuple(CancelScope)):
        raise InvalidArgumentError("scope", scope, f"must be one of {', '.join(CancelScope)}")
    if pair is None and scope == CancelScope.PAIR:
        raise InvalidArgumentError("pair", pair, "is needed to cancel all orders in a pair")
    if pair is not None and scope == CancelScope.ACCOUNT:
        raise InvalidArgumentError("pair", pair, "does not go with the whole account")
    return CancelScope(scope)


def checked_side(side: object) -> Side:
    """BUY or SELL, or a clear error."""
    if isinstance(side, Side):
        return side
    if isinstance(side, str) and side in tuple(Side):
        return Side(side)
    raise InvalidArgumentError("side", side, "must be Side.BUY or Side.SELL")


def _time_in_force(time_in_force: object) -> TimeInForce:
    if isinstance(time_in_force, str) and time_in_force in tuple(TimeInForce):
        return TimeInForce(time_in_force)
    raise InvalidArgumentError("time_in_force", time_in_force, "must be GTC, IOC or FOK")


def _client_order_id(client_order_id: object) -> ClientOrderId:
    if isinstance(client_order_id, str) and (match := CLIENT_ORDER_ID_PATTERN.fullmatch(client_order_id)):
        return ClientOrderId(match[0])  # plain text, whatever kind of text it was: the journal takes no other
    raise InvalidArgumentError(
        "client_order_id", client_order_id, "must be 1 to 50 of the characters 0-9, a-z, A-Z and -"
    )
