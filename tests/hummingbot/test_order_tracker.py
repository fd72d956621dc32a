"""How the tracker tells the order core's events as Hummingbot's: each once, in an order that makes sense."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hummingbot.core.data_type.common import OrderType, TradeType
from hummingbot.core.data_type.in_flight_order import OrderState, TradeUpdate
from hummingbot.core.data_type.trade_fee import AddedToCostTradeFee, TokenAmount
from hummingbot.core.web_assistant.connections.connections_factory import ConnectionsFactory

from tests.hummingbot.live import ACCOUNT, AT_ONCE, PAIR, Live
from valr_connector.core.order_record import OrderRecord
from valr_connector.errors import OutcomeUnknownError, UnknownOrderError
from valr_connector.integrations.hummingbot.order_records import record_to_restore
from valr_connector.integrations.hummingbot.order_tracker import CoreOrderTracker
from valr_connector.model.enums import Liquidity, OrderStatus, ZombieHandling
from valr_connector.model.events import (
    FillAmended,
    OrderCancelled,
    OrderCompleted,
    OrderCorrected,
    OrderEvent,
    OrderExpired,
    OrderFilled,
    OrderRevived,
    ZombieOrder,
)
from valr_connector.model.ids import Symbol, TradeId
from valr_connector.model.order import Fee, Fill
from valr_connector.simulator.exchange import EmbeddedExchange

D = Decimal
AT = datetime(2026, 3, 1, 10, tzinfo=UTC)
ORDER_ID = "hbot-1"


@pytest.fixture
async def idle() -> AsyncIterator[Live]:
    """A connector whose network is not started, and an order that it remembers."""
    async with EmbeddedExchange(AT_ONCE) as exchange:
        exchange.open_account("9")
        trader = Live(exchange)
        await trader.connector.trading_pair_symbol_map()
        await trader.connector._update_trading_rules()
        trader.connector.start_tracking_order(
            order_id=ORDER_ID,
            exchange_order_id="0197d496-0e4e-7453-ae5b-1d930e8f3a81",
            trading_pair=PAIR,
            trade_type=TradeType.BUY,
            price=D(900_000),
            amount=D("0.01"),
            order_type=OrderType.LIMIT,
        )
        yield trader
        await ConnectionsFactory().close()


def record(trader: Live, status: OrderStatus = OrderStatus.OPEN) -> OrderRecord:
    """The order as the core has it."""
    order = record_to_restore(trader.shown(ORDER_ID), Symbol("BTCZAR"))
    order.status = status
    return order


def fill_of(order: OrderRecord, fee: Fee | None) -> Fill:
    return Fill(
        trade_id=TradeId("t-1"),
        client_order_id=order.client_order_id,
        pair=order.pair,
        side=order.side,
        price=D(900_000),
        amount=D("0.01"),
        fee=fee,
        liquidity=Liquidity.MAKER,
        at=AT,
    )


def show(trader: Live, event: OrderEvent) -> None:
    trader.connector._order_tracker.show(event)


async def test_a_fill_waits_for_the_fee_that_valr_charged(idle: Live) -> None:
    order = record(idle)
    show(idle, OrderFilled(order, AT, fill_of(order, None), D("0.01"), is_late=False))
    assert idle.story(ORDER_ID) == []
    amended = FillAmended(order, AT, fill_of(order, Fee("BTC", D("0.00001"))))
    show(idle, amended)
    show(idle, amended)
    assert idle.story(ORDER_ID) == ["OrderFilled"]


async def test_the_end_of_an_order_in_full_waits_for_its_fills(idle: Live) -> None:
    order = record(idle, OrderStatus.FILLED)
    show(idle, OrderCompleted(order, AT, D("0.01")))
    show(idle, OrderCompleted(order, AT, D("0.01")))
    await asyncio.sleep(0)
    assert idle.story(ORDER_ID) == []
    show(idle, OrderFilled(order, AT, fill_of(order, Fee("BTC", D(0))), D("0.01"), is_late=True))
    await idle.until(lambda: "BuyOrderCompleted" in idle.story(ORDER_ID))
    assert idle.story(ORDER_ID) == ["OrderFilled", "BuyOrderCompleted"]


async def test_the_end_does_not_wait_for_ever(idle: Live, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(CoreOrderTracker, "TRADE_FILLS_WAIT_TIMEOUT", 0.01)
    show(idle, OrderCompleted(record(idle, OrderStatus.FILLED), AT, D("0.01")))
    await idle.until(lambda: idle.story(ORDER_ID))
    assert idle.story(ORDER_ID) == ["BuyOrderCompleted"]


async def test_an_expired_order_is_a_cancelled_one_in_hummingbots_words(idle: Live) -> None:
    show(idle, OrderExpired(record(idle, OrderStatus.EXPIRED), AT, D(0)))
    assert idle.story(ORDER_ID) == ["OrderCancelled"]
    assert idle.shown(ORDER_ID).current_state is OrderState.CANCELED


async def test_what_comes_after_the_end_changes_no_ending(idle: Live) -> None:
    order = record(idle, OrderStatus.CANCELLED)
    show(idle, OrderCancelled(order, AT, D(0), ""))
    show(idle, OrderCorrected(order, AT, OrderStatus.CANCELLED, OrderStatus.FILLED))
    show(idle, ZombieOrder(order, AT, ZombieHandling.CANCELLED_AGAIN, 1))
    show(idle, OrderCancelled(order, AT, D(0), ""))
    assert idle.story(ORDER_ID) == ["OrderCancelled"]


async def test_an_order_that_came_back_is_cancelled_as_a_lost_one_and_its_late_fill_told(
    idle: Live,
) -> None:
    order = record(idle, OrderStatus.CANCELLED)
    show(idle, OrderCancelled(order, AT, D(0), ""))
    order.status = OrderStatus.OPEN
    show(idle, OrderRevived(order, AT, OrderStatus.CANCELLED, OrderStatus.OPEN))
    assert list(idle.connector._order_tracker.lost_orders) == [ORDER_ID]
    order.status = OrderStatus.CANCELLED
    show(idle, OrderCancelled(order, AT, D(0), ""))
    assert idle.connector._order_tracker.lost_orders == {}
    assert idle.story(ORDER_ID) == ["OrderCancelled"]
    show(idle, OrderFilled(order, AT, fill_of(order, Fee("BTC", D(0))), D("0.01"), is_late=True))
    assert idle.story(ORDER_ID) == ["OrderFilled", "OrderCancelled"]


async def test_a_saved_fill_is_not_counted_again(idle: Live) -> None:
    for trade_id, fees in (("t-1", ()), ("t-2", (TokenAmount("BTC", D("0.00001")),))):
        idle.shown(ORDER_ID).update_with_trade_update(
            TradeUpdate(
                trade_id=trade_id,
                client_order_id=ORDER_ID,
                exchange_order_id="x",
                trading_pair=PAIR,
                fill_timestamp=1_772_359_200.0,
                fill_price=D(900_000),
                fill_base_amount=D("0.002"),
                fill_quote_amount=D(1_800),
                fee=AddedToCostTradeFee(flat_fees=list(fees)),
            )
        )
    order = record(idle)
    assert order.filled_amount == order.executed_amount == D("0.004")
    assert order.has_all_fills


# --- by REST alone ---------------------------------------------------------------------------------------


async def test_by_rest_a_placement_without_an_answer_stays_pending_until_it_is_found(idle: Live) -> None:
    idle.exchange.faults.answer_request(None, lambda method, _: method == "POST", after_execution=True)
    order_id = idle.buy()
    await idle.until(idle.there)
    await asyncio.sleep(0.05)
    assert idle.shown(order_id).current_state is OrderState.PENDING_CREATE
    await idle.connector._update_order_status()
    assert idle.shown(order_id).current_state is OrderState.OPEN
    assert idle.story(order_id) == ["BuyOrderCreated"]


async def test_by_rest_a_placement_that_cannot_leave_fails(idle: Live) -> None:
    await idle.exchange.stop()
    order_id = idle.buy()
    await idle.until(lambda: idle.story(order_id))
    assert idle.story(order_id) == ["OrderFailure"]


async def test_by_rest_a_placement_without_a_key_fails(idle: Live) -> None:
    idle.connector._key = ""
    order_id = idle.buy()
    await idle.until(lambda: idle.story(order_id))
    assert idle.story(order_id) == ["OrderFailure"]


async def test_by_rest_a_cancel_without_an_answer_ends_nothing(idle: Live) -> None:
    order_id = idle.buy()
    await idle.placed(order_id)
    idle.exchange.faults.answer_request(None, lambda method, _: method == "DELETE", count=9)
    with pytest.raises(OutcomeUnknownError):
        await idle.connector._place_cancel(order_id, idle.shown(order_id))
    assert idle.shown(order_id).is_open
    assert len(idle.exchange.venue.open_orders(ACCOUNT)) == 1


async def test_by_rest_a_cancel_that_comes_too_late_tells_the_fill(idle: Live) -> None:
    order_id = idle.buy()
    await idle.placed(order_id)
    idle.rival("sell", "0.01", "900000")
    assert not await idle.connector._place_cancel(order_id, idle.shown(order_id))
    await idle.connector._update_order_status()
    await idle.until(lambda: "BuyOrderCompleted" in idle.story(order_id))
    assert idle.story(order_id) == ["BuyOrderCreated", "OrderFilled", "BuyOrderCompleted"]


async def test_what_the_core_does_not_know_cannot_be_cancelled(idle: Live) -> None:
    idle.connector._account._unknown_to_core.clear()
    with pytest.raises(UnknownOrderError):
        await idle.connector._place_cancel(ORDER_ID, idle.shown(ORDER_ID))
    with pytest.raises(UnknownOrderError):
        await idle.connector._request_order_status(idle.shown(ORDER_ID))
