from __future__ import annotations

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from valr_connector.protocol.order_status import WireStatus, parse_order_status

TEXTS = [
    ("Placed", WireStatus.PLACED, False),
    ("placed", WireStatus.PLACED, False),
    ("PLACED", WireStatus.PLACED, False),
    ("Active", WireStatus.ACTIVE, False),
    ("Partially Filled", WireStatus.PARTIALLY_FILLED, False),
    ("PartiallyFilled", WireStatus.PARTIALLY_FILLED, False),
    ("PARTIALLY_FILLED", WireStatus.PARTIALLY_FILLED, False),
    ("partially filled", WireStatus.PARTIALLY_FILLED, False),
    ("Order Modified", WireStatus.ORDER_MODIFIED, False),
    ("ORDER_MODIFIED", WireStatus.ORDER_MODIFIED, False),
    ("Order price has been modified due to slippage limits", WireStatus.REPRICED_DUE_TO_SLIPPAGE, False),
    ("Repriced Due To Slippage", WireStatus.REPRICED_DUE_TO_SLIPPAGE, False),
    ("REPRICED_DUE_TO_SLIPPAGE", WireStatus.REPRICED_DUE_TO_SLIPPAGE, False),
    ("Filled", WireStatus.FILLED, True),
    ("FILLED", WireStatus.FILLED, True),
    ("Cancelled", WireStatus.CANCELLED, True),
    ("CANCELLED", WireStatus.CANCELLED, True),
    ("Failed", WireStatus.FAILED, True),
    ("FAILED", WireStatus.FAILED, True),
    ("Expired", WireStatus.EXPIRED, True),
    ("EXPIRED", WireStatus.EXPIRED, True),
    ("Partially Filled and Cancelled Due To Slippage", WireStatus.PARTIALLY_FILLED_DUE_TO_SLIPPAGE, True),
    ("Partially Filled Due To Slippage", WireStatus.PARTIALLY_FILLED_DUE_TO_SLIPPAGE, True),
    ("PARTIALLY_FILLED_DUE_TO_SLIPPAGE", WireStatus.PARTIALLY_FILLED_DUE_TO_SLIPPAGE, True),
    ("Instant Order Balance Reserved", WireStatus.INSTANT_ORDER_BALANCE_RESERVED, False),
    ("Instant Order Balance Reserve Failed", WireStatus.INSTANT_ORDER_BALANCE_RESERVE_FAILED, True),
    ("Instant Order Completed", WireStatus.INSTANT_ORDER_COMPLETED, True),
    ("Open", WireStatus.OPEN, False),
]


def test_every_state_is_recognised_in_every_spelling() -> None:
    recognised = [(text, parse_order_status(text)) for text, _, _ in TEXTS]
    assert [(text, status, status.is_terminal) for text, status in recognised] == TEXTS


def test_every_state_that_valr_has_is_recognised_by_its_own_value() -> None:
    known = [status for status in WireStatus if status is not WireStatus.UNRECOGNISED]
    assert [parse_order_status(status.value) for status in known] == known
    assert {status for _, status, _ in TEXTS} == set(known)


@pytest.mark.parametrize("text", ["", " ", "Canceled", "Pending", "UNRECOGNISED", "Filled!", "None"])
def test_a_text_nobody_knows_is_unrecognised_and_not_terminal(text: str) -> None:
    assert parse_order_status(text) is WireStatus.UNRECOGNISED
    assert not WireStatus.UNRECOGNISED.is_terminal


@settings(deadline=None)
@given(st.sampled_from(TEXTS), st.randoms(use_true_random=False))
def test_case_spaces_and_underscores_do_not_matter(row: tuple[str, WireStatus, bool], random: Random) -> None:
    pick = random.choice
    text = "".join(pick(["", " ", "_"]) + pick([letter.upper(), letter.lower()]) for letter in row[0])
    assert parse_order_status(text) is row[1]


@settings(deadline=None)
@given(st.text())
def test_any_text_has_a_state(text: str) -> None:
    assert parse_order_status(text) in WireStatus
