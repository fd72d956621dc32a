"""Commands on /ws/account: receipts, refusals, limits (protocol 15.6, 16)."""

from __future__ import annotations

import pytest

from tests.simulator.loopback import Frame, btc_order, command, street, types
from tests.simulator.virtual_time import in_virtual_time
from valr_connector.simulator.settings import RateLimits

MARKET_ORDER = {"side": "BUY", "baseAmount": "0.01", "pair": "BTCZAR"}
CANCEL = {"orderId": "x", "pair": "BTCZAR"}


async def test_a_receipt_has_the_ids_and_the_clients_message_id() -> None:
    async with street() as valr, valr.trader().greeted() as account:
        await account.send(command("PLACE_LIMIT_ORDER", btc_order(customerOrderId="m-1"), "c-17"))
        receipt = await account.next()
        (order,) = valr.exchange.venue.open_orders("0")
        assert receipt == {
            "type": "PLACE_LIMIT_WS_RESPONSE",
            "data": {"orderId": order.order_id, "customerOrderId": "m-1"},
            "clientMsgId": "c-17",
        }


async def test_a_message_id_that_was_not_given_does_not_come_back() -> None:
    async with street() as valr, valr.trader().greeted() as account:
        await account.send({"type": "PLACE_LIMIT_ORDER", "payload": btc_order()})
        assert set(await account.next()) == {"type", "data"}


@pytest.mark.parametrize(
    ("frame_type", "payload", "reply_type"),
    [
        ("PLACE_LIMIT_ORDER", {"side": "BUY"}, "PLACE_LIMIT_WS_RESPONSE"),
        ("PLACE_MARKET_ORDER", {"side": "BUY"}, "PLACE_MARKET_WS_RESPONSE"),
        ("CANCEL_LIMIT_ORDER", {"pair": "BTCZAR"}, "CANCEL_ORDER_WS_RESPONSE"),
        ("MODIFY_ORDER", {"pair": "BTCZAR"}, "MODIFY_ORDER_WS_RESPONSE"),
        ("BATCH_ORDERS", {}, "BATCH_ORDERS_WS_RESPONSE"),
    ],
)
async def test_a_refused_command_is_answered_with_an_error_and_without_data(
    frame_type: str, payload: Frame, reply_type: str
) -> None:
    async with street() as valr, valr.trader().greeted() as account:
        await account.send(command(frame_type, payload, "c-1"))
        (reply,) = await account.before_pong()
        assert set(reply) == {"type", "clientMsgId", "error"}
        assert (reply["type"], reply["clientMsgId"], reply["error"]["code"]) == (reply_type, "c-1", -11)
        assert reply["error"]["validationErrors"]["errors"]


@pytest.mark.parametrize(
    ("frame_type", "reply_type"),
    [
        ("PLACE_LIMIT_ORDER", "INVALID_PLACE_LIMIT_REQUEST"),
        ("PLACE_MARKET_ORDER", "INVALID_PLACE_MARKET_REQUEST"),
        ("CANCEL_LIMIT_ORDER", "INVALID_CANCEL_ORDER_REQUEST"),
        ("MODIFY_ORDER", "INVALID_MODIFY_WS_REQUEST"),
    ],
)
async def test_refusals_may_come_as_invalid_frames(frame_type: str, reply_type: str) -> None:
    async with street(error_replies="invalid") as valr, valr.trader().greeted() as account:
        await account.send(command(frame_type, {}, "c-1"))
        message = "Invalid Request, please check your request and try again"
        assert await account.before_pong() == [
            {"type": reply_type, "clientMsgId": "c-1", "data": {"message": message}}
        ]


async def test_an_order_below_the_minimum_is_refused_without_an_id() -> None:
    async with street() as valr, valr.trader().greeted() as account:
        await account.send(command("PLACE_LIMIT_ORDER", btc_order(quantity="0.000001")))
        (reply,) = await account.before_pong()
        assert reply["error"]["code"] == -12007
        assert valr.exchange.stats.orders_accepted["0"] == 0


async def test_a_batch_is_answered_with_outcomes() -> None:
    async with street() as valr, valr.trader().greeted() as account:
        requests = [{"type": "PLACE_LIMIT", "data": btc_order()}, {"type": "CANCEL_ORDER", "data": {}}]
        await account.send(command("BATCH_ORDERS", {"requests": requests}))
        reply = await account.next()
        assert reply["type"] == "BATCH_ORDERS_WS_RESPONSE"
        assert [outcome["accepted"] for outcome in reply["data"]["outcomes"]] == [True, False]


async def test_a_batch_may_stay_unanswered() -> None:
    async with street(batch_reply=False) as valr, valr.trader().greeted() as account:
        requests = [{"type": "PLACE_LIMIT", "data": btc_order()}]
        await account.send(command("BATCH_ORDERS", {"requests": requests}))
        assert types(await account.before_pong())[0] == "ORDER_PROCESSED"


