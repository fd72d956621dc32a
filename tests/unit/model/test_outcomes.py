"""What cancelling and closing hand back."""

from __future__ import annotations

import pytest

from tests.unit.core.builders import new_order
from valr_connector.model.order import CancelOutcome, CancelResult, CloseReport


@pytest.mark.parametrize("result", CancelResult)
def test_a_cancel_is_done_unless_the_order_may_still_be_open(result: CancelResult) -> None:
    may_be_open = result in (CancelResult.STILL_OPEN, CancelResult.UNKNOWN)
    assert CancelOutcome(new_order(), result).is_done is not may_be_open


def test_a_closing_is_clean_when_nothing_remains() -> None:
    assert CloseReport(()).is_clean
    assert not CloseReport((new_order(),)).is_clean
