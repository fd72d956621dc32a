"""Books change by change on /ws/trade: true numbers, true checksums, and faults on order (protocol 18)."""

from __future__ import annotations

from typing import Any
from zlib import crc32

import pytest

from tests.simulator.loopback import Frame, Socket, Street, street, types
from tests.simulator.test_simulator_contract import compare_with_corpus, current, samples
from valr_connector.simulator.faults import diff_of, of_pair

LEVELS = "OB_L1_DIFF"
ORDERS = "FULL_ORDERBOOK_UPDATE"
SNAPSHOT = "OB_L1_SNAPSHOT"
FULL_SNAPSHOT = "FULL_ORDERBOOK_SNAPSHOT"


async def subscribe(trade: Socket, event: str, *pairs: str) -> list[Frame]:
    """Every frame that comes at once, without the acknowledgements."""
    await trade.send({"type": "SUBSCRIBE", "subscriptions": [{"event": event, "pairs": list(pairs)}]})
    return [frame for frame in await trade.before_pong() if "message" not in frame]


async def a_book(valr: Street) -> None:
    """Bids at 900000 (0.01 and 0.02) and 890000 (0.03), asks at 1000000 (0.1)."""
    trader, other = valr.trader(), valr.trader("7")
    await trader.place(quantity="0.01")
    await other.place(quantity="0.02")
    await trader.place(quantity="0.03", price="890000")
    await trader.place(side="SELL", quantity="0.1", price="1000000")


def crc(*texts: str) -> int:
    return crc32(":".join(texts).encode())


def orders_of(frame: Frame, side: str) -> list[tuple[str, list[str]]]:
    """Each price, and what is left of its orders."""
    return [
        (level["Price"], [order["quantity"] for order in level["Orders"]]) for level in frame["data"][side]
    ]


# --- levels


async def test_a_snapshot_of_the_levels_comes_first() -> None:
    async with street() as valr, valr.socket() as trade:
        await a_book(valr)
        (first,) = await subscribe(trade, LEVELS, "BTCZAR")
        assert (first["type"], first["ps"]) == (SNAPSHOT, "BTCZAR")
        book = first["d"]
        assert book["b"] == [["900000", "0.03"], ["890000", "0.03"]]
        assert book["a"] == [["1000000", "0.1"]]
        assert book["sq"] == 4
        assert book["cs"] == crc("900000:0.03", "1000000:0.1", "890000:0.03")
        assert book["lc"] == valr.clock.now // 1_000_000


async def test_every_change_of_the_levels_is_a_diff_with_the_next_number() -> None:
    async with street() as valr, valr.socket() as trade:
        await a_book(valr)
        await subscribe(trade, LEVELS, "BTCZAR")
        await valr.trader("7").place(quantity="0.05", price="905000")
        await valr.trader().place(side="SELL", quantity="0.02", price="905000")
        diffs = [frame["d"] for frame in await trade.before_pong()]
        assert [(each["b"], each["a"], each["sq"]) for each in diffs] == [
            ([["905000", "0.05"]], [], 5),
            ([["905000", "0.03"]], [], 6),
        ]
        assert diffs[1]["cs"] == crc("905000:0.03", "1000000:0.1", "900000:0.03", "890000:0.03")


async def test_a_level_of_which_nothing_is_left_is_told_as_0() -> None:
    async with street() as valr, valr.socket() as trade:
        await a_book(valr)
        await subscribe(trade, LEVELS, "BTCZAR")
        await valr.trader("7").place(quantity="0.1", price="1000000")
        (diff,) = await trade.before_pong()
        assert (diff["d"]["a"], diff["d"]["cs"]) == ([["1000000", "0"]], crc("900000:0.03", "890000:0.03"))


