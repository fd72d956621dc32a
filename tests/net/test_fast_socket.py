"""A dial over picows that comes to nothing leaves no socket to the garbage collector, whenever it ends."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator

import pytest
import uvloop

from valr_connector.core.session import KeepAlive
from valr_connector.net import fast_socket
from valr_connector.net.dialling import DIAL_ERRORS
from valr_connector.net.undelivered import NOT_A_MOMENT

LOOPS = {"asyncio": asyncio.new_event_loop, "uvloop": uvloop.new_event_loop}

Dial = asyncio.Task[object]


@pytest.fixture(params=[*LOOPS])
def runner(request: pytest.FixtureRequest) -> Iterator[asyncio.Runner]:
    with asyncio.Runner(loop_factory=LOOPS[request.param]) as runner:
        yield runner


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """Accepts connections and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


async def dial_in_vain(
    monkeypatch: pytest.MonkeyPatch, listener: socket.socket, when_connected: Callable[[Dial], object]
) -> socket.socket:
    """The socket of a dial to which this happens as soon as it is connected."""
    sockets: list[socket.socket] = []
    connected = fast_socket._connected

    async def connect(host: str, port: int) -> socket.socket:
        sockets.append(await connected(host, port))
        when_connected(dial)
        return sockets[0]

    monkeypatch.setattr(fast_socket, "_connected", connect)
    url = f"ws://127.0.0.1:{listener.getsockname()[1]}/"
    dial: Dial = asyncio.create_task(fast_socket.dial(url, {}, KeepAlive()))
    with contextlib.suppress(asyncio.CancelledError, *DIAL_ERRORS):
        await dial
    return sockets[0]


@pytest.mark.parametrize("turns", range(5))
def test_of_a_dial_given_up_so_many_turns_after_it_connected(
    runner: asyncio.Runner, listener: socket.socket, monkeypatch: pytest.MonkeyPatch, turns: int
) -> None:
    def give_up(dial: Dial, turns: int = turns) -> None:
        if turns:
            asyncio.get_running_loop().call_soon(give_up, dial, turns - 1)
        else:
            dial.cancel()

    assert runner.run(dial_in_vain(monkeypatch, listener, give_up)).fileno() == -1


def test_of_a_dial_given_up_twice(
    runner: asyncio.Runner, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def give_up_twice(dial: Dial) -> None:
        dial.cancel()
        loop = asyncio.get_running_loop()
        loop.call_soon(lambda: loop.call_soon(dial.cancel))

    assert runner.run(dial_in_vain(monkeypatch, listener, give_up_twice)).fileno() == -1


def test_of_a_connection_that_the_peer_resets_before_anything_is_written(
    runner: asyncio.Runner, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    def reset(_: Dial) -> None:
        with listener.accept()[0] as accepted:
            accepted.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NOT_A_MOMENT)

    assert runner.run(dial_in_vain(monkeypatch, listener, reset)).fileno() == -1
