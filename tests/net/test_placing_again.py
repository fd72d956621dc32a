"""Which placement is sent a second time, and which never is (protocol 20)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from tests.net.trading import AT_ONCE, Desk, check_story, in_virtual_time, to_path, trading
from valr_connector import (
    CancelResult,
    ClosedError,
    InvalidArgumentError,
    NotReadyError,
    OrderStatus,
    Placement,
    RetryPolicy,
)
from valr_connector.simulator.faults import of_type

NEVER, IF_UNSENT, IF_ABSENT = RetryPolicy
PLACE = of_type("PLACE_LIMIT_ORDER")
BY_REST = "POST /v2/orders/limit"
NOBODY_LISTENS = "http://127.0.0.1:9"


async def away(desk: Desk) -> None:
    """The account socket is lost, and does not come back by itself."""
    desk.exchange.faults.drop_frame(of_type("AUTHENTICATED"), count=1000)
    desk.drop_account_socket()
    await desk.until(lambda: not desk.valr.ready)


async def return_from(desk: Desk) -> None:
    """It may come back."""
    desk.exchange.faults.clear()
    desk.valr.drop_account_socket()
    await desk.until(lambda: desk.valr.ready)


# --- never left ------------------------------------------------------------------------------------------


@in_virtual_time
async def test_under_never_a_command_that_could_not_be_sent_is_a_failed_order() -> None:
    async with trading() as desk:
        desk.valr.drop_account_socket()
        order = await desk.buy(retry=NEVER)
        assert (order.status, desk.story(order)) == (OrderStatus.FAILED, ["OrderFailed"])
        assert order.failure_reason.startswith("not sent: ")
        assert (desk.asked(BY_REST), desk.venue_orders()) == (0, [])


@pytest.mark.parametrize("retry", [IF_UNSENT, IF_ABSENT])
@in_virtual_time
async def test_while_the_socket_is_away_orders_are_placed_by_rest(retry: RetryPolicy) -> None:
    async with trading() as desk:
        await away(desk)
        order = await desk.buy(retry=retry)
        assert (order.status, desk.asked(BY_REST)) == (OrderStatus.OPEN, 1)
        await return_from(desk)
        await desk.agreed(order)
        check_story(desk, order)


@in_virtual_time
async def test_a_placement_by_rest_whose_caller_gives_up_after_it_left_is_not_taken_for_unsent() -> None:
    async with trading() as desk:
        await away(desk)
        desk.change(reply_latency_s=0.05, event_latency_s=0.05)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(desk.buy(client_order_id="mine-1"), 0.02)
        order = desk.valr.order("mine-1")
        assert (order.status, len(desk.venue_orders())) == (OrderStatus.PENDING_CREATE, 1)
        desk.change(reply_latency_s=0, event_latency_s=0)
        await return_from(desk)
        await desk.agreed(order)
        assert order.status is OrderStatus.OPEN


@in_virtual_time
async def test_the_settings_say_what_orders_do_that_have_no_policy_of_their_own() -> None:
    async with trading(retry="never") as desk:
        await away(desk)
        with pytest.raises(NotReadyError, match=r"^not connected: "):
            await desk.buy()
        order = await desk.buy(retry="if_unsent")
        assert order.status is OrderStatus.OPEN
        await return_from(desk)


@in_virtual_time
async def test_a_policy_that_nobody_knows_is_refused() -> None:
    async with trading() as desk:
        with pytest.raises(InvalidArgumentError, match="retry='twice': must be one of never, if_unsent, "):
            await desk.buy(retry="twice")


@in_virtual_time
async def test_what_a_trader_does_in_a_gap_is_settled_when_the_socket_is_back() -> None:
    async with trading() as desk:
        await away(desk)
        desk.rival("sell", "0.004", "1000000")
        order = await desk.buy("1000000")
        await return_from(desk)
        await desk.agreed(order)
        assert order.status is OrderStatus.PARTIALLY_FILLED
        check_story(desk, order)


@in_virtual_time
async def test_nothing_is_placed_by_rest_after_a_failure() -> None:
    async with trading() as desk:
        await desk.break_down()
        with pytest.raises(ClosedError):
            await desk.buy()
        assert desk.asked(BY_REST) == 0


# --- proved absent ---------------------------------------------------------------------------------------


async def lost_on_the_way(desk: Desk, **options: Any) -> Any:
    """An order whose command VALR never got, and which is unknown here."""
    desk.exchange.faults.swallow_command(PLACE)
    order = await desk.buy(**options)
    assert order.placement is Placement.UNKNOWN
    return order


@in_virtual_time
async def test_a_lost_command_is_placed_again_under_the_same_id_once_the_order_is_proved_absent() -> None:
    async with trading(place_timeout_s=0.03) as desk:
        order = await lost_on_the_way(desk, retry=IF_ABSENT)
        await desk.until(lambda: order.status is OrderStatus.OPEN)
        await desk.agreed(order)
        assert (desk.asked(BY_REST), len(desk.venue_orders())) == (1, 1)
        assert desk.story(order) == ["PlacementUnknown", "OrderCreated"]


@in_virtual_time
async def test_the_late_refusal_of_a_lost_command_does_not_fail_what_was_placed_again() -> None:
    async with trading(replace(AT_ONCE, processing_latency_s=0.01), place_timeout_s=0.03) as desk:
        order = await lost_on_the_way(desk, retry=IF_ABSENT)
        await desk.until(lambda: desk.asked(BY_REST))
        refused = (
            b'{"type":"RATE_LIMIT_EXCEEDED","data":{"requestType":"PLACE_LIMIT_ORDER"},"clientMsgId":"c-1"}'
        )
        desk.connector.account.on_frame(refused, desk.now)
        await desk.until(lambda: order.status is not OrderStatus.PENDING_CREATE)
        await desk.agreed(order)
        assert desk.story(order) == ["PlacementUnknown", "OrderCreated"]


@in_virtual_time
async def test_the_id_of_an_attempt_refused_as_a_duplicate_is_not_taken_for_the_order_s() -> None:
    async with trading(place_timeout_s=0.03) as desk:
        refusal = b'{"orderId":"the-second-attempt","code":-11502,"message":"Duplicate"}'
        desk.exchange.faults.answer_request(400, to_path("/v2/orders/limit"), body=refusal)
        order = await lost_on_the_way(desk, retry=IF_ABSENT)
        await desk.until(lambda: desk.asked(BY_REST))
        first = desk.foreign(customer_order_id=order.client_order_id)
        await desk.until(lambda: order.status is OrderStatus.OPEN)
        assert order.exchange_order_id == first.order_id


@pytest.mark.parametrize(
    "frame",
    [
        (
            b'{"type":"ORDER_STATUS_UPDATE","data":{"orderId":"second","orderStatusType":"Failed","customerOrderId":"%s",'
            b'"orderSide":"buy","currencyPair":"BTCZAR","remainingQuantity":"1","originalQuantity":"1"}}'
        ),
        b'{"type":"ORDER_PROCESSED","data":{"orderId":"second","success":false,"customerOrderId":"%s"}}',
        b'{"type":"FAILED_ORDER","data":{"orderId":"second","customerOrderId":"%s"}}',
    ],
)
@in_virtual_time
async def test_the_failure_of_one_attempt_does_not_end_the_order_that_another_made(frame: bytes) -> None:
    """VALR may tell that an id is in use by a failed order (protocol 6)."""
    async with trading(place_timeout_s=0.03) as desk:
        refusal = b'{"orderId":"second","code":-11502,"message":"Duplicate"}'
        desk.exchange.faults.answer_request(400, to_path("/v2/orders/limit"), body=refusal)
        order = await lost_on_the_way(desk, retry=IF_ABSENT)
        await desk.until(lambda: desk.asked(BY_REST))
        desk.connector.account.on_frame(frame % order.client_order_id.encode(), desk.now)
        first = desk.foreign(customer_order_id=order.client_order_id)
        await desk.until(lambda: order.status is not OrderStatus.PENDING_CREATE)
        assert (order.status, order.exchange_order_id) == (OrderStatus.OPEN, first.order_id)


@pytest.mark.parametrize("retry", [NEVER, IF_UNSENT])
@in_virtual_time
async def test_a_lost_command_is_a_failed_order_where_nobody_asked_for_more(retry: RetryPolicy) -> None:
    async with trading(place_timeout_s=0.03) as desk:
        order = await lost_on_the_way(desk, retry=retry)
        await desk.until(lambda: order.status is OrderStatus.FAILED)
        assert (desk.asked(BY_REST), desk.venue_orders()) == (0, [])


@in_virtual_time
async def test_a_placement_is_tried_as_often_as_the_settings_say_and_then_it_has_failed() -> None:
    async with trading(place_timeout_s=0.03, place_attempts=2) as desk:
        desk.exchange.faults.answer_request(500, to_path("/v2/orders/limit"), count=5)
        order = await lost_on_the_way(desk, retry=IF_ABSENT)
        await desk.until(lambda: order.status is OrderStatus.FAILED)
        assert (desk.asked(BY_REST), desk.venue_orders()) == (1, [])
        desk.exchange.faults.clear()


@in_virtual_time
async def test_a_second_attempt_whose_answer_is_lost_is_found_and_not_followed_by_a_third() -> None:
    async with trading(place_timeout_s=0.03) as desk:
        desk.exchange.faults.answer_request(None, to_path("/v2/orders/limit"), after_execution=True)
        order = await lost_on_the_way(desk, retry=IF_ABSENT)
        await desk.until(lambda: order.status is OrderStatus.OPEN)
        await desk.agreed(order)
        assert (desk.asked(BY_REST), len(desk.venue_orders())) == (1, 1)


async def test_a_second_attempt_that_cannot_be_sent_is_a_failed_order() -> None:
    async with trading(place_timeout_s=0.03) as desk:
        order = await lost_on_the_way(desk, retry=IF_ABSENT)
        rest = desk.connector.rest
        call = rest.call

        async def call_anything_but_placements(request: Any, **options: Any) -> Any:
            if request.name == BY_REST:
                rest._base_url = NOBODY_LISTENS
            try:
                return await call(request, **options)
            finally:
                rest._base_url = desk.exchange.endpoints.rest

        rest.call = call_anything_but_placements  # type: ignore[method-assign]  # one route of it fails
        await desk.until(lambda: order.status is OrderStatus.FAILED)
        assert order.failure_reason.startswith("not sent: ")
        assert desk.venue_orders() == []


@in_virtual_time
async def test_an_order_that_was_to_be_cancelled_meanwhile_is_not_placed_again() -> None:
    async with trading(place_timeout_s=0.03, cancel_timeout_s=0.03) as desk:
        order = await lost_on_the_way(desk, retry=IF_ABSENT)
        outcome = await desk.valr.cancel_order(order)
        await desk.until(lambda: order.is_done)
        assert outcome.result in (CancelResult.UNKNOWN, CancelResult.FAILED)
        assert (desk.asked(BY_REST), desk.venue_orders()) == (0, [])


@in_virtual_time
async def test_an_order_that_is_only_slow_is_adopted_and_not_placed_again() -> None:
    async with trading(
        replace(AT_ONCE, event_latency_s=0.05, reply_latency_s=0.05), place_timeout_s=0.03
    ) as desk:
        order = await desk.buy(retry=IF_ABSENT)
        await desk.until(lambda: order.status is OrderStatus.OPEN)
        await desk.agreed(order)
        assert (desk.asked(BY_REST), len(desk.venue_orders())) == (0, 1)


@in_virtual_time
async def test_nothing_is_placed_again_once_closing_began() -> None:
    async with trading(place_timeout_s=0.03, on_close="leave") as desk:
        order = await lost_on_the_way(desk, retry=IF_ABSENT)
        desk.connector.orders.shut()
        await desk.until(lambda: order.status is OrderStatus.FAILED)
        assert desk.venue_orders() == []
