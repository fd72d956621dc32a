"""Closed sets of words."""

from __future__ import annotations

from enum import StrEnum

import pytest

from valr_connector.model import enums
from valr_connector.model.enums import OrderStatus, Side


def test_a_side_has_an_opposite_and_that_one_leads_back() -> None:
    assert Side.BUY.opposite is Side.SELL
    assert Side.SELL.opposite is Side.BUY


def test_four_statuses_are_terminal() -> None:
    assert {status for status in OrderStatus if status.is_terminal} == {
        OrderStatus.FILLED,
        OrderStatus.CANCELLED,
        OrderStatus.EXPIRED,
        OrderStatus.FAILED,
    }


@pytest.mark.parametrize("name", [name for name, kind in vars(enums).items() if isinstance(kind, type)])
def test_every_word_equals_its_own_text(name: str) -> None:
    kind = getattr(enums, name)
    assert issubclass(kind, StrEnum)
    assert all(member == member.value for member in kind)
