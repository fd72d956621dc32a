"""Placing, cancelling and asking over REST (protocol 10)."""

from __future__ import annotations

import asyncio

import pytest

from tests.simulator.loopback import Frame, Trader, btc_order, street, types
from tests.simulator.virtual_time import in_virtual_time

UNKNOWN_ID = "00000000-0000-0000-0000-000000000000"


async def ask(trader: Trader, order_id: str) -> tuple[int, object]:
    """Status code and orderStatusType, or the error's code."""
    reply = await trader.get(f"/v1/orders/BTCZAR/orderid/{order_id}")
    return reply.status, reply.body.get("orderStatusType", reply.body.get("code"))


# --- placing


@in_virtual_time
async def test_v1_answers_202_before_the_engine_has_seen_the_order() -> None:
    async with street(processing_latency_s=0.05) as valr:
        trader = valr.trader()
        async with trader.greeted() as account:
            reply = await trader.place("v1", customerOrderId="a-1")
            assert (reply.status, set(reply.body)) == (202, {"id", "customerOrderId"})
            assert await ask(trader, reply.body["id"]) == (400, -1)
            await account.until("ORDER_PROCESSED")
            assert await ask(trader, reply.body["id"]) == (200, "Placed")


async def test_v1_leaves_out_a_customer_order_id_that_was_not_given() -> None:
    async with street() as valr:
        assert set((await valr.trader().place("v1")).body) == {"id"}


@in_virtual_time
async def test_v2_answers_201_when_the_order_rests() -> None:
    async with street(processing_latency_s=0.05) as valr:
        trader = valr.trader()
        reply = await trader.place("v2", customerOrderId="a-1")
        assert (reply.status, set(reply.body)) == (201, {"id"})
        assert await ask(trader, reply.body["id"]) == (200, "Placed")


async def test_an_order_that_fails_at_the_engine_is_202_on_v1_and_400_with_its_id_on_v2() -> None:
    async with street() as valr:
        trader = valr.trader()
        too_much = {"quantity": "5", "price": "900000"}
        accepted = await trader.place("v1", **too_much)
        assert accepted.status == 202
        assert await ask(trader, accepted.body["id"]) == (200, "Failed")
        refused = await trader.place("v2", **too_much)
        assert refused.status == 400
        assert (refused.body["code"], refused.body["message"]) == (-6, "Insufficient Balance")
        assert await ask(trader, refused.body["orderId"]) == (200, "Failed")


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
        assert await ask(taker, sold.body["id"]) == (200, "Filled")
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


# --- cancelling


@in_virtual_time
async def test_v1_cancel_is_a_receipt_and_the_order_ends_later() -> None:
    async with street(processing_latency_s=0.05) as valr:
        trader = valr.trader()
        placed = (await trader.place()).body["id"]
        async with trader.greeted() as account:
            reply = await trader.call("DELETE", "/v1/orders/order", {"orderId": placed, "pair": "BTCZAR"})
            assert (reply.status, reply.text) == (202, "")
            assert await ask(trader, placed) == (200, "Placed")
            await account.until("ORDER_STATUS_UPDATE")
            assert await ask(trader, placed) == (200, "Cancelled")


async def test_v1_cancel_of_an_unknown_order_is_a_receipt_and_then_an_event() -> None:
    async with street() as valr:
        trader = valr.trader()
        async with trader.greeted() as account:
            reply = await trader.call("DELETE", "/v1/orders/order", {"orderId": UNKNOWN_ID, "pair": "BTCZAR"})
            assert reply.status == 202
            failed = await account.until("FAILED_CANCEL_ORDER")
            assert failed["data"]["orderId"] == UNKNOWN_ID


async def test_v2_cancel_echoes_the_id_that_was_sent() -> None:
    async with street() as valr:
        trader = valr.trader()
        by_id = (await trader.place()).body["id"]
        await trader.place(customerOrderId="mine")
        for name, text in (("orderId", by_id), ("customerOrderId", "mine")):
            reply = await trader.call("DELETE", "/v2/orders/order", {name: text, "pair": "BTCZAR"})
            assert (reply.status, reply.body) == (200, {"id": text})
        assert (await trader.get("/v1/orders/open")).body == []


