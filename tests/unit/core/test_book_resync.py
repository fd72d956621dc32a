"""Which book is asked for anew, when, and what comes after (protocol 18.6)."""

from __future__ import annotations

from valr_connector.core.book_resync import (
    CALM,
    LONGEST_PAUSE,
    PATIENCE,
    SECOND,
    Due,
    ResyncSchedule,
)
from valr_connector.model.ids import Symbol

BTC, ETH = Symbol("BTCZAR"), Symbol("ETHZAR")
NOTHING = Due((), ())


def connected(*symbols: Symbol) -> ResyncSchedule:
    """Subscribed at 0 s; nothing has come yet."""
    schedule = ResyncSchedule()
    schedule.subscribed(symbols or (BTC, ETH), 0)
    return schedule


def live() -> ResyncSchedule:
    """Both books started at 0 s."""
    schedule = connected()
    for symbol in (BTC, ETH):
        schedule.started(symbol, 0)
    return schedule


def test_a_new_schedule_waits_for_nothing() -> None:
    schedule = ResyncSchedule()
    assert (schedule.next_due, schedule.take_due(0)) == (None, NOTHING)


def test_a_first_snapshot_that_does_not_come_in_time_is_asked_for_anew() -> None:
    schedule = connected()
    schedule.started(ETH, SECOND)
    assert schedule.next_due == PATIENCE
    assert schedule.take_due(PATIENCE - 1) == NOTHING
    assert schedule.take_due(PATIENCE) == Due((BTC,), ())
    assert schedule.take_due(PATIENCE) == NOTHING


def test_a_book_that_broke_is_asked_for_at_once_and_no_other_is() -> None:
    schedule = live()
    schedule.broke(BTC, CALM)
    assert schedule.next_due == CALM
    assert schedule.take_due(CALM) == Due((BTC,), ())


def test_a_book_that_started_again_is_not_waited_for() -> None:
    schedule = live()
    schedule.broke(BTC, CALM)
    schedule.take_due(CALM)
    schedule.started(BTC, CALM + 1)
    assert schedule.next_due is None


def test_where_asking_anew_does_not_help_the_connection_is_given_up_once() -> None:
    schedule = live()
    schedule.broke(BTC, CALM)
    schedule.take_due(CALM)
    assert schedule.take_due(CALM + PATIENCE) == Due((), (BTC,))
    schedule.disconnected()
    schedule.subscribed((BTC, ETH), CALM)
    schedule.started(ETH, CALM)
    assert schedule.take_due(CALM + PATIENCE) == Due((BTC,), ())
    assert schedule.next_due == CALM + PATIENCE + LONGEST_PAUSE
    assert schedule.take_due(CALM + PATIENCE + LONGEST_PAUSE) == Due((BTC,), ())


def test_a_book_that_came_back_may_cost_a_connection_again() -> None:
    schedule = connected(BTC)
    schedule.take_due(PATIENCE)
    assert schedule.take_due(2 * PATIENCE) == Due((), (BTC,))
    schedule.started(BTC, 3 * PATIENCE)
    schedule.broke(BTC, 3 * PATIENCE + CALM)
    schedule.take_due(3 * PATIENCE + CALM)
    assert schedule.take_due(4 * PATIENCE + CALM) == Due((), (BTC,))


def test_a_book_that_breaks_again_and_again_is_asked_for_later_each_time() -> None:
    schedule, now, pauses = live(), 0, []
    for _ in range(9):
        schedule.broke(BTC, now)
        pauses.append((schedule.next_due or 0) - now)
        now += pauses[-1]
        schedule.take_due(now)
        schedule.started(BTC, now)
    assert [pause // SECOND for pause in pauses] == [0, 1, 2, 4, 8, 16, 30, 30, 30]


def test_a_snapshot_that_does_not_fit_is_asked_for_later_each_time() -> None:
    schedule = live()
    schedule.broke(BTC, 0)
    schedule.take_due(0)
    schedule.broke(BTC, 0)
    assert schedule.next_due == SECOND


def test_a_book_that_lasted_is_asked_for_at_once_again() -> None:
    schedule = live()
    for now in (0, 1):
        schedule.broke(BTC, now)
        schedule.started(BTC, now)
    schedule.broke(BTC, CALM + 1)
    assert schedule.next_due == CALM + 1


def test_a_feed_that_replaces_the_book_gets_the_time_to_mend_it() -> None:
    schedule = live()
    schedule.broke(BTC, 0, mends_itself=True)
    assert schedule.take_due(PATIENCE - 1) == NOTHING
    assert schedule.take_due(PATIENCE) == Due((BTC,), ())


def test_a_pair_that_is_dropped_is_not_waited_for() -> None:
    schedule = connected()
    schedule.dropped(BTC)
    assert schedule.take_due(PATIENCE) == Due((ETH,), ())


def test_without_a_connection_nothing_is_asked_for() -> None:
    schedule = connected()
    schedule.disconnected()
    assert schedule.next_due is None
