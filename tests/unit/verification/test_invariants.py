"""Every invariant finds what it is there to find, on stories made by hand, and passes what is well."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.verification.stories import (
    AT,
    CANCELLED,
    FAILED,
    FILLED,
    NAME,
    OPEN,
    D,
    S,
    cancelled,
    created,
    failed,
    fill,
    filled,
    names,
    order,
    revived,
    story,
    there,
    trade,
)
from valr_connector.core.order_record import OrderRecord
from valr_connector.model import events as e
from valr_connector.model.account import Balance
from valr_connector.model.enums import OrderStatus, Placement
from valr_connector.model.order import CancelOutcome, CancelRequest, CancelResult
from valr_connector.simulator.vocabulary import State, Wallet
from valr_connector.verification import invariants as i
from valr_connector.verification import schedule as s
from valr_connector.verification.cancelling import s6_cancelled_as_told
from valr_connector.verification.placing import asked_by, s2_as_asked

# --- S1 --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("state", "ended", "is_false"),
    [
        (State.CANCELLED, 5, False),
        (State.CANCELLED, 7, True),
        (State.PLACED, 5, True),
        (State.FILLED, 5, True),
        (None, 5, True),
    ],
)
def test_s1_holds_an_ending_against_the_venue_of_its_moment(
    state: State | None, ended: int, is_false: bool
) -> None:
    record = order(CANCELLED)
    told = story(record, (1, created(record), OPEN, "0"), (6, cancelled(record), CANCELLED, "0"))
    truth = i.truth_of([there(state, ended=ended)], [])
    assert names(i.s1_no_false_terminal(told, truth)) == ["S1"] * is_false


def test_s1_takes_a_failed_order_that_the_venue_never_had_and_no_other() -> None:
    nothing = i.truth_of([], [])
    record = order(FAILED)
    assert not names(i.s1_no_false_terminal(story(record, (1, failed(record), FAILED, "0")), nothing))
    record = order(CANCELLED)
    told = story(record, (1, cancelled(record), CANCELLED, "0"))
    assert names(i.s1_no_false_terminal(told, nothing)) == ["S1"]


# --- S2 to S4 --------------------------------------------------------------------------------------


def test_s2_counts_orders_that_lived_under_one_id() -> None:
    told = story(order())
    one = [there(State.FAILED, order_id="x"), there(State.PLACED, order_id="y")]
    assert not names(i.s2_one_intent_one_order(told, i.truth_of(one, [])))
    two = [there(State.CANCELLED, order_id="x"), there(State.PLACED, order_id="y")]
    assert names(i.s2_one_intent_one_order(told, i.truth_of(two, []))) == ["S2"]


@pytest.mark.parametrize(
    ("executed", "is_wrong"), [(("0", "0.004", "0.01"), False), (("0.004", "0"), True), (("0.02",), True)]
)
def test_s3_sees_an_executed_amount_that_falls_or_exceeds(executed: tuple[str, ...], is_wrong: bool) -> None:
    record = order()
    told = story(record, *((1, created(record), OPEN, amount) for amount in executed))
    assert bool(names(i.s3_executed_never_falls(told))) is is_wrong


def test_s3_sees_a_fill_told_twice() -> None:
    record = order()
    told = story(record, (1, filled(record), OPEN, "0.004"), (2, filled(record), OPEN, "0.004"))
    assert names(i.s3_executed_never_falls(told)) == ["S3"]


def with_fill(**fields: Any) -> OrderRecord:
    known = fill("t")
    return order(
        fills_by_id={"t": known}, accounted_amount=known.amount, reported_executed=known.amount, **fields
    )


def test_s3_and_s4_pass_the_same_fills_on_both_sides() -> None:
    record = with_fill()
    told = story(record, (1, filled(record), OPEN, "0.004"))
    truth = i.truth_of([there(State.PARTIALLY_FILLED, executed="0.004")], [trade("t")])
    assert not names(i.s3_fills_once(told, truth))
    assert not names(i.s4_fees(told, truth))


def test_s3_sees_a_missing_fill_a_foreign_one_and_one_never_told() -> None:
    record = with_fill()
    told = story(record, (1, filled(record), OPEN, "0.004"))
    missing = i.truth_of([there(State.PARTIALLY_FILLED)], [trade("t"), trade("u")])
    assert set(names(i.s3_fills_once(told, missing))) == {"S3"}
    assert set(names(i.s3_fills_once(told, i.truth_of([there(State.PLACED)], [])))) == {"S3"}
    truth = i.truth_of([there(State.PARTIALLY_FILLED)], [trade("t")])
    assert names(i.s3_fills_once(story(record), truth)) == ["S3"]


def test_s4_sees_another_fee() -> None:
    record = with_fill()
    truth = i.truth_of([there(State.PARTIALLY_FILLED)], [trade("t", fee="0.011")])
    assert names(i.s4_fees(story(record), truth)) == ["S4"]


def test_an_adopted_order_is_created_by_its_adoption_and_goes_by_the_venues_id_without_another() -> None:
    record = order(CANCELLED)
    adopted = e.OrderAdopted(record, AT, OPEN, D("0"))
    told = story(record, (1, adopted, OPEN, "0"), (6, cancelled(record), CANCELLED, "0"))
    assert not names(i.s6_one_story(told))
    nameless = there(State.PLACED)
    nameless = replace(nameless, request=nameless.request._replace(customer_order_id=""))
    assert i.truth_of([nameless], []).order("x") is nameless


def test_s3_and_s4_pass_over_what_an_order_had_executed_before_it_was_adopted() -> None:
    record = with_fill()
    record.executed_before = D("0.006")
    record.accounted_amount = record.reported_executed = D("0.01")
    told = story(record, (1, filled(record), OPEN, "0.01"))
    trades = [trade("early", quantity="0.006"), trade("t")]
    truth = i.truth_of([there(State.PARTIALLY_FILLED, executed="0.01")], trades)
    assert not names(i.s3_fills_once(told, truth))
    assert not names(i.s4_fees(told, truth))


# --- S5 and S6 -------------------------------------------------------------------------------------


def test_s5_sees_an_order_that_is_open_again_without_a_word() -> None:
    record = order(OPEN)
    told = story(record, (1, cancelled(record), CANCELLED, "0"), (2, created(record), OPEN, "0"))
    assert names(i.s5_no_resurrection(told, i.truth_of([], []))) == ["S5"]


def test_s5_passes_a_true_revival_and_no_false_one() -> None:
    record = order(OPEN)
    told = story(record, (6, cancelled(record), CANCELLED, "0"), (7, revived(record), OPEN, "0"))
    assert not names(i.s5_no_resurrection(told, i.truth_of([there(State.PLACED)], [])))
    assert not names(i.s5_no_resurrection(told, i.truth_of([there(State.FILLED, ended=9)], [])))
    assert names(i.s5_no_resurrection(told, i.truth_of([there(State.CANCELLED, ended=5)], []))) == ["S5"]
    never = story(record, (7, revived(record), OPEN, "0"))
    assert names(i.s5_no_resurrection(never, i.truth_of([], []))) == ["S5"]


@pytest.mark.parametrize("is_flagged", [True, False])
def test_s5_wants_late_fills_flagged(is_flagged: bool) -> None:
    record = order(CANCELLED)
    told = story(
        record,
        (1, cancelled(record), CANCELLED, "0"),
        (2, filled(record, late=is_flagged), CANCELLED, "0.004"),
    )
    assert bool(names(i.s5_no_resurrection(told, i.truth_of([], [])))) is not is_flagged


def test_s6_passes_a_story_as_it_should_be() -> None:
    record = order(CANCELLED)
    told = story(
        record,
        (1, e.PlacementUnknown(record, None, ""), OrderStatus.PENDING_CREATE, "0"),
        (2, created(record), OPEN, "0"),
        (3, filled(record), OPEN, "0.004"),
        (4, cancelled(record), CANCELLED, "0.004"),
        (5, filled(record, "u", late=True), CANCELLED, "0.005"),
    )
    assert not names(i.s6_one_story(told))


@pytest.mark.parametrize(
    ("status", "kinds"),
    [
        (OPEN, ("created", "created")),
        (OPEN, ("filled", "created")),
        (OPEN, ("filled",)),
        (CANCELLED, ("created", "cancelled", "cancelled")),
        (CANCELLED, ("created", "cancelled", "created")),
        (OPEN, ("created", "cancelled")),
        (CANCELLED, ("created",)),
    ],
)
def test_s6_sees_a_story_that_is_no_path(status: OrderStatus, kinds: tuple[str, ...]) -> None:
    record = order(status)
    makers: dict[str, Callable[[OrderRecord], e.OrderEvent]] = {
        "created": created,
        "filled": filled,
        "cancelled": cancelled,
    }
    after = {"created": OPEN, "filled": OPEN, "cancelled": CANCELLED}
    told = story(record, *((n, makers[kind](record), after[kind], "0") for n, kind in enumerate(kinds)))
    assert "S6" in names(i.s6_one_story(told))


def test_s6_sees_a_correction_of_what_had_not_ended() -> None:
    record = order(FILLED)
    correction = e.OrderCorrected(record, None, CANCELLED, FILLED)
    told = story(record, (1, created(record), OPEN, "0"), (2, correction, FILLED, "0"))
    assert "S6" in names(i.s6_one_story(told))


# --- S9 and liveness -------------------------------------------------------------------------------


def test_s9_names_what_was_open_when_closing_ended_and_was_not_reported() -> None:
    record = order(OPEN)
    told = [story(record)]
    still_open = i.truth_of([there(State.PLACED)], [])
    assert names(i.s9_nothing_left(told, still_open, [], closed_at=9 * S)) == ["S9"]
    assert not names(i.s9_nothing_left(told, still_open, [record], closed_at=9 * S))
    ended_later = i.truth_of([there(State.CANCELLED, ended=10)], [])
    assert names(i.s9_nothing_left(told, ended_later, [], closed_at=9 * S)) == ["S9"]
    ended = i.truth_of([there(State.CANCELLED, ended=8)], [])
    assert not names(i.s9_nothing_left(told, ended, [], closed_at=9 * S))
    assert not names(i.s9_nothing_left(told, i.truth_of([], []), [], closed_at=9 * S))


def test_l1_names_what_is_unknown_or_being_cancelled_or_differs() -> None:
    unknown = order(OrderStatus.PENDING_CREATE, placement=Placement.UNKNOWN)
    leaving = order(OPEN, cancel_request=CancelRequest(1, 0))
    assert names(i.l1_no_unknown([story(unknown), story(leaving), story(order())])) == ["L1", "L1"]
    truth = i.truth_of([there(State.PLACED)], [])
    assert not names(i.l1_agreement([story(order())], truth))
    assert names(i.l1_agreement([story(order(CANCELLED))], truth)) == ["L1"]
    assert not names(i.l1_agreement([story(order(FAILED))], i.truth_of([], [])))


def test_l4_counts_quotes_and_l5_seconds_and_tasks() -> None:
    assert not names(i.l4_no_accumulation(3, in_doubt_here=1))
    assert names(i.l4_no_accumulation(3, in_doubt_here=0)) == ["L4"]
    assert not names(i.l5_closes_in_time(5.0, [], 5.0))
    assert names(i.l5_closes_in_time(5.1, ["a task"], 5.0)) == ["L5", "L5"]


def test_a_violation_says_what_it_violates() -> None:
    assert str(i.Violation("S1", "false")) == "S1: false"
    assert replace(i.Violation("S1", "false"), invariant="S2") == i.Violation("S2", "false")


# --- restored orders, limits, strangers and terms -------------------------------------------------


def test_s1_sees_an_order_told_as_created_that_failed_or_was_not_there_yet() -> None:
    told = [story(record := order(OPEN), (4, created(record), OPEN, "0"))]
    assert not names(i.s1_no_false_life(told[0], i.truth_of([there(State.PLACED, ended=4)], [])))
    for truth in (
        i.truth_of([], []),
        i.truth_of([there(None)], []),
        i.truth_of([there(State.FAILED, ended=3)], []),
        i.truth_of([there(State.PLACED, ended=5)], []),
    ):
        assert names(i.s1_no_false_life(told[0], truth)) == ["S1"]


def test_s6_sees_an_end_that_was_not_told_and_one_that_is_none() -> None:
    unsaid = story(order(CANCELLED))
    assert names(i.s6_nothing_unsaid(unsaid)) == ["S6"]
    record = order(OPEN)
    assert names(i.s6_nothing_unsaid(story(record, (1, cancelled(record), CANCELLED, "0")))) == ["S6"]
    assert not names(i.s6_nothing_unsaid(story(order(OPEN))))
    unsaid.is_cut_off = True
    assert not names(i.s6_nothing_unsaid(unsaid))


def test_s6_takes_a_restored_order_as_it_was() -> None:
    ended = order(CANCELLED)
    restored = e.Restored(ended, AT, CANCELLED, D(0))
    assert not names(i.s6_one_story(story(ended, (1, restored, CANCELLED, "0"))))
    again = story(ended, (1, restored, CANCELLED, "0"), (2, cancelled(ended), CANCELLED, "0"))
    assert "S6" in names(i.s6_one_story(again))
    record = order(OPEN)
    known = e.Restored(record, AT, OPEN, D(0))
    twice = story(record, (1, known, OPEN, "0"), (2, created(record), OPEN, "0"))
    assert names(i.s6_one_story(twice)) == ["S6"]


def test_s8_sees_what_the_venue_refused() -> None:
    assert not names(i.s8_within_limits(0))
    assert names(i.s8_within_limits(1)) == ["S8"]


def test_s9_sees_that_somebody_elses_order_was_cancelled() -> None:
    assert not names(i.s9_others_untouched([there(State.PLACED), there(State.FILLED)]))
    assert names(i.s9_others_untouched([there(State.CANCELLED)])) == ["S9"]


def test_l1_sees_a_stranger_that_nobody_was_told_of() -> None:
    assert names(i.l1_strangers_told([there(State.PLACED, order_id="y")], {"x"})) == ["L1"]
    assert not names(i.l1_strangers_told([there(State.PLACED, order_id="x"), there(State.FILLED)], {"x"}))


def test_l1_compares_price_and_amount_of_what_is_open() -> None:
    truth = i.truth_of([there(State.MODIFIED)], [])
    assert not names(i.l1_agreement([story(order())], truth))
    assert names(i.l1_agreement([story(order(price=D(99)))], truth)) == ["L1"]
    partly = i.truth_of([there(State.MODIFIED, executed="0.004")], [])
    assert not names(i.l1_agreement([story(order(OrderStatus.PARTIALLY_FILLED))], partly))


# --- what was asked for, what was returned, what is held ---------------------------------------------


def test_s2_holds_what_the_venue_was_asked_for_against_what_the_user_wanted() -> None:
    step = s.Place(at=0, name="x", side="BUY", amount=D("0.01"), price=D(100))
    asked = asked_by(step, NAME)
    assert names(s2_as_asked(asked, [there(State.PLACED)])) == []
    for changed in (
        asked._replace(side="sell"),
        asked._replace(post_only=True),
        asked._replace(time_in_force="IOC"),
        asked._replace(price=D(101)),
    ):
        assert names(s2_as_asked(changed, [there(State.PLACED)])) == ["S2"]


@pytest.mark.parametrize(
    ("status", "result", "violated"),
    [
        (CANCELLED, CancelResult.CANCELLED, []),
        (OPEN, CancelResult.STILL_OPEN, []),
        (FILLED, CancelResult.CANCELLED, ["S6"]),
        (OPEN, CancelResult.CANCELLED, ["S6"]),
        (FAILED, CancelResult.UNKNOWN, ["S6"]),
    ],
)
def test_s6_holds_what_a_cancel_returned_against_the_order(
    status: OrderStatus, result: CancelResult, violated: list[str]
) -> None:
    assert names(s6_cancelled_as_told(CancelOutcome(order(status), result))) == violated


def test_l1_holds_wallets_against_the_venues_and_leaves_out_what_is_empty() -> None:
    ours = {"BTC": Balance("BTC", D(1), D(2), D(3)), "ETH": Balance("ETH", D(0), D(0), D(0))}
    theirs = [Wallet("BTC", D(1), D(2), 0), Wallet("XRP", D(0), D(0), 0)]
    assert names(i.l1_balances(ours, theirs)) == []
    assert names(i.l1_balances(ours, [Wallet("BTC", D(3), D(0), 0)])) == ["L1"]
    assert names(i.l1_balances({}, theirs)) == ["L1"]
    assert names(i.l1_balances(ours, [])) == ["L1"]


def test_l3_names_each_socket_that_is_dead_unnoticed() -> None:
    assert names(i.l3_no_dead_connection(["account", "trade"])) == ["L3", "L3"]
    assert names(i.l3_no_dead_connection([])) == []
