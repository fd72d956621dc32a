"""The operations that steps of a schedule mean, and what the venue has to be asked for by them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from valr_connector.model.enums import OrderType, Side
from valr_connector.model.operations import BatchLimit, BatchStopLimit
from valr_connector.simulator.vocabulary import NewOrder, Stop, StopType, VenueOrder
from valr_connector.verification import schedule as s
from valr_connector.verification.invariants import Violation
from valr_connector.verification.world import PAIR, SYMBOL


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


def asked_by(step: s.Place | s.Batch, client_order_id: str) -> NewOrder:
    """The request that has to reach the venue for one placement of a step."""
    is_market = step.price is None
    single = step if isinstance(step, s.Place) else None
    return NewOrder(
        symbol=SYMBOL,
        side="buy" if step.side == "BUY" else "sell",
        kind="market" if is_market else "limit",
        quantity=step.amount,
        quote_amount=None if single is None else single.quote,
        price=step.price,
        post_only=single is not None and single.post_only,
        time_in_force="GTC" if single is None or is_market else single.tif,
        customer_order_id=client_order_id,
        stop=None if step.stop is None else Stop(_stop_type(step), step.stop),
    )


def _stop_type(step: s.Place | s.Batch) -> StopType:
    return "TAKE_PROFIT_LIMIT" if step.takes_profit else "STOP_LOSS_LIMIT"


def asked_by_quote(step: s.Refresh, side: Side, client_order_id: str) -> NewOrder:
    """The same for a quote of a maker."""
    return NewOrder(
        symbol=SYMBOL,
        side="buy" if side is Side.BUY else "sell",
        kind="limit",
        quantity=step.amount,
        price=step.bid if side is Side.BUY else step.ask,
        post_only=True,
        customer_order_id=client_order_id,
    )


def s2_as_asked(asked: NewOrder, orders: Iterable[VenueOrder]) -> Iterator[Violation]:
    """What the venue has under an id is what its user asked for, to the last term."""
    for order in orders:
        if order.request != asked:
            yield Violation("S2", f"the venue was asked for {order.request}, and the user wanted {asked}")
