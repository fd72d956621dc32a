"""From what a caller wants changed to a modify that VALR's rules allow, or a clear error. Nothing is sent."""

from __future__ import annotations

from decimal import Decimal
from typing import Final

from msgspec import Struct

from valr_connector.core.order_record import OrderRecord
from valr_connector.core.trading_rules import check_limit_order, quantise_amount, quantise_price
from valr_connector.errors import InvalidArgumentError
from valr_connector.model.enums import OrderType
from valr_connector.model.ids import ExchangeOrderId
from valr_connector.model.market import PairInfo
from valr_connector.model.numbers import positive_decimal
from valr_connector.protocol.order_requests import STOP_KINDS, ModifyMatchStrategy, ModifyOrder

_MODIFIABLE: Final = (OrderType.LIMIT, *STOP_KINDS)
"""A stop-limit order is a limit order once it is triggered; VALR refuses before (protocol 10.4, 10.5)."""


class OrderChange(Struct, frozen=True, gc=False):
    """New terms of a limit or stop-limit order, on the pair's grid; None leaves a term as it is."""

    price: Decimal | None
    remaining: Decimal | None
    total: Decimal | None
    strategy: ModifyMatchStrategy

    def shows(self, order: OrderRecord) -> bool:
        """Whether the order has these terms, as far as its record says."""
        return (
            self.price in (None, order.price)
            and self.total in (None, order.amount)
            and self.remaining in (None, order.remaining_amount)
        )

    def request(self, order: OrderRecord, order_id: ExchangeOrderId) -> ModifyOrder:
        """What VALR is asked, by its own id of the order (protocol 10.5, 21 no. 29)."""
        return ModifyOrder(
            symbol=order.symbol,
            order_id=order_id,
            new_price=self.price,
            new_remaining=self.remaining,
            new_total=self.total,
            strategy=self.strategy,
        )


def order_change(
    info: PairInfo,
    order: OrderRecord,
    *,
    price: object | None,
    remaining_amount: object | None,
    total_amount: object | None,
    on_match: object,
) -> OrderChange:
    """The change on the pair's grid: sizes rounded down, the price rounded away from the other side.

    Raises:
        InvalidArgumentError: names the argument, its value and the rule.
        OrderRuleError: the same, for a rule of the pair.
    """
    if order.order_type not in _MODIFIABLE or order.amount is None or order.price is None:
        raise InvalidArgumentError("order", order.client_order_id, "only a limit order can be modified")
    if remaining_amount is not None and total_amount is not None:
        raise InvalidArgumentError("total_amount", total_amount, "excludes remaining_amount")
    if price is remaining_amount is total_amount is None:
        raise InvalidArgumentError("price", None, "give a price, remaining_amount or total_amount")
    strategy = _strategy(on_match)
    new_price = (
        order.price if price is None else quantise_price(info, order.side, positive_decimal("price", price))
    )
    remaining = _amount(info, "remaining_amount", remaining_amount)
    total = _amount(info, "total_amount", total_amount)
    open_amount = remaining if remaining is not None else total
    check_limit_order(info, order.amount if open_amount is None else open_amount, new_price)
    return OrderChange(None if price is None else new_price, remaining, total, strategy)


def _amount(info: PairInfo, name: str, amount: object | None) -> Decimal | None:
    return None if amount is None else quantise_amount(info, positive_decimal(name, amount))


def _strategy(on_match: object) -> ModifyMatchStrategy:
    if isinstance(on_match, str) and on_match in tuple(ModifyMatchStrategy):
        return ModifyMatchStrategy(on_match)
    raise InvalidArgumentError("on_match", on_match, f"must be one of {', '.join(ModifyMatchStrategy)}")
