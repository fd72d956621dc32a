"""Each fault does what it says, and not more, between the real connector and the embedded exchange."""

from __future__ import annotations

import pytest

from valr_connector.verification.faults import FaultBoard, kind_of
from valr_connector.verification.run import Report, simulate
from valr_connector.verification.schedule import FrameFate, FrameFault
from valr_connector.verification.schedule_text import from_text

PLACE = "1.0 place name=a side=BUY amount=0.01 price=990000"


def played(*lines: str, settings: str = "") -> Report:
    """A schedule of these lines, run with a trace; nothing may be wrong in the end."""
    quick = "settings.reconcile_interval_s=4\nsettings.ping_interval_s=3\nsettings.silence_timeout_s=8\n"
    report = simulate(from_text("seed=1\n" + quick + settings + "\n".join(lines)), with_trace=True)
    assert not report.violations, [str(violation) for violation in report.violations]
    return report


def sent(report: Report, kind: str) -> int:
    """How often a frame of a type came or went on the account socket."""
    marks = (f'account < {{"type":"{kind}"', f'account > {{"type":"{kind}"')
    return sum(any(mark in line for mark in marks) for line in report.trace.splitlines())


def test_without_faults_an_order_is_placed_and_nothing_rare_happens() -> None:
    report = played(PLACE)
    assert not report.faults
    assert sent(report, "PLACE_LIMIT_ORDER") == 1
    assert not report.is_ambiguous
    assert "placed a-1: OPEN CONFIRMED" in report.trace


@pytest.mark.parametrize("fate", ["drop", "cut-before"])
def test_a_command_that_never_arrives_leaves_no_order(fate: str) -> None:
    report = played(f"0.9 frame way=out kind=PLACE_LIMIT_ORDER fate={fate}", PLACE)
    assert report.faults == {f"frame out {fate}": 1}
    assert report.rare["placement unknown"] == report.rare["unknown, and then failed"] == 1


def test_a_command_that_arrives_before_the_cut_leaves_an_order_that_is_found() -> None:
    # The cut follows at once; whether the venue has read the frame by then is the seed's choice.
    report = played("0.9 frame way=out kind=PLACE_LIMIT_ORDER fate=cut-after", PLACE, settings="seed=3\n")
    assert report.rare["placement unknown"] == report.rare["adopted"] == report.rare["reconnect"] == 1


@pytest.mark.parametrize("fate", ["late", "stall"])
def test_a_command_that_arrives_after_its_time_out_is_unknown_and_then_confirmed(fate: str) -> None:
    report = played(f"0.9 frame way=out kind=PLACE_LIMIT_ORDER fate={fate} seconds=3", PLACE)
    assert report.rare["placement unknown"] == report.rare["adopted"] == 1
    assert not report.rare["reconnect"]


def test_a_late_frame_is_overtaken_and_a_stalled_one_holds_the_others_up() -> None:
    late = played("0.9 frame way=in kind=PLACE_LIMIT_WS_RESPONSE fate=late seconds=1.5", PLACE)
    stalled = played("0.9 frame way=in kind=PLACE_LIMIT_WS_RESPONSE fate=stall seconds=1.5", PLACE)

    def created_at(report: Report) -> float:
        line = next(line for line in report.trace.splitlines() if " OrderCreated a-1" in line)
        return float(line.split()[0])

    assert created_at(stalled) - created_at(late) == pytest.approx(1.5, abs=0.1)


def test_a_frame_that_comes_twice_changes_nothing_more() -> None:
    report = played(
        "0.9 frame way=in fate=twice count=50", PLACE, "2.0 take side=BUY amount=0.004", "3.0 cancel name=a"
    )
    assert report.faults["frame in twice"] >= 5


def test_a_truncated_frame_is_refused_and_what_it_said_is_asked_for() -> None:
    report = played(
        "1.9 frame way=in kind=NEW_ACCOUNT_TRADE fate=truncate", PLACE, "2.0 take side=BUY amount=0.004"
    )
    assert report.rare["frame refused"] == 1
    assert report.rare["fills fetched"] >= 1


def test_a_status_that_nobody_knows_is_asked_about() -> None:
    report = played("1.9 frame way=in kind=ORDER_STATUS_UPDATE fate=reword", PLACE, "2.0 cancel name=a")
    assert report.rare["unrecognised status"] == 1
    assert "Frozen Solid" in report.trace


@pytest.mark.parametrize("code", [1000, 1006, 1012])
def test_a_connection_that_the_exchange_ends_is_dialled_again(code: int) -> None:
    report = played(PLACE, f"2.0 cut code={code}", "2.1 cancel name=a")
    assert report.faults == {f"cut {code}": 1}
    assert report.rare["reconnect"] == 1
    assert f"close {code}" in report.trace


def test_a_half_open_connection_brings_nothing_until_silence_tells() -> None:
    report = played(PLACE, "2.0 half-open seconds=20")
    assert report.faults == {"half-open": 1}
    assert "silent for 8 s" in report.trace


def test_a_half_open_connection_takes_what_is_sent_until_that_is_overdue() -> None:
    report = played(PLACE, "2.0 half-open seconds=20", "2.1 cancel name=a")
    assert "a command is overdue, and nothing came for 1.5 s after a PING" in report.trace
    assert report.rare["cancel unknown"] >= 1


