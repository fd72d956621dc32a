"""Simple orders: an amount of one currency for whatever it buys of the other now, all of it or nothing.

A quote says what an order would come to, by the same arithmetic; an order is told as a whole when it is done
(protocol 11).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import NamedTuple

from valr_connector.simulator.exact import EXACT, ZERO
from valr_connector.simulator.matching import Book, Match
from valr_connector.simulator.rules import paying
from valr_connector.simulator.settlement import fee_amount
from valr_connector.simulator.statement import Money, SimpleOutcome, Traded, Transaction
from valr_connector.simulator.vocabulary import BuyOrSell, PairSpec, State, VenueOrder


class Quote(NamedTuple):
    """What a simple order would come to now; `received` is without the fee."""

    quote_id: str
    symbol: str
    paying: Money
    received: Money
    fee: Money
    created_at: int
    matches: Sequence[Match]


def depth(book: Book, side: BuyOrSell) -> Decimal:
    """The most that a simple order of that side can pay."""
    levels = book.opposite(side).levels()
    return sum((level.total * (level.price if side == "buy" else 1) for level in levels), ZERO)


def is_whole(order: VenueOrder, book: Book) -> bool:
    """Whether the book can take all that the order is to pay."""
    return paying(book.pair, order.request).amount <= depth(book, order.side)


def quote(order: VenueOrder, book: Book, percent: Decimal) -> Quote:
    """The quote for an order that is not placed. The fee is that of its fills, each cut by itself."""
    pair, matches = book.pair, book.matches(order)
    is_buy = order.side == "buy"
    sums = [match.quantity * (1 if is_buy else match.maker.price) for match in matches]
    fee = sum((fee_amount(amount, percent) for amount in sums), ZERO)
    currency = pair.base if is_buy else pair.quote
    return Quote(
        order.order_id,
        pair.symbol,
        paying(pair, order.request),
        Money(currency, sum(sums, ZERO) - fee),
        Money(currency, fee),
        order.created_at,
        matches,
    )


def outcome(pair: PairSpec, order: VenueOrder) -> SimpleOutcome:
    """How the order stands; nothing is paid before it is completed."""
    base, quoted = order.executed_quantity, order.executed_quote
    paid, received = (quoted, base) if order.side == "buy" else (base, quoted)
    currencies = (pair.quote, pair.base) if order.side == "buy" else (pair.base, pair.quote)
    return SimpleOutcome(
        order.order_id,
        success=order.state is State.SIMPLE_COMPLETED,
        processing=order.state is None,
        paid=Money(currencies[0], paid),
        received=Money(currencies[1], EXACT.subtract(received, order.total_fee)),
        fee=Money(currencies[1], order.total_fee),
        at=order.updated_at,
    )


def simple_transaction(pair: PairSpec, order: VenueOrder) -> Transaction:
    """What the statement says of a completed one: one line, however many orders it matched."""
    done = outcome(pair, order)
    return Transaction(
        f"SIMPLE_{order.side.upper()}",
        done.at,
        debit=done.paid,
        credit=done.received,
        fee=done.fee,
        info=Traded(order.average_price, pair.symbol, pair.quote, order.order_id),
    )
