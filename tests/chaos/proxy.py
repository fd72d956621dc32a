"""A TCP proxy that mistreats what passes through it, between the library and a running exchange.

It knows nothing of what it carries but the first line of each connection, which says whether it is the
account socket, the trade socket or REST. What it holds up for an end that has gone is lost with it, as what a
kernel holds of a connection that was torn down; so nothing arrives later than the longest stall.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Iterator
from enum import StrEnum
from random import Random
from typing import Self, cast

HOST = "127.0.0.1"
_HIGH_BIT = 0x80
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)
_TICK_S = 0.02
_COALESCED_FOR_S = 0.06
_LARGEST_PIECE = 200
_THROTTLED_TO = 20_000
"""Bytes per second and direction."""


class Kind(StrEnum):
    """What a connection carries."""

    ACCOUNT = "account"
    TRADE = "trade"
    REST = "rest"


class Conduct(StrEnum):
    """How a connection treats what goes in."""

    FLOW = "flow"
    STALL = "stall"
    """Holds everything up."""
    THROTTLE = "throttle"
    SPLIT = "split"
    """Passes on small pieces."""
    COALESCE = "coalesce"
    """Collects for a while, and passes everything on at once."""
    SWALLOW = "swallow"
    """Loses everything without a word, and the end of the connection too."""


class Way:
    """One direction of a connection."""

    def __init__(self, rng: Random) -> None:
        self.sink: asyncio.Transport | None = None
        self.has_carried = False
        self._rng = rng
        self._conduct = Conduct.FLOW
        self._held = bytearray()
        self._timer: asyncio.Handle | None = None
        self._corrupts_next = False

    @property
    def conduct(self) -> Conduct:
        """How it treats what goes in. What was swallowed once is so for ever."""
        return self._conduct

    @conduct.setter
    def conduct(self, conduct: Conduct) -> None:
        if self._conduct is not Conduct.SWALLOW:
            self._conduct = conduct
            self._work_after(0)

    def corrupt_next(self) -> None:
        """Change one byte of what goes in next."""
        self._corrupts_next = True

    def connect(self, sink: asyncio.Transport) -> None:
        """From now on there is somebody to pass things on to."""
        self.sink = sink
        self._work_after(0)

    def take(self, data: bytes) -> None:
        """Something goes in."""
        if self._corrupts_next:
            self._corrupts_next = False
            data = corrupted(data, self._rng)
        self._held += data
        if self._conduct is Conduct.FLOW:
            self._work()
        else:
            self._work_after(_COALESCED_FOR_S if self._conduct is Conduct.COALESCE else 0)

    def forget(self) -> None:
        """Lose what is held up."""
        self._held.clear()
        if self._timer is not None:
            self._timer.cancel()

    def _work_after(self, seconds: float) -> None:
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(seconds, self._work)

    def _work(self) -> None:
        self._timer = None
        if self._conduct is Conduct.SWALLOW:
            self._held.clear()
        if not self._held or self.sink is None or self._conduct is Conduct.STALL:
            return
        self.has_carried = True
        size, pause_s = self._portion()
        self.sink.write(bytes(self._held[:size]))
        del self._held[:size]
        if self._held:
            self._work_after(pause_s)

    def _portion(self) -> tuple[int, float]:
        """How many bytes go at once, and how long to wait after them."""
        if self._conduct is Conduct.SPLIT:
            return self._rng.randint(1, _LARGEST_PIECE), 0
        if self._conduct is Conduct.THROTTLE:
            return round(_THROTTLED_TO * _TICK_S), _TICK_S
        return len(self._held), 0


def corrupted(data: bytes, rng: Random) -> bytes:
    """One byte with its high bit turned.

    What VALR and a client say is ASCII, so it can be seen to be wrong. A digit that becomes another digit
    could not; on the real exchange TLS makes either a lost connection.
    """
    at = rng.randrange(len(data))
    return data[:at] + bytes([data[at] ^ _HIGH_BIT]) + data[at + 1 :]


class _End(asyncio.Protocol):
    """One end of a connection."""

    def __init__(self, way: Way) -> None:
        self.way = way
        self.transport: asyncio.Transport | None = None
        self.other: _End | None = None
        self.is_lost = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)  # uvloop's does not descend from it

    def data_received(self, data: bytes) -> None:
        self.way.take(data)

    def connection_lost(self, exc: Exception | None) -> None:
        self.is_lost = True
        self.way.forget()
        if self.other is not None:
            self.other.way.forget()
            if self.way.conduct is not Conduct.SWALLOW:
                self.other.leave(abruptly=exc is not None)

    def leave(self, *, abruptly: bool = False) -> None:
        """End this side: with FIN behind what was written, or with RST."""
        transport = self.transport
        if transport is None or self.is_lost:
            return
        if abruptly:
            transport.get_extra_info("socket").setsockopt(
                socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE
            )
            transport.abort()
        else:
            transport.close()


class Wire(_End):
    """One connection through the proxy; itself the library's end."""

    def __init__(self, proxy: Proxy, rng: Random) -> None:
        super().__init__(Way(rng))
        self.kind: Kind | None = None
        self.far = _End(Way(rng))
        self.far.other, self.other = self, self.far
        self._proxy = proxy

    @property
    def is_gone(self) -> bool:
        """Whether neither end is there any more."""
        return self.is_lost and (self.far.is_lost or self.far.transport is None)

    @property
    def ways(self) -> tuple[Way, Way]:
        """To the exchange, and back."""
        return self.way, self.far.way

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self.far.way.connect(cast("asyncio.Transport", transport))
        self._proxy.opened(self)

    def data_received(self, data: bytes) -> None:
        if self.kind is None:
            self.kind = _kind_of(data)
            self._proxy.named(self)
        super().data_received(data)

    def behave(self, conduct: Conduct) -> None:
        """Treat both directions so."""
        for way in self.ways:
            way.conduct = conduct

    def end(self, *, abruptly: bool) -> None:
        """End both sides."""
        self.leave(abruptly=abruptly)
        self.far.leave(abruptly=abruptly)

    async def reach(self, port: int) -> None:
        """Connect to the exchange."""
        loop = asyncio.get_running_loop()
        try:
            transport, _ = await loop.create_connection(lambda: self.far, HOST, port)
        except OSError:
            self.leave(abruptly=True)
            return
        if self.is_lost:
            transport.abort()
        else:
            self.way.connect(transport)