async def test_a_key_that_may_not_trade_is_refused() -> None:
    async with street() as valr, valr.trader(permissions=("View access",)).greeted() as account:
        await account.send(command("PLACE_LIMIT_ORDER", btc_order()))
        (reply,) = await account.before_pong()
        assert reply["error"]["message"] == "Unauthorized"


async def test_a_read_only_exchange_refuses_commands() -> None:
    async with street() as valr, valr.trader().greeted() as account:
        valr.exchange.read_only = True
        await account.send(command("PLACE_LIMIT_ORDER", btc_order()))
        (reply,) = await account.before_pong()
        assert "read-only" in reply["error"]["message"]


@pytest.mark.parametrize(
    ("frame_type", "payload", "limits"),
    [
        ("PLACE_LIMIT_ORDER", btc_order(), RateLimits(place_per_second=1)),
        ("PLACE_MARKET_ORDER", MARKET_ORDER, RateLimits(place_per_second=1)),
        ("CANCEL_LIMIT_ORDER", CANCEL, RateLimits(cancel_per_second=1)),
        ("MODIFY_ORDER", {}, RateLimits(modify_per_second=1)),
        ("BATCH_ORDERS", {}, RateLimits(batch_per_second=1)),
    ],
)
async def test_commands_beyond_the_limit_are_not_executed(
    frame_type: str, payload: Frame, limits: RateLimits
) -> None:
    async with street(rate_limits=limits) as valr, valr.trader().greeted() as account:
        await account.send(command(frame_type, payload))
        await account.before_pong()
        accepted = valr.exchange.stats.orders_accepted["0"]
        await account.send(command(frame_type, payload, "c-2"))
        assert await account.before_pong() == [
            {"type": "RATE_LIMIT_EXCEEDED", "data": {"requestType": frame_type}, "clientMsgId": "c-2"}
        ]
        assert valr.exchange.stats.orders_accepted["0"] == accepted
        assert valr.exchange.stats.rate_limited == 1
        valr.clock.advance(1)
        await account.send(command(frame_type, payload))
        assert types(await account.before_pong())[0] != "RATE_LIMIT_EXCEEDED"


@pytest.mark.parametrize("text", ["", "{", "[]", '"PING"', '{"no":"type"}', '{"type":5}'])
async def test_what_is_no_message_is_an_error(text: str) -> None:
    async with street() as valr, valr.trader().greeted() as account:
        await account.send_text(text)
        assert await account.before_pong() == [{"type": "ERROR", "message": "Invalid message - Invalid JSON"}]


@pytest.mark.parametrize("frame_type", ["CANCEL_ORDER", "PLACE_BATCH_ORDERS", "DANCE"])
async def test_an_unknown_type_is_unsupported(frame_type: str) -> None:
    async with street() as valr, valr.trader().greeted() as account:
        await account.send(command(frame_type, {}))
        assert await account.before_pong() == [{"type": "UNSUPPORTED"}]


@pytest.mark.parametrize(
    "frame",
    [
        {"type": "PLACE_LIMIT_ORDER", "clientMsgId": "c-1", "data": btc_order()},
        {"type": "PLACE_LIMIT_ORDER", "clientMsgId": "c-1", "payload": [btc_order()]},
        {"type": "CANCEL_ON_DISCONNECT", "data": {"active": True}},
        {"type": "CANCEL_ON_DISCONNECT", "payload": {"cancelOnDisconnect": "true"}},
    ],
)
async def test_a_command_without_its_payload_is_an_invalid_request(frame: Frame) -> None:
    async with street() as valr, valr.trader().greeted() as account:
        await account.send(frame)
        assert await account.before_pong() == [
            {"type": "ERROR", "message": "Invalid Request, please check your request and try again"}
        ]


@in_virtual_time
async def test_commands_of_one_socket_are_executed_in_order_whatever_the_jitter() -> None:
    async with street(request_jitter_s=0.01) as valr, valr.trader().greeted() as account:
        for number in range(10):
            order = btc_order(quantity="0.001", customerOrderId=f"m-{number}")
            await account.send(command("PLACE_LIMIT_ORDER", order))
        receipts = [await account.until("PLACE_LIMIT_WS_RESPONSE") for _ in range(10)]
        assert [receipt["data"]["customerOrderId"] for receipt in receipts] == [f"m-{n}" for n in range(10)]


@in_virtual_time
async def test_a_command_that_arrived_is_executed_though_the_socket_is_gone() -> None:
    async with street(request_latency_s=0.02) as valr:
        trader = valr.trader()
        async with trader.greeted() as watcher:
            async with trader.greeted() as account:
                await account.send(command("PLACE_LIMIT_ORDER", btc_order()))
                await account.before_pong()
            await watcher.until("ORDER_PROCESSED")
