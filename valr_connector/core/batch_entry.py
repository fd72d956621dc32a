"""From the operations of a batch to what VALR's rules allow, or a clear error. Nothing is sent here."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from msgspec import Struct

from valr_connector.core.order_changes import OrderChange, order_change
from valr_connector.core.order_entry import limit_order, market_order, stop_limit_order
from valr_connector.core.order_record import OrderRecord
from valr_connector.core.trading_rules import TradingRules
from valr_connector.errors import InvalidArgumentError
from valr_connector.model.enums import RetryPolicy
from valr_connector.model.operations import (
    BatchCancel,
    BatchLimit,
    BatchMarket,
    BatchModify,
    BatchOperation,
    BatchStopLimit,
)
from valr_connector.model.order import InFlightOrder
from valr_connector.protocol.order_requests import ModifyMatchStrategy

LARGEST_BATCH = 20


class Placing(Struct, frozen=True):
    """An order to be placed; nobody tracks it yet."""

    order: OrderRecord


class Cancelling(Struct, frozen=True):
    """A tracked order to be cancelled."""

    order: OrderRecord


class Modifying(Struct, frozen=True):
    """A tracked order to be modified."""

    order: OrderRecord
    change: OrderChange


Prepared = Placing | Cancelling | Modifying


class BatchEntry:
    """Checks batches.

    Args:
        new_id: makes a client order id.
        find: the tracked order that a caller names; raises UnknownOrderError.
        retry: the policy of orders that are placed.
    """

    def __init__(
        self,
        rules: TradingRules,
        *,
        new_id: Callable[[], str],
        find: Callable[[InFlightOrder | str], OrderRecord],
        retry: RetryPolicy,
    ) -> None:
        self._rules = rules
        self._new_id = new_id
        self._find = find
        self._retry = retry

    def prepare(self, operations: Sequence[BatchOperation]) -> list[Prepared]:
        """Check them all, one by one and together (protocol 10.8).

        Raises:
            InvalidArgumentError, OrderRuleError: an operation breaks a rule, there are none or more than 20,
                one order is meant twice, or a modify stands beside a placement.
            UnknownPairError, UnknownOrderError: an operation names what there is not.
        """
        if not isinstance(operations, Sequence):
            raise InvalidArgumentError("operations", operations, "must be a list of operations")
        if not 1 <= len(operations) <= LARGEST_BATCH:
            raise InvalidArgumentError("operations", len(operations), f"must be 1 to {LARGEST_BATCH}")
        prepared = [self._prepare(operation) for operation in operations]
        kinds = {type(each) for each in prepared}
        if {Placing, Modifying} <= kinds:
            raise InvalidArgumentError("operations", "BatchModify", "cannot be beside a placement (-21311)")
        meant = [each.order.client_order_id for each in prepared]
        for client_order_id in meant:
            if meant.count(client_order_id) > 1:
                raise InvalidArgumentError("operations", client_order_id, "is meant twice")
        return prepared

    def _prepare(self, operation: BatchOperation) -> Prepared:
        if isinstance(operation, BatchLimit):
            return Placing(self._limit(operation))
        if isinstance(operation, BatchStopLimit):
            return Placing(self._stop_limit(operation))
        if isinstance(operation, BatchMarket):
            return Placing(self._market(operation))
        if isinstance(operation, BatchCancel):
            return Cancelling(self._find(operation.order))
        if isinstance(operation, BatchModify):
            return self._modifying(operation)
        raise InvalidArgumentError(
            "operations",
            operation,
            "must be BatchLimit, BatchStopLimit, BatchMarket, BatchCancel or BatchModify",
        )

    def _limit(self, wanted: BatchLimit) -> OrderRecord:
        return limit_order(
            self._rules.pair(wanted.pair),
            wanted.side,
            client_order_id=self._id(wanted.client_order_id),
            amount=wanted.amount,
            price=wanted.price,
            post_only=wanted.post_only,
            time_in_force=wanted.time_in_force,
            retry=self._retry,
        )

    def _stop_limit(self, wanted: BatchStopLimit) -> OrderRecord:
        return stop_limit_order(
            self._rules.pair(wanted.pair),
            wanted.side,
            client_order_id=self._id(wanted.client_order_id),
            order_type=wanted.order_type,
            amount=wanted.amount,
            price=wanted.price,
            stop_price=wanted.stop_price,
            retry=self._retry,
        )

    def _market(self, wanted: BatchMarket) -> OrderRecord:
        return market_order(
            self._rules.pair(wanted.pair),
            wanted.side,
            client_order_id=self._id(wanted.client_order_id),
            amount=wanted.amount,
            quote_amount=wanted.quote_amount,
            retry=self._retry,
        )

    def _id(self, wanted: str | None) -> str:
        return self._new_id() if wanted is None else wanted

    def _modifying(self, wanted: BatchModify) -> Modifying:
        order = self._find(wanted.order)
        change = order_change(
            self._rules.pair(order.pair),
            order,
            price=wanted.price,
            remaining_amount=wanted.remaining_amount,
            total_amount=wanted.total_amount,
            on_match=ModifyMatchStrategy.RETAIN_ORIGINAL,
        )
        return Modifying(order, change)
