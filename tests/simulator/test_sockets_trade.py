"""Market data on /ws/trade (protocol 14.2, 14.3, 17, 18.1)."""

from __future__ import annotations

import aiohttp
import pytest

from tests.simulator.loopback import Frame, Socket, street, types
from tests.simulator.virtual_time import in_virtual_time

BOOK = "AGGREGATED_ORDERBOOK_UPDATE"
SUMMARY = "MARKET_SUMMARY_UPDATE"
TRADE = "NEW_TRADE"


async def subscribe(trade: Socket, event: str, *pairs: str) -> list[Frame]:
    """Everything that comes at once."""
    await trade.send({"type": "SUBSCRIBE", "subscriptions": [{"event": event, "pairs": list(pairs)}]})
    return await trade.before_pong()


def messages(frames: list[Frame]) -> list[tuple[str, str]]:
    """Type and message of the control frames."""
    return [(frame["type"], frame["message"]) for frame in frames if "message" in frame]


# --- the way in


async def test_it_works_without_credentials_and_says_nothing_unasked() -> None:
    async with street() as valr, valr.socket() as trade:
        assert await trade.before_pong() == []


async def test_with_credentials_it_says_that_they_fit() -> None:
    async with street() as valr, valr.trader().socket("/ws/trade") as trade:
        assert await trade.next() == {"type": "AUTHENTICATED"}


async def test_wrong_credentials_are_refused() -> None:
    async with street() as valr:
        headers = valr.trader().headers("GET", "/ws/account")
        with pytest.raises(aiohttp.WSServerHandshakeError) as refusal:
            async with valr.socket("/ws/trade", headers):
                pass
        assert refusal.value.status == 401


@in_virtual_time
async def test_without_credentials_it_is_cut_after_a_while_whatever_the_traffic() -> None:
    settings = {"unauthenticated_cut_s": 0.03, "crowd": True, "crowd_interval_s": 0.002}
    async with street(**settings) as valr, valr.socket() as trade:
        await subscribe(trade, BOOK, "BTCZAR")
        assert await trade.end() == 1006


@in_virtual_time
async def test_a_silent_socket_is_cut() -> None:
    async with street(idle_cut_s=0.03) as valr, valr.socket() as trade:
        assert await trade.end() == 1006


# --- keep-alive


async def test_pong_tells_whether_anything_is_subscribed() -> None:
    async with street() as valr, valr.socket() as trade:
        await trade.send({"type": "PING"})
        assert await trade.next() == {"type": "PONG", "message": "NO_SUBSCRIPTIONS"}
        await subscribe(trade, TRADE, "BTCZAR")
        await trade.send({"type": "PING"})
        assert await trade.next() == {"type": "PONG"}
        await subscribe(trade, TRADE)
        await trade.send({"type": "PING"})
        assert await trade.next() == {"type": "PONG", "message": "NO_SUBSCRIPTIONS"}


# --- subscriptions


async def test_each_pair_is_acknowledged() -> None:
    async with street() as valr, valr.socket() as trade:
        frames = await subscribe(trade, TRADE, "BTCZAR", "ETHZAR", "BTCZAR")
        assert messages(frames) == [("SUBSCRIBED", f"{TRADE}:BTCZAR"), ("SUBSCRIBED", f"{TRADE}:ETHZAR")]


async def test_a_new_list_replaces_the_old_one_of_that_event_only() -> None:
    async with street() as valr, valr.socket() as trade:
        await subscribe(trade, TRADE, "BTCZAR", "ETHZAR")
        await subscribe(trade, SUMMARY, "BTCZAR")
        frames = await subscribe(trade, TRADE, "ETHZAR", "XRPZAR")
        assert messages(frames) == [
            ("UNSUBSCRIBED", f"{TRADE}:BTCZAR"),
            ("SUBSCRIBED", f"{TRADE}:ETHZAR"),
            ("SUBSCRIBED", f"{TRADE}:XRPZAR"),
        ]
        await valr.trader().place()
        await valr.trader("7").place(side="SELL")
        assert types(await trade.before_pong()) == [SUMMARY] * 3


async def test_an_empty_list_unsubscribes_the_event() -> None:
    async with street() as valr, valr.socket() as trade:
        await subscribe(trade, BOOK, "BTCZAR")
        assert messages(await subscribe(trade, BOOK)) == [("UNSUBSCRIBED", f"{BOOK}:BTCZAR")]
        await valr.trader().place()
        assert await trade.before_pong() == []


async def test_without_pairs_all_are_meant() -> None:
    async with street() as valr, valr.socket() as trade:
        await trade.send({"type": "SUBSCRIBE", "subscriptions": [{"event": TRADE}]})
        assert len(await trade.before_pong()) == len(valr.exchange.venue.pairs)


async def test_lower_case_pairs_are_taken() -> None:
    async with street() as valr, valr.socket() as trade:
        assert messages(await subscribe(trade, TRADE, "btczar")) == [("SUBSCRIBED", f"{TRADE}:BTCZAR")]


async def test_a_bad_pair_is_an_error_and_the_good_ones_replace_the_list() -> None:
    async with street() as valr, valr.socket() as trade:
        await subscribe(trade, TRADE, "BTCZAR")
        assert messages(await subscribe(trade, TRADE, "NOPEZAR", "ETHZAR")) == [
            ("ERROR", f"Channel {TRADE}, pair NOPEZAR combination invalid"),
            ("UNSUBSCRIBED", f"{TRADE}:BTCZAR"),
            ("SUBSCRIBED", f"{TRADE}:ETHZAR"),
        ]


