"""Offset every fill on one pair by an order on another that has the same base currency.

    python examples/hedge.py     # on the embedded exchange: BTC bought for rand is sold for USDC

One number is steered: the exposure, which is what the fills of the traded pair add up to, and the hedges on
top of it. A fill counts once, however it becomes known and however late. A hedge counts as executed in full
until VALR has said otherwise, so that one whose fate is unknown is not sent a second time.
"""

import asyncio
from dataclasses import KW_ONLY, dataclass, field
from decimal import Decimal

from valr_connector import InFlightOrder, OrderFilled, OrderRuleError, Side, ValrExchange


def signed(side: Side, amount: Decimal) -> Decimal:
    """Bought is positive, sold is negative."""
    return amount if side is Side.BUY else -amount


@dataclass
class Hedger:
    """Keeps the exposure of `traded` small by market orders on `hedged_with`."""

    valr: ValrExchange
    _: KW_ONLY
    traded: str
    hedged_with: str
    position: Decimal = Decimal(0)  # bought less sold on the traded pair, base currency
    hedges: list[InFlightOrder] = field(default_factory=list)
    changed: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def exposure(self) -> Decimal:
        """The position with its hedges, those under way taken as executed."""
        return sum((signed(hedge.side, self.most(hedge)) for hedge in self.hedges), self.position)

    @staticmethod
    def most(hedge: InFlightOrder) -> Decimal:
        """The most that a hedge has executed, or may still execute."""
        return hedge.executed_amount if hedge.is_done else hedge.amount or Decimal(0)

    async def run(self) -> None:
        """Hedge until cancelled."""
        unsubscribe = self.valr.on(OrderFilled, self.follow)
        try:
            while True:
                await self.changed.wait()
                self.changed.clear()
                await self.offset(self.exposure)
        finally:
            unsubscribe()

    def follow(self, event: OrderFilled) -> None:
        """A fill on the traded pair moves the position."""
        if event.order.pair == self.traded:
            self.position += signed(event.fill.side, event.fill.amount)
            self.changed.set()

    async def offset(self, exposure: Decimal) -> None:
        """Bring the exposure to zero, as far as the pair's smallest order allows."""
        amount = self.valr.quantise_amount(self.hedged_with, abs(exposure)) if exposure else Decimal(0)
        if not amount:
            return
        side = Side.SELL if exposure > 0 else Side.BUY
        try:
            self.hedges.append(await self.valr.place_market_order(self.hedged_with, side, amount=amount))
        except OrderRuleError:
            return  # below the pair's minimum: it stays, and is hedged together with the next fill


async def main() -> None:
    """Buy some BTC for rand in three orders, and have each one hedged."""
    async with ValrExchange.simulated(pairs=["BTC-ZAR", "BTC-USDC"]) as valr:
        hedger = Hedger(valr, traded="BTC-ZAR", hedged_with="BTC-USDC")
        async with asyncio.TaskGroup() as tasks:
            hedging = tasks.create_task(hedger.run())
            for _ in range(3):
                await valr.place_market_order("BTC-ZAR", Side.BUY, quote_amount="5000")
                await asyncio.sleep(0.5)
            hedging.cancel()
        print(f"{len(hedger.hedges)} hedges; {hedger.exposure:f} BTC are left unhedged")


if __name__ == "__main__":
    asyncio.run(main())
