"""Do the library and the venue tell the same story? Pure functions over what each of them says.

An order terminal here is finished there, and an open one there is in flight here, at every moment. The other
way round the library may lag by what is on its way; how long, the caller says.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from valr_connector.model.enums import OrderStatus
from valr_connector.model.order import InFlightOrder
from valr_connector.simulator.vocabulary import AccountTrade, State, VenueOrder

_ENDINGS: Mapping[State, OrderStatus] = {
    State.FILLED: OrderStatus.FILLED,
    State.CANCELLED: OrderStatus.CANCELLED,
    State.FAILED: OrderStatus.FAILED,
}
_NOT_THERE = "not there"


@dataclass(frozen=True, slots=True, order=True)
class Disagreement:
    """One thing on which the two sides differ about one order."""

    client_order_id: str
    about: str
    here: str
    there: str

    def __str__(self) -> str:
        return f"{self.client_order_id}: {self.about}: {self.here} here, {self.there} at the venue"


def disagreements(
    here: Iterable[InFlightOrder], there: Iterable[VenueOrder], trades: Iterable[AccountTrade]
) -> list[Disagreement]:
    """Everything on which the two sides differ, once nothing is on its way any more.

    Compared are status, executed amount, number of fills and fees of every order that either side knows.
    An order that the library says failed need not exist at the venue.

    Args:
        here: every order that was placed.
        there: every order of the account that the venue remembers.
        trades: every trade of the account.
    """
    trades_of: dict[str, list[AccountTrade]] = defaultdict(list)
    for trade in trades:
        trades_of[trade.order_id].append(trade)
    ours = {str(order.client_order_id): order for order in here}
    theirs: dict[str, list[VenueOrder]] = defaultdict(list)
    for venue_order in there:
        theirs[venue_order.request.customer_order_id].append(venue_order)
    found: list[Disagreement] = []
    for client_order_id in ours.keys() | theirs.keys():
        found += _about_one(client_order_id, ours.get(client_order_id), theirs[client_order_id], trades_of)
    return sorted(found)


def open_disagreements(
    here: Callable[[str], InFlightOrder | None], open_there: Iterable[VenueOrder]
) -> list[Disagreement]:
    """Orders open at the venue that the library does not know, or believes ended; wrong at any moment.

    Args:
        here: the order that was placed with a client order id.
        open_there: the account's open orders.
    """
    found: list[Disagreement] = []
    for theirs in open_there:
        client_order_id = theirs.request.customer_order_id
        ours = here(client_order_id)
        if ours is None or ours.is_done:
            status = "unknown" if ours is None else str(ours.status)
            found.append(Disagreement(client_order_id, "open order", status, str(_status(theirs))))
    return found


def overdue_disagreements(
    in_flight: Iterable[InFlightOrder],
    there: Callable[[str], VenueOrder | None],
    *,
    now: int,
    grace: int,
) -> list[Disagreement]:
    """Orders that ended at the venue longer than `grace` ago, and are still in flight here.

    Args:
        in_flight: orders that have not ended here.
        there: the account's order with a client order id.
        now, grace: nanoseconds of the venue's clock.
    """
    found: list[Disagreement] = []
    for ours in in_flight:
        theirs = there(ours.client_order_id)
        if theirs is not None and theirs.state in _ENDINGS and now - theirs.updated_at > grace:
            found.append(
                Disagreement(ours.client_order_id, "ended order", str(ours.status), str(_status(theirs)))
            )
    return found


def _about_one(
    client_order_id: str,
    ours: InFlightOrder | None,
    theirs: Sequence[VenueOrder],
    trades_of: Mapping[str, Sequence[AccountTrade]],
) -> Iterator[Disagreement]:
    if ours is None:
        yield Disagreement(client_order_id, "order", "unknown", str(_status(theirs[0])))
    elif not theirs:
        if ours.status is not OrderStatus.FAILED:
            yield Disagreement(client_order_id, "order", str(ours.status), _NOT_THERE)
    elif len(theirs) > 1:
        yield Disagreement(client_order_id, "number of orders", "1", str(len(theirs)))
    else:
        told_here, told_there = (
            _told_here(ours),
            _told_there(theirs[0], trades_of.get(theirs[0].order_id, ())),
        )
        for about, here in told_here.items():
            if here != told_there[about]:
                yield Disagreement(client_order_id, about, here, told_there[about])


def _told_here(order: InFlightOrder) -> dict[str, str]:
    return {
        "status": str(order.status),
        "executed amount": _number(order.executed_amount),
        "fills": str(len(order.fills)),
        "fees": _amounts(order.fees),
    }


def _told_there(order: VenueOrder, trades: Sequence[AccountTrade]) -> dict[str, str]:
    fees: dict[str, Decimal] = defaultdict(Decimal)
    for trade in trades:
        fees[trade.fee_currency] += trade.fee
    return {
        "status": str(_status(order)),
        "executed amount": _number(order.executed_quantity),
        "fills": str(len(trades)),
        "fees": _amounts(fees),
    }


def _status(order: VenueOrder) -> OrderStatus:
    """The venue's state in the library's words: an open order that executed is PARTIALLY_FILLED."""
    if order.state is None:
        return OrderStatus.PENDING_CREATE
    open_status = OrderStatus.PARTIALLY_FILLED if order.executed_quantity else OrderStatus.OPEN
    return _ENDINGS.get(order.state, open_status)


def _number(value: Decimal) -> str:
    """Plain notation without trailing zeros, so that equal numbers are equal texts."""
    return f"{value.normalize() + 0:f}"


def _amounts(fees: Mapping[str, Decimal]) -> str:
    return (
        ", ".join(f"{_number(amount)} {currency}" for currency, amount in sorted(fees.items()) if amount)
        or "none"
    )
