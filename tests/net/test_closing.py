"""L5: closing takes no longer than it may and leaves nothing behind, whatever the connections are doing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from tests.net.trading import Desk, make, tasks_of_the_library, to_path, trading, venue
from valr_connector import ClosedError, InFlightOrder, NotReadyError, SessionState, ValrError
from valr_connector.core.session import SessionEvent
from valr_connector.net.connector import Connector
from valr_connector.net.dialling import hang_up
from valr_connector.net.http_exchange import Failure
from valr_connector.net.key_permissions import check_permissions
from valr_connector.net.websocket import WebSocketClient
from valr_connector.simulator.faults import of_type

CLOSE_S = 0.5
SLACK_S = 0.6
"""What a busy machine adds: nothing here may wait for a time-out of its own, which are all longer."""

Arrange = Callable[[Desk, WebSocketClient], Awaitable[None]]


async def never(*_: object) -> Any:
    await asyncio.Event().wait()


@contextmanager
def in_time(limit_s: float = CLOSE_S) -> Iterator[None]:
    began = time.monotonic()
    yield
    assert time.monotonic() - began < limit_s + SLACK_S


async def live(desk: Desk, client: WebSocketClient) -> None:
    assert client.session.state is SessionState.LIVE


async def backing_off(desk: Desk, client: WebSocketClient) -> None:
    client._sleep = never
    client.drop()
    await desk.until(lambda: client.session.state is SessionState.IDLE)


async def dialling(desk: Desk, client: WebSocketClient) -> None:
    client._dial = never
    client.drop()
    await desk.until(lambda: client.session.state is SessionState.DIALLING)


async def waiting_for_room_to_dial(desk: Desk, client: WebSocketClient) -> None:
    desk.connector._limiter.refused("DIAL", retry_after_s=3600)
    client.drop()
    await desk.until(lambda: client.session.state is SessionState.IDLE)


async def authenticating(desk: Desk, client: WebSocketClient) -> None:
    desk.exchange.faults.drop_frame(of_type("AUTHENTICATED"), count=99)
    client.drop()
    await desk.until(lambda: client.session.state is SessionState.AUTHENTICATING)


async def resyncing(desk: Desk, client: WebSocketClient) -> None:
    desk.connector.account._resync = never
    client.drop()
    await desk.until(lambda: client.session.state is SessionState.RESYNCING)


async def stale(desk: Desk, client: WebSocketClient) -> None:
    client._happen(SessionEvent.OVERDUE, "nothing came after a PING")
    assert client.session.state is SessionState.STALE


async def not_answered_when_closing(desk: Desk, client: WebSocketClient) -> None:
    """Whatever it sends, nobody reads it: the closing handshake as well."""
    connection: Any = client._connection
    connection.close = never


STATES: dict[str, Arrange] = {
    "idle": backing_off,
    "waiting for room to dial": waiting_for_room_to_dial,
    "dialling": dialling,
    "authenticating": authenticating,
    "resyncing": resyncing,
    "live": live,
    "stale": stale,
    "closing": not_answered_when_closing,
}


def silence(desk: Desk) -> None:
    """VALR says nothing any more, by no way."""
    desk.exchange.faults.swallow_command(lambda _: True, count=99_999)
    rest: Any = desk.connector.rest

    async def unanswered(*_: object) -> Failure:
        await desk.until(rest._closing.is_set)
        return Failure("the session is closed", may_have_left=True)

    rest._attempt = unanswered


@pytest.mark.parametrize("arrange", STATES.values(), ids=STATES)
async def test_closing_is_over_in_time_in_every_state_of_the_account_socket(arrange: Arrange) -> None:
    async with trading(close_timeout_s=CLOSE_S) as desk:
        order = await desk.buy()
        await arrange(desk, desk.connector.account.client)
        silence(desk)
        with in_time():
            report = await desk.valr.close()
        assert report.remaining == (order,)
        assert not (running := tasks_of_the_library()), running


@pytest.mark.parametrize("name", ["idle", "dialling", "authenticating", "live", "stale", "closing"])
async def test_closing_is_over_in_time_in_every_state_of_the_trade_socket(name: str) -> None:
    async with trading(close_timeout_s=CLOSE_S) as desk:
        assert desk.connector.market is not None
        client = desk.connector.market.client
        assert isinstance(client, WebSocketClient)
        await STATES[name](desk, client)
        with in_time():
            report = await desk.valr.close()
        assert not report.remaining
        assert not (running := tasks_of_the_library()), running


async def test_closing_is_over_in_time_while_it_is_starting() -> None:
    async with venue() as exchange:
        exchange.faults.drop_frame(of_type("AUTHENTICATED"), count=99)
        desk = Desk(exchange, make(exchange, close_timeout_s=CLOSE_S))
        starting = asyncio.create_task(desk.valr.start())
        await desk.until(lambda: desk.valr._connector and desk.connector.account.epoch)
        with in_time():
            await desk.valr.close()
        with pytest.raises(NotReadyError):
            await starting
        assert not (running := tasks_of_the_library()), running


async def test_a_close_that_meets_the_last_answer_to_the_start_leaves_nothing_running(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async def answer_while_it_is_closed(*arguments: Any) -> frozenset[str]:
        granted = await check_permissions(*arguments)
        await desk.valr.close()
        return granted

    monkeypatch.setattr("valr_connector.net.connector.check_permissions", answer_while_it_is_closed)
    async with venue() as exchange:
        desk = Desk(exchange, make(exchange, close_timeout_s=CLOSE_S))
        with pytest.raises(ClosedError):
            await desk.valr.start()
        assert not (running := tasks_of_the_library()), running


async def test_closing_is_over_in_time_while_everybody_waits_for_an_outcome() -> None:
    async with trading(close_timeout_s=CLOSE_S, place_timeout_s=3600, cancel_timeout_s=3600) as desk:
        resting = await desk.buy()
        silence(desk)
        calls = [
            asyncio.create_task(call)
            for call in (
                desk.buy("800000"),
                desk.valr.cancel_order(resting),
                desk.valr.modify_order(resting, price="810000"),
            )
        ]
        await asyncio.sleep(0)
        with in_time():
            await desk.valr.close()
            await asyncio.gather(*calls, return_exceptions=True)
        assert not (running := tasks_of_the_library()), running


async def test_a_peer_that_reads_nothing_does_not_keep_a_connection_from_being_closed() -> None:
    """Writing waits for room in its buffers then, and the closing frame with it."""

    class Stuck:
        """An open connection whose `close` waits for ever."""

        is_aborted = False

        async def close(self) -> None:
            await asyncio.Event().wait()

        def abort(self) -> None:
            self.is_aborted = True

    connection = Stuck()
    with in_time(0.02):
        await hang_up(connection, 0.02)  # type: ignore[arg-type]  # as much of one as it takes
    assert connection.is_aborted


# --- cancelled at any await ------------------------------------------------------------------------------


async def after_turns(task: asyncio.Task[Any], turns: int) -> bool:
    """Cancel a task after so many turns of the loop; False if it had ended by then."""
    for _ in range(turns):
        if task.done():
            return False
        await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    return True


TURNS = [0, 1, 2, 3, 5, 8, 13, 21, 34, 55, 89, 144, 233]


@pytest.mark.parametrize("turns", TURNS)
async def test_starting_that_is_cancelled_at_any_await_leaves_nothing_behind(turns: int) -> None:
    async with venue() as exchange:
        desk = Desk(exchange, make(exchange, close_timeout_s=CLOSE_S))
        starting = asyncio.create_task(desk.valr.start())
        await after_turns(starting, turns)
        await desk.valr.close()
        await desk.until(lambda: not tasks_of_the_library())


@pytest.mark.parametrize("turns", TURNS[:9])
async def test_placing_that_is_cancelled_at_any_await_leaves_an_order_that_is_accounted_for(
    turns: int,
) -> None:
    async with trading() as desk:
        placing: asyncio.Task[InFlightOrder] = asyncio.create_task(desk.buy())
        await after_turns(placing, turns)
        await desk.until(
            lambda: all(order.exchange_order_id or order.is_done for order in desk.valr.orders.values())
        )
        there = {order.request.customer_order_id for order in desk.exchange.venue.open_orders("0")}
        assert there == set(desk.valr.orders)


@pytest.mark.parametrize("turns", TURNS[:9])
async def test_cancelling_that_is_cancelled_at_any_await_still_ends_in_the_truth(turns: int) -> None:
    async with trading() as desk:
        order = await desk.buy()
        await after_turns(asyncio.create_task(desk.valr.cancel_order(order)), turns)
        outcome = await desk.valr.cancel_order(order)
        assert outcome.is_done
        await desk.agreed(order)


@pytest.mark.parametrize("turns", TURNS)
async def test_closing_that_is_cancelled_at_any_await_leaves_nothing_running(turns: int) -> None:
    async with trading(close_timeout_s=CLOSE_S) as desk:
        await desk.buy()
        await after_turns(asyncio.create_task(desk.valr.close()), turns)
        await desk.valr.close()
        assert not (running := tasks_of_the_library()), running


@pytest.mark.parametrize("turns", [3, 13, 55])
async def test_a_start_that_is_refused_and_cancelled_leaves_nothing_behind(turns: int) -> None:
    async with venue() as exchange:
        exchange.faults.answer_request(500, to_path("/v1/"), count=99)
        valr = make(exchange)
        starting = asyncio.create_task(valr.start())
        if not await after_turns(starting, turns):
            with pytest.raises(ValrError):
                await starting
        await valr.close()
        assert isinstance(valr._connector, Connector)
        assert not (running := tasks_of_the_library()), running
