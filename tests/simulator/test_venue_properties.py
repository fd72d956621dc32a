"""Whatever is done to the venue, in whatever order: money, priority, books and stories stay right."""

from __future__ import annotations

from decimal import Decimal
from random import Random
from typing import Literal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.simulator.trading_floor import TradingFloor
from tests.simulator.venue_truth import ACCOUNTS, PURSE, SIDES, SYMBOLS, VenueTruth
from valr_connector.simulator.vocabulary import (
    BuyOrSell,
    ModifyMatchStrategy,
    ModifyOrder,
    NewOrder,
    Rejection,
    VenueOrder,
)

pytestmark = pytest.mark.untraced  # long, and the truth about a venue costs more than the venue

STRATEGIES: tuple[ModifyMatchStrategy, ...] = ("RETAIN_ORIGINAL", "CANCEL_ORIGINAL", "REPRICE")
KINDS = ("GTC", "GTC", "GTC", "post-only", "IOC", "FOK", "base", "quote", "simple")
STEPS = 250
STEPS_PER_LOOK_BACK = 10


class AnyTrading:
    """Three accounts do anything at all on two pairs, as the random numbers will have it."""

    def __init__(self, rng: Random) -> None:
        self.rng = rng
        self.floor = TradingFloor(purse=PURSE, duplicate_ids_fail_late=rng.random() < 0.5)
        self.venue = self.floor.venue
        self.truth = VenueTruth(self.floor)
        self.waiting: list[VenueOrder] = []
        self.actions = (
            *[self.accept_and_process] * 12,
            *[self.accept] * 4,
            *[self.process] * 4,
            *[self.modify] * 3,
            *[self.cancel] * 2,
            *(self.cancel_all, self.credit),
        )

    def trade(self, steps: int) -> None:
        for number in range(steps):
            self.step()
            if number % STEPS_PER_LOOK_BACK == 0:
                self.truth.check_stories()
        self.truth.check_stories()

    def step(self) -> None:
        self.floor.events.clear()
        self.rng.choice(self.actions)()
        self.truth.check_order_of(self.floor.events)
        self.truth.check()

    def accept(self) -> None:
        try:
            order = self.venue.accept(self.rng.choice(ACCOUNTS), self.new_order())
        except Rejection as refused:
            if refused.code != -11502:
                raise
        else:
            self.waiting.append(order)
            self.truth.placed.append(order)

    def accept_and_process(self) -> None:
        self.accept()
        self.process()

    def process(self) -> None:
        if self.waiting:
            order = self.waiting.pop(self.rng.randrange(len(self.waiting)))
            expected = self.truth.expected_matches(order)
            self.venue.process(order.order_id)
            self.truth.check_processing(order, self.floor.events)
            self.truth.check_matches(order, self.floor.events, expected)

    def cancel(self) -> None:
        order = self.some_order()
        if order is None:
            return
        was_open = order.is_open
        try:
            self.venue.cancel(order.account_id, order.symbol, order_id=order.order_id)
        except Rejection:
            assert not was_open
        else:
            assert was_open

    def modify(self) -> None:
        order = self.some_order()
        if order is None:
            return
        by_total = self.rng.random() < 0.5
        quantity = self.rng.choice((None, self.quantity()))
        request = ModifyOrder(
            order.symbol,
            self.rng.choice(STRATEGIES),
            order_id=order.order_id,
            new_price=self.rng.choice((None, self.price(order.side))),
            new_remaining_quantity=None if by_total else quantity,
            new_total_quantity=quantity if by_total else None,
        )
        executed, original = order.executed_quantity, order.original_quantity
        outcome = self.venue.process_modify(self.venue.accept_modify(order.account_id, request))
        assert outcome is not None
        assert order.executed_quantity == executed
        assert outcome.success or order.original_quantity == original

    def cancel_all(self) -> None:
        account, symbol = self.rng.choice(ACCOUNTS), self.rng.choice((None, *SYMBOLS))
        self.venue.cancel_all(account, symbol)
        assert self.venue.open_orders(account, symbol) == []

    def credit(self) -> None:
        currency, amount = self.rng.choice(sorted(PURSE)), self.quantity()
        self.venue.credit(self.rng.choice(ACCOUNTS), currency, amount)
        self.truth.deposits[currency] += amount

    def some_order(self) -> VenueOrder | None:
        """An open order more often than one that waits or has ended."""
        placed = self.truth.placed
        open_orders = [order for order in placed if order.is_open]
        candidates = open_orders if open_orders and self.rng.random() < 0.8 else placed
        return self.rng.choice(candidates) if candidates else None

    def new_order(self) -> NewOrder:
        symbol, side = self.rng.choice(SYMBOLS), self.rng.choice(SIDES)
        customer_id, kind = self.rng.choice(("", "", "", "A", "B")), self.rng.choice(KINDS)
        if kind == "simple":
            base, quote = (None, self.quantity() * 1000) if side == "buy" else (self.quantity(), None)
            return NewOrder(symbol, side, "simple", quantity=base, quote_amount=quote, time_in_force="FOK")
        if kind in {"base", "quote"}:
            base, quote = (self.quantity(), None) if kind == "base" else (None, self.quantity() * 1000)
            return NewOrder(
                symbol, side, "market", quantity=base, quote_amount=quote, customer_order_id=customer_id
            )
        immediate: dict[str, Literal["IOC", "FOK"]] = {"IOC": "IOC", "FOK": "FOK"}
        return NewOrder(
            symbol,
            side,
            "limit",
            quantity=self.quantity(),
            price=self.price(side),
            post_only=kind == "post-only",
            time_in_force=immediate.get(kind, "GTC"),
            customer_order_id=customer_id,
        )

    def price(self, side: BuyOrSell) -> Decimal:
        """The sides overlap a little, so that some orders rest and some cross."""
        return Decimal(self.rng.randint(992, 1002) if side == "buy" else self.rng.randint(998, 1008))

    def quantity(self) -> Decimal:
        """Ragged on purpose, so that fees and values have digits to lose; some exceed the balances."""
        largest = self.rng.choice((20_000_000, 100_000_000, 500_000_000))
        return Decimal(self.rng.randint(1_100_000, largest)).scaleb(-8)


@pytest.mark.parametrize("seed", range(20))
def test_a_long_day_of_any_trading_breaks_nothing(seed: int) -> None:
    trading = AnyTrading(Random(seed))
    trading.trade(STEPS)
    assert sum(len(trading.venue.trades(account)) for account in ACCOUNTS) > 20


@settings(deadline=None)
@given(rng=st.randoms(use_true_random=False), steps=st.integers(1, 30))
def test_the_shortest_schedule_that_breaks_anything_is_sought(rng: Random, steps: int) -> None:
    trading = AnyTrading(rng)
    trading.trade(steps)


def test_the_same_seed_gives_the_same_day() -> None:
    days = []
    for _ in range(2):
        trading = AnyTrading(Random(11))
        trading.trade(STEPS)
        days.append([order.history for order in trading.truth.placed])
    assert days[0] == days[1]
