"""What the proxy does to what passes through it: the storm is no harder than these."""

from __future__ import annotations

import asyncio
import contextlib
from asyncio import StreamReader, StreamWriter
from collections.abc import AsyncIterator
from dataclasses import dataclass
from random import Random

import pytest

from tests.chaos.proxy import HOST, Conduct, Kind, Proxy, corrupted, each_way

HELLO = b"GET /ws/account HTTP/1.1\r\n\r\n"
LONG = bytes(range(128)) * 40
PATIENCE_S = 10.0
SILENCE_S = 0.03


@dataclass
class Stage:
    """A server that echoes, a proxy before it, and one connection through it that has said hello."""

    proxy: Proxy
    reader: StreamReader
    writer: StreamWriter
    server_lost: asyncio.Event

    async def hears(self, count: int) -> bytes:
        """So many bytes of what comes back."""
        async with asyncio.timeout(PATIENCE_S):
            return await self.reader.readexactly(count)

    async def hears_nothing(self) -> bool:
        """Whether nothing comes for a moment, not even the end."""
        try:
            async with asyncio.timeout(SILENCE_S):
                await self.reader.read(1)
        except TimeoutError:
            return True
        return False


@contextlib.asynccontextmanager
async def stage() -> AsyncIterator[Stage]:
    server_lost = asyncio.Event()
    writers: list[StreamWriter] = []

    async def echo(reader: StreamReader, writer: StreamWriter) -> None:
        writers.append(writer)
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                writer.write(data)
        server_lost.set()

    server = await asyncio.start_server(echo, HOST, 0)
    async with Proxy(server.sockets[0].getsockname()[1], Random(1)) as proxy:
        reader, writer = await asyncio.open_connection(HOST, proxy.port)
        writer.write(HELLO)
        found = Stage(proxy, reader, writer, server_lost)
        assert await found.hears(len(HELLO)) == HELLO
        yield found
        for each in (writer, *writers):
            each.transport.abort()
        server.close()
    await server.wait_closed()


async def test_without_a_fault_everything_passes_unchanged() -> None:
    async with stage() as on:
        on.writer.write(LONG)
        assert await on.hears(len(LONG)) == LONG


@pytest.mark.parametrize("conduct", [Conduct.SPLIT, Conduct.COALESCE, Conduct.THROTTLE])
async def test_pieces_change_their_size_and_their_time_but_not_their_bytes(conduct: Conduct) -> None:
    async with stage() as on:
        on.proxy.behave(conduct, Kind.ACCOUNT)
        on.writer.write(LONG[:1_000])
        assert await on.hears(1_000) == LONG[:1_000]


async def test_what_is_stalled_comes_later_and_in_order() -> None:
    async with stage() as on:
        on.proxy.behave(Conduct.STALL, Kind.ACCOUNT)
        on.writer.write(b"one ")
        on.writer.write(b"two")
        assert await on.hears_nothing()
        on.proxy.behave(Conduct.FLOW, Kind.ACCOUNT)
        assert await on.hears(7) == b"one two"


async def test_a_fault_of_one_kind_of_connection_leaves_the_others_alone() -> None:
    async with stage() as on:
        on.proxy.behave(Conduct.STALL, Kind.TRADE, Kind.REST)
        on.writer.write(b"still")
        assert await on.hears(5) == b"still"


async def test_connections_that_begin_during_a_stall_are_stalled_too() -> None:
    async with stage() as on:
        on.proxy.behave(Conduct.STALL, Kind.REST)
        reader, writer = await asyncio.open_connection(HOST, on.proxy.port)
        writer.write(b"GET /v1/public/time HTTP/1.1\r\n")
        later = Stage(on.proxy, reader, writer, on.server_lost)
        assert await later.hears_nothing()
        on.proxy.behave(Conduct.FLOW, Kind.REST)
        assert await later.hears(3) == b"GET"
        writer.transport.abort()


async def test_a_half_open_connection_says_nothing_and_tells_nobody() -> None:
    async with stage() as on:
        on.proxy.wires(Kind.ACCOUNT)[0].behave(Conduct.SWALLOW)
        on.writer.write(LONG)
        assert await on.hears_nothing()
        assert on.proxy.deceives(Kind.ACCOUNT)
        on.writer.transport.abort()
        await asyncio.sleep(SILENCE_S)
        assert not on.proxy.deceives(Kind.ACCOUNT)
        assert not on.server_lost.is_set()
        on.proxy.bury_orphans()
        async with asyncio.timeout(PATIENCE_S):
            await on.server_lost.wait()


async def test_what_is_said_on_a_deaf_connection_arrives() -> None:
    async with stage() as on:
        on.proxy.wires(Kind.ACCOUNT)[0].far.way.conduct = Conduct.SWALLOW
        on.writer.write(b"said")
        assert await on.hears_nothing()
        on.writer.write_eof()
        async with asyncio.timeout(PATIENCE_S):
            await on.server_lost.wait()


async def test_a_cut_ends_both_sides_in_good_order() -> None:
    async with stage() as on:
        on.proxy.wires(Kind.ACCOUNT)[0].end(abruptly=False)
        assert await on.reader.read() == b""


async def test_a_reset_ends_both_sides_without_order() -> None:
    async with stage() as on:
        on.proxy.wires(Kind.ACCOUNT)[0].end(abruptly=True)
        with pytest.raises(ConnectionResetError):
            await on.reader.read()


async def test_new_connections_are_refused_and_then_accepted_where_they_were() -> None:
    async with stage() as on:
        on.proxy.refuse()
        with pytest.raises(ConnectionRefusedError):
            await asyncio.open_connection(HOST, on.proxy.port)
        on.writer.write(b"open")
        assert await on.hears(4) == b"open"
        await on.proxy.listen()
        _, writer = await asyncio.open_connection(HOST, on.proxy.port)
        writer.transport.abort()


async def test_one_byte_is_corrupted_and_the_next_ones_are_not() -> None:
    async with stage() as on:
        next(each_way(on.proxy.wires(Kind.ACCOUNT))).corrupt_next()
        on.writer.write(b"price")
        heard = await on.hears(5)
        assert [a ^ b for a, b in zip(heard, b"price", strict=True) if a != b] == [0x80]
        on.writer.write(b"price")
        assert await on.hears(5) == b"price"


@pytest.mark.parametrize("seed", range(3))
def test_a_corrupted_byte_is_no_text_any_more(seed: int) -> None:
    with pytest.raises(UnicodeDecodeError):
        corrupted(b'{"price":"1500000"}', Random(seed)).decode()
