"""What is counted and timed of orders, seen through `metrics.snapshot()`."""

from __future__ import annotations

import asyncio
from typing import Any

from tests.net.trading import Desk, in_virtual_time, trading
from valr_connector import CancelResult, OrderStatus, Placement, UntrackedPolicy, ZombieHandling
from valr_connector.net.socket_counts import ONE_FRAME_IN
from valr_connector.observe.latency import LatencySummary
from valr_connector.simulator.faults import of_type


def counts(desk: Desk) -> dict[str, Any]:
    """Every series; of a latency, how often it was recorded."""
    return {
        key: value.count if isinstance(value, LatencySummary) else value
        for key, value in desk.valr.metrics.snapshot().items()
    }


@in_virtual_time
async def test_each_step_of_placing_and_cancelling_is_timed() -> None:
    async with trading() as desk:
        desk.change(processing_latency_s=0.002)
        order = await desk.buy()
        await desk.valr.cancel_order(order)
        await desk.until(lambda: counts(desk)["command_sent_to_receipt{command=cancel}"])
        seen = counts(desk)
    for command in ("place", "cancel"):
        for step in ("call_to_sent", "sent_to_receipt", "receipt_to_confirmed"):
            assert seen[f"command_{step}{{command={command}}}"] == 1, (command, step)
    assert (seen["order_place_confirmed"], seen["order_cancel_confirmed"]) == (1, 1)


@in_virtual_time
async def test_a_modify_is_timed_up_to_its_receipt() -> None:
    async with trading() as desk:
        order = await desk.buy()
        await desk.valr.modify_order(order, price="900001")
        seen = counts(desk)
    assert seen["command_call_to_sent{command=modify}"] == 1
    assert seen["command_sent_to_receipt{command=modify}"] == 1


@in_virtual_time
async def test_an_outcome_that_comes_before_the_receipt_is_no_time_after_it() -> None:
    async with trading() as desk:
        desk.exchange.faults.delay_frame(of_type("PLACE_LIMIT_WS_RESPONSE"), 0.02)
        await desk.buy()
        await desk.until(lambda: counts(desk)["command_sent_to_receipt{command=place}"])
        assert counts(desk)["command_receipt_to_confirmed{command=place}"] == 0


@in_virtual_time
async def test_a_refused_cancel_is_not_confirmed_by_the_orders_end_an_hour_later() -> None:
    async with trading() as desk:
        order = await desk.buy()
        desk.exchange.read_only = True
        outcome = await desk.valr.cancel_order(order)
        assert outcome.result is CancelResult.STILL_OPEN
        await asyncio.sleep(3_600)
        desk.rival("sell", "0.01", "900000")
        await desk.until(lambda: order.is_done)
        assert counts(desk)["command_receipt_to_confirmed{command=cancel}"] == 0


@in_virtual_time
async def test_what_should_never_happen_is_counted_from_nought() -> None:
    async with trading() as desk:
        seen = counts(desk)
    assert all(seen[f"orders_zombie{{handling={each}}}"] == 0 for each in ZombieHandling)
    assert all(seen[f"orders_untracked{{handling={each}}}"] == 0 for each in UntrackedPolicy)


@in_virtual_time
async def test_orders_are_counted_by_where_they_stand() -> None:
    async with trading() as desk:
        first, second = await desk.buy(), await desk.buy("900001")
        desk.rival("sell", "0.004", "900001")
        await desk.until(lambda: second.status is OrderStatus.PARTIALLY_FILLED)
        open_now = counts(desk)
        await desk.valr.cancel_all()
        ended = counts(desk)
    assert first.is_done
    assert {key: value for key, value in open_now.items() if key.startswith("orders_in_flight")} == {
        "orders_in_flight{status=PENDING_CREATE}": 0,
        "orders_in_flight{status=OPEN}": 1,
        "orders_in_flight{status=PARTIALLY_FILLED}": 1,
    }
    assert ended["orders_ended{status=CANCELLED}"] == 2
    assert ended["orders_in_flight{status=OPEN}"] == 0


@in_virtual_time
async def test_an_unknown_outcome_is_counted_while_it_lasts_with_the_question_and_its_answer() -> None:
    async with trading(place_timeout_s=0.05) as desk:
        desk.exchange.faults.swallow_command(of_type("PLACE_LIMIT_ORDER"))
        order = await desk.buy()
        assert order.placement is Placement.UNKNOWN
        during = counts(desk)
        await desk.until(lambda: order.is_done)
        after = counts(desk)
    assert (during["orders_unknown"], after["orders_unknown"]) == (1, 0)
    assert after["order_unknown_outcomes{command=place}"] == 1
    assert after["order_questions{reason=placement_unconfirmed}"] >= 1
    assert after["order_probes{answer=not found}"] >= 1
    assert after["orders_ended{status=FAILED}"] == 1


@in_virtual_time
async def test_a_lost_connection_is_counted_with_its_cause_and_the_resync_after_it_timed() -> None:
    async with trading() as desk:
        desk.drop_account_socket()
        await desk.back()
        seen = counts(desk)
    assert seen["ws_reconnects{socket=account,cause=close 1006 (no close frame)}"] == 1
    assert seen["account_resync"] == 2


@in_virtual_time
async def test_limits_in_use_and_events_unread_are_read_when_somebody_looks() -> None:
    async with trading() as desk:
        stream = desk.valr.events()
        await desk.buy()
        seen = counts(desk)
        assert seen["events_waiting"] == len(stream) > 0
    assert 0 < seen["limit_use{lane=PLACE}"] <= 1


@in_virtual_time
async def test_one_frame_in_many_is_timed_up_to_the_end_of_its_callbacks() -> None:
    async with trading() as desk:
        for _ in range(32):
            await desk.buy()
        seen = counts(desk)
        received = seen["ws_frames_received{socket=account}"]
        assert seen["ws_frame_handled{socket=account}"] == received // ONE_FRAME_IN > 0
