"""What /ws/account lets in, pushes and acknowledges (protocol 2.4, 14, 15)."""

from __future__ import annotations

import asyncio
from typing import Any

import aiohttp
import pytest

from tests.simulator.loopback import Frame, Socket, Street, btc_order, command, street, types
from tests.simulator.virtual_time import in_virtual_time
from valr_connector.simulator.settings import RateLimits


def data_of(frames: list[Frame], frame_type: str) -> list[Any]:
    return [frame["data"] for frame in frames if frame["type"] == frame_type]


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


# --- sequences of events (19.2)


async def test_an_order_that_rests() -> None:
    async with street() as valr, valr.trader().greeted() as account:
        await account.send(command("PLACE_LIMIT_ORDER", btc_order(postOnly=True, customerOrderId="m-1")))
        frames = await account.before_pong()
        assert types(frames) == [
            "PLACE_LIMIT_WS_RESPONSE",
            "ORDER_PROCESSED",
            "BALANCE_UPDATE",
            "OPEN_ORDERS_UPDATE",
        ]
        order_id = frames[0]["data"]["orderId"]
        assert frames[1]["data"] == {
            "orderId": order_id,
            "success": True,
            "failureReason": "",
            "customerOrderId": "m-1",
        }
        assert (frames[2]["data"]["currency"]["symbol"], frames[2]["data"]["reserved"]) == ("R", "9000")
        assert [(order["orderId"], order["quantity"]) for order in frames[3]["data"]] == [(order_id, "0.01")]


async def test_a_resting_order_may_be_told_as_placed() -> None:
    async with street(send_placed_status=True) as valr, valr.trader().greeted() as account:
        await account.send(command("PLACE_LIMIT_ORDER", btc_order()))
        status = await account.until("ORDER_STATUS_UPDATE")
        assert status["data"]["orderStatusType"] == "Placed"


async def test_a_fill_as_the_maker_sees_it() -> None:
    async with street() as valr, valr.trader().greeted() as account:
        await account.send(command("PLACE_LIMIT_ORDER", btc_order(customerOrderId="m-1")))
        await account.until("OPEN_ORDERS_UPDATE")
        await valr.trader("7").place(side="SELL", quantity="0.004")
        frames = await account.before_pong()
        assert types(frames) == [
            "ORDER_STATUS_UPDATE",
            "NEW_ACCOUNT_TRADE",
            "NEW_ACCOUNT_HISTORY_RECORD",
            "NEW_ACCOUNT_HISTORY_RECORD",
            "BALANCE_UPDATE",
            "BALANCE_UPDATE",
            "OPEN_ORDERS_UPDATE",
        ]
        status, trade, record, reward = (frame["data"] for frame in frames[:4])
        assert (status["orderStatusType"], status["remainingQuantity"]) == ("Partially Filled", "0.006")
        assert (status["executedPrice"], status["executedQuantity"], status["executedFee"]) == (
            "900000",
            "0.004",
            "0",
        )
        assert frames[1]["currencyPairSymbol"] == trade["currencyPair"] == "BTCZAR"
        assert (trade["makerReward"], trade["makerRewardCurrency"]) == ("0.36", "ZAR")
        assert record["transactionType"]["type"] == "LIMIT_BUY"
        assert (record["debitValue"], record["creditValue"]) == ("3600", "0.004")
        assert record["additionalInfo"]["orderId"] == status["orderId"]
        assert (reward["transactionType"]["type"], reward["creditValue"]) == ("MAKER_REWARD", "0.36")
        assert record["id"] != reward["id"]
        assert frames[-1]["data"][0]["filledPercentage"] == "40.00"


