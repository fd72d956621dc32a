"""One open WebSocket: frames out in the order of their due times, frames in, and the cuts (protocol 14)."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Mapping

import orjson

from valr_connector.simulator.faults import SocketKind
from valr_connector.simulator.floor import Floor
from valr_connector.simulator.limits import COMMAND_LIMITS
from valr_connector.simulator.settings import Latency
from valr_connector.simulator.timeline import Lane
from valr_connector.simulator.transport import Sign, SocketTransport
from valr_connector.simulator.wire import OutboundFrame, frame

ABNORMAL = 1006
"""Not a close code on the wire: the connection ends without a close frame."""
_AT_ONCE = Latency()
_MOST_FRAMES = 20_000
_MOST_BYTES = 32 * 1024 * 1024
"""With so much waiting for a client that does not read, it is cut."""
_REQUESTS = frozenset({"PING", "SUBSCRIBE", "UNSUBSCRIBE", "CANCEL_ON_DISCONNECT", *COMMAND_LIMITS})

InboundFrame = Mapping[str, object]


class Connection:
    """A socket that has been accepted. `run` serves it until it ends."""

    def __init__(self, floor: Floor, kind: SocketKind, *, is_authenticated: bool) -> None:
        self.kind = kind
        self.is_open = False
        self.is_cut = False
        """Whether it was cut; what is sent from then on goes nowhere."""
        self.ended = asyncio.Event()
        self._floor = floor
        self._is_authenticated = is_authenticated
        self._outbox: deque[bytes | int] = deque()
        self._waiting = 0
        """Bytes in the outbox."""
        self._writer: asyncio.Future[None] | None = None
        self._replies = Lane(floor.frames)
        self._events = Lane(floor.frames)
        self._snapshots = Lane(floor.frames)
        self._transport: SocketTransport | None = None
        self._is_closing = False
        self._timers: list[asyncio.TimerHandle] = []
        self._last_traffic = 0.0

    async def run(
        self,
        transport: SocketTransport,
        greet: Callable[[], None],
        on_frame: Callable[[InboundFrame], None],
    ) -> None:
        """Greet, and serve until either side ends it."""
        self._transport = transport
        self.is_open = True
        self._watch()
        try:
            greet()
            async with asyncio.TaskGroup() as tasks:
                writer = tasks.create_task(self._write(transport))
                await self._read(transport, on_frame)
                if not self._is_closing:
                    writer.cancel()
        finally:
            self.is_open = False
            self.ended.set()
            for timer in self._timers:
                timer.cancel()

    # --- out

    def reply(self, message: OutboundFrame) -> None:
        """Answer a command, after the latency of replies."""
        self._send(message, self._floor.settings.reply_latency, self._replies)

    def push(self, message: OutboundFrame) -> None:
        """Tell an event, after the latency of events."""
        settings = self._floor.settings
        self._send(message, settings.event_latency, None if settings.events_may_swap else self._events)

    def push_in_order(self, message: OutboundFrame) -> None:
        """Tell a frame of the market, after the latency of events; none overtakes another."""
        self._send(message, self._floor.settings.event_latency, self._events)

    def push_aged(self, message: OutboundFrame, age_s: float) -> None:
        """Tell a snapshot that is that much older than an event would be; events may overtake it."""
        latency = self._floor.settings.event_latency
        self._send(message, Latency(latency.seconds + age_s, latency.jitter_s), self._snapshots)

    def control(self, message: OutboundFrame) -> None:
        """Send a control frame at once."""
        self._send(message, _AT_ONCE, None)

    def refuse(self, message: str) -> None:
        """Send a frame ERROR."""
        self.control(frame("ERROR", message=message))

    def close(self, code: int) -> None:
        """End the connection: with a close frame, or for 1006 without one. What waits to be sent is lost."""
        if code == ABNORMAL:
            self.abort()
        elif not self._is_closing:
            self._is_closing = True
            self._put_out(code)

    def abort(self) -> None:
        """Cut the connection, without a close frame."""
        self.is_cut = True
        if self._transport is not None:
            self._transport.abort()

    def _send(self, message: OutboundFrame, latency: Latency, lane: Lane | None) -> None:
        if self._floor.faults.await_frames:
            self._send_faulty(message, latency, lane)
        else:
            self._send_later(message, latency.draw(self._floor.rng), lane)

    def _send_faulty(self, message: OutboundFrame, latency: Latency, lane: Lane | None) -> None:
        changed = self._floor.faults.altered(message.content)
        if changed is not None:
            message = OutboundFrame(str(changed["type"]), changed, orjson.dumps(changed))
        for extra_s in self._floor.faults.copies(message.content):
            seconds = latency.draw(self._floor.rng) + extra_s
            self._send_later(message, seconds, None if extra_s else lane)

    def _send_later(self, message: OutboundFrame, seconds: float, lane: Lane | None) -> None:
        (lane or self._floor.frames).after(seconds, lambda: self._deliver(message))

    def _deliver(self, message: OutboundFrame) -> None:
        if not self.is_open or self._is_closing or self.is_cut:
            return
        if len(self._outbox) >= _MOST_FRAMES or self._waiting >= _MOST_BYTES:
            self.abort()
            return
        self._floor.stats.frames_out[self.kind, message.type] += 1
        self._put_out(message.data)

    def _put_out(self, item: bytes | int) -> None:
        if self._writer is None or self._writer.done():
            self._let_wait(item)  # what is being written goes first
        elif isinstance(item, int) or not self._is_sent_at_once(item):
            self._let_wait(item)
            self._writer.set_result(None)

    def _let_wait(self, item: bytes | int) -> None:
        self._outbox.append(item)
        if not isinstance(item, int):
            self._waiting += len(item)

    def _is_sent_at_once(self, data: bytes) -> bool:
        is_sent = self._transport is not None and self._transport.send_at_once(data)
        if is_sent:
            self._note_traffic()
        return is_sent

    async def _write(self, transport: SocketTransport) -> None:
        try:
            while True:
                while self._outbox:
                    item = self._outbox.popleft()
                    if isinstance(item, int):
                        await transport.close(item)
                        return
                    self._waiting -= len(item)
                    self._note_traffic()
                    await transport.send(item)
                self._writer = asyncio.get_running_loop().create_future()
                await self._writer
        except ConnectionError:
            return  # the reader learns of it as well, and ends the connection

    # --- in

    async def _read(self, transport: SocketTransport, on_frame: Callable[[InboundFrame], None]) -> None:
        while (message := await transport.receive()) is not Sign.END:
            self._note_traffic()
            if not isinstance(message, Sign):
                self._receive(message, on_frame)

    def _receive(self, data: str | bytes, on_frame: Callable[[InboundFrame], None]) -> None:
        try:
            content = orjson.loads(data)
        except orjson.JSONDecodeError:
            content = None
        if not isinstance(content, dict) or not isinstance(content.get("type"), str):
            self.refuse("Invalid message - Invalid JSON")
            return
        frame_type = content["type"]
        self._floor.stats.frames_in[self.kind, frame_type if frame_type in _REQUESTS else "unknown"] += 1
        on_frame(content)

    # --- cuts

    def _watch(self) -> None:
        self._note_traffic()
        self._watch_idling(self._floor.settings.idle_cut_s)
        if not self._is_authenticated:
            loop = asyncio.get_running_loop()
            self._timers.append(loop.call_later(self._floor.settings.unauthenticated_cut_s, self.abort))

    def _note_traffic(self) -> None:
        self._last_traffic = asyncio.get_running_loop().time()

    def _watch_idling(self, seconds: float) -> None:
        self._timers.append(asyncio.get_running_loop().call_later(seconds, self._check_idling))

    def _check_idling(self) -> None:
        silence = asyncio.get_running_loop().time() - self._last_traffic
        if silence >= self._floor.settings.idle_cut_s:
            self.abort()
            return
        self._timers = [timer for timer in self._timers if timer.when() > asyncio.get_running_loop().time()]
        self._watch_idling(self._floor.settings.idle_cut_s - silence)
