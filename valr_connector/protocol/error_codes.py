"""VALR's refusals as exceptions: which code means what (protocol 3.1, 3.3)."""

from __future__ import annotations

from valr_connector.errors import (
    AuthenticationError,
    DuplicateOrderIdError,
    ExchangeError,
    InsufficientFundsError,
    OrderNotFoundError,
    OrderRefusedError,
    PermissionDeniedError,
)
from valr_connector.protocol.reply_frames import ReplyError

_INVALID_ORDER = -1
UNSUPPORTED_PAIR = -21
"""VALR lists no such pair, or none any more (protocol 3.3)."""
INVALID_SIGNATURE = -11252
"""With 401: the secret is wrong, or the time that was signed with (protocol 3.3, 20)."""

_BY_CODE: dict[int, type[ExchangeError]] = {
    -6: InsufficientFundsError,
    -32: OrderRefusedError,
    -38: OrderRefusedError,
    -39: OrderRefusedError,
    -11133: PermissionDeniedError,
    INVALID_SIGNATURE: AuthenticationError,
    -11268: AuthenticationError,
    -11272: AuthenticationError,
    -11500: OrderRefusedError,
    -11502: DuplicateOrderIdError,
    -11528: OrderRefusedError,
    -12005: OrderRefusedError,
    -12007: OrderRefusedError,
    -21303: OrderRefusedError,
    -21403: OrderRefusedError,
}
_BY_STATUS: dict[int, type[ExchangeError]] = {401: AuthenticationError, 403: PermissionDeniedError}
_BY_TEXT: dict[str, type[ExchangeError]] = {
    "api key or secret is invalid": AuthenticationError,
    "unauthorized": AuthenticationError,
    "insufficient balance": InsufficientFundsError,
}


def exchange_error(
    error: ReplyError,
    *,
    request: str,
    status: int | None = None,
    order_id: str | None = None,
    names_order: bool = False,
) -> ExchangeError:
    """The exception for a refusal, from REST or from a socket. Unknown codes give a plain ExchangeError.

    Args:
        error: what VALR said.
        request: method and path, or the command's type.
        status: HTTP status, None on a socket.
        order_id: the id that the order got before it failed (protocol 3.2).
        names_order: the request is about an existing order, so that -1 and 404 mean that it was not found.
    """
    kind = _kind_of(error, status, names_order)
    if kind is ExchangeError and order_id is not None:
        kind = OrderRefusedError
    reason = error.stated or "VALR gave no reason"
    return kind(reason, code=error.code, status=status, request=request, order_id=order_id)


def _kind_of(error: ReplyError, status: int | None, names_order: bool) -> type[ExchangeError]:
    if error.code == _INVALID_ORDER:
        return OrderNotFoundError if names_order else OrderRefusedError
    if error.code is not None and error.code in _BY_CODE:
        return _BY_CODE[error.code]
    if status == 404 and names_order:
        return OrderNotFoundError
    by_text = _BY_TEXT.get(error.message.strip().casefold(), ExchangeError)
    return by_text if status is None else _BY_STATUS.get(status, by_text)
