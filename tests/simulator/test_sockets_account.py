"""What /ws/account lets in and acknowledges, and how it ends (protocol 2.4, 14)."""

from __future__ import annotations

import asyncio

import aiohttp
import pytest

from tests.simulator.loopback import Frame, Socket, Street, btc_order, command, data_of, street, types
from tests.simulator.virtual_time import in_virtual_time
from valr_connector.simulator.settings import RateLimits

# --- the way in


async def test_the_first_frames_are_authenticated_balances_and_open_orders() -> None:
    async with street() as valr:
        trader = valr.trader()
        await trader.place(customerOrderId="old")
        async with trader.socket() as account:
            frames = await account.take(7)
            assert types(frames) == ["AUTHENTICATED", *["BALANCE_UPDATE"] * 5, "OPEN_ORDERS_UPDATE"]
            currencies = [data["currency"]["shortName"] for data in data_of(frames, "BALANCE_UPDATE")]
            assert currencies == list(valr.exchange.settings.balances)
            assert [order["customerOrderId"] for order in frames[-1]["data"]] == ["old"]


@pytest.mark.parametrize("without", ["X-VALR-API-KEY", "X-VALR-SIGNATURE", "X-VALR-TIMESTAMP"])
async def test_bad_credentials_are_refused_at_the_upgrade(without: str) -> None:
    async with street() as valr:
        headers = valr.trader().headers("GET", "/ws/account")
        del headers[without]
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            async with valr.socket("/ws/account", headers):
                pass
        assert refusal.value.status == 401


async def test_bad_credentials_may_be_told_by_a_frame_instead() -> None:
    async with street(auth_failure="frame") as valr, valr.socket("/ws/account") as stranger:
        assert await stranger.next() == {"type": "ERROR", "message": "Unauthorized"}
        await stranger.send(command("PLACE_LIMIT_ORDER", btc_order()))
        assert await stranger.next() == {"type": "UNAUTHORIZED", "message": "Unauthorized"}
        assert valr.exchange.stats.orders_accepted["0"] == 0
        assert valr.exchange.drop_sockets("account") == 1
        assert await stranger.end() == 1006


@in_virtual_time
async def test_a_stranger_is_cut_after_a_while_whatever_it_sends() -> None:
    settings = {"auth_failure": "frame", "unauthenticated_cut_s": 0.03}
    async with street(**settings) as valr, valr.socket("/ws/account") as stranger:
        assert await stranger.end() == 1006


async def test_a_subaccount_is_reached_through_the_primary_key() -> None:
    async with street() as valr:
        headers = valr.trader().headers("GET", "/ws/account", subaccount="7")
        await valr.trader("7").place(customerOrderId="of-7")
        async with valr.socket("/ws/account", headers) as account:
            orders = (await account.until("OPEN_ORDERS_UPDATE"))["data"]
            assert [order["customerOrderId"] for order in orders] == ["of-7"]


async def test_connections_are_limited_per_minute() -> None:
    async with street(rate_limits=RateLimits(connections_per_minute=2)) as valr:
        trader = valr.trader()
        async with trader.greeted(), valr.socket():
            with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
                async with valr.socket():
                    pass
            assert refusal.value.status == 429
            with pytest.raises(aiohttp.WSServerHandshakeError):
                async with trader.socket():
                    pass
            valr.clock.advance(60)
            async with trader.greeted():
                assert valr.exchange.stats.rate_limited == 2


async def test_a_plain_request_to_a_socket_path_is_refused() -> None:
    async with street() as valr:
        assert (await valr.get("/ws/trade")).status == 400


# --- subscriptions


async def subscribe(account: Socket, *channels: object) -> list[Frame]:
    await account.send({"type": "SUBSCRIBE", "subscriptions": [{"event": channel} for channel in channels]})
    return await account.before_pong()


