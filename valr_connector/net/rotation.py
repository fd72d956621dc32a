"""A public socket that never falls silent: before VALR cuts it, another one has taken its place.

VALR cuts a socket that proved no key after 15 minutes, whatever is said on it (protocol 14.4). So an heir is
dialled in time. It subscribes to what the present connection is subscribed to, and what it brings is held
back until all of that is proved to be in force: VALR answers what it reads in order, so the PONG to a PING
behind the subscriptions does it. What was subscribed meanwhile is asked for and proved as well. Then, in one
go, the two change places: what only the heir brought is told, what both brought is told once, and the old
connection is closed.

A book goes on across the change by the numbers of its diffs, which are the book's own. The heir's snapshot
says nothing new of it where the old connection has meanwhile told a later number; else it brings what that
one has missed, which may have stalled. Should VALR number by connection, the book notices, and goes by the
new numbers or asks anew as after any gap. Of a state, which each frame tells as a whole, the heir is told the
present one at once: that is news only where the old connection has said nothing newer. Where nothing shows
which of the two is newer, the heir's is told, and whatever the heir tells of that state from then on.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Final

import msgspec

from valr_connector.core.session import Session
from valr_connector.core.twin_frames import TwinFrames
from valr_connector.errors import DecodeError
from valr_connector.model.enums import BookFeed, MarketFeed, SessionState
from valr_connector.model.ids import Symbol
from valr_connector.net.socket_handler import SocketHandler, StateListener
from valr_connector.net.websocket import WebSocketClient
from valr_connector.protocol.book_frames import (
    FullOrderbookSnapshotFrame,
    NumberedBookFrame,
    ObL1SnapshotFrame,
)
from valr_connector.protocol.decode_errors import DECODER_FAILURES
from valr_connector.protocol.frames import decode_trade_frame

log = logging.getLogger(__name__)

ROTATE_AFTER_S: Final = 13 * 60.0
_LOOK_S: Final = 1.0
"""How soon a connection that is not live is looked at again."""
_LAG_S: Final = 1.0
"""So far behind the old connection the new one may be at the change, and not tell anything twice."""
_NS_PER_S: Final = 1_000_000_000
_FOR_EVER: Final = 1 << 62
_STATES: Final = frozenset({MarketFeed.SUMMARY, *BookFeed} - {BookFeed.L1_DIFF, BookFeed.FULL})
_CONTROLS: Final = frozenset({"", "PONG", "SUBSCRIBED", "UNSUBSCRIBED"})

MakeClient = Callable[[SocketHandler, StateListener], WebSocketClient]


class _Head(msgspec.Struct):
    type: str = ""
    symbol: str = msgspec.field(name="currencyPairSymbol", default="")
    short_symbol: str = msgspec.field(name="ps", default="")
    subscriptions: list[Mapping[str, object]] = msgspec.field(default_factory=list)


_heads = msgspec.json.Decoder(_Head)


class RotatingSocket:
    """Successive connections as one; to its owner it is what a `WebSocketClient` is.

    Args:
        make: makes a client for a handler and a listener of its states; called anew for each connection.
        handler: gets the frames, as of one connection.
        on_state: told about the present connection's changes of state.
        every_s: how long a connection may live before its heir is dialled, seconds.
        clock: monotonic nanoseconds.
        sleep: waits for seconds.

    Attributes:
        rotations: how often an heir has taken over.
    """

    def __init__(
        self,
        *,
        make: MakeClient,
        handler: SocketHandler,
        on_state: StateListener,
        every_s: float = ROTATE_AFTER_S,
        clock: Callable[[], int] = time.monotonic_ns,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.make = make
        self.handler = handler
        self.on_state = on_state
        self.rotations = 0
        self.subscriptions: dict[str, Mapping[str, object]] = {}
        self.numbers_told: dict[Symbol, int] = {}
        """Of each book, the last state of which the old connection told while its heir caught up."""
        self.told_of_heir: set[str] = set()
        self.twins: TwinFrames | None = None
        self.is_settled = asyncio.Event()
        self._every = round(every_s * _NS_PER_S)
        self.clock = clock
        self._sleep = sleep
        self._tasks: asyncio.TaskGroup | None = None
        self._companion: asyncio.Task[None] | None = None
        self._uncounted = 0
        """By so much the present client's own count falls short."""
        self.present = _Leg(self)

    @property
    def session(self) -> Session:
        """Of the present connection."""
        return self.present.client.session

    @property
    def epoch(self) -> int:
        """Number of the present connection; one that takes over has the number of its predecessor."""
        return self._uncounted + self.session.epoch

    async def run(self) -> None:
        """Stay connected until cancelled. Raises as `WebSocketClient.run` does, in an exception group."""
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            self.present.task = tasks.create_task(self.present.client.run())
            try:
                while True:
                    await self._until_old()
                    await self._rotate(tasks)
            finally:
                self._tasks = None  # it takes no more of them from here on

    async def send(self, frame: bytes) -> None:
        """Send one text frame on the present connection; raises as `WebSocketClient.send` does."""
        await self.present.client.send(frame)
        for entry in _head_of(frame).subscriptions:
            self.subscriptions[str(entry.get("event"))] = entry

    def resynced(self, epoch: int) -> None:
        """Its owner has rebuilt what it needs: the present connection is live. Late calls are void."""
        if epoch == self.epoch:
            self.present.client.resynced(self.session.epoch)

    def drop(self) -> None:
        """Cut the present connection without a word."""
        self.present.client.drop()

    # --- the present connection, as its leg tells --------------------------------------------------

    def begun(self) -> None:
        """It is open; nothing is subscribed there yet."""
        self.subscriptions.clear()
        self.handler.on_connected(self.epoch)

    def accompany(self) -> None:
        """It is authenticated: its owner may subscribe. That goes on across changes, until it is lost."""
        if self._tasks is not None:
            self._companion = self._tasks.create_task(self._run_companion(self.epoch))

    def lost(self, cause: str) -> None:
        """It is gone, and an heir that has not caught up cannot save it."""
        if self._companion is not None:
            self._companion.cancel()
        self.twins = None
        self.is_settled.set()
        self.handler.on_disconnected(self.epoch, cause)

    def inherit(self, heir: _Leg) -> None:
        """The heir has caught up: it is the present connection from here on."""
        before, epoch = self.session.state, self.epoch
        self.present = heir
        self._uncounted = epoch - self.session.epoch
        self.rotations += 1
        log.info("trade socket: a new connection has taken the place of the old one")
        now = self.clock()
        held = self.twins.held() if self.twins is not None else ()
        self.told_of_heir = {_state_in(_head_of(raw)) for raw in held} - {""}
        for raw in held:
            if not self.is_behind(raw):
                heir.client.guarded(self.handler.on_frame, raw, now)
        self.is_settled.set()
        after = self.session.state
        if before is not after:
            self.on_state(before, after, "another connection has taken over")

    def is_behind(self, raw: bytes) -> bool:
        """Whether it is a snapshot of a book of which the old connection told a later state."""
        book = _book_in(raw)
        if not isinstance(book, ObL1SnapshotFrame | FullOrderbookSnapshotFrame):
            return False
        told = self.numbers_told.get(book.pair_symbol)
        return told is not None and book.sequence < told

    # ------------------------------------------------------------------------------------------------

    async def _until_old(self) -> None:
        while True:
            opened = self.session.opened_ns
            left = self._every if opened is None else opened + self._every - self.clock()
            if left <= 0 and self.session.state is SessionState.LIVE:
                return
            await self._sleep(max(left / _NS_PER_S, _LOOK_S if left <= 0 else 0.0))

    async def _rotate(self, tasks: asyncio.TaskGroup) -> None:
        old, heir = self.present, _Leg(self)
        self.is_settled.clear()
        heir.task = tasks.create_task(heir.client.run())
        await self.is_settled.wait()
        unwanted = old if self.present is heir else heir
        if unwanted.task is not None:
            unwanted.task.cancel()
            await asyncio.wait([unwanted.task])
        await self._sleep(_LAG_S)
        self.twins = None

    async def _run_companion(self, epoch: int) -> None:
        try:
            await self.handler.while_connected(epoch)
        except Exception:  # whatever it is, a connection that could not be set up is of no use
            log.exception("trade socket: setting up the connection failed")
            self.drop()


