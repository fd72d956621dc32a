"""Placing and cancelling against a running venue: what is asked, what is told, what is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from decimal import Decimal
from operator import attrgetter
from typing import Any, NoReturn

import pytest

from tests.net.trading import (
    ACCOUNT,
    AT_ONCE,
    QUICK,
    Desk,
    check_story,
    in_virtual_time,
    make,
    to_path,
    trading,
)
from valr_connector import (
    CancelOutcome,
    CancelRefused,
    CancelResult,
    CancelUnknown,
    ClosedError,
    InvalidArgumentError,
    NotSentError,
    OrderStatus,
    OutcomeUnknownError,
    Placement,
    PlacementUnknown,
    Side,
    TimeInForce,
)
from valr_connector.core.guards import SECOND
from valr_connector.core.lifecycle import AskReason
from valr_connector.model.ids import ClientOrderId
from valr_connector.simulator.faults import of_type
from valr_connector.simulator.settings import RateLimits
from valr_connector.simulator.vocabulary import State
from valr_connector.verification.virtual_loop import running_loop

D = Decimal

CONFIRMATIONS = of_type("ORDER_STATUS_UPDATE", "OPEN_ORDERS_UPDATE")
PLACE = of_type("PLACE_LIMIT_ORDER")
CANCEL = of_type("CANCEL_LIMIT_ORDER")
NOBODY_LISTENS = "http://127.0.0.1:9"
STATUS_ROUTE = "GET /v1/orders/{pair}/customerorderid/{id}"


# --- placing ---------------------------------------------------------------------------------------------


@in_virtual_time
async def test_a_resting_order_is_open_when_placing_returns() -> None:
    async with trading() as desk:
        order = await desk.buy(price="900000", amount="0.01")
        assert (order.status, order.placement) == (OrderStatus.OPEN, Placement.CONFIRMED)
        assert order.exchange_order_id == desk.at_venue(order).order_id
        assert (order.price, order.amount) == (D(900_000), D("0.01"))
        assert desk.story(order) == ["OrderCreated"]
        assert dict(desk.valr.orders) == {order.client_order_id: order}


@in_virtual_time
async def test_a_price_between_two_ticks_goes_away_from_the_other_side() -> None:
    async with trading() as desk:
        bid, offer = await desk.buy(price="900000.7"), await desk.sell(price="2000000.3")
        assert (desk.at_venue(bid).price, desk.at_venue(offer).price) == (D(900_000), D(2_000_001))


@in_virtual_time
async def test_an_ioc_order_takes_what_is_there_and_the_rest_is_cancelled() -> None:
    async with trading() as desk:
        desk.rival("sell", "0.004", "1000000")
        order = await desk.buy("1000000", time_in_force=TimeInForce.IOC)
        await desk.agreed(order)
        assert (order.status, order.executed_amount) == (OrderStatus.CANCELLED, D("0.004"))
        check_story(desk, order)


@in_virtual_time
async def test_a_fok_order_that_fits_is_filled() -> None:
    async with trading() as desk:
        desk.rival("sell", "0.5", "1000000")
        order = await desk.buy("1000000", time_in_force=TimeInForce.FOK)
        await desk.agreed(order)
        assert order.status is OrderStatus.FILLED
        check_story(desk, order)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"time_in_force": TimeInForce.IOC, "price": "999999"}, "Immediate Or Cancel order did not match"),
        ({"time_in_force": TimeInForce.FOK, "amount": "0.6"}, "Fill Or Kill order did not match"),
        ({"post_only": True}, "Post only cancelled as it would have matched"),
        ({"amount": "4.9"}, "Insufficient Balance"),
    ],
    ids=["ioc", "fok", "post-only", "balance"],
)
@in_virtual_time
async def test_what_the_engine_refuses_is_a_failed_order_with_valrs_reason(
    options: dict[str, Any], reason: str
) -> None:
    async with trading() as desk:
        desk.rival("sell", "0.5", "1000000")
        order = await desk.buy(**{"price": "1000000", "amount": "0.01"} | options)
        assert (order.status, order.placement) == (OrderStatus.FAILED, Placement.REFUSED)
        assert order.failure_reason == reason
        assert desk.story(order) == ["OrderFailed"]
        assert not desk.valr.orders


@in_virtual_time
async def test_an_order_that_would_match_our_own_is_refused() -> None:
    async with trading() as desk:
        offer = await desk.sell("1000000")
        order = await desk.buy("1000000")
        assert order.status is OrderStatus.FAILED
        assert "would have matched with your own order" in order.failure_reason
        assert offer.status is OrderStatus.OPEN


@in_virtual_time
async def test_what_valr_refuses_at_once_is_a_failed_order_with_its_reason_and_code() -> None:
    async with trading() as desk:
        desk.exchange.read_only = True
        order = await desk.buy()
        assert order.status is OrderStatus.FAILED
        assert order.failure_reason == "The exchange is in read-only mode (-11)"
        assert desk.venue_orders() == []


@in_virtual_time
async def test_a_command_over_the_limit_is_a_failed_order_that_says_so() -> None:
    async with trading(replace(AT_ONCE, rate_limits=RateLimits(place_per_second=1))) as desk:
        orders = await asyncio.gather(*(desk.buy() for _ in range(3)))
        refused = [order for order in orders if order.status is OrderStatus.FAILED]
        assert {order.failure_reason for order in refused} == {"rate limit exceeded; VALR did not execute it"}
        assert len(desk.venue_orders()) == 3 - len(refused) < 3


@in_virtual_time
async def test_market_orders_are_sized_in_base_or_in_quote_currency() -> None:
    async with trading() as desk:
        desk.rival("sell", "1", "1000000")
        by_base = await desk.valr.place_market_order("BTC-ZAR", Side.BUY, amount="0.01")
        by_quote = await desk.valr.place_market_order("BTC-ZAR", Side.BUY, quote_amount="5000")
        await desk.agreed(by_base, by_quote)
        assert by_base.status is by_quote.status is OrderStatus.FILLED
        assert (by_base.executed_amount, by_quote.executed_amount) == (D("0.01"), D("0.005"))
        assert by_quote.amount == D("0.005")
        for order in (by_base, by_quote):
            check_story(desk, order)


@in_virtual_time
async def test_a_client_order_id_is_used_once() -> None:
    async with trading() as desk:
        order = await desk.buy(client_order_id="mine-1")
        with pytest.raises(InvalidArgumentError, match="client_order_id='mine-1': was used before"):
            await desk.buy(client_order_id="mine-1")
        assert len(desk.venue_orders()) == 1
        assert order.status is OrderStatus.OPEN


@pytest.mark.parametrize("fails_late", [False, True])
async def test_an_id_that_an_earlier_run_used_never_makes_a_second_order(fails_late: bool) -> None:
    async with trading(replace(AT_ONCE, duplicate_ids_fail_late=fails_late)) as desk:
        first = await desk.buy(client_order_id="mine-1")
        second_run = Desk(desk.exchange, make(desk.exchange))
        async with second_run.valr as valr:
            again = await valr.place_limit_order(
                "BTC-ZAR", Side.BUY, amount="0.01", price="900000", client_order_id="mine-1"
            )
            await second_run.until(lambda: again.status is not OrderStatus.PENDING_CREATE)
            still_open = desk.exchange.venue.open_orders(ACCOUNT)
            assert [order.order_id for order in still_open] == [first.exchange_order_id]
            assert again.status is (OrderStatus.FAILED if fails_late else OrderStatus.OPEN)
            assert fails_late or again.exchange_order_id == first.exchange_order_id


@in_virtual_time
async def test_a_placement_that_provably_never_left_goes_by_rest_once() -> None:
    async with trading() as desk:
        desk.valr.drop_account_socket()
        order = await desk.buy()
        assert order.status is OrderStatus.OPEN
        assert (desk.asked("POST /v2/orders/limit"), desk.sent("PLACE_LIMIT_ORDER")) == (1, 0)
        await desk.back()
        await desk.agreed(order)
        check_story(desk, order)


@pytest.mark.parametrize(
    ("options", "reason"),
    [
        ({"post_only": True}, "Post only cancelled as it would have matched"),
        ({"amount": "4.9"}, "Insufficient Balance"),
    ],
)
@in_virtual_time
async def test_a_refusal_by_rest_reads_like_one_on_the_socket(options: dict[str, Any], reason: str) -> None:
    async with trading() as desk:
        desk.rival("sell", "5", "1000000")
        desk.valr.drop_account_socket()
        order = await desk.buy("1000000", **options)
        assert (order.status, order.failure_reason) == (OrderStatus.FAILED, reason)
        await desk.back()
        assert desk.story(order) == ["OrderFailed"]


@in_virtual_time
async def test_a_market_order_goes_by_rest_as_well() -> None:
    async with trading() as desk:
        desk.rival("sell", "1", "1000000")
        desk.valr.drop_account_socket()
        order = await desk.valr.place_market_order("BTC-ZAR", Side.BUY, amount="0.01")
        await desk.back()
        await desk.agreed(order)
        assert order.status is OrderStatus.FILLED
        assert desk.asked("POST /v2/orders/market") == 1


async def test_a_placement_by_rest_that_cannot_be_sent_is_a_failed_order() -> None:
    async with trading() as desk:
        desk.connector.rest._base_url = NOBODY_LISTENS
        desk.valr.drop_account_socket()
        order = await desk.buy()
        assert order.status is OrderStatus.FAILED
        assert order.failure_reason.startswith("not sent: ")
        assert desk.venue_orders() == []
        desk.connector.rest._base_url = desk.exchange.endpoints.rest


@in_virtual_time
async def test_an_answer_by_rest_that_is_lost_leaves_the_order_unknown_until_valr_is_asked() -> None:
    async with trading() as desk:
        desk.exchange.faults.answer_request(None, to_path("/v2/orders/limit"), after_execution=True)
        desk.valr.drop_account_socket()
        order = await desk.buy()
        assert order.placement is Placement.UNKNOWN
        await desk.back()
        await desk.agreed(order)
        assert order.status is OrderStatus.OPEN
        assert (desk.asked("POST /v2/orders/limit"), len(desk.venue_orders())) == (1, 1)
        assert desk.story(order) == ["PlacementUnknown", "OrderCreated"]


async def test_an_id_in_use_refused_by_rest_is_looked_up() -> None:
    async with trading() as desk:
        first = await desk.buy(client_order_id="mine-1")
        second_run = Desk(desk.exchange, make(desk.exchange))
        async with second_run.valr as valr:
            valr.drop_account_socket()
            again = await valr.place_limit_order(
                "BTC-ZAR", Side.BUY, amount="0.01", price="900000", client_order_id="mine-1"
            )
            await second_run.until(lambda: again.status is OrderStatus.OPEN)
            assert again.exchange_order_id == first.exchange_order_id
        assert len(desk.venue_orders()) == 1


@in_virtual_time
async def test_a_rest_placement_takes_no_longer_than_the_settings_allow() -> None:
    async with trading(place_timeout_s=0.05) as desk:
        desk.change(reply_latency_s=0.5)
        desk.valr.drop_account_socket()
        began = running_loop().time()
        order = await desk.buy()
        assert running_loop().time() - began < 0.4
        desk.change(reply_latency_s=0)
        await desk.agreed(order)


# --- cancelling ------------------------------------------------------------------------------------------


@in_virtual_time
async def test_a_confirmed_cancel_is_one_command_and_one_event() -> None:
    async with trading() as desk:
        order = await desk.buy()
        outcome = await desk.valr.cancel_order(order)
        assert outcome == CancelOutcome(order, CancelResult.CANCELLED)
        assert outcome.is_done
        assert desk.at_venue(order).state is State.CANCELLED
        assert desk.sent("CANCEL_LIMIT_ORDER") == 1
        assert desk.story(order) == ["OrderCreated", "OrderCancelled"]
        assert not order.is_being_cancelled


@in_virtual_time
async def test_an_order_can_be_cancelled_by_its_client_order_id() -> None:
    async with trading() as desk:
        order = await desk.buy(client_order_id="mine-1")
        assert (await desk.valr.cancel_order("mine-1")).order is order
        assert order.status is OrderStatus.CANCELLED


@in_virtual_time
async def test_cancelling_an_order_that_has_ended_sends_nothing_and_says_how_it_ended() -> None:
    async with trading() as desk:
        cancelled = await desk.buy()
        await desk.valr.cancel_order(cancelled)
        failed = await desk.buy("1000000", amount="4.9")
        assert (await desk.valr.cancel_order(cancelled)).result is CancelResult.CANCELLED
        assert (await desk.valr.cancel_order(failed)).result is CancelResult.FAILED
        assert desk.sent("CANCEL_LIMIT_ORDER") == 1


@in_virtual_time
async def test_a_fill_that_comes_first_wins() -> None:
    async with trading(replace(AT_ONCE, event_latency_s=0.03)) as desk:
        order = await desk.buy("1000000")
        desk.rival("sell", "0.01", "1000000")
        assert order.status is OrderStatus.OPEN
        outcome = await desk.valr.cancel_order(order)
        assert outcome.result is CancelResult.FILLED
        await desk.agreed(order)
        check_story(desk, order)


@in_virtual_time
async def test_a_fill_while_the_cancel_is_under_way_still_counts() -> None:
    async with trading(replace(AT_ONCE, event_latency_s=0.03)) as desk:
        order = await desk.buy("1000000")
        desk.rival("sell", "0.004", "1000000")
        outcome = await desk.valr.cancel_order(order)
        assert outcome.result is CancelResult.CANCELLED
        await desk.agreed(order)
        assert order.executed_amount == D("0.004")
        check_story(desk, order)


@in_virtual_time
async def test_a_refused_cancel_is_probed_and_tried_again() -> None:
    async with trading() as desk:
        order = await desk.buy()
        desk.exchange.read_only = True
        desk.valr.on(CancelRefused, lambda _: setattr(desk.exchange, "read_only", False))
        outcome = await desk.valr.cancel_order(order)
        assert outcome.result is CancelResult.CANCELLED
        assert desk.sent("CANCEL_LIMIT_ORDER") == 2
        assert desk.asked(STATUS_ROUTE) >= 1
        assert desk.story(order) == ["OrderCreated", "CancelRefused", "OrderCancelled"]
        assert desk.told(CancelRefused)[0].reason == "The exchange is in read-only mode"


@in_virtual_time
async def test_a_cancel_that_is_refused_every_time_leaves_the_order_open_and_free_to_cancel() -> None:
    async with trading(cancel_attempts=2) as desk:
        order = await desk.buy()
        desk.exchange.read_only = True
        outcome = await desk.valr.cancel_order(order)
        assert outcome.result is CancelResult.STILL_OPEN
        assert not outcome.is_done
        assert desk.sent("CANCEL_LIMIT_ORDER") == 2
        assert order.status is OrderStatus.OPEN
        desk.exchange.read_only = False
        assert (await desk.valr.cancel_order(order)).result is CancelResult.CANCELLED


@in_virtual_time
async def test_a_cancel_that_is_refused_at_once_again_and_again_is_sent_at_growing_pauses() -> None:
    async with trading(cancel_attempts=4) as desk:
        order = await desk.buy()
        desk.exchange.read_only = True
        began = running_loop().time()
        await desk.valr.cancel_order(order)
        pauses = sum(QUICK.pause(attempt) for attempt in (1, 2, 3)) / SECOND
        assert pauses <= running_loop().time() - began < 2 * pauses


@in_virtual_time
async def test_a_cancel_whose_confirmation_is_lost_is_found_out() -> None:
    async with trading(cancel_timeout_s=0.05) as desk:
        order = await desk.buy()
        desk.exchange.faults.drop_frame(CONFIRMATIONS, count=2)
        outcome = await desk.valr.cancel_order(order)
        assert outcome.result is CancelResult.CANCELLED
        assert desk.sent("CANCEL_LIMIT_ORDER") == 1
        assert desk.story(order) == ["OrderCreated", "CancelUnknown", "OrderCancelled"]


@in_virtual_time
async def test_a_cancel_that_valr_swallows_is_sent_again() -> None:
    async with trading(cancel_timeout_s=0.05) as desk:
        order = await desk.buy()
        desk.exchange.faults.swallow_command(CANCEL)
        outcome = await desk.valr.cancel_order(order)
        assert outcome.result is CancelResult.CANCELLED
        assert desk.sent("CANCEL_LIMIT_ORDER") == 2
        assert [event.attempt for event in desk.told(CancelUnknown)] == [1]


@in_virtual_time
async def test_every_attempt_to_cancel_has_the_whole_time_that_the_settings_give_it() -> None:
    async with trading(cancel_timeout_s=0.2, cancel_attempts=2, on_close="leave") as desk:
        order = await desk.buy()
        desk.exchange.faults.swallow_command(CANCEL, count=2)
        began = running_loop().time()
        outcome = await desk.valr.cancel_order(order)
        assert outcome.result is CancelResult.STILL_OPEN
        assert running_loop().time() - began >= 0.4


@in_virtual_time
async def test_two_who_cancel_at_once_share_one_command() -> None:
    async with trading() as desk:
        order = await desk.buy()
        outcomes = await asyncio.gather(*(desk.valr.cancel_order(order) for _ in range(5)))
        assert {outcome.result for outcome in outcomes} == {CancelResult.CANCELLED}
        assert desk.sent("CANCEL_LIMIT_ORDER") == 1


@in_virtual_time
async def test_two_who_cancel_at_once_share_each_further_attempt() -> None:
    async with trading() as desk:
        order = await desk.buy()
        desk.exchange.read_only = True
        desk.valr.on(CancelRefused, lambda _: setattr(desk.exchange, "read_only", False))
        outcomes = await asyncio.gather(*(desk.valr.cancel_order(order) for _ in range(3)))
        assert {outcome.result for outcome in outcomes} == {CancelResult.CANCELLED}
        assert desk.sent("CANCEL_LIMIT_ORDER") == 2


@in_virtual_time
async def test_a_cancel_waits_for_the_placement_that_is_under_way() -> None:
    async with trading(replace(AT_ONCE, request_latency_s=0.02)) as desk:
        placing = asyncio.create_task(desk.buy(client_order_id="mine-1"))
        await desk.until(lambda: desk.valr.orders)
        outcome = await desk.valr.cancel_order("mine-1")
        order = await placing
        assert outcome == CancelOutcome(order, CancelResult.CANCELLED)
        assert desk.story(order) == ["OrderCreated", "OrderCancelled"]


@in_virtual_time
async def test_a_caller_who_gives_up_cancelling_leaves_no_trace_of_it_standing() -> None:
    async with trading(replace(AT_ONCE, event_latency_s=0.02)) as desk:
        order = await desk.buy()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(desk.valr.cancel_order(order), 0.005)
        await desk.agreed(order)
        assert order.status is OrderStatus.CANCELLED
        assert desk.connector.orders._wait.is_idle


@in_virtual_time
async def test_a_caller_who_gives_up_placing_leaves_the_order_tracked() -> None:
    async with trading(replace(AT_ONCE, event_latency_s=0.02)) as desk:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(desk.buy(client_order_id="mine-1"), 0.005)
        order = desk.valr.order("mine-1")
        await desk.agreed(order)
        assert order.status is OrderStatus.OPEN


@in_virtual_time
async def test_a_cancel_goes_by_rest_while_the_socket_is_away() -> None:
    async with trading() as desk:
        order = await desk.buy()
        desk.valr.drop_account_socket()
        outcome = await desk.valr.cancel_order(order)
        assert outcome.result is CancelResult.CANCELLED
        assert (desk.asked("DELETE /v2/orders/order"), desk.sent("CANCEL_LIMIT_ORDER")) == (1, 0)
        assert len(desk.valr._state.ledger) == 0  # no reply on the socket is waited for
        await desk.back()
        await desk.agreed(order)
        check_story(desk, order)


@in_virtual_time
async def test_a_cancel_that_rest_refuses_is_probed() -> None:
    async with trading(replace(AT_ONCE, event_latency_s=0.03)) as desk:
        order = await desk.buy("1000000")
        desk.rival("sell", "0.01", "1000000")
        desk.valr.drop_account_socket()
        outcome = await desk.valr.cancel_order(order)
        assert outcome.result is CancelResult.FILLED
        await desk.back()
        await desk.agreed(order)


@in_virtual_time
async def test_a_cancel_that_rest_does_not_answer_is_found_out() -> None:
    async with trading() as desk:
        order = await desk.buy()
        cut = to_path("/v2/orders/order")
        desk.exchange.faults.answer_request(None, cut, after_execution=True, count=9)
        desk.valr.drop_account_socket()
        outcome = await desk.valr.cancel_order(order)
        assert outcome.result is CancelResult.CANCELLED


@in_virtual_time
async def test_without_any_word_from_valr_the_outcome_is_unknown_and_the_order_stays_tracked() -> None:
    async with trading(cancel_attempts=2) as desk:
        order = await desk.buy()
        everything = to_path("/")
        desk.exchange.faults.answer_request(500, everything, count=99)
        desk.valr.drop_account_socket()
        outcome = await desk.valr.cancel_order(order)
        assert outcome == CancelOutcome(order, CancelResult.UNKNOWN)
        assert order.client_order_id in desk.valr.orders
        desk.exchange.faults.clear()
        await desk.back()


@in_virtual_time
async def test_an_order_that_valr_does_not_find_yet_is_not_said_to_be_open() -> None:
    patient = replace(QUICK, grace=30 * SECOND)
    async with trading(patience=patient, place_timeout_s=0.03, cancel_timeout_s=0.03) as desk:
        desk.exchange.faults.swallow_command(PLACE)
        order = await desk.buy()
        assert order.placement is Placement.UNKNOWN
        outcome = await desk.valr.cancel_order(order)
        assert outcome.result is CancelResult.UNKNOWN
        assert order.status is OrderStatus.PENDING_CREATE


@in_virtual_time
async def test_a_placement_whose_sending_breaks_off_may_have_left_and_is_looked_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with trading() as desk:
        break_sending(desk, monkeypatch)
        order = await desk.buy()
        assert order.placement is Placement.UNKNOWN
        assert desk.told(PlacementUnknown)[0].cause == "lost while sending [VC34]"
        await desk.until(lambda: order.status is OrderStatus.OPEN)
        await desk.agreed(order)
        assert len(desk.venue_orders()) == 1


@in_virtual_time
async def test_a_cancel_whose_sending_breaks_off_may_have_left_and_is_looked_up(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with trading() as desk:
        order = await desk.buy()
        break_sending(desk, monkeypatch)
        assert (await desk.valr.cancel_order(order)).result is CancelResult.CANCELLED
        assert desk.told(CancelUnknown)[0].attempt == 1
        await desk.agreed(order)


def break_sending(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have the next frame leave, and the connection seem to break while it does."""
    client = desk.connector.account.client
    send = client.send

    async def send_and_break(frame: bytes) -> None:
        monkeypatch.setattr(client, "send", send)
        await send(frame)
        raise OutcomeUnknownError("lost while sending")

    monkeypatch.setattr(client, "send", send_and_break)


