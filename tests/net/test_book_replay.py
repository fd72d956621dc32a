"""What was recorded of the embedded market replays to the books that were seen, state by state."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from tests.net.trading import AT_ONCE, Desk, hurry
from valr_connector import BookChanged, BookFeed, BookInvalidated, BookSide, ConnectionChanged, ValrExchange
from valr_connector.core.order_book import OrderBook
from valr_connector.model.ids import Pair
from valr_connector.model.market import PairInfo
from valr_connector.net.book_keeper import BookKeeper
from valr_connector.net.event_stream import EventPublisher
from valr_connector.net.journal import Direction, FrameRecorder, RecordedFrame, read_frames
from valr_connector.observe.metrics import Metrics
from valr_connector.protocol.frames import BookFrame, decode_trade_frame
from valr_connector.simulator.exchange import EmbeddedExchange
from valr_connector.simulator.faults import diff_of

PAIRS = ("BTC-ZAR", "ETH-ZAR")
State = tuple[str, int | None, BookSide, BookSide] | tuple[str, str]
"""A book's pair, number and sides; or a pair whose book became invalid."""


def note(
    states: list[State], publisher: EventPublisher | ValrExchange, book_of: Callable[[Pair], OrderBook]
) -> None:
    """Keep every state that is told."""

    def changed(event: BookChanged) -> None:
        book = book_of(event.pair)
        states.append((event.pair, book.sequence, book.bids, book.asks))

    publisher.on(BookChanged, changed)
    publisher.on(BookInvalidated, lambda event: states.append((event.pair, "invalid")))


async def record(path: Path, feed: BookFeed) -> tuple[Sequence[State], Sequence[PairInfo]]:
    """A run of the crowd's market with a lost frame, a false one and a lost connection."""
    states: list[State] = []
    settings = replace(AT_ONCE, crowd=True, crowd_interval_s=0.002)
    async with EmbeddedExchange(settings, rng=Random(3)) as exchange:
        with FrameRecorder(path, socket="trade") as recorder:
            valr = ValrExchange.simulated(pairs=PAIRS, books=feed, exchange=exchange, market_tap=recorder)
            hurry(valr)
            valr.on(ConnectionChanged, recorder.note_connection)
            note(states, valr, valr.book)
            async with valr:
                desk = Desk(exchange, valr)
                await desk.until(lambda: len(states) > 30)
                exchange.faults.drop_frame(diff_of("BTCZAR"))
                exchange.faults.falsify_checksum("ETHZAR")
                await desk.until(lambda: all(valr.book(pair).breaks for pair in PAIRS))
                await desk.until(lambda: valr.ready)
                exchange.drop_sockets("trade")
                await desk.until(lambda: not valr.ready)
                await desk.until(lambda: valr.ready and len(states) > 120)
                return tuple(states), [valr.pair_info(pair) for pair in PAIRS]


def replay(frames: Iterable[RecordedFrame], feed: BookFeed, infos: Sequence[PairInfo]) -> Sequence[State]:
    """The states that the recorded frames lead to."""
    states: list[State] = []
    publisher = EventPublisher()
    keeper = BookKeeper(
        infos,
        feed,
        clock=lambda: 0,
        publisher=publisher,
        on_validity=lambda: None,
        on_break=lambda: None,
        metrics=Metrics(),
    )
    note(states, publisher, lambda pair: keeper.books[pair])
    epoch: int | None = 1
    for recorded in frames:
        if recorded.epoch != epoch:
            keeper.disconnected("the connection ended")
            epoch = recorded.epoch
        frame = decode_trade_frame(recorded.raw) if recorded.direction is Direction.IN else None
        if isinstance(frame, BookFrame):
            keeper.take(frame, 0)
    return states


@pytest.mark.parametrize("feed", [BookFeed.L1_DIFF, BookFeed.FULL])
async def test_a_recorded_run_replays_to_identical_books(feed: BookFeed, tmp_path: Path) -> None:
    path = tmp_path / "trade.journal"
    seen, infos = await record(path, feed)
    assert [state[1] for state in seen].count("invalid") == 4  # each once by a frame, once by the connection
    assert replay(read_frames(path), feed, infos)[: len(seen)] == list(seen)
