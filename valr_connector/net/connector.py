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
from valr_connector.core.readiness import Part
from valr_connector.core.session import KeepAlive
from valr_connector.errors import (
    ClosedError,
    InvalidArgumentError,
    NotReadyError,
    PermissionDeniedError,
    ValrError,
)
from valr_connector.model.enums import BookFeed, CancelScope, SessionState, Socket
from valr_connector.model.events import (
    CancelOnDisconnectChanged,
    CircuitChanged,
    ConnectionChanged,
    PartRestarted,
    ReadinessChanged,
)
from valr_connector.model.ids import Pair, Symbol
from valr_connector.model.order import CancelAllReport, CloseReport
from valr_connector.net.cancel_on_disconnect import CancelOnDisconnect
from valr_connector.net.circuits import Circuits
from valr_connector.net.clock_sync import ClockSync
from valr_connector.net.event_stream import EventPublisher
from valr_connector.net.gate import Gate
from valr_connector.net.limiter import PROCESS_LIMITS, DialPermit, LimiterRegistry
from valr_connector.net.market_stream import MarketStream
from valr_connector.net.mass_cancel import Farewell, MassCancel
from valr_connector.net.network import Network
from valr_connector.net.order_batch import BatchSender
from valr_connector.net.order_canceller import OrderCanceller
from valr_connector.net.order_gateway import OrderGateway
from valr_connector.net.order_journal import OrderJournal
from valr_connector.net.order_modifier import OrderModifier
from valr_connector.net.outcome_wait import OutcomeWait
from valr_connector.net.public_data import PublicData
from valr_connector.net.reconciler import Reconciler
from valr_connector.net.rest import RestClient
from valr_connector.net.rules_refresh import RulesRefresh
from valr_connector.net.standby import Standby
from valr_connector.net.supervisor import Run, Supervisor
from valr_connector.net.unwanted_orders import UnwantedOrders
from valr_connector.net.user_stream import UserStreamTracker
from valr_connector.net.websocket import FrameTap, SocketHandler, StateListener, WebSocketClient
from valr_connector.observe import metrics as m
from valr_connector.observe.metrics import Metrics
from valr_connector.protocol import endpoints
from valr_connector.protocol.pair_rules import to_pair_infos
from valr_connector.protocol.requests import Lane
from valr_connector.protocol.signing import Credentials

log = logging.getLogger(__name__)