@in_virtual_time
async def test_an_order_is_tracked_before_its_command_leaves(monkeypatch: pytest.MonkeyPatch) -> None:
    async with trading() as desk:
        connection = desk.connector.account.client._connection
        assert connection is not None
        write = connection.write
        tracked: list[str] = []

        def look_and_write(frame: bytes) -> bool:
            tracked.extend(desk.valr.orders)
            return write(frame)

        monkeypatch.setattr(connection, "write", look_and_write)
        order = await desk.buy()
        assert tracked == [order.client_order_id]


async def never(*_: object) -> NoReturn:
    await asyncio.get_running_loop().create_future()
    raise AssertionError


def raises(error: Exception) -> Callable[..., NoReturn]:
    def call(*_: object) -> NoReturn:
        raise error

    return call


@pytest.mark.parametrize(
    "hindrances",
    [
        {},
        {"limiter.try_acquire": lambda *_: False, "limiter.acquire": never},
        {"stream.send_while_live": raises(NotSentError("the account socket is stale"))},
        {"stream.send_while_live": raises(RuntimeError("a defect"))},
        {"stream.client._connection.drain": never},
        {"stream.client._connection.drain": raises(ConnectionResetError())},
        {"circuits.socket_orders.enter": lambda: False},
    ],
    ids=["none", "limits are full", "not sent", "a defect", "the peer reads nothing", "lost", "circuit open"],
)
@in_virtual_time
async def test_before_anything_is_waited_for_a_placement_is_noted_to_be_asked_about(
    monkeypatch: pytest.MonkeyPatch, hindrances: Mapping[str, Callable[..., object]]
) -> None:
    async with trading() as desk:
        gateway = desk.connector.orders.gateway
        for path, hindrance in hindrances.items():
            part, name = f"_{path}".rsplit(".", 1)
            monkeypatch.setattr(attrgetter(part)(gateway), name, hindrance)
        placing = asyncio.create_task(desk.buy(client_order_id="one"))
        await asyncio.sleep(0)
        noted = gateway._questions._standing[ClientOrderId("one"), AskReason.PLACEMENT_UNCONFIRMED]
        assert noted[0] <= desk.now + gateway._timeout
        placing.cancel()
        await asyncio.wait([placing])
        with suppress(asyncio.CancelledError, RuntimeError):
            placing.result()
        assert noted in gateway._questions._standing.values()


