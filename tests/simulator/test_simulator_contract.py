"""What the embedded exchange sends has the shapes of the protocol.

Twice: against a table written from the protocol's prose, and against the corpus of sample frames where that
is present beside the repository.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.simulator.loopback import Frame, Socket, Street, btc_order, command, street
from tests.simulator.shapes import Shape, differences, key_paths, misfits
from valr_connector.simulator.settings import RateLimits

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "frames"

CURRENCY: Shape = {
    "symbol": "text",
    "decimalPlaces": "number",
    "isActive": "flag",
    "shortName": "text",
    "longName": "text",
    "supportedWithdrawDecimalPlaces": "number",
    "collateral": "flag",
    "collateralWeight": "number text",
}
STATUS: dict[str, Shape] = {
    "orderId": "id",
    "orderStatusType": "text",
    "currencyPair": "text",
    "originalPrice": "number text",
    "remainingQuantity": "number text",
    "originalQuantity": "number text",
    "orderSide": "side",
    "orderType": "text",
    "failedReason": "text",
    "orderUpdatedAt": "time",
    "orderCreatedAt": "time",
    "customerOrderId?": "text",
    "timeInForce": "text",
}
EXECUTION: dict[str, Shape] = {
    "executedPrice": "number text",
    "executedQuantity": "number text",
    "executedFee": "number text",
}
OPEN_ORDER: dict[str, Shape] = {
    "orderId": "id",
    "side": "side",
    "price": "number text",
    "currencyPair": "text",
    "createdAt": "time",
    "originalQuantity": "number text",
    "filledPercentage": "number text",
    "customerOrderId?": "text",
    "updatedAt": "time",
    "status": "text",
    "type": "text",
    "timeInForce": "text",
    "allowMargin": "flag",
}
TRADE: dict[str, Shape] = {
    "price": "number text",
    "quantity": "number text",
    "currencyPair": "text",
    "tradedAt": "time",
    "side": "side",
    "orderId": "id",
    "id": "id",
    "fee?": "number text",
    "feeCurrency?": "text",
    "makerReward?": "number text",
    "makerRewardCurrency?": "text",
    "customerOrderId?": "text",
}
PUBLIC_TRADE: dict[str, Shape] = {
    "price": "number text",
    "quantity": "number text",
    "currencyPair": "text",
    "tradedAt": "time",
    "takerSide": "side",
    "id": "id",
}
LEVEL: Shape = {
    "side": "side",
    "quantity": "number text",
    "price": "number text",
    "currencyPair": "text",
    "orderCount": "number",
}
BOOK: Shape = {"Asks": [LEVEL], "Bids": [LEVEL], "LastChange": "time", "SequenceNumber": "number"}
BOOK_ORDER: Shape = {
    "side": "side",
    "quantity": "number text",
    "price": "number text",
    "currencyPair": "text",
    "id": "id",
    "positionAtPrice": "number",
}
FULL_BOOK: Shape = {
    "Asks": [BOOK_ORDER],
    "Bids": [BOOK_ORDER],
    "LastChange": "time",
    "SequenceNumber": "number",
}
SUMMARY: dict[str, Shape] = {
    "askPrice": "number text",
    "bidPrice": "number text",
    "lastTradedPrice": "number text",
    "previousClosePrice": "number text",
    "baseVolume": "number text",
    "quoteVolume": "number text",
    "highPrice": "number text",
    "lowPrice": "number text",
    "created": "time",
    "changeFromPrevious": "number text",
    "markPrice": "number text",
}
HISTORY: dict[str, Shape] = STATUS | {
    "averagePrice": "number text",
    "total": "number text",
    "totalExecutedQuantity": "number text",
    "totalFee": "number text",
    "feeCurrency": "text",
}
OUTCOMES: Shape = {
    "outcomes": [
        {
            "accepted": "flag",
            "orderId?": "text",
            "customerOrderId?": "text",
            "requestType?": "text",
            "error?": {"code": "number", "message": "text"},
        }
    ],
    "batchId": "number",
}
IDS: dict[str, Shape] = {"orderId": "id", "customerOrderId?": "text"}
WALLET: dict[str, Shape] = {
    "available": "number text",
    "reserved": "number text",
    "total": "number text",
    "updatedAt": "time",
    "lendReserved": "number text",
    "borrowedAmount": "number text",
}


def event(data: Shape, **more: Shape) -> dict[str, Shape]:
    return {"type": "text", "data": data, **more}


def reply(data: Shape) -> dict[str, Shape]:
    return event(data, clientMsgId="text")


CONTROL: Shape = {"type": "text", "message": "text"}

ACCOUNT_FRAMES: Mapping[str, Shape] = {
    "AUTHENTICATED": {"type": "text"},
    "PONG": {"type": "text"},
    "SUBSCRIBED": CONTROL,
    "UNSUBSCRIBED": CONTROL,
    "ERROR": CONTROL,
    "UNSUPPORTED": {"type": "text"},
    "RATE_LIMIT_EXCEEDED": reply({"requestType": "text"}),
    "BALANCE_UPDATE": event(WALLET | {"currency": CURRENCY, "borrowCollateralReserved": "number text"}),
    "OPEN_ORDERS_UPDATE": event([OPEN_ORDER | {"quantity": "number text"}]),
    "ORDER_PROCESSED": event(IDS | {"success": "flag", "failureReason": "text"}),
    "ORDER_STATUS_UPDATE": event(STATUS | EXECUTION),
    "NEW_ACCOUNT_TRADE": event(TRADE, currencyPairSymbol="text"),
    "NEW_ACCOUNT_HISTORY_RECORD": event(
        {
            "transactionType": {"type": "text", "description": "text"},
            "debitCurrency?": CURRENCY,
            "debitValue?": "number text",
            "creditCurrency?": CURRENCY,
            "creditValue?": "number text",
            "feeCurrency?": CURRENCY,
            "feeValue?": "number text",
            "eventAt": "time",
            "additionalInfo": {
                "costPerCoin": "number",
                "costPerCoinSymbol": "text",
                "currencyPairSymbol": "text",
                "orderId": "id",
            },
            "id": "id",
        }
    ),
    "FAILED_ORDER": event({"orderId": "id", "message": "text"}),
    "FAILED_CANCEL_ORDER": event({"orderId": "id", "message": "text", "customerOrderId?": "text"}),
    "MODIFY_ORDER_OUTCOME": event(IDS | {"success": "flag", "modifyRequestId": "id"}),
    "PLACE_LIMIT_WS_RESPONSE": reply(IDS),
    "PLACE_MARKET_WS_RESPONSE": reply(IDS),
    "CANCEL_ORDER_WS_RESPONSE": reply({"requested": "true", "orderId?": "id", "customerOrderId?": "text"}),
    "MODIFY_ORDER_WS_RESPONSE": reply(
        {"requested": "true", "modifyRequestId": "id", "orderId?": "id", "customerOrderId?": "text"}
    ),
    "BATCH_ORDERS_WS_RESPONSE": reply(OUTCOMES),
    "CANCEL_ON_DISCONNECT_UPDATE": event({"cancelOnDisconnect": "text"}),
}

TRADE_FRAMES: Mapping[str, Shape] = {
    "SUBSCRIBED": CONTROL,
    "UNSUBSCRIBED": CONTROL,
    "ERROR": CONTROL,
    "PONG": {"type": "text", "message?": "text"},
    "AGGREGATED_ORDERBOOK_UPDATE": event(BOOK, currencyPairSymbol="text"),
    "NEW_TRADE": event(PUBLIC_TRADE, currencyPairSymbol="text"),
    "MARKET_SUMMARY_UPDATE": event(SUMMARY | {"currencyPairSymbol": "text"}, currencyPairSymbol="text"),
}

PAIR: Shape = {
    "symbol": "text",
    "baseCurrency": "text",
    "quoteCurrency": "text",
    "shortName": "text",
    "active": "flag",
    "minBaseAmount": "number text",
    "maxBaseAmount": "number text",
    "minQuoteAmount": "number text",
    "maxQuoteAmount": "number text",
    "tickSize": "number text",
    "baseDecimalPlaces": "number text",
    "marginTradingAllowed": "flag",
    "currencyPairType": "text",
}
PUBLIC_CURRENCY: Shape = {
    "symbol": "text",
    "isActive": "flag",
    "shortName": "text",
    "longName": "text",
    "decimalPlaces": "number text",
    "withdrawalDecimalPlaces": "number text",
    "collateral": "flag",
    "collateralWeight": "number text",
}
FULL_TRADE: Shape = PUBLIC_TRADE | {"sequenceId": "number", "quoteVolume": "number text"}
ACCOUNT_TRADE: Shape = TRADE | {"sequenceId": "number"}
ERROR_BODY: Shape = {"code": "number", "message": "text"}

REST_READS: Mapping[str, Shape] = {
    "/v1/public/time": {"epochTime": "number", "time": "time"},
    "/v1/public/status": {"status": "text"},
    "/v1/public/currencies": [PUBLIC_CURRENCY],
    "/v1/public/pairs": [PAIR],
    "/v1/public/pairs/SPOT": [PAIR],
    "/v1/public/ordertypes": [{"currencyPair": "text", "orderTypes": ["text"]}],
    "/v1/public/BTCZAR/ordertypes": ["text"],
    "/v1/public/marketsummary": [SUMMARY | {"currencyPair": "text"}],
    "/v1/public/BTCZAR/marketsummary": SUMMARY | {"currencyPair": "text"},
    "/v1/public/BTCZAR/orderbook": BOOK,
    "/v1/public/BTCZAR/orderbook/full": FULL_BOOK,
    "/v1/public/BTCZAR/trades": [FULL_TRADE],
    "/v1/public/NOPE/orderbook": ERROR_BODY,
    "/v1/marketdata/BTCZAR/orderbook": BOOK,
    "/v1/marketdata/BTCZAR/orderbook/full": FULL_BOOK,
    "/v1/marketdata/BTCZAR/tradehistory": [FULL_TRADE],
    "/v1/account/api-keys/current": {
        "label": "text",
        "permissions": ["text"],
        "addedAt": "time",
        "isSubAccount": "flag",
    },
    "/v1/account/balances": [WALLET | {"currency": "text", "borrowReserved": "number text"}],
    "/v1/account/tradehistory": [ACCOUNT_TRADE],
    "/v1/account/BTCZAR/tradehistory": [ACCOUNT_TRADE],
    "/v1/account/fees/trade": [
        {"currencyPair": "text", "makerPercentage": "number text", "takerPercentage": "number text"}
    ],
    "/v1/orders/open": [OPEN_ORDER | {"remainingQuantity": "number text"}],
    "/v1/orders/BTCZAR/customerorderid/resting": STATUS,
    "/v1/orders/history": [HISTORY],
    "/v1/orders/history/summary/customerorderid/bought": HISTORY,
    "/v1/orders/history/detail/customerorderid/bought": [STATUS | EXECUTION],
}


# --- a session in which everything is said


async def with_everything(account: Socket) -> list[Frame]:
    """Every command in every way that the account socket answers to; all frames after the greeting."""
    cancel = {"pair": "BTCZAR", "customerOrderId": "m-1"}
    change = {"newPrice": "870000", "modifyMatchStrategy": "RETAIN_ORIGINAL"}
    for frame in (
        {"type": "SUBSCRIBE", "subscriptions": [{"event": "ORDER_STATUS_UPDATE"}, {"event": "GOSSIP"}]},
        {"type": "UNSUBSCRIBE", "requests": [{"event": "OPEN_ORDERS_UPDATE"}]},
        {"type": "SUBSCRIBE", "subscriptions": [{"event": "OPEN_ORDERS_UPDATE"}]},
        {"type": "DANCE"},
        {"type": "CANCEL_ON_DISCONNECT", "payload": {"cancelOnDisconnect": False}},
        command("PLACE_LIMIT_ORDER", btc_order(customerOrderId="m-1", price="880000")),
        command("PLACE_LIMIT_ORDER", btc_order(price="2000000", timeInForce="FOK", quantity="0.3")),
        command("PLACE_MARKET_ORDER", {"side": "BUY", "baseAmount": "0.001", "pair": "BTCZAR"}),
        command("MODIFY_ORDER", cancel | change),
        command("BATCH_ORDERS", {"requests": [{"type": "PLACE_LIMIT", "data": btc_order(price="870000")}]}),
        command("CANCEL_LIMIT_ORDER", cancel),
        command("CANCEL_LIMIT_ORDER", {"pair": "BTCZAR", "orderId": "00000000-0000-0000-0000-000000000000"}),
        command("CANCEL_LIMIT_ORDER", cancel),
    ):
        await account.send(frame)
    frames = await account.before_pong()
    await account.send({"type": "PING"})
    return [*frames, await account.next()]


@asynccontextmanager
async def a_market() -> AsyncIterator[Street]:
    """Quotes on both sides of BTCZAR, and one trade of account 0 as maker and one as taker."""
    async with street(rate_limits=RateLimits(cancel_per_second=2), cache=False) as valr:
        trader, other = valr.trader(), valr.trader("7")
        await trader.place(price="900000", quantity="0.002", customerOrderId="resting")
        await other.place(side="SELL", price="900000", quantity="0.001")
        await other.place(side="SELL", price="1000000", quantity="0.1")
        await trader.place(price="1000000", quantity="0.001", customerOrderId="bought")
        yield valr


def by_type(frames: list[Frame]) -> dict[str, list[Frame]]:
    sorted_out: dict[str, list[Frame]] = defaultdict(list)
    for frame in frames:
        sorted_out[frame["type"]].append(frame)
    return sorted_out


async def account_frames() -> dict[str, list[Frame]]:
    async with a_market() as valr, valr.trader().socket() as account:
        greeting = [await account.next()]
        while greeting[-1]["type"] != "OPEN_ORDERS_UPDATE":
            greeting.append(await account.next())
        return by_type([*greeting, *await with_everything(account)])


async def trade_frames() -> dict[str, list[Frame]]:
    async with a_market() as valr, valr.socket() as trade:
        events = ("AGGREGATED_ORDERBOOK_UPDATE", "NEW_TRADE", "MARKET_SUMMARY_UPDATE")
        await trade.send({"type": "PING"})
        for pairs in (["BTCZAR", "NOPE", "ETHZAR"], ["BTCZAR"]):
            await trade.send(
                {"type": "SUBSCRIBE", "subscriptions": [{"event": each, "pairs": pairs} for each in events]}
            )
        await valr.trader("7").place(side="SELL", price="900000", quantity="0.0005")
        frames = [await trade.next(), *await trade.before_pong()]
        books = [frame for frame in frames if frame.get("currencyPairSymbol") != "ETHZAR"]
        return by_type(books)


async def rest_answer(target: str) -> Any:
    async with a_market() as valr:
        return (await valr.trader().get(target)).body


# --- against the protocol's prose


@pytest.mark.parametrize("frame_type", ACCOUNT_FRAMES)
async def test_account_frames_have_the_shape_of_the_protocol(frame_type: str) -> None:
    frames = (await account_frames())[frame_type]
    assert frames
    filled = [frame for frame in frames if frame.get("data") != []]
    assert [misfits(ACCOUNT_FRAMES[frame_type], frame) for frame in filled] == [[]] * len(filled)


@pytest.mark.parametrize("frame_type", TRADE_FRAMES)
async def test_trade_frames_have_the_shape_of_the_protocol(frame_type: str) -> None:
    frames = (await trade_frames())[frame_type]
    assert frames
    assert [misfits(TRADE_FRAMES[frame_type], frame) for frame in frames] == [[]] * len(frames)


@pytest.mark.parametrize("target", REST_READS)
async def test_rest_answers_have_the_shape_of_the_protocol(target: str) -> None:
    assert misfits(REST_READS[target], await rest_answer(target)) == []


async def test_every_type_that_is_sent_is_in_the_tables() -> None:
    assert set(await account_frames()) == set(ACCOUNT_FRAMES)
    assert set(await trade_frames()) == set(TRADE_FRAMES)


# --- against the corpus


def samples(*channels: str) -> list[dict[str, Any]]:
    """The lines of the corpus for these channels, without those that are known to be mistyped."""
    lines = [
        orjson.loads(line)
        for path in sorted(CORPUS.glob("*.jsonl"))
        for line in path.read_bytes().splitlines()
    ]
    return [
        line
        for line in lines
        if line["channel"] in channels and not re.search("typo|artefact|client->server", line.get("note", ""))
    ]


def current(lines: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Samples of the present protocol: neither of 2019 nor of the mirror."""
    return [line for line in lines if not line["source"].startswith(("docs-2019", "docs-mirror"))]


