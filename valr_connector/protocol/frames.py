"""The door for everything that VALR's sockets send: bytes in, typed frames out (protocol 14 to 18).

Any bytes give a typed frame, an UnknownFrame or a DecodeError; nothing else (S10). A typed frame is made
from the bytes in one step, chosen by its "type"; only what fails is looked at twice.
"""

from __future__ import annotations

import msgspec

from valr_connector.protocol.account_frames import (
    BalanceUpdateFrame,
    CancelOrderFailedFrame,
    CancelOrderSuccessFrame,
    FailedCancelOrderFrame,
    FailedOrderFrame,
    GuessedFrame,
    ModifyOrderOutcomeFrame,
    NewAccountTradeFrame,
    OpenOrdersUpdateFrame,
    OrderEventFrame,
    OrderFailedFrame,
    OrderPlacedFrame,
    OrderProcessedFrame,
    OrderRejectedFrame,
    OrderStatusUpdateFrame,
)
from valr_connector.protocol.book_frames import (
    AggregatedOrderbookUpdateFrame,
    BookFrame,
    FullOrderbookFrame,
    FullOrderbookSnapshotFrame,
    FullOrderbookUpdateFrame,
    ObL1D1SnapshotFrame,
    ObL1D5SnapshotFrame,
    ObL1D10SnapshotFrame,
    ObL1D20SnapshotFrame,
    ObL1D40SnapshotFrame,
    ObL1D60SnapshotFrame,
    ObL1D80SnapshotFrame,
    ObL1DepthFrame,
    ObL1DiffFrame,
    ObL1Frame,
    ObL1SnapshotFrame,
)
from valr_connector.protocol.codec import check_utf8
from valr_connector.protocol.control_frames import (
    AuthenticatedFrame,
    ControlFrame,
    ErrorFrame,
    KeepAliveFrame,
    PongFrame,
    SubscribedFrame,
    UnauthorizedFrame,
    UnknownFrame,
    UnsubscribedFrame,
    UnsupportedFrame,
)
from valr_connector.protocol.decode_errors import DECODER_FAILURES
from valr_connector.protocol.market_frames import (
    AllowedOrderTypesUpdatedFrame,
    FundingRunCompletedFrame,
    MarketFrame,
    MarketSummaryUpdateFrame,
    MarkPriceUpdateFrame,
    NewTradeBucketFrame,
    NewTradeFrame,
    PnlRunCompletedFrame,
)
from valr_connector.protocol.position_frames import (
    AddConditionalOrderFrame,
    LeverageUpdatedFrame,
    MarginInfoFrame,
    OpenPositionUpdateFrame,
    PositionClosedFrame,
    PositionFrame,
    ReducePositionFrame,
    RemoveConditionalOrderFrame,
)
from valr_connector.protocol.reply_frames import (
    CancelOnDisconnectUpdateFrame,
    CancelOrderResponseFrame,
    GuessedCancelResponseFrame,
    InvalidCancelFrame,
    InvalidModifyFrame,
    InvalidPlaceLimitFrame,
    InvalidPlaceMarketFrame,
    ModifyOrderResponseFrame,
    PlaceLimitResponseFrame,
    PlaceMarketResponseFrame,
    RateLimitExceededFrame,
    ReplyFrame,
)
from valr_connector.protocol.second_look import frame_types, second_look
from valr_connector.protocol.wallet_frames import (
    InstantOrderCompletedFrame,
    NewAccountHistoryRecordFrame,
    NewPendingReceiveFrame,
    NewPendingSendFrame,
    SendStatusUpdateFrame,
    WalletFrame,
)

