"""What cancelling and closing hand back."""

from __future__ import annotations

import pytest

from tests.unit.core.builders import new_order
from valr_connector.model.ids import ExchangeOrderId
from valr_connector.model.order import CancelAllReport, CancelOutcome, CancelResult, CloseReport


@pytest.mark.parametrize("result", CancelResult)
def test_a_cancel_is_done_unless_the_order_may_still_be_open(result: CancelResult) -> None:
    may_be_open = result in (CancelResult.STILL_OPEN, CancelResult.UNKNOWN)
    assert CancelOutcome(new_order(), result).is_done is not may_be_open


def test_a_closing_is_clean_when_nothing_remains() -> None:
    assert CloseReport(()).is_clean
    assert not CloseReport((new_order(),)).is_clean


def test_what_remains_of_many_orders_are_those_that_may_be_open() -> None:
    gone = CancelOutcome(new_order("MM-1"), CancelResult.CANCELLED)
    still = CancelOutcome(new_order("MM-2"), CancelResult.STILL_OPEN)
    report = CancelAllReport((gone, still))
    assert report.remaining == (still.order,)
    assert not report.is_clean


def test_many_orders_are_clean_when_all_of_them_are_accounted_for_and_none_remains() -> None:
    gone = (CancelOutcome(new_order(), CancelResult.FILLED),)
    assert CancelAllReport(gone, others_ended=(ExchangeOrderId("ex-9"),)).is_clean
    assert not CancelAllReport(gone, others_remaining=(ExchangeOrderId("ex-9"),)).is_clean
    assert not CancelAllReport(gone, is_complete=False).is_clean
