"""One WebSocket within the process: the connector's end, the exchange's end, and two pipes between them.

The connector's end is a `SocketConnection`, the exchange's end a `SocketTransport`; what either sees is what
it would see of a TCP connection. What the connector had sent before it cut the connection still arrives, for
the kernel has it; what a stalled or half-open connection holds up is lost with it.
"""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections import deque
from collections.abc import Callable
from enum import Enum
from typing import Final

from websockets.protocol import State

from valr_connector.core.disconnects import Ending, judge_close
from valr_connector.simulator.transport import Sign
from valr_connector.verification.faults import FaultBoard
from valr_connector.verification.pipe import Pipe
from valr_connector.verification.schedule import FrameFate, FrameFault, SocketName

ABNORMAL: Final = 1006
NORMAL: Final = 1000
CLOSING_TIMEOUT_S: Final = 0.5
"""How long the exchange waits for the answer to its close frame."""
STRANGE_STATUS: Final = b"Frozen Solid"
_KNOWN_STATUSES: Final = tuple(
    b'"%s":"%s"' % (name, status)
    for name in (b"orderStatusType", b"status")
    for status in (b"Placed", b"Partially Filled", b"Order Modified", b"Filled", b"Cancelled", b"Failed")
)
_CHECKSUM: Final = re.compile(rb'(?<="cs":)\d+')


class _Close(Enum):
    SIGN = "close"


class SocketLink:
    """Both ends of one connection.

    Args:
        name: which socket it is.
        board: the faults in force.
        latency: draws how long a frame takes, seconds.
        close_s: how long the connector's closing handshake may take.
        note: told every frame, as it goes in.
    """

    def __init__(
        self,
        name: SocketName,
        board: FaultBoard,
        latency: Callable[[], float],
        close_s: float,
        note: Callable[[str, bytes], None] | None,
    ) -> None:
        self.name = name
        self.board = board
        self.note = note
        self._is_half_open = False
        self.to_exchange: Pipe[bytes | _Close] = Pipe(latency, self._arrive_at_exchange, late_beyond=True)
        self.to_connector: Pipe[bytes | int] = Pipe(latency, self._arrive_at_connector)
        self.connector = ConnectorEnd(self, close_s)
        self.exchange = ExchangeEnd(self)

    @property
    def is_open(self) -> bool:
        """Whether the connector's end is open."""
        return self.connector.state is State.OPEN

    @property
    def is_dead_unnoticed(self) -> bool:
        """Whether nothing arrives any more, while the connector holds it for open."""
        return self._is_half_open and self.is_open

    @property
    def is_idle(self) -> bool:
        """Whether nothing is on its way."""
        return not self.to_connector and not self.to_exchange

    def sent_by_connector(self, data: bytes) -> None:
        """A frame begins its way to the exchange."""
        self._note(">", data)
        fault = self.board.frame(self.name, "out", data)
        if fault is None:
            self.to_exchange.send(data)
        else:
            _FATES_OUT[fault.fate](self, data, fault)

    def sent_by_exchange(self, data: bytes) -> None:
        """A frame begins its way to the connector."""
        self._note("<", data)
        fault = self.board.frame(self.name, "in", data)
        if fault is None:
            self.to_connector.send(data)
        else:
            _FATES_IN[fault.fate](self, data, fault)

    def cut(self, code: int = ABNORMAL) -> None:
        """The exchange ends it: at once for 1006, else with a close frame behind what is on its way."""
        if code != ABNORMAL:
            self.to_connector.send(code)
            return
        self.to_connector.break_off()
        self.to_exchange.break_off()
        self.exchange.lose()
        if not self._is_half_open:
            self.connector.lose(code)

    def freeze(self) -> None:
        """Half-open: nothing arrives any more, and nobody is told."""
        self._is_half_open = True
        self.to_connector.freeze()
        self.to_exchange.freeze()

    def thaw(self) -> None:
        """The network is back, and what it held up arrives, if the connection is still there."""
        self._is_half_open = False
        if self.exchange.has_ended:
            self.connector.lose(ABNORMAL)
        self.to_connector.thaw()
        self.to_exchange.thaw()

    def inject(self, data: bytes) -> None:
        """A frame comes out of nowhere."""
        self._note("<", data)
        self.to_connector.send(data)

    def abandoned_by_connector(self) -> None:
        """The connector has cut its end. The exchange learns of it behind what was sent before."""
        self.to_connector.break_off()
        if self._is_half_open:
            self.to_exchange.break_off()
            self.exchange.lose()
        else:
            self.to_exchange.forget_stalled()
            self.to_exchange.send(_Close.SIGN)

    def abandoned_by_exchange(self) -> None:
        """The exchange has let go of its end."""
        self.to_connector.send(NORMAL)

    def _arrive_at_exchange(self, item: bytes | _Close) -> None:
        if isinstance(item, _Close):
            self.exchange.lose()
        else:
            self.exchange.take(item)

    def _arrive_at_connector(self, item: bytes | int) -> None:
        if isinstance(item, int):
            self.to_exchange.break_off()
            self.exchange.lose()
            self.connector.lose(item)
        else:
            self.connector.take(item)

    def _note(self, way: str, data: bytes) -> None:
        if self.note is not None:
            self.note(f"{self.name} {way}", data)


def _cut_after(link: SocketLink, data: bytes, _fault: FrameFault) -> None:
    """The exchange still gets it; nothing comes back."""
    link.to_exchange.send(data)
    link.abandoned_by_connector()
    link.connector.lose(ABNORMAL)


def _deliver_and_cut(link: SocketLink, data: bytes, _fault: FrameFault) -> None:
    link.to_connector.send(data)
    link.to_connector.send(ABNORMAL)


