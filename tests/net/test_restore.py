"""S12: killed at any instant and started again, it knows what may be live, and each thing is told once."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
from dataclasses import replace
from decimal import Decimal
from functools import partial
from pathlib import Path

import pytest

from tests.net.journaling import Disk
from tests.net.lives import Life, lives_at
from tests.net.trading import ACCOUNT, QUICK, tasks_of_the_library
from valr_connector import (
    BatchLimit,
    CancelResult,
    Hosts,
    JournalCorruptError,
    JournalInUseError,
    JournalWriteError,
    OrderEvent,
    OrderFilled,
    OrderJournalError,
    OrderStatus,
    Placement,
    Restored,
    Settings,
    Side,
    TimeInForce,
    ValrExchange,
)
from valr_connector.core.guards import SECOND
from valr_connector.core.order_record import OrderRecord
from valr_connector.net.order_journal import read_orders
from valr_connector.simulator.faults import of_type
from valr_connector.simulator.vocabulary import State

D = Decimal
PLACE = of_type("PLACE_LIMIT_ORDER")
CANCEL = of_type("CANCEL_LIMIT_ORDER")
SILENCE = of_type(
    "PLACE_LIMIT_WS_RESPONSE",
    "ORDER_PROCESSED",
    "ORDER_STATUS_UPDATE",
    "OPEN_ORDERS_UPDATE",
    "NEW_ACCOUNT_TRADE",
)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orders.journal"


# --- between the command and its outcome -----------------------------------------------------------------


async def test_an_order_whose_placing_was_under_way_is_found_at_valr(path: Path) -> None:
    async with lives_at(path) as lives:
        first = await lives.begin()
        first.exchange.faults.drop_frame(SILENCE, count=99)
        call = first.begin_to_buy(client_order_id="MM-1")
        await first.until(first.venue_orders)
        await first.die(call)
        first.exchange.faults.clear()
        second = await lives.begin()
        await lives.agree()
        assert second.restored() == {"MM-1": "PENDING_CREATE"}
        assert second.story_of("MM-1") == ["Restored", "OrderCreated"]
        assert second.valr.order("MM-1").status is OrderStatus.OPEN
        assert list(second.valr.orders) == ["MM-1"]


async def test_an_order_that_never_reached_valr_is_failed_only_after_the_grace(path: Path) -> None:
    async with lives_at(path) as lives:
        first = await lives.begin()
        first.exchange.faults.swallow_command(PLACE)
        call = first.begin_to_buy(client_order_id="MM-1")
        await first.until(lambda: first.sent("PLACE_LIMIT_ORDER"))
        await first.die(call)
        second = await lives.begin(patience=replace(QUICK, grace=SECOND // 2))
        order = second.valr.order("MM-1")
        assert (order.status, order.placement) == (OrderStatus.PENDING_CREATE, Placement.UNKNOWN)
        await lives.agree()
        assert second.story_of("MM-1") == ["Restored", "OrderFailed"]
        assert second.venue_orders() == []


async def test_an_order_that_arrives_at_valr_after_the_restart_is_adopted(path: Path) -> None:
    async with lives_at(path, request_latency_s=0.1) as lives:
        first = await lives.begin()
        call = first.begin_to_buy(client_order_id="MM-1")
        await first.until(lambda: first.sent("PLACE_LIMIT_ORDER"))
        await first.die(call)
        first.change(request_latency_s=0)
        second = await lives.begin(patience=replace(QUICK, grace=5 * SECOND))
        await second.until(second.venue_orders)
        await lives.agree()
        assert second.story_of("MM-1") == ["Restored", "OrderCreated"]


async def test_an_order_that_was_filled_before_its_reply_could_be_heard_is_filled_once(path: Path) -> None:
    async with lives_at(path) as lives:
        first = await lives.begin()
        first.rival("sell", "0.01", "1000000")
        first.exchange.faults.drop_frame(SILENCE, count=99)
        call = first.begin_to_buy("1000000", client_order_id="MM-1")
        await first.until(lambda: first.exchange.venue.trades(ACCOUNT))
        await first.die(call)
        first.exchange.faults.clear()
        second = await lives.begin()
        await lives.agree()
        assert sorted(second.story_of("MM-1")) == [
            "OrderCompleted", "OrderCreated", "OrderFilled", "Restored",
        ]  # fmt: skip


async def test_the_placing_is_written_down_before_anything_of_it_leaves(path: Path) -> None:
    class Tap:
        """Looks into the journal whenever a frame goes out."""

        def __init__(self) -> None:
            self.known_when_sent: list[set[str]] = []

        def frame_in(self, raw: bytes) -> None:
            pass

        def frame_out(self, raw: bytes) -> None:
            if b"PLACE_LIMIT_ORDER" in raw:
                self.known_when_sent.append({str(name) for name in read_orders(path)})

    tap = Tap()
    async with lives_at(path) as lives:
        life = await lives.begin(tap=tap)
        await life.buy(client_order_id="MM-1")
        assert tap.known_when_sent == [{"MM-1"}]


# --- what happened while nobody listened -----------------------------------------------------------------


async def test_orders_that_nothing_happened_to_are_simply_there_again(path: Path) -> None:
    async with lives_at(path) as lives:
        first = await lives.begin()
        orders = [await first.buy(str(900_000 + n)) for n in range(3)]
        await first.die()
        second = await lives.begin()
        await lives.agree()
        assert list(second.valr.orders) == [order.client_order_id for order in orders]
        for order in orders:
            assert second.story_of(order) == ["Restored"]
            assert second.valr.order(order.client_order_id).exchange_order_id == order.exchange_order_id


async def test_an_order_that_was_filled_meanwhile_is_told_as_ordinary_events(path: Path) -> None:
    async with lives_at(path) as lives:
        first = await lives.begin()
        order = await first.buy("1000000")
        await first.die()
        first.rival("sell", "0.01", "1000000")
        second = await lives.begin()
        await lives.agree()
        assert sorted(second.story_of(order)) == ["OrderCompleted", "OrderFilled", "Restored"]
        assert second.valr.order(order.client_order_id).status is OrderStatus.FILLED


async def test_fills_from_before_and_from_meanwhile_add_up_and_none_is_told_twice(path: Path) -> None:
    async with lives_at(path) as lives:
        first = await lives.begin()
        order = await first.buy("1000000")
        first.rival("sell", "0.002", "1000000")
        await first.agreed(order)
        await first.die()
        first.rival("sell", "0.003", "1000000")
        second = await lives.begin()
        await lives.agree()
        assert second.restored() == {order.client_order_id: "PARTIALLY_FILLED"}
        assert [event.fill.amount for event in second.told(OrderFilled)] == [D("0.003")]
        again = second.valr.order(order.client_order_id)
        assert (again.executed_amount, len(again.fills)) == (D("0.005"), 2)
        second.rival("sell", "0.005", "1000000")
        await lives.agree()
        assert again.status is OrderStatus.FILLED


async def test_an_order_that_valr_cancelled_meanwhile_is_told_as_cancelled(path: Path) -> None:
    async with lives_at(path) as lives:
        first = await lives.begin()
        order = await first.buy()
        await first.die()
        first.exchange.venue.cancel(ACCOUNT, "BTCZAR", customer_order_id=order.client_order_id)
        second = await lives.begin()
        await lives.agree()
        assert second.story_of(order) == ["Restored", "OrderCancelled"]


async def test_more_fills_than_a_page_of_the_history_holds_are_all_found(path: Path) -> None:
    async with lives_at(path) as lives:
        first = await lives.begin()
        order = await first.buy("1000000", amount="0.05")
        await first.die()
        for _ in range(230):
            first.rival("sell", "0.0001", "1000000")
        second = await lives.begin()
        await lives.agree()
        assert len(second.valr.order(order.client_order_id).fills) == 230


async def test_a_fill_that_was_missing_from_an_ended_order_is_told_late(path: Path) -> None:
    async with lives_at(path) as lives:
        first = await lives.begin()
        first.rival("sell", "0.004", "1000000")
        first.exchange.faults.drop_frame(of_type("NEW_ACCOUNT_TRADE"))
        first.exchange.faults.answer_request(500, lambda _, target: "tradehistory" in target, count=99)
        order = await first.buy("1000000", time_in_force=TimeInForce.IOC)
        await first.until(lambda: order.is_done)
        await first.die()
        first.exchange.faults.clear()
        second = await lives.begin()
        await lives.agree()
        assert second.restored() == {order.client_order_id: "CANCELLED"}
        (told,) = second.told(OrderFilled)
        assert told.is_late


async def test_what_ended_before_is_handed_down_and_not_told_again(path: Path) -> None:
    async with lives_at(path) as lives:
        first = await lives.begin()
        first.rival("sell", "0.01", "1000000")
        filled, cancelled, failed = (
            await first.buy("1000000"),
            await first.buy(),
            await first.buy(amount="4.9"),
        )
        await first.valr.cancel_order(cancelled)
        await first.agreed(filled)
        await first.die()
        second = await lives.begin()
        await lives.agree()
        assert second.restored() == {
            filled.client_order_id: "FILLED",
            cancelled.client_order_id: "CANCELLED",
            failed.client_order_id: "FAILED",
        }
        assert len(second.told(OrderEvent)) == len(second.told(Restored)) == 3
        assert second.valr.order(failed.client_order_id).failure_reason == failed.failure_reason
        assert not second.valr.orders


async def test_market_orders_are_restored_like_any_other(path: Path) -> None:
    async with lives_at(path) as lives:
        first = await lives.begin()
        first.rival("sell", "1", "1000000")
        first.exchange.faults.drop_frame(SILENCE, count=99)
        call = asyncio.create_task(
            first.valr.place_market_order("BTC-ZAR", Side.BUY, quote_amount="5000", client_order_id="MM-1")
        )
        await first.until(lambda: first.exchange.venue.trades(ACCOUNT))
        await first.die(call)
        first.exchange.faults.clear()
        second = await lives.begin()
        await lives.agree()
        order = second.valr.order("MM-1")
        assert (order.status, order.executed_amount) == (OrderStatus.FILLED, D("0.005"))


# --- cancelling ------------------------------------------------------------------------------------------


async def test_an_order_that_was_being_cancelled_is_not_any_more_unless_it_is_cancelled_again(
    path: Path,
) -> None:
    async with lives_at(path) as lives:
        first = await lives.begin()
        order = await first.buy()
        first.exchange.faults.swallow_command(CANCEL)
        call = asyncio.create_task(first.valr.cancel_order(order))
        await first.until(lambda: first.sent("CANCEL_LIMIT_ORDER"))
        await first.die(call)
        second = await lives.begin()
        await lives.agree()
        again = second.valr.order(order.client_order_id)
        assert (again.status, again.is_being_cancelled) == (OrderStatus.OPEN, False)
        outcome = await second.valr.cancel_order(order.client_order_id)
        assert outcome.result is CancelResult.CANCELLED
        await lives.agree()


async def test_a_cancel_that_was_carried_out_after_the_death_is_told_as_one(path: Path) -> None:
    async with lives_at(path) as lives:
        first = await lives.begin()
        order = await first.buy()
        first.exchange.faults.drop_frame(of_type("ORDER_STATUS_UPDATE", "CANCEL_ORDER_WS_RESPONSE"), count=9)
        call = asyncio.create_task(first.valr.cancel_order(order))
        await first.until(lambda: first.at_venue(order).state is State.CANCELLED)
        await first.die(call)
        first.exchange.faults.clear()
        second = await lives.begin()
        await lives.agree()
        assert second.story_of(order) == ["Restored", "OrderCancelled"]


async def test_closing_cancels_what_an_earlier_process_had_placed(path: Path) -> None:
    async with lives_at(path) as lives:
        first = await lives.begin()
        orders = [await first.buy(str(900_000 + n)) for n in range(3)]
        await first.die()
        second = await lives.begin(on_close="cancel")
        assert (await second.valr.close()).is_clean
        assert {first.at_venue(order).state for order in orders} == {State.CANCELLED}
        third = await lives.begin()
        assert not third.valr.orders
        assert set(third.restored().values()) == {"CANCELLED"}


async def test_what_closing_after_a_failure_cancels_is_known_to_the_next_process(path: Path) -> None:
    async with lives_at(path) as lives:
        first = await lives.begin(on_close="cancel")
        order = await first.buy()
        await first.break_down()
        assert (await first.valr.close()).is_clean
        second = await lives.begin()
        assert second.restored() == {order.client_order_id: "CANCELLED"}


# --- again and again -------------------------------------------------------------------------------------


async def test_dying_while_starting_loses_nothing(path: Path) -> None:
    async with lives_at(path) as lives:
        first = await lives.begin()
        order = await first.buy("1000000")
        await first.die()
        first.rival("sell", "0.004", "1000000")
        first.exchange.faults.answer_request(500, lambda _, target: "tradehistory" in target, count=99)
        second = lives.conceive()
        starting = asyncio.create_task(second.valr.start())
        await second.until(lambda: order.client_order_id in second.valr.orders)
        await second.until(lambda: second.asked("GET /v1/account/tradehistory"))
        await second.die(starting)
        second.exchange.faults.clear()
        await lives.begin()
        await lives.agree()


async def test_ids_never_repeat_over_restarts(path: Path) -> None:
    async with lives_at(path) as lives:
        placed: list[str] = []
        for n in range(4):
            life = await lives.begin(client_order_id_prefix="bot")
            placed += [(await life.buy(str(900_000 + 10 * n + m))).client_order_id for m in range(2)]
            await life.die()
        await lives.begin()
        assert len(set(placed)) == len(placed) == 8
        stems = {order_id.rsplit("-", 1)[0] for order_id in placed}
        assert len(stems) == 4
        births = [int(stem.removeprefix("bot-")[:8], 36) for stem in stems]
        assert max(births) - min(births) < 60_000  # milliseconds since 1970
        await lives.agree()


@pytest.mark.untraced  # many lives, all alike
async def test_cut_at_any_record_the_journal_leads_back_to_the_venues_truth(path: Path) -> None:
    async with lives_at(path) as lives:
        first = await lives.begin()
        first.rival("sell", "0.004", "1000000")
        await first.buy("1000000")
        filled = await first.buy("1000001", amount="0.002")
        first.rival("sell", "0.002", "1000001")
        await first.agreed(filled)
        cancelled = await first.buy("900001")
        await first.valr.cancel_order(cancelled)
        await first.buy("900002")
        await first.die()
        journal = lives.journal
        ends = [n + 1 for n, byte in enumerate(journal) if byte == ord("\n")]
        assert len(ends) > 10
        for end in ends:
            lives.journal = journal[: end + 7]
            life = await lives.begin()
            await life.until(partial(_knows_the_truth, life))
            assert {order.client_order_id for order in _known(life)} == set(life.restored())
            await life.die()
        lives.journal = journal
        await lives.begin()


def _known(life: Life) -> list[OrderRecord]:
    return list(life.valr._state.tracker.orders())


def _knows_the_truth(life: Life) -> bool:
    differences = [text for order in _known(life) for text in life.differences(order)]
    return all(text.startswith("told fills") for text in differences)


# --- trouble with the file -------------------------------------------------------------------------------


async def test_a_journal_in_use_is_told_at_the_start_and_nothing_is_left_running(path: Path) -> None:
    async with lives_at(path) as lives:
        first = await lives.begin()
        second = lives.conceive()
        lives.lives.pop()
        with pytest.raises(JournalInUseError):
            await second.valr.start()
        assert second.events == []
        assert (await first.buy()).status is OrderStatus.OPEN


async def test_a_damaged_journal_is_told_at_the_start_and_not_touched(path: Path) -> None:
    async with lives_at(path) as lives:
        first = await lives.begin()
        await first.buy()
        await first.die()
        damaged = lives.journal = lives.journal.replace(b'"BTCZAR"', b'"BTCUSD"', 1)
        second = lives.conceive()
        with pytest.raises(JournalCorruptError, match="byte 0"):
            await second.valr.start()
        assert lives.journal == damaged
        assert not tasks_of_the_library()


async def test_a_directory_that_is_not_there_is_told_at_the_start(tmp_path: Path) -> None:
    async with lives_at(tmp_path / "nowhere" / "orders.journal") as lives:
        life = lives.conceive()
        with pytest.raises(OrderJournalError, match="nowhere"):
            await life.valr.start()


async def test_on_a_full_disk_nothing_is_sent_and_nothing_tracked(path: Path) -> None:
    async with lives_at(path) as lives:
        life = lives.conceive()
        disk = Disk()
        life.journal._open_file = disk.open
        await life.valr.start()
        order = await life.buy(client_order_id="MM-1")
        disk.room = 60
        with pytest.raises(JournalWriteError, match=os.strerror(errno.ENOSPC)):
            await life.buy(client_order_id="MM-2")
        assert [theirs.request.customer_order_id for theirs in life.venue_orders()] == ["MM-1"]
        assert list(life.valr.orders) == ["MM-1"]
        outcome = await life.valr.cancel_order(order)  # cancelling needs no room
        assert outcome.result is CancelResult.CANCELLED
        disk.room = None
        assert (await life.buy(client_order_id="MM-2")).status is OrderStatus.OPEN
        await life.die()
        second = await lives.begin()
        assert second.restored() == {"MM-1": "CANCELLED", "MM-2": "OPEN"}


async def test_a_batch_that_does_not_fit_on_the_disk_is_not_sent_and_leaves_nothing_behind(
    path: Path,
) -> None:
    async with lives_at(path) as lives:
        life = lives.conceive()
        disk = Disk()
        life.journal._open_file = disk.open
        await life.valr.start()
        disk.room = 300  # the first placing fits, the second does not
        batch = [
            BatchLimit(pair="BTC-ZAR", side=Side.BUY, amount="0.01", price="900000", client_order_id=name)
            for name in ("MM-1", "MM-2")
        ]
        with pytest.raises(JournalWriteError):
            await life.valr.batch(batch)
        assert life.venue_orders() == []
        assert not life.valr.orders
        disk.room = None
        await life.buy(client_order_id="MM-3")
        await life.die()
        second = await lives.begin()
        assert second.restored() == {"MM-3": "OPEN"}


async def test_every_record_can_be_made_to_reach_the_disk(path: Path) -> None:
    async with lives_at(path) as lives:
        life = lives.conceive(journal_sync="always")
        disk = Disk()
        life.journal._open_file = disk.open
        await life.valr.start()
        before = disk.syncs
        await life.buy()
        assert disk.syncs - before == len(disk.pieces) - 1


async def test_a_torn_record_is_dropped_with_a_warning(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with lives_at(path) as lives:
        first = await lives.begin()
        order = await first.buy()
        await first.die()
        lives.journal += b'{"v":1,"crc":"12'
        with caplog.at_level(logging.WARNING):
            second = await lives.begin()
        assert "is torn, the last one, and left out" in caplog.text
        assert second.restored() == {order.client_order_id: "OPEN"}


async def test_the_journal_of_a_live_account_can_be_named_too(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("VALR_API_KEY", "a" * 64)
    monkeypatch.setenv("VALR_API_SECRET", "b" * 64)
    hosts = Hosts(rest="http://127.0.0.1:9")
    valr = ValrExchange.from_env(
        pairs=["BTC-ZAR"], settings=Settings(hosts=hosts), journal=tmp_path / "nowhere" / "orders.journal"
    )
    with pytest.raises(OrderJournalError, match="nowhere"):
        await valr.start()
