"""What the account socket and REST say with the same words: orders, fills and wallets (protocol 9, 10, 15).

Fields hold wire text; properties hold values, made when they are read. Both kinds of order rows have one
surface, `OrderReport`, and all fills have one, `AccountTradeRow`: the core sees the same evidence from
either source.
"""

from valr_connector.protocol.account_rows import AccountTradeRow, BalanceRow
from valr_connector.protocol.order_rows import OpenOrderRow, OrderReport, OrderStatusRow, OrderSummaryRow

__all__ = [
    "AccountTradeRow",
    "BalanceRow",
    "OpenOrderRow",
    "OrderReport",
    "OrderStatusRow",
    "OrderSummaryRow",
]
