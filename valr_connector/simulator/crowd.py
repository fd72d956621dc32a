"""A living market: makers that quote around a wandering price, takers that hit either side.

Pure and synchronous: whoever runs the venue calls `step` on a timer of its own. The same seed, venue and
calls give the same market.

The reference price is a random walk that is pulled back to where it started and never leaves a band around
it. Each step one maker, in turn, moves its ladder to the reference; takers buy or sell at random; and a taker
hits what is quoted on the wrong side of the reference, so a quote that is not refreshed is paid for.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from decimal import Context, Decimal, localcontext
from itertools import cycle
from random import Random
from typing import Literal

from valr_connector.simulator.exact import EXACT, ZERO, truncate
from valr_connector.simulator.rules import base_quantity
from valr_connector.simulator.venue import Venue
from valr_connector.simulator.vocabulary import BuyOrSell, NewOrder, PairSpec, Rejection

_PRICING = Context(prec=28)
"""For prices to quote around, where rounding does no harm; money is counted in `EXACT`."""

_LARGEST_QUOTE_LOTS = 3
_BASIS_POINT = Decimal("0.0001")
_SIDES: tuple[BuyOrSell, BuyOrSell] = ("buy", "sell")


@dataclass(frozen=True, slots=True)
class CrowdBehaviour:
    """How a crowd behaves. Distances are in basis points (0.01 %) of the reference, sizes in lots.

    A lot is what the crowd usually trades: fifty times the pair's smallest order.
    """

    makers: int = 3
    levels: int = 6
    """Orders that one maker keeps on each side."""
    half_spread_bp: int = 8
    """From the reference to a maker's best quote."""
    level_gap_bp: int = 5
    """Between one maker's neighbouring quotes, at most; at least one tick."""
    volatility_bp: int = 4
    """Largest move of the reference in one step."""
    pull: Decimal = Decimal("0.01")
    """Part of the way back to the starting price that the reference goes in each step."""
    band: Decimal = Decimal("0.05")
    """Largest distance from the starting price, as a part of it."""
    takers_per_step: int = 2
    """Most takers in one step; the number is drawn from 0 to this."""
    largest_take_lots: int = 4
    slippage: Decimal = Decimal("0.01")
    """How far from the reference takers still take, as a part of it."""
    maker_percent: Decimal = Decimal("-0.01")
    taker_percent: Decimal = Decimal("0.1")
    history_limit: int = 200
    """Finished orders and trades that the venue remembers of each of the crowd's accounts."""


