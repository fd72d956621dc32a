"""The order journal: what is in it survives a death at any byte, and damage to it is named."""

from __future__ import annotations

import logging
import os
import sys
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.net.journaling import (
    Disk,
    Process,
    executes,
    is_cancelled,
    remembered,
    rests,
    wall,
)
from tests.unit.core.builders import NOW, at, fill, new_order, said, step
from tests.unit.core.stories import Story, full_hearings, stories
from valr_connector.core.evidence import Evidence, Says
from valr_connector.core.order_log_records import Placing, decode
from valr_connector.core.order_record import OrderRecord
from valr_connector.errors import (
    JournalCorruptError,
    JournalInUseError,
    JournalWriteError,
    OrderJournalError,
)
from valr_connector.model.enums import OrderStatus, Placement
from valr_connector.model.ids import ClientOrderId, ExchangeOrderId, TradeId
from valr_connector.net import durable_file
from valr_connector.net.order_journal import OrderJournal, read_orders

SECRET = "c0ffee" * 11


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "orders.journal"


def a_day_of_trading(process: Process) -> None:
    """One order of each fate."""
    for name in ("unconfirmed", "open", "partial", "filled", "cancelled", "failed", "incomplete"):
        process.place(name)
    process.hear(
        rests("open"),
        rests("partial"),
        executes("partial", "t-1", "0.4"),
        rests("filled"),
        executes("filled", "t-2", "0.5"),
        fill("t-3", "0.5", client_order_id="filled"),
        executes("filled", "t-3", "0.5"),
        rests("cancelled"),
        is_cancelled("cancelled"),
        said(Says.FAILED, client_order_id="failed", reason="Insufficient Balance"),
        said(Says.FILLED, client_order_id="incomplete", at_second=3, original="1", remaining="0"),
    )


def adopted_order(name: str, executed_before: Decimal) -> OrderRecord:
    """An order that was found open at VALR."""
    return new_order(
        name,
        exchange_order_id=ExchangeOrderId("ex-9"),
        status=OrderStatus.PARTIALLY_FILLED,
        adopted_at=at(1),
        executed_before=executed_before,
        accounted_amount=executed_before,
        reported_executed=executed_before,
        was_created=True,
    )


# --- dying and coming back -------------------------------------------------------------------------------


def test_a_journal_that_does_not_exist_is_begun_and_holds_nothing(path: Path) -> None:
    journal = OrderJournal(path, wall=wall)
    assert journal.open(NOW) == ()
    assert journal.fills_wanted_since is None
    assert path.read_bytes() == b""
    assert path.stat().st_mode & 0o777 == 0o600
    journal.close()


def test_the_next_process_knows_every_order_as_the_dead_one_did(path: Path) -> None:
    first = Process(path)
    a_day_of_trading(first)
    first.die()
    second = Process(path)
    assert remembered(second.orders.values()) == remembered(first.orders.values())
    assert second.journal.fills_wanted_since == at(0)
    second.die()


def test_an_order_that_was_never_confirmed_comes_back_as_unknown(path: Path) -> None:
    first = Process(path)
    first.place("MM-1")
    first.die()
    second = Process(path)
    (order,) = second.orders.values()
    assert (order.status, order.placement) == (OrderStatus.PENDING_CREATE, Placement.UNKNOWN)
    assert (order.created_at, order.sent_at, order.epoch) == (NOW, NOW, -1)
    second.die()


def test_the_placing_is_in_the_file_when_writing_it_returns(path: Path) -> None:
    process = Process(path)
    process.place("MM-1")
    assert isinstance(decode(path.read_bytes()), Placing)
    process.die()


def test_what_repeats_what_is_known_is_not_written_again(path: Path) -> None:
    process = Process(path)
    process.place("MM-1")
    process.hear(rests("MM-1"))
    before = path.read_bytes()
    process.hear(rests("MM-1"), step(Says.CANCEL_SENT))
    assert path.read_bytes() == before
    process.die()


