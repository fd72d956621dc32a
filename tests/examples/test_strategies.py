"""The smaller examples, each against an embedded exchange on which nobody trades but who the test says."""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

import pytest

from examples.grid import Grid
from examples.hedge import Hedger
from examples.kill_switch import KillSwitch
from examples.twap import Twap
from tests.net.trading import RIVAL, Desk, trading
from valr_connector import OrderStatus, Side

D = Decimal
PAIR = "BTC-ZAR"
EXAMPLES = Path(__file__).parents[2] / "examples"


def open_here(desk: Desk) -> set[tuple[Side, Decimal | None]]:
    """Side and price of every live order."""
    return {(order.side, order.price) for order in desk.valr.orders.values()}


async def test_twap_buys_each_slice_and_carries_over_what_a_slice_did_not_get() -> None:
    async with trading() as desk:
        desk.rival("sell", "0.003", "1000000")
        twap = Twap(desk.valr, pair=PAIR, amount=D("0.01"), limit=D(1000000), slices=5, interval_s=0)
        await twap.catch_up(D("0.002"))
        await twap.catch_up(D("0.004"))
        assert twap.executed == D("0.003")
        desk.rival("sell", "1", "1000000")
        await twap.run()

    assert [order.amount for order in twap.orders] == [D(f"0.00{n}") for n in (2, 2, 1, 2, 2, 2)]
    assert (twap.executed, twap.committed) == (D("0.01"), D("0.01"))


async def test_twap_pays_no_more_than_its_limit() -> None:
    async with trading() as desk:
        desk.rival("sell", "1", "1000001")
        twap = Twap(desk.valr, pair=PAIR, amount=D("0.01"), limit=D(1000000), slices=2, interval_s=0)
        await twap.run()

    assert twap.executed == 0


async def test_twap_takes_an_order_of_unknown_fate_for_bought() -> None:
    async with trading() as desk:
        twap = Twap(desk.valr, pair=PAIR, amount=D("0.01"), limit=D(1000000), slices=2, interval_s=0)
        twap.orders.append(await desk.buy(amount="0.01"))  # live: what becomes of it is not known
        await twap.run()

    assert len(twap.orders) == 1


async def test_a_grid_answers_a_fill_one_step_away_and_pulls_everything_at_the_end() -> None:
    async with trading() as desk:
        grid = Grid(desk.valr, pair=PAIR, middle=D(1000000), step=D(1000), levels=2, amount=D("0.01"))
        running = asyncio.create_task(grid.run())
        await desk.until(lambda: len(desk.valr.orders) == 4)
        desk.rival("sell", "0.01", "999000")
        await desk.until(lambda: (Side.SELL, D(1000000)) in open_here(desk))
        assert open_here(desk) == {
            (Side.BUY, D(998000)), (Side.SELL, D(1000000)), (Side.SELL, D(1001000)), (Side.SELL, D(1002000))
        }  # fmt: skip
        desk.rival("buy", "0.01", "1000000")
        await desk.until(lambda: (Side.BUY, D(999000)) in open_here(desk))
        running.cancel()
        with pytest.raises(asyncio.CancelledError):
            await running
        assert (grid.answered, dict(desk.valr.orders)) == (2, {})


async def test_a_level_of_the_grid_is_not_quoted_twice() -> None:
    async with trading() as desk:
        grid = Grid(desk.valr, pair=PAIR, middle=D(1000000), step=D(1000), levels=2, amount=D("0.01"))
        await grid.quote(Side.BUY, D(999000))
        await grid.quote(Side.BUY, D(999000))
        assert len(desk.valr.orders) == 1


async def test_a_fill_is_hedged_once_on_the_other_pair() -> None:
    async with trading() as desk:
        desk.rival("buy", "0.1", "85000", symbol="BTCUSDC")
        hedger = Hedger(desk.valr, traded=PAIR, hedged_with="BTC-USDC")
        running = asyncio.create_task(hedger.run())
        await asyncio.sleep(0)
        bid = await desk.buy("1000000", "0.01")
        desk.rival("sell", "0.01", "1000000")
        await desk.until(lambda: hedger.hedges and hedger.hedges[0].status is OrderStatus.FILLED)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    assert bid.executed_amount == D("0.01")
    assert [(hedge.side, hedge.executed_amount) for hedge in hedger.hedges] == [(Side.SELL, D("0.01"))]
    assert hedger.exposure == 0


async def test_an_exposure_below_the_smallest_order_waits_for_more() -> None:
    async with trading() as desk:
        hedger = Hedger(desk.valr, traded=PAIR, hedged_with="BTC-USDC", position=D("0.00000001"))
        await hedger.offset(hedger.exposure)

    assert (hedger.hedges, hedger.exposure) == ([], D("0.00000001"))


async def test_the_kill_switch_trips_at_the_limit_and_cancels_everything() -> None:
    async with trading(pairs=[PAIR]) as desk:
        switch = KillSwitch(desk.valr, pair=PAIR, max_loss=D(100))
        running = asyncio.create_task(switch.run())
        await asyncio.sleep(0)
        await desk.buy("800000")
        bid = desk.rival("buy", "0.01", "999000")
        desk.rival("sell", "0.02", "1000000")
        await desk.buy("1000000", "0.01")
        assert (switch.position, switch.has_tripped.is_set()) == (D("0.01"), False)
        desk.exchange.venue.cancel(RIVAL, "BTCZAR", order_id=bid.order_id)
        report = await asyncio.wait_for(running, 3)

    assert switch.tripped_at is not None
    assert switch.tripped_at <= -100
    assert (len(report.outcomes), report.is_clean) == (1, True)


async def test_the_kill_switch_counts_fees_and_changes_nothing_without_a_price() -> None:
    async with trading(pairs=[PAIR]) as desk:
        switch = KillSwitch(desk.valr, pair=PAIR, max_loss=D(1))
        running = asyncio.create_task(switch.run())
        await asyncio.sleep(0)
        desk.rival("sell", "0.01", "1000000")
        await desk.buy("1000000", "0.01")
        await desk.until(lambda: switch.position)
        assert (switch.result(), switch.has_tripped.is_set()) == (None, False)
        assert sum(switch.fees.values()) == D("10")  # 0.1 % of 10,000 ZAR
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest.mark.parametrize("example", sorted(EXAMPLES.glob("*.py")), ids=lambda path: path.stem)
def test_an_example_is_short_enough_to_be_read(example: Path) -> None:
    assert len(example.read_text(encoding="utf-8").splitlines()) <= 120
