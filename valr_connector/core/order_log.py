"""The order log: what must not be forgotten of orders when the process dies, as a sequence of records.

An order that was being placed and of which nothing more is known comes back as PENDING_CREATE with placement
UNKNOWN: it may be live, and has to be asked about. Requests to cancel are not remembered: they were wishes of
the process that died. In the same way a placement is never sent again on its behalf.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, MutableMapping
from datetime import UTC, datetime, timedelta
from typing import Final

from valr_connector.core.order_log_records import Filled, Known, Placing, Record
from valr_connector.core.order_record import OrderRecord
from valr_connector.model.enums import OrderStatus, Placement, RetryPolicy
from valr_connector.model.ids import ClientOrderId
from valr_connector.model.numbers import EXACT
from valr_connector.model.order import Fill

MOST_INCOMPLETE: Final = 1_000
"""So many ended orders with fills missing are kept, the newest; VALR may never complete one."""


Orders = MutableMapping[ClientOrderId, OrderRecord]
"""By client order id; those in flight as they were placed, those that ended as they ended."""

_KNOWN_FIELDS: Final = tuple(name for name in Known.__struct_fields__ if name != "order")


# --- from orders to records -------------------------------------------------------------------------


def placing(order: OrderRecord) -> Placing:
    """Its terms as they are now; `placed_at` has to be set."""
    return Placing(
        order=order.client_order_id,
        at=order.placed_at,
        pair=order.pair,
        symbol=order.symbol,
        side=order.side,
        order_type=order.order_type,
        time_in_force=order.time_in_force,
        post_only=order.post_only,
        price=order.price,
        amount=order.amount,
        quote_amount=order.quote_amount,
        stop_price=order.stop_price,
    )


def known(order: OrderRecord) -> Known:
    """Its present state."""
    return Known(
        order=order.client_order_id,
        exchange_order_id=order.exchange_order_id,
        status=order.status,
        price=order.price,
        amount=order.amount,
        reported_executed=order.reported_executed,
        was_created=order.was_created,
        was_modified=order.was_modified,
        terms_at=order.terms_at,
        failure_reason=order.failure_reason,
        updated_at=order.updated_at,
        ended_at=order.ended_at,
        ending_in_doubt=order.ending_in_doubt,
        adopted_at=order.adopted_at,
        executed_before=order.executed_before,
    )


def filled(fill: Fill) -> Filled:
    """One of its fills."""
    return Filled(
        order=fill.client_order_id,
        trade=fill.trade_id,
        price=fill.price,
        amount=fill.amount,
        fee=fill.fee,
        liquidity=fill.liquidity,
        at=fill.at,
    )


def records(order: OrderRecord, state: Known) -> list[Record]:
    """All that is known of an order whose state is written as `state`, as it has to be read."""
    return [placing(order), state, *map(filled, order.fills)]


def worth_keeping(orders: Mapping[ClientOrderId, OrderRecord], most_ended: int) -> list[OrderRecord]:
    """What a new log has to begin with: orders that may be live, or have fills missing, and few others.

    The others are the `most_ended` that ended last: a late fill may still name them.
    """
    ended = [order for order in orders.values() if order.is_done]
    complete = [order.client_order_id for order in ended if order.has_all_fills]
    incomplete = [order.client_order_id for order in ended if not order.has_all_fills]
    dropped = {*_all_but_last(complete, most_ended), *_all_but_last(incomplete, MOST_INCOMPLETE)}
    return [order for order in orders.values() if order.client_order_id not in dropped]


def _all_but_last(ids: list[ClientOrderId], count: int) -> list[ClientOrderId]:
    return ids[: max(0, len(ids) - count)]


# --- from records to orders -------------------------------------------------------------------------


def fold(log: Iterable[Record]) -> dict[ClientOrderId, OrderRecord]:
    """The orders that the records tell of.

    Raises:
        ValueError: a record is about an order that none before it placed.
    """
    orders: dict[ClientOrderId, OrderRecord] = {}
    for record in log:
        note(orders, record)
    return orders


def note(orders: Orders, record: Record) -> None:
    """Bring `orders` up to one record more. The same record again changes nothing.

    Raises:
        ValueError: the record is about an order that none before it placed.
    """
    if isinstance(record, Placing):
        orders[record.order] = _order_of(record)
        return
    order = orders.get(record.order)
    if order is None:
        raise ValueError(f"it is about {record.order!r}, which no record before it placed")
    if isinstance(record, Filled):
        _note_fill(order, record)
        return
    was_done = order.is_done
    executed_since = EXACT.subtract(order.accounted_amount, order.executed_before)
    order.accounted_amount = EXACT.add(executed_since, record.executed_before)
    for name in _KNOWN_FIELDS:
        setattr(order, name, getattr(record, name))
    order.placement = _PLACEMENTS.get(order.status, Placement.CONFIRMED)
    if order.is_done and not was_done:
        move_to_end(orders, order)


def move_to_end(orders: Orders, order: OrderRecord) -> None:
    """It has just ended: keep those that ended in the order in which they did."""
    del orders[order.client_order_id]
    orders[order.client_order_id] = order


_PLACEMENTS: Mapping[OrderStatus, Placement] = {
    OrderStatus.PENDING_CREATE: Placement.UNKNOWN,
    OrderStatus.FAILED: Placement.REFUSED,
}


def _order_of(record: Placing) -> OrderRecord:
    return OrderRecord(
        client_order_id=record.order,
        pair=record.pair,
        symbol=record.symbol,
        side=record.side,
        order_type=record.order_type,
        time_in_force=record.time_in_force,
        post_only=record.post_only,
        price=record.price,
        amount=record.amount,
        quote_amount=record.quote_amount,
        stop_price=record.stop_price,
        placed_at=record.at,
        placement=Placement.UNKNOWN,
        retry=RetryPolicy.NEVER,
    )


def _note_fill(order: OrderRecord, record: Filled) -> None:
    earlier = order.fills_by_id.get(record.trade)
    if earlier is not None:
        order.accounted_amount = EXACT.subtract(order.accounted_amount, earlier.amount)
        order.fees_missing -= earlier.fee is None
    order.fills_by_id[record.trade] = Fill(
        trade_id=record.trade,
        client_order_id=order.client_order_id,
        pair=order.pair,
        side=order.side,
        price=record.price,
        amount=record.amount,
        fee=record.fee,
        liquidity=record.liquidity,
        at=record.at,
    )
    order.accounted_amount = EXACT.add(order.accounted_amount, record.amount)
    order.fees_missing += record.fee is None


# --- taking over ------------------------------------------------------------------------------------


def resume(order: OrderRecord, now: int, wall: int) -> None:
    """Put an order of an earlier process on this one's clocks: monotonic `now`, and `wall` since 1970.

    Its placement may have been on its way until that process died, and that may have been just now: whatever
    waits for a placement to arrive waits from `now` on. In the same way it may have ended just now.
    """
    order.epoch = _NO_CONNECTION_OF_OURS
    order.created_at = now - max(0, wall - order.placed_at)
    order.sent_at = order.request_ended_at = now
    order.is_by_rest = True  # which way it went is not written down
    if order.is_done:
        order.ended_undated_at = order.done_at = now


def fills_wanted_since(orders: Iterable[OrderRecord]) -> datetime | None:
    """From when on fills may be missing, UTC: the last fill known, or an earlier placing of an order that may
    have been filled since. None where there is nothing to look for.

    A placing has this machine's time, which may have been ahead: no later than what VALR said of the order.
    """
    fills: list[datetime] = []
    placings: list[datetime] = []
    for order in orders:
        fills += (fill.at for fill in order.fills)
        if not (order.is_done and order.has_all_fills):
            placed_at = _EPOCH + timedelta(microseconds=order.placed_at // 1_000)
            placings.append(min(placed_at, order.updated_at or placed_at))
    newest = [max(fills)] if fills else []
    return min(newest + placings, default=None)


_NO_CONNECTION_OF_OURS: Final = -1
"""What it was sent on has ended with its process; 0 is a connection that is still to come."""

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