# --- closing and failing ---------------------------------------------------------------------------------


@in_virtual_time
async def test_no_placement_is_accepted_once_closing_began() -> None:
    async with trading(replace(AT_ONCE, event_latency_s=0.03)) as desk:
        await desk.buy()
        closing = asyncio.create_task(desk.valr.close())
        await desk.until(lambda: desk.sent("CANCEL_LIMIT_ORDER"))
        with pytest.raises(ClosedError, match="closing began: no order is accepted any more"):
            await desk.buy()
        assert (await closing).is_clean
        assert len(desk.venue_orders()) == 1


@in_virtual_time
async def test_a_placement_that_was_under_way_when_closing_began_is_cancelled_too() -> None:
    async with trading(replace(AT_ONCE, request_latency_s=0.02)) as desk:
        placing = asyncio.create_task(desk.buy())
        await desk.until(lambda: desk.valr.orders)
        report = await desk.valr.close()
        order = await placing
        assert report.is_clean
        assert order.status is OrderStatus.CANCELLED
        assert desk.exchange.venue.open_orders(ACCOUNT) == []


@in_virtual_time
async def test_whoever_waits_for_an_outcome_when_closing_ends_learns_that_it_is_unknown() -> None:
    async with trading(on_close="leave") as desk:
        desk.exchange.faults.swallow_command(PLACE)
        placing = asyncio.create_task(desk.buy())
        await desk.until(lambda: desk.sent("PLACE_LIMIT_ORDER"))
        report = await desk.valr.close()
        order = await placing
        assert order.placement is Placement.UNKNOWN
        assert report.remaining == (order,)
        assert desk.told(PlacementUnknown)[0].cause == "closed before an outcome was known"


