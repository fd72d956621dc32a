"""Cancelling, modifying and batches over REST (protocol 10.5-10.8)."""

from __future__ import annotations

import pytest

from tests.simulator.loopback import UNKNOWN_ID, Frame, btc_order, status_of, street
from tests.simulator.virtual_time import in_virtual_time

# --- cancelling


@in_virtual_time
async def test_v1_cancel_is_a_receipt_and_the_order_ends_later() -> None:
    async with street(processing_latency_s=0.05) as valr:
        trader = valr.trader()
        placed = (await trader.place()).body["id"]
        async with trader.greeted() as account:
            reply = await trader.call("DELETE", "/v1/orders/order", {"orderId": placed, "pair": "BTCZAR"})
            assert (reply.status, reply.text) == (202, "")
            assert await status_of(trader, placed) == (200, "Placed")
            await account.until("ORDER_STATUS_UPDATE")
            assert await status_of(trader, placed) == (200, "Cancelled")


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
            assert await status_of(trader, placed) == (200, "Order Modified")


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
            {"type": "PLACE_CONDITIONAL", "data": btc_order()},
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
        assert mixed.status == 200
        assert [(each["accepted"], each["error"]["code"]) for each in mixed.body["outcomes"]] == [
            (False, -21311), (False, -21311),
        ]  # fmt: skip
        assert [outcome["accepted"] for outcome in together.body["outcomes"]] == [True, True]
        assert together.body["outcomes"][0]["orderId"] != placed
        assert await status_of(trader, placed) == (200, "Cancelled")


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