async def test_subscriptions_are_acknowledged_one_by_one() -> None:
    async with street() as valr, valr.trader().greeted() as account:
        frames = await subscribe(account, "ORDER_STATUS_UPDATE", "MARGIN_INFO", "NEW_ACCOUNT_TRADE")
        assert frames == [
            {"type": "SUBSCRIBED", "message": "ORDER_STATUS_UPDATE"},
            {"type": "ERROR", "message": "Channel MARGIN_INFO invalid"},
            {"type": "SUBSCRIBED", "message": "NEW_ACCOUNT_TRADE"},
        ]


async def test_all_that_is_told_unasked_can_be_subscribed_whether_it_happens_here_or_not() -> None:
    told = (
        "BALANCE_UPDATE", "OPEN_ORDERS_UPDATE", "ORDER_PROCESSED", "ORDER_STATUS_UPDATE", "NEW_ACCOUNT_TRADE",
        "NEW_ACCOUNT_HISTORY_RECORD", "INSTANT_ORDER_COMPLETED", "FAILED_ORDER", "FAILED_CANCEL_ORDER",
        "MODIFY_ORDER_OUTCOME", "OPEN_POSITION_UPDATE", "REDUCE_POSITION", "POSITION_CLOSED",
        "ADD_CONDITIONAL_ORDER", "REMOVE_CONDITIONAL_ORDER", "LEVERAGE_UPDATED", "NEW_PENDING_RECEIVE",
        "NEW_PENDING_SEND", "SEND_STATUS_UPDATE",
    )  # fmt: skip
    async with street() as valr, valr.trader().greeted() as account:
        assert [frame["message"] for frame in await subscribe(account, *told)] == [*told]


async def test_acknowledgements_may_be_missing() -> None:
    async with street(account_acks=False) as valr, valr.trader().greeted() as account:
        assert await subscribe(account, "ORDER_STATUS_UPDATE") == []


async def test_order_status_may_need_a_subscription() -> None:
    async with street(order_status_needs_subscription=True) as valr:
        trader = valr.trader()
        async with trader.greeted() as account:
            await trader.place(timeInForce="IOC")
            assert "ORDER_STATUS_UPDATE" not in types(await account.before_pong())
            await subscribe(account, "ORDER_STATUS_UPDATE")
            await trader.place(timeInForce="IOC")
            assert "ORDER_STATUS_UPDATE" in types(await account.before_pong())


async def test_balances_and_open_orders_can_be_left_and_taken_up_again() -> None:
    async with street() as valr:
        trader = valr.trader()
        async with trader.greeted() as account:
            both = [{"event": "BALANCE_UPDATE"}, {"event": "OPEN_ORDERS_UPDATE"}]
            await account.send({"type": "UNSUBSCRIBE", "requests": both})
            await trader.place()
            assert types(await account.before_pong()) == ["UNSUBSCRIBED", "UNSUBSCRIBED", "ORDER_PROCESSED"]
            await subscribe(account, "BALANCE_UPDATE")
            await trader.place()
            assert types(await account.before_pong()) == ["ORDER_PROCESSED", "BALANCE_UPDATE"]


@pytest.mark.parametrize(
    "request_frame",
    [
        {"type": "UNSUBSCRIBE", "requests": [{"event": "ORDER_PROCESSED"}]},
        {"type": "UNSUBSCRIBE"},
        {"type": "SUBSCRIBE", "subscriptions": ["ORDER_STATUS_UPDATE_"]},
        {"type": "SUBSCRIBE", "subscriptions": [{}]},
    ],
)
async def test_what_cannot_be_subscribed_or_left_is_an_error(request_frame: Frame) -> None:
    async with street() as valr, valr.trader().greeted() as account:
        await account.send(request_frame)
        assert types(await account.before_pong()) == ["ERROR"]


# --- life and death of a socket


