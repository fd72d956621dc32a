"""What a call that modified an order returned, against what the venue did to that order."""

from __future__ import annotations

from collections.abc import Iterator

from valr_connector.model.order import ModifyOutcome, ModifyResult
from valr_connector.simulator.vocabulary import OrderChange, State, VenueOrder
from valr_connector.verification.invariants import Violation
from valr_connector.verification.schedule import Modify


def s6_modified_as_told(
    outcome: ModifyOutcome, wanted: Modify, there: VenueOrder | None, *, is_the_only_one: bool
) -> Iterator[Violation]:
    """Where MODIFIED is told, the order shows what came of it at the venue, or of a later modify.

    And where REFUSED is told, the venue did nothing of the kind. To be asked when the call returns.

    Args:
        is_the_only_one: nothing else can have given the order that price.
    """
    order, problem = outcome.order, ""
    changes = [] if there is None else [each for each in there.history if each.state is State.MODIFIED]
    while changes and not _may_be(changes[0], wanted):
        del changes[0]
    if outcome.result is ModifyResult.MODIFIED:
        shown = order.price, order.amount
        if shown not in [(each.price, each.original_quantity) for each in changes]:
            problem = f"was told as modified and shows {shown}"
    elif outcome.result is ModifyResult.REFUSED and changes and is_the_only_one:
        problem = "was told as not modified"
    if problem:
        at_venue = [f"{each.original_quantity} at {each.price}" for each in changes]
        yield Violation("S6", f"order {order.client_order_id} {problem}; at the venue: {at_venue}")


def _may_be(change: OrderChange, wanted: Modify) -> bool:
    """Whether the venue's change is what was wanted; to what price it reprices an order is its own affair."""
    return (
        (wanted.on_match == "REPRICE" or wanted.price in (None, change.price))
        and wanted.total in (None, change.original_quantity)
        and wanted.remaining in (None, change.remaining_quantity)
    )
