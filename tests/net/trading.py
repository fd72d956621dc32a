"""A trader on a running embedded exchange, over loopback, with short patience and no jitter."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from functools import wraps
from pathlib import Path
from random import Random
from typing import Any, ParamSpec, TypeVar

from valr_connector import (
    BookFeed,
    Event,
    Hosts,
    InFlightOrder,
    OrderCancelled,
    OrderCompleted,
    OrderCreated,
    OrderEvent,
    OrderExpired,
    OrderFailed,
    OrderStatus,
    PlacementUnknown,
    Settings,
    Side,
    ValrExchange,
)
from valr_connector.core.account_state import AccountState
from valr_connector.core.guards import SECOND, Guards
from valr_connector.core.lifecycle import AskReason
from valr_connector.core.reconcile import Patience
from valr_connector.model.ids import ClientOrderId
from valr_connector.net.connector import Clocks, Connector
from valr_connector.net.network import Network
from valr_connector.simulator.exchange import EmbeddedExchange
from valr_connector.simulator.faults import RequestPredicate
from valr_connector.simulator.settings import SimulatorSettings
from valr_connector.simulator.vocabulary import BuyOrSell, NewOrder, State, VenueOrder
from valr_connector.verification.network import SimulatedNetwork
from valr_connector.verification.virtual_loop import VirtualTimeLoop, run, running_loop

D = Decimal
PATIENCE_S = 10.0
ACCOUNT = "0"
RIVAL = "9"
MILLISECOND = 1_000_000
WALL_NS = 1_790_000_000 * SECOND

"""What the embedded exchange does not do; tests that place stops answer them by themselves."""

AT_ONCE = SimulatorSettings(
    open_orders_interval_s=0,
    order_book_interval_s=0,
    market_summary_interval_s=0,
    rate_limits=None,
)
"""No delay, no throttle and no limit anywhere."""

QUICK = Patience(
    first_delays=dict.fromkeys(AskReason, 0),
    first_pause=5 * MILLISECOND,
    longest_pause=40 * MILLISECOND,
    grace=120 * MILLISECOND,
)
"""The same questions as ever, asked sooner."""

E = TypeVar("E", bound=Event)
P = ParamSpec("P")

_OF_THE_VENUE = ("RequestHandler", "Connection._write", "_go_on")
"""Parts of the names of its own tasks, over loopback and in virtual time."""

_ENDINGS = (OrderCompleted, OrderCancelled, OrderExpired, OrderFailed)
_STATUS_OF: Mapping[State | None, OrderStatus] = {
    None: OrderStatus.PENDING_CREATE,
    State.ACTIVE: OrderStatus.OPEN,
    State.PLACED: OrderStatus.OPEN,
    State.MODIFIED: OrderStatus.OPEN,
    State.PARTIALLY_FILLED: OrderStatus.PARTIALLY_FILLED,
    State.FILLED: OrderStatus.FILLED,
    State.CANCELLED: OrderStatus.CANCELLED,
    State.FAILED: OrderStatus.FAILED,
}


class AlmostNoJitter(Random):
    """Draws hardly anything, so that pauses between dials and retries are milliseconds."""

    def random(self) -> float:
        return 0.02


class Desk:
    """One `ValrExchange`, the venue behind it, and everything that was told."""

    def __init__(self, exchange: EmbeddedExchange, valr: ValrExchange) -> None:
        self.exchange = exchange
        self.valr = valr
        self.events: list[Event] = []
        valr.on(Event, self.events.append)

    @property
    def connector(self) -> Connector:
        """What is behind the façade."""
        return self.valr._started()

    @property
    def now(self) -> int:
        """Nanoseconds of the trader's monotonic clock."""
        return self.valr._clocks.monotonic()

    def told(self, kind: type[E]) -> list[E]:
        """Events of one kind, in order."""
        return [event for event in self.events if isinstance(event, kind)]

    def story(self, order: InFlightOrder) -> list[str]:
        """The names of an order's events."""
        return [type(event).__name__ for event in self.told(OrderEvent) if event.order is order]

    async def until(self, condition: Callable[[], object], patience_s: float = PATIENCE_S) -> None:
        """Let the loop run until `condition` holds."""
        now = asyncio.get_running_loop().time
        deadline = now() + patience_s
        while not condition():
            assert now() < deadline, f"waited {patience_s} s in vain"
            await asyncio.sleep(0.001)

    async def buy(self, price: str = "900000", amount: str = "0.01", **options: Any) -> InFlightOrder:
        """A bid for BTC-ZAR, far from anybody unless a price is given."""
        return await self.valr.place_limit_order("BTC-ZAR", Side.BUY, amount=amount, price=price, **options)

    async def sell(self, price: str = "2000000", amount: str = "0.01", **options: Any) -> InFlightOrder:
        """An offer of BTC-ZAR."""
        return await self.valr.place_limit_order("BTC-ZAR", Side.SELL, amount=amount, price=price, **options)

    def rival(self, side: BuyOrSell, quantity: str, price: str, symbol: str = "BTCZAR") -> VenueOrder:
        """An order of somebody else, executed at once."""
        request = NewOrder(symbol=symbol, side=side, kind="limit", quantity=D(quantity), price=D(price))
        order = self.exchange.venue.accept(RIVAL, request)
        self.exchange.venue.process(order.order_id)
        return order

    def foreign(self, price: str = "800000", customer_order_id: str = "") -> VenueOrder:
        """An order of this account that was placed elsewhere."""
        request = NewOrder(
            symbol="BTCZAR",
            side="buy",
            kind="limit",
            quantity=D("0.02"),
            price=D(price),
            customer_order_id=customer_order_id,
        )
        order = self.exchange.venue.accept(ACCOUNT, request)
        self.exchange.venue.process(order.order_id)
        return order

    def at_venue(self, order: InFlightOrder) -> VenueOrder:
        """The venue's own record of an order."""
        found = self.exchange.venue.order_by_customer_id(ACCOUNT, order.client_order_id)
        assert found is not None
        return found

    def venue_orders(self) -> list[VenueOrder]:
        """Everything the venue ever accepted from this account, newest first."""
        return self.exchange.venue.orders(ACCOUNT)

    def change(self, **settings: Any) -> None:
        """Change delays and behaviour of the running venue."""
        floor = self.exchange._floor
        floor.settings = replace(floor.settings, **settings)
        floor.desk._latency = floor.settings.processing_latency

    async def break_down(self) -> None:
        """Have a part fail in a way that nobody foresaw; everything stops by itself then."""
        reconciler = self.connector._reconciler
        tracker, reconciler._tracker = reconciler._tracker, _Broken()  # type: ignore[assignment]  # on purpose
        reconciler._questions.ask_at(ClientOrderId("of-nobody"), AskReason.ABSENT, due=0)
        await self.until(lambda: self.valr._failure)
        reconciler._tracker = tracker

    def sent(self, frame_type: str) -> int:
        """How many frames of a type reached the venue on account sockets."""
        return self.exchange.stats.frames_in["account", frame_type]

    def asked(self, route: str) -> int:
        """How many requests reached a route."""
        return self.exchange.stats.requests[route]

    def drop_account_socket(self) -> None:
        """Cut it at the venue's side, without a close frame."""
        assert self.exchange.drop_sockets("account") == 1

    async def back(self) -> None:
        """Wait until a lost account socket is live again."""
        await self.until(lambda: not self.valr.ready)
        await self.until(lambda: self.valr.ready)

    async def agreed(self, *orders: InFlightOrder) -> None:
        """Wait until the library and the venue say the same of these orders; say what differs if never."""
        try:
            await self.until(lambda: all(not self.differences(order) for order in orders))
        except AssertionError:
            raise AssertionError([self.differences(order) for order in orders]) from None

    def differences(self, order: InFlightOrder) -> list[str]:
        """What the library and the venue say otherwise of one order: S1, S3, S4."""
        theirs = self.at_venue(order)
        fills = {
            str(fill.trade_id): (fill.price, fill.amount, fill.fee and (fill.fee.amount, fill.fee.currency))
            for fill in order.fills
        }
        trades = {
            trade.trade_id: (trade.price, trade.quantity, (trade.fee, trade.fee_currency))
            for trade in self.exchange.venue.trades(ACCOUNT)
            if trade.order_id == theirs.order_id
        }
        pairs: Sequence[tuple[str, object, object]] = (
            ("status", order.status, _STATUS_OF[theirs.state]),
            ("executed", order.executed_amount, theirs.executed_quantity),
            ("fills", fills, trades),
            ("told fills", sum(name == "OrderFilled" for name in self.story(order)), len(trades)),
        )
        return [f"{what}: {here} here, {there} there"[:300] for what, here, there in pairs if here != there]


