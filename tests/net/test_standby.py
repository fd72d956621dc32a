"""A second account socket: while the first is away, nothing that happens to an order goes unheard."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest

from tests.net.trading import Desk, check_story, in_virtual_time, tasks_of_the_library, trading
from valr_connector import CircuitState, OrderCancelled, OrderFilled, OrderStatus, SessionState
from valr_connector.net import standby as module
from valr_connector.net.standby import Standby
from valr_connector.observe import metrics as m


async def never(*_: object) -> Any:
    await asyncio.Event().wait()


def standby_of(desk: Desk) -> Standby:
    found = desk.connector._standby
    assert found is not None
    return found


@asynccontextmanager
async def with_standby(**settings: Any) -> AsyncIterator[Desk]:
    async with trading(warm_standby=True, **settings) as desk:
        await desk.until(lambda: standby_of(desk).client.session.state is SessionState.LIVE)
        yield desk


def lose_first(desk: Desk) -> None:
    """Cut the first account socket, and let no other be dialled."""
    desk.connector.account.client._dial = never
    desk.connector.account.client.drop()


class Tap:
    """Keeps what the standby told."""

    def __init__(self) -> None:
        self.seen: list[bytes] = []

    def frame_in(self, raw: bytes) -> None:
        self.seen.append(raw)

    def frame_out(self, raw: bytes) -> None:
        pass


def told_by_standby(desk: Desk) -> int:
    return desk.valr.metrics.counter(m.STANDBY_TOLD).value


@in_virtual_time
async def test_without_being_asked_for_there_is_none() -> None:
    async with trading() as desk:
        assert desk.connector._standby is None
        assert desk.exchange.drop_sockets("account") == 1


async def test_with_both_sockets_everything_is_told_once_and_by_the_first() -> None:
    async with with_standby() as desk:
        before = told_by_standby(desk)
        order = await desk.buy(amount="0.03")
        for _ in range(3):
            desk.rival("sell", "0.01", "900000")
        await desk.until(lambda: order.is_done)
        await desk.agreed(order)
        await asyncio.sleep(0.02)
        check_story(desk, order)
        assert len(desk.told(OrderFilled)) == 3
        assert told_by_standby(desk) == before


async def test_a_drop_of_the_first_costs_no_gap() -> None:
    async with with_standby() as desk:
        order = await desk.buy()
        lose_first(desk)
        desk.rival("sell", "0.004", "900000")
        await desk.until(lambda: desk.told(OrderFilled), patience_s=1.0)
        assert not desk.connector.account.is_live
        assert order.status is OrderStatus.PARTIALLY_FILLED
        assert told_by_standby(desk) > 0
        assert (await desk.valr.cancel_order(order)).is_done, "by REST"
        assert len(desk.told(OrderCancelled)) == 1


async def test_what_was_heard_of_the_standby_is_not_told_again_after_the_first_came_back() -> None:
    async with with_standby() as desk:
        order = await desk.buy(amount="0.03")
        for _ in range(3):
            desk.connector.account.client.drop()
            desk.rival("sell", "0.01", "900000")
            await desk.back()
        await desk.until(lambda: order.has_all_fills and order.is_done)
        await desk.agreed(order)
        check_story(desk, order)


async def test_a_first_that_has_stalled_is_not_waited_for() -> None:
    async with with_standby() as desk:
        await desk.buy()
        client = desk.connector.account.client
        assert client._connection is not None
        client._connection.detach()
        began = time.monotonic()
        desk.rival("sell", "0.004", "900000")
        await desk.until(lambda: desk.told(OrderFilled), patience_s=2.0)
        assert time.monotonic() - began >= module.PATIENCE / 1e9 * 0.5
        assert desk.connector.account.is_live, "it does not know yet"


async def test_a_standby_that_is_lost_comes_back_and_disturbs_nobody() -> None:
    async with with_standby() as desk:
        order = await desk.buy(amount="0.02")
        standby = standby_of(desk)
        standby.client.drop()
        desk.rival("sell", "0.01", "900000")
        await desk.until(lambda: standby.client.session.epoch == 2 and standby.client.session.can_send)
        await desk.until(lambda: standby.client.session.state is SessionState.LIVE)
        desk.rival("sell", "0.01", "900000")
        await desk.until(lambda: order.is_done)
        await desk.agreed(order)
        assert desk.valr.ready


async def test_a_standby_that_is_refused_for_good_ends_alone() -> None:
    async with with_standby() as desk:
        standby = standby_of(desk)
        standby.client._headers = dict
        standby.client.drop()
        await desk.until(lambda: not any("Standby.run" in name for name in tasks_of_the_library()))
        await desk.until(lambda: standby.client.session.state is SessionState.IDLE)
        order = await desk.buy()
        assert order.status is OrderStatus.OPEN
        assert desk.valr.failure is None
        assert set(desk.valr.circuits.values()) == {CircuitState.CLOSED}


async def test_frames_about_the_socket_itself_and_nonsense_are_not_passed_on() -> None:
    nonsense = (
        b"",
        b"{",
        b'{"type":"\xff"}',
        b'{"":' + b"[" * 100_000,
        b'""',
        b"[]",
        b'{"type":"PONG"}',
        b'{"type":"ERROR","message":"x"}',
    )
    tap = Tap()
    async with with_standby() as desk:
        standby_of(desk)._tap = tap
        for raw in nonsense:
            standby_of(desk).on_frame(raw, desk.now)
        lose_first(desk)
        await desk.until(lambda: not desk.connector.account.is_live)
        assert [raw for raw in tap.seen if raw in nonsense] == []


@in_virtual_time
async def test_a_tap_that_raises_on_what_the_standby_told_keeps_it_from_nobody(
    caplog: pytest.LogCaptureFixture,
) -> None:
    tap = Tap()
    tap.seen = ()  # type: ignore[assignment]  # has no `append`
    async with with_standby() as desk:
        await desk.buy()
        standby_of(desk)._tap = tap
        lose_first(desk)
        desk.rival("sell", "0.004", "900000")
        await desk.until(lambda: desk.told(OrderFilled), patience_s=1.0)
    assert "standby socket: Tap.frame_in raised" in caplog.text


@in_virtual_time
async def test_a_frame_whose_handling_fails_keeps_none_back_that_waits_with_it() -> None:
    async with with_standby() as desk:
        order = await desk.buy(amount="0.03")
        handler = standby_of(desk)._handler
        handle = handler.on_frame
        raised: list[bytes] = []

        def fails_at_first(raw: bytes, now: int) -> None:
            if not raised:
                raised.append(raw)
                raise RuntimeError("a defect")
            handle(raw, now)

        handler.on_frame = fails_at_first  # type: ignore[method-assign]
        client = desk.connector.account.client
        assert client._connection is not None
        client._connection.detach()
        for _ in range(3):
            desk.rival("sell", "0.01", "900000")
        await desk.until(lambda: order.is_done, patience_s=1.0)
    assert raised


async def test_a_tap_sees_what_the_standby_told() -> None:
    tap = Tap()
    async with with_standby() as desk:
        await desk.buy()
        standby_of(desk)._tap = tap
        lose_first(desk)
        desk.rival("sell", "0.004", "900000")
        await desk.until(lambda: desk.told(OrderFilled))
        assert any(b"NEW_ACCOUNT_TRADE" in raw for raw in tap.seen)
