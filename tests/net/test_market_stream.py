"""The trade socket against a running venue: a book is the venue's, or invalid, and nothing between (S7)."""

from __future__ import annotations

import asyncio
import logging
from dataclasses import replace
from decimal import Decimal
from typing import Any

import orjson
import pytest

from tests.net.trading import AT_ONCE, Desk, hosts_of, hurry, in_virtual_time, trading, venue
from valr_connector import (
    BookFeed,
    BookInvalidated,
    ConnectionChanged,
    FrameRefused,
    Part,
    PriceLevel,
    SessionState,
    Settings,
    Socket,
    TopOfBookChanged,
    UnknownFrameReceived,
    ValrExchange,
)
from valr_connector.net.market_stream import MarketStream
from valr_connector.simulator.faults import of_pair, of_type

D = Decimal


def stream(desk: Desk) -> MarketStream:
    market = desk.connector.market
    assert market is not None
    return market


def deliver(desk: Desk, frame: object) -> None:
    """Hand a frame to the stream, as the socket does."""
    stream(desk).on_frame(frame if isinstance(frame, bytes) else orjson.dumps(frame), desk.now)


def book(
    bids: list[tuple[str, str]],
    asks: list[tuple[str, str]],
    *,
    sequence: int | None = None,
    pair: str = "BTCZAR",
) -> dict[str, Any]:
    """AGGREGATED_ORDERBOOK_UPDATE."""
    data: dict[str, Any] = {
        "Bids": [{"side": "buy", "price": price, "quantity": quantity} for price, quantity in bids],
        "Asks": [{"side": "sell", "price": price, "quantity": quantity} for price, quantity in asks],
    }
    if sequence is not None:
        data["SequenceNumber"] = sequence
    return {"type": "AGGREGATED_ORDERBOOK_UPDATE", "currencyPairSymbol": pair, "data": data}


def levels_here(desk: Desk, pair: str = "BTC-ZAR") -> tuple[list[PriceLevel], list[PriceLevel]]:
    shown = desk.valr.book(pair)
    return list(shown.bids), list(shown.asks)


def levels_there(desk: Desk, symbol: str = "BTCZAR") -> tuple[list[PriceLevel], list[PriceLevel]]:
    bids, asks = (
        [PriceLevel(price, quantity) for price, quantity, _ in desk.exchange.venue.levels(symbol, side, 40)]
        for side in ("buy", "sell")
    )
    return bids, asks


_LOGGERS = (
    "valr_connector.net.market_stream",
    "valr_connector.net.refused_frames",
    "valr_connector.net.event_log",
)


