"""Commands read back: recorded frames that went from a client to VALR (protocol 14, 16).

Stricter than frames from VALR, since they are our own: an unknown field is an error. Forms that the
sources show and that `commands` never writes are read all the same: flags as text, a modify by
customerOrderId or in the words of the mirror, AUTHENTICATE.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta, Struct, field

from valr_connector.protocol.codec import DecimalText
from valr_connector.protocol.commands import AccountEvent, MarketEvent
from valr_connector.protocol.control_frames import KeepAliveFrame, UnknownFrame
from valr_connector.protocol.decode_errors import DECODER_FAILURES
from valr_connector.protocol.order_requests import ModifyMatchStrategy
from valr_connector.protocol.second_look import frame_types, second_look
from valr_connector.protocol.spellings import Flag

_Symbol = Annotated[str, Meta(min_length=1, max_length=40)]
_Id = Annotated[str, Meta(min_length=1, max_length=64)]
_MsgId = Annotated[str, Meta(min_length=1, max_length=36)]
_Side = Literal["BUY", "SELL"]
_TimeInForce = Literal["GTC", "IOC", "FOK"]
_EVENTS = frozenset(AccountEvent) | frozenset(MarketEvent)


class LimitPayload(Struct, rename="camel", forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A limit order (protocol 10.2)."""

    side: _Side
    quantity: DecimalText
    price: DecimalText
    pair: _Symbol
    post_only: Flag = False
    post_only_reprice: Flag = False
    post_only_reprice_ticks: str | int | None = None
    customer_order_id: str | None = None
    time_in_force: _TimeInForce = "GTC"
    allow_margin: Flag = False
    reduce_only: Flag = False


