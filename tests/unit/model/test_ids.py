"""Client order ids are never used twice, and VALR accepts every one of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from valr_connector.model.ids import CLIENT_ORDER_ID_PATTERN, ClientOrderIds, to_base36


def test_ids_count_up_behind_the_prefix_and_the_instance() -> None:
    ids = ClientOrderIds("mm", "7f3a")
    assert [ids.next() for _ in range(3)] == ["mm-7f3a-1", "mm-7f3a-2", "mm-7f3a-3"]


def test_no_id_is_made_twice_and_valr_accepts_each() -> None:
    ids = ClientOrderIds("mm", "7f3a")
    made = [ids.next() for _ in range(2_000)]
    assert len(set(made)) == len(made)
    assert all(CLIENT_ORDER_ID_PATTERN.fullmatch(each) for each in made)


def test_an_instance_knows_its_own_ids_and_no_others() -> None:
    ids = ClientOrderIds("mm", "7f3a")
    assert ids.is_ours(ids.next())
    assert not ids.is_ours("mm-7f3b-1")
    assert not ids.is_ours("mm-7f3a")


@given(st.integers(min_value=0, max_value=10**30))
def test_a_number_in_base_36_reads_back_as_itself(number: int) -> None:
    assert int(to_base36(number), 36) == number


@pytest.mark.parametrize(("number", "text"), [(0, "0"), (9, "9"), (10, "a"), (35, "z"), (36, "10")])
def test_base_36_counts_with_digits_and_then_letters(number: int, text: str) -> None:
    assert to_base36(number) == text


@pytest.mark.parametrize("accepted", ["a", "A-9", "x" * 50])
def test_valr_takes_letters_digits_and_dashes(accepted: str) -> None:
    assert CLIENT_ORDER_ID_PATTERN.fullmatch(accepted)


@pytest.mark.parametrize("refused", ["", "a_b", "a b", "x" * 51, "é", "a\n"])
def test_valr_takes_nothing_else(refused: str) -> None:
    assert not CLIENT_ORDER_ID_PATTERN.fullmatch(refused)
