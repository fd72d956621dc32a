"""What the embedded exchange sends has the shapes of the protocol.

Twice: against a table written from the protocol's prose, and against the corpus of sample frames where that
is present beside the repository.
"""

from __future__ import annotations

import asyncio
import re
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from pathlib import Path
from typing import Any

import orjson
import pytest

from tests.simulator.loopback import Frame, Socket, Street, btc_order, command, street
from tests.simulator.protocol_shapes import ACCOUNT_FRAMES, REST_READS, TRADE_FRAMES
from tests.simulator.shapes import differences, key_paths, misfits
from valr_connector.simulator.settings import RateLimits

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "frames"

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
    return dict(sorted_out)


async def hear_the_account() -> dict[str, list[Frame]]:
    async with a_market() as valr, valr.trader().socket() as account:
        greeting = [await account.next()]
        while greeting[-1]["type"] != "OPEN_ORDERS_UPDATE":
            greeting.append(await account.next())
        payment = {"payInCurrency": "ZAR", "payAmount": "100", "side": "BUY"}
        await valr.trader().call("POST", "/v1/simple/BTCZAR/order", payment)
        return by_type([*greeting, *await with_everything(account)])


async def hear_the_market() -> dict[str, list[Frame]]:
    async with a_market() as valr, valr.socket() as trade:
        events = ("AGGREGATED_ORDERBOOK_UPDATE", "NEW_TRADE", "MARKET_SUMMARY_UPDATE")
        await trade.send({"type": "PING"})
        for pairs in (["BTCZAR", "NOPE", "ETHZAR"], ["BTCZAR"]):
            await trade.send(
                {"type": "SUBSCRIBE", "subscriptions": [{"event": each, "pairs": pairs} for each in events]}
            )
        await valr.trader("7").place(side="SELL", price="900000", quantity="0.0005")
        frames = [await trade.next(), *await trade.before_pong(), *await what_time_brings(valr, trade)]
        books = [frame for frame in frames if frame.get("currencyPairSymbol") != "ETHZAR"]
        return by_type(books)


async def what_time_brings(valr: Street, trade: Socket) -> list[Frame]:
    """What is told when every period ends at once: at midnight, or 8 or 16 hours after it."""
    eight_hours = 8 * 3600 * 10**9
    valr.clock.now += eight_hours - valr.clock.now % eight_hours - 20_000_000
    spot = ("NEW_TRADE_BUCKET", "MARK_PRICE_UPDATE", "ALLOWED_ORDER_TYPES_UPDATED")
    pair_of = dict.fromkeys(spot, "BTCZAR")
    pair_of |= dict.fromkeys(("FUNDING_RUN_COMPLETED", "PNL_RUN_COMPLETED"), "BTCUSDTPERP")
    subscriptions = [{"event": event, "pairs": [pair]} for event, pair in pair_of.items()]
    await trade.send({"type": "SUBSCRIBE", "subscriptions": subscriptions})
    frames = await trade.before_pong()
    valr.exchange.change_pair("BTCZAR", order_types=("LIMIT", "MARKET"))
    valr.clock.advance(0.03)
    await asyncio.sleep(0.03)
    return [*frames, *await trade.before_pong()]


async def ask_for_everything() -> dict[str, Any]:
    async with a_market() as valr:
        return {target: (await valr.trader().get(target)).body for target in REST_READS}


# Each is played once, and looked at by many tests.


@cache
def account_frames() -> dict[str, list[Frame]]:
    return asyncio.run(hear_the_account())


@cache
def trade_frames() -> dict[str, list[Frame]]:
    return asyncio.run(hear_the_market())


@cache
def rest_answers() -> dict[str, Any]:
    return asyncio.run(ask_for_everything())


# --- against the protocol's prose


@pytest.mark.parametrize("frame_type", ACCOUNT_FRAMES)
def test_account_frames_have_the_shape_of_the_protocol(frame_type: str) -> None:
    frames = account_frames()[frame_type]
    assert frames
    filled = [frame for frame in frames if frame.get("data") != []]
    assert [misfits(ACCOUNT_FRAMES[frame_type], frame) for frame in filled] == [[]] * len(filled)


@pytest.mark.parametrize("frame_type", TRADE_FRAMES)
def test_trade_frames_have_the_shape_of_the_protocol(frame_type: str) -> None:
    frames = trade_frames()[frame_type]
    assert frames
    assert [misfits(TRADE_FRAMES[frame_type], frame) for frame in frames] == [[]] * len(frames)


@pytest.mark.parametrize("target", REST_READS)
def test_rest_answers_have_the_shape_of_the_protocol(target: str) -> None:
    assert misfits(REST_READS[target], rest_answers()[target]) == []


def test_every_type_that_is_sent_is_in_the_tables() -> None:
    assert set(account_frames()) == set(ACCOUNT_FRAMES)
    assert set(trade_frames()) == set(TRADE_FRAMES)


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
    "$.data.quoteVolume",  # NEW_TRADE_BUCKET: optional (protocol 17)
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
def test_account_frames_look_like_the_corpus(frame_type: str) -> None:
    examples = [
        line["frame"] for line in current(samples("account")) if line["frame"].get("type") == frame_type
    ]
    frames = [frame for frame in account_frames()[frame_type] if _is_exchange(frame)]
    assert compare_with_corpus(frames, examples) == []


def _is_exchange(frame: Frame) -> bool:
    """The corpus has no record of a maker's reward."""
    data = frame.get("data")
    return not isinstance(data, dict) or data.get("transactionType", {}).get("type") != "MAKER_REWARD"


@pytest.mark.parametrize("frame_type", sorted(TRADE_FRAMES))
def test_trade_frames_look_like_the_corpus(frame_type: str) -> None:
    examples = [
        line["frame"] for line in current(samples("trade")) if line["frame"].get("type") == frame_type
    ]
    assert compare_with_corpus(trade_frames()[frame_type], examples) == []


def _pattern(target: str) -> re.Pattern[str]:
    """The target with any pair and any id, and any query."""
    path = target.partition("?")[0].replace("BTCZAR", "[A-Z0-9]+")
    path = re.sub("/(resting|bought)$", "/[^/?]+", path)
    return re.compile(path + r"(\?.*)?")


@pytest.mark.parametrize("target", sorted(REST_READS))
def test_rest_answers_look_like_the_corpus(target: str) -> None:
    pattern = _pattern(target)
    wanted_status = 400 if "NOPE" in target else 200
    examples = [
        line["frame"]["body"]
        for line in current(samples("rest"))
        if line["frame"]["status"] == wanted_status
        and line["frame"]["method"] == "GET"
        and pattern.fullmatch(line["frame"]["path"])
    ]
    assert compare_with_corpus([rest_answers()[target]], examples) == []