__all__ = [
    "AccountFrame",
    "AddConditionalOrderFrame",
    "AggregatedOrderbookUpdateFrame",
    "AllowedOrderTypesUpdatedFrame",
    "AuthenticatedFrame",
    "BalanceUpdateFrame",
    "BookFrame",
    "CancelOnDisconnectUpdateFrame",
    "CancelOrderFailedFrame",
    "CancelOrderResponseFrame",
    "CancelOrderSuccessFrame",
    "ControlFrame",
    "ErrorFrame",
    "FailedCancelOrderFrame",
    "FailedOrderFrame",
    "FullOrderbookFrame",
    "FullOrderbookSnapshotFrame",
    "FullOrderbookUpdateFrame",
    "FundingRunCompletedFrame",
    "GuessedCancelResponseFrame",
    "GuessedFrame",
    "InstantOrderCompletedFrame",
    "InvalidCancelFrame",
    "InvalidModifyFrame",
    "InvalidPlaceLimitFrame",
    "InvalidPlaceMarketFrame",
    "KeepAliveFrame",
    "LeverageUpdatedFrame",
    "MarginInfoFrame",
    "MarkPriceUpdateFrame",
    "MarketFrame",
    "MarketSummaryUpdateFrame",
    "ModifyOrderOutcomeFrame",
    "ModifyOrderResponseFrame",
    "NewAccountHistoryRecordFrame",
    "NewAccountTradeFrame",
    "NewPendingReceiveFrame",
    "NewPendingSendFrame",
    "NewTradeBucketFrame",
    "NewTradeFrame",
    "ObL1D1SnapshotFrame",
    "ObL1D5SnapshotFrame",
    "ObL1D10SnapshotFrame",
    "ObL1D20SnapshotFrame",
    "ObL1D40SnapshotFrame",
    "ObL1D60SnapshotFrame",
    "ObL1D80SnapshotFrame",
    "ObL1DepthFrame",
    "ObL1DiffFrame",
    "ObL1Frame",
    "ObL1SnapshotFrame",
    "OpenOrdersUpdateFrame",
    "OpenPositionUpdateFrame",
    "OrderEventFrame",
    "OrderFailedFrame",
    "OrderPlacedFrame",
    "OrderProcessedFrame",
    "OrderRejectedFrame",
    "OrderStatusUpdateFrame",
    "PlaceLimitResponseFrame",
    "PlaceMarketResponseFrame",
    "PnlRunCompletedFrame",
    "PongFrame",
    "PositionClosedFrame",
    "PositionFrame",
    "RateLimitExceededFrame",
    "ReducePositionFrame",
    "RemoveConditionalOrderFrame",
    "ReplyFrame",
    "SendStatusUpdateFrame",
    "SubscribedFrame",
    "TradeFrame",
    "UnauthorizedFrame",
    "UnknownFrame",
    "UnsubscribedFrame",
    "UnsupportedFrame",
    "WalletFrame",
    "decode_account_frame",
    "decode_trade_frame",
    "frame_types",
]

_AccountUnion = (
    OrderEventFrame
    | ReplyFrame
    | RateLimitExceededFrame
    | CancelOnDisconnectUpdateFrame
    | WalletFrame
    | PositionFrame
    | ControlFrame
)
_TradeUnion = BookFrame | MarketFrame | RateLimitExceededFrame | ControlFrame

AccountFrame = _AccountUnion | KeepAliveFrame
"""Everything that the account socket is known to send."""

TradeFrame = _TradeUnion | KeepAliveFrame
"""Everything that the trade socket is known to send."""


_account: msgspec.json.Decoder[_AccountUnion] = msgspec.json.Decoder(_AccountUnion)
_trade: msgspec.json.Decoder[_TradeUnion] = msgspec.json.Decoder(_TradeUnion)


_ACCOUNT_TYPES = frame_types(_AccountUnion)
_TRADE_TYPES = frame_types(_TradeUnion)


def decode_account_frame(raw: bytes) -> AccountFrame | UnknownFrame:
    """One frame of the account socket.

    Raises:
        DecodeError: the bytes are no frame, or a known frame with a field that breaks the protocol.
    """
    try:
        if not raw.isascii():
            check_utf8(raw)
        return _account.decode(raw)
    except DECODER_FAILURES as error:
        return second_look(raw, error, _ACCOUNT_TYPES)


def decode_trade_frame(raw: bytes) -> TradeFrame | UnknownFrame:
    """One frame of the trade socket.

    Raises:
        DecodeError: the bytes are no frame, or a known frame with a field that breaks the protocol.
    """
    try:
        if not raw.isascii():
            check_utf8(raw)
        return _trade.decode(raw)
    except DECODER_FAILURES as error:
        return second_look(raw, error, _TRADE_TYPES)
