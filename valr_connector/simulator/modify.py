"""Changing an open order in place: same id, new price or quantity (protocol 10.5).

Reducing the size keeps the place in the queue; a larger size or another price loses it. A modify never
matches: what happens instead is the request's strategy.
"""

from __future__ import annotations

from decimal import Decimal
from typing import NamedTuple

from valr_connector.simulator import rules
from valr_connector.simulator.accounts import Account
from valr_connector.simulator.effects import Effects
from valr_connector.simulator.engine import Engine
from valr_connector.simulator.exact import ZERO, truncate
from valr_connector.simulator.matching import Book
from valr_connector.simulator.settlement import Settlement, commitment
from valr_connector.simulator.vocabulary import ModifyOrder, ModifyOutcome, Rejection, State, VenueOrder


class _Decision(NamedTuple):
    """What is done with the order, and why the request fails if it does."""

    order: VenueOrder | None
    price: Decimal = ZERO
    remaining: Decimal = ZERO
    cancels: bool = False
    refusal: Rejection | None = None


def _is_modifiable(order: VenueOrder) -> bool:
    """Open, and no stop that waits (protocol 10.5)."""
    return order.is_open and order.state is not State.ACTIVE


class Modifier:
    """Runs one modify request of one account in one book."""

    def __init__(self, engine: Engine, book: Book, account: Account, effects: Effects) -> None:
        self._engine = engine
        self._book = book
        self._account = account
        self._effects = effects

    def run(self, request: ModifyOrder, modify_request_id: str) -> ModifyOutcome:
        """Change the order, cancel it or leave it alone; the outcome is told first."""
        order = self._account.orders.meant_by(request.order_id, request.customer_order_id)
        decision = self._decide(order, request)
        outcome = self._outcome(decision, request, modify_request_id)
        self._effects.tell(outcome)
        if decision.order is not None and decision.cancels:
            self._engine.cancel(decision.order, self._book, self._effects)
        elif decision.order is not None and decision.refusal is None:
            self._change(decision.order, decision.price, decision.remaining)
        return outcome

    def _outcome(self, decision: _Decision, request: ModifyOrder, modify_request_id: str) -> ModifyOutcome:
        order, refusal = decision.order, decision.refusal
        return ModifyOutcome(
            account_id=self._account.account_id,
            order_id=order.order_id if order else request.order_id,
            customer_order_id=order.request.customer_order_id if order else request.customer_order_id,
            modify_request_id=modify_request_id,
            success=refusal is None,
            code=refusal.code if refusal else 0,
            message=refusal.message if refusal else "",
        )

    def _decide(self, order: VenueOrder | None, request: ModifyOrder) -> _Decision:
        if order is None or order.symbol != request.symbol or not _is_modifiable(order):
            return _Decision(order, refusal=rules.invalid_order())
        remaining = self._new_remaining(order, request)
        if request.new_total_quantity is not None and remaining <= ZERO:
            return _Decision(order, cancels=True)
        price = self._new_price(order, request)
        if self._book.would_match(order.side, price):
            if request.strategy != "REPRICE":
                refusal = rules.engine_refusal(rules.MODIFY_WOULD_MATCH)
                return _Decision(order, cancels=request.strategy == "CANCEL_ORIGINAL", refusal=refusal)
            price = self._one_tick_off(order)
        return _Decision(order, price, remaining, refusal=self._objection(order, price, remaining))

    def _new_price(self, order: VenueOrder, request: ModifyOrder) -> Decimal:
        if request.new_price is None:
            return order.price
        return truncate(request.new_price, self._book.pair.tick_size)

    def _new_remaining(self, order: VenueOrder, request: ModifyOrder) -> Decimal:
        if request.new_total_quantity is not None:
            total = rules.base_quantity(self._book.pair, request.new_total_quantity)
            return total - order.executed_quantity
        if request.new_remaining_quantity is not None:
            return rules.base_quantity(self._book.pair, request.new_remaining_quantity)
        return order.remaining_quantity

    def _one_tick_off(self, order: VenueOrder) -> Decimal:
        """The price nearest to the other side that does not match it."""
        tick = self._book.pair.tick_size
        best = self._book.opposite(order.side).best() or ZERO
        return best - tick if order.side == "buy" else best + tick

    def _objection(self, order: VenueOrder, price: Decimal, remaining: Decimal) -> Rejection | None:
        """Why the order cannot be changed to this; None where it can."""
        if (price, remaining) == (order.price, order.remaining_quantity):
            return rules.engine_refusal(rules.MODIFY_CHANGES_NOTHING)
        pair = self._book.pair
        currency, held = commitment(pair, order.side, order.price, order.remaining_quantity)
        _, needed = commitment(pair, order.side, price, remaining)
        if needed - held > self._account.wallet(currency).available:
            return rules.engine_refusal(rules.INSUFFICIENT_BALANCE)
        return rules.size_refusal(pair, base=remaining, quote=price * remaining)

    def _change(self, order: VenueOrder, price: Decimal, remaining: Decimal) -> None:
        settlement = Settlement(self._book.pair, self._engine.house, self._effects)
        settlement.release(self._account, order, order.remaining_quantity)
        side = self._book.side(order.side)
        keeps_place = price == order.price and remaining < order.remaining_quantity
        side.reduce(order, order.remaining_quantity - remaining if keeps_place else order.remaining_quantity)
        order.original_quantity = order.executed_quantity + remaining
        order.remaining_quantity = remaining
        order.price = price
        settlement.reserve(self._account, order, remaining)
        if not keeps_place:
            order.sequence = self._engine.next_place()
            side.add(order)
        self._effects.order_changed(order, State.MODIFIED)
        self._effects.open_orders_changed(order.account_id)
        self._effects.book_changed(self._book)