@pytest.mark.parametrize("event", ["OB_L1_D60_SNAPSHOT", "GOSSIP"])
async def test_a_channel_that_is_not_here_is_an_error_per_pair(event: str) -> None:
    async with street() as valr, valr.socket() as trade:
        assert messages(await subscribe(trade, event, "BTCZAR")) == [
            ("ERROR", f"Channel {event}, pair BTCZAR combination invalid")
        ]


@pytest.mark.parametrize(
    "request_frame",
    [
        {"type": "SUBSCRIBE"},
        {"type": "SUBSCRIBE", "subscriptions": ["NEW_TRADE"]},
        {"type": "SUBSCRIBE", "subscriptions": [{"pairs": ["BTCZAR"]}]},
        {"type": "SUBSCRIBE", "subscriptions": [{"event": "NEW_TRADE", "pairs": "BTCZAR"}]},
    ],
)
async def test_a_malformed_subscription_is_an_error(request_frame: Frame) -> None:
    async with street() as valr, valr.socket() as trade:
        await trade.send(request_frame)
        assert types(await trade.before_pong()) == ["ERROR"]


async def test_account_commands_are_unsupported_here() -> None:
    async with street() as valr, valr.socket() as trade:
        await trade.send({"type": "PLACE_LIMIT_ORDER", "payload": {}})
        assert await trade.next() == {"type": "UNSUPPORTED"}


# --- books


async def test_a_book_comes_at_once_and_whole_with_every_change() -> None:
    async with street() as valr, valr.socket() as trade:
        first = (await subscribe(trade, BOOK, "BTCZAR"))[-1]
        assert (first["type"], first["currencyPairSymbol"]) == (BOOK, "BTCZAR")
        assert (first["data"]["Asks"], first["data"]["Bids"]) == ([], [])
        trader = valr.trader()
        await trader.place(quantity="0.01")
        await trader.place(quantity="0.02")
        books = await trade.before_pong()
        assert [book["data"]["Bids"] for book in books] == [
            [
                {
                    "side": "buy",
                    "quantity": quantity,
                    "price": "900000",
                    "currencyPair": "BTCZAR",
                    "orderCount": count,
                }
            ]
            for quantity, count in (("0.01", 1), ("0.03", 2))
        ]
        sequence = [first["data"]["SequenceNumber"], *(book["data"]["SequenceNumber"] for book in books)]
        assert sequence == sorted(set(sequence))


async def test_a_book_has_at_most_40_levels_a_side() -> None:
    async with street() as valr, valr.socket() as trade:
        trader = valr.trader()
        for step in range(42):
            await trader.place(quantity="0.001", price=str(900_000 - step))
        bids = (await subscribe(trade, BOOK, "BTCZAR"))[-1]["data"]["Bids"]
        assert [bids[0]["price"], bids[-1]["price"], len(bids)] == ["900000", "899961", 40]


@in_virtual_time
async def test_books_are_throttled_and_the_last_change_is_never_lost() -> None:
    async with street(order_book_interval_s=0.05) as valr, valr.socket() as trade:
        await subscribe(trade, BOOK, "BTCZAR")
        for _ in range(4):
            await valr.trader().place(quantity="0.01")
        assert (await trade.until(BOOK))["data"]["Bids"][0]["quantity"] == "0.01"
        assert (await trade.until(BOOK))["data"]["Bids"][0]["quantity"] == "0.04"


async def test_naming_a_subscribed_pair_again_sends_no_book_unless_chosen() -> None:
    for again in (False, True):
        async with street(snapshot_on_resubscribe=again) as valr, valr.socket() as trade:
            await subscribe(trade, BOOK, "BTCZAR")
            assert (BOOK in types(await subscribe(trade, BOOK, "BTCZAR"))) is again


# --- trades and summaries


async def test_every_trade_of_the_pair_is_told_once() -> None:
    async with street() as valr, valr.socket() as trade:
        await subscribe(trade, TRADE, "BTCZAR")
        await valr.trader().place(price="900000", quantity="0.01")
        await valr.trader().place(price="890000", quantity="0.01")
        await valr.trader("7").place(side="SELL", price="890000", quantity="0.015")
        frames = await trade.before_pong()
        assert types(frames) == [TRADE, TRADE]
        assert [(frame["data"]["price"], frame["data"]["quantity"]) for frame in frames] == [
            ("900000", "0.01"),
            ("890000", "0.005"),
        ]
        assert {frame["data"]["takerSide"] for frame in frames} == {"sell"}


async def test_a_summary_comes_at_once_and_follows_the_market() -> None:
    async with street() as valr, valr.socket() as trade:
        first = (await subscribe(trade, SUMMARY, "BTCZAR"))[-1]
        assert first["data"]["currencyPairSymbol"] == first["currencyPairSymbol"] == "BTCZAR"
        await valr.trader().place()
        assert (await trade.until(SUMMARY))["data"]["bidPrice"] == "900000"


async def test_a_frame_is_made_once_for_all_who_listen() -> None:
    async with street() as valr, valr.socket() as one, valr.socket() as two:
        for trade in (one, two):
            await subscribe(trade, BOOK, "BTCZAR")
        await valr.trader().place()
        assert await one.until(BOOK) == await two.until(BOOK)