class _Broken:
    def __getattr__(self, name: str) -> object:
        raise RuntimeError(f"a defect: {name}")


def to_path(path: str) -> RequestPredicate:
    """REST requests whose path begins so."""
    return lambda _method, target: target.startswith(path)


def check_story(desk: Desk, order: InFlightOrder) -> None:
    """S6: an order's events are a path of the automaton."""
    told = [event for event in desk.told(OrderEvent) if event.order is order]
    created = [n for n, event in enumerate(told) if isinstance(event, OrderCreated)]
    endings = [n for n, event in enumerate(told) if isinstance(event, _ENDINGS)]
    assert len(created) <= 1, desk.story(order)
    assert len(endings) == order.is_done, desk.story(order)
    if created:
        assert all(isinstance(event, PlacementUnknown) for event in told[: created[0]]), desk.story(order)
    elif order.status is not OrderStatus.FAILED:
        assert not endings, desk.story(order)


def make(
    exchange: EmbeddedExchange,
    *,
    pairs: Sequence[str] = ("BTC-ZAR",),
    books: BookFeed = BookFeed.L1_DIFF,
    patience: Patience | None = QUICK,
    clocks: Clocks | None = None,
    network: Network | None = None,
    record: Path | None = None,
    **settings: Any,
) -> ValrExchange:
    """A `ValrExchange` on a running venue, not started; `settings` are those of `Settings`."""
    valr = ValrExchange.simulated(
        pairs=pairs,
        books=books,
        exchange=exchange,
        settings=Settings(**settings),
        clocks=clocks,
        network=network,
        record=record,
    )
    hurry(valr, patience)
    return valr


