"""The matching engine: what becomes of one accepted order.

First every reason to refuse the order as a whole is looked at, against the book as it is; only then money and
orders move. So an order is refused with nothing done, or runs to its end.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from random import Random

from valr_connector.simulator import rules
from valr_connector.simulator.accounts import Account
from valr_connector.simulator.effects import Effects
from valr_connector.simulator.exact import ZERO, step_of
from valr_connector.simulator.ids import uuid7_text
from valr_connector.simulator.matching import Book, Match
from valr_connector.simulator.refusals import (
    REFUSALS,
    SIMPLE_REFUSALS,
    STOP_REFUSALS,
    exceeds_balance,
    matched_base,
    matched_quote,
    refusal,
)
from valr_connector.simulator.settlement import Fee, House, Settlement
from valr_connector.simulator.simple import outcome, simple_transaction
from valr_connector.simulator.statement import Transaction
from valr_connector.simulator.transactions import fill_transactions
from valr_connector.simulator.vocabulary import (
    AccountTrade,
    PairSpec,
    PublicTrade,
    SimpleOrderDone,
    State,
    VenueOrder,
)

_FIRST_TRADE_SEQUENCE = 1_400_000_000_000_000_000
"""Beyond 2**53, as VALR's are (protocol 5)."""


class Engine:
    """Runs orders against books. Holds the counters that all pairs share."""

    def __init__(self, accounts: Mapping[str, Account], rng: Random) -> None:
        self.house = House()
        self._accounts = accounts
        self._rng = rng
        self._order_sequence = 0
        self._trade_sequence = _FIRST_TRADE_SEQUENCE

    def run(self, order: VenueOrder, book: Book, effects: Effects) -> None:
        """Process an accepted order to where it waits, rests or ends, and all stops that it triggers."""
        account = self._accounts[order.account_id]
        if order.request.kind == "simple":
            self._run_simple(order, account, book, effects)
        else:
            self._run_ordinary(order, account, book, effects)
        while (triggered := book.stops.take_triggered(book.last_price)) is not None:
            self._trigger(triggered, book, effects)

    def _run_ordinary(self, order: VenueOrder, account: Account, book: Book, effects: Effects) -> None:
        checks, matches = (STOP_REFUSALS, []) if order.request.stop else (REFUSALS, book.matches(order))
        reason = refusal(checks, order, book, account, matches)
        effects.processed(order, reason)
        if reason:
            self._fail(order, account, reason, effects)
        elif order.request.stop:
            self._wait(order, account, book, effects)
        else:
            self._match(order, matches, account, book, effects)

    def _run_simple(self, order: VenueOrder, account: Account, book: Book, effects: Effects) -> None:
        """All of it or nothing; neither that it was processed nor its fills are told (protocol 11)."""
        matches = book.matches(order)
        if exceeds_balance(order, book, account, matches):
            self._fail(order, account, rules.INSUFFICIENT_BALANCE, effects, State.SIMPLE_RESERVE_FAILED)
        else:
            effects.order_changed(order, State.SIMPLE_RESERVED)
            reason = refusal(SIMPLE_REFUSALS, order, book, account, matches)
            if reason:
                self._fail(order, account, reason, effects)
            else:
                self._complete(order, matches, account, book, effects)
        done = outcome(book.pair, order)
        transaction = simple_transaction(book.pair, order) if done.success else None
        if transaction is not None:
            account.transactions.append(transaction)
        effects.tell(SimpleOrderDone(order.account_id, done, transaction))

    def _complete(
        self, order: VenueOrder, matches: list[Match], account: Account, book: Book, effects: Effects
    ) -> None:
        order.original_quantity = order.remaining_quantity = matched_base(matches)
        settlement = Settlement(book.pair, self.house, effects)
        for match in matches:
            self._fill(order, match, book, settlement, effects)
        effects.order_changed(
            order,
            State.SIMPLE_COMPLETED,
            price=order.average_price,
            quantity=order.executed_quantity,
            fee=order.total_fee,
        )
        account.orders.finished(order)

    def _fail(
        self,
        order: VenueOrder,
        account: Account,
        reason: str,
        effects: Effects,
        state: State = State.FAILED,
    ) -> None:
        order.failed_reason = reason
        effects.order_changed(order, state)
        account.orders.finished(order)

    def _match(
        self, order: VenueOrder, matches: list[Match], account: Account, book: Book, effects: Effects
    ) -> None:
        if order.request.quote_amount is not None:
            _size_by_value(order, book, matches)
        settlement = Settlement(book.pair, self.house, effects)
        for match in matches:
            self._fill(order, match, book, settlement, effects)
        self._conclude(order, account, book, settlement, effects)

    def _wait(self, order: VenueOrder, account: Account, book: Book, effects: Effects) -> None:
        """Reserve what a stop order needs, as if it rested, and let it wait for its price."""
        Settlement(book.pair, self.house, effects).reserve(account, order, order.remaining_quantity)
        book.stops.add(order)
        account.orders.opened(order)
        effects.order_changed(order, State.ACTIVE)
        effects.open_orders_changed(order.account_id)

    def _trigger(self, order: VenueOrder, book: Book, effects: Effects) -> None:
        """A stop order has its price: from now on it is a limit order like any other, or refused like one."""
        account = self._accounts[order.account_id]
        Settlement(book.pair, self.house, effects).release(account, order, order.remaining_quantity)
        effects.open_orders_changed(order.account_id)
        effects.order_changed(order, State.PLACED)
        matches = book.matches(order)
        reason = refusal(REFUSALS, order, book, account, matches)
        if reason:
            self._fail(order, account, reason, effects)
        else:
            self._match(order, matches, account, book, effects)

    def next_place(self) -> int:
        """The place in the queue behind everything that rests by now."""
        self._order_sequence += 1
        return self._order_sequence

    def _rest(self, order: VenueOrder, account: Account, book: Book, settlement: Settlement) -> None:
        """Reserve what is left of the order and queue it last at its price."""
        order.sequence = self.next_place()
        settlement.reserve(account, order, order.remaining_quantity)
        book.side(order.side).add(order)
        account.orders.opened(order)

    def cancel(self, order: VenueOrder, book: Book, effects: Effects) -> None:
        """Take an open order out of the book, or from among the stops that wait."""
        account = self._accounts[order.account_id]
        Settlement(book.pair, self.house, effects).release(account, order, order.remaining_quantity)
        if order.state is State.ACTIVE:
            book.stops.remove(order)
        else:
            book.side(order.side).remove(order)
            effects.book_changed(book)
        effects.order_changed(order, State.CANCELLED)
        account.orders.finished(order)
        effects.open_orders_changed(order.account_id)

    def _conclude(
        self, order: VenueOrder, account: Account, book: Book, settlement: Settlement, effects: Effects
    ) -> None:
        """After its matches the order is done, rests, or loses its rest."""
        if not order.remaining_quantity:
            account.orders.finished(order)
        elif order.time_in_force == "GTC":
            self._rest(order, account, book, settlement)
            if order.state is None:
                effects.order_changed(order, State.PLACED)
            effects.open_orders_changed(order.account_id)
            effects.book_changed(book)
        else:
            effects.order_changed(order, State.CANCELLED)
            account.orders.finished(order)

    def _fill(
        self, taker: VenueOrder, match: Match, book: Book, settlement: Settlement, effects: Effects
    ) -> None:
        maker, quantity = match
        price = maker.price
        taker_account = self._accounts[taker.account_id]
        maker_account = self._accounts[maker.account_id]
        book.opposite(taker.side).reduce(maker, quantity)
        taker_fee = settlement.settle_taker(taker_account, taker, price, quantity)
        maker_fee = settlement.settle_maker(maker_account, maker, price, quantity)
        self._trade_sequence += 1
        trade_id = uuid7_text(effects.now, self._rng)
        trade = _Trade(book.pair, trade_id, price, quantity, effects.now, self._trade_sequence)
        trade.book_to(taker_account, taker, taker_fee, effects, is_maker=False)
        trade.book_to(maker_account, maker, maker_fee, effects, is_maker=True)
        public_trade = trade.as_seen_by_the_market(taker)
        book.trades.append(public_trade)
        effects.tell(public_trade)
        if not maker.remaining_quantity:
            maker_account.orders.finished(maker)
        effects.open_orders_changed(taker.account_id)
        effects.open_orders_changed(maker.account_id)
        effects.book_changed(book)


