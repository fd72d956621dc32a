"""Replies to commands, and where in them the refusal stands (protocol 15.6).

A reply is a receipt. That a cancel was requested says nothing about the order (protocol 19.3).
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct, field

from valr_connector.model.ids import ClientOrderId, ExchangeOrderId
from valr_connector.protocol.spellings import Flag, is_true


class ReplyError(Struct, frozen=True, gc=False):
    """Why VALR refused a command.

    Attributes:
        code: VALR's negative code, None where it gave none.
        message: VALR's text, "" where it gave none.
        validation: (field, message) for each invalid field it named.
    """

    code: int | None
    message: str
    validation: tuple[tuple[str, str], ...] = ()

    @property
    def stated(self) -> str:
        """The message and the invalid fields, short enough for a log; "" where VALR gave neither."""
        said = [self.message.strip(), *(f"{field} {message}" for field, message in self.validation)]
        return "; ".join(part for part in said if part)[:_LONGEST]

    @property
    def stated_with_code(self) -> str:
        """The same with the code, where there is one."""
        return self.stated if self.code is None else f"{self.stated} ({self.code})"


class ReplyData(Struct, rename="camel", frozen=True, gc=False):
    """What stands under ``data`` of a reply. Every field is missing in some variant."""

    order_id: ExchangeOrderId | None = None
    customer_order_id: ClientOrderId | None = None
    modify_request_id: str | None = None
    requested: Flag | None = None
    client_msg_id: str | None = None
    error: Any = None
    code: Any = None
    message: Any = None
    validation_errors: Any = None


class Reply(Struct, rename="camel", frozen=True, gc=False):
    """The shape of every reply."""

    data: ReplyData | list[Any] | str | None = None
    outer_msg_id: str | None = field(name="clientMsgId", default=None)
    outer_error: Any = field(name="error", default=None)
    code: Any = None
    message: Any = None
    validation_errors: Any = None

    @property
    def client_msg_id(self) -> str | None:
        """Which command this answers; top level, or inside of data (protocol 15.6)."""
        return self.outer_msg_id or self.body.client_msg_id or None

    @property
    def exchange_order_id(self) -> ExchangeOrderId | None:
        """VALR's id of the order."""
        return self.body.order_id or None

    @property
    def client_order_id(self) -> ClientOrderId | None:
        """Our id of the order; absent where none was given."""
        return self.body.customer_order_id or None

    @property
    def body(self) -> ReplyData:
        """What stands under ``data``, as far as it is an object."""
        return self.data if isinstance(self.data, ReplyData) else _NO_DATA

    def _is_refused(self, inner: ReplyData) -> bool:
        """Whether VALR says outright that it refused: an error, or a code."""
        if self.outer_error is inner.error is inner.code is self.code is None:
            return False  # nearly always; looking for nothing's other shapes takes five times as long
        return any(said not in _NOTHING for said in (self.outer_error, inner.error, inner.code, self.code))

    @property
    def reason(self) -> ReplyError:
        """Why it was refused, from the first place that says: error, data.error, data, the frame itself."""
        inner = self.body
        places = (
            self.outer_error,
            inner.error,
            {"code": inner.code, "message": inner.message, "validationErrors": inner.validation_errors},
            self.data,
            {"code": self.code, "message": self.message, "validationErrors": self.validation_errors},
        )
        return next((found for found in map(read_error, places) if found is not None), NO_REASON)


class Refusal(Reply, frozen=True, gc=False):
    """A reply that is an error by its very type."""

    @property
    def error(self) -> ReplyError:
        """Why."""
        return self.reason


class PlaceReply(Reply, frozen=True, gc=False):
    """The reply to a placement. Without an order id it is a failure (protocol 15.6)."""

    @property
    def error(self) -> ReplyError | None:
        """Why the placement was refused; None where it was accepted."""
        return self.reason if self.receipt is None else None

    @property
    def receipt(self) -> ReplyData | None:
        """VALR's id for an accepted placement, and what stands beside it; None where it was refused."""
        data = self.data
        if not isinstance(data, ReplyData) or not data.order_id or self._is_refused(data):
            return None
        return data


class RequestReply(Reply, frozen=True, gc=False):
    """The receipt for a modify or a cancel; the outcome comes later."""

    @property
    def error(self) -> ReplyError | None:
        """Why the request was refused; None where VALR received it."""
        body = self.body
        was_requested = body.requested is None or is_true(body.requested)
        if was_requested and body is not _NO_DATA and not self._is_refused(body):
            return None
        return self.reason


class PlaceLimitResponseFrame(PlaceReply, tag="PLACE_LIMIT_WS_RESPONSE", frozen=True, gc=False):
    """The reply to PLACE_LIMIT_ORDER."""


class PlaceMarketResponseFrame(PlaceReply, tag="PLACE_MARKET_WS_RESPONSE", frozen=True, gc=False):
    """The reply to PLACE_MARKET_ORDER."""


