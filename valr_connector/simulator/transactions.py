"""An account's statement: what went out and what came in, and why (protocol 9.5, 15.9)."""

from __future__ import annotations

from decimal import Decimal

from valr_connector.simulator.exact import ZERO
from valr_connector.simulator.settlement import Fee
from valr_connector.simulator.statement import Money, Traded, Transaction
from valr_connector.simulator.vocabulary import PairSpec, VenueOrder

_KINDS = {"limit": "LIMIT", "market": "MARKET"}


def fill_transactions(
    pair: PairSpec, order: VenueOrder, price: Decimal, quantity: Decimal, *, fee: Fee, at: int
) -> tuple[Transaction, ...]:
    """Those of one fill of `order`: the exchange, and a maker's reward where the fee is negative."""
    traded = Traded(price, pair.symbol, pair.quote, order.order_id)
    base, quote = Money(pair.base, quantity), Money(pair.quote, price * quantity)
    paid, received = (quote, base) if order.side == "buy" else (base, quote)
    charged = Money(fee.currency, max(fee.amount, ZERO))
    exchange = Transaction(
        f"{_KINDS[order.request.kind]}_{order.side.upper()}",
        at,
        debit=_changed(paid, charged, 1),
        credit=_changed(received, charged, -1),
        fee=charged if fee.amount >= 0 else None,
        info=traded,
    )
    if fee.amount >= 0:
        return (exchange,)
    reward = Money(fee.currency, fee.amount.copy_abs())
    return exchange, Transaction("MAKER_REWARD", at, credit=reward, info=traded)


def _changed(money: Money, fee: Money, sign: int) -> Money:
    """With a fee that is in the same currency."""
    return (
        money._replace(amount=money.amount + sign * fee.amount) if fee.currency == money.currency else money
    )
