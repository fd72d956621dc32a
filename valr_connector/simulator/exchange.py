"""The embedded exchange: a venue behind REST and both sockets, on loopback.

async with EmbeddedExchange() as exchange:
    key = exchange.add_api_key("0")
    print(exchange.endpoints.rest)
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from random import Random
from types import TracebackType
from typing import Any, Self

from valr_connector.simulator.account_socket import AccountDoor
from valr_connector.simulator.answers import Answer
from valr_connector.simulator.authentication import TRADE, VIEW, ApiKey
from valr_connector.simulator.connection import ABNORMAL, Connection
from valr_connector.simulator.crowd import Crowd
from valr_connector.simulator.faults import Faults, SocketKind
from valr_connector.simulator.floor import Floor
from valr_connector.simulator.listener import HOST, Listener
from valr_connector.simulator.past import invented_past
from valr_connector.simulator.rest import RestDoor
from valr_connector.simulator.settings import SimulatorSettings
from valr_connector.simulator.stats import Statistics
from valr_connector.simulator.trade_socket import TradeDoor
from valr_connector.simulator.transport import HttpRequest, Serve
from valr_connector.simulator.venue import Venue

_NS_PER_S = 1_000_000_000
_SERVICE_RESTART = 1012
_SHUTDOWN_TIMEOUT_S = 1.0


@dataclass(frozen=True, slots=True)
class Endpoints:
    """Where a running exchange listens."""

    rest: str
    ws_account: str
    ws_trade: str


class EmbeddedExchange:
    """VALR on 127.0.0.1, as the protocol describes it.

    Args:
        settings: behaviour and delays; the documented VALR by default.
        venue: a venue to serve; by default a new one with the settings' pairs, account and balances.
        clock: wall time in nanoseconds since 1970. Delays use the event loop's time instead.
        rng: source of ids, keys, jitter and the crowd's choices.

    It can be started again after `stop`: the venue, the keys and the port stay.
    """

    def __init__(
        self,
        settings: SimulatorSettings | None = None,
        *,
        venue: Venue | None = None,
        clock: Callable[[], int] = time.time_ns,
        rng: Random | None = None,
    ) -> None:
        self.settings = settings or SimulatorSettings()
        self._rng = rng or Random()
        self._clock = clock
        self.venue = venue or Venue(
            self.settings.pairs,
            clock=clock,
            rng=self._spawn(),
            duplicate_ids_fail_late=self.settings.duplicate_ids_fail_late,
            cancel_all_takes_stops=self.settings.cancel_all_takes_stops,
        )
        self._floor = Floor(self.settings, self.venue, clock, self._spawn())
        if venue is None:
            self.open_account(self.settings.account_id)
        self._crowds = self._gather_crowds() if self.settings.crowd else []
        if self.settings.crowd:
            self._invent_past()
        self._account_door = AccountDoor(self._floor)
        self._trade_door = TradeDoor(self._floor)
        self._rest_door = RestDoor(self._floor)
        self._is_open = False
        self._turning = asyncio.Lock()
        self._listener: Listener | None = None
        self._port = self.settings.port

    @property
    def endpoints(self) -> Endpoints:
        """Where it listens. The port is only known once it has been started."""
        at = f"{HOST}:{self._port}"
        return Endpoints(f"http://{at}", f"ws://{at}/ws/account", f"ws://{at}/ws/trade")

    @property
    def stats(self) -> Statistics:
        """What went through, counted."""
        return self._floor.stats

    @property
    def faults(self) -> Faults:
        """Faults to come; none by default."""
        return self._floor.faults

    @property
    def read_only(self) -> bool:
        """Whether writes are refused (protocol 3.5). Can be set at any time."""
        return self._floor.read_only

    @read_only.setter
    def read_only(self, value: bool) -> None:
        self._floor.read_only = value

    def open_account(
        self,
        account_id: str,
        balances: Mapping[str, Decimal] | None = None,
        *,
        maker_percent: Decimal | None = None,
        taker_percent: Decimal | None = None,
        simple_percent: Decimal | None = None,
        label: str = "",
    ) -> None:
        """Open a further account; balances and fees are those of the settings unless given.

        One whose id is a number is a subaccount of "0", if it is not "0" itself.

        Raises:
            ValueError: the account exists, a balance is negative or not finite, or a percentage is no Decimal
                or takes all of what is received.
        """
        self.venue.open_account(
            account_id,
            self.settings.balances if balances is None else balances,
            maker_percent=self.settings.maker_percent if maker_percent is None else maker_percent,
            taker_percent=self.settings.taker_percent if taker_percent is None else taker_percent,
            simple_percent=self.settings.simple_percent if simple_percent is None else simple_percent,
            label=label,
        )

    def add_api_key(
        self,
        account_id: str,
        *,
        key: str | None = None,
        secret: str | None = None,
        permissions: tuple[str, ...] = (VIEW, TRADE),
        label: str = "embedded",
    ) -> ApiKey:
        """A new key of that account; 64 random hexadecimal digits each, unless given."""
        api_key = ApiKey(
            key or self._hexadecimal(),
            secret or self._hexadecimal(),
            account_id,
            permissions,
            label,
            self._clock(),
        )
        self._floor.keys.add(api_key)
        return api_key

    def revoke_api_key(self, key: ApiKey) -> None:
        """Refuse that key from now on; sockets that it opened stay."""
        self._floor.keys.revoke(key)

    def change_pair(self, symbol: str, **changes: Any) -> None:
        """Change rules of a listed pair, by the fields of `PairSpec`; whoever listens is told.

        Raises:
            KeyError: no such pair is listed.
        """
        self.venue.change_pair(replace(self.venue.pairs[symbol], **changes))

    def drop_sockets(self, kind: SocketKind | None = None, *, code: int = ABNORMAL) -> int:
        """End all sockets, or those of one kind; how many there were.

        1006 cuts them without a close frame; any other code sends one.
        """
        connections = self._connections(kind)
        for connection in connections:
            connection.close(code)
        return len(connections)

    async def start(self) -> Endpoints:
        """Listen; returns where.

        Raises:
            RuntimeError: it runs already.
            OSError: the port is taken.
        """
        async with self._turning:
            if self._is_open:
                raise RuntimeError("the exchange runs already")
            listener = Listener(self.answer, self.admit, compression=self.settings.compression)
            self.open()
            try:
                self._port = await listener.start(self._port)
            except OSError:
                await self._end()
                raise
            self._listener = listener
            return self.endpoints

    def open(self) -> None:
        """Serve whoever calls `answer` and `admit`, without listening. `stop` ends it."""
        self._is_open = True
        self._floor.work.open()
        self._floor.frames.open()
        if self._crowds:
            self._floor.work.after(self.settings.crowd_interval_s, self._step)

    async def answer(self, request: HttpRequest) -> Answer | None:
        """The answer to a REST request; None where a fault cuts the connection instead."""
        return await self._rest_door.answer(request)

    def admit(self, handshake: HttpRequest) -> Answer | Serve:
        """Let a socket in by its handshake, or refuse it with an answer."""
        door = self._account_door if handshake.path == "/ws/account" else self._trade_door
        return door.admit(handshake)

    async def stop(self) -> None:
        """Close everything; accepted commands are still executed. Does nothing if it does not run."""
        async with self._turning:  # one that is about to listen is waited for, and then stopped
            await self._end()

    async def _end(self) -> None:
        if not self._is_open:
            return
        self._is_open = False
        await self._close_sockets()
        self._floor.work.finish()
        if self._listener is not None:
            await self._listener.stop()
            self._listener = None
        # Requests that were still on their way may have brought more.
        self._floor.work.finish()
        self._floor.work.close()
        self._floor.frames.close()
        self._account_door.forget()
        self._trade_door.forget()
        # One turn of the loop lets aborted transports go.
        await asyncio.sleep(0)

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.stop()

    def _connections(self, kind: SocketKind | None = None) -> list[Connection]:
        connections = [*self._account_door.connections, *self._trade_door.connections]
        return [connection for connection in connections if kind in (None, connection.kind)]

    async def _close_sockets(self) -> None:
        """Say good-bye with 1012, as VALR does when it restarts; cut those who do not answer."""
        ends = [connection.ended.wait() for connection in self._connections()]
        self.drop_sockets(code=_SERVICE_RESTART)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_SHUTDOWN_TIMEOUT_S):
                await asyncio.gather(*ends)
        self.drop_sockets()

    def _gather_crowds(self) -> list[Crowd]:
        return [
            Crowd(self.venue, rng=self._spawn(), symbol=symbol, reference_price=price)
            for symbol, price in self.settings.crowd_prices.items()
        ]

    def _invent_past(self) -> None:
        for symbol, price in self.settings.crowd_prices.items():
            pair, now_s = self.venue.pairs[symbol], self._clock() // _NS_PER_S
            for candle in invented_past(pair, price, self.settings.crowd_past_minutes, now_s):
                self._floor.market.note_past(symbol, candle)

    def _step(self) -> None:
        """One moment of the crowd's life, and the next one on its way."""
        if not self._is_open:
            return
        for crowd in self._crowds:
            crowd.step()
        self._floor.work.after(self.settings.crowd_interval_s, self._step)

    def _spawn(self) -> Random:
        """A source of its own for each part, so that one's draws do not change another's."""
        return Random(self._rng.getrandbits(64))

    def _hexadecimal(self) -> str:
        return f"{self._rng.getrandbits(256):064x}"