async def test_v2_cancel_of_a_finished_or_unknown_order_is_refused() -> None:
    async with street() as valr:
        trader = valr.trader()
        body = {"orderId": (await trader.place()).body["id"], "pair": "BTCZAR"}
        await trader.call("DELETE", "/v2/orders/order", body)
        for again in (body, {"customerOrderId": "nobody", "pair": "BTCZAR"}):
            reply = await trader.call("DELETE", "/v2/orders/order", again)
            assert (reply.status, reply.body) == (400, {"code": -1, "message": "Invalid Order. "})


@pytest.mark.parametrize(
    "body",
    [
        {"pair": "BTCZAR"},
        {"orderId": UNKNOWN_ID},
        {"orderId": UNKNOWN_ID, "customerOrderId": "both", "pair": "BTCZAR"},
    ],
)
async def test_a_cancel_names_the_pair_and_exactly_one_id(body: Frame) -> None:
    async with street() as valr:
        reply = await valr.trader().call("DELETE", "/v1/orders/order", body)
        assert (reply.status, reply.body["code"]) == (400, -11)


async def test_a_cancel_for_an_unknown_pair_is_refused() -> None:
    async with street() as valr:
        for version in ("v1", "v2"):
            body = {"orderId": UNKNOWN_ID, "pair": "NOPE"}
            reply = await valr.trader().call("DELETE", f"/{version}/orders/order", body)
            assert (reply.status, reply.body["code"]) == (400, -21)


@in_virtual_time
async def test_commands_reach_the_engine_in_the_order_of_their_acceptance() -> None:
    async with street(processing_latency_s=0.01, processing_jitter_s=0.01) as valr:
        trader = valr.trader()
        placed = await trader.place("v1", customerOrderId="first")
        body = {"customerOrderId": "first", "pair": "BTCZAR"}
        cancelled = await trader.call("DELETE", "/v2/orders/order", body)
        assert (placed.status, cancelled.status) == (202, 200)


async def test_cancel_all_of_a_pair_or_of_all_pairs_lists_system_ids_only() -> None:
    async with street() as valr:
        trader = valr.trader()
        bitcoin = [(await trader.place()).body["id"] for _ in range(2)]
        ether = (await trader.place(pair="ETHZAR", price="30000", quantity="0.01")).body["id"]
        of_pair = await trader.call("DELETE", "/v1/orders/BTCZAR")
        of_all = await trader.call("DELETE", "/v1/orders")
        assert (of_pair.status, of_pair.body) == (200, [{"orderId": order_id} for order_id in bitcoin])
        assert (of_all.status, of_all.body) == (200, [{"orderId": ether}])
        assert (await trader.call("DELETE", "/v1/orders/NOPE")).body["code"] == -21


# --- modifying


async def test_v1_modify_answers_with_the_id_of_the_request() -> None:
    async with street() as valr:
        trader = valr.trader()
        placed = (await trader.place()).body["id"]
        async with trader.greeted() as account:
            change = {
                "orderId": placed,
                "pair": "BTCZAR",
                "newPrice": "910000",
                "modifyMatchStrategy": "REPRICE",
            }
            reply = await trader.call("PUT", "/v1/orders/modify", change)
            outcome = await account.until("MODIFY_ORDER_OUTCOME")
            assert reply.status == 202
            assert reply.body["id"] == outcome["data"]["modifyRequestId"] != placed
            assert await ask(trader, placed) == (200, "Order Modified")


async def test_v2_modify_answers_when_it_is_done() -> None:
    async with street() as valr:
        trader = valr.trader()
        placed = (await trader.place()).body["id"]
        change = {"orderId": placed, "pair": "BTCZAR", "newRemainingQuantity": "0.02"}
        reply = await trader.call(
            "PUT", "/v2/orders/modify", change | {"modifyMatchStrategy": "RETAIN_ORIGINAL"}
        )
        status = await trader.get(f"/v1/orders/BTCZAR/orderid/{placed}")
        assert reply.status == 201
        assert reply.body["id"] != placed
        assert status.body["originalQuantity"] == "0.02"


