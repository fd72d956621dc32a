"""One world for one schedule: a venue with other traders, the network, and the connector between."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache, partial
from itertools import takewhile
from operator import attrgetter
from pathlib import Path
from random import Random
from typing import Any, Final

from valr_connector.config import Hosts, Settings
from valr_connector.exchange import ValrExchange
from valr_connector.model.events import BookChanged, ConnectionChanged, Event
from valr_connector.net.connector import Clocks
from valr_connector.net.order_journal import OrderJournal
from valr_connector.protocol.requests import Lane
from valr_connector.simulator.exchange import EmbeddedExchange
from valr_connector.simulator.pairs import DEFAULT_PAIRS
from valr_connector.simulator.settings import SimulatorSettings
from valr_connector.simulator.vocabulary import BuyOrSell, NewOrder
from valr_connector.verification.books import BookCheck, VenueBooks
from valr_connector.verification.heard import Heard
from valr_connector.verification.invariants import Truth, truth_of
from valr_connector.verification.life import Life
from valr_connector.verification.network import SimulatedNetwork
from valr_connector.verification.process import Process
from valr_connector.verification.resync import ResyncCheck
from valr_connector.verification.room import WatchedLimits
from valr_connector.verification.schedule import Schedule
from valr_connector.verification.secrecy import Secrecy
from valr_connector.verification.story import Recorder
from valr_connector.verification.trace import Trace
from valr_connector.verification.virtual_loop import running_loop

PAIR: Final = "BTC-ZAR"
SYMBOL: Final = "BTCZAR"
ACCOUNT: Final = "0"
MAKER: Final = "7"
TAKER: Final = "9"
START_WALL_NS: Final = 1_790_000_000_000_000_000
_NS_PER_S: Final = 1_000_000_000
_HOST: Final = "venue"
_HOSTS: Final = Hosts(
    rest=f"http://{_HOST}",
    account_socket=f"ws://{_HOST}/ws/account",
    trade_socket=f"ws://{_HOST}/ws/trade",
)
"""Any would do: there is one venue, and the network leads nowhere else."""
_BALANCES: Final = {"ZAR": Decimal(100_000_000), "BTC": Decimal(100)}


@dataclass(frozen=True, slots=True)
class Rules:
    """How the connector and the venue behave in one world."""

    connector: Settings
    venue: SimulatorSettings


def rules_of(schedule: Schedule) -> Rules:
    """The rules that a schedule asks for.

    Raises:
        ValueError: there is no such rule, or not with such a value.
    """
    dialect: dict[str, Any] = dict(schedule.venue)
    try:
        venue = SimulatorSettings(pairs=DEFAULT_PAIRS[:1], balances=_BALANCES, **dialect)
    except TypeError as error:
        raise ValueError(str(error)) from None
    return Rules(_settings_of(tuple(sorted(schedule.settings.items()))), venue)


@lru_cache(maxsize=256)
def _settings_of(dials: tuple[tuple[str, str | bool | float], ...]) -> Settings:
    """There are few, and checking them takes longer than making all the rest of a world's rules."""
    return Settings.model_validate({**dict(dials), "hosts": _HOSTS})


