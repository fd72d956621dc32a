"""Everything that is sent on the sockets, as bytes (protocol 14, 16).

AUTHENTICATE is not here: the handshake's headers do it (protocol 2.4).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from itertools import chain

from valr_connector.errors import InvalidArgumentError
from valr_connector.model.ids import Symbol
from valr_connector.protocol.codec import encode_json
from valr_connector.protocol.order_requests import (
    Body,
    CancelOrder,
    LimitTerms,
    ModifyOrder,
    OrderRequest,
    PlaceLimit,
    PlaceMarket,
    batch_body,
    check_symbol,
    check_word,
)

_MSG_ID = re.compile(r"[0-9a-zA-Z-]{1,36}")

PING = encode_json({"type": "PING"})
"""At least every 30 s (protocol 14.3)."""


class AccountEvent(StrEnum):
    """Events of the account socket that can be subscribed or unsubscribed (protocol 14.2, 15)."""

    ORDER_STATUS_UPDATE = "ORDER_STATUS_UPDATE"
    NEW_ACCOUNT_TRADE = "NEW_ACCOUNT_TRADE"
    OPEN_ORDERS_UPDATE = "OPEN_ORDERS_UPDATE"
    BALANCE_UPDATE = "BALANCE_UPDATE"
    MARGIN_INFO = "MARGIN_INFO"


class MarketEvent(StrEnum):
    """Events of the trade socket (protocol 17)."""

    AGGREGATED_ORDERBOOK_UPDATE = "AGGREGATED_ORDERBOOK_UPDATE"
    FULL_ORDERBOOK_UPDATE = "FULL_ORDERBOOK_UPDATE"
    OB_L1_DIFF = "OB_L1_DIFF"
    OB_L1_D1_SNAPSHOT = "OB_L1_D1_SNAPSHOT"
    OB_L1_D5_SNAPSHOT = "OB_L1_D5_SNAPSHOT"
    OB_L1_D10_SNAPSHOT = "OB_L1_D10_SNAPSHOT"
    OB_L1_D20_SNAPSHOT = "OB_L1_D20_SNAPSHOT"
    OB_L1_D40_SNAPSHOT = "OB_L1_D40_SNAPSHOT"
    OB_L1_D80_SNAPSHOT = "OB_L1_D80_SNAPSHOT"
    MARKET_SUMMARY_UPDATE = "MARKET_SUMMARY_UPDATE"
    NEW_TRADE = "NEW_TRADE"
    NEW_TRADE_BUCKET = "NEW_TRADE_BUCKET"
    MARK_PRICE_UPDATE = "MARK_PRICE_UPDATE"
    PNL_RUN_COMPLETED = "PNL_RUN_COMPLETED"
    FUNDING_RUN_COMPLETED = "FUNDING_RUN_COMPLETED"
    ALLOWED_ORDER_TYPES_UPDATED = "ALLOWED_ORDER_TYPES_UPDATED"


_COMMAND_TYPES: dict[type[OrderRequest | LimitTerms], str] = {
    LimitTerms: "PLACE_LIMIT_ORDER",
    PlaceLimit: "PLACE_LIMIT_ORDER",
    PlaceMarket: "PLACE_MARKET_ORDER",
    ModifyOrder: "MODIFY_ORDER",
    CancelOrder: "CANCEL_LIMIT_ORDER",
}


def order_command(request: OrderRequest | LimitTerms, client_msg_id: str) -> bytes:
    """The command that places, modifies or cancels one order.

    Args:
        request: what is asked.
        client_msg_id: at most 36 of [0-9a-zA-Z-]; comes back in the reply only.

    Raises:
        InvalidArgumentError: the message id is malformed.
    """
    return _command(_COMMAND_TYPES[type(request)], client_msg_id, request.body())


def batch_command(requests: Sequence[OrderRequest], client_msg_id: str) -> bytes:
    """Several requests in one command. The reply to it is not documented (protocol 21, 7).

    Raises:
        InvalidArgumentError: more than 20, none, or a modify beside a placement.
    """
    return _command("BATCH_ORDERS", client_msg_id, batch_body(requests))


def cancel_on_disconnect_command(is_armed: bool) -> bytes:
    """Have VALR cancel all open orders of the account when this socket drops (protocol 16)."""
    return encode_json({"type": "CANCEL_ON_DISCONNECT", "payload": {"cancelOnDisconnect": bool(is_armed)}})


def subscribe_account_command(events: Sequence[AccountEvent]) -> bytes:
    """Subscribe events of the account socket.

    Raises:
        InvalidArgumentError: no event is given.
    """
    return encode_json({"type": "SUBSCRIBE", "subscriptions": _named(events)})


def unsubscribe_account_command(events: Sequence[AccountEvent]) -> bytes:
    """Unsubscribe MARGIN_INFO, BALANCE_UPDATE or OPEN_ORDERS_UPDATE (protocol 14.2).

    Raises:
        InvalidArgumentError: no event is given.
    """
    return encode_json({"type": "UNSUBSCRIBE", "requests": _named(events)})


def subscribe_market_command(pairs_of: Mapping[MarketEvent, Sequence[Symbol]]) -> bytes:
    """Set the pairs of market events on the trade socket.

    For each event the list replaces the one before: name all pairs that are wanted, none to unsubscribe it.
    The list is always sent, because leaving it out means all pairs (protocol 14.2).

    Raises:
        InvalidArgumentError: no event is given, or a pair is malformed.
    """
    if not pairs_of:
        raise InvalidArgumentError("pairs_of", pairs_of, "must name an event")
    for event in pairs_of:
        check_word("event", event, MarketEvent)
    for pair in chain.from_iterable(pairs_of.values()):
        check_symbol(pair)
    subscriptions = [
        {"event": MarketEvent(event).value, "pairs": list(pairs)} for event, pairs in pairs_of.items()
    ]
    return encode_json({"type": "SUBSCRIBE", "subscriptions": subscriptions})


def _command(type_: str, client_msg_id: str, payload: Body) -> bytes:
    if _MSG_ID.fullmatch(client_msg_id) is None:
        raise InvalidArgumentError("client_msg_id", client_msg_id, "must be 1 to 36 of 0-9 a-z A-Z -")
    return encode_json({"type": type_, "clientMsgId": client_msg_id, "payload": payload})


def _named(events: Sequence[AccountEvent]) -> list[dict[str, str]]:
    if not events:
        raise InvalidArgumentError("events", events, "must name an event")
    for event in events:
        check_word("event", event, AccountEvent)
    return [{"event": AccountEvent(event).value} for event in events]
