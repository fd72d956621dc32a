"""A script that is not so fails, and says where and why."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.scripts.__main__ import main
from tests.scripts.runner.play import play
from tests.scripts.runner.script_file import ScriptFailure, read_script, split
from tests.scripts.test_scripts import SCRIPTS

RESTING = "# a resting order\n@ a rests: BUY 0.01 at 950000\n"


def failure(path: Path, text: str) -> str:
    """What is said of a script that does not hold."""
    script = path / "made.script"
    script.write_text(text, encoding="utf-8")
    with pytest.raises(ScriptFailure) as raised:
        play(script)
    return str(raised.value)


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("= a is CANCELLED", "not 'CANCELLED': OPEN"),
        ("= a is OPEN, executed 0.001", "not 'executed 0.001'"),
        ("= a is being cancelled", "being cancelled: False"),
        ("= a is frozen", "an order cannot be 'frozen'"),
        ("= b is OPEN", "UnknownOrderError"),
        ("= events of a: OrderCreated, OrderCancelled", "told were: OrderCreated"),
        ("= events of a: OrderCancelled", "told were: OrderCreated"),
        ("= told OrderCreated of a never", "it was 1 times"),
        ("= told OrderTeleported once", "there is no event OrderTeleported"),
        ("= sent PLACE_LIMIT_ORDER a 2 times", "it was 1 times"),
        ("= asked open-orders at most 0 times", "it was 1 times"),
        ("= asked order-status a once", "it was 0 times"),
        ("= in flight: nothing", "in flight: a"),
        ("= not ready", "it is ready"),
        ("= placing a returned FILLED", "it returned OPEN"),
        ("= placing a waits", "it returned OPEN"),
        ("= placing a raised ClosedError", "it raised None"),
        ("= cancelling a waits", "nobody called 'cancelling a'"),
        ("= account socket is STALE", "it is LIVE"),
        ("= balance ZAR: available 1, reserved 1", "it is Balance"),
        ("= the sky is blue", "there is no such phrase"),
        ("> CANCEL_LIMIT_ORDER a", "it was not sent"),
        ("> REST order-status a", "it was not sent"),
        ("< NO_SUCH_FRAME a", "there is no short form of NO_SUCH_FRAME"),
        ("< CANCEL_ORDER_WS_RESPONSE a", "only 0 commands CANCEL were sent for a"),
        ("< REST order-status a: Placed", "at the end: order-status a was not asked"),
        ("! the sun sets", "there is no such phrase"),
        ("> user sings", "there is no such phrase"),
        ("> user cancels a", "at the end: CANCEL_LIMIT_ORDER a was sent"),
        ("> user cancels b", "at the end: cancelling b raised UnknownOrderError"),
    ],
)
def test_a_line_that_is_not_so_fails_with_its_place(tmp_path: Path, line: str, why: str) -> None:
    said = failure(tmp_path, f"{RESTING}{line}\n")

    assert said.startswith(f"{tmp_path / 'made.script'}:3: {line}")
    assert why in said


def test_what_is_sent_and_not_named_fails_at_the_next_line(tmp_path: Path) -> None:
    said = failure(tmp_path, f"{RESTING}> user cancels a\n! 1 s pass\n= a is OPEN\n")

    assert ":4: ! 1 s pass" in said
    assert "the library sent what no line names: CANCEL_LIMIT_ORDER a" in said


def test_a_field_that_is_otherwise_fails(tmp_path: Path) -> None:
    said = failure(
        tmp_path, '# a field\n> user places a: BUY 0.01 at 950000\n> PLACE_LIMIT_ORDER a {"price": "1"}\n'
    )

    assert ":3: > PLACE_LIMIT_ORDER a" in said
    assert "price is '950000'" in said


def test_a_call_that_never_returns_fails_unless_the_script_says_so(tmp_path: Path) -> None:
    waiting = "# a call\n> user places a: BUY 0.01 at 950000\n> PLACE_LIMIT_ORDER a\n"

    assert "at the end: placing a has not returned" in failure(tmp_path, waiting)
    (tmp_path / "said.script").write_text(f"{waiting}= placing a waits\n", encoding="utf-8")
    play(tmp_path / "said.script")


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("= ready\n", "the first line has to say which trouble it guards against"),
        ("", "the first line has to say which trouble it guards against"),
        ("# a purpose\n? ready\n", "a line begins with one of"),
        ("# a purpose\n=ready\n", "a line begins with one of"),
    ],
)
def test_a_text_that_is_no_script_is_refused(tmp_path: Path, text: str, why: str) -> None:
    assert why in failure(tmp_path, text)


def test_marks_within_json_and_quotation_marks_separate_nothing() -> None:
    assert split('a Placed, {"x": [1, 2], "y": "a, b"}, 2 s ago') == [
        "a Placed",
        '{"x": [1, 2], "y": "a, b"}',
        "2 s ago",
    ]


def test_the_command_prints_the_dialogue_and_counts_what_failed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    good, bad = tmp_path / "good.script", tmp_path / "bad.script"
    good.write_text(f"{RESTING}= a is OPEN\n", encoding="utf-8")
    bad.write_text(f"{RESTING}= a is FILLED\n", encoding="utf-8")

    assert main([str(good), str(bad)]) == 1

    told = capsys.readouterr().out
    assert '> {"type":"PLACE_LIMIT_ORDER"' in told
    assert '< {"type": "ORDER_PROCESSED"' in told
    assert "= OrderCreated of a" in told
    assert "not 'FILLED'" in told


def test_there_are_scripts_for_every_failure_of_the_earlier_connector() -> None:
    numbers = {path.stem[:2] for path in SCRIPTS if path.parent.name == "failures"}

    assert numbers == {f"{number:02}" for number in range(1, 12)}
    assert len(SCRIPTS) >= 60


def test_every_script_claims_something() -> None:
    claimless = [path for path in SCRIPTS if all(line.sign != "=" for line in read_script(path).lines)]

    assert not claimless