@in_virtual_time
async def test_whoever_waits_for_a_cancel_when_closing_ends_is_not_left_waiting() -> None:
    async with trading(close_timeout_s=0.05) as desk:
        order = await desk.buy()
        desk.change(processing_latency_s=0.5)
        cancelling = asyncio.create_task(desk.valr.cancel_order(order))
        await desk.until(lambda: order.cancel_request is not None and order.cancel_request.received)
        report = await desk.valr.close()
        async with asyncio.timeout(1):
            outcome = await cancelling
        assert outcome.result in (CancelResult.UNKNOWN, CancelResult.STILL_OPEN)
        assert report.remaining == (order,)


@in_virtual_time
async def test_after_a_failure_an_order_whose_placement_nobody_awaits_can_still_be_cancelled() -> None:
    async with trading() as desk:
        desk.exchange.faults.swallow_command(PLACE)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(desk.buy(client_order_id="mine-1"), 0.01)
        await desk.break_down()
        async with asyncio.timeout(1):
            outcome = await desk.valr.cancel_order("mine-1")
        assert outcome.result is CancelResult.UNKNOWN


@in_virtual_time
async def test_after_a_failure_an_order_can_still_be_cancelled_by_rest() -> None:
    async with trading() as desk:
        order = await desk.buy()
        await desk.break_down()
        outcome = await desk.valr.cancel_order(order)
        assert outcome.result is CancelResult.CANCELLED
        assert desk.at_venue(order).state is State.CANCELLED
