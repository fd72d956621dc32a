"""`ValrExchange` as its users know it: start, trade, see, follow, close."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import pytest

from tests.net.trading import (
    ACCOUNT,
    Desk,
    check_story,
    hosts_of,
    hurry,
    make,
    tasks_of_the_library,
    trading,
    venue,
)
from valr_connector import (
    AuthenticationError,
    Balance,
    BalanceChanged,
    CancelAllReport,
    CancelResult,
    ClosedError,
    Event,
    FrameTap,
    InFlightOrder,
    OrderCreated,
    OrderEvent,
    OrderFilled,
    OrderStatus,
    Overflow,
    Part,
    PartStatus,
    PriceLevel,
    Settings,
    Side,
    ValrExchange,
)
from valr_connector.simulator.faults import of_type
from valr_connector.simulator.vocabulary import State

D = Decimal


# --- life ------------------------------------------------------------------------------------------------


async def test_inside_the_block_everything_is_ready_and_the_table_says_so() -> None:
    async with venue() as exchange:
        valr = make(exchange)
        needed = [part for part in Part if part is not Part.CANCEL_ON_DISCONNECT]
        not_started = PartStatus(ready=False, why_not="not started")
        assert (valr.ready, valr.status) == (False, dict.fromkeys(needed, not_started))
        async with valr:
            assert (valr.ready, valr.status) == (True, dict.fromkeys(needed, PartStatus(ready=True)))
        assert (valr.ready, valr.status[Part.ACCOUNT_STREAM].ready) == (False, False)


async def test_without_pairs_no_book_is_followed_and_none_is_waited_for() -> None:
    async with trading(pairs=()) as desk:
        assert desk.valr.ready
        assert Part.ORDER_BOOKS not in desk.valr.status
        assert desk.exchange.stats.frames_in["trade", "SUBSCRIBE"] == 0
        assert (await desk.buy()).status is OrderStatus.OPEN


async def test_credentials_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    async with venue() as exchange:
        key = exchange.add_api_key(ACCOUNT)
        monkeypatch.setenv("VALR_API_KEY", key.key)
        monkeypatch.setenv("VALR_API_SECRET", key.secret)
        settings = Settings(hosts=hosts_of(exchange))
        async with ValrExchange.from_env(pairs=["BTC-ZAR"], settings=settings) as valr:
            assert valr.ready
            assert valr.simulator is None


async def test_a_primary_key_acts_for_a_subaccount() -> None:
    async with venue() as exchange:
        exchange.open_account("77", {"ZAR": D(5)})
        key = exchange.add_api_key(ACCOUNT)
        settings = Settings(hosts=hosts_of(exchange))
        async with ValrExchange(key.key, key.secret, pairs=[], subaccount_id="77", settings=settings) as valr:
            assert valr.balance("ZAR").available == D(5)


async def test_its_own_embedded_exchange_starts_and_stops_with_it() -> None:
    valr = ValrExchange.simulated(pairs=["BTC-ZAR"])
    hurry(valr, None)
    async with valr:
        assert valr.simulator is not None
        assert valr.ready
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_a_running_embedded_exchange_outlives_whoever_uses_it() -> None:
    async with venue() as exchange:
        async with make(exchange):
            pass
        async with make(exchange) as second:
            assert second.ready


async def test_it_is_started_once() -> None:
    async with trading() as desk:
        with pytest.raises(ClosedError, match="is started once"):
            await desk.valr.start()


async def test_a_second_start_beside_the_first_is_refused_and_does_it_no_harm() -> None:
    valr = ValrExchange.simulated(pairs=["BTC-ZAR"])
    first, second = await asyncio.gather(valr.start(), valr.start(), return_exceptions=True)
    assert (first, type(second), valr.ready) == (None, ClosedError, True)
    await valr.close()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_closing_without_having_started_is_clean_and_final() -> None:
    valr = ValrExchange.simulated(pairs=["BTC-ZAR"])
    assert (await valr.close()).is_clean
    with pytest.raises(ClosedError, match="is started once"):
        await valr.start()
    assert asyncio.all_tasks() == {asyncio.current_task()}


async def test_closing_cancels_everything_open_here_and_nothing_else() -> None:
    async with trading() as desk:
        stranger = desk.foreign()
        orders = [await desk.buy(str(900_000 + n)) for n in range(5)]
        report = await desk.valr.close()
        assert report.is_clean
        assert {order.status for order in orders} == {OrderStatus.CANCELLED}
        assert [order.order_id for order in desk.exchange.venue.open_orders(ACCOUNT)] == [stranger.order_id]


async def test_closing_can_leave_the_open_orders_and_names_them() -> None:
    async with trading(on_close="leave") as desk:
        order = await desk.buy()
        report = await desk.valr.close()
        assert report.remaining == (order,)
        assert not report.is_clean
        assert desk.at_venue(order).state is State.PLACED


async def test_closing_twice_says_the_same_twice() -> None:
    async with trading(on_close="leave") as desk:
        await desk.buy()
        first, second = await asyncio.gather(desk.valr.close(), desk.valr.close())
        assert first is second is await desk.valr.close()


async def test_closing_ends_within_its_time_when_valr_says_nothing_and_names_what_remains() -> None:
    async with trading(close_timeout_s=0.1) as desk:
        order = await desk.buy()
        desk.exchange.faults.swallow_command(of_type("CANCEL_LIMIT_ORDER"), count=99)
        async with asyncio.timeout(10):
            report = await desk.valr.close()
        assert report.remaining == (order,)
        assert desk.at_venue(order).state is State.PLACED


async def test_closing_that_is_itself_cancelled_still_leaves_nothing_running() -> None:
    async with trading() as desk:
        await desk.buy()
        desk.exchange.faults.swallow_command(of_type("CANCEL_LIMIT_ORDER"), count=99)
        closing = asyncio.create_task(desk.valr.close())
        await desk.until(lambda: desk.sent("CANCEL_LIMIT_ORDER"))
        closing.cancel()
        with pytest.raises(asyncio.CancelledError):
            await closing
        assert not (running := tasks_of_the_library()), running
        assert len((await desk.valr.close()).remaining) == 1


async def test_a_block_that_runs_out_of_time_is_closed_properly() -> None:
    async with venue() as exchange:
        desk = Desk(exchange, make(exchange))
        orders: list[InFlightOrder] = []

        async def trade_for_ever(patience: asyncio.Timeout) -> None:
            async with desk.valr:
                orders.append(await desk.buy())
                patience.reschedule(asyncio.get_running_loop().time())
                await asyncio.Event().wait()

        with pytest.raises(TimeoutError):
            async with asyncio.timeout(None) as patience:
                await trade_for_ever(patience)
        assert desk.at_venue(orders[0]).state is State.CANCELLED
        assert not (running := tasks_of_the_library()), running


async def test_closing_after_an_unforeseen_failure_cancels_by_rest() -> None:
    async with trading() as desk:
        order = await desk.buy()
        await desk.break_down()
        report = await desk.valr.close()
        assert report.is_clean
        assert desk.at_venue(order).state is State.CANCELLED


async def test_after_closing_nothing_is_placed_or_cancelled_any_more() -> None:
    async with trading(on_close="leave") as desk:
        order = await desk.buy()
        await desk.valr.close()
        with pytest.raises(ClosedError, match="closed"):
            await desk.buy()
        with pytest.raises(ClosedError, match="closed"):
            await desk.valr.cancel_order(order)
        with pytest.raises(ClosedError, match="closed"):
            await desk.valr.cancel_all()


# --- orders ----------------------------------------------------------------------------------------------


async def test_cancel_all_cancels_all_and_says_so_for_each() -> None:
    async with trading() as desk:
        orders = [await desk.buy(str(900_000 + n)) for n in range(3)]
        report = await desk.valr.cancel_all()
        assert [outcome.order for outcome in report.outcomes] == orders
        assert {outcome.result for outcome in report.outcomes} == {CancelResult.CANCELLED}
        assert report.is_clean
        assert desk.exchange.venue.open_orders(ACCOUNT) == []
        assert await desk.valr.cancel_all() == CancelAllReport(())


async def test_cancel_all_can_be_for_one_pair() -> None:
    async with trading() as desk:
        kept = await desk.buy()
        gone = await desk.valr.place_limit_order("ETH-ZAR", Side.BUY, amount="1", price="50000")
        report = await desk.valr.cancel_all(pair="ETH-ZAR")
        assert [outcome.order for outcome in report.outcomes] == [gone]
        assert list(desk.valr.orders.values()) == [kept]


async def test_an_ended_order_can_still_be_looked_up() -> None:
    async with trading() as desk:
        order = await desk.buy(client_order_id="mine-1")
        await desk.valr.cancel_order(order)
        assert desk.valr.order("mine-1") is order
        assert "mine-1" not in desk.valr.orders


async def test_client_order_ids_of_two_instances_never_meet() -> None:
    async with venue() as exchange:
        first, second = (make(exchange, client_order_id_prefix="bot") for _ in range(2))
        async with first, second:
            orders = [
                await valr.place_limit_order("BTC-ZAR", Side.BUY, amount="0.01", price="900000")
                for valr in (first, second)
                for _ in range(2)
            ]
            ids = {order.client_order_id for order in orders}
            assert len(ids) == 4
            assert all(order_id.startswith("bot-") for order_id in ids)


# --- account and market ----------------------------------------------------------------------------------


async def test_balances_follow_the_venues() -> None:
    async with trading() as desk:
        assert desk.valr.balance("ZAR").available == D(1_000_000)
        order = await desk.buy(price="900000", amount="0.01")
        await desk.until(lambda: desk.valr.balance("ZAR").reserved == D(9_000))
        desk.rival("sell", "0.01", "900000")
        await desk.agreed(order)
        wallets = {wallet.currency: wallet for wallet in desk.exchange.venue.wallets(ACCOUNT)}
        await desk.until(lambda: desk.valr.balance("BTC").total == wallets["BTC"].available)
        for currency, wallet in wallets.items():
            ours = desk.valr.balances[currency]
            assert (ours.available, ours.reserved) == (wallet.available, wallet.reserved)


async def test_a_wallet_that_valr_does_not_list_is_empty() -> None:
    async with trading() as desk:
        assert desk.valr.balance("DOGE") == Balance("DOGE", D(0), D(0), D(0))


async def test_history_10_decimal_places_are_a_count_and_the_rand_is_zar() -> None:
    async with trading() as desk:
        info = desk.valr.pair_info("BTC-ZAR")
        assert (info.amount_step, info.tick_size) == (D("0.00000001"), D(1))
        order = await desk.buy(amount="0.01000003")
        assert desk.at_venue(order).original_quantity == D("0.01000003")
        assert "ZAR" in desk.valr.balances
        assert "R" not in desk.valr.balances


async def test_the_rules_of_every_pair_are_at_hand() -> None:
    async with trading() as desk:
        assert set(desk.valr.pairs) >= {"BTC-ZAR", "ETH-ZAR", "SOL-ZAR"}
        assert desk.valr.pairs["BTC-ZAR"] == desk.valr.pair_info("BTC-ZAR")
        assert not desk.valr.pair_info("SOL-ZAR").is_active


async def test_what_an_order_would_be_quantised_to_can_be_asked() -> None:
    async with trading() as desk:
        assert desk.valr.quantise_price("BTC-ZAR", Side.BUY, "900000.7") == D(900_000)
        assert desk.valr.quantise_price("BTC-ZAR", Side.SELL, "900000.3") == D(900_001)
        assert desk.valr.quantise_amount("XRP-ZAR", "1.23456") == D("1.2345")


async def test_best_prices_and_the_mid_price_are_the_venues() -> None:
    async with trading() as desk:
        assert desk.valr.mid_price("BTC-ZAR") is None
        desk.rival("buy", "0.5", "900000")
        desk.rival("sell", "0.3", "1000001")
        await desk.until(lambda: desk.valr.best_ask("BTC-ZAR"))
        assert desk.valr.best_bid("BTC-ZAR") == PriceLevel(D(900_000), D("0.5"))
        assert desk.valr.best_ask("BTC-ZAR") == PriceLevel(D(1_000_001), D("0.3"))
        assert desk.valr.mid_price("BTC-ZAR") == D("950000.5")


# --- events ----------------------------------------------------------------------------------------------


async def test_a_stream_of_events_is_complete_from_the_call_on_and_ends_with_closing() -> None:
    async with trading() as desk:
        stream = desk.valr.events(OrderEvent)
        order = await desk.buy("1000000")
        desk.rival("sell", "0.01", "1000000")
        await desk.agreed(order)
        await desk.valr.close()
        told = [event async for event in stream]
        assert told == desk.told(OrderEvent)
        check_story(desk, order)
        with pytest.raises(ClosedError):
            desk.valr.events(OrderEvent)


async def test_a_stream_without_a_type_is_of_every_event() -> None:
    async with trading() as desk:
        stream = desk.valr.events()
        before = len(desk.events)
        await desk.buy()
        await desk.valr.close()
        told = [event async for event in stream]
        assert told == desk.events[before:]
        assert {OrderCreated, BalanceChanged} <= {type(event) for event in told}


async def test_a_stream_can_be_told_to_keep_only_the_newest_but_loses_nothing_of_an_order() -> None:
    async with trading() as desk:
        stream = desk.valr.events(Event, on_overflow=Overflow.DROP_OLDEST, capacity=1)
        before = len(desk.events)
        await desk.buy()
        await desk.valr.close()
        told = desk.events[before:]
        others = [event for event in told if not isinstance(event, OrderEvent)]
        kept = [event for event in told if isinstance(event, OrderEvent) or event is others[-1]]
        assert [event async for event in stream] == kept
        assert stream.dropped == len(others) - 1 > 0


async def test_a_callback_hears_until_it_is_taken_back() -> None:
    async with trading() as desk:
        heard: list[OrderFilled] = []
        stop = desk.valr.on(OrderFilled, heard.append)
        desk.rival("sell", "1", "1000000")
        first = await desk.buy("1000000")
        await desk.agreed(first)
        stop()
        await desk.agreed(await desk.buy("1000000"))
        assert [event.order for event in heard] == [first]


async def test_a_callback_that_raises_disturbs_nobody() -> None:
    async with trading() as desk:

        def broken(_: OrderCreated) -> None:
            raise RuntimeError("a mistake of the user's")

        desk.valr.on(OrderCreated, broken)
        order = await desk.buy()
        assert order.status is OrderStatus.OPEN
        assert desk.valr.metrics.snapshot()["event_callback_errors{event=OrderCreated}"] == 1
        assert (await desk.valr.cancel_order(order)).is_done


async def test_a_tap_sees_every_frame_of_the_account_socket_both_ways() -> None:
    class Tap(FrameTap):
        def __init__(self) -> None:
            self.frames: list[bytes] = []

        def frame_in(self, raw: bytes) -> None:
            self.frames.append(b"< " + raw)

        def frame_out(self, raw: bytes) -> None:
            self.frames.append(b"> " + raw)

    async with venue() as exchange:
        tap = Tap()
        valr = ValrExchange.simulated(pairs=["BTC-ZAR"], exchange=exchange, tap=tap)
        async with valr:
            await valr.place_limit_order("BTC-ZAR", Side.BUY, amount="0.01", price="900000")
        text = b"\n".join(tap.frames).decode()
        for part in (
            '< {"type":"AUTHENTICATED"',
            '> {"type":"PLACE_LIMIT_ORDER"',
            "< ",
            "PLACE_LIMIT_WS_RESPONSE",
        ):
            assert part in text
        assert "ORDERBOOK" not in text


async def test_a_failure_that_nothing_can_mend_reaches_whoever_reads_events_or_prices() -> None:
    async with trading() as desk:
        events = desk.valr.events()
        desk.exchange.revoke_api_key(next(iter(desk.exchange._floor.keys._keys.values())))
        desk.exchange.drop_sockets("account")
        with pytest.raises(AuthenticationError):
            async for _ in events:
                pass
        assert isinstance(desk.valr.failure, AuthenticationError)
        with pytest.raises(ClosedError, match="stopped by a failure"):
            desk.valr.mid_price("BTC-ZAR")