class ModifyOrderResponseFrame(RequestReply, tag="MODIFY_ORDER_WS_RESPONSE", frozen=True, gc=False):
    """The receipt for MODIFY_ORDER; MODIFY_ORDER_OUTCOME follows."""

    @property
    def modify_request_id(self) -> str | None:
        """VALR's id of the request, named again in the outcome."""
        return self.body.modify_request_id or None


class CancelOrderResponseFrame(RequestReply, tag="CANCEL_ORDER_WS_RESPONSE", frozen=True, gc=False):
    """The receipt for CANCEL_LIMIT_ORDER. It is no cancellation (protocol 19.3)."""


class GuessedCancelResponseFrame(RequestReply, tag="CANCEL_LIMIT_ORDER_WS_RESPONSE", frozen=True, gc=False):
    """A name for the same that only clients have written on a guess (protocol 15.1)."""


class InvalidPlaceLimitFrame(Refusal, tag="INVALID_PLACE_LIMIT_REQUEST", frozen=True, gc=False):
    """PLACE_LIMIT_ORDER failed validation; the body is not documented (protocol 21, 5)."""


class InvalidPlaceMarketFrame(Refusal, tag="INVALID_PLACE_MARKET_REQUEST", frozen=True, gc=False):
    """PLACE_MARKET_ORDER failed validation."""


class InvalidCancelFrame(Refusal, tag="INVALID_CANCEL_ORDER_REQUEST", frozen=True, gc=False):
    """CANCEL_LIMIT_ORDER failed validation."""


class InvalidModifyFrame(Refusal, tag="INVALID_MODIFY_WS_REQUEST", frozen=True, gc=False):
    """MODIFY_ORDER failed validation."""


class RateLimitData(Struct, rename="camel", frozen=True, gc=False):
    """Which kind of command was over the limit."""

    request_type: str | None = None
    client_msg_id: str | None = None


class RateLimitExceededFrame(Struct, tag="RATE_LIMIT_EXCEEDED", frozen=True, gc=False):
    """The command was over VALR's limit and was not executed (protocol 4, 15.6)."""

    data: RateLimitData | None = None
    outer_msg_id: str | None = field(name="clientMsgId", default=None)

    @property
    def client_msg_id(self) -> str | None:
        """Which command was not executed."""
        return self.outer_msg_id or (self.data.client_msg_id if self.data else None)

    @property
    def request_type(self) -> str | None:
        """The kind of command: PLACE_LIMIT_ORDER, PLACE_MARKET_ORDER, BATCH_ORDERS, ..."""
        return self.data.request_type if self.data else None


class CancelOnDisconnectData(Struct, rename="camel", frozen=True, gc=False):
    """The flag, which VALR sends as text (protocol 15.6)."""

    cancel_on_disconnect: Flag


class CancelOnDisconnectUpdateFrame(Struct, tag="CANCEL_ON_DISCONNECT_UPDATE", frozen=True, gc=False):
    """The socket's cancel-on-disconnect flag changed."""

    data: CancelOnDisconnectData

    @property
    def is_armed(self) -> bool:
        """Whether all open orders of the account are cancelled when this socket drops."""
        return is_true(self.data.cancel_on_disconnect)


ReplyFrame = (
    PlaceLimitResponseFrame
    | PlaceMarketResponseFrame
    | ModifyOrderResponseFrame
    | CancelOrderResponseFrame
    | GuessedCancelResponseFrame
    | InvalidPlaceLimitFrame
    | InvalidPlaceMarketFrame
    | InvalidCancelFrame
    | InvalidModifyFrame
)
"""Every frame that has `client_msg_id` and `error`."""

_NO_DATA = ReplyData()
NO_REASON: Final = ReplyError(code=None, message="")
"""A refusal that says nothing."""
_LONGEST: Final = 300
_NOTHING: tuple[object, ...] = (None, "", False, {}, [])


def read_error(body: object) -> ReplyError | None:
    """The error in a body of any shape (protocol 3.2, 15.6), a list's first; None where it says nothing."""
    if isinstance(body, list):
        body = next((row for row in body if row), None)
    if isinstance(body, str):
        return ReplyError(code=None, message=body) if body else None
    if not isinstance(body, dict):
        return None
    code, message = read_code(body.get("code")), body.get("message")
    validation = _read_validation(body.get("validationErrors"))
    if code is None and not message and not validation:
        return None
    return ReplyError(code, message if isinstance(message, str) else "", validation)


def read_code(code: object) -> int | None:
    """VALR's code, which may come as text (protocol 3.2)."""
    if isinstance(code, str) and len(code) <= 10 and code.removeprefix("-").isdecimal():
        return int(code)
    return code if isinstance(code, int) and not isinstance(code, bool) else None


def _read_validation(errors: object) -> tuple[tuple[str, str], ...]:
    listed = errors.get("errors") if isinstance(errors, dict) else errors
    rows = listed if isinstance(listed, list) else []
    return tuple((str(row.get("field")), str(row.get("message"))) for row in rows if isinstance(row, dict))
