"""A book that breaks is asked for anew, alone; whatever goes wrong, what is shown is the venue's (S7)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal

import pytest

from tests.net.trading import AT_ONCE, Desk, in_virtual_time, trading
from valr_connector import (
    BookChanged,
    BookFeed,
    BookInvalidated,
    BookResynced,
    InvalidArgumentError,
    InvalidBookError,
    PriceLevel,
    SessionState,
    TopOfBookChanged,
)
from valr_connector.core import book_resync
from valr_connector.core.book_resync import SECOND
from valr_connector.net.market_stream import MarketStream
from valr_connector.observe import metrics as m
from valr_connector.simulator.faults import Faults, diff_of, of_pair
from valr_connector.simulator.settings import SimulatorSettings

D = Decimal
PAIRS = ("BTC-ZAR", "ETH-ZAR")
CHECKED_FEEDS = (BookFeed.L1_DIFF, BookFeed.FULL)
SNAPSHOTS = {BookFeed.L1_DIFF: "OB_L1_SNAPSHOT", BookFeed.FULL: "FULL_ORDERBOOK_SNAPSHOT"}

Fault = Callable[[Faults], None]
FAULTS: dict[str, Fault] = {
    "lost": lambda faults: faults.drop_frame(diff_of("BTCZAR")),
    "late": lambda faults: faults.delay_frame(diff_of("BTCZAR"), 0.005),
    "falsified": lambda faults: faults.falsify_checksum("BTCZAR"),
}


def levels_there(desk: Desk, symbol: str = "BTCZAR") -> tuple[list[PriceLevel], list[PriceLevel]]:
    bids, asks = (
        [PriceLevel(price, total) for price, total, _ in desk.exchange.venue.levels(symbol, side, None)]
        for side in ("buy", "sell")
    )
    return bids, asks


def is_the_venues(desk: Desk, pair: str = "BTC-ZAR") -> bool:
    book = desk.valr.book(pair).if_valid
    return book is not None and (list(book.bids), list(book.asks)) == levels_there(
        desk, pair.replace("-", "")
    )


def quote(desk: Desk, times: int = 1, symbol: str = "BTCZAR", price: int = 900_000) -> None:
    """Have the rival place some orders, each a change of the book."""
    for n in range(times):
        desk.rival("buy", "0.01", str(price + n), symbol)


def stream(desk: Desk) -> MarketStream:
    market = desk.connector.market
    assert market is not None
    return market


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Snapshots have milliseconds, not seconds."""
    monkeypatch.setattr(book_resync, "PATIENCE", SECOND // 50)
    monkeypatch.setattr(book_resync, "LONGEST_PAUSE", SECOND // 20)


@pytest.mark.parametrize("feed", BookFeed)
@in_virtual_time
async def test_the_book_of_every_feed_is_the_venues(feed: BookFeed) -> None:
    depth = {BookFeed.TOP_1: 1, BookFeed.TOP_5: 5}.get(feed)
    async with trading(books=feed) as desk:
        for n in range(7):
            desk.rival("buy", "0.01", str(900_000 + n))
            desk.rival("sell", "0.02", str(1_000_000 - n))
        await desk.sell("900003", amount="0.03")

        def agrees() -> bool:
            book = desk.valr.book("BTC-ZAR").if_valid
            here = None if book is None else (list(book.bids), list(book.asks))
            bids, asks = levels_there(desk)
            return here == (bids[:depth], asks[:depth])

        await desk.until(agrees)


@pytest.mark.parametrize("feed", CHECKED_FEEDS)
@pytest.mark.parametrize("fault", FAULTS)
@in_virtual_time
async def test_a_frame_that_is_wrong_breaks_its_book_which_comes_back_and_no_other(
    feed: BookFeed, fault: str
) -> None:
    async with trading(pairs=PAIRS, books=feed) as desk:
        quote(desk)
        quote(desk, symbol="ETHZAR", price=50_000)
        await desk.until(lambda: is_the_venues(desk) and is_the_venues(desk, "ETH-ZAR"))
        snapshots = desk.exchange.stats.frames_out["trade", SNAPSHOTS[feed]]
        FAULTS[fault](desk.exchange.faults)
        quote(desk, 2, price=900_100)
        await desk.until(lambda: desk.told(BookResynced))
        quote(desk, 2, price=900_200)
        await desk.until(lambda: is_the_venues(desk))
        assert {event.pair for event in desk.told(BookInvalidated)} == {"BTC-ZAR"}
        assert {event.pair for event in desk.told(BookResynced)} == {"BTC-ZAR"}
        assert desk.told(BookResynced)[0].cause == desk.told(BookInvalidated)[0].cause
        breaks = desk.valr.book("BTC-ZAR").breaks  # a late frame can come after the new snapshot
        assert breaks == 1 or (breaks, fault) == (2, "late")
        assert desk.exchange.stats.frames_out["trade", SNAPSHOTS[feed]] == snapshots + breaks
        assert desk.valr.book("ETH-ZAR").breaks == 0


@pytest.mark.parametrize("feed", CHECKED_FEEDS)
@in_virtual_time
async def test_a_frame_that_comes_twice_is_counted_and_breaks_nothing(feed: BookFeed) -> None:
    async with trading(books=feed) as desk:
        desk.exchange.faults.duplicate_frame(diff_of("BTCZAR"))
        quote(desk, 2)
        await desk.until(lambda: is_the_venues(desk))
        assert desk.valr.metrics.counter(m.MARKET_FRAMES_DROPPED, "repeated").value == 1
        assert desk.valr.book("BTC-ZAR").breaks == 0


@in_virtual_time
async def test_breaks_and_resyncs_are_counted() -> None:
    async with trading(pairs=PAIRS) as desk:
        desk.exchange.faults.falsify_checksum("BTCZAR")
        quote(desk)
        await desk.until(lambda: desk.told(BookResynced))
        counts = desk.valr.metrics.snapshot()
        assert counts["book_breaks{pair=BTC-ZAR}"] == 1
        assert counts["book_resyncs{pair=BTC-ZAR}"] == 1
        assert "book_breaks{pair=ETH-ZAR}" not in counts
        assert desk.told(BookResynced)[0].invalid_ns > 0


@in_virtual_time
async def test_the_other_pairs_stay_valid_where_valr_sends_every_snapshot_again() -> None:
    eager = replace(AT_ONCE, snapshot_on_resubscribe=True)
    async with trading(eager, pairs=PAIRS) as desk:
        quote(desk, symbol="ETHZAR", price=50_000)
        await desk.until(lambda: is_the_venues(desk, "ETH-ZAR"))
        desk.exchange.faults.drop_frame(diff_of("BTCZAR"))
        quote(desk, 2)
        await desk.until(lambda: desk.told(BookResynced))
        quote(desk, 2, symbol="ETHZAR", price=50_100)
        await desk.until(lambda: is_the_venues(desk, "ETH-ZAR") and is_the_venues(desk))
        assert {event.pair for event in desk.told(BookInvalidated)} == {"BTC-ZAR"}


@in_virtual_time
async def test_while_it_is_asked_for_the_book_shows_nothing() -> None:
    async with trading() as desk:
        quote(desk)
        await desk.until(lambda: desk.valr.best_bid("BTC-ZAR"))
        desk.exchange.faults.delay_frame(of_pair("BTCZAR", "OB_L1_SNAPSHOT"), 0.02)
        desk.exchange.faults.drop_frame(diff_of("BTCZAR"))
        quote(desk, 2, price=900_100)
        await desk.until(lambda: desk.told(BookInvalidated))
        assert (desk.valr.best_bid("BTC-ZAR"), desk.valr.mid_price("BTC-ZAR")) == (None, None)
        assert desk.valr.book("BTC-ZAR").if_valid is None
        with pytest.raises(InvalidBookError, match="sequence"):
            desk.valr.book_without_own_orders("BTC-ZAR")
        assert not desk.valr.ready
        await desk.until(lambda: desk.valr.ready)
        assert is_the_venues(desk)


@in_virtual_time
async def test_a_first_snapshot_that_never_comes_is_asked_for(impatient: None) -> None:
    async with trading(pairs=PAIRS) as desk:
        stop = desk.exchange.faults.silence_pair("BTCZAR")
        desk.exchange.drop_sockets("trade")
        await desk.until(lambda: desk.exchange.stats.frames_out["trade", "UNSUBSCRIBED"])
        stop()
        await desk.until(lambda: desk.valr.ready)


@in_virtual_time
async def test_a_pair_that_stays_silent_costs_one_connection_and_then_leaves_the_others_in_peace(
    impatient: None, caplog: pytest.LogCaptureFixture
) -> None:
    async with trading(pairs=PAIRS) as desk:
        stop = desk.exchange.faults.silence_pair("BTCZAR")
        desk.exchange.drop_sockets("trade")
        await desk.until(lambda: "no snapshot of BTCZAR came: connecting anew" in caplog.text)
        await desk.until(lambda: desk.valr.metrics.snapshot().get("book_resyncs{pair=BTC-ZAR}", 0) == 4)
        assert caplog.text.count("connecting anew") == 1
        assert desk.valr.book("ETH-ZAR").is_valid
        stop()
        await desk.until(lambda: desk.valr.ready)


@in_virtual_time
async def test_a_pair_whose_book_valr_refuses_is_said_and_not_asked_for_again(impatient: None) -> None:
    async with trading(pairs=PAIRS) as desk:
        message = b'{"type":"ERROR","message":"Channel OB_L1_DIFF, pair BTCZAR combination invalid"}'
        stream(desk).on_frame(message, desk.now)
        with pytest.raises(InvalidBookError, match="VALR refuses it: Channel OB_L1_DIFF, pair BTCZAR"):
            desk.valr.book("BTC-ZAR").snapshot()
        assert [event.pair for event in desk.told(BookInvalidated)] == ["BTC-ZAR"]
        assert desk.valr.book("ETH-ZAR").is_valid
        message = b'{"type":"ERROR","message":"Channel NEW_TRADE, pair ETHZAR combination invalid"}'
        stream(desk).on_frame(message, desk.now)
        assert desk.valr.book("ETH-ZAR").is_valid


@in_virtual_time
async def test_a_silent_connection_shows_no_prices_until_it_speaks() -> None:
    async with trading() as desk:
        quote(desk)
        await desk.until(lambda: desk.valr.best_bid("BTC-ZAR"))
        market = stream(desk)
        market.on_state(SessionState.LIVE, SessionState.STALE, "nothing came after a PING")
        assert desk.valr.best_bid("BTC-ZAR") is None
        assert (
            desk.valr.book("BTC-ZAR").why_invalid == "the trade stream is stale (nothing came after a PING)"
        )
        before = len(desk.told(TopOfBookChanged))
        market.on_state(SessionState.STALE, SessionState.LIVE, "")
        assert len(desk.told(TopOfBookChanged)) == before + 1
        assert desk.told(BookResynced)[-1].cause.startswith("the trade stream is stale")
        assert desk.valr.best_bid("BTC-ZAR") == PriceLevel(D(900_000), D("0.01"))


@in_virtual_time
async def test_a_lost_connection_while_asking_anew_leaves_it_to_the_next_one() -> None:
    async with trading() as desk:
        desk.exchange.faults.drop_frame(diff_of("BTCZAR"))
        quote(desk, 2)
        stream(desk).client.drop()
        await desk.until(lambda: not desk.valr.ready)
        await desk.until(lambda: desk.valr.ready)
        assert is_the_venues(desk)


@in_virtual_time
async def test_every_change_of_the_book_is_told_with_its_number() -> None:
    async with trading() as desk:
        await desk.until(lambda: desk.told(BookChanged))
        quote(desk, 3)
        await desk.until(lambda: is_the_venues(desk))
        numbers = [event.sequence for event in desk.told(BookChanged)]
        first = desk.exchange.venue.book_sequence("BTCZAR") - 3
        assert numbers == [first, first + 1, first + 2, first + 3]


@in_virtual_time
async def test_the_age_of_a_book_counts_from_its_last_frame() -> None:
    async with trading() as desk:
        quote(desk)
        await desk.until(lambda: desk.valr.best_bid("BTC-ZAR"))
        age = desk.valr.book_age_s("BTC-ZAR")
        assert age is not None
        assert 0 <= age < 3
        stream(desk).on_state(SessionState.LIVE, SessionState.STALE, "silence")
        assert desk.valr.book_age_s("BTC-ZAR") is None


async def test_a_feed_that_is_none_is_refused() -> None:
    with pytest.raises(InvalidArgumentError, match="books='L1'"):
        async with trading(books="L1"):
            pass


@in_virtual_time
async def test_own_orders_are_left_out_of_the_book_that_is_asked_for_without_them() -> None:
    async with trading() as desk:
        quote(desk)
        await desk.buy("900000", amount="0.5")
        await desk.buy("900001", amount="0.5")
        await desk.until(lambda: is_the_venues(desk))
        assert desk.valr.best_bid("BTC-ZAR") == PriceLevel(D(900_001), D("0.5"))
        market = desk.valr.book_without_own_orders("BTC-ZAR")
        assert list(market.bids) == [PriceLevel(D(900_000), D("0.01"))]


@in_virtual_time
async def test_an_order_of_ours_is_found_in_its_queue() -> None:
    async with trading(books=BookFeed.FULL) as desk:
        quote(desk)
        order = await desk.buy("900000", amount="0.5")
        await desk.until(lambda: is_the_venues(desk))
        position = desk.valr.book("BTC-ZAR").queue_position(str(order.exchange_order_id))
        assert position is not None
        assert (position.place, position.orders, position.amount_ahead) == (2, 2, D("0.01"))


@in_virtual_time
async def test_the_crowds_book_is_the_venues_in_the_end_whatever_is_lost() -> None:
    settings: SimulatorSettings = replace(AT_ONCE, crowd=True, crowd_interval_s=0.005)
    async with trading(settings) as desk:
        for fault in FAULTS.values():
            fault(desk.exchange.faults)
        await desk.until(lambda: desk.valr.book("BTC-ZAR").breaks)
        desk.exchange._crowds.clear()
        await asyncio.sleep(0.01)
        await desk.until(lambda: is_the_venues(desk))
