"""A socket without a key lives 15 minutes: the next one takes over before, and nothing is missed."""

from __future__ import annotations

import asyncio
import time
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from decimal import Decimal
from random import Random
from typing import Any
from unittest.mock import Mock

import orjson
import pytest

from tests.net.trading import AT_ONCE, RIVAL, AlmostNoJitter, Desk, hosts_of, in_virtual_time, trading
from valr_connector import (
    BookFeed,
    BookInvalidated,
    ConnectionChanged,
    Event,
    MarketData,
    MarketFeed,
    MarketTraded,
    SessionState,
    Settings,
)
from valr_connector.core import session
from valr_connector.core.order_book import OrderBook
from valr_connector.core.session import SessionEvent
from valr_connector.core.twin_frames import TwinFrames
from valr_connector.model.ids import Pair, Symbol
from valr_connector.net import market_data, rotation
from valr_connector.net.event_stream import EventPublisher
from valr_connector.net.market_stream import MarketStream
from valr_connector.net.rotation import RotatingSocket
from valr_connector.net.socket_handler import SocketHandler, StateListener
from valr_connector.net.websocket import WebSocketClient
from valr_connector.observe.metrics import Metrics
from valr_connector.simulator.exchange import EmbeddedExchange
from valr_connector.simulator.faults import of_type
from valr_connector.simulator.vocabulary import BuyOrSell, NewOrder

PAIR, SYMBOL = "BTC-ZAR", "BTCZAR"
D = Decimal


class Watch:
    """A market that is watched without a key."""

    def __init__(self, exchange: EmbeddedExchange, market: MarketData) -> None:
        self.exchange = exchange
        self.market = market
        self.events: list[Event] = []
        market.on(Event, self.events.append)
        self.prices = 0

    @property
    def socket(self) -> RotatingSocket:
        assert self.market._stream is not None
        client = self.market._stream.client
        assert isinstance(client, RotatingSocket)
        return client

    def told(self, kind: type[Any]) -> list[Any]:
        return [event for event in self.events if isinstance(event, kind)]

    async def until(self, condition: Callable[[], object], patience_s: float = 10.0) -> None:
        deadline = time.monotonic() + patience_s
        while not condition():
            assert time.monotonic() < deadline, f"waited {patience_s} s in vain"
            await asyncio.sleep(0.001)

    async def rotate(self) -> None:
        """Have the next connection take over now, where it can."""
        assert self.socket._tasks is not None
        await self.socket._rotate(self.socket._tasks)

    def order(self, account: str, side: BuyOrSell, price: Decimal, quantity: str = "0.001") -> None:
        request = NewOrder(symbol=SYMBOL, side=side, kind="limit", quantity=D(quantity), price=price)
        order = self.exchange.venue.accept(account, request)
        self.exchange.venue.process(order.order_id)

    def trade(self) -> None:
        """A bid and somebody who takes it, and a level that stays."""
        self.prices += 1
        price = D(900_000 + self.prices)
        self.order("0", "buy", price)
        self.order(RIVAL, "sell", price)
        self.order("0", "buy", D(800_000 + self.prices))

    def trades_missed(self) -> dict[str, int]:
        """How often each trade was told, each at a price of its own, where that was not once."""
        told = Counter(event.trade.price for event in self.told(MarketTraded))
        prices = [D(900_001 + number) for number in range(self.prices)]
        return {str(price): told[price] for price in prices if told[price] != 1}

    def book_differs(self) -> bool:
        """Whether the best bid is another one than the venue's."""
        book = self.market.book(PAIR)
        return not book.is_valid or book.best_bid is None or book.best_bid.price != 800_000 + self.prices


