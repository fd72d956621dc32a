"""Placing and asking over REST (protocol 10.1-10.3, 10.9)."""

from __future__ import annotations

import asyncio

import pytest

from tests.simulator.loopback import Frame, status_of, street, types
from tests.simulator.virtual_time import in_virtual_time

# --- placing


@in_virtual_time
async def test_v1_answers_202_before_the_engine_has_seen_the_order() -> None:
    async with street(processing_latency_s=0.05) as valr:
        trader = valr.trader()
        async with trader.greeted() as account:
            reply = await trader.place("v1", customerOrderId="a-1")
            assert (reply.status, set(reply.body)) == (202, {"id", "customerOrderId"})
            assert await status_of(trader, reply.body["id"]) == (400, -1)
            await account.until("ORDER_PROCESSED")
            assert await status_of(trader, reply.body["id"]) == (200, "Placed")


async def test_v1_leaves_out_a_customer_order_id_that_was_not_given() -> None:
    async with street() as valr:
        assert set((await valr.trader().place("v1")).body) == {"id"}


@in_virtual_time
async def test_v2_answers_201_when_the_order_rests() -> None:
    async with street(processing_latency_s=0.05) as valr:
        trader = valr.trader()
        reply = await trader.place("v2", customerOrderId="a-1")
        assert (reply.status, set(reply.body)) == (201, {"id"})
        assert await status_of(trader, reply.body["id"]) == (200, "Placed")


async def test_an_order_that_fails_at_the_engine_is_202_on_v1_and_400_with_its_id_on_v2() -> None:
    async with street() as valr:
        trader = valr.trader()
        too_much = {"quantity": "5", "price": "900000"}
        accepted = await trader.place("v1", **too_much)
        assert accepted.status == 202
        assert await status_of(trader, accepted.body["id"]) == (200, "Failed")
        refused = await trader.place("v2", **too_much)
        assert refused.status == 400
        assert (refused.body["code"], refused.body["message"]) == (-6, "Insufficient Balance")
        assert await status_of(trader, refused.body["orderId"]) == (200, "Failed")


@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_an_order_that_fails_at_validation_gets_no_id(version: str) -> None:
    async with street() as valr:
        reply = await valr.trader().place(version, quantity="0.000001")
        assert (reply.status, reply.body["code"]) == (400, -12007)
        assert "orderId" not in reply.body


async def test_a_customer_order_id_in_use_is_refused() -> None:
    async with street() as valr:
        trader = valr.trader()
        await trader.place(customerOrderId="same")
        reply = await trader.place(customerOrderId="same")
        assert (reply.status, reply.body["code"], "orderId" in reply.body) == (400, -11502, False)


async def test_a_customer_order_id_in_use_may_also_fail_at_the_engine() -> None:
    async with street(duplicate_ids_fail_late=True) as valr:
        trader = valr.trader()
        await trader.place(customerOrderId="same")
        reply = await trader.place(customerOrderId="same")
        assert (reply.status, reply.body["code"], "orderId" in reply.body) == (400, -11502, True)


@pytest.mark.parametrize("version", ["v1", "v2"])
async def test_a_market_order_trades_with_what_rests(version: str) -> None:
    async with street() as valr:
        maker, taker = valr.trader(), valr.trader("7")
        await maker.place(price="900000", quantity="0.01")
        body = {"side": "SELL", "pair": "BTCZAR", "baseAmount": "0.004"}
        sold = await taker.call("POST", f"/{version}/orders/market", body)
        assert sold.status == {"v1": 202, "v2": 201}[version]
        assert await status_of(taker, sold.body["id"]) == (200, "Filled")
        status = await taker.get(f"/v1/orders/BTCZAR/orderid/{sold.body['id']}")
        assert (status.body["originalPrice"], status.body["orderType"], status.body["timeInForce"]) == (
            "0",
            "market",
            "IOC",
        )


async def test_a_market_order_can_name_the_quote_amount() -> None:
    async with street() as valr:
        await valr.trader().place(side="SELL", price="1000000", quantity="0.01")
        body = {"side": "BUY", "pair": "BTCZAR", "quoteAmount": "2000"}
        bought = await valr.trader("7").call("POST", "/v2/orders/market", body)
        trades = (await valr.trader("7").get("/v1/account/tradehistory")).body
        assert bought.status == 201
        assert [trade["quantity"] for trade in trades] == ["0.002"]


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"side": "buy"}, "side"),
        ({"side": None}, "side"),
        ({"quantity": None}, "quantity"),
        ({"quantity": "1e3"}, "quantity"),
        ({"quantity": "1,000"}, "quantity"),
        ({"quantity": "-1"}, "quantity"),
        ({"quantity": True}, "quantity"),
        ({"price": ""}, "price"),
        ({"price": "NaN"}, "price"),
        ({"pair": ""}, "pair"),
        ({"pair": 5}, "pair"),
        ({"postOnly": "perhaps"}, "postOnly"),
        ({"postOnly": 1}, "postOnly"),
        ({"timeInForce": "gtc"}, "timeInForce"),
        ({"customerOrderId": 5}, "customerOrderId"),
        ({"reduceOnly": True}, "reduceOnly"),
        ({"postOnlyReprice": True}, "postOnlyReprice"),
    ],
)
async def test_a_malformed_field_is_named(changes: Frame, field: str) -> None:
    async with street() as valr:
        reply = await valr.trader().place(**changes)
        assert (reply.status, reply.body["code"]) == (400, -11)
        assert [error["field"] for error in reply.body["validationErrors"]["errors"]] == [field]