class World:
    """Everything there is while a schedule runs.

    Attributes:
        exchange: the venue and its doors.
        network: what the connector reaches it through.
        latency_s: the longest that anything takes on its way there, or back.
        settings: what the connector is set to.
        lives: every connector there was, the present one last.
        limits: as each process counted them, the present one last; a new process begins anew.
        clock_jump_ns: how far this machine's wall clock is off.
        names: client order ids by the names that a schedule gives.
        judged_before: orders of before are of no interest any more; VALR's clock, nanoseconds.
        misreported: orders whose ending VALR told and that had not ended, by client order id.
        batched: orders that were placed in batches, by client order id.
        asked: what each order has to be at the venue, by client order id.
        monotonic: nanoseconds that never step.

    Args:
        directory: where the connectors keep their order journal, if they keep one.
        secrecy: is told what may be written nowhere.
        record: where each connector records its session, in a directory of its own.
    """

    def __init__(
        self,
        schedule: Schedule,
        rules: Rules,
        tasks: asyncio.TaskGroup,
        trace: Trace,
        *,
        directory: Path | None = None,
        secrecy: Secrecy | None = None,
        record: Path | None = None,
    ) -> None:
        self._loop = running_loop()
        self.monotonic: Callable[[], int] = partial(attrgetter("now_ns"), self._loop)
        self._rng = Random(schedule.seed)
        self.trace = trace
        self.tasks = tasks
        self.clock_jump_ns = 0
        self.lives: list[Life] = []
        self.names: dict[str, str] = {}
        self._spent_until = 0
        self.judged_before = 0
        self.misreported: set[str] = set()
        self.batched: set[str] = set()
        self.asked: dict[str, NewOrder] = {}
        self.secrecy = secrecy or Secrecy()
        self._directory = directory
        self._record = record
        self.settings = rules.connector
        self.exchange = EmbeddedExchange(
            rules.venue, clock=self.venue_clock, rng=Random(self._rng.getrandbits(64))
        )
        for account in (MAKER, TAKER):
            self.exchange.open_account(account)
        self._books = VenueBooks(self.exchange.venue) if schedule.books else None
        self.exchange.open()
        self._key = self.exchange.add_api_key(ACCOUNT)
        self.secrecy.know(self._key.key, self._key.secret)
        self.limits = [self._new_limits()]
        self.latency_s = schedule.latency_s
        self.network = SimulatedNetwork(
            self.exchange,
            rng=Random(self._rng.getrandbits(64)),
            latency_s=schedule.latency_s,
            tasks=tasks,
            note=trace.note_bytes if trace.is_on else None,
        )

    # --- time --------------------------------------------------------------------------------------

    def venue_clock(self) -> int:
        """VALR's clock, nanoseconds since 1970."""
        return START_WALL_NS + self._loop.now_ns

    def wall(self) -> int:
        """This machine's clock, which may be wrong."""
        return self.venue_clock() + self.clock_jump_ns

    # --- the connector -----------------------------------------------------------------------------

    @property
    def life(self) -> Life:
        """The present connector."""
        return self.lives[-1]

    def new_life(self) -> Life:
        """A new connector, not started, with everything it tells written down."""
        process = Process(self.network)
        recorder = Recorder(self.venue_clock, self.trace.note if self.trace.is_on else None)
        heard = Heard(recorder.orders, self._loop.time)
        before = self.lives[-1] if self.lives and self._directory is not None else None
        books = None if self._books is None else BookCheck(self._books, SYMBOL, lambda: valr.book(PAIR))
        valr = ValrExchange(
            self._key.key,
            self._key.secret,
            pairs=[] if books is None else [PAIR],
            settings=self.settings,
            tap=heard,
            market_tap=books,
            clocks=Clocks(self.monotonic, self.wall),
            network=process.network,
            limiters=self.limits[-1],
            rng=Random(self._rng.getrandbits(64)),
            journal=self._journal_of(process),
            record=None if self._record is None else self._record / f"life-{len(self.lives) + 1}",
        )
        life = Life(
            len(self.lives) + 1,
            valr,
            process,
            recorder,
            heard,
            self._resync_check(recorder),
            books,
            before,
        )
        recorder.follow(lambda: valr.orders)
        valr.on(Event, recorder.hear)
        valr.on(ConnectionChanged, life.resync.hear)
        if books is not None:
            valr.on(BookChanged, books.hear)
            valr.on(ConnectionChanged, books.hear_connection)
        self.lives.append(life)
        return life

    def kill(self, life: Life) -> None:
        """Kill the process of a connector; what it had counted of VALR's limits is forgotten."""
        life.die(self.venue_clock())
        self.limits.append(self._new_limits())

    def name_order(self, name: str) -> str:
        """A client order id for an order that a schedule calls by that name: each life has ids of its own."""
        self.names[name] = f"{name}-{self.life.number}"
        return self.names[name]

    def client_order_id(self, name: str) -> str:
        """The id of the order that was last placed by that name."""
        return self.names.get(name, name)

    def _journal_of(self, process: Process) -> OrderJournal | None:
        if self._directory is None:
            return None
        return OrderJournal(self._directory / "orders.journal", wall=self.wall, open_file=process.open_file)

    def _resync_check(self, recorder: Recorder) -> ResyncCheck:
        def could_ask_since() -> float:
            return self._loop.time() - self.network.board.request_struck_at

        return ResyncCheck(recorder.stories.values, lambda: self.truth, self.venue_clock, could_ask_since)

    def _new_limits(self) -> WatchedLimits:
        return WatchedLimits(clock=self.monotonic, wall_clock=self.wall)

    def limited_for_s(self) -> float:
        """Seconds for which VALR's limits are shut, which they are until a full minute of its clock.

        They are for whom it has refused with 429, and for whom others in this process have left no room.
        """
        until = self._next_minute() if self.network.board.has_limited else self._spent_until
        return max(0, until - self.venue_clock()) / _NS_PER_S

    def spend_limits(self, requests: int) -> None:
        """Somebody else in this process sends so many requests by REST, at once, as far as there is room."""
        self._spent_until = self._next_minute()
        limiter = self.limits[-1].limiter(host=_HOST, key="somebody else's")
        for _ in range(requests):
            limiter.try_acquire(Lane.CANCEL, "DELETE /v2/orders/order")

    def _next_minute(self) -> int:
        """When the next full minute of VALR's clock begins, nanoseconds since 1970."""
        minute_ns = 60 * _NS_PER_S
        return (self.venue_clock() // minute_ns + 1) * minute_ns

    # --- others --------------------------------------------------------------------------------------

    def trade(
        self,
        account: str,
        side: BuyOrSell,
        quantity: Decimal,
        price: Decimal,
        *,
        immediate: bool = False,
        customer_order_id: str = "",
    ) -> None:
        """An order that reaches the venue by itself, at once."""
        request = NewOrder(
            symbol=SYMBOL,
            side=side,
            kind="limit",
            quantity=quantity,
            price=price,
            time_in_force="IOC" if immediate else "GTC",
            customer_order_id=customer_order_id,
        )
        order = self.exchange.venue.accept(account, request)
        self.exchange.venue.process(order.order_id)

    @property
    def truth(self) -> Truth:
        """The venue's own records of the connector's account, but for what is judged already."""
        venue, since = self.exchange.venue, self.judged_before
        orders = [*takewhile(lambda order: order.created_at >= since, venue.orders(ACCOUNT))]
        trades = [*takewhile(lambda trade: trade.traded_at >= since, venue.trades(ACCOUNT))]
        return truth_of(reversed(orders), reversed(trades))