class _Leg:
    """One connection of several. A `SocketHandler`: the present one's is its owner, the heir's nobody yet."""

    def __init__(self, socket: RotatingSocket) -> None:
        self._socket = socket
        self.task: asyncio.Task[None] | None = None
        self.client = socket.make(self, self._on_state)

    @property
    def _is_present(self) -> bool:
        return self is self._socket.present

    def on_frame(self, raw: bytes, now: int) -> None:
        twins = self._socket.twins
        if not self._is_present:
            self._hold_back(raw, twins)
        elif twins is None:
            self._socket.handler.on_frame(raw, now)
        elif not self._socket.is_settled.is_set():
            twins.first(raw)
            self._note_number(raw)
            self._socket.handler.on_frame(raw, now)
        elif self._is_news(raw, twins):
            self._socket.handler.on_frame(raw, now)

    def on_connected(self, epoch: int) -> None:
        if self._is_present:
            log.debug("connection %d of the present trade socket", epoch)
            self._socket.begun()

    def on_disconnected(self, epoch: int, cause: str) -> None:
        if self._is_present:
            log.debug("connection %d of the present trade socket ended", epoch)
            self._socket.lost(cause)

    async def while_connected(self, epoch: int) -> None:
        if self._is_present:
            self._socket.accompany()
            return
        self._socket.twins = TwinFrames(_FOR_EVER)
        self._socket.numbers_told.clear()
        asked: Mapping[str, Mapping[str, object]] = {}
        while asked != self._socket.subscriptions:
            asked = dict(self._socket.subscriptions)
            entries = list(asked.values())
            await self.client.send(msgspec.json.encode({"type": "SUBSCRIBE", "subscriptions": entries}))
            await self.client.until_read(epoch, self._socket.clock())
        self.client.resynced(epoch)
        if not self._socket.is_settled.is_set() and self._socket.session.can_send:
            self._socket.inherit(self)

    def _hold_back(self, raw: bytes, twins: TwinFrames | None) -> None:
        """The heir's frames wait for its turn; those of a connection whose turn is over are nobody's."""
        if twins is None or self._socket.is_settled.is_set():
            return
        head = _head_of(raw)
        if head.type not in _CONTROLS:
            twins.second(raw, 0, is_first_live=True, is_picture=False, state=_state_in(head))

    def _note_number(self, raw: bytes) -> None:
        book = _book_in(raw)
        if book is not None:
            self._socket.numbers_told[book.pair_symbol] = book.sequence

    def _is_news(self, raw: bytes, twins: TwinFrames) -> bool:
        """Whether a frame of the heir's, right after the change, is to be told."""
        if twins.second(raw, 0, is_first_live=False, is_picture=False):
            return not self._socket.is_behind(raw)
        return self._is_told_anew(raw)

    def _is_told_anew(self, raw: bytes) -> bool:
        """Whether a frame that was told before the change may be newer than what the heir told at it."""
        told = self._socket.told_of_heir
        return bool(told) and _state_in(_head_of(raw)) in told

    def _on_state(self, before: SessionState, after: SessionState, cause: str) -> None:
        if self._is_present:
            self._socket.on_state(before, after, cause)


def _state_in(head: _Head) -> str:
    """The name of the state of which a frame tells all; "" where it tells of none."""
    return f"{head.type}:{head.symbol or head.short_symbol}" if head.type in _STATES else ""


def _book_in(raw: bytes) -> NumberedBookFrame | None:
    """What a frame tells of a book whose states are numbered; None where it tells of none."""
    try:
        frame = decode_trade_frame(raw)
    except DecodeError:
        return None
    return frame if isinstance(frame, NumberedBookFrame) else None


def _head_of(raw: bytes) -> _Head:
    try:
        return _heads.decode(raw)
    except DECODER_FAILURES:
        return _Head()
