"""How much of an order was executed: terms, running totals, and fills that count once.

Part of `core.lifecycle`, and called only from there.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import structs

from valr_connector.core.evidence import Evidence, Says, Trade
from valr_connector.core.order_record import ZERO, OrderRecord
from valr_connector.model.enums import TERMINAL, Liquidity, OrderType, TimeInForce
from valr_connector.model.events import FillAmended, OrderCreated, OrderEvent, OrderFilled
from valr_connector.model.numbers import EXACT
from valr_connector.model.order import Fill

_FILLED, _MODIFIED, _UNKNOWN = Says.FILLED, Says.MODIFIED, Liquidity.UNKNOWN
_MARKET, _GTC = OrderType.MARKET, TimeInForce.GTC
_plus, _minus = EXACT.add, EXACT.subtract


def note_amounts(order: OrderRecord, evidence: Evidence) -> bool:
    """Take over size, price and executed amount; True if any of them changed."""
    original, remaining, price, at = evidence.original, evidence.remaining, evidence.price, evidence.at
    amount, known_price, terms_at = order.amount, order.price, order.terms_at
    changed, executed = False, ZERO
    if original is not None:
        if original != amount or (price is not None and price != known_price):
            changed = _note_terms(order, evidence, original)
            amount = order.amount
        elif at is not None and (terms_at is None or at > terms_at):
            order.terms_at = at
        if remaining is not None and not order.was_modified:
            executed = _minus(original, remaining) if remaining > ZERO else original
    if evidence.says is _FILLED and amount is not None:
        is_size_sure = original is not None or not order.was_modified
        executed = amount if is_size_sure and amount > executed else executed
    if executed > order.reported_executed:
        order.reported_executed = executed
        return True
    return changed


def _note_terms(order: OrderRecord, evidence: Evidence, original: Decimal) -> bool:
    """Take over another size or limit price unless newer ones are known. Another size shows a modify."""
    amount, price = order.amount, evidence.price
    is_same_size = original == amount
    if not is_same_size and amount is not None:
        order.was_modified = True
    if _has_newer_terms(order, evidence):
        return False
    order.terms_at = evidence.at or order.terms_at
    is_same_price = price is None or order.price is None or price == order.price
    if not is_same_size:
        order.amount = original
    if not is_same_price:
        order.price = price
    return not (is_same_size and is_same_price)


def _has_newer_terms(order: OrderRecord, evidence: Evidence) -> bool:
    """Times can be equal or missing; "Order Modified" is then the later word (protocol 21, 33)."""
    at, terms_at = evidence.at, order.terms_at
    if terms_at is None:
        return False
    if at is None or at == terms_at:
        return evidence.says is not _MODIFIED
    return at < terms_at


def count_fill(order: OrderRecord, evidence: Evidence, trade: Trade, events: list[OrderEvent]) -> None:
    """Count one execution, or complete what is known of one counted before."""
    trade_id, fee, amount = trade.trade_id, trade.fee, trade.amount
    known = order.fills_by_id.get(trade_id)
    if known is not None:
        _amend_fill(order, evidence, known, trade, events)
        return
    if order.adopted_at is not None and _is_told_by_list(trade, order.adopted_at, order.executed_before):
        return  # it is in its amount
    liquidity = _liquidity(order, trade)
    order.fills_by_id[trade_id] = fill = Fill(
        trade_id, order.client_order_id, order.pair, order.side, trade.price, amount, fee, liquidity, trade.at
    )
    order.accounted_amount = accounted = _plus(order.accounted_amount, amount)
    if order.was_modified and order.amount is not None:
        order.amount = max(order.amount, accounted)  # what was executed was not larger than it
    if fee is None:
        order.fees_missing += 1
    if not order.was_created:
        tell_created(order, evidence, events)
    reported = order.reported_executed
    executed = accounted if accounted > reported else reported  # noqa: FURB136  max() takes 3 times as long
    events.append(OrderFilled(order, trade.at, fill, executed, order.status in TERMINAL))


def _is_told_by_list(trade: Trade, listed_at: datetime, executed: Decimal) -> bool:
    """Whether the list that an order was adopted from, with so much executed, told of this execution.

    VALR's times are of a millisecond: one of the list's own is in it only where it told of any.
    """
    return trade.at < listed_at or (trade.at == listed_at and executed > ZERO)


def _amend_fill(
    order: OrderRecord, evidence: Evidence, known: Fill, trade: Trade, events: list[OrderEvent]
) -> None:
    fee = trade.fee if known.fee is None else known.fee
    liquidity = _liquidity(order, trade) if known.liquidity is _UNKNOWN else known.liquidity
    if fee is not known.fee or liquidity is not known.liquidity:
        amended = structs.replace(known, fee=fee, liquidity=liquidity)
        order.fills_by_id[trade.trade_id] = amended
        order.fees_missing -= known.fee is None and fee is not None
        events.append(FillAmended(order, evidence.at, amended))


def _liquidity(order: OrderRecord, trade: Trade) -> Liquidity:
    """What VALR said, or what VALR's rules leave as the only possibility (protocol 6)."""
    if trade.liquidity is not _UNKNOWN:
        return trade.liquidity
    if order.post_only:
        return Liquidity.MAKER
    if order.order_type is _MARKET or order.time_in_force is not _GTC:
        return Liquidity.TAKER
    return _UNKNOWN


def tell_created(order: OrderRecord, evidence: Evidence, events: list[OrderEvent]) -> None:
    """Tell, once and before anything else, that VALR has the order."""
    order.was_created = True
    events.append(OrderCreated(order, evidence.at, order.exchange_order_id))
