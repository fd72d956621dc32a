"""Wallets, trades and history records as VALR writes them (protocol 9, 15.2, 15.7, 15.9)."""

from __future__ import annotations

from collections.abc import Callable

from valr_connector.simulator.exact import EXACT
from valr_connector.simulator.statement import FeePercents, Traded, Transaction, Transferred
from valr_connector.simulator.vocabulary import AccountTrade, PairSpec, Wallet, WalletChanged
from valr_connector.simulator.wire import JsonObject, currency_object, currency_of, decimal_text, time_text

_DESCRIPTIONS = {"INTERNAL_TRANSFER": "Transfer"}


def balance_object(wallet: Wallet) -> JsonObject:
    """One entry of GET /v1/account/balances (9.2)."""
    return {
        "currency": wallet.currency,
        "available": decimal_text(wallet.available),
        "reserved": decimal_text(wallet.reserved),
        "total": decimal_text(EXACT.add(wallet.available, wallet.reserved)),
        "updatedAt": time_text(wallet.updated_at),
        "lendReserved": "0",
        "borrowReserved": "0",
        "borrowedAmount": "0",
    }


def balance_update(wallet: Wallet | WalletChanged) -> JsonObject:
    """Data of BALANCE_UPDATE (15.2)."""
    return {
        "currency": currency_object(wallet.currency),
        "available": decimal_text(wallet.available),
        "reserved": decimal_text(wallet.reserved),
        "total": decimal_text(EXACT.add(wallet.available, wallet.reserved)),
        "updatedAt": time_text(wallet.updated_at),
        "lendReserved": "0",
        "borrowCollateralReserved": "0",
        "borrowedAmount": "0",
    }


def _fee_fields(trade: AccountTrade) -> JsonObject:
    """A fee, or the reward that a maker gets instead (9.4)."""
    if trade.fee < 0:
        return {"makerReward": decimal_text(trade.fee.copy_abs()), "makerRewardCurrency": trade.fee_currency}
    return {"fee": decimal_text(trade.fee), "feeCurrency": trade.fee_currency}


def _trade(trade: AccountTrade, ids: JsonObject, *, with_customer_id: bool) -> JsonObject:
    shape: JsonObject = {
        "price": decimal_text(trade.price),
        "quantity": decimal_text(trade.quantity),
        "currencyPair": trade.symbol,
        "tradedAt": time_text(trade.traded_at),
        "side": trade.side,
        **ids,
        **_fee_fields(trade),
    }
    if with_customer_id and trade.customer_order_id:
        shape["customerOrderId"] = trade.customer_order_id
    return shape


def trade_history_object(trade: AccountTrade) -> JsonObject:
    """One entry of GET /v1/account/tradehistory (9.4)."""
    ids: JsonObject = {"sequenceId": trade.sequence_id, "id": trade.trade_id, "orderId": trade.order_id}
    return _trade(trade, ids, with_customer_id=True)


def trade_update(trade: AccountTrade, *, with_customer_id: bool) -> JsonObject:
    """Data of NEW_ACCOUNT_TRADE (15.7)."""
    return _trade(trade, {"orderId": trade.order_id, "id": trade.trade_id}, with_customer_id=with_customer_id)


def transaction_object(transaction: Transaction, record_id: str) -> JsonObject:
    """One entry of GET /v1/account/transactionhistory (9.5)."""
    return _transaction(transaction, record_id, str)


def transaction_record(transaction: Transaction, record_id: str) -> JsonObject:
    """Data of NEW_ACCOUNT_HISTORY_RECORD, where currencies are objects (15.9)."""
    return _transaction(transaction, record_id, currency_object)


def _transaction(transaction: Transaction, record_id: str, currency: Callable[[str], object]) -> JsonObject:
    kind = transaction.type
    description = _DESCRIPTIONS.get(kind) or kind.replace("_", " ").title()
    shape: JsonObject = {"transactionType": {"type": kind, "description": description}}
    amounts = {"debit": transaction.debit, "credit": transaction.credit, "fee": transaction.fee}
    for name, money in amounts.items():
        if money is not None:
            shape[f"{name}Currency"] = currency(money.currency)
            shape[f"{name}Value"] = decimal_text(money.amount)
    shape["eventAt"] = time_text(transaction.at)
    info = transaction.info
    shape["additionalInfo"] = _trade_info(info) if isinstance(info, Traded) else _transfer_info(info)
    return shape | {"id": record_id}


def _transfer_info(info: Transferred) -> JsonObject:
    return {
        "reason": "SUB_ACCOUNT",
        "reasonDescription": "Transfer between subaccounts",
        "additional": f"Transfer from {info.sender} to {info.receiver}",
        "transferId": info.transfer_id,
    }


def _trade_info(info: Traded) -> JsonObject:
    price = info.price
    return {
        # VALR writes this one amount as a JSON number (protocol 5).
        "costPerCoin": int(price) if price == price.to_integral_value() else float(price),
        "costPerCoinSymbol": currency_of(info.quote).symbol,
        "currencyPairSymbol": info.symbol,
        "orderId": info.order_id,
    }


def fee_object(pair: PairSpec, fees: FeePercents) -> JsonObject:
    """One entry of GET /v1/account/fees/trade; a pair without simple orders has no fee for them (9.6)."""
    shape: JsonObject = {
        "currencyPair": pair.symbol,
        "makerPercentage": decimal_text(fees.maker),
        "takerPercentage": decimal_text(fees.taker),
    }
    if "SIMPLE" in pair.order_types:
        shape["simplePercentage"] = decimal_text(fees.simple)
    return shape
