"""The states of an order as VALR writes them (protocol 19.1)."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from valr_connector.model.enums import TERMINAL, OrderStatus


class WireStatus(StrEnum):
    """One state, however it was spelt. The values are VALR's filter words where it has any."""

    OPEN = "OPEN"
    PLACED = "PLACED"
    ACTIVE = "ACTIVE"
    PARTIALLY_FILLED = "PARTIALLY_FILLED"
    ORDER_MODIFIED = "ORDER_MODIFIED"
    REPRICED_DUE_TO_SLIPPAGE = "REPRICED_DUE_TO_SLIPPAGE"
    FILLED = "FILLED"
    CANCELLED = "CANCELLED"
    FAILED = "FAILED"
    EXPIRED = "EXPIRED"
    PARTIALLY_FILLED_DUE_TO_SLIPPAGE = "PARTIALLY_FILLED_DUE_TO_SLIPPAGE"
    INSTANT_ORDER_BALANCE_RESERVED = "INSTANT_ORDER_BALANCE_RESERVED"
    INSTANT_ORDER_BALANCE_RESERVE_FAILED = "INSTANT_ORDER_BALANCE_RESERVE_FAILED"
    INSTANT_ORDER_COMPLETED = "INSTANT_ORDER_COMPLETED"
    UNRECOGNISED = "UNRECOGNISED"
    """A text that is not in protocol 19.1: changes nothing, and asks for a probe."""

    @property
    def order_status(self) -> OrderStatus | None:
        """What it makes of an order, unless its fills say more; None for a text that nobody knows."""
        return _ORDER_STATUSES.get(self)

    @property
    def is_terminal(self) -> bool:
        """Whether VALR has ended the order. A text nobody knows is not terminal."""
        return self.order_status in TERMINAL


_ORDER_STATUSES: Mapping[WireStatus, OrderStatus] = {
    WireStatus.OPEN: OrderStatus.OPEN,
    WireStatus.PLACED: OrderStatus.OPEN,
    WireStatus.ACTIVE: OrderStatus.OPEN,
    WireStatus.PARTIALLY_FILLED: OrderStatus.PARTIALLY_FILLED,
    WireStatus.ORDER_MODIFIED: OrderStatus.OPEN,
    WireStatus.REPRICED_DUE_TO_SLIPPAGE: OrderStatus.OPEN,
    WireStatus.FILLED: OrderStatus.FILLED,
    WireStatus.CANCELLED: OrderStatus.CANCELLED,
    WireStatus.PARTIALLY_FILLED_DUE_TO_SLIPPAGE: OrderStatus.CANCELLED,
    WireStatus.FAILED: OrderStatus.FAILED,
    WireStatus.EXPIRED: OrderStatus.EXPIRED,
    WireStatus.INSTANT_ORDER_BALANCE_RESERVED: OrderStatus.OPEN,
    WireStatus.INSTANT_ORDER_BALANCE_RESERVE_FAILED: OrderStatus.FAILED,
    WireStatus.INSTANT_ORDER_COMPLETED: OrderStatus.FILLED,
}


def parse_order_status(text: str) -> WireStatus:
    """The state that `text` names; case, spaces and underscores do not matter (protocol 19.1)."""
    return SPELLINGS.get(text) or _BY_LETTERS.get(_letters(text), WireStatus.UNRECOGNISED)


def _letters(text: str) -> str:
    return text.replace(" ", "").replace("_", "").casefold()


_TEXTS = {
    "Open": WireStatus.OPEN,
    "Placed": WireStatus.PLACED,
    "Active": WireStatus.ACTIVE,
    "Partially Filled": WireStatus.PARTIALLY_FILLED,
    "Order Modified": WireStatus.ORDER_MODIFIED,
    "Order price has been modified due to slippage limits": WireStatus.REPRICED_DUE_TO_SLIPPAGE,
    "Repriced Due To Slippage": WireStatus.REPRICED_DUE_TO_SLIPPAGE,
    "Filled": WireStatus.FILLED,
    "Cancelled": WireStatus.CANCELLED,
    "Failed": WireStatus.FAILED,
    "Expired": WireStatus.EXPIRED,
    "Partially Filled and Cancelled Due To Slippage": WireStatus.PARTIALLY_FILLED_DUE_TO_SLIPPAGE,
    "Partially Filled Due To Slippage": WireStatus.PARTIALLY_FILLED_DUE_TO_SLIPPAGE,
    "Instant Order Balance Reserved": WireStatus.INSTANT_ORDER_BALANCE_RESERVED,
    "Instant Order Balance Reserve Failed": WireStatus.INSTANT_ORDER_BALANCE_RESERVE_FAILED,
    "Instant Order Completed": WireStatus.INSTANT_ORDER_COMPLETED,
}
SPELLINGS: Mapping[str, WireStatus] = _TEXTS | {status.value: status for status in _TEXTS.values()}
"""The usual spellings, which need no closer look."""
_BY_LETTERS = {_letters(text): status for text, status in _TEXTS.items()}
