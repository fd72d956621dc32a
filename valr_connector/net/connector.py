"""Wires the core to VALR: REST, both sockets, timers, and who tells whom."""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from valr_connector.config import Settings
from valr_connector.core.account_state import AccountState
from valr_connector.core.clock import ClockOffset, TimestampSource
from valr_connector.core.guards import SECOND
from valr_connector.core.order_book import OrderBook
from valr_connector.core.rate_limits import LimitUse
from valr_connector.core.readiness import Part
from valr_connector.errors import (
    ClosedError,
    NotReadyError,
    RateLimitedError,
    ThrottledError,
    ValrError,
)
from valr_connector.model.enums import BookFeed, SessionState, Socket
from valr_connector.model.events import (
    PartRestarted,
)
from valr_connector.model.order import CloseReport
from valr_connector.net.account_data import AccountData
from valr_connector.net.cancel_on_disconnect import CancelOnDisconnect
from valr_connector.net.circuits import Circuits
from valr_connector.net.clock_sync import ClockSync
from valr_connector.net.connections import Connections
from valr_connector.net.event_stream import EventPublisher
from valr_connector.net.key_permissions import check_permissions
from valr_connector.net.limiter import PROCESS_LIMITS, LimiterRegistry
from valr_connector.net.loop_lag import LoopLag
from valr_connector.net.market_stream import MarketStream, followed_book
from valr_connector.net.mass_cancel import Farewell
from valr_connector.net.network import Network
from valr_connector.net.order_commands import OrderCommands
from valr_connector.net.order_journal import OrderJournal
from valr_connector.net.order_metrics import OrderMetrics
from valr_connector.net.public_data import PublicData
from valr_connector.net.readiness_watch import ReadinessWatch
from valr_connector.net.reconciler import Reconciler
from valr_connector.net.rest import RestClient
from valr_connector.net.rules_refresh import RulesRefresh
from valr_connector.net.shared_calls import SharedCalls
from valr_connector.net.standby import Standby
from valr_connector.net.supervisor import Run, Supervisor
from valr_connector.net.user_stream import UserStreamTracker
from valr_connector.net.websocket import FrameTap, SocketHandler, WebSocketClient
from valr_connector.observe import metrics as m
from valr_connector.observe.metrics import Metrics
from valr_connector.protocol import endpoints
from valr_connector.protocol.pair_rules import to_pair_infos
from valr_connector.protocol.signing import Credentials

log = logging.getLogger(__name__)

TO_CANCEL, TO_DISARM, TO_HANG_UP = 0.75, 0.1, 0.1
"""Parts of the time for closing; what is left is for everything else."""


@dataclass(frozen=True, slots=True)
class Clocks:
    """The two clocks in use, both in nanoseconds: one that never steps, one that tells the date."""

    monotonic: Callable[[], int] = time.monotonic_ns
    wall: Callable[[], int] = time.time_ns


def limits_of(clocks: Clocks) -> LimiterRegistry:
    """Where limits are counted by these clocks: for this machine's own, together with the whole process."""
    if clocks == Clocks():
        return PROCESS_LIMITS
    return LimiterRegistry(clock=clocks.monotonic, wall_clock=clocks.wall)


