"""From an HTTP answer to its value or its error (protocol 3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeVar

import msgspec

from valr_connector.errors import (
    ExchangeError,
    OutcomeUnknownError,
    RateLimitedError,
    ReadOnlyError,
    TransportError,
)
from valr_connector.protocol.decode_errors import DECODER_FAILURES
from valr_connector.protocol.error_codes import INVALID_SIGNATURE, exchange_error
from valr_connector.protocol.reply_frames import NO_REASON, ReplyError, read_error
from valr_connector.protocol.requests import Request

T = TypeVar("T")

_LONGEST_WAIT_S = 3600.0
_SECONDS = re.compile(r"\d+(\.\d+)?", re.ASCII)
_TIMED_OUT_ON_THE_WAY = 408
_UNAUTHORISED = 401


def decode_response(request: Request[T], status: int, headers: Mapping[str, str], body: bytes) -> T:
    """The value that the answer to `request` holds.

    Args:
        request: what was sent.
        status: HTTP status.
        headers: of the answer.
        body: of the answer, decompressed; may be empty, HTML or anything.

    Raises:
        RateLimitedError: 429; the request was not executed.
        ReadOnlyError: 503 to a writing call, in VALR's own words (protocol 3.5). Any other 503 may come
            from what stands before VALR, after the call was executed.
        OutcomeUnknownError: the infrastructure failed, and the request may have changed something.
        TransportError: the infrastructure failed, and the request was a read.
        ExchangeError: VALR refused; the subclass follows its code (protocol 3.3).
        DecodeError: a success whose body does not fit. A writing request has then been executed.
    """
    if 200 <= status < 300:
        _refuse_error_body(request, status, body)
        return request.decode(body)
    if status == 429:
        raise _rate_limited(request, headers, body)
    if status == 503 and not request.is_read and _is_valrs_own(stated := _stated(body)):
        raise ReadOnlyError(
            stated.message or "read-only", code=stated.code, status=status, request=request.name
        )
    if not 400 <= status < 500 or status == _TIMED_OUT_ON_THE_WAY:
        kind = TransportError if request.is_read else OutcomeUnknownError
        raise kind(f"{request.name}: HTTP {status}")
    raise _refused(request, status, body)


def refuses_signature(status: int, body: bytes) -> bool:
    """Whether VALR refused the signature and so did nothing; the time in it may be what is wrong."""
    return status == _UNAUTHORISED and _stated(body).code == INVALID_SIGNATURE


def _refuse_error_body(request: Request[Any], status: int, body: bytes) -> None:
    if b'"code"' not in body or b'"message"' not in body:
        return
    parsed = _parse(body)
    if "code" in parsed and "message" in parsed:
        raise _refused(request, status, body)


def _refused(request: Request[Any], status: int, body: bytes) -> ExchangeError:
    order_id = _parse(body).get("orderId")
    return exchange_error(
        _stated(body),
        request=request.name,
        status=status,
        order_id=order_id if isinstance(order_id, str) and order_id else None,
        names_order=request.names_order,
    )


def _is_valrs_own(stated: ReplyError) -> bool:
    """VALR's codes are negative (protocol 3.2); a gateway before it may answer in JSON as well."""
    return stated.code is not None and stated.code < 0


def _rate_limited(request: Request[Any], headers: Mapping[str, str], body: bytes) -> RateLimitedError:
    stated = _stated(body)
    reason = stated.message or "rate limit exceeded"
    error = RateLimitedError(reason, code=stated.code, status=429, request=request.name)
    error.retry_after_s = retry_after_s(headers)
    return error


def retry_after_s(headers: Mapping[str, str]) -> float | None:
    """Seconds that Retry-After names, an hour at most; None where it names none.

    It is not documented, and a date in it is not read (protocol 4).
    """
    named = (value for name, value in headers.items() if name.casefold() == "retry-after")
    text = next(named, "").strip()
    return min(float(text), _LONGEST_WAIT_S) if _SECONDS.fullmatch(text) else None


def _stated(body: bytes) -> ReplyError:
    return read_error(_parse(body)) or NO_REASON


def _parse(body: bytes) -> dict[str, Any]:
    """The body as a JSON object; empty where it is none."""
    try:
        parsed = msgspec.json.decode(body)
    except DECODER_FAILURES:
        return {}
    return parsed if isinstance(parsed, dict) else {}
