"""Which events an order causes on /ws/account, and in which dialect (protocol 15, 19.2, 21)."""

from __future__ import annotations

import pytest

from tests.simulator.loopback import btc_order, command, data_of, street, types
from tests.simulator.virtual_time import in_virtual_time

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
