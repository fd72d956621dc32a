"""One world for one schedule: a venue with other traders, the network, and the connector between."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from random import Random
from typing import Any, Final

from valr_connector.config import Hosts, Settings
from valr_connector.exchange import ValrExchange
from valr_connector.model.events import Event
from valr_connector.model.order import CloseReport
from valr_connector.net.connector import Clocks
from valr_connector.simulator.exchange import EmbeddedExchange
from valr_connector.simulator.pairs import DEFAULT_PAIRS
from valr_connector.simulator.settings import SimulatorSettings
from valr_connector.simulator.vocabulary import BuyOrSell, NewOrder
from valr_connector.verification.invariants import Truth, truth_of
from valr_connector.verification.network import SimulatedNetwork
from valr_connector.verification.schedule import Schedule
from valr_connector.verification.story import OrderStory, Recorder
from valr_connector.verification.trace import Trace
from valr_connector.verification.virtual_loop import running_loop

PAIR: Final = "BTC-ZAR"
SYMBOL: Final = "BTCZAR"
ACCOUNT: Final = "0"
MAKER: Final = "7"
TAKER: Final = "9"
START_WALL_NS: Final = 1_790_000_000_000_000_000
_NS_PER_S: Final = 1_000_000_000
_BALANCES: Final = {"ZAR": Decimal(100_000_000), "BTC": Decimal(100)}


@dataclass(slots=True)
class Life:
    """One `ValrExchange` from its making to its end.

    Attributes:
        recorder: everything it told.
        closed: what it said when it was closed, if it was.
        closed_at: when that was, VALR's clock, nanoseconds.
    """

    number: int
    valr: ValrExchange
    recorder: Recorder
    closed: CloseReport | None = None
    closed_at: int = 0

    @property
    def is_closed(self) -> bool:
        """Whether it was closed."""
        return self.closed is not None

    def client_order_id(self, name: str) -> str:
        """The id of the order that a schedule calls by that name: each life has ids of its own."""
        return f"{name}-{self.number}"

    def stories(self) -> Sequence[OrderStory]:
        """The story of every order that was placed, those included of which nothing was told yet."""
        for order in self.valr.orders.values():
            self.recorder.of(order)
        return tuple(self.recorder.stories.values())


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
    return Rules(Settings.model_validate(dict(schedule.settings)), venue)


class World:
    """Everything there is while a schedule runs.

    Attributes:
        exchange: the venue and its doors.
        network: what the connector reaches it through.
        settings: what the connector is set to.
        lives: every connector there was, the present one last.
        clock_jump_ns: how far this machine's wall clock is off.
    """

    def __init__(self, schedule: Schedule, rules: Rules, tasks: asyncio.TaskGroup, trace: Trace) -> None:
        self._loop = running_loop()
        self._rng = Random(schedule.seed)
        self.trace = trace
        self.tasks = tasks
        self.clock_jump_ns = 0
        self.lives: list[Life] = []
        self.settings = rules.connector
        self.exchange = EmbeddedExchange(
            rules.venue, clock=self.venue_clock, rng=Random(self._rng.getrandbits(64))
        )
        for account in (MAKER, TAKER):
            self.exchange.open_account(account)
        self.exchange.open()
        self._key = self.exchange.add_api_key(ACCOUNT)
        self.network = SimulatedNetwork(
            self.exchange,
            rng=Random(self._rng.getrandbits(64)),
            latency_s=schedule.latency_s,
            tasks=tasks,
            note=trace.note_bytes if trace.is_on else None,
        )

    # --- time --------------------------------------------------------------------------------------

    def monotonic(self) -> int:
        """Nanoseconds that never step."""
        return self._loop.now_ns

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
        endpoints = self.exchange.endpoints
        hosts = Hosts(
            rest=endpoints.rest, account_socket=endpoints.ws_account, trade_socket=endpoints.ws_trade
        )
        valr = ValrExchange(
            self._key.key,
            self._key.secret,
            pairs=[PAIR],
            settings=self.settings.model_copy(update={"hosts": hosts}),
            clocks=Clocks(self.monotonic, self.wall),
            network=self.network.as_network,
            rng=Random(self._rng.getrandbits(64)),
        )
        recorder = Recorder(self.venue_clock, self.trace.note if self.trace.is_on else None)
        valr.on(Event, recorder.hear)
        self.lives.append(Life(len(self.lives) + 1, valr, recorder))
        return self.life

    def limited_for_s(self) -> float:
        """Seconds that VALR goes on refusing whom it has refused with 429: until its next full minute."""
        minute_ns = 60 * _NS_PER_S
        left_ns = minute_ns - self.venue_clock() % minute_ns
        return left_ns / _NS_PER_S if self.network.board.has_limited else 0.0

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
        """The venue's own records of the connector's account."""
        venue = self.exchange.venue
        return truth_of(reversed(venue.orders(ACCOUNT)), reversed(venue.trades(ACCOUNT)))
