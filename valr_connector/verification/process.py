"""The process that a connector runs in, and its death: at one moment, nothing gets out of it any more.

What it had handed to the machine before stays: frames and requests under way still arrive, and what was
written to a file is in the file, if need be to half of a record.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

from valr_connector.core.session import KeepAlive
from valr_connector.net.dialling import SocketConnection
from valr_connector.net.durable_file import open_unbuffered
from valr_connector.net.http_exchange import Failure, HttpExchange, Limits, Reply
from valr_connector.net.network import Network
from valr_connector.verification.network import SimulatedNetwork
from valr_connector.verification.socket_link import ABNORMAL

_GONE: Final = Failure("the process is gone", may_have_left=False)


class Process:
    """What one process has of the machine.

    Args:
        network: what the machine is connected to.

    Attributes:
        is_dead: whether it was killed.
    """

    def __init__(self, network: SimulatedNetwork) -> None:
        self.is_dead = False
        self._machine = network
        self._network = network.as_network
        self._writes_left = 0
        self._kill: Callable[[], None] | None = None

    @property
    def network(self) -> Network:
        """The machine's network, as long as the process lives."""
        return Network(dial=self._dial, open_session=self._open_session)

    def die(self) -> None:
        """Be killed, now."""
        if self.is_dead:
            return
        self.is_dead = True
        for link in self._machine.links:
            if link.is_open:
                link.abandoned_by_connector()
                link.connector.lose(ABNORMAL)

    def die_writing(self, writes: int, kill: Callable[[], None]) -> None:
        """Be killed, by `kill`, in the middle of the so manieth write to a file."""
        self._writes_left, self._kill = writes, kill

    def open_file(self, path: Path, mode: str) -> BinaryIO:
        """Open a file that the process can write to as long as it lives."""
        return cast("BinaryIO", _File(self, open_unbuffered(path, mode)))

    def write(self, contents: bytes, write: Callable[[bytes], int]) -> int:
        """Write to a file as much as the process still can; returns how much that is."""
        if self.is_dead:
            return 0
        if self._writes_left:
            self._writes_left -= 1
            if not self._writes_left and self._kill is not None:
                self._kill()
                return write(contents[: len(contents) // 2])
        return write(contents)

    async def _dial(self, url: str, headers: Mapping[str, str], limits: KeepAlive) -> SocketConnection:
        if self.is_dead:
            raise ConnectionRefusedError("the process is gone")
        return await self._network.dial(url, headers, limits)

    def _open_session(self) -> HttpExchange:
        return _Session(self, self._network.open_session())


class _Session:
    """The `HttpExchange` of a process that can die."""

    def __init__(self, process: Process, session: HttpExchange) -> None:
        self._process = process
        self._session = session

    async def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, limits: Limits
    ) -> Reply | Failure:
        """See `HttpExchange`."""
        if self._process.is_dead:
            return _GONE
        return await self._session.exchange(method, url, headers, body, limits)

    async def close(self) -> None:
        """See `HttpExchange`."""
        await self._session.close()


class _File(io.RawIOBase):
    def __init__(self, process: Process, file: BinaryIO) -> None:
        super().__init__()
        self._process = process
        self._file = file

    def write(self, contents: Any) -> int:
        return self._process.write(contents, self._file.write)

    def fileno(self) -> int:
        return self._file.fileno()

    def close(self) -> None:
        self._file.close()
        super().close()
