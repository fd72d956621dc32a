"""A kill switch: cancel everything and stop trading once the loss reaches a limit.

    python examples/kill_switch.py     # on the embedded exchange

The result is counted from fills alone: what was earned and paid, fees included, and the position at the mid
price. Once the switch has tripped it stays so; it cancels all open orders of the account, those of other
programs too, and says what VALR did not confirm. While there is no valid price it changes nothing.
"""

import asyncio
from dataclasses import KW_ONLY, dataclass, field
from decimal import Decimal

from valr_connector import CancelAllReport, FillAmended, OrderFilled, Side, TopOfBookChanged, ValrExchange


@dataclass
class KillSwitch:
    """Watches one pair."""

    valr: ValrExchange
    _: KW_ONLY
    pair: str
    max_loss: Decimal  # quote currency
    position: Decimal = Decimal(0)  # bought less sold, base currency
    earned: Decimal = Decimal(0)  # received less paid, quote currency
    fees: dict[str, Decimal] = field(default_factory=dict)  # by the fill's id, quote currency
    tripped_at: Decimal | None = None  # the result that was too bad, quote currency
    has_tripped: asyncio.Event = field(default_factory=asyncio.Event)

    async def run(self) -> CancelAllReport:
        """Watch until the limit is reached, then cancel everything; returns what became of the orders."""
        subscriptions = [
            self.valr.on(OrderFilled, self.count),
            self.valr.on(FillAmended, self.take_fee),
            self.valr.on(TopOfBookChanged, lambda _: self.judge()),
        ]
        try:
            await self.has_tripped.wait()
        finally:
            for unsubscribe in subscriptions:
                unsubscribe()
        return await self.valr.cancel_all("account")

    def count(self, event: OrderFilled) -> None:
        """A fill moves money one way and the position the other."""
        fill = event.fill
        if fill.pair != self.pair:
            return
        bought = fill.amount if fill.side is Side.BUY else -fill.amount
        self.position += bought
        self.earned -= bought * fill.price
        self.take_fee(event)
        self.judge()

    def take_fee(self, event: OrderFilled | FillAmended) -> None:
        """The fee may become known after the fill; one in base currency is valued at the fill's price."""
        fill = event.fill
        if fill.pair == self.pair and fill.fee is not None:
            base = self.valr.pair_info(self.pair).base
            price = fill.price if fill.fee.currency == base else Decimal(1)
            self.fees[fill.trade_id] = fill.fee.amount * price

    def result(self) -> Decimal | None:
        """Profit, or loss below zero, in quote currency; None without a valid price."""
        mid = self.valr.mid_price(self.pair)
        if mid is None:
            return None
        return self.earned + self.position * mid - sum(self.fees.values(), Decimal(0))

    def judge(self) -> None:
        """Trip if the loss is too large."""
        result = self.result()
        if self.tripped_at is None and result is not None and result <= -self.max_loss:
            self.tripped_at = result
            self.has_tripped.set()


async def main() -> None:
    """Lose money on purpose, by crossing the spread again and again, until the switch trips."""
    async with ValrExchange.simulated(pairs=["BTC-ZAR"]) as valr:
        switch = KillSwitch(valr, pair="BTC-ZAR", max_loss=Decimal(100))
        async with asyncio.TaskGroup() as tasks:
            watching = tasks.create_task(switch.run())
            await valr.place_limit_order("BTC-ZAR", Side.BUY, amount="0.001", price="1000000")
            while not switch.has_tripped.is_set():
                await valr.place_market_order("BTC-ZAR", Side.BUY, amount="0.01")
                await valr.place_market_order("BTC-ZAR", Side.SELL, amount="0.01")
        report = watching.result()
        print(f"stopped at {switch.tripped_at:.2f} ZAR; {len(report.outcomes)} orders were live,", end=" ")
        print(f"{len(report.remaining)} may remain")


if __name__ == "__main__":
    asyncio.run(main())
