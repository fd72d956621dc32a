"""Which command a reply answers."""

from __future__ import annotations

import pytest

from valr_connector.core.commands import CommandFate, CommandKind, CommandLedger, SentCommand
from valr_connector.model.ids import ClientOrderId

PLACE, CANCEL, MODIFY = CommandKind.PLACE_LIMIT, CommandKind.CANCEL, CommandKind.MODIFY


def enter(
    ledger: CommandLedger, kind: CommandKind = PLACE, order: str = "MM-1", epoch: int = 1
) -> SentCommand:
    return ledger.enter(kind, ClientOrderId(order), epoch, now=5)


def test_a_command_gets_its_own_message_id() -> None:
    ledger = CommandLedger()
    assert enter(ledger) == SentCommand("c-1", PLACE, ClientOrderId("MM-1"), epoch=1, sent_at=5)
    assert enter(ledger).message_id == "c-2"
    assert len(ledger) == 2


def test_a_reply_answers_the_command_with_its_message_id() -> None:
    ledger = CommandLedger()
    first, second = enter(ledger), enter(ledger)
    assert ledger.answer(second.message_id, PLACE) is second
    assert ledger.answer(first.message_id, PLACE) is first
    assert len(ledger) == 0


def test_a_command_is_answered_once() -> None:
    ledger = CommandLedger()
    command = enter(ledger)
    ledger.answer(command.message_id, PLACE)
    assert ledger.answer(command.message_id, PLACE) is None


def test_a_message_id_that_is_not_ours_answers_nothing() -> None:
    ledger = CommandLedger()
    enter(ledger)
    assert ledger.answer("c-99", PLACE) is None
    assert len(ledger) == 1


@pytest.mark.parametrize("message_id", [None, ""])
def test_a_reply_without_a_message_id_answers_the_only_command_of_its_kind(message_id: str | None) -> None:
    ledger = CommandLedger()
    placing, _cancelling = enter(ledger), enter(ledger, CANCEL)
    assert ledger.answer(message_id, PLACE, CommandKind.PLACE_MARKET) is placing


def test_a_reply_without_a_message_id_answers_nothing_when_two_commands_could_be_meant() -> None:
    ledger = CommandLedger()
    enter(ledger)
    enter(ledger, CommandKind.PLACE_MARKET)
    assert ledger.answer(None, PLACE, CommandKind.PLACE_MARKET) is None
    assert len(ledger) == 2


def test_a_reply_without_a_message_id_answers_nothing_when_no_command_is_meant() -> None:
    ledger = CommandLedger()
    enter(ledger, CANCEL)
    assert ledger.answer(None, PLACE) is None


def test_a_command_that_was_not_sent_is_forgotten() -> None:
    ledger = CommandLedger()
    command = enter(ledger)
    ledger.withdraw(command)
    ledger.withdraw(command)
    assert len(ledger) == 0


def test_a_lost_connection_takes_its_own_commands_along() -> None:
    ledger = CommandLedger()
    lost, kept = enter(ledger, epoch=1), enter(ledger, MODIFY, epoch=2)
    assert ledger.lose(1) == [lost]
    assert ledger.lose(1) == []
    assert ledger.answer(kept.message_id) is kept


def test_beyond_its_capacity_the_ledger_forgets_the_oldest() -> None:
    ledger = CommandLedger(capacity=2)
    oldest, second, third = enter(ledger), enter(ledger), enter(ledger)
    assert len(ledger) == 2
    assert ledger.answer(oldest.message_id) is None
    assert ledger.answer(second.message_id) is second
    assert ledger.answer(third.message_id) is third


def test_commands_are_named_as_valr_names_them_in_a_rate_limit() -> None:
    assert [kind.value for kind in CommandKind] == [
        "PLACE_LIMIT_ORDER",
        "PLACE_MARKET_ORDER",
        "CANCEL_LIMIT_ORDER",
        "MODIFY_ORDER",
    ]


# What is told of a command's way


def watched(capacity: int = 10) -> tuple[CommandLedger, list[tuple[str, CommandFate]]]:
    ledger = CommandLedger(capacity)
    told: list[tuple[str, CommandFate]] = []
    ledger.watch(lambda command, fate: told.append((command.message_id, fate)))
    return ledger, told


def test_the_fate_of_each_command_is_told_once() -> None:
    ledger, told = watched()
    answered, withdrawn, given_up = enter(ledger), enter(ledger), enter(ledger)
    ledger.answer(answered.message_id)
    ledger.withdraw(withdrawn)
    ledger.give_up(given_up)
    for command in (answered, withdrawn, given_up):
        ledger.withdraw(command)
    assert told == [
        ("c-1", CommandFate.ANSWERED),
        ("c-2", CommandFate.NOT_SENT),
        ("c-3", CommandFate.UNANSWERED),
    ]


def test_of_what_a_lost_connection_took_along_one_command_is_told() -> None:
    ledger, told = watched()
    for _ in range(3):
        enter(ledger)
    enter(ledger, epoch=2)
    assert len(ledger.lose(1)) == 3
    assert told == [("c-1", CommandFate.UNANSWERED)]


def test_a_connection_that_took_nothing_along_tells_nothing() -> None:
    ledger, told = watched()
    ledger.lose(1)
    assert told == []


def test_a_command_without_a_reply_in_time_is_told_once_and_its_late_reply_too() -> None:
    ledger, told = watched()
    late, other = enter(ledger), enter(ledger, order="MM-2")
    ledger.overdue(late.client_order_id)
    ledger.overdue(late.client_order_id)
    assert told == [("c-1", CommandFate.UNANSWERED)]
    assert ledger.answer(late.message_id) is late
    assert ledger.lose(1) == [other]
    assert told[1:] == [("c-1", CommandFate.ANSWERED), ("c-2", CommandFate.UNANSWERED)]


def test_what_was_overdue_when_its_connection_was_lost_is_not_told_again() -> None:
    ledger, told = watched()
    command = enter(ledger)
    ledger.overdue(command.client_order_id)
    assert ledger.lose(1) == [command]
    ledger.give_up(command)
    assert told == [("c-1", CommandFate.UNANSWERED)]


def test_what_is_overdue_and_forgotten_for_want_of_room_leaves_nothing_behind() -> None:
    ledger, _ = watched(capacity=1)
    command = enter(ledger)
    ledger.overdue(command.client_order_id)
    enter(ledger)
    assert ledger.answer(command.message_id) is None
    assert not ledger._overdue


def test_what_was_overdue_and_is_given_up_later_is_told_once() -> None:
    ledger, told = watched()
    command = enter(ledger)
    ledger.overdue(command.client_order_id)
    ledger.give_up(command)
    assert told == [("c-1", CommandFate.UNANSWERED)]
