"""`valr demo`: the market maker on the embedded exchange, watched from both sides."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import TYPE_CHECKING, Final

from valr_connector.cli.demo_record import DemoRecord
from valr_connector.cli.demo_sides import TwoSides
from valr_connector.cli.demo_summary import DemoSummary, endings, position, profit
from valr_connector.cli.demo_view import DemoMoment, DemoView
from valr_connector.cli.maker_example import load_market_maker
from valr_connector.cli.stop_signals import stopped_within
from valr_connector.config import Settings
from valr_connector.errors import InvalidArgumentError
from valr_connector.exchange import ValrExchange
from valr_connector.model.enums import OrderStatus, Side
from valr_connector.observe.metrics import CANCEL_CONFIRMED, PLACE_CONFIRMED
from valr_connector.simulator.exchange import EmbeddedExchange
from valr_connector.simulator.settings import SimulatorSettings

if TYPE_CHECKING:
    from examples.market_maker import MarketMaker

VENUE: Final = SimulatorSettings(
    crowd=True, request_latency_s=0.001, processing_latency_s=0.003, event_latency_s=0.001
)
"""5 ms from a command's arrival to the event that tells its outcome."""

SETTINGS: Final = Settings(not_found_grace_s=1.0)
"""At a venue so near, an order that is not found after a second never got there."""

_SPREAD_BP: Final = Decimal(20)
_SKEW_BP: Final = Decimal(10)
_AMOUNT_IN_SMALLEST: Final = 100
_POSITION_IN_AMOUNTS: Final = 10
_TICK_S: Final = 0.05
_AIMING_S: Final = 0.002
"""Between two looks whether a command is under way that the cut would hit."""
_SETTLING_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class DemoOptions:
    """What can be chosen.

    Attributes:
        seconds: how long the maker quotes; halfway the account socket is cut, in the middle of a command.
        refresh_s: between two looks of the maker at the market.
    """

    seconds: float
    pair: str
    refresh_s: float


async def run_demo(
    options: DemoOptions, view: DemoView, stop: asyncio.Event, *, venue: SimulatorSettings = VENUE
) -> DemoSummary:
    """Run the demo until its time is over or `stop` is set; the quotes are cancelled before it returns.

    Raises:
        InvalidArgumentError: nobody trades the pair at the embedded exchange.
    """
    async with EmbeddedExchange(with_market(venue, options.pair)) as exchange:
        async with ValrExchange.simulated(pairs=[options.pair], exchange=exchange, settings=SETTINGS) as valr:
            run = _Run(options, valr, exchange)
            await run.quote(view, stop)
            await run.sides.settle(_SETTLING_S)
            summary = run.summary()
        return replace(summary, open_left=run.sides.open_there)


def with_market(venue: SimulatorSettings, pair: str) -> SimulatorSettings:
    """The settings with other traders on that pair alone."""
    quoted = {
        f"{spec.base}-{spec.quote}": spec.symbol for spec in venue.pairs if spec.symbol in venue.crowd_prices
    }
    if pair not in quoted:
        raise InvalidArgumentError("pair", pair, f"the demo has a market in {', '.join(quoted)}")
    symbol = quoted[pair]
    return replace(venue, crowd_prices={symbol: venue.crowd_prices[symbol]})


def market_maker(options: DemoOptions, valr: ValrExchange) -> MarketMaker:
    amount = valr.pair_info(options.pair).min_amount * _AMOUNT_IN_SMALLEST
    return load_market_maker()(
        valr,
        pair=options.pair,
        spread=_SPREAD_BP,
        amount=amount,
        refresh_s=options.refresh_s,
        max_position=amount * _POSITION_IN_AMOUNTS,
        skew=_SKEW_BP,
    )


class _Run:
    """The maker, and what is seen of it."""

    def __init__(self, options: DemoOptions, valr: ValrExchange, exchange: EmbeddedExchange) -> None:
        self._options = options
        self._valr = valr
        self._pair = valr.pair_info(options.pair)
        self._maker = market_maker(options, valr)
        self._record = DemoRecord(valr)
        self._began = time.monotonic()
        self._quoted_s = 0.0
        self._mid: Decimal | None = None
        self.sides = TwoSides(valr, exchange, self._record)

    async def quote(self, view: DemoView, stop: asyncio.Event) -> None:
        """Let the maker quote; look at it until `stop`, or until its time is over."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._maker.run(stop))
            await self._watch(view, stop)

    async def _watch(self, view: DemoView, stop: asyncio.Event) -> None:
        next_show = 0.0
        while not await stopped_within(stop, _AIMING_S if self._is_cut_due else _TICK_S):
            self._quoted_s = time.monotonic() - self._began
            self._mid = self._valr.mid_price(self._pair.pair) or self._mid
            self.sides.check()
            if self._is_cut_due and (self._is_command_under_way or self._is_cut_overdue):
                self._record.cut()
            if self._quoted_s >= next_show:
                view.show(self._moment())
                next_show += view.interval_s
            if self._quoted_s >= self._options.seconds:
                stop.set()

    @property
    def _is_cut_due(self) -> bool:
        return self._quoted_s >= self._options.seconds / 2 and not self._record.was_cut

    @property
    def _is_cut_overdue(self) -> bool:
        return self._quoted_s >= self._options.seconds * 3 / 4

    @property
    def _is_command_under_way(self) -> bool:
        """Whether the outcome of a placement or a cancel is awaited."""
        orders = self._valr.orders.values()
        return any(order.status is OrderStatus.PENDING_CREATE or order.is_being_cancelled for order in orders)

    def _moment(self) -> DemoMoment:
        valr, pair, fills = self._valr, self._pair, self._record.fills
        return DemoMoment(
            seconds=self._quoted_s,
            pair=pair,
            is_ready=valr.ready,
            mid=valr.mid_price(pair.pair),
            bids=tuple(order.price for order in self._maker.live(Side.BUY)),
            asks=tuple(order.price for order in self._maker.live(Side.SELL)),
            open_here=len(valr.orders),
            open_there=self.sides.open_there,
            fills=len(fills),
            position=position(fills),
            profit=profit(fills, pair, self._mid),
            balances=(valr.balance(pair.base), valr.balance(pair.quote)),
            placing=valr.metrics.latency(PLACE_CONFIRMED).summary(),
            cancelling=valr.metrics.latency(CANCEL_CONFIRMED).summary(),
            reconnects=self._record.reconnects,
            recovery_ns=self._record.recovery_ns,
            disagreements=len(self.sides.found),
        )

    def summary(self) -> DemoSummary:
        """What has come of it so far."""
        record, metrics, orders = self._record, self._valr.metrics, self._record.orders()
        return DemoSummary(
            pair=self._pair,
            seconds=self._quoted_s,
            placed=len(orders),
            endings=endings(orders),
            fills=len(record.fills),
            most_open=self.sides.most_open_there,
            open_left=self.sides.open_there,
            unknown=record.unknown,
            unresolved=len(self._valr.orders),
            strange_words=len(record.strange_words),
            placing=metrics.latency(PLACE_CONFIRMED).summary(),
            cancelling=metrics.latency(CANCEL_CONFIRMED).summary(),
            profit=profit(record.fills, self._pair, self._mid),
            reconnects=record.reconnects,
            was_cut=record.was_cut,
            recovery_ns=record.recovery_ns,
            disagreements=tuple(sorted(self.sides.found)),
        )