KNOWN_FROM_PROSE = {
    "$.data.id",  # NEW_TRADE: present in captures that the corpus leaves out (protocol 17)
    "$.data.customerOrderId",  # optional nearly everywhere (protocol 15)
    "$[].customerOrderId",  # optional (protocol 9.4, 10.10)
    "$.customerOrderId",
    "$.isSubAccount",  # protocol 9.1
    "$[].makerReward",  # protocol 9.4
    "$[].makerRewardCurrency",
    "$.message",  # PONG on /ws/trade: NO_SUBSCRIPTIONS (protocol 14.3)
}


def compare_with_corpus(frames: list[Any], examples: list[Any]) -> list[str]:
    """Keys that no sample has, and values of another kind than in the samples."""
    known = {path for example in examples for path in key_paths(example)} | KNOWN_FROM_PROSE
    found = sorted({path for frame in frames for path in key_paths(frame)} - known) if examples else []
    for example in examples:
        found += differences(frames[0], example)
    return found


@pytest.mark.parametrize("frame_type", sorted(ACCOUNT_FRAMES.keys() - {"ERROR", "UNSUPPORTED"}))
async def test_account_frames_look_like_the_corpus(frame_type: str) -> None:
    examples = [
        line["frame"] for line in current(samples("account")) if line["frame"].get("type") == frame_type
    ]
    frames = [frame for frame in (await account_frames())[frame_type] if _is_exchange(frame)]
    assert compare_with_corpus(frames, examples) == []


