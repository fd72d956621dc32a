"""The embedded exchange without any wire: pure, synchronous, deterministic.

    accept  ->  process  ->  events

`accept` validates and gives an id, `process` runs the engine: between the two lies the time in which the real
exchange has answered and not yet acted. Every command tells the listeners what it did, after it did it; a
command that a listener gives is told after the one that it listens to.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal, localcontext
from itertools import islice
from random import Random
from types import MappingProxyType
from typing import Any

from valr_connector.simulator import rules
from valr_connector.simulator.accounts import Account
from valr_connector.simulator.effects import Effects
from valr_connector.simulator.engine import Engine
from valr_connector.simulator.exact import EXACT, ZERO, truncate
from valr_connector.simulator.ids import uuid7_text
from valr_connector.simulator.matching import Book
from valr_connector.simulator.modify import Modifier
from valr_connector.simulator.simple import Quote, depth, is_whole, quote
from valr_connector.simulator.statement import FeePercents, Money, Transaction
from valr_connector.simulator.transfers import can_pay, move
from valr_connector.simulator.vocabulary import (
    SIMPLE_PERCENT,
    AccountTrade,
    BuyOrSell,
    CancelFailed,
    ModifyOrder,
    ModifyOutcome,
    NewOrder,
    PairChanged,
    PairSpec,
    PublicTrade,
    State,
    TransferOrder,
    VenueEvent,
    VenueOrder,
    Wallet,
)


class Venue:
    """Pairs, accounts and the matching engine.

    Args:
        pairs: what is listed; symbols must differ.
        clock: wall time in nanoseconds since 1970; read once per command.
        rng: source of the ids; the same seed and clock give the same ids.
        duplicate_ids_fail_late: a customerOrderId in use is refused by the engine (a Failed order) instead of
            at validation (-11502); VALR is known to do either (protocol 6).
        cancel_all_takes_stops: whether `cancel_all` cancels stops that wait as well (protocol 21, 28).
    """

    def __init__(
        self,
        pairs: Iterable[PairSpec],
        *,
        clock: Callable[[], int],
        rng: Random,
        duplicate_ids_fail_late: bool = False,
        cancel_all_takes_stops: bool = True,
    ) -> None:
        self.cancel_all_takes_stops = cancel_all_takes_stops
        self.duplicate_ids_fail_late = duplicate_ids_fail_late
        self._books = {pair.symbol: Book(pair) for pair in pairs}
        self._pairs = {symbol: book.pair for symbol, book in self._books.items()}
        self.pairs: Mapping[str, PairSpec] = MappingProxyType(self._pairs)
        self._clock = clock
        self._rng = rng
        self._accounts: dict[str, Account] = {}
        self._engine = Engine(self._accounts, rng)
        self._accepted: dict[str, VenueOrder] = {}
        self._accepted_modifies: dict[str, tuple[str, ModifyOrder]] = {}
        self._listeners: list[tuple[Callable[[Any], None], tuple[type, ...]]] = []
        self._listeners_of: dict[type, list[Callable[[VenueEvent], None]]] = {}
        self._untold: deque[VenueEvent] = deque()
        self._telling = False

    def open_account(
        self,
        account_id: str,
        balances: Mapping[str, Decimal],
        *,
        maker_percent: Decimal,
        taker_percent: Decimal,
        simple_percent: Decimal = SIMPLE_PERCENT,
        label: str = "",
        history_limit: int | None = None,
    ) -> None:
        """Open an account. Percentages are percent points (0.1 is 0.1 %); a negative maker's is a reward.

        Without a label it gets one by its id.

        `history_limit` bounds the finished orders, the trades and the transactions that are remembered, each;
        None keeps all.

        Raises:
            ValueError: the account exists, a balance is negative or not finite, or a percentage is no Decimal
                or takes all of what is received.
        """
        if account_id in self._accounts:
            raise ValueError(f"account_id={account_id!r}: is open already")
        account = Account(
            account_id,
            maker_percent=maker_percent,
            taker_percent=taker_percent,
            simple_percent=simple_percent,
            label=label,
            history_limit=history_limit,
        )
        now = self._clock()
        for currency, amount in balances.items():
            if not amount.is_finite() or amount < ZERO:
                raise ValueError(f"balances[{currency!r}]={amount}: must be finite and not negative")
            account.wallets[currency] = Wallet(currency, amount, ZERO, now)
        self._accounts[account_id] = account

    def listen(self, listener: Callable[[Any], None], *kinds: type) -> None:
        """Call `listener` with every event, or those of some kinds, in the order in which things happen."""
        self._listeners.append((listener, kinds))
        self._listeners_of.clear()

    # --- writing

    def accept(self, account_id: str, request: NewOrder) -> VenueOrder:
        """Validate a new order and give it its id; it waits for `process`.

        Raises:
            Rejection: with VALR's code (protocol 3.3); no order comes into being.
        """
        account = self._account(account_id)
        order = self._new_order(account_id, request)
        account.orders.add(order)
        self._accepted[order.order_id] = order
        return order

    def quote(self, account_id: str, request: NewOrder) -> Quote:
        """What a simple order would come to now, whether or not the account could pay for it.

        Raises:
            Rejection: with VALR's code; -39 also where the book cannot take the amount.
        """
        account, order = self._account(account_id), self._new_order(account_id, request)
        book = self._books[order.symbol]
        with localcontext(EXACT):
            if not is_whole(order, book):
                currency = rules.paying(book.pair, request).currency
                raise rules.too_much_to_pay(Money(currency, depth(book, order.side)))
            return quote(order, book, account.simple_percent)

    def _new_order(self, account_id: str, request: NewOrder) -> VenueOrder:
        """A valid order with an id, that nobody knows of yet."""
        with localcontext(EXACT):
            pair = rules.check_request(self.pairs, request)
            quantity = rules.base_quantity(pair, request.quantity or ZERO)
            price = truncate(request.price or ZERO, pair.tick_size)
        orders = self._account(account_id).orders
        if not self.duplicate_ids_fail_late and orders.holds(request.customer_order_id):
            raise rules.duplicate_customer_order_id()
        now = self._clock()
        return VenueOrder(
            order_id=uuid7_text(now, self._rng),
            account_id=account_id,
            request=request,
            created_at=now,
            updated_at=now,
            price=price,
            original_quantity=quantity,
            remaining_quantity=quantity,
            fee_currency=pair.base if request.side == "buy" else pair.quote,
        )

    def process(self, order_id: str) -> None:
        """Run the engine on an accepted order. Does nothing where nothing waits under that id."""
        order = self._accepted.pop(order_id, None)
        if order is None:
            return
        with self._command() as effects:
            self._engine.run(order, self._books[order.symbol], effects)

    def cancel(
        self, account_id: str, symbol: str, *, order_id: str = "", customer_order_id: str = ""
    ) -> VenueOrder:
        """Cancel one open order, now. Exactly one of the two ids is given.

        Raises:
            Rejection: -1 where no such order of that account and pair is open, after a CancelFailed;
                -11 where both ids are given, or none.
        """
        if bool(order_id) == bool(customer_order_id):
            raise rules.invalid_request("either orderId or customerOrderId")
        orders = self._account(account_id).orders
        order = orders.meant_by(order_id, customer_order_id)
        if order is None or order.symbol != symbol or not order.is_open:
            if order is not None:
                order_id, customer_order_id = order.order_id, order.request.customer_order_id
            self._tell([CancelFailed(account_id, order_id, customer_order_id, rules.CANCEL_FAILED)])
            raise rules.invalid_order()
        with self._command() as effects:
            self._engine.cancel(order, self._books[symbol], effects)
        return order

    def accept_modify(self, account_id: str, request: ModifyOrder) -> str:
        """Validate the form of a modify request and give it its id; it waits for `process_modify`.

        Raises:
            Rejection: with VALR's code (protocol 3.3).
        """
        self._account(account_id)
        with localcontext(EXACT):
            rules.check_modify(self.pairs, request)
        modify_request_id = uuid7_text(self._clock(), self._rng)
        self._accepted_modifies[modify_request_id] = (account_id, request)
        return modify_request_id

    def process_modify(self, modify_request_id: str) -> ModifyOutcome | None:
        """Run an accepted modify request. None, and nothing done, where none waits under that id."""
        accepted = self._accepted_modifies.pop(modify_request_id, None)
        if accepted is None:
            return None
        account_id, request = accepted
        with self._command() as effects:
            modifier = Modifier(self._engine, self._books[request.symbol], self._account(account_id), effects)
            return modifier.run(request, modify_request_id)

    def cancel_all(self, account_id: str, symbol: str | None = None) -> list[VenueOrder]:
        """Cancel the open orders of the account, of one pair or of all; the cancelled ones, oldest first."""
        orders = [
            order
            for order in self._account(account_id).orders.open(symbol)
            if self.cancel_all_takes_stops or order.state is not State.ACTIVE
        ]
        with self._command() as effects:
            for order in orders:
                self._engine.cancel(order, self._books[order.symbol], effects)
        return orders

    def credit(self, account_id: str, currency: str, amount: Decimal) -> None:
        """Put money into an account from outside.

        Raises:
            ValueError: `amount` is not finite and positive.
        """
        if not amount.is_finite() or amount <= ZERO:
            raise ValueError(f"amount={amount}: must be finite and positive")
        account = self._account(account_id)
        with self._command() as effects:
            effects.wallet_of(account, currency).available += amount

    def rename_account(self, account_id: str, label: str) -> None:
        """Call an account by another label from now on."""
        self._account(account_id).label = label

    def close_account(self, account_id: str) -> None:
        """Let nobody in any more; what happened in the account stays."""
        self._account(account_id).is_closed = True

    def check_transfer(self, order: TransferOrder) -> None:
        """Raises:
        Rejection: -6 where the sender has not so much available.
        """
        if not can_pay(self._account(order.sender), order.money):
            raise rules.engine_refusal(rules.INSUFFICIENT_BALANCE)

    def transfer(self, transfer_id: str, order: TransferOrder) -> None:
        """Move money from one account to another, now; not where it is gone by now, or the receiver is."""
        sender, receiver = self._account(order.sender), self._account(order.receiver)
        if can_pay(sender, order.money) and not receiver.is_closed:
            with self._command() as effects:
                move(transfer_id, sender, receiver, order.money, effects)

    def change_pair(self, pair: PairSpec) -> None:
        """Put new rules in place for a listed pair; orders that rest stay as they are.

        Raises:
            KeyError: no such pair is listed.
        """
        before = self._pairs[pair.symbol]
        self._pairs[pair.symbol] = self._books[pair.symbol].pair = pair
        self._tell([PairChanged(before, pair)])

    # --- reading

    def has_account(self, account_id: str) -> bool:
        """Whether there is such an account, and it was not closed."""
        account = self._accounts.get(account_id)
        return account is not None and not account.is_closed

    def fees(self, account_id: str) -> FeePercents:
        """What the account pays."""
        account = self._account(account_id)
        return FeePercents(account.maker_percent, account.taker_percent, account.simple_percent)

    def labels(self) -> dict[str, str]:
        """What the accounts are called, by id, in the order in which they were opened."""
        return {each: account.label for each, account in self._accounts.items() if not account.is_closed}

    def order(self, account_id: str, order_id: str) -> VenueOrder | None:
        """The account's order with that id, processed or not."""
        return self._account(account_id).orders.by_id(order_id)

    def order_by_customer_id(self, account_id: str, customer_order_id: str) -> VenueOrder | None:
        """The account's newest order with that customerOrderId."""
        return self._account(account_id).orders.by_customer_id(customer_order_id)

    def open_orders(self, account_id: str, symbol: str | None = None) -> list[VenueOrder]:
        """Open orders of one pair or of all, oldest first."""
        return self._account(account_id).orders.open(symbol)

    def orders(self, account_id: str) -> list[VenueOrder]:
        """Every order that is remembered, newest first; also those that are not processed yet."""
        return self._account(account_id).orders.newest_first()

    def trades(self, account_id: str) -> Sequence[AccountTrade]:
        """The account's fills, newest first."""
        return list(reversed(self._account(account_id).trades))

    def transactions(self, account_id: str) -> Sequence[Transaction]:
        """The account's statement, newest first."""
        return list(reversed(self._account(account_id).transactions))

    def public_trades(self, symbol: str) -> Sequence[PublicTrade]:
        """The pair's latest trades, newest first."""
        return list(reversed(self._books[symbol].trades))

    def wallets(self, account_id: str) -> list[Wallet]:
        """Copies of the account's wallets, in the order in which they were opened."""
        return [replace(wallet) for wallet in self._account(account_id).wallets.values()]

    def levels(self, symbol: str, side: BuyOrSell, depth: int | None) -> list[tuple[Decimal, Decimal, int]]:
        """Price, total quantity and number of orders of the `depth` best levels, or of all, best first."""
        levels = islice(self._books[symbol].side(side).levels(), depth)
        return [(level.price, level.total, len(level.orders)) for level in levels]

    def resting(self, symbol: str, side: BuyOrSell) -> list[VenueOrder]:
        """Every resting order of that side in price-time priority."""
        levels = self._books[symbol].side(side).levels()
        return [order for level in levels for order in level.orders.values()]

    def book_sequence(self, symbol: str) -> int:
        """Rises by one with every command that changes the pair's book."""
        return self._books[symbol].sequence

    def order_sequence(self, symbol: str) -> int:
        """Rises by one with every order that is queued in the pair's book, reduced or taken out."""
        return self._books[symbol].order_sequence

    def fees_collected(self) -> dict[str, Decimal]:
        """What the exchange took in fees less what it paid in rewards, by currency."""
        return dict(self._engine.house.collected)

    # --- inside

    def _account(self, account_id: str) -> Account:
        account = self._accounts.get(account_id)
        if account is None:
            raise LookupError(f"account_id={account_id!r}: no such account")
        return account

    @contextmanager
    def _command(self) -> Iterator[Effects]:
        effects = Effects(self._clock())
        with localcontext(EXACT):
            yield effects
        self._tell(effects.events())

    def _tell(self, events: Iterable[VenueEvent]) -> None:
        """Tell the listeners; what happens meanwhile is told after what is being told."""
        self._untold.extend(events)
        if self._telling:
            return
        self._telling = True
        try:
            while self._untold:
                event = self._untold.popleft()
                listeners = self._listeners_of.get(type(event))
                for listener in self._listening_to(type(event)) if listeners is None else listeners:
                    listener(event)
        finally:
            self._telling = False

    def _listening_to(self, kind: type) -> list[Callable[[VenueEvent], None]]:
        found = [listener for listener, kinds in self._listeners if not kinds or kind in kinds]
        self._listeners_of[kind] = found
        return found