def test_an_id_that_no_event_tells_of_is_written_down_as_soon_as_it_is_known(path: Path) -> None:
    process = Process(path)
    process.place("MM-1")
    process.hear(said(Says.ACCEPTED, exchange_order_id="ex-1"))
    assert not process.told
    process.die()
    assert [order.exchange_order_id for order in read_orders(path).values()] == ["ex-1"]


def test_that_a_modify_may_be_under_way_is_remembered(path: Path) -> None:
    first = Process(path)
    first.place("MM-1")
    first.hear(rests("MM-1"), step(Says.MODIFY_SENT))
    first.die()
    second = Process(path)
    assert [order.was_modified for order in second.orders.values()] == [True]
    second.die()


def test_an_orderly_end_leaves_a_short_file(path: Path) -> None:
    first = Process(path, most_ended=0)
    a_day_of_trading(first)
    before = path.stat().st_size
    first.journal.close()
    first.journal.close()
    assert path.stat().st_size < before
    assert set(read_orders(path)) == {"unconfirmed", "open", "partial", "incomplete"}


def test_after_closing_nothing_is_followed_and_no_placing_accepted(path: Path) -> None:
    process = Process(path)
    order = process.place("MM-1")
    process.journal.close()
    before = path.read_bytes()
    process.hear(rests("MM-1"))
    assert path.read_bytes() == before
    with pytest.raises(JournalWriteError, match="is not open"):
        process.journal.placing(new_order("MM-2"))
    assert order.status is OrderStatus.OPEN


def test_nothing_that_looks_like_a_secret_gets_into_it(path: Path) -> None:
    process = Process(path, secrets=[SECRET])
    for name, reason in (("a", f"no such key: {SECRET}"), ("b", "signature " + "ab" * 64), ("c", "x" * 999)):
        process.place(name)
        process.hear(said(Says.FAILED, client_order_id=name, reason=reason))
    process.journal.close()
    written = path.read_text()
    assert SECRET not in written
    assert "ab" * 64 not in written
    assert "x" * 301 not in written
    assert "no such key: [redacted]" in written


# --- at any byte -----------------------------------------------------------------------------------------


def placings(journal: bytes) -> list[tuple[int, str]]:
    """Where each placing ends, and of what order it is."""
    ends = [n + 1 for n, byte in enumerate(journal) if byte == ord("\n")]
    lines = zip(ends, map(decode, journal.splitlines(keepends=True)), strict=True)
    return [(end, record.order) for end, record in lines if isinstance(record, Placing)]


