"""One socket to VALR, kept open: dial, prove who we are, read, keep alive, back off, dial again.

The decisions are those of ``core.session``, ``core.disconnects`` and ``core.backoff``; here are the socket,
the tasks and the clock that they lack. A frame goes from the transport's callback straight into
:meth:`SocketHandler.on_frame`; no task or queue stands between.
"""

from __future__ import annotations

import asyncio
import logging
import random
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import replace
from typing import Any, Final

from websockets.exceptions import ConnectionClosed
from websockets.protocol import State

from valr_connector.core.backoff import Backoff, BackoffSettings
from valr_connector.core.disconnects import Ending, Verdict, judge_first_frame
from valr_connector.core.session import OPEN_STATES, Action, KeepAlive, Session, SessionEvent
from valr_connector.errors import InvalidArgumentError, NotSentError, OutcomeUnknownError
from valr_connector.model.enums import SessionState
from valr_connector.net.control_frames import read_control
from valr_connector.net.dialling import DIAL_ERRORS, Dial, SocketConnection, dial, hang_up, judge_dial
from valr_connector.net.limiter import DialPermit
from valr_connector.net.socket_counts import ONE_FRAME_IN, SocketCounts
from valr_connector.net.socket_handler import FrameTap, SocketHandler, StateListener
from valr_connector.observe.metrics import Metrics

__all__ = ["PING", "FrameTap", "SocketHandler", "StateListener", "WebSocketClient"]

log = logging.getLogger(__name__)

PING: Final = b'{"type":"PING"}'
_NS_PER_S: Final = 1_000_000_000
_TOO_MANY_REQUESTS: Final = 429
_OPEN: Final = State.OPEN  # CPython 3.11 takes 0.1 us to find a member in its class


