"""A market maker: one quote on each side of the mid price, moved as the market and the position move.

    python examples/market_maker.py     # on the embedded exchange; on VALR itself where VALR_API_KEY is set

Four rules keep it out of trouble. What is live is asked of the library, not remembered here. A side with a
live order gets no second one, and an order of unknown fate counts as live. A cancel has to be confirmed
before the next order is placed. Every quote is post-only: it rests, or it fails.
"""

import asyncio
import os
import signal
from collections import Counter
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, field
from decimal import Decimal

from valr_connector import InFlightOrder, NotReadyError, OrderEvent, OrderFilled, Side, ValrExchange

BASIS_POINT = Decimal("0.0001")


@dataclass
class MarketMaker:
    """Quotes one pair; every order that this `ValrExchange` has there is taken for a quote."""

    valr: ValrExchange
    _: KW_ONLY
    pair: str
    spread: Decimal  # between the two quotes, basis points of the mid price
    amount: Decimal  # size of a quote, base currency
    refresh_s: float  # seconds between two looks at the market
    max_position: Decimal  # largest position to build up either way, base currency
    skew: Decimal  # how far a full position moves both quotes, basis points; at most half the spread
    position: Decimal = Decimal(0)  # bought less sold, base currency
    counts: Counter[str] = field(default_factory=Counter)  # order events by their names

    async def run(self, stop: asyncio.Event) -> None:
        """Quote until `stop` is set, then cancel the quotes."""
        unsubscribe = self.valr.on(OrderEvent, self.follow)
        try:
            while not stop.is_set():
                await self.refresh()
                with suppress(TimeoutError):
                    await asyncio.wait_for(stop.wait(), self.refresh_s)
        finally:
            await self.pull()
            unsubscribe()

    async def refresh(self) -> None:
        """Bring both quotes to where they belong; pull them while there is no market to quote around."""
        mid = self.valr.mid_price(self.pair)
        if mid is None:
            await self.pull()
        elif self.valr.ready:
            async with asyncio.TaskGroup() as both_sides:
                for side in Side:
                    both_sides.create_task(self.requote(side, self.price(side, mid)))

    async def requote(self, side: Side, price: Decimal) -> None:
        """Let the side's quote stand if its price is still right, else replace it."""
        for order in self.live(side):
            if order.price != price:
                await self.valr.cancel_order(order)
        if self.live(side) or not self.has_room(side):
            return
        with suppress(NotReadyError):  # the connection went just now; the next refresh comes soon
            await self.valr.place_limit_order(
                self.pair, side, amount=self.amount, price=price, post_only=True
            )

    async def pull(self) -> None:
        """Cancel the quotes, and say which of them may have survived it."""
        for outcome in (await self.valr.cancel_all(pair=self.pair)).outcomes:
            if not outcome.is_done:
                print(f"{outcome.order.client_order_id} may still be open: {outcome.result}")

    def price(self, side: Side, mid: Decimal) -> Decimal:
        """Where the side's quote belongs: a long position moves both quotes down, a short one up."""
        half = self.spread / 2 if side is Side.SELL else -self.spread / 2
        distance = half - self.skew * self.position / self.max_position
        return self.valr.quantise_price(self.pair, side, mid * (1 + distance * BASIS_POINT))

    def has_room(self, side: Side) -> bool:
        """Whether one more quote, filled, would keep the position within its limit."""
        position = self.position if side is Side.BUY else -self.position
        return position + self.amount <= self.max_position

    def live(self, side: Side) -> list[InFlightOrder]:
        """The side's orders that are open, or may be."""
        orders = self.valr.orders.values()
        return [order for order in orders if order.pair == self.pair and order.side is side]

    def follow(self, event: OrderEvent) -> None:
        """Count what happens to the quotes, and follow the position."""
        if event.order.pair == self.pair:
            self.counts[type(event).__name__] += 1
            if isinstance(event, OrderFilled):
                self.position += event.fill.amount if event.order.side is Side.BUY else -event.fill.amount


async def main() -> None:
    """Quote BTC-ZAR until Ctrl-C."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    connect = ValrExchange.from_env if "VALR_API_KEY" in os.environ else ValrExchange.simulated
    async with connect(pairs=["BTC-ZAR"]) as valr:
        maker = MarketMaker(
            valr, pair="BTC-ZAR", amount=Decimal("0.001"), max_position=Decimal("0.01"), refresh_s=1.0,
            spread=Decimal(20), skew=Decimal(10),
        )  # fmt: skip
        print(f"quoting {maker.pair} on {'VALR' if valr.simulator is None else 'the embedded exchange'}")
        await maker.run(stop)
        print(f"position {maker.position} BTC,", dict(maker.counts))


if __name__ == "__main__":
    asyncio.run(main())