@pytest.mark.parametrize(
    "changes",
    [
        {"postOnly": "true"},
        {"postOnly": "false", "allowMargin": "false", "reduceOnly": False},
        {"quantity": 0.01, "price": 900000},
        {"customerOrderId": None},
    ],
)
async def test_looser_spellings_that_valr_takes_are_taken(changes: Frame) -> None:
    async with street() as valr:
        assert (await valr.trader().place(**changes)).status == 201


@pytest.mark.parametrize("amounts", [{}, {"baseAmount": "0.01", "quoteAmount": "10"}])
async def test_a_market_order_names_exactly_one_amount(amounts: Frame) -> None:
    async with street() as valr:
        reply = await valr.trader().call(
            "POST", "/v1/orders/market", {"side": "BUY", "pair": "BTCZAR", **amounts}
        )
        assert (reply.status, reply.body["code"]) == (400, -11)


@pytest.mark.parametrize("data", [b"", b"{", b"[]", b'"x"'])
async def test_a_body_that_is_no_json_object_is_refused(data: bytes) -> None:
    async with street() as valr:
        trader = valr.trader()
        headers = trader.headers("POST", "/v1/orders/limit", data)
        reply = await valr.send("POST", "/v1/orders/limit", data, headers)
        assert (reply.status, reply.body) == (400, {"code": -113, "message": "Invalid JSON payload"})


async def test_an_unknown_pair_is_refused() -> None:
    async with street() as valr:
        reply = await valr.trader().place(pair="NOPE")
        assert (reply.status, reply.body) == (400, {"code": -21, "message": "Unsupported Currency Pair"})


# --- asking


async def test_open_orders_show_what_remains() -> None:
    async with street() as valr:
        maker = valr.trader()
        await maker.place(customerOrderId="m-1", quantity="0.03")
        await valr.trader("7").place(side="SELL", quantity="0.02")
        order = (await maker.get("/v1/orders/open?currencyPair=ETHZAR")).body[0]
        assert (order["remainingQuantity"], order["originalQuantity"]) == ("0.01", "0.03")
        assert (order["filledPercentage"], order["status"]) == ("66.67", "Partially Filled")
        assert order["customerOrderId"] == "m-1"


async def test_an_order_is_found_by_either_id_on_its_own_pair_and_account_only() -> None:
    async with street() as valr:
        trader = valr.trader()
        order_id = (await trader.place(customerOrderId="m-1")).body["id"]
        found = await trader.get("/v1/orders/BTCZAR/customerorderid/m-1")
        assert (found.status, found.body["orderId"]) == (200, order_id)
        assert (await trader.get(f"/v1/orders/ETHZAR/orderid/{order_id}")).body["code"] == -1
        assert (await trader.get(f"/v1/orders/NOPE/orderid/{order_id}")).body["code"] == -21
        assert (await valr.trader("7").get(f"/v1/orders/BTCZAR/orderid/{order_id}")).body["code"] == -1
        assert (await trader.get("/v1/orders/BTCZAR/customerorderid/other")).status == 400


@pytest.mark.parametrize(
    ("dialect", "status", "says"),
    [("terminal", 200, "Cancelled"), ("not_found", 404, -1), ("invalid", 400, -1)],
)
async def test_a_finished_order_answers_in_the_chosen_dialect(
    dialect: str, status: int, says: object
) -> None:
    async with street(finished_order_status=dialect) as valr:
        trader = valr.trader()
        order_id = (await trader.place()).body["id"]
        assert await status_of(trader, order_id) == (200, "Placed")
        await trader.call("DELETE", "/v1/orders")
        assert await status_of(trader, order_id) == (status, says)


# --- the exchange as a whole


async def test_a_read_only_exchange_refuses_writes_and_answers_reads() -> None:
    async with street() as valr:
        trader = valr.trader()
        valr.exchange.read_only = True
        assert valr.exchange.read_only
        assert (await trader.place()).status == 503
        assert (await trader.call("DELETE", "/v1/orders")).status == 503
        assert (await trader.get("/v1/orders/open")).status == 200
        assert (await valr.get("/v1/public/status")).body == {"status": "read-only"}
        valr.exchange.read_only = False
        assert (await valr.get("/v1/public/status")).body == {"status": "online"}


@in_virtual_time
async def test_latencies_delay_the_answer() -> None:
    async with street(request_latency_s=0.02, reply_latency_s=0.02) as valr:
        loop = asyncio.get_running_loop()
        began = loop.time()
        await valr.get("/v1/public/time")
        assert loop.time() - began >= 0.04


async def test_v2_and_its_events_tell_the_same_story() -> None:
    async with street() as valr:
        trader = valr.trader()
        async with trader.greeted() as account:
            placed = (await trader.place()).body["id"]
            frames = await account.before_pong()
            assert types(frames) == ["ORDER_PROCESSED", "BALANCE_UPDATE", "OPEN_ORDERS_UPDATE"]
            assert frames[0]["data"]["orderId"] == placed


@in_virtual_time
async def test_a_client_that_gives_up_does_not_stop_its_order() -> None:
    async with street(processing_latency_s=0.05) as valr:
        trader = valr.trader()
        async with trader.greeted() as account:
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(0.01):
                    await trader.place()
            await account.until("ORDER_PROCESSED")
            assert len((await trader.get("/v1/orders/open")).body) == 1
