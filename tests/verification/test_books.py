"""A live book is held against the venue's at its own number, and a difference is found."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from random import Random

import pytest

from tests.net.trading import AT_ONCE, trading
from valr_connector import BookChanged, BookFeed, ConnectionChanged, SessionState, Socket
from valr_connector.core.order_book import OrderBook
from valr_connector.model.ids import Pair
from valr_connector.protocol.frames import BookFrame, decode_trade_frame
from valr_connector.simulator.level_feed import LevelFeed
from valr_connector.simulator.order_feed import OrderFeed
from valr_connector.simulator.pairs import DEFAULT_PAIRS
from valr_connector.simulator.venue import Venue
from valr_connector.simulator.vocabulary import BookChanged as VenueBookChanged
from valr_connector.simulator.vocabulary import NewOrder, VenueEvent
from valr_connector.verification.books import BookCheck, VenueBooks

D = Decimal


def venue() -> Venue:
    made = Venue(DEFAULT_PAIRS, clock=lambda: 1_790_000_000_000_000_000, rng=Random(1))
    made.open_account("a", {"ZAR": D(10**9)}, maker_percent=D(0), taker_percent=D(0))
    return made


def bid(made: Venue, price: int, quantity: str = "0.01") -> str:
    request = NewOrder("BTCZAR", "buy", "limit", quantity=D(quantity), price=D(price))
    order = made.accept("a", request)
    made.process(order.order_id)
    return order.order_id


def take(book: OrderBook, raw: bytes) -> None:
    frame = decode_trade_frame(raw)
    assert isinstance(frame, BookFrame)
    book.take(frame, 0)


@pytest.mark.parametrize("feed", [BookFeed.L1_DIFF, BookFeed.FULL])
async def test_a_book_that_lags_behind_is_compared_at_its_own_number(feed: BookFeed) -> None:
    settings = replace(AT_ONCE, crowd=True, crowd_interval_s=0.002, event_latency_s=0.003)
    async with trading(settings, books=feed) as desk:
        truth = VenueBooks(desk.exchange.venue)
        book = desk.valr.book("BTC-ZAR")
        found: list[object] = []
        desk.valr.on(BookChanged, lambda _: found.append(truth.difference(book, "BTCZAR")))
        await desk.until(lambda: len(found) > 20)
        first_known = next(n for n, each in enumerate(found) if each is None)
        assert set(found[first_known:]) == {None}


def test_a_book_that_differs_is_found() -> None:
    made, book = venue(), OrderBook(Pair("BTC-ZAR"))
    truth = VenueBooks(made)
    bid(made, 900_000)
    take(book, LevelFeed(made, "BTCZAR", 0).snapshot().data)
    assert truth.difference(book, "BTCZAR") is None
    truth._states[BookFeed.L1_DIFF, "BTCZAR"][1] ^= 1
    assert str(truth.difference(book, "BTCZAR")) == (
        "S7: BTC-ZAR at number 1 is not the venue's: <bids 900000 x 0.01> <asks >"
    )


def test_a_number_that_the_venue_never_had_is_found() -> None:
    made, book = venue(), OrderBook(Pair("BTC-ZAR"), BookFeed.FULL)
    truth = VenueBooks(made)
    feed = OrderFeed(made, "BTCZAR", 0)
    feed.sequence = 77
    take(book, feed.snapshot().data)
    assert "shows number 77, which the venue has not had" in str(truth.difference(book, "BTCZAR"))


def test_an_invalid_book_shows_nothing_wrong() -> None:
    assert VenueBooks(venue()).difference(OrderBook(Pair("BTC-ZAR")), "BTCZAR") is None


def test_only_the_latest_states_are_remembered() -> None:
    made = venue()
    truth = VenueBooks(made, remembered=2)
    for price in (1, 2, 3):
        bid(made, 900_000 + price)
    assert list(truth._states[BookFeed.L1_DIFF, "BTCZAR"]) == [2, 3]


def test_levels_that_go_are_forgotten() -> None:
    made = venue()
    told: list[VenueEvent] = []
    made.listen(told.append)
    truth = VenueBooks(made)
    empty = truth._now["BTCZAR"]
    made.cancel("a", "BTCZAR", order_id=bid(made, 900_000))
    assert truth._now["BTCZAR"] == empty
    assert sum(isinstance(event, VenueBookChanged) for event in told) == 2


def checked(made: Venue, book: OrderBook) -> BookCheck:
    check = BookCheck(VenueBooks(made), "BTCZAR", lambda: book)
    check.hear(BookChanged(book.pair, None))
    return check


def live_book(made: Venue) -> OrderBook:
    book = OrderBook(Pair("BTC-ZAR"))
    take(book, LevelFeed(made, "BTCZAR", 0).snapshot().data)
    return book


def test_what_a_book_shows_is_held_against_the_venue_when_it_tells_of_a_change() -> None:
    made, other = venue(), venue()
    bid(made, 900_000)
    book = live_book(made)
    assert not checked(made, book).violations
    assert [each.invariant for each in checked(other, book).violations] == ["S7"]


@pytest.mark.parametrize("state", SessionState)
@pytest.mark.parametrize("socket", Socket)
def test_a_book_that_is_shown_without_a_live_connection_is_found(socket: Socket, state: SessionState) -> None:
    made = venue()
    check = checked(made, live_book(made))
    check.hear_connection(ConnectionChanged(socket, SessionState.LIVE, state, 1, ""))
    assert bool(check.violations) is (socket is Socket.TRADE and state is not SessionState.LIVE)


def test_a_book_that_was_given_up_in_time_is_no_violation() -> None:
    made = venue()
    book = live_book(made)
    check = checked(made, book)
    book.suspend("the connection ended")
    check.hear_connection(ConnectionChanged(Socket.TRADE, SessionState.LIVE, SessionState.IDLE, 1, ""))
    assert not check.violations


def test_a_book_that_stays_behind_what_came_in_is_found_and_one_that_shows_nothing_is_not() -> None:
    made = venue()
    bid(made, 900_000)
    feed, book = LevelFeed(made, "BTCZAR", 0), OrderBook(Pair("BTC-ZAR"))
    told: list[VenueBookChanged] = []
    made.listen(lambda event: told.append(event) if isinstance(event, VenueBookChanged) else None)
    check = BookCheck(VenueBooks(made), "BTCZAR", lambda: book)
    check.frame_in(feed.snapshot().data)
    take(book, feed.snapshot().data)
    check.hear(BookChanged(book.pair, None))
    check.frame_in(b'{"type":"PONG"}')
    bid(made, 900_001)
    feed.follow(told[0])
    check.frame_in(feed.diff(told[0]).data)
    assert not check.violations
    check.look()
    assert [str(each) for each in check.violations] == ["S7: BTC-ZAR shows number 1, and VALR has said 2"]
    book.invalidate("given up")
    check.look()
    assert len(check.violations) == 1
