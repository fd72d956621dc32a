"""One socket over real loopback connections; time moves only where a test moves it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import socket
import ssl
import sys
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from http import HTTPStatus
from typing import Any, NoReturn
from unittest.mock import Mock

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.client import ClientProtocol
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.uri import parse_uri
from websockets.utils import accept_key

from tests.net.plain_server import plain_server
from tests.net.virtual_time import VirtualTime
from valr_connector import net
from valr_connector.config import Settings
from valr_connector.core.disconnects import Verdict
from valr_connector.core.session import KeepAlive
from valr_connector.errors import (
    AuthenticationError,
    ConfigurationError,
    InvalidArgumentError,
    NotSentError,
    OutcomeUnknownError,
    PermissionDeniedError,
)
from valr_connector.model.enums import SessionState
from valr_connector.net import dialling
from valr_connector.net.dialling import DirectConnection, judge_dial
from valr_connector.net.intake import SLICE_BYTES
from valr_connector.net.network import dial_over
from valr_connector.net.websocket import WebSocketClient
from valr_connector.observe.latency import LatencySummary
from valr_connector.observe.metrics import Metrics

AUTHENTICATED = '{"type":"AUTHENTICATED"}'
KEY, SIGNATURE = "k" * 64, "5" * 128

Script = Callable[[ServerConnection], Awaitable[None]]


async def until(condition: Callable[[], object]) -> None:
    """Wait for something that is about to happen on loopback."""
    async with asyncio.timeout(30):
        while not condition():  # noqa: ASYNC110  what is waited for sets no event
            await asyncio.sleep(0.001)


class Venue:
    """A WebSocket server that treats its connections, one after the other, as the test says.

    The last script goes on for all further connections.
    """

    def __init__(self, *scripts: Script, refusals: list[int] | None = None) -> None:
        self.scripts = list(scripts)
        self.refusals = refusals or []
        self.connections: list[ServerConnection] = []
        self.received: list[str | bytes] = []
        self.handshakes: list[dict[str, str]] = []
        self.close_codes: list[int | None] = []
        self.url = ""
        self.redirects_to = ""

    @contextlib.asynccontextmanager
    async def open(self) -> AsyncIterator[Venue]:
        quiet = logging.getLogger("tests.venue")
        quiet.setLevel(logging.CRITICAL)
        async with serve(
            self._serve, "127.0.0.1", 0, process_request=self._upgrade, compression=None, logger=quiet
        ) as server:
            self.url = f"ws://127.0.0.1:{port_of(server)}/ws/account"
            yield self
            for connection in self.connections:
                connection.transport.abort()

    async def _upgrade(self, connection: ServerConnection, request: Request) -> Response | None:
        self.handshakes.append(dict(request.headers.raw_items()))
        if self.redirects_to:
            redirect = connection.respond(HTTPStatus.FOUND, "")
            redirect.headers["Location"] = self.redirects_to
            return redirect
        if not self.refusals:
            return None
        return connection.respond(HTTPStatus(self.refusals.pop(0)), "refused by the venue")

    async def _serve(self, connection: ServerConnection) -> None:
        self.connections.append(connection)
        script = self.scripts.pop(0) if len(self.scripts) > 1 else self.scripts[0]
        with contextlib.suppress(ConnectionClosed):
            await script(connection)
            async for frame in connection:
                self.received.append(frame)
        await connection.wait_closed()
        self.close_codes.append(connection.protocol.close_code)


def port_of(server: Server | asyncio.Server) -> int:
    return int(next(iter(server.sockets)).getsockname()[1])


def says(*frames: str | bytes) -> Script:
    async def script(connection: ServerConnection) -> None:
        for frame in frames:
            await connection.send(frame)

    return script


def closes(code: int, reason: str = "") -> Script:
    async def script(connection: ServerConnection) -> None:
        await connection.send(AUTHENTICATED)
        await connection.close(code, reason)

    return script


class Recorder:
    """A handler that writes down what it is told."""

    def __init__(self) -> None:
        self.client: WebSocketClient | None = None
        self.calls: list[tuple[Any, ...]] = []
        self.frames: list[bytes] = []
        self.raises: dict[str, Exception] = {}
        self.resyncs = True
        self.on_each_frame: Callable[[], object] = list

    def on_frame(self, raw: bytes, now: int) -> None:
        self.frames.append(raw)
        self.on_each_frame()
        self._note("frame", raw)

    def on_connected(self, epoch: int) -> None:
        self._note("connected", epoch)

    def on_disconnected(self, epoch: int, cause: str) -> None:
        self._note("disconnected", epoch, cause)

    async def while_connected(self, epoch: int) -> None:
        self._note("accompanying", epoch)
        if self.resyncs and self.client is not None:
            self.client.resynced(epoch)
        try:
            await asyncio.Event().wait()
        finally:
            self.calls.append(("left", epoch))

    def on_state(self, before: SessionState, after: SessionState, cause: str) -> None:
        self._note("state", before, after, cause)

    def frame_in(self, raw: bytes) -> None:
        self._note("in", raw)

    def frame_out(self, raw: bytes) -> None:
        self._note("out", raw)

    def _note(self, what: str, *details: object) -> None:
        self.calls.append((what, *details))
        if what in self.raises:
            raise self.raises[what]

    def told(self, what: str) -> list[tuple[Any, ...]]:
        return [call[1:] for call in self.calls if call[0] == what]

    @property
    def causes(self) -> list[str]:
        return [cause for _, cause in self.told("disconnected")]


class CertainRandom(random.Random):
    def random(self) -> float:
        return 0.5


@pytest.fixture(autouse=True, params=["websockets", "picows"])
def _over_both_transports(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VALR_TRANSPORT", request.param)


@pytest.fixture
def time() -> VirtualTime:
    return VirtualTime()


@pytest.fixture
def metrics() -> Metrics:
    return Metrics()


@pytest.fixture
def recorder() -> Recorder:
    return Recorder()


@pytest.fixture(autouse=True)
async def _no_task_is_left_behind() -> AsyncIterator[None]:
    yield
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == {asyncio.current_task()}


Connect = Callable[..., contextlib.AbstractAsyncContextManager[WebSocketClient]]


@pytest.fixture
def connect(time: VirtualTime, metrics: Metrics, recorder: Recorder) -> Connect:
    """A running client, cancelled at the end. Time stands still but for the waits between dials."""

    @contextlib.asynccontextmanager
    async def running(url: str, **changes: Any) -> AsyncIterator[WebSocketClient]:
        client = make_client(url, time, metrics, recorder, **changes)
        run = asyncio.create_task(client.run())
        try:
            yield client
        finally:
            run.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await run

    return running


def make_client(
    url: str, time: VirtualTime, metrics: Metrics, recorder: Recorder, **changes: Any
) -> WebSocketClient:
    async def sleep(seconds: float) -> None:
        """Waits between dials pass at once; the keep-alive waits for the test to advance the time."""
        is_between_dials = client.session.state is SessionState.IDLE
        await (time.pass_at_once(seconds) if is_between_dials else time.sleep(seconds))

    settings: dict[str, Any] = {
        "url": url,
        "headers": lambda: {"X-VALR-API-KEY": KEY, "X-VALR-SIGNATURE": SIGNATURE},
        "handler": recorder,
        "rng": CertainRandom(),
        "clock": time.clock,
        "sleep": sleep,
        "on_state": recorder.on_state,
        "metrics": metrics,
        "dial": dial_over(Settings().transport),
    }
    client = WebSocketClient(**(settings | changes))
    recorder.client = client
    return client


def latency_count(metrics: Metrics, key: str) -> int:
    summary = metrics.snapshot()[key]
    assert isinstance(summary, LatencySummary)
    return summary.count


def is_live(client: WebSocketClient, epoch: int = 1) -> Callable[[], bool]:
    return lambda: client.session.state is SessionState.LIVE and client.session.epoch >= epoch


# Reading


async def test_text_and_binary_frames_arrive_in_order_as_bytes(connect: Connect, recorder: Recorder) -> None:
    async with (
        Venue(says(AUTHENTICATED, '{"type":"A"}', b'{"type":"B"}', "", "é")).open() as venue,
        connect(venue.url),
    ):
        await until(lambda: len(recorder.frames) == 5)
    assert recorder.frames == [AUTHENTICATED.encode(), b'{"type":"A"}', b'{"type":"B"}', b"", "é".encode()]
    assert all(type(frame) is bytes for frame in recorder.frames)


async def test_the_handler_hears_of_the_connection_before_its_first_frame(
    connect: Connect, recorder: Recorder
) -> None:
    async with Venue(says(AUTHENTICATED)).open() as venue, connect(venue.url) as client:
        await until(is_live(client))
    kinds = [call[0] for call in recorder.calls if call[0] != "state"]
    assert kinds == ["connected", "frame", "accompanying", "left", "disconnected"]


async def test_a_frame_whose_handler_raises_is_counted_and_the_reader_lives_on(
    connect: Connect, recorder: Recorder, metrics: Metrics, caplog: pytest.LogCaptureFixture
) -> None:
    recorder.raises["frame"] = KeyError("orderId")
    async with Venue(says(AUTHENTICATED, "1", "2")).open() as venue, connect(venue.url):
        await until(lambda: len(recorder.frames) == 3)
    assert metrics.snapshot()["ws_handler_errors{socket=account}"] == 3
    assert metrics.snapshot()["ws_frames_received{socket=account}"] == 3
    assert "Recorder.on_frame raised" in caplog.text
    assert recorder.causes == ["closed here"]


@pytest.mark.parametrize("call", ["connected", "disconnected", "state", "in", "out"])
async def test_no_callback_that_raises_ends_the_connection(
    connect: Connect, recorder: Recorder, metrics: Metrics, call: str
) -> None:
    recorder.raises[call] = RuntimeError("a mistake")
    async with Venue(says(AUTHENTICATED)).open() as venue, connect(venue.url, tap=recorder) as client:
        await until(is_live(client))
        await client.send(b"{}")
        await until(lambda: venue.received == ["{}"])
    assert metrics.snapshot()["ws_handler_errors{socket=account}"] != 0


async def test_a_tap_sees_frames_both_ways(connect: Connect, recorder: Recorder) -> None:
    async with Venue(says(AUTHENTICATED)).open() as venue, connect(venue.url, tap=recorder) as client:
        await until(is_live(client))
        await client.send(b'{"type":"SUBSCRIBE"}')
    assert recorder.told("in") == [(AUTHENTICATED.encode(),)]
    assert recorder.told("out") == [(b'{"type":"SUBSCRIBE"}',)]


async def test_what_is_sent_arrives_whole_whatever_its_length(connect: Connect) -> None:
    texts = ["x" * size for size in (1, 125, 126, 65_535, 65_536)]
    async with Venue(says(AUTHENTICATED)).open() as venue, connect(venue.url) as client:
        await until(is_live(client))
        for text in texts:
            await client.send(text.encode())
        await until(lambda: venue.received == texts)


async def test_a_frame_beyond_the_limit_ends_the_connection(
    connect: Connect, recorder: Recorder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(dialling, "MAX_FRAME_BYTES", 100_000)
    async with Venue(says("x" * 100_001), says(AUTHENTICATED)).open() as venue, connect(venue.url) as client:
        await until(is_live(client, 2))
    assert recorder.causes[0].startswith("close 1009 (message too big)")


@pytest.mark.parametrize(
    ("pieces", "cause"),
    [
        pytest.param(b"\x41\x02[]", "close 1002 (protocol error)", id="reserved bit"),
        pytest.param(b"\x80\x02[]", "close 1002 (protocol error)", id="continues nothing"),
        pytest.param(b"\x01\x01[\x81\x01]", "close 1002 (protocol error)", id="unfinished"),
        pytest.param(b"\x01\x32" + b"x" * 50 + b"\x80\x33" + b"x" * 51, "close 1009", id="too big in all"),
    ],
)
async def test_a_peer_that_breaks_the_protocol_is_left(
    connect: Connect, recorder: Recorder, monkeypatch: pytest.MonkeyPatch, pieces: bytes, cause: str
) -> None:
    async def break_it(connection: ServerConnection) -> None:
        connection.transport.write(pieces + b"\x81\x04more")

    monkeypatch.setattr(dialling, "MAX_FRAME_BYTES", 100)
    async with Venue(break_it, says(AUTHENTICATED)).open() as venue, connect(venue.url) as client:
        await until(is_live(client, 2))
    assert recorder.causes[0].startswith(cause)
    assert recorder.frames == [AUTHENTICATED.encode()]


@pytest.mark.parametrize(
    ("last_words", "cause"),
    [
        pytest.param(b"\x88\x05\x03\xf4bye", "close 1012 (service restart): bye", id="closes"),
        pytest.param(b"\x83\x00", "close 1002 (protocol error): ", id="breaks the protocol"),
    ],
)
async def test_a_peer_that_ends_the_connection_and_does_not_let_go_of_it_is_left(
    connect: Connect, recorder: Recorder, last_words: bytes, cause: str
) -> None:
    async def hold_on(connection: ServerConnection) -> None:
        await connection.send(AUTHENTICATED)
        connection.transport.pause_reading()
        connection.transport.write(last_words)
        await connection.wait_closed()

    async with (
        Venue(hold_on, says(AUTHENTICATED)).open() as venue,
        connect(venue.url, keep_alive=KeepAlive(close_s=0.02)) as client,
    ):
        await until(is_live(client, 2))
    assert recorder.causes[0].startswith(cause)


async def test_a_closing_frame_without_a_code_is_answered_with_none_that_is_forbidden(
    connect: Connect,
) -> None:
    async def close_wordlessly(connection: ServerConnection) -> None:
        connection.transport.write(b"\x88\x00")

    async with Venue(close_wordlessly, says(AUTHENTICATED)).open() as venue, connect(venue.url):
        await until(lambda: venue.close_codes)
        assert venue.close_codes[0] in {1000, 1005}  # 1006 would be of a server that did not understand


@pytest.mark.parametrize("more", [0, 200])
async def test_a_frame_that_is_no_text_ends_nothing_while_the_connection_waits_for_one(
    connect: Connect, recorder: Recorder, more: int
) -> None:
    frames = [b'{"type":"\xff"}', AUTHENTICATED.encode(), *[b"[%200d]" % n for n in range(more)]]

    async def babble(connection: ServerConnection) -> None:
        for frame in frames:
            connection.protocol.send_text(frame)
        connection.transport.write(b"".join(connection.protocol.data_to_send()))

    async with Venue(babble).open() as venue, connect(venue.url) as client:
        await until(lambda: len(recorder.frames) >= len(frames))
        assert client.session.epoch == 1
    assert recorder.frames == frames


async def test_a_ping_of_the_protocol_is_answered_and_told_to_nobody(
    connect: Connect, recorder: Recorder
) -> None:
    async def ping(connection: ServerConnection) -> None:
        await connection.send(AUTHENTICATED)
        await (await connection.ping(b"alive?"))
        await connection.send("answered")

    async with Venue(ping).open() as venue, connect(venue.url):
        await until(lambda: recorder.frames == [AUTHENTICATED.encode(), b"answered"])


async def test_a_message_in_pieces_arrives_whole(connect: Connect, recorder: Recorder) -> None:
    async def in_pieces(connection: ServerConnection) -> None:
        await connection.send(AUTHENTICATED)
        await connection.send(['{"type":', '"A', '"}'])
        await connection.send("next")

    async with Venue(in_pieces).open() as venue, connect(venue.url):
        await until(lambda: len(recorder.frames) == 3)
    assert recorder.frames == [AUTHENTICATED.encode(), b'{"type":"A"}', b"next"]


async def test_no_turn_of_the_event_loop_stands_between_two_frames_of_one_read(
    connect: Connect, recorder: Recorder
) -> None:
    turns: list[int] = []
    turn = 0

    async def count_turns() -> None:
        nonlocal turn
        while True:
            turn += 1
            await asyncio.sleep(0)

    async def burst(connection: ServerConnection) -> None:
        await connection.send(AUTHENTICATED)
        await connection.recv()
        frame = b"\x81\x02[]"
        connection.transport.write(frame * 50)

    async with Venue(burst).open() as venue, connect(venue.url) as client:
        await until(is_live(client))
        recorder.on_each_frame = lambda: turns.append(turn)
        counting = asyncio.create_task(count_turns())
        await client.send(b"go")
        await until(lambda: len(turns) == 50)
        counting.cancel()
        await asyncio.gather(counting, return_exceptions=True)
    assert len(set(turns)) == 1


async def test_a_large_read_is_handled_slice_by_slice_and_loses_nothing_when_the_peer_hangs_up(
    connect: Connect, recorder: Recorder
) -> None:
    numbers = [b"%04d" % number for number in range(4_000)]
    at_once: list[int] = []
    turn = 0

    async def count_turns() -> None:
        nonlocal turn
        while True:
            turn += 1
            await asyncio.sleep(0)

    async def burst(connection: ServerConnection) -> None:
        await connection.send(AUTHENTICATED)
        await connection.recv()
        connection.transport.write(b"".join(b"\x81\x20" + number + b" " * 28 for number in numbers))
        connection.transport.close()

    async with Venue(burst).open() as venue, connect(venue.url) as client:
        await until(is_live(client))
        recorder.on_each_frame = lambda: at_once.append(turn)
        counting = asyncio.create_task(count_turns())
        await client.send(b"go")
        await until(lambda: len(at_once) == len(numbers))
        counting.cancel()
        await asyncio.gather(counting, return_exceptions=True)
    assert [frame[:4] for frame in recorder.frames if frame[:4] in numbers] == numbers
    most = max(Counter(at_once).values())
    assert 34 * (most - 2) <= SLICE_BYTES  # and those that lie across its ends


async def test_every_frame_that_leaves_has_a_mask_of_its_own() -> None:
    connection = DirectConnection(ClientProtocol(parse_uri("ws://localhost/"), state=State.OPEN))
    transport = Mock(asyncio.Transport)
    transport.is_closing.return_value = False
    connection.connection_made(transport)
    for _ in range(300):  # they are drawn 256 at a time
        await connection.send(b"{}", text=True)
    masks = {call.args[0][2:6] for call in transport.write.call_args_list}
    assert len(masks) == 300


@pytest.mark.untraced
async def test_what_waits_when_the_transport_is_lost_is_handled_all_the_same() -> None:
    connection = DirectConnection(ClientProtocol(parse_uri("ws://localhost/"), state=State.OPEN))
    taken: list[bytes] = []
    connection.attach(taken.append)
    transport = Mock(asyncio.Transport)
    connection.connection_made(transport)
    connection.data_received(b"\x82\x01x" * SLICE_BYTES)
    waiting = SLICE_BYTES - len(taken)
    assert waiting > 0
    connection.data_received(b"\x82\x01y")
    connection.eof_received()
    connection.connection_lost(None)
    await asyncio.sleep(0)
    assert taken == [b"x"] * SLICE_BYTES + [b"y"]
    assert transport.pause_reading.call_count == 1


async def test_what_arrives_with_the_answer_to_the_upgrade_is_not_lost(
    connect: Connect, recorder: Recorder
) -> None:
    """AUTHENTICATED may share a packet with it."""
    async with (
        upgrade_with(b"\x81\x18" + AUTHENTICATED.encode() + b"\x81\x02[]") as url,
        connect(url) as client,
    ):
        await until(is_live(client))
        await until(lambda: len(recorder.frames) == 2)


@contextlib.asynccontextmanager
async def upgrade_with(frames: bytes) -> AsyncIterator[str]:
    """A server that writes frames in one go with its answer to the upgrade."""

    async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        key = next(line[19:] for line in head.split("\r\n") if line.startswith("Sec-WebSocket-Key: "))
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept_key(key).encode() + b"\r\n\r\n" + frames
        )
        await reader.read(1)  # the client's closing frame: all that it ever sends
        writer.transport.abort()

    server = await asyncio.start_server(accept, "127.0.0.1", 0)
    try:
        yield f"ws://127.0.0.1:{port_of(server)}/"
    finally:
        server.close()
        await server.wait_closed()


# Proving who we are


async def test_a_client_without_listeners_works_as_well(connect: Connect) -> None:
    async with Venue(says(AUTHENTICATED)).open() as venue, connect(venue.url, on_state=None) as client:
        await until(is_live(client))


async def test_the_states_of_a_good_connection_follow_each_other(
    connect: Connect, recorder: Recorder
) -> None:
    async with Venue(says(AUTHENTICATED)).open() as venue, connect(venue.url) as client:
        await until(is_live(client))
    assert [(before.value, after.value, cause) for before, after, cause in recorder.told("state")] == [
        ("IDLE", "DIALLING", ""),
        ("DIALLING", "AUTHENTICATING", ""),
        ("AUTHENTICATING", "RESYNCING", ""),
        ("RESYNCING", "LIVE", ""),
        ("LIVE", "CLOSING", "closed here"),
        ("CLOSING", "IDLE", "closed here"),
    ]


async def test_nothing_is_sent_or_set_up_before_authenticated(connect: Connect, recorder: Recorder) -> None:
    async with (
        Venue(says('{"type":"BALANCE_UPDATE"}', "nonsense", "[]")).open() as venue,
        connect(venue.url) as client,
    ):
        await until(lambda: len(recorder.frames) == 3)
        assert client.session.state is SessionState.AUTHENTICATING
        with pytest.raises(NotSentError, match="account socket is AUTHENTICATING"):
            await client.send(b"{}")
        assert recorder.told("accompanying") == []
        await venue.connections[0].send(AUTHENTICATED)
        await until(is_live(client))


async def test_a_public_socket_has_nothing_to_prove(connect: Connect) -> None:
    async with (
        Venue(says()).open() as venue,
        connect(venue.url, requires_authentication=False, headers=dict) as client,
    ):
        await until(is_live(client))
        assert "X-VALR-API-KEY" not in venue.handshakes[0]


async def test_each_dial_is_signed_afresh(connect: Connect) -> None:
    signatures = iter(["first", "second", "third"])
    async with (
        Venue(closes(1000), says(AUTHENTICATED)).open() as venue,
        connect(venue.url, headers=lambda: {"X-VALR-SIGNATURE": next(signatures)}) as client,
    ):
        await until(is_live(client, 2))
    assert [handshake["X-VALR-SIGNATURE"] for handshake in venue.handshakes] == ["first", "second"]


async def test_refusals_that_the_time_may_be_to_blame_for_are_not_counted(connect: Connect) -> None:
    answers = [False, False, True]

    async def has_the_time() -> bool:
        return answers.pop(0)

    async with (
        Venue(says(AUTHENTICATED), refusals=[401, 401, 401]).open() as venue,
        connect(venue.url, on_refused=has_the_time) as client,
    ):
        await until(is_live(client, 4))
    assert answers == []


@pytest.mark.parametrize(("status", "error"), [(401, AuthenticationError), (403, PermissionDeniedError)])
async def test_an_upgrade_refused_twice_for_who_we_are_is_fatal(
    time: VirtualTime, metrics: Metrics, recorder: Recorder, status: int, error: type[Exception]
) -> None:
    async with Venue(says(), refusals=[status, status]).open() as venue:
        client = make_client(venue.url, time, metrics, recorder)
        with pytest.raises(
            error, match=f"upgrade refused with HTTP {status}: refused by the venue"
        ) as raised:
            await client.run()
    assert len(venue.handshakes) == 2
    assert client.session.state is SessionState.IDLE
    assert recorder.told("connected") == []
    assert raised.value.__cause__ is None
    assert raised.value.__context__ is None


@pytest.mark.parametrize(
    "first_frame", ['{"type":"UNAUTHORIZED"}', '{"type":"ERROR","message":"Unauthorized"}']
)
async def test_an_error_in_place_of_authenticated_is_fatal_when_it_repeats(
    time: VirtualTime, metrics: Metrics, recorder: Recorder, first_frame: str
) -> None:
    async with Venue(says(first_frame)).open() as venue:
        client = make_client(venue.url, time, metrics, recorder)
        with pytest.raises(AuthenticationError, match="instead of AUTHENTICATED"):
            await client.run()
    assert len(recorder.causes) == len(recorder.told("connected")) == 2


async def test_what_follows_a_refusal_in_the_same_read_takes_nothing_back(
    time: VirtualTime, metrics: Metrics, recorder: Recorder
) -> None:
    async def refuse_and_greet(connection: ServerConnection) -> None:
        for frame in ('{"type":"UNAUTHORIZED"}', AUTHENTICATED):
            connection.protocol.send_text(frame.encode())
        connection.transport.write(b"".join(connection.protocol.data_to_send()))

    async with Venue(refuse_and_greet).open() as venue:
        client = make_client(venue.url, time, metrics, recorder)
        async with asyncio.timeout(30):
            with pytest.raises(AuthenticationError, match="instead of AUTHENTICATED"):
                await client.run()
    assert recorder.told("accompanying") == []


async def test_one_refusal_is_followed_by_a_dial_with_a_fresh_signature(connect: Connect) -> None:
    async with Venue(says(AUTHENTICATED), refusals=[401]).open() as venue, connect(venue.url) as client:
        await until(is_live(client))
        assert client.session.refusals == 0


async def test_an_error_after_authentication_refuses_nothing(connect: Connect, recorder: Recorder) -> None:
    async with Venue(says(AUTHENTICATED, '{"type":"ERROR"}')).open() as venue, connect(venue.url) as client:
        await until(lambda: len(recorder.frames) == 2)
        await until(is_live(client))
        assert client.session.epoch == 1


# Dialling again


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        (1000, "close 1000 (normal closure): bye"),
        (1008, "close 1008 (policy violation): bye"),
        (1012, "close 1012 (service restart): bye"),
    ],
)
async def test_a_connection_that_valr_closes_is_dialled_again(
    connect: Connect, recorder: Recorder, code: int, cause: str
) -> None:
    async with Venue(closes(code, "bye"), says(AUTHENTICATED)).open() as venue, connect(venue.url) as client:
        await until(is_live(client, 2))
        assert client.session.epoch == 2
    assert recorder.causes[0] == cause


async def test_a_connection_cut_without_a_word_is_dialled_again(connect: Connect, recorder: Recorder) -> None:
    async def cut(connection: ServerConnection) -> None:
        connection.transport.abort()

    async with Venue(cut, says(AUTHENTICATED)).open() as venue, connect(venue.url) as client:
        await until(is_live(client, 2))
    assert recorder.causes[0].startswith("close 1006 (no close frame)")


async def test_of_several_causes_of_an_end_the_first_is_told(connect: Connect, recorder: Recorder) -> None:
    async with Venue(says(AUTHENTICATED)).open() as venue, connect(venue.url) as client:
        is_cut = asyncio.Event()

        async def while_connected(epoch: int) -> None:
            client.resynced(epoch)
            await is_cut.wait()
            await client.send(b"{}")

        recorder.while_connected = while_connected  # type: ignore[method-assign]
        await until(is_live(client))
        client.drop()
        is_cut.set()
        await until(is_live(client, 2))
    assert recorder.causes[0] == "dropped here"


async def test_a_dropped_socket_is_live_again_well_within_two_seconds(
    connect: Connect, recorder: Recorder, metrics: Metrics
) -> None:
    loop = asyncio.get_running_loop()
    async with (
        Venue(says(AUTHENTICATED)).open() as venue,
        connect(venue.url, sleep=asyncio.sleep, rng=random.Random(1)) as client,
    ):
        await until(is_live(client))
        dropped = loop.time()
        client.drop()
        await until(lambda: client.session.epoch >= 2)
        await until(is_live(client))
        assert loop.time() - dropped < 1.0
    assert recorder.causes == ["dropped here", "closed here"]
    assert latency_count(metrics, "ws_recovery{socket=account}") == 1


async def test_every_connected_has_its_disconnected_in_order(connect: Connect, recorder: Recorder) -> None:
    scripts = [closes(1000), says('{"type":"ERROR"}'), closes(1012), says(AUTHENTICATED)]
    async with Venue(*scripts).open() as venue, connect(venue.url) as client:
        await until(is_live(client, 4))
    epochs = [call[:2] for call in recorder.calls if call[0] in {"connected", "disconnected"}]
    assert epochs == [(what, epoch) for epoch in range(1, 5) for what in ("connected", "disconnected")]
    for epoch in (1, 3, 4):
        assert recorder.calls.index(("left", epoch)) < next(
            at for at, call in enumerate(recorder.calls) if call[:2] == ("disconnected", epoch)
        )


async def test_a_connection_that_is_lost_is_no_longer_live_to_what_ran_beside_it(
    connect: Connect, recorder: Recorder
) -> None:
    seen: list[SessionState] = []
    async with Venue(says(AUTHENTICATED)).open() as venue, connect(venue.url) as client:

        async def while_connected(epoch: int) -> None:
            client.resynced(epoch)
            try:
                await asyncio.Event().wait()
            finally:
                seen.append(client.session.state)

        recorder.while_connected = while_connected  # type: ignore[method-assign]
        await until(is_live(client))
        client.drop()
        await until(is_live(client, 2))
        assert seen == [SessionState.IDLE]


async def test_an_error_while_setting_up_closes_the_connection(
    connect: Connect, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    recorder.raises["accompanying"] = ValueError("no balances")
    async with Venue(says(AUTHENTICATED)).open() as venue, connect(venue.url) as client:
        await until(lambda: client.session.epoch >= 2)
    assert recorder.causes[0] == "setting up failed: ValueError: no balances"
    assert "setting up the connection failed" in caplog.text


async def test_a_rate_limited_upgrade_is_not_followed_up_fast(connect: Connect, time: VirtualTime) -> None:
    async with Venue(says(AUTHENTICATED), refusals=[429]).open() as venue, connect(venue.url) as client:
        await until(is_live(client))
    assert time.slept[0] == 0.5  # half of the second failure's second; a first failure's would be 0.1


async def test_failures_in_a_row_wait_longer_each_time(connect: Connect, time: VirtualTime) -> None:
    async with (
        Venue(says(AUTHENTICATED), refusals=[503, 503, 503]).open() as venue,
        connect(venue.url) as client,
    ):
        await until(is_live(client))
    assert time.slept[:3] == [0.1, 0.5, 1.0]


@contextlib.asynccontextmanager
async def answering(answer: bytes) -> AsyncIterator[str]:
    """A server that answers each upgrade with these bytes and hangs up."""

    async def say(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()

    async with await asyncio.start_server(say, "127.0.0.1", 0) as server:
        yield f"ws://127.0.0.1:{port_of(server)}/"


async def test_a_refusal_is_told_with_its_status_and_headers_whatever_they_are() -> None:
    """Statuses of proxies such as 520 stand in no standard."""
    refusal = b"HTTP/1.1 520 Unknown\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\nno"
    async with answering(refusal) as url:
        with pytest.raises(InvalidStatus) as refused:
            await dial_over(Settings().transport)(url, {}, KeepAlive())
    assert dialling.judge_dial(refused.value).cause == "upgrade refused with HTTP 520: no"
    assert refused.value.response.headers["Retry-After"] == "7"


@pytest.mark.parametrize("answer", [b"", b"SSH-2.0\r\n\r\n", b"HTTP/1.1 101 Yes\r\nUpgrade: no\r\n\r\n"])
async def test_an_answer_that_is_none_fails_the_dial(answer: bytes) -> None:
    async with answering(answer) as url:
        with pytest.raises(dialling.DIAL_ERRORS):
            await dial_over(Settings().transport)(url, {}, KeepAlive())


async def test_a_redirect_is_not_followed(connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    """The signed headers are for nobody else."""
    async with Venue(says(AUTHENTICATED)).open() as elsewhere, Venue(says(AUTHENTICATED)).open() as venue:
        venue.redirects_to = elsewhere.url
        async with connect(venue.url) as client:
            await until(lambda: client.session.epoch >= 2)
    assert elsewhere.handshakes == []
    assert "upgrade refused with HTTP 302" in caplog.text


async def test_a_refused_connection_is_dialled_again(
    connect: Connect, recorder: Recorder, caplog: pytest.LogCaptureFixture
) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        url = f"ws://127.0.0.1:{unused.getsockname()[1]}/"
        async with connect(url) as client:
            await until(lambda: client.session.epoch >= 3)
    assert "dial failed (refused)" in caplog.text
    assert recorder.told("connected") == []


async def test_a_host_that_speaks_no_tls_is_dialled_again(
    connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    async with (
        plain_server(b"HTTP/1.1 400 Bad Request\r\n\r\n") as port,
        connect(f"wss://127.0.0.1:{port}/") as client,
    ):
        await until(lambda: client.session.epoch >= 2)
    assert "dial failed (no TLS): SSLError" in caplog.text


async def test_a_name_that_is_not_resolved_is_dialled_again(
    connect: Connect, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolves_nothing)
    async with connect("ws://valr.invalid/") as client:
        await until(lambda: client.session.epoch >= 3)
    assert "dial failed (the name was not resolved): gaierror" in caplog.text


async def resolves_nothing(*_: object, **__: object) -> NoReturn:
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (socket.gaierror(socket.EAI_AGAIN, "Temporary failure"), "the name was not resolved"),
        (ssl.SSLCertVerificationError(1, "self-signed certificate"), "the certificate was not accepted"),
        (ssl.SSLEOFError(8, "EOF occurred in violation of protocol"), "no TLS"),
        (ConnectionRefusedError(111, "Connection refused"), "refused"),
        (TimeoutError("timed out during opening handshake"), "no answer in time"),
        (TimeoutError(110, "Connection timed out"), "no answer in time"),
        (OSError(101, "Network is unreachable"), "no connection"),
        (ConnectionResetError(104, "Connection reset by peer"), "no connection"),
        (EOFError("connection closed while reading HTTP status line"), "no upgrade"),
        (InvalidHandshake("unsupported"), "no upgrade"),
    ],
)
def test_a_dial_that_failed_says_why_and_is_worth_another(error: Exception, kind: str) -> None:
    ending = judge_dial(error)
    assert (ending.kind, ending.verdict) == (f"dial failed ({kind})", Verdict.RETRY)


@contextlib.contextmanager
def mute_server() -> Iterator[str]:
    """Accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield f"ws://127.0.0.1:{listener.getsockname()[1]}/"


