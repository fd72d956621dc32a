"""What a call that cancelled an order returned, against what is known of that order."""

from __future__ import annotations

from collections.abc import Iterator

from valr_connector.model.order import CancelOutcome
from valr_connector.verification.invariants import Violation


def s6_cancelled_as_told(outcome: CancelOutcome) -> Iterator[Violation]:
    """An ending that is returned is the order's own. To be asked when the call returns."""
    order, result = outcome.order, outcome.result
    is_same = result.value == order.status.value if outcome.is_done else not order.is_done
    if not is_same:
        yield Violation("S6", f"cancelling {order.client_order_id} gave {result}, and it is {order.status}")
