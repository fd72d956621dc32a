"""However frames are cut into reads, the same messages come out, over either library."""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import AsyncIterator
from typing import Any, Final

import pytest
from websockets.protocol import State
from websockets.utils import accept_key

from valr_connector.core.session import KeepAlive
from valr_connector.net.intake import SLICE_BYTES
from valr_connector.net.network import dial_over


def frame(first: int, payload: bytes) -> bytes:
    """As a server sends it."""
    size = len(payload)
    if size < 126:
        return bytes([first, size]) + payload
    if size < 65_536:
        return bytes([first, 126]) + size.to_bytes(2, "big") + payload
    return bytes([first, 127]) + size.to_bytes(8, "big") + payload


MESSAGES: Final = [
    *(
        bytes([digit]) * size
        for digit, size in zip(b"012345678", (0, 1, 2, 3, 125, 126, 400, 900, 17), strict=True)
    ),
    b"binary",
    b"in two pieces",
    b"large" * 14_000,
    b"last",
]
FRAMES: Final = b"".join(
    [
        *(frame(0x81, message) for message in MESSAGES[:9]),
        frame(0x89, b"ping"),
        frame(0x82, b"binary"),
        frame(0x01, b"in two "),
        frame(0x89, b""),
        frame(0x80, b"pieces"),
        frame(0x81, MESSAGES[-2]),
        frame(0x8A, b"a pong that nobody asked for"),
        frame(0x81, b"last"),
    ]
)

pytestmark = pytest.mark.parametrize("transport", ["websockets", "picows"])


@contextlib.asynccontextmanager
async def served(at_once: bytes = b"", later: bytes = b"") -> AsyncIterator[str]:
    """Where a server is that sends this with its answer to the upgrade, and that when spoken to."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        key = next(line[19:] for line in head.split("\r\n") if line.lower().startswith("sec-websocket-key: "))
        writer.write(
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + accept_key(key).encode() + b"\r\n\r\n" + at_once
        )
        with contextlib.suppress(ConnectionError):
            await reader.read(1)
            writer.write(later)
            await reader.read()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    try:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    finally:
        server.close()
        await server.wait_closed()


@contextlib.asynccontextmanager
async def connected(transport: Any, at_once: bytes = b"", later: bytes = b"") -> AsyncIterator[Any]:
    """A connection to such a server."""
    async with served(at_once, later) as url:
        connection = await dial_over(transport)(url, {}, KeepAlive())
        try:
            yield connection
        finally:
            connection.abort()
            await connection.wait_closed()


async def all_of(taken: list[bytes]) -> None:
    async with asyncio.timeout(30):
        while len(taken) < len(MESSAGES):  # noqa: ASYNC110  what is waited for sets no event
            await asyncio.sleep(0)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 64, 1_000, SLICE_BYTES, len(FRAMES)])
async def test_reads_of_any_size_give_the_same_messages(transport: str, size: int) -> None:
    taken: list[bytes] = []
    async with connected(transport) as connection:
        connection.attach(taken.append)
        await asyncio.sleep(0)
        for begin in range(0, len(FRAMES), size):
            connection.data_received(FRAMES[begin : begin + size])
        await all_of(taken)
    assert taken == MESSAGES


@pytest.mark.parametrize("size", [0, 1, 2, 5, 6, 60, 500, 16_000, len(FRAMES)])
async def test_so_much_may_come_with_the_answer_to_the_upgrade(transport: str, size: int) -> None:
    taken: list[bytes] = []
    async with connected(transport, FRAMES[:size], FRAMES[size:]) as connection:
        connection.attach(taken.append)
        connection.write(b"go on")
        await all_of(taken)
    assert taken == MESSAGES


@pytest.mark.parametrize("last", [frame(0x88, b""), frame(0x88, b"?"), frame(0x83, b"")])
@pytest.mark.parametrize("is_in_one_read", [True, False])
async def test_what_comes_after_a_frame_that_ends_the_connection_is_nobodys(
    transport: str, last: bytes, is_in_one_read: bool
) -> None:
    taken: list[bytes] = []
    async with connected(transport) as connection:
        connection.attach(taken.append)
        reads = [frame(0x81, b"a"), last, frame(0x81, b"b"), frame(0x82, b"c")]
        for read in [b"".join(reads)] if is_in_one_read else reads:
            connection.data_received(read)
    assert taken == [b"a"]


async def test_a_connection_that_failed_fails_once(transport: Any, caplog: pytest.LogCaptureFixture) -> None:
    async with connected(transport) as connection:
        connection.attach(list)
        for _ in range(3):
            connection.data_received(b"\x83\x00")
    assert len([record for record in caplog.records if record.levelname == "ERROR"]) <= 1


async def test_of_a_connection_that_failed_nobody_has_to_wait_for_the_end(transport: Any) -> None:
    complaints: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _, complaint: complaints.append(complaint))
    async with served() as url:
        connection: Any = await dial_over(transport)(url, {}, KeepAlive())
        connection.data_received(b"\x83\x00")
        connection.abort()
        await asyncio.sleep(0.02)  # picows holds on to it for 0.01 s
        assert connection.state is State.CLOSED
        del connection
        gc.collect()
    assert complaints == []