async def test_a_fill_as_a_taker_with_a_market_order_sees_it() -> None:
    async with street() as valr, valr.trader().greeted() as account:
        await valr.trader("7").place(side="SELL", price="1000000")
        order = {"side": "BUY", "baseAmount": "0.01", "pair": "BTCZAR", "customerOrderId": "m-2"}
        await account.send(command("PLACE_MARKET_ORDER", order))
        frames = await account.before_pong()
        assert frames[0]["type"] == "PLACE_MARKET_WS_RESPONSE"
        (status,) = data_of(frames, "ORDER_STATUS_UPDATE")
        (trade,) = data_of(frames, "NEW_ACCOUNT_TRADE")
        (record,) = data_of(frames, "NEW_ACCOUNT_HISTORY_RECORD")
        assert (status["orderStatusType"], status["originalPrice"]) == ("Filled", "0")
        assert (trade["fee"], trade["feeCurrency"], trade["customerOrderId"]) == ("0.00001", "BTC", "m-2")
        assert record["transactionType"] == {"type": "MARKET_BUY", "description": "Market Buy"}
        assert (record["feeValue"], record["feeCurrency"]["shortName"]) == ("0.00001", "BTC")
        assert record["creditValue"] == "0.00999"


async def test_a_cancel_is_a_receipt_and_then_an_event() -> None:
    async with street() as valr, valr.trader().greeted() as account:
        await account.send(command("PLACE_LIMIT_ORDER", btc_order(customerOrderId="m-1")))
        await account.until("OPEN_ORDERS_UPDATE")
        await account.send(command("CANCEL_LIMIT_ORDER", {"customerOrderId": "m-1", "pair": "BTCZAR"}, "c-2"))
        frames = await account.before_pong()
        assert types(frames) == [
            "CANCEL_ORDER_WS_RESPONSE",
            "ORDER_STATUS_UPDATE",
            "BALANCE_UPDATE",
            "OPEN_ORDERS_UPDATE",
        ]
        assert frames[0]["data"] == {"requested": True, "customerOrderId": "m-1"}
        assert frames[0]["clientMsgId"] == "c-2"
        assert frames[1]["data"]["orderStatusType"] == "Cancelled"
        assert frames[3]["data"] == []


async def test_a_cancel_that_comes_too_late_has_a_receipt_all_the_same() -> None:
    async with street() as valr, valr.trader().greeted() as account:
        await account.send(command("CANCEL_LIMIT_ORDER", {"orderId": "gone", "pair": "BTCZAR"}))
        await account.send(command("CANCEL_LIMIT_ORDER", {"customerOrderId": "mine", "pair": "BTCZAR"}))
        frames = await account.before_pong()
        assert types(frames) == ["CANCEL_ORDER_WS_RESPONSE", "FAILED_CANCEL_ORDER"] * 2
        message = "An error occurred while cancelling your order."
        assert frames[0]["data"] == {"requested": True, "orderId": "gone"}
        assert frames[1]["data"] == {"orderId": "gone", "message": message}
        assert frames[3]["data"] == {"customerOrderId": "mine", "message": message}


async def test_a_modify_is_a_receipt_an_outcome_and_a_status() -> None:
    async with street() as valr, valr.trader().greeted() as account:
        await account.send(command("PLACE_LIMIT_ORDER", btc_order(customerOrderId="m-1")))
        order_id = (await account.until("OPEN_ORDERS_UPDATE"))["data"][0]["orderId"]
        change = {"orderId": order_id, "pair": "BTCZAR", "newPrice": "910000"}
        await account.send(command("MODIFY_ORDER", change | {"modifyMatchStrategy": "RETAIN_ORIGINAL"}))
        frames = await account.before_pong()
        assert types(frames)[:3] == [
            "MODIFY_ORDER_WS_RESPONSE",
            "MODIFY_ORDER_OUTCOME",
            "ORDER_STATUS_UPDATE",
        ]
        receipt, outcome, status = (frame["data"] for frame in frames[:3])
        assert (receipt["requested"], receipt["orderId"]) == (True, order_id)
        assert outcome == {
            "success": True,
            "orderId": order_id,
            "customerOrderId": "m-1",
            "modifyRequestId": receipt["modifyRequestId"],
        }
        assert (status["orderStatusType"], status["originalPrice"]) == ("Order Modified", "910000")


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ("processed", ["ORDER_PROCESSED", "ORDER_STATUS_UPDATE"]),
        ("failed_order", ["FAILED_ORDER", "ORDER_STATUS_UPDATE"]),
        ("both", ["ORDER_PROCESSED", "FAILED_ORDER", "ORDER_STATUS_UPDATE"]),
    ],
)
async def test_a_failed_placement_is_told_in_the_chosen_dialect(choice: str, expected: list[str]) -> None:
    async with street(failure_frames=choice) as valr, valr.trader().greeted() as account:
        await account.send(command("PLACE_LIMIT_ORDER", btc_order(timeInForce="IOC")))
        frames = await account.before_pong()
        assert types(frames) == ["PLACE_LIMIT_WS_RESPONSE", *expected]
        reason = "Immediate Or Cancel order did not match"
        assert [data["success"] for data in data_of(frames, "ORDER_PROCESSED")] == [False] * (
            choice != "failed_order"
        )
        assert [data["message"] for data in data_of(frames, "FAILED_ORDER")] == [reason] * (
            choice != "processed"
        )
        assert data_of(frames, "ORDER_STATUS_UPDATE")[0]["failedReason"] == reason


