"""The benchmark of books runs, and its contenders agree with each other and with the market."""

from __future__ import annotations

from random import Random
from statistics import median

from benchmarks import book_diffs
from benchmarks.feed_server import make_frames
from benchmarks.market import RandomMarket
from tests.soak.venue_market import VenueMarket
from valr_connector.protocol.frames import BookFrame, decode_trade_frame


def test_every_contender_keeps_the_same_book() -> None:
    running = book_diffs.contenders()
    names = [contender.name for contender in running]
    assert names[:3] == ["valr_connector", "hand-made", "sortedcontainers"]
    spent = book_diffs.measure(running, 400, 120, seed=3)
    assert list(spent) == names
    assert all(median(turns) for turns in spent.values())


def test_it_prints_one_line_for_each_says_who_is_missing_and_what_it_comes_to() -> None:
    said: list[str] = []
    book_diffs.main(["--diffs", "50", "--levels", "100"], say=said.append)
    assert said[0] == "50 OB_L1_DIFF on 100 levels, checksum verified, best prices read"
    assert [line.split()[0] for line in said[1:]] == [
        "valr_connector",
        "hand-made",
        "sortedcontainers",
        "order-book",
        "P9",
    ]


def test_a_made_up_market_never_crosses() -> None:
    market = RandomMarket("BTCZAR", Random(4), levels=60)
    for _ in range(2_000):
        market.diff()
        bid, ask = market.bids()[0], market.asks()[0]
        assert int(bid.partition(":")[0]) < int(ask.partition(":")[0])


def test_frames_made_for_load_are_frames_with_the_time_left_out() -> None:
    snapshots, changes = make_frames(pairs=2, seconds=1, rate=3)
    assert (len(snapshots), len(changes)) == (2, 6)
    for before, after in snapshots + changes:
        head = 4 if before[1] == 126 else 2
        payload = before[head:] + b"1234567890123456789" + after
        assert isinstance(decode_trade_frame(payload), BookFrame)
        size = int.from_bytes(before[2:4], "big") if head == 4 else before[1]
        assert size == len(payload)


def test_the_venues_market_numbers_its_changes_upwards() -> None:
    market = VenueMarket("C00ZAR", Random(5))
    number = market.sequence
    for _ in range(300):
        market.diff()
        assert market.sequence > number
        number = market.sequence