def test_a_half_open_connection_that_heals_in_time_lives_on() -> None:
    report = played(PLACE, "2.0 half-open seconds=1", "2.1 cancel name=a")
    assert not report.rare["reconnect"]
    assert not report.rare["cancel unknown"]


def test_a_refused_connection_is_tried_again() -> None:
    report = played("0.5 dial fate=refuse count=2", "0.6 cut")
    assert report.faults["dial refuse"] == 2
    assert report.rare["reconnect"] == 1


def test_a_dial_that_hangs_ends_with_its_time_out() -> None:
    report = played("0.5 dial fate=hang", "0.6 cut")
    assert "dial failed (no answer in time)" in report.trace


def test_an_upgrade_can_be_answered_with_a_status() -> None:
    report = played("0.5 dial fate=status status=503", "0.6 cut")
    assert "upgrade refused with HTTP 503" in report.trace


def test_a_cancel_goes_by_rest_while_there_is_no_socket_and_meets_the_faults_there() -> None:
    report = played(
        PLACE,
        "1.4 dial fate=hang",
        "1.5 request kind=DELETE_/v2/orders fate=error-after status=503",
        "1.5 cut",
        "2.0 cancel name=a",
    )
    assert report.faults == {"dial hang": 1, "request error-after": 1, "cut 1006": 1}
    assert report.rare["cancel by REST"] >= 1
    assert "cancelled a-1: CANCELLED" in report.trace


@pytest.mark.parametrize("kind", ["unknown", "garbage", "empty", "binary"])
def test_strange_frames_disturb_nothing(kind: str) -> None:
    report = played(f"0.5 inject kind={kind}", PLACE)
    assert report.faults == {f"inject {kind}": 1}
    assert "placed a-1: OPEN CONFIRMED" in report.trace


@pytest.mark.parametrize("seconds", [-3600.0, 3600.0])
def test_a_wall_clock_that_jumps_disturbs_nothing(seconds: float) -> None:
    report = played(f"0.5 jump seconds={seconds}", PLACE, "2.0 cut")
    assert report.faults["clock jump"] == 1


def test_a_slow_reader_of_events_misses_none() -> None:
    played("0.0 listen seconds=0.5", PLACE, "2.0 take side=BUY amount=0.004", "3.0 cancel name=a")


def test_in_read_only_mode_a_placement_fails_and_says_so() -> None:
    report = played("0.5 read-only seconds=2", PLACE)
    assert "placed a-1: FAILED REFUSED" in report.trace


# --- a book's feed ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "cause"),
    [
        ("fate=falsify", "where VALR has"),
        ("fate=drop", "sequence"),
        ("fate=late seconds=1.5", "sequence"),
        ("fate=truncate", "sequence"),
        ("fate=drop lasting=0.5", "sequence"),
    ],
)
def test_a_wrong_frame_ends_the_book_until_a_new_snapshot(fault: str, cause: str) -> None:
    moves = [f"{at} market bid=98000{at:.0f} ask=1020000 amount=0.05" for at in (1.0, 2.0, 3.0)]
    report = played(f"0.9 frame way=in socket=trade kind=OB_L1_DIFF {fault}", *moves)
    told = [line for line in report.trace.splitlines() if "BookInvalidated" in line]
    assert cause in told[0]
    assert "BookResynced" in report.trace


# --- the board -------------------------------------------------------------------------------------


def test_a_fault_with_a_time_strikes_every_occasion_until_it_is_over() -> None:
    now = 0.0
    board = FaultBoard(lambda: now)
    board.add(FrameFault(at=0.0, way="in", kind="PONG", fate=FrameFate.DROP, lasting=2.0))
    assert board.frame("account", "in", b'{"type":"PONG"}')
    assert board.frame("account", "in", b'{"type":"PONG"}')
    assert not board.frame("account", "in", b'{"type":"PONGS"}')
    assert not board.frame("account", "out", b'{"type":"PONG"}')
    assert not board.frame("trade", "in", b'{"type":"PONG"}')
    now = 2.1
    assert not board.frame("account", "in", b'{"type":"PONG"}')
    assert board.hits == {"frame in drop": 2}


def test_cleared_faults_strike_no_more() -> None:
    board = FaultBoard(lambda: 0.0)
    board.add(FrameFault(at=0.0, way="in", fate=FrameFate.DROP))
    board.clear()
    assert not board.frame("account", "in", b"{}")


@pytest.mark.parametrize(
    ("data", "kind"), [(b'{"type":"PING"}', "PING"), (b"{}", ""), (b"", ""), (b'{"data":1,"type":"X"}', "")]
)
def test_the_type_of_a_frame_is_read_where_it_stands_first(data: bytes, kind: str) -> None:
    assert kind_of(data) == kind


def test_what_a_call_began_goes_on_where_its_caller_gives_up() -> None:
    slow = "0.9 frame way=out fate=stall kind=PLACE_LIMIT_ORDER seconds=0.3"
    report = played(slow, PLACE, "1.1 give-up", "2.0 cancel name=a", "2.0 cancel-all", "2.0 give-up")
    assert report.rare["call given up"] == 3
    assert "placed a-1" not in report.trace
    assert "OrderCreated a-1 OPEN" in report.trace
    assert "OrderCancelled a-1" in report.trace
