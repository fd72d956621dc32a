"""An account's statement: what went out and what came in, and why (protocol 9.5, 15.9)."""

from __future__ import annotations

from decimal import Decimal

from valr_connector.simulator.exact import ZERO
from valr_connector.simulator.settlement import Fee
from valr_connector.simulator.statement import Money, Traded, Transaction
from valr_connector.simulator.vocabulary import PairSpec, VenueOrder

_BUYS = {"limit": "LIMIT_BUY", "market": "MARKET_BUY"}
_SELLS = {"limit": "LIMIT_SELL", "market": "MARKET_SELL"}


def fill_transactions(
    pair: PairSpec, order: VenueOrder, price: Decimal, quantity: Decimal, *, fee: Fee, at: int
) -> tuple[Transaction, ...]:
    """Those of one fill of `order`: the exchange, and a maker's reward where the fee is negative.

    What is charged is taken from what is received (protocol 6).
    """
    traded = Traded(price, pair.symbol, pair.quote, order.order_id)
    kind, value, charged = order.request.kind, price * quantity, fee.amount
    is_reward = charged < ZERO
    taken = ZERO if is_reward else charged
    if order.side == "buy":
        kinds, paid, received = _BUYS, Money(pair.quote, value), Money(pair.base, quantity - taken)
    else:
        kinds, paid, received = _SELLS, Money(pair.base, quantity), Money(pair.quote, value - taken)
    charge = None if is_reward else Money(fee.currency, charged)
    exchange = Transaction(kinds[kind], at, traded, paid, received, charge)
    if not is_reward:
        return (exchange,)
    reward = Money(fee.currency, charged.copy_abs())
    return exchange, Transaction("MAKER_REWARD", at, traded, credit=reward)