async def test_an_upgrade_that_is_not_answered_in_time_is_dialled_again(
    connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    with mute_server() as url:
        async with connect(url, keep_alive=KeepAlive(first_answer_s=0.02)) as client:
            await until(lambda: client.session.epoch >= 2)
            assert client.session.dial_s == 0.04
    assert "dial failed (no answer in time)" in caplog.text


# Keep-alive


async def test_a_ping_leaves_every_fifteen_seconds_and_its_pong_is_timed(
    connect: Connect, time: VirtualTime, metrics: Metrics, recorder: Recorder
) -> None:
    async with Venue(says(AUTHENTICATED)).open() as venue, connect(venue.url) as client:
        await until(is_live(client))
        await let_pass(time, 15)
        await until(lambda: venue.received == ['{"type":"PING"}'])
        time.now += 7_000_000
        await venue.connections[0].send('{"type":"PONG"}')
        await until(lambda: client.session.ping_round_trip_ns == 7_000_000)
        await venue.connections[0].send('{"type":"PONG"}')
        await until(lambda: recorder.frames[-2:] == [b'{"type":"PONG"}'] * 2)
        assert latency_count(metrics, "ws_ping_round_trip{socket=account}") == 1


async def test_silence_makes_a_connection_stale_and_then_dead(
    connect: Connect, time: VirtualTime, recorder: Recorder
) -> None:
    async with Venue(says(AUTHENTICATED)).open() as venue, connect(venue.url) as client:
        await until(is_live(client))
        await let_pass(time, 15)
        await until(lambda: venue.received)
        await let_pass(time, 10)
        await until(lambda: client.session.state is SessionState.STALE)
        await venue.connections[0].send("[]")
        await until(is_live(client))
        await let_pass(time, 15)
        await until(lambda: len(venue.received) == 3)
        await let_pass(time, 10)
        await until(lambda: len(venue.received) == 4)
        await let_pass(time, 9)
        assert client.session.epoch == 1
        await let_pass(time, 1)
        await until(lambda: client.session.epoch >= 2)
        await until(is_live(client))
    assert recorder.causes[0] == "nothing came for 10 s after a second PING"
    states = [after for _, after, _ in recorder.told("state")]
    assert SessionState.STALE in states


async def test_a_connection_that_does_not_authenticate_in_time_is_cut_and_dialled_again(
    connect: Connect, time: VirtualTime, recorder: Recorder
) -> None:
    async with Venue(says(), says(AUTHENTICATED)).open() as venue, connect(venue.url) as client:
        await until(lambda: client.session.state is SessionState.AUTHENTICATING)
        await let_pass(time, 2)
        await until(is_live(client, 2))
    assert recorder.causes[0] == "no AUTHENTICATED within 1.5 s"


async def let_pass(time: VirtualTime, seconds: int) -> None:
    """Let seconds pass one by one, so that whoever waits for a moment between them gets it."""
    for _ in range(seconds):
        time.advance(1)
        for _ in range(10):
            await asyncio.sleep(0)


async def test_a_ping_that_cannot_be_written_ends_the_connection(
    connect: Connect, time: VirtualTime, recorder: Recorder
) -> None:
    async def deaf(connection: ServerConnection) -> None:
        await connection.send(AUTHENTICATED)
        connection.transport.pause_reading()
        await connection.wait_closed()

    async with (
        Venue(deaf, says(AUTHENTICATED)).open() as venue,
        connect(venue.url, keep_alive=KeepAlive(pong_s=0.02)) as client,
        asyncio.TaskGroup() as group,
    ):
        await until(is_live(client))
        group.create_task(expect_unknown(client.send(b"x" * 30_000_000)))
        await asyncio.sleep(0.01)
        await let_pass(time, 15)
        await until(lambda: client.session.epoch >= 2)
    assert recorder.causes[0] == "a PING could not be written"


async def expect_unknown(sending: Awaitable[None]) -> None:
    with pytest.raises(OutcomeUnknownError):
        await sending


async def test_a_ping_on_a_connection_lost_meanwhile_is_no_error(
    connect: Connect, time: VirtualTime, recorder: Recorder
) -> None:
    async with Venue(says(AUTHENTICATED)).open() as venue, connect(venue.url) as client:
        await until(is_live(client))
        await let_pass(time, 14)
        assert client._connection is not None
        client._connection.abort()
        time.advance(1)
        await until(lambda: client.session.epoch >= 2)
        await until(is_live(client))
    assert recorder.causes[0].startswith("close 1006")


# What an overdue command asks


async def test_a_pong_proves_that_what_was_sent_before_was_read(connect: Connect, time: VirtualTime) -> None:
    asked: list[str | bytes] = []

    async def pongs(connection: ServerConnection) -> None:
        await connection.send(AUTHENTICATED)
        async for frame in connection:
            asked.append(frame)
            await connection.send('{"type":"PONG"}')

    async with Venue(pongs).open() as venue, connect(venue.url) as client:
        await until(is_live(client))
        time.advance(1)
        sent = time.now
        await client.until_read(1, sent)
        assert client.session.arrived_by(1, sent) is not None
        await client.until_read(1, sent)
        assert asked == ['{"type":"PING"}']


async def test_a_connection_on_which_nothing_follows_the_ping_of_an_overdue_command_is_cut(
    connect: Connect, time: VirtualTime, recorder: Recorder
) -> None:
    async with (
        Venue(says(AUTHENTICATED)).open() as venue,
        connect(venue.url, keep_alive=KeepAlive(doubt_s=0.02)) as client,
    ):
        await until(is_live(client))
        time.advance(1)
        await client.until_read(1, time.now)
        await until(is_live(client, 2))
    assert recorder.causes[0] == "a command is overdue, and nothing came for 0.02 s after a PING"


async def test_a_connection_that_goes_on_talking_is_waited_for(connect: Connect, time: VirtualTime) -> None:
    async with (
        Venue(says(AUTHENTICATED)).open() as venue,
        connect(venue.url, keep_alive=KeepAlive(doubt_s=0.02)) as client,
        asyncio.TaskGroup() as group,
    ):
        await until(is_live(client))
        time.advance(1)
        waiting = group.create_task(client.until_read(1, time.now))
        await until(lambda: venue.received)
        for _ in range(3):
            await venue.connections[0].send("[]")
            await asyncio.sleep(0.02)
        assert not waiting.done()
        await venue.connections[0].send('{"type":"PONG"}')
        await waiting
        assert (client.session.epoch, len(venue.received)) == (1, 1)


async def test_a_connection_that_is_cut_is_reset_and_so_delivers_nothing_later(connect: Connect) -> None:
    async with Venue(says(AUTHENTICATED)).open() as venue, connect(venue.url) as client:
        await until(is_live(client))
        client.drop()
        await until(is_live(client, 2))
        with pytest.raises(ConnectionClosed) as closed:
            await venue.connections[0].recv()
    assert isinstance(closed.value.__cause__, ConnectionResetError)


# Sending


async def test_a_frame_goes_out_as_text(connect: Connect, metrics: Metrics) -> None:
    async with Venue(says(AUTHENTICATED)).open() as venue, connect(venue.url) as client:
        await until(is_live(client))
        await client.send('{"type":"é"}'.encode())
        await until(lambda: venue.received == ['{"type":"é"}'])
    assert metrics.snapshot()["ws_frames_sent{socket=account}"] == 1


async def test_without_a_connection_nothing_is_sent(
    time: VirtualTime, metrics: Metrics, recorder: Recorder
) -> None:
    client = make_client("ws://127.0.0.1:1/", time, metrics, recorder)
    with pytest.raises(NotSentError, match="account socket is IDLE: nothing was sent"):
        await client.send(b"{}")
    client.drop()
    assert metrics.snapshot()["ws_frames_sent{socket=account}"] == 0


async def test_after_a_drop_nothing_is_sent(connect: Connect) -> None:
    async with Venue(says(AUTHENTICATED)).open() as venue, connect(venue.url) as client:
        await until(is_live(client))
        client.drop()
        with pytest.raises(NotSentError):
            await client.send(b"{}")


async def test_a_frame_on_a_connection_lost_meanwhile_has_an_unknown_outcome(connect: Connect) -> None:
    async with Venue(says(AUTHENTICATED)).open() as venue, connect(venue.url) as client:
        await until(is_live(client))
        assert client._connection is not None
        client._connection.abort()
        with pytest.raises(OutcomeUnknownError, match="account socket was lost while sending"):
            await client.send(b"{}")


async def test_a_connection_that_is_reset_while_it_cannot_write_leaves_the_outcome_unknown(
    connect: Connect, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def cannot_write(*_: object, **__: object) -> NoReturn:
        raise ConnectionResetError(104, "Connection reset by peer")

    async with Venue(says(AUTHENTICATED)).open() as venue, connect(venue.url) as client:
        await until(is_live(client))
        monkeypatch.setattr(type(client._connection), "drain", cannot_write)
        with pytest.raises(OutcomeUnknownError, match="account socket was lost while sending"):
            await client.send(b"{}")


async def test_a_resync_of_an_earlier_connection_is_void(connect: Connect, recorder: Recorder) -> None:
    recorder.resyncs = False
    async with Venue(closes(1000), says(AUTHENTICATED)).open() as venue, connect(venue.url) as client:
        await until(lambda: len(recorder.told("accompanying")) == 2)
        client.resynced(1)
        assert not is_live(client)()
        client.resynced(2)
        assert is_live(client)()


# Closing


async def test_a_cancelled_client_says_goodbye(connect: Connect) -> None:
    async with Venue(says(AUTHENTICATED)).open() as venue:
        async with connect(venue.url) as client:
            await until(is_live(client))
        await until(lambda: venue.close_codes == [1000])
    assert client.session.state is SessionState.IDLE


async def test_closing_does_not_wait_for_a_peer_that_does_not_answer(
    connect: Connect, recorder: Recorder
) -> None:
    async def deaf(connection: ServerConnection) -> None:
        await connection.send(AUTHENTICATED)
        connection.transport.pause_reading()
        await connection.wait_closed()

    loop = asyncio.get_running_loop()
    async with Venue(deaf).open() as venue:
        async with connect(venue.url, keep_alive=KeepAlive(close_s=0.02)) as client:
            await until(is_live(client))
            began = loop.time()
        assert loop.time() - began < 1.0
    assert recorder.causes == ["closed here"]


async def test_what_comes_in_after_closing_began_is_dropped(
    time: VirtualTime, metrics: Metrics, recorder: Recorder
) -> None:
    async def deaf(connection: ServerConnection) -> None:
        await connection.send(AUTHENTICATED)
        connection.transport.pause_reading()
        await connection.wait_closed()

    async with Venue(deaf).open() as venue:
        client = make_client(venue.url, time, metrics, recorder, keep_alive=KeepAlive(close_s=0.04))
        run = asyncio.create_task(client.run())
        await until(is_live(client))
        run.cancel()
        await until(lambda: client.session.state is SessionState.CLOSING)
        await venue.connections[0].send("late")
        with pytest.raises(asyncio.CancelledError):
            await run
    assert recorder.frames == [AUTHENTICATED.encode()]


async def test_a_client_cancelled_while_it_closes_still_tells_its_handler(
    time: VirtualTime, metrics: Metrics, recorder: Recorder
) -> None:
    async def deaf(connection: ServerConnection) -> None:
        await connection.send(AUTHENTICATED)
        connection.transport.pause_reading()
        await connection.wait_closed()

    async with Venue(deaf).open() as venue:
        client = make_client(venue.url, time, metrics, recorder)
        run = asyncio.create_task(client.run())
        await until(is_live(client))
        run.cancel()
        await until(lambda: client.session.state is SessionState.CLOSING)
        run.cancel()
        with pytest.raises(asyncio.CancelledError):
            await run
    assert recorder.causes == ["closed here"]
    assert client.session.state is SessionState.IDLE


async def test_a_dial_can_be_cancelled(connect: Connect, recorder: Recorder) -> None:
    with mute_server() as url:
        async with connect(url) as client:
            await until(lambda: client.session.state is SessionState.DIALLING)
        assert client.session.state is SessionState.IDLE
    assert recorder.told("connected") == []


async def test_a_wait_between_dials_can_be_cancelled(connect: Connect, time: VirtualTime) -> None:
    async with (
        Venue(says(), refusals=[503]).open() as venue,
        connect(venue.url, sleep=time.sleep) as client,
    ):
        await until(lambda: time.slept == [0.1])
        assert client.session.state is SessionState.IDLE


# Secrets and arguments


async def test_no_log_at_any_level_shows_key_or_signature(
    connect: Connect, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    async with (
        Venue(closes(1000), says(AUTHENTICATED), refusals=[401]).open() as venue,
        connect(venue.url) as client,
    ):
        await until(is_live(client, 3))
        await client.send(b'{"type":"SUBSCRIBE"}')
        await until(lambda: venue.received)
    assert 'account > b\'{"type":"SUBSCRIBE"}\'' in caplog.text
    assert 'account < b\'{"type":"AUTHENTICATED"}\'' in caplog.text
    assert KEY not in caplog.text
    assert SIGNATURE not in caplog.text


def test_an_address_that_is_no_websocket_is_refused(
    time: VirtualTime, metrics: Metrics, recorder: Recorder
) -> None:
    with pytest.raises(InvalidArgumentError, match=r"url='https://api\.valr\.com'"):
        make_client("https://api.valr.com", time, metrics, recorder)


def test_a_transport_that_is_not_installed_is_named_with_its_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "picows", None)
    monkeypatch.delitem(sys.modules, "valr_connector.net.fast_socket", raising=False)
    monkeypatch.delattr(net, "fast_socket", raising=False)
    with pytest.raises(
        ConfigurationError, match=r"transport='picows': .* pip install 'valr-connector\[fast\]'"
    ):
        dial_over("picows")


def test_a_transport_that_nobody_knows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VALR_TRANSPORT", "pigeons")
    with pytest.raises(ConfigurationError, match="VALR_TRANSPORT='pigeons': must be websockets or picows"):
        Settings()