@asynccontextmanager
async def watching(
    monkeypatch: pytest.MonkeyPatch,
    *,
    every_s: float = 0.05,
    cut_s: float = 900.0,
    books: BookFeed = BookFeed.L1_DIFF,
) -> AsyncIterator[Watch]:
    monkeypatch.setattr(market_data, "ROTATE_AFTER_S", every_s)
    monkeypatch.setattr(rotation, "_LAG_S", 0.01)
    monkeypatch.setattr(rotation, "_LOOK_S", 0.005)
    exchange = EmbeddedExchange(replace(AT_ONCE, unauthenticated_cut_s=cut_s), rng=Random(7))
    exchange.open_account(RIVAL)
    async with exchange:
        market = MarketData(
            pairs=[PAIR], books=books, settings=Settings(hosts=hosts_of(exchange)), rng=AlmostNoJitter()
        )
        watch = Watch(exchange, market)
        async with market:
            market.subscribe(MarketFeed.TRADES, [PAIR])
            await watch.until(lambda: market.book(PAIR).is_valid)
            await watch.until(lambda: "NEW_TRADE" in watch.socket.subscriptions)
            yield watch


def clients_made(socket: RotatingSocket) -> list[WebSocketClient]:
    """The clients of all connections from here on, as they are made."""
    make, made = socket.make, []

    def make_and_note(handler: SocketHandler, on_state: StateListener) -> WebSocketClient:
        made.append(make(handler, on_state))
        return made[-1]

    socket.make = make_and_note
    return made


class NeverOpen:
    """A client whose end takes a moment."""

    session = session.Session(session.KeepAlive())

    async def run(self) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0.001)


async def test_a_connection_that_opens_while_everything_is_being_stopped_begins_nothing() -> None:
    """Raised, or left behind, that would be: a group of tasks that ends takes no new ones."""

    def make(*_: object) -> Any:
        return NeverOpen()

    socket = RotatingSocket(make=make, handler=Mock(), on_state=Mock())
    running = asyncio.create_task(socket.run())
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.sleep(0)
    assert not running.done()
    socket.accompany()
    await asyncio.wait([running])
    assert running.cancelled()


@pytest.mark.untraced
@pytest.mark.parametrize("books", [BookFeed.L1_DIFF, BookFeed.FULL, BookFeed.AGGREGATED, BookFeed.TOP_10])
async def test_connections_change_places_and_nothing_is_missed_or_told_twice(
    monkeypatch: pytest.MonkeyPatch, books: BookFeed
) -> None:
    async with watching(monkeypatch, books=books, cut_s=1.0) as watch:
        while watch.socket.rotations < 4 or watch.prices < 10:
            watch.trade()
            await asyncio.sleep(0.003)
        await watch.until(lambda: not watch.book_differs())
        await watch.until(lambda: not watch.trades_missed())
        assert len(watch.told(MarketTraded)) == watch.prices
        assert watch.told(BookInvalidated) == []
        states = [event.after for event in watch.told(ConnectionChanged)]
        assert states.count(SessionState.LIVE) == 1, "to whoever watches it was one connection"
        assert watch.exchange.stats.frames_in["trade", "SUBSCRIBE"] >= 5