def hosts_of(exchange: EmbeddedExchange) -> Hosts:
    """Where a running venue listens, as settings."""
    at = exchange.endpoints
    return Hosts(rest=at.rest, account_socket=at.ws_account, trade_socket=at.ws_trade)


def hurry(valr: ValrExchange, patience: Patience | None = QUICK) -> None:
    """Take the jitter out, and shorten the pauses that are no settings, before it is started."""
    valr._rng = AlmostNoJitter()
    if patience is None:
        return
    parts = tuple(valr._state.readiness.parts)
    guards = Guards(min_age=round(0.05 * SECOND), min_quiet=round(0.02 * SECOND))
    strangers = valr._settings.stranger_policy
    valr._state = AccountState(guards=guards, patience=patience, parts=parts, strangers=strangers)


@asynccontextmanager
async def venue(settings: SimulatorSettings = AT_ONCE) -> AsyncIterator[EmbeddedExchange]:
    """A running venue with the trader's account and a rival's."""
    exchange = EmbeddedExchange(settings, rng=Random(7))
    exchange.open_account(RIVAL)
    async with exchange:
        yield exchange


@asynccontextmanager
async def trading(simulator: SimulatorSettings = AT_ONCE, **options: Any) -> AsyncIterator[Desk]:
    """A started `ValrExchange`; `options` are those of `make`. Checks that nothing keeps running (L5).

    Over loopback; in a test that plays `in_virtual_time`, on a network that is simulated.
    """
    before = asyncio.all_tasks()
    async with not_trading(simulator, **options) as desk:
        async with desk.valr:
            yield desk
        assert not (running := tasks_of_the_library()), running
    assert asyncio.all_tasks() == before, asyncio.all_tasks()


@asynccontextmanager
async def not_trading(simulator: SimulatorSettings = AT_ONCE, **options: Any) -> AsyncIterator[Desk]:
    """`trading` before the start: who starts it closes it."""
    if isinstance(asyncio.get_running_loop(), VirtualTimeLoop):
        async with virtual_venue(simulator) as (exchange, network, clocks):
            yield Desk(exchange, make(exchange, clocks=clocks, network=network.as_network, **options))
    else:
        async with venue(simulator) as exchange:
            yield Desk(exchange, make(exchange, **options))


# --- in virtual time -------------------------------------------------------------------------------------


def in_virtual_time(test: Callable[P, Coroutine[Any, Any, None]]) -> Callable[P, None]:
    """Play an asynchronous test on a loop of its own, where waiting takes no time and nobody is late."""

    @wraps(test)
    def played(*args: P.args, **kwargs: P.kwargs) -> None:
        run(test(*args, **kwargs), start=1_000.0)

    return played


@asynccontextmanager
async def virtual_venue(
    settings: SimulatorSettings = AT_ONCE,
) -> AsyncIterator[tuple[EmbeddedExchange, SimulatedNetwork, Clocks]]:
    """`venue` in virtual time, with the network and the clocks that a `ValrExchange` is to be made with."""
    loop = running_loop()
    clocks = Clocks(lambda: loop.now_ns, lambda: WALL_NS + loop.now_ns)
    exchange = EmbeddedExchange(settings, clock=clocks.wall, rng=Random(7))
    exchange.open_account(RIVAL)
    exchange.open()
    async with asyncio.TaskGroup() as tasks:
        yield exchange, SimulatedNetwork(exchange, rng=Random(8), latency_s=0.001, tasks=tasks), clocks
        await exchange.stop()


def tasks_of_the_library() -> list[str]:
    """What still runs, the venue's own tasks left out."""
    names = [repr(task.get_coro()) for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    return [name for name in names if not any(part in name for part in _OF_THE_VENUE)]