@dataclass(frozen=True, slots=True)
class _Trade:
    """One match that happens: the facts that both sides share."""

    pair: PairSpec
    trade_id: str
    price: Decimal
    quantity: Decimal
    traded_at: int
    sequence_id: int

    def book_to(
        self, account: Account, order: VenueOrder, fee: Fee, effects: Effects, *, is_maker: bool
    ) -> None:
        """Write the trade into one side's order and account."""
        charged = max(fee.amount, ZERO)
        order.remaining_quantity -= self.quantity
        order.executed_quote += self.price * self.quantity
        order.total_fee += charged
        state = State.PARTIALLY_FILLED if order.remaining_quantity else State.FILLED
        is_told = order.request.kind != "simple"  # that is told as a whole
        transactions: tuple[Transaction, ...] = ()
        if is_told:
            effects.order_changed(order, state, price=self.price, quantity=self.quantity, fee=charged)
            transactions = fill_transactions(
                self.pair, order, self.price, self.quantity, fee=fee, at=self.traded_at
            )
        account_trade = AccountTrade(
            account_id=order.account_id,
            trade_id=self.trade_id,
            order_id=order.order_id,
            customer_order_id=order.request.customer_order_id,
            symbol=order.symbol,
            side=order.side,
            price=self.price,
            quantity=self.quantity,
            fee=fee.amount,
            fee_currency=fee.currency,
            is_maker=is_maker,
            traded_at=self.traded_at,
            sequence_id=self.sequence_id,
            transactions=transactions,
        )
        account.trades.append(account_trade)
        account.transactions.extend(transactions)
        if is_told:
            effects.tell(account_trade)

    def as_seen_by_the_market(self, taker: VenueOrder) -> PublicTrade:
        return PublicTrade(
            self.trade_id,
            taker.symbol,
            self.price,
            self.quantity,
            taker.side,
            self.traded_at,
            self.sequence_id,
        )


def _size_by_value(order: VenueOrder, book: Book, matches: list[Match]) -> None:
    """Give a market order by quote amount its base size: what it matches, and the rest at the last price."""
    quote_amount = order.request.quote_amount or ZERO
    last_price = matches[-1].maker.price
    step = last_price * step_of(book.pair.base_decimals)
    unmatched = (quote_amount - matched_quote(matches)) // step * step_of(book.pair.base_decimals)
    order.original_quantity = order.remaining_quantity = matched_base(matches) + unmatched
