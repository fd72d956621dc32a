"""Wallets, trades and history records as VALR writes them (protocol 9, 15.2, 15.7, 15.9)."""

from __future__ import annotations

from decimal import Decimal

from valr_connector.simulator.exact import EXACT, ZERO
from valr_connector.simulator.vocabulary import AccountTrade, PairSpec, Wallet, WalletChanged
from valr_connector.simulator.wire import JsonObject, currency_object, currency_of, decimal_text, time_text


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


def exchange_record(trade: AccountTrade, pair: PairSpec, *, is_market: bool, record_id: str) -> JsonObject:
    """Data of the NEW_ACCOUNT_HISTORY_RECORD of one fill (15.9)."""
    order_type = "Market" if is_market else "Limit"
    side = trade.side.capitalize()
    quote_amount = EXACT.multiply(trade.price, trade.quantity)
    paid = (pair.quote, quote_amount) if trade.side == "buy" else (pair.base, trade.quantity)
    received = (pair.base, trade.quantity) if trade.side == "buy" else (pair.quote, quote_amount)
    fee = max(trade.fee, ZERO)
    record: JsonObject = {
        "transactionType": {"type": f"{order_type}_{side}".upper(), "description": f"{order_type} {side}"},
        "debitCurrency": currency_object(paid[0]),
        "debitValue": decimal_text(EXACT.add(paid[1], fee if trade.fee_currency == paid[0] else ZERO)),
        "creditCurrency": currency_object(received[0]),
        "creditValue": decimal_text(
            EXACT.subtract(received[1], fee if trade.fee_currency == received[0] else ZERO)
        ),
    }
    if trade.fee >= 0:
        record |= {"feeCurrency": currency_object(trade.fee_currency), "feeValue": decimal_text(fee)}
    return record | _origin(trade, pair, record_id)


def reward_record(trade: AccountTrade, pair: PairSpec, *, record_id: str) -> JsonObject:
    """Data of the further record for a maker's reward (9.5). The trade's fee must be negative."""
    record: JsonObject = {
        "transactionType": {"type": "MAKER_REWARD", "description": "Maker Reward"},
        "creditCurrency": currency_object(trade.fee_currency),
        "creditValue": decimal_text(trade.fee.copy_abs()),
    }
    return record | _origin(trade, pair, record_id)


def _origin(trade: AccountTrade, pair: PairSpec, record_id: str) -> JsonObject:
    price = trade.price
    return {
        "eventAt": time_text(trade.traded_at),
        "additionalInfo": {
            # VALR writes this one amount as a JSON number (protocol 5).
            "costPerCoin": int(price) if price == price.to_integral_value() else float(price),
            "costPerCoinSymbol": currency_of(pair.quote).symbol,
            "currencyPairSymbol": trade.symbol,
            "orderId": trade.order_id,
        },
        "id": record_id,
    }


def fee_object(symbol: str, maker_percent: Decimal, taker_percent: Decimal) -> JsonObject:
    """One entry of GET /v1/account/fees/trade (9.6)."""
    return {
        "currencyPair": symbol,
        "makerPercentage": decimal_text(maker_percent),
        "takerPercentage": decimal_text(taker_percent),
    }
