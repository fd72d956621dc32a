"""The account's records over REST: whoever placed the order, and behind everything that concerns orders."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import orjson
import pytest

from tests.net.test_public_data import KEY, row
from tests.net.virtual_time import VirtualTime
from valr_connector import (
    AccountOrder,
    AccountTrade,
    Booking,
    ClientOrderId,
    ClosedError,
    DecodeError,
    ExchangeOrderId,
    Fee,
    FeeRates,
    InvalidArgumentError,
    Liquidity,
    NotReadyError,
    OrderStatus,
    Pair,
    Side,
    Symbol,
    TradeId,
    Transaction,
    UnknownPairError,
    ValrExchange,
)
from valr_connector.core.clock import ClockOffset, TimestampSource
from valr_connector.core.trading_rules import TradingRules
from valr_connector.net.account_data import AccountData
from valr_connector.net.http_exchange import Limits, Reply
from valr_connector.net.rest import RestClient
from valr_connector.protocol.codec import encode_json
from valr_connector.protocol.endpoints import pairs
from valr_connector.protocol.pair_rules import to_pair_infos
from valr_connector.protocol.signing import Credentials

D = Decimal
ZAR_PAIR = Pair("BTC-ZAR")
NINE = datetime(2026, 2, 11, 9, tzinfo=UTC)
TRADE = {
    "price": "1500000",
    "quantity": "0.001",
    "currencyPair": "BTCZAR",
    "tradedAt": "2026-02-11T09:00:00Z",
    "side": "buy",
    "sequenceId": 1368928567986638030,
    "id": "t-1",
    "orderId": "o-1",
    "fee": "0.000001",
    "feeCurrency": "BTC",
    "customerOrderId": "MM-1",
}
ORDER = {
    "orderId": "o-1",
    "orderStatusType": "Filled",
    "currencyPair": "BTCZAR",
    "averagePrice": "1500000",
    "originalPrice": "1500100",
    "remainingQuantity": "0",
    "originalQuantity": "0.001",
    "total": "1500",
    "totalExecutedQuantity": "0.001",
    "totalFee": "0.000001",
    "feeCurrency": "BTC",
    "orderSide": "buy",
    "orderType": "limit",
    "failedReason": "",
    "orderUpdatedAt": "2026-02-11T09:00:00Z",
    "orderCreatedAt": "2026-02-11T09:00:00Z",
    "customerOrderId": "MM-1",
    "timeInForce": "GTC",
}
TRANSACTION = {
    "transactionType": {"type": "LIMIT_BUY", "description": "Limit Buy"},
    "debitCurrency": "R",
    "debitValue": "1500",
    "creditCurrency": "BTC",
    "creditValue": "0.000999",
    "feeCurrency": "BTC",
    "feeValue": "0.000001",
    "eventAt": "2026-02-11T09:00:00Z",
    "additionalInfo": {
        "costPerCoin": 1500000.5,
        "costPerCoinSymbol": "R",
        "currencyPairSymbol": "BTCZAR",
        "orderId": "o-1",
    },
    "id": "x-1",
}


class Valr:
    """Answers each path with what the test gave it."""

    def __init__(self, answers: Mapping[str, Any]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    async def exchange(
        self, method: str, url: str, headers: Mapping[str, str], body: bytes | None, limits: Limits
    ) -> Reply:
        assert "X-VALR-SIGNATURE" in headers
        target = url.removeprefix("https://valr.test")
        self.asked.append(target)
        return Reply(200, {}, orjson.dumps(self.answers[target.partition("?")[0]]))

    async def close(self) -> None:
        """Nothing is open."""


@asynccontextmanager
async def asking(answers: Mapping[str, Any]) -> AsyncIterator[tuple[AccountData, Valr]]:
    valr = Valr(answers)
    rest = RestClient(
        base_url="https://valr.test",
        credentials=Credentials(KEY, KEY),
        timestamps=TimestampSource(ClockOffset()),
        rng=random.Random(1),
        clock=VirtualTime().clock,
        open_session=lambda: valr,
    )
    rules = TradingRules()
    rules.replace(to_pair_infos(pairs().decode(encode_json([row("BTCZAR", "BTC", "ZAR")]))))
    yield AccountData(rest=rest, rules=rules), valr
    await rest.close()


# --- fees ------------------------------------------------------------------------------------------


async def test_fees_are_told_for_each_listed_pair_in_percent() -> None:
    rows = [
        {"currencyPair": "BTCZAR", "makerPercentage": "-0.01", "takerPercentage": "0.1"},
        {"currencyPair": "NOPEZAR", "makerPercentage": "0.08"},
    ]
    async with asking({"/v1/account/fees/trade": rows}) as (account, _):
        assert await account.fees() == {ZAR_PAIR: FeeRates(ZAR_PAIR, D("-0.01"), D("0.1"), None)}


# --- trades ----------------------------------------------------------------------------------------


async def test_a_fill_says_its_order_its_fee_and_what_was_paid() -> None:
    async with asking({"/v1/account/tradehistory": [TRADE]}) as (account, _):
        assert await account.trades() == (
            AccountTrade(
                id=TradeId("t-1"),
                exchange_order_id=ExchangeOrderId("o-1"),
                client_order_id=ClientOrderId("MM-1"),
                pair=ZAR_PAIR,
                symbol=Symbol("BTCZAR"),
                side=Side.BUY,
                price=D(1500000),
                amount=D("0.001"),
                fee=Fee("BTC", D("0.000001")),
                liquidity=Liquidity.UNKNOWN,
                at=NINE,
            ),
        )


async def test_a_makers_reward_is_a_negative_fee() -> None:
    rewarded = {name: value for name, value in TRADE.items() if not name.startswith("fee")}
    rewarded |= {"makerReward": "0.004", "makerRewardCurrency": "ZAR"}
    async with asking({"/v1/account/tradehistory": [rewarded]}) as (account, _):
        (trade,) = await account.trades()
        assert (trade.fee, trade.liquidity) == (Fee("ZAR", D("-0.004")), Liquidity.MAKER)


async def test_nothing_of_the_accounts_own_is_left_out_because_its_pair_is_not_listed_any_more() -> None:
    answers = {
        "/v1/account/tradehistory": [TRADE | {"currencyPair": "GONEZAR"}],
        "/v1/orders/history": [ORDER | {"currencyPair": "GONEZAR"}],
        "/v1/account/transactionhistory": [
            TRANSACTION | {"additionalInfo": {"currencyPairSymbol": "GONEZAR", "orderId": "o-1"}}
        ],
    }
    async with asking(answers) as (account, _):
        (trade,), (order,), (transaction,) = (
            await account.trades(),
            await account.orders(),
            await account.transactions(),
        )
        assert (trade.pair, trade.symbol, order.pair, order.symbol) == (None, "GONEZAR", None, "GONEZAR")
        assert (transaction.pair, transaction.exchange_order_id) == (None, "o-1")


async def test_fills_are_read_page_by_page_of_a_time_or_of_one_pair() -> None:
    answers = {"/v1/account/tradehistory": [], "/v1/account/BTCZAR/tradehistory": [TRADE]}
    async with asking(answers) as (account, valr):
        await account.trades(limit=7, start=NINE, before_id="t-9")
        (trade,) = await account.pair_trades("BTC-ZAR", skip=5, limit=6)
        assert trade.pair == ZAR_PAIR
        assert valr.asked == [
            "/v1/account/tradehistory?skip=0&limit=7&beforeId=t-9&startTime=2026-02-11T09%3A00%3A00.000Z",
            "/v1/account/BTCZAR/tradehistory?skip=5&limit=6",
        ]


# --- orders ----------------------------------------------------------------------------------------


async def test_an_order_of_the_past_says_what_became_of_it() -> None:
    async with asking({"/v1/orders/history": [ORDER]}) as (account, valr):
        assert await account.orders(pair="BTC-ZAR", limit=3, end=NINE) == (
            AccountOrder(
                exchange_order_id=ExchangeOrderId("o-1"),
                client_order_id=ClientOrderId("MM-1"),
                pair=ZAR_PAIR,
                symbol=Symbol("BTCZAR"),
                side=Side.BUY,
                status=OrderStatus.FILLED,
                status_text="Filled",
                order_type="limit",
                price=D(1500100),
                average_price=D(1500000),
                amount=D("0.001"),
                executed_amount=D("0.001"),
                fee=Fee("BTC", D("0.000001")),
                reason="",
                created_at=NINE,
                updated_at=NINE,
            ),
        )
        assert valr.asked == [
            (
                "/v1/orders/history?skip=0&limit=3&showZeroVolumeCancels=true&currencyPair=BTCZAR"
                "&endTime=2026-02-11T09%3A00%3A00.000Z"
            )
        ]


@pytest.mark.parametrize(
    ("text", "executed", "status"),
    [
        ("Placed", "0", OrderStatus.OPEN),
        ("Order Modified", "0.0004", OrderStatus.PARTIALLY_FILLED),
        ("Partially Filled Due To Slippage", "0.0004", OrderStatus.CANCELLED),
        ("Expired", "0", OrderStatus.EXPIRED),
        ("Failed", "0", OrderStatus.FAILED),
        ("Teleported", "0", None),
    ],
)
async def test_a_status_is_one_of_those_that_are_known_or_none_beside_valrs_word(
    text: str, executed: str, status: OrderStatus | None
) -> None:
    order = ORDER | {"orderStatusType": text, "totalExecutedQuantity": executed}
    async with asking({"/v1/orders/history": [order]}) as (account, _):
        (told,) = await account.orders()
        assert (told.status, told.status_text) == (status, text)


async def test_a_market_order_without_a_fill_has_no_price() -> None:
    order = ORDER | {"originalPrice": "0", "averagePrice": "0", "failedReason": "Insufficient Balance"}
    async with asking({"/v1/orders/history": [order]}) as (account, _):
        (told,) = await account.orders()
        assert (told.price, told.average_price, told.reason) == (None, None, "Insufficient Balance")


# --- transactions ----------------------------------------------------------------------------------


async def test_a_trade_in_the_transactions_says_what_left_what_came_and_what_it_cost() -> None:
    async with asking({"/v1/account/transactionhistory": [TRANSACTION]}) as (account, _):
        assert await account.transactions() == (
            Transaction(
                id="x-1",
                kind="LIMIT_BUY",
                description="Limit Buy",
                at=NINE,
                debit=Booking("ZAR", D(1500)),
                credit=Booking("BTC", D("0.000999")),
                fee=Fee("BTC", D("0.000001")),
                pair=ZAR_PAIR,
                price=D("1500000.5"),
                exchange_order_id=ExchangeOrderId("o-1"),
            ),
        )


async def test_a_transaction_of_a_kind_that_nobody_knows_is_told_with_what_it_has() -> None:
    bare = {
        "transactionType": {"type": "MOON_DUST"},
        "eventAt": "2026-02-11T09:00:00Z",
        "additionalInfo": None,
    }
    async with asking({"/v1/account/transactionhistory": [bare]}) as (account, _):
        assert await account.transactions() == (
            Transaction(None, "MOON_DUST", "", NINE, None, None, None, None, None, None),
        )


async def test_transactions_are_read_page_by_page_of_some_kinds_and_one_currency() -> None:
    async with asking({"/v1/account/transactionhistory": []}) as (account, valr):
        await account.transactions(
            types=("LIMIT_BUY", "LIMIT_SELL"), currency="ZAR", limit=2, before_id="x-1"
        )
        assert valr.asked == [
            (
                "/v1/account/transactionhistory?skip=0&limit=2&beforeId=x-1"
                "&transactionTypes=LIMIT_BUY%2CLIMIT_SELL&currency=ZAR"
            )
        ]


# --- what can go wrong -----------------------------------------------------------------------------


async def test_a_bad_argument_is_refused_before_anything_is_asked() -> None:
    async with asking({}) as (account, valr):
        with pytest.raises(InvalidArgumentError, match="limit=200"):
            await account.transactions(limit=200)
        with pytest.raises(InvalidArgumentError, match="types="):
            await account.transactions(types="LIMIT_BUY")
        with pytest.raises(InvalidArgumentError, match=r"start=.*time zone"):
            await account.trades(start=datetime(2026, 1, 1))  # noqa: DTZ001  # the point of the test
        with pytest.raises(UnknownPairError, match="write it BTC-ZAR"):
            await account.orders(pair="BTCZAR")
        with pytest.raises(UnknownPairError):
            await account.pair_trades("ETH-ZAR")
        assert valr.asked == []


async def test_nonsense_is_an_error_and_never_a_shorter_list() -> None:
    answers = {"/v1/account/transactionhistory": [TRANSACTION, TRANSACTION | {"debitValue": "1,5"}]}
    async with asking(answers) as (account, _):
        with pytest.raises(DecodeError):
            await account.transactions()


# --- on the embedded exchange ----------------------------------------------------------------------


async def test_what_a_program_did_is_in_the_accounts_records() -> None:
    valr = ValrExchange.simulated(pairs=["BTC-ZAR"])
    with pytest.raises(NotReadyError):
        _ = valr.account
    async with valr:
        order = await valr.place_market_order("BTC-ZAR", Side.BUY, amount="0.001")
        passive = await valr.place_limit_order("BTC-ZAR", Side.BUY, amount="0.002", price="1000000")
        await valr.cancel_order(passive)

        trades = await valr.account.trades()
        orders = {each.exchange_order_id: each for each in await valr.account.orders(pair="BTC-ZAR")}
        fees = await valr.account.fees()
        newest, *_ = await valr.account.transactions(types=["MARKET_BUY"], currency="ZAR")
        older = await valr.account.transactions(before_id=newest.id, limit=1)
        bought_of = await valr.account.pair_trades("BTC-ZAR")
    with pytest.raises(ClosedError):
        _ = valr.account

    assert {(trade.id, trade.exchange_order_id, trade.fee) for trade in trades} == {
        (fill.trade_id, order.exchange_order_id, fill.fee) for fill in order.fills
    }
    assert order.exchange_order_id is not None
    assert passive.exchange_order_id is not None
    bought, cancelled = orders[order.exchange_order_id], orders[passive.exchange_order_id]
    assert (bought.status, bought.executed_amount, bought.average_price) == (
        OrderStatus.FILLED,
        order.executed_amount,
        order.average_price,
    )
    assert (cancelled.status, cancelled.amount) == (OrderStatus.CANCELLED, D("0.002"))
    assert fees[ZAR_PAIR].taker_percent is not None
    last = order.fills[-1]
    assert (newest.pair, newest.exchange_order_id) == ("BTC-ZAR", order.exchange_order_id)
    assert (newest.price, newest.fee) == (last.price, last.fee)
    assert newest.debit == Booking("ZAR", last.price * last.amount)
    assert all(each.at <= newest.at and each.id != newest.id for each in older)
    assert list(bought_of) == [trade for trade in trades if trade.pair == "BTC-ZAR"]
