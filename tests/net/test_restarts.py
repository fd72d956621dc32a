"""A part of a trading connector that fails in a way nobody foresaw: it is mended, or everything stops."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.net.trading import ACCOUNT, Desk, in_virtual_time, trading
from valr_connector import OrderStatus, PartRestarted, Placement, ValrError
from valr_connector.net.websocket import WebSocketClient
from valr_connector.observe import metrics as m
from valr_connector.simulator.faults import of_type

STATUS_ROUTE = "GET /v1/orders/{pair}/customerorderid/{id}"


def fails_once(call: Callable[..., Any]) -> Callable[..., Any]:
    """The same call, but that it raises the first time."""
    calls: list[int] = []

    def once(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        if len(calls) == 1:
            raise RuntimeError("a defect")
        return call(*args, **kwargs)

    return once


def restarted(desk: Desk) -> list[str]:
    return [event.part for event in desk.told(PartRestarted)]


@in_virtual_time
async def test_a_reconciler_that_fails_is_started_again_and_asks_what_it_was_about_to_ask() -> None:
    async with trading(place_timeout_s=0.05) as desk:
        reconciler = desk.connector._reconciler
        reconciler._inquiries.ask = fails_once(reconciler._inquiries.ask)  # type: ignore[method-assign]
        silent = ("PLACE_LIMIT_WS_RESPONSE", "ORDER_PROCESSED", "ORDER_STATUS_UPDATE", "OPEN_ORDERS_UPDATE")
        desk.exchange.faults.drop_frame(of_type(*silent), count=9)
        order = await desk.buy()
        assert order.placement is Placement.UNKNOWN
        await desk.until(lambda: order.status is OrderStatus.OPEN)
        assert restarted(desk) == ["reconciler"]
        assert desk.valr.metrics.counter(m.PART_RESTARTS, "reconciler").value == 1
        assert desk.valr.failure is None


@in_virtual_time
async def test_a_question_about_an_ended_order_that_the_failure_cut_short_is_asked_again() -> None:
    async with trading() as desk:
        await desk.buy()
        reconciler = desk.connector._reconciler
        reconciler._inquiries.ask = fails_once(reconciler._inquiries.ask)  # type: ignore[method-assign]
        desk.exchange.venue.cancel_all(ACCOUNT)  # nobody here wanted that: whether it is so is asked
        await desk.until(lambda: desk.asked(STATUS_ROUTE))
        assert restarted(desk) == ["reconciler"]


async def test_an_account_stream_that_fails_dials_again_and_nothing_is_lost() -> None:
    async with trading() as desk:
        order = await desk.buy()
        client = desk.connector.account.client
        client._serve = fails_once(client._serve)  # type: ignore[method-assign]
        desk.drop_account_socket()
        await desk.until(lambda: restarted(desk))
        await desk.until(lambda: desk.valr.ready)
        assert restarted(desk) == ["account stream"]
        assert order.status is OrderStatus.OPEN
        assert (await desk.valr.cancel_order(order)).is_done


async def test_a_market_stream_that_fails_dials_again() -> None:
    async with trading() as desk:
        assert desk.connector.market is not None
        client = desk.connector.market.client
        assert isinstance(client, WebSocketClient)
        client._serve = fails_once(client._serve)  # type: ignore[method-assign]
        desk.exchange.drop_sockets("trade")
        await desk.until(lambda: restarted(desk))
        await desk.until(lambda: desk.valr.ready)
        assert restarted(desk) == ["market stream"]


async def test_fills_still_missing_are_asked_for_again_after_a_restart() -> None:
    async with trading() as desk:
        reconciler = desk.connector._reconciler
        fetch = reconciler._try_fetch_fills
        reconciler._try_fetch_fills = fails_once(fetch)  # type: ignore[method-assign]
        desk.exchange.faults.drop_frame(of_type("NEW_ACCOUNT_TRADE"), count=9)
        desk.rival("sell", "0.01", "900000")
        order = await desk.buy("900000", "0.01")
        await desk.until(lambda: order.has_all_fills)
        assert restarted(desk) == ["reconciler"]
        await desk.agreed(order)


async def test_a_part_that_fails_again_and_again_stops_everything_and_says_so() -> None:
    async with trading() as desk:
        await desk.break_down()
        assert [event.restarts for event in desk.told(PartRestarted)] == [1, 2, 3]
        assert type(desk.valr.failure) is ValrError
        with pytest.raises(ValrError, match="a part of the connector failed"):
            await desk.buy()
