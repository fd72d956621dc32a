"""Balances, who the key belongs to, and what VALR's records say of the account."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from msgspec import Struct

from valr_connector.model.enums import Liquidity, OrderStatus, Side
from valr_connector.model.ids import ClientOrderId, ExchangeOrderId, Pair, Symbol, TradeId
from valr_connector.model.order import Fee


class Balance(Struct, frozen=True, gc=False):
    """One wallet.

    Attributes:
        currency: its code, ``ZAR`` for the rand.
        available: what new orders can use.
        reserved: held by open orders.
        total: available + reserved + lent - borrowed; can be negative (protocol 9.2).
        updated_at: VALR's time of the last change, UTC; None where VALR gave none.
    """

    currency: str
    available: Decimal
    reserved: Decimal
    total: Decimal
    updated_at: datetime | None = None


class ApiKeyInfo(Struct, frozen=True):
    """What the key in use may do (protocol 9.1)."""

    label: str
    permissions: frozenset[str]
    is_subaccount: bool = False

    @property
    def can_view(self) -> bool:
        """Whether it may read orders, balances and trades."""
        return "View access" in self.permissions

    @property
    def can_trade(self) -> bool:
        """Whether it may place and cancel orders."""
        return "Trade" in self.permissions


class FeeRates(Struct, frozen=True, gc=False):
    """What the account pays for trades in one pair, in percent of them: 0.1 is a thousandth (protocol 9.6).

    None where the pair has no such trade.

    Attributes:
        maker_percent: negative for a reward.
    """

    pair: Pair
    maker_percent: Decimal | None
    taker_percent: Decimal | None
    simple_percent: Decimal | None = None


class AccountTrade(Struct, frozen=True, gc=False):
    """One fill of the account in VALR's records, whoever placed the order (protocol 9.4).

    Attributes:
        id: VALR's id of it, as `Fill.trade_id`; None where it sent none.
        pair: None where VALR lists no such pair any more; `symbol` is VALR's name of it in any case.
        side: the account's own.
        price: quote currency per unit of base currency.
        amount: base currency.
        fee: None where VALR did not say.
        liquidity: MAKER where there was a reward, else UNKNOWN: VALR does not say it otherwise.
        at: VALR's time, UTC.
        client_order_id: None where the order had none, or VALR left it out.
    """

    id: TradeId | None
    exchange_order_id: ExchangeOrderId | None
    client_order_id: ClientOrderId | None
    pair: Pair | None
    symbol: Symbol
    side: Side
    price: Decimal
    amount: Decimal
    fee: Fee | None
    liquidity: Liquidity
    at: datetime


class AccountOrder(Struct, frozen=True, gc=False):
    """One order of the account in VALR's records, whoever placed it (protocol 10.10).

    What VALR left out is None.

    Attributes:
        pair: None where VALR lists no such pair any more; `symbol` is VALR's name of it in any case.
        status: None for a word that is not known here; `status_text` is VALR's own in any case.
        order_type: in VALR's words, as "post-only limit".
        price: limit price, quote currency per unit of base currency; None for a market order.
        average_price: of all its fills, quote per base; None without one.
        amount, executed_amount: base currency.
        fee: of all its fills.
        reason: why it failed, in VALR's words; empty where it gave none.
        created_at, updated_at: VALR's times, UTC.
    """

    exchange_order_id: ExchangeOrderId
    client_order_id: ClientOrderId | None
    pair: Pair | None
    symbol: Symbol
    side: Side
    status: OrderStatus | None
    status_text: str
    order_type: str | None
    price: Decimal | None
    average_price: Decimal | None
    amount: Decimal
    executed_amount: Decimal | None
    fee: Fee | None
    reason: str
    created_at: datetime | None
    updated_at: datetime | None


class Booking(Struct, frozen=True, gc=False):
    """An amount that a wallet gained or lost; not negative."""

    currency: str
    amount: Decimal


class Transaction(Struct, frozen=True, gc=False):
    """Something that was booked: a trade, a fee, a transfer, interest (protocol 9.5).

    What it does not have is None.

    Attributes:
        id: VALR's id of it.
        kind: in VALR's words, such as LIMIT_BUY or FIAT_DEPOSIT; others than protocol 9.5 lists may appear.
        at: VALR's time, UTC.
        debit, credit: what left, and what came.
        fee: what it cost.
        pair: of a trade; None also where VALR lists no such pair any more.
        price: of a trade, quote currency per unit of base currency.
        exchange_order_id: VALR's id of the order that was traded.
    """

    id: str | None
    kind: str
    description: str
    at: datetime
    debit: Booking | None
    credit: Booking | None
    fee: Fee | None
    pair: Pair | None
    price: Decimal | None
    exchange_order_id: ExchangeOrderId | None
