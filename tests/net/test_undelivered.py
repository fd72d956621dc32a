"""What is given up does not arrive later: the connection that carried it is reset."""

from __future__ import annotations

import asyncio
import asyncio.sslproto
from unittest.mock import Mock

import pytest

from valr_connector.net.http_exchange import Failure, Limits
from valr_connector.net.http_session import HttpSession
from valr_connector.net.undelivered import forget_undelivered


async def test_a_request_that_is_given_up_resets_its_connection() -> None:
    endings: asyncio.Queue[bytes | ConnectionResetError] = asyncio.Queue()

    async def hang(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        try:
            endings.put_nowait(await reader.read())
        except ConnectionResetError as error:
            endings.put_nowait(error)
        writer.close()

    async with await asyncio.start_server(hang, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        session = HttpSession()
        limits = Limits(total_s=0.05, connect_s=1.0, read_s=1.0, largest_answer=1_000)
        outcome = await session.exchange("GET", f"http://127.0.0.1:{port}/", {}, None, limits)
        assert isinstance(outcome, Failure)
        assert outcome.may_have_left
        assert isinstance(await endings.get(), ConnectionResetError)
        await session.close()


async def test_a_connection_that_is_closed_already_leaves_nothing_behind() -> None:
    async with await asyncio.start_server(lambda _, writer: writer.close(), "127.0.0.1", 0) as server:
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
        writer.transport.abort()
        await asyncio.sleep(0)
        forget_undelivered(writer.transport)
        assert writer.transport.is_closing()


async def test_a_connection_over_tls_that_was_closed_twice_leaves_nothing_behind() -> None:
    over_tls = asyncio.sslproto._SSLProtocolTransport(asyncio.get_running_loop(), Mock())
    over_tls.close()
    over_tls.close()
    with pytest.raises(AttributeError):
        over_tls.get_extra_info("socket")
    forget_undelivered(over_tls)
