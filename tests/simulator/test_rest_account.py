"""Balances, trades, fees and the orders of the past over REST (protocol 9, 10.10)."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.simulator.loopback import UNKNOWN_ID, Street, Trader, data_of, street


async def with_fills(valr: Street) -> tuple[Trader, Trader]:
    """0 bought 0.01 BTC at 900000 as a maker from 7, and 0.1 ETH at 50000."""
    maker, taker = valr.trader("0"), valr.trader("7")
    await maker.place(customerOrderId="btc-1")
    await taker.place(side="SELL", customerOrderId="btc-2")
    valr.clock.advance(1)
    ether = {"pair": "ETHZAR", "price": "50000", "quantity": "0.1"}
    await maker.place(customerOrderId="eth-1", **ether)
    await taker.place(customerOrderId="eth-2", side="SELL", **ether)
    return maker, taker


# --- balances and fees


async def test_balances_are_keyed_by_code_and_add_up() -> None:
    async with street() as valr:
        trader = valr.trader()
        await trader.place()
        wallets = {wallet["currency"]: wallet for wallet in (await trader.get("/v1/account/balances")).body}
        rand = wallets["ZAR"]
        assert (rand["available"], rand["reserved"], rand["total"]) == ("991000", "9000", "1000000")
        assert {rand["lendReserved"], rand["borrowReserved"], rand["borrowedAmount"]} == {"0"}


async def test_empty_wallets_can_be_left_out() -> None:
    async with street(balances={"ZAR": Decimal(1), "BTC": Decimal(0)}) as valr:
        trader = valr.trader()
        everything = (await trader.get("/v1/account/balances")).body
        held = (await trader.get("/v1/account/balances?excludeZeroBalances=true")).body
        assert [wallet["currency"] for wallet in everything] == ["ZAR", "BTC"]
        assert [wallet["currency"] for wallet in held] == ["ZAR"]


async def test_balances_of_all_accounts_are_told_without_empty_wallets() -> None:
    async with street(balances={"ZAR": Decimal(9500), "BTC": Decimal(0)}, crowd=True) as valr:
        valr.exchange.open_account("903671169785507840", {"BTC": Decimal(0)}, label="Market making")
        trader = valr.trader()
        await trader.place()
        everything = (await trader.get("/v1/account/balances/all")).body
        assert [(entry["account"]["id"], entry["account"]["label"]) for entry in everything] == [
            ("0", "Primary"),
            ("7", "Account 7"),
            ("903671169785507840", "Market making"),
        ]
        own = (await trader.get("/v1/account/balances?excludeZeroBalances=true")).body
        assert everything[0]["balances"] == own
        assert [wallet["available"] for wallet in everything[0]["balances"]] == ["500"]
        assert everything[2]["balances"] == []


async def test_only_the_primary_account_sees_the_balances_of_all_and_only_as_itself() -> None:
    async with street() as valr:
        target = "/v1/account/balances/all"
        assert (await valr.trader("7").get(target)).status == 401
        primary = valr.trader()
        for account in ("7", "0"):
            headers = primary.headers("GET", target, subaccount=account)
            reply = await valr.send("GET", target, headers=headers)
            assert (reply.status, reply.body) == (401, {"message": "Unauthorized"})
        assert (await valr.trader(permissions=("Trade",)).get(target)).status == 403


async def test_fees_are_those_of_the_account() -> None:
    async with street() as valr:
        valr.exchange.open_account(
            "9",
            {},
            maker_percent=Decimal("0.08"),
            taker_percent=Decimal("0.10"),
            simple_percent=Decimal("0.5"),
        )
        valr.exchange.venue.open_account("by-hand", {}, maker_percent=Decimal(0), taker_percent=Decimal(0))
        fees = {
            account: (await valr.trader(account).get("/v1/account/fees/trade")).body[0]
            for account in ("0", "9", "by-hand")
        }
        assert fees["0"] == {
            "currencyPair": "BTCZAR", "makerPercentage": "-0.01", "takerPercentage": "0.1",
            "simplePercentage": "1.6",
        }  # fmt: skip
        assert list(fees["9"].values())[1:] == ["0.08", "0.1", "0.5"]
        assert list(fees["by-hand"].values())[1:] == ["0", "0", "1.6"]


async def test_a_perpetual_has_no_fee_for_simple_orders() -> None:
    async with street() as valr:
        fees = (await valr.trader().get("/v1/account/fees/trade")).body
        without = [fee["currencyPair"] for fee in fees if "simplePercentage" not in fee]
        assert without == ["BTCUSDTPERP"]


# --- trades


async def test_a_taker_sees_a_fee_and_a_rewarded_maker_a_reward() -> None:
    async with street() as valr:
        maker, taker = await with_fills(valr)
        mine = (await maker.get("/v1/account/BTCZAR/tradehistory")).body[0]
        theirs = (await taker.get("/v1/account/BTCZAR/tradehistory")).body[0]
        assert (mine["makerReward"], mine["makerRewardCurrency"]) == ("0.9", "ZAR")
        assert (theirs["fee"], theirs["feeCurrency"]) == ("9", "ZAR")
        assert not {"fee", "feeCurrency"} & set(mine)
        assert not {"makerReward", "makerRewardCurrency"} & set(theirs)
        assert (mine["side"], theirs["side"]) == ("buy", "sell")
        assert (mine["id"], mine["sequenceId"]) == (theirs["id"], theirs["sequenceId"])
        assert list(mine)[5:] == [
            "sequenceId", "id", "orderId", "makerReward", "makerRewardCurrency", "customerOrderId",
        ]  # fmt: skip
        assert mine["customerOrderId"] == "btc-1"


async def test_trades_of_all_pairs_come_newest_first_and_ignore_a_pair_in_the_query() -> None:
    async with street() as valr:
        maker, _ = await with_fills(valr)
        trades = (await maker.get("/v1/account/tradehistory?currencyPair=BTCZAR")).body
        assert [trade["currencyPair"] for trade in trades] == ["ETHZAR", "BTCZAR"]
        older = (await maker.get(f"/v1/account/tradehistory?beforeId={trades[0]['id']}")).body
        assert older == trades[1:]
        assert (await maker.get("/v1/account/tradehistory?limit=101")).status == 400


@pytest.mark.parametrize(
    "query", ["endTime=2020-01-01T00:00:00Z", "startTime=2030-01-01T00:00:00Z", f"beforeId={UNKNOWN_ID}"]
)
async def test_trades_of_one_pair_are_paged_by_skip_and_limit_alone(query: str) -> None:
    async with street() as valr:
        maker, _ = await with_fills(valr)
        target = "/v1/account/BTCZAR/tradehistory"
        trades = (await maker.get(target)).body
        assert len(trades) == 1
        assert (await maker.get(f"{target}?{query}")).body == trades
        assert (await maker.get(f"{target}?skip=1")).body == []


async def test_trades_of_an_unknown_pair_are_refused() -> None:
    async with street() as valr:
        assert (await valr.trader().get("/v1/account/NOPE/tradehistory")).body["code"] == -21


# --- transactions


async def statement(trader: Trader, query: str = "") -> list[tuple[str, str]]:
    """Type and pair of each transaction, newest first."""
    reply = await trader.get(f"/v1/account/transactionhistory{query}")
    return [
        (each["transactionType"]["type"], each["additionalInfo"]["currencyPairSymbol"]) for each in reply.body
    ]


def without_objects(record: dict[str, Any]) -> dict[str, Any]:
    """A record of the socket with its currencies as the codes that REST writes."""
    return {
        name: value["shortName"] if name.endswith("Currency") else value for name, value in record.items()
    }


async def test_transactions_are_the_records_that_the_socket_told() -> None:
    async with street() as valr:
        trader = valr.trader()
        async with trader.greeted() as socket:
            await with_fills(valr)
            told = data_of(await socket.before_pong(), "NEW_ACCOUNT_HISTORY_RECORD")
        listed = (await trader.get("/v1/account/transactionhistory")).body
        assert listed == [without_objects(record) for record in reversed(told)]
        assert list(listed[1]) == list(told[-2])


async def test_transactions_that_no_socket_heard_of_keep_the_ids_that_they_are_first_listed_with() -> None:
    async with street() as valr:
        trader, taker = await with_fills(valr)
        listed = (await trader.get("/v1/account/transactionhistory")).body
        assert (await trader.get("/v1/account/transactionhistory")).body == listed
        theirs = (await taker.get("/v1/account/transactionhistory")).body
        ids = {each["id"] for each in [*listed, *theirs]}
        assert len(ids) == len(listed) + len(theirs) == 6


async def test_a_transaction_tells_what_went_out_and_what_came_in() -> None:
    async with street() as valr:
        _, taker = await with_fills(valr)
        ether, bitcoin = (await taker.get("/v1/account/transactionhistory")).body
        order = (await taker.get("/v1/account/BTCZAR/tradehistory")).body[0]["orderId"]
        assert ether["eventAt"] > bitcoin["eventAt"]
        assert {name: value for name, value in bitcoin.items() if name not in ("id", "eventAt")} == {
            "transactionType": {"type": "LIMIT_SELL", "description": "Limit Sell"},
            "debitCurrency": "BTC", "debitValue": "0.01",
            "creditCurrency": "ZAR", "creditValue": "8991",
            "feeCurrency": "ZAR", "feeValue": "9",
            "additionalInfo": {
                "costPerCoin": 900000, "costPerCoinSymbol": "R", "currencyPairSymbol": "BTCZAR",
                "orderId": order,
            },
        }  # fmt: skip


async def test_a_maker_reward_is_a_transaction_of_its_own() -> None:
    async with street() as valr:
        maker, _ = await with_fills(valr)
        (reward,) = (await maker.get("/v1/account/transactionhistory?skip=2&limit=1")).body
        assert reward["transactionType"] == {"type": "MAKER_REWARD", "description": "Maker Reward"}
        assert (reward["creditCurrency"], reward["creditValue"]) == ("ZAR", "0.9")
        assert not {"debitCurrency", "debitValue", "feeCurrency", "feeValue"} & set(reward)


ALL = [
    ("MAKER_REWARD", "ETHZAR"), ("LIMIT_BUY", "ETHZAR"), ("MAKER_REWARD", "BTCZAR"), ("LIMIT_BUY", "BTCZAR"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("", ALL),
        ("?transactionTypes=LIMIT_BUY", [ALL[1], ALL[3]]),
        ("?transactionTypes=LIMIT_BUY,MAKER_REWARD&currency=ETH", [ALL[1]]),
        ("?transactionTypes=REFERRAL_REBATE", []),
        ("?currency=ZAR", ALL),
        ("?currency=BTC", [ALL[3]]),
        ("?currency=DOGE", []),
        ("?skip=1&limit=2", ALL[1:3]),
        ("?limit=0", []),
        ("?limit=200", ALL),
        ("?startTime=2026-09-21T14:13:21Z", ALL[:2]),
        ("?endTime=2026-09-21T14:13:20.000Z", ALL[2:]),
    ],
)
async def test_transactions_can_be_filtered_and_paged(query: str, expected: list[tuple[str, str]]) -> None:
    async with street() as valr:
        maker, _ = await with_fills(valr)
        assert await statement(maker, query) == expected


async def test_transactions_are_paged_backwards_by_id() -> None:
    async with street() as valr:
        maker, _ = await with_fills(valr)
        listed = (await maker.get("/v1/account/transactionhistory?limit=2")).body
        assert await statement(maker, f"?beforeId={listed[-1]['id']}") == ALL[2:]
        assert await statement(maker, f"?beforeId={UNKNOWN_ID}") == []


@pytest.mark.parametrize("query", ["limit=201", "limit=-1", "skip=x", "startTime=yesterday"])
async def test_a_page_of_transactions_that_cannot_be_is_refused(query: str) -> None:
    async with street() as valr:
        reply = await valr.trader().get(f"/v1/account/transactionhistory?{query}")
        assert (reply.status, reply.body["code"]) == (400, -11)
        assert reply.body["validationErrors"]["errors"][0]["field"] == query.partition("=")[0]


async def test_transactions_need_view_access() -> None:
    async with street() as valr:
        trader = valr.trader(permissions=("Trade",))
        assert (await trader.get("/v1/account/transactionhistory")).status == 403


# --- history


async def history(trader: Trader, query: str = "") -> list[str]:
    """customerOrderIds of the history, newest first."""
    reply = await trader.get(f"/v1/orders/history{query}")
    return [order["customerOrderId"] for order in reply.body]


async def with_a_past(valr: Street) -> Trader:
    """Orders of 0, a second apart: rests, cancelled empty, cancelled part-filled, filled, failed (ETHZAR)."""
    trader, other = valr.trader(), valr.trader("7")
    await trader.place(customerOrderId="rests", price="800000")
    for name in ("empty", "part"):
        valr.clock.advance(1)
        await trader.place(customerOrderId=name)
        if name == "part":
            await other.place(side="SELL", quantity="0.004")
        await trader.call("DELETE", "/v2/orders/order", {"customerOrderId": name, "pair": "BTCZAR"})
    valr.clock.advance(1)
    await trader.place(customerOrderId="filled")
    await other.place(side="SELL")
    valr.clock.advance(1)
    await trader.place(customerOrderId="failed", pair="ETHZAR", price="50000", quantity="60")
    return trader


async def test_history_hides_empty_cancels_unless_asked_for() -> None:
    async with street() as valr:
        trader = await with_a_past(valr)
        assert await history(trader) == ["failed", "filled", "part", "rests"]
        with_empty = await history(trader, "?showZeroVolumeCancels=true")
        assert with_empty == ["failed", "filled", "part", "empty", "rests"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?excludeFailures=true", ["filled", "part", "rests"]),
        ("?statuses=FILLED", ["filled"]),
        ("?statuses=FILLED,CANCELLED", ["filled", "part"]),
        ("?statuses=PLACED", ["rests"]),
        ("?statuses=REPRICED_DUE_TO_SLIPPAGE", []),
        ("?currencyPair=ETHZAR", ["failed"]),
        ("?currencyPair=ETHZAR,BTCZAR&limit=2", ["failed", "filled"]),
        ("?skip=3", ["rests"]),
        ("?startTime=2026-09-21T14:13:23Z", ["failed", "filled"]),
    ],
)
async def test_history_can_be_filtered(query: str, names: list[str]) -> None:
    async with street() as valr:
        assert await history(await with_a_past(valr), query) == names


async def test_history_is_not_paged_by_id() -> None:
    async with street() as valr:
        assert await history(await with_a_past(valr), f"?beforeId={UNKNOWN_ID}&limit=1") == ["failed"]


async def test_an_unknown_status_filter_is_refused() -> None:
    async with street() as valr:
        assert (await valr.trader().get("/v1/orders/history?statuses=DREAMT")).body["code"] == -11


async def test_an_order_the_engine_has_not_seen_is_in_no_history() -> None:
    async with street(processing_latency_s=1) as valr:
        trader = valr.trader()
        placed = (await trader.place("v1", customerOrderId="new")).body["id"]
        assert await history(trader) == []
        assert (await trader.get(f"/v1/orders/history/summary/orderid/{placed}")).body["code"] == -1
        assert (await trader.get(f"/v1/orders/history/detail/orderid/{placed}")).body == []


async def test_a_summary_adds_up_executions() -> None:
    async with street() as valr:
        maker, _ = await with_fills(valr)
        summary = (await maker.get("/v1/orders/history/summary/customerorderid/btc-1")).body
        by_id = (await maker.get(f"/v1/orders/history/summary/orderid/{summary['orderId']}")).body
        assert by_id == summary
        assert (summary["averagePrice"], summary["total"]) == ("900000", "9000")
        assert (summary["totalExecutedQuantity"], summary["remainingQuantity"]) == ("0.01", "0")
        assert summary["totalFee"] == "0"


async def test_an_average_price_that_does_not_come_out_even_is_cut_to_12_decimals() -> None:
    async with street() as valr:
        maker, taker = valr.trader(), valr.trader("7")
        await maker.place(side="SELL", price="900000", quantity="0.001")
        await maker.place(side="SELL", price="900001", quantity="0.002")
        await taker.place(price="900001", quantity="0.003", customerOrderId="both")
        summary = (await taker.get("/v1/orders/history/summary/customerorderid/both")).body
        assert summary["averagePrice"] == "900000.666666666667"


@pytest.mark.parametrize("way", ["orderid", "customerorderid"])
async def test_there_is_no_summary_of_an_open_or_unknown_order(way: str) -> None:
    async with street() as valr:
        trader = valr.trader()
        order_id = (await trader.place(customerOrderId="open-1")).body["id"]
        open_one = {"orderid": order_id, "customerorderid": "open-1"}[way]
        for text in (open_one, "unknown"):
            reply = await trader.get(f"/v1/orders/history/summary/{way}/{text}")
            assert (reply.status, reply.body["code"]) == (400, -1)


async def test_details_tell_every_change_newest_first() -> None:
    async with street() as valr:
        trader = await with_a_past(valr)
        changes = (await trader.get("/v1/orders/history/detail/customerorderid/part")).body
        assert [change["orderStatusType"] for change in changes] == [
            "Cancelled",
            "Partially Filled",
            "Placed",
        ]
        assert [change["executedQuantity"] for change in changes] == ["0", "0.004", "0"]
        order_id = changes[0]["orderId"]
        assert (await trader.get(f"/v1/orders/history/detail/orderid/{order_id}")).body == changes


async def test_details_of_an_unknown_order_are_empty() -> None:
    async with street() as valr:
        assert (await valr.trader().get("/v1/orders/history/detail/customerorderid/unknown")).body == []
