"""Where sessions are recorded: an embedded exchange, a connector, and a clock that the script moves.

Everything goes over real sockets, and a second run gives the same bytes: ids and keys come from a seed, time
from the clock, and each step waits until all that was sent has arrived before the next one begins.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from decimal import Decimal
from pathlib import Path
from random import Random

import orjson

from tests.replay.rest_lines import REST
from tests.replay.stage_clock import StageClock
from tests.replay.story import Expected, Plain, note_questions, told
from tests.replay.taps import FRAME_S, CountingTap, RecordedRest
from valr_connector.config import Settings
from valr_connector.core.commands import CommandKind
from valr_connector.core.evidence import Evidence, Says, Source
from valr_connector.core.order_entry import limit_order
from valr_connector.core.order_record import OrderRecord
from valr_connector.exchange import ValrExchange
from valr_connector.model.enums import Side, TimeInForce
from valr_connector.model.events import ConnectionChanged, Event
from valr_connector.model.order import CancelResult, InFlightOrder
from valr_connector.net.connector import Clocks, Connector
from valr_connector.net.journal import Direction, FrameRecorder
from valr_connector.net.network import Network
from valr_connector.net.rest import open_http_session
from valr_connector.protocol.commands import order_command
from valr_connector.protocol.order_requests import ModifyOrder
from valr_connector.simulator.exchange import EmbeddedExchange
from valr_connector.simulator.settings import SimulatorSettings
from valr_connector.simulator.vocabulary import NewOrder, VenueOrder
from valr_connector.simulator.wire import OutboundFrame

PAIR, SYMBOL = "BTC-ZAR", "BTCZAR"
ACCOUNT, COUNTERPARTY = "0", "7"
BALANCES = {"ZAR": Decimal(1_000_000), "BTC": Decimal(5)}
SEED = 19
STEP_S = 0.05
PATIENCE_S = 10.0


class Stage:
    """One recorded session. Steps are methods; each returns when its consequences have arrived.

    Attributes:
        exchange: the embedded exchange.
        valr: the connector under way.
        clock: the time of both.
    """

    def __init__(self, path: Path, settings: SimulatorSettings, note: str) -> None:
        self.clock = StageClock()
        self.exchange = EmbeddedExchange(settings, clock=self.clock.wall, rng=Random(SEED))
        self.exchange.open_account(COUNTERPARTY)
        self._recorder = FrameRecorder(path, note=note, wall=self.clock.wall, monotonic=self.clock.monotonic)
        self._tap = CountingTap(self._recorder, self.clock)
        self._rest = RecordedRest(self, self._record_rest)
        self.valr = ValrExchange.simulated(
            pairs=(),
            exchange=self.exchange,
            settings=Settings(on_close="leave"),
            tap=self._tap,
            clocks=Clocks(monotonic=self.clock.monotonic, wall=self.clock.wall),
            network=Network(open_session=lambda: self._rest.over(open_http_session())),
        )
        self.valr.on(ConnectionChanged, self._recorder.note_connection)
        self.valr.on(Event, self._note)
        self._events: list[Plain] = []
        self._questions: list[Plain] = []
        note_questions(self.valr._state, self._questions)
        self._released = asyncio.Event()

    @asynccontextmanager
    async def open(self) -> AsyncIterator[Stage]:
        """Exchange and connector running; the recording ends with the block."""
        with self._recorder:
            async with self.exchange, self.valr:
                while self.valr.pair_info(PAIR).order_types is None:  # noqa: ASYNC110  no event tells it
                    await asyncio.sleep(0.001)  # what is asked for beside the start is no part of the session
                self._rest.begin()
                await self.settle()
                yield self

    @property
    def connector(self) -> Connector:
        """The parts behind the façade."""
        connector = self.valr._connector
        assert connector is not None
        return connector

    def outcome(self) -> Expected:
        """Where everything stands now, and what was told until now."""
        return Expected.of(self.valr._state, self._events, self._questions)

    def records(self) -> list[OrderRecord]:
        """Every order that the connector tracks or has tracked."""
        return list(self.valr._state.tracker.orders())

    # --- what the connector does -------------------------------------------------------------------

    async def place(
        self,
        client_order_id: str,
        side: Side,
        amount: str,
        price: str,
        *,
        pair: str = PAIR,
        post_only: bool = False,
        time_in_force: TimeInForce = TimeInForce.GTC,
    ) -> InFlightOrder:
        """Place a limit order on the socket."""
        order = await self.valr.place_limit_order(
            pair,
            side,
            amount=amount,
            price=price,
            post_only=post_only,
            time_in_force=time_in_force,
            client_order_id=client_order_id,
        )
        await self.settle()
        return order

    async def place_market(
        self,
        client_order_id: str,
        side: Side,
        *,
        amount: str | None = None,
        quote_amount: str | None = None,
        pair: str = PAIR,
    ) -> InFlightOrder:
        """Place a market order on the socket."""
        order = await self.valr.place_market_order(
            pair, side, amount=amount, quote_amount=quote_amount, client_order_id=client_order_id
        )
        await self.settle()
        return order

    async def cancel(self, client_order_id: str) -> CancelResult:
        """Have an order cancelled; what came of it."""
        outcome = await self.valr.cancel_order(client_order_id)
        await self.settle()
        return outcome.result

    async def place_by_rest(self, client_order_id: str, side: Side, amount: str, price: str) -> InFlightOrder:
        """Place a limit order by REST v2, as the gateway does when the socket takes no command."""
        order = limit_order(
            self.valr.pair_info(PAIR),
            side,
            client_order_id=client_order_id,
            amount=amount,
            price=price,
            post_only=False,
            time_in_force=TimeInForce.GTC,
        )
        order.created_at, order.epoch = self.clock.monotonic(), self.connector.account.epoch
        self.valr._state.tracker.track(order)
        await self.connector.orders.gateway._place_by_rest(order)
        await self.settle()
        return order

    async def modify(self, client_order_id: str, **changes: object) -> None:
        """Send MODIFY_ORDER on the connector's socket; `changes` are those of `ModifyOrder`."""
        order = self.record(client_order_id)
        assert order.exchange_order_id is not None
        request = ModifyOrder(symbol=order.symbol, order_id=order.exchange_order_id, **changes)  # type: ignore[arg-type]  # checked by ModifyOrder
        stream = self.connector.account
        command = self.valr._state.ledger.enter(
            CommandKind.MODIFY, order.client_order_id, stream.epoch, self.clock.monotonic()
        )
        stream.apply(
            Evidence(says=Says.MODIFY_SENT, source=Source.LOCAL, client_order_id=order.client_order_id)
        )
        await stream.client.send(order_command(request, command.message_id))
        await self.settle()

    def record(self, client_order_id: str) -> OrderRecord:
        """The connector's own record of an order."""
        order = self.valr._state.tracker.find(client_order_id)
        assert order is not None
        return order

    async def reconnect(self, meanwhile: Callable[[], object] = lambda: None) -> None:
        """Lose the connection, let something happen `meanwhile`, and come back."""
        await self.silence()
        self.connector.account.client._sleep = self._until_released
        self.valr.drop_account_socket()
        await self.until(lambda: not self.connector.account.is_live and not self._is_served())
        await self.settle()
        meanwhile()
        self._released.set()
        await self.until(lambda: self.connector.account.is_live)
        await self.settle()

    async def _until_released(self, _seconds: float) -> None:
        """The pause before the next dial lasts until the script ends it."""
        await self._released.wait()
        self._released.clear()

    # --- what others do ----------------------------------------------------------------------------

    def trade(
        self, side: Side, amount: str, price: str, *, account: str = COUNTERPARTY, customer_order_id: str = ""
    ) -> VenueOrder:
        """Somebody else places a limit order, at once and without any wire."""
        request = NewOrder(
            symbol=SYMBOL,
            side="buy" if side is Side.BUY else "sell",
            kind="limit",
            quantity=Decimal(amount),
            price=Decimal(price),
            customer_order_id=customer_order_id,
        )
        order = self.exchange.venue.accept(account, request)
        self.exchange.venue.process(order.order_id)
        return order

    def cancel_at_venue(self, client_order_id: str) -> None:
        """The exchange cancels an order of the connector's account by itself."""
        self.exchange.venue.cancel(ACCOUNT, SYMBOL, customer_order_id=client_order_id)

    def hold_back(self, frame_type: str) -> Callable[[], None]:
        """Keep the exchange's next frame of a type from being sent until the result is called."""
        held: list[Mapping[str, object]] = []

        def takes(content: Mapping[str, object]) -> bool:
            if content["type"] != frame_type:
                return False
            held.append(content)
            return True

        def release() -> None:
            (connection,) = self.exchange._account_door.connections
            (content,) = held
            connection.control(OutboundFrame(str(content["type"]), content, orjson.dumps(content)))

        self.exchange.faults.drop_frame(takes)
        return release

    # --- time --------------------------------------------------------------------------------------

    async def settle(self, seconds: float = STEP_S) -> None:
        """Wait until nothing is under way any more; then let time pass, and wait for what that brings."""
        await self.until(self._is_settled)
        self.clock.advance(seconds)
        await self.until(self._is_settled)

    async def silence(self) -> None:
        """Wait until every frame that was sent has arrived."""
        await self.until(self._is_silent)

    async def until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition. It has to hold twice, turns of the loop apart: consequences take a turn."""
        async with asyncio.timeout(PATIENCE_S):
            held = 0
            while True:
                held = held + 1 if condition() else 0
                if held == 2:
                    return
                await asyncio.sleep(FRAME_S)

    def has_no_news(self) -> bool:
        """Whether no frame is on its way, and whoever has to ask something has begun to."""
        due = self.valr._state.questions.next_due()
        return self._is_silent() and (due is None or due > self.clock.monotonic())

    def _record_rest(self, direction: Direction, line: bytes) -> None:
        """Note one half of a REST call."""
        self.clock.advance(FRAME_S)
        self._recorder.record(direction, line, REST)

    def _is_settled(self) -> bool:
        return self.has_no_news() and not self._rest.is_busy and not self.connector._reconciler._asking

    def _is_silent(self) -> bool:
        floor, stats = self.exchange._floor, self.exchange.stats
        nothing_held_back = not floor.work._waiting and not floor.frames._waiting
        sent, taken = _on_account_sockets(stats.frames_out), _on_account_sockets(stats.frames_in)
        return nothing_held_back and sent == self._tap.received and taken == self._tap.sent

    def _is_served(self) -> bool:
        """Whether the exchange still holds an account socket open."""
        return bool(self.exchange._account_door.connections)

    def _note(self, event: Event) -> None:
        plain = told(event)
        if plain is not None:
            self._events.append(plain)


def _on_account_sockets(counts: Mapping[tuple[str, str], int]) -> int:
    return sum(count for (kind, _), count in counts.items() if kind == "account")
