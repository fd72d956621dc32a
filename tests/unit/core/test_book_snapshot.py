"""What a quoting engine reads of a book at one moment."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from datetime import UTC, datetime
from decimal import Decimal, localcontext

import pytest

from valr_connector.core.book_side import BookSide
from valr_connector.core.book_snapshot import BookSnapshot
from valr_connector.core.order_record import OrderRecord
from valr_connector.model.enums import BookFeed, OrderStatus, OrderType, Side
from valr_connector.model.ids import ClientOrderId, Pair, Symbol
from valr_connector.model.market import PriceLevel

D = Decimal
PAIR = Pair("BTC-ZAR")


def snapshot(
    bids: tuple[str, ...] = ("100:1", "99:2"), asks: tuple[str, ...] = ("102:3",), at: int | None = 0
) -> BookSnapshot:
    return BookSnapshot(
        PAIR, BookFeed.L1_DIFF, BookSide(Side.BUY, bids), BookSide(Side.SELL, asks), 7, at, received_at=50
    )


def order(
    side: Side,
    price: str | None,
    amount: str | None,
    *,
    status: OrderStatus = OrderStatus.OPEN,
    pair: str = "BTC-ZAR",
    order_type: OrderType = OrderType.LIMIT,
) -> OrderRecord:
    """An order of ours."""
    return OrderRecord(
        client_order_id=ClientOrderId("ours"),
        pair=Pair(pair),
        symbol=Symbol(pair.replace("-", "")),
        side=side,
        order_type=order_type,
        status=status,
        price=None if price is None else D(price),
        amount=None if amount is None else D(amount),
    )


def test_prices_between_the_sides_are_exact() -> None:
    book = snapshot()
    assert (book.best_bid, book.best_ask) == (PriceLevel(D(100), D(1)), PriceLevel(D(102), D(3)))
    assert (book.mid_price, book.spread) == (D(101), D(2))
    assert book.micro_price == D("100.5")  # one rests at 100, three at 102: the bid will go first
    assert book.spread_bps == D(2) / D(101) * 10_000


def test_no_sum_is_rounded_to_the_digits_of_the_programs_decimals() -> None:
    book = snapshot(bids=("1000001:1.00000001", "1000000:2.00000002"), asks=("1000002:3",))
    with localcontext(prec=4):
        between = (book.mid_price, book.spread)
        amount, notional = book.bids.amount_to(1_000_000), book.bids.notional_to(1_000_000)
        prices = [book.bids.price_for(wanted) for wanted in ("3.00000003", "3.00000004")]
        others = book.without([order(Side.BUY, "1000000", "0.00000001")] * 2)
    assert between == (D("1000001.5"), D(1))
    assert (amount, notional) == (D("3.00000003"), D("3000001.03000001"))
    assert prices == [D(1_000_000), None]
    assert others.bids.amounts == (D("1.00000001"), D(2))


@pytest.mark.parametrize("book", [snapshot(bids=()), snapshot(asks=()), snapshot((), ())])
def test_without_both_sides_there_is_nothing_between_them(book: BookSnapshot) -> None:
    between = (book.mid_price, book.micro_price, book.spread, book.spread_bps)
    assert between == (None, None, None, None)


def test_a_side_can_be_asked_for_by_name() -> None:
    book = snapshot()
    assert (book.side(Side.BUY), book.side(Side.SELL)) == (book.bids, book.asks)


@pytest.mark.parametrize(
    ("milliseconds", "time"),
    [
        (1_790_000_000_123, datetime(2026, 9, 21, 14, 13, 20, 123_000, tzinfo=UTC)),
        (None, None),
        (-1, None),
        (10**18, None),
    ],
)
def test_valrs_time_is_a_time_if_it_is_one(milliseconds: int | None, time: datetime | None) -> None:
    assert snapshot(at=milliseconds).changed_at == time


def test_its_age_counts_from_its_last_frame() -> None:
    assert snapshot().age_ns(now=80) == 30


def test_it_cannot_be_changed() -> None:
    with pytest.raises(FrozenInstanceError):
        snapshot().sequence = 8  # type: ignore[misc]  # that is the point


def test_own_orders_can_be_taken_out() -> None:
    own = [order(Side.BUY, "100", "0.25"), order(Side.BUY, "100.0", "0.5"), order(Side.SELL, "102", "3")]
    book = snapshot().without(own)
    assert (book.best_bid, book.best_ask) == (PriceLevel(D(100), D("0.25")), None)
    assert (book.sequence, book.pair) == (7, PAIR)


@pytest.mark.parametrize(
    "elsewhere",
    [
        order(Side.BUY, "100", "1", pair="ETH-ZAR"),
        order(Side.BUY, "100", "1", status=OrderStatus.PENDING_CREATE),
        order(Side.BUY, "100", "1", status=OrderStatus.CANCELLED),
        order(Side.BUY, "100", "1", order_type=OrderType.STOP_LOSS_LIMIT),
        order(Side.BUY, None, "1"),
        order(Side.BUY, "100", None),
        order(Side.BUY, "98", "1"),
    ],
)
def test_orders_that_do_not_rest_in_this_book_take_nothing_out(elsewhere: OrderRecord) -> None:
    assert snapshot().without([elsewhere]) == snapshot()


def test_an_order_of_ours_counts_with_what_is_left_of_it() -> None:
    ours = order(Side.BUY, "100", "2", status=OrderStatus.PARTIALLY_FILLED)
    ours.reported_executed = D("0.5")
    assert list(snapshot(bids=("100:5",)).without([ours]).bids) == [PriceLevel(D(100), D("3.5"))]
