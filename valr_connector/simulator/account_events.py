"""What the account socket tells of an event of the venue (protocol 15, 19.2)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from valr_connector.simulator.account_wire import balance_update, trade_update, transaction_record
from valr_connector.simulator.floor import Floor
from valr_connector.simulator.order_wire import (
    change_object,
    modify_outcome_object,
    open_order_entry,
    processed_object,
)
from valr_connector.simulator.simple_wire import outcome_object
from valr_connector.simulator.statement import Transaction
from valr_connector.simulator.vocabulary import (
    AccountTrade,
    CancelFailed,
    ModifyOutcome,
    MoneyMoved,
    OrderChange,
    Processed,
    SimpleOrderDone,
    State,
    WalletChanged,
)
from valr_connector.simulator.wire import JsonObject, OutboundFrame, frame

_AT_REST = frozenset({State.ACTIVE, State.PLACED})

AccountEvent = (
    Processed
    | OrderChange
    | AccountTrade
    | SimpleOrderDone
    | MoneyMoved
    | CancelFailed
    | ModifyOutcome
    | WalletChanged
)


class AccountEvents:
    """Turns events into frames, in the dialect that the settings choose."""

    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._settings = floor.settings
        self._tellers: Mapping[type, Callable[[Any], list[OutboundFrame]]] = {
            Processed: self._processed,
            OrderChange: self._order_changed,
            AccountTrade: self._traded,
            SimpleOrderDone: self._simple_order_done,
            MoneyMoved: self._money_moved,
            CancelFailed: self._cancel_failed,
            ModifyOutcome: self._modified,
            WalletChanged: self._wallet_changed,
        }

    def frames(self, event: AccountEvent) -> list[OutboundFrame]:
        """The frames of one event; none if this dialect keeps silent about it."""
        return self._tellers[type(event)](event)

    def balances(self, account_id: str) -> list[OutboundFrame]:
        """One BALANCE_UPDATE per wallet, as after connecting."""
        wallets = self._floor.venue.wallets(account_id)
        return [frame("BALANCE_UPDATE", data=balance_update(wallet)) for wallet in wallets]

    def open_orders(self, account_id: str) -> OutboundFrame:
        """All open orders of the account as they are now."""
        orders = self._floor.venue.open_orders(account_id)
        return frame("OPEN_ORDERS_UPDATE", data=[open_order_entry(order) for order in orders])

    def _processed(self, event: Processed) -> list[OutboundFrame]:
        processed = frame(
            "ORDER_PROCESSED",
            data=processed_object(event, with_customer_id=self._settings.customer_order_id_in_events),
        )
        if event.success:
            return [processed]
        failed = frame("FAILED_ORDER", data={"orderId": event.order_id, "message": event.failure_reason})
        choices = {"processed": [processed], "failed_order": [failed], "both": [processed, failed]}
        return choices[self._settings.failure_frames]

    def _order_changed(self, change: OrderChange) -> list[OutboundFrame]:
        if change.state in _AT_REST and not self._settings.send_placed_status:
            return []
        if change.state is State.FAILED and not self._settings.send_failed_status:
            return []
        data = change_object(change, with_customer_id=self._settings.customer_order_id_in_events)
        return [frame("ORDER_STATUS_UPDATE", data=data)]

    def _traded(self, trade: AccountTrade) -> list[OutboundFrame]:
        data = trade_update(trade, with_customer_id=self._settings.customer_order_id_in_events)
        return [
            frame("NEW_ACCOUNT_TRADE", currencyPairSymbol=trade.symbol, data=data),
            *(self._record(transaction) for transaction in trade.transactions),
        ]

    def _simple_order_done(self, event: SimpleOrderDone) -> list[OutboundFrame]:
        completed = frame("INSTANT_ORDER_COMPLETED", data=outcome_object(event.outcome))
        return [completed] if event.transaction is None else [completed, self._record(event.transaction)]

    def _money_moved(self, event: MoneyMoved) -> list[OutboundFrame]:
        return [self._record(event.transaction)]

    def _record(self, transaction: Transaction) -> OutboundFrame:
        data = transaction_record(transaction, self._floor.record_id(transaction))
        return frame("NEW_ACCOUNT_HISTORY_RECORD", data=data)

    def _modified(self, outcome: ModifyOutcome) -> list[OutboundFrame]:
        data = modify_outcome_object(outcome, with_customer_id=self._settings.customer_order_id_in_events)
        return [frame("MODIFY_ORDER_OUTCOME", data=data)]

    def _wallet_changed(self, event: WalletChanged) -> list[OutboundFrame]:
        return [frame("BALANCE_UPDATE", data=balance_update(event))]

    def _cancel_failed(self, event: CancelFailed) -> list[OutboundFrame]:
        data: JsonObject = {"orderId": event.order_id} if event.order_id else {}
        if event.customer_order_id and self._settings.customer_order_id_in_events:
            data["customerOrderId"] = event.customer_order_id
        return [frame("FAILED_CANCEL_ORDER", data={**data, "message": event.message})]