async def test_v2_modify_that_changes_nothing_is_refused_with_both_ids() -> None:
    async with street() as valr:
        trader = valr.trader()
        placed = (await trader.place()).body["id"]
        change = {"orderId": placed, "pair": "BTCZAR", "newPrice": "900000"}
        reply = await trader.call(
            "PUT", "/v2/orders/modify", change | {"modifyMatchStrategy": "RETAIN_ORIGINAL"}
        )
        assert (reply.status, reply.body["code"], reply.body["orderId"]) == (400, -21303, placed)
        assert reply.body["modifyOrderId"] != placed


@pytest.mark.parametrize("strategy", [None, "SOMEHOW"])
async def test_a_modify_names_a_known_strategy(strategy: str | None) -> None:
    async with street() as valr:
        change = {"orderId": UNKNOWN_ID, "pair": "BTCZAR", "modifyMatchStrategy": strategy}
        reply = await valr.trader().call("PUT", "/v1/orders/modify", change)
        assert reply.body["validationErrors"]["errors"][0]["field"] == "modifyMatchStrategy"


# --- batches


async def test_a_batch_has_an_outcome_for_each_request_in_order() -> None:
    async with street() as valr:
        trader = valr.trader()
        resting = (await trader.place()).body["id"]
        requests = [
            {"type": "PLACE_LIMIT", "data": btc_order(customerOrderId="b-1")},
            {"type": "PLACE_LIMIT", "data": btc_order(quantity="0.000001")},
            {"type": "PLACE_MARKET", "data": {"side": "SELL", "pair": "BTCZAR", "baseAmount": "0.001"}},
            {"type": "CANCEL_ORDER", "data": {"orderId": resting, "pair": "BTCZAR"}},
            {"type": "PLACE_STOP_LIMIT", "data": btc_order()},
        ]
        reply = await trader.call("POST", "/v1/batch/orders", {"requests": requests, "customerBatchId": "b"})
        outcomes = reply.body["outcomes"]
        assert reply.status == 200
        assert reply.body["batchId"] > 2**53
        assert [outcome["accepted"] for outcome in outcomes] == [True, False, True, True, False]
        assert outcomes[0]["customerOrderId"] == "b-1"
        assert set(outcomes[1]) == {"accepted", "error"}
        assert outcomes[1]["error"]["code"] == -12007
        assert outcomes[3] == {"accepted": True, "orderId": resting, "requestType": "CANCEL_ORDER"}


async def test_a_batch_can_modify_and_cancel_but_not_modify_and_place() -> None:
    async with street() as valr:
        trader = valr.trader()
        placed = (await trader.place()).body["id"]
        change = {"orderId": placed, "pair": "BTCZAR", "newPrice": "910000", "modifyMatchStrategy": "REPRICE"}
        modify = {"type": "MODIFY_ORDER", "data": change}
        cancel = {"type": "CANCEL_ORDER", "data": {"orderId": placed, "pair": "BTCZAR"}}
        place = {"type": "PLACE_LIMIT", "data": btc_order()}
        mixed = await trader.call("POST", "/v1/batch/orders", {"requests": [modify, place]})
        together = await trader.call("POST", "/v1/batch/orders", {"requests": [modify, cancel]})
        assert (mixed.status, mixed.body["code"]) == (400, -21311)
        assert [outcome["accepted"] for outcome in together.body["outcomes"]] == [True, True]
        assert together.body["outcomes"][0]["orderId"] != placed
        assert await ask(trader, placed) == (200, "Cancelled")


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"requests": []},
        {"requests": [{"type": "CANCEL_ORDER", "data": {}}] * 21},
        {"requests": [{"type": "CANCEL_ORDER"}]},
        {"requests": ["CANCEL_ORDER"]},
        {"requests": [{"type": "CANCEL_ORDER", "data": {}}], "customerBatchId": "x" * 51},
    ],
)
async def test_a_malformed_batch_is_refused_as_a_whole(body: Frame) -> None:
    async with street() as valr:
        reply = await valr.trader().call("POST", "/v1/batch/orders", body)
        assert (reply.status, reply.body["code"]) == (400, -11)


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
        assert await ask(trader, order_id) == (200, "Placed")
        await trader.call("DELETE", "/v1/orders")
        assert await ask(trader, order_id) == (status, says)


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
