"""A grid: bids below a middle price and offers above it; each one that is filled is answered one step away.

    python examples/grid.py     # on the embedded exchange, for ten seconds

A bid filled at one level is answered by an offer a step above it, and the other way round: every pair of them
earns a step. What is live is asked of the library, so that a level is never quoted twice, whatever became of
the order there.
"""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass
from decimal import Decimal

from valr_connector import OrderCompleted, Side, ValrExchange


@dataclass
class Grid:
    """Quotes one pair at fixed levels."""

    valr: ValrExchange
    _: KW_ONLY
    pair: str
    middle: Decimal  # quote currency
    step: Decimal  # from one level to the next, quote currency
    levels: int  # on each side of the middle
    amount: Decimal  # size of each order, base currency
    answered: int = 0  # orders that were filled, and answered one step away

    async def run(self) -> None:
        """Quote until cancelled, then pull all quotes."""
        filled = self.valr.events(OrderCompleted)
        try:
            for side, price in self.quotes():
                await self.quote(side, price)
            async for event in filled:
                order = event.order
                if order.pair == self.pair and order.price is not None:
                    await self.answer(order.side, order.price)
        finally:
            filled.close()
            await self.valr.cancel_all(pair=self.pair)

    def quotes(self) -> Iterator[tuple[Side, Decimal]]:
        """Every level, those next to the middle first."""
        for level in range(1, self.levels + 1):
            yield Side.BUY, self.middle - level * self.step
            yield Side.SELL, self.middle + level * self.step

    async def answer(self, side: Side, price: Decimal) -> None:
        """An order was filled: quote the other side one step away."""
        self.answered += 1
        if side is Side.BUY:
            await self.quote(Side.SELL, price + self.step)
        else:
            await self.quote(Side.BUY, price - self.step)

    async def quote(self, side: Side, price: Decimal) -> None:
        """Place the order of one level, unless one lives there or may live there."""
        grid_price = self.valr.quantise_price(self.pair, side, price)
        if not self.is_quoted(side, grid_price):
            await self.valr.place_limit_order(self.pair, side, amount=self.amount, price=grid_price)

    def is_quoted(self, side: Side, price: Decimal) -> bool:
        """Whether an order of this instance is, or may be, open at that level."""
        orders = self.valr.orders.values()
        return any((o.pair, o.side, o.price) == (self.pair, side, price) for o in orders)


async def main() -> None:
    """Ten seconds of a grid around the present price."""
    async with ValrExchange.simulated(pairs=["BTC-ZAR"]) as valr:
        mid = valr.mid_price("BTC-ZAR")
        if mid is None:
            print("there is no market now")
            return
        amount = Decimal("0.001")
        grid = Grid(valr, pair="BTC-ZAR", middle=mid, step=Decimal(1_000), levels=5, amount=amount)
        with suppress(TimeoutError):
            await asyncio.wait_for(grid.run(), 10)
        print(f"{grid.answered} orders were filled and answered")


if __name__ == "__main__":
    asyncio.run(main())