class MarketPayload(Struct, rename="camel", forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A market order (protocol 10.3)."""

    side: _Side
    pair: _Symbol
    base_amount: DecimalText | None = None
    quote_amount: DecimalText | None = None
    customer_order_id: str | None = None
    time_in_force: _TimeInForce = "IOC"
    allow_margin: Flag = False
    reduce_only: Flag = False

    def __post_init__(self) -> None:
        _only_one(baseAmount=self.base_amount, quoteAmount=self.quote_amount)


class ModifyPayload(Struct, rename="camel", forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A modify (protocol 10.5); `quantity`, `price` and no strategy are the mirror's words."""

    pair: _Symbol
    order_id: _Id | None = None
    customer_order_id: str | None = None
    new_price: DecimalText | None = None
    new_remaining_quantity: DecimalText | None = None
    new_total_quantity: DecimalText | None = None
    modify_match_strategy: ModifyMatchStrategy | None = None
    quantity: DecimalText | None = None
    price: DecimalText | None = None


class CancelPayload(Struct, rename="camel", forbid_unknown_fields=True, frozen=True, kw_only=True):
    """A cancel, by exactly one of the order's ids (protocol 10.6)."""

    pair: _Symbol
    order_id: _Id | None = None
    customer_order_id: _Id | None = None

    def __post_init__(self) -> None:
        _only_one(orderId=self.order_id, customerOrderId=self.customer_order_id)


def _only_one(**given: object) -> None:
    if sum(value is not None for value in given.values()) != 1:
        raise ValueError(f"needs exactly one of {' and '.join(given)}")


class BatchLimit(Struct, tag="PLACE_LIMIT", forbid_unknown_fields=True, frozen=True):
    """A limit order in a batch."""

    data: LimitPayload


class BatchMarket(Struct, tag="PLACE_MARKET", forbid_unknown_fields=True, frozen=True):
    """A market order in a batch."""

    data: MarketPayload


class BatchModify(Struct, tag="MODIFY_ORDER", forbid_unknown_fields=True, frozen=True):
    """A modify in a batch."""

    data: ModifyPayload


class BatchCancel(Struct, tag="CANCEL_ORDER", forbid_unknown_fields=True, frozen=True):
    """A cancel in a batch."""

    data: CancelPayload


class BatchPayload(Struct, forbid_unknown_fields=True, frozen=True):
    """The requests of a batch. The published sample breaks the rule of -21311, so it is not held here."""

    requests: Annotated[
        list[BatchLimit | BatchMarket | BatchModify | BatchCancel], Meta(min_length=1, max_length=20)
    ]


class CancelOnDisconnectPayload(Struct, rename="camel", forbid_unknown_fields=True, frozen=True):
    """Whether to cancel all when the socket drops."""

    cancel_on_disconnect: bool


class Subscription(Struct, forbid_unknown_fields=True, frozen=True):
    """One event and its pairs; events of the account have none."""

    event: str
    pairs: list[_Symbol] | None = None

    def __post_init__(self) -> None:
        if self.event not in _EVENTS:
            raise ValueError("not an event that can be subscribed")
        if self.pairs is None and self.event not in frozenset(AccountEvent):
            raise ValueError("leaving out the pairs means all pairs")


class PlaceLimitCommand(Struct, tag="PLACE_LIMIT_ORDER", forbid_unknown_fields=True, frozen=True):
    """Place a limit order."""

    payload: LimitPayload
    client_msg_id: _MsgId = field(name="clientMsgId")


class PlaceMarketCommand(Struct, tag="PLACE_MARKET_ORDER", forbid_unknown_fields=True, frozen=True):
    """Place a market order."""

    payload: MarketPayload
    client_msg_id: _MsgId = field(name="clientMsgId")


class ModifyOrderCommand(Struct, tag="MODIFY_ORDER", forbid_unknown_fields=True, frozen=True):
    """Modify an order."""

    payload: ModifyPayload
    client_msg_id: _MsgId = field(name="clientMsgId")


class CancelOrderCommand(Struct, tag="CANCEL_LIMIT_ORDER", forbid_unknown_fields=True, frozen=True):
    """Cancel an order."""

    payload: CancelPayload
    client_msg_id: _MsgId = field(name="clientMsgId")


class BatchOrdersCommand(Struct, tag="BATCH_ORDERS", forbid_unknown_fields=True, frozen=True):
    """Several requests in one."""

    payload: BatchPayload
    client_msg_id: _MsgId = field(name="clientMsgId")


class CancelOnDisconnectCommand(Struct, tag="CANCEL_ON_DISCONNECT", forbid_unknown_fields=True, frozen=True):
    """Arm or disarm cancel-on-disconnect."""

    payload: CancelOnDisconnectPayload


class PingCommand(Struct, tag="PING", forbid_unknown_fields=True, frozen=True):
    """Ask for a PONG."""


class SubscribeCommand(Struct, tag="SUBSCRIBE", forbid_unknown_fields=True, frozen=True):
    """Subscribe events."""

    subscriptions: Annotated[list[Subscription], Meta(min_length=1)]


class UnsubscribedEvent(Struct, forbid_unknown_fields=True, frozen=True):
    """An event that is wanted no longer."""

    event: AccountEvent


class UnsubscribeCommand(Struct, tag="UNSUBSCRIBE", forbid_unknown_fields=True, frozen=True):
    """Unsubscribe events of the account socket."""

    requests: Annotated[list[UnsubscribedEvent], Meta(min_length=1)]


class AuthenticateCommand(Struct, tag="AUTHENTICATE", frozen=True):
    """The in-band way to authenticate, which is never used here. Its payload is not kept (S11)."""


CommandFrame = (
    PlaceLimitCommand
    | PlaceMarketCommand
    | ModifyOrderCommand
    | CancelOrderCommand
    | BatchOrdersCommand
    | CancelOnDisconnectCommand
    | PingCommand
    | SubscribeCommand
    | UnsubscribeCommand
    | AuthenticateCommand
)

_decoder: msgspec.json.Decoder[CommandFrame] = msgspec.json.Decoder(CommandFrame)
_TYPES = frame_types(CommandFrame)


def decode_command(raw: bytes) -> CommandFrame | KeepAliveFrame | UnknownFrame:
    """One frame that was sent.

    Raises:
        DecodeError: the bytes are no command, or one with a field that `commands` would not write.
    """
    try:
        return _decoder.decode(raw)
    except DECODER_FAILURES as error:
        return second_look(raw, error, _TYPES)