def _is_exchange(frame: Frame) -> bool:
    """The corpus has no record of a maker's reward."""
    data = frame.get("data")
    return not isinstance(data, dict) or data.get("transactionType", {}).get("type") != "MAKER_REWARD"


@pytest.mark.parametrize("frame_type", sorted(TRADE_FRAMES))
async def test_trade_frames_look_like_the_corpus(frame_type: str) -> None:
    examples = [
        line["frame"] for line in current(samples("trade")) if line["frame"].get("type") == frame_type
    ]
    assert compare_with_corpus((await trade_frames())[frame_type], examples) == []


def _pattern(target: str) -> re.Pattern[str]:
    """The target with any pair and any id, and any query."""
    path = target.replace("BTCZAR", "[A-Z0-9]+")
    path = re.sub("/(resting|bought)$", "/[^/?]+", path)
    return re.compile(path + r"(\?.*)?")


@pytest.mark.parametrize("target", sorted(REST_READS))
async def test_rest_answers_look_like_the_corpus(target: str) -> None:
    pattern = _pattern(target)
    wanted_status = 400 if "NOPE" in target else 200
    examples = [
        line["frame"]["body"]
        for line in current(samples("rest"))
        if line["frame"]["status"] == wanted_status
        and line["frame"]["method"] == "GET"
        and pattern.fullmatch(line["frame"]["path"])
    ]
    assert compare_with_corpus([await rest_answer(target)], examples) == []
