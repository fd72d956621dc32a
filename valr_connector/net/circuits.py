"""The circuit breakers of the three ways to VALR: their clock, and who hears of their changes.

Orders have two ways, the account socket and REST. While the socket's circuit is open, REST takes over, and
hands back with the trial that succeeds; where both are open, nothing is placed. Market data has one way; its
circuit shows how that stands, and its dials go on by their own back-off.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Final, TypeVar

from valr_connector.core.circuit_breaker import CircuitBreaker, CircuitSettings
from valr_connector.core.commands import CommandFate, SentCommand
from valr_connector.errors import CircuitOpenError
from valr_connector.model.enums import CircuitPath, CircuitState, SessionState, Socket
from valr_connector.model.events import CircuitChanged, ConnectionChanged
from valr_connector.net.event_stream import EventPublisher
from valr_connector.observe import metrics as m

log = logging.getLogger(__name__)

T = TypeVar("T")

_NS_PER_S: Final = 1_000_000_000
# CPython 3.11 takes 0.1 us to find a member in its class, and these are needed with each command.
_CLOSED, _ANSWERED = CircuitState.CLOSED, CommandFate.ANSWERED
_LONGEST_CAUSE: Final = 200
_GAUGE: Final = {CircuitState.CLOSED: 0, CircuitState.HALF_OPEN: 1, CircuitState.OPEN: 2}


class Circuit:
    """One way's circuit breaker on a running clock. Every change is an event, a log line and a metric.

    Args:
        clock: monotonic nanoseconds.
    """

    def __init__(
        self,
        path: CircuitPath,
        *,
        settings: CircuitSettings,
        clock: Callable[[], int],
        publisher: EventPublisher,
        metrics: m.Metrics,
    ) -> None:
        self.path = path
        self._breaker = CircuitBreaker(settings)
        self._clock = clock
        self._publisher = publisher
        self._gauge = metrics.gauge(m.CIRCUIT_STATE, path.value)
        self._openings = metrics.counter(m.CIRCUIT_OPENED, path.value)
        self._cause = ""
        self._timer: asyncio.TimerHandle | None = None

    @property
    def state(self) -> CircuitState:
        """Where it stands."""
        return self._breaker.state

    @property
    def why_cut(self) -> str:
        """In words, for whoever is refused."""
        return f"{self.path.value} failed too often in a row, at last: {self._cause}"

    def allows(self) -> bool:
        """Whether an attempt may go now."""
        return self._breaker.state is _CLOSED or self._watched(self._breaker.allows)

    def enter(self) -> bool:
        """Whether an attempt may go now. Half-open, it is the one that decides: say what became of it."""
        return self._breaker.state is _CLOSED or self._watched(self._breaker.enter)

    def withdrawn(self) -> None:
        """An attempt that had entered was not made after all."""
        self._breaker.withdrawn()

    def succeeded(self, begun: int) -> None:
        """VALR answered what was begun then, whatever it said."""
        if self._breaker.is_untroubled:
            return
        self._watched(lambda now: self._breaker.succeeded(begun, now), "VALR answers")

    def failed(self, begun: int, cause: str) -> None:
        """The transport failed what was begun then."""
        self._cause = cause[:_LONGEST_CAUSE]
        self._watched(lambda now: self._breaker.failed(begun, now), self._cause)

    def close(self) -> None:
        """Leave no timer behind."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _watched(self, act: Callable[[int], T], cause: str = "its pause is over") -> T:
        before = self._breaker.state
        result = act(self._clock())
        after = self._breaker.state
        if after is not before:
            self._changed(before, after, cause)
        return result

    def _changed(self, before: CircuitState, after: CircuitState, cause: str) -> None:
        self._gauge.set(_GAUGE[after])
        log.warning("circuit of %s: %s -> %s (%s)", self.path, before, after, cause, extra={"cause": cause})
        if after is CircuitState.OPEN:
            self._openings.add()
        self._look_again()
        self._publisher.publish(CircuitChanged(self.path, before, after, cause))

    def _look_again(self) -> None:
        """Have the end of the pause noticed when it comes, not when somebody asks."""
        self.close()
        due = self._breaker.half_opens_ns
        if due is not None:
            delay = max(0, due - self._clock()) / _NS_PER_S
            self._timer = asyncio.get_running_loop().call_later(delay, self._on_timer)

    def _on_timer(self) -> None:
        self._timer = None
        if not self.allows():
            self._look_again()  # timers of a loop may fire a little early


class Circuits:
    """All three."""

    def __init__(
        self,
        settings: CircuitSettings,
        *,
        clock: Callable[[], int],
        publisher: EventPublisher,
        metrics: m.Metrics,
    ) -> None:
        self._clock = clock
        self._by_path = {
            path: Circuit(path, settings=settings, clock=clock, publisher=publisher, metrics=metrics)
            for path in CircuitPath
        }
        self.socket_orders = self._by_path[CircuitPath.SOCKET_ORDERS]
        self.rest_orders = self._by_path[CircuitPath.REST_ORDERS]
        self._market_data = self._by_path[CircuitPath.MARKET_DATA]
        self._trade_dialled_ns: int | None = None

    @property
    def states(self) -> Mapping[CircuitPath, CircuitState]:
        """Where each stands."""
        return {path: circuit.state for path, circuit in self._by_path.items()}

    @property
    def are_orders_cut(self) -> bool:
        """Whether both ways of orders are open-circuited."""
        return self.socket_orders.state is self.rest_orders.state is CircuitState.OPEN

    def check_entry(self, *, by_socket: bool, by_rest: bool) -> None:
        """Refuse an order that could take neither of the ways it may take.

        Raises:
            CircuitOpenError: says of each why.
        """
        ways = [*[self.socket_orders] * by_socket, *[self.rest_orders] * by_rest]
        if not any(way.allows() for way in ways):
            raise CircuitOpenError("not sent: " + "; ".join(way.why_cut for way in ways))

    def note_command(self, command: SentCommand, fate: CommandFate) -> None:
        """What became of a command on the account socket; a `CommandWatcher`."""
        if fate is _ANSWERED:
            self.socket_orders.succeeded(command.sent_at)
        elif fate is CommandFate.UNANSWERED:
            self.socket_orders.failed(command.sent_at, f"{command.kind} was not answered")
        else:
            self.socket_orders.withdrawn()

    def note_connection(self, event: ConnectionChanged) -> None:
        """The trade socket got on, or did not: a dial fails that does not end in a live connection."""
        if event.socket is not Socket.TRADE:
            return
        if event.after is SessionState.DIALLING:
            self._trade_dialled_ns = self._clock()
        elif self._trade_dialled_ns is not None and event.after is SessionState.LIVE:
            self._market_data.succeeded(self._trade_dialled_ns)
            self._trade_dialled_ns = None
        elif self._trade_dialled_ns is not None and event.after is SessionState.IDLE:
            self._market_data.failed(self._trade_dialled_ns, event.cause)
            self._trade_dialled_ns = None

    def close(self) -> None:
        """Leave no timer behind."""
        for circuit in self._by_path.values():
            circuit.close()
