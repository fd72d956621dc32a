"""Buy an amount in equal slices over a stretch of time, at no worse than a limit price.

    python examples/twap.py     # on the embedded exchange

Each slice is an immediate-or-cancel order. What it did not get is added to the next one. An order whose fate
is not known counts as executed in full until VALR has said otherwise, so that nothing is ever bought twice.
"""

import asyncio
from dataclasses import KW_ONLY, dataclass, field
from decimal import Decimal

from valr_connector import InFlightOrder, OrderRuleError, Side, TimeInForce, ValrExchange


@dataclass
class Twap:
    """Buys one pair; look at `executed` for what is certain."""

    valr: ValrExchange
    _: KW_ONLY
    pair: str
    amount: Decimal  # to be bought in all, base currency
    limit: Decimal  # the most to be paid for one, quote currency
    slices: int
    interval_s: float  # seconds from one slice to the next
    orders: list[InFlightOrder] = field(default_factory=list)

    @property
    def executed(self) -> Decimal:
        """Bought so far, as VALR confirmed it."""
        return sum((order.executed_amount for order in self.orders), Decimal(0))

    @property
    def committed(self) -> Decimal:
        """The most that may have been bought."""
        return sum((self.most(order) for order in self.orders), Decimal(0))

    @staticmethod
    def most(order: InFlightOrder) -> Decimal:
        """The most that an order may have executed, or may still execute."""
        return order.executed_amount if order.is_done else order.amount or Decimal(0)

    async def run(self) -> None:
        """Send one slice after the other; returns after the last."""
        for number in range(1, self.slices + 1):
            await self.catch_up(self.amount * number / self.slices)
            if number < self.slices:
                await asyncio.sleep(self.interval_s)

    async def catch_up(self, due: Decimal) -> None:
        """Buy what is still missing of the amount that is due by now."""
        missing = due - self.committed
        if missing <= 0:
            return
        try:
            order = await self.valr.place_limit_order(
                self.pair, Side.BUY, amount=missing, price=self.limit, time_in_force=TimeInForce.IOC
            )
        except OrderRuleError:
            return  # too little for an order of its own; the next slice is larger by it
        self.orders.append(order)


async def main() -> None:
    """Buy 0.01 BTC in five seconds, at most 0.1 % above the present price."""
    async with ValrExchange.simulated(pairs=["BTC-ZAR"]) as valr:
        ask = valr.best_ask("BTC-ZAR")
        if ask is None:
            print("nobody offers BTC now")
            return
        limit = ask.price * Decimal("1.001")
        twap = Twap(valr, pair="BTC-ZAR", amount=Decimal("0.01"), limit=limit, slices=5, interval_s=1.0)
        await twap.run()
        for order in twap.orders:
            print(f"{order.status}: {order.executed_amount:f} of {order.amount:f} BTC")
        print(f"bought {twap.executed:f} BTC at no more than {limit:.0f} ZAR")


if __name__ == "__main__":
    asyncio.run(main())
