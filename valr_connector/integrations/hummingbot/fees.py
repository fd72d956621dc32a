"""What trading at VALR costs, before the account's own fees are known."""

from __future__ import annotations

from decimal import Decimal

from hummingbot.core.data_type.trade_fee import TradeFeeSchema

from valr_connector.integrations.hummingbot.shim_files import MAKER_FEE, TAKER_FEE

FEE_SCHEMA = TradeFeeSchema(
    maker_percent_fee_decimal=Decimal(MAKER_FEE),
    taker_percent_fee_decimal=Decimal(TAKER_FEE),
    buy_percent_fee_deducted_from_returns=True,
)
"""Fractions of the trade; the fee is taken from what the trade brings in."""