async def test_the_failed_status_may_be_kept_back() -> None:
    async with street(send_failed_status=False) as valr, valr.trader().greeted() as account:
        await account.send(command("PLACE_LIMIT_ORDER", btc_order(timeInForce="IOC")))
        assert "ORDER_STATUS_UPDATE" not in types(await account.before_pong())


async def test_customer_order_ids_may_be_missing_from_events_but_not_from_open_orders() -> None:
    async with street(customer_order_id_in_events=False) as valr, valr.trader().greeted() as account:
        await account.send(command("PLACE_LIMIT_ORDER", btc_order(customerOrderId="m-1")))
        await valr.trader("7").place(side="SELL", quantity="0.001")
        change = {"customerOrderId": "m-1", "pair": "BTCZAR", "newPrice": "910000"}
        await account.send(command("MODIFY_ORDER", change | {"modifyMatchStrategy": "RETAIN_ORIGINAL"}))
        await account.send(command("CANCEL_LIMIT_ORDER", {"customerOrderId": "no", "pair": "BTCZAR"}))
        frames = await account.before_pong()
        events = (
            "ORDER_PROCESSED",
            "ORDER_STATUS_UPDATE",
            "NEW_ACCOUNT_TRADE",
            "MODIFY_ORDER_OUTCOME",
            "FAILED_CANCEL_ORDER",
        )
        for event in events:
            assert data_of(frames, event)
            assert all("customerOrderId" not in data for data in data_of(frames, event)), event
        assert all(
            data[0]["customerOrderId"] == "m-1" for data in data_of(frames, "OPEN_ORDERS_UPDATE") if data
        )


async def test_both_sockets_of_an_account_get_its_events_and_no_other_account_does() -> None:
    async with street() as valr:
        trader = valr.trader()
        async with trader.greeted() as one, trader.greeted() as two, valr.trader("7").greeted() as other:
            placed = (await trader.place()).body["id"]
            assert (await one.until("ORDER_PROCESSED"))["data"]["orderId"] == placed
            assert (await two.until("ORDER_PROCESSED"))["data"]["orderId"] == placed
            assert await other.before_pong() == []


# --- open orders as a snapshot


@in_virtual_time
async def test_open_orders_are_sent_at_most_once_per_interval() -> None:
    async with street(open_orders_interval_s=0.05) as valr:
        trader = valr.trader()
        async with trader.greeted() as account:
            for _ in range(3):
                await trader.place()
            assert len((await account.until("OPEN_ORDERS_UPDATE"))["data"]) == 1
            assert len((await account.until("OPEN_ORDERS_UPDATE"))["data"]) == 3


@in_virtual_time
async def test_open_orders_may_be_older_than_the_events_before_them() -> None:
    async with street(open_orders_latency_s=0.05) as valr:
        trader = valr.trader()
        async with trader.greeted() as account:
            await trader.place(customerOrderId="first")
            await trader.place(customerOrderId="second")
            for _ in range(2):
                await account.until("ORDER_PROCESSED")
            stale = await account.until("OPEN_ORDERS_UPDATE")
            assert [order["customerOrderId"] for order in stale["data"]] == ["first"]


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
