"""Where Hummingbot's own order handling is not safe, this connector's is: each way to go wrong, by name."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from decimal import Decimal

import pytest
from hummingbot.core.data_type.common import OrderType, TradeType
from hummingbot.core.data_type.in_flight_order import OrderState, OrderUpdate
from hummingbot.core.web_assistant.connections.connections_factory import ConnectionsFactory

from tests.hummingbot.live import ACCOUNT, AT_ONCE, PAIR, SYMBOL, Live, live, placed_and_left, restored
from valr_connector.integrations.hummingbot.order_tracker import CoreOrderTracker
from valr_connector.model.events import UntrackedOrder
from valr_connector.model.ids import ExchangeOrderId, Symbol
from valr_connector.simulator.exchange import EmbeddedExchange
from valr_connector.simulator.faults import of_type

D = Decimal
PLACE, CANCEL = of_type("PLACE_LIMIT_ORDER"), of_type("CANCEL_LIMIT_ORDER")
SILENCE = of_type("PLACE_LIMIT_WS_RESPONSE", "ORDER_PROCESSED", "ORDER_STATUS_UPDATE", "OPEN_ORDERS_UPDATE")


@pytest.fixture
async def trader() -> AsyncIterator[Live]:
    async with live() as started:
        yield started


def update(order_id: str, state: OrderState) -> OrderUpdate:
    return OrderUpdate(trading_pair=PAIR, update_timestamp=1.0, new_state=state, client_order_id=order_id)


def delist(trader: Live) -> None:
    """VALR lists the pair of `placed_and_left` no more."""
    del trader.exchange.venue._pairs["ETHZAR"]


async def settle() -> None:
    """Let whatever is under way in this process come to rest."""
    for _ in range(20):
        await asyncio.sleep(0)


# --- the plain way ---------------------------------------------------------------------------------------


async def test_a_limit_order_is_placed_filled_and_told_once(trader: Live) -> None:
    order_id = trader.buy()
    await trader.placed(order_id)
    trader.rival("sell", "0.01", "900000")
    await trader.until(lambda: trader.shown(order_id).is_filled)
    await trader.until(lambda: "BuyOrderCompleted" in trader.story(order_id))
    assert trader.story(order_id) == ["BuyOrderCreated", "OrderFilled", "BuyOrderCompleted"]
    fill = next(iter(trader.shown(order_id).order_fills.values()))
    assert [(fee.token, fee.amount) for fee in fill.fee.flat_fees] == [("ZAR", D("-0.9"))]  # a maker's reward


async def test_a_post_only_order_that_would_take_fails_with_valrs_reason(trader: Live) -> None:
    order_id = trader.buy(price="1200000", kind=OrderType.LIMIT_MAKER)
    await trader.until(lambda: trader.story(order_id))
    assert trader.story(order_id) == ["OrderFailure"]
    assert trader.there() == []


async def test_orders_that_cannot_be_are_failures_and_end_no_later_start(trader: Live) -> None:
    limit, market = OrderType.LIMIT, OrderType.MARKET
    impossible = [("NaN", "900000", limit), ("-1", "900000", limit), ("0.00000000001", "900000", limit)]
    impossible += [("0.01", "1e40", limit), ("0.01", "NaN", limit), ("0", "NaN", market)]
    ids = [trader.buy(amount, price, kind) for amount, price, kind in impossible]
    ids.append(trader.connector.buy("NO-PAIR", D(1), limit, D(1)))
    await trader.until(lambda: all(map(trader.story, ids)))
    await trader.stop()
    await trader.start()
    assert [trader.story(order_id) for order_id in ids] == [["OrderFailure"]] * 7
    assert trader.connector.in_flight_orders == {}


async def test_a_market_order_fails_while_the_book_is_empty(trader: Live) -> None:
    trader.lose_the_book()
    await trader.until(lambda: not list(trader.connector.get_order_book(PAIR).bid_entries()))
    order_id = trader.connector.sell(PAIR, D("0.01"), OrderType.MARKET, D("NaN"))
    await trader.until(lambda: trader.story(order_id))
    assert trader.story(order_id) == ["OrderFailure"]
    assert trader.connector.in_flight_orders == {}


async def test_a_market_order_takes_what_rests(trader: Live) -> None:
    order_id = trader.connector.sell(PAIR, D("0.01"), OrderType.MARKET, D("NaN"))
    await trader.until(lambda: "SellOrderCompleted" in trader.story(order_id))
    assert trader.shown(order_id).executed_amount_base == D("0.01")
    assert trader.connector.get_available_balance("BTC") == D("4.99")


async def test_a_cancel_is_told_when_valr_confirmed_it(trader: Live) -> None:
    order_id = trader.buy()
    await trader.placed(order_id)
    trader.connector.cancel(PAIR, order_id)
    await trader.until(lambda: "OrderCancelled" in trader.story(order_id))
    assert trader.there() == []


async def test_a_cancel_that_got_a_receipt_only_is_no_cancellation(trader: Live) -> None:
    order_id = trader.buy()
    await trader.placed(order_id)
    trader.exchange.faults.drop_frame(of_type("ORDER_STATUS_UPDATE", "OPEN_ORDERS_UPDATE"), count=99)
    cancel = asyncio.ensure_future(trader.connector._execute_cancel(PAIR, order_id))
    await trader.until(lambda: trader.there() == [])
    assert "OrderCancelled" not in trader.story(order_id)
    assert await cancel == order_id  # VALR was asked
    assert trader.story(order_id) == ["BuyOrderCreated", "OrderCancelled"]


async def test_a_cancel_waits_for_the_placement(trader: Live) -> None:
    trader.exchange.faults.delay_frame(SILENCE, 0.1, count=4)
    order_id = trader.buy()
    trader.connector.cancel(PAIR, order_id)
    await trader.until(lambda: "OrderCancelled" in trader.story(order_id))
    assert trader.story(order_id) == ["BuyOrderCreated", "OrderCancelled"]
    assert trader.there() == []


async def test_an_order_that_is_found_while_it_is_being_cancelled_is_told_as_created(trader: Live) -> None:
    trader.exchange.faults.drop_frame(SILENCE, count=50)
    trader.exchange.faults.swallow_command(CANCEL)
    order_id = trader.buy()
    await trader.until(trader.there)
    trader.connector.cancel(PAIR, order_id)
    await trader.until(lambda: "OrderCancelled" in trader.story(order_id))
    assert trader.story(order_id) == ["BuyOrderCreated", "OrderCancelled"]


async def test_cancelling_everything_leaves_nothing_and_says_so(trader: Live) -> None:
    ids = [trader.buy(price=str(800_000 + step)) for step in range(5)]
    for order_id in ids:
        await trader.placed(order_id)
    results = await trader.connector.cancel_all(5)
    assert {result.order_id for result in results if result.success} == set(ids)
    assert trader.there() == []


async def test_cancelling_everything_says_what_did_not_end_in_time(
    trader: Live, caplog: pytest.LogCaptureFixture
) -> None:
    order_id = trader.buy()
    await trader.placed(order_id)
    (result,) = await trader.connector.cancel_all(0)
    assert (result.order_id, result.success) == (order_id, False)
    assert "no answer in time" in caplog.text
    assert trader.shown(order_id).is_open


# --- Hummingbot assigns any state ------------------------------------------------------------------------


async def test_a_late_answer_does_not_reopen_a_finished_order(trader: Live) -> None:
    order_id = trader.buy()
    await trader.placed(order_id)
    await trader.connector._execute_cancel(PAIR, order_id)
    trader.connector._order_tracker.process_order_update(update(order_id, OrderState.OPEN))
    await settle()
    assert trader.shown(order_id).is_cancelled
    assert order_id not in trader.connector.in_flight_orders


async def test_what_the_framework_believes_does_not_end_a_live_order(trader: Live) -> None:
    order_id = trader.buy()
    await trader.placed(order_id)
    for state in (OrderState.FAILED, OrderState.CANCELED, OrderState.FILLED):
        trader.connector._order_tracker.process_order_update(update(order_id, state))
    await settle()
    assert trader.shown(order_id).current_state is OrderState.OPEN
    assert trader.story(order_id) == ["BuyOrderCreated"]


async def test_a_cancel_confirmed_after_a_fill_gives_one_final_event(trader: Live) -> None:
    order_id = trader.buy()
    await trader.placed(order_id)
    trader.exchange.faults.delay_frame(of_type("NEW_ACCOUNT_TRADE", "ORDER_STATUS_UPDATE"), 0.1, count=2)
    trader.rival("sell", "0.01", "900000")
    await trader.connector._execute_cancel(PAIR, order_id)
    trader.connector._order_tracker.process_order_update(update(order_id, OrderState.CANCELED))
    await trader.until(lambda: "BuyOrderCompleted" in trader.story(order_id))
    await settle()
    assert trader.story(order_id) == ["BuyOrderCreated", "OrderFilled", "BuyOrderCompleted"]


# --- Hummingbot counts every exception as "not found" ------------------------------------------------------


async def test_network_errors_make_no_order_lost() -> None:
    async with EmbeddedExchange(AT_ONCE) as exchange:
        trader = Live(exchange)
        await trader.connector.trading_pair_symbol_map()
        trader.connector.start_tracking_order(
            order_id="hbot-1",
            exchange_order_id="0197d496-0e4e-7453-ae5b-1d930e8f3a81",
            trading_pair=PAIR,
            trade_type=TradeType.BUY,
            price=D(900_000),
            amount=D("0.01"),
            order_type=OrderType.LIMIT,
        )
        for status in (400, 403, 400, None, 400, 403):  # None cuts the connection
            exchange.faults.answer_request(status, count=20)
            await trader.connector._update_order_status()
            exchange.faults.clear()
        assert "hbot-1" in trader.connector.in_flight_orders
        assert trader.connector._order_tracker._order_not_found_records == {}
        await ConnectionsFactory().close()


async def test_finding_an_order_resets_the_count_of_failures_to_find_it(trader: Live) -> None:
    order_id = trader.buy()
    await trader.placed(order_id)
    for _ in range(3):
        await trader.connector._order_tracker.process_order_not_found(order_id)
    trader.rival("sell", "0.004", "900000")
    await trader.until(lambda: trader.shown(order_id).executed_amount_base)
    assert trader.connector._order_tracker._order_not_found_records == {}


async def test_an_order_that_valr_has_is_not_lost_however_often_it_was_not_found(trader: Live) -> None:
    order_id = trader.buy()
    await trader.placed(order_id)
    for _ in range(6):
        await trader.connector._order_tracker.process_order_not_found(order_id)
    assert trader.shown(order_id).is_open
    assert trader.connector._order_tracker.lost_orders == {}


# --- Hummingbot matches fills by client id only ------------------------------------------------------------


async def test_a_fill_without_a_client_id_is_counted() -> None:
    async with live(replace(AT_ONCE, customer_order_id_in_events=False)) as trader:
        order_id = trader.buy()
        await trader.placed(order_id)
        trader.rival("sell", "0.004", "900000")
        await trader.until(lambda: trader.shown(order_id).executed_amount_base == D("0.004"))
        assert trader.story(order_id) == ["BuyOrderCreated", "OrderFilled"]


async def test_a_fill_that_is_told_twice_counts_once(trader: Live) -> None:
    order_id = trader.buy()
    await trader.placed(order_id)
    trader.exchange.faults.duplicate_frame(of_type("NEW_ACCOUNT_TRADE"))
    trader.rival("sell", "0.004", "900000")
    await trader.until(lambda: "OrderFilled" in trader.story(order_id))
    await settle()
    assert trader.story(order_id) == ["BuyOrderCreated", "OrderFilled"]
    assert trader.shown(order_id).executed_amount_base == D("0.004")


# --- Hummingbot turns a time-out of a placement into FAILED ------------------------------------------------


async def test_a_placement_without_an_answer_stays_pending_until_valr_says_what_became_of_it(
    trader: Live,
) -> None:
    trader.exchange.faults.drop_frame(SILENCE, count=99)
    order_id = trader.buy()
    await trader.until(trader.there)
    await settle()
    assert trader.shown(order_id).current_state is OrderState.PENDING_CREATE
    await trader.placed(order_id)
    assert trader.story(order_id) == ["BuyOrderCreated"]
    assert len(trader.exchange.venue.orders(ACCOUNT)) == 1


async def test_a_placement_that_never_arrived_fails_once_its_absence_is_proved(trader: Live) -> None:
    trader.exchange.faults.swallow_command(PLACE)
    order_id = trader.buy()
    await settle()
    assert trader.story(order_id) == []
    await trader.until(lambda: trader.story(order_id))
    assert trader.story(order_id) == ["OrderFailure"]
    assert trader.exchange.venue.orders(ACCOUNT) == []


async def test_an_order_that_could_not_be_sent_fails_at_once() -> None:
    async with live() as trader:
        await trader.account.valr.close()  # as between a failure and the next start
        order_id = trader.buy()
        await trader.until(lambda: trader.story(order_id))
        assert trader.story(order_id) == ["OrderFailure"]


# --- Hummingbot forgets fills that come late ---------------------------------------------------------------


async def test_a_fill_long_after_the_end_is_told(trader: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CoreOrderTracker, "CACHED_ORDER_TTL", 0.0)
    order_id = trader.buy()
    await trader.placed(order_id)
    trader.exchange.faults.delay_frame(of_type("NEW_ACCOUNT_TRADE"), 0.2)
    trader.rival("sell", "0.004", "900000")
    await trader.connector._execute_cancel(PAIR, order_id)
    await trader.until(lambda: "OrderFilled" in trader.story(order_id))
    assert trader.shown(order_id).is_cancelled
    assert trader.shown(order_id).executed_amount_base == D("0.004")
    assert trader.story(order_id) == ["BuyOrderCreated", "OrderFilled", "OrderCancelled"]


# --- Hummingbot never looks for open orders that it did not save -------------------------------------------


async def test_a_stranger_among_the_open_orders_is_reported_and_left_alone(
    trader: Live, caplog: pytest.LogCaptureFixture
) -> None:
    stranger = trader.stranger()
    with caplog.at_level(logging.WARNING):  # ten seconds later, for a reply may be under way that claims it
        trader.account.valr._publisher.publish(
            UntrackedOrder(
                ExchangeOrderId(stranger.order_id), None, Symbol(SYMBOL), "buy", D(800_000), D("0.02")
            )
        )
    assert stranger.order_id in caplog.text
    assert [order.order_id for order in trader.there()] == [stranger.order_id]


async def test_saved_orders_are_reconciled_with_what_happened_meanwhile(trader: Live) -> None:
    open_id, filled_id, cancelled_id = (trader.buy(price=str(price)) for price in (910_000, 920_000, 905_000))
    for order_id in (open_id, filled_id, cancelled_id):
        await trader.placed(order_id)
    saved = trader.connector.tracking_states
    await trader.stop()
    trader.rival("sell", "0.01", "920000")
    trader.exchange.venue.cancel(ACCOUNT, SYMBOL, customer_order_id=cancelled_id)

    later = Live(trader.exchange)
    later.connector.restore_tracking_states(saved)
    await later.start()
    try:
        await later.until(lambda: len(later.connector.in_flight_orders) == 1)
        assert list(later.connector.in_flight_orders) == [open_id]
        assert later.story(filled_id) == ["OrderFilled", "BuyOrderCompleted"]
        assert later.story(cancelled_id) == ["OrderCancelled"]
        assert await later.connector._execute_cancel(PAIR, open_id) == open_id
    finally:
        await later.stop()
    assert later.there() == []


async def test_saved_orders_are_all_cancelled_before_the_network_starts(trader: Live) -> None:
    ids = [trader.buy(price=str(price)) for price in (800_000, 810_000, 820_000)]
    for order_id in ids:
        await trader.placed(order_id)
    saved = trader.connector.tracking_states
    await trader.stop()
    later = Live(trader.exchange)
    later.connector.restore_tracking_states(saved)
    results = await later.connector.cancel_all(5)
    assert {result.order_id for result in results if result.success} == set(ids)
    assert later.there() == []


async def test_saved_orders_are_taken_over_where_the_network_runs_already(trader: Live) -> None:
    order_id, saved = await placed_and_left(trader)
    async with restored(trader, {}) as later:
        later.connector.restore_tracking_states(saved)
        await later.until(lambda: later.connector._account.find(order_id))
        await later.until(lambda: later.connector.ready)
        assert await later.connector._execute_cancel("ETH-ZAR", order_id) == order_id
        assert later.there() == []


async def test_a_network_that_is_stopped_just_after_orders_were_restored_stays_stopped(trader: Live) -> None:
    _, saved = await placed_and_left(trader)
    later = Live(trader.exchange)
    await later.start()
    later.connector.restore_tracking_states(saved)
    await later.stop()
    await settle()
    assert later.connector._account.connection is None


@pytest.mark.parametrize("order", ["unknown to VALR", "open", "cancelled", "of an unknown pair"])
async def test_a_saved_order_that_was_given_up_is_looked_for_until_valr_said_what_became_of_it(
    trader: Live, order: str
) -> None:
    order_id, saved = await placed_and_left(trader)
    text = json.dumps(saved)
    if order != "open":
        trader.exchange.venue.cancel(ACCOUNT, "ETHZAR", customer_order_id=order_id)
    if order == "of an unknown pair":
        text = text.replace("ETH-ZAR", "OLD-ZAR")
    if order in {"unknown to VALR", "of an unknown pair"}:
        text = text.replace(order_id, "hbot-lost")
    (lost,) = json.loads(text).values()
    lost |= {"last_state": str(OrderState.FAILED.value), "exchange_order_id": None}
    async with restored(trader, {lost["client_order_id"]: lost}) as later:
        await later.connector._cancel_lost_orders()
        await later.until(lambda: not later.connector._order_tracker.lost_orders)
        assert later.there() == []
        assert later.story(lost["client_order_id"]) == []  # its failure was told by the earlier run


async def test_a_saved_order_that_was_being_cancelled_is_so_no_more(trader: Live) -> None:
    order_id, saved = await placed_and_left(trader)
    saved[order_id]["last_state"] = str(OrderState.PENDING_CANCEL.value)
    async with restored(trader, saved) as later:
        assert later.shown(order_id).current_state is OrderState.OPEN
        assert later.story(order_id) == []


async def test_a_saved_order_of_a_pair_that_is_halted_is_reconciled(trader: Live) -> None:
    order_id, saved = await placed_and_left(trader)
    trader.exchange.change_pair("ETHZAR", active=False)
    async with restored(trader, saved) as later:
        assert list(later.connector.in_flight_orders) == [order_id]


async def test_a_saved_order_of_a_delisted_pair_is_told_by_valrs_history(trader: Live) -> None:
    order_id, saved = await placed_and_left(trader)
    trader.exchange.venue.cancel(ACCOUNT, "ETHZAR", customer_order_id=order_id)
    delist(trader)
    async with restored(trader, saved) as later:
        await later.until(lambda: later.story(order_id))
        assert later.story(order_id) == ["OrderCancelled"]


async def test_a_saved_order_of_a_pair_that_nobody_knows_is_reported_and_blocks_no_start(
    trader: Live, caplog: pytest.LogCaptureFixture
) -> None:
    order_id, saved = await placed_and_left(trader)
    stranger = json.loads(json.dumps(saved).replace(order_id, "hbot-strange").replace("ETH-ZAR", "OLD-ZAR"))
    async with restored(trader, saved | stranger) as later:
        assert set(later.connector.in_flight_orders) == {order_id, "hbot-strange"}
        assert "OLD-ZAR any more and does not know the order hbot-strange" in caplog.text
        assert await later.connector._execute_cancel("ETH-ZAR", order_id) == order_id
        assert await later.connector._execute_cancel("OLD-ZAR", "hbot-strange") is None
        assert later.story("hbot-strange") == []


async def test_an_open_order_of_a_delisted_pair_is_reported_and_blocks_no_start(
    trader: Live, caplog: pytest.LogCaptureFixture
) -> None:
    order_id, _ = await placed_and_left(trader)
    delist(trader)
    async with restored(trader, {}) as later:
        (stranger,) = trader.there()
        assert stranger.request.customer_order_id == order_id
        await later.until(lambda: stranger.order_id in caplog.text)


async def test_orders_outlast_a_stop_of_the_network(trader: Live) -> None:
    order_id = trader.buy()
    await trader.placed(order_id)
    await trader.stop()
    assert len(trader.there()) == 1
    await trader.start()
    trader.rival("sell", "0.01", "900000")
    await trader.until(lambda: "BuyOrderCompleted" in trader.story(order_id))
    assert trader.story(order_id) == ["BuyOrderCreated", "OrderFilled", "BuyOrderCompleted"]


async def test_a_cancel_while_the_network_is_stopped_goes_by_rest(trader: Live) -> None:
    order_id = trader.buy()
    await trader.placed(order_id)
    assert not trader.cancels_at_once()
    await trader.stop()
    assert trader.cancels_at_once()
    assert await trader.connector._execute_cancel(PAIR, order_id) == order_id
    assert trader.story(order_id) == ["BuyOrderCreated", "OrderCancelled"]
    assert trader.there() == []