@in_virtual_time
async def test_a_ping_is_answered_at_once_even_while_commands_wait() -> None:
    async with street(request_latency_s=0.05) as valr, valr.trader().greeted() as account:
        await account.send(command("PLACE_LIMIT_ORDER", btc_order()))
        assert await account.before_pong() == []
        await account.until("PLACE_LIMIT_WS_RESPONSE")


async def test_a_protocol_ping_is_answered() -> None:
    async with street() as valr, valr.socket() as trade:
        await trade.raw.ping(b"still there?")
        await trade.raw.pong(b"unasked")
        assert (await trade.before_pong()) == []


@in_virtual_time
async def test_a_silent_socket_is_cut_without_a_close_frame() -> None:
    async with street(idle_cut_s=0.03) as valr, valr.trader().greeted() as account:
        assert await account.end() == 1006


@in_virtual_time
async def test_traffic_keeps_a_socket_alive() -> None:
    async with street(idle_cut_s=0.04) as valr, valr.trader().greeted() as account:
        for _ in range(4):
            await asyncio.sleep(0.02)
            await account.before_pong()
        assert not account.raw.closed


async def leave(valr: Street, *, armed: object) -> int:
    """Open orders of the account after a socket that placed one has gone."""
    trader = valr.trader()
    async with trader.greeted() as account:
        await account.send({"type": "CANCEL_ON_DISCONNECT", "payload": {"cancelOnDisconnect": armed}})
        await account.send(command("PLACE_LIMIT_ORDER", btc_order()))
        await account.until("OPEN_ORDERS_UPDATE")
    async with trader.socket() as account:
        return len((await account.until("OPEN_ORDERS_UPDATE"))["data"])


async def test_orders_outlive_their_socket_unless_it_was_armed() -> None:
    async with street() as valr:
        assert await leave(valr, armed=False) == 1
        assert await leave(valr, armed="yes") == 2
        assert await leave(valr, armed=True) == 0


@in_virtual_time
async def test_cancel_on_disconnect_may_take_its_time_and_holds_for_a_cut() -> None:
    async with street(cancel_on_disconnect_delay_s=0.05) as valr:
        trader = valr.trader()
        async with trader.greeted() as watcher:
            async with trader.greeted() as account:
                await account.send({"type": "CANCEL_ON_DISCONNECT", "payload": {"cancelOnDisconnect": True}})
                assert (await account.next())["data"] == {"cancelOnDisconnect": "true"}
                await trader.place()
                await account.raw.close()
            assert len((await trader.get("/v1/orders/open")).body) == 1
            await watcher.until("ORDER_STATUS_UPDATE")
            assert (await trader.get("/v1/orders/open")).body == []


@in_virtual_time
async def test_frames_of_one_kind_keep_their_order_whatever_the_jitter() -> None:
    async with street(event_jitter_s=0.01) as valr:
        trader = valr.trader()
        async with trader.greeted() as account:
            placed = [(await trader.place(quantity="0.001")).body["id"] for _ in range(10)]
            processed = [(await account.until("ORDER_PROCESSED"))["data"]["orderId"] for _ in placed]
            assert processed == placed


@in_virtual_time
async def test_events_may_swap_where_the_settings_let_them() -> None:
    async with street(event_jitter_s=0.02, events_may_swap=True) as valr:
        trader = valr.trader()
        async with trader.greeted() as account:
            placed = [(await trader.place(quantity="0.001")).body["id"] for _ in range(10)]
            processed = [(await account.until("ORDER_PROCESSED"))["data"]["orderId"] for _ in placed]
            assert processed != placed
            assert sorted(processed) == sorted(placed)


@in_virtual_time
async def test_events_precede_a_slow_reply() -> None:
    async with street(reply_latency_s=0.05) as valr, valr.trader().greeted() as account:
        await account.send(command("PLACE_LIMIT_ORDER", btc_order()))
        frames = await account.take(4)
        assert types(frames)[0] == "ORDER_PROCESSED"
        assert types(frames)[-1] == "PLACE_LIMIT_WS_RESPONSE"
