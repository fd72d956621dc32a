"""Events of the account socket about transactions, instant orders and transfers (protocol 15.9)."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Raw, Struct

from valr_connector.model.ids import ExchangeOrderId
from valr_connector.protocol.codec import (
    HotDecimalText,
    OptionalDecimalText,
    UtcTime,
    as_utc,
    check_closely,
    check_number_token,
    check_number_tokens,
    number_of,
    plain_numbers,
    wire_name,
)
from valr_connector.protocol.spellings import CurrencyName, Flag

_are_three_plain = plain_numbers(3)


class TransactionType(Struct, frozen=True, gc=False):
    """What kind of transaction it was, as LIMIT_BUY; the list in protocol 9.5 is not closed."""

    type: str
    description: str | None = None


class TransactionInfo(Struct, rename=wire_name, frozen=True, gc=False):
    """What a transaction adds; varies by its type."""

    cost_per_coin: Raw = Raw()
    cost_per_coin_symbol: str | None = None
    currency_pair_symbol: str | None = None
    order_id: ExchangeOrderId | None = None

    def __post_init__(self) -> None:
        check_number_token("costPerCoin", self.cost_per_coin)

    @property
    def price(self) -> Decimal | None:
        """costPerCoin: quote per base."""
        return number_of(self.cost_per_coin)


class TransactionRow(Struct, rename=wire_name, frozen=True, gc=False, kw_only=True):
    """One transaction record (protocol 9.5, 15.9)."""

    # In the order of the socket's frame, in which a decoder finds fields fastest.
    transaction_type: TransactionType
    debit_currency: CurrencyName | None = None
    debit_value_text: HotDecimalText | None = None
    credit_currency: CurrencyName | None = None
    credit_value_text: HotDecimalText | None = None
    fee_currency: CurrencyName | None = None
    fee_value_text: HotDecimalText | None = None
    event_at: UtcTime
    additional_info: TransactionInfo | None = None
    id: str | None = None

    def __post_init__(self) -> None:
        debit, credit = self.debit_value_text or "0", self.credit_value_text or "0"
        joined = f"{debit},{credit},{self.fee_value_text or '0'},"
        if not _are_three_plain(joined):
            check_closely(self, joined, 3)

    @property
    def pair_symbol(self) -> str | None:
        """The pair on the wire; None where it is about none."""
        return None if self.additional_info is None else self.additional_info.currency_pair_symbol


class NewAccountHistoryRecordFrame(Struct, tag="NEW_ACCOUNT_HISTORY_RECORD", frozen=True, gc=False):
    """A transaction was booked."""

    data: TransactionRow


class InstantOrderData(Struct, rename=wire_name, frozen=True, gc=False):
    """A simple order and what it did; its time has no zone and means UTC (protocol 5)."""

    order_id: ExchangeOrderId
    success: Flag
    paid_amount_text: OptionalDecimalText = None
    paid_currency: CurrencyName | None = None
    received_amount_text: OptionalDecimalText = None
    received_currency: CurrencyName | None = None
    fee_amount_text: OptionalDecimalText = None
    fee_currency: CurrencyName | None = None
    order_executed_at: datetime | None = None

    @property
    def at(self) -> datetime | None:
        """When it was executed, UTC."""
        return as_utc(self.order_executed_at) if self.order_executed_at else None


class InstantOrderCompletedFrame(Struct, tag="INSTANT_ORDER_COMPLETED", frozen=True, gc=False):
    """A simple order is done; it never shows as NEW_ACCOUNT_TRADE."""

    data: InstantOrderData


class PendingReceiveData(Struct, rename=wire_name, frozen=True, gc=False):
    """A deposit on its way."""

    currency: CurrencyName
    amount: Raw
    receive_address: str | None = None
    transaction_hash: str | None = None
    network_type: str | None = None
    created_at: UtcTime | None = None
    confirmations: int | None = None
    confirmed: Flag | None = None

    def __post_init__(self) -> None:
        check_number_tokens(self)

    @property
    def quantity(self) -> Decimal | None:
        """How much arrives; VALR sends a JSON number."""
        return number_of(self.amount)


class NewPendingReceiveFrame(Struct, tag="NEW_PENDING_RECEIVE", frozen=True, gc=False):
    """A deposit was seen."""

    data: PendingReceiveData


class PendingSendData(Struct, rename=wire_name, frozen=True, gc=False):
    """A withdrawal on its way."""

    currency: CurrencyName
    amount: Raw
    unique_id: str | None = None
    send_address: str | None = None
    fee_amount_text: OptionalDecimalText = None
    transaction_hash: str | None = None
    confirmations: int | None = None
    last_confirmation_at: str | None = None
    created_at: UtcTime | None = None

    def __post_init__(self) -> None:
        check_number_tokens(self)

    @property
    def quantity(self) -> Decimal | None:
        """How much leaves; VALR may send a JSON number."""
        return number_of(self.amount)


class NewPendingSendFrame(Struct, tag="NEW_PENDING_SEND", frozen=True, gc=False):
    """A withdrawal was accepted."""

    data: PendingSendData


class SendStatusData(Struct, rename=wire_name, frozen=True, gc=False):
    """Where a withdrawal stands."""

    unique_id: str
    status: str
    transaction_hash: str | None = None
    failure_reason: str | None = None
    confirmations: int | None = None


class SendStatusUpdateFrame(Struct, tag="SEND_STATUS_UPDATE", frozen=True, gc=False):
    """A withdrawal moved on."""

    data: SendStatusData


WalletFrame = (
    NewAccountHistoryRecordFrame
    | InstantOrderCompletedFrame
    | NewPendingReceiveFrame
    | NewPendingSendFrame
    | SendStatusUpdateFrame
)
