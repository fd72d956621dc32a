"""The network between the connector and the embedded exchange, within one process and with faults.

It stands below ``net.websocket`` and ``net.rest``: everything above it is the connector as it is shipped.

What it assumes of a real network, and the connector relies on: a frame arrives while its connection lives,
or not at all; what overtakes a frame on its way to VALR does so at VALR, which is slow to act on it, since
TCP keeps the order; and a placement is executed within the connector's grace, or never: a request within all
of it (``Settings.not_found_grace_s``) from its sending, a frame within four fifths.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from random import Random
from typing import Final

from websockets.datastructures import Headers
from websockets.exceptions import InvalidStatus
from websockets.http11 import Response

from valr_connector.core.session import KeepAlive
from valr_connector.net.network import Network
from valr_connector.simulator.answers import Answer
from valr_connector.simulator.exchange import EmbeddedExchange
from valr_connector.simulator.transport import HttpRequest, Serve
from valr_connector.verification.faults import FaultBoard
from valr_connector.verification.http_link import ADDRESS, HttpLink
from valr_connector.verification.schedule import Cut, DialFate, HalfOpen, Inject, SocketName
from valr_connector.verification.socket_link import ConnectorEnd, SocketLink

_STRANGE_FRAMES: Final = {
    "unknown": b'{"type":"NEW_KIND_OF_NEWS","data":{"orderId":"x"}}',
    "garbage": b'{"type":"ORDER_STATUS_UPDATE","data":',
    "empty": b"",
    "binary": b"\x00\xff\xfe",
}


class SimulatedNetwork:
    """Reaches one embedded exchange.

    Args:
        exchange: is open.
        rng: draws latencies.
        latency_s: the longest way.
        tasks: what goes on here belongs to it.
        note: told every frame, request and answer; for traces.

    Attributes:
        board: the faults in force.
        links: the sockets that were opened and are not gone, by name.
    """

    def __init__(
        self,
        exchange: EmbeddedExchange,
        *,
        rng: Random,
        latency_s: float,
        tasks: asyncio.TaskGroup,
        note: Callable[[str, bytes], None] | None = None,
    ) -> None:
        self.board = FaultBoard(asyncio.get_running_loop().time)
        self.links: list[SocketLink] = []
        self._exchange = exchange
        self._rng = rng
        self._latency_s = latency_s
        self._tasks = tasks
        self._note = note
        self._http = HttpLink(exchange.answer, self.board, self._latency, tasks, note)

    @property
    def as_network(self) -> Network:
        """What a `ValrExchange` is given."""
        return Network(dial=self.dial, open_session=self._http.open_session)

    @property
    def is_idle(self) -> bool:
        """Whether nothing is on its way, anywhere."""
        return not self._http.under_way and all(link.is_idle for link in self.links)

    async def dial(self, url: str, headers: Mapping[str, str], limits: KeepAlive) -> ConnectorEnd:
        """Open a socket; a `Dial`."""
        path = "/" + url.partition("://")[2].partition("/")[2]
        name: SocketName = "trade" if path.endswith("trade") else "account"
        fault = self.board.dial(name)
        if fault is not None and fault.fate is DialFate.HANG:
            await asyncio.sleep(limits.dial_s)
            raise TimeoutError("timed out during opening handshake")
        await asyncio.sleep(self._latency())
        if fault is not None and fault.fate is DialFate.REFUSE:
            raise ConnectionRefusedError("connection refused")
        if fault is not None:
            raise _refused(fault.status)
        admitted = self._exchange.admit(HttpRequest("GET", path, headers, b"", ADDRESS))
        if isinstance(admitted, Answer):
            raise _refused(admitted.status, admitted.data)
        link = SocketLink(name, self.board, self._latency, limits.close_s, self._note)
        self.links = [each for each in self.links if each.is_open or not each.is_idle]
        self.links.append(link)
        self._tasks.create_task(_serve(link, admitted))
        return link.connector

    def cut(self, step: Cut) -> bool:
        """The exchange ends a socket; False where none is open."""
        links = self._open(step.socket)
        for link in links:
            link.cut(step.code)
        return bool(links)

    def freeze(self, step: HalfOpen) -> bool:
        """A socket is half-open, for a while or for ever; False where none is open."""
        links = self._open(step.socket)
        for link in links:
            link.freeze()
            if step.seconds:
                asyncio.get_running_loop().call_later(step.seconds, link.thaw)
        return bool(links)

    def inject(self, step: Inject) -> bool:
        """A strange frame comes in; False where no socket is open."""
        links = self._open(step.socket)
        for link in links:
            link.inject(_STRANGE_FRAMES[step.kind])
        return bool(links)

    def _open(self, name: SocketName) -> list[SocketLink]:
        return [link for link in self.links if link.name == name and link.is_open]

    def _latency(self) -> float:
        return self._rng.random() * self._latency_s


async def _serve(link: SocketLink, serve: Serve) -> None:
    await serve(link.exchange)
    link.abandoned_by_exchange()


def _refused(status: int, body: bytes = b"") -> InvalidStatus:
    return InvalidStatus(Response(status, "refused", Headers(), body))