def reworded(data: bytes) -> bytes:
    """What names an order status, in words that nobody knows."""
    for known in _KNOWN_STATUSES:
        name = known.partition(b":")[0]
        data = data.replace(known, b'%s:"%s"' % (name, STRANGE_STATUS))
    return data


def falsified(data: bytes) -> bytes:
    """A book's frame with another checksum."""
    return _CHECKSUM.sub(lambda found: b"%d" % (int(found[0]) ^ 1), data)


def _send_twice(link: SocketLink, data: bytes, _fault: FrameFault) -> None:
    link.to_connector.send(data)
    link.to_connector.send(data)


_Fate = Callable[[SocketLink, bytes, FrameFault], None]

_FATES_OUT: Final[dict[FrameFate, _Fate]] = {
    FrameFate.DROP: lambda _link, _data, _fault: None,
    FrameFate.LATE: lambda link, data, fault: link.to_exchange.send_late(data, fault.seconds),
    FrameFate.STALL: lambda link, data, fault: link.to_exchange.send(data, stall_s=fault.seconds),
    FrameFate.CUT_BEFORE: lambda link, _data, _fault: link.cut(),
    FrameFate.CUT_AFTER: _cut_after,
}

_FATES_IN: Final[dict[FrameFate, _Fate]] = {
    FrameFate.DROP: lambda _link, _data, _fault: None,
    FrameFate.TWICE: _send_twice,
    FrameFate.LATE: lambda link, data, fault: link.to_connector.send_late(data, fault.seconds),
    FrameFate.STALL: lambda link, data, fault: link.to_connector.send(data, stall_s=fault.seconds),
    FrameFate.CUT_BEFORE: lambda link, _data, _fault: link.cut(),
    FrameFate.CUT_AFTER: _deliver_and_cut,
    FrameFate.TRUNCATE: lambda link, data, _fault: link.to_connector.send(data[: len(data) // 2]),
    FrameFate.REWORD: lambda link, data, _fault: link.to_connector.send(reworded(data)),
    FrameFate.FALSIFY: lambda link, data, _fault: link.to_connector.send(falsified(data)),
}


class ConnectorEnd:
    """The `SocketConnection` that `WebSocketClient` holds."""

    def __init__(self, link: SocketLink, close_s: float) -> None:
        self.state = State.OPEN
        self._link = link
        self._close_s = close_s
        self._code = ABNORMAL
        self._closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._early: list[bytes] = []
        self.take: Callable[[bytes], None] = self._early.append

    @property
    def ending(self) -> Ending:
        """See `SocketConnection`."""
        return judge_close(self._code)

    def attach(self, take: Callable[[bytes], None]) -> None:
        """See `SocketConnection`."""
        self.take = take
        for data in self._early:
            take(data)
        self._early.clear()

    def detach(self) -> None:
        """See `SocketConnection`."""
        self.take = _let_fall

    def write(self, message: bytes) -> bool:
        """See `SocketConnection`."""
        if self.state is not State.OPEN:
            return False
        self._link.sent_by_connector(message)
        return True

    async def drain(self) -> None:
        """See `SocketConnection`. There is always room."""

    async def wait_closed(self) -> None:
        """See `SocketConnection`."""
        await asyncio.shield(self._closed)

    async def close(self) -> None:
        """See `SocketConnection`."""
        if self.state is not State.OPEN:
            return
        self.state = State.CLOSING
        self._link.to_exchange.send(_Close.SIGN)
        await asyncio.wait([self._closed], timeout=self._close_s)
        self.lose(NORMAL)

    def abort(self) -> None:
        """See `SocketConnection`."""
        if self.state is not State.CLOSED:
            self._link.abandoned_by_connector()
            asyncio.get_running_loop().call_soon(self.lose, ABNORMAL)

    def lose(self, code: int) -> None:
        """The connection is gone."""
        if self.state is not State.CLOSED:
            self.state = State.CLOSED
            self._code = code
            self._closed.set_result(None)


class ExchangeEnd:
    """The `SocketTransport` that the exchange serves."""

    def __init__(self, link: SocketLink) -> None:
        self._link = link
        self._inbox: deque[bytes] = deque()
        self._reader: asyncio.Future[None] | None = None
        self._ended = asyncio.Event()

    @property
    def has_ended(self) -> bool:
        """Whether the exchange has lost the connection, or let go of it."""
        return self._ended.is_set()

    async def receive(self) -> str | bytes | Sign:
        """See `SocketTransport`."""
        while not self._inbox:
            if self._ended.is_set():
                return Sign.END
            self._reader = asyncio.get_running_loop().create_future()
            await self._reader
        return self._inbox.popleft()

    def send_at_once(self, data: bytes) -> bool:
        """See `SocketTransport`."""
        if self._ended.is_set():
            return False
        self._link.sent_by_exchange(data)
        return True

    async def send(self, data: bytes) -> None:
        """See `SocketTransport`."""
        if not self.send_at_once(data):
            raise ConnectionResetError

    async def close(self, code: int) -> None:
        """See `SocketTransport`."""
        self._link.cut(code)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSING_TIMEOUT_S):
                await self._ended.wait()
        self.lose()

    def abort(self) -> None:
        """See `SocketTransport`."""
        self._link.cut()

    def take(self, data: bytes) -> None:
        """A frame has arrived."""
        self._inbox.append(data)
        self._wake()

    def lose(self) -> None:
        """The connection is gone."""
        self._ended.set()
        self._wake()

    def _wake(self) -> None:
        if self._reader is not None and not self._reader.done():
            self._reader.set_result(None)


def _let_fall(_: bytes) -> None:
    pass