class WebSocketClient:
    """Keeps one socket connected.

    Args:
        url: ``ws://`` or ``wss://``.
        headers: makes the handshake's headers; called anew for each dial, since a signature has to be fresh.
        handler: gets the frames.
        rng: for the jitter.
        name: names the socket in logs and metrics.
        requires_authentication: whether VALR has to say AUTHENTICATED first; False for a public socket.
        keep_alive: the deadlines.
        backoff: the waits between dials.
        clock: monotonic nanoseconds.
        sleep: waits for seconds.
        on_state: told about every change of state.
        tap: sees every frame.
        dial: opens a connection.
        metrics: where to count.
        on_refused: awaited after a refusal of who we are, before the next dial; says whether that counts: it
            may be the time in the signature that was wrong.
        permit: asked before each dial, and told of each that VALR refused with 429; None where nobody counts.

    Attributes:
        session: state, epoch, time of the last frame, ping round trip. To be read only.

    Raises:
        InvalidArgumentError: `url` is no WebSocket address.
    """

    def __init__(
        self,
        *,
        url: str,
        headers: Callable[[], Mapping[str, str]],
        handler: SocketHandler,
        rng: random.Random,
        name: str = "account",
        requires_authentication: bool = True,
        keep_alive: KeepAlive | None = None,
        backoff: BackoffSettings | None = None,
        clock: Callable[[], int] = time.monotonic_ns,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
        on_state: StateListener | None = None,
        tap: FrameTap | None = None,
        dial: Dial = dial,
        metrics: Metrics | None = None,
        on_refused: Callable[[], Awaitable[bool]] | None = None,
        permit: DialPermit | None = None,
    ) -> None:
        if not url.startswith(("ws://", "wss://")):
            raise InvalidArgumentError("url", url, "has to begin with ws:// or wss://")
        self.session = Session(keep_alive or KeepAlive())
        self._requires_authentication = requires_authentication
        self._url = url
        self._headers = headers
        self._handler = handler
        self._rng = rng
        self._name = name
        self._backoff = Backoff(backoff or BackoffSettings())
        self._clock = clock
        self._sleep = sleep
        self._on_state = on_state
        self._tap = tap
        self._on_refused = on_refused
        self._permit = permit
        self._dial = dial
        self._note_onlookers()
        self._connection: SocketConnection | None = None
        self._doom: Ending | None = None
        self._pong_or_end = asyncio.Event()
        """Set, and replaced by a new one, with each PONG and with the end of each connection."""
        self._counts = SocketCounts(metrics or Metrics(), name)

    @property
    def epoch(self) -> int:
        """Number of the present connection."""
        return self.session.epoch

    async def run(self) -> None:
        """Stay connected until cancelled.

        Raises:
            AuthenticationError: VALR refused the key, the signature or this address twice in a row.
            PermissionDeniedError: VALR answered the upgrade with 403 twice in a row.
        """
        try:
            while True:
                ending = await self._dial_and_serve()
                if ending.verdict is Verdict.REFUSED:
                    await self._take_refusal(ending)
                self._counts.ended(ending)
                delay = self._backoff.next_delay(
                    stable_s=self.session.stable_ns / _NS_PER_S,
                    random=self._rng.random(),
                    may_hurry=ending.verdict is not Verdict.RETRY_SLOWLY,
                    spent_s=self.session.spent_ns / _NS_PER_S,
                )
                about = {"socket": self._name, "epoch": self.session.epoch, "cause": ending.cause}
                log.warning(
                    "%s socket: %s; dialling again in %.2f s", self._name, ending.cause, delay, extra=about
                )
                await self._sleep(delay)
        finally:
            self._happen(SessionEvent.LOST)  # cancelled in the middle of a dial

    def send(self, frame: bytes) -> Coroutine[Any, Any, None]:
        """Send one text frame, at once. What this returns waits until there is room for another.

        Raises:
            NotSentError: there is no open, authenticated connection; nothing left.
            OutcomeUnknownError: raised by what is awaited: the connection was lost meanwhile, and the frame
                may have left.
        """
        connection = self._connection
        if connection is None or self.session.state not in OPEN_STATES or not connection.write(frame):
            raise NotSentError(f"{self._name} socket is {self.session.state}: nothing was sent")
        self._note_sent(frame)
        return self._until_written(connection)

    async def ping(self) -> None:
        """Send a PING now; nothing without a socket.

        Its PONG proves that everything sent before was read, unless another one came just before it
        (`Session.arrived_by`).
        """
        connection = self._connection
        if connection is not None and self.session.can_send:
            await self._ping(connection)

    async def until_read(self, epoch: int, sent_ns: int) -> None:
        """Wait until VALR has read what was sent then on the connection of that epoch, or never will.

        Its outcome is overdue: VALR is asked for a PONG, and a connection on which nothing comes in for
        ``doubt_s`` after that is cut.
        """
        session = self.session
        while session.arrived_by(epoch, sent_ns) is None:
            apart_s = 0.0 if session.is_asked(sent_ns) else session.apart_s(self._clock())
            if apart_s:
                await asyncio.sleep(apart_s)
                continue
            began, connection, news = self._clock(), self._connection, self._pong_or_end
            try:
                async with asyncio.timeout(session.keep_alive.doubt_s):
                    if not session.is_asked(sent_ns):
                        await self.ping()
                    await news.wait()
            except TimeoutError:
                if connection is not None and connection is self._connection:
                    self._cut_if_silent(connection, began)

    def resynced(self, epoch: int) -> None:
        """Whoever owns the socket has rebuilt what it needs: the connection is live. Late calls are void."""
        if epoch == self.session.epoch:
            self._happen(SessionEvent.RESYNCED)

    def drop(self) -> None:
        """Cut the connection without a word, as a broken network does. Does nothing where there is none."""
        if self._connection is not None:
            self._cut(self._connection, Ending("dropped here"))

    def guarded(self, call: Callable[..., object], *arguments: object) -> None:
        """Call somebody else's code; what it raises is logged and counted, and ends nothing."""
        try:
            call(*arguments)
        except Exception as error:  # noqa: BLE001  the handler's mistakes are its own, and counted
            self._note_error(call, error)

    async def _take_refusal(self, ending: Ending) -> None:
        counts = self._on_refused is None or await self._on_refused()
        if counts and self.session.refused():
            raise ending.refusal(self._name)

    async def _dial_and_serve(self) -> Ending:
        """One epoch, from the dial to the end of the connection."""
        if self._permit is not None:
            await self._permit.acquire()
        self._happen(SessionEvent.DIAL)
        self._counts.dials.add()
        limits = replace(self.session.keep_alive, dial_s=self.session.dial_s)
        try:
            connection = await self._dial(self._url, self._headers(), limits)
        except DIAL_ERRORS as error:
            ending = judge_dial(error)
            if isinstance(error, TimeoutError):
                self.session.dialled_in_vain()
            if self._permit is not None and ending.status == _TOO_MANY_REQUESTS:
                self._permit.refused()
            self._happen(SessionEvent.LOST, ending.cause)
            return ending
        ending = Ending("closed here")
        try:
            ending = await self._serve(connection)
        except asyncio.CancelledError:
            self._happen(SessionEvent.CLOSE, ending.cause)
            raise
        finally:
            self._connection = None
            try:
                await hang_up(connection, self.session.keep_alive.close_s)
            finally:
                self._bury(ending)
        return ending

    async def _serve(self, connection: SocketConnection) -> Ending:
        """From the open socket to its end. Whatever ran beside the reader has ended when this returns."""
        self._doom = None
        self._connection = connection
        self._happen(SessionEvent.OPENED)
        self.guarded(self._handler.on_connected, self.session.epoch)
        async with asyncio.TaskGroup() as tasks:
            companions = [tasks.create_task(self._keep_alive(connection))]

            def authenticated() -> None:
                self._happen(SessionEvent.AUTHENTICATED)
                companions.append(tasks.create_task(self._accompany(connection)))

            if not self._requires_authentication:
                authenticated()
            try:
                connection.attach(self._reader(connection, authenticated))
                await connection.wait_closed()
            finally:
                connection.detach()
            ending = self._ending_of(connection)
            self._happen(SessionEvent.LOST, ending.cause)
            for companion in companions:
                companion.cancel()
        return ending

    def _ending_of(self, connection: SocketConnection) -> Ending:
        return self._doom or connection.ending

    def _reader(
        self, connection: SocketConnection, authenticated: Callable[[], None]
    ) -> Callable[[bytes], None]:
        """What is done with each frame. Bound once, for it runs for every one of them."""
        session = self.session
        clock = self._clock
        received = self._counts.received
        handled = self._counts.handled
        on_frame = self._handler.on_frame

        def read(raw: bytes) -> None:
            session.last_frame_ns = now = clock()
            received.value = count = received.value + 1
            if session.is_alert:
                self._look(connection, raw, now, authenticated)
            try:
                on_frame(raw, now)
            except Exception as error:  # noqa: BLE001  the handler's mistakes are its own, and counted
                self._note_error(on_frame, error)
            if not count % ONE_FRAME_IN:
                handled.record(clock() - now)

        return read

    def _look(
        self, connection: SocketConnection, raw: bytes, now: int, authenticated: Callable[[], None]
    ) -> None:
        """A frame that can concern the connection itself, or that somebody looks at."""
        if self.session.frame(now):
            self._changed(SessionState.STALE, "")
        if self._tap is not None:
            self.guarded(self._tap.frame_in, raw)
        log.debug("%s < %s", self._name, raw)
        if self.session.awaits_control:
            self._take_control(connection, raw, now, authenticated)

    def _take_control(
        self, connection: SocketConnection, raw: bytes, now: int, authenticated: Callable[[], None]
    ) -> None:
        """Look for what the connection itself waits for: AUTHENTICATED or a refusal, the PONG to a PING."""
        frame = read_control(raw)
        if frame is None:
            return
        if frame.type == "PONG":
            if self.session.ponged(now):
                self._counts.round_trip.record(self.session.ping_round_trip_ns or 0)
            self._tell_pong_or_end()
        if self.session.state is not SessionState.AUTHENTICATING or self._doom is not None:
            return
        refusal = judge_first_frame(frame.type, frame.message)
        if refusal is not None:
            self._cut(connection, refusal)
        elif frame.type == "AUTHENTICATED":
            authenticated()

    async def _accompany(self, connection: SocketConnection) -> None:
        try:
            await self._handler.while_connected(self.session.epoch)
        except Exception as error:  # whatever it is, a connection that could not be set up is of no use
            log.exception("%s socket: setting up the connection failed", self._name)
            self._cut(connection, Ending(f"setting up failed: {type(error).__name__}: {error}"))

    async def _keep_alive(self, connection: SocketConnection) -> None:
        session = self.session
        while True:
            self._note_onlookers()
            action = session.check(self._clock())
            if action is Action.WAIT:
                await self._sleep(session.wait_s(self._clock()))
            elif action is Action.PING:
                await self._ping(connection)
            elif action is Action.DOUBT:
                self._happen(SessionEvent.OVERDUE, "nothing came after a PING")
            else:
                self._cut(connection, Ending(session.doom))
                return

    def _note_onlookers(self) -> None:
        """Asked now and then and not with each frame: that would double what the reader itself takes."""
        self.session.watch(self._tap is not None or log.isEnabledFor(logging.DEBUG))

    async def _ping(self, connection: SocketConnection) -> None:
        self.session.pinged(self._clock())
        if not connection.write(PING):
            return  # the reader learns of the end by itself
        self._note_sent(PING)
        try:
            async with asyncio.timeout(self.session.keep_alive.pong_s):
                await self._until_written(connection)
        except TimeoutError:
            self._cut(connection, Ending("a PING could not be written"))
        except OutcomeUnknownError:
            return  # as above

    def _note_sent(self, frame: bytes) -> None:
        self._counts.sent.value += 1
        if self.session.is_alert:  # as it is while somebody watches
            self._show(frame)

    async def _until_written(self, connection: SocketConnection) -> None:
        """Wait for room for another frame; raises OutcomeUnknownError where the connection is lost first."""
        try:
            await connection.drain()
        except (
            ConnectionClosed,
            OSError,
        ):  # OSError: what it was lost by, where it could not write for a while
            raise OutcomeUnknownError(f"{self._name} socket was lost while sending") from None
        if connection.state is not _OPEN:  # the library drops what it still holds without a word
            raise OutcomeUnknownError(f"{self._name} socket was lost while sending")

    def _show(self, frame: bytes) -> None:
        if self._tap is not None:
            self.guarded(self._tap.frame_out, frame)
        log.debug("%s > %s", self._name, frame)

    def _cut_if_silent(self, connection: SocketConnection, since: int) -> None:
        if not self.session.has_heard_since(since):
            doubt_s = self.session.keep_alive.doubt_s
            self._cut(
                connection, Ending(f"a command is overdue, and nothing came for {doubt_s:g} s after a PING")
            )

    def _cut(self, connection: SocketConnection, doom: Ending) -> None:
        self._doom = self._doom or doom  # whatever follows the first cause follows from it
        self._connection = None
        connection.abort()

    def _bury(self, ending: Ending) -> None:
        self._counts.disconnects.add()
        epoch = self.session.epoch
        self._happen(SessionEvent.LOST, ending.cause)
        self.guarded(self._handler.on_disconnected, epoch, ending.cause)

    def _happen(self, event: SessionEvent, cause: str = "") -> None:
        before = self.session.apply(event, self._clock())
        if event is SessionEvent.LOST:
            self._tell_pong_or_end()
        if self.session.state is not before:
            self._changed(before, cause)

    def _tell_pong_or_end(self) -> None:
        self._pong_or_end.set()
        self._pong_or_end = asyncio.Event()

    def _changed(self, before: SessionState, cause: str) -> None:
        after = self.session.state
        self._counts.changed(before, after, self._clock())
        log.info(
            "%s socket: %s -> %s%s",
            self._name,
            before,
            after,
            f" ({cause})" if cause else "",
            extra={"socket": self._name, "epoch": self.session.epoch, "cause": cause},
        )
        if self._on_state is not None:
            self.guarded(self._on_state, before, after, cause)

    def _note_error(self, call: Callable[..., object], error: Exception) -> None:
        self._counts.handler_errors.add()
        name = getattr(call, "__qualname__", call)
        log.error("%s socket: %s raised", self._name, name, exc_info=error)