async def test_the_best_levels_alone_are_told_when_they_change() -> None:
    async with street() as valr, valr.socket() as trade:
        await a_book(valr)
        (first,) = await subscribe(trade, "OB_L1_D1_SNAPSHOT", "BTCZAR")
        assert (first["d"]["b"], first["d"]["a"]) == ([["900000", "0.03"]], [["1000000", "0.1"]])
        assert first["d"].keys() == {"lc", "a", "b"}
        trader = valr.trader()
        await trader.place(quantity="0.5", price="880000")
        await trader.place(quantity="0.5", price="910000")
        assert [frame["d"]["b"] for frame in await trade.before_pong()] == [[["910000", "0.5"]]]


# --- orders


async def test_a_snapshot_of_the_orders_comes_first_in_time_priority() -> None:
    async with street() as valr, valr.socket() as trade:
        await a_book(valr)
        (first,) = await subscribe(trade, ORDERS, "BTCZAR")
        assert (first["type"], first["currencyPairSymbol"]) == (FULL_SNAPSHOT, "BTCZAR")
        assert orders_of(first, "Bids") == [("900000", ["0.01", "0.02"]), ("890000", ["0.03"])]
        data = first["data"]
        bids = [order for level in data["Bids"] for order in level["Orders"]]
        (ask,) = data["Asks"][0]["Orders"]
        texts = [f"{order['orderId']}:{order['quantity']}" for order in (bids[0], ask, bids[1], bids[2])]
        assert (data["Checksum"], data["SequenceNumber"]) == (crc(*texts), 4)


async def test_an_update_of_the_orders_raises_the_number_by_its_entries() -> None:
    async with street() as valr, valr.socket() as trade:
        await a_book(valr)
        await subscribe(trade, ORDERS, "BTCZAR")
        await valr.trader("7").place(side="SELL", quantity="0.01", price="900000")
        await valr.trader("7").place(quantity="0.07", price="895000")
        first, second = await trade.before_pong()
        assert orders_of(first, "Bids") == [("900000", ["0"])]
        assert orders_of(second, "Bids") == [("895000", ["0.07"])]
        assert [frame["data"]["SequenceNumber"] for frame in (first, second)] == [5, 6]


# --- subscribing again


@pytest.mark.parametrize("event", [LEVELS, ORDERS])
@pytest.mark.parametrize("is_eager", [True, False])
async def test_a_pair_that_is_named_again_gets_a_snapshot_or_not_as_chosen(
    event: str, is_eager: bool
) -> None:
    async with street(snapshot_on_resubscribe=is_eager) as valr, valr.socket() as trade:
        assert len(await subscribe(trade, event, "BTCZAR")) == 1
        assert len(await subscribe(trade, event, "BTCZAR", "ETHZAR")) == 1 + is_eager


@pytest.mark.parametrize("event", [LEVELS, ORDERS])
async def test_a_pair_that_was_left_out_gets_a_snapshot_of_what_happened_meanwhile(event: str) -> None:
    async with street() as valr, valr.socket() as trade:
        await subscribe(trade, event, "BTCZAR")
        await subscribe(trade, event)
        await a_book(valr)
        (again,) = await subscribe(trade, event, "BTCZAR")
        number = again["d"]["sq"] if event == LEVELS else again["data"]["SequenceNumber"]
        assert number == 4


# --- faults


async def changes(event: str, valr: Street, trade: Socket) -> list[Frame]:
    """What comes of two changes of BTCZAR and one of ETHZAR."""
    await subscribe(trade, event, "BTCZAR", "ETHZAR")
    for pair, price in (("BTCZAR", "900000"), ("BTCZAR", "900001"), ("ETHZAR", "50000")):
        await valr.trader().place(pair=pair, price=price, quantity="0.01")
    return await trade.before_pong()


@pytest.mark.parametrize("event", [LEVELS, ORDERS])
async def test_a_change_can_be_lost_or_come_twice(event: str) -> None:
    async with street() as valr, valr.socket() as trade:
        valr.exchange.faults.drop_frame(diff_of("BTCZAR"))
        valr.exchange.faults.duplicate_frame(diff_of("ETHZAR"))
        assert types(await changes(event, valr, trade)) == [event] * 3


