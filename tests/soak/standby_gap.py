"""How long a fill goes unheard when the account socket drops: without a standby, and with one.

    python -m tests.soak.standby_gap [drops]

Each drop cuts the first account socket and has another account trade with an order of ours right after it.
What is measured is the time from that trade, at the venue, to its `OrderFilled`. Everything is as shipped,
the pause before the first dial included, but that loopback stands for the network.
"""

from __future__ import annotations

import asyncio
import sys
import time
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from statistics import median

from valr_connector import OrderFilled, Settings, Side, ValrExchange
from valr_connector.net.limiter import LimiterRegistry
from valr_connector.simulator.exchange import EmbeddedExchange
from valr_connector.simulator.settings import SimulatorSettings
from valr_connector.simulator.vocabulary import NewOrder

RIVAL = "9"
PRICE = "900000"
PATIENCE_S = 30.0


@dataclass(frozen=True, slots=True)
class Gaps:
    """Seconds that each fill went unheard, in rising order."""

    seconds: tuple[float, ...]

    def line(self, name: str) -> str:
        """For a person: milliseconds."""
        p99 = self.seconds[min(len(self.seconds) - 1, len(self.seconds) * 99 // 100)]
        figures = ("median", median(self.seconds)), ("p99", p99), ("longest", self.seconds[-1])
        return f"{name}: " + ", ".join(f"{what} {value * 1e3:.1f} ms" for what, value in figures)


async def measure(drops: int, *, warm_standby: bool, seed: int = 1) -> Gaps:
    """Drop the account socket of so many connectors, and see when each fill is heard of."""
    settings = SimulatorSettings(rate_limits=None, order_book_interval_s=0, market_summary_interval_s=0)
    exchange = EmbeddedExchange(settings, rng=Random(seed))
    exchange.open_account(RIVAL)
    gaps: list[float] = []
    async with exchange:
        for number in range(drops):
            valr = ValrExchange.simulated(
                pairs=[],
                exchange=exchange,
                settings=Settings(warm_standby=warm_standby),
                limiters=LimiterRegistry(scale=1_000),  # a dial more than VALR allows is no matter here
                rng=Random(seed + number),
            )
            async with valr:
                gaps.append(await _gap(exchange, valr))
    return Gaps(tuple(sorted(gaps)))


async def _gap(exchange: EmbeddedExchange, valr: ValrExchange) -> float:
    while not _is_standing_by(valr):  # noqa: ASYNC110  it sets no event
        await asyncio.sleep(0.001)
    await valr.place_limit_order("BTC-ZAR", Side.BUY, amount="0.0001", price=PRICE)
    heard = asyncio.Event()
    valr.on(OrderFilled, lambda _: heard.set())
    valr.drop_account_socket()
    traded = time.monotonic()
    _trade(exchange)
    async with asyncio.timeout(PATIENCE_S):
        await heard.wait()
    return time.monotonic() - traded


def _is_standing_by(valr: ValrExchange) -> bool:
    standby = valr._started()._standby
    return standby is None or standby.client.session.can_send


def _trade(exchange: EmbeddedExchange) -> None:
    amount, price = Decimal("0.0001"), Decimal(PRICE)
    request = NewOrder(symbol="BTCZAR", side="sell", kind="limit", quantity=amount, price=price)
    order = exchange.venue.accept(RIVAL, request)
    exchange.venue.process(order.order_id)


def main() -> None:
    drops = int(sys.argv[1]) if len(sys.argv) > 1 else 30
    for name, warm_standby in (("without a standby", False), ("with a warm standby", True)):
        gaps = asyncio.run(measure(drops, warm_standby=warm_standby))
        sys.stdout.write(gaps.line(f"{drops} drops {name}") + "\n")


if __name__ == "__main__":
    main()
