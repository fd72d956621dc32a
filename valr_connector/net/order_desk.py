"""Where a caller's words become orders under way: ids, policies and checks before anything is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence

from valr_connector.core.account_state import AccountState
from valr_connector.core.batch_entry import BatchEntry, Placing
from valr_connector.core.order_changes import order_change
from valr_connector.core.order_entry import retry_policy
from valr_connector.core.order_record import OrderRecord
from valr_connector.errors import InvalidArgumentError, NotReadyError, UnknownOrderError
from valr_connector.model.enums import RetryPolicy
from valr_connector.model.ids import ClientOrderIds
from valr_connector.model.market import PairInfo
from valr_connector.model.operations import BatchOperation
from valr_connector.model.order import InFlightOrder, ModifyOutcome
from valr_connector.net.connector import Connector
from valr_connector.net.order_batch import BatchResult
from valr_connector.observe.spans import Spans, traced


class OrderDesk:
    """Takes orders for one connector.

    Args:
        ids: makes client order ids.
        retry: the policy of orders that name none.
        spans: opens a span around each command; None where nobody traces.
    """

    def __init__(
        self,
        connector: Connector,
        state: AccountState,
        ids: ClientOrderIds,
        retry: RetryPolicy,
        spans: Spans | None,
    ) -> None:
        self._connector = connector
        self._state = state
        self._ids = ids
        self._retry = retry
        self._spans = spans

    def admit(
        self, pair: str, client_order_id: str | None, retry: RetryPolicy | None, *, rest_only: bool = False
    ) -> tuple[PairInfo, str, RetryPolicy]:
        """The pair's rules, the id and the policy of an order that may be placed now.

        Raises:
            InvalidArgumentError: there is no such policy.
            NotReadyError, CircuitOpenError: nothing can be placed at present.
            UnknownPairError: VALR lists no such pair.
        """
        policy = self._retry if retry is None else retry_policy(retry)
        self._check_ready(policy, rest_only=rest_only)
        info = self._state.rules.pair(pair)
        return info, self._ids.next() if client_order_id is None else client_order_id, policy

    def place(self, order: OrderRecord) -> Awaitable[OrderRecord]:
        """Place an order; returns and raises as `OrderGateway.place`."""
        gateway = self._connector.orders.gateway
        if self._spans is None:
            return gateway.place(order)
        return traced(self._spans, "valr.place_order", order, lambda: gateway.place(order))

    async def modify(self, order: InFlightOrder | str, **change: object) -> ModifyOutcome:
        """Modify an order as `change` says; raises as `ValrExchange.modify_order`."""
        record = find_order(self._state, order)
        info = self._state.rules.pair(record.pair)
        wanted = order_change(info, record, **change)
        modifier = self._connector.orders.modifier
        return await traced(self._spans, "valr.modify_order", record, lambda: modifier.modify(record, wanted))

    async def batch(self, operations: Sequence[BatchOperation]) -> Sequence[BatchResult]:
        """Send operations in one call; raises as `ValrExchange.batch`."""
        entry = BatchEntry(
            self._state.rules,
            new_id=self._ids.next,
            find=lambda order: find_order(self._state, order),
            retry=self._retry,
        )
        prepared = entry.prepare(operations)
        if any(isinstance(each, Placing) for each in prepared):
            self._check_ready(self._retry, rest_only=True)
        return await self._connector.orders.batches.run(prepared)

    def _check_ready(self, retry: RetryPolicy, *, rest_only: bool) -> None:
        """Raises NotReadyError or CircuitOpenError where nothing can be placed at present."""
        account, circuits = self._connector.account, self._connector.circuits
        by_socket = account.is_live and not rest_only
        if by_socket and circuits.socket_orders.allows():
            return
        may_go_by_rest = account.was_in_step and retry is not RetryPolicy.NEVER
        if not account.is_live and not may_go_by_rest:
            raise NotReadyError("not connected: " + "; ".join(self._state.readiness.missing))
        circuits.check_entry(by_socket=by_socket, by_rest=may_go_by_rest or rest_only)


def find_order(state: AccountState, order: InFlightOrder | str) -> OrderRecord:
    """The tracked order that a caller names.

    Raises:
        InvalidArgumentError: `order` is neither an order nor an id.
        UnknownOrderError: it is not tracked here.
    """
    client_order_id = getattr(order, "client_order_id", order)
    if not isinstance(client_order_id, str):
        raise InvalidArgumentError("order", order, "must be an order or its client order id")
    record = state.tracker.find(client_order_id)
    if record is None:
        raise UnknownOrderError(client_order_id)
    return record
