"""Simple orders: quotes, orders, and what becomes of them (protocol 11, 15.9, 19.1)."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

import pytest

from tests.simulator.loopback import (
    UNKNOWN_ID,
    Reply,
    Street,
    Trader,
    btc_order,
    data_of,
    make_a_market,
    status_of,
    street,
    types,
)
from valr_connector.simulator.settings import RateLimits

BUY = {"payInCurrency": "ZAR", "payAmount": "5000", "side": "BUY"}
SELL = {"payInCurrency": "BTC", "payAmount": "0.01", "side": "SELL"}
ZONELESS = re.compile(r"2026-09-21T14:13:2\d\.\d{9}", re.ASCII)


async def quoted(trader: Trader, payment: dict[str, Any], pair: str = "BTCZAR") -> Reply:
    return await trader.call("POST", f"/v1/simple/{pair}/quote", payment)


async def ordered(trader: Trader, payment: dict[str, Any], pair: str = "BTCZAR") -> str:
    """The id of an accepted order."""
    reply = await trader.call("POST", f"/v1/simple/{pair}/order", payment)
    assert (reply.status, list(reply.body)) == (202, ["id"])
    return str(reply.body["id"])


async def became(trader: Trader, order_id: str) -> Any:
    return (await trader.get(f"/v1/simple/BTCZAR/order/{order_id}")).body


async def rand_and_bitcoin(trader: Trader) -> tuple[Decimal, Decimal]:
    trader.street.clock.advance(2)  # balances are cached
    wallets = {each["currency"]: each for each in (await trader.get("/v1/account/balances")).body}
    return Decimal(wallets["ZAR"]["available"]), Decimal(wallets["BTC"]["available"])


# --- quotes


async def test_a_quote_for_a_buy_tells_what_is_received_without_the_fee() -> None:
    async with street() as valr:
        await make_a_market(valr)
        reply = await quoted(valr.trader("7"), BUY)
        quote = reply.body
        assert reply.status == 200
        assert ZONELESS.fullmatch(quote.pop("createdAt"))
        assert len(quote.pop("id")) == 36
        assert quote == {
            "currencyPair": "BTCZAR", "payAmount": "5000", "receiveAmount": "0.00492", "fee": "0.00008",
            "feeCurrency": "BTC", "ordersToMatch": [{"price": "1000000", "quantity": "0.005"}],
        }  # fmt: skip


async def test_a_quote_for_a_sell_names_every_order_that_it_would_match() -> None:
    async with street() as valr:
        await make_a_market(valr)
        quote = (await quoted(valr.trader("7"), SELL | {"payAmount": "0.025"})).body
        assert quote["ordersToMatch"] == [
            {"price": "900000", "quantity": "0.005"},
            {"price": "900000", "quantity": "0.015"},
            {"price": "890000", "quantity": "0.005"},
        ]
        assert (quote["fee"], quote["feeCurrency"], quote["receiveAmount"]) == ("359.2", "ZAR", "22090.8")


async def test_a_quote_needs_no_money_and_changes_nothing() -> None:
    async with street() as valr:
        await make_a_market(valr)
        valr.exchange.open_account("9", {})
        trader = valr.trader("9", permissions=("View access",))
        assert (await quoted(trader, BUY)).status == 200
        assert (await trader.get("/v1/orders/history")).body == []
        assert (await trader.get("/v1/account/balances")).body == []


# --- orders


@pytest.mark.parametrize("payment", [BUY, SELL, SELL | {"payAmount": "0.0150000099"}])
async def test_an_order_comes_to_what_was_quoted(payment: dict[str, Any]) -> None:
    async with street() as valr:
        await make_a_market(valr)
        valr.exchange.open_account("9", {"ZAR": Decimal(5000), "BTC": Decimal(1)})
        trader = valr.trader("9")
        quote = (await quoted(trader, payment)).body
        before = await rand_and_bitcoin(trader)
        status = await became(trader, await ordered(trader, payment))
        after = await rand_and_bitcoin(trader)

        assert ZONELESS.fullmatch(status.pop("orderExecutedAt"))
        assert len(status.pop("orderId")) == 36
        received = "BTC" if payment["side"] == "BUY" else "ZAR"
        assert status == {
            "success": True, "processing": False,
            "paidAmount": quote["payAmount"], "paidCurrency": payment["payInCurrency"],
            "receivedAmount": quote["receiveAmount"], "receivedCurrency": received,
            "feeAmount": quote["fee"], "feeCurrency": quote["feeCurrency"],
        }  # fmt: skip
        moved = {"ZAR": after[0] - before[0], "BTC": after[1] - before[1]}
        assert moved[payment["payInCurrency"]] == -Decimal(status["paidAmount"])
        assert moved[received] == Decimal(status["receivedAmount"])


async def test_what_buys_no_further_piece_is_not_paid() -> None:
    async with street() as valr:
        await make_a_market(valr)
        trader = await beginner(valr)
        order_id = await ordered(trader, BUY | {"payAmount": "4999.995"})
        assert (await became(trader, order_id))["paidAmount"] == "4999.99"


async def beginner(valr: Street) -> Trader:
    """An account that has nothing in the book."""
    valr.exchange.open_account("9", {"ZAR": Decimal(50_000), "BTC": Decimal(1)})
    return valr.trader("9")


async def test_an_order_can_be_asked_for_without_its_pair() -> None:
    async with street() as valr:
        await make_a_market(valr)
        trader = await beginner(valr)
        order_id = await ordered(trader, BUY)
        assert (await trader.get(f"/v1/simple/order/{order_id}")).body == await became(trader, order_id)


async def test_an_order_that_is_not_processed_yet_is_told_as_processing() -> None:
    async with street(processing_latency_s=30) as valr:
        trader = valr.trader("7")
        await make_a_market_at_once(valr)
        order_id = await ordered(trader, BUY)
        assert await became(trader, order_id) == {
            "orderId": order_id, "success": False, "processing": True,
            "paidAmount": "0", "paidCurrency": "ZAR", "receivedAmount": "0", "receivedCurrency": "BTC",
            "feeAmount": "0", "feeCurrency": "BTC",
        }  # fmt: skip


async def make_a_market_at_once(valr: Street) -> None:
    """An ask of account 0 at 1000000, whatever the latency of the engine."""
    venue = valr.exchange.venue
    await valr.trader().place("v1", side="SELL", price="1000000", quantity="0.01")
    venue.process(venue.orders("0")[0].order_id)


@pytest.mark.parametrize("way", [f"BTCZAR/order/{UNKNOWN_ID}", f"order/{UNKNOWN_ID}"])
async def test_an_unknown_order_is_refused(way: str) -> None:
    async with street() as valr:
        reply = await valr.trader().get(f"/v1/simple/{way}")
        assert (reply.status, reply.body["code"]) == (400, -1)


async def test_only_simple_orders_of_the_account_and_pair_are_told() -> None:
    async with street() as valr:
        await make_a_market(valr)
        trader = await beginner(valr)
        simple = await ordered(trader, BUY)
        other = (await trader.place()).body["id"]
        assert (await trader.get(f"/v1/simple/BTCZAR/order/{other}")).body["code"] == -1
        assert (await trader.get(f"/v1/simple/ETHZAR/order/{simple}")).body["code"] == -1
        assert (await trader.get(f"/v1/simple/NOPE/order/{simple}")).body["code"] == -21
        assert (await valr.trader().get(f"/v1/simple/BTCZAR/order/{simple}")).body["code"] == -1


# --- refusals


@pytest.mark.parametrize("kind", ["quote", "order"])
@pytest.mark.parametrize(
    ("pair", "payment", "code", "words"),
    [
        ("NOPE", BUY, -21, "Unsupported Currency Pair"),
        ("SOLZAR", BUY, -32, "The given currency pair is not active"),
        ("BTCUSDTPERP", BUY | {"payInCurrency": "USDT"}, -12005, "Order type SIMPLE is not allowed"),
        ("BTCZAR", BUY | {"payAmount": "9.99"}, -38, "Please increase your amount. The minimum is 10 ZAR"),
        ("BTCZAR", SELL | {"payAmount": "0.0000099"}, -38, "The minimum is 0.00001 BTC"),
        ("BTCZAR", SELL | {"payInCurrency": "ZAR", "payAmount": "9"}, -38, "The minimum is 10 ZAR"),
        (
            "BTCZAR",
            BUY | {"payAmount": "5000000.01"},
            -39,
            "decrease your amount.  The maximum is 5000000 ZAR",
        ),
        ("BTCZAR", BUY | {"payAmount": "10000.01"}, -39, "The maximum is 10000 ZAR"),
        ("BTCZAR", SELL | {"payAmount": "0.03000001"}, -39, "The maximum is 0.03 BTC"),
        ("ETHZAR", BUY, -39, "The maximum is 0 ZAR"),
    ],
)
async def test_what_cannot_be_had_is_refused(
    kind: str, pair: str, payment: dict[str, Any], code: int, words: str
) -> None:
    async with street() as valr:
        await make_a_market(valr)
        reply = await valr.trader("7").call("POST", f"/v1/simple/{pair}/{kind}", payment)
        assert (reply.status, reply.body["code"]) == (400, code)
        assert words in reply.body["message"]


@pytest.mark.parametrize("kind", ["quote", "order"])
@pytest.mark.parametrize(
    ("payment", "field"),
    [
        ({"payAmount": "10", "side": "BUY"}, "payInCurrency"),
        (BUY | {"payInCurrency": 7}, "payInCurrency"),
        (BUY | {"payInCurrency": "USDC"}, "payInCurrency"),
        (BUY | {"payInCurrency": "R"}, "payInCurrency"),
        (BUY | {"payInCurrency": "BTC", "payAmount": "0.001"}, "payInCurrency"),
        (SELL | {"payInCurrency": "ZAR", "payAmount": "100"}, "payInCurrency"),
        ({"payInCurrency": "ZAR", "side": "BUY"}, "payAmount"),
        (BUY | {"payAmount": "1e3"}, "payAmount"),
        (BUY | {"payAmount": "-10"}, "payAmount"),
        (BUY | {"payAmount": True}, "payAmount"),
        (BUY | {"side": "buy"}, "side"),
        ({"payInCurrency": "ZAR", "payAmount": "10"}, "side"),
    ],
)
async def test_a_field_that_is_wrong_is_named(kind: str, payment: dict[str, Any], field: str) -> None:
    async with street() as valr:
        await make_a_market(valr)
        reply = await valr.trader("7").call("POST", f"/v1/simple/BTCZAR/{kind}", payment)
        assert (reply.status, reply.body["code"]) == (400, -11)
        assert [error["field"] for error in reply.body["validationErrors"]["errors"]] == [field]


@pytest.mark.parametrize("amount", ["0", 0, "1" + 30 * "0", "10." + 70 * "1"])
async def test_an_amount_of_no_sensible_size_is_refused(amount: object) -> None:
    async with street() as valr:
        reply = await quoted(valr.trader(), BUY | {"payAmount": amount})
        assert (reply.status, reply.body["code"]) == (400, -11)


async def test_a_body_that_is_no_object_is_refused() -> None:
    async with street() as valr:
        reply = await valr.trader().call("POST", "/v1/simple/BTCZAR/quote", ["BUY"])
        assert (reply.status, reply.body["code"]) == (400, -113)


async def test_to_order_needs_trade_and_to_ask_needs_view_access() -> None:
    async with street() as valr:
        await make_a_market(valr)
        viewer, mover = (
            valr.trader("7", permissions=("View access",)),
            valr.trader("7", permissions=("Trade",)),
        )
        assert (await viewer.call("POST", "/v1/simple/BTCZAR/order", BUY)).status == 403
        assert (await mover.call("POST", "/v1/simple/BTCZAR/quote", BUY)).status == 403
        order_id = await ordered(mover, BUY)
        assert (await mover.get(f"/v1/simple/order/{order_id}")).status == 403
        assert (await viewer.get(f"/v1/simple/order/{order_id}")).status == 200


async def test_nothing_is_ordered_while_the_exchange_is_read_only() -> None:
    async with street() as valr:
        await make_a_market(valr)
        valr.exchange.read_only = True
        assert (await valr.trader("7").call("POST", "/v1/simple/BTCZAR/order", BUY)).status == 503


async def test_simple_orders_count_in_the_minute_of_their_key_and_not_in_the_second_of_orders() -> None:
    limits = RateLimits(place_per_second=1, per_key_per_minute=3)
    async with street(rate_limits=limits) as valr:
        await make_a_market_at_once(valr)
        trader = valr.trader("7")
        statuses = [(await quoted(trader, BUY)).status, (await quoted(trader, BUY)).status]
        await ordered(trader, BUY)
        reply = await trader.call("POST", "/v1/simple/BTCZAR/order", BUY)
        assert [*statuses, reply.status] == [200, 200, 429]


# --- what is told


async def test_a_completed_order_is_told_as_a_whole() -> None:
    async with street(send_placed_status=True) as valr:
        await make_a_market(valr)
        trader = await beginner(valr)
        async with trader.greeted() as socket:
            order_id = await ordered(trader, SELL | {"payAmount": "0.02"})
            frames = await socket.before_pong()
        assert types(frames) == [
            "ORDER_STATUS_UPDATE", "ORDER_STATUS_UPDATE", "INSTANT_ORDER_COMPLETED",
            "NEW_ACCOUNT_HISTORY_RECORD", "BALANCE_UPDATE", "BALANCE_UPDATE", "OPEN_ORDERS_UPDATE",
        ]  # fmt: skip
        reserved, completed = data_of(frames, "ORDER_STATUS_UPDATE")
        assert reserved["orderStatusType"] == "Instant Order Balance Reserved"
        assert completed["orderStatusType"] == "Instant Order Completed"
        assert {completed[name] for name in ("orderType", "originalPrice", "timeInForce")} == {
            "simple",
            "0",
            "FOK",
        }
        assert [completed[name] for name in ("executedPrice", "executedQuantity", "executedFee")] == [
            "900000", "0.02", "288",
        ]  # fmt: skip

        (done,) = data_of(frames, "INSTANT_ORDER_COMPLETED")
        status = await became(trader, order_id)
        assert status == {**done, "processing": False}
        assert (done["paidAmount"], done["receivedAmount"]) == ("0.02", "17712")


async def test_the_statement_has_one_line_and_the_trades_have_all() -> None:
    async with street() as valr:
        await make_a_market(valr)
        trader = await beginner(valr)
        order_id = await ordered(trader, SELL | {"payAmount": "0.03"})
        (line,) = (await trader.get("/v1/account/transactionhistory?transactionTypes=SIMPLE_SELL")).body
        assert line["transactionType"] == {"type": "SIMPLE_SELL", "description": "Simple Sell"}
        assert (line["debitCurrency"], line["debitValue"]) == ("BTC", "0.03")
        assert (line["creditCurrency"], line["creditValue"]) == ("ZAR", "26469.6")
        assert (line["feeCurrency"], line["feeValue"]) == ("ZAR", "430.4")
        assert line["additionalInfo"]["costPerCoin"] == pytest.approx(896666.67)
        assert line["additionalInfo"]["orderId"] == order_id
        trades = (await trader.get("/v1/account/tradehistory")).body
        assert [(trade["price"], trade["quantity"], trade["orderId"]) for trade in trades] == [
            ("890000", "0.01", order_id), ("900000", "0.015", order_id), ("900000", "0.005", order_id),
        ]  # fmt: skip
        assert sum(Decimal(trade["fee"]) for trade in trades) == Decimal("430.4")


async def test_makers_are_told_of_their_fills_as_ever() -> None:
    async with street() as valr:
        await make_a_market(valr)
        taker, maker = await beginner(valr), valr.trader()
        async with maker.greeted() as socket:
            await ordered(taker, BUY)
            frames = await socket.before_pong()
        assert types(frames)[:3] == [
            "ORDER_STATUS_UPDATE", "NEW_ACCOUNT_TRADE", "NEW_ACCOUNT_HISTORY_RECORD",
        ]  # fmt: skip
        assert data_of(frames, "NEW_ACCOUNT_TRADE")[0]["quantity"] == "0.005"


async def failing(trader: Trader, payment: dict[str, Any]) -> tuple[list[str], str, str]:
    """Types of the frames, status and reason of an order that is accepted and then fails."""
    async with trader.greeted() as socket:
        order_id = await ordered(trader, payment)
        frames = await socket.before_pong()
    last = data_of(frames, "ORDER_STATUS_UPDATE")[-1]
    (done,) = data_of(frames, "INSTANT_ORDER_COMPLETED")
    status = await became(trader, order_id)
    assert status == {**done, "processing": False}
    assert [done[name] for name in ("success", "paidAmount", "receivedAmount", "feeAmount")] == [
        False, "0", "0", "0",
    ]  # fmt: skip
    assert (await trader.get("/v1/account/transactionhistory?transactionTypes=SIMPLE_BUY")).body == []
    return types(frames), last["orderStatusType"], last["failedReason"]


async def test_an_order_without_the_money_fails_to_reserve_it() -> None:
    async with street() as valr:
        await make_a_market(valr)
        valr.exchange.open_account("9", {"ZAR": Decimal("4999.99")})
        frames, status, reason = await failing(valr.trader("9"), BUY)
        assert frames == ["ORDER_STATUS_UPDATE", "INSTANT_ORDER_COMPLETED"]
        assert (status, reason) == ("Instant Order Balance Reserve Failed", "Insufficient Balance")


async def test_an_order_that_would_match_the_own_one_fails() -> None:
    async with street() as valr:
        await make_a_market(valr)
        frames, status, reason = await failing(valr.trader(), BUY)
        assert frames == ["ORDER_STATUS_UPDATE", "ORDER_STATUS_UPDATE", "INSTANT_ORDER_COMPLETED"]
        assert status == "Failed"
        assert reason.startswith("We did not execute this order since it would have matched")


async def test_an_order_fails_whose_counterpart_left_before_the_engine_saw_it() -> None:
    async with street(processing_latency_s=0.05) as valr:
        await make_a_market_at_once(valr)
        trader = valr.trader("7")
        async with trader.greeted() as socket:
            order_id = await ordered(trader, BUY)
            valr.exchange.venue.cancel_all("0")
            failed = await socket.until("INSTANT_ORDER_COMPLETED")
        assert failed["data"]["success"] is False
        assert (await became(trader, order_id))["success"] is False
        assert await status_of(trader, order_id) == (200, "Failed")


async def test_history_knows_simple_orders_and_hides_failures_on_request() -> None:
    async with street() as valr:
        await make_a_market(valr)
        valr.exchange.open_account("9", {"ZAR": Decimal(5000)})
        trader = valr.trader("9")
        done = await ordered(trader, BUY)
        await ordered(trader, BUY)
        failed, completed = (await trader.get("/v1/orders/history")).body
        assert failed["orderStatusType"] == "Instant Order Balance Reserve Failed"
        assert completed["orderStatusType"] == "Instant Order Completed"
        assert (completed["orderType"], completed["averagePrice"], completed["total"]) == (
            "simple", "1000000", "5000",
        )  # fmt: skip
        assert (completed["totalFee"], completed["feeCurrency"]) == ("0.00008", "BTC")
        assert (await trader.get("/v1/orders/history?excludeFailures=true")).body == [completed]
        assert (await trader.get(f"/v1/orders/history/summary/orderid/{done}")).body == completed
        details = (await trader.get(f"/v1/orders/history/detail/orderid/{done}")).body
        assert [each["orderStatusType"] for each in details] == [
            "Instant Order Completed", "Instant Order Balance Reserved",
        ]  # fmt: skip
        assert (await trader.get("/v1/orders/open")).body == []


async def test_a_simple_order_can_be_neither_cancelled_nor_modified() -> None:
    async with street() as valr:
        await make_a_market(valr)
        trader = await beginner(valr)
        named = {"orderId": await ordered(trader, BUY), "pair": "BTCZAR"}
        assert (await trader.call("DELETE", "/v2/orders/order", named)).body["code"] == -1
        change = {"newPrice": "900000", "modifyMatchStrategy": "RETAIN_ORIGINAL"}
        assert (await trader.call("PUT", "/v2/orders/modify", named | change)).status == 400


async def test_a_simple_order_sets_off_the_stops_that_its_trade_reaches() -> None:
    async with street() as valr:
        await make_a_market(valr)
        stop = btc_order(price="1100000", stopPrice="990000", type="STOP_LOSS_LIMIT", quantity="0.001")
        waiting = (await valr.trader("7").call("POST", "/v2/orders/stop/limit", stop)).body["id"]
        await ordered(await beginner(valr), BUY)
        assert (await status_of(valr.trader("7"), waiting))[1] == "Filled"


async def test_each_account_has_its_own_fee_for_simple_orders() -> None:
    async with street(simple_percent=Decimal("0.75")) as valr:
        await make_a_market(valr)
        valr.exchange.open_account("9", {}, simple_percent=Decimal(0))
        assert (await quoted(valr.trader("7"), SELL)).body["fee"] == "67.5"
        assert (await quoted(valr.trader("9"), SELL)).body["fee"] == "0"
