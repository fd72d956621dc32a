"""The known answers of protocol 18.5, and what a checksum is made of."""

from __future__ import annotations

from zlib import crc32

import pytest

from tests.unit.core import book_wire as wire
from valr_connector.core.level_book import LevelBook, checksum
from valr_connector.core.queue_book import QueueBook

BIDS = [("86476", "0.0115"), ("86453", "0.04"), ("86452", "0.0682")]
ASKS = [("86491", "0.0598"), ("86503", "0.04"), ("86504", "0.0995")]
FIRST = 1_040_807_676
SECOND = 3_851_293_898

BID_ORDERS = [
    (
        "45147",
        [
            ("763080a8-9154-4c41-98de-ae09a0cf48cd", "0.00014782"),
            ("33ceace1-d1e8-4d41-af96-9b13b655f0e8", "0.011"),
        ],
    ),
    ("45121", [("05ee59dc-a07a-42d4-ab78-a0678ce9c9f5", "0.00169")]),
]
TAKEN, KEPT = "1d2e7745-5020-4d48-a77e-afc787ad048d", "0aa53615-3ea9-42bd-a12a-16c3070b0ad3"
ASK_ORDERS = [("45363", [(TAKEN, "0.0019"), (KEPT, "0.00912078")])]
NEW = "91e730fc-7888-4c24-b977-f5329bf28790"


def thirty(best: str, first: int, step: int, amount: str) -> list[tuple[str, str]]:
    """A best level, and 29 behind it."""
    return [(best.partition(":")[0], best.partition(":")[2])] + [
        (str(first + step * n), amount) for n in range(29)
    ]


def test_the_sum_is_the_one_of_zlib() -> None:
    assert crc32(b"123456789") == 3_421_780_262


@pytest.mark.parametrize(
    ("bids", "asks", "answer"),
    [
        (BIDS, ASKS, FIRST),
        (BIDS[:1], ASKS, 4_012_362_704),
        ([], ASKS, 438_024_912),
        ([], [], 0),
        (
            thirty("86476:0.0115", 86452, -1, "0.01"),
            thirty("86491:0.0598", 86503, 1, "0.02"),
            3_522_805_875,
        ),
    ],
    ids=["three a side", "one bid", "no bids", "empty", "thirty a side"],
)
def test_a_book_of_levels_has_the_known_sum(
    bids: list[tuple[str, str]], asks: list[tuple[str, str]], answer: int
) -> None:
    book = LevelBook()
    assert book.snapshot(wire.snapshot(bids, asks, checksum=answer)) == ""
    assert book.checksum == answer


def test_a_book_of_levels_has_the_known_sum_after_the_known_diff() -> None:
    book = LevelBook()
    book.snapshot(wire.snapshot(BIDS, ASKS, 500_100, FIRST))
    assert book.diff(wire.diff([], [("86503", "0"), ("86516", "0.04")], 500_101, SECOND)) == ""
    assert book.checksum == SECOND


def test_a_book_of_orders_has_the_known_sums() -> None:
    book = QueueBook()
    assert book.snapshot(wire.full_snapshot(BID_ORDERS, ASK_ORDERS, 1_000, 1_071_737_320)) == ""
    asks = [("45363", [(TAKEN, "0"), (KEPT, "0.00102078")]), ("46125", [(NEW, "0.0418")])]
    assert book.diff(wire.full_update([], asks, 1_003, 4_152_906_631)) == ""
    assert book.checksum == 4_152_906_631


def test_the_sum_is_of_the_text_as_received() -> None:
    assert checksum(["1:0.10"], []) != checksum(["1:0.1"], [])


def test_a_side_that_is_longer_ends_the_text() -> None:
    assert checksum(["b1", "b2", "b3"], ["a1"]) == crc32(b"b1:a1:b2:b3")
    assert checksum(["b1"], ["a1", "a2", "a3"]) == crc32(b"b1:a1:a2:a3")