class Crowd:
    """The other participants of one pair.

    Args:
        venue: where to trade; the crowd opens its own accounts there, named ``crowd-<symbol>-...``.
        rng: source of every choice.
        symbol: the pair.
        reference_price: where the price starts, and what it is pulled back to.
        behaviour: sizes, distances, tempo.

    Raises:
        KeyError: the venue does not list the pair.
        ValueError: `reference_price` is not finite and positive.
        Rejection: the pair takes no such orders now.
    """

    def __init__(
        self,
        venue: Venue,
        *,
        rng: Random,
        symbol: str,
        reference_price: Decimal,
        behaviour: CrowdBehaviour | None = None,
    ) -> None:
        if not reference_price.is_finite() or reference_price <= ZERO:
            raise ValueError(f"reference_price={reference_price}: must be finite and positive")
        self._venue = venue
        self._rng = rng
        self._symbol = symbol
        self._behaviour = behaviour or CrowdBehaviour()
        self._anchor = reference_price
        self.reference = reference_price
        self._taker = f"crowd-{symbol}-taker"
        self._makers = tuple(
            f"crowd-{symbol}-maker-{number}" for number in range(1, self._behaviour.makers + 1)
        )
        self._turns = cycle(self._makers)
        self._lot = _usual_size(
            self._pair, reference_price, max(_LARGEST_QUOTE_LOTS, self._behaviour.largest_take_lots)
        )
        with localcontext(EXACT):
            self._purse = self._full_purse()
        for account_id in self.accounts:
            venue.open_account(
                account_id,
                self._purse,
                maker_percent=self._behaviour.maker_percent,
                taker_percent=self._behaviour.taker_percent,
                history_limit=self._behaviour.history_limit,
            )
        for maker in self._makers:
            self._requote(maker)

    @property
    def _pair(self) -> PairSpec:
        """With its rules of now."""
        return self._venue.pairs[self._symbol]

    @property
    def accounts(self) -> tuple[str, ...]:
        """The accounts that the crowd trades from."""
        return (*self._makers, self._taker)

    def step(self) -> None:
        """One moment of the market's life; a few dozen commands at the venue.

        It ends with the first order that is refused: the pair's rules have changed, and may change back.
        """
        self._refill()
        self.reference = self._next_reference()
        with suppress(Rejection):
            self._trade()

    def _trade(self) -> None:
        self._take_the_mispriced()
        self._requote(next(self._turns))
        for _ in range(self._rng.randint(0, self._behaviour.takers_per_step)):
            self._take_at_random()

    def _next_reference(self) -> Decimal:
        with localcontext(_PRICING):
            move = Decimal(self._rng.randint(-100, 100)) / 100 * self._behaviour.volatility_bp * _BASIS_POINT
            pulled = self.reference + (self._anchor - self.reference) * self._behaviour.pull
            reach = self._anchor * self._behaviour.band
            return min(max(pulled * (1 + move), self._anchor - reach), self._anchor + reach)

    def _requote(self, maker: str) -> None:
        """Replace the maker's whole ladder."""
        self._venue.cancel_all(maker, self._symbol)
        for side in _SIDES:
            for price in self._ladder(side):
                self._place(maker, side, price, self._lots(1, _LARGEST_QUOTE_LOTS), post_only=True)

    def _ladder(self, side: BuyOrSell) -> list[Decimal]:
        """Prices of one maker's quotes on that side; those that would match now are left out."""
        outwards = -1 if side == "buy" else 1
        behaviour = self._behaviour
        with localcontext(_PRICING):
            basis_point = self.reference * _BASIS_POINT
            wobble = Decimal(self._rng.randint(0, 100)) / 100 * behaviour.level_gap_bp
            distance = (behaviour.half_spread_bp + wobble) * basis_point
            gap = max(behaviour.level_gap_bp * basis_point, self._pair.tick_size)
            wanted = [self.reference + outwards * (distance + n * gap) for n in range(behaviour.levels)]
            prices = [self._to_tick(side, price) for price in wanted]
        return [price for price in prices if price > ZERO and not self._would_match(side, price)]

    def _take_at_random(self) -> None:
        """Buy or sell some lots of whatever is quoted not too far from the reference."""
        side = self._rng.choice(_SIDES)
        with localcontext(_PRICING):
            slippage = self.reference * self._behaviour.slippage
            limit = self.reference + slippage if side == "buy" else self.reference - slippage
        self._take(side, limit)

    def _take_the_mispriced(self) -> None:
        """Hit bids above the reference and asks below it."""
        for side in _SIDES:
            self._take(side, self.reference)

    def _take(self, side: BuyOrSell, limit: Decimal) -> None:
        """Trade some lots at `limit` or better, if anybody is there to trade with."""
        price = self._to_tick(side, limit)
        if price > ZERO and self._would_match(side, price):
            quantity = self._lots(1, self._behaviour.largest_take_lots)
            self._place(self._taker, side, price, quantity, time_in_force="IOC")

    def _to_tick(self, side: BuyOrSell, price: Decimal) -> Decimal:
        """The nearest price on the tick that is no worse for its owner: down for a buy, up for a sell."""
        with localcontext(_PRICING):
            below = truncate(price, self._pair.tick_size)
            return below if side == "buy" or below == price else below + self._pair.tick_size

    def _would_match(self, side: BuyOrSell, price: Decimal) -> bool:
        best = self._venue.levels(self._symbol, "sell" if side == "buy" else "buy", 1)
        if not best:
            return False
        return best[0][0] <= price if side == "buy" else best[0][0] >= price

    def _place(
        self,
        account_id: str,
        side: BuyOrSell,
        price: Decimal,
        quantity: Decimal,
        *,
        post_only: bool = False,
        time_in_force: Literal["GTC", "IOC"] = "GTC",
    ) -> None:
        request = NewOrder(
            self._symbol,
            side,
            "limit",
            quantity=quantity,
            price=price,
            post_only=post_only,
            time_in_force=time_in_force,
        )
        order = self._venue.accept(account_id, request)
        self._venue.process(order.order_id)

    def _lots(self, fewest: int, most: int) -> Decimal:
        """A random size between two numbers of lots."""
        hundredths = self._rng.randint(100 * fewest, 100 * most)
        with localcontext(EXACT):
            return base_quantity(self._pair, self._lot * hundredths * Decimal("0.01"))

    def _full_purse(self) -> Mapping[str, Decimal]:
        """Ten times what a full ladder and a step's takers can need of either currency."""
        behaviour = self._behaviour
        takes = behaviour.largest_take_lots * (behaviour.takers_per_step + len(_SIDES))
        base = self._lot * 10 * (_LARGEST_QUOTE_LOTS * behaviour.levels + takes)
        return {self._pair.base: base, self._pair.quote: base * self._anchor * (1 + behaviour.band)}

    def _refill(self) -> None:
        """Credit what fell below half of a full purse."""
        for account_id in self.accounts:
            for wallet in self._venue.wallets(account_id):
                full, held = self._purse[wallet.currency], EXACT.add(wallet.available, wallet.reserved)
                if EXACT.multiply(held, 2) < full:
                    self._venue.credit(account_id, wallet.currency, EXACT.subtract(full, held))


def _usual_size(pair: PairSpec, price: Decimal, largest_lots: int) -> Decimal:
    """Base of one lot: fifty of the pair's smallest orders, less where its maximums ask for it."""
    with localcontext(_PRICING):
        smallest = max(pair.min_base, pair.min_quote / price)
        largest = min(pair.max_base, pair.max_quote / price) / (2 * largest_lots)
        return base_quantity(pair, min(50 * smallest, largest))