@pytest.mark.untraced  # thousands of cuts
def test_cut_anywhere_it_tells_of_every_order_whose_placing_was_complete_and_of_no_other(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    process = Process(path)
    a_day_of_trading(process)
    process.die()
    journal = path.read_bytes()
    placed = placings(journal)
    for end in reversed(range(len(journal) + 1)):
        caplog.clear()
        os.truncate(path, end)
        assert set(read_orders(path)) == {order for placed_by, order in placed if placed_by <= end}
        is_torn = journal[:end][-1:] not in (b"", b"\n")
        assert [r.levelno for r in caplog.records] == ([logging.WARNING] if is_torn else [])


def test_a_torn_record_is_cut_off_before_anything_follows_it(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = Process(path)
    first.place("MM-1")
    whole = path.stat().st_size
    first.place("MM-2")
    first.die()
    path.write_bytes(path.read_bytes()[:-1])
    second = Process(path)
    assert f"the record at byte {whole} is torn" in caplog.text
    second.place("MM-3")
    second.die()
    assert set(read_orders(path)) == {"MM-1", "MM-3"}


def test_a_last_byte_that_was_changed_is_damage_and_not_a_torn_end(path: Path) -> None:
    process = Process(path)
    process.place("MM-1")
    process.die()
    path.write_bytes(path.read_bytes()[:-1] + b"\x8a")
    with pytest.raises(JournalCorruptError, match="byte 0"):
        read_orders(path)


def test_a_tail_of_zeros_as_a_power_cut_may_leave_it_is_torn(path: Path) -> None:
    process = Process(path)
    process.place("MM-1")
    process.die()
    path.write_bytes(path.read_bytes() + bytes(700))
    assert set(read_orders(path)) == {"MM-1"}


@settings(max_examples=80, deadline=None)
@given(st.data())
def test_any_changed_byte_is_reported_with_the_offset_of_its_record(data: st.DataObject) -> None:
    journal = _journal_of_a_day()
    starts = [0] + [n + 1 for n, byte in enumerate(journal[:-1]) if byte == ord("\n")]
    position = data.draw(st.integers(0, len(journal) - 1))
    damaged = bytearray(journal)
    damaged[position] ^= data.draw(st.integers(1, 255))
    with TemporaryDirectory() as directory:
        path = Path(directory) / "orders.journal"
        path.write_bytes(damaged)
        with pytest.raises(JournalCorruptError) as caught:
            OrderJournal(path, wall=wall).open(NOW)
        assert path.read_bytes() == damaged
    assert caught.value.path == path
    assert caught.value.offset == max(start for start in starts if start <= position)
    assert f"{path}: the record at byte {caught.value.offset} is damaged" in str(caught.value)


_DAY: list[bytes] = []


def _journal_of_a_day() -> bytes:
    if not _DAY:
        with TemporaryDirectory() as directory:
            path = Path(directory) / "orders.journal"
            process = Process(path)
            a_day_of_trading(process)
            process.die()
            _DAY.append(path.read_bytes())
    return _DAY[0]


def test_a_lost_placing_is_reported_where_it_is_missed(path: Path) -> None:
    process = Process(path)
    process.place("MM-1")
    process.hear(rests("MM-1"))
    process.die()
    path.write_bytes(path.read_bytes().split(b"\n", 1)[1])
    with pytest.raises(JournalCorruptError, match=r"byte 0 is damaged.*which no record before it placed"):
        read_orders(path)


def test_a_file_that_is_no_journal_is_refused_and_left_alone(path: Path) -> None:
    path.write_text("my shopping list\n")
    with pytest.raises(JournalCorruptError, match="byte 0 is damaged: it is no record of an order"):
        OrderJournal(path, wall=wall).open(NOW)
    assert path.read_text() == "my shopping list\n"


def test_an_endless_line_is_damage_and_not_read_to_its_end(path: Path) -> None:
    with path.open("wb") as file:
        file.truncate(40 * 1024 * 1024)
    with pytest.raises(JournalCorruptError):
        read_orders(path)


# --- beginning anew --------------------------------------------------------------------------------------


@st.composite
def histories(draw: st.DrawFn) -> tuple[dict[str, Story], list[Evidence | str]]:
    """Several orders' stories, told through each other, with deaths of the process in between."""
    told_of = {f"MM-{n}": draw(stories()) for n in range(draw(st.integers(1, 4)))}
    told = [_about(name, piece) for name, story in told_of.items() for piece in draw(full_hearings(story))]
    told = draw(st.permutations(told))
    steps: list[Evidence | str] = []
    for piece in told:
        if draw(st.integers(0, 9)) == 0:
            steps.append(draw(st.sampled_from(["die", "close"])))
        steps.append(piece)
    return told_of, steps


def _about(name: str, piece: Evidence) -> Evidence:
    trade = piece.trade
    return Evidence(
        says=piece.says, source=piece.source, client_order_id=name, exchange_order_id=f"ex-{name}",
        at=piece.at, original=piece.original, remaining=piece.remaining, price=piece.price,
        trade=None if trade is None else type(trade)(
            TradeId(f"{name}-{trade.trade_id}"), trade.price, trade.amount, trade.fee, trade.liquidity,
            trade.at,
        ),
        reason=piece.reason, asked_at=piece.asked_at,
    )  # fmt: skip


@settings(max_examples=20, deadline=None)
@given(histories(), st.integers(0, 3), st.sampled_from([1, 600, 2_000]))
def test_through_any_history_exactly_the_live_orders_and_the_last_ended_ones_are_kept(
    history: tuple[dict[str, Story], list[Evidence | str]], most_ended: int, rotate_bytes: int
) -> None:
    told_of, steps = history
    with TemporaryDirectory() as directory:
        path = Path(directory) / "orders.journal"

        def begin() -> Process:
            return Process(path, most_ended=most_ended, rotate_bytes=rotate_bytes)

        process = begin()
        filled: list[str] = []
        for name, story in told_of.items():
            process.place(name, amount=story.amounts[0])
        for now in steps:
            if isinstance(now, Evidence):
                if now.client_order_id in process.orders:
                    process.hear(now)
                continue
            filled += process.filled
            before = process
            _end(before, now)
            process = begin()
            _check_handed_over(before, process, most_ended)
        filled += process.filled
        process.die()
    assert len(filled) == len(set(filled)), "a fill was told twice"
    for name, order in process.orders.items():
        assert set(order.fills_by_id) <= {f"{name}-{trade}" for trade in told_of[name].trade_ids}


def _end(process: Process, how: str) -> None:
    if how == "die":
        process.die()
    else:
        process.journal.close()


def _check_handed_over(before: Process, after: Process, most_ended: int) -> None:
    assert before.live() == after.live()
    ended = set(after.orders) - after.live()
    assert len(ended) == min(most_ended, len(before.orders) - len(before.live()))
    assert remembered(after.orders.values()) == remembered(before.orders[name] for name in after.orders)


def test_it_begins_anew_when_it_has_grown_and_stays_within_its_bound(path: Path) -> None:
    process = Process(path, rotate_bytes=4_000, most_ended=2)
    process.place("resting")
    process.hear(rests("resting"))
    largest = 0
    for n in range(200):
        process.place(f"MM-{n}")
        process.hear(rests(f"MM-{n}"), is_cancelled(f"MM-{n}"))
        largest = max(largest, path.stat().st_size)
    assert 3_000 < largest < 4_500
    process.die()
    kept = read_orders(path)
    assert {"resting", "MM-198", "MM-199"} <= set(kept)
    assert len(kept) < 20


def test_what_is_live_is_never_dropped_to_keep_the_bound(path: Path) -> None:
    process = Process(path, rotate_bytes=1, most_ended=0)
    for n in range(50):
        process.place(f"MM-{n}")
        process.hear(rests(f"MM-{n}"))
    process.die()
    assert len(read_orders(path)) == 50


def test_an_ended_order_that_was_dropped_is_taken_up_again_when_it_matters_again(path: Path) -> None:
    process = Process(path, rotate_bytes=1, most_ended=0)
    for name in ("MM-1", "MM-2", "MM-3"):
        process.place(name)
        process.hear(rests(name), is_cancelled(name))
    assert "MM-1" not in read_orders(path)
    process.hear(rests("MM-1"))
    assert "MM-1" not in read_orders(path)  # old news
    process.hear(fill("t-1", "0.4", client_order_id="MM-1"))  # its fee has still to come
    again = read_orders(path)[ClientOrderId("MM-1")]
    assert remembered([again]) == remembered([process.orders[again.client_order_id]])
    process.die()


def test_a_file_half_written_when_the_process_died_is_never_taken_for_the_journal(path: Path) -> None:
    first = Process(path)
    first.place("MM-1")
    first.die()
    path.with_name(path.name + ".new").write_bytes(b"half a rec")
    second = Process(path)
    assert set(second.orders) == {"MM-1"}
    second.die()


# --- sharing ---------------------------------------------------------------------------------------------


def test_two_cannot_share_a_journal_and_the_second_does_no_harm(path: Path) -> None:
    first = Process(path)
    first.place("MM-1")
    with pytest.raises(JournalInUseError, match="somebody else uses this order journal"):
        Process(path)
    first.place("MM-2")
    first.journal.close()
    second = Process(path)
    assert set(second.orders) == {"MM-1", "MM-2"}
    second.die()


def test_by_another_name_it_is_the_same_journal(path: Path, tmp_path: Path) -> None:
    """As where a deployment links to a disk that survives it."""
    link = tmp_path / "app.journal"
    link.symlink_to(path)
    first = Process(link)
    first.place("a")
    with pytest.raises(JournalInUseError):
        OrderJournal(path, wall=wall).open(NOW)
    first.journal.close()
    assert link.is_symlink()
    assert list(read_orders(path)) == ["a"]


def test_it_stays_where_it_was_when_the_process_goes_elsewhere(
    path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.chdir(tmp_path)
    process = Process(Path(path.name))
    process.place("a")
    monkeypatch.chdir(elsewhere)
    process.journal.close()
    assert list(read_orders(path)) == ["a"]
    assert not list(elsewhere.iterdir())


def test_where_files_cannot_be_locked_it_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fcntl", None)
    with pytest.raises(OrderJournalError, match="cannot be locked: locks of files need a POSIX system"):
        Process(path)


def test_a_directory_that_does_not_exist_is_named(tmp_path: Path) -> None:
    with pytest.raises(OrderJournalError, match=r"nowhere.*cannot be locked: No such file or directory"):
        Process(tmp_path / "nowhere" / "orders.journal")


def test_a_journal_that_cannot_be_read_is_named_and_let_go_of(path: Path) -> None:
    path.mkdir()
    with pytest.raises(OrderJournalError, match="cannot be read: Is a directory"):
        Process(path)
    path.rmdir()
    Process(path).die()


# --- disks that fill up, and fail ------------------------------------------------------------------------


def test_a_placing_that_does_not_fit_on_the_disk_is_an_error_before_it_is_sent(path: Path) -> None:
    disk = Disk()
    process = Process(path, open_file=disk.open)
    process.place("MM-1")
    for disk.room in (0, 50):
        with pytest.raises(JournalWriteError, match="cannot be written: No space left on device"):
            process.place("MM-2")
    process.die()
    assert set(read_orders(path)) == {"MM-1"}


def test_once_there_is_room_again_everything_is_written_that_happened_meanwhile(path: Path) -> None:
    disk = Disk()
    process = Process(path, open_file=disk.open)
    for name in ("MM-1", "MM-2"):
        process.place(name)
    disk.room = 10
    process.hear(rests("MM-1"), executes("MM-1", "t-1", "0.4"), is_cancelled("MM-2"))
    disk.room = None
    process.place("MM-3")
    process.die()
    assert remembered(read_orders(path).values()) == remembered(process.orders.values())


def test_what_could_not_be_written_is_logged_once_and_counted(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    disk = Disk()
    process = Process(path, open_file=disk.open)
    process.place("MM-1")
    disk.room = 0
    process.hear(rests("MM-1"), executes("MM-1", "t-1", "0.4"))
    assert process.journal.failures > 1
    assert [record.message for record in caplog.records if record.levelno == logging.ERROR] == [
        f"{path}: it cannot be written: No space left on device [VC53]"
    ]
    process.die()


def test_a_full_disk_at_the_start_is_told_at_the_start(path: Path) -> None:
    first = Process(path)
    first.place("MM-1")
    first.die()
    with pytest.raises(JournalWriteError, match="No space left on device"):
        Process(path, open_file=Disk(room=20).open)
    assert set(read_orders(path)) == {"MM-1"}


def test_a_full_disk_when_beginning_anew_leaves_the_file_as_it_was_and_goes_on_with_it(path: Path) -> None:
    disk = Disk()
    process = Process(path, open_file=disk.open, rotate_bytes=700)
    process.place("MM-0")
    process.hear(rests("MM-0"))
    disk.room = 900  # enough to grow beyond the bound, not enough for a second file
    process.hear(executes("MM-0", "t-1", "0.1"))
    assert process.journal.failures == 1
    before = path.read_bytes()
    assert len(before) > 700
    disk.room = None
    process.place("MM-1")
    assert path.read_bytes().startswith(before)
    process.die()
    assert remembered(read_orders(path).values()) == remembered(process.orders.values())


def test_closing_on_a_full_disk_keeps_what_was_written_before(path: Path) -> None:
    disk = Disk()
    process = Process(path, open_file=disk.open)
    process.place("MM-1")
    disk.room = 0
    process.journal.close()
    assert set(read_orders(path)) == {"MM-1"}
    Process(path).die()


def test_an_order_that_was_not_sent_after_all_is_gone_with_the_next_record(path: Path) -> None:
    process = Process(path)
    process.place("MM-1")
    process.journal.withdraw(process.place("MM-2"))
    process.place("MM-3")
    process.die()
    assert set(read_orders(path)) == {"MM-1", "MM-3"}


def test_by_default_the_disk_is_not_waited_for(path: Path) -> None:
    disk = Disk()
    process = Process(path, open_file=disk.open)
    before = disk.syncs
    process.place("MM-1")
    process.hear(rests("MM-1"))
    assert disk.syncs == before
    process.die()


def test_with_sync_always_each_record_is_on_the_disk_before_anything_else_happens(path: Path) -> None:
    disk = Disk()
    process = Process(path, open_file=disk.open, sync="always")
    before = disk.syncs
    process.place("MM-1")
    assert disk.syncs == before + 1
    process.hear(rests("MM-1"))
    assert disk.syncs == before + 2
    process.die()


def test_a_disk_that_does_not_confirm_a_placing_has_it_refused(path: Path) -> None:
    disk = Disk()
    process = Process(path, open_file=disk.open, sync="always")
    disk.is_deaf = True
    with pytest.raises(JournalWriteError, match="Input/output error"):
        process.place("MM-1")
    disk.is_deaf = False
    process.place("MM-2")
    process.die()
    assert set(read_orders(path)) == {"MM-2"}


def test_a_directory_that_does_not_confirm_the_new_file_has_it_written_once_more(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    process = Process(path)
    answers = [OSError("unsure"), None]

    def sync_directory(_: Path) -> None:
        answer = answers.pop(0)
        if answer is not None:
            raise answer

    process.journal._is_behind = True
    monkeypatch.setattr(durable_file, "sync_directory", sync_directory)
    with pytest.raises(JournalWriteError, match="unsure"):
        process.place("MM-1")
    process.place("MM-2")
    assert not answers
    process.die()
    assert set(read_orders(path)) == {"MM-2"}


def test_every_record_goes_out_in_one_piece(path: Path) -> None:
    disk = Disk()
    process = Process(path, open_file=disk.open)
    disk.pieces.clear()
    process.place("MM-1")
    process.hear(rests("MM-1"), executes("MM-1", "t-1", "0.4"))
    assert [piece.count(b"\n") for piece in disk.pieces] == [1, 1, 2]
    process.die()


def test_an_adopted_order_is_remembered_from_its_adoption_on(path: Path) -> None:
    first = Process(path)
    adopted = adopted_order("theirs", executed_before=Decimal("0.3"))
    first.orders[adopted.client_order_id] = adopted
    first.journal.follow(adopted, [])
    first.hear(executes("theirs", "t-9", "0.4"))
    first.die()
    second = Process(path)
    (order,) = second.orders.values()
    assert remembered([order]) == remembered([adopted])
    assert (order.executed_amount, order.placed_at) == (Decimal("0.7"), wall())
    second.die()


@pytest.mark.parametrize("rotate_bytes", [1, 2**20])
def test_an_order_that_was_forgotten_as_ended_and_is_adopted_again_is_remembered_as_adopted(
    path: Path, rotate_bytes: int
) -> None:
    first = Process(path, rotate_bytes=rotate_bytes)
    first.place("MM-1")
    first.hear(rests("MM-1"), executes("MM-1", "t-1", "0.4"), is_cancelled("MM-1"))
    first.orders[ClientOrderId("MM-1")] = adopted = adopted_order("MM-1", executed_before=Decimal("0.4"))
    first.journal.follow(adopted, [])
    first.hear(executes("MM-1", "t-2", "0.5"))
    first.die()
    second = Process(path)
    (order,) = second.orders.values()
    assert remembered([order]) == remembered([adopted])
    assert order.executed_amount == Decimal("0.9")
    second.die()
