"""Has VALR cancel all open orders of the account when the account socket is lost (protocol 16).

VALR forgets the wish together with the connection, so every connection is told anew. Whether it holds is
VALR's word alone: without an answer in time it is told to be off.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from valr_connector.errors import ValrError
from valr_connector.model.enums import SessionState, Socket
from valr_connector.model.events import CancelOnDisconnectChanged, ConnectionChanged
from valr_connector.net.event_stream import EventPublisher
from valr_connector.protocol.commands import cancel_on_disconnect_command


class CancelOnDisconnect:
    """Arms it on every connection of the account socket, while it runs.

    Args:
        send: sends a frame on the account socket.
        timeout_s: how long VALR's answer may take, seconds.
    """

    def __init__(
        self, *, send: Callable[[bytes], Awaitable[None]], publisher: EventPublisher, timeout_s: float
    ) -> None:
        self._send = send
        self._publisher = publisher
        self._timeout_s = timeout_s
        self._connected = asyncio.Event()
        self._answered = asyncio.Event()
        self._is_armed = False
        self._is_asking = False
        self._may_be_armed = False
        publisher.on(ConnectionChanged, self._on_connection)
        publisher.on(CancelOnDisconnectChanged, self._on_answer)

    async def run(self) -> None:
        """Arm it whenever the account socket is connected, until cancelled."""
        while True:
            await self._connected.wait()
            self._connected.clear()
            await self._tell_valr(is_armed=True, within_s=self._timeout_s)

    async def disarm(self, within_s: float) -> None:
        """Take it back, if it may be armed, and wait for VALR's answer, for so many seconds at most."""
        if self._may_be_armed:
            await self._tell_valr(is_armed=False, within_s=within_s)

    async def _tell_valr(self, *, is_armed: bool, within_s: float) -> None:
        self._is_asking = True
        self._may_be_armed = True  # whatever comes back, the command may have arrived
        self._answered.clear()
        try:
            async with asyncio.timeout(within_s):
                await self._send(cancel_on_disconnect_command(is_armed))
                await self._answered.wait()
        except TimeoutError:
            self._tell_off(f"VALR did not answer within {within_s:g} s")
        except ValrError as error:
            self._tell_off(str(error))
        finally:
            self._is_asking = False

    def _tell_off(self, why: str) -> None:
        self._publisher.publish(CancelOnDisconnectChanged(is_armed=False, why_not=why))

    def _on_answer(self, event: CancelOnDisconnectChanged) -> None:
        self._is_armed = event.is_armed
        self._answered.set()

    def _on_connection(self, event: ConnectionChanged) -> None:
        if event.socket is not Socket.ACCOUNT:
            return
        if event.after is SessionState.RESYNCING:
            self._connected.set()
        elif event.after is SessionState.IDLE:
            self._connected.clear()
            self._may_be_armed = False
            if self._is_armed or self._is_asking:
                self._tell_off("the account stream is disconnected")
