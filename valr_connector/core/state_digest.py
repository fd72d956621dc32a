"""One short text for all that is known of orders and balances: two states are the same where theirs are.

Times by this machine's clocks are no part of it, nor is what is still to be asked.
"""

from __future__ import annotations

import hashlib

import msgspec

from valr_connector.core.account_state import AccountState
from valr_connector.core.order_record import OrderRecord

_encoder = msgspec.json.Encoder(decimal_format="string", order="deterministic")


def state_digest(state: AccountState) -> str:
    """SHA-256 of orders and balances, in hexadecimal."""
    orders = sorted(state.tracker.orders(), key=lambda order: order.client_order_id)
    content = [[_order(order) for order in orders], dict(state.balances.by_currency)]
    return hashlib.sha256(_encoder.encode(content)).hexdigest()


def _order(order: OrderRecord) -> list[object]:
    return [
        order.client_order_id,
        order.exchange_order_id,
        order.status,
        order.placement,
        order.price,
        order.amount,
        order.executed_amount,
        order.is_being_cancelled,
        order.cancel_attempts,
        order.modify_request is not None,
        order.failure_reason,
        order.updated_at,
        sorted(order.fills, key=lambda fill: fill.trade_id),
    ]