async def test_a_change_can_come_late() -> None:
    async with street() as valr, valr.socket() as trade:
        valr.exchange.faults.delay_frame(diff_of("BTCZAR"), 3_600)
        frames = await changes(LEVELS, valr, trade)
        valr.exchange._floor.frames.finish()  # an hour later
        assert [frame["d"]["sq"] for frame in [*frames, await trade.next()]] == [2, 1, 1]


@pytest.mark.parametrize("event", [LEVELS, ORDERS])
async def test_a_checksum_can_be_wrong(event: str) -> None:
    async with street() as valr, valr.socket() as trade:
        valr.exchange.faults.falsify_checksum("BTCZAR")
        sums = [
            frame["d"]["cs"] if event == LEVELS else frame["data"]["Checksum"]
            for frame in await changes(event, valr, trade)
        ]
        if event == LEVELS:
            right = [crc("900000:0.01"), crc("900001:0.01", "900000:0.01"), crc("50000:0.01")]
            assert [each ^ true for each, true in zip(sums, right, strict=True)] == [1, 0, 0]
        assert len(sums) == 3


async def test_a_pair_can_fall_silent_until_it_speaks_again() -> None:
    async with street() as valr, valr.socket() as trade:
        speak = valr.exchange.faults.silence_pair("BTCZAR")
        assert [frame["ps"] for frame in await changes(LEVELS, valr, trade)] == ["ETHZAR"]
        speak()
        await valr.trader().place(price="900002", quantity="0.01")
        assert [frame["d"]["sq"] for frame in await trade.before_pong()] == [3]


async def test_a_frame_can_be_altered_and_what_did_not_happen_yet_can_be_taken_back() -> None:
    async with street() as valr, valr.socket() as trade:
        faults = valr.exchange.faults
        faults.alter_frame(of_pair("BTCZAR", SNAPSHOT), lambda frame: {**frame, "ps": "NOPE"})
        faults.alter_frame(of_pair("ETHZAR"), lambda frame: {"type": "NEVER"})
        assert (await subscribe(trade, LEVELS, "BTCZAR"))[0]["ps"] == "NOPE"
        faults.clear()
        assert (await subscribe(trade, LEVELS, "ETHZAR"))[0]["ps"] == "ETHZAR"


async def test_only_books_have_checksums_to_falsify() -> None:
    async with street() as valr, valr.socket() as trade:
        valr.exchange.faults.falsify_checksum("BTCZAR")
        await subscribe(trade, "OB_L1_D5_SNAPSHOT", "BTCZAR")
        await valr.trader().place()
        assert types(await trade.before_pong()) == ["OB_L1_D5_SNAPSHOT"]


# --- against the corpus


async def frames_by_type() -> dict[str, list[Frame]]:
    async with street() as valr, valr.socket() as trade:
        await a_book(valr)
        frames: list[Frame] = []
        for event in (LEVELS, ORDERS, "OB_L1_D10_SNAPSHOT"):
            frames += await subscribe(trade, event, "BTCZAR")
        await valr.trader("7").place(side="SELL", quantity="0.005", price="900000")
        await valr.trader("7").place(side="SELL", quantity="0.005", price="990000")
        frames += await trade.before_pong()
        found: dict[str, list[Frame]] = {}
        for frame in frames:
            found.setdefault(frame["type"], []).append(frame)
        return found


@pytest.mark.parametrize("frame_type", [SNAPSHOT, LEVELS, FULL_SNAPSHOT, ORDERS, "OB_L1_D10_SNAPSHOT"])
async def test_the_frames_look_like_the_corpus(frame_type: str) -> None:
    examples: list[Any] = [
        line["frame"] for line in current(samples("trade")) if line["frame"].get("type") == frame_type
    ]
    frames = (await frames_by_type())[frame_type]
    assert frames
    assert compare_with_corpus(frames, examples) == []
