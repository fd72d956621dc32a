"""`ValrExchange`: the door to everything. It holds no logic; a reader learns here what parts there are."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self

from valr_connector.config import Hosts, Settings, key_from_environment
from valr_connector.core import order_log
from valr_connector.core.account_state import AccountState
from valr_connector.core.balances import checked_currency
from valr_connector.core.book_snapshot import BookSnapshot
from valr_connector.core.guards import SECOND
from valr_connector.core.order_book import OrderBook, checked_feed
from valr_connector.core.order_entry import (
    checked_scope,
    checked_side,
    limit_order,
    market_order,
    stop_limit_order,
)
from valr_connector.core.order_record import OrderRecord
from valr_connector.core.rate_limits import LimitUse
from valr_connector.core.readiness import Part, PartStatus, parts_in_use
from valr_connector.core.subscriptions import checked_pairs
from valr_connector.core.trading_rules import TradingRules, quantise_amount, quantise_price
from valr_connector.errors import (
    ClosedError,
    InvalidArgumentError,
    NotReadyError,
    ValrError,
)
from valr_connector.model.account import Balance
from valr_connector.model.enums import (
    BookFeed,
    CancelScope,
    CircuitPath,
    CircuitState,
    OrderType,
    RetryPolicy,
    SessionState,
    Side,
    Socket,
    TimeInForce,
)
from valr_connector.model.events import ConnectionChanged, Restored
from valr_connector.model.ids import ClientOrderId, ClientOrderIds, to_base36
from valr_connector.model.market import PriceLevel
from valr_connector.model.numbers import Number, positive_decimal
from valr_connector.model.operations import BatchOperation
from valr_connector.model.order import (
    CancelAllReport,
    CancelOutcome,
    CloseReport,
    InFlightOrder,
    ModifyOutcome,
)
from valr_connector.net.account_data import AccountData
from valr_connector.net.connector import Clocks, Connector
from valr_connector.net.event_log import EventLog
from valr_connector.net.event_stream import EventPublisher
from valr_connector.net.limiter import LimiterRegistry
from valr_connector.net.market_access import MarketAccess
from valr_connector.net.market_stream import MarketStream
from valr_connector.net.network import Network, dial_over
from valr_connector.net.order_batch import BatchResult
from valr_connector.net.order_desk import OrderDesk, find_order
from valr_connector.net.order_journal import OrderJournal
from valr_connector.net.public_data import PublicData
from valr_connector.net.recording import Recording
from valr_connector.net.websocket import FrameTap
from valr_connector.observe.metrics import Metrics
from valr_connector.observe.spans import Spans, traced
from valr_connector.protocol.order_requests import ModifyMatchStrategy
from valr_connector.protocol.signing import Credentials

if TYPE_CHECKING:
    from valr_connector.dashboard.server import DashboardServer
    from valr_connector.simulator.exchange import EmbeddedExchange


DASHBOARD_PORT: Final = 8321


class ValrExchange(MarketAccess):
    """One account at VALR: place and cancel orders, see balances and prices, follow every event.

    Use it as an async context manager; inside the block it is connected, resynced and ready::

        async with ValrExchange.from_env(pairs=["BTC-ZAR"]) as valr:
            order = await valr.place_limit_order("BTC-ZAR", Side.BUY, amount="0.001", price="950000")
            outcome = await valr.cancel_order(order)

    Args:
        api_key, api_secret: the key in use; needs the permissions View access and Trade, no more.
        pairs: pairs whose books are followed, ``BTC-ZAR``. Orders can be placed on every pair.
        books: what the books are made of; see `BookFeed`.
        subaccount_id: only where a primary key acts for a subaccount (protocol 2.2).
        settings: time-outs, policies, hosts.
        tap, market_tap: see every frame of the account socket, and of the trade socket.
        clocks: the clocks to go by, this machine's own by default.
        network: what VALR is reached through, this machine's own by default.
        limiters: where VALR's limits are counted. By default together with everything in this process that
            uses the same key or host; with clocks of its own, for this object alone.
        rng: source of jitter, and of what tells this instance's order ids from others'.
        journal: file that remembers the orders beyond the death of this process; one file for one account.
            Or the journal itself, not open yet.
        spans: opens a span around each command, to trace them; see `observe.otel`.
        record: directory that every frame, REST call and step is written into, without secrets; see
            `valr replay`.

    Attributes:
        metrics: counters and latencies of everything below.
        simulator: the embedded exchange, where this instance runs against one.

    Raises:
        InvalidArgumentError: key, secret or subaccount id are malformed, their values are not shown; `pairs`
            is no list; there are no such `books`; `settings`, `journal` or `record` are of another type; or
            the directory of `record` holds a recording, or cannot be made.
    """

    def __init__(
        self,
        api_key: str,
        api_secret: str,
        *,
        pairs: Sequence[str],
        books: BookFeed = BookFeed.L1_DIFF,
        subaccount_id: str = "",
        settings: Settings | None = None,
        tap: FrameTap | None = None,
        market_tap: FrameTap | None = None,
        clocks: Clocks | None = None,
        network: Network | None = None,
        limiters: LimiterRegistry | None = None,
        rng: random.Random | None = None,
        journal: Path | OrderJournal | None = None,
        record: Path | None = None,
        spans: Spans | None = None,
    ) -> None:
        _check_type("settings", settings, Settings)
        _check_type("journal", journal, Path, OrderJournal)
        _check_type("record", record, Path)
        self._credentials = Credentials(api_key, api_secret, subaccount_id)
        self._pairs = checked_pairs(pairs)
        self._books = checked_feed(books)
        self._settings = settings or Settings()
        self._clocks = clocks or Clocks()
        self._limiters = limiters
        self._spans = spans
        self._rng = rng or random.Random()  # noqa: S311  nothing secret comes of it
        self.metrics = Metrics()
        self._publisher = EventPublisher(metrics=self.metrics)
        EventLog(self._publisher, self.metrics)
        if isinstance(journal, Path):
            journal = OrderJournal(
                journal,
                wall=self._clocks.wall,
                sync=self._settings.journal_sync,
                secrets=(api_key, api_secret),
            )
        self._journal = journal
        parts = parts_in_use(
            order_books=bool(self._pairs), cancel_on_disconnect=self._settings.cancel_on_disconnect
        )
        self._state = AccountState(
            guards=self._settings.guards,
            patience=self._settings.patience,
            parts=parts,
            strangers=self._settings.stranger_policy,
        )
        network = network or Network(dial=dial_over(self._settings.transport))
        self._recording: Recording | None = None
        if record is not None:
            self._recording = Recording(
                record,
                secrets=(api_key, api_secret),
                wall=self._clocks.wall,
                monotonic=self._clocks.monotonic,
            )
            self._publisher.on(ConnectionChanged, self._recording.note_connection)
            tap = self._recording.tap(Socket.ACCOUNT, tap)
            market_tap = self._recording.tap(Socket.TRADE, market_tap)
            network = self._recording.over(network)
        self._tap = tap
        self._market_tap = market_tap
        self._network = network
        born = to_base36(self._clocks.wall() // 1_000_000) + to_base36(self._rng.getrandbits(20))
        self._ids = ClientOrderIds(self._settings.client_order_id_prefix, born)
        self._is_started = False
        self._connector: Connector | None = None
        self._desk: OrderDesk | None = None
        self._closing = asyncio.Lock()
        self._closing_dashboards = asyncio.Lock()
        self._closed: CloseReport | None = None
        self._failure: ValrError | None = None
        self.simulator: EmbeddedExchange | None = None
        self._owns_simulator = False
        self._dashboards: list[DashboardServer] = []

    @classmethod
    def from_env(
        cls,
        *,
        pairs: Sequence[str],
        books: BookFeed = BookFeed.L1_DIFF,
        settings: Settings | None = None,
        journal: Path | None = None,
        record: Path | None = None,
        spans: Spans | None = None,
    ) -> Self:
        """Credentials from VALR_API_KEY, VALR_API_SECRET and, optionally, VALR_SUBACCOUNT_ID.

        Raises:
            ConfigurationError: a variable is missing or malformed; names it.
            InvalidArgumentError: as `ValrExchange` itself does.
        """
        return cls(
            **key_from_environment(),
            pairs=pairs,
            books=books,
            settings=settings,
            journal=journal,
            record=record,
            spans=spans,
        )

    @classmethod
    def simulated(
        cls,
        *,
        pairs: Sequence[str],
        books: BookFeed = BookFeed.L1_DIFF,
        exchange: EmbeddedExchange | None = None,
        settings: Settings | None = None,
        tap: FrameTap | None = None,
        market_tap: FrameTap | None = None,
        clocks: Clocks | None = None,
        network: Network | None = None,
        limiters: LimiterRegistry | None = None,
        rng: random.Random | None = None,
        journal: Path | None = None,
        record: Path | None = None,
        spans: Spans | None = None,
    ) -> Self:
        """The same object against the embedded exchange, over real sockets on loopback.

        Args:
            exchange: a running embedded exchange; without one, an own one with a living market is started
                and stopped together with this object.
        """
        from valr_connector.simulator.exchange import EmbeddedExchange  # noqa: PLC0415  not for real trading
        from valr_connector.simulator.settings import SimulatorSettings  # noqa: PLC0415

        _check_type("exchange", exchange, EmbeddedExchange)
        venue = exchange or EmbeddedExchange(SimulatorSettings(crowd=True))
        key = venue.add_api_key(venue.settings.account_id)
        valr = cls(
            key.key,
            key.secret,
            pairs=pairs,
            books=books,
            settings=settings,
            tap=tap,
            market_tap=market_tap,
            clocks=clocks,
            network=network,
            limiters=limiters,
            rng=rng,
            journal=journal,
            record=record,
            spans=spans,
        )
        valr.simulator = venue
        valr._owns_simulator = exchange is None
        return valr

    # --- life --------------------------------------------------------------------------------------

    def restore(self, orders: Iterable[OrderRecord]) -> None:
        """Take over orders that somebody else remembers, before `start`, which finds out what became of them.

        Each is told by a `Restored`, as an order from a journal is.

        Raises:
            ClosedError: started already, or closed.
            InvalidArgumentError: a client order id was used before.
        """
        if self._connector is not None or self._closed is not None:
            raise ClosedError("orders are restored before the start")
        now, wall = self._clocks.monotonic(), self._clocks.wall()
        for order in orders:
            order_log.resume(order, now, wall)
            self._take_over(order, now)

    async def start(self) -> None:
        """Connect, authenticate, load rules, balances and open orders; returns once everything is ready.

        With a journal, the orders of earlier processes are restored first, a `Restored` event for each, and
        what became of them meanwhile is told while starting: subscribe before.

        Raises:
            ClosedError: started before, or closed.
            OrderJournalError: the journal is in use, damaged, or cannot be read or written.
            RecordingError: nothing can be written into the directory of `record`.
            AuthenticationError: VALR refused key, secret, signature or address.
            PermissionDeniedError: the key may not read, or may not trade.
            UnknownPairError: VALR lists no such pair.
            NotReadyError: something was not ready within `Settings.start_timeout_s`; names it.
            NotSentError: VALR could not be reached.
            TransportError: VALR did not answer.
            ThrottledError, RateLimitedError: VALR's limits leave no room within that time.
            ExchangeError, DecodeError: VALR answered with another error, or with nonsense.
        """
        if self._is_started or self._closed is not None:
            raise ClosedError("a ValrExchange is started once; make a new one")
        self._is_started = True
        try:
            if self._recording is not None:
                self._recording.start()
                self._state.tell_steps(self._recording.note_step)
            self._restore()
            self._connector = Connector(
                credentials=self._credentials,
                settings=await self._settings_for_simulator(),
                state=self._state,
                pairs=self._pairs,
                books=self._books,
                publisher=self._publisher,
                metrics=self.metrics,
                rng=self._rng,
                on_failure=self._fail,
                tap=self._tap,
                market_tap=self._market_tap,
                clocks=self._clocks,
                network=self._network,
                limiters=self._limiters,
                journal=self._journal,
            )
            await self._connector.start()
        except BaseException:  # a start that is cancelled leaves nothing behind either
            await self.close()
            raise

    async def close(self) -> CloseReport:
        """Refuse placements, cancel or leave the open orders as the settings say, and stop.

        Returns:
            What is still open or unknown at VALR. Calling it again returns the same.
        """
        async with self._closing:
            if self._closed is None:
                try:
                    self._closed = await self._close()
                finally:
                    await self._close_dashboards()
            else:
                await self.abort()  # an earlier one may be under way, or was cancelled
                await self._stop_simulator()
        return self._closed

    async def abort(self) -> None:
        """Stop as the death of this process would: nothing more is cancelled, sent, written down or told.

        What is open stays open, and the order journal says what it says: to rehearse a recovery.
        """
        if self._closed is None:
            self._closed = CloseReport(tuple(self._state.tracker.in_flight.values()))
        self._publisher.close()
        if self._journal is not None:
            self._journal.release()
        if self._connector is not None:
            await self._connector.abort()
        if self._recording is not None:
            await self._recording.close()
        await self._close_dashboards()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    @property
    def ready(self) -> bool:
        """Whether everything needed to trade is in place right now."""
        return self._closed is None and self._state.readiness.is_ready

    @property
    def failure(self) -> ValrError | None:
        """What stopped this instance for good, such as a revoked key; None where nothing did.

        Every reader of `events()` gets it raised.
        """
        return self._failure

    @property
    def is_closed(self) -> bool:
        """Whether closing is over."""
        return self._closed is not None

    @property
    def status(self) -> Mapping[Part, PartStatus]:
        """Each part: ready or not, and why not."""
        return self._state.readiness.parts

    @property
    def circuits(self) -> Mapping[CircuitPath, CircuitState]:
        """The circuit breaker of each way to VALR; a `CircuitChanged` tells each change.

        Raises:
            NotReadyError: never started.
        """
        return self._started().circuits.states

    @property
    def connections(self) -> Mapping[Socket, SessionState]:
        """Where the connection of each socket stands; a `ConnectionChanged` tells each change.

        Raises:
            NotReadyError: never started.
        """
        return self._started().states

    @property
    def permissions(self) -> frozenset[str]:
        """What the key may do, in VALR's words (protocol 2.1); empty until VALR said so while starting.

        Raises:
            NotReadyError: never started.
        """
        return self._started().permissions

    async def ping(self) -> None:
        """Send a PING on the account socket, besides those of the keep-alive; nothing while it is not open.

        `metrics` has its round trip as soon as it is answered.

        Raises:
            NotReadyError, ClosedError: never started, or closed.
        """
        await self._running().account.client.ping()

    @property
    def limits(self) -> tuple[LimitUse, ...]:
        """How much of VALR's request limits is in use, of those that were needed so far (protocol 4).

        Raises:
            NotReadyError: never started.
        """
        return self._started().limits

    # --- orders ------------------------------------------------------------------------------------

    async def place_limit_order(
        self,
        pair: str,
        side: Side,
        *,
        amount: Number,
        price: Number,
        post_only: bool = False,
        time_in_force: TimeInForce = TimeInForce.GTC,
        client_order_id: str | None = None,
        retry: RetryPolicy | None = None,
    ) -> InFlightOrder:
        """Place a limit order; returns once VALR confirmed or refused it, or its outcome is unknown.

        The price is put on the pair's grid, a buy rounded down and a sell up; the amount is rounded down.

        Args:
            amount: base currency. A float is refused.
            price: quote currency per unit of base currency. A float is refused.
            post_only: fail rather than take liquidity.
            client_order_id: never to be used twice; made up where None.
            retry: when it may be sent a second time; None takes `Settings.retry`. While the account socket is
                away it is placed by REST, unless the policy is "never".

        Returns:
            The order: ``status`` says what VALR said, ``placement`` UNKNOWN that it said nothing in time.
            A refusal is a FAILED order with its ``failure_reason``, not an exception; so is an order that
            VALR's limits or a lost connection kept from being sent in time.

        Raises:
            InvalidArgumentError, OrderRuleError: an argument or the order breaks a rule; nothing was sent.
            UnknownPairError: VALR lists no such pair.
            NotReadyError: not in step with VALR yet, or not connected under "never"; nothing was sent.
            CircuitOpenError: every way there has failed too often of late; nothing was sent.
            ClosedError: closing began, or a failure stopped this instance; nothing was sent.
            JournalWriteError: the journal could not be written; nothing was sent.
        """
        desk = self._open_desk()
        info, name, policy = desk.admit(pair, client_order_id, retry)
        order = limit_order(
            info,
            side,
            client_order_id=name,
            amount=amount,
            price=price,
            post_only=post_only,
            time_in_force=time_in_force,
            retry=policy,
        )
        return await desk.place(order)

    async def place_market_order(
        self,
        pair: str,
        side: Side,
        *,
        amount: Number | None = None,
        quote_amount: Number | None = None,
        client_order_id: str | None = None,
        retry: RetryPolicy | None = None,
    ) -> InFlightOrder:
        """Place a market order, sized in base currency or in quote currency.

        Returns and raises as `place_limit_order` does.
        """
        desk = self._open_desk()
        info, name, policy = desk.admit(pair, client_order_id, retry)
        order = market_order(
            info, side, client_order_id=name, amount=amount, quote_amount=quote_amount, retry=policy
        )
        return await desk.place(order)

    async def place_stop_limit_order(
        self,
        pair: str,
        side: Side,
        *,
        order_type: OrderType,
        amount: Number,
        price: Number,
        stop_price: Number,
        client_order_id: str | None = None,
        retry: RetryPolicy | None = None,
    ) -> InFlightOrder:
        """Place a limit order that VALR holds back until the last price reaches `stop_price`.

        It goes by REST, the only way there is (protocol 10.4), and counts as open while it waits. One that
        would be triggered at once is a FAILED order.

        Args:
            order_type: ``OrderType.STOP_LOSS_LIMIT`` or ``OrderType.TAKE_PROFIT_LIMIT``.
            amount: base currency.
            price: quote currency per unit of base currency, of the order that is placed then.
            stop_price: the same, what it waits for; must differ from the last traded price.

        Returns and raises as `place_limit_order` does.
        """
        desk = self._open_desk()
        info, name, policy = desk.admit(pair, client_order_id, retry, rest_only=True)
        order = stop_limit_order(
            info,
            side,
            client_order_id=name,
            order_type=order_type,
            amount=amount,
            price=price,
            stop_price=stop_price,
            retry=policy,
        )
        return await desk.place(order)

    async def cancel_order(self, order: InFlightOrder | str) -> CancelOutcome:
        """Cancel an order; returns once VALR said what became of it.

        A fill that comes first wins: the outcome is then FILLED. After `Settings.cancel_attempts` it is
        STILL_OPEN where VALR was asked and says so, and UNKNOWN where it could not be asked; the order stays
        tracked.

        Args:
            order: an order, or its client order id.

        Raises:
            InvalidArgumentError: `order` is neither.
            UnknownOrderError: it is not tracked here, as `order` says.
            NotReadyError: never started.
            ClosedError: closing is over.
        """
        canceller = self._running().orders.canceller
        record = find_order(self._state, order)
        return await traced(self._spans, "valr.cancel_order", record, lambda: canceller.cancel(record))

    async def cancel_all(
        self, scope: CancelScope | str = CancelScope.OURS, pair: str | None = None
    ) -> CancelAllReport:
        """Cancel many orders; returns once VALR said of each that it has ended, or time is up.

        Args:
            scope: "ours", the orders that this instance tracks, of all pairs or of `pair`; "pair", all open
                orders of the account in `pair`; "account", all open orders of the account. The last two
                concern other programs' orders as well, and those placed by hand.
            pair: ``BTC-ZAR``.

        Returns:
            What became of each within `Settings.cancel_all_timeout_s`, and what remains.

        Raises:
            InvalidArgumentError: there is no such scope, or `pair` does not fit it.
            UnknownPairError: VALR lists no such pair.
            NotReadyError, ClosedError: as in `cancel_order`.
        """
        connector = self._running()
        checked = checked_scope(scope, pair)
        symbol = None if pair is None else self._state.rules.symbol_of(pair)
        return await connector.orders.cancel_all(checked, symbol)

    async def modify_order(
        self,
        order: InFlightOrder | str,
        *,
        price: Number | None = None,
        remaining_amount: Number | None = None,
        total_amount: Number | None = None,
        on_match: ModifyMatchStrategy = ModifyMatchStrategy.RETAIN_ORIGINAL,
    ) -> ModifyOutcome:
        """Change price or size of an open limit order under the same id; returns once the outcome is known.

        A smaller size keeps the place in the queue; a larger one or another price loses it (protocol 10.5).
        A stop-limit order is a limit order from its triggering on; VALR refuses to modify it before.
        Modifies of one order go one after the other, and one that is MODIFIED shows its new terms.

        Args:
            order: an order, or its client order id.
            price: quote currency per unit of base currency, put on the pair's grid as in `place_limit_order`.
            remaining_amount: base currency that is to be left open; excludes `total_amount`.
            total_amount: base currency, what was executed included; below that VALR cancels the order.
            on_match: what VALR does where the change would match: keep the order as it was, cancel it, or
                price it one tick off the other side.

        Raises:
            InvalidArgumentError, OrderRuleError: an argument or the change breaks a rule; nothing was sent.
            UnknownOrderError: it is not tracked here, as `order` says.
            NotReadyError: never started.
            ClosedError: closing began, or a failure stopped this instance.
        """
        return await self._open_desk().modify(
            order,
            price=price,
            remaining_amount=remaining_amount,
            total_amount=total_amount,
            on_match=on_match,
        )

    async def batch(self, operations: Sequence[BatchOperation]) -> Sequence[BatchResult]:
        """Send up to 20 operations in one call; returns once VALR said what became of each, or it is unknown.

        The call goes by REST. An operation that VALR accepts is not yet done, and each one succeeds or fails
        alone: a batch is a faster way to send, not a transaction (protocol 10.8).

        Args:
            operations: placements and cancels, or modifies and cancels, each order meant once.

        Returns:
            One result for each operation, in order, as the call for that single operation returns it.

        Raises:
            InvalidArgumentError, OrderRuleError: an operation or the batch breaks a rule; nothing was sent.
            UnknownPairError, UnknownOrderError: an operation names what there is not; nothing was sent.
            NotReadyError, CircuitOpenError, ClosedError, JournalWriteError: as in `place_limit_order`;
                nothing was sent.
        """
        return await self._open_desk().batch(operations)

    @property
    def orders(self) -> Mapping[ClientOrderId, InFlightOrder]:
        """Orders in flight by client order id, oldest first: open, unconfirmed and unknown ones."""
        return self._state.tracker.in_flight

    def order(self, client_order_id: str) -> InFlightOrder:
        """An order placed, restored or adopted by this instance, in flight or ended lately.

        Raises:
            InvalidArgumentError: `client_order_id` is no text.
            UnknownOrderError: there is none, or it ended long ago.
        """
        return find_order(self._state, client_order_id)

    # --- account and market ------------------------------------------------------------------------

    @property
    def balances(self) -> Mapping[str, Balance]:
        """Every wallet by currency code; the rand is ``ZAR``."""
        return self._state.balances.by_currency

    def balance(self, currency: str) -> Balance:
        """One wallet; zero where VALR lists none.

        Raises:
            InvalidArgumentError: `currency` is no code, but "zar" for instance, or VALR's own "R".
        """
        return self._state.balances[checked_currency(currency, self.balances)]

    def quantise_price(self, pair: str, side: Side, price: Number) -> Decimal:
        """The price that an order at `price` gets: on the pair's grid, a buy rounded down, a sell up.

        Raises:
            UnknownPairError: VALR lists no such pair.
            NotReadyError: not started: no pairs are loaded.
            InvalidArgumentError: there is no such side, or the price is no positive exact number.
        """
        info = self._state.rules.pair(pair)
        return quantise_price(info, checked_side(side), positive_decimal("price", price))

    def quantise_amount(self, pair: str, amount: Number) -> Decimal:
        """The size that an order of `amount` gets: whole steps of the base currency, rounded down.

        Raises:
            UnknownPairError: VALR lists no such pair.
            NotReadyError: not started: no pairs are loaded.
            InvalidArgumentError: the amount is no positive exact number.
        """
        return quantise_amount(self._state.rules.pair(pair), positive_decimal("amount", amount))

    @property
    def followed_pairs(self) -> tuple[str, ...]:
        """The pairs whose books are followed."""
        return self._pairs

    def book(self, pair: str) -> OrderBook:
        """The live book of a followed pair: always the same object.

        While it may not be used, reading it raises `InvalidBookError`, and its `if_valid` is None. What
        happens to it is told by `BookChanged`, `TopOfBookChanged`, `BookInvalidated` and `BookResynced`.

        Raises:
            UnknownPairError: VALR lists no such pair.
            InvalidArgumentError: its book is not followed.
            NotReadyError: not started.
            ClosedError: closed, or stopped by a failure: there will be no price any more.
        """
        return self._unfailed().book(pair)

    def book_without_own_orders(self, pair: str) -> BookSnapshot:
        """The book as it is now without what this instance's orders add to it.

        Raises:
            InvalidBookError: the book may not be used now.
            UnknownPairError, InvalidArgumentError, NotReadyError, ClosedError: as `book` does.
        """
        return self.book(pair).without(self.orders.values())

    def best_bid(self, pair: str) -> PriceLevel | None:
        """Highest bid of a followed pair; None while its book is invalid or has none. Raises as `book`."""
        book = self.book(pair).if_valid
        return None if book is None else book.best_bid

    def best_ask(self, pair: str) -> PriceLevel | None:
        """Lowest ask of a followed pair; None while its book is invalid or has none. Raises as `book`."""
        book = self.book(pair).if_valid
        return None if book is None else book.best_ask

    def book_age_s(self, pair: str) -> float | None:
        """Seconds since the last frame of a pair's book; None while it is invalid. Raises as `book`.

        A quiet pair's book grows old without being wrong (protocol 18.6).
        """
        book = self.book(pair).if_valid
        return None if book is None else book.age_ns(self._clocks.monotonic()) / SECOND

    def mid_price(self, pair: str) -> Decimal | None:
        """Half way between best bid and best ask; None unless there are both. Raises as `book`."""
        book = self.book(pair).if_valid
        return None if book is None else book.mid_price

    @property
    def public(self) -> PublicData:
        """What VALR tells by REST: currencies, summaries, trades, candles, futures, its status and clock.

        Raises:
            NotReadyError: not started yet.
            ClosedError: closed.
        """
        return self._running().public

    @property
    def account(self) -> AccountData:
        """What VALR's records say of the account: fees, trades, orders, and everything that was booked.

        Raises:
            NotReadyError: not started yet.
            ClosedError: closed.
        """
        return self._running().account_data

    async def serve_dashboard(
        self, port: int = DASHBOARD_PORT, *, host: str = "127.0.0.1", token: str | None = None
    ) -> str:
        """Show what happens here as a page for browsers, until closing is over. It cannot change anything.

        Args:
            port: 0 takes a free one.
            host: address to listen on; others than 127.0.0.1 need a token.
            token: at least 16 characters; the page is opened with ``?token=...`` then.

        Returns:
            Where the page is, without the token.

        Raises:
            NotReadyError, ClosedError: not started, closed, or stopped by a failure.
            InvalidArgumentError: the address cannot be listened on, has no token, or the token is too short.
        """
        from valr_connector.dashboard.server import DashboardServer  # noqa: PLC0415  brings a web server
        from valr_connector.dashboard.watch import Watch  # noqa: PLC0415

        async with self._closing:
            self._running()
            title = "the embedded exchange" if self.simulator is not None else "VALR"
            watch = Watch(self, title=title, monotonic=self._clocks.monotonic, wall=self._clocks.wall)
            try:
                server = DashboardServer(watch, host=host, port=port, token=token)
            except InvalidArgumentError:
                watch.close()
                raise
            await server.start()
            self._dashboards.append(server)
        return server.url

    def drop_account_socket(self) -> None:
        """Cut the account connection abruptly, to rehearse a recovery.

        Raises:
            NotReadyError: never started.
        """
        self._started().account.client.drop()

    # ------------------------------------------------------------------------------------------------

    async def _close(self) -> CloseReport:
        report = CloseReport(tuple(self._state.tracker.in_flight.values()))
        try:
            if self._connector is not None:
                report = await self._connector.close()
        finally:
            self._publisher.close()
            if self._journal is not None:
                self._journal.close()
            try:
                if self._recording is not None:
                    await self._recording.end(self._state)
            finally:
                await self._stop_simulator()
        return report

    async def _stop_simulator(self) -> None:
        if self.simulator is not None and self._owns_simulator:
            await self.simulator.stop()

    async def _close_dashboards(self) -> None:
        """Forget one only when it is closed: whoever does it can be cancelled, and others do it then."""
        async with self._closing_dashboards:
            while self._dashboards:
                await self._dashboards[-1].close()
                self._dashboards.pop()

    def _restore(self) -> None:
        if self._journal is None:
            return
        now = self._clocks.monotonic()
        self._state.tracker.watch(self._journal.follow)
        for order in self._journal.open(now):
            self._take_over(order, now)

    def _take_over(self, order: OrderRecord, now: int) -> None:
        self._state.tracker.restore(order, now)
        self._publisher.publish(Restored(order, order.updated_at, order.status, order.executed_amount))

    def _started(self) -> Connector:
        if self._connector is None:
            raise NotReadyError("not started: use 'async with', or await start()")
        return self._connector

    def _running(self) -> Connector:
        if self._closed is not None:
            raise ClosedError("closed")
        return self._started()

    def _unfailed(self) -> Connector:
        if self._failure is not None:
            raise ClosedError(f"stopped by a failure: {self._failure}") from self._failure
        return self._running()

    @property
    def _pair_rules(self) -> TradingRules:
        return self._state.rules

    def _market(self) -> MarketStream:
        market = self._unfailed().market
        if market is None:
            raise NotReadyError("the pairs are not loaded yet")
        return market

    def _open_desk(self) -> OrderDesk:
        if self._desk is None or self._failure is not None or self._closed is not None:
            open_ = self._unfailed()
            self._desk = OrderDesk(open_, self._state, self._ids, self._settings.retry, self._spans)
        return self._desk

    async def _settings_for_simulator(self) -> Settings:
        if self.simulator is None:
            return self._settings
        if self._owns_simulator:
            await self.simulator.start()
        at = self.simulator.endpoints
        hosts = Hosts(rest=at.rest, account_socket=at.ws_account, trade_socket=at.ws_trade)
        return self._settings.model_copy(update={"hosts": hosts})

    def _fail(self, failure: ValrError) -> None:
        self._failure = failure
        self._publisher.close(failure)


def _check_type(field: str, value: object, *kinds: type) -> None:
    if value is not None and not isinstance(value, kinds):
        raise InvalidArgumentError(field, type(value), f"must be of type {kinds[0].__name__}")
