"""The operations that steps of a schedule mean."""

from __future__ import annotations

from valr_connector.model.enums import OrderType, Side
from valr_connector.model.operations import BatchLimit, BatchStopLimit
from valr_connector.verification import schedule as s
from valr_connector.verification.world import PAIR


def stop_kind(step: s.Place | s.Batch) -> OrderType:
    """What the stop orders of a step are for."""
    return OrderType.TAKE_PROFIT_LIMIT if step.takes_profit else OrderType.STOP_LOSS_LIMIT


def batch_placement(step: s.Batch, client_order_id: str) -> BatchLimit | BatchStopLimit:
    """One of the placements of a batch."""
    side, price = Side(step.side), step.price or 0
    if step.stop is None:
        return BatchLimit(
            pair=PAIR, side=side, amount=step.amount, price=price, client_order_id=client_order_id
        )
    return BatchStopLimit(
        pair=PAIR,
        side=side,
        order_type=stop_kind(step),
        amount=step.amount,
        price=price,
        stop_price=step.stop,
        client_order_id=client_order_id,
    )