def _kind_of(first: bytes) -> Kind:
    target = first.split(b" ", 2)[1] if first.count(b" ") >= 2 else b""
    return {b"/ws/account": Kind.ACCOUNT, b"/ws/trade": Kind.TRADE}.get(target, Kind.REST)


class Proxy:
    """Listens on loopback, in front of an exchange that listens at `port`. Used as an async context manager.

    Args:
        rng: where pieces are cut and which byte is corrupted.
    """

    def __init__(self, port: int, rng: Random) -> None:
        self.port = 0
        self._exchange_port = port
        self._rng = rng
        self._wires: list[Wire] = []
        self._conduct: dict[Kind, Conduct] = dict.fromkeys(Kind, Conduct.FLOW)
        self._server: asyncio.Server | None = None
        self._reaching: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        await self.listen()
        return self

    async def __aexit__(self, *_: object) -> None:
        self.refuse()
        for wire in self._wires:
            wire.end(abruptly=True)
        await asyncio.gather(*self._reaching)
        await asyncio.sleep(0.01)  # aborted transports go

    async def listen(self) -> None:
        """Accept connections, on the same port as before."""
        if self._server is None:
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(lambda: Wire(self, self._rng), HOST, self.port)
            self.port = self._server.sockets[0].getsockname()[1]

    def refuse(self) -> None:
        """Refuse new connections; those that are open stay."""
        if self._server is not None:
            self._server.close()
            self._server = None

    def wires(self, *kinds: Kind) -> list[Wire]:
        """The connections of these kinds that both ends believe in."""
        return [
            wire
            for wire in self._wires
            if wire.kind in kinds
            and not wire.is_lost
            and all(way.conduct is not Conduct.SWALLOW for way in wire.ways)
        ]

    def deceives(self, *kinds: Kind) -> bool:
        """Whether the library still holds a connection of these kinds for open that swallows."""
        return any(
            wire.kind in kinds and not wire.is_lost and Conduct.SWALLOW in {way.conduct for way in wire.ways}
            for wire in self._wires
        )

    def behave(self, conduct: Conduct, *kinds: Kind) -> None:
        """Treat connections of these kinds so, those too that are still to come."""
        for kind in kinds:
            self._conduct[kind] = conduct
        for wire in self.wires(*kinds):
            wire.behave(conduct)

    def bury_orphans(self) -> None:
        """Tell the exchange of connections that the library has given up while they were swallowed."""
        for wire in self._wires:
            if wire.is_lost:
                wire.far.leave(abruptly=True)
        self._wires = [wire for wire in self._wires if not wire.is_gone]

    # --- told by the wires ---------------------------------------------------------------------------

    def opened(self, wire: Wire) -> None:
        """A connection was accepted."""
        self._wires.append(wire)
        task = asyncio.create_task(wire.reach(self._exchange_port))
        self._reaching.add(task)
        task.add_done_callback(self._reaching.discard)

    def named(self, wire: Wire) -> None:
        """What a connection carries is known."""
        assert wire.kind is not None
        wire.behave(self._conduct[wire.kind])


def each_way(wires: list[Wire]) -> Iterator[Way]:
    """All directions that have carried something: neither end is in its handshake any more."""
    for wire in wires:
        if all(way.has_carried for way in wire.ways):
            yield from wire.ways
