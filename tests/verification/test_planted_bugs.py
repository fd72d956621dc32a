"""The checks can fail: each bug that is planted is found within so many seeds."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import nullcontext

import pytest

from tests.verification import planted_bugs as bugs
from tests.verification.planted_bugs import PLANTS, Plant, finds

WITHIN = 400
"""So many seeds are searched at most. The search begins close to a seed that has found the bug before."""

KNOWN: Mapping[Plant, int] = {
    bugs.absence_is_a_cancellation: 0,
    bugs.a_receipt_is_a_cancellation: 0,
    bugs.a_retry_without_a_probe: 30,
    bugs.being_cancelled_sticks: 20,
    bugs.a_fill_is_counted_twice: 0,
    bugs.a_fill_before_the_reply_is_lost: 0,
    bugs.what_has_ended_is_opened_again: 0,
    bugs.an_unknown_status_is_open: 10,
    bugs.a_late_reply_is_dropped: 50,
    bugs.no_resync_after_a_reconnect: 10,
    bugs.the_journal_is_written_after_the_send: 100,
    bugs.a_foreign_order_is_cancelled: 0,
    bugs.a_secret_is_logged: 0,
    bugs.a_gap_in_the_book_is_overlooked: 0,
    bugs.changes_of_the_book_are_left_out: 0,
    bugs.a_book_outlives_its_connection: 0,
    bugs.a_modify_returns_before_its_terms_are_known: 10,
    bugs.the_second_way_forgets_post_only: 10,
    bugs.a_cancel_returns_what_was_wished_for: 0,
    bugs.balances_stay_as_they_were_first: 0,
    bugs.the_clock_is_never_measured_again: 210,
    bugs.a_silent_connection_passes_for_live: 50,
    bugs.first_come_first_served: 40,
    bugs.a_circuit_never_closes: 0,
}


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_a_planted_bug_is_found(plant: Plant) -> None:
    found = next(finds(plant, range(KNOWN[plant], KNOWN[plant] + WITHIN)), None)
    assert found is not None
    assert found[1] not in ("crash", "hang"), "it is no bug of the kind any more"


def test_without_a_bug_nothing_is_found() -> None:
    seeds = {seed for first in KNOWN.values() for seed in range(first, first + 3)}
    assert not [found for seed in sorted(seeds) for found in finds(nullcontext, range(seed, seed + 1))]