class Connector:
    """One account's connections to VALR, from `start` to `close`.

    Args:
        state: the core that everything feeds.
        pairs: which pairs' books to follow, as users write them.
        books: what the books are made of.
        on_failure: told what no part could mend; everything has stopped by then.
        tap, market_tap: see every frame of the account socket, and of the trade socket.
        network: what VALR is reached through.
        limiters: where VALR's limits are counted; those of the process, unless there are clocks of their own.
        journal: is open, and its orders are in `state`.
    """

    def __init__(
        self,
        *,
        credentials: Credentials,
        settings: Settings,
        state: AccountState,
        pairs: Sequence[str],
        books: BookFeed,
        publisher: EventPublisher,
        metrics: Metrics,
        rng: random.Random,
        on_failure: Callable[[ValrError], None],
        tap: FrameTap | None = None,
        market_tap: FrameTap | None = None,
        clocks: Clocks | None = None,
        network: Network | None = None,
        limiters: LimiterRegistry | None = None,
        journal: OrderJournal | None = None,
    ) -> None:
        self._settings = settings
        self._state = state
        self._pairs = pairs
        self._books = books
        self._publisher = publisher
        self._metrics = metrics
        self._clocks = clocks or Clocks()
        network = network or Network()
        self._timestamps = TimestampSource(ClockOffset())
        self._limiter = (limiters or limits_of(self._clocks)).limiter(
            host=settings.hosts.rest.partition("://")[2],
            key=credentials.fingerprint,
            share=settings.limits_share,
            metrics=metrics,
        )
        self._connections = Connections(
            settings=settings,
            credentials=credentials,
            timestamps=self._timestamps,
            correct_clock=self._correct_clock,
            limiter=self._limiter,
            dial=network.dial,
            rng=rng,
            metrics=metrics,
            close_s=settings.close_timeout_s * TO_HANG_UP,
            taps={Socket.ACCOUNT: tap, Socket.TRADE: market_tap},
            monotonic=self._clocks.monotonic,
            wall=self._clocks.wall,
        )
        self.circuits = Circuits(
            settings.circuits, clock=self._clocks.monotonic, publisher=publisher, metrics=metrics
        )
        self._order_metrics = OrderMetrics(
            state.tracker, publisher=publisher, clock=self._clocks.monotonic, metrics=metrics
        )
        state.ledger.watch(self.circuits.note_command, self._order_metrics.note_command)
        self._resync_latency = metrics.latency(m.RESYNC)
        self._loop_lag = LoopLag(metrics)
        self._failure: ValrError | None = None
        self._on_failure = on_failure
        self._supervisor = Supervisor(self._fail, self._note_restart, clock=self._clocks.monotonic)
        self.rest = RestClient(
            base_url=settings.hosts.rest,
            credentials=credentials,
            timestamps=self._timestamps,
            rng=rng,
            clock=self._clocks.monotonic,
            wall_clock=self._clocks.wall,
            open_session=network.open_session,
            metrics=metrics,
            limiter=self._limiter,
            correct_clock=self._correct_clock,
            order_circuit=self.circuits.rest_orders,
        )
        self._clock_sync = ClockSync(
            rest=self.rest,
            timestamps=self._timestamps,
            limiter=self._limiter,
            publisher=publisher,
            metrics=metrics,
            monotonic=self._clocks.monotonic,
            wall=self._clocks.wall,
            interval=round(settings.clock_interval_s * SECOND),
            drift=round(settings.clock_drift_s * SECOND),
        )
        self._reconciler = Reconciler(
            rest=self.rest,
            tracker=state.tracker,
            questions=state.questions,
            patience=state.patience,
            balances=state.balances,
            publisher=publisher,
            cancel_timeout=round(settings.cancel_timeout_s * SECOND),
            interval=round(settings.reconcile_interval_s * SECOND),
            clock=self._clocks.monotonic,
            server_time=lambda: self._timestamps.offset.server_ns(self._clocks.wall()),
            metrics=metrics,
            fills_wanted_since=None if journal is None else journal.fills_wanted_since,
        )
        self._standby: Standby | None = None
        if settings.warm_standby:
            self._standby = Standby(
                connect=lambda standby: self._connections.standby(standby, standby.on_state),
                clock=self._clocks.monotonic,
                metrics=metrics,
                tap=tap,
            )
        self.account = UserStreamTracker(
            connect=self._connect_account,
            router=state.router,
            ledger=state.ledger,
            publisher=publisher,
            resync=self._resync,
            clock=self._clocks.monotonic,
            metrics=metrics,
            on_rate_limited=self._limiter.command_refused,
        )
        self.orders = OrderCommands(
            settings=settings,
            state=state,
            stream=self.account,
            rest=self.rest,
            ask_about=self._reconciler.ask_about,
            publisher=publisher,
            limiter=self._limiter,
            circuits=self.circuits,
            order_metrics=self._order_metrics,
            metrics=metrics,
            clock=self._clocks.monotonic,
            journal=journal,
        )
        self._reconciler.attach(self.account, self.orders.gateway.place_again)
        self._public_calls = SharedCalls(self.rest, clock=self._clocks.monotonic, limiter=self._limiter)
        self.public = PublicData(
            calls=self._public_calls,
            rules=state.rules,
            has_key=True,
            on_rules=publisher.publish,
        )
        self.account_data = AccountData(rest=self.rest, rules=state.rules)
        self._rules_refresh = RulesRefresh(
            public=self.public,
            rules=state.rules,
            publisher=publisher,
            interval_s=settings.rules_interval_s,
            clock=self._clocks.monotonic,
        )
        self._cancel_on_disconnect = (
            CancelOnDisconnect(
                send=self.account.client.send, publisher=publisher, timeout_s=settings.cancel_timeout_s
            )
            if settings.cancel_on_disconnect
            else None
        )
        self.market: MarketStream | None = None
        self.permissions: frozenset[str] = frozenset()
        self._readiness = ReadinessWatch(
            state.readiness,
            circuits=self.circuits,
            books=lambda: () if self.market is None else self.market.books.values(),
            publisher=publisher,
        )
        self._readiness.ready(Part.ORDER_ENTRY)
        metrics.watch(m.READY, lambda: [((), float(state.readiness.is_ready))])

    async def start(self) -> None:
        """Connect, and return once every part is ready.

        Raises:
            AuthenticationError: key, secret or signature refused.
            PermissionDeniedError: the key may not read, or may not trade.
            UnknownPairError: VALR lists no such pair.
            NotReadyError: not everything was ready in time; names what is missing.
            NotSentError, TransportError: VALR could not be reached, or did not answer.
            ThrottledError, RateLimitedError: VALR's limits leave no room in that time.
            ExchangeError, DecodeError: VALR answered with an error, or with nonsense.
        """
        self._loop_lag.start()
        until = self._clocks.monotonic() + round(self._settings.start_timeout_s * SECOND)
        try:
            async with asyncio.timeout(self._settings.start_timeout_s):
                await self._clock_sync.measure(until=until)
                await self._load_rules(until)
                self.permissions = await check_permissions(self.rest, until)
                self._refuse_if_stopped()  # while VALR's answer was on its way
                self._supervisor.start(self._parts())
                await self._readiness.is_ready.wait()
        except TimeoutError:
            missing = "; ".join((*self._state.readiness.missing, *self._limiter.waits))
            raise NotReadyError(f"not ready after {self._settings.start_timeout_s} s: {missing}") from None
        except (ThrottledError, RateLimitedError) as error:
            error.add_note(
                "There is no room in VALR's limits within what is left of "
                f"start_timeout_s={self._settings.start_timeout_s}; a new minute makes room."
            )
            raise
        self._refuse_if_stopped()

    async def close(self) -> CloseReport:
        """Stop everything within the time the settings allow. Cancelled, it stops everything at once.

        Returns:
            What is still open or unknown at VALR.
        """
        self.orders.shut()
        farewell = Farewell()
        try:
            if self._settings.on_close == "cancel":
                farewell = await self.orders.cancel_for_good(self._settings.close_timeout_s * TO_CANCEL)
            await self._take_back_cancel_on_disconnect(farewell)
        finally:
            await self._stop()
        remaining = (*self._state.tracker.in_flight.values(), *farewell.survivors)
        return CloseReport(remaining, farewell.is_verified)

    async def abort(self) -> None:
        """Stop everything at once, and leave the orders as they are."""
        self.orders.shut()
        await self._stop()

    async def _stop(self) -> None:
        self._loop_lag.stop()
        self.orders.abandon("closed before an outcome was known")
        if not self._readiness.is_ready.is_set():
            self._failure = self._failure or ClosedError("closed while it was starting")
            self._readiness.is_ready.set()
        try:
            await self._supervisor.stop()
        finally:
            self._readiness.close()
            self.circuits.close()
            await self.rest.close()

    @property
    def states(self) -> Mapping[Socket, SessionState]:
        """Where the connection of each socket stands."""
        trade = SessionState.IDLE if self.market is None else self.market.client.session.state
        return {Socket.ACCOUNT: self.account.client.session.state, Socket.TRADE: trade}

    @property
    def limits(self) -> tuple[LimitUse, ...]:
        """How much of VALR's limits is in use."""
        return self._limiter.uses

    def book(self, pair: str) -> OrderBook:
        """The book of a followed pair.

        Raises:
            UnknownPairError: VALR lists no such pair.
            InvalidArgumentError: its book is not followed.
        """
        books = {} if self.market is None else self.market.books
        return followed_book(books, self._state.rules, pair)

    # --- starting ----------------------------------------------------------------------------------

    def _refuse_if_stopped(self) -> None:
        if self._failure is not None:
            raise self._failure

    async def _load_rules(self, until: int) -> None:
        rows = await self._public_calls.call_patiently(endpoints.pairs(), until=until)
        for change in self._state.rules.replace(to_pair_infos(rows)):
            self._publisher.publish(change)
        infos = [self._state.rules.pair(pair) for pair in self._pairs]
        self.market = MarketStream(
            connect=lambda stream: self._connections.trade(stream, stream.on_state),
            pairs=infos,
            rules=self._state.rules,
            feed=self._books,
            clock=self._clocks.monotonic,
            publisher=self._publisher,
            on_validity=self._readiness.note_books,
            metrics=self._metrics,
        )
        self._readiness.ready(Part.TRADING_RULES)

    async def _correct_clock(self, used: int) -> bool:
        return await self._clock_sync.correct(used)

    def _parts(self) -> Mapping[str, Run]:
        parts: dict[str, Run] = {
            "account stream": self.account.run,
            "reconciler": self._reconciler.run,
            "unwanted orders": self.orders.unwanted.run,
            "trading rules": self._rules_refresh.run,
            "clock": self._clock_sync.run,
        }
        if self._standby is not None:
            parts["standby"] = self._standby.run
        if self.market is not None:
            parts["market stream"] = self.market.run
        if self._cancel_on_disconnect is not None:
            parts["cancel on disconnect"] = self._cancel_on_disconnect.run
        return parts

    def _note_restart(self, event: PartRestarted) -> None:
        self._metrics.counter(m.PART_RESTARTS, event.part).add()
        self._publisher.publish(event)

    def _connect_account(self, stream: UserStreamTracker) -> WebSocketClient:
        handler: SocketHandler = stream
        if self._standby is not None:
            handler = self._standby.first(stream, lambda: self.account.is_live)
        return self._connections.account(handler, stream.on_state)

    # --- readiness ---------------------------------------------------------------------------------

    async def _resync(self, epoch: int) -> None:
        if epoch > 1:
            await self.rest.renew()  # what killed the socket may have killed these connections as well
        began = self._clocks.monotonic()
        await self._reconciler.resync(epoch)
        self._resync_latency.record(self._clocks.monotonic() - began)
        self._readiness.ready(Part.BALANCES, Part.OPEN_ORDERS)

    def _fail(self, failure: ValrError) -> None:
        log.error("the connector stopped: %s", failure)
        self._failure = failure
        self.orders.shut()
        self.orders.abandon(str(failure))
        self._readiness.is_ready.set()
        self._on_failure(failure)

    async def _take_back_cancel_on_disconnect(self, farewell: Farewell) -> None:
        """What was to be cancelled and may be open still is better cancelled when the socket closes."""
        if self._cancel_on_disconnect is None:
            return
        may_be_open = self._state.tracker.in_flight or farewell.survivors
        if self._settings.on_close == "leave" or not may_be_open:
            await self._cancel_on_disconnect.disarm(self._settings.close_timeout_s * TO_DISARM)