def messages(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [
        record.getMessage()
        for record in caplog.records
        if record.levelno >= logging.WARNING and record.name in _LOGGERS
    ]


@in_virtual_time
async def test_the_book_is_the_venues_at_every_change() -> None:
    async with trading() as desk:
        for n in range(5):
            desk.rival("buy", f"0.0{n + 1}", str(900_000 + n))
            desk.rival("sell", f"0.0{n + 1}", str(1_000_000 - n))
            await desk.until(lambda: levels_here(desk) == levels_there(desk))
        await desk.sell("900003", amount="0.07")
        await desk.until(lambda: levels_here(desk) == levels_there(desk))
        assert desk.valr.best_bid("BTC-ZAR") == PriceLevel(D(900_003), D("0.02"))


@in_virtual_time
async def test_history_11_a_frame_replaces_the_book_and_leaves_no_phantom_levels() -> None:
    async with trading(books=BookFeed.AGGREGATED) as desk:
        deliver(desk, book([("900000", "1"), ("899999", "2")], [("1000000", "1")], sequence=10))
        deliver(desk, book([("899999", "2")], [("950000", "1")], sequence=12))
        assert levels_here(desk) == ([PriceLevel(D(899_999), D(2))], [PriceLevel(D(950_000), D(1))])


@in_virtual_time
async def test_history_11_a_crossed_book_is_invalid_until_the_next_good_frame() -> None:
    async with trading(books=BookFeed.AGGREGATED) as desk:
        deliver(desk, book([("900000", "1")], [("1000000", "1")], sequence=10))
        deliver(desk, book([("900000", "1")], [("899999", "1")], sequence=11))
        assert desk.told(BookInvalidated)[-1].cause == "crossed: bid 900000 at or above ask 899999"
        assert (desk.valr.best_bid("BTC-ZAR"), desk.valr.mid_price("BTC-ZAR")) == (None, None)
        why = desk.valr.status[Part.ORDER_BOOKS].why_not
        assert (desk.valr.ready, why) == (False, "waiting for a valid frame of each pair")
        deliver(desk, book([("900000", "1")], [("1000000", "1")], sequence=12))
        assert desk.valr.ready
        assert desk.valr.mid_price("BTC-ZAR") == 950_000


@in_virtual_time
async def test_a_frame_that_is_older_than_the_one_shown_is_left_out() -> None:
    async with trading(books=BookFeed.AGGREGATED) as desk:
        deliver(desk, book([("900000", "1")], [], sequence=10))
        deliver(desk, book([("800000", "1")], [], sequence=9))
        assert desk.valr.best_bid("BTC-ZAR") == PriceLevel(D(900_000), D(1))


@in_virtual_time
async def test_only_a_change_of_the_best_prices_is_told() -> None:
    async with trading(books=BookFeed.AGGREGATED) as desk:
        before = len(desk.told(TopOfBookChanged))
        deliver(desk, book([("900000", "1")], [], sequence=10))
        deliver(desk, book([("900000", "1"), ("800000", "5")], [], sequence=11))
        assert len(desk.told(TopOfBookChanged)) == before + 1


@in_virtual_time
async def test_a_frame_of_a_pair_that_is_not_followed_is_ignored() -> None:
    async with trading() as desk:
        before = list(desk.events)
        deliver(desk, book([("1", "1")], [], pair="ETHZAR"))
        assert desk.events == before


async def test_several_pairs_are_ready_when_each_of_them_is() -> None:
    async with venue() as exchange:
        key = exchange.add_api_key("0")
        settings = Settings(hosts=hosts_of(exchange))
        valr = ValrExchange(key.key, key.secret, pairs=["BTC-ZAR", "ETH-ZAR"], settings=settings)
        hurry(valr)
        desk = Desk(exchange, valr)
        exchange.faults.delay_frame(of_pair("ETHZAR"), 0.03)
        starting = asyncio.create_task(valr.start())
        await desk.until(lambda: desk.told(TopOfBookChanged))
        was_ready = valr.ready
        await starting
        assert (was_ready, valr.ready) == (False, True)
        await valr.close()


@in_virtual_time
async def test_a_lost_connection_invalidates_every_book_until_its_next_frame() -> None:
    async with trading() as desk:
        desk.rival("buy", "1", "900000")
        await desk.until(lambda: desk.valr.best_bid("BTC-ZAR"))
        desk.exchange.faults.delay_frame(of_type("AUTHENTICATED"), 0.03)
        desk.exchange.drop_sockets("trade")
        await desk.until(lambda: desk.told(BookInvalidated))
        cause = desk.told(BookInvalidated)[0].cause
        assert cause == "the trade stream is idle (close 1006 (no close frame))"
        assert desk.valr.best_bid("BTC-ZAR") is None
        await desk.until(lambda: desk.valr.ready)
        assert levels_here(desk) == levels_there(desk)
        states = [event.after for event in desk.told(ConnectionChanged) if event.socket is Socket.TRADE]
        assert states.count(SessionState.LIVE) == 2


@in_virtual_time
async def test_sequence_numbers_begin_anew_with_a_connection() -> None:
    async with trading(books=BookFeed.AGGREGATED) as desk:
        deliver(desk, book([("1", "1")], [], sequence=10**9))
        desk.exchange.drop_sockets("trade")
        await desk.until(lambda: not desk.valr.ready)
        await desk.until(lambda: desk.valr.ready)
        desk.rival("buy", "1", "900000")
        await desk.until(lambda: desk.valr.best_bid("BTC-ZAR") == PriceLevel(D(900_000), D(1)))


@in_virtual_time
async def test_a_silent_connection_is_not_ready_to_trade_on_until_it_speaks() -> None:
    async with trading(ping_interval_s=0.02, silence_timeout_s=30.0) as desk:
        market = stream(desk)
        market.on_state(SessionState.LIVE, SessionState.STALE, "nothing came after a PING")
        assert (
            desk.valr.status[Part.ORDER_BOOKS].why_not
            == "the trade stream is stale (nothing came after a PING)"
        )
        market.on_state(SessionState.STALE, SessionState.LIVE, "")
        assert desk.valr.ready


@in_virtual_time
async def test_valrs_errors_are_logged(caplog: pytest.LogCaptureFixture) -> None:
    async with trading() as desk:
        deliver(desk, {"type": "ERROR", "message": "Channel X, pair Y combination invalid"})
        deliver(desk, {"type": "UNSUPPORTED", "message": "SUBSCRIBE"})
        assert messages(caplog) == [
            "trade socket: VALR says ErrorFrame: Channel X, pair Y combination invalid",
            "trade socket: VALR says UnsupportedFrame: SUBSCRIBE",
        ]


@in_virtual_time
async def test_an_unknown_type_is_counted_logged_once_and_told_once(caplog: pytest.LogCaptureFixture) -> None:
    async with trading() as desk:
        for _ in range(3):
            deliver(desk, {"type": "NEWS"})
        assert desk.told(UnknownFrameReceived) == [UnknownFrameReceived(Socket.TRADE, "NEWS")]
        assert messages(caplog) == [
            "trade socket: unknown type of frame, further ones are only counted: NEWS"
        ]
        assert stream(desk).unknown == {"NEWS": 3}


@in_virtual_time
async def test_a_malformed_frame_is_counted_logged_once_and_told_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with trading() as desk:
        for price in ("1_0", "NaN"):
            deliver(desk, book([(price, "1")], []))
        assert [(event.socket, event.kind) for event in desk.told(FrameRefused)] == [
            (Socket.TRADE, "AGGREGATED_ORDERBOOK_UPDATE")
        ]
        assert len(messages(caplog)) == 1
        counts = desk.valr.metrics.snapshot()
        assert counts["ws_frames_refused{socket=trade,type=AGGREGATED_ORDERBOOK_UPDATE}"] == 2
        assert desk.valr.ready


@in_virtual_time
async def test_frames_that_nobody_asked_for_are_left_out() -> None:
    async with trading() as desk:
        before = list(desk.events)
        deliver(desk, {"type": "FUNDING_RUN_COMPLETED", "currencyPairSymbol": "NOPEUSDTPERP"})
        deliver(desk, b"")
        assert desk.events == before


@in_virtual_time
async def test_the_crowds_market_is_never_crossed_here_and_equals_the_venues_in_the_end() -> None:
    async with trading(replace(AT_ONCE, crowd=True, crowd_interval_s=0.005)) as desk:
        tops = desk.valr.events(TopOfBookChanged)
        for _ in range(30):
            top = await anext(tops)
            if top.bid is not None and top.ask is not None:
                assert top.bid.price < top.ask.price
        desk.exchange._crowds.clear()
        await desk.until(lambda: levels_here(desk) == levels_there(desk))