TO_CANCEL, TO_DISARM, TO_HANG_UP = 0.75, 0.1, 0.1
"""Parts of the time for closing; what is left is for everything else."""
DIAL_LANES = {Socket.ACCOUNT: Lane.RECONCILE, Socket.TRADE: Lane.PUBLIC}
"""Both sockets share one limit, and without the account socket every order is in doubt."""


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
        self._credentials = credentials
        self._settings = settings
        self._state = state
        self._pairs = pairs
        self._books = books
        self._publisher = publisher
        self._metrics = metrics
        self._rng = rng
        self._taps = {Socket.ACCOUNT: tap, Socket.TRADE: market_tap}
        self._clocks = clocks or Clocks()
        self._network = network or Network()
        self._timestamps = TimestampSource(ClockOffset())
        self._limiter = (limiters or limits_of(self._clocks)).limiter(
            host=settings.hosts.rest.partition("://")[2],
            key=credentials.fingerprint,
            share=settings.limits_share,
            metrics=metrics,
        )
        self.circuits = Circuits(
            settings.circuits, clock=self._clocks.monotonic, publisher=publisher, metrics=metrics
        )
        state.ledger.watch(self.circuits.note_command)
        self._ready = asyncio.Event()
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
            open_session=self._network.open_session,
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
            fills_wanted_since=None if journal is None else journal.fills_wanted_since,
        )
        self._standby: Standby | None = None
        if settings.warm_standby:
            self._standby = Standby(
                connect=self._connect_standby,
                clock=self._clocks.monotonic,
                metrics=metrics,
                tap=self._taps[Socket.ACCOUNT],
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
        self._wait = OutcomeWait(publisher, self.account.apply)
        self._gate = Gate()
        self.gateway = OrderGateway(
            stream=self.account,
            rest=self.rest,
            ledger=state.ledger,
            tracker=state.tracker,
            questions=state.questions,
            wait=self._wait,
            timeout=round(settings.place_timeout_s * SECOND),
            attempts=settings.place_attempts,
            clock=self._clocks.monotonic,
            metrics=metrics,
            gate=self._gate,
            limiter=self._limiter,
            circuits=self.circuits,
            journal=journal,
        )
        self.canceller = OrderCanceller(
            stream=self.account,
            rest=self.rest,
            ledger=state.ledger,
            questions=state.questions,
            wait=self._wait,
            ask_about=self._reconciler.ask_about,
            timeout=round(settings.cancel_timeout_s * SECOND),
            attempts=settings.cancel_attempts,
            pause=state.patience.pause,
            clock=self._clocks.monotonic,
            metrics=metrics,
            limiter=self._limiter,
            circuits=self.circuits,
        )
        self._reconciler.attach(self.account, self.gateway.place_again)
        self.modifier = OrderModifier(
            stream=self.account,
            rest=self.rest,
            ledger=state.ledger,
            questions=state.questions,
            wait=self._wait,
            ask_about=self._reconciler.ask_about,
            timeout=round(settings.cancel_timeout_s * SECOND),
            clock=self._clocks.monotonic,
            gate=self._gate,
            limiter=self._limiter,
            circuit=self.circuits.socket_orders,
        )
        self.batches = BatchSender(
            stream=self.account,
            rest=self.rest,
            gateway=self.gateway,
            canceller=self.canceller,
            modifier=self.modifier,
            gate=self._gate,
            timeout=round(settings.place_timeout_s * SECOND),
        )
        self._unwanted = UnwantedOrders(
            canceller=self.canceller,
            tracker=state.tracker,
            publisher=publisher,
            ask_about=self._reconciler.ask_about,
            pause=state.patience.pause,
        )
        self.public = PublicData(
            rest=self.rest,
            rules=state.rules,
            clock=self._clocks.monotonic,
            has_key=True,
            on_rules=publisher.publish,
        )
        self._rules_refresh = RulesRefresh(
            public=self.public,
            rules=state.rules,
            publisher=publisher,
            interval_s=settings.rules_interval_s,
            clock=self._clocks.monotonic,
        )
        self._mass_cancel = MassCancel(
            stream=self.account,
            rest=self.rest,
            tracker=state.tracker,
            canceller=self.canceller,
            attempts=settings.cancel_attempts,
            timeout=round(settings.cancel_timeout_s * SECOND),
            pause=state.patience.pause,
        )
        self._cancel_on_disconnect = (
            CancelOnDisconnect(
                send=self.account.client.send, publisher=publisher, timeout_s=settings.cancel_timeout_s
            )
            if settings.cancel_on_disconnect
            else None
        )
        self.market: MarketStream | None = None
        self._is_trade_live = False
        self._subscriptions = (
            publisher.on(ConnectionChanged, self._on_connection),
            publisher.on(CircuitChanged, self._on_circuit),
            publisher.on(CancelOnDisconnectChanged, self._on_cancel_on_disconnect),
        )
        self._note(state.readiness.ready(Part.ORDER_ENTRY))

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
        until = self._clocks.monotonic() + round(self._settings.start_timeout_s * SECOND)
        try:
            async with asyncio.timeout(self._settings.start_timeout_s):
                await self._clock_sync.measure(until=until)
                await self._load_rules(until)
                await self._check_permissions(until)
                self._supervisor.start(self._parts())
                await self._ready.wait()
        except TimeoutError:
            missing = "; ".join(self._state.readiness.missing)
            raise NotReadyError(f"not ready after {self._settings.start_timeout_s} s: {missing}") from None
        if self._failure is not None:
            raise self._failure

    async def close(self) -> CloseReport:
        """Stop everything within the time the settings allow. Cancelled, it stops everything at once.

        Returns:
            What is still open or unknown at VALR.
        """
        self._gate.close()
        farewell = Farewell()
        try:
            if self._settings.on_close == "cancel":
                farewell = await self._mass_cancel.for_good(self._settings.close_timeout_s * TO_CANCEL)
            await self._take_back_cancel_on_disconnect(farewell)
        finally:
            await self._stop()
        remaining = (*self._state.tracker.in_flight.values(), *farewell.survivors)
        return CloseReport(remaining, farewell.is_verified)

    async def abort(self) -> None:
        """Stop everything at once, and leave the orders as they are."""
        self._gate.close()
        await self._stop()

    async def _stop(self) -> None:
        self._wait.abandon("closed before an outcome was known")
        if not self._ready.is_set():
            self._failure = self._failure or ClosedError("closed while it was starting")
            self._ready.set()
        try:
            await self._supervisor.stop()
        finally:
            for unsubscribe in self._subscriptions:
                unsubscribe()
            self.circuits.close()
            await self.rest.close()

    def book(self, pair: str) -> OrderBook:
        """The book of a followed pair.

        Raises:
            UnknownPairError: VALR lists no such pair.
            InvalidArgumentError: its book is not followed.
        """
        book = self.market.books.get(Pair(pair)) if self.market is not None else None
        if book is None:
            self._state.rules.pair(pair)
            raise InvalidArgumentError("pair", pair, "its book is not followed: name it in `pairs`")
        return book

    async def cancel_all(self, scope: CancelScope, symbol: Symbol | None) -> CancelAllReport:
        """Cancel the orders in `scope`, of one pair or of all, within the time that the settings allow."""
        cancel = self._mass_cancel.ours if scope is CancelScope.OURS else self._mass_cancel.everybodys
        return await cancel(symbol, self._settings.cancel_all_timeout_s)

    # --- starting ----------------------------------------------------------------------------------

    async def _load_rules(self, until: int) -> None:
        rows = await self.rest.call_patiently(endpoints.pairs(), until=until)
        for change in self._state.rules.replace(to_pair_infos(rows)):
            self._publisher.publish(change)
        infos = [self._state.rules.pair(pair) for pair in self._pairs]
        self.market = MarketStream(
            connect=self._connect_trade,
            pairs=infos,
            rules=self._state.rules,
            feed=self._books,
            clock=self._clocks.monotonic,
            publisher=self._publisher,
            on_validity=self._note_books,
            metrics=self._metrics,
        )
        self._note(self._state.readiness.ready(Part.TRADING_RULES))

    async def _check_permissions(self, until: int) -> None:
        try:
            row = await self.rest.call_patiently(endpoints.api_key(), until=until)
        except PermissionDeniedError as refused:
            raise PermissionDeniedError(
                f"the API key lacks the permission View access; VALR says: {refused.reason}",
                code=refused.code,
                status=refused.status,
                request=refused.request,
            ) from None
        key = row.to_info()
        lacking = [
            name for name, granted in (("View access", key.can_view), ("Trade", key.can_trade)) if not granted
        ]
        if lacking:
            raise PermissionDeniedError(f"the API key lacks the permission {' and '.join(lacking)}")

    async def _correct_clock(self, used: int) -> bool:
        return await self._clock_sync.correct(used)

    def _parts(self) -> Mapping[str, Run]:
        parts: dict[str, Run] = {
            "account stream": self.account.run,
            "reconciler": self._reconciler.run,
            "unwanted orders": self._unwanted.run,
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
        return self._connect(Socket.ACCOUNT, self._settings.hosts.account_socket, handler, stream.on_state)

    def _connect_standby(self, standby: Standby) -> WebSocketClient:
        url = self._settings.hosts.account_socket
        return self._connect(Socket.ACCOUNT, url, standby, standby.on_state, is_standby=True)

    def _connect_trade(self, stream: MarketStream) -> WebSocketClient:
        return self._connect(Socket.TRADE, self._settings.hosts.trade_socket, stream, stream.on_state)

    def _connect(
        self,
        socket: Socket,
        url: str,
        handler: SocketHandler,
        on_state: StateListener,
        *,
        is_standby: bool = False,
    ) -> WebSocketClient:
        path = "/" + url.split("://", 1)[1].partition("/")[2]
        return WebSocketClient(
            url=url,
            headers=lambda: self._handshake(path),
            handler=handler,
            rng=self._rng,
            name="standby" if is_standby else socket.value,
            keep_alive=KeepAlive(
                ping_s=self._settings.ping_interval_s,
                silence_s=self._settings.silence_timeout_s,
                close_s=self._settings.close_timeout_s * TO_HANG_UP,
            ),
            backoff=self._settings.backoff,
            clock=self._clocks.monotonic,
            on_state=on_state,
            tap=None if is_standby else self._taps[socket],
            dial=self._network.dial,
            metrics=self._metrics,
            permit=DialPermit(self._limiter, Lane.PUBLIC if is_standby else DIAL_LANES[socket]),
            on_refused=lambda: self._correct_clock(self._timestamps.offset.offset_ns),
        )

    def _handshake(self, path: str) -> Mapping[str, str]:
        """Freshly signed for every dial (protocol 2.4)."""
        return self._credentials.auth_headers(self._timestamps.next_ms(self._clocks.wall()), "GET", path)

    # --- readiness ---------------------------------------------------------------------------------

    async def _resync(self, epoch: int) -> None:
        if epoch > 1:
            await self.rest.renew()  # what killed the socket may have killed these connections as well
        await self._reconciler.resync(epoch)
        self._note(self._state.readiness.ready(Part.BALANCES))
        self._note(self._state.readiness.ready(Part.OPEN_ORDERS))

    def _on_connection(self, event: ConnectionChanged) -> None:
        self.circuits.note_connection(event)
        why = event.after.value.lower() + (f" ({event.cause})" if event.cause else "")
        if event.socket is Socket.ACCOUNT:
            self._on_account_connection(event.after, why)
        else:
            self._on_trade_connection(event.after, why)

    def _on_account_connection(self, state: SessionState, why: str) -> None:
        readiness = self._state.readiness
        if state is SessionState.LIVE:
            self._note(readiness.ready(Part.ACCOUNT_STREAM))
            return
        self._note(readiness.not_ready(Part.ACCOUNT_STREAM, why))
        if state is SessionState.IDLE:
            self._note(readiness.not_ready(Part.BALANCES, "the account stream is disconnected"))
            self._note(readiness.not_ready(Part.OPEN_ORDERS, "the account stream is disconnected"))

    def _on_trade_connection(self, state: SessionState, why: str) -> None:
        self._is_trade_live = state is SessionState.LIVE
        if self._is_trade_live:
            self._note_books()
        else:
            self._note(self._state.readiness.not_ready(Part.ORDER_BOOKS, f"the trade stream is {why}"))

    def _on_circuit(self, _: CircuitChanged) -> None:
        readiness, circuits = self._state.readiness, self.circuits
        if circuits.are_orders_cut:
            why = f"{circuits.socket_orders.why_cut}; {circuits.rest_orders.why_cut}"
            self._note(readiness.not_ready(Part.ORDER_ENTRY, why))
        else:
            self._note(readiness.ready(Part.ORDER_ENTRY))

    def _note_books(self) -> None:
        """Books may be used while their connection is live and each of them is valid."""
        readiness = self._state.readiness
        if not self._is_trade_live or self.market is None:
            return  # the connection's own event said why
        if all(book.is_valid for book in self.market.books.values()):
            self._note(readiness.ready(Part.ORDER_BOOKS))
        else:
            self._note(readiness.not_ready(Part.ORDER_BOOKS, "waiting for a valid frame of each pair"))

    def _note(self, change: ReadinessChanged | None) -> None:
        if change is None:
            return
        if change.ready:
            self._ready.set()
        self._publisher.publish(change)

    def _fail(self, failure: ValrError) -> None:
        log.error("the connector stopped: %s", failure)
        self._failure = failure
        self._gate.close()
        self._wait.abandon(str(failure))
        self._ready.set()
        self._on_failure(failure)

    async def _take_back_cancel_on_disconnect(self, farewell: Farewell) -> None:
        """What was to be cancelled and may be open still is better cancelled when the socket closes."""
        if self._cancel_on_disconnect is None:
            return
        may_be_open = self._state.tracker.in_flight or farewell.survivors
        if self._settings.on_close == "leave" or not may_be_open:
            await self._cancel_on_disconnect.disarm(self._settings.close_timeout_s * TO_DISARM)

    def _on_cancel_on_disconnect(self, event: CancelOnDisconnectChanged) -> None:
        readiness = self._state.readiness
        if event.is_armed:
            self._note(readiness.ready(Part.CANCEL_ON_DISCONNECT))
        else:
            self._note(readiness.not_ready(Part.CANCEL_ON_DISCONNECT, event.why_not))