async def test_the_old_connection_is_closed_when_the_new_one_has_taken_over(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with watching(monkeypatch) as watch:
        first = watch.socket.present
        await watch.until(lambda: watch.socket.rotations == 1)
        assert first.task is not None
        await watch.until(lambda: first.task is not None and first.task.done())
        assert watch.socket.session.state is SessionState.LIVE


async def test_a_connection_that_is_lost_meanwhile_comes_back_by_itself(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with watching(monkeypatch) as watch:
        watch.exchange.faults.drop_frame(of_type("PONG"))
        await watch.until(lambda: watch.socket.twins is not None)
        watch.socket.drop()
        await watch.until(lambda: watch.told(BookInvalidated))
        watch.trade()
        await watch.until(lambda: not watch.book_differs())
        await watch.until(lambda: watch.socket.rotations)
        watch.trade()
        await watch.until(lambda: not watch.book_differs())


async def test_books_are_not_shown_again_before_they_came_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    async with watching(monkeypatch, every_s=3600) as watch:
        watch.exchange.faults.drop_frame(of_type("OB_L1_SNAPSHOT"))
        watch.socket.drop()
        await watch.until(lambda: watch.socket.session.state is not SessionState.LIVE)
        await watch.until(lambda: watch.socket.session.state is SessionState.LIVE)
        assert not watch.market.book(PAIR).is_valid


async def test_what_was_begun_for_a_connection_ends_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    async with watching(monkeypatch, every_s=3600) as watch:
        stream = watch.market._stream
        assert stream is not None
        accompany, ended = stream.while_connected, []

        async def note_the_end(epoch: int) -> None:
            try:
                await accompany(epoch)
            finally:
                ended.append(epoch)

        stream.while_connected = note_the_end  # type: ignore[method-assign]
        for _ in range(2):
            watch.socket.drop()
            await watch.until(lambda: watch.socket.session.state is not SessionState.LIVE)
            await watch.until(lambda: watch.market.book(PAIR).is_valid)
        assert ended == [2]


async def test_an_heir_that_is_lost_before_it_has_caught_up_tries_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with watching(monkeypatch, every_s=3600) as watch:
        made = clients_made(watch.socket)
        watch.exchange.faults.drop_frame(of_type("PONG"))
        rotating = asyncio.create_task(watch.rotate())
        await watch.until(lambda: watch.socket.twins is not None)
        made[-1].drop()
        watch.trade()
        await rotating
        assert watch.socket.rotations == 1
        watch.trade()
        await watch.until(lambda: not watch.book_differs() and not watch.trades_missed())
        assert watch.told(BookInvalidated) == []


async def test_a_subscription_goes_along_to_the_next_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    async with watching(monkeypatch) as watch:
        watch.market.subscribe(MarketFeed.SUMMARY, [PAIR])
        await watch.until(lambda: "MARKET_SUMMARY_UPDATE" in watch.socket.subscriptions)
        before = watch.socket.rotations
        await watch.until(lambda: watch.socket.rotations >= before + 2)
        assert set(watch.socket.subscriptions) >= {"NEW_TRADE", "MARKET_SUMMARY_UPDATE", "OB_L1_DIFF"}
        assert watch.market.subscribed(MarketFeed.SUMMARY) == (PAIR,)


async def test_a_subscription_made_while_the_heir_catches_up_goes_along_too(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for distance in ("_PINGS_APART_NS", "_TOLD_TWICE_NS"):
        monkeypatch.setattr(session, distance, 0)
    sent: dict[WebSocketClient, bytes] = defaultdict(bytes)
    send, ping = WebSocketClient.send, WebSocketClient.ping

    def note_and_send(client: WebSocketClient, frame: bytes) -> Any:
        sent[client] += frame
        return send(client, frame)

    async with watching(monkeypatch, every_s=0.1) as watch:
        socket = watch.socket

        async def subscribe_and_ping(client: WebSocketClient) -> None:
            if "MARKET_SUMMARY_UPDATE" not in socket.subscriptions:
                watch.market.subscribe(MarketFeed.SUMMARY, [PAIR])
                await watch.until(lambda: "MARKET_SUMMARY_UPDATE" in socket.subscriptions)
            await ping(client)

        monkeypatch.setattr(WebSocketClient, "send", note_and_send)
        monkeypatch.setattr(WebSocketClient, "ping", subscribe_and_ping)
        await watch.until(lambda: socket.rotations)
        assert b"MARKET_SUMMARY_UPDATE" in sent[socket.present.client]


async def test_setting_up_that_fails_cuts_the_connection_and_is_tried_again(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async with watching(monkeypatch, every_s=3600) as watch:
        stream = watch.market._stream
        assert stream is not None
        set_up = stream.while_connected
        calls: list[int] = []

        async def fails_once(epoch: int) -> None:
            calls.append(epoch)
            if len(calls) == 1:
                raise RuntimeError("a defect")
            await set_up(epoch)

        stream.while_connected = fails_once  # type: ignore[method-assign]
        watch.socket.drop()
        await watch.until(lambda: len(calls) == 2 and watch.market.book(PAIR).is_valid)
        assert calls == [2, 3]
        assert "setting up the connection failed" in caplog.text


async def test_a_held_frame_whose_handling_fails_keeps_neither_the_next_ones_nor_the_change_back(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with watching(monkeypatch, every_s=3600) as watch:
        socket, told = watch.socket, []

        def fails_at_first(raw: bytes, now: int) -> None:
            told.append(raw)
            if len(told) == 1:
                raise RuntimeError("a defect")

        socket.handler.on_frame = fails_at_first  # type: ignore[method-assign]
        socket.twins = TwinFrames(patience=0)
        for raw in (b"{}", b"[]"):
            socket.twins.second(raw, 0, is_first_live=True, is_picture=False)
        socket.inherit(socket.present)
        assert told == [b"{}", b"[]"]
        assert socket.is_settled.is_set()


def catching_up(socket: RotatingSocket) -> tuple[rotation._Leg, list[bytes]]:
    """An heir by whom to bring frames, and all frames that are told."""
    told: list[bytes] = []

    def note(raw: bytes, now: int) -> None:
        told.append(raw)

    socket.handler.on_frame = note  # type: ignore[method-assign]
    socket.is_settled.clear()
    socket.twins = TwinFrames(patience=0)
    return rotation._Leg(socket), told


def summary(number: int, symbol: bytes = b"BTCZAR") -> bytes:
    return b'{"type":"MARKET_SUMMARY_UPDATE","currencyPairSymbol":"%b","data":%d}' % (symbol, number)


async def test_of_a_state_the_heir_tells_only_what_is_newer(monkeypatch: pytest.MonkeyPatch) -> None:
    old, present, newer = summary(1), summary(2), summary(3)
    elsewhere = summary(1, b"ETHZAR")
    async with watching(monkeypatch, every_s=3600) as watch:
        socket = watch.socket
        heir, told = catching_up(socket)
        heir.on_frame(old, 0)
        heir.on_frame(elsewhere, 0)
        for leg in (socket.present, heir):
            leg.on_frame(present, 0)
        heir.on_frame(newer, 0)
        socket.inherit(heir)
        assert told == [present, elsewhere, newer]


async def test_an_older_state_that_the_heir_tells_does_not_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    old, present = summary(1), summary(2)
    async with watching(monkeypatch, every_s=3600) as watch:
        heir, told = catching_up(watch.socket)
        heir.on_frame(old, 0)
        watch.socket.present.on_frame(present, 0)
        watch.socket.inherit(heir)
        heir.on_frame(present, 0)
        assert told == [present, old, present]


def trade(number: int) -> bytes:
    return b'{"type":"NEW_TRADE","currencyPairSymbol":"BTCZAR","data":{"id":"%d"}}' % number


async def test_after_the_change_the_heir_does_not_tell_again_what_was_told(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with watching(monkeypatch, every_s=3600) as watch:
        heir, told = catching_up(watch.socket)
        watch.socket.present.on_frame(trade(1), 0)
        watch.socket.inherit(heir)
        heir.on_frame(trade(1), 0)
        heir.on_frame(trade(2), 0)
        assert told == [trade(1), trade(2)]


async def test_after_the_change_nobody_listens_to_the_old_connection(monkeypatch: pytest.MonkeyPatch) -> None:
    async with watching(monkeypatch, every_s=3600) as watch:
        heir, told = catching_up(watch.socket)
        old = watch.socket.present
        watch.socket.inherit(heir)
        old.on_frame(trade(1), 0)
        heir.on_frame(trade(1), 0)
        assert told == [trade(1)]
        assert watch.socket.twins is not None
        assert watch.socket.twins.held() == []


def book_frame(kind: str, number: int, symbol: str = SYMBOL) -> bytes:
    data = {"a": [], "b": [["900000", str(number)]], "sq": number, "cs": 0}
    return orjson.dumps({"type": kind, "ps": symbol, "d": data})


def full_book_frame(kind: str, number: int, symbol: str = SYMBOL) -> bytes:
    bids = [{"Price": "900000", "Orders": [{"orderId": "1", "quantity": str(number)}]}]
    data = {"Asks": [], "Bids": bids, "SequenceNumber": number, "Checksum": 0}
    return orjson.dumps({"type": kind, "currencyPairSymbol": symbol, "data": data})


@pytest.mark.parametrize(
    ("frame", "snapshot", "change"),
    [
        (book_frame, "OB_L1_SNAPSHOT", "OB_L1_DIFF"),
        (full_book_frame, "FULL_ORDERBOOK_SNAPSHOT", "FULL_ORDERBOOK_UPDATE"),
    ],
)
async def test_the_heirs_snapshot_is_left_out_where_the_old_connection_told_of_a_later_state(
    monkeypatch: pytest.MonkeyPatch, frame: Callable[..., bytes], snapshot: str, change: str
) -> None:
    later = frame(change, 102)
    elsewhere, behind, level = frame(snapshot, 101, "ETHZAR"), frame(snapshot, 101), frame(snapshot, 102)
    async with watching(monkeypatch, every_s=3600) as watch:
        for is_before_the_change in (True, False):
            heir, told = catching_up(watch.socket)
            watch.socket.present.on_frame(later, 0)
            if is_before_the_change:
                for raw in (behind, elsewhere, level):
                    heir.on_frame(raw, 0)
            watch.socket.inherit(heir)
            if not is_before_the_change:
                for raw in (behind, elsewhere, level):
                    heir.on_frame(raw, 0)
            assert told == [later, elsewhere, level]


@pytest.mark.parametrize("told_at_an_earlier_change", [{}, {SYMBOL: 1 << 40}])
async def test_what_the_old_connection_lost_the_heirs_snapshot_brings(
    monkeypatch: pytest.MonkeyPatch, told_at_an_earlier_change: dict[Symbol, int]
) -> None:
    """Since an earlier change, VALR may have begun to number the states anew."""
    async with watching(monkeypatch, every_s=3600) as watch:
        watch.socket.numbers_told |= told_at_an_earlier_change
        watch.exchange.faults.drop_frame(of_type("OB_L1_DIFF"))
        watch.order("0", "buy", D(850_000))
        await watch.rotate()
        best = watch.market.book(PAIR).best_bid
        assert best is not None
        assert best.price == 850_000
        assert watch.told(BookInvalidated) == []


def when_the_heir_pings(monkeypatch: pytest.MonkeyPatch, act: Callable[[], object]) -> None:
    """Have something happen once, while the first heir catches up."""
    ping, acts = WebSocketClient.ping, [act]

    async def act_and_ping(client: WebSocketClient) -> None:
        if acts:
            acts.pop()()
        await ping(client)

    monkeypatch.setattr(WebSocketClient, "ping", act_and_ping)


async def test_a_live_heir_of_a_stale_connection_is_told_and_its_books_are_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with watching(monkeypatch, every_s=3600) as watch:
        socket = watch.socket
        stall = SessionEvent.OVERDUE, "nothing came after a PING"
        when_the_heir_pings(monkeypatch, lambda: socket.present.client._happen(*stall))
        await watch.rotate()
        assert [event.after for event in watch.told(ConnectionChanged)][-2:] == [
            SessionState.STALE,
            SessionState.LIVE,
        ]
        assert watch.market.book(PAIR).is_valid


async def test_nobody_inherits_from_a_connection_that_is_lost_already(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with watching(monkeypatch, every_s=3600) as watch:
        socket = watch.socket
        made = clients_made(socket)
        when_the_heir_pings(monkeypatch, lambda: socket.present.client._happen(SessionEvent.LOST, "cut"))
        rotating = asyncio.create_task(watch.rotate())
        await watch.until(lambda: made and made[-1].session.state is SessionState.LIVE)
        socket.drop()
        await rotating
        assert not socket.rotations
        await watch.until(lambda: watch.market.book(PAIR).is_valid)


async def test_connections_are_counted_on_across_a_change(monkeypatch: pytest.MonkeyPatch) -> None:
    async with watching(monkeypatch, every_s=3600) as watch:

        async def drop() -> None:
            watch.socket.drop()
            await watch.until(lambda: watch.socket.session.state is not SessionState.LIVE)
            await watch.until(lambda: watch.socket.session.state is SessionState.LIVE)

        await drop()
        await watch.rotate()
        await drop()
        live = [event for event in watch.told(ConnectionChanged) if event.after is SessionState.LIVE]
        lost = [event for event in watch.told(ConnectionChanged) if event.after is SessionState.IDLE]
        assert ([event.epoch for event in live], [event.epoch for event in lost]) == ([1, 2, 3], [1, 2])


async def test_a_late_word_about_an_earlier_connection_is_void(monkeypatch: pytest.MonkeyPatch) -> None:
    async with watching(monkeypatch, every_s=3600) as watch:
        watch.socket.drop()
        await watch.until(lambda: watch.socket.session.state is not SessionState.LIVE)
        watch.socket.resynced(1)
        assert watch.socket.session.state is not SessionState.LIVE
        await watch.until(lambda: watch.market.book(PAIR).is_valid)


@pytest.mark.parametrize("nonsense", [b"{", b'{"type":"\xff"}', b'{"":' + b"[" * 100_000])
async def test_nonsense_of_an_heir_is_not_kept(monkeypatch: pytest.MonkeyPatch, nonsense: bytes) -> None:
    async with watching(monkeypatch, every_s=3600) as watch:
        watch.socket.twins = TwinFrames(patience=0)
        rotation._Leg(watch.socket).on_frame(nonsense, 0)
        assert watch.socket.twins.held() == []


async def test_nonsense_is_handed_on_as_it_came(monkeypatch: pytest.MonkeyPatch) -> None:
    async with watching(monkeypatch, every_s=3600) as watch:
        watch.socket.present.on_frame(b"{", 0)
        watch.trade()
        await watch.until(lambda: not watch.book_differs())


# --- in virtual time -------------------------------------------------------------------------------------


@asynccontextmanager
async def following(books: BookFeed) -> AsyncIterator[tuple[Desk, OrderBook, RotatingSocket]]:
    """A venue, and a book that is followed there over a socket that is renewed each minute."""
    async with trading() as desk:
        connector = desk.connector

        def connect(stream: MarketStream) -> RotatingSocket:
            return RotatingSocket(
                make=connector._connections.trade,
                handler=stream,
                on_state=stream.on_state,
                every_s=60.0,
                clock=lambda: desk.now,
            )

        stream = MarketStream(
            connect=connect,
            pairs=[connector._state.rules.pair(PAIR)],
            rules=connector._state.rules,
            feed=books,
            clock=lambda: desk.now,
            publisher=EventPublisher(),
            on_validity=lambda: None,
            metrics=Metrics(),
        )
        running = asyncio.create_task(stream.run())
        book = stream.books[Pair(PAIR)]
        await desk.until(lambda: book.is_valid)
        assert isinstance(stream.client, RotatingSocket)
        yield desk, book, stream.client
        running.cancel()
        await asyncio.wait([running])


def before_the_heir_subscribes(
    monkeypatch: pytest.MonkeyPatch, socket: RotatingSocket, act: Callable[[], Awaitable[None]]
) -> None:
    send, acts, heirs = WebSocketClient.send, [act], clients_made(socket)

    async def act_and_send(client: WebSocketClient, frame: bytes) -> None:
        if acts and client in heirs:
            await acts.pop()()
        await send(client, frame)

    monkeypatch.setattr(WebSocketClient, "send", act_and_send)


@pytest.mark.parametrize("books", [BookFeed.L1_DIFF, BookFeed.FULL])
@in_virtual_time
async def test_a_book_of_which_the_old_connection_spoke_before_it_stalled_is_right(
    monkeypatch: pytest.MonkeyPatch, books: BookFeed
) -> None:
    async with following(books) as (desk, book, socket):

        def bids() -> int:
            return len(book.bids) if book.is_valid else 0

        async def speak_and_stall() -> None:
            desk.rival("buy", "0.01", "850000")
            await desk.until(lambda: bids() == 1)
            old = socket.present.client._connection
            assert old is not None
            old.detach()
            desk.rival("buy", "0.01", "860000")

        before_the_heir_subscribes(monkeypatch, socket, speak_and_stall)
        await desk.until(lambda: socket.rotations == 1, 100.0)
        assert bids() == 2
        desk.rival("buy", "0.01", "870000")
        await desk.until(lambda: bids() == 3)
        assert book.breaks == 0
