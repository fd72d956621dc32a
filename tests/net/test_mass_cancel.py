"""Cancelling many orders: believed gone by VALR's word on each, within a deadline; what remains is said."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.net.trading import ACCOUNT, AT_ONCE, Desk, in_virtual_time, to_path, trading
from tests.unit.core.builders import at
from valr_connector import (
    CancelAllReport,
    CancelOutcome,
    CancelResult,
    CancelScope,
    InvalidArgumentError,
    OrderStatus,
)
from valr_connector.core.evidence import Evidence, Says, Source
from valr_connector.core.guards import SECOND
from valr_connector.simulator.vocabulary import NewOrder, State, VenueOrder

D = Decimal
ALL, OF_PAIR = "DELETE /v1/orders", "DELETE /v1/orders/{pair}"
LIST = "GET /v1/orders/open"
ONE_ORDER = "GET /v1/orders/{pair}/customerorderid/{id}"
TO_LIST = to_path("/v1/orders/open")


def theirs(desk: Desk, symbol: str = "BTCZAR") -> VenueOrder:
    """An order of the account that another program placed."""
    price, quantity = ("800000", "0.02") if symbol == "BTCZAR" else ("50000", "1")
    request = NewOrder(symbol=symbol, side="buy", kind="limit", quantity=D(quantity), price=D(price))
    order = desk.exchange.venue.accept(ACCOUNT, request)
    desk.exchange.venue.process(order.order_id)
    return order


# --- ours ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("scope", ["ours", CancelScope.OURS])
@in_virtual_time
async def test_ours_leaves_other_programs_orders_alone(scope: str) -> None:
    async with trading(on_close="leave") as desk:
        stranger, order = theirs(desk), await desk.buy()
        report = await desk.valr.cancel_all(scope)
        assert report == CancelAllReport((CancelOutcome(order, CancelResult.CANCELLED),))
        assert report.is_clean
        assert stranger.state is State.PLACED


@in_virtual_time
async def test_what_valr_does_not_confirm_in_time_is_said_to_remain() -> None:
    async with trading(cancel_all_timeout_s=0.03, on_close="leave") as desk:
        order = await desk.buy()
        desk.change(processing_latency_s=0.5)
        report = await desk.valr.cancel_all()
        assert report.outcomes == (CancelOutcome(order, CancelResult.UNKNOWN),)
        assert (report.remaining, report.is_clean) == ((order,), False)
        assert order.is_being_cancelled


# --- everybody's -----------------------------------------------------------------------------------------


@in_virtual_time
async def test_account_cancels_everything_and_confirms_each_order() -> None:
    async with trading() as desk:
        strangers = [theirs(desk), theirs(desk, "ETHZAR")]
        order = await desk.buy()
        report = await desk.valr.cancel_all("account")
        assert report.outcomes == (CancelOutcome(order, CancelResult.CANCELLED),)
        assert set(report.others_ended) == {stranger.order_id for stranger in strangers}
        assert report.is_clean
        assert desk.exchange.venue.open_orders(ACCOUNT) == []
        assert (desk.asked(ALL), desk.sent("CANCEL_LIMIT_ORDER")) == (1, 0)
        assert desk.story(order) == ["OrderCreated", "OrderCancelled"]


@in_virtual_time
async def test_pair_cancels_everything_in_that_pair_only() -> None:
    async with trading(on_close="leave") as desk:
        stranger, elsewhere = theirs(desk), theirs(desk, "ETHZAR")
        order = await desk.buy()
        report = await desk.valr.cancel_all(CancelScope.PAIR, "BTC-ZAR")
        assert [outcome.order for outcome in report.outcomes] == [order]
        assert report.others_ended == (stranger.order_id,)
        assert report.is_clean
        assert elsewhere.state is State.PLACED
        assert desk.asked(OF_PAIR) == 1


@in_virtual_time
async def test_with_nothing_open_there_is_nothing_to_report() -> None:
    async with trading() as desk:
        assert await desk.valr.cancel_all("account") == CancelAllReport(())


@in_virtual_time
async def test_an_order_that_valrs_answer_does_not_name_is_cancelled_by_itself() -> None:
    async with trading() as desk:
        order = await desk.buy()
        desk.exchange.faults.answer_request(200, to_path("/v1/orders/BTCZAR"), body=b"[]")
        report = await desk.valr.cancel_all("pair", "BTC-ZAR")
        assert report.is_clean
        assert order.status is OrderStatus.CANCELLED
        assert desk.sent("CANCEL_LIMIT_ORDER") == 1


@in_virtual_time
async def test_after_a_refusal_nothing_is_waited_for() -> None:
    async with trading(cancel_timeout_s=5) as desk:
        await desk.buy()
        desk.exchange.faults.answer_request(400, to_path("/v1/orders/BTCZAR"), count=99)
        began = desk.now
        assert (await desk.valr.cancel_all("pair", "BTC-ZAR")).is_clean
        assert desk.now - began < SECOND


@in_virtual_time
async def test_a_refusal_is_not_the_last_word_on_strangers() -> None:
    async with trading() as desk:
        stranger = theirs(desk)
        desk.exchange.faults.answer_request(400, to_path("/v1/orders/BTCZAR"))
        report = await desk.valr.cancel_all("pair", "BTC-ZAR")
        assert (report.others_ended, report.is_clean) == ((stranger.order_id,), True)
        assert desk.asked(OF_PAIR) == 2


@pytest.mark.parametrize("status", [400, 503])
@in_virtual_time
async def test_where_valr_refuses_or_does_not_answer_ours_are_cancelled_one_by_one(status: int) -> None:
    async with trading() as desk:
        order = await desk.buy()
        desk.exchange.faults.answer_request(status, to_path("/v1/orders/BTCZAR"), count=99)
        report = await desk.valr.cancel_all("pair", "BTC-ZAR")
        assert report.outcomes == (CancelOutcome(order, CancelResult.CANCELLED),)
        assert report.is_clean


@in_virtual_time
async def test_strangers_that_stay_are_said_to_remain() -> None:
    async with trading(cancel_attempts=2) as desk:
        stranger = theirs(desk)
        desk.exchange.faults.answer_request(400, to_path("/v1/orders/BTCZAR"), count=99)
        report = await desk.valr.cancel_all("pair", "BTC-ZAR")
        assert report.others_remaining == (stranger.order_id,)
        assert (report.is_complete, report.is_clean) == (True, False)
        assert stranger.state is State.PLACED


@in_virtual_time
async def test_a_stranger_that_left_the_list_is_believed_gone_by_valrs_word_on_it_only() -> None:
    async with trading(cancel_attempts=2) as desk:
        stranger = theirs(desk)
        about_it = [to_path("/v1/orders/BTCZAR/orderid/"), to_path("/v1/orders/history/detail/orderid/")]
        for path in about_it:
            desk.exchange.faults.answer_request(500, path, count=99)
        report = await desk.valr.cancel_all("pair", "BTC-ZAR")
        assert stranger.state is State.CANCELLED
        assert report.others_remaining == (stranger.order_id,)
        assert not report.is_clean


@in_virtual_time
async def test_without_valrs_list_nothing_is_said_to_be_clean() -> None:
    async with trading(cancel_attempts=1) as desk:
        order = await desk.buy()
        desk.exchange.faults.answer_request(500, TO_LIST, count=99)
        report = await desk.valr.cancel_all("account")
        assert report.outcomes == (CancelOutcome(order, CancelResult.CANCELLED),)
        assert (report.is_complete, report.is_clean) == (False, False)


@in_virtual_time
async def test_a_stranger_that_only_valrs_answer_names_is_followed_too() -> None:
    async with trading() as desk:
        stranger = theirs(desk)
        desk.exchange.faults.answer_request(500, TO_LIST, count=3)
        report = await desk.valr.cancel_all("pair", "BTC-ZAR")
        assert report.others_ended == (stranger.order_id,)
        assert report.is_clean


@in_virtual_time
async def test_an_adopted_stranger_is_one_of_ours() -> None:
    async with trading(untracked_orders="adopt") as desk:
        desk.foreign(customer_order_id="theirs")
        report = await desk.valr.cancel_all("account")
        assert [outcome.order.client_order_id for outcome in report.outcomes] == ["theirs"]
        assert (report.others_ended, report.is_clean) == ((), True)


@in_virtual_time
async def test_a_placement_under_way_is_cancelled_once_it_is_known() -> None:
    async with trading(replace(AT_ONCE, request_latency_s=0.02)) as desk:
        placing = asyncio.create_task(desk.buy())
        await desk.until(lambda: desk.valr.orders)
        report = await desk.valr.cancel_all("account")
        assert report.outcomes == (CancelOutcome(await placing, CancelResult.CANCELLED),)
        assert report.is_clean


@in_virtual_time
async def test_time_that_is_up_says_what_was_found_out_so_far() -> None:
    async with trading(cancel_all_timeout_s=0.05, on_close="leave") as desk:
        stranger, order = theirs(desk), await desk.buy()
        desk.change(processing_latency_s=0.5)
        report = await desk.valr.cancel_all("account")
        assert report.remaining == (order,)
        assert report.others_remaining == (stranger.order_id,)


@pytest.mark.parametrize(
    ("scope", "pair", "message"),
    [
        ("BTC-ZAR", None, "scope='BTC-ZAR': must be one of ours, pair, account"),
        (None, None, "scope=None: must be one of"),
        ("pair", None, "pair=None: is needed to cancel all orders in a pair"),
        ("account", "BTC-ZAR", "pair='BTC-ZAR': does not go with the whole account"),
    ],
)
@in_virtual_time
async def test_a_scope_that_is_none_or_does_not_fit_its_pair_is_refused(
    scope: str, pair: str | None, message: str
) -> None:
    async with trading() as desk:
        with pytest.raises(InvalidArgumentError, match=message):
            await desk.valr.cancel_all(scope, pair)


# --- closing ---------------------------------------------------------------------------------------------


@in_virtual_time
async def test_closing_compares_with_valrs_list() -> None:
    async with trading() as desk:
        await desk.buy()
        asked = desk.asked(LIST)
        report = await desk.valr.close()
        assert (report.is_clean, report.is_verified) == (True, True)
        assert desk.asked(LIST) == asked + 1


@in_virtual_time
async def test_closing_cancels_what_has_ended_here_and_lives_there() -> None:
    async with trading() as desk:
        order = await desk.buy()
        end_here(desk, order.client_order_id)
        report = await desk.valr.close()
        assert desk.at_venue(order).state is State.CANCELLED
        assert (report.is_clean, report.is_verified) == (True, True)


@in_virtual_time
async def test_what_closing_cannot_lay_to_rest_is_reported() -> None:
    async with trading(cancel_attempts=2) as desk:
        order = await desk.buy()
        end_here(desk, order.client_order_id)
        desk.exchange.faults.answer_request(500, to_path("/v2/orders/order"), count=99)
        report = await desk.valr.close()
        assert (report.remaining, report.is_verified) == ((order,), True)


@in_virtual_time
async def test_closing_says_so_where_the_list_could_not_be_read(caplog: pytest.LogCaptureFixture) -> None:
    async with trading() as desk:
        await desk.buy()
        desk.exchange.faults.answer_request(500, TO_LIST, count=99)
        report = await desk.valr.close()
        assert (report.is_clean, report.is_verified) == (True, False)
        assert "closing: could not read the open orders" in caplog.text


@in_virtual_time
async def test_closing_names_what_may_live_there_where_the_list_could_not_be_read() -> None:
    async with trading() as desk:
        asked_for, unasked, confirmed = [await desk.buy() for _ in range(3)]
        await desk.valr.cancel_order(asked_for)
        desk.exchange.venue.cancel(ACCOUNT, "BTCZAR", customer_order_id=confirmed.client_order_id)
        await desk.until(lambda: confirmed.is_done and desk.asked(ONE_ORDER))
        desk.exchange.faults.answer_request(500, lambda method, _: method == "GET", count=99)
        end_here(desk, unasked.client_order_id)
        report = await desk.valr.close()
        assert (report.remaining, report.is_verified) == ((unasked,), False)


@in_virtual_time
async def test_closing_says_so_where_time_was_up_and_compares_with_the_list_all_the_same(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with trading(close_timeout_s=0.4) as desk:
        order = await desk.buy()
        desk.change(processing_latency_s=0.5)
        with caplog.at_level(logging.WARNING):
            report = await desk.valr.close()
        assert (report.remaining, report.is_verified) == ((order,), True)
        assert "closing: not every order could be cancelled within 0.3 s" in caplog.text


@in_virtual_time
async def test_closing_says_so_where_there_was_no_time_to_compare(caplog: pytest.LogCaptureFixture) -> None:
    async with trading(close_timeout_s=0.05) as desk:
        await desk.buy()
        desk.change(processing_latency_s=0.5, reply_latency_s=0.5)
        with caplog.at_level(logging.WARNING):
            report = await desk.valr.close()
        assert (report.is_clean, report.is_verified) == (False, False)
        assert "closing: could not compare with the open orders within 0.0 s" in caplog.text


@in_virtual_time
async def test_an_instance_that_never_placed_anything_has_nothing_to_verify() -> None:
    async with trading() as desk:
        asked = desk.asked(LIST)
        report = await desk.valr.close()
        assert (report.is_clean, report.is_verified) == (True, False)
        assert desk.asked(LIST) == asked


def end_here(desk: Desk, client_order_id: str) -> None:
    """Have it believed here that an order was cancelled, long after all that VALR says of it."""
    desk.connector.account.apply(
        Evidence(says=Says.CANCELLED, source=Source.STREAM, client_order_id=client_order_id, at=at(10**9))
    )
