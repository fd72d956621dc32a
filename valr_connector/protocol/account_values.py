"""From what VALR's records say of the account to the model's vocabulary (protocol 9, 10.10)."""

from __future__ import annotations

from valr_connector.model.account import AccountOrder, AccountTrade, Booking, FeeRates, Transaction
from valr_connector.model.enums import OrderStatus
from valr_connector.model.ids import Pair
from valr_connector.protocol.account_rows import AccountTradeRow, to_fee
from valr_connector.protocol.order_rows import OrderSummaryRow
from valr_connector.protocol.rest_bodies import FeeRow
from valr_connector.protocol.spellings import CurrencyName
from valr_connector.protocol.wallet_frames import TransactionInfo, TransactionRow


def to_fee_rates(pair: Pair, row: FeeRow) -> FeeRates:
    """The fees of one pair (protocol 9.6)."""
    return FeeRates(pair, row.maker_percent, row.taker_percent, row.simple_percent)


def to_account_trade(pair: Pair | None, row: AccountTradeRow) -> AccountTrade:
    """A fill (protocol 9.4)."""
    return AccountTrade(
        id=row.trade_id,
        exchange_order_id=row.exchange_order_id,
        client_order_id=row.client_order_id,
        pair=pair,
        symbol=row.pair_symbol,
        side=row.side,
        price=row.price,
        amount=row.amount,
        fee=row.fee,
        liquidity=row.liquidity,
        at=row.at,
    )


def to_account_order(pair: Pair | None, row: OrderSummaryRow) -> AccountOrder:
    """An order; a price of "0" means that there is none (protocol 10.9, 10.10)."""
    executed = row.total_executed
    status = row.wire_status.order_status
    if status is OrderStatus.OPEN and executed:  # a modified one says so, whatever it executed
        status = OrderStatus.PARTIALLY_FILLED
    return AccountOrder(
        exchange_order_id=row.exchange_order_id,
        client_order_id=row.client_order_id,
        pair=pair,
        symbol=row.pair_symbol,
        side=row.side,
        status=status,
        status_text=row.status_text,
        order_type=row.order_type or None,
        price=row.price or None,
        average_price=row.average_price or None,
        amount=row.original,
        executed_amount=executed,
        fee=row.total_fee,
        reason=row.reason or "",
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def to_transaction(pair: Pair | None, row: TransactionRow) -> Transaction:
    """A transaction (protocol 9.5)."""
    info = row.additional_info or TransactionInfo()
    return Transaction(
        id=row.id or None,
        kind=row.transaction_type.type,
        description=row.transaction_type.description or "",
        at=row.event_at,
        debit=_booking(row.debit_value_text, row.debit_currency),
        credit=_booking(row.credit_value_text, row.credit_currency),
        fee=to_fee(row.fee_value_text, row.fee_currency),
        pair=pair,
        price=info.price,
        exchange_order_id=info.order_id or None,
    )


def _booking(amount: str | None, currency: CurrencyName | None) -> Booking | None:
    booked = to_fee(amount, currency)
    return None if booked is None else Booking(booked.currency, booked.amount)
