"""The market maker's rules, each against an exchange that does exactly what the test says."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import cast

import pytest

from examples.market_maker import MarketMaker
from valr_connector import (
    CancelAllReport,
    CancelOutcome,
    CancelResult,
    ClientOrderId,
    Fill,
    Liquidity,
    NotReadyError,
    OrderCancelled,
    OrderEvent,
    OrderFilled,
    OrderStatus,
    OrderType,
    Pair,
    PairInfo,
    Placement,
    Side,
    Symbol,
    TradeId,
    ValrExchange,
)
from valr_connector.core.order_record import OrderRecord
from valr_connector.core.trading_rules import quantise_price

BTC_ZAR = PairInfo(
    pair=Pair("BTC-ZAR"),
    symbol=Symbol("BTCZAR"),
    base="BTC",
    quote="ZAR",
    tick_size=Decimal(1),
    amount_step=Decimal("0.00000001"),
    min_amount=Decimal("0.00001"),
    max_amount=Decimal(5),
    min_notional=Decimal(10),
    max_notional=Decimal(5_000_000),
)


class ScriptedExchange:
    """Stands in for `ValrExchange`: orders rest at once, and cancels end as `cancel_result` says."""

    def __init__(self) -> None:
        self.ready = True
        self.mid: Decimal | None = Decimal(1_000_000)
        self.orders: dict[ClientOrderId, OrderRecord] = {}
        self.placed: list[OrderRecord] = []
        self.placements: asyncio.Queue[OrderRecord] = asyncio.Queue()
        self.post_only: list[bool] = []
        self.cancelled: list[OrderRecord] = []
        self.cancel_result = CancelResult.CANCELLED
        self.refusal: Exception | None = None
        self.callbacks: list[Callable[[OrderEvent], None]] = []
        self.most_live: dict[Side, int] = {Side.BUY: 0, Side.SELL: 0}

    def quantise_price(self, pair: str, side: Side, price: Decimal) -> Decimal:
        assert pair == BTC_ZAR.pair
        return quantise_price(BTC_ZAR, side, price)

    def mid_price(self, _pair: str) -> Decimal | None:
        return self.mid

    def on(self, _event_type: type, callback: Callable[[OrderEvent], None]) -> Callable[[], None]:
        self.callbacks.append(callback)
        return lambda: self.callbacks.remove(callback)

    async def place_limit_order(
        self, pair: str, side: Side, *, amount: Decimal, price: Decimal, post_only: bool
    ) -> OrderRecord:
        if self.refusal is not None:
            raise self.refusal
        order = an_order(side, price, name=f"vc-{len(self.placed)}", amount=amount, pair=pair)
        self.placed.append(order)
        self.placements.put_nowait(order)
        self.post_only.append(post_only)
        self.orders[order.client_order_id] = order
        live = sum(each.side is side for each in self.orders.values())
        self.most_live[side] = max(self.most_live[side], live)
        await asyncio.sleep(0)
        return order

    async def cancel_order(self, order: OrderRecord) -> CancelOutcome:
        await asyncio.sleep(0)
        self.cancelled.append(order)
        outcome = CancelOutcome(order, self.cancel_result)
        if outcome.is_done:
            del self.orders[order.client_order_id]
        return outcome

    async def cancel_all(self, *, pair: str) -> CancelAllReport:
        orders = [order for order in self.orders.values() if order.pair == pair]
        return CancelAllReport(tuple([await self.cancel_order(order) for order in orders]))

    async def places_two(self) -> None:
        """Wait until two more orders were placed."""
        async with asyncio.timeout(5):
            await self.placements.get()
            await self.placements.get()

    def hold(self, order: OrderRecord) -> None:
        """Have an order in flight."""
        self.orders[order.client_order_id] = order

    def tell(self, event: OrderEvent) -> None:
        for callback in self.callbacks:
            callback(event)


def an_order(
    side: Side,
    price: Decimal | int,
    *,
    name: str = "held",
    amount: Decimal = Decimal("0.1"),
    pair: str = "BTC-ZAR",
) -> OrderRecord:
    return OrderRecord(
        client_order_id=ClientOrderId(name),
        pair=Pair(pair),
        symbol=Symbol(pair.replace("-", "")),
        side=side,
        order_type=OrderType.LIMIT,
        price=Decimal(price),
        amount=amount,
        status=OrderStatus.OPEN,
    )


def a_fill(order: OrderRecord, amount: str) -> OrderFilled:
    at = datetime(2025, 1, 1, tzinfo=UTC)
    fill = Fill(
        trade_id=TradeId("t"),
        client_order_id=order.client_order_id,
        pair=order.pair,
        side=order.side,
        price=Decimal(1_000_000),
        amount=Decimal(amount),
        fee=None,
        liquidity=Liquidity.MAKER,
        at=at,
    )
    return OrderFilled(order, at, fill, fill.amount, is_late=False)


@pytest.fixture
def exchange() -> ScriptedExchange:
    return ScriptedExchange()


@pytest.fixture
def maker(exchange: ScriptedExchange) -> MarketMaker:
    return MarketMaker(
        cast("ValrExchange", exchange),
        pair="BTC-ZAR",
        spread=Decimal(20),
        amount=Decimal("0.1"),
        refresh_s=0.001,
        max_position=Decimal("0.4"),
        skew=Decimal(8),
    )


def quoted(exchange: ScriptedExchange) -> dict[Side, Decimal | None]:
    return {order.side: order.price for order in exchange.placed}


async def test_both_sides_are_quoted_half_the_spread_from_the_mid(
    maker: MarketMaker, exchange: ScriptedExchange
) -> None:
    await maker.refresh()

    assert quoted(exchange) == {Side.BUY: Decimal(999_000), Side.SELL: Decimal(1_001_000)}


async def test_every_quote_is_post_only(maker: MarketMaker, exchange: ScriptedExchange) -> None:
    await maker.refresh()

    assert exchange.post_only == [True, True]


async def test_prices_off_the_grid_are_rounded_away_from_the_mid(
    maker: MarketMaker, exchange: ScriptedExchange
) -> None:
    exchange.mid = Decimal("1000000.5")

    await maker.refresh()

    assert quoted(exchange) == {Side.BUY: Decimal(999_000), Side.SELL: Decimal(1_001_001)}


@pytest.mark.parametrize(("position", "moved_by"), [("0.2", -400), ("-0.2", 400)])
async def test_a_position_moves_both_quotes_against_itself(
    maker: MarketMaker, exchange: ScriptedExchange, position: str, moved_by: int
) -> None:
    maker.position = Decimal(position)

    await maker.refresh()

    assert quoted(exchange) == {
        Side.BUY: Decimal(999_000 + moved_by),
        Side.SELL: Decimal(1_001_000 + moved_by),
    }


async def test_a_quote_whose_price_is_still_right_stays(
    maker: MarketMaker, exchange: ScriptedExchange
) -> None:
    await maker.refresh()
    await maker.refresh()

    assert len(exchange.placed) == 2
    assert exchange.cancelled == []


async def test_a_quote_whose_price_is_wrong_is_replaced(
    maker: MarketMaker, exchange: ScriptedExchange
) -> None:
    await maker.refresh()
    exchange.mid = Decimal(1_100_000)

    await maker.refresh()

    assert {order.price for order in exchange.cancelled} == {Decimal(999_000), Decimal(1_001_000)}
    assert {order.price for order in exchange.orders.values()} == {Decimal(1_098_900), Decimal(1_101_100)}


async def test_a_side_never_has_two_live_quotes(maker: MarketMaker, exchange: ScriptedExchange) -> None:
    for step in range(20):
        exchange.mid = Decimal(1_000_000 + 1_000 * step)
        await maker.refresh()

    assert exchange.most_live == {Side.BUY: 1, Side.SELL: 1}


@pytest.mark.parametrize("result", [CancelResult.UNKNOWN, CancelResult.STILL_OPEN])
async def test_nothing_is_placed_until_the_cancel_is_confirmed(
    maker: MarketMaker, exchange: ScriptedExchange, result: CancelResult
) -> None:
    await maker.refresh()
    exchange.mid = Decimal(1_100_000)
    exchange.cancel_result = result

    await maker.refresh()

    assert len(exchange.cancelled) == 2
    assert len(exchange.placed) == 2


async def test_a_quote_that_was_filled_before_the_cancel_is_replaced(
    maker: MarketMaker, exchange: ScriptedExchange
) -> None:
    exchange.hold(an_order(Side.BUY, 1))
    exchange.cancel_result = CancelResult.FILLED

    await maker.refresh()

    assert Side.BUY in quoted(exchange)


async def test_an_order_of_unknown_fate_counts_as_live(
    maker: MarketMaker, exchange: ScriptedExchange
) -> None:
    unknown = an_order(Side.BUY, 999_000)
    unknown.status, unknown.placement = OrderStatus.PENDING_CREATE, Placement.UNKNOWN
    exchange.hold(unknown)

    await maker.refresh()

    assert list(quoted(exchange)) == [Side.SELL]


async def test_orders_of_other_pairs_are_left_alone(maker: MarketMaker, exchange: ScriptedExchange) -> None:
    exchange.hold(an_order(Side.BUY, 50_000, pair="ETH-ZAR"))

    await maker.refresh()

    assert exchange.cancelled == []
    assert len(exchange.placed) == 2


@pytest.mark.parametrize(("position", "side"), [("0.4", Side.SELL), ("-0.4", Side.BUY)])
async def test_a_full_position_is_only_reduced(
    maker: MarketMaker, exchange: ScriptedExchange, position: str, side: Side
) -> None:
    maker.position = Decimal(position)

    await maker.refresh()

    assert list(quoted(exchange)) == [side]


async def test_nothing_happens_while_the_connection_is_not_ready(
    maker: MarketMaker, exchange: ScriptedExchange
) -> None:
    exchange.hold(an_order(Side.BUY, 1))
    exchange.ready = False

    await maker.refresh()

    assert exchange.placed == []
    assert exchange.cancelled == []


async def test_quotes_are_pulled_while_there_is_no_mid_price(
    maker: MarketMaker, exchange: ScriptedExchange
) -> None:
    await maker.refresh()
    exchange.mid = None

    await maker.refresh()

    assert exchange.orders == {}
    assert len(exchange.placed) == 2


async def test_a_connection_that_goes_before_the_placement_is_survived(
    maker: MarketMaker, exchange: ScriptedExchange
) -> None:
    exchange.refusal = NotReadyError("gone")
    await maker.refresh()
    exchange.refusal = None

    await maker.refresh()

    assert len(exchange.placed) == 2


async def test_a_quote_that_may_survive_being_pulled_is_named(
    maker: MarketMaker, exchange: ScriptedExchange, capsys: pytest.CaptureFixture[str]
) -> None:
    exchange.hold(an_order(Side.BUY, 1, name="vc-lost"))
    exchange.cancel_result = CancelResult.UNKNOWN

    await maker.pull()

    assert capsys.readouterr().out == "vc-lost may still be open: UNKNOWN\n"


async def test_stopping_cancels_the_quotes_and_ends_the_subscription(
    maker: MarketMaker, exchange: ScriptedExchange
) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(maker.run(stop))
    await exchange.places_two()

    stop.set()
    await running

    assert exchange.orders == {}
    assert exchange.callbacks == []


async def test_being_cancelled_pulls_the_quotes_too(maker: MarketMaker, exchange: ScriptedExchange) -> None:
    running = asyncio.create_task(maker.run(asyncio.Event()))
    await exchange.places_two()

    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running

    assert exchange.orders == {}


async def test_quotes_are_refreshed_again_and_again(maker: MarketMaker, exchange: ScriptedExchange) -> None:
    stop = asyncio.Event()
    running = asyncio.create_task(maker.run(stop))
    await exchange.places_two()

    exchange.mid = Decimal(1_100_000)
    await exchange.places_two()
    stop.set()
    await running

    assert len(exchange.cancelled) == 4


def test_fills_move_the_position(maker: MarketMaker) -> None:
    maker.follow(a_fill(an_order(Side.BUY, 1), "0.1"))
    maker.follow(a_fill(an_order(Side.SELL, 1), "0.03"))

    assert maker.position == Decimal("0.07")


def test_events_are_counted_by_their_names(maker: MarketMaker) -> None:
    maker.follow(a_fill(an_order(Side.BUY, 1), "0.1"))
    maker.follow(OrderCancelled(an_order(Side.BUY, 1), None, Decimal(0), ""))

    assert maker.counts == {"OrderFilled": 1, "OrderCancelled": 1}


def test_other_pairs_do_not_count(maker: MarketMaker) -> None:
    maker.follow(a_fill(an_order(Side.BUY, 1, pair="ETH-ZAR"), "0.1"))

    assert maker.position == 0
    assert not maker.counts


@pytest.fixture
def process() -> Iterator[subprocess.Popen[str]]:
    example = Path(__file__).parents[2] / "examples" / "market_maker.py"
    environment = {name: value for name, value in os.environ.items() if not name.startswith("VALR_")}
    with subprocess.Popen(
        [sys.executable, "-u", "-W", "error", str(example)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    ) as running:
        yield running
        running.kill()


def test_run_by_itself_it_quotes_the_embedded_exchange_and_stops_on_ctrl_c(
    process: subprocess.Popen[str],
) -> None:
    assert process.stdout is not None
    started = process.stdout.readline()
    process.send_signal(signal.SIGINT)
    out, errors = process.communicate(timeout=20)

    assert started == "quoting BTC-ZAR on the embedded exchange\n"
    assert out.startswith("position ")
    assert errors == ""
    assert process.returncode == 0
