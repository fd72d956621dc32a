"""Events of the account socket about orders, fills and wallets (protocol 15)."""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from valr_connector.model.ids import ClientOrderId, ExchangeOrderId
from valr_connector.protocol.rows import AccountTradeRow, BalanceRow, OpenOrderRow, OrderStatusRow
from valr_connector.protocol.spellings import Flag, is_true, text_or_none


class BalanceUpdateFrame(Struct, tag="BALANCE_UPDATE", frozen=True, gc=False):
    """Wallets in full, absolute values (protocol 15.2)."""

    data: BalanceRow | list[BalanceRow]

    @property
    def rows(self) -> list[BalanceRow]:
        """The wallets, however many the frame holds."""
        return self.data if isinstance(self.data, list) else [self.data]


class OpenOrdersObject(Struct, rename="camel", frozen=True, gc=False):
    """The list of open orders in an envelope, as one variant has it."""

    orders: list[OpenOrderRow]
    account_id: str | int | None = None


class OpenOrdersUpdateFrame(Struct, tag="OPEN_ORDERS_UPDATE", frozen=True, gc=False):
    """All open orders of the account, of all pairs; can be older than what is known (protocol 19.4)."""

    data: list[OpenOrderRow] | OpenOrdersObject

    @property
    def rows(self) -> list[OpenOrderRow]:
        """The open orders; often empty."""
        return self.data if isinstance(self.data, list) else self.data.orders


class OrderProcessedData(Struct, rename="camel", frozen=True, gc=False):
    """Whether a new order was placed or executed, or will never rest."""

    order_id: ExchangeOrderId
    success: Flag
    failure_reason: str | None = None
    customer_order_id: ClientOrderId | None = None

    @property
    def exchange_order_id(self) -> ExchangeOrderId:
        """VALR's id."""
        return self.order_id

    @property
    def client_order_id(self) -> ClientOrderId | None:
        """Our id; absent in frames before 2025-10."""
        return self.customer_order_id or None

    @property
    def succeeded(self) -> bool:
        """True: placed or executed, which is not a fill. False: the order has failed."""
        return is_true(self.success)

    @property
    def reason(self) -> str | None:
        """Why it failed, in VALR's words."""
        return text_or_none(self.failure_reason)


class OrderProcessedFrame(Struct, tag="ORDER_PROCESSED", frozen=True, gc=False):
    """The result of processing a new order (protocol 15.4)."""

    data: OrderProcessedData


class OrderStatusUpdateFrame(Struct, tag="ORDER_STATUS_UPDATE", frozen=True, gc=False):
    """An order changed its state (protocol 15.5)."""

    data: OrderStatusRow


class NewAccountTradeFrame(Struct, tag="NEW_ACCOUNT_TRADE", frozen=True, gc=False):
    """One of our orders was executed (protocol 15.7)."""

    data: AccountTradeRow


class OrderFailureData(Struct, rename="camel", frozen=True, gc=False):
    """An order, and what went wrong with it; every field is missing in some variant."""

    order_id: ExchangeOrderId | None = None
    customer_order_id: ClientOrderId | None = None
    message: str | None = None
    failure_reason: str | None = None
    failed_reason: str | None = None

    @property
    def exchange_order_id(self) -> ExchangeOrderId | None:
        """VALR's id."""
        return self.order_id or None

    @property
    def client_order_id(self) -> ClientOrderId | None:
        """Our id."""
        return self.customer_order_id or None

    @property
    def reason(self) -> str | None:
        """What went wrong, in VALR's words."""
        return text_or_none(self.message or self.failure_reason or self.failed_reason)


class FailedOrderFrame(Struct, tag="FAILED_ORDER", frozen=True, gc=False):
    """Placing failed (protocol 15.8)."""

    data: OrderFailureData = OrderFailureData()


class FailedCancelOrderFrame(Struct, tag="FAILED_CANCEL_ORDER", frozen=True, gc=False):
    """A cancel failed. The order may be filled, cancelled or still open: ask (protocol 15.8)."""

    data: OrderFailureData = OrderFailureData()


class ModifyOutcomeData(Struct, rename="camel", frozen=True, gc=False):
    """Whether a modify was done; there is no reason when it was not."""

    order_id: ExchangeOrderId
    success: Flag
    customer_order_id: ClientOrderId | None = None
    modify_request_id: str | None = None

    @property
    def exchange_order_id(self) -> ExchangeOrderId:
        """VALR's id of the order, which a modify does not change."""
        return self.order_id

    @property
    def client_order_id(self) -> ClientOrderId | None:
        """Our id of the order."""
        return self.customer_order_id or None

    @property
    def succeeded(self) -> bool:
        """False: the original stays or is cancelled, according to the strategy (protocol 15.8)."""
        return is_true(self.success)


class ModifyOrderOutcomeFrame(Struct, tag="MODIFY_ORDER_OUTCOME", frozen=True, gc=False):
    """The result of a modify (protocol 15.8)."""

    data: ModifyOutcomeData


class GuessedFrame(Struct, frozen=True, gc=False):
    """A type that occurs only in client code written on a guess (protocol 15.1).

    Nobody has seen one. Should VALR ever send it, its name is taken at its word.
    """

    data: OrderFailureData | list[Any] | str | None = None


class OrderPlacedFrame(GuessedFrame, tag="ORDER_PLACED", frozen=True, gc=False):
    """The order was placed."""


class OrderFailedFrame(GuessedFrame, tag="ORDER_FAILED", frozen=True, gc=False):
    """The order failed. One README mentions it."""


class OrderRejectedFrame(GuessedFrame, tag="ORDER_REJECTED", frozen=True, gc=False):
    """The order failed."""


class CancelOrderSuccessFrame(GuessedFrame, tag="CANCEL_ORDER_SUCCESS", frozen=True, gc=False):
    """The order is cancelled: VALR's positive word, unlike the receipt."""


class CancelOrderFailedFrame(GuessedFrame, tag="CANCEL_ORDER_FAILED", frozen=True, gc=False):
    """The cancel failed; what became of the order it does not say."""


OrderEventFrame = (
    BalanceUpdateFrame
    | OpenOrdersUpdateFrame
    | OrderProcessedFrame
    | OrderStatusUpdateFrame
    | NewAccountTradeFrame
    | FailedOrderFrame
    | FailedCancelOrderFrame
    | ModifyOrderOutcomeFrame
    | OrderPlacedFrame
    | OrderFailedFrame
    | OrderRejectedFrame
    | CancelOrderSuccessFrame
    | CancelOrderFailedFrame
)
