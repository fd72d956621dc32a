"""What must be true of a venue at any moment, recomputed the slow and obvious way."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import pairwise

from tests.simulator.trading_floor import TradingFloor
from valr_connector.simulator.vocabulary import (
    AccountTrade,
    BookChanged,
    BuyOrSell,
    CancelFailed,
    ModifyOutcome,
    OpenOrdersChanged,
    OrderChange,
    Processed,
    PublicTrade,
    SimpleOrderDone,
    State,
    VenueEvent,
    VenueOrder,
    WalletChanged,
)

ACCOUNTS = ("ann", "bob", "cat")
SYMBOLS = ("BTCZAR", "ETHZAR")
PURSE: Mapping[str, Decimal] = {"BTC": Decimal(6), "ETH": Decimal(6), "ZAR": Decimal(8000)}
SIDES: tuple[BuyOrSell, BuyOrSell] = ("buy", "sell")

_TERMINAL = {
    State.FILLED,
    State.CANCELLED,
    State.FAILED,
    State.SIMPLE_RESERVE_FAILED,
    State.SIMPLE_COMPLETED,
}
_COMPLETE = {State.FILLED, State.SIMPLE_COMPLETED}
_FAILED = {State.FAILED, State.SIMPLE_RESERVE_FAILED}
_UNSIZED = {*_FAILED, State.SIMPLE_RESERVED}
_AFTER_AN_OPEN_STATE = {State.PARTIALLY_FILLED, State.FILLED, State.MODIFIED, State.CANCELLED}
_NEXT_STATES: Mapping[State | None, set[State]] = {
    None: {
        State.PLACED,
        State.PARTIALLY_FILLED,
        State.FILLED,
        State.FAILED,
        State.SIMPLE_RESERVED,
        State.SIMPLE_RESERVE_FAILED,
    },
    State.SIMPLE_RESERVED: {State.SIMPLE_COMPLETED, State.FAILED},
    State.PLACED: _AFTER_AN_OPEN_STATE,
    State.PARTIALLY_FILLED: _AFTER_AN_OPEN_STATE,
    State.MODIFIED: _AFTER_AN_OPEN_STATE,
}
_RANKS: Mapping[type, int] = {
    Processed: 0,
    ModifyOutcome: 0,
    CancelFailed: 0,
    OrderChange: 1,
    AccountTrade: 1,
    PublicTrade: 1,
    SimpleOrderDone: 1,
    WalletChanged: 2,
    OpenOrdersChanged: 3,
    BookChanged: 4,
}


class VenueTruth:
    """Checks one venue against everything that was ever placed and told there."""

    def __init__(self, floor: TradingFloor) -> None:
        self.venue = floor.venue
        self.placed: list[VenueOrder] = []
        self.deposits = {currency: amount * len(ACCOUNTS) for currency, amount in PURSE.items()}
        self._wallets_told: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}
        self._states_told: dict[str, State] = {}
        self._sequences_told: dict[str, int] = defaultdict(int)
        floor.venue.listen(self._hear)

    def check(self) -> None:
        self.money_is_conserved()
        self.what_is_reserved_is_what_open_orders_need()
        self.no_book_is_crossed()
        self.the_book_is_the_open_orders_in_price_time_priority()
        self.open_customer_order_ids_are_unique()
        self.who_only_listens_knows_the_same()

    def check_stories(self) -> None:
        """What grows with all that ever happened, so that it costs too much to look at after every step."""
        self.every_order_tells_one_legal_story()
        self.an_order_executed_what_its_trades_say()

    def money_is_conserved(self) -> None:
        held: dict[str, Decimal] = defaultdict(Decimal, self.venue.fees_collected())
        for account in ACCOUNTS:
            for wallet in self.venue.wallets(account):
                assert wallet.available >= 0
                assert wallet.reserved >= 0
                held[wallet.currency] += wallet.available + wallet.reserved
        assert held == self.deposits

    def what_is_reserved_is_what_open_orders_need(self) -> None:
        for account in ACCOUNTS:
            needed: dict[str, Decimal] = defaultdict(Decimal)
            for order in self.venue.open_orders(account):
                pair = self.venue.pairs[order.symbol]
                if order.side == "buy":
                    needed[pair.quote] += order.price * order.remaining_quantity
                else:
                    needed[pair.base] += order.remaining_quantity
            assert {w.currency: w.reserved for w in self.venue.wallets(account) if w.reserved} == needed

    def no_book_is_crossed(self) -> None:
        for symbol in SYMBOLS:
            bids, asks = self.venue.levels(symbol, "buy", 1), self.venue.levels(symbol, "sell", 1)
            assert not bids or not asks or bids[0][0] < asks[0][0]

    def the_book_is_the_open_orders_in_price_time_priority(self) -> None:
        for symbol in SYMBOLS:
            for side in SIDES:
                resting = self.open_orders_in_priority(symbol, side)
                assert self.venue.resting(symbol, side) == resting
                sizes: dict[Decimal, list[Decimal]] = defaultdict(list)
                for order in resting:
                    sizes[order.price].append(order.remaining_quantity)
                levels = [(price, sum(at_price), len(at_price)) for price, at_price in sizes.items()]
                assert self.venue.levels(symbol, side, 1_000) == levels

    def every_order_tells_one_legal_story(self) -> None:
        for order in self.placed:
            state: State | None = None
            for change in order.history:
                assert change.state in _NEXT_STATES[state]
                assert change.remaining_quantity <= change.original_quantity
                assert change.state in _UNSIZED or (
                    (change.remaining_quantity == 0) == (change.state in _COMPLETE)
                )
                state = change.state
            assert state is order.state
            assert order.is_open == (state is not None and state not in _TERMINAL)

    def an_order_executed_what_its_trades_say(self) -> None:
        trades: dict[str, list[AccountTrade]] = defaultdict(list)
        for account in ACCOUNTS:
            for trade in self.venue.trades(account):
                trades[trade.order_id].append(trade)
        for order in self.placed:
            own = trades[order.order_id]
            assert order.executed_quantity == sum(trade.quantity for trade in own)
            assert order.executed_quote == sum(trade.price * trade.quantity for trade in own)
            assert order.total_fee == sum(max(trade.fee, Decimal(0)) for trade in own)
            assert len({trade.trade_id for trade in own}) == len(own)

    def open_customer_order_ids_are_unique(self) -> None:
        for account in ACCOUNTS:
            ids = [order.request.customer_order_id for order in self.venue.open_orders(account)]
            used = [customer_id for customer_id in ids if customer_id]
            assert len(used) == len(set(used))

    def who_only_listens_knows_the_same(self) -> None:
        for account in ACCOUNTS:
            for wallet in self.venue.wallets(account):
                unheard = (PURSE[wallet.currency], Decimal(0))
                told = self._wallets_told.get((account, wallet.currency), unheard)
                assert told == (wallet.available, wallet.reserved)
        assert self._states_told == {order.order_id: order.state for order in self.placed if order.state}
        assert all(self.venue.book_sequence(symbol) == self._sequences_told[symbol] for symbol in SYMBOLS)

    def open_orders_in_priority(self, symbol: str, side: BuyOrSell) -> list[VenueOrder]:
        resting = [o for o in self.placed if o.is_open and o.symbol == symbol and o.side == side]
        outwards = -1 if side == "buy" else 1
        return sorted(resting, key=lambda order: (outwards * order.price, order.sequence))

    def expected_matches(self, order: VenueOrder) -> list[tuple[str, Decimal, Decimal]]:
        """Order id, price and quantity of what an incoming order has to match if it is executed at all."""
        matches = []
        request = order.request
        wanted, budget = order.remaining_quantity, request.quote_amount
        for maker in self.open_orders_in_priority(order.symbol, "sell" if order.side == "buy" else "buy"):
            distance = maker.price - order.price if order.side == "buy" else order.price - maker.price
            if request.kind == "limit" and distance > 0:
                break
            if budget is not None:
                wanted = (budget / maker.price).quantize(Decimal("1E-8"), rounding="ROUND_DOWN")
            quantity = min(wanted, maker.remaining_quantity)
            if not quantity:
                break
            matches.append((maker.order_id, maker.price, quantity))
            wanted -= quantity
            budget = None if budget is None else budget - quantity * maker.price
        return matches

    def check_processing(self, order: VenueOrder, told: Sequence[VenueEvent]) -> None:
        """Told once that it was processed, and whether it failed."""
        if order.request.kind == "simple":
            self._check_simple(order, told)
            return
        [processed] = [event for event in told if isinstance(event, Processed)]
        assert (processed.order_id, processed.failure_reason) == (order.order_id, order.failed_reason)
        assert processed.success == (order.state is not State.FAILED) == (not order.failed_reason)

    def _check_simple(self, order: VenueOrder, told: Sequence[VenueEvent]) -> None:
        """Told as a whole, once: all of it, or nothing."""
        assert not any(isinstance(event, Processed) for event in told)
        assert not [e for e in told if isinstance(e, AccountTrade) and e.order_id == order.order_id]
        [done] = [event for event in told if isinstance(event, SimpleOrderDone)]
        outcome = done.outcome
        assert outcome.success == (order.state is State.SIMPLE_COMPLETED) == (not order.failed_reason)
        assert outcome.success == (done.transaction is not None) == (outcome.paid.amount > 0)
        wanted = order.request.quantity or order.request.quote_amount
        # A sum in quote ends where it buys no further 0.00000001 of base, at prices of a thousand or so.
        assert wanted is not None
        assert not outcome.success or 0 <= wanted - outcome.paid.amount < Decimal("0.0001")

    def check_matches(
        self, order: VenueOrder, told: Sequence[VenueEvent], expected: list[tuple[str, Decimal, Decimal]]
    ) -> None:
        """Matched what price-time priority says, never an own order, and nothing if post-only."""
        makers = [event for event in told if isinstance(event, AccountTrade) and event.is_maker]
        matched = [(trade.order_id, trade.price, trade.quantity) for trade in makers]
        assert matched == ([] if order.state in _FAILED else expected)
        assert all(trade.account_id != order.account_id for trade in makers)
        assert not matched or not order.request.post_only
        if order.request.time_in_force == "FOK" and matched:
            assert order.state in _COMPLETE

    def check_order_of(self, told: Sequence[VenueEvent]) -> None:
        """The outcome, orders and trades, wallets, open orders, books; each trade right after its order."""
        ranks = [_RANKS[type(event)] for event in told]
        assert ranks == sorted(ranks)
        for before, after in pairwise(told):
            if isinstance(after, AccountTrade):
                assert isinstance(before, OrderChange)
                assert (before.order_id, before.executed_quantity) == (after.order_id, after.quantity)

    def _hear(self, event: VenueEvent) -> None:
        if isinstance(event, WalletChanged):
            self._wallets_told[event.account_id, event.currency] = (event.available, event.reserved)
        elif isinstance(event, OrderChange):
            self._states_told[event.order_id] = event.state
        elif isinstance(event, BookChanged):
            assert event.sequence == self._sequences_told[event.symbol] + 1
            self._sequences_told[event.symbol] = event.sequence
